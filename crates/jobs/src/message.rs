//! What the jobs tell the operator: each message with its identifier, its text and what it means.
//!
//! An identifier is `CCW`, three digits and `I` (information), `W` (warning) or `E` (error); the text
//! follows it on the same line. [`CATALOGUE`] has them all, for documentation that is made from it or
//! checked against it. [`Messages`] is what the kernel implements: it prints a line.

use crate::error::JobError;
use crate::parameters::JobKind;
use crate::process::Unit;
use alloc::string::String;
use channel_io::{DeviceId, Microseconds};
use core::fmt;
use mirror::SuspendReason;

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
    /// A pair.
    Pair {
        /// The first device.
        primary: DeviceId,
        /// The second device.
        secondary: DeviceId,
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
    /// A pair was suspended.
    Suspended {
        /// The first device.
        primary: DeviceId,
        /// The second device.
        secondary: DeviceId,
        /// Why.
        reason: SuspendReason,
    },
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
    /// Nothing: it is gone, or could not be brought back.
    NotOperational,
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ReadWrite => "read-write",
            Self::ReadOnly => "read-only",
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
    /// Writes that were done on both legs of a pair.
    pub mirrored_writes: u64,
    /// Flushes complete.
    pub flushes: u64,
}

/// A kind of message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its identifier.
    pub identifier: &'static str,
    /// Its text; what stands in braces varies.
    pub text: &'static str,
    /// What it means, and what the operator should do.
    pub meaning: &'static str,
}

/// Defines the kinds of messages: a name, the identifier, the text, the meaning.
macro_rules! catalogue {
    ($($name:ident $identifier:literal $text:literal $meaning:literal)+) => {
        $(const $name: Entry = Entry { identifier: $identifier, text: $text, meaning: $meaning };)+

        /// Every kind of message, by identifier.
        pub const CATALOGUE: &[Entry] = &[$($name),+];
    };
}

catalogue! {
    DEVICE "CCW010I"
        "device {device}: {kind}, {bytes} bytes, block {bytes}, queue {requests}, {access}"
        "A device was found. The queue is the number of requests that it takes at once, or not set up, \
         because only a device that is used is made ready; access is read-write, read-only or not \
         operational."
    PAIR "CCW011I"
        "pair {primary} -> {secondary} {state}"
        "A pair was established, or is listed. Every write to the primary goes to the secondary too \
         while the state is duplex."
    FOUND "CCW012I"
        "{number} devices, {number} pairs"
        "The end of the list of devices and pairs. With 0 devices no disk is attached to the machine, \
         or none that it can drive."
    PROGRESS "CCW020I"
        "{job} {device}: {done} of {total} {unit}, {percent} percent"
        "How far a job is. It comes at most four times a second, and not in a job of less than a \
         quarter of a second."
    STARTED "CCW021I"
        "{job} started: {disks}"
        "A job starts on these disks."
    ENDED "CCW022I"
        "{job} ended: {bytes} bytes in {seconds} seconds, {rate} MB/s, {reads} reads, {writes} writes \
         ({mirrored} mirrored), {flushes} flushes"
        "A job is at its end, and all of it was done. A megabyte is 1000000 bytes."
    FAILED "CCW023E"
        "{job} failed: {error}"
        "A job was not done, or not all of it. The error names the word of the parameter line, or the \
         device and the request, that stood in the way."
    REQUEST_FAILED "CCW024E"
        "{error}"
        "A request ended in an error, as the device, the operation and its sectors say. The job starts \
         no more requests, waits for those under way, and fails."
    MARK "CCW025I"
        "mark in the log on {device}, entry {number}: {text}"
        "A write log has a mark here, which somebody put there while the log was made. Everything before \
         it was written, though not necessarily flushed."
    SIZES_DIFFER "CCW026W"
        "{device} has {bytes} bytes and {device} has {bytes}: the common length is compared"
        "Two disks of different sizes are compared over the length of the smaller."
    MEASURED "CCW027I"
        "bench {device}: {number} requests a second, {rate} kB/s, latency in microseconds {p50} (p50) \
         {p99} (p99) {max} (max)"
        "What a measurement found. A kilobyte is 1000 bytes. A latency is at most 1/32 more than it \
         truly was, the largest is exact."
    SUSPENDED "CCW030W"
        "pair {primary} -> {secondary} suspended: {reason}"
        "Writes go to the primary alone from here on, for the reason given; the secondary is as it was \
         left. Find out what is wrong with the leg that failed."
}

