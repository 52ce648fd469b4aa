//! What a queue is asked and what it answers: chains and their elements, notifications, errors.

use channel_io::AbsoluteAddress;
use core::fmt;

/// One of the queue's chains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChainIndex(pub(super) u16);

impl ChainIndex {
    /// The number, from 0 to the number of chains less one.
    #[must_use]
    pub const fn number(self) -> usize {
        self.0 as usize
    }
}

/// What the device does with an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// It reads it.
    Read,
    /// It writes it.
    Write,
}

/// Whether another element of the chain follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    /// Another one follows.
    Inner,
    /// It is the last one.
    Last,
}

/// A piece of storage that a chain names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Element {
    /// Where it is.
    pub address: AbsoluteAddress,
    /// How many bytes.
    pub length: u32,
    /// What the device does with it. Elements that it writes come after those that it reads.
    pub access: Access,
    /// Whether another one follows.
    pub position: Position,
}

/// What kind of notifications driver and device agreed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suppression {
    /// Each says by a flag whether it wants to be told.
    Flags,
    /// Each says by an index when it wants to be told (VIRTIO_F_EVENT_IDX).
    EventIndex,
}

/// Whether the device is to be notified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Notification {
    /// The device wants to be told.
    Wanted,
    /// The device looks by itself, or there is nothing new.
    NotWanted,
}

/// A chain that the device is done with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UsedChain {
    /// Which one; still taken until it is released.
    pub chain: ChainIndex,
    /// How many bytes the device says that it wrote: never more than it could.
    pub written: u32,
}

/// What the device said that cannot be true. From then on the queue is broken, until it is cleared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueueError {
    /// The used index says that more chains are done than the device has.
    UsedIndex {
        /// The index.
        index: u16,
        /// How far it can be at most.
        limit: u16,
    },
    /// An entry of the used ring names a chain that the device does not have.
    ChainNotOutstanding {
        /// What it names.
        id: u32,
        /// How many descriptors there are to be named.
        descriptors: u16,
    },
    /// An entry of the used ring says that more was written than there is room for.
    TooMuchWritten {
        /// How many bytes it says.
        written: u32,
        /// How many there is room for.
        writable: u32,
    },
}

impl fmt::Display for QueueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UsedIndex { index, limit } => {
                write!(f, "the used index is {index}, and cannot be beyond {limit}")
            }
            Self::ChainNotOutstanding { id, descriptors } => {
                write!(f, "used chain {id} is not outstanding ({descriptors} descriptors)")
            }
            Self::TooMuchWritten { written, writable } => {
                write!(f, "{written} bytes were written where {writable} have room")
            }
        }
    }
}

impl core::error::Error for QueueError {}
