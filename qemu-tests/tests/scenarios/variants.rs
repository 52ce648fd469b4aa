//! One job, a copy to a pair, on disks and machines of every kind: block sizes, queues, features that are
//! missing, I/O threads, sizes of storage.

use anyhow::Result;
use libtest_mimic::Trial;
use qemu_tests::attachment::Switch;
use qemu_tests::{Attachment, Disk, Machine};

use crate::kernel::Kernel;
use crate::support::{MIB, Unchanged, at, expect_duplex, expect_image, judge};

/// Sizes of blocks of the source, the primary and the secondary; what the refusal must contain, if they do
/// not go together.
const BLOCKS: [(u32, u32, u32, Option<&[&str]>); 12] = [
    (512, 512, 512, None),
    (4096, 4096, 4096, None),
    (512, 4096, 4096, None),
    (4096, 512, 512, None),
    (512, 4096, 512, None),
    (4096, 4096, 512, None),
    (1024, 2048, 1024, None),
    (4096, 1024, 512, None),
    (512, 512, 4096, Some(&["mirror=0001:0002", "4096", "512"])),
    (4096, 512, 4096, Some(&["mirror=0001:0002", "4096", "512"])),
    (512, 512, 1024, Some(&["mirror=0001:0002", "1024", "512"])),
    (4096, 2048, 4096, Some(&["mirror=0001:0002", "4096", "2048"])),
];

/// Sizes of storage in MiB: the smallest that is promised, sizes on either side of what 31 bits address, and
/// the largest that is promised.
const STORAGE: [u64; 7] = [8, 64, 512, 2047, 2049, 3072, 16384];

/// Machines that differ in more than their disks: a name, an option of QEMU, its value.
const MACHINES: [(&str, &str, &str); 5] = [
    ("four_processors", "-smp", "4"),
    ("oldest_processor", "-cpu", "z900"),
    ("newest_processor", "-cpu", "max"),
    ("of_2019", "-M", "s390-ccw-virtio-4.2"),
    ("of_2021", "-M", "s390-ccw-virtio-6.0"),
];

/// Whether the copy ends with a flush.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flushes {
    One,
    None,
}

