//! How a run ended: exit status, console, what QEMU said, and the kernel's verdict on itself.
//!
//! An [`Outcome`] comes from [`crate::Machine::run`] or [`crate::Running::finish`]. Its `expect_…`
//! methods check everything that must hold together (status, exit status, the place of the `RESULT`
//! line) and fail with a message that holds the command line and the end of the console: enough to
//! run the same machine by hand.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, bail};

use crate::console::TAIL_LINES;
use crate::machine::CommandLine;
use crate::symbols::{self, Symbols};
use crate::trace::Trace;
use crate::verdict::{Status, Verdict};

/// How the QEMU process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// By itself, with this exit status.
    Exited(i32),
    /// By a signal that was not ours.
    Signalled(i32),
    /// Killed, because its time was over.
    TimedOut,
    /// Killed, because the test asked for it.
    Killed,
}

impl fmt::Display for End {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited(status) => write!(formatter, "exit status {status}"),
            Self::Signalled(signal) => write!(formatter, "ended by signal {signal}"),
            Self::TimedOut => write!(formatter, "killed at its time limit"),
            Self::Killed => write!(formatter, "killed by the test"),
        }
    }
}

/// Everything that is left of a machine after its run.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The kernel that ran: its symbols explain a backtrace.
    pub kernel: PathBuf,
    /// The command that ran.
    pub command: CommandLine,
    /// How the process ended.
    pub end: End,
    /// The console's lines.
    pub console: Vec<String>,
    /// What QEMU itself printed on its standard error.
    pub diagnostics: String,
    /// From the start of the process to its end.
    pub elapsed: Duration,
}

impl Outcome {
    /// The kernel's `RESULT` line, whatever it says.
    ///
    /// # Errors
    /// There is none, it is not the last line, or it cannot be read; the message is
    /// [`Outcome::report`] with the reason.
    pub fn verdict(&self) -> Result<Verdict> {
        match Verdict::from_console(&self.console) {
            Ok(verdict) => Ok(verdict),
            Err(reason) => bail!("{}", self.report(&reason.to_string())),
        }
    }

    /// The verdict of a run that did all of its work: status `ok`, exit status 0.
    ///
    /// # Errors
    /// The run ended otherwise.
    pub fn expect_ok(&self) -> Result<Verdict> {
        self.expect(Status::Ok)
    }

    /// The verdict of a run whose work is safe on at least one leg: status `degraded`, exit status 0.
    ///
    /// # Errors
    /// The run ended otherwise.
    pub fn expect_degraded(&self) -> Result<Verdict> {
        self.expect(Status::Degraded)
    }

    /// The verdict of a run that failed as it should: status `failed`, exit status 1, and an error
    /// that contains `reason`.
    ///
    /// # Errors
    /// The run ended otherwise.
    pub fn expect_failed(&self, reason: &str) -> Result<Verdict> {
        let verdict = self.expect(Status::Failed)?;
        if verdict.error.is_empty() {
            bail!("{}", self.report("the run failed without saying why"));
        }
        if !verdict.error.contains(reason) {
            let problem = format!("the error should name {reason:?}, but is {:?}", verdict.error);
            bail!("{}", self.report(&problem));
        }
        Ok(verdict)
    }

    fn expect(&self, wanted: Status) -> Result<Verdict> {
        let verdict = self.verdict()?;
        if verdict.status != wanted {
            let problem = format!(
                "the status should be {wanted}, but is {} ({})",
                verdict.status, verdict.error
            );
            bail!("{}", self.report(&problem));
        }
        let exit = match wanted {
            Status::Ok | Status::Degraded => 0,
            Status::Failed => 1,
        };
        if self.end != End::Exited(exit) {
            let problem = format!(
                "a run with status {wanted} should have exit status {exit}; this had {}",
                self.end
            );
            bail!("{}", self.report(&problem));
        }
        Ok(verdict)
    }

    /// The decoded `TRACE` lines.
    ///
    /// # Errors
    /// A line that starts with `TRACE ` is malformed.
    pub fn trace(&self) -> Result<Trace> {
        Ok(Trace::from_console(&self.console)?)
    }

