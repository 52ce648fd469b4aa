//! The parameter line: from raw bytes to [`Parameters`], or to one line that says what is wrong.
//!
//! The line is `key=value` words with spaces, tabs or line ends between them; a NUL byte ends it. It may
//! be of any bytes: what is not printable ASCII is shown escaped (`\xff`), long words are shortened.
//!
//! | key | value | with |
//! |---|---|---|
//! | `mirror=` | `0001:0002[,0004:0005...]`: primary:secondary | every job, and none |
//! | `establish=` | `nocopy` (the disks hold the same), `copy` (the secondary is copied to) | `mirror=` |
//! | `on-secondary-error=` | `suspend` the pair, or `fail` the write | `mirror=`, console |
//! | `on-primary-error=` | `swap` the disks, or `fail` the request | `mirror=`, console |
//! | `run=` | `copy`, `replay`, `bench`, `compare`, `scrub`, `console`; without it the devices and pairs are listed | |
//! | `from=` `to=` | a device, `0001` or `0.0.0001` | copy, replay, compare; bench and scrub have `to=` alone |
//! | `depth=` | requests in flight, 1 to 1024; 8, for bench 32 | copy, replay, compare, bench |
//! | `op=` | `write`, `read`, `randwrite`, `randread` | bench |
//! | `bs=` | bytes a request, 512 to 16M, K and M are 1024 and 1024²; 4096 | bench |
//! | `count=` or `seconds=` | how many requests, or how long; 5 seconds | bench |
//! | `seed=` | where the random numbers start | bench |
//! | `rate=` | bytes compared a second at most, K and M as above; no limit | scrub |
//! | `repair=` | the leg that is right, `primary` or `secondary`; nothing is repaired | scrub |
//! | `trace=` | `on` or `off` | every job, and none |
//! | `deadline=` | seconds until a request that does not end is ended, 1 to 3600; 30 | every job, and none |
//!
//! What can be found wrong without knowing the devices is found here; `plan` finds the rest. Key types:
//! [`ParameterLine`], what the kernel reads before it looks for devices; [`Parameters`];
//! [`ParameterError`].

mod assemble;
mod error;
mod job;
mod key;
mod shown;
mod value;

pub use error::{ParameterError, Problem};
pub use job::{Amount, BenchOperation, Job, JobKind, Measurement, Scrubbing, TwoDisks};
pub use key::Key;
pub(crate) use key::nearest;
pub use shown::Shown;
pub(crate) use shown::copied;

use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;
use channel_io::DeviceId;
use mirror::{Initial, Policy};

/// Requests in flight of copy, replay and compare, unless it is said.
pub const DEPTH: u32 = 8;
/// Requests in flight of bench, unless it is said.
pub const BENCH_DEPTH: u32 = 32;
/// Bytes a request of bench, unless it is said.
pub const BENCH_BYTES: u32 = 4096;
/// How long bench measures, unless it is said, in seconds.
pub const BENCH_SECONDS: u64 = 5;
/// Seconds after which a request that does not end is ended, unless it is said.
pub const DEADLINE_SECONDS: u64 = 30;

/// A value and the word that it was given by, for messages about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given<T> {
    /// The value.
    pub value: T,
    /// The word, as it can be shown.
    pub word: String,
}

/// Two devices that are to be a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PairNames {
    /// The device that is written to.
    pub primary: DeviceId,
    /// The device that every write goes to as well.
    pub secondary: DeviceId,
}

impl PairNames {
    /// Whether a device is one of the two.
    #[must_use]
    pub fn has(&self, device: DeviceId) -> bool {
        self.primary == device || self.secondary == device
    }
}

/// Whether trace lines are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Trace {
    /// Yes.
    On,
    /// No.
    #[default]
    Off,
}

/// All that the parameter line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameters {
    /// The pairs to be established before the job; each with the word that names it alone.
    pub mirror: Vec<Given<PairNames>>,
    /// How these pairs begin.
    pub initial: Initial,
    /// What a pair does when one of its disks fails.
    pub policy: Policy,
    /// The job.
    pub job: Job,
    /// Whether trace lines are wanted.
    pub trace: Trace,
    /// Seconds after which a request that does not end is ended.
    pub deadline_seconds: u64,
}

impl Parameters {
    /// Reads a parameter line.
    ///
    /// # Errors
    /// [`ParameterError`]: the first mistake in the line.
    pub fn parse(line: &[u8]) -> Result<Self, ParameterError> {
        assemble::parameters(line)
    }
}

impl Job {
    /// Reads the words of one job, as a command to start it has them: its own keys alone.
    ///
    /// # Errors
    /// [`ParameterError`]: the first mistake in the words.
    pub fn parse(kind: JobKind, words: &[&[u8]]) -> Result<Self, ParameterError> {
        assemble::job(kind, words)
    }
}

/// A parameter line that was read, good or bad: what the kernel needs before it looks for devices, and
/// what [`crate::run`] needs afterwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParameterLine {
    read: Result<Parameters, Rc<ParameterError>>,
}

impl ParameterLine {
    /// Reads a line; a NUL byte ends it.
    #[must_use]
    pub fn read(line: &[u8]) -> Self {
        Self { read: Parameters::parse(line).map_err(Rc::new) }
    }

    /// What the job is called; `parameters` where a bad line does not say.
    #[must_use]
    pub fn job_name(&self) -> &'static str {
        let kind = match &self.read {
            Ok(parameters) => Some(parameters.job.kind()),
            Err(error) => error.job,
        };
        kind.map_or("parameters", JobKind::name)
    }

    /// Whether trace lines are wanted; not with a bad line.
    #[must_use]
    pub fn trace(&self) -> Trace {
        self.read.as_ref().map_or(Trace::Off, |parameters| parameters.trace)
    }

    /// Seconds after which a request that does not end is ended.
    #[must_use]
    pub fn deadline_seconds(&self) -> u64 {
        self.read.as_ref().map_or(DEADLINE_SECONDS, |parameters| parameters.deadline_seconds)
    }

    /// Whether an operator is to say what is done: for [`crate::run_console`].
    #[must_use]
    pub fn wants_console(&self) -> bool {
        self.read.as_ref().is_ok_and(|parameters| parameters.job == Job::Console)
    }

    /// What the line says.
    ///
    /// # Errors
    /// What is wrong with it.
    pub const fn parameters(&self) -> Result<&Parameters, &Rc<ParameterError>> {
        self.read.as_ref()
    }
}
