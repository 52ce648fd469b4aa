//! Disks of terabytes, as sparse images: sector numbers of more than 32 bits, and of as many as there can be.

use anyhow::Result;
use libtest_mimic::Trial;
use qemu_tests::log_writes::LogBuilder;
use qemu_tests::{Attachment, DeviceAddress, Disk};
use serde_json::json;

use crate::kernel::Kernel;
use crate::support::{at, judge};

/// 3 TiB, of which next to nothing is there.
const BYTES: u64 = 3 << 40;

/// Where data are placed: on either side of what 32 bits of bytes and of sectors reach, and at the end.
const SECTORS: [u64; 6] =
    [0, (1 << 23) - 1, 1 << 23, (1 << 32) - 1, (1 << 32) + 5, BYTES / 512 - 1];

/// The most bytes that a disk can have in QEMU: what 63 bits reach, in whole GiB.
const MOST_BYTES: u64 = (1 << 63) - (1 << 30);

pub(crate) fn trials(kernel: &Kernel) -> Vec<Trial> {
    vec![
        kernel.trial("large::replay_beyond_32_bits_of_sectors", replay),
        kernel.trial("large::copy_on_to_the_start_of_3_TiB", copy),
        kernel.trial("large::beyond_the_end_of_3_TiB", beyond_the_end),
        kernel.trial("large::the_largest_disk_of_all", largest),
    ]
}

/// Every write is where it belongs, on both legs, and nowhere else.
fn replay(kernel: &Kernel) -> Result<()> {
    let legs = [Disk::blank(BYTES)?, Disk::blank(BYTES)?];
    let mut log = LogBuilder::new();
    for (byte, sector) in (1..).zip(SECTORS) {
        log = log.write(sector, &[byte; 512]);
    }
    let log = Disk::from_bytes(&log.build())?;
    let outcome = kernel
        .machine("mirror=0001:0002 run=replay from=0003 to=0001")
        .attach(at(1, &legs[0]))
        .attach(at(2, &legs[1]))
        .attach(at(3, &log))
        .run()?;
    let verdict = outcome.expect_ok()?;
    judge!(outcome, verdict.writes == 6, "{} writes", verdict.writes);
    for leg in &legs {
        for (byte, sector) in (1..).zip(SECTORS) {
            let content = leg.read_at(sector * 512, 512)?;
            judge!(outcome, content == [byte; 512], "sector {sector} has {:?}", content.first());
        }
        let blocks = std::os::unix::fs::MetadataExt::blocks(&leg.path().metadata()?);
        judge!(outcome, blocks <= 6 * 8, "more was written: {blocks} blocks of the host");
    }
    Ok(())
}

fn copy(kernel: &Kernel) -> Result<()> {
    let source = Disk::seeded(1 << 20, 1)?;
    let legs = [Disk::blank(BYTES)?, Disk::blank(BYTES + 512)?];
    let outcome = kernel
        .machine("mirror=0001:0002 run=copy from=0003 to=0001")
        .attach(at(1, &legs[0]))
        .attach(at(2, &legs[1]))
        .attach(at(3, &source))
        .run()?;
    outcome.expect_ok()?;
    for leg in &legs {
        leg.expect_same_within(&source, 1 << 20)?;
        let blocks = std::os::unix::fs::MetadataExt::blocks(&leg.path().metadata()?);
        judge!(outcome, blocks <= 2048 + 8, "more was written: {blocks} blocks of the host");
    }
    Ok(())
}

fn beyond_the_end(kernel: &Kernel) -> Result<()> {
    let target = Disk::blank(BYTES)?;
    let log = LogBuilder::new().write(0, &[1; 512]).write(BYTES / 512, &[1; 512]);
    let log = Disk::from_bytes(&log.build())?;
    let outcome = kernel
        .machine("run=replay from=0003 to=0001")
        .attach(at(1, &target))
        .attach(at(3, &log))
        .run()?;
    outcome.expect_failed("entry 2")?;
    outcome.expect_failed(&BYTES.to_string())?;
    let blocks = std::os::unix::fs::MetadataExt::blocks(&target.path().metadata()?);
    judge!(outcome, blocks == 0, "the first entry of a bad log was written");
    Ok(())
}

/// Sizes are told whole, and requests go anywhere.
fn largest(kernel: &Kernel) -> Result<()> {
    let node = json!({
        "driver": "null-co", "node-name": "null", "size": MOST_BYTES, "read-zeroes": true,
    });
    let boot = |line: &str| {
        let disk = Attachment::node(DeviceAddress::new(1), "null");
        kernel.machine(line).block_node(node.clone()).attach(disk).run()
    };
    let outcome = boot("")?;
    outcome.expect_ok()?;
    let size = format!("{MOST_BYTES} bytes");
    judge!(outcome, !outcome.lines_with(&size).is_empty(), "the size is not {size}");
    for operation in ["randread", "randwrite"] {
        let outcome = boot(&format!("run=bench to=0001 op={operation} count=200"))?;
        let verdict = outcome.expect_ok()?;
        judge!(outcome, verdict.reads + verdict.writes == 200, "{verdict:?}");
    }
    Ok(())
}