/// A kind of disk: its name, how it differs, and what it does for a flush.
type Kind = (&'static str, fn(Attachment) -> Attachment, Flushes);

const KINDS: [Kind; 19] = [
    ("queue_of_4", |disk| disk.queue_size(4), Flushes::One),
    ("queue_of_1024", |disk| disk.queue_size(1024), Flushes::One),
    ("two_queues", |disk| disk.property("num-queues", "2"), Flushes::One),
    ("iothread_of_its_own", own_iothread, Flushes::One),
    ("iothread_shared", |disk| disk.iothread("shared"), Flushes::One),
    ("no_discard", |disk| disk.discard(Switch::Off), Flushes::One),
    ("no_write_zeroes", |disk| disk.write_zeroes(Switch::Off), Flushes::One),
    ("no_write_cache", |disk| disk.write_cache(Switch::Off), Flushes::One),
    ("no_flush", no_flush, Flushes::None),
    ("bare", bare, Flushes::None),
    ("seg_max_fixed", |disk| disk.property("seg-max-adjust", "off"), Flushes::One),
    ("seg_max_fixed_queue_of_128", seg_max_fixed, Flushes::One),
    ("seg_max_adjusted_queue_of_4", seg_max_adjusted, Flushes::One),
    ("no_event_index", |disk| disk.property("event_idx", "off"), Flushes::One),
    ("no_indirect_descriptors", |disk| disk.property("indirect_desc", "off"), Flushes::One),
    ("packed_ring_offered", |disk| disk.property("packed", "on"), Flushes::One),
    ("revision_1", |disk| disk.property("max_revision", "1"), Flushes::One),
    ("no_ioeventfd", |disk| disk.property("ioeventfd", "off"), Flushes::One),
    ("no_batching", |disk| disk.property("request-merging", "off"), Flushes::One),
];

fn own_iothread(disk: Attachment) -> Attachment {
    let name = format!("thread-{}", disk.address().qemu_id());
    disk.iothread(name)
}

/// With `config-wce` the guest could switch the cache on again, and so there is a flush.
fn no_flush(disk: Attachment) -> Attachment {
    disk.write_cache(Switch::Off).property("config-wce", "off")
}

fn bare(disk: Attachment) -> Attachment {
    let disk = no_flush(disk).discard(Switch::Off).write_zeroes(Switch::Off);
    disk.property("event_idx", "off").property("indirect_desc", "off").queue_size(4)
}

fn seg_max_fixed(disk: Attachment) -> Attachment {
    disk.property("seg-max-adjust", "off").queue_size(128)
}

fn seg_max_adjusted(disk: Attachment) -> Attachment {
    disk.property("seg-max-adjust", "on").queue_size(4)
}

pub(crate) fn trials(kernel: &Kernel) -> Vec<Trial> {
    let mut trials = Vec::new();
    for (source, primary, secondary, refusal) in BLOCKS {
        let name = format!("variants::blocks::{source}_to_{primary}_and_{secondary}");
        let sizes = [source, primary, secondary];
        trials.push(kernel.trial(name, move |kernel| blocks(kernel, sizes, refusal)));
    }
    for (name, make, flushes) in KINDS {
        let all = format!("variants::disks::{name}");
        trials.push(kernel.trial(all, move |kernel| disks(kernel, make, make, flushes)));
        // Beside a plain one the limits of both hold, and a flush is for the one that knows it.
        let flushes = Flushes::One;
        let primary = format!("variants::primary::{name}");
        trials.push(kernel.trial(primary, move |kernel| disks(kernel, make, plain, flushes)));
        let secondary = format!("variants::secondary::{name}");
        trials.push(kernel.trial(secondary, move |kernel| disks(kernel, plain, make, flushes)));
    }
    for (name, option, value) in MACHINES {
        let name = format!("variants::machine::{name}");
        trials.push(kernel.trial(name, move |kernel| machines(kernel, option, value)));
    }
    for mebibytes in STORAGE {
        let name = format!("variants::storage::{mebibytes}_MiB");
        trials.push(kernel.trial(name, move |kernel| storage(kernel, mebibytes)));
    }
    trials.push(kernel.trial("variants::blocks::source_not_in_blocks", source_not_in_blocks));
    trials.push(kernel.trial("variants::storage::too_small", storage_too_small));
    trials
}

fn plain(disk: Attachment) -> Attachment {
    disk
}

fn in_blocks(disk: Attachment, bytes: u32) -> Attachment {
    disk.logical_block_bytes(bytes).physical_block_bytes(bytes)
}

fn blocks(kernel: &Kernel, sizes: [u32; 3], refusal: Option<&[&str]>) -> Result<()> {
    let source = Disk::seeded(MIB + 4096, 1)?;
    let legs = [Disk::seeded(MIB + 4096, 2)?, Disk::seeded(MIB + 8192, 3)?];
    let expected = crate::support::overlaid(&legs[1], &source)?;
    let untouched = Unchanged::note(legs.iter().chain([&source]))?;
    let [source_block, primary_block, secondary_block] = sizes;
    let outcome = kernel
        .machine("mirror=0001:0002 run=copy from=0003 to=0001")
        .attach(in_blocks(at(1, &legs[0]), primary_block))
        .attach(in_blocks(at(2, &legs[1]), secondary_block))
        .attach(in_blocks(at(3, &source), source_block))
        .run()?;
    if let Some(words) = refusal {
        for word in words {
            outcome.expect_failed(word)?;
        }
        return untouched.check(&outcome);
    }
    let verdict = outcome.expect_ok()?;
    expect_duplex(&outcome, &verdict, "0.0.0001")?;
    expect_image(&outcome, &legs[0], &source)?;
    expect_image(&outcome, &legs[1], &expected)
}

/// The last block of the target would be written in part.
fn source_not_in_blocks(kernel: &Kernel) -> Result<()> {
    let source = Disk::seeded(MIB + 512, 1)?;
    let target = Disk::seeded(2 * MIB, 2)?;
    let unchanged = Unchanged::note([&source, &target])?;
    let outcome = kernel
        .machine("run=copy from=0003 to=0001")
        .attach(in_blocks(at(1, &target), 4096))
        .attach(at(3, &source))
        .run()?;
    for word in ["from=0003", "4096", "0.0.0001"] {
        outcome.expect_failed(word)?;
    }
    unchanged.check(&outcome)
}

fn disks(
    kernel: &Kernel,
    primary: fn(Attachment) -> Attachment,
    secondary: fn(Attachment) -> Attachment,
    flushes: Flushes,
) -> Result<()> {
    let source = Disk::seeded(2 * MIB + 1536, 1)?;
    let legs = [Disk::blank(2 * MIB + 1536)?, Disk::blank(2 * MIB + 1536)?];
    let outcome = kernel
        .machine("mirror=0001:0002 run=copy from=0003 to=0001 depth=64")
        .attach(primary(at(1, &legs[0])))
        .attach(secondary(at(2, &legs[1])))
        .attach(primary(at(3, &source)))
        .run()?;
    let verdict = outcome.expect_ok()?;
    judge!(outcome, verdict.mirrored_writes == verdict.writes, "not every write was mirrored");
    let expected = match flushes {
        Flushes::One => 1,
        Flushes::None => 0,
    };
    judge!(outcome, verdict.flushes == expected, "{} flushes, not {expected}", verdict.flushes);
    expect_duplex(&outcome, &verdict, "0.0.0001")?;
    expect_image(&outcome, &legs[0], &source)?;
    expect_image(&outcome, &legs[1], &source)
}

fn machines(kernel: &Kernel, option: &str, value: &str) -> Result<()> {
    let source = Disk::seeded(MIB, 1)?;
    let legs = [Disk::blank(MIB)?, Disk::blank(MIB)?];
    let machine = copy_machine(kernel, &source, &legs).argument(option).argument(value);
    let outcome = machine.run()?;
    let verdict = outcome.expect_ok()?;
    expect_duplex(&outcome, &verdict, "0.0.0001")?;
    expect_image(&outcome, &legs[0], &source)?;
    expect_image(&outcome, &legs[1], &source)
}

fn storage(kernel: &Kernel, mebibytes: u64) -> Result<()> {
    let source = Disk::seeded(3 * MIB, 1)?;
    let legs = [Disk::blank(3 * MIB)?, Disk::blank(3 * MIB)?];
    let outcome = copy_machine(kernel, &source, &legs).memory_mebibytes(mebibytes).run()?;
    let verdict = outcome.expect_ok()?;
    expect_duplex(&outcome, &verdict, "0.0.0001")?;
    judge!(
        outcome,
        !outcome.lines_with(&format!("{mebibytes} MiB of storage")).is_empty(),
        "the size of storage is not said"
    );
    expect_image(&outcome, &legs[0], &source)?;
    expect_image(&outcome, &legs[1], &source)
}

/// Less storage than the supervisor needs: it says so, and writes nothing.
fn storage_too_small(kernel: &Kernel) -> Result<()> {
    let source = Disk::seeded(MIB, 1)?;
    let legs = [Disk::seeded(MIB, 2)?, Disk::seeded(MIB, 3)?];
    let unchanged = Unchanged::note(legs.iter().chain([&source]))?;
    let outcome = copy_machine(kernel, &source, &legs).memory_mebibytes(3).run()?;
    outcome.expect_failed("4194304 needed")?;
    judge!(outcome, !outcome.lines_with("CCW003E").is_empty(), "CCW003E is missing");
    unchanged.check(&outcome)
}

fn copy_machine(kernel: &Kernel, source: &Disk, legs: &[Disk; 2]) -> Machine {
    kernel
        .machine("mirror=0001:0002 run=copy from=0003 to=0001")
        .attach(at(1, &legs[0]))
        .attach(at(2, &legs[1]))
        .attach(at(3, source))
}
