//! What a world has come to: so that a check says where it was, and nobody takes for proved what never happened.

use crate::world::World;
use ios::UcbState;
use mirror::{PairEvent, PairState};

/// Something that a world may come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reached {
    /// A pair is being copied.
    Copying,
    /// A copy has ended, and the pair is duplex.
    CopyEnded,
    /// A pair is suspended.
    Suspended,
    /// A pair is swapped after a failure.
    Swapped,
    /// No pair is left.
    Removed,
    /// A write was held for an overlap, or a lock.
    HeldForOverlap,
    /// A second start was not permissible when it was due.
    Deferred,
    /// A request was driven again on the other disk.
    DrivenAgain,
    /// A read that one leg failed was answered by the other.
    ReadAnswered,
    /// A lost interruption was made up for.
    FoundLost,
    /// A device was cleared because a request's time was up.
    TimedOut,
    /// Both disks of a pair are out of use.
    BothGone,
    /// A scrub's lock was granted.
    LockGranted,
}

impl Reached {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Copying,
        Self::CopyEnded,
        Self::Suspended,
        Self::Swapped,
        Self::Removed,
        Self::HeldForOverlap,
        Self::Deferred,
        Self::DrivenAgain,
        Self::ReadAnswered,
        Self::FoundLost,
        Self::TimedOut,
        Self::BothGone,
        Self::LockGranted,
    ];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Copying => "copying",
            Self::CopyEnded => "copy-ended",
            Self::Suspended => "suspended",
            Self::Swapped => "swapped",
            Self::Removed => "removed",
            Self::HeldForOverlap => "held-for-overlap",
            Self::Deferred => "deferred-start",
            Self::DrivenAgain => "driven-again",
            Self::ReadAnswered => "read-answered-by-other-leg",
            Self::FoundLost => "lost-interruption-found",
            Self::TimedOut => "timed-out",
            Self::BothGone => "both-legs-gone",
            Self::LockGranted => "lock-granted",
        }
    }

    /// Whether a world has come to it, on its way to where it is.
    #[must_use]
    pub fn is_in(self, world: &World) -> bool {
        let states = || (0..world.places.len()).map(|place| world.pair(place));
        let has = |wanted: fn(&PairState) -> bool| {
            states().flatten().any(|(_, pair)| wanted(&pair.state()))
        };
        let mirror = world.ios.anchor.statistics();
        let ios = world.ios.statistics();
        match self {
            Self::Copying => has(|state| *state == PairState::Copying),
            Self::CopyEnded => world.events.contains(&EventKind::CopyEnded),
            Self::Suspended => has(|state| matches!(state, PairState::Suspended(_))),
            Self::Swapped => has(|state| matches!(state, PairState::Swapped(_))),
            Self::Removed => states().all(|pair| pair.is_none()),
            Self::HeldForOverlap => mirror.overlaps_held > 0,
            Self::Deferred => mirror.deferred_starts > 0,
            Self::DrivenAgain => mirror.driven_again > 0,
            Self::ReadAnswered => world.events.contains(&EventKind::ReadAnswered),
            Self::FoundLost => ios.lost_interruptions > 0,
            Self::TimedOut => ios.timeouts > 0,
            Self::BothGone => world.places.iter().any(|place| {
                place.legs.iter().all(|leg| {
                    world.ios.ucb(*leg).is_none_or(|ucb| ucb.state() == UcbState::NotOperational)
                })
            }),
            Self::LockGranted => world
                .places
                .iter()
                .any(|place| place.lock.is_some_and(|lock| mirror::is_granted(&world.ios, lock))),
        }
    }
}

/// What the operator was told that a world came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum EventKind {
    CopyEnded,
    ReadAnswered,
}

impl World {
    /// Takes what the operator is told. It does not tell one world from another.
    pub(crate) fn take_events(&mut self) {
        while let Some(event) = self.ios.anchor.take_event() {
            match event {
                PairEvent::CopyEnded(_) => self.events.push(EventKind::CopyEnded),
                PairEvent::ReadAnswered { .. } => self.events.push(EventKind::ReadAnswered),
                PairEvent::Established(_)
                | PairEvent::Suspended(..)
                | PairEvent::Resumed { .. }
                | PairEvent::Swapped(..)
                | PairEvent::Removed(_) => {}
            }
        }
    }
}
