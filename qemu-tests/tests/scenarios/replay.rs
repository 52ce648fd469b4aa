//! Replays of write logs on to a pair: the real one, whose result is known, and generated ones, judged by the
//! host's own replay.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use libtest_mimic::Trial;
use oorandom::Rand64;
use qemu_tests::attachment::Switch;
use qemu_tests::faults::Chain;
use qemu_tests::log_writes::{Discarded, Flags, Log, LogBuilder};
use qemu_tests::{Attachment, DeviceAddress, Disk, Outcome, fixture, program};
use serde_json::json;

use crate::kernel::Kernel;
use crate::support::{MIB, Unchanged, at, expect_duplex, expect_image, judge};

/// The length of the disks that generated logs are replayed on.
const BYTES: u64 = 2 * MIB;

/// What disks know for a discard. What its sectors hold afterwards would be a disk's own choice, so the log's
/// discards are done by write-zeroes, or by writes of zeros where a disk knows no better.
#[derive(Clone, Copy)]
enum Discards {
    /// Both, as QEMU has it unless told otherwise.
    All,
    /// Write-zeroes alone.
    WriteZeroes,
    /// Discard alone.
    Discard,
    /// Neither.
    None,
}

impl Discards {
    const ALL: [Self; 4] = [Self::All, Self::WriteZeroes, Self::Discard, Self::None];

    const fn name(self) -> &'static str {
        match self {
            Self::All => "plain",
            Self::WriteZeroes => "no_discard",
            Self::Discard => "no_write_zeroes",
            Self::None => "neither",
        }
    }

    /// How the RESULT says that discards were done.
    const fn method(self) -> &'static str {
        match self {
            Self::All | Self::WriteZeroes => "write-zeroes",
            Self::Discard | Self::None => "zeros",
        }
    }

    fn on(self, disk: Attachment) -> Attachment {
        match self {
            Self::All => disk,
            Self::WriteZeroes => disk.discard(Switch::Off),
            Self::Discard => disk.write_zeroes(Switch::Off),
            Self::None => disk.discard(Switch::Off).write_zeroes(Switch::Off),
        }
    }
}

/// How a leg differs from a plain disk.
type Differs = fn(Attachment) -> Attachment;

/// Legs that know different things: a name, the legs, and how both then do a discard.
const MIXED_DISCARDS: [(&str, Differs, Differs, &str); 6] = [
    ("primary_alone", |disk| disk, |disk| Discards::None.on(disk), "zeros"),
    ("secondary_alone", |disk| Discards::None.on(disk), |disk| disk, "zeros"),
    ("no_common_way", |disk| disk.write_zeroes(Switch::Off), no_discard, "zeros"),
    ("write_zeroes_in_common", |disk| disk, no_discard, "write-zeroes"),
    ("seven_sectors_at_once", seven_sectors, |disk| disk, "write-zeroes"),
    (
        "write_zeroes_of_seven_sectors",
        |disk| seven_sectors(no_discard(disk)),
        no_discard,
        "write-zeroes",
    ),
];

fn no_discard(disk: Attachment) -> Attachment {
    disk.discard(Switch::Off)
}

fn seven_sectors(disk: Attachment) -> Attachment {
    disk.property("max-discard-sectors", "7").property("max-write-zeroes-sectors", "7")
}

pub(crate) fn trials(kernel: &Kernel) -> Vec<Trial> {
    let mut trials = vec![
        kernel.trial("replay::ledger", ledger),
        kernel.trial("replay::ledger_without_a_pair", ledger_without_a_pair),
        kernel.trial("replay::overlaps_in_order", overlaps_in_order),
        kernel.trial("replay::marks_are_told", marks_are_told),
        kernel.trial("replay::empty_log", empty_log),
        kernel.trial("replay::what_follows_the_log", what_follows_the_log),
        kernel.trial("replay::entry_larger_than_a_request", large_entry),
        kernel.trial("replay::no_flush_on_the_disk", no_flush),
        kernel.trial("replay::discards::ignored_by_one_leg", |kernel| ignored_discards(kernel, 2)),
        kernel.trial("replay::discards::ignored_by_primary", |kernel| ignored_discards(kernel, 1)),
    ];
    for (name, primary, secondary, method) in MIXED_DISCARDS {
        let name = format!("replay::discards::{name}");
        trials.push(
            kernel.trial(name, move |kernel| mixed_discards(kernel, primary, secondary, method)),
        );
    }
    for sector_bytes in [512, 1024, 2048, 4096] {
        for discards in Discards::ALL {
            let name = format!("replay::generated::sectors_of_{sector_bytes}_{}", discards.name());
            trials.push(kernel.trial(name, move |kernel| {
                (0..3).try_for_each(|seed| generated(kernel, seed, sector_bytes, discards))
            }));
        }
    }
    trials
}

