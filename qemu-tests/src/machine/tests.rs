//! Tests of the runner on an emulator that is a shell script: what it prints and how it ends is known.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use super::*;
use crate::outcome::End;

const LONG: Duration = Duration::from_secs(20);

/// Runs `script` in place of QEMU.
fn machine(script: impl AsRef<OsStr>) -> Machine {
    let emulator = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/fake-emulator");
    Machine::new("k.elf").emulator(emulator).parameters(script).time_limit(LONG)
}

fn is_running(process_id: u32) -> bool {
    // A process that ended but was not collected would still be there, with another state.
    let status = std::fs::read_to_string(format!("/proc/{process_id}/status")).unwrap_or_default();
    status.lines().any(|line| line.starts_with("State:") && !line.contains('Z'))
}

#[test]
fn console_exit_status_and_diagnostics_are_kept() {
    let machine = machine("echo one; printf 'two\\r\\n'; echo three >&2; exit 7");
    let outcome = machine.run().unwrap();
    assert_eq!(outcome.end, End::Exited(7));
    assert_eq!(outcome.console, ["one", "two"]);
    assert_eq!(outcome.diagnostics, "three\n");
    assert!(outcome.elapsed < LONG);
}

#[test]
fn the_parameters_arrive_as_they_are() {
    use std::os::unix::ffi::OsStrExt;
    let odd = OsStr::from_bytes(b"printf '%s' 'a=\xff \" $x' | od -An -tx1");
    let outcome = machine(odd).run().unwrap();
    let bytes = outcome.console.join(" ");
    assert_eq!(bytes.split_whitespace().collect::<String>(), "613dff2022202478");
}

#[test]
fn a_machine_that_does_not_end_is_killed_at_its_limit() {
    let machine = machine("echo begun; exec sleep 1000");
    let outcome = machine.time_limit(Duration::from_millis(200)).run().unwrap();
    assert_eq!(outcome.end, End::TimedOut);
    assert_eq!(outcome.console, ["begun"]);
    assert!(outcome.elapsed >= Duration::from_millis(200) && outcome.elapsed < LONG);
}

#[test]
fn a_dropped_machine_is_killed() {
    let machine = machine("echo begun; exec sleep 1000");
    let running = machine.start().unwrap();
    running.wait_for("begun", LONG).unwrap();
    let process_id = running.process_id();
    assert!(is_running(process_id));
    let begin = Instant::now();
    drop(running);
    assert!(!is_running(process_id));
    assert!(begin.elapsed() < LONG);
}

#[test]
fn a_killed_machine_leaves_its_console() {
    let machine = machine("echo begun; exec sleep 1000");
    let running = machine.start().unwrap();
    running.wait_for("begun", LONG).unwrap();
    let outcome = running.kill().unwrap();
    assert_eq!(outcome.end, End::Killed);
    assert_eq!(outcome.console, ["begun"]);
}

#[test]
fn a_signal_is_told_from_an_exit_status() {
    let machine = machine("kill -SEGV $$");
    assert_eq!(machine.run().unwrap().end, End::Signalled(11));
}

#[test]
fn what_is_typed_arrives() {
    let machine = machine("printf '> '; read word; echo got $word; exit 0");
    let mut running = machine.start().unwrap();
    running.wait_for("> ", LONG).unwrap();
    running.type_text("help\n").unwrap();
    running.wait_for("got help", LONG).unwrap();
    assert_eq!(running.finish().unwrap().end, End::Exited(0));
}

#[test]
fn output_is_observed_while_it_comes() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let lines = Arc::clone(&seen);
    let machine = machine("printf 'a\\r\\nb'; echo c");
    let machine = machine.observe_lines(move |line| lines.lock().unwrap().push(line.to_owned()));
    machine.run().unwrap();
    assert_eq!(*seen.lock().unwrap(), ["a", "bc"]);
}

#[test]
fn a_missing_emulator_is_said() {
    let error = Machine::new("k.elf").emulator("no-such-emulator").run().unwrap_err();
    assert!(error.to_string().contains("no-such-emulator"), "{error}");
}

#[test]
fn machines_run_side_by_side() {
    std::thread::scope(|scope| {
        for number in 0..8 {
            scope.spawn(move || {
                let machine = machine(format!("sleep 0.05; echo {number}; exit {number}"));
                let outcome = machine.run().unwrap();
                assert_eq!(outcome.end, End::Exited(number));
                assert_eq!(outcome.console, [number.to_string()]);
            });
        }
    });
}
