//! What the operator is told of a pair.

use crate::parameters::PairNames;
use alloc::string::String;
use channel_io::{DeviceId, StorageError};
use core::fmt;
use ios::{Operation, Status};
use mirror::{Cause, Leg};

/// Something that happened to a pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PairNews {
    /// It was suspended.
    Suspended(Cause),
    /// It is being copied.
    Copying {
        /// How many blocks are to be copied.
        blocks: u64,
        /// Bytes a block.
        block_bytes: u64,
    },
    /// How far its copy is.
    CopyProgress {
        /// Blocks copied.
        done: u64,
        /// Blocks to be copied.
        total: u64,
    },
    /// It was copied.
    Copied {
        /// How many blocks were.
        blocks: u64,
        /// Bytes a block.
        block_bytes: u64,
    },
    /// Its copy ended before it was done.
    CopyStopped {
        /// How many blocks were copied.
        blocks: u64,
        /// Its state now.
        state: &'static str,
    },
    /// There is no room for the data of its copy.
    NoStorage(StorageError),
    /// Its devices exchanged their roles.
    Swapped {
        /// Why.
        cause: Cause,
        /// The device that I/O goes to first now.
        active: DeviceId,
    },
    /// It was removed.
    Removed,
    /// A read failed on one of its devices, and was answered by the other.
    ReadAnswered {
        /// Where it failed.
        leg: Leg,
        /// What was read.
        operation: Operation,
        /// How that ended.
        status: Status,
    },
}

/// All that is to be known of a pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PairDetails {
    /// Its devices.
    pub pair: PairNames,
    /// Its state, as the RESULT line has it.
    pub state: &'static str,
    /// The device that I/O goes to first.
    pub active: DeviceId,
    /// How many blocks are to be copied before the devices hold the same.
    pub changed_blocks: u64,
    /// Bytes a block.
    pub block_bytes: u64,
    /// How many of its writes are in flight.
    pub in_flight: usize,
    /// Why it is not duplex; empty if it is.
    pub reason: String,
}

impl fmt::Display for PairDetails {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pair, state, active, changed_blocks, block_bytes, in_flight, reason } = self;
        let reason = if reason.is_empty() { "none" } else { reason };
        write!(
            f,
            "pair {pair} {state}: I/O goes to {active} first, {changed_blocks} blocks of {block_bytes} bytes \
             to be copied, {in_flight} writes in flight, reason: {reason}"
        )
    }
}

impl fmt::Display for PairNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} -> {}", self.primary, self.secondary)
    }
}

impl PairNews {
    /// The identifier of the message that tells it.
    pub(super) const fn identifier(&self) -> &'static str {
        use super::catalogue as kind;
        match self {
            Self::Suspended(_) => kind::SUSPENDED.identifier,
            Self::Copying { .. } => kind::COPYING.identifier,
            Self::CopyProgress { .. } => kind::COPY_PROGRESS.identifier,
            Self::Copied { .. } => kind::COPIED.identifier,
            Self::CopyStopped { .. } => kind::COPY_STOPPED.identifier,
            Self::NoStorage(_) => kind::NO_STORAGE.identifier,
            Self::Swapped { .. } => kind::SWAPPED.identifier,
            Self::Removed => kind::REMOVED.identifier,
            Self::ReadAnswered { .. } => kind::READ_ANSWERED.identifier,
        }
    }

    /// Shows it, behind the names of the pair.
    pub(super) fn text(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Suspended(cause) => write!(f, "suspended: {cause}"),
            Self::Copying { blocks, block_bytes } => {
                write!(f, "copying: {blocks} blocks of {block_bytes} bytes")
            }
            Self::CopyProgress { done, total } => {
                let percent = super::text::percent(*done, *total);
                write!(f, "copying: {done} of {total} blocks, {percent} percent")
            }
            Self::Copied { blocks, block_bytes } => {
                write!(f, "duplex: {blocks} blocks of {block_bytes} bytes were copied")
            }
            Self::CopyStopped { blocks, state } => {
                write!(f, "{state}: the copy ended after {blocks} blocks")
            }
            Self::NoStorage(error) => write!(f, "cannot be copied: {error}"),
            Self::Swapped { cause, active } => {
                write!(f, "swapped: {cause}; I/O goes to {active} first")
            }
            Self::Removed => f.write_str("removed"),
            Self::ReadAnswered { leg, operation, status } => {
                let operation = crate::error::InWords(operation);
                write!(f, "{operation} ended in {status} on the {leg}, the other answered")
            }
        }
    }
}
