//! One round: a machine, its events, and the judgement at its end.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use oorandom::Rand64;
use qemu_tests::{Operator, Outcome};

use super::machine::{Disks, Shape};
use super::tally::Tally;
use super::workload::Workload;
use super::{events, mend};

/// How long things happen in a round, in seconds: between these.
const SECONDS: std::ops::Range<u64> = 5..20;

/// How long a scrub may take.
const SCRUB_LIMIT: Duration = Duration::from_secs(60);

/// Runs a round.
///
/// # Errors
/// A write was lost, the disks differ, a job had an error, the pair did not become duplex, or the machine died.
pub(super) fn run(kernel: &Path, seed: u64, number: u64, tally: &mut Tally) -> Result<()> {
    let mut random = Rand64::new((u128::from(seed) << 64) | u128::from(number));
    let shape = Shape::any(&mut random);
    let mut disks = Disks::new(shape, random.rand_u64())?;
    let [image, _] = disks.images();
    let workload = Workload::any(&mut random, image)?;
    let seconds = random.rand_range(SECONDS);
    eprintln!("round {number}: {shape:?}, {}, {seconds} s", workload.name());

    let machine = workload.attach_to(disks.machine(kernel));
    let mut operator = Operator::at(machine.start()?, "CCW050I")?;
    workload.start(&mut operator)?;
    let end = Instant::now() + Duration::from_secs(seconds);
    let done = happenings(&mut disks, &mut operator, &mut random, (tally, end))
        .and_then(|()| settle(&mut disks, &mut operator, &workload, tally));
    if let Err(error) = done {
        let console = operator.running().console();
        let (errors, tail) = (around_errors(&console.lines()), console.tail());
        let command = operator.running().command().to_string();
        return Err(error)
            .with_context(|| format!("{errors}the console's end:\n{tail}\n{command}"));
    }
    let outcome = operator.end("shutdown")?;
    judge(&outcome, &disks, &workload, tally)?;
    tally.count(workload.name());
    tally.count(if shape.iothreads == 0 {
        "rounds without I/O threads"
    } else {
        "rounds with I/O threads"
    });
    Ok(())
}

/// The first messages of failed jobs and requests, with what came just before: the cause is there, and not at the end.
fn around_errors(lines: &[String]) -> String {
    const BEFORE: usize = 40;
    const AFTER: usize = 10;
    let failed = |line: &String| line.contains("CCW023E job") || line.contains("CCW024E");
    let Some(place) = lines.iter().position(failed) else { return String::new() };
    let first = place.saturating_sub(BEFORE);
    let around = lines.get(first..lines.len().min(place + AFTER)).unwrap_or_default();
    format!("around the first error:\n    {}\n", around.join("\n    "))
}

fn happenings(
    disks: &mut Disks,
    operator: &mut Operator,
    random: &mut Rand64,
    (tally, end): (&mut Tally, Instant),
) -> Result<()> {
    while Instant::now() < end {
        events::happen(disks, operator, random, tally)?;
    }
    Ok(())
}

/// All is mended, nothing writes any more, and a scrub finds nothing.
fn settle(
    disks: &mut Disks,
    operator: &mut Operator,
    workload: &Workload,
    tally: &mut Tally,
) -> Result<()> {
    disks.hurry(operator)?;
    mend::mend(disks, operator, tally)?;
    workload.end(operator)?;
    mend::mend(disks, operator, tally)?;
    operator.command("scrub 0001")?;
    let started = operator.expect_any(&["CCW021I", "CCW054E"], SCRUB_LIMIT)?;
    ensure!(started.contains("CCW021I"), "no scrub: {started}");
    // Others may have been begun before.
    while !operator.ask("display jobs", "CCW016I")?.contains(" 0 jobs") {
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

/// Whether a message is of a scrub that came to no end, because its pair was not duplex any more or one of its disks
/// failed. That is no error of the mirror's; a difference is.
fn is_scrub_cut_short(line: &str) -> bool {
    line.contains("scrub failed: ") && !line.contains(" differ in ")
}

fn judge(outcome: &Outcome, disks: &Disks, workload: &Workload, tally: &mut Tally) -> Result<()> {
    for (message, what) in [
        ("CCW023E", "a job failed"),
        ("CCW024E", "a process had an error"),
        ("CCW040W", "a scrub found a difference"),
        ("CCW90", "the supervisor found a fault in itself"),
    ] {
        let mut lines = outcome.lines_with(message).into_iter();
        if let Some(line) = lines.find(|line| !is_scrub_cut_short(line)) {
            bail!("{}", outcome.report(&format!("{what}: {line}")));
        }
    }
    let verdict = outcome.expect_ok()?;
    let state = verdict.pair("0.0.0001").map(|pair| pair.state.as_str());
    ensure!(state == Some("duplex"), "{}", outcome.report(&format!("the pair is {state:?}")));
    let [one, two] = disks.images();
    if let Some(difference) = one.first_difference(two)? {
        bail!("{}", outcome.report(&format!("the disks differ: {difference:?}")));
    }
    if let Some(expected) = workload.expected()
        && let Some(difference) = one.first_difference(expected)?
    {
        bail!("{}", outcome.report(&format!("a write was lost: {difference:?}")));
    }
    for (message, what) in [
        ("CCW030W", "pairs that suspended"),
        ("CCW033I", "copies of pairs that ended"),
        ("CCW036W", "pairs that swapped"),
        ("CCW038W", "reads answered by the other disk"),
        ("CCW043I", "scrubs ended"),
    ] {
        tally.add(what, outcome.lines_with(message).len() as u64);
    }
    tally.round(&verdict);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_never_overlooked() {
        for (text, cut_short) in [
            ("the pair 0.0.0001 -> 0.0.0002 is swapped; expected it to stay duplex", true),
            ("0.0.0001: read of 128 sectors at sector 11520 ended in not-operational", true),
            ("the disks of 0.0.0001 -> 0.0.0002 differ in 24 blocks, block 3229 first", false),
        ] {
            let line = format!("CCW023E job 4: scrub failed: {text}");
            assert_eq!(is_scrub_cut_short(&line), cut_short, "{line}");
        }
        assert!(!is_scrub_cut_short("CCW023E job 1: replay failed: 0.0.0001: write of 8 sectors"));
    }
}
