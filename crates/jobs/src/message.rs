//! What the jobs tell the operator: each message with its identifier, its text and what it means.
//!
//! An identifier is `CCW`, three digits and `I` (information), `W` (warning) or `E` (error); the text
//! follows it on the same line. [`CATALOGUE`] has them all with what they mean, [`KERNEL`] those of the kernel
//! itself; `docs/messages.md` is made from both ([`document`]). [`Messages`] is what the kernel implements: it
//! prints a line.
//!
//! Files: `catalogue` (every kind of message), `kernel` (the kernel's), `pair`, `scrub` and `console` (what is told
//! of a pair, by a scrub, on the console), `text` (how each is shown), `document` (the table).

mod catalogue;
mod console;
mod document;
mod kernel;
mod pair;
mod scrub;
mod text;

pub use catalogue::{CATALOGUE, Entry};
pub use console::ConsoleNews;
pub use document::document;
pub use kernel::KERNEL;
pub use pair::{PairDetails, PairNews};
pub use scrub::{Blocks, ScrubNews};

use crate::error::JobError;
use crate::parameters::{JobKind, PairNames};
use crate::process::Unit;
use alloc::string::String;
use channel_io::{DeviceId, Microseconds};
use core::fmt;

/// Where messages go.
pub trait Messages {
    /// Takes a message; its `Display` is one line of ASCII without its end.
    fn message(&mut self, message: &Message);
}

/// A message to the operator. Shown as its identifier and its text, one line of ASCII.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// A device that was found.
    Device {
        /// Which.
        device: DeviceId,
        /// Its kind, as in `virtio-blk`.
        kind: &'static str,
        /// Its size in bytes.
        bytes: u64,
        /// Bytes a block.
        block_bytes: u32,
        /// How many requests it takes at once.
        queue: Queue,
        /// Whether it can be written to, or whether it can be used at all.
        access: Access,
    },
    /// A pair was established, or is listed.
    Pair {
        /// Its devices.
        pair: PairNames,
        /// Its state, as the RESULT line has it.
        state: &'static str,
    },
    /// How many devices and pairs there are.
    Found {
        /// Devices.
        devices: usize,
        /// Pairs.
        pairs: usize,
    },
    /// How far a job is.
    Progress {
        /// The job.
        job: JobKind,
        /// The disk that it works on.
        device: DeviceId,
        /// How much is done.
        done: u64,
        /// How much there is to do.
        total: u64,
        /// Of what.
        unit: Unit,
    },
    /// A job starts.
    Started {
        /// The job.
        job: JobKind,
        /// The disk that is read, if it is another.
        from: Option<DeviceId>,
        /// The disk that it works on.
        to: DeviceId,
    },
    /// A job is at its end.
    Ended(Summary),
    /// A job failed.
    Failed {
        /// The job, as the RESULT line has it.
        job: &'static str,
        /// Why.
        error: JobError,
    },
    /// A job asks for no more.
    Stopping {
        /// The job.
        job: JobKind,
    },
    /// A job that was stopped is over.
    Stopped(Summary),
    /// A request ended in an error.
    RequestFailed {
        /// How.
        error: JobError,
    },
    /// A mark in a write log.
    Mark {
        /// The disk that the log is on.
        device: DeviceId,
        /// The number of its entry, from 1.
        entry: u64,
        /// Its text, as it can be shown.
        text: String,
    },
    /// Two disks that are compared have different sizes.
    SizesDiffer {
        /// The one disk and its size in bytes.
        from: (DeviceId, u64),
        /// The other disk and its size in bytes.
        to: (DeviceId, u64),
    },
    /// A measurement.
    Measured {
        /// The disk.
        device: DeviceId,
        /// Requests a second.
        iops: u64,
        /// Kilobytes (1000) a second.
        kilobytes_per_second: u64,
        /// Half of the requests took no longer.
        p50: Microseconds,
        /// 99 in 100 requests took no longer.
        p99: Microseconds,
        /// No request took longer.
        max: Microseconds,
    },
    /// Something happened to a pair.
    PairNews {
        /// Its devices.
        pair: PairNames,
        /// What.
        news: PairNews,
    },
    /// A scrub found or did something.
    ScrubNews {
        /// The pair's devices.
        pair: PairNames,
        /// What.
        news: ScrubNews,
    },
    /// What a job that was started on the console tells.
    OfJob {
        /// The number of the job.
        number: u32,
        /// The identifier of what it tells.
        identifier: &'static str,
        /// The text of it.
        text: String,
    },
    /// What the console answers.
    Console(ConsoleNews),
}

/// How many requests a device takes at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Queue {
    /// So many.
    Slots(u32),
    /// That is known when it is first used.
    NotSetUp,
}

impl fmt::Display for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Slots(slots) => slots.fmt(f),
            Self::NotSetUp => f.write_str("not set up"),
        }
    }
}

/// What can be done with a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// It can be read and written.
    ReadWrite,
    /// It can be read.
    ReadOnly,
    /// Requests wait until the operator lets them go on.
    Quiesced,
    /// Nothing: it is gone, or could not be brought back.
    NotOperational,
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ReadWrite => "read-write",
            Self::ReadOnly => "read-only",
            Self::Quiesced => "quiesced",
            Self::NotOperational => "not operational",
        })
    }
}

/// What a job did, in figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The job.
    pub job: JobKind,
    /// Bytes moved.
    pub bytes: u64,
    /// How long it took.
    pub elapsed: Microseconds,
    /// Reads complete.
    pub reads: u64,
    /// Writes complete.
    pub writes: u64,
    /// Writes that were done on both legs of a pair, whichever job they were of.
    pub mirrored_writes: u64,
    /// Flushes complete.
    pub flushes: u64,
}
