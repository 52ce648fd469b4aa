//! The operator of a machine: types commands at the kernel's console and reads its messages.
//!
//! An [`Operator`] owns the [`Running`] machine. It keeps its place in the output, so that a message that was awaited
//! is not taken for the answer to a later command; messages that nobody awaits are passed over.
//!
//! ```no_run
//! use std::time::Duration;
//! use qemu_tests::{Machine, Operator};
//!
//! # fn main() -> anyhow::Result<()> {
//! let machine = Machine::new("target/ccw-mirror.elf").parameters("run=console").with_qmp();
//! let mut operator = Operator::at(machine.start()?, "ccw> ")?;
//! operator.command("display devices")?;
//! operator.expect("CCW012I")?;
//! let outcome = operator.end("shutdown")?;
//! outcome.expect_ok()?;
//! # Ok(())
//! # }
//! ```

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::console::Reader;
use crate::machine::Running;
use crate::outcome::Outcome;
use crate::qmp::Qmp;

/// How long a message may take when nothing else is said.
pub const MESSAGE_LIMIT: Duration = Duration::from_secs(15);

/// How often it is looked again for what no message tells.
const POLL_INTERVAL: Duration = Duration::from_millis(5);

/// Somebody at the console of a machine.
#[derive(Debug)]
pub struct Operator {
    running: Running,
    reader: Reader,
    prompt: String,
}

impl Operator {
    /// Sits down at the console of a machine, and waits for its first prompt.
    ///
    /// # Errors
    /// There was no prompt in time, or the machine ended.
    pub fn at(running: Running, prompt: &str) -> Result<Self> {
        let reader = running.console().reader();
        let mut operator = Self { running, reader, prompt: prompt.to_owned() };
        operator.expect(prompt)?;
        Ok(operator)
    }

    /// Types a command and the line end.
    ///
    /// # Errors
    /// The machine has ended.
    pub fn command(&mut self, command: &str) -> Result<()> {
        self.running.type_text(&format!("{command}\n"))
    }

    /// Types text as it is: keys, or a part of a command.
    ///
    /// # Errors
    /// The machine has ended.
    pub fn keys(&mut self, text: &str) -> Result<()> {
        self.running.type_text(text)
    }

    /// Waits for a message and returns its line: by its identifier, such as `CCW012I`, or by any text of it.
    ///
    /// # Errors
    /// It did not come within [`MESSAGE_LIMIT`], or the machine ended without it.
    pub fn expect(&mut self, message: &str) -> Result<String> {
        self.expect_within(message, MESSAGE_LIMIT)
    }

    /// Waits for a message with another time limit.
    ///
    /// # Errors
    /// As [`Operator::expect`].
    pub fn expect_within(&mut self, message: &str, limit: Duration) -> Result<String> {
        let found = self.reader.wait_for(message, limit);
        found.with_context(|| format!("while this machine ran: {}", self.running.command()))
    }

    /// Waits for one of several messages and returns its line.
    ///
    /// # Errors
    /// None came within `limit`, or the machine ended without one.
    pub fn expect_any(&mut self, messages: &[&str], limit: Duration) -> Result<String> {
        let found = self.reader.wait_for_any(messages, limit);
        found.with_context(|| format!("while this machine ran: {}", self.running.command()))
    }

    /// Types a command and waits for the message that answers it.
    ///
    /// # Errors
    /// As [`Operator::expect`].
    pub fn ask(&mut self, command: &str, message: &str) -> Result<String> {
        self.command(command)?;
        self.expect(message).with_context(|| format!("after the command {command:?}"))
    }

    /// Types a command again and again until a line of its answer holds all of these texts.
    ///
    /// # Errors
    /// None did within `limit`.
    pub fn ask_until(&mut self, command: &str, texts: &[&str], limit: Duration) -> Result<String> {
        let deadline = Instant::now() + limit;
        let Some((first, others)) = texts.split_first() else { bail!("nothing to wait for") };
        loop {
            let line = self.ask(command, first)?;
            if others.iter().all(|text| line.contains(text)) {
                return Ok(line);
            }
            if Instant::now() >= deadline {
                let tail = self.running.console().tail();
                bail!("{command:?} answers {line:?}, without {others:?}\n{tail}");
            }
            std::thread::sleep(POLL_INTERVAL);
        }
    }

    /// Waits for the prompt that follows what was done.
    ///
    /// # Errors
    /// As [`Operator::expect`].
    pub fn prompt(&mut self) -> Result<()> {
        let prompt = self.prompt.clone();
        self.expect(&prompt)?;
        Ok(())
    }

    /// Whether a text is anywhere in the output so far.
    #[must_use]
    pub fn has_seen(&self, text: &str) -> bool {
        self.running.console().lines().iter().any(|line| line.contains(text))
    }

    /// The machine.
    #[must_use]
    pub fn running(&self) -> &Running {
        &self.running
    }

    /// Leaves: nothing more is typed, and the console's input ends.
    pub fn leave(&mut self) {
        self.running.close_input();
    }

    /// The machine's control socket.
    ///
    /// # Errors
    /// It was started without one.
    pub fn qmp(&self) -> Result<&Qmp> {
        self.running.qmp()
    }

    /// Types a last command, and waits for the machine's end.
    ///
    /// # Errors
    /// The machine had ended before.
    pub fn end(mut self, command: &str) -> Result<Outcome> {
        self.command(command)?;
        self.running.finish()
    }

    /// Waits for the machine's end.
    ///
    /// # Errors
    /// The process could not be watched.
    pub fn finish(self) -> Result<Outcome> {
        self.running.finish()
    }
}