impl Message {
    /// Its identifier. By itself, so that a program which only shows messages need not have the texts of all.
    #[must_use]
    pub const fn identifier(&self) -> &'static str {
        match self {
            Self::Device { .. } => DEVICE.identifier,
            Self::Pair { .. } => PAIR.identifier,
            Self::Found { .. } => FOUND.identifier,
            Self::Progress { .. } => PROGRESS.identifier,
            Self::Started { .. } => STARTED.identifier,
            Self::Ended(_) => ENDED.identifier,
            Self::Failed { .. } => FAILED.identifier,
            Self::RequestFailed { .. } => REQUEST_FAILED.identifier,
            Self::Mark { .. } => MARK.identifier,
            Self::SizesDiffer { .. } => SIZES_DIFFER.identifier,
            Self::Measured { .. } => MEASURED.identifier,
            Self::Suspended { .. } => SUSPENDED.identifier,
        }
    }

    /// What kind of message it is.
    #[must_use]
    pub const fn entry(&self) -> &'static Entry {
        match self {
            Self::Device { .. } => &DEVICE,
            Self::Pair { .. } => &PAIR,
            Self::Found { .. } => &FOUND,
            Self::Progress { .. } => &PROGRESS,
            Self::Started { .. } => &STARTED,
            Self::Ended(_) => &ENDED,
            Self::Failed { .. } => &FAILED,
            Self::RequestFailed { .. } => &REQUEST_FAILED,
            Self::Mark { .. } => &MARK,
            Self::SizesDiffer { .. } => &SIZES_DIFFER,
            Self::Measured { .. } => &MEASURED,
            Self::Suspended { .. } => &SUSPENDED,
        }
    }
}

/// The whole percents that `done` is of `total`.
fn percent(done: u64, total: u64) -> u64 {
    let (done, hundredth) = match done.checked_mul(100) {
        Some(hundredfold) => (hundredfold, total),
        None => (done, total / 100),
    };
    done.checked_div(hundredth).unwrap_or(100)
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { job, bytes, elapsed, reads, writes, mirrored_writes, flushes } = self;
        // Bytes a microsecond are megabytes a second.
        let rate = bytes / elapsed.0.max(1);
        write!(
            f,
            "{job} ended: {bytes} bytes in {elapsed} seconds, {rate} MB/s, {reads} reads, \
             {writes} writes ({mirrored_writes} mirrored), {flushes} flushes"
        )
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.identifier())?;
        match self {
            Self::Device { device, kind, bytes, block_bytes, queue, access } => write!(
                f,
                "device {device}: {kind}, {bytes} bytes, block {block_bytes}, queue {queue}, {access}"
            ),
            Self::Pair { primary, secondary, state } => {
                write!(f, "pair {primary} -> {secondary} {state}")
            }
            Self::Found { devices, pairs } => write!(f, "{devices} devices, {pairs} pairs"),
            Self::Progress { job, device, done, total, unit } => {
                let percent = percent(*done, *total);
                write!(f, "{job} {device}: {done} of {total} {unit}, {percent} percent")
            }
            Self::Started { job, from: Some(from), to } => {
                write!(f, "{job} started: from {from} to {to}")
            }
            Self::Started { job, from: None, to } => write!(f, "{job} started: {to}"),
            Self::Ended(summary) => summary.fmt(f),
            Self::Failed { job, error } => write!(f, "{job} failed: {error}"),
            Self::RequestFailed { error } => error.fmt(f),
            Self::Mark { device, entry, text } => {
                write!(f, "mark in the log on {device}, entry {entry}: {text}")
            }
            Self::SizesDiffer { from, to } => write!(
                f,
                "{} has {} bytes and {} has {}: the common length is compared",
                from.0, from.1, to.0, to.1
            ),
            Self::Measured { device, iops, kilobytes_per_second, p50, p99, max } => write!(
                f,
                "bench {device}: {iops} requests a second, {kilobytes_per_second} kB/s, \
                 latency in microseconds {} (p50) {} (p99) {} (max)",
                p50.0, p99.0, max.0
            ),
            Self::Suspended { primary, secondary, reason } => {
                write!(f, "pair {primary} -> {secondary} suspended: {reason}")
            }
        }
    }
}
