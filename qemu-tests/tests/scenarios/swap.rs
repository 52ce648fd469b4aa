//! The first disk of a pair fails or goes while a job runs: the second takes its place, and the process does not
//! notice. And what the policies make of failures instead.

use std::thread;
use std::time::Duration;

use anyhow::Result;
use libtest_mimic::Trial;
use qemu_tests::faults::{Chain, ENOSPC, ErrorInjection, Operation};
use qemu_tests::nbd::NbdServer;
use qemu_tests::{Attachment, DeviceAddress, Disk, Machine, Outcome, Running, Verdict, fixture};
use serde_json::json;

use crate::kernel::Kernel;
use crate::support::{MIB, Unchanged, at, expect_image, expect_suspended, expect_swapped, judge};

/// The jobs of these scenarios take a second or two at most.
const LIMIT: Duration = Duration::from_secs(30);

/// Sixteen writes of 256 KiB.
const BYTES: u64 = 4 * MIB;

const COPY: &str = "mirror=0001:0002 run=copy from=0003 to=0001";

pub(crate) fn trials(kernel: &Kernel) -> Vec<Trial> {
    let mut trials = vec![
        kernel.trial("swap::primary_taken_away", taken_away),
        kernel.trial("swap::primary_taken_from_a_replay", taken_from_a_replay),
        kernel.trial("swap::primary_cut_off", cut_off),
        kernel.trial("swap::primary_stalled_past_its_deadline", stalled),
        kernel.trial("swap::both_taken_away", both_taken_away),
        kernel.trial("swap::both_taken_away_at_once", both_at_once),
        kernel.trial("swap::not_to_a_secondary_that_is_behind", not_to_one_behind),
        kernel.trial("policies::secondary_fails_the_write", secondary_fails),
    ];
    let any = ErrorInjection::always(Operation::Write);
    let flush = ErrorInjection::always(Operation::Flush);
    for (name, injection) in [
        ("every_write", any),
        ("one_write", ErrorInjection::once(Operation::Write)),
        ("one_sector", any.at_sector(4096)),
        ("no_space", any.errno(ENOSPC)),
        ("flush", flush),
    ] {
        let name = format!("swap::primary_error::{name}");
        trials.push(kernel.trial(name, move |kernel| primary_error(kernel, injection)));
    }
    for (name, injection, error) in [
        ("every_write", any, "0.0.0001: write of "),
        ("one_sector", any.at_sector(4096), "at sector 4096 ended in "),
        ("flush", flush, "0.0.0001: flush ended in "),
    ] {
        let name = format!("policies::primary_fails_the_job::{name}");
        trials.push(kernel.trial(name, move |kernel| primary_fails(kernel, injection, error)));
    }
    trials
}

/// A disk on a chain. Writes that QEMU merges would fail together; these are each for itself.
fn apart(number: u16, chain: &Chain) -> Attachment {
    let disk = Attachment::node(DeviceAddress::new(number), chain.top());
    disk.property("request-merging", "off")
}

/// A copy to a pair, the disks of which may stand on chains of their own.
struct Setting {
    source: Disk,
    legs: [Disk; 2],
}

impl Setting {
    fn new() -> Result<Self> {
        let legs = [Disk::seeded(BYTES, 2)?, Disk::seeded(BYTES, 3)?];
        Ok(Self { source: Disk::seeded(BYTES, 1)?, legs })
    }

    /// The machine, with disks on these chains, which may be several.
    fn machine(&self, kernel: &Kernel, chains: impl IntoIterator<Item = (u16, Chain)>) -> Machine {
        let mut machine = kernel.machine(COPY).time_limit(LIMIT).attach(at(3, &self.source));
        let mut plain = vec![1u16, 2];
        for (number, chain) in chains {
            machine = machine.attach(apart(number, &chain)).chain(chain);
            plain.retain(|other| *other != number);
        }
        for (number, disk) in (1u16..).zip(&self.legs).filter(|(number, _)| plain.contains(number))
        {
            machine = machine.attach(at(number, disk));
        }
        machine
    }

