//! What can stand against a plan, and how it is said: the word at fault, then what was expected.

use crate::parameters::PairNames;
use alloc::string::String;
use alloc::vec::Vec;
use channel_io::DeviceId;
use core::fmt;
use mirror::EstablishError;

/// The parameter line does not go with the devices that are there. Shown as one line of ASCII,
/// `word: what was expected`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanError {
    /// The word at fault, as it can be shown.
    pub word: String,
    /// What stands against it.
    pub problem: PlanProblem,
}

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.word, self.problem)
    }
}

impl core::error::Error for PlanError {}

/// What stands against a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlanProblem {
    /// There is no such device.
    NoSuchDevice {
        /// The device.
        device: DeviceId,
        /// Those that there are.
        found: Vec<DeviceId>,
    },
    /// The device is there, and is none that can be driven.
    Unusable {
        /// The device.
        device: DeviceId,
        /// Why it cannot.
        why: &'static str,
    },
    /// The device is gone, or could not be brought back.
    NotOperational {
        /// The device.
        device: DeviceId,
    },
    /// The device could not be made ready for requests.
    NotReady {
        /// The device.
        device: DeviceId,
        /// What did not work.
        what: &'static str,
    },
    /// The disk has no blocks.
    Empty,
    /// A size is not a multiple of a block size.
    NotInBlocks {
        /// The size in bytes.
        bytes: u64,
        /// The block size in bytes.
        block: u64,
        /// Whose block size it is.
        of: DeviceId,
    },
    /// The disk takes less than a block in one request.
    NoWholeBlock {
        /// The block size in bytes.
        block: u64,
    },
    /// The disk is read-only.
    ReadOnly,
    /// The disk is the secondary of a pair.
    IsSecondary {
        /// The primary.
        primary: DeviceId,
    },
    /// What is read is the secondary of what is written.
    IsMirrorOfTarget {
        /// The word of the other disk.
        to: String,
    },
    /// What is to be copied does not fit.
    LargerThanTarget {
        /// Its size in bytes.
        bytes: u64,
        /// How much fits.
        room: u64,
        /// The word of the other disk.
        to: String,
    },
    /// The request size is not a multiple of the block size in bytes.
    RequestNotInBlocks {
        /// The block size in bytes.
        block: u64,
    },
    /// The request size is more than the disk takes, or has.
    RequestTooLarge {
        /// How much it takes, in bytes.
        most: u64,
    },
    /// The device is in no pair.
    InNoPair {
        /// The device.
        device: DeviceId,
    },
    /// The pair is not duplex.
    PairNotDuplex {
        /// The pair.
        pair: PairNames,
        /// Its state.
        state: &'static str,
    },
    /// The two cannot be a pair.
    Establish(EstablishError),
}

/// Devices by name, the first few of many.
struct Devices<'a>(&'a [DeviceId]);

impl fmt::Display for Devices<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MOST: usize = 12;
        for (place, device) in self.0.iter().take(MOST).enumerate() {
            let separator = if place == 0 { "" } else { ", " };
            write!(f, "{separator}{device}")?;
        }
        match self.0.len().checked_sub(MOST) {
            Some(more @ 1..) => write!(f, " and {more} more"),
            Some(0) | None => Ok(()),
        }
    }
}

impl fmt::Display for PlanProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchDevice { device, found } if found.is_empty() => {
                write!(f, "there is no device {device}: no devices were found at all")
            }
            Self::NoSuchDevice { device, found } => {
                write!(f, "there is no device {device}; expected one of {}", Devices(found))
            }
            Self::Unusable { device, why } => {
                write!(f, "{device} cannot be used: {why}; expected a virtio block device")
            }
            Self::NotOperational { device } => {
                write!(f, "{device} is not operational; expected a device that answers")
            }
            Self::NotReady { device, what } => write!(
                f,
                "{device} could not be made ready ({what}); expected a device that can be used"
            ),
            Self::Empty => f.write_str("the disk has no blocks; expected one with a capacity"),
            Self::NotInBlocks { bytes, block, of } => write!(
                f,
                "its {bytes} bytes are not a multiple of {block}, the block size of {of}; \
                 expected a multiple"
            ),
            Self::NoWholeBlock { block } => write!(
                f,
                "the disk takes less than one of its blocks of {block} bytes in a request; \
                 expected at least one"
            ),
            Self::ReadOnly => {
                f.write_str("the disk is read-only; expected one that can be written")
            }
            Self::IsSecondary { primary } => write!(
                f,
                "the disk is the secondary of {primary}; expected to={primary}, which writes to both"
            ),
            Self::IsMirrorOfTarget { to } => write!(
                f,
                "the disk is the secondary of {to} and would be written while it is read; \
                 expected a disk that is not in the same pair"
            ),
            Self::LargerThanTarget { bytes, room, to } => {
                write!(f, "its {bytes} bytes do not fit on {to}; expected at most {room} bytes")
            }
            Self::RequestNotInBlocks { block } => {
                write!(f, "expected a multiple of {block}, the block size of the disk")
            }
            Self::RequestTooLarge { most } => {
                write!(f, "expected at most {most}, which is what the disk takes in a request")
            }
            Self::InNoPair { device } => {
                write!(f, "{device} is in no pair; expected a device of a pair")
            }
            Self::PairNotDuplex { pair, state } => {
                write!(f, "the pair {pair} is {state}; expected one that is duplex")
            }
            Self::Establish(error) => write!(f, "{error}"),
        }
    }
}
