//! What must hold, whatever happens.

use core::fmt;

/// Something that must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Property {
    /// Every value that a read finds is explained by some order of the process's own requests.
    OneDisk,
    /// What a leg that remains holds is what a read may find: a write that was confirmed is on it.
    OnEveryLeg,
    /// With nothing in flight, the legs of a duplex pair are equal.
    LegsEqual,
    /// Every request is posted, once, in time.
    EndsOnce,
    /// No read is started on a leg for sectors where that leg is behind.
    BehindIsNotRead,
    /// Nobody reaches for memory that was given back, and nothing is started twice.
    Memory,
    /// What a flush has covered is durable on every leg that remains.
    Durable,
    /// While a lock is granted, no write to its extent is in flight.
    LockHolds,
    /// A command that is refused changes nothing.
    RefusedChangesNothing,
    /// Where no pair is, no detour stands in the vectors; and where one is, they all do.
    Detours,
    /// Nothing panics.
    NoPanic,
}

impl Property {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::OneDisk,
        Self::OnEveryLeg,
        Self::LegsEqual,
        Self::EndsOnce,
        Self::BehindIsNotRead,
        Self::Memory,
        Self::Durable,
        Self::LockHolds,
        Self::RefusedChangesNothing,
        Self::Detours,
        Self::NoPanic,
    ];

    /// Its name, in one word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::OneDisk => "one-disk",
            Self::OnEveryLeg => "on-every-leg",
            Self::LegsEqual => "legs-equal",
            Self::EndsOnce => "ends-once",
            Self::BehindIsNotRead => "behind-is-not-read",
            Self::Memory => "memory",
            Self::Durable => "durable",
            Self::LockHolds => "lock-holds",
            Self::RefusedChangesNothing => "refused-changes-nothing",
            Self::Detours => "detours",
            Self::NoPanic => "no-panic",
        }
    }

    /// What it says.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OneDisk => "to its process, a pair behaves as one disk",
            Self::OnEveryLeg => "a confirmed write is on every leg that remains",
            Self::LegsEqual => "the legs of an idle duplex pair are equal",
            Self::EndsOnce => "every request ends exactly once, in time",
            Self::BehindIsNotRead => "a leg that is behind never answers a read",
            Self::Memory => "no access to memory given back, nothing started twice",
            Self::Durable => "what was flushed is durable on every leg that remains",
            Self::LockHolds => "no write is in flight under a lock",
            Self::RefusedChangesNothing => "a refused command changes nothing",
            Self::Detours => "the detours are in the vectors exactly while there is a pair",
            Self::NoPanic => "nothing panics",
        }
    }
}

/// What did not hold.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Broken {
    /// What should have.
    pub property: Property,
    /// What was the case instead.
    pub words: String,
}

impl Broken {
    /// This property did not hold, for this reason.
    pub(crate) fn new<T>(property: Property, words: impl Into<String>) -> Result<T, Self> {
        Err(Self { property, words: words.into() })
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NOT SO: {} ({})", self.property.name(), self.words)
    }
}
