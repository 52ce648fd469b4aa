//! How setting up a virtio device can fail.

use crate::spec::{DeviceStatus, Features};
use channel_io::enumerate::SettingError;
use channel_io::program::{IdentifyError, ProgramError, ProgramFull};
use channel_io::{SenseId, StorageError};
use core::fmt;

/// Why a virtio device could not be set up, or not be reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransportError {
    /// The subchannel could not be enabled.
    Subchannel(SettingError),
    /// There is no storage for its channel programs.
    Storage(StorageError),
    /// The device did not say what it is.
    Identify(IdentifyError),
    /// It is no virtio device.
    NotVirtio(SenseId),
    /// A channel program failed.
    Program(ProgramError),
    /// A channel program has no room for what was asked.
    ProgramFull(ProgramFull),
    /// The device took neither revision 2 nor revision 1: it is older than VIRTIO 1.0, or keeps to another
    /// revision until its subchannel is disabled.
    NoRevision,
    /// The device does not offer VIRTIO_F_VERSION_1: it is older than VIRTIO 1.0.
    NoVersion1 {
        /// What it offers.
        offered: Features,
    },
    /// The device did not accept the features that were chosen from those that it offers.
    FeaturesRefused {
        /// Those that were chosen.
        chosen: Features,
    },
    /// The device status that was read is not the one that was written.
    StatusNotTaken {
        /// What was written.
        written: DeviceStatus,
        /// What was read.
        read: DeviceStatus,
    },
    /// The configuration was another one each time that it was read.
    ConfigurationChanges,
    /// There is no such queue.
    NoQueue {
        /// Its number.
        queue: u16,
    },
}

impl TransportError {
    /// Whether there is no such device any more.
    #[must_use]
    pub const fn is_gone(&self) -> bool {
        match self {
            Self::Program(error) | Self::Identify(IdentifyError::Program(error)) => error.is_gone(),
            Self::Subchannel(error) => matches!(
                error,
                SettingError::NoSubchannel | SettingError::NoDevice | SettingError::NotOperational
            ),
            Self::Storage(_)
            | Self::Identify(IdentifyError::TooShort { .. } | IdentifyError::NotValid { .. })
            | Self::NotVirtio(_)
            | Self::ProgramFull(_)
            | Self::NoRevision
            | Self::NoVersion1 { .. }
            | Self::FeaturesRefused { .. }
            | Self::StatusNotTaken { .. }
            | Self::ConfigurationChanges
            | Self::NoQueue { .. } => false,
        }
    }

    /// What it is in a few fixed words, without its figures.
    #[must_use]
    pub const fn words(&self) -> &'static str {
        match self {
            Self::Subchannel(_) => "the subchannel could not be enabled",
            Self::Storage(_) => "there is no storage for the channel programs",
            Self::Identify(_) => "the device did not identify itself",
            Self::NotVirtio(_) => "the device is no virtio device",
            Self::Program(_) => "a channel program failed",
            Self::ProgramFull(_) => "a channel program is too long",
            Self::NoRevision => {
                "the device takes neither revision 2 nor 1 of virtio-ccw: it is older than VIRTIO 1.0"
            }
            Self::NoVersion1 { .. } => "the device is older than VIRTIO 1.0",
            Self::FeaturesRefused { .. } => "the device refused the features",
            Self::StatusNotTaken { .. } => "the device did not take its status",
            Self::ConfigurationChanges => "the configuration changes all the time",
            Self::NoQueue { .. } => "the device has no such queue",
        }
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())?;
        match self {
            Self::Subchannel(error) => write!(f, ": {error}"),
            Self::Storage(error) => write!(f, ": {error}"),
            Self::Identify(error) => write!(f, ": {error}"),
            Self::NotVirtio(identification) => write!(f, ": {identification}"),
            Self::Program(error) => write!(f, ": {error}"),
            Self::ProgramFull(error) => write!(f, ": {error}"),
            Self::NoVersion1 { offered } => write!(f, ": it offers {offered}"),
            Self::FeaturesRefused { chosen } => write!(f, " {chosen}"),
            Self::StatusNotTaken { written, read } => {
                write!(f, ": wrote {:#04x}, read {:#04x}", written.bits(), read.bits())
            }
            Self::NoQueue { queue } => write!(f, ": {queue}"),
            Self::NoRevision | Self::ConfigurationChanges => Ok(()),
        }
    }
}

impl core::error::Error for TransportError {}

impl From<SettingError> for TransportError {
    fn from(error: SettingError) -> Self {
        Self::Subchannel(error)
    }
}

impl From<StorageError> for TransportError {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}

impl From<IdentifyError> for TransportError {
    fn from(error: IdentifyError) -> Self {
        Self::Identify(error)
    }
}

impl From<ProgramError> for TransportError {
    fn from(error: ProgramError) -> Self {
        Self::Program(error)
    }
}

impl From<ProgramFull> for TransportError {
    fn from(error: ProgramFull) -> Self {
        Self::ProgramFull(error)
    }
}