    /// What the addresses mean that the kernel printed when it failed ([`Symbols::explain`]); empty if
    /// it printed none. That the kernel's file has no symbols is itself said.
    #[must_use]
    pub fn backtrace(&self) -> Vec<String> {
        if !self.console.iter().any(|line| symbols::is_backtrace(line)) {
            return Vec::new();
        }
        match Symbols::load(&self.kernel) {
            Ok(symbols) => symbols.explain(&self.console),
            Err(error) => vec![error.to_string()],
        }
    }

    /// The lines that contain `text`.
    #[must_use]
    pub fn lines_with(&self, text: &str) -> Vec<&str> {
        let lines = self.console.iter().map(String::as_str);
        lines.filter(|line| line.contains(text)).collect()
    }

    /// `problem`, followed by all that helps to find its cause.
    #[must_use]
    pub fn report(&self, problem: &str) -> String {
        let first = self.console.len().saturating_sub(TAIL_LINES);
        let mut text = format!(
            "{problem}\n  QEMU: {} after {:.3} s\n  command: {}\n",
            self.end,
            self.elapsed.as_secs_f64(),
            self.command
        );
        if !self.diagnostics.trim().is_empty() {
            text.push_str("  QEMU's messages:\n");
            append_indented(&mut text, self.diagnostics.lines());
        }
        let backtrace = self.backtrace();
        if !backtrace.is_empty() {
            text.push_str("  backtrace:\n");
            append_indented(&mut text, backtrace.iter().map(String::as_str));
        }
        text.push_str("  console:\n");
        append_indented(&mut text, self.console.iter().skip(first).map(String::as_str));
        if self.console.is_empty() {
            text.push_str("    (nothing was printed)\n");
        }
        text
    }
}

fn append_indented<'a>(text: &mut String, lines: impl Iterator<Item = &'a str>) {
    for line in lines {
        text.push_str("    ");
        text.push_str(line);
        text.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(end: End, status: &str, error: &str) -> Outcome {
        Outcome {
            kernel: PathBuf::from("k.elf"),
            command: CommandLine::new("qemu-system-s390x", ["-append", "run=copy to=0009"]),
            end,
            console: vec![
                "CCW001I hello".to_owned(),
                format!(r#"RESULT {{"job":"copy","status":"{status}","error":"{error}"}}"#),
            ],
            diagnostics: "qemu: a warning\n".to_owned(),
            elapsed: Duration::from_millis(32),
        }
    }

    #[test]
    fn status_and_exit_status_must_agree() {
        assert!(outcome(End::Exited(0), "ok", "").expect_ok().is_ok());
        assert!(outcome(End::Exited(0), "degraded", "").expect_degraded().is_ok());
        assert!(outcome(End::Exited(1), "failed", "no 0009").expect_failed("0009").is_ok());

        assert!(outcome(End::Exited(1), "ok", "").expect_ok().is_err());
        assert!(outcome(End::Exited(0), "degraded", "").expect_ok().is_err());
        assert!(outcome(End::Exited(0), "failed", "no 0009").expect_failed("0009").is_err());
        assert!(outcome(End::Exited(1), "failed", "no 0008").expect_failed("0009").is_err());
        assert!(outcome(End::Exited(1), "failed", "").expect_failed("").is_err());
        assert!(outcome(End::TimedOut, "ok", "").expect_ok().is_err());
        assert!(outcome(End::Signalled(9), "ok", "").expect_ok().is_err());
    }

    #[test]
    fn a_failure_shows_how_to_run_it_again() {
        let message = outcome(End::Exited(1), "ok", "").expect_ok().unwrap_err().to_string();
        for part in [
            "should have exit status 0; this had exit status 1",
            "qemu-system-s390x -append 'run=copy to=0009'",
            "    CCW001I hello\n",
            "    qemu: a warning\n",
        ] {
            assert!(message.contains(part), "{part:?} is not in: {message}");
        }
    }

    #[test]
    fn a_backtrace_without_symbols_is_said() {
        let mut outcome = outcome(End::Exited(1), "failed", "x");
        assert!(outcome.backtrace().is_empty());
        outcome.console.insert(1, "CCW910E #0 0x0000000000010000".to_owned());
        assert!(outcome.report("").contains("cannot read symbols from k.elf"));
    }

    #[test]
    fn lines_can_be_picked() {
        let outcome = outcome(End::Exited(0), "ok", "");
        assert_eq!(outcome.lines_with("CCW"), ["CCW001I hello"]);
    }
}
