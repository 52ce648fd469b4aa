//! Second disks and sources that fail while a job runs: what is safe, what the RESULT says of it, and that every run
//! ends. (Module `swap` has the first disks.)

use std::thread;
use std::time::Duration;

use anyhow::Result;
use libtest_mimic::Trial;
use qemu_tests::faults::{self, Chain, ENOSPC, ErrorInjection, Operation};
use qemu_tests::log_writes::LogBuilder;
use qemu_tests::nbd::NbdServer;
use qemu_tests::{Attachment, DeviceAddress, Disk, Machine, Outcome, Verdict, fixture};
use serde_json::json;

use crate::kernel::Kernel;
use crate::support::{MIB, Unchanged, at, expect_image, expect_suspended, judge};

/// The jobs of these scenarios take a second or two at most.
const LIMIT: Duration = Duration::from_secs(30);

/// Sixteen writes of 256 KiB.
const BYTES: u64 = 4 * MIB;

const COPY: &str = "mirror=0001:0002 run=copy from=0003 to=0001";

pub(crate) fn trials(kernel: &Kernel) -> Vec<Trial> {
    let mut trials = vec![
        kernel.trial("failures::secondary_cut_off", secondary_cut_off),
        kernel.trial("failures::secondary_taken_away", secondary_taken_away),
        kernel.trial("failures::source_taken_away", source_taken_away),
        kernel.trial("failures::secondary_taken_from_a_replay", secondary_taken_from_a_replay),
        kernel.trial("failures::secondary_taken_from_a_bench", secondary_taken_from_a_bench),
        kernel.trial("failures::secondary_slow", secondary_slow),
        kernel.trial("failures::secondary_stalled_past_its_deadline", secondary_stalled),
        kernel.trial("failures::secondary_error::write_zeroes", secondary_refuses_write_zeroes),
        kernel.trial("failures::bench_on_a_failing_secondary", bench_on_a_failing_secondary),
        kernel.trial("failures::other_pair_stays_whole", other_pair_stays_whole),
    ];
    let any = ErrorInjection::always(Operation::Write);
    let flush = ErrorInjection::always(Operation::Flush);
    for (name, injection, reason) in [
        ("every_write", any, "secondary: write of "),
        ("one_write", ErrorInjection::once(Operation::Write), "secondary: write of "),
        ("one_sector", any.at_sector(4096), "at sector 4096 ended in "),
        ("no_space", any.errno(ENOSPC), "secondary: write of "),
        ("flush", flush, "secondary: flush ended in "),
    ] {
        let name = format!("failures::secondary_error::{name}");
        trials.push(kernel.trial(name, move |kernel| secondary_error(kernel, injection, reason)));
    }
    trials.push(kernel.trial("failures::source_error", source_error));
    trials
}

/// A disk on a chain. Writes that QEMU merges would fail together; these are each for itself.
fn apart(number: u16, chain: &Chain) -> Attachment {
    let disk = Attachment::node(DeviceAddress::new(number), chain.top());
    disk.property("request-merging", "off")
}

/// A copy to a pair whose legs may stand on chains of their own.
struct Setting {
    source: Disk,
    legs: [Disk; 2],
}

impl Setting {
    fn new() -> Result<Self> {
        let legs = [Disk::seeded(BYTES, 2)?, Disk::seeded(BYTES, 3)?];
        Ok(Self { source: Disk::seeded(BYTES, 1)?, legs })
    }

    /// The machine; `chain`, if there is one, is made for the disk of this number.
    fn machine(&self, kernel: &Kernel, failing: u16, chain: Chain) -> Machine {
        let mut machine = kernel.machine(COPY).time_limit(LIMIT);
        for (number, disk) in (1..).zip(self.legs.iter().chain([&self.source])) {
            machine = machine.attach(if number == failing {
                apart(number, &chain)
            } else {
                at(number, disk)
            });
        }
        machine.chain(chain)
    }

    fn file(&self, number: u16) -> Chain {
        let disk = match number {
            1 => &self.legs[0],
            2 => &self.legs[1],
            _ => &self.source,
        };
        Chain::file("below", disk.path())
    }

