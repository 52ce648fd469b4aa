//! The console: both kinds that QEMU has, and much output, which must arrive whole.

use anyhow::Result;
use libtest_mimic::Trial;
use qemu_tests::machine::ConsoleDevice;
use qemu_tests::{Disk, Machine, Outcome};

use crate::kernel::Kernel;
use crate::support::{KIB, MIB, at, expect_image, judge};

const BOTH: [(&str, ConsoleDevice); 2] =
    [("ascii", ConsoleDevice::Ascii), ("line_mode", ConsoleDevice::LineMode)];

/// A scenario on a console of either kind.
type Scenario = fn(&Kernel, ConsoleDevice) -> Result<()>;

const SCENARIOS: [(&str, Scenario); 4] =
    [("result", result), ("error", error), ("long_trace", long_trace), ("long_lines", long_lines)];

pub(crate) fn trials(kernel: &Kernel) -> Vec<Trial> {
    let mut trials = Vec::new();
    for (console, device) in BOTH {
        for (what, scenario) in SCENARIOS {
            let name = format!("console::{console}::{what}");
            trials.push(kernel.trial(name, move |kernel| scenario(kernel, device)));
        }
    }
    trials
}

fn machine(kernel: &Kernel, device: ConsoleDevice, line: &str) -> Machine {
    kernel.machine(line).console_device(device)
}

fn result(kernel: &Kernel, device: ConsoleDevice) -> Result<()> {
    let source = Disk::seeded(MIB, 1)?;
    let target = Disk::blank(MIB)?;
    let outcome = machine(kernel, device, "run=copy from=0003 to=0001")
        .attach(at(1, &target))
        .attach(at(3, &source))
        .run()?;
    outcome.expect_ok()?;
    expect_image(&outcome, &target, &source)?;
    expect_plain(&outcome)
}

/// Nothing on the console but lines of printable ASCII.
fn expect_plain(outcome: &Outcome) -> Result<()> {
    for line in &outcome.console {
        let plain = line.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        judge!(outcome, plain, "a line is not plain: {line:?}");
    }
    Ok(())
}

fn error(kernel: &Kernel, device: ConsoleDevice) -> Result<()> {
    let line = format!("colour={}", "\u{fc}".repeat(2000));
    let outcome = machine(kernel, device, &line).run()?;
    outcome.expect_failed("colour=")?;
    expect_plain(&outcome)
}

/// A trace of far more than one buffer: no line is lost, torn or out of its order.
fn long_trace(kernel: &Kernel, device: ConsoleDevice) -> Result<()> {
    const COUNT: usize = 200;
    let disks = [Disk::blank(MIB)?, Disk::blank(MIB)?];
    let line =
        format!("trace=on mirror=0001:0002 run=bench to=0001 op=write depth=4 count={COUNT}");
    let outcome =
        machine(kernel, device, &line).attach(at(1, &disks[0])).attach(at(2, &disks[1])).run()?;
    outcome.expect_ok()?;
    let bytes: usize = outcome.console.iter().map(String::len).sum();
    judge!(outcome, bytes > 200_000, "{bytes} bytes only");
    let trace = outcome.trace()?;
    let times: Vec<u64> = trace.records.iter().map(|record| record.microseconds).collect();
    judge!(outcome, times.is_sorted(), "lines are out of their order");
    let posts = trace.of("POST").records.len();
    judge!(outcome, posts == COUNT + 1, "{posts} requests were posted");
    for (kind, count) in [("IOSVSSCH", COUNT + 1), ("BACK-END", 2 * COUNT + 2)] {
        let found = trace.of(kind).records.len();
        judge!(outcome, found >= count, "{found} lines of {kind}, of {count} at least");
    }
    for line in &outcome.console {
        let known = line.is_empty()
            || ["TRACE ", "CCW0", "RESULT {"].iter().any(|start| line.starts_with(start));
        judge!(outcome, known, "a torn line: {line:?}");
    }
    expect_plain(&outcome)
}

/// A line of parameters and a RESULT of several thousand bytes each.
fn long_lines(kernel: &Kernel, device: ConsoleDevice) -> Result<()> {
    const PAIRS: u16 = 40;
    let mut machine = machine(kernel, device, "");
    let mut words = Vec::new();
    for number in 0..PAIRS {
        words.push(format!("0.0.{:04x}:0.0.{:04x}", 0x1000 + number, 0x2000 + number));
        for device in [0x1000 + number, 0x2000 + number] {
            machine = machine.attach(at(device, &Disk::blank(4 * KIB)?));
        }
    }
    let line = format!("mirror={}", words.join(","));
    let outcome = machine.parameters(&line).run()?;
    let verdict = outcome.expect_ok()?;
    judge!(outcome, verdict.pairs.len() == usize::from(PAIRS), "{} pairs", verdict.pairs.len());
    let length = outcome.console.last().map_or(0, String::len);
    judge!(outcome, length > 3000, "the RESULT has {length} bytes only");
    judge!(outcome, !outcome.lines_with(&line).is_empty(), "the parameters are not shown whole");
    Ok(())
}