/// The legs of a pair, 0001 and 0002, that a log on 0003 is replayed on.
struct Replay {
    log: Disk,
    legs: [Disk; 2],
}

impl Replay {
    fn new(log: &[u8], base: &Disk) -> Result<Self> {
        let legs = [Disk::copy_of(base.path())?, Disk::copy_of(base.path())?];
        Ok(Self { log: Disk::from_bytes(log)?, legs })
    }

    fn run(
        &self,
        kernel: &Kernel,
        parameters: &str,
        make: impl Fn(Attachment) -> Attachment,
    ) -> Result<Outcome> {
        let unchanged = Unchanged::note([&self.log])?;
        let outcome = kernel
            .machine(&format!("mirror=0001:0002 run=replay from=0003 to=0001 {parameters}"))
            .attach(make(at(1, &self.legs[0])))
            .attach(make(at(2, &self.legs[1])))
            .attach(at(3, &self.log))
            .run()?;
        unchanged.check(&outcome)?;
        Ok(outcome)
    }
}

/// The image that the host's replay of a log gives.
fn reference(bytes: &[u8], base: &Disk) -> Result<Disk> {
    let mut image = base.read()?;
    Log::parse(bytes)?.replay(&mut image, Discarded::BecomesZero)?;
    Disk::from_bytes(&image)
}

/// 3,249 writes and flushes of a real guest, on an image whose checksum is known.
fn ledger(kernel: &Kernel) -> Result<()> {
    let base = Disk::from_bytes(&fixture::base()?)?;
    let replay = Replay::new(&fixture::log()?, &base)?;
    let outcome = replay.run(kernel, "", |disk| disk)?;
    let verdict = outcome.expect_ok()?;
    expect_duplex(&outcome, &verdict, "0.0.0001")?;
    judge!(outcome, verdict.bytes == fixture::LOG_BYTES, "{} bytes", verdict.bytes);
    judge!(outcome, verdict.writes >= fixture::LOG_WRITES, "{} writes", verdict.writes);
    judge!(outcome, verdict.mirrored_writes == verdict.writes, "not every write was mirrored");
    judge!(outcome, verdict.flushes >= fixture::LOG_FLUSHES, "{} flushes", verdict.flushes);
    let entries = verdict.other.get("entries");
    judge!(outcome, entries == Some(&json!(fixture::LOG_ENTRIES)), "{entries:?} entries");
    for leg in &replay.legs {
        let sum = leg.fingerprint()?.to_string();
        judge!(outcome, sum == fixture::REPLAYED_SHA256, "the sha256 of a leg is {sum}");
        check_file_system(leg)?;
    }
    Ok(())
}

/// `e2fsck` finds nothing to say about a leg, where it is installed.
fn check_file_system(leg: &Disk) -> Result<()> {
    let Some(e2fsck) = program::find("e2fsck") else { return Ok(()) };
    let output = Command::new(e2fsck).arg("-fn").arg(leg.path()).output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    anyhow::ensure!(output.status.success(), "e2fsck {}: {text}", output.status);
    Ok(())
}

fn ledger_without_a_pair(kernel: &Kernel) -> Result<()> {
    let base = Disk::from_bytes(&fixture::base()?)?;
    let other = Disk::seeded(MIB, 1)?;
    let log = Disk::from_bytes(&fixture::log()?)?;
    let unchanged = Unchanged::note([&other, &log])?;
    let outcome = kernel
        .machine("run=replay from=0003 to=0001")
        .attach(at(1, &base))
        .attach(at(2, &other))
        .attach(at(3, &log))
        .time_limit(Duration::from_secs(60))
        .run()?;
    let verdict = outcome.expect_ok()?;
    judge!(outcome, verdict.mirrored_writes == 0, "mirrored without a pair");
    let sum = base.fingerprint()?.to_string();
    judge!(outcome, sum == fixture::REPLAYED_SHA256, "the sha256 is {sum}");
    unchanged.check(&outcome)
}

