//! Faults of the supervisor itself, brought about by a kernel that was built for it: what is said, what the
//! addresses mean, and the wait state.
//!
//! That kernel has the feature `self-test`; `CCW_MIRROR_SELF_TEST_ELF` names it, or it is at
//! `target/ccw-mirror-self-test.elf`. Without it these scenarios fail: what they show is promised.

use std::env;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use libtest_mimic::Trial;
use qemu_tests::faults;
use qemu_tests::outcome::End;
use qemu_tests::qmp::Qmp;
use qemu_tests::{DeviceAddress, Disk, Machine, Outcome, Running};
use serde_json::{Value, json};

use crate::kernel::Kernel;
use crate::support::{MIB, Unchanged, at, judge};

const VARIABLE: &str = "CCW_MIRROR_SELF_TEST_ELF";

const LIMIT: Duration = Duration::from_secs(20);

/// Wait states, as `docs/wait-states.md` has them.
mod code {
    pub(super) const JOB_FAILED: u64 = 0xf01;
    pub(super) const TOO_LITTLE_STORAGE: u64 = 0xe03;
    pub(super) const PANIC: u64 = 0xd01;
    pub(super) const PROGRAM_CHECK: u64 = 0xd02;
    pub(super) const STACK_OVERFLOW: u64 = 0xd04;
    pub(super) const UNEXPECTED_INTERRUPTION: u64 = 0xd05;
    pub(super) const DOUBLE_FAULT: u64 = 0xd06;
}

/// A fault that ends the machine.
struct Fault {
    /// The test's name, as `self-test=` takes it.
    name: &'static str,
    code: u64,
    /// Words of the first line of the report.
    says: &'static str,
    /// A function that must be in the chain of calls.
    function: &'static str,
    /// Whether registers and PSW are part of the report.
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Reported,
    NotReported,
}

const FAULTS: [Fault; 8] = [
    Fault {
        name: "program-check",
        code: code::PROGRAM_CHECK,
        says: "CCW901E program check X'0001'",
        function: "operation_exception",
        state: State::Reported,
    },
    Fault {
        name: "supervisor-call",
        code: code::UNEXPECTED_INTERRUPTION,
        says: "CCW901E ",
        function: "supervisor_call",
        state: State::Reported,
    },
    Fault {
        name: "panic",
        code: code::PANIC,
        says: "CCW900E panic: a panic that \"was asked for\" in two lines",
        function: "self_test",
        state: State::NotReported,
    },
    Fault {
        name: "stack-overflow",
        code: code::STACK_OVERFLOW,
        says: "CCW901E stack overflow",
        function: "recurse",
        state: State::Reported,
    },
    Fault {
        name: "low-address",
        code: code::PROGRAM_CHECK,
        says: "CCW901E program check X'0004'",
        function: "self_test",
        state: State::Reported,
    },
    Fault {
        name: "read-only",
        code: code::PROGRAM_CHECK,
        says: "CCW901E program check X'0004'",
        function: "self_test",
        state: State::Reported,
    },
    Fault {
        name: "beyond-storage",
        code: code::PROGRAM_CHECK,
        says: "CCW901E program check X'00",
        function: "self_test",
        state: State::Reported,
    },
    Fault {
        name: "heap-exhaustion",
        code: code::PANIC,
        says: "CCW900E panic: ",
        function: "exhaust_heap",
        state: State::NotReported,
    },
];

pub(crate) fn trials(kernel: &Kernel) -> Vec<Trial> {
    let mut trials = vec![
        kernel.trial("self_test::double_fault", |_| double_fault()),
        kernel.trial("self_test::restart", |_| restart()),
        kernel.trial("self_test::waits_end_in_time", |_| waits_end_in_time()),
        kernel.trial("self_test::interruption_of_a_subchannel", |_| interruption()),
        kernel.trial("self_test::channel_report", |_| channel_report()),
        kernel.trial("self_test::storage_refused", |_| storage_refused()),
        kernel.trial("self_test::not_in_the_product", not_in_the_product),
        kernel.trial("self_test::wait_states_of_jobs", wait_states_of_jobs),
    ];
    for fault in FAULTS {
        let name = format!("self_test::{}", fault.name.replace('-', "_"));
        trials.push(kernel.trial(name, move |_| reported(&fault)));
    }
    trials
}

