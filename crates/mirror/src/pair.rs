//! A pair: a primary, its secondary, and what holds between them.

use crate::overlap::Overlap;
use core::fmt;
use ios::{Operation, Status, UcbIndex};

/// Names a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PairIndex(pub(crate) usize);

/// One of the two devices of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Leg {
    /// The first device, which processes write to.
    Primary,
    /// The second device, which has every write too.
    Secondary,
}

impl fmt::Display for Leg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Primary => "primary",
            Self::Secondary => "secondary",
        })
    }
}

/// What holds between the devices of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PairState {
    /// Every write goes to both.
    Duplex,
    /// Writes go to the primary alone; the secondary is as it was left.
    Suspended(SuspendReason),
    /// The pair was removed: the devices have no more to do with each other.
    Simplex,
}

impl PairState {
    /// Its name, as the RESULT line has it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Duplex => "duplex",
            Self::Suspended(_) => "suspended",
            Self::Simplex => "simplex",
        }
    }
}

/// Why a pair was suspended: what ended how on which leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SuspendReason {
    /// The leg that failed.
    pub leg: Leg,
    /// What it was asked to do.
    pub operation: Operation,
    /// How that ended.
    pub status: Status,
}

/// As in `secondary: write of 8 sectors at sector 2048 ended in device-error`.
impl fmt::Display for SuspendReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.leg, self.operation.name())?;
        if let Some(extent) = self.operation.extent() {
            write!(f, " of {} sectors at sector {}", extent.sectors, extent.first)?;
        }
        write!(f, " ended in {}", self.status)
    }
}

/// A primary and its secondary.
#[derive(Debug)]
pub struct Pair {
    pub(crate) primary: UcbIndex,
    pub(crate) secondary: UcbIndex,
    pub(crate) state: PairState,
    pub(crate) overlap: Overlap,
    /// Writes that are not over on both legs.
    pub(crate) in_flight: usize,
}

impl Pair {
    /// The first device.
    #[must_use]
    pub const fn primary(&self) -> UcbIndex {
        self.primary
    }

    /// The second device.
    #[must_use]
    pub const fn secondary(&self) -> UcbIndex {
        self.secondary
    }

    /// What holds between them.
    #[must_use]
    pub const fn state(&self) -> PairState {
        self.state
    }

    /// How many of its writes are not over on both legs.
    #[must_use]
    pub const fn in_flight(&self) -> usize {
        self.in_flight
    }
}