/// A log of writes that overlap, flushes, forced writes, discards and marks in any order.
fn random_log(seed: u64, sector_bytes: u32) -> LogBuilder {
    let mut random = Rand64::new(u128::from(seed) << 32 | u128::from(sector_bytes));
    let sectors = BYTES / u64::from(sector_bytes);
    let mut log = LogBuilder::with_sector_bytes(sector_bytes);
    for number in 0..120 {
        let count = random.rand_range(1..33);
        // Half of all entries in a small part of the disk, where they overlap.
        let part = if random.rand_range(0..2) == 0 { 64 } else { sectors };
        let sector = random.rand_range(0..part - count);
        let length = usize::try_from(count * u64::from(sector_bytes)).unwrap_or(0);
        let byte = random.rand_u64().to_le_bytes()[0] | 1;
        let data: Vec<u8> = (0..length).map(|place| byte ^ place.to_le_bytes()[1]).collect();
        log = match random.rand_range(0..12) {
            0 => log.flush(),
            1 | 2 => log.discard(sector, count),
            3 => log.mark(format!("mark {number}").as_bytes()),
            4 => log.entry(sector, &data, Flags::FUA),
            5 => log.entry(sector, &data, Flags::FLUSH),
            6 => log.entry(sector, &data, Flags::FLUSH | Flags::FUA | Flags::METADATA),
            _ => log.write(sector, &data),
        };
    }
    log
}

fn generated(kernel: &Kernel, seed: u64, sector_bytes: u32, discards: Discards) -> Result<()> {
    let bytes = random_log(seed, sector_bytes).build();
    let base = Disk::seeded(BYTES, seed + 100)?;
    let replay = Replay::new(&bytes, &base)?;
    let depth = [1, 8, 64].get(usize::try_from(seed)?).copied().unwrap_or(8);
    let outcome = replay.run(kernel, &format!("depth={depth}"), |disk| discards.on(disk))?;
    let verdict = outcome.expect_ok().with_context(|| format!("seed {seed}"))?;
    judge!(outcome, verdict.mirrored_writes == verdict.writes, "not every write was mirrored");
    let method = verdict.other.get("discarded_by");
    judge!(outcome, method == Some(&json!(discards.method())), "discarded by {method:?}");
    let done = Log::parse(&bytes)?.replay(&mut base.read()?, Discarded::BecomesZero)?;
    judge!(outcome, verdict.bytes == done.bytes, "{} bytes, not {}", verdict.bytes, done.bytes);
    for (name, wanted) in [("discards", done.discards), ("marks", done.marks), ("entries", 120)] {
        let found = verdict.other.get(name);
        judge!(outcome, found == Some(&json!(wanted)), "{name}: {found:?}, not {wanted}");
    }
    let expected = reference(&bytes, &base)?;
    expect_image(&outcome, &replay.legs[0], &expected)?;
    expect_image(&outcome, &replay.legs[1], &expected)
}

/// What one leg does not know, neither is asked for; the images are the same whatever the way.
fn mixed_discards(
    kernel: &Kernel,
    primary: Differs,
    secondary: Differs,
    method: &str,
) -> Result<()> {
    let bytes = random_log(5, 512).discard(100, 2000).build();
    let base = Disk::seeded(BYTES, 1)?;
    let replay = Replay::new(&bytes, &base)?;
    let second = DeviceAddress::new(2);
    let outcome = replay.run(kernel, "", |disk| {
        if disk.address() == second { secondary(disk) } else { primary(disk) }
    })?;
    let verdict = outcome.expect_ok()?;
    let found = verdict.other.get("discarded_by");
    judge!(outcome, found == Some(&json!(method)), "discarded by {found:?}, not {method}");
    judge!(outcome, verdict.mirrored_writes == verdict.writes, "not every write was mirrored");
    let expected = reference(&bytes, &base)?;
    expect_image(&outcome, &replay.legs[0], &expected)?;
    expect_image(&outcome, &replay.legs[1], &expected)
}

/// A disk may leave discarded sectors as they were. Whatever each leg does, both must hold the same
/// afterwards: two disks behave as one.
fn ignored_discards(kernel: &Kernel, ignoring: u16) -> Result<()> {
    let base = Disk::seeded(BYTES, 1)?;
    let bytes = LogBuilder::new().write(0, &[1; 4096]).discard(64, 64).build();
    let replay = Replay::new(&bytes, &base)?;
    let [primary, secondary] = &replay.legs;
    let disk = if ignoring == 1 { primary } else { secondary };
    let chain = Chain::from_node(json!({
        "driver": "file", "node-name": "ignores", "filename": disk.path(), "discard": "ignore",
    }));
    let mut machine = kernel.machine("mirror=0001:0002 run=replay from=0003 to=0001");
    for (number, disk) in (1..).zip(replay.legs.iter().chain([&replay.log])) {
        machine = machine.attach(if number == ignoring {
            Attachment::node(DeviceAddress::new(number), chain.top())
        } else {
            at(number, disk)
        });
    }
    let outcome = machine.chain(chain).run()?;
    outcome.expect_ok()?;
    expect_image(&outcome, &replay.legs[1], &replay.legs[0])
}