/// A machine that boots the kernel with the faults built in.
fn machine(name: &str) -> Result<Machine> {
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/ccw-mirror-self-test.elf");
    let named = env::var_os(VARIABLE).filter(|name| !name.is_empty());
    let elf = named.map_or(built, PathBuf::from);
    ensure!(
        elf.is_file(),
        "there is no kernel with self-tests at {}: run `cargo xtask test`, or set {VARIABLE}",
        elf.display()
    );
    Ok(Machine::new(elf).parameters(format!("self-test={name}")))
}

/// Runs a machine to its end, and tells the address of its wait state.
fn ended(running: Running) -> Result<(Outcome, u64)> {
    let event = running.qmp()?.wait_for_event("GUEST_PANICKED", LIMIT);
    let outcome = running.finish()?;
    let event = event.with_context(|| outcome.report("no disabled wait was reported"))?;
    let address = event.data.pointer("/info/psw-addr").and_then(Value::as_u64);
    let address = address.with_context(|| outcome.report("the event has no address"))?;
    Ok((outcome, address))
}

/// A fault is reported, resolved to functions and lines, and ends as documented.
fn reported(fault: &Fault) -> Result<()> {
    let disk = Disk::seeded(MIB, 1)?;
    let unchanged = Unchanged::note([&disk])?;
    let machine = machine(fault.name)?.attach(at(1, &disk)).with_qmp();
    let (outcome, address) = ended(machine.start()?)?;
    let Fault { code, says, function, .. } = fault;
    judge!(outcome, address == *code, "wait state {address:#x}, not {code:#x}");
    judge!(outcome, !outcome.lines_with(says).is_empty(), "the report does not say {says:?}");
    let words = says.split_once(' ').map_or("", |(_, words)| words);
    // The quotation marks of a panic's text have a backslash in JSON, and none when it was read.
    outcome.expect_failed(words)?;
    if fault.state == State::Reported {
        expect_state(&outcome)?;
    }
    let calls = outcome.backtrace();
    let found = calls.iter().find(|call| call.contains(function));
    let found = found.with_context(|| outcome.report(&format!("{function} is in no call")))?;
    judge!(outcome, found.contains("self_test.rs:"), "without file and line: {found}");
    let ends_in_the_boot = calls.iter().any(|call| call.contains("main"));
    let cut = calls.len() >= 40;
    judge!(
        outcome,
        ends_in_the_boot || cut,
        "the chain does not lead back to the boot: {calls:#?}"
    );
    unchanged.check(&outcome)
}

/// PSW, and sixteen registers of each kind.
fn expect_state(outcome: &Outcome) -> Result<()> {
    let psw = outcome.lines_with("CCW902E PSW ");
    judge!(outcome, psw.len() == 1, "the PSW is not told once");
    for title in ["CCW907E general registers", "CCW908E control registers"] {
        let start = outcome.console.iter().position(|line| line == title);
        let start = start.with_context(|| outcome.report(&format!("no {title}")))?;
        let words: Vec<&str> = outcome
            .console
            .iter()
            .skip(start + 1)
            .take(4)
            .flat_map(|line| line.split_whitespace())
            .filter(|word| word.len() == 16 && word.bytes().all(|digit| digit.is_ascii_hexdigit()))
            .collect();
        judge!(outcome, words.len() == 16, "{title}: {} values", words.len());
    }
    Ok(())
}

/// A fault within the report of a fault: what was said stays, and the wait state tells.
fn double_fault() -> Result<()> {
    let (outcome, address) = ended(machine("double-fault")?.with_qmp().start()?)?;
    judge!(outcome, address == code::DOUBLE_FAULT, "wait state {address:#x}");
    judge!(outcome, outcome.end == End::Exited(1), "{}", outcome.end);
    judge!(outcome, !outcome.lines_with("CCW901E").is_empty(), "the first fault is not told");
    judge!(outcome, !outcome.backtrace().is_empty(), "without the chain of calls");
    Ok(())
}

/// The wait bit of a PSW mask: bit 14 (PoP SA22-7832-13, ch. 4, "Program-Status Word").
const PSW_WAIT: u64 = 1 << (63 - 14);

