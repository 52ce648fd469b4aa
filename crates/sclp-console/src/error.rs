//! What can go wrong: one error type an operation, around [`ServiceCallError`], which they share.

use core::error::Error;
use core::fmt;

use crate::backend::{SccbAddressError, SccbInUse, TimedOut};
#[cfg(doc)]
use crate::driver::SclpConsole;
use crate::driver::{Interface, Offered};
use crate::spec::ResponseCode;
use crate::spec::scp_info::ImplausibleMemory;

/// A command could not be carried to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ServiceCallError {
    /// SERVICE CALL cannot reach the SCCB.
    Address(SccbAddressError),
    /// SERVICE CALL answered *not operational*.
    NotOperational,
    /// SERVICE CALL answered *busy*, this often, and then the backend gave up waiting.
    Busy {
        /// How often.
        attempts: u32,
    },
    /// The command, or an earlier one, did not end within the backend's time limit. It may yet
    /// end; the driver deals with its outcome before its next command.
    TimedOut,
}

impl fmt::Display for ServiceCallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(error) => write!(f, "{error}"),
            Self::NotOperational => write!(f, "the SCLP is not operational"),
            Self::Busy { attempts } => write!(f, "the SCLP was busy {attempts} times"),
            Self::TimedOut => write!(f, "the SCLP did not end a command in time"),
        }
    }
}

impl Error for ServiceCallError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Address(error) => Some(error),
            Self::NotOperational | Self::Busy { .. } | Self::TimedOut => None,
        }
    }
}

impl From<SccbAddressError> for ServiceCallError {
    fn from(error: SccbAddressError) -> Self {
        Self::Address(error)
    }
}

impl From<TimedOut> for ServiceCallError {
    fn from(_: TimedOut) -> Self {
        Self::TimedOut
    }
}

impl From<SccbInUse> for ServiceCallError {
    fn from(_: SccbInUse) -> Self {
        Self::TimedOut
    }
}

/// Why [`SclpConsole::initialise`] failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InitialiseError {
    /// WRITE EVENT MASK could not be carried out.
    Call(ServiceCallError),
    /// WRITE EVENT MASK was refused.
    Refused(ResponseCode),
    /// The SCLP offers no console, or not the one that was asked for.
    NotOffered {
        /// Which was asked for; `None` when any would do.
        wanted: Option<Interface>,
        /// What the SCLP does offer.
        offered: Offered,
    },
}

impl fmt::Display for InitialiseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call(error) => write!(f, "setting the event mask failed: {error}"),
            Self::Refused(code) => write!(f, "the event mask was refused: {code}"),
            Self::NotOffered { wanted: None, .. } => write!(f, "the SCLP offers no console"),
            Self::NotOffered { wanted: Some(interface), .. } => {
                write!(f, "the SCLP does not offer the {interface}")
            }
        }
    }
}

impl Error for InitialiseError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Call(error) => Some(error),
            Self::Refused(_) | Self::NotOffered { .. } => None,
        }
    }
}

impl From<ServiceCallError> for InitialiseError {
    fn from(error: ServiceCallError) -> Self {
        Self::Call(error)
    }
}

/// Why output did not go out; the cause within [`WriteError`] and [`FlushError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SendError {
    /// No interface was chosen yet; see [`SclpConsole::initialise`].
    NotInitialised,
    /// WRITE EVENT DATA could not be carried out.
    Call(ServiceCallError),
    /// WRITE EVENT DATA was refused, for good or more often than is worth trying.
    Refused(ResponseCode),
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotInitialised => write!(f, "the console is not initialised"),
            Self::Call(error) => write!(f, "{error}"),
            Self::Refused(code) => write!(f, "the SCLP refused the output: {code}"),
        }
    }
}

impl Error for SendError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Call(error) => Some(error),
            Self::NotInitialised | Self::Refused(_) => None,
        }
    }
}

impl From<ServiceCallError> for SendError {
    fn from(error: ServiceCallError) -> Self {
        Self::Call(error)
    }
}

impl From<SccbInUse> for SendError {
    fn from(error: SccbInUse) -> Self {
        Self::Call(error.into())
    }
}

/// Why [`SclpConsole::write_bytes`] failed.
///
/// The first `accepted` bytes are written or held by the console, which will send what it holds
/// before anything else; the rest it never took.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct WriteError {
    /// How many of the caller's bytes the console has taken.
    pub accepted: usize,
    /// What went wrong.
    pub cause: SendError,
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "writing failed after {} bytes: {}", self.accepted, self.cause)
    }
}

impl Error for WriteError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.cause)
    }
}

/// Why [`SclpConsole::flush`] failed. Nothing is lost: the bytes are still held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FlushError {
    /// How many bytes the console holds.
    pub held: usize,
    /// What went wrong.
    pub cause: SendError,
}

impl fmt::Display for FlushError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "flushing failed with {} bytes held: {}", self.held, self.cause)
    }
}

impl Error for FlushError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.cause)
    }
}

/// Why [`SclpConsole::try_read`] or [`SclpConsole::read`] failed. No input is lost by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReadError {
    /// No interface was chosen yet; see [`SclpConsole::initialise`].
    NotInitialised,
    /// READ EVENT DATA could not be carried out.
    Call(ServiceCallError),
    /// READ EVENT DATA was refused.
    Refused(ResponseCode),
    /// No input came for as long as the backend is willing to wait.
    TimedOut,
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotInitialised => write!(f, "the console is not initialised"),
            Self::Call(error) => write!(f, "reading failed: {error}"),
            Self::Refused(code) => write!(f, "the SCLP refused to give events: {code}"),
            Self::TimedOut => write!(f, "no input came within the time limit"),
        }
    }
}

impl Error for ReadError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Call(error) => Some(error),
            Self::NotInitialised | Self::Refused(_) | Self::TimedOut => None,
        }
    }
}

impl From<ServiceCallError> for ReadError {
    fn from(error: ServiceCallError) -> Self {
        Self::Call(error)
    }
}

/// Why [`SclpConsole::read_scp_info`] failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReadScpInfoError {
    /// READ SCP INFO could not be carried out.
    Call(ServiceCallError),
    /// READ SCP INFO was refused.
    Refused(ResponseCode),
    /// The answer cannot be true.
    Implausible(ImplausibleMemory),
}

impl fmt::Display for ReadScpInfoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call(error) => write!(f, "reading SCP information failed: {error}"),
            Self::Refused(code) => write!(f, "SCP information was refused: {code}"),
            Self::Implausible(memory) => write!(f, "{memory}"),
        }
    }
}

impl Error for ReadScpInfoError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Call(error) => Some(error),
            Self::Implausible(memory) => Some(memory),
            Self::Refused(_) => None,
        }
    }
}

impl From<ServiceCallError> for ReadScpInfoError {
    fn from(error: ServiceCallError) -> Self {
        Self::Call(error)
    }
}
