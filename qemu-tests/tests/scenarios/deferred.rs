//! The start of a second request that is not permissible when its first is accepted, for each cause that there is: the
//! request is scheduled and started when it becomes permissible, in its order, once; and the RESULT counts it.
//!
//! (The cause "no free slot", to the exact request, is among the claims: `claims::permissible`.)

use anyhow::{Context, Result};
use libtest_mimic::Trial;
use qemu_tests::faults::Chain;
use qemu_tests::{Attachment, DeviceAddress, Disk, Outcome, Verdict};

use crate::kernel::Kernel;
use crate::operator::{Legs, carry_out, operator};
use crate::request_path::{Places, check_mirrored, created};
use crate::support::{KIB, MIB, at, expect_duplex, expect_image, judge};

pub(crate) fn trials(kernel: &Kernel) -> Vec<Trial> {
    vec![
        kernel.trial("deferred::second_slow_with_one_slot", |kernel| slow(kernel, 4)),
        kernel.trial("deferred::second_slow_with_a_short_queue", |kernel| slow(kernel, 16)),
        kernel.trial("deferred::second_without_indirect_descriptors", direct_descriptors),
        kernel.trial("deferred::second_quiesced_by_the_operator", quiesced),
        kernel.trial("deferred::second_busy_with_a_channel_program", busy),
    ]
}

/// Every write mirrored, in order, and what was put off counted as the trace shows it.
pub(crate) fn expect_order_kept(outcome: &Outcome, writes: u64) -> Result<Verdict> {
    let verdict = outcome.expect_ok()?;
    let counted = (verdict.writes, verdict.mirrored_writes);
    judge!(outcome, counted == (writes, writes), "{counted:?} writes and mirrored ones");
    expect_duplex(outcome, &verdict, "0.0.0001")?;
    let trace = outcome.trace()?;
    let found = check_mirrored(&trace).with_context(|| outcome.report("a wrong order"))?;
    judge!(outcome, found.writes == writes, "{found:?} by the trace");
    judge!(outcome, found.deferred == verdict.deferred_starts, "{found:?} by the trace");
    let places = Places::of(&trace);
    let mut accepted = Vec::new();
    for one in created(&trace)? {
        accepted.push((places.accepted(one.first)?, places.accepted(one.second)?));
    }
    accepted.sort_unstable();
    let in_order = accepted.iter().map(|(_, second)| second).is_sorted();
    judge!(outcome, in_order, "the seconds did not start in the order of their firsts");
    Ok(verdict)
}

/// A second device that does a hundred writes a second, under a first that does thousands: as soon as its slots are
/// full every further second is put off.
fn slow(kernel: &Kernel, descriptors: u16) -> Result<()> {
    const WRITES: u64 = 60;
    const DEPTH: u64 = 24;
    let legs = [Disk::blank(MIB)?, Disk::blank(MIB)?];
    let chain = Chain::file("below", legs[1].path()).throttle("slow", "tg0", 100);
    let second = Attachment::node(DeviceAddress::new(2), chain.top()).queue_size(descriptors);
    let line = format!(
        "trace=on mirror=0001:0002 run=bench to=0001 op=write bs=4K depth={DEPTH} count={WRITES}"
    );
    let outcome = kernel
        .machine(&line)
        .attach(at(1, &legs[0]))
        .attach(second.property("indirect_desc", "off").property("request-merging", "off"))
        .chain(chain)
        .run()?;
    let verdict = expect_order_kept(&outcome, WRITES)?;
    // A slot takes three descriptors.
    let slots = u64::from(descriptors / 3);
    let (least, most) = (WRITES - 2 * slots - 1, WRITES - slots);
    let deferred = verdict.deferred_starts;
    judge!(
        outcome,
        (least..=most).contains(&deferred),
        "{deferred} put off, not {least} to {most}"
    );
    judge!(outcome, verdict.microseconds > 300_000, "the second device was not slow");
    expect_image(&outcome, &legs[1], &legs[0])
}

