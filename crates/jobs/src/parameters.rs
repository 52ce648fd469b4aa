//! The parameter line: from raw bytes to [`Parameters`], or to one line that says what is wrong.
//!
//! The line is `key=value` words with spaces, tabs or line ends between them; a NUL byte ends it. It may
//! be of any bytes: what is not printable ASCII is shown escaped (`\xff`), long words are shortened.
//!
//! | key | value | with |
//! |---|---|---|
//! | `mirror=` | `0001:0002[,0004:0005...]`: primary:secondary | every job, and none |
//! | `run=` | `copy`, `replay`, `bench`, `compare`; without it the devices and pairs are listed | |
//! | `from=` `to=` | a device, `0001` or `0.0.0001` | copy, replay, compare; bench has `to=` alone |
//! | `depth=` | requests in flight, 1 to 1024; 8, for bench 32 | every job |
//! | `op=` | `write`, `read`, `randwrite`, `randread` | bench |
//! | `bs=` | bytes a request, 512 to 16M, K and M are 1024 and 1024²; 4096 | bench |
//! | `count=` or `seconds=` | how many requests, or how long; 5 seconds | bench |
//! | `seed=` | where the random numbers start | bench |
//! | `trace=` | `on` or `off` | every job, and none |
//! | `deadline=` | seconds until a request that does not end is ended, 1 to 3600; 30 | every job, and none |
//!
//! What can be found wrong without knowing the devices is found here; `plan` finds the rest. Key types:
//! [`ParameterLine`], what the kernel reads before it looks for devices; [`Parameters`];
//! [`ParameterError`].

mod assemble;
mod error;
mod key;
mod shown;
mod value;

pub use error::{ParameterError, Problem};
pub use key::Key;
pub use shown::Shown;
pub(crate) use shown::copied;

use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;
use channel_io::DeviceId;
use core::fmt;

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

/// What kind of job it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JobKind {
    /// The devices and pairs are listed, and that is all.
    List,
    /// All of one disk on to the start of another.
    Copy,
    /// A write log on one disk on to another.
    Replay,
    /// Two disks are read and compared.
    Compare,
    /// A disk is measured.
    Bench,
}

impl JobKind {
    /// The jobs that `run=` can name.
    pub const NAMED: [Self; 4] = [Self::Copy, Self::Replay, Self::Bench, Self::Compare];

    /// Its name, as `run=` and the RESULT line have it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Copy => "copy",
            Self::Replay => "replay",
            Self::Compare => "compare",
            Self::Bench => "bench",
        }
    }
}

impl fmt::Display for JobKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a job that reads one disk and acts on another was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TwoDisks {
    /// The disk that is read.
    pub from: Given<DeviceId>,
    /// The disk that is written, or compared with.
    pub to: Given<DeviceId>,
    /// Requests in flight.
    pub depth: u32,
}

/// What a measurement does to its disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BenchOperation {
    /// Writes, one block behind the other.
    Write,
    /// Reads, one block behind the other.
    Read,
    /// Writes anywhere.
    RandomWrite,
    /// Reads anywhere.
    RandomRead,
}

impl BenchOperation {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Write, Self::Read, Self::RandomWrite, Self::RandomRead];

    /// Its name, as `op=` has it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Write => "write",
            Self::Read => "read",
            Self::RandomWrite => "randwrite",
            Self::RandomRead => "randread",
        }
    }

    /// Whether it changes the disk.
    #[must_use]
    pub const fn writes(self) -> bool {
        match self {
            Self::Write | Self::RandomWrite => true,
            Self::Read | Self::RandomRead => false,
        }
    }
}

impl fmt::Display for BenchOperation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How much a measurement does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// So many requests.
    Count(u64),
    /// As many requests as there are in so many seconds.
    Seconds(u64),
}

/// What a measurement was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measurement {
    /// The disk.
    pub to: Given<DeviceId>,
    /// What is done to it.
    pub operation: BenchOperation,
    /// Bytes a request.
    pub block: Given<u32>,
    /// Requests in flight.
    pub depth: u32,
    /// How much.
    pub amount: Amount,
    /// Where the random numbers start.
    pub seed: u64,
}

/// A job and what it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Job {
    /// See [`JobKind::List`].
    List,
    /// See [`JobKind::Copy`].
    Copy(TwoDisks),
    /// See [`JobKind::Replay`].
    Replay(TwoDisks),
    /// See [`JobKind::Compare`].
    Compare(TwoDisks),
    /// See [`JobKind::Bench`].
    Bench(Measurement),
}

impl Job {
    /// What kind of job it is.
    #[must_use]
    pub const fn kind(&self) -> JobKind {
        match self {
            Self::List => JobKind::List,
            Self::Copy(_) => JobKind::Copy,
            Self::Replay(_) => JobKind::Replay,
            Self::Compare(_) => JobKind::Compare,
            Self::Bench(_) => JobKind::Bench,
        }
    }
}

/// All that the parameter line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameters {
    /// The pairs to be established before the job; each with the word that names it alone.
    pub mirror: Vec<Given<PairNames>>,
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

    /// What the line says.
    ///
    /// # Errors
    /// What is wrong with it.
    pub const fn parameters(&self) -> Result<&Parameters, &Rc<ParameterError>> {
        self.read.as_ref()
    }
}
