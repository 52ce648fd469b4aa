//! Whether starting the second I/O is permissible is determined: if not, it is scheduled for a later time and
//! started then (claims 14 and 32); if so, it is started (claims 15 and 33).

use anyhow::{Context, Result};
use libtest_mimic::Trial;
use qemu_tests::faults::{Chain, HeldWrite};
use qemu_tests::trace::Trace;
use qemu_tests::{Attachment, DeviceAddress, Disk, Outcome};

use super::{Done, LIMIT, Slots, machine, next_of_request, record};
use crate::kernel::Kernel;
use crate::request_path::{Created, Places, created};
use crate::support::{KIB, MIB, at, expect_image, judge};

pub(crate) fn trials(kernel: &Kernel) -> Vec<Trial> {
    vec![
        kernel.trial("claims::permissible::then_started_at_once", started_at_once),
        kernel.trial("claims::permissible::not_yet_then_scheduled_and_started", scheduled),
        kernel.trial("claims::permissible::many_later_and_in_order", many_later),
    ]
}

/// With free slots on the second device, the detour's decision is followed by the second's own way.
fn started_at_once(kernel: &Kernel) -> Result<()> {
    const WRITES: usize = 50;
    let legs = [Disk::blank(MIB)?, Disk::blank(MIB)?];
    let job = format!("run=bench to=0001 op=write bs=4K depth=4 count={WRITES}");
    let done = Done::of(machine(kernel, &job, &legs, [Slots::Many; 2]).run()?)?;
    let (outcome, trace) = (&done.outcome, &done.trace);
    done.expect_all_mirrored(WRITES)?;
    judge!(outcome, done.verdict.deferred_starts == 0, "{}", done.verdict.deferred_starts);
    let places = Places::of(trace);
    for one in created(trace)? {
        let place = decided(&places, one)?;
        let decision = record(trace, place)?;
        judge!(outcome, decision.has("decision", "start-second"), "{}", decision.line);
        let next = record(trace, place + 1)?;
        let started = next.has("request", one.second) && next.what == "FRONT-END";
        judge!(outcome, started, "{} is followed by {}", decision.line, next.line);
    }
    expect_image(outcome, &legs[1], &legs[0])
}

/// Where the back-end detour decided about the second of a request that was accepted.
fn decided(places: &Places<'_>, one: Created<'_>) -> Result<usize> {
    let decided = places.all(one.first, "BACK-END", |record| record.has("cc", "0")).next();
    decided.with_context(|| format!("nothing was decided about {}", one.second))
}

/// One slot on the second device, and its first write held: of eight writes exactly seven seconds are scheduled,
/// each behind the one before. When the write is let go, all are started, each once and in that order.
fn scheduled(kernel: &Kernel) -> Result<()> {
    const WRITES: usize = 8;
    const LENGTH: u64 = WRITES as u64 * 4 * KIB;
    let legs = [Disk::blank(LENGTH)?, Disk::blank(LENGTH)?];
    let chain = Chain::file("f2", legs[1].path()).holdable("b2");
    let running = kernel
        .machine("trace=on mirror=0001:0002 run=bench to=0001 op=write bs=4K depth=8 count=8")
        .attach(at(1, &legs[0]))
        .attach(Slots::One.of(Attachment::node(DeviceAddress::new(2), chain.top())))
        .chain(chain)
        .time_limit(LIMIT)
        .held_at_start()
        .start()?;
    let held = HeldWrite::arm(running.qmp()?, DeviceAddress::new(2), "w1")?;
    running.begin()?;
    let mut reader = running.console().reader();
    for _ in 0..WRITES {
        reader.wait_for("decision=hold", LIMIT)?;
    }
    held.wait()?;
    let posted = running.console().lines().iter().filter(|line| line.contains(" POST ")).count();
    anyhow::ensure!(posted == 0, "posted while held:\n{}", running.console().tail());
    legs[1].expect_zero_from(0)?;
    held.release()?;
    let done = Done::of(running.finish()?)?;
    let (outcome, trace) = (&done.outcome, &done.trace);
    done.expect_all_mirrored(WRITES)?;
    judge!(
        outcome,
        done.verdict.deferred_starts == 7,
        "deferred: {}",
        done.verdict.deferred_starts
    );
    let reasons = trace.of("BACK-END").with("decision", "schedule-second");
    let reasons: Vec<_> = reasons.records.iter().filter_map(|one| one.field("reason")).collect();
    let wanted = ["no-free-slot"].into_iter().chain(["queue-not-empty"; 6]);
    judge!(outcome, reasons.iter().copied().eq(wanted), "the reasons are {reasons:?}");
    expect_scheduled_then_started(outcome, trace)?;
    expect_image(outcome, &legs[1], &legs[0])
}

/// A second whose start was not permissible goes on to its device's queue and nowhere else; it is started once,
/// after the device was done with another; seconds start in the order of their firsts.
fn expect_scheduled_then_started(outcome: &Outcome, trace: &Trace) -> Result<()> {
    let places = Places::of(trace);
    let mut accepted: Vec<(usize, usize)> = Vec::new();
    for one in created(trace)?.into_iter().filter(|one| one.operation == "write") {
        let first = places.accepted(one.first)?;
        let second = places.accepted(one.second).with_context(|| outcome.report("not once"))?;
        accepted.push((first, second));
        let place = decided(&places, one)?;
        if record(trace, place)?.has("decision", "start-second") {
            continue;
        }
        let queued = record(trace, place + 1)?;
        let on_queue = queued.what == "QUEUE" && queued.has("request", one.second);
        judge!(outcome, on_queue, "after its scheduling comes {}", queued.line);
        let then = next_of_request(trace, place + 1)?;
        judge!(outcome, then.what == "FRONT-END", "after the queue comes {}", then.line);
        let used = |range: &[qemu_tests::trace::Record]| {
            range
                .iter()
                .any(|one| one.what == "VIRTQUEUE used" && one.has("subchannel", "0.0.0001"))
        };
        let between = trace.records.get(place..second).unwrap_or_default();
        judge!(outcome, used(between), "started with no slot: {}", trace.following(one.first));
    }
    accepted.sort_unstable();
    judge!(
        outcome,
        accepted.iter().map(|(_, second)| second).is_sorted(),
        "the order was not kept"
    );
    Ok(())
}

/// Two hundred writes, many at a time, at random places: nothing is lost, nothing started twice, order is kept, and
/// the RESULT counts what the trace shows.
fn many_later(kernel: &Kernel) -> Result<()> {
    const WRITES: usize = 200;
    let legs = [Disk::blank(MIB)?, Disk::blank(MIB)?];
    let job = format!("run=bench to=0001 op=randwrite bs=4K depth=24 count={WRITES}");
    let done = Done::of(machine(kernel, &job, &legs, [Slots::Many, Slots::One]).run()?)?;
    let (outcome, trace) = (&done.outcome, &done.trace);
    done.expect_all_mirrored(WRITES)?;
    let scheduled = trace.of("BACK-END").with("decision", "schedule-second").records.len();
    let counted = done.verdict.deferred_starts;
    judge!(outcome, scheduled as u64 == counted, "{counted} counted, {scheduled} in the trace");
    judge!(outcome, scheduled > WRITES / 2, "{scheduled} only were scheduled");
    expect_scheduled_then_started(outcome, trace)?;
    expect_image(outcome, &legs[1], &legs[0])
}
