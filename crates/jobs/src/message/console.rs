//! What the console answers.

use super::PairDetails;
use crate::console::{CommandError, Refusal};
use alloc::boxed::Box;
use alloc::string::String;
use channel_io::{DeviceId, SenseId};
use core::fmt;

/// What the console answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConsoleNews {
    /// A pair, with all that is to be known of it.
    PairDetails(Box<PairDetails>),
    /// A vector of the path to a device, and what it points to.
    Vector {
        /// The device.
        device: DeviceId,
        /// The vector.
        vector: &'static str,
        /// The routine that it points to.
        routine: &'static str,
    },
    /// Requests to a device go to another one.
    Route {
        /// The device.
        device: DeviceId,
        /// Where they go.
        to: DeviceId,
    },
    /// What a device says that it is.
    Sensed {
        /// The device.
        device: DeviceId,
        /// What it says.
        identification: SenseId,
    },
    /// A device did not say what it is.
    NotSensed {
        /// The device.
        device: DeviceId,
        /// What it did instead.
        error: String,
    },
    /// How many jobs are running.
    Running(usize),
    /// The console takes commands.
    ConsoleReady,
    /// What a command does.
    Help {
        /// The command and its words.
        command: &'static str,
        /// What it does.
        does: &'static str,
    },
    /// A command was not understood.
    NotUnderstood(CommandError),
    /// A command was understood and cannot be carried out.
    NotDone(Refusal),
    /// A command was carried out.
    Carried {
        /// Which, as in `mirror suspend`.
        command: &'static str,
        /// For which device, if for one.
        device: Option<DeviceId>,
    },
    /// The console ends, and with it what is running.
    Shutdown {
        /// Jobs that are stopped.
        jobs: usize,
        /// Copies that are stopped.
        copies: usize,
    },
}

impl ConsoleNews {
    /// The identifier of the message that tells it.
    pub(super) const fn identifier(&self) -> &'static str {
        use super::catalogue as kind;
        match self {
            Self::PairDetails(_) => kind::PAIR_DETAILS.identifier,
            Self::Vector { .. } => kind::VECTOR.identifier,
            Self::Route { .. } => kind::ROUTE.identifier,
            Self::Sensed { .. } => kind::SENSED.identifier,
            Self::NotSensed { .. } => kind::NOT_SENSED.identifier,
            Self::Running(_) => kind::RUNNING.identifier,
            Self::ConsoleReady => kind::CONSOLE_READY.identifier,
            Self::Help { .. } => kind::HELP.identifier,
            Self::NotUnderstood(_) => kind::NOT_UNDERSTOOD.identifier,
            Self::NotDone(_) => kind::NOT_DONE.identifier,
            Self::Carried { .. } => kind::CARRIED.identifier,
            Self::Shutdown { .. } => kind::SHUTDOWN.identifier,
        }
    }

    /// Shows it.
    pub(super) fn text(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PairDetails(details) => write!(f, "{details}"),
            Self::Vector { device, vector, routine } => {
                write!(f, "path {device}: {vector} -> {routine}")
            }
            Self::Route { device, to } => write!(f, "path {device}: requests go to {to}"),
            Self::Sensed { device, identification } => {
                write!(f, "device {device}: {identification}")
            }
            Self::NotSensed { device, error } => write!(f, "device {device}: {error}"),
            Self::Running(jobs) => write!(f, "{jobs} jobs running"),
            Self::ConsoleReady => f.write_str("console ready; help lists the commands"),
            Self::Help { command, does } => write!(f, "{command}: {does}"),
            Self::NotUnderstood(error) => write!(f, "{error}"),
            Self::NotDone(refusal) => write!(f, "{refusal}"),
            Self::Carried { command, device: Some(device) } => {
                write!(f, "{command} {device}: done")
            }
            Self::Carried { command, device: None } => write!(f, "{command}: done"),
            Self::Shutdown { jobs, copies } => {
                write!(f, "shutdown: {jobs} jobs and {copies} copies are stopped")
            }
        }
    }
}
