//! The console under a person's fingers, under a script, and under nonsense: it takes commands as they are meant, and never
//! stops the machine.

use std::fs;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use libtest_mimic::Trial;
use oorandom::Rand32;
use qemu_tests::machine::ConsoleDevice;
use qemu_tests::{DeviceAddress, Operator, faults};

use super::{Legs, READY, SMALL, operator};
use crate::kernel::Kernel;
use crate::support::judge;

pub(crate) fn trials(kernel: &Kernel) -> Vec<Trial> {
    let mut trials = vec![
        kernel.trial("operator::typing::keys", keys),
        kernel.trial("operator::typing::a_message_leaves_what_is_typed", message_between),
        kernel.trial("operator::typing::end_of_input", end_of_input),
        kernel.trial("operator::typing::random_bytes", random_bytes),
        kernel.trial("operator::typing::random_words", random_words),
        kernel.trial("operator::typing::shutdown_with_jobs_and_copies", shutdown_with_jobs),
    ];
    for (name, device) in [("ascii", ConsoleDevice::Ascii), ("line_mode", ConsoleDevice::LineMode)]
    {
        let name = format!("operator::typing::a_script::{name}");
        trials.push(kernel.trial(name, move |kernel| script(kernel, device)));
    }
    trials
}

/// An operator at a machine with a pair.
fn seated(kernel: &Kernel) -> Result<(Legs, Operator)> {
    let legs = Legs::alike(SMALL)?;
    let operator = operator(legs.machine(kernel, "mirror=0001:0002"))?;
    Ok((legs, operator))
}

/// What was mistyped can be mended before the line's end, by every key that terminals send for it.
fn keys(kernel: &Kernel) -> Result<()> {
    let (legs, mut operator) = seated(kernel)?;
    for (typed, answer) in [
        ("display devices\n", "CCW012I"),
        ("display devices\r", "CCW012I"),
        ("DISPLAY DEVICES\n", "CCW012I"),
        ("  display   devices  \n", "CCW012I"),
        ("display devicex\x7fs\n", "CCW012I"),
        ("display devicex\x08s\n", "CCW012I"),
        // One and two to the left, a letter that was left out, and the end.
        ("display deices\x1b[D\x1b[D\x1b[D\x1b[Dv\x1b[C\n", "CCW012I"),
        // Everything taken back (Control-U), then another command.
        ("mirror remove 0001\x15display pairs\n", "CCW013I"),
        // The command before, and the one before that.
        ("\x1b[A\n", "CCW013I"),
        ("\n\n\n", ""),
        ("help\n", "CCW051I shutdown"),
    ] {
        operator.keys(typed)?;
        if !answer.is_empty() {
            operator.expect(answer).with_context(|| format!("after typing {typed:?}"))?;
        }
    }
    let (outcome, _) = legs.end_duplex(operator)?;
    judge!(outcome, outcome.lines_with("CCW052E").is_empty(), "a command was not understood");
    Ok(())
}

/// A message that comes while a command is half typed stands above it, and the command can be finished.
fn message_between(kernel: &Kernel) -> Result<()> {
    let (legs, mut operator) = seated(kernel)?;
    operator.keys("display dev")?;
    operator.expect("display dev")?;
    faults::remove_device(operator.qmp()?, DeviceAddress::new(2), Duration::from_secs(10))?;
    operator.expect("CCW030W")?;
    operator.expect("display dev")?;
    operator.keys("ices\n")?;
    operator.expect("CCW012I")?;
    faults::add_device(operator.qmp()?, &legs.attachment(2))?;
    operator.expect("device 0.0.0002 has come")?;
    super::copy(&mut operator, "mirror resume 0001")?;
    let (outcome, _) = legs.end_duplex(operator)?;
    judge!(outcome, outcome.lines_with("CCW052E").is_empty(), "the command was spoilt");
    Ok(())
}

/// A script that is written in one piece: every command is carried out, in its order.
fn script(kernel: &Kernel, device: ConsoleDevice) -> Result<()> {
    let legs = Legs::alike(SMALL)?;
    let machine = legs.machine(kernel, "mirror=0001:0002").console_device(device);
    let mut running = machine.start()?;
    running.wait_for(READY, super::LIMIT)?;
    running.type_text(
        "display devices\nmirror suspend 0001\nstart bench to=0001 op=write bs=4K count=5\n\
         mirror swap 0002\nnonsense\nmirror resume 0001\ndisplay pairs\n",
    )?;
    running.wait_for("CCW033I", super::LIMIT)?;
    running.type_text("shutdown\n")?;
    let outcome = running.finish()?;
    outcome.expect_ok()?;
    let answers = [
        "CCW012I",
        "CCW053I mirror suspend",
        "CCW021I",
        "CCW054E",
        "CCW052E",
        "CCW053I mirror resume",
    ];
    let mut lines = outcome.console.iter();
    for answer in answers {
        judge!(
            outcome,
            lines.any(|line| line.contains(answer)),
            "{answer} is missing, or out of order"
        );
    }
    let difference = legs.disk(1).first_difference(legs.disk(2))?;
    judge!(outcome, difference.is_none(), "{difference:?}");
    Ok(())
}

