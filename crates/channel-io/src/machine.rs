//! Time, the wait point, and the whole machine as one bound.
//!
//! Interruptions are open nowhere but at [`WaitPoint::wait`]: code above it is never re-entered.

use crate::{ChannelSubsystem, InterruptionCode, Storage};
use core::fmt;

/// A point in time, or a span of it, in microseconds. Time starts when the machine does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Microseconds(pub u64);

impl Microseconds {
    /// A span of whole seconds.
    #[must_use]
    pub const fn from_seconds(seconds: u64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// The time `span` after this one.
    #[must_use]
    pub const fn after(self, span: Self) -> Self {
        Self(self.0.saturating_add(span.0))
    }

    /// The span from `earlier` to this time; zero if `earlier` is not earlier.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Self {
        Self(self.0.saturating_sub(earlier.0))
    }
}

/// Seconds with six decimals, as trace lines show them: `12.000345`.
impl fmt::Display for Microseconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}", self.0 / 1_000_000, self.0 % 1_000_000)
    }
}

/// Why [`WaitPoint::wait`] came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Wake {
    /// An I/O interruption was taken: the subchannel named has status for TSCH.
    Io(InterruptionCode),
    /// A channel report is pending (machine-check interruption, channel-report-pending subclass):
    /// STCRW has something to say.
    ChannelReport,
    /// A service signal was taken: the console may have input.
    Service,
    /// The time given was reached and nothing else happened.
    Timeout,
}

/// The clock, and the one place where interruptions are open.
pub trait WaitPoint {
    /// The time since the machine started.
    fn now(&self) -> Microseconds;

    /// Waits, with all interruptions open, until one is taken or the time is `until`.
    /// With `None` it waits for an interruption alone, however long.
    fn wait(&mut self, until: Option<Microseconds>) -> Wake;
}

/// Where trace lines go.
pub trait TraceSink {
    /// Whether anybody listens: ask before an event is put together.
    fn tracing(&self) -> bool;

    /// Takes one event, a single line without its time and its newline, as in
    /// `SSCH subchannel=0.0001 cc=0 started`.
    fn trace(&mut self, event: fmt::Arguments<'_>);
}

/// Everything that a program needs of the machine.
pub trait Machine: ChannelSubsystem + Storage + WaitPoint + TraceSink {}

impl<M: ChannelSubsystem + Storage + WaitPoint + TraceSink> Machine for M {}