/// Waits until the CPU waits. The line that announces the test is on the console before that.
fn until_it_waits(qmp: &Qmp) -> Result<()> {
    let end = Instant::now() + LIMIT;
    loop {
        let registers = qmp.human("info registers")?;
        let mask = registers.split("PSW=mask ").nth(1).and_then(|rest| rest.get(..16));
        let mask = mask.and_then(|digits| u64::from_str_radix(digits, 16).ok());
        let mask = mask.with_context(|| format!("no PSW mask in {registers}"))?;
        if mask & PSW_WAIT != 0 {
            return Ok(());
        }
        ensure!(Instant::now() < end, "the CPU does not wait: PSW mask {mask:#018x}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// An operator's restart (in QEMU, `nmi`) of a supervisor that waits: it says where it was.
fn restart() -> Result<()> {
    let running = machine("wait-forever")?.with_qmp().start()?;
    running.wait_for("CCW990I", LIMIT)?;
    until_it_waits(running.qmp()?)?;
    running.qmp()?.execute("inject-nmi", json!({}))?;
    let (outcome, address) = ended(running)?;
    judge!(outcome, address == code::UNEXPECTED_INTERRUPTION, "wait state {address:#x}");
    outcome.expect_failed("restart")?;
    expect_state(&outcome)?;
    let calls = outcome.backtrace();
    judge!(outcome, calls.iter().any(|call| call.contains("wait")), "{calls:#?}");
    Ok(())
}

fn waits_end_in_time() -> Result<()> {
    let outcome = machine("wait-timeout")?.run()?;
    for milliseconds in [0, 1, 50] {
        let line = format!("{milliseconds} ms: Timeout, in time");
        judge!(outcome, !outcome.lines_with(&line).is_empty(), "{line:?} is missing");
    }
    judge!(outcome, outcome.end == End::Exited(0), "{}", outcome.end);
    Ok(())
}

/// The architecture's own order: pending once, cleared by TSCH once, and not presented again after TPI.
fn interruption() -> Result<()> {
    let disk = Disk::blank(MIB)?;
    let outcome = machine("wait-io")?.attach(at(1, &disk)).run()?;
    judge!(outcome, outcome.end == End::Exited(0), "{}", outcome.end);
    let said: Vec<&str> = outcome.lines_with("CCW993I ");
    let seen = |words: &str| said.iter().filter(|line| line.contains(words)).count();
    judge!(outcome, seen("TSCH cc=0") + seen("TSCH status was pending") == 2, "{said:#?}");
    judge!(outcome, seen("Io(") == 1, "one interruption is taken at the wait point: {said:#?}");
    judge!(outcome, seen("Timeout") == 1, "TPI took the other one: {said:#?}");
    Ok(())
}

/// A disk that goes is told by a machine check and its channel report.
fn channel_report() -> Result<()> {
    let disk = Disk::blank(MIB)?;
    let running = machine("channel-report")?.attach(at(1, &disk)).with_qmp().start()?;
    running.wait_for("CCW990I", LIMIT)?;
    faults::remove_device(running.qmp()?, DeviceAddress::new(1), LIMIT).ok();
    let outcome = running.finish()?;
    judge!(outcome, outcome.end == End::Exited(0), "{}", outcome.end);
    judge!(outcome, !outcome.lines_with("ChannelReport").is_empty(), "it did not wake the wait");
    judge!(outcome, outcome.lines_with("CCW993I").len() >= 2, "there is no report");
    Ok(())
}

/// More storage than there is is refused, not given.
fn storage_refused() -> Result<()> {
    let outcome = machine("storage-refused")?.run()?;
    judge!(outcome, outcome.end == End::Exited(0), "{}", outcome.end);
    judge!(outcome, outcome.lines_with("refused").len() >= 2, "it was not refused");
    judge!(outcome, outcome.lines_with("given").len() == 1, "a page was not given");
    Ok(())
}

/// The kernel that people use knows no such parameter.
fn not_in_the_product(kernel: &Kernel) -> Result<()> {
    let outcome = kernel.machine("self-test=panic").run()?;
    outcome.expect_failed("self-test=panic")?;
    judge!(outcome, outcome.lines_with("CCW990I").is_empty(), "the product has self-tests");
    Ok(())
}

/// A job that failed has a wait state of its own, and one that did not is no panic at all.
fn wait_states_of_jobs(kernel: &Kernel) -> Result<()> {
    let (outcome, address) = ended(kernel.machine("run=dance").with_qmp().start()?)?;
    judge!(outcome, address == code::JOB_FAILED, "wait state {address:#x}");
    outcome.expect_failed("run=dance")?;
    let running = kernel.machine("").memory_mebibytes(3).with_qmp().start()?;
    let (outcome, address) = ended(running)?;
    judge!(outcome, address == code::TOO_LITTLE_STORAGE, "wait state {address:#x}");
    outcome.expect_failed("storage is too small")?;
    let running = kernel.machine("").with_qmp().start()?;
    let panicked = running.qmp()?.wait_for_event("GUEST_PANICKED", LIMIT);
    let outcome = running.finish()?;
    judge!(outcome, panicked.is_err(), "a success is reported as a panic");
    outcome.expect_ok()?;
    Ok(())
}
