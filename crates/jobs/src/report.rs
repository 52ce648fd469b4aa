//! The RESULT line: [`Report`], shown as one line of JSON in ASCII.
//!
//! The first fields are the same for every job and always there, in this order: `job`, `status`, `reads`,
//! `writes`, `flushes`, `bytes`, `mirrored_writes`, `deferred_starts`, `microseconds`, `pairs`, `error`.
//! `error` is empty unless the status is `failed`, and a pair's `reason` is empty unless the pair is
//! suspended or swapped; its `active` is the device that I/O goes to first. Fields of one job alone follow ([`Extra`]).
//!
//! `reads`, `writes` and `flushes` count the job's own requests that are complete; discards and
//! write-zeroes are writes, as they are among the `mirrored_writes`.

pub(crate) mod last_words;

use crate::json::{Escaped, List, Object};
use crate::message::PairDetails;
use crate::pairs::details;
use crate::platform::JobPlatform;
use crate::requests::Counts;
use alloc::string::String;
use alloc::vec::Vec;
use channel_io::{DeviceId, Microseconds};
use core::fmt;
use ios::Ios;
use mirror::{MirrorAnchor, PairState};

/// How a job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobStatus {
    /// All of it was done, and every pair is as it should be.
    Ok,
    /// All of it was done and is safe on one leg, but a pair is suspended or swapped.
    Degraded,
    /// It was not done, or not all of it.
    Failed,
}

impl JobStatus {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Degraded => "degraded",
            Self::Failed => "failed",
        }
    }

    /// Whether the machine should end as after a success.
    #[must_use]
    pub const fn is_success(self) -> bool {
        match self {
            Self::Ok | Self::Degraded => true,
            Self::Failed => false,
        }
    }
}

impl fmt::Display for JobStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A pair at the end of a job. Shown as a JSON object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PairReport {
    /// The first device, as the pair was established.
    pub primary: DeviceId,
    /// The second device, as the pair was established.
    pub secondary: DeviceId,
    /// The device that I/O goes to first.
    pub active: DeviceId,
    /// The state that it is in.
    pub state: &'static str,
    /// Why it is suspended or swapped; empty if it is not.
    pub reason: String,
}

impl fmt::Display for PairReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Object::new(f)
            .field("primary", &Escaped(&self.primary))?
            .field("secondary", &Escaped(&self.secondary))?
            .text("state", self.state)?
            .text("reason", &self.reason)?
            .field("active", &Escaped(&self.active))?
            .end()
    }
}

/// A field of one job alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extra {
    /// Its name.
    pub name: &'static str,
    /// Its value.
    pub value: Value,
}

/// The value of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A number.
    Number(u64),
    /// A number, or `null`.
    Optional(Option<u64>),
    /// A word.
    Word(&'static str),
    /// How long requests took.
    Latency(Latency),
}

/// How long requests took, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Latency {
    /// Half of them took no longer; at most 1/32 more than it truly was.
    pub p50: u64,
    /// 99 in 100 took no longer; at most 1/32 more than it truly was.
    pub p99: u64,
    /// The longest, exact.
    pub max: u64,
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) | Self::Optional(Some(number)) => number.fmt(f),
            Self::Optional(None) => f.write_str("null"),
            Self::Word(word) => Escaped(word).fmt(f),
            Self::Latency(Latency { p50, p99, max }) => {
                Object::new(f).field("p50", p50)?.field("p99", p99)?.field("max", max)?.end()
            }
        }
    }
}

/// What came of a parameter line. Shown as the RESULT line without its first word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The job; `parameters` if the line does not even say that.
    pub job: &'static str,
    /// How it ended.
    pub status: JobStatus,
    /// What it did.
    pub counts: Counts,
    /// The bytes that it was about.
    pub bytes: u64,
    /// Writes that were done on both legs of a pair.
    pub mirrored_writes: u64,
    /// Second starts that were not permissible at once, and were scheduled.
    pub deferred_starts: u64,
    /// How long it took; of a measurement, the part that was measured.
    pub elapsed: Microseconds,
    /// All pairs.
    pub pairs: Vec<PairReport>,
    /// Why it failed; empty if it did not.
    pub error: String,
    /// What is to be known of this job alone.
    pub extra: Vec<Extra>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut object = Object::new(f);
        object
            .text("job", self.job)?
            .text("status", self.status.name())?
            .field("reads", &self.counts.reads)?
            .field("writes", &self.counts.writes)?
            .field("flushes", &self.counts.flushes)?
            .field("bytes", &self.bytes)?
            .field("mirrored_writes", &self.mirrored_writes)?
            .field("deferred_starts", &self.deferred_starts)?
            .field("microseconds", &self.elapsed.0)?
            .field("pairs", &List(&self.pairs))?
            .text("error", &self.error)?;
        for Extra { name, value } in &self.extra {
            object.field(name, value)?;
        }
        object.end()
    }
}

impl Report {
    /// The whole line, `RESULT ` and the report, without its end.
    #[must_use]
    pub fn line(&self) -> String {
        alloc::format!("RESULT {self}")
    }
}

/// All pairs as they are now.
pub(crate) fn pairs<P: JobPlatform>(ios: &Ios<P>) -> Vec<PairReport> {
    let details = ios.anchor.mirror().pairs().filter_map(|(_, pair)| details(ios, pair));
    let reports = details.map(|PairDetails { pair, state, active, reason, .. }| PairReport {
        primary: pair.primary,
        secondary: pair.secondary,
        active,
        state,
        reason,
    });
    reports.collect()
}

/// Whether every pair that there still is has both its legs.
pub(crate) fn all_duplex<P: JobPlatform>(ios: &Ios<P>) -> bool {
    ios.anchor.mirror().pairs().all(|(_, pair)| match pair.state() {
        PairState::Duplex | PairState::Simplex => true,
        PairState::Copying | PairState::Suspended(_) | PairState::Swapped(_) => false,
    })
}
