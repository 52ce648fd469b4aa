//! Disks that fail for a while, with the operator at the console; reads that only one leg can answer; what is quiesced.

use std::time::Duration;

use anyhow::{Result, ensure};
use libtest_mimic::Trial;
use qemu_tests::faults::{self, Chain, ErrorInjection, Operation};
use qemu_tests::{Attachment, DeviceAddress, Machine, Operator};

use super::{Legs, SMALL, carry_out, copy, operator, start_writing, stop_writing, wait_for_writes};
use crate::kernel::Kernel;
use crate::support::{Unchanged, at, expect_swapped, judge};

pub(crate) fn trials(kernel: &Kernel) -> Vec<Trial> {
    vec![
        kernel.trial("operator::failing::secondary_for_a_while", secondary_for_a_while),
        kernel.trial("operator::failing::primary_for_a_while", primary_for_a_while),
        kernel.trial("operator::failing::secondary_stalls_for_a_while", stalls),
        kernel.trial("operator::failing::no_answer_from_a_leg_that_is_behind", never_behind),
        kernel.trial("operator::failing::reads_when_the_primary_goes", reads_when_it_goes),
        kernel.trial("operator::failing::reads_of_a_primary_that_fails", reads_of_a_failing_one),
        kernel.trial("operator::failing::both_gone_then_resumed", |kernel| {
            both_gone(kernel, |operator| copy(operator, "mirror resume 0001").map(drop))
        }),
        kernel.trial("operator::failing::both_gone_then_made_anew", |kernel| {
            both_gone(kernel, |operator| {
                carry_out(operator, "mirror remove 0001")?;
                copy(operator, "mirror establish 0001 0002").map(drop)
            })
        }),
    ]
}

/// Both legs on nodes of which failure can be switched on.
fn switchable(kernel: &Kernel, legs: &Legs, more: &str) -> Machine {
    let mut machine = kernel.machine(&format!("run=console mirror=0001:0002 {more}"));
    for number in [1u16, 2] {
        let chain = Chain::file(&format!("below{number}"), legs.disk(number).path())
            .switchable(&format!("top{number}"));
        let attachment = Attachment::node(DeviceAddress::new(number), chain.top());
        machine = machine.attach(attachment.property("request-merging", "off")).chain(chain);
    }
    machine
}

/// Under load: the pair is suspended at the first error, writes go on, and when the disk is well again only what changed
/// is copied. Twice.
fn secondary_for_a_while(kernel: &Kernel) -> Result<()> {
    let legs = Legs::alike(SMALL)?;
    let mut operator = operator(switchable(kernel, &legs, ""))?;
    start_writing(&mut operator)?;
    for _ in 0..2 {
        let every = ErrorInjection::always(Operation::Write);
        faults::fail_now(operator.qmp()?, "top2", "below2", &[every])?;
        let line = operator.expect("CCW030W")?;
        ensure!(line.contains("secondary: write of "), "{line}");
        wait_for_writes(&operator, 1, 20)?;
        faults::heal_now(operator.qmp()?, "top2", "below2")?;
        copy(&mut operator, "mirror resume 0001")?;
        wait_for_writes(&operator, 2, 20)?;
    }
    stop_writing(&mut operator)?;
    legs.end_duplex(operator)?;
    Ok(())
}

/// The first error of the primary makes the secondary the first; later it is the other way round.
fn primary_for_a_while(kernel: &Kernel) -> Result<()> {
    let legs = Legs::alike(SMALL)?;
    let mut operator = operator(switchable(kernel, &legs, ""))?;
    start_writing(&mut operator)?;
    for number in [1u16, 2, 1] {
        let (top, below) = (format!("top{number}"), format!("below{number}"));
        let every = ErrorInjection::always(Operation::Write);
        faults::fail_now(operator.qmp()?, &top, &below, &[every])?;
        operator.expect("CCW036W")?;
        wait_for_writes(&operator, 3 - number, 20)?;
        faults::heal_now(operator.qmp()?, &top, &below)?;
        copy(&mut operator, "mirror resume 0001")?;
        wait_for_writes(&operator, number, 20)?;
    }
    stop_writing(&mut operator)?;
    legs.end_duplex(operator)?;
    Ok(())
}

/// A secondary that does one write a second is cleared when a request's time is over; the rest of the pair goes on.
fn stalls(kernel: &Kernel) -> Result<()> {
    let legs = Legs::alike(SMALL)?;
    let chain = Chain::file("below2", legs.0[1].path()).throttle("slow", "tg0", 0);
    let machine = kernel
        .machine("run=console mirror=0001:0002 deadline=1")
        .attach(at(1, &legs.0[0]))
        .attach(Attachment::node(DeviceAddress::new(2), chain.top()))
        .chain(chain);
    let mut operator = operator(machine)?;
    start_writing(&mut operator)?;
    faults::set_limit(operator.qmp()?, "tg0", 1)?;
    let line = operator.expect("CCW030W")?;
    ensure!(line.contains("timed-out"), "{line}");
    faults::set_limit(operator.qmp()?, "tg0", 0)?;
    wait_for_writes(&operator, 1, 20)?;
    copy(&mut operator, "mirror resume 0001")?;
    stop_writing(&mut operator)?;
    legs.end_duplex(operator)?;
    Ok(())
}

