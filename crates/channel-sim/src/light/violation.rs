//! What a program or a driver did that it must never do.

use super::{BufferId, DiskIndex};
use core::fmt;
use ios::RequestId;

/// Something that a program or a driver did and must never do.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Violation {
    /// Data was given back to its process while a device still had its address.
    GivenBackUnderDevice {
        /// The data.
        buffer: BufferId,
        /// The device.
        disk: DiskIndex,
        /// The request that the device has it for.
        request: RequestId,
    },
    /// A device reached for data that its process has already had back.
    AccessAfterGivingBack {
        /// The data.
        buffer: BufferId,
        /// The device.
        disk: DiskIndex,
        /// The request that the device has it for.
        request: RequestId,
    },
    /// A request was started that the device has already.
    StartedTwice {
        /// The device.
        disk: DiskIndex,
        /// The request.
        request: RequestId,
    },
    /// A request that the device has was to be taken back.
    TakenBackAfterStart {
        /// The device.
        disk: DiskIndex,
        /// The request.
        request: RequestId,
    },
    /// A request that no device of its kind can carry out, in words.
    Impossible {
        /// The device.
        disk: DiskIndex,
        /// The request.
        request: RequestId,
        /// What is wrong with it.
        what: &'static str,
    },
    /// An I/O instruction that nothing above a device driver has any use for.
    Instruction(&'static str),
    /// The program waited with no limit while nothing could ever happen.
    WaitedForEver,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::GivenBackUnderDevice { buffer, disk, request } => {
                write!(f, "{buffer} was given back while {disk} had it for request {request}")
            }
            Self::AccessAfterGivingBack { buffer, disk, request } => write!(
                f,
                "{disk} reached for {buffer}, which had been given back, for request {request}"
            ),
            Self::StartedTwice { disk, request } => {
                write!(f, "request {request} was started twice on {disk}")
            }
            Self::TakenBackAfterStart { disk, request } => {
                write!(f, "request {request} was taken back from {disk}, which has it")
            }
            Self::Impossible { disk, request, what } => {
                write!(f, "request {request} on {disk}: {what}")
            }
            Self::Instruction(name) => write!(f, "{name} was issued above a device driver"),
            Self::WaitedForEver => f.write_str("the program waits for ever"),
        }
    }
}
