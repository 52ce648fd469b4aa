//! What can be wrong with a command, and how it is said: the word at fault, then what was expected.

use crate::error::JobError;
use crate::parameters::Problem;
use crate::plan::PlanError;
use alloc::string::String;
use alloc::vec::Vec;
use channel_io::ParseDeviceIdError;
use core::fmt;
use mirror::{ChangeError, EstablishError};

/// A command line that was not understood. Shown as one line of ASCII, `word: what was expected`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandError {
    /// The word at fault, as it can be shown.
    pub word: String,
    /// What is wrong with it.
    pub problem: CommandProblem,
}

/// What is wrong with a word of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommandProblem {
    /// There is no such word here.
    Unknown {
        /// The word that may have been meant.
        nearest: Option<&'static str>,
        /// The words that there are.
        expected: Vec<&'static str>,
    },
    /// More than one word begins so.
    Ambiguous {
        /// The words that do.
        expected: Vec<&'static str>,
    },
    /// A word must follow.
    Missing {
        /// The words that there are.
        expected: Vec<&'static str>,
    },
    /// A device must follow.
    MissingDevice,
    /// The number of a job must follow.
    MissingNumber,
    /// It names no device.
    Device(ParseDeviceIdError),
    /// It is no number of a job.
    NotANumber,
    /// Nothing can follow here.
    TooMany,
    /// It is a word of a job's, and wrong.
    Parameter(Problem),
}

/// Words, as in `a, b or c`.
struct Alternatives<'a>(&'a [&'static str]);

impl fmt::Display for Alternatives<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, word) in self.0.iter().enumerate() {
            let separator = match (place, self.0.len() - place) {
                (0, _) => "",
                (_, 1) => " or ",
                (_, _) => ", ",
            };
            write!(f, "{separator}{word}")?;
        }
        Ok(())
    }
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.word, self.problem)
    }
}

impl core::error::Error for CommandError {}

impl fmt::Display for CommandProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { nearest: Some(nearest), .. } => {
                write!(f, "unknown; did you mean {nearest}?")
            }
            Self::Unknown { nearest: None, expected } => {
                write!(f, "unknown; expected {}", Alternatives(expected))
            }
            Self::Ambiguous { expected } => {
                write!(f, "ambiguous; expected {}", Alternatives(expected))
            }
            Self::Missing { expected } => {
                write!(f, "a word is missing behind it; expected {}", Alternatives(expected))
            }
            Self::MissingDevice => {
                f.write_str("a device is missing behind it; expected one, as in 0001 or 0.0.0001")
            }
            Self::MissingNumber => {
                f.write_str("a number is missing behind it; expected the number of a job")
            }
            Self::Device(error) => error.fmt(f),
            Self::NotANumber => f.write_str("not a number; expected the number of a job"),
            Self::TooMany => f.write_str("one word too many; expected the end of the command"),
            Self::Parameter(problem) => problem.fmt(f),
        }
    }
}

/// A command that was understood and is not carried out. Shown as one line of ASCII, `command: why not`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The command's own words.
    pub command: &'static str,
    /// Why not.
    pub why: Why,
}

/// Why a command is not carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// What was asked for does not go with the devices; the word at fault says which.
    Plan(PlanError),
    /// The two devices cannot be a pair.
    Establish {
        /// The word that named the first.
        word: String,
        /// Why not.
        error: EstablishError,
    },
    /// The pair cannot be changed so.
    Change {
        /// The word that named it.
        word: String,
        /// Why not.
        error: ChangeError,
    },
    /// The job cannot be started.
    Job(JobError),
    /// The device's subchannel has a channel program already.
    SubchannelBusy {
        /// The word that named it.
        word: String,
    },
    /// No job of this number is running.
    NoSuchJob {
        /// The number.
        number: u32,
        /// Those that there are.
        running: Vec<u32>,
    },
    /// The console is about to end.
    Ending,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.command, self.why)
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plan(error) => error.fmt(f),
            Self::Establish { word, error } => write!(f, "{word}: {error}"),
            Self::Change { word, error } => write!(f, "{word}: {error}"),
            Self::Job(error) => error.fmt(f),
            Self::SubchannelBusy { word } => {
                write!(f, "{word}: its subchannel is busy; expected no other sense under way")
            }
            Self::NoSuchJob { number, running } if running.is_empty() => {
                write!(f, "{number}: there is no such job; none is running")
            }
            Self::NoSuchJob { number, running } => {
                write!(f, "{number}: there is no such job; expected")?;
                for (place, number) in running.iter().enumerate() {
                    write!(f, "{}{number}", if place == 0 { " " } else { ", " })?;
                }
                Ok(())
            }
            Self::Ending => f.write_str("the console is ending; expected nothing more to be begun"),
        }
    }
}

impl From<PlanError> for Why {
    fn from(error: PlanError) -> Self {
        Self::Plan(error)
    }
}
