//! The detours are changes of live vectors: they go in and out while requests are in flight, and the path runs without them
//! before, between and after. (Claims 8, 12, 18 and 26, 30, 36.)

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use libtest_mimic::Trial;
use qemu_tests::faults::Chain;
use qemu_tests::trace::Trace;
use qemu_tests::{Attachment, DeviceAddress, Disk, Outcome};

use crate::kernel::Kernel;
use crate::operator::{Legs, carry_out, operator};
use crate::support::{MIB, expect_image, judge};

pub(crate) fn trials(kernel: &Kernel) -> Vec<Trial> {
    vec![
        kernel.trial("claims::live::detours_come_and_go_while_io_is_in_flight", come_and_go),
        kernel.trial("claims::live::the_path_shows_the_detours", shown),
    ]
}

/// The pointers, the routines of the supervisor, the detours, and the detours' records in a trace.
const VECTORS: [[&str; 4]; 3] = [
    ["ddtsio", "ddtsio", "front-end-detour", "FRONT-END"],
    ["iosvcp-return", "iosvssch-return", "back-end-detour", "BACK-END"],
    ["post-status", "post", "post-status-detour", "POST-STATUS"],
];

const ROUNDS: usize = 4;

const ESTABLISH: &str = "mirror establish 0001 0002 nocopy";

/// Two jobs write with sixteen requests in flight each; a pair is made of the disk of one and taken apart, four times, with
/// the trace on. The other's disk is slow, so that it has requests at any moment; it shares the forward pointer.
fn come_and_go(kernel: &Kernel) -> Result<()> {
    let legs = Legs::alike(MIB)?;
    let other = Disk::blank(MIB)?;
    let chain = Chain::file("below", other.path()).throttle("slow", "tg0", 100);
    let machine = legs
        .machine(kernel, "")
        .attach(Attachment::node(DeviceAddress::new(3), chain.top()))
        .chain(chain);
    let mut operator = operator(machine)?;
    carry_out(&mut operator, "trace on")?;
    for disk in ["0001", "0003"] {
        let job = format!("start bench to={disk} op=randwrite bs=4K depth=16 seconds=50");
        operator.ask(&job, "CCW021I")?;
    }
    for _ in 0..ROUNDS {
        operator.expect(" POST request=")?;
        // Until the requests in flight are over that the former pair knows of, it is refused.
        while operator.ask(ESTABLISH, "CCW05")?.starts_with("CCW054E") {}
        operator.expect("decision=confirm")?;
        carry_out(&mut operator, "mirror remove 0001")?;
        operator.expect("CCW037I")?;
    }
    operator.expect(" POST request=")?;
    for job in ["stop 1", "stop 2"] {
        operator.ask(job, "CCW029W")?;
    }
    let outcome = operator.end("shutdown")?;
    let verdict = outcome.expect_ok()?;
    judge!(outcome, verdict.mirrored_writes > 0, "nothing was mirrored");
    judge!(outcome, verdict.mirrored_writes < verdict.writes, "everything was mirrored");
    let trace = outcome.trace()?;
    for [pointer, routine, detour, shows] in VECTORS {
        expect_turns(&trace, [pointer, routine, detour], shows)
            .with_context(|| outcome.report(&format!("the vector {pointer}")))?;
    }
    expect_each_once(&outcome, &trace)
}

/// A pointer is turned and turned back in each round, with requests in flight each time; the detour's records come only
/// between the one and the other.
fn expect_turns(trace: &Trace, names: [&str; 3], shows: &str) -> Result<()> {
    let [pointer, routine, detour] = names;
    let (mut turned, mut changes, mut busy, mut seen) = (false, 0, 0, 0);
    let mut in_flight = BTreeSet::new();
    for record in &trace.records {
        match record.what.as_str() {
            "IOSVSSCH" => {
                in_flight.insert(record.field("request"));
            }
            "POST" => {
                in_flight.remove(&record.field("request"));
            }
            "VECTOR" if record.has("name", pointer) => {
                let (from, to) = if turned { (detour, routine) } else { (routine, detour) };
                let right = record.has("from", from) && record.has("to", to);
                ensure!(right, "{} is not from {from} to {to}", record.line);
                turned = !turned;
                changes += 1;
                busy += usize::from(!in_flight.is_empty());
            }
            what if what == shows => {
                ensure!(turned, "the detour had control while it was out: {}", record.line);
                seen += 1;
            }
            _ => {}
        }
    }
    ensure!(changes == 2 * ROUNDS, "turned {changes} times, not {}", 2 * ROUNDS);
    ensure!(busy == changes, "{busy} of {changes} times with requests in flight");
    ensure!(seen > 0 && !turned, "the detour had no control, or is still in");
    Ok(())
}

/// Whatever was in flight when a vector was turned: every request of the process was posted, and once.
fn expect_each_once(outcome: &Outcome, trace: &Trace) -> Result<()> {
    let mut waiting = BTreeMap::<&str, i64>::new();
    for record in &trace.records {
        let count = waiting.entry(record.field("request").unwrap_or_default()).or_default();
        match record.what.as_str() {
            // A request that was held behind another comes again.
            "IOSVSSCH" => *count = 1,
            "POST" => *count -= 1,
            _ => {}
        }
    }
    let wrong: Vec<_> = waiting.iter().filter(|(_, count)| **count != 0).collect();
    judge!(outcome, wrong.is_empty(), "not posted, or more than once: {wrong:?}");
    Ok(())
}

/// The operator sees the vectors as they are: the supervisor's own routines, the detours, and the former again.
fn shown(kernel: &Kernel) -> Result<()> {
    let legs = Legs::alike(MIB)?;
    let before = Disk::copy_of(legs.disk(1).path())?;
    let mut operator = operator(legs.machine(kernel, ""))?;
    for (command, place) in [("trace off", 1), (ESTABLISH, 2), ("mirror remove 0001", 1)] {
        carry_out(&mut operator, command)?;
        for vector in VECTORS {
            let routine = vector.get(place).copied().unwrap_or_default();
            let line = operator.ask("display path 0001", &format!("{} -> ", vector[0]))?;
            ensure!(line.ends_with(&format!("-> {routine}")), "after {command:?}: {line}");
        }
    }
    let outcome = operator.end("shutdown")?;
    outcome.expect_ok()?;
    expect_image(&outcome, legs.disk(1), &before)
}