/// A queue as long as usual, but every request takes three descriptors of it instead of one.
fn direct_descriptors(kernel: &Kernel) -> Result<()> {
    const WRITES: u64 = 400;
    let legs = [Disk::blank(MIB)?, Disk::blank(MIB)?];
    let line = format!(
        "trace=on mirror=0001:0002 run=bench to=0001 op=randwrite bs=4K depth=128 count={WRITES}"
    );
    let outcome = kernel
        .machine(&line)
        .attach(at(1, &legs[0]))
        .attach(at(2, &legs[1]).queue_size(64).property("indirect_desc", "off"))
        .run()?;
    let verdict = expect_order_kept(&outcome, WRITES)?;
    judge!(outcome, verdict.deferred_starts > 20, "{} put off only", verdict.deferred_starts);
    expect_image(&outcome, &legs[1], &legs[0])
}

/// The writes of the two scenarios that follow, all asked for at once.
const AT_ONCE: &str = "start bench to=0001 op=write bs=4K depth=5 count=5";

/// The seconds of five writes wait while the second device is quiesced, though its slots are free; the first disk has the
/// writes, nobody is told so. When the device may be used again they are done.
fn quiesced(kernel: &Kernel) -> Result<()> {
    let legs = Legs::blank(MIB)?;
    let mut operator = operator(legs.machine(kernel, "mirror=0001:0002"))?;
    carry_out(&mut operator, "quiesce 0002")?;
    carry_out(&mut operator, "trace on")?;
    operator.command(AT_ONCE)?;
    for _ in 0..5 {
        operator.expect("decision=hold")?;
    }
    std::thread::sleep(std::time::Duration::from_millis(200));
    let written = usize::try_from(5 * 4 * KIB)?;
    anyhow::ensure!(!operator.has_seen(" POST request="), "posted, with one leg quiesced");
    anyhow::ensure!(legs.disk(1).read_at(0, written)? != vec![0; written], "not on the first disk");
    legs.disk(2).expect_zero_from(0)?;
    carry_out(&mut operator, "unquiesce 0002")?;
    operator.expect("CCW022I")?;
    let (outcome, _) = legs.end_duplex(operator)?;
    expect_deferred(&outcome, &["quiesced"])
}

/// The second device's subchannel has a channel program of the operator's, the status of which is not taken yet, when
/// five writes are asked for: their seconds wait until it is.
fn busy(kernel: &Kernel) -> Result<()> {
    let legs = Legs::blank(MIB)?;
    let mut operator = operator(legs.machine(kernel, "mirror=0001:0002"))?;
    carry_out(&mut operator, "trace on")?;
    // Typed in one piece, so that the supervisor does not wait between the two.
    operator.keys(&format!("sense 0002\n{AT_ONCE}\n"))?;
    operator.expect("CCW022I")?;
    let (outcome, _) = legs.end_duplex(operator)?;
    let trace = outcome.trace()?;
    judge!(outcome, !trace.of("SSCH").records.is_empty(), "there was no channel program");
    expect_deferred(&outcome, &["subchannel-busy", "status-pending"])
}

/// Exactly five seconds were put off, for one of these reasons, and then started in their order.
fn expect_deferred(outcome: &Outcome, reasons: &[&str]) -> Result<()> {
    let verdict = expect_order_kept(outcome, 5)?;
    judge!(outcome, verdict.deferred_starts == 5, "{} put off", verdict.deferred_starts);
    let trace = outcome.trace()?;
    let scheduled = trace.of("BACK-END").with("decision", "schedule-second");
    judge!(outcome, scheduled.records.len() == 5, "{} in the trace", scheduled.records.len());
    for record in &scheduled.records {
        let known = record.field("reason").is_some_and(|reason| reasons.contains(&reason));
        judge!(outcome, known, "another reason: {}", record.line);
    }
    Ok(())
}
