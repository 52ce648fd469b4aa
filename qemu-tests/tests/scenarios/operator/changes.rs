//! Every change of a pair while writes run, again and again: no write is lost, no process waits, and the legs are equal
//! whenever the pair says duplex and the writing has stopped.

use anyhow::{Result, ensure};
use libtest_mimic::Trial;
use qemu_tests::faults::{self, Chain};
use qemu_tests::{Attachment, DeviceAddress, Operator};

use super::{
    Legs, SMALL, carry_out, copy, number_before, operator, start_writing, stop_writing,
    wait_for_writes,
};
use crate::kernel::Kernel;
use crate::support::{at, judge};

pub(crate) fn trials(kernel: &Kernel) -> Vec<Trial> {
    vec![
        kernel.trial("operator::changes::suspend_and_resume_under_load", |kernel| {
            under_load(kernel, 12, |operator| {
                carry_out(operator, "mirror suspend 0001")?;
                wait_for_writes(operator, 1, 10)?;
                copy(operator, "mirror resume 0001")?;
                Ok(())
            })
        }),
        kernel.trial("operator::changes::swap_under_load", |kernel| {
            under_load(kernel, 20, |operator| {
                carry_out(operator, "mirror swap 0001")?;
                wait_for_writes(operator, 1, 10)
            })
        }),
        kernel.trial("operator::changes::remove_and_establish_under_load", |kernel| {
            under_load(kernel, 8, |operator| {
                carry_out(operator, "mirror remove 0001")?;
                wait_for_writes(operator, 1, 10)?;
                copy(operator, "mirror establish 0001 0002")?;
                wait_for_writes(operator, 2, 10)
            })
        }),
        kernel.trial("operator::changes::interrupted_copies_under_load", interrupted),
        kernel.trial("operator::changes::nobody_waits_for_a_copy", nobody_waits),
        kernel.trial("operator::changes::everything_under_load", everything),
        kernel.trial("operator::changes::a_hundred_times_without_load", a_hundred_times),
    ]
}

/// A job that writes all the time; the same change many times; then the job stops, and the legs must be equal.
fn under_load(
    kernel: &Kernel,
    times: usize,
    mut change: impl FnMut(&mut Operator) -> Result<()>,
) -> Result<()> {
    let legs = Legs::alike(SMALL)?;
    let mut operator = operator(legs.machine(kernel, "mirror=0001:0002"))?;
    start_writing(&mut operator)?;
    for _ in 0..times {
        change(&mut operator)?;
    }
    stop_writing(&mut operator)?;
    let (outcome, verdict) = legs.end_duplex(operator)?;
    judge!(outcome, verdict.writes > 100, "{} writes", verdict.writes);
    judge!(outcome, verdict.mirrored_writes > 0, "none was mirrored");
    Ok(())
}

/// A copy that is suspended again and again before its end is carried on from where it was, never from a clean slate:
/// what was written meanwhile is not forgotten.
fn interrupted(kernel: &Kernel) -> Result<()> {
    let legs = Legs::unlike(16 * SMALL)?;
    let mut operator = operator(legs.machine(kernel, ""))?;
    start_writing(&mut operator)?;
    let begun = operator.ask("mirror establish 0001 0002", "CCW031I")?;
    let mut left = number_before(&begun, " blocks of ")?;
    for _ in 0..6 {
        carry_out(&mut operator, "mirror suspend 0001")?;
        let shown = operator.ask("display pairs", "CCW013I")?;
        if shown.contains("duplex") {
            break;
        }
        let now = number_before(&shown, " blocks of ")?;
        ensure!(now <= left + 100, "{now} blocks left after {left}: it began anew");
        left = now;
        carry_out(&mut operator, "mirror resume 0001")?;
    }
    operator.ask_until("display pairs", &["CCW013I", "duplex"], super::LIMIT)?;
    stop_writing(&mut operator)?;
    legs.end_duplex(operator)?;
    Ok(())
}

/// While a copy takes seconds, requests take as long as one request does: reads as long as the first disk takes, and writes
/// as long as the slow second disk takes for those that are before it, never as long as the copy.
fn nobody_waits(kernel: &Kernel) -> Result<()> {
    let legs = Legs::unlike(32 * SMALL)?;
    let chain = Chain::file("below", legs.disk(2).path()).throttle("slow", "tg0", 15);
    let machine = kernel
        .machine("run=console")
        .attach(at(1, legs.disk(1)))
        .attach(Attachment::node(DeviceAddress::new(2), chain.top()))
        .chain(chain);
    let mut operator = operator(machine)?;
    operator.ask("mirror establish 0001 0002", "CCW031I")?;
    for (operation, most) in [("randread", 500_000), ("randwrite", 1_500_000)] {
        let job = format!("start bench to=0001 op={operation} bs=4K depth=1 seconds=1");
        let line = operator.ask(&job, "CCW027I")?;
        let longest = number_before(&line, " (max)")?;
        ensure!(longest < most, "a request took {longest} microseconds: {line}");
        let shown = operator.ask("display pairs", "CCW013I")?;
        ensure!(shown.contains("copying"), "the copy was too fast to tell: {shown}");
    }
    faults::set_limit(operator.qmp()?, "tg0", 0)?;
    operator.expect(super::COPIED)?;
    legs.end_duplex(operator)?;
    Ok(())
}

/// The whole life of a pair, five times over, under load.
fn everything(kernel: &Kernel) -> Result<()> {
    under_load(kernel, 5, |operator| {
        carry_out(operator, "mirror suspend 0001")?;
        wait_for_writes(operator, 1, 5)?;
        copy(operator, "mirror resume 0001")?;
        carry_out(operator, "mirror swap 0001")?;
        wait_for_writes(operator, 2, 5)?;
        carry_out(operator, "mirror suspend 0001")?;
        wait_for_writes(operator, 2, 5)?;
        copy(operator, "mirror resume 0001")?;
        carry_out(operator, "mirror swap 0001")?;
        carry_out(operator, "mirror remove 0001")?;
        wait_for_writes(operator, 1, 5)?;
        copy(operator, "mirror establish 0001 0002")?;
        Ok(())
    })
}

/// Without a job each change is over at once, and nothing is kept back: storage lasts.
fn a_hundred_times(kernel: &Kernel) -> Result<()> {
    let legs = Legs::alike(SMALL)?;
    let mut operator = operator(legs.machine(kernel, "mirror=0001:0002").memory_mebibytes(16))?;
    for _ in 0..100 {
        carry_out(&mut operator, "mirror suspend 0001")?;
        copy(&mut operator, "mirror resume 0001")?;
        carry_out(&mut operator, "mirror swap 0001")?;
        carry_out(&mut operator, "mirror remove 0001")?;
        carry_out(&mut operator, "mirror establish 0001 0002 nocopy")?;
    }
    legs.end_duplex(operator)?;
    Ok(())
}