    /// The job's own work is whole on the primary, the pair is suspended and says why.
    fn expect_degraded(&self, outcome: &Outcome, reason: &str) -> Result<Verdict> {
        let verdict = outcome.expect_degraded()?;
        expect_suspended(outcome, &verdict, "0.0.0001", reason)?;
        judge!(outcome, verdict.bytes == BYTES, "{} bytes were copied", verdict.bytes);
        judge!(outcome, verdict.error.is_empty(), "a job that is done has an error");
        judge!(outcome, !outcome.lines_with("CCW030W").is_empty(), "the operator was not told");
        expect_image(outcome, &self.legs[0], &self.source)?;
        Ok(verdict)
    }
}

fn secondary_error(kernel: &Kernel, injection: ErrorInjection, reason: &str) -> Result<()> {
    let setting = Setting::new()?;
    let chain = setting.file(2).inject_error("bad", &injection);
    let outcome = setting.machine(kernel, 2, chain).run()?;
    let verdict = setting.expect_degraded(&outcome, reason)?;
    let lost = u64::from(!reason.contains("flush"));
    judge!(
        outcome,
        verdict.mirrored_writes + lost <= verdict.writes,
        "more was mirrored than could be"
    );
    Ok(())
}

/// What cannot be read is not written; nothing is made up for it.
fn source_error(kernel: &Kernel) -> Result<()> {
    let setting = Setting::new()?;
    let before = Disk::copy_of(setting.legs[0].path())?;
    let injection = ErrorInjection::always(Operation::Read).at_sector(4096);
    let chain = setting.file(3).inject_error("bad", &injection);
    let outcome = setting.machine(kernel, 3, chain).run()?;
    let verdict = outcome.expect_failed("0.0.0003: read of ")?;
    judge!(
        outcome,
        verdict.pair("0.0.0001").is_some_and(|pair| pair.state == "duplex"),
        "suspended"
    );
    let length = usize::try_from(256 * 1024)?;
    let at_error = setting.legs[0].read_at(4096 * 512, length)?;
    judge!(
        outcome,
        at_error == before.read_at(4096 * 512, length)?,
        "what was not read was written"
    );
    let written = usize::try_from(BYTES)?;
    let legs = [setting.legs[0].read_at(0, written)?, setting.legs[1].read_at(0, written)?];
    let first = verdict.writes.min(1) * 512;
    let same = legs[0].iter().zip(&legs[1]).take(usize::try_from(first)?).all(|(a, b)| a == b);
    judge!(outcome, same, "the legs differ where both were written");
    Ok(())
}

/// The secondary's cable is pulled while writes are on their way.
fn secondary_cut_off(kernel: &Kernel) -> Result<()> {
    let setting = Setting::new()?;
    let mut server = NbdServer::start(setting.legs[1].path())?;
    let chain = Chain::nbd("remote", &server.socket(), 0).throttle("slow", "tg0", 10);
    let machine = setting.machine(kernel, 2, chain).with_qmp();
    let running = machine.start()?;
    running.wait_for("CCW021I", LIMIT)?;
    thread::sleep(Duration::from_millis(100));
    server.cut()?;
    faults::set_limit(running.qmp()?, "tg0", 0)?;
    let outcome = running.finish()?;
    setting.expect_degraded(&outcome, "secondary: write of ")?;
    Ok(())
}

/// A job that is slow enough, and a disk that goes in the midst of it.
fn taken_away(kernel: &Kernel, setting: &Setting, gone: u16) -> Result<Outcome> {
    let chain = setting.file(2).throttle("slow", "tg0", 10);
    let mut machine = kernel.machine(&format!("trace=on {COPY}")).time_limit(LIMIT);
    for (number, disk) in [(1, &setting.legs[0]), (3, &setting.source)] {
        machine = machine.attach(at(number, disk));
    }
    let running = machine.attach(apart(2, &chain)).chain(chain).with_qmp().start()?;
    running.wait_for("CCW021I", LIMIT)?;
    running.wait_for("POST request=", LIMIT)?;
    // The job may be over before QEMU says that the disk is gone, so that is not waited for.
    let id = DeviceAddress::new(gone).qemu_id();
    running.qmp()?.execute("device_del", json!({"id": id}))?;
    let outcome = running.finish()?;
    Ok(outcome)
}

