//! Logs that cannot be right: refused before anything is written, with the word of the disk and what was
//! expected.

use anyhow::Result;
use libtest_mimic::Trial;
use qemu_tests::Disk;
use qemu_tests::log_writes::{Flags, LogBuilder, MAGIC};

use crate::kernel::Kernel;
use crate::support::{MIB, Unchanged, at, judge};

/// The length of the disk that the log would be replayed on.
const TARGET_BYTES: u64 = MIB;

/// A good beginning: if it were applied before the rest was checked, the target would show it.
fn begun() -> LogBuilder {
    LogBuilder::new().write(0, &[0xaa; 512]).flush().write(100, &[0xbb; 4096])
}

/// What the reader must not trust: a name, the log, and words that the error must have.
type Bad = (&'static str, fn() -> Vec<u8>, &'static [&'static str]);

const BAD: [Bad; 26] = [
    ("no_log_at_all", || vec![0x55; 8192], &["magic number", "0x006a736677736872"]),
    ("all_zeros", || vec![0; 8192], &["magic number", "expected"]),
    ("magic_of_other_byte_order", || begun().magic(MAGIC.swap_bytes()).build(), &["magic number"]),
    ("version", || begun().version(2).build(), &["version 2", "expected 1"]),
    ("sector_size_0", || sector_size(0), &["sectors of 0 bytes", "expected"]),
    ("sector_size_3", || sector_size(3), &["sectors of 3 bytes", "expected"]),
    ("sector_size_513", || sector_size(513), &["sectors of 513 bytes", "expected"]),
    ("sector_size_largest", || sector_size(u32::MAX), &["sectors of 4294967295 bytes"]),
    (
        "more_entries_than_room",
        || begun().stated_entries(1 << 40).build(),
        &["1099511627776 entries"],
    ),
    ("most_entries_of_all", || begun().stated_entries(u64::MAX).build(), &["18446744073709551615"]),
    ("one_entry_too_many", || begun().stated_entries(4).build(), &["truncated", "entry 4 of 4"]),
    ("zeros_after_the_end", zeros_after_the_end, &["truncated", "entry 4 of 9", "zeros"]),
    ("cut_after_the_superblock", || cut(512), &["3 entries", "expected"]),
    ("cut_before_its_data", || cut(1024), &["expected"]),
    ("cut_before_an_entry", || cut(1536), &["expected"]),
    ("cut_before_the_last_data", || cut(2560), &["truncated", "entry 3 of 3"]),
    ("cut_within_the_last_data", || cut(6144), &["truncated", "entry 3 of 3", "6656", "6144"]),
    ("beyond_the_target", || begun().write(2048, &[1; 512]).build(), &["entry 4", "1048576"]),
    ("across_the_end", || begun().write(2047, &[1; 1024]).build(), &["entry 4", "2047"]),
    ("discard_beyond", || begun().discard(2000, 49).build(), &["entry 4", "49 sectors"]),
    ("last_sector_of_all", || begun().write(u64::MAX, &[1; 512]).build(), &["entry 4"]),
    ("sector_that_wraps", || begun().write(1 << 55, &[1; 512]).build(), &["entry 4"]),
    ("discard_of_everything", || begun().discard(0, u64::MAX).build(), &["entry 4"]),
    ("absurd_length", || header(1 << 60, Flags::NONE), &["entry 4", "truncated"]),
    ("unknown_flag", || header(0, Flags(1 << 20)), &["entry 4", "0x100000"]),
    ("discard_and_mark", || header(0, Flags::DISCARD | Flags::MARK), &["entry 4", "flags 0xc"]),
];

fn sector_size(bytes: u32) -> Vec<u8> {
    LogBuilder::with_sector_bytes(bytes).write(0, &[1; 512]).build()
}

fn header(sectors: u64, flags: Flags) -> Vec<u8> {
    begun().header(0, sectors, flags, &[]).build()
}

/// The first `length` bytes of a log of 6,656.
fn cut(length: usize) -> Vec<u8> {
    let mut bytes = begun().build();
    bytes.truncate(length);
    bytes
}

fn zeros_after_the_end() -> Vec<u8> {
    let mut bytes = begun().stated_entries(9).build();
    bytes.resize(16384, 0);
    bytes
}

pub(crate) fn trials(kernel: &Kernel) -> Vec<Trial> {
    let mut trials = Vec::new();
    for (name, log, words) in BAD {
        let name = format!("bad_logs::{name}");
        trials.push(kernel.trial(name, move |kernel| refused(kernel, &log(), words, 512)));
    }
    let misaligned = |kernel: &Kernel| {
        let log = LogBuilder::new().write(0, &[1; 4096]).write(9, &[1; 4096]).build();
        refused(kernel, &log, &["entry 2", "whole blocks of 4096"], 4096)
    };
    trials.push(kernel.trial("bad_logs::not_in_blocks_of_the_target", misaligned));
    trials.push(kernel.trial("bad_logs::the_good_beginning_alone_is_good", good_beginning));
    trials.push(kernel.trial("bad_logs::cut_everywhere", cut_everywhere));
    trials
}

fn refused(kernel: &Kernel, log: &[u8], words: &[&str], block_bytes: u32) -> Result<()> {
    let disks = [Disk::seeded(TARGET_BYTES, 1)?, Disk::seeded(TARGET_BYTES, 1)?];
    let log = Disk::from_bytes(log)?;
    let unchanged = Unchanged::note(disks.iter().chain([&log]))?;
    let in_blocks = |number, disk| {
        at(number, disk).logical_block_bytes(block_bytes).physical_block_bytes(block_bytes)
    };
    let outcome = kernel
        .machine("mirror=0001:0002 run=replay from=0003 to=0001")
        .attach(in_blocks(1, &disks[0]))
        .attach(in_blocks(2, &disks[1]))
        .attach(at(3, &log))
        .run()?;
    let verdict = outcome.expect_failed("from=0003: ")?;
    for word in words.iter().chain(&["expected"]) {
        outcome.expect_failed(word)?;
    }
    judge!(outcome, verdict.writes == 0, "{} writes of a bad log", verdict.writes);
    judge!(outcome, verdict.job == "replay", "the job is called {}", verdict.job);
    unchanged.check(&outcome)
}

/// Otherwise the refusals above would show nothing.
fn good_beginning(kernel: &Kernel) -> Result<()> {
    let target = Disk::blank(TARGET_BYTES)?;
    let log = Disk::from_bytes(&begun().build())?;
    let outcome = kernel
        .machine("run=replay from=0003 to=0001")
        .attach(at(1, &target))
        .attach(at(3, &log))
        .run()?;
    let verdict = outcome.expect_ok()?;
    judge!(outcome, verdict.writes == 2, "{} writes", verdict.writes);
    anyhow::ensure!(target.read_at(0, 512)? == [0xaa; 512]);
    Ok(())
}

/// A log of several windows of reading, cut at every place that matters; never a byte of it is written.
fn cut_everywhere(kernel: &Kernel) -> Result<()> {
    let mut log = LogBuilder::new();
    for number in 0..40 {
        log = log.write(number * 32, &[7; 16 * 1024]).flush();
    }
    let bytes = log.build();
    let entry = 512 + 16 * 1024 + 512;
    for whole in [1, 7, 8, 15, 16, 39] {
        for beyond in [0, 512, 1024, 16 * 1024, entry - 512] {
            let length = 512 + whole * entry + beyond;
            let part = bytes.get(..length).unwrap_or(&bytes);
            refused(kernel, part, &["80"], 512)?;
        }
    }
    Ok(())
}
