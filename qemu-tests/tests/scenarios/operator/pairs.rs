//! Pairs made and ended at the console, one thing at a time: what is copied, and to the exact block.

use anyhow::Result;
use libtest_mimic::Trial;
use qemu_tests::Disk;

use super::{COPIED, Legs, SMALL, carry_out, copy, number_before, operator};
use crate::kernel::Kernel;
use crate::support::{Unchanged, expect_image, judge};

pub(crate) fn trials(kernel: &Kernel) -> Vec<Trial> {
    vec![
        kernel.trial("operator::pairs::establish_copies_everything", establish_copies),
        kernel.trial("operator::pairs::establish_nocopy_copies_nothing", establish_nocopy),
        kernel.trial("operator::pairs::resume_copies_what_changed", resume_copies_what_changed),
        kernel.trial("operator::pairs::resume_all_copies_everything", resume_all),
        kernel.trial("operator::pairs::resume_of_nothing_changed", resume_of_nothing),
        kernel.trial("operator::pairs::swap_exchanges_the_roles", swap),
        kernel.trial("operator::pairs::swap_suspended_writes_swap_back", swap_twice),
        kernel.trial("operator::pairs::remove_ends_the_mirroring", remove),
        kernel.trial("operator::pairs::refused", refused),
    ]
}

fn establish_copies(kernel: &Kernel) -> Result<()> {
    let legs = Legs::unlike(SMALL)?;
    let original = Disk::copy_of(legs.0[0].path())?;
    let mut operator = operator(legs.machine(kernel, ""))?;
    let (blocks, bytes) = copy(&mut operator, "mirror establish 0001 0002")?;
    anyhow::ensure!(blocks * bytes == SMALL, "{blocks} of {bytes} bytes: not all of {SMALL}");
    let (outcome, verdict) = legs.end_duplex(operator)?;
    judge!(outcome, verdict.writes == 0, "the copy counts as writes of a job");
    expect_image(&outcome, &legs.0[1], &original)
}

fn establish_nocopy(kernel: &Kernel) -> Result<()> {
    let legs = Legs::unlike(SMALL)?;
    let unchanged = Unchanged::note(&legs.0)?;
    let mut operator = operator(legs.machine(kernel, ""))?;
    carry_out(&mut operator, "mirror establish 0001 0002 nocopy")?;
    operator.ask("display pairs", "duplex")?;
    let outcome = operator.end("shutdown")?;
    outcome.expect_ok()?;
    judge!(outcome, outcome.lines_with(COPIED).is_empty(), "something was copied");
    unchanged.check(&outcome)
}

/// Suspended, some blocks written, others not: the resume copies those and no other, and says how many.
fn resume_copies_what_changed(kernel: &Kernel) -> Result<()> {
    let legs = Legs::alike(4 * SMALL)?;
    let mut operator = operator(legs.machine(kernel, "mirror=0001:0002"))?;
    carry_out(&mut operator, "mirror suspend 0001")?;
    let before = legs.0[1].fingerprint()?;
    operator.ask("start bench to=0001 op=randwrite bs=4K depth=4 count=40 seed=3", "CCW022I")?;
    legs.0[1].expect_unchanged(before)?;
    let shown = operator.ask("display pairs", "CCW013I")?;
    let block = number_before(&shown, " bytes to be copied")?;
    let differ = legs.differing_blocks(block)?;
    anyhow::ensure!(differ >= 10, "{differ} blocks differ after 40 writes");
    anyhow::ensure!(number_before(&shown, " blocks of ")? == differ, "{differ} differ: {shown}");
    let (copied, _) = copy(&mut operator, "mirror resume 0001")?;
    anyhow::ensure!(copied == differ, "{differ} blocks differ, {copied} were copied");
    legs.end_duplex(operator)?;
    Ok(())
}

fn resume_all(kernel: &Kernel) -> Result<()> {
    let legs = Legs::unlike(SMALL)?;
    let original = Disk::copy_of(legs.0[0].path())?;
    let mut operator = operator(legs.machine(kernel, "mirror=0001:0002"))?;
    carry_out(&mut operator, "mirror suspend 0001")?;
    let (blocks, bytes) = copy(&mut operator, "mirror resume 0001 all")?;
    anyhow::ensure!(blocks * bytes == SMALL, "{blocks} of {bytes} bytes: not all of {SMALL}");
    let (outcome, _) = legs.end_duplex(operator)?;
    expect_image(&outcome, &legs.0[1], &original)
}

