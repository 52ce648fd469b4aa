//! From a command line to a [`Command`], or to one line that says what is wrong.

use super::error::{CommandError, CommandProblem};
use super::words::{Choice, Words};
use crate::parameters::{Given, Job, JobKind, ParameterError, Trace};
use alloc::vec::Vec;
use channel_io::DeviceId;
use mirror::{Initial, Resync};

/// What an operator can ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// What the commands do: all, or those that begin with this word.
    Help(Option<&'static str>),
    /// The devices.
    DisplayDevices,
    /// The pairs.
    DisplayPairs,
    /// The path to a device.
    DisplayPath(Given<DeviceId>),
    /// The jobs that are running.
    DisplayJobs,
    /// Makes a pair.
    Establish {
        /// The device that is written to.
        primary: Given<DeviceId>,
        /// The device that every write goes to as well.
        secondary: Given<DeviceId>,
        /// How the pair begins.
        initial: Initial,
    },
    /// Changes a pair.
    Change {
        /// What is done to it.
        change: Change,
        /// The pair, by one of its devices.
        pair: Given<DeviceId>,
    },
    /// Starts a job.
    Start(Job),
    /// Stops the job of this number.
    Stop(u32),
    /// Trace lines, or none.
    Trace(Trace),
    /// Asks a device what it is.
    Sense(Given<DeviceId>),
    /// Lets no more requests start on a device.
    Quiesce(Given<DeviceId>),
    /// Takes that back.
    Unquiesce(Given<DeviceId>),
    /// Ends the console.
    Shutdown,
}

/// What is done to a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Writes go to one disk alone.
    Suspend,
    /// What the other lacks is copied, or everything.
    Resume(Resync),
    /// The devices exchange their roles.
    Swap,
    /// The devices have no more to do with each other.
    Remove,
}

/// What stands for the rest of a command.
type Rest = fn(&mut Words<'_>) -> Result<Command, CommandError>;

/// The commands, by their first word.
pub(super) const COMMANDS: &[Choice<Rest>] = &[
    ("help", help),
    ("display", |words| words.choose(DISPLAY)?(words)),
    ("mirror", |words| words.choose(MIRROR)?(words)),
    ("start", start),
    ("stop", |words| words.number().map(Command::Stop)),
    ("scrub", scrub),
    ("trace", |words| words.choose(TRACE).map(Command::Trace)),
    ("sense", |words| words.device().map(Command::Sense)),
    ("quiesce", |words| words.device().map(Command::Quiesce)),
    ("unquiesce", |words| words.device().map(Command::Unquiesce)),
    ("shutdown", |_| Ok(Command::Shutdown)),
];

const DISPLAY: &[Choice<Rest>] = &[
    ("devices", |_| Ok(Command::DisplayDevices)),
    ("pairs", |_| Ok(Command::DisplayPairs)),
    ("path", |words| words.device().map(Command::DisplayPath)),
    ("jobs", |_| Ok(Command::DisplayJobs)),
];

const MIRROR: &[Choice<Rest>] = &[
    ("establish", establish),
    ("suspend", |words| change(words, Change::Suspend)),
    ("resume", resume),
    ("swap", |words| change(words, Change::Swap)),
    ("remove", |words| change(words, Change::Remove)),
];

const INITIAL: &[Choice<Initial>] = &[("copy", Initial::Copy), ("nocopy", Initial::NoCopy)];
const RESYNC: &[Choice<Resync>] = &[("all", Resync::All), ("changed", Resync::Changed)];
const TRACE: &[Choice<Trace>] = &[("on", Trace::On), ("off", Trace::Off)];

/// The jobs that can be started.
const JOBS: &[Choice<JobKind>] = &[
    ("copy", JobKind::Copy),
    ("replay", JobKind::Replay),
    ("compare", JobKind::Compare),
    ("bench", JobKind::Bench),
    ("scrub", JobKind::Scrub),
];

impl Command {
    /// Reads a command line: words with spaces between them, in upper or lower case. A command's own words may be
    /// shortened as long as they mean one thing. An empty line is none.
    ///
    /// # Errors
    /// [`CommandError`]: the first mistake in the line.
    pub fn parse(line: &str) -> Result<Option<Self>, CommandError> {
        let line = line.to_ascii_lowercase();
        let mut words = Words::of(&line);
        if words.is_empty() {
            return Ok(None);
        }
        let command = words.choose(COMMANDS)?(&mut words)?;
        words.end()?;
        Ok(Some(command))
    }

    /// Its own words, as an answer to it has them.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Help(_) => "help",
            Self::DisplayDevices => "display devices",
            Self::DisplayPairs => "display pairs",
            Self::DisplayPath(_) => "display path",
            Self::DisplayJobs => "display jobs",
            Self::Establish { .. } => "mirror establish",
            Self::Change { change, .. } => match change {
                Change::Suspend => "mirror suspend",
                Change::Resume(_) => "mirror resume",
                Change::Swap => "mirror swap",
                Change::Remove => "mirror remove",
            },
            Self::Start(job) => match job {
                Job::Copy(_) => "start copy",
                Job::Replay(_) => "start replay",
                Job::Compare(_) => "start compare",
                Job::Bench(_) => "start bench",
                Job::Scrub(_) => "scrub",
                Job::List | Job::Console => "start",
            },
            Self::Stop(_) => "stop",
            Self::Trace(Trace::On) => "trace on",
            Self::Trace(Trace::Off) => "trace off",
            Self::Sense(_) => "sense",
            Self::Quiesce(_) => "quiesce",
            Self::Unquiesce(_) => "unquiesce",
            Self::Shutdown => "shutdown",
        }
    }
}

