//! A pair: a primary, its secondary, and what holds between them.

use crate::changes::ChangeMap;
use crate::overlap::Overlap;
use crate::state::{Cause, PairState};
use core::fmt;
use ios::{Characteristics, Extent, UcbIndex};

/// Names a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PairIndex(pub(crate) usize);

/// One of the two devices of a pair, by its present role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Leg {
    /// The device that I/O goes to first.
    Primary,
    /// The other device, which has every write too.
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

/// What becomes of writes when the secondary fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OnSecondaryError {
    /// The pair is suspended, and they go on to the primary alone.
    #[default]
    Suspend,
    /// The pair is suspended, and they fail: nothing is written that is not on two disks.
    Fail,
}

/// What becomes of I/O when the primary fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OnPrimaryError {
    /// It goes on to the secondary, if that has everything.
    #[default]
    Swap,
    /// It fails.
    Fail,
}

/// What is done when a leg fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Policy {
    /// When the secondary does.
    pub on_secondary_error: OnSecondaryError,
    /// When the primary does.
    pub on_primary_error: OnPrimaryError,
}

/// A primary and its secondary.
#[derive(Clone, Debug)]
pub struct Pair {
    /// The device that I/O goes to first.
    pub(crate) primary: UcbIndex,
    /// The other.
    pub(crate) secondary: UcbIndex,
    /// What processes call the pair.
    pub(crate) address: UcbIndex,
    /// The address of the other device when the pair was established.
    pub(crate) partner: UcbIndex,
    /// Its devices as it was established: primary, secondary.
    pub(crate) established: [UcbIndex; 2],
    pub(crate) state: PairState,
    /// Counts the changes of the state.
    pub(crate) epoch: u32,
    pub(crate) policy: Policy,
    /// What requests to the pair may be.
    pub(crate) limits: Characteristics,
    pub(crate) changes: ChangeMap,
    pub(crate) overlap: Overlap,
    /// Requests of it that are not over on both legs.
    pub(crate) in_flight: usize,
    /// Locks on extents of it.
    pub(crate) locks: usize,
}

impl Pair {
    /// The device that I/O goes to first.
    #[must_use]
    pub const fn primary(&self) -> UcbIndex {
        self.primary
    }

    /// The other device.
    #[must_use]
    pub const fn secondary(&self) -> UcbIndex {
        self.secondary
    }

    /// What processes and the operator call the pair: the device that was its primary at first. I/O to this
    /// address goes to the present primary.
    #[must_use]
    pub const fn address(&self) -> UcbIndex {
        self.address
    }

    /// The device that was its secondary at first.
    #[must_use]
    pub const fn partner(&self) -> UcbIndex {
        self.partner
    }

    /// Its devices in the order in which it was established, whatever their roles are now: the first primary, the
    /// first secondary.
    #[must_use]
    pub const fn established(&self) -> [UcbIndex; 2] {
        self.established
    }

    /// What holds between them.
    #[must_use]
    pub const fn state(&self) -> PairState {
        self.state
    }

    /// What is done when a leg fails.
    #[must_use]
    pub const fn policy(&self) -> Policy {
        self.policy
    }

    /// How many of its writes are not over on both legs.
    #[must_use]
    pub const fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// What requests to the pair may be.
    #[must_use]
    pub const fn limits(&self) -> &Characteristics {
        &self.limits
    }

    /// The block in which changes are counted, in sectors of 512 bytes.
    #[must_use]
    pub const fn block_sectors(&self) -> u32 {
        self.changes.block_sectors()
    }

    /// How many blocks the secondary may lack.
    #[must_use]
    pub const fn changed_blocks(&self) -> u64 {
        self.changes.marked()
    }

    /// The role of one of its devices.
    pub(crate) fn leg(&self, device: UcbIndex) -> Leg {
        if device == self.primary { Leg::Primary } else { Leg::Secondary }
    }

    /// The device of the pair that is not this one.
    pub(crate) fn other(&self, device: UcbIndex) -> UcbIndex {
        match self.leg(device) {
            Leg::Primary => self.secondary,
            Leg::Secondary => self.primary,
        }
    }

    /// Whether writes are refused because they would not be on two disks.
    pub(crate) fn refuses_writes(&self) -> bool {
        let failed = match &self.state {
            PairState::Suspended(Cause::Failure(_) | Cause::Gone(_)) => true,
            PairState::Suspended(Cause::Operator)
            | PairState::Duplex
            | PairState::Copying
            | PairState::Swapped(_)
            | PairState::Simplex => false,
        };
        failed && self.policy.on_secondary_error == OnSecondaryError::Fail
    }

    /// Whether the secondary has what a read of an extent should find, all writes in flight aside.
    pub(crate) fn secondary_has(&self, extent: Extent) -> bool {
        match self.state {
            PairState::Duplex => true,
            PairState::Copying => !self.changes.touches(extent),
            PairState::Suspended(_) | PairState::Swapped(_) | PairState::Simplex => false,
        }
    }

    /// Notes that the legs may differ in an extent.
    pub(crate) fn mark(&mut self, extent: Option<Extent>) {
        if let Some(extent) = extent {
            self.changes.mark(extent);
        }
    }

    /// Whether nothing of it is under way any more.
    pub(crate) const fn is_quiet(&self) -> bool {
        self.in_flight == 0 && self.locks == 0
    }
}
