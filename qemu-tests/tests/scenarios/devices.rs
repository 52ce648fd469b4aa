//! What is attached to a machine: nothing, a thousand disks, devices that are no disks, disks that may not be
//! written.

use std::time::Duration;

use anyhow::Result;
use libtest_mimic::Trial;
use qemu_tests::attachment::Access;
use qemu_tests::machine::Network;
use qemu_tests::{Attachment, DeviceAddress, Disk, Machine};
use serde_json::json;

use crate::kernel::Kernel;
use crate::support::{MIB, Unchanged, at, expect_image, in_set, judge};

/// The most disks that a boot must take.
const MANY: u16 = 1000;

pub(crate) fn trials(kernel: &Kernel) -> Vec<Trial> {
    vec![
        kernel.trial("devices::none_and_a_job", none_and_a_job),
        kernel.trial("devices::no_disk_among_them", no_disk_among_them),
        kernel.trial("devices::disk_among_others", disk_among_others),
        kernel.trial("devices::of_revision_0", of_revision_0),
        kernel.trial("devices::listed_with_what_they_are", listed),
        kernel.trial("devices::a_thousand_listed", a_thousand_listed),
        kernel.trial("devices::a_thousand_and_a_copy", a_thousand_and_a_copy),
        kernel.trial("devices::a_thousand_and_a_pair", a_thousand_and_a_pair),
        kernel.trial("devices::read_only_source", read_only_source),
        kernel.trial("devices::last_numbers_of_all", last_numbers_of_all),
    ]
}

fn none_and_a_job(kernel: &Kernel) -> Result<()> {
    for line in ["run=copy from=0003 to=0001", "mirror=0001:0002", "run=bench to=0001 op=read"] {
        let outcome = kernel.machine(line).run()?;
        outcome.expect_failed("0.0.0001").or_else(|_| outcome.expect_failed("0.0.0003"))?;
        outcome.expect_failed("no devices were found at all")?;
    }
    Ok(())
}

/// A card, a source of random numbers, a console and a device that is not virtio's.
fn others(machine: Machine) -> Machine {
    let mut machine = machine.network(Network::Default);
    for device in ["virtio-rng-ccw,devno=fe.0.0011", "virtio-serial-ccw,devno=fe.0.0012"] {
        machine = machine.argument("-device").argument(device);
    }
    machine.argument("-device").argument("virtio-balloon-ccw,devno=fe.0.0013")
}

fn no_disk_among_them(kernel: &Kernel) -> Result<()> {
    let outcome = others(kernel.machine("")).run()?;
    let verdict = outcome.expect_ok()?;
    judge!(outcome, verdict.job == "list", "the job is called {}", verdict.job);
    let said = outcome.lines_with("CCW006I").len();
    judge!(outcome, said == 4, "{said} devices are said to be no disks, of 4");
    judge!(outcome, !outcome.lines_with("CCW012I 0 devices, 0 pairs").is_empty(), "no sum");
    let outcome = others(kernel.machine("run=bench to=0011 op=write count=1")).run()?;
    outcome.expect_failed("to=0011")?;
    Ok(())
}

fn disk_among_others(kernel: &Kernel) -> Result<()> {
    let source = Disk::seeded(MIB, 1)?;
    let legs = [Disk::blank(MIB)?, Disk::blank(MIB)?];
    let machine = kernel
        .machine("mirror=0001:0002 run=copy from=0003 to=0001")
        .attach(at(1, &legs[0]))
        .attach(at(2, &legs[1]))
        .attach(at(3, &source));
    let outcome = others(machine).run()?;
    outcome.expect_ok()?;
    expect_image(&outcome, &legs[0], &source)?;
    expect_image(&outcome, &legs[1], &source)
}

/// A device of before the standard is left alone, and that is said; the others work.
fn of_revision_0(kernel: &Kernel) -> Result<()> {
    let disks = [Disk::seeded(MIB, 1)?, Disk::seeded(MIB, 2)?, Disk::seeded(MIB, 3)?];
    let unchanged = Unchanged::note(&disks[..2])?;
    let boot = |line: &str| {
        kernel
            .machine(line)
            .attach(at(1, &disks[0]).property("max_revision", "0"))
            .attach(at(2, &disks[1]))
            .attach(at(3, &disks[2]))
            .run()
    };
    let outcome = boot("run=copy from=0002 to=0001")?;
    outcome.expect_failed("to=0001")?;
    let said = outcome.lines_with("CCW007W");
    judge!(outcome, said.len() == 1, "it is not said why the device cannot be used");
    judge!(outcome, said.iter().all(|line| line.contains("0.0.0001")), "another device: {said:?}");
    unchanged.check(&outcome)?;
    let outcome = boot("run=copy from=0002 to=0003")?;
    outcome.expect_ok()?;
    unchanged.check(&outcome)?;
    expect_image(&outcome, &disks[2], &disks[1])
}

