//! Why a job failed: [`JobError`], shown as one line of ASCII.

use crate::parameters::{PairNames, ParameterError};
use crate::plan::PlanError;
use crate::replay::LogError;
use alloc::rc::Rc;
use alloc::string::String;
use channel_io::{DeviceId, StorageError};
use core::fmt;
use ios::{Operation, RefusalReason, Status};

/// Why a job failed. Shown as one line of ASCII.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobError {
    /// The parameter line is wrong in itself.
    Parameters(Rc<ParameterError>),
    /// The parameter line does not go with the devices found.
    Plan(Rc<PlanError>),
    /// A request ended in an error.
    Request {
        /// The device that was asked.
        device: DeviceId,
        /// What it was asked to do.
        operation: Operation,
        /// How that ended.
        status: Status,
    },
    /// The supervisor did not take a request.
    Refused {
        /// The device that was to be asked.
        device: DeviceId,
        /// What it was to be asked to do.
        operation: Operation,
        /// Why not.
        reason: RefusalReason,
    },
    /// A read is complete, and yet the supervisor keeps its data because a device may be using it.
    DataKept {
        /// The device that was asked.
        device: DeviceId,
        /// What it was asked to do.
        operation: Operation,
    },
    /// There is no room for the data.
    Storage(StorageError),
    /// The write log cannot be right.
    Log {
        /// The word that named the log's disk.
        word: String,
        /// What is wrong with it.
        error: LogError,
    },
    /// Two disks differ.
    Different(Difference),
    /// The disks of a pair differ, and not all of it was repaired.
    ScrubFound {
        /// The pair.
        pair: PairNames,
        /// How many blocks differ still.
        blocks: u64,
        /// The first block that differed.
        first: u64,
    },
    /// The disks of a pair could not be read everywhere.
    ScrubUnread {
        /// The pair.
        pair: PairNames,
        /// How many blocks are in the pieces that could not be read, on one disk or both.
        blocks: u64,
        /// The first of them.
        first: u64,
        /// How many blocks of the others differ still.
        differing: u64,
    },
    /// A pair that is scrubbed is not duplex any more.
    NotDuplex {
        /// The pair.
        pair: PairNames,
        /// Its state.
        state: &'static str,
    },
    /// The operator stopped it.
    Stopped,
    /// Commands were to be taken, and there is nobody to give any.
    NoTerminal,
    /// A process has nothing under way and yet is not at its end: a fault of the program.
    Stuck,
}

impl JobError {
    /// A copy. Not inlined, for it takes a while to write down and is seldom needed.
    #[cold]
    #[inline(never)]
    pub(crate) fn copied(&self) -> Self {
        self.clone()
    }
}

/// In what two disks differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The first disk.
    pub from: DeviceId,
    /// The second disk.
    pub to: DeviceId,
    /// The number of the first block that differs.
    pub block: u64,
    /// The offset on the disk of the first byte that differs.
    pub byte: u64,
    /// How many blocks differ.
    pub blocks: u64,
    /// How many blocks were compared.
    pub compared_blocks: u64,
    /// Bytes a block.
    pub block_bytes: u32,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to, block, byte, blocks, compared_blocks, block_bytes } = self;
        write!(
            f,
            "{from} and {to} differ: block {block} first, from byte {byte} on; \
             {blocks} of {compared_blocks} blocks of {block_bytes} bytes in all"
        )
    }
}

/// An operation as a message has it: `write of 8 sectors at sector 2048`.
pub(crate) struct InWords<'a>(pub(crate) &'a Operation);

impl fmt::Display for InWords<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name())?;
        match self.0.extent() {
            Some(extent) => write!(f, " of {} sectors at sector {}", extent.sectors, extent.first),
            None => Ok(()),
        }
    }
}

impl fmt::Display for JobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Parameters(error) => error.fmt(f),
            Self::Plan(error) => error.fmt(f),
            Self::Request { device, operation, status } => {
                write!(f, "{device}: {} ended in {status}", InWords(operation))
            }
            Self::Refused { device, operation, reason } => {
                write!(f, "{device}: {} was refused: {reason}", InWords(operation))
            }
            Self::DataKept { device, operation } => {
                write!(f, "{device}: {} gave no data back", InWords(operation))
            }
            Self::Storage(error) => error.fmt(f),
            Self::Log { word, error } => write!(f, "{word}: {error}"),
            Self::Different(difference) => difference.fmt(f),
            Self::ScrubFound { pair, blocks, first } => {
                write!(f, "the disks of {pair} differ in {blocks} blocks, block {first} first")
            }
            Self::ScrubUnread { pair, blocks, first, differing } => write!(
                f,
                "{blocks} blocks of {pair} could not be compared because a read failed, block {first} first; \
                 {differing} of the others differ"
            ),
            Self::NotDuplex { pair, state } => write!(
                f,
                "the pair {pair} is {state}; expected it to stay duplex until the scrub is over"
            ),
            Self::Stopped => f.write_str("stopped by the operator"),
            Self::NoTerminal => {
                f.write_str("run=console: expected a terminal to take commands from")
            }
            Self::Stuck => f.write_str("the process has nothing under way and is not at its end"),
        }
    }
}

impl core::error::Error for JobError {}

impl From<StorageError> for JobError {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}

impl From<PlanError> for JobError {
    fn from(error: PlanError) -> Self {
        Self::Plan(Rc::new(error))
    }
}

impl From<Rc<ParameterError>> for JobError {
    fn from(error: Rc<ParameterError>) -> Self {
        Self::Parameters(error)
    }
}