    fn file(&self, number: u16) -> Chain {
        let disk = if number == 1 { &self.legs[0] } else { &self.legs[1] };
        Chain::file(&format!("below{number}"), disk.path())
    }

    /// The process had all its work done, which is whole on the second disk; the pair says what happened.
    fn expect_swapped(&self, outcome: &Outcome) -> Result<Verdict> {
        let verdict = outcome.expect_degraded()?;
        expect_swapped(outcome, &verdict, "0.0.0001", "primary")?;
        judge!(outcome, verdict.bytes == BYTES, "{} bytes were copied", verdict.bytes);
        judge!(outcome, verdict.error.is_empty(), "a job that is done has an error");
        expect_image(outcome, &self.legs[1], &self.source)?;
        Ok(verdict)
    }
}

fn primary_error(kernel: &Kernel, injection: ErrorInjection) -> Result<()> {
    let setting = Setting::new()?;
    let unchanged = Unchanged::note([&setting.source])?;
    let chain = setting.file(1).inject_error("bad", &injection);
    let outcome = setting.machine(kernel, [(1, chain)]).run()?;
    setting.expect_swapped(&outcome)?;
    unchanged.check(&outcome)
}

/// A copy that takes half a second at least, and has done some of its work.
fn begun(kernel: &Kernel, setting: &Setting) -> Result<Running> {
    let chain = setting.file(2).throttle("slow", "tg0", 20);
    let running = setting
        .machine(kernel, [(2, chain)])
        .parameters(format!("trace=on {COPY}"))
        .with_qmp()
        .start()?;
    running.wait_for("CCW021I", LIMIT)?;
    running.wait_for(" POST request=", LIMIT)?;
    Ok(running)
}

/// Takes a disk away, without waiting until QEMU says so: the job may be over before.
fn take_away(running: &Running, number: u16) -> Result<()> {
    let id = DeviceAddress::new(number).qemu_id();
    running.qmp()?.execute("device_del", json!({"id": id}))?;
    Ok(())
}

fn taken_away(kernel: &Kernel) -> Result<()> {
    let setting = Setting::new()?;
    let running = begun(kernel, &setting)?;
    take_away(&running, 1)?;
    setting.expect_swapped(&running.finish()?)?;
    Ok(())
}

/// The real log goes on to its known end on the second disk.
fn taken_from_a_replay(kernel: &Kernel) -> Result<()> {
    let base = fixture::base()?;
    let legs = [Disk::from_bytes(&base)?, Disk::from_bytes(&base)?];
    let log = Disk::from_bytes(&fixture::log()?)?;
    // Slow enough that the job would take seconds with both legs.
    let chain = Chain::file("below", legs[0].path()).throttle("slow", "tg0", 500);
    let running = kernel
        .machine("mirror=0001:0002 run=replay from=0003 to=0001")
        .attach(apart(1, &chain))
        .chain(chain)
        .attach(at(2, &legs[1]))
        .attach(at(3, &log))
        .with_qmp()
        .start()?;
    running.wait_for("bytes of the log,", LIMIT)?;
    take_away(&running, 1)?;
    let outcome = running.finish()?;
    let verdict = outcome.expect_degraded()?;
    expect_swapped(&outcome, &verdict, "0.0.0001", "primary")?;
    let sum = legs[1].fingerprint()?.to_string();
    judge!(outcome, sum == fixture::REPLAYED_SHA256, "the second disk's sha256 is {sum}");
    Ok(())
}

/// The primary's cable is pulled while writes are on their way.
fn cut_off(kernel: &Kernel) -> Result<()> {
    let setting = Setting::new()?;
    let mut server = NbdServer::start(setting.legs[0].path())?;
    let remote = Chain::nbd("remote", &server.socket(), 0).throttle("slow", "tg0", 10);
    let running = setting.machine(kernel, [(1, remote)]).with_qmp().start()?;
    running.wait_for("CCW021I", LIMIT)?;
    thread::sleep(Duration::from_millis(100));
    server.cut()?;
    qemu_tests::faults::set_limit(running.qmp()?, "tg0", 0)?;
    setting.expect_swapped(&running.finish()?)?;
    Ok(())
}