fn resume_of_nothing(kernel: &Kernel) -> Result<()> {
    let legs = Legs::alike(SMALL)?;
    let unchanged = Unchanged::note(&legs.0)?;
    let mut operator = operator(legs.machine(kernel, "mirror=0001:0002"))?;
    for _ in 0..5 {
        carry_out(&mut operator, "mirror suspend 0001")?;
        let (copied, _) = copy(&mut operator, "mirror resume 0001")?;
        anyhow::ensure!(copied == 0, "{copied} blocks were copied");
    }
    let (outcome, _) = legs.end_duplex(operator)?;
    unchanged.check(&outcome)
}

/// After a swap a write to 0001 is started on 0002 first, and on 0001 only then.
fn swap(kernel: &Kernel) -> Result<()> {
    let legs = Legs::alike(SMALL)?;
    let mut operator = operator(legs.machine(kernel, "mirror=0001:0002"))?;
    carry_out(&mut operator, "mirror swap 0001")?;
    carry_out(&mut operator, "trace on")?;
    operator.ask("start bench to=0001 op=write bs=4K depth=1 count=5", "CCW022I")?;
    carry_out(&mut operator, "trace off")?;
    let (outcome, verdict) = legs.end_duplex(operator)?;
    judge!(outcome, verdict.mirrored_writes == 5, "{} mirrored", verdict.mirrored_writes);
    let trace = outcome.trace()?;
    let created = crate::request_path::created(&trace)?;
    judge!(outcome, created.len() >= 5, "{} seconds", created.len());
    for one in created {
        for (request, device) in [(one.first, "0.0.0002"), (one.second, "0.0.0001")] {
            let started = trace.of("IOSVCP").with("request", request);
            let there = started.records.iter().all(|record| record.has("device", device));
            judge!(outcome, there && !started.records.is_empty(), "not on {device}:\n{started}");
        }
    }
    Ok(())
}

/// Roles exchanged, writes on the new first leg alone, and everything back: each leg has all in the end.
fn swap_twice(kernel: &Kernel) -> Result<()> {
    let legs = Legs::alike(SMALL)?;
    let mut operator = operator(legs.machine(kernel, "mirror=0001:0002"))?;
    for (job, alone) in [(1, 1), (2, 0)] {
        carry_out(&mut operator, "mirror swap 0001")?;
        carry_out(&mut operator, "mirror suspend 0001")?;
        let before = [legs.0[0].fingerprint()?, legs.0[1].fingerprint()?];
        let line = format!("start bench to=0001 op=randwrite bs=4K count=30 seed={job}");
        operator.ask(&line, "CCW022I")?;
        let after = [legs.0[0].fingerprint()?, legs.0[1].fingerprint()?];
        let changed = [before[0] != after[0], before[1] != after[1]];
        anyhow::ensure!(changed == [alone == 0, alone == 1], "{job}: changed {changed:?}");
        copy(&mut operator, "mirror resume 0001")?;
    }
    legs.end_duplex(operator)?;
    Ok(())
}

fn remove(kernel: &Kernel) -> Result<()> {
    let legs = Legs::alike(SMALL)?;
    let mut operator = operator(legs.machine(kernel, "mirror=0001:0002"))?;
    carry_out(&mut operator, "mirror remove 0001")?;
    let unchanged = Unchanged::note([&legs.0[1]])?;
    operator.ask("start bench to=0001 op=write bs=4K count=10", "CCW022I")?;
    let outcome = operator.end("shutdown")?;
    let verdict = outcome.expect_ok()?;
    judge!(outcome, verdict.writes == 10 && verdict.mirrored_writes == 0, "{verdict:?}");
    unchanged.check(&outcome)
}

/// What cannot be done is one line that names the word, and changes nothing.
fn refused(kernel: &Kernel) -> Result<()> {
    let legs = Legs::alike(SMALL)?;
    let unchanged = Unchanged::note(&legs.0)?;
    let mut operator = operator(legs.machine(kernel, "mirror=0001:0002"))?;
    for (command, message) in [
        ("mirror establish 0001 0002", "CCW054E"),
        ("mirror establish 0001 0001", "CCW054E"),
        ("mirror establish 0001 0009", "CCW054E"),
        ("mirror resume 0001", "CCW054E"),
        ("mirror suspend 0003", "CCW054E"),
        ("mirror mend 0001", "CCW052E"),
        ("start bench to=0009 op=write count=1", "CCW054E"),
        ("stop 7", "CCW054E"),
        ("nonsense", "CCW052E"),
    ] {
        operator.ask(command, message)?;
        operator.ask("display pairs", "duplex")?;
    }
    let (outcome, verdict) = legs.end_duplex(operator)?;
    judge!(outcome, verdict.writes == 0, "{} writes", verdict.writes);
    unchanged.check(&outcome)
}
