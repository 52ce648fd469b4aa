//! A request as a light disk has it, and how it may end.

use super::memory::BufferId;
use ios::{Operation, RequestId, Status};

/// How far a request is on its disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// In a slot, not started.
    Built,
    /// The disk works on it.
    Started,
    /// The disk is done with it; the driver has not heard of it yet.
    Ended(Status),
}

/// A request that a disk has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HeldRequest {
    /// Its name.
    pub id: RequestId,
    /// What is to be done.
    pub operation: Operation,
    /// Its data.
    pub buffer: Option<BufferId>,
    /// How far it is.
    pub stage: Stage,
    /// For a flush that was started: the changes up to this one will be durable.
    pub(crate) flushes: u32,
}

/// How a request ends that a disk has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ending {
    /// All of it is done.
    Complete,
    /// The disk fails after so many sectors were done.
    Failed {
        /// How many.
        sectors_done: u32,
    },
    /// The disk does not know the operation.
    Unsupported,
}

impl Ending {
    pub(crate) const fn status(self) -> Status {
        match self {
            Self::Complete => Status::Complete,
            Self::Failed { .. } => Status::DeviceError,
            Self::Unsupported => Status::Unsupported,
        }
    }

    pub(crate) const fn sectors_done(self) -> u32 {
        match self {
            Self::Complete => u32::MAX,
            Self::Failed { sectors_done } => sectors_done,
            Self::Unsupported => 0,
        }
    }
}

/// What becomes of the requests that a disk has when it is cleared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AtClear {
    /// Nothing of them was done, and nothing will be.
    Dropped,
    /// They were done, but nobody is told.
    Done,
    /// The clear fails; the disk has them no more.
    FailsReleased,
    /// The clear fails, and the disk goes on with them.
    FailsLost,
}
