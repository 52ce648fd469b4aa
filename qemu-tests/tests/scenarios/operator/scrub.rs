//! Scrubs: planted differences are named to the block, nothing else is, and nothing is repaired unless it is said which
//! leg is right.

use anyhow::{Result, ensure};
use libtest_mimic::Trial;
use qemu_tests::{Disk, Operator};

use super::{Legs, SMALL, number_after, number_before, operator, start_writing, stop_writing};
use crate::kernel::Kernel;
use crate::support::{Unchanged, expect_image, judge};

pub(crate) fn trials(kernel: &Kernel) -> Vec<Trial> {
    vec![
        kernel.trial("operator::scrub::nothing_differs", nothing_differs),
        kernel.trial("operator::scrub::names_each_difference", names_each),
        kernel.trial("operator::scrub::repairs_from_the_primary", |kernel| repairs(kernel, 0)),
        kernel.trial("operator::scrub::repairs_from_the_secondary", |kernel| repairs(kernel, 1)),
        kernel.trial("operator::scrub::no_false_difference_under_load", under_load),
        kernel.trial("operator::scrub::at_a_rate", at_a_rate),
        kernel.trial("operator::scrub::as_a_job_of_its_own", own_job),
    ]
}

/// The message at a scrub's end.
const TOTAL: &str = "CCW043I";

/// One byte on the secondary is another at each of these places: in the middle of a block, at its start, at its end,
/// and at the very end of the disk.
const PLANTED: [u64; 4] = [5 * 4096 + 100, 64 * 4096, 200 * 4096 + 4095, SMALL - 1];

fn plant(disk: &Disk) -> Result<()> {
    for place in PLANTED {
        let byte = disk.read_at(place, 1)?;
        disk.write_at(place, &[byte.first().copied().unwrap_or_default() ^ 0x80])?;
    }
    Ok(())
}

fn nothing_differs(kernel: &Kernel) -> Result<()> {
    let legs = Legs::alike(SMALL)?;
    let unchanged = Unchanged::note(&legs.0)?;
    let mut operator = operator(legs.machine(kernel, "mirror=0001:0002"))?;
    let line = operator.ask("scrub 0001", TOTAL)?;
    let bytes = number_before(&line, " blocks of ")? * number_before(&line, " bytes compared")?;
    ensure!(bytes == SMALL && number_before(&line, " differ,")? == 0, "{line}");
    let (outcome, _) = legs.end_duplex(operator)?;
    unchanged.check(&outcome)
}

/// What the scrub named: the places of the first bytes that differ.
fn named(operator: &Operator) -> Result<Vec<u64>> {
    let lines = operator.running().console().lines();
    let named = lines.iter().filter(|line| line.contains("CCW040W"));
    named.map(|line| number_after(line, "from byte ")).collect()
}

fn names_each(kernel: &Kernel) -> Result<()> {
    let legs = Legs::alike(SMALL)?;
    plant(&legs.0[1])?;
    let unchanged = Unchanged::note(&legs.0)?;
    let mut operator = operator(legs.machine(kernel, "mirror=0001:0002"))?;
    let line = operator.ask("scrub 0001", TOTAL)?;
    let differ = number_before(&line, " differ,")?;
    ensure!(differ == PLANTED.len() as u64, "{line}: not {} blocks", PLANTED.len());
    ensure!(number_before(&line, " repaired")? == 0, "{line}: repaired, and nobody said so");
    let found = named(&operator)?;
    ensure!(found == PLANTED, "named {found:?}, planted {PLANTED:?}");
    let outcome = operator.end("shutdown")?;
    outcome.verdict()?;
    unchanged.check(&outcome)
}

/// With the leg named that is right, the other is made like it, and that one is not written.
fn repairs(kernel: &Kernel, right: usize) -> Result<()> {
    let legs = Legs::alike(SMALL)?;
    plant(&legs.0[1])?;
    let wanted = Disk::copy_of(if right == 0 { legs.0[0].path() } else { legs.0[1].path() })?;
    let leg = if right == 0 { "primary" } else { "secondary" };
    let mut operator = operator(legs.machine(kernel, "mirror=0001:0002"))?;
    let line = operator.ask(&format!("scrub 0001 repair={leg}"), TOTAL)?;
    let count = PLANTED.len() as u64;
    let figures = [number_before(&line, " differ,")?, number_before(&line, " repaired")?];
    ensure!(figures == [count; 2], "{line}");
    ensure!(operator.has_seen("CCW042W"), "the repair was not said");
    let line = operator.ask("scrub 0001", TOTAL)?;
    ensure!(number_before(&line, " differ,")? == 0, "after the repair: {line}");
    let outcome = operator.end("shutdown")?;
    outcome.expect_ok()?;
    expect_image(&outcome, &legs.0[0], &wanted)?;
    expect_image(&outcome, &legs.0[1], &wanted)
}

/// While eight writes are in flight all the time, a whole scrub finds what was planted where nobody writes, and nothing
/// else; and so do four more.
fn under_load(kernel: &Kernel) -> Result<()> {
    let legs = Legs::alike(SMALL)?;
    let mut operator = operator(legs.machine(kernel, "mirror=0001:0002"))?;
    start_writing(&mut operator)?;
    for _ in 0..5 {
        let line = operator.ask("scrub 0001", TOTAL)?;
        ensure!(number_before(&line, " differ,")? == 0, "a false difference: {line}");
    }
    stop_writing(&mut operator)?;
    ensure!(!operator.has_seen("CCW040W"), "a false difference was named");
    let (outcome, verdict) = legs.end_duplex(operator)?;
    judge!(outcome, verdict.writes > 100, "{} writes", verdict.writes);
    Ok(())
}

/// Two MiB at a MiB a second take about two seconds.
fn at_a_rate(kernel: &Kernel) -> Result<()> {
    let legs = Legs::alike(SMALL)?;
    let mut operator = operator(legs.machine(kernel, "mirror=0001:0002"))?;
    let begin = std::time::Instant::now();
    operator.ask("scrub 0001 rate=1M", TOTAL)?;
    let took = begin.elapsed().as_secs_f64();
    ensure!((1.5..6.0).contains(&took), "the scrub took {took} seconds");
    legs.end_duplex(operator)?;
    Ok(())
}

/// Without an operator: `run=scrub`. Differences are told, and the legs are left as they are.
fn own_job(kernel: &Kernel) -> Result<()> {
    let legs = Legs::alike(SMALL)?;
    let boot = |job: &str| {
        let machine = legs.machine(kernel, "");
        machine.parameters(format!("mirror=0001:0002 run=scrub to=0001 {job}")).run()
    };
    boot("")?.expect_ok()?;
    plant(&legs.0[1])?;
    let unchanged = Unchanged::note(&legs.0)?;
    let outcome = boot("")?;
    let verdict = outcome.verdict()?;
    judge!(outcome, verdict.status != qemu_tests::Status::Ok, "ok, with legs that differ");
    judge!(outcome, outcome.lines_with("CCW040W").len() == PLANTED.len(), "not each was named");
    unchanged.check(&outcome)?;
    let repaired = boot("repair=primary")?;
    repaired.verdict()?;
    expect_image(&repaired, &legs.0[1], &legs.0[0])
}