/// A primary that keeps writes for longer than a request may take is cleared, and the second disk has its place.
fn stalled(kernel: &Kernel) -> Result<()> {
    let setting = Setting::new()?;
    let chain = setting.file(1).throttle("slow", "tg0", 1);
    let machine = setting.machine(kernel, [(1, chain)]);
    let outcome = machine.parameters(format!("trace=on deadline=1 {COPY}")).run()?;
    let verdict = setting.expect_swapped(&outcome)?;
    expect_swapped(&outcome, &verdict, "0.0.0001", "timed-out")?;
    let trace = outcome.trace()?;
    let cleared = trace.of("CLEAR").with("device", "0.0.0001");
    judge!(outcome, !cleared.records.is_empty(), "the primary was not cleared");
    Ok(())
}

/// First the one goes, then the other: nothing is left, and the job says so soon.
fn both_taken_away(kernel: &Kernel) -> Result<()> {
    let setting = Setting::new()?;
    let unchanged = Unchanged::note([&setting.source])?;
    let running = begun(kernel, &setting)?;
    take_away(&running, 1)?;
    take_away(&running, 2)?;
    let outcome = running.finish()?;
    outcome.expect_failed("0.0.000")?;
    unchanged.check(&outcome)
}

/// Both are gone when the processor runs again: whichever report comes first.
fn both_at_once(kernel: &Kernel) -> Result<()> {
    let setting = Setting::new()?;
    let unchanged = Unchanged::note([&setting.source])?;
    let running = begun(kernel, &setting)?;
    running.pause()?;
    take_away(&running, 1)?;
    take_away(&running, 2)?;
    running.begin()?;
    let outcome = running.finish()?;
    outcome.expect_failed("0.0.000")?;
    unchanged.check(&outcome)
}

/// The second disk fails first, and lacks writes from then on: when the first one fails later, it must not take its
/// place, or writes that were confirmed would be lost.
fn not_to_one_behind(kernel: &Kernel) -> Result<()> {
    let setting = Setting::new()?;
    let once = ErrorInjection::once(Operation::Write);
    let late = ErrorInjection::always(Operation::Write).at_sector(6144);
    let chains = [
        (1, setting.file(1).inject_error("late", &late)),
        (2, setting.file(2).inject_error("once", &once)),
    ];
    let outcome = setting.machine(kernel, chains).parameters(format!("{COPY} depth=1")).run()?;
    let verdict = outcome.expect_failed("at sector 6144 ended in ")?;
    expect_suspended(&outcome, &verdict, "0.0.0001", "secondary: write of ")?;
    judge!(outcome, verdict.mirrored_writes == 0, "mirrored after the failure");
    Ok(())
}

/// With this policy the process hears of the primary's failure, as it would of a disk's that is not mirrored.
fn primary_fails(kernel: &Kernel, injection: ErrorInjection, error: &str) -> Result<()> {
    let setting = Setting::new()?;
    let unchanged = Unchanged::note([&setting.source])?;
    let chain = setting.file(1).inject_error("bad", &injection);
    let machine = setting.machine(kernel, [(1, chain)]);
    let outcome = machine.parameters(format!("on-primary-error=fail {COPY}")).run()?;
    outcome.expect_failed(error)?;
    unchanged.check(&outcome)
}

/// With this policy a write that the secondary does not take is an error, though the primary has it.
fn secondary_fails(kernel: &Kernel) -> Result<()> {
    let setting = Setting::new()?;
    let unchanged = Unchanged::note([&setting.source])?;
    let injection = ErrorInjection::always(Operation::Write).at_sector(4096);
    let chain = setting.file(2).inject_error("bad", &injection);
    let machine = setting.machine(kernel, [(2, chain)]);
    let outcome = machine.parameters(format!("on-secondary-error=fail {COPY} depth=1")).run()?;
    let verdict = outcome.expect_failed("write of ")?;
    judge!(outcome, verdict.writes < 16, "all writes were confirmed");
    let before = 4096 * 512;
    let difference = setting.legs[0].first_difference_within(&setting.legs[1], before)?;
    judge!(outcome, difference.is_none(), "before the failure: {difference:?}");
    unchanged.check(&outcome)
}
