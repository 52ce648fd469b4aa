//! What can be wrong with a parameter line, and how it is said: the word at fault, then what was expected.

use super::{JobKind, Key};
use alloc::string::String;
use channel_io::{DeviceId, ParseDeviceIdError};
use core::fmt;
use mirror::Leg;

/// The first mistake in a parameter line. Shown as one line of ASCII, `word: what was expected`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParameterError {
    /// The word at fault, as it can be shown.
    pub word: String,
    /// What is wrong with it.
    pub problem: Problem,
    /// The job that the line asks for, where that much is clear.
    pub job: Option<JobKind>,
}

impl fmt::Display for ParameterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.word, self.problem)
    }
}

impl core::error::Error for ParameterError {}

/// What is wrong with a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// It has no `=`; the key that it is, if it is one.
    NoEquals(Option<Key>),
    /// Nothing stands before the `=`.
    NoKey,
    /// There is no such key.
    UnknownKey {
        /// The key that may have been meant.
        nearest: Option<Key>,
    },
    /// The key was given before.
    Twice {
        /// The word that gave it first.
        first: String,
    },
    /// The value is none of the names that there are.
    UnknownValue {
        /// The key.
        key: Key,
        /// The name that may have been meant.
        nearest: Option<&'static str>,
    },
    /// The value of this key is not a number.
    NotANumber(Key),
    /// The value of this key is too small.
    TooSmall(Key),
    /// The value of this key is too large.
    TooLarge(Key),
    /// The value names no device.
    Device(ParseDeviceIdError),
    /// Not two devices with a colon between them.
    NotAPair,
    /// One of the two names no device.
    PairDevice {
        /// Which.
        leg: Leg,
        /// Why.
        error: ParseDeviceIdError,
    },
    /// Both are the same device.
    PairWithItself,
    /// A device is in another pair as well.
    InTwoPairs {
        /// The device.
        device: DeviceId,
        /// The word of the other pair.
        other: String,
    },
    /// The key does not belong to the job.
    NotOfJob(JobKind),
    /// The key belongs to a job, and none was asked for.
    NeedsJob,
    /// The job needs this key.
    Missing(Key),
    /// It excludes another word.
    Excludes {
        /// The other word.
        other: String,
    },
    /// It concerns pairs, and there are none to be established.
    NeedsPairs,
    /// It is the same disk as in another word.
    SameDisk {
        /// The other word.
        other: String,
    },
}

/// Names of keys, as in `a=, b= or c=`.
struct Keys<'a>(&'a [Key]);

impl fmt::Display for Keys<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, key) in self.0.iter().enumerate() {
            let separator = match (place, self.0.len() - place) {
                (0, _) => "",
                (_, 1) => " or ",
                (_, _) => ", ",
            };
            write!(f, "{separator}{key}=")?;
        }
        Ok(())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoEquals(None) => f.write_str("it has no =; expected key=value, as in run=copy"),
            Self::NoEquals(Some(key)) => {
                write!(f, "it has no value; expected {key}= and {}", key.expected())
            }
            Self::NoKey => {
                f.write_str("it has no key before the =; expected key=value, as in run=copy")
            }
            Self::UnknownKey { nearest: Some(key) } => {
                write!(f, "unknown parameter; did you mean {key}=?")
            }
            Self::UnknownKey { nearest: None } => {
                write!(f, "unknown parameter; expected {}", Keys(&Key::ALL))
            }
            Self::Twice { first } => {
                write!(f, "given twice, first as {first}; expected it once")
            }
            Self::UnknownValue { key, nearest: Some(nearest) } => {
                write!(f, "did you mean {nearest}? expected {}", key.expected())
            }
            Self::UnknownValue { key, nearest: None } => {
                write!(f, "no such value; expected {}", key.expected())
            }
            Self::NotANumber(key) => write!(f, "not a number; expected {}", key.expected()),
            Self::TooSmall(key) => write!(f, "too small; expected {}", key.expected()),
            Self::TooLarge(key) => write!(f, "too large; expected {}", key.expected()),
            Self::Device(error) => error.fmt(f),
            Self::NotAPair => {
                write!(f, "not a pair; expected {}", Key::Mirror.expected())
            }
            Self::PairDevice { leg, error } => write!(f, "the {leg}: {error}"),
            Self::PairWithItself => f.write_str(
                "a pair of a device with itself; expected two different devices, primary:secondary",
            ),
            Self::InTwoPairs { device, other } => {
                write!(f, "{device} is in {other} as well; expected each device in one pair only")
            }
            Self::NotOfJob(job) => {
                let keys = match Key::of(*job) {
                    [] => Key::ANY,
                    own => own,
                };
                write!(f, "does not belong to {job}; expected {}", Keys(keys))
            }
            Self::NeedsPairs => {
                write!(f, "there are no pairs that it concerns; expected {}= as well", Key::Mirror)
            }
            Self::NeedsJob => write!(
                f,
                "it belongs to a job, and there is no run=; expected run= and {}",
                Key::Run.expected()
            ),
            Self::Missing(key) => write!(f, "needs {key}=; expected {}", key.expected()),
            Self::Excludes { other } => {
                write!(f, "there is {other} as well; expected one of the two")
            }
            Self::SameDisk { other } => {
                write!(f, "the same disk as {other}; expected two different disks")
            }
        }
    }
}
