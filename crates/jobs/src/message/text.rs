//! How messages are shown.

use super::{Message, Summary};
use alloc::string::ToString;
use core::fmt;

/// The whole percents that `done` is of `total`.
pub(super) fn percent(done: u64, total: u64) -> u64 {
    let (done, hundredth) = match done.checked_mul(100) {
        Some(hundredfold) => (hundredfold, total),
        None => (done, total / 100),
    };
    done.checked_div(hundredth).unwrap_or(100)
}

impl Summary {
    fn text(&self, f: &mut fmt::Formatter<'_>, what: &str) -> fmt::Result {
        let Self { job, bytes, elapsed, reads, writes, mirrored_writes, flushes } = self;
        // Bytes a microsecond are megabytes a second.
        let rate = bytes / elapsed.0.max(1);
        write!(
            f,
            "{job} {what}: {bytes} bytes in {elapsed} seconds, {rate} MB/s, {reads} reads, \
             {writes} writes ({mirrored_writes} mirrored), {flushes} flushes"
        )
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.identifier())?;
        self.text(f)
    }
}

/// What follows the identifier of a message.
struct Text<'a>(&'a Message);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.text(f)
    }
}

impl Message {
    /// The same, told by the job of this number.
    #[must_use]
    pub fn of_job(&self, number: u32) -> Self {
        let (identifier, text) = (self.identifier(), Text(self).to_string());
        Self::OfJob { number, identifier, text }
    }

    /// What follows the identifier.
    fn text(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Device { device, kind, bytes, block_bytes, queue, access } => write!(
                f,
                "device {device}: {kind}, {bytes} bytes, block {block_bytes}, queue {queue}, {access}"
            ),
            Self::Pair { pair, state } => write!(f, "pair {pair} {state}"),
            Self::Found { devices, pairs } => write!(f, "{devices} devices, {pairs} pairs"),
            Self::PairNews { pair, news } => {
                write!(f, "pair {pair} ")?;
                news.text(f)
            }
            Self::ScrubNews { pair, news } => {
                write!(f, "scrub {pair}: ")?;
                news.text(f)
            }
            Self::OfJob { number, text, .. } => write!(f, "job {number}: {text}"),
            Self::Progress { job, device, done, total, unit } => {
                let percent = percent(*done, *total);
                write!(f, "{job} {device}: {done} of {total} {unit}, {percent} percent")
            }
            Self::Started { job, from: Some(from), to } => {
                write!(f, "{job} started: from {from} to {to}")
            }
            Self::Started { job, from: None, to } => write!(f, "{job} started: {to}"),
            Self::Ended(summary) => summary.text(f, "ended"),
            Self::Failed { job, error } => write!(f, "{job} failed: {error}"),
            Self::Stopping { job } => write!(f, "{job} stopping"),
            Self::Stopped(summary) => summary.text(f, "stopped"),
            Self::RequestFailed { error } => write!(f, "{error}"),
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
            Self::Console(news) => news.text(f),
        }
    }
}