fn secondary_taken_away(kernel: &Kernel) -> Result<()> {
    let setting = Setting::new()?;
    let outcome = taken_away(kernel, &setting, 2)?;
    setting.expect_degraded(&outcome, "secondary: ")?;
    Ok(())
}

/// The real log goes on to its known end on the primary.
fn secondary_taken_from_a_replay(kernel: &Kernel) -> Result<()> {
    let base = fixture::base()?;
    let legs = [Disk::from_bytes(&base)?, Disk::from_bytes(&base)?];
    let log = Disk::from_bytes(&fixture::log()?)?;
    // Slow enough that the job would take seconds with both legs.
    let chain = Chain::file("below", legs[1].path()).throttle("slow", "tg0", 500);
    let running = kernel
        .machine("mirror=0001:0002 run=replay from=0003 to=0001")
        .attach(at(1, &legs[0]))
        .attach(apart(2, &chain))
        .chain(chain)
        .attach(at(3, &log))
        .with_qmp()
        .start()?;
    running.wait_for("bytes of the log,", LIMIT)?;
    let id = DeviceAddress::new(2).qemu_id();
    running.qmp()?.execute("device_del", json!({"id": id}))?;
    let outcome = running.finish()?;
    let verdict = outcome.expect_degraded()?;
    expect_suspended(&outcome, &verdict, "0.0.0001", "secondary: ")?;
    judge!(outcome, verdict.mirrored_writes < verdict.writes, "all writes were mirrored");
    let sum = legs[0].fingerprint()?.to_string();
    judge!(outcome, sum == fixture::REPLAYED_SHA256, "the primary's sha256 is {sum}");
    Ok(())
}

/// A job that goes on long enough reads the channel report, and knows the device as gone from then on.
fn secondary_taken_from_a_bench(kernel: &Kernel) -> Result<()> {
    let legs = [Disk::blank(MIB)?, Disk::blank(MIB)?];
    let running = kernel
        .machine("trace=on mirror=0001:0002 run=bench to=0001 op=randwrite depth=4 seconds=1")
        .attach(at(1, &legs[0]))
        .attach(at(2, &legs[1]))
        .with_qmp()
        .start()?;
    running.wait_for("POST request=", LIMIT)?;
    let id = DeviceAddress::new(2).qemu_id();
    running.qmp()?.execute("device_del", json!({"id": id}))?;
    let outcome = running.finish()?;
    let verdict = outcome.expect_degraded()?;
    expect_suspended(&outcome, &verdict, "0.0.0001", "secondary: ")?;
    let trace = outcome.trace()?;
    judge!(outcome, !trace.of("STCRW").records.is_empty(), "no channel report was read");
    judge!(outcome, verdict.writes > verdict.mirrored_writes, "nothing went on without it");
    Ok(())
}

fn source_taken_away(kernel: &Kernel) -> Result<()> {
    let setting = Setting::new()?;
    let unchanged = Unchanged::note([&setting.source])?;
    let outcome = taken_away(kernel, &setting, 3)?;
    outcome.expect_failed("0.0.0003")?;
    unchanged.check(&outcome)
}

/// A secondary that is slow is waited for, and keeps up in the end.
fn secondary_slow(kernel: &Kernel) -> Result<()> {
    let setting = Setting::new()?;
    let chain = setting.file(2).throttle("slow", "tg0", 20);
    let outcome = setting.machine(kernel, 2, chain).run()?;
    let verdict = outcome.expect_ok()?;
    judge!(outcome, verdict.mirrored_writes == verdict.writes, "not every write was mirrored");
    judge!(outcome, verdict.microseconds > 200_000, "the secondary was not slow");
    expect_image(&outcome, &setting.legs[0], &setting.source)?;
    expect_image(&outcome, &setting.legs[1], &setting.source)
}

