//! The main job: the ledger's file system and the writes that a Linux guest made on it.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use qemu_tests::{Disk, Verdict, fixture};

use super::boot::Boot;
use super::progress::Step;
use super::{Legs, checks};
use crate::setup::{self, Need};
use crate::{build, units, workspace};

/// Runs the main job and returns its summary.
pub(super) fn run(directory: &Path) -> Result<String> {
    setup::ensure(&[Need::Qemu, Need::FileSystemTools])?;
    let kernel = build::run()?;
    workspace::make_directory(directory)?;
    let legs = Legs::in_directory(directory);
    let base = directory.join("ledger.base.img");
    let log = directory.join("ledger.log.img");
    unpack(&base, &log, &legs)?;

    let boot = |title, job, source, moved_bytes| Boot {
        title,
        job,
        kernel: &kernel,
        source,
        source_format: "raw",
        legs: &legs,
        directory,
        moved_bytes,
    };
    let copied = boot("copying to the pair", "copy", &base, fixture::BASE_BYTES).run()?;
    checks::legs_are_copies_of_raw(&legs, &base)?;
    let replayed = boot("replaying on the pair", "replay", &log, fixture::LOG_BYTES).run()?;
    counted_right(&replayed)?;
    checks::legs_are_the_same(&legs)?;
    checks::has_checksum(&legs.primary, fixture::REPLAYED_SHA256)?;
    checks::file_systems_are_clean(&legs)?;
    Ok(summary(&copied, &replayed, &legs, directory))
}

/// Lays out the images: the base, the log, and two empty disks.
fn unpack(base: &Path, log: &Path, legs: &Legs) -> Result<()> {
    let step = Step::begin("unpacking the ledger");
    let write = |path: &Path, content: Vec<u8>| {
        fs::write(path, content).with_context(|| format!("cannot write {}", path.display()))
    };
    write(base, fixture::base()?)?;
    write(log, fixture::log()?)?;
    for leg in legs.paths() {
        Disk::blank_at(leg, fixture::BASE_BYTES)?;
    }
    step.end(&format!(
        "{} of ext4, {} recorded operations",
        units::bytes(fixture::BASE_BYTES),
        units::grouped(fixture::LOG_ENTRIES)
    ));
    Ok(())
}

/// The kernel must have done all that is in the log.
fn counted_right(replayed: &Verdict) -> Result<()> {
    ensure!(
        replayed.bytes == fixture::LOG_BYTES,
        "the log writes {} bytes, but {} were written",
        fixture::LOG_BYTES,
        replayed.bytes
    );
    ensure!(
        replayed.flushes >= fixture::LOG_FLUSHES,
        "the log has {} flushes, but {} were made",
        fixture::LOG_FLUSHES,
        replayed.flushes
    );
    Ok(())
}

fn summary(copied: &Verdict, replayed: &Verdict, legs: &Legs, directory: &Path) -> String {
    let rate = |verdict: &Verdict| units::bytes_a_second(verdict.bytes, verdict.microseconds);
    let deferred = copied.deferred_starts + replayed.deferred_starts;
    format!(
        "
What happened
  1. A machine booted and copied a real ext4 file system ({size}) to disk 0.0.0001, which was
     mirrored to disk 0.0.0002: {copy_writes} writes, {copy_mirrored} of them mirrored, in {copy_time} ({copy_rate}).
  2. It booted again and replayed what a Linux guest had once done on that file system, {entries}
     operations: {replay_writes} writes, {replay_mirrored} of them mirrored, {flushes} flushes, in {replay_time} ({replay_rate}).
     Second writes that had to wait for a later start, in both: {deferred}.
  3. The two disks are the same in every byte, and are what they must be:
     sha256 {checksum}
  4. e2fsck -fn finds nothing to mend on either.

Where things are
  disks     {primary}
            {secondary}
  consoles  {directory}/copy.console.txt, {directory}/replay.console.txt",
        size = units::bytes(fixture::BASE_BYTES),
        copy_writes = units::grouped(copied.writes),
        copy_mirrored = units::grouped(copied.mirrored_writes),
        copy_time = units::microseconds(copied.microseconds),
        copy_rate = rate(copied),
        entries = units::grouped(fixture::LOG_ENTRIES),
        replay_writes = units::grouped(replayed.writes),
        replay_mirrored = units::grouped(replayed.mirrored_writes),
        flushes = units::grouped(replayed.flushes),
        replay_time = units::microseconds(replayed.microseconds),
        replay_rate = rate(replayed),
        deferred = units::grouped(deferred),
        checksum = fixture::REPLAYED_SHA256,
        primary = workspace::shown(&legs.primary),
        secondary = workspace::shown(&legs.secondary),
        directory = workspace::shown(directory),
    )
}