/// When the script is over and its end of the pipe is closed, the machine goes on: it neither ends nor spins, and a job
/// that was started does its work.
fn end_of_input(kernel: &Kernel) -> Result<()> {
    let (_legs, mut operator) = seated(kernel)?;
    operator.ask("start bench to=0001 op=randwrite bs=4K count=200", "CCW021I")?;
    operator.leave();
    operator.expect("CCW022I")?;
    let before = processor_time(&operator)?;
    thread::sleep(Duration::from_secs(2));
    let used = processor_time(&operator)? - before;
    ensure!(used < 1.2, "an idle machine used {used} seconds of processor time in 2");
    let status = operator.qmp()?.execute("query-status", serde_json::json!({}))?;
    ensure!(status.get("running") == Some(&serde_json::json!(true)), "it is {status}");
    operator.qmp()?.execute("quit", serde_json::json!({}))?;
    operator.finish()?;
    Ok(())
}

/// The seconds of processor time that a machine has used.
fn processor_time(operator: &Operator) -> Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{}/stat", operator.running().process_id()))?;
    // The name may hold spaces; what follows it has the user's and the system's time in hundredths, as fields 14 and 15
    // of the line (proc(5)).
    let fields: Vec<&str> =
        stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = fields.get(11..13).context("a short line in /proc")?;
    let ticks: Vec<f64> = ticks.iter().map(|field| field.parse()).collect::<Result<_, _>>()?;
    Ok(ticks.iter().sum::<f64>() / 100.0)
}

/// Whatever is typed, whole or in halves of control sequences: commands work afterwards, and no disk was written.
fn random_bytes(kernel: &Kernel) -> Result<()> {
    let (legs, mut operator) = seated(kernel)?;
    let unchanged = crate::support::Unchanged::note(&legs.0)?;
    let mut random = Rand32::new(7);
    for _ in 0..40 {
        let mut text = String::new();
        for _ in 0..random.rand_range(1..120) {
            let byte = match random.rand_range(0..4) {
                0 => 0x1b,
                1 => random.rand_range(0..0x20),
                _ => random.rand_range(0..0x80),
            };
            text.push(u8::try_from(byte)?.into());
        }
        operator.keys(&text)?;
        // Out of any sequence and off any line.
        operator.keys("~~\x15\n")?;
        operator.ask("display devices", "CCW012I")?;
    }
    let (outcome, verdict) = legs.end_duplex(operator)?;
    judge!(outcome, verdict.writes == 0, "{} writes", verdict.writes);
    unchanged.check(&outcome)
}

/// Words of commands in any order: each line has its answer, and the pair can be mended afterwards.
fn random_words(kernel: &Kernel) -> Result<()> {
    const WORDS: [&str; 24] = [
        "mirror",
        "suspend",
        "resume",
        "swap",
        "remove",
        "establish",
        "0001",
        "0002",
        "0003",
        "0.0.0001",
        "display",
        "pairs",
        "path",
        "jobs",
        "nocopy",
        "all",
        "stop",
        "1",
        "scrub",
        "trace",
        "off",
        "quiesce",
        "unquiesce",
        "to=0001",
    ];
    let (legs, mut operator) = seated(kernel)?;
    let mut random = Rand32::new(11);
    for _ in 0..150 {
        let count = random.rand_range(1..5);
        let words: Vec<&str> = (0..count)
            .filter_map(|_| {
                WORDS.get(usize::try_from(random.rand_range(0..24)).unwrap_or(0)).copied()
            })
            .collect();
        operator.command(&words.join(" "))?;
        operator.ask("display devices", "CCW012I")?;
    }
    for command in ["unquiesce 0001", "unquiesce 0002", "mirror resume 0001"] {
        operator.ask(command, "CCW05")?;
    }
    let shown = operator.ask("display pairs", "CCW01")?;
    if !shown.contains("CCW013I") {
        super::copy(&mut operator, "mirror establish 0001 0002")?;
    }
    operator.ask_until("display pairs", &["CCW013I", "duplex"], super::LIMIT)?;
    let outcome = operator.end("shutdown")?;
    let verdict = outcome.verdict()?;
    judge!(outcome, verdict.job == "console", "the job is {}", verdict.job);
    let difference = legs.disk(1).first_difference(legs.disk(2))?;
    judge!(outcome, difference.is_none(), "duplex, and the legs differ: {difference:?}");
    Ok(())
}

/// Jobs are stopped and copies are suspended; what was under way is waited for; the RESULT says that a pair is not whole.
fn shutdown_with_jobs(kernel: &Kernel) -> Result<()> {
    let legs = Legs::unlike(16 * SMALL)?;
    let mut operator = operator(legs.machine(kernel, ""))?;
    super::start_writing(&mut operator)?;
    operator.ask("mirror establish 0001 0002", "CCW031I")?;
    let outcome = operator.end("shutdown")?;
    let verdict = outcome.verdict()?;
    let state = verdict.pair("0.0.0001").map(|pair| pair.state.as_str());
    match state {
        Some("duplex") => {
            let difference = legs.disk(1).first_difference(legs.disk(2))?;
            judge!(outcome, difference.is_none(), "duplex, and the legs differ: {difference:?}");
        }
        Some("suspended") => {
            outcome.expect_degraded()?;
        }
        other => anyhow::bail!("{}", outcome.report(&format!("the pair is {other:?}"))),
    }
    judge!(outcome, !outcome.lines_with("CCW029W").is_empty(), "the job was not stopped");
    Ok(())
}