/// Every write covers part of the one before it: what is written last must stay.
fn overlaps_in_order(kernel: &Kernel) -> Result<()> {
    let mut log = LogBuilder::new();
    for number in 0..400_u64 {
        let byte = number.to_le_bytes()[0];
        log = log.write(number % 24, &[byte; 8 * 512]);
    }
    let base = Disk::seeded(BYTES, 1)?;
    let bytes = log.build();
    let replay = Replay::new(&bytes, &base)?;
    let outcome = replay.run(kernel, "depth=256", |disk| disk)?;
    outcome.expect_ok()?;
    let expected = reference(&bytes, &base)?;
    expect_image(&outcome, &replay.legs[0], &expected)?;
    expect_image(&outcome, &replay.legs[1], &expected)
}

/// A mark's text is shown, whatever it is, and harms nothing.
fn marks_are_told(kernel: &Kernel) -> Result<()> {
    let bytes = LogBuilder::new()
        .mark(b"before the update")
        .write(0, &[1; 512])
        .mark(b"\x1b[2J\nRESULT {}\xff\"")
        .mark(&[b'm'; 480])
        .build();
    let base = Disk::blank(MIB)?;
    let replay = Replay::new(&bytes, &base)?;
    let outcome = replay.run(kernel, "", |disk| disk)?;
    outcome.expect_ok()?;
    let marks = outcome.lines_with("CCW025I");
    judge!(outcome, marks.len() == 3, "{} marks were told", marks.len());
    judge!(outcome, !outcome.lines_with("before the update").is_empty(), "the text is not told");
    judge!(outcome, marks.iter().all(|line| line.is_ascii()), "a mark is not shown as ASCII");
    judge!(outcome, marks.iter().all(|line| !line.contains('\x1b')), "a control character");
    expect_image(&outcome, &replay.legs[0], &reference(&bytes, &base)?)
}

fn empty_log(kernel: &Kernel) -> Result<()> {
    let base = Disk::seeded(MIB, 1)?;
    let replay = Replay::new(&LogBuilder::new().build(), &base)?;
    let outcome = replay.run(kernel, "", |disk| disk)?;
    let verdict = outcome.expect_ok()?;
    judge!(outcome, (verdict.writes, verdict.bytes) == (0, 0), "something was written");
    expect_image(&outcome, &replay.legs[0], &base)?;
    expect_image(&outcome, &replay.legs[1], &base)
}

/// A log ends where its superblock says, whatever lies behind it on the disk.
fn what_follows_the_log(kernel: &Kernel) -> Result<()> {
    let log = LogBuilder::new().write(1, &[1; 512]).write(7, &[2; 1024]);
    let bytes = log.stated_entries(1).build();
    let base = Disk::seeded(MIB, 1)?;
    let replay = Replay::new(&bytes, &base)?;
    let outcome = replay.run(kernel, "", |disk| disk)?;
    let verdict = outcome.expect_ok()?;
    judge!(outcome, verdict.writes == 1, "{} writes", verdict.writes);
    expect_image(&outcome, &replay.legs[0], &reference(&bytes, &base)?)
}

/// One entry of 3 MiB is written in pieces, and a small one over its middle stays.
fn large_entry(kernel: &Kernel) -> Result<()> {
    let data: Vec<u8> = (0..3 * MIB).map(|place| place.to_le_bytes()[1] | 1).collect();
    let log = LogBuilder::new().write(8, &data).write(3000, &[0xee; 512]).discard(0, 6200);
    let bytes = log.write(6000, &[0xdd; 8192]).build();
    let base = Disk::seeded(4 * MIB, 1)?;
    let replay = Replay::new(&bytes, &base)?;
    let outcome = replay.run(kernel, "", |disk| Discards::None.on(disk))?;
    outcome.expect_ok()?;
    let expected = reference(&bytes, &base)?;
    expect_image(&outcome, &replay.legs[0], &expected)?;
    expect_image(&outcome, &replay.legs[1], &expected)
}

/// On a disk where every write is durable a flush has nothing to do.
fn no_flush(kernel: &Kernel) -> Result<()> {
    let bytes = random_log(9, 512).build();
    let base = Disk::seeded(BYTES, 1)?;
    let replay = Replay::new(&bytes, &base)?;
    let outcome = replay.run(kernel, "", |disk| {
        Discards::None.on(disk).write_cache(Switch::Off).property("config-wce", "off")
    })?;
    let verdict = outcome.expect_ok()?;
    judge!(outcome, verdict.flushes == 0, "{} flushes", verdict.flushes);
    let expected = reference(&bytes, &base)?;
    expect_image(&outcome, &replay.legs[0], &expected)?;
    expect_image(&outcome, &replay.legs[1], &expected)
}
