//! What holds between the devices of a pair, and what each event makes of it: a full table.
//!
//! [`next`] is the whole table, a cell for every state and event; `docs/pairs.md` shows it. Who applies it is
//! `change`.

use crate::pair::Leg;
use core::fmt;
use ios::{Operation, Status};

/// What holds between the devices of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PairState {
    /// Every write goes to both, and both hold the same.
    Duplex,
    /// Every write goes to both; what the secondary lacks is being copied to it.
    Copying,
    /// I/O goes to the primary alone; the change map keeps what the secondary lacks.
    Suspended(Cause),
    /// As suspended, after the primary failed: the roles are exchanged, I/O goes to the disk that was the
    /// secondary, and the change map keeps what the failed one lacks.
    Swapped(Cause),
    /// The pair was removed: the devices have no more to do with each other.
    Simplex,
}

impl PairState {
    /// Its name, as the RESULT line has it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Duplex => "duplex",
            Self::Copying => "copying",
            Self::Suspended(_) => "suspended",
            Self::Swapped(_) => "swapped",
            Self::Simplex => "simplex",
        }
    }

    /// Why writes go to one leg alone, if they do.
    #[must_use]
    pub const fn cause(&self) -> Option<&Cause> {
        match self {
            Self::Suspended(cause) | Self::Swapped(cause) => Some(cause),
            Self::Duplex | Self::Copying | Self::Simplex => None,
        }
    }

    /// Whether writes go to both legs.
    pub(crate) const fn mirrors(&self) -> bool {
        match self {
            Self::Duplex | Self::Copying => true,
            Self::Suspended(_) | Self::Swapped(_) | Self::Simplex => false,
        }
    }
}

/// Why writes go to one leg alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// The operator said so.
    Operator,
    /// A leg failed.
    Failure(SuspendReason),
    /// A leg is not there any more. Named by the role that it had then.
    Gone(Leg),
}

impl Cause {
    /// The leg that is to blame, by the role that it had then.
    #[must_use]
    pub const fn leg(&self) -> Option<Leg> {
        match self {
            Self::Operator => None,
            Self::Failure(reason) => Some(reason.leg),
            Self::Gone(leg) => Some(*leg),
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Operator => f.write_str("by the operator"),
            Self::Failure(reason) => reason.fmt(f),
            Self::Gone(leg) => write!(f, "{leg}: the device is gone"),
        }
    }
}

/// What ended how on which leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SuspendReason {
    /// The leg that failed, by the role that it had then.
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

/// Why a pair is not changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChangeError {
    /// There is no such pair, or no longer.
    NoSuchPair,
    /// It is suspended already.
    AlreadySuspended,
    /// It is duplex already.
    AlreadyDuplex,
    /// It is being copied already.
    AlreadyCopying,
    /// The secondary lacks writes that the primary has.
    SecondaryBehind,
    /// The primary is not there, or cannot be used.
    PrimaryNotOperational,
    /// The secondary is not there, or cannot be used.
    SecondaryNotOperational,
    /// The secondary that is there now is smaller than the pair; sectors of each.
    SecondaryTooSmall {
        /// The pair's.
        pair_sectors: u64,
        /// The secondary's.
        secondary_sectors: u64,
    },
    /// The secondary that is there now does not take what the pair takes.
    SecondaryUnfit,
}

impl fmt::Display for ChangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchPair => f.write_str("there is no such pair"),
            Self::AlreadySuspended => f.write_str("its writes go to one disk alone already"),
            Self::AlreadyDuplex => f.write_str("it is duplex already"),
            Self::AlreadyCopying => f.write_str("it is being copied already"),
            Self::SecondaryBehind => {
                f.write_str("the other disk lacks writes that this one has: resume the pair first")
            }
            Self::PrimaryNotOperational => f.write_str("its primary is not operational"),
            Self::SecondaryNotOperational => f.write_str("the other disk is not operational"),
            Self::SecondaryTooSmall { pair_sectors, secondary_sectors } => write!(
                f,
                "the other disk is smaller than the pair: {} bytes, {} are needed",
                secondary_sectors.saturating_mul(512),
                pair_sectors.saturating_mul(512)
            ),
            Self::SecondaryUnfit => {
                f.write_str("the other disk is read-only, or has larger blocks than the pair")
            }
        }
    }
}

impl core::error::Error for ChangeError {}

/// What befalls a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Event {
    /// The operator suspends it.
    Suspend,
    /// The operator resumes it.
    Resume,
    /// The operator exchanges the roles.
    Swap,
    /// The operator removes it.
    Remove,
    /// The secondary failed.
    SecondaryFailed(Cause),
    /// The primary failed.
    PrimaryFailed(Cause, OnPrimaryFailure),
    /// Everything that the secondary lacked has been copied.
    CopyEnded,
}

/// What can be done when the primary fails: the policy, and whether the secondary is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum OnPrimaryFailure {
    /// Go on with the secondary.
    Swap,
    /// Nothing.
    GoOn,
}