/// A block was written while the pair was suspended, and the first leg cannot read it: that is an error, for the other
/// leg would answer with what it held before.
fn never_behind(kernel: &Kernel) -> Result<()> {
    let legs = Legs::alike(SMALL)?;
    let mut operator = operator(switchable(kernel, &legs, ""))?;
    carry_out(&mut operator, "mirror suspend 0001")?;
    operator.ask("start bench to=0001 op=write bs=4K count=1", "CCW022I")?;
    let bad = ErrorInjection::always(Operation::Read).at_sector(0);
    faults::fail_now(operator.qmp()?, "top1", "below1", &[bad])?;
    operator.ask("start bench to=0001 op=read bs=4K depth=1 count=1", "CCW023E")?;
    faults::heal_now(operator.qmp()?, "top1", "below1")?;
    copy(&mut operator, "mirror resume 0001")?;
    faults::fail_now(operator.qmp()?, "top1", "below1", &[bad])?;
    operator.ask("start bench to=0001 op=read bs=4K depth=1 count=1", "CCW022I")?;
    operator.ask("display pairs", "CCW013I")?;
    ensure!(operator.has_seen("CCW038W"), "it was not said which leg could not be read");
    faults::heal_now(operator.qmp()?, "top1", "below1")?;
    legs.end_duplex(operator)?;
    Ok(())
}

/// Sixteen reads are in flight when their disk goes: they are driven again on the other, and the process gets them all.
fn reads_when_it_goes(kernel: &Kernel) -> Result<()> {
    let legs = Legs::alike(SMALL)?;
    let unchanged = Unchanged::note(&legs.0)?;
    let mut operator = operator(legs.machine(kernel, "mirror=0001:0002"))?;
    operator.ask("start bench to=0001 op=randread bs=4K depth=16 seconds=2", "CCW021I")?;
    std::thread::sleep(Duration::from_millis(300));
    let address = DeviceAddress::new(1);
    faults::remove_device(operator.qmp()?, address, Duration::from_secs(10))?;
    let line = operator.expect("CCW036W")?;
    ensure!(line.contains("I/O goes to 0.0.0002 first"), "{line}");
    operator.expect("CCW022I")?;
    ensure!(!operator.has_seen("CCW024E"), "a read failed");
    let outcome = operator.end("shutdown")?;
    let verdict = outcome.expect_degraded()?;
    expect_swapped(&outcome, &verdict, "0.0.0001", "primary")?;
    judge!(outcome, verdict.reads > 100, "{} reads", verdict.reads);
    unchanged.check(&outcome)
}

/// Every read of the first disk fails: each is answered by the other, the pair stays whole, and no process hears of it.
fn reads_of_a_failing_one(kernel: &Kernel) -> Result<()> {
    let legs = Legs::alike(SMALL)?;
    let mut operator = operator(switchable(kernel, &legs, ""))?;
    let every = ErrorInjection::always(Operation::Read);
    faults::fail_now(operator.qmp()?, "top1", "below1", &[every])?;
    operator.ask("start bench to=0001 op=randread bs=4K depth=4 count=50", "CCW022I")?;
    operator.ask("start bench to=0001 op=randwrite bs=4K depth=4 count=50", "CCW022I")?;
    faults::heal_now(operator.qmp()?, "top1", "below1")?;
    operator.ask("display pairs", "duplex")?;
    let (outcome, verdict) = legs.end_duplex(operator)?;
    judge!(outcome, verdict.reads == 50, "{} reads", verdict.reads);
    let said = outcome.lines_with("CCW038W").len();
    judge!(outcome, said >= 1, "it was not said");
    Ok(())
}

/// Both disks are gone when the processor runs again: the job fails soon, the console lives, and when they are back
/// the pair can be mended: what either disk has of the writes that were under way, both have afterwards.
fn both_gone(kernel: &Kernel, mend: impl FnOnce(&mut Operator) -> Result<()>) -> Result<()> {
    let legs = Legs::alike(SMALL)?;
    let mut operator = operator(legs.machine(kernel, "mirror=0001:0002"))?;
    start_writing(&mut operator)?;
    operator.running().pause()?;
    for number in [1, 2] {
        let address = DeviceAddress::new(number);
        faults::remove_device(operator.qmp()?, address, Duration::from_secs(10))?;
    }
    operator.running().begin()?;
    operator.expect("CCW023E")?;
    for number in [1u16, 2] {
        faults::add_device(operator.qmp()?, &legs.attachment(number))?;
        operator.expect(&format!("device 0.0.{number:04x}"))?;
    }
    mend(&mut operator)?;
    operator.ask("start bench to=0001 op=randwrite bs=4K count=20", "CCW022I")?;
    let (outcome, verdict) = legs.end_duplex(operator)?;
    judge!(outcome, verdict.mirrored_writes >= 20, "{} mirrored", verdict.mirrored_writes);
    Ok(())
}
