//! What reached each leg, and in which order: every leg stands on a log of all that was written to it.
//!
//! Two mirrored disks must behave as one: overlapping writes come in one order on both, and at every flush
//! both hold what one disk would hold.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result, ensure};
use libtest_mimic::Trial;
use oorandom::Rand64;
use qemu_tests::attachment::Switch;
use qemu_tests::disk::Fingerprint;
use qemu_tests::faults::Chain;
use qemu_tests::log_writes::{Discarded, Flags, Log, LogBuilder};
use qemu_tests::{Attachment, DeviceAddress, Disk, Outcome};

use crate::kernel::Kernel;
use crate::support::{KIB, MIB, at, judge};

pub(crate) fn trials(kernel: &Kernel) -> Vec<Trial> {
    let mut trials = vec![
        kernel.trial("written::copy_is_flushed_on_both_legs", copy_is_flushed),
        kernel.trial("written::each_write_once_on_each_leg", each_write_once),
    ];
    for depth in [2, 32, 256] {
        let name = format!("written::overlaps_in_one_order_depth_{depth}");
        trials.push(kernel.trial(name, move |kernel| overlaps_in_one_order(kernel, depth)));
    }
    for seed in 0..4 {
        let name = format!("written::flush_boundaries_of_a_replay_seed_{seed}");
        trials.push(kernel.trial(name, move |kernel| flush_boundaries(kernel, seed)));
    }
    trials
}

/// The legs of a pair with their logs.
struct Legs {
    disks: [Disk; 2],
    logs: [Disk; 2],
}

impl Legs {
    fn new(base: &Disk) -> Result<Self> {
        let copy = || Disk::copy_of(base.path());
        Ok(Self { disks: [copy()?, copy()?], logs: [Disk::blank(0)?, Disk::blank(0)?] })
    }

    /// Runs a job on the pair; `source` is at 0003.
    fn run(&self, kernel: &Kernel, job: &str, source: &Disk) -> Result<Outcome> {
        let mut machine = kernel.machine(&format!("mirror=0001:0002 {job}")).attach(at(3, source));
        for ((number, disk), log) in (1..).zip(&self.disks).zip(&self.logs) {
            let file = Chain::file(&format!("file-{number}"), disk.path());
            let logged = file.log_writes(&format!("logged-{number}"), log.path());
            let leg = Attachment::node(DeviceAddress::new(number), logged.top());
            machine =
                machine.chain(logged).attach(leg.discard(Switch::Off).write_zeroes(Switch::Off));
        }
        machine.run()
    }

    fn log_bytes(&self) -> Result<[Vec<u8>; 2]> {
        Ok([fs::read(self.logs[0].path())?, fs::read(self.logs[1].path())?])
    }
}

/// What was written to each sector, in the order in which it came.
fn history(log: &Log<'_>) -> BTreeMap<u64, Vec<Fingerprint>> {
    let mut history: BTreeMap<u64, Vec<Fingerprint>> = BTreeMap::new();
    for entry in &log.entries {
        for (sector, data) in (entry.sector..).zip(entry.data.chunks(512)) {
            history.entry(sector).or_default().push(Fingerprint::of(data));
        }
    }
    history
}

/// After the last write of the job both legs are flushed.
fn copy_is_flushed(kernel: &Kernel) -> Result<()> {
    let source = Disk::seeded(2 * MIB, 1)?;
    let legs = Legs::new(&Disk::blank(2 * MIB)?)?;
    let outcome = legs.run(kernel, "run=copy from=0003 to=0001", &source)?;
    outcome.expect_ok()?;
    for bytes in &legs.log_bytes()? {
        let log = Log::parse(bytes)?;
        let last_write = log.entries.iter().rposition(|entry| entry.sectors > 0);
        let last_flush = log.entries.iter().rposition(|entry| entry.flags.contains(Flags::FLUSH));
        judge!(outcome, last_write.is_some(), "nothing was written");
        judge!(outcome, last_flush > last_write, "no flush after the last write");
        let mut image = vec![0; usize::try_from(2 * MIB)?];
        log.replay(&mut image, Discarded::BecomesZero)?;
        judge!(outcome, image == source.read()?, "the log does not give the source");
    }
    Ok(())
}

/// No sector is written twice where the job writes it once, and none is left out.
fn each_write_once(kernel: &Kernel) -> Result<()> {
    let source = Disk::seeded(2 * MIB + 512, 1)?;
    let legs = Legs::new(&Disk::blank(2 * MIB + 512)?)?;
    let outcome = legs.run(kernel, "run=copy from=0003 to=0001 depth=16", &source)?;
    outcome.expect_ok()?;
    for bytes in &legs.log_bytes()? {
        let history = history(&Log::parse(bytes)?);
        let sectors = u64::try_from(history.len())?;
        judge!(outcome, sectors == 4097, "{sectors} sectors were written");
        let once = history.values().all(|writes| writes.len() == 1);
        judge!(outcome, once, "a sector was written twice");
    }
    Ok(())
}

