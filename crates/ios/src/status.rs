//! How a request ended.

use core::fmt;

/// How a request ended, as its process is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// Done, all of it.
    Complete,
    /// The device tried and reports an error.
    DeviceError,
    /// The device does not know the operation.
    Unsupported,
    /// The device is not there, or no longer.
    NotOperational,
    /// The device gave no answer within the request's time and was cleared.
    TimedOut,
    /// What the device said cannot be true; it was cleared and is used no more.
    ProtocolError,
    /// It was taken back before it was started.
    Cancelled,
    /// A routine installed in the path refused it.
    Rejected,
}

impl Status {
    /// Whether all of it was done.
    #[must_use]
    pub const fn is_complete(self) -> bool {
        matches!(self, Self::Complete)
    }

    /// Its name in words.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::DeviceError => "device-error",
            Self::Unsupported => "unsupported",
            Self::NotOperational => "not-operational",
            Self::TimedOut => "timed-out",
            Self::ProtocolError => "protocol-error",
            Self::Cancelled => "cancelled",
            Self::Rejected => "rejected",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
