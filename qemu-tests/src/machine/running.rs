//! A machine that runs.

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use serde_json::json;
use tempfile::TempDir;

use super::command::CommandLine;
use super::process::Process;
use super::{Control, Machine};
use crate::attachment::Attachment;
use crate::console::Console;
use crate::outcome::Outcome;
use crate::qmp::{Qmp, QmpError};
use crate::scratch;

/// How long QEMU may take to open its control socket.
const QMP_LIMIT: Duration = Duration::from_secs(20);

/// A machine that runs; killed when dropped.
#[derive(Debug)]
pub struct Running {
    process: Process,
    kernel: PathBuf,
    command: CommandLine,
    console: Console,
    qmp: Option<Qmp>,
    /// Holds the control socket.
    _directory: Option<TempDir>,
    /// Temporary images live as long as the machine.
    _attachments: Vec<Attachment>,
}

impl Running {
    pub(super) fn start(mut machine: Machine) -> Result<Self> {
        let directory = match machine.control {
            Control::None => None,
            Control::Qmp | Control::QmpHeld => Some(scratch::socket_directory()?),
        };
        let folder = directory.as_ref().map(TempDir::path).unwrap_or("".as_ref());
        let socket = folder.join("qmp.sock");
        let command = CommandLine::of(&machine, &socket);
        let console = Console::default();
        let process = Process::start(
            &command,
            machine.input,
            machine.time_limit,
            console.clone(),
            machine.observer.take(),
        )?;
        let qmp = match machine.control {
            Control::None => None,
            Control::Qmp | Control::QmpHeld => match Qmp::connect(&socket, QMP_LIMIT) {
                Ok(qmp) => Some(qmp),
                Err(error) => return Err(refused(process, &command, &error)),
            },
        };
        let running = Self {
            process,
            kernel: machine.kernel,
            command,
            console,
            qmp,
            _directory: directory,
            _attachments: machine.attachments,
        };
        if machine.control == Control::Qmp {
            running.begin()?;
        }
        Ok(running)
    }

    /// Lets a guest run that was held at its start, or stopped by [`Running::pause`].
    ///
    /// # Errors
    /// The machine has no QMP, or QEMU refused.
    pub fn begin(&self) -> Result<()> {
        self.qmp()?.execute("cont", json!({}))?;
        Ok(())
    }

    /// Stops the guest's processor until [`Running::begin`]. QEMU first waits for all that its disks have under way,
    /// so a write that is held must be let go before.
    ///
    /// # Errors
    /// The machine has no QMP, or QEMU refused.
    pub fn pause(&self) -> Result<()> {
        self.qmp()?.execute("stop", json!({}))?;
        Ok(())
    }

    /// The control socket.
    ///
    /// # Errors
    /// The machine was started without [`Machine::with_qmp`] or [`Machine::held_at_start`].
    pub fn qmp(&self) -> Result<&Qmp> {
        self.qmp.as_ref().context("this machine was started without QMP")
    }

    /// What the guest prints.
    #[must_use]
    pub fn console(&self) -> &Console {
        &self.console
    }

    /// The command that runs.
    #[must_use]
    pub fn command(&self) -> &CommandLine {
        &self.command
    }

    /// The number of the QEMU process: for measuring it.
    #[must_use]
    pub fn process_id(&self) -> u32 {
        self.process.id()
    }

    /// Types text at the guest's console. A line ends with `\n`.
    ///
    /// # Errors
    /// The machine's input is the user's, or the machine has ended.
    pub fn type_text(&mut self, text: &str) -> Result<()> {
        let input = self.process.input().context("this machine's console input is the user's")?;
        input
            .write_all(text.as_bytes())
            .and_then(|()| input.flush())
            .with_context(|| format!("cannot type {text:?}: the machine has ended"))
    }

    /// Ends the console's input, as when a script is over.
    pub fn close_input(&mut self) {
        self.process.close_input();
    }

    /// Waits for a text on the console, from the first line on.
    ///
    /// # Errors
    /// It did not appear within `limit`; the message holds the command and the console's end.
    pub fn wait_for(&self, wanted: &str, limit: Duration) -> Result<String> {
        let found = self.console.wait_for(wanted, limit);
        found.with_context(|| format!("while this machine ran: {}", self.command))
    }

    /// Waits for the machine's end. Its time limit guarantees that there is one.
    ///
    /// # Errors
    /// The process could not be watched.
    pub fn finish(self) -> Result<Outcome> {
        let ended = self.process.wait()?;
        Ok(Outcome {
            kernel: self.kernel,
            command: self.command,
            end: ended.end,
            console: self.console.lines(),
            diagnostics: ended.diagnostics,
            elapsed: ended.elapsed,
        })
    }

    /// Kills the machine now, and returns what it left.
    ///
    /// # Errors
    /// The process could not be watched.
    pub fn kill(self) -> Result<Outcome> {
        self.process.kill();
        self.finish()
    }
}

/// Why a machine has no control socket: most likely QEMU did not like an argument, and said so.
fn refused(process: Process, command: &CommandLine, error: &QmpError) -> anyhow::Error {
    process.kill();
    let said = process.wait().map(|ended| ended.diagnostics).unwrap_or_default();
    anyhow!("{error}\n  QEMU's messages: {}\n  command: {command}", said.trim())
}