/// What becomes of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Next {
    /// It is in this state from now on.
    To(PairState),
    /// Its roles are exchanged, and it is in this state from now on.
    Exchange(PairState),
    /// Nothing.
    Stays,
    /// The operator is refused.
    Refused(ChangeError),
}

/// The table.
pub(crate) const fn next(state: PairState, event: Event) -> Next {
    match (state, event) {
        (PairState::Duplex | PairState::Copying, Event::Suspend) => {
            Next::To(PairState::Suspended(Cause::Operator))
        }
        (PairState::Suspended(_) | PairState::Swapped(_), Event::Suspend) => {
            Next::Refused(ChangeError::AlreadySuspended)
        }
        (PairState::Duplex, Event::Resume) => Next::Refused(ChangeError::AlreadyDuplex),
        (PairState::Copying, Event::Resume) => Next::Refused(ChangeError::AlreadyCopying),
        (PairState::Suspended(_) | PairState::Swapped(_), Event::Resume) => {
            Next::To(PairState::Copying)
        }
        (PairState::Duplex, Event::Swap) => Next::Exchange(PairState::Duplex),
        (PairState::Copying | PairState::Suspended(_) | PairState::Swapped(_), Event::Swap) => {
            Next::Refused(ChangeError::SecondaryBehind)
        }
        (
            PairState::Duplex
            | PairState::Copying
            | PairState::Suspended(_)
            | PairState::Swapped(_),
            Event::Remove,
        ) => Next::To(PairState::Simplex),
        (PairState::Duplex | PairState::Copying, Event::SecondaryFailed(cause)) => {
            Next::To(PairState::Suspended(cause))
        }
        (PairState::Duplex, Event::PrimaryFailed(cause, OnPrimaryFailure::Swap)) => {
            Next::Exchange(PairState::Swapped(cause))
        }
        (PairState::Duplex, Event::PrimaryFailed(cause, OnPrimaryFailure::GoOn))
        | (PairState::Copying, Event::PrimaryFailed(cause, _)) => {
            Next::To(PairState::Suspended(cause))
        }
        (PairState::Copying, Event::CopyEnded) => Next::To(PairState::Duplex),
        (
            PairState::Suspended(_) | PairState::Swapped(_) | PairState::Simplex,
            Event::SecondaryFailed(_) | Event::PrimaryFailed(..) | Event::CopyEnded,
        )
        | (PairState::Duplex, Event::CopyEnded) => Next::Stays,
        (PairState::Simplex, Event::Suspend | Event::Resume | Event::Swap | Event::Remove) => {
            Next::Refused(ChangeError::NoSuchPair)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::{String, ToString};
    use alloc::vec::Vec;

    const CAUSE: Cause = Cause::Operator;

    /// Every state, with a name for the heading.
    const STATES: [(&str, PairState); 5] = [
        ("duplex", PairState::Duplex),
        ("copying", PairState::Copying),
        ("suspended", PairState::Suspended(CAUSE)),
        ("swapped", PairState::Swapped(CAUSE)),
        ("simplex", PairState::Simplex),
    ];

    /// Every event, with a name for the row.
    const EVENTS: [(&str, Event); 8] = [
        ("operator: suspend", Event::Suspend),
        ("operator: resume", Event::Resume),
        ("operator: swap", Event::Swap),
        ("operator: remove", Event::Remove),
        ("the secondary fails", Event::SecondaryFailed(CAUSE)),
        ("the primary fails, can be replaced", Event::PrimaryFailed(CAUSE, OnPrimaryFailure::Swap)),
        ("the primary fails, cannot", Event::PrimaryFailed(CAUSE, OnPrimaryFailure::GoOn)),
        ("everything is copied", Event::CopyEnded),
    ];

    fn cell(state: PairState, event: Event) -> String {
        match next(state, event) {
            Next::To(state) => state.name().to_string(),
            Next::Exchange(state) => alloc::format!("{}, roles exchanged", state.name()),
            Next::Stays => "stays".to_string(),
            Next::Refused(error) => alloc::format!("refused: {error}"),
        }
    }

    /// The table as `docs/pairs.md` has it.
    #[test]
    fn the_document_shows_the_table() {
        let heads: Vec<_> = STATES.iter().map(|(name, _)| *name).collect();
        let mut lines = alloc::vec![alloc::format!("| | {} |", heads.join(" | "))];
        lines.push("|---".repeat(STATES.len() + 1) + "|");
        for (name, event) in EVENTS {
            let cells: Vec<_> = STATES.iter().map(|(_, state)| cell(*state, event)).collect();
            lines.push(alloc::format!("| {name} | {} |", cells.join(" | ")));
        }
        let table = lines.join("\n");
        let document = include_str!("../../../docs/pairs.md");
        assert!(document.contains(&table), "docs/pairs.md should have:\n{table}");
    }
}
