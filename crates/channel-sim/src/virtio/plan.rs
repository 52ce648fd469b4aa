//! When and how a request ends, and what the driver is told of it.

use channel_io::Microseconds;

/// When a request is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delay {
    /// After a random time within the disk's latency.
    Random,
    /// After this time.
    After(Microseconds),
    /// When the test says so ([`crate::SimMachine::let_go`]), which may be never.
    Held,
}

/// How a request ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestEnding {
    /// In its own way.
    Normal,
    /// In an I/O error, after nothing was done.
    IoError,
    /// In an I/O error, after this many sectors were done.
    IoErrorAfter(u32),
    /// As one that the device does not know.
    Unsupported,
    /// With this status byte, after all was done.
    Status(u8),
}

/// Whether and when an interruption tells of the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Telling {
    /// At once.
    Interruption,
    /// Never.
    Lost,
    /// After a time.
    Late(Microseconds),
    /// Before the used ring has it, which comes after this time without a further one.
    Early(Microseconds),
    /// Not at all, because the end falls between the driver's last look into the used ring and its asking to be
    /// told of the next end. With no event index, or where the driver does not ask again for 2 ms, at once.
    Race,
}

/// What the device says of a request that is not true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lie {
    /// The used index goes on by so many more than there are entries.
    UsedIndexAhead(u16),
    /// The entry names this descriptor.
    Id(u32),
    /// The entry says that so many bytes were written.
    Length(u32),
    /// The entry comes twice.
    Twice,
    /// The status byte is left as it was.
    NoStatus,
    /// The data of a read is not there, and the entry says so: only the status byte was written.
    ShortCount,
}

/// What a test has planned for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestPlan {
    /// When it is done.
    pub delay: Delay,
    /// How it ends.
    pub ending: RequestEnding,
    /// Whether and when an interruption tells.
    pub telling: Telling,
    /// What is said that is not true.
    pub lie: Option<Lie>,
}

impl RequestPlan {
    /// Done after a random time, told at once, nothing wrong.
    pub const NORMAL: Self = Self {
        delay: Delay::Random,
        ending: RequestEnding::Normal,
        telling: Telling::Interruption,
        lie: None,
    };

    /// Held until the test lets it go.
    pub const HELD: Self = Self { delay: Delay::Held, ..Self::NORMAL };

    /// This ending, else as [`RequestPlan::NORMAL`].
    #[must_use]
    pub const fn ending(ending: RequestEnding) -> Self {
        Self { ending, ..Self::NORMAL }
    }

    /// This telling, else as [`RequestPlan::NORMAL`].
    #[must_use]
    pub const fn telling(telling: Telling) -> Self {
        Self { telling, ..Self::NORMAL }
    }

    /// This lie, else as [`RequestPlan::NORMAL`].
    #[must_use]
    pub const fn lie(lie: Lie) -> Self {
        Self { lie: Some(lie), ..Self::NORMAL }
    }
}
