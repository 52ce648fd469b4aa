//! The description of a machine, and the machine that runs.
//!
//! [`Machine`] collects what QEMU needs: kernel, parameter line, memory, disks. [`Machine::run`] boots
//! it and waits for its end; [`Machine::start`] gives a [`Running`] machine for tests that do something
//! meanwhile: wait for a console text, type, pull a disk. Every machine has a time limit, and none
//! outlives the value or the process that started it. Machines are independent of each other and may
//! run in several threads.
//!
//! Neighbours: [`crate::attachment`] for one disk, [`crate::faults`] for what stands between a disk and
//! its file, [`crate::outcome`] for what is left at the end.

mod command;
mod process;
mod running;

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use serde_json::Value;

pub use command::CommandLine;
pub use running::Running;

use crate::attachment::Attachment;
use crate::faults::Chain;
use crate::outcome::Outcome;

/// The emulator that is used unless [`Machine::emulator`] or the environment says otherwise.
pub const EMULATOR: &str = "qemu-system-s390x";

/// The environment variable that names another emulator.
pub const EMULATOR_VARIABLE: &str = "CCW_MIRROR_QEMU";

/// How long a machine may run when nothing else is said.
pub const TIME_LIMIT: Duration = Duration::from_secs(60);

/// Memory of a machine when nothing else is said.
pub const MEMORY_MEBIBYTES: u64 = 128;

/// What connects the guest's console to the outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsoleInput {
    /// The test types, with [`Running::type_text`].
    Piped,
    /// The user types: standard input is handed to QEMU, with its monitor behind Control-A.
    Inherited,
}

/// What the guest's console is. The kernel takes either.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsoleDevice {
    /// The ASCII (VT220) console, QEMU's default for `-nographic`.
    Ascii,
    /// The line-mode console (`sclplmconsole`).
    LineMode,
}

/// Whether QMP is there, and when the guest starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Control {
    None,
    /// QMP is connected before the guest runs its first instruction.
    Qmp,
    /// As before, and the guest waits until [`Running::begin`].
    QmpHeld,
}

/// Gets every piece of console output as it comes.
pub type OutputObserver = Box<dyn FnMut(&[u8]) + Send>;

/// A machine to be booted.
#[must_use]
pub struct Machine {
    emulator: OsString,
    kernel: PathBuf,
    parameters: OsString,
    memory_mebibytes: u64,
    attachments: Vec<Attachment>,
    chains: Vec<Chain>,
    arguments: Vec<OsString>,
    time_limit: Duration,
    control: Control,
    input: ConsoleInput,
    console: ConsoleDevice,
    network: Network,
    observer: Option<OutputObserver>,
}

/// Whether the machine has the network card that QEMU gives by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// None: what is not needed is not there.
    Absent,
    /// The default card, as when QEMU is called by hand: a device that is no disk.
    Default,
}

impl Machine {
    /// A machine that boots this ELF file, with no disks, no parameters, and the defaults above.
    pub fn new(kernel: impl Into<PathBuf>) -> Self {
        let named = std::env::var_os(EMULATOR_VARIABLE).filter(|name| !name.is_empty());
        Self {
            emulator: named.unwrap_or_else(|| EMULATOR.into()),
            kernel: kernel.into(),
            parameters: OsString::new(),
            memory_mebibytes: MEMORY_MEBIBYTES,
            attachments: Vec::new(),
            chains: Vec::new(),
            arguments: Vec::new(),
            time_limit: TIME_LIMIT,
            control: Control::None,
            input: ConsoleInput::Piped,
            console: ConsoleDevice::Ascii,
            network: Network::Absent,
            observer: None,
        }
    }

    /// The kernel's parameter line; any bytes but NUL.
    pub fn parameters(mut self, parameters: impl AsRef<OsStr>) -> Self {
        self.parameters = parameters.as_ref().to_owned();
        self
    }

    /// Memory of the machine.
    pub fn memory_mebibytes(mut self, mebibytes: u64) -> Self {
        self.memory_mebibytes = mebibytes;
        self
    }

    /// Adds a disk.
    pub fn attach(mut self, attachment: Attachment) -> Self {
        self.attachments.push(attachment);
        self
    }

    /// Adds block nodes for [`Attachment::node`].
    pub fn chain(mut self, chain: Chain) -> Self {
        self.chains.push(chain);
        self
    }

    /// Adds one block node for [`Attachment::node`].
    pub fn block_node(self, node: Value) -> Self {
        self.chain(Chain::from_node(node))
    }

    /// Adds an argument of QEMU, as it is.
    pub fn argument(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// How long the machine may run before it is killed.
    pub fn time_limit(mut self, limit: Duration) -> Self {
        self.time_limit = limit;
        self
    }

    /// Connects QMP before the guest starts: [`Running::qmp`].
    pub fn with_qmp(mut self) -> Self {
        self.control = Control::Qmp;
        self
    }

    /// Connects QMP and lets the guest wait until [`Running::begin`].
    pub fn held_at_start(mut self) -> Self {
        self.control = Control::QmpHeld;
        self
    }

    /// What the console's input is; the test, unless this says otherwise.
    pub fn console_input(mut self, input: ConsoleInput) -> Self {
        self.input = input;
        self
    }

    /// What the guest's console is; the ASCII console unless this says otherwise.
    pub fn console_device(mut self, device: ConsoleDevice) -> Self {
        self.console = device;
        self
    }

    /// Whether there is a network card; there is none unless this says otherwise.
    pub fn network(mut self, network: Network) -> Self {
        self.network = network;
        self
    }

    /// Calls `observer` with every piece of console output, in the thread that reads it.
    pub fn observe_output(mut self, observer: impl FnMut(&[u8]) + Send + 'static) -> Self {
        self.observer = Some(Box::new(observer));
        self
    }

    /// Calls `observer` with every complete line of console output, in the thread that reads it.
    pub fn observe_lines(self, mut observer: impl FnMut(&str) + Send + 'static) -> Self {
        let mut partial = Vec::new();
        self.observe_output(move |output| {
            for byte in output {
                if *byte == b'\n' {
                    observer(String::from_utf8_lossy(&partial).trim_matches('\r'));
                    partial.clear();
                } else {
                    partial.push(*byte);
                }
            }
        })
    }

    /// Another emulator, such as one that was built with a patch.
    pub fn emulator(mut self, program: impl Into<OsString>) -> Self {
        self.emulator = program.into();
        self
    }

    /// Boots the machine.
    ///
    /// # Errors
    /// QEMU cannot be run, or QMP was asked for and did not answer.
    pub fn start(self) -> Result<Running> {
        Running::start(self)
    }

    /// Boots the machine and waits for its end.
    ///
    /// # Errors
    /// QEMU cannot be run. A machine that fails, or runs out of time, is an [`Outcome`].
    pub fn run(self) -> Result<Outcome> {
        self.start()?.finish()
    }
}

#[cfg(test)]
mod tests;