/// The secondary keeps writes for longer than a request may take: one a second goes through, and a request
/// has one second. (A write held with [`faults::HeldWrite`] would not do: QEMU 7.2 waits for it within the
/// reset that the supervisor orders, with everything stopped that could let it go.)
fn secondary_stalled(kernel: &Kernel) -> Result<()> {
    let setting = Setting::new()?;
    let chain = setting.file(2).throttle("slow", "tg0", 1);
    let machine = setting.machine(kernel, 2, chain);
    let outcome = machine.parameters(format!("trace=on deadline=1 {COPY}")).run()?;
    setting.expect_degraded(&outcome, "ended in timed-out")?;
    let trace = outcome.trace()?;
    let cleared = trace.of("CLEAR").with("device", "0.0.0002");
    judge!(outcome, !cleared.records.is_empty(), "the secondary was not cleared");
    let looked = trace.of("MISSING-INTERRUPTION").with("device", "0.0.0002");
    judge!(outcome, !looked.records.is_empty(), "nobody looked for the interruption");
    Ok(())
}

/// The log's discard is mirrored as what it is done by, and its failure is told.
fn secondary_refuses_write_zeroes(kernel: &Kernel) -> Result<()> {
    let legs = [Disk::seeded(MIB, 1)?, Disk::seeded(MIB, 1)?];
    let log = LogBuilder::new().write(0, &[1; 4096]).flush().discard(64, 64).write(512, &[2; 512]);
    let log = Disk::from_bytes(&log.build())?;
    let expected = Disk::copy_of(legs[0].path())?;
    expected.write_at(0, &[1; 4096])?;
    expected.write_at(64 * 512, &[0; 64 * 512])?;
    expected.write_at(512 * 512, &[2; 512])?;
    let injection = ErrorInjection::always(Operation::WriteZeroes);
    let chain = Chain::file("below", legs[1].path()).inject_error("bad", &injection);
    let outcome = kernel
        .machine("mirror=0001:0002 run=replay from=0003 to=0001")
        .attach(at(1, &legs[0]))
        .attach(apart(2, &chain))
        .chain(chain)
        .attach(at(3, &log))
        .run()?;
    let verdict = outcome.expect_degraded()?;
    let reason = "secondary: write-zeroes of 64 sectors at sector 64 ended in ";
    expect_suspended(&outcome, &verdict, "0.0.0001", reason)?;
    expect_image(&outcome, &legs[0], &expected)
}

fn bench_on_a_failing_secondary(kernel: &Kernel) -> Result<()> {
    let legs = [Disk::blank(MIB)?, Disk::blank(MIB)?];
    let injection = ErrorInjection::always(Operation::Write).at_sector(1024);
    let chain = Chain::file("below", legs[1].path()).inject_error("bad", &injection);
    let outcome = kernel
        .machine("mirror=0001:0002 run=bench to=0001 op=write bs=4K depth=16 count=256")
        .attach(at(1, &legs[0]))
        .attach(apart(2, &chain))
        .chain(chain)
        .run()?;
    let verdict = outcome.expect_degraded()?;
    expect_suspended(&outcome, &verdict, "0.0.0001", "at sector 1024 ended in ")?;
    judge!(outcome, verdict.writes == 256, "{} writes", verdict.writes);
    judge!(outcome, verdict.mirrored_writes < 256, "the failed one counts as mirrored");
    judge!(outcome, verdict.mirrored_writes >= 128, "mirrored: {}", verdict.mirrored_writes);
    // One block after the other: before the failure both legs are the same.
    let before = 1024 * 512 - 16 * 4096;
    let difference = legs[0].first_difference_within(&legs[1], before)?;
    judge!(outcome, difference.is_none(), "before the failure: {difference:?}");
    Ok(())
}

/// The pair that the job does not write has nothing to do with the failure.
fn other_pair_stays_whole(kernel: &Kernel) -> Result<()> {
    let setting = Setting::new()?;
    let others = [Disk::seeded(MIB, 4)?, Disk::seeded(MIB, 5)?];
    let unchanged = Unchanged::note(&others)?;
    let chain = setting.file(2).inject_error("bad", &ErrorInjection::always(Operation::Write));
    let outcome = setting
        .machine(kernel, 2, chain)
        .parameters("mirror=0001:0002,0004:0005 run=copy from=0003 to=0001")
        .attach(at(4, &others[0]))
        .attach(at(5, &others[1]))
        .run()?;
    let verdict = setting.expect_degraded(&outcome, "secondary: write of ")?;
    crate::support::expect_duplex(&outcome, &verdict, "0.0.0004")?;
    unchanged.check(&outcome)
}
