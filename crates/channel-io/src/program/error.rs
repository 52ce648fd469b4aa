//! How a channel program can fail: every condition code and every kind of status by itself.

use crate::scsw::{DeviceStatus, SubchannelStatus};
use crate::sense::SenseData;
use core::fmt;

/// What became of a subchannel that was cleared because its time was over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClearOutcome {
    /// CLEAR SUBCHANNEL was carried out: the subchannel is idle.
    Cleared,
    /// CLEAR SUBCHANNEL or TEST SUBCHANNEL gave condition code 3.
    NotOperational,
    /// The clear function did not end in its time either.
    NoAnswer,
}

impl fmt::Display for ClearOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cleared => "the subchannel was cleared",
            Self::NotOperational => "the subchannel is not operational",
            Self::NoAnswer => "clearing the subchannel had no effect",
        })
    }
}

/// Why a channel program did not come to an end of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartError {
    /// The program has no command.
    Empty,
    /// The program does not lie below 2 GiB.
    Unreachable,
    /// START SUBCHANNEL gave condition code 1, however often the status was taken.
    StatusPending,
    /// START SUBCHANNEL gave condition code 2.
    Busy,
    /// START SUBCHANNEL gave condition code 3.
    NotOperational,
    /// TEST SUBCHANNEL gave condition code 3 after the start: the device is gone.
    Vanished,
    /// Deferred condition code 1: the device had status of its own, and did not begin.
    DeferredStatusPresent {
        /// That status.
        device_status: DeviceStatus,
    },
    /// Deferred condition code 3: no path to the device.
    DeferredNotOperational,
    /// Deferred condition code 2, which means nothing.
    DeferredReserved,
    /// The time was over.
    TimedOut(ClearOutcome),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the channel program is empty"),
            Self::Unreachable => f.write_str("the channel program is not below 2 GiB"),
            Self::StatusPending => f.write_str("the subchannel stays status pending (SSCH cc 1)"),
            Self::Busy => f.write_str("the subchannel is busy (SSCH cc 2)"),
            Self::NotOperational => f.write_str("the subchannel is not operational (SSCH cc 3)"),
            Self::Vanished => f.write_str("the device is gone (TSCH cc 3)"),
            Self::DeferredStatusPresent { device_status } => {
                write!(f, "the device has status {device_status} (deferred cc 1)")
            }
            Self::DeferredNotOperational => f.write_str("no path to the device (deferred cc 3)"),
            Self::DeferredReserved => f.write_str("deferred condition code 2 is not defined"),
            Self::TimedOut(clear) => write!(f, "no end in time; {clear}"),
        }
    }
}

impl core::error::Error for StartError {}

/// Why the sense bytes could not be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SenseError {
    /// SENSE did not come to an end.
    Start(StartError),
    /// SENSE ended with this status.
    Status {
        /// What the device said.
        device_status: DeviceStatus,
        /// What the channel subsystem said.
        subchannel_status: SubchannelStatus,
    },
}

impl fmt::Display for SenseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start(error) => error.fmt(f),
            Self::Status { device_status, subchannel_status } => {
                write!(f, "device status {device_status}, subchannel status {subchannel_status}")
            }
        }
    }
}

impl core::error::Error for SenseError {}

/// Why a channel program failed. `command` is the name of the last command used, if that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProgramError {
    /// It did not come to an end.
    Start(StartError),
    /// Unit check, and what the device says about it.
    UnitCheck {
        /// The command.
        command: Option<&'static str>,
        /// The sense bytes.
        sense: SenseData,
    },
    /// Unit check, and the device could not be asked about it.
    UnitCheckWithoutSense {
        /// The command.
        command: Option<&'static str>,
        /// Why not.
        error: SenseError,
    },
    /// Unit exception.
    UnitException {
        /// The command.
        command: Option<&'static str>,
    },
    /// Device status that is neither of those nor a good end.
    DeviceStatus {
        /// The command.
        command: Option<&'static str>,
        /// The status.
        device_status: DeviceStatus,
    },
    /// Incorrect length.
    IncorrectLength {
        /// The command.
        command: Option<&'static str>,
        /// How many bytes were not transferred, if that is known.
        residual_count: Option<u16>,
    },
    /// Program check: the channel program, or what it asked, is wrong.
    ProgramCheck {
        /// The command.
        command: Option<&'static str>,
    },
    /// Protection check.
    ProtectionCheck {
        /// The command.
        command: Option<&'static str>,
    },
    /// Channel-data check.
    ChannelDataCheck {
        /// The command.
        command: Option<&'static str>,
    },
    /// Channel-control check.
    ChannelControlCheck,
    /// Interface-control check.
    InterfaceControlCheck,
    /// Chaining check.
    ChainingCheck {
        /// The command.
        command: Option<&'static str>,
    },
}

impl ProgramError {
    /// Whether the device refused a command: unit check with command reject.
    #[must_use]
    pub fn is_command_reject(&self) -> bool {
        matches!(self, Self::UnitCheck { sense, .. } if sense.is_command_reject())
    }

    /// Whether there is no such device any more: an instruction gave condition code 3.
    #[must_use]
    pub const fn is_gone(&self) -> bool {
        matches!(
            self,
            Self::Start(
                StartError::NotOperational
                    | StartError::Vanished
                    | StartError::TimedOut(ClearOutcome::NotOperational)
            )
        )
    }

    /// Whether the device is gone, or cannot be reached.
    #[must_use]
    pub const fn is_not_operational(&self) -> bool {
        self.is_gone() || matches!(self, Self::Start(StartError::DeferredNotOperational))
    }
}

impl From<StartError> for ProgramError {
    fn from(error: StartError) -> Self {
        Self::Start(error)
    }
}

impl fmt::Display for ProgramError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, command) = match self {
            Self::Start(error) => return error.fmt(f),
            Self::ChannelControlCheck => ("channel-control check", &None),
            Self::InterfaceControlCheck => ("interface-control check", &None),
            Self::UnitCheck { command, .. } | Self::UnitCheckWithoutSense { command, .. } => {
                ("unit check", command)
            }
            Self::UnitException { command } => ("unit exception", command),
            Self::DeviceStatus { command, .. } => ("unexpected device status", command),
            Self::IncorrectLength { command, .. } => ("incorrect length", command),
            Self::ProgramCheck { command } => ("program check", command),
            Self::ProtectionCheck { command } => ("protection check", command),
            Self::ChannelDataCheck { command } => ("channel-data check", command),
            Self::ChainingCheck { command } => ("chaining check", command),
        };
        f.write_str(what)?;
        if let Some(command) = command {
            write!(f, " at {command}")?;
        }
        match self {
            Self::UnitCheck { sense, .. } => write!(f, ": {sense}"),
            Self::UnitCheckWithoutSense { error, .. } => write!(f, "; no sense bytes: {error}"),
            Self::DeviceStatus { device_status, .. } => write!(f, ": {device_status}"),
            Self::IncorrectLength { residual_count: Some(count), .. } => {
                write!(f, ": {count} bytes were not transferred")
            }
            Self::Start(_)
            | Self::UnitException { .. }
            | Self::IncorrectLength { residual_count: None, .. }
            | Self::ProgramCheck { .. }
            | Self::ProtectionCheck { .. }
            | Self::ChannelDataCheck { .. }
            | Self::ChannelControlCheck
            | Self::InterfaceControlCheck
            | Self::ChainingCheck { .. } => Ok(()),
        }
    }
}

impl core::error::Error for ProgramError {}