fn help(words: &mut Words<'_>) -> Result<Command, CommandError> {
    if words.is_empty() {
        return Ok(Command::Help(None));
    }
    let names: Vec<_> = COMMANDS.iter().map(|(name, _)| *name).collect();
    words.one_of(&names).map(|place| Command::Help(names.get(place).copied()))
}

fn establish(words: &mut Words<'_>) -> Result<Command, CommandError> {
    let (primary, secondary) = (words.device()?, words.device()?);
    let initial = words.choose_if_any(INITIAL)?.unwrap_or(Initial::Copy);
    Ok(Command::Establish { primary, secondary, initial })
}

fn change(words: &mut Words<'_>, change: Change) -> Result<Command, CommandError> {
    words.device().map(|pair| Command::Change { change, pair })
}

fn resume(words: &mut Words<'_>) -> Result<Command, CommandError> {
    let pair = words.device()?;
    let resync = words.choose_if_any(RESYNC)?.unwrap_or(Resync::Changed);
    Ok(Command::Change { change: Change::Resume(resync), pair })
}

fn start(words: &mut Words<'_>) -> Result<Command, CommandError> {
    let kind = words.choose(JOBS)?;
    job(kind, words.rest()).map(Command::Start)
}

/// `scrub 0001`, which is `start scrub to=0001`.
fn scrub(words: &mut Words<'_>) -> Result<Command, CommandError> {
    let to = words.device()?;
    let key = alloc::format!("to={}", to.value);
    let mut all = alloc::vec![key.as_bytes()];
    all.extend_from_slice(words.rest());
    let mut job = job(JobKind::Scrub, &all)?;
    if let Job::Scrub(scrubbing) = &mut job {
        scrubbing.to = to;
    }
    Ok(Command::Start(job))
}

fn job(kind: JobKind, words: &[&[u8]]) -> Result<Job, CommandError> {
    let mistake = |error: ParameterError| CommandError {
        word: error.word,
        problem: CommandProblem::Parameter(error.problem),
    };
    Job::parse(kind, words).map_err(mistake)
}