/// Many writes in flight on a few blocks: each sector gets the same data in the same order on both legs.
fn overlaps_in_one_order(kernel: &Kernel, depth: u32) -> Result<()> {
    let legs = Legs::new(&Disk::blank(32 * KIB)?)?;
    let other = Disk::blank(512)?;
    let job = format!("run=bench to=0001 op=randwrite bs=4K depth={depth} count=600");
    let outcome = legs.run(kernel, &job, &other)?;
    let verdict = outcome.expect_ok()?;
    judge!(outcome, verdict.mirrored_writes == 600, "{} were mirrored", verdict.mirrored_writes);
    let [primary, secondary] = legs.log_bytes()?;
    let (primary, secondary) = (history(&Log::parse(&primary)?), history(&Log::parse(&secondary)?));
    let most = primary.values().map(Vec::len).max().unwrap_or_default();
    judge!(outcome, most > 20, "{most} writes to a sector at most: too few to matter");
    judge!(outcome, primary == secondary, "a sector's writes came in another order");
    legs.disks[0].expect_same(&legs.disks[1])
}

/// The images at the flushes of a leg's own log, without repetitions.
fn at_flushes(log: &Log<'_>, base: &Disk) -> Result<Vec<Fingerprint>> {
    let mut image = base.read()?;
    let mut images = Vec::new();
    for entry in &log.entries {
        if entry.flags.contains(Flags::FLUSH) {
            images.push(Fingerprint::of(&image));
        }
        apply(&mut image, log, entry.sector, entry.data)?;
    }
    images.dedup();
    Ok(images)
}

fn apply(image: &mut [u8], log: &Log<'_>, sector: u64, data: &[u8]) -> Result<()> {
    let start = usize::try_from(sector * u64::from(log.sector_bytes))?;
    let place = image.get_mut(start..start + data.len()).context("within the image")?;
    place.copy_from_slice(data);
    Ok(())
}

/// The images that a log asks to be durable: before an entry with the flush flag, after one with FUA, and
/// at the end. Without repetitions.
fn durable(log: &Log<'_>, base: &Disk) -> Result<Vec<Fingerprint>> {
    let mut image = base.read()?;
    let mut images = Vec::new();
    for entry in &log.entries {
        if entry.flags.contains(Flags::FLUSH) {
            images.push(Fingerprint::of(&image));
        }
        if entry.flags.contains(Flags::DISCARD) {
            let length = usize::try_from(entry.sectors * u64::from(log.sector_bytes))?;
            apply(&mut image, log, entry.sector, &vec![0; length])?;
        } else {
            apply(&mut image, log, entry.sector, entry.data)?;
        }
        if entry.flags.contains(Flags::FUA) {
            images.push(Fingerprint::of(&image));
        }
    }
    images.push(Fingerprint::of(&image));
    images.dedup();
    Ok(images)
}

/// At every flush each leg holds exactly what the log had asked for until then: nothing less, and nothing
/// of what came later.
fn flush_boundaries(kernel: &Kernel, seed: u64) -> Result<()> {
    let mut random = Rand64::new(u128::from(seed));
    let mut builder = LogBuilder::new();
    for _ in 0..250 {
        let (sector, count) = (random.rand_range(0..900), random.rand_range(1..60));
        let data = vec![random.rand_u64().to_le_bytes()[0]; usize::try_from(count * 512)?];
        builder = match random.rand_range(0..10) {
            0 => builder.flush(),
            1 => builder.entry(sector, &data, Flags::FLUSH),
            2 => builder.entry(sector, &data, Flags::FUA),
            3 => builder.discard(sector, count),
            _ => builder.write(sector, &data),
        };
    }
    let bytes = builder.build();
    let base = Disk::seeded(512 * KIB, seed)?;
    let legs = Legs::new(&base)?;
    let source = Disk::from_bytes(&bytes)?;
    let outcome = legs.run(kernel, "run=replay from=0003 to=0001 depth=64", &source)?;
    outcome.expect_ok()?;
    let wanted = durable(&Log::parse(&bytes)?, &base)?;
    ensure!(wanted.len() > 30, "{} boundaries only", wanted.len());
    for (leg, bytes) in ["primary", "secondary"].iter().zip(&legs.log_bytes()?) {
        let mut found = at_flushes(&Log::parse(bytes)?, &base)?;
        // A flush before the first write has the base, which the log need not ask for.
        let first = base.fingerprint()?;
        found.retain(|image| *image != first);
        let wanted: Vec<_> = wanted.iter().filter(|image| **image != first).copied().collect();
        judge!(outcome, found == wanted, "at its flushes the {leg} held other images");
    }
    Ok(())
}