/// Each line of the list is true.
fn listed(kernel: &Kernel) -> Result<()> {
    let disks = [Disk::seeded(MIB, 1)?, Disk::seeded(2 * MIB, 2)?, Disk::seeded(512, 3)?];
    let unchanged = Unchanged::note(&disks)?;
    let outcome = kernel
        .machine("mirror=0001:0.2.ffff")
        .attach(at(1, &disks[0]))
        .attach(in_set(2, 0xffff, &disks[1])?)
        .attach(at(0x0b0c, &disks[2]).access(Access::ReadOnly))
        .run()?;
    outcome.expect_ok()?;
    for (address, words) in [
        ("device 0.0.0001:", ["virtio-blk", "1048576 bytes", "block 512", "read-write"]),
        ("device 0.2.ffff:", ["virtio-blk", "2097152 bytes", "block 512", "read-write"]),
        ("device 0.0.0b0c:", ["virtio-blk", "512 bytes", "block 512", "read-only"]),
    ] {
        let lines = outcome.lines_with(address);
        judge!(outcome, lines.len() == 1, "{address} {} lines", lines.len());
        for word in words {
            judge!(outcome, lines.iter().all(|line| line.contains(word)), "{address} no {word}");
        }
    }
    judge!(outcome, !outcome.lines_with("0.0.0001 -> 0.2.ffff duplex").is_empty(), "no pair");
    judge!(outcome, !outcome.lines_with("CCW012I 3 devices, 1 pairs").is_empty(), "no sum");
    unchanged.check(&outcome)
}

/// Disks without an image, as many as asked, at 1000 and the numbers that follow.
fn with_many(mut machine: Machine) -> Machine {
    for number in 0..MANY {
        let name = format!("null-{number}");
        let node = json!({
            "driver": "null-co", "node-name": name, "size": MIB, "read-zeroes": true,
        });
        let disk = Attachment::node(DeviceAddress::new(0x1000 + number), name);
        machine = machine.block_node(node).attach(disk);
    }
    machine.time_limit(Duration::from_secs(60))
}

fn a_thousand_listed(kernel: &Kernel) -> Result<()> {
    let outcome = with_many(kernel.machine("")).run()?;
    outcome.expect_ok()?;
    for number in 0..MANY {
        let address = format!("CCW010I device 0.0.{:04x}:", 0x1000 + number);
        judge!(outcome, outcome.lines_with(&address).len() == 1, "{address} is not listed once");
    }
    let sum = format!("CCW012I {MANY} devices, 0 pairs");
    judge!(outcome, !outcome.lines_with(&sum).is_empty(), "the sum is not {sum}");
    Ok(())
}

fn a_thousand_and_a_copy(kernel: &Kernel) -> Result<()> {
    let source = Disk::seeded(MIB, 1)?;
    let target = Disk::blank(MIB)?;
    let machine = kernel.machine("run=copy from=0.1.0001 to=0.1.0002");
    let machine = machine.attach(in_set(1, 1, &source)?).attach(in_set(1, 2, &target)?);
    let outcome = with_many(machine).run()?;
    outcome.expect_ok()?;
    expect_image(&outcome, &target, &source)
}

/// Two of the thousand, in little storage: what is not used costs next to nothing.
fn a_thousand_and_a_pair(kernel: &Kernel) -> Result<()> {
    let source = Disk::seeded(MIB, 1)?;
    let legs = [Disk::blank(MIB)?, Disk::blank(MIB)?];
    let machine =
        kernel.machine("mirror=0.1.0002:0.1.0003,1000:13e7 run=copy from=0.1.0001 to=0.1.0002");
    let machine = machine
        .attach(in_set(1, 1, &source)?)
        .attach(in_set(1, 2, &legs[0])?)
        .attach(in_set(1, 3, &legs[1])?)
        .memory_mebibytes(16);
    let outcome = with_many(machine).run()?;
    let verdict = outcome.expect_ok()?;
    judge!(outcome, verdict.pairs.len() == 2, "{} pairs", verdict.pairs.len());
    expect_image(&outcome, &legs[0], &source)?;
    expect_image(&outcome, &legs[1], &source)
}

fn read_only_source(kernel: &Kernel) -> Result<()> {
    let source = Disk::seeded(MIB, 1)?;
    let legs = [Disk::blank(MIB)?, Disk::blank(MIB)?];
    let unchanged = Unchanged::note([&source])?;
    let outcome = kernel
        .machine("mirror=0001:0002 run=copy from=0003 to=0001")
        .attach(at(1, &legs[0]))
        .attach(at(2, &legs[1]))
        .attach(at(3, &source).access(Access::ReadOnly))
        .run()?;
    outcome.expect_ok()?;
    unchanged.check(&outcome)?;
    expect_image(&outcome, &legs[0], &source)?;
    expect_image(&outcome, &legs[1], &source)
}

fn last_numbers_of_all(kernel: &Kernel) -> Result<()> {
    let source = Disk::seeded(MIB, 1)?;
    let legs = [Disk::blank(MIB)?, Disk::blank(MIB)?];
    let outcome = kernel
        .machine("mirror=0.3.ffff:0.3.0000 run=copy from=ffff to=0.3.ffff")
        .attach(in_set(3, 0xffff, &legs[0])?)
        .attach(in_set(3, 0, &legs[1])?)
        .attach(at(0xffff, &source))
        .run()?;
    outcome.expect_ok()?;
    expect_image(&outcome, &legs[0], &source)?;
    expect_image(&outcome, &legs[1], &source)
}
