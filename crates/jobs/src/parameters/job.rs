//! The jobs and what each is given.

use super::Given;
use channel_io::DeviceId;
use core::fmt;
use mirror::Leg;

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
    /// The disks of a pair are read and compared while I/O goes on.
    Scrub,
    /// An operator says what is done.
    Console,
}

impl JobKind {
    /// The jobs that `run=` can name.
    pub const NAMED: [Self; 6] =
        [Self::Copy, Self::Replay, Self::Bench, Self::Compare, Self::Scrub, Self::Console];

    /// Its name, as `run=` and the RESULT line have it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Copy => "copy",
            Self::Replay => "replay",
            Self::Compare => "compare",
            Self::Bench => "bench",
            Self::Scrub => "scrub",
            Self::Console => "console",
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

/// What a scrub was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scrubbing {
    /// The pair, by the device that processes write to.
    pub to: Given<DeviceId>,
    /// Bytes compared a second, at most; as many as there can be unless it is said.
    pub rate: Option<u64>,
    /// The leg whose blocks are right, as the pair was established; without it nothing is repaired.
    pub right: Option<Leg>,
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
    /// See [`JobKind::Scrub`].
    Scrub(Scrubbing),
    /// See [`JobKind::Console`].
    Console,
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
            Self::Scrub(_) => JobKind::Scrub,
            Self::Console => JobKind::Console,
        }
    }
}
