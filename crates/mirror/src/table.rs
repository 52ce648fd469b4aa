//! All pairs, and where they are found.

use crate::locks::Locks;
use crate::pair::{Leg, Pair, PairIndex};
use crate::state::{Cause, PairState};
use crate::track::Tracks;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use ios::{
    DdtIndex, Ddtsio, DeviceGone, IosvcpReturn, Operation, Platform, PostStatus, Status, UcbIndex,
    Vector,
};

/// What a device is to the mirror.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The first device of this pair.
    Primary(PairIndex),
    /// The second device of this pair.
    Secondary(PairIndex),
}

/// What the mirror has counted since it started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MirrorStatistics {
    /// Writes, discards and write-zeroes confirmed that were done on both legs.
    pub mirrored_writes: u64,
    /// Flushes confirmed that were done on both legs.
    pub mirrored_flushes: u64,
    /// Second requests whose start was not permissible when it was due, and was scheduled.
    pub deferred_starts: u64,
    /// Writes held because they overlapped one in flight, or a lock.
    pub overlaps_held: u64,
    /// Requests driven again on the other device.
    pub driven_again: u64,
}

/// What an operator should be told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PairEvent {
    /// A pair was established.
    Established(PairIndex),
    /// A pair was suspended.
    Suspended(PairIndex, Cause),
    /// A pair was resumed, or established with everything to be copied.
    Resumed {
        /// Which.
        pair: PairIndex,
        /// How many blocks are to be copied.
        blocks: u64,
    },
    /// Everything that the secondary lacked is copied: the pair is duplex.
    CopyEnded(PairIndex),
    /// The roles of a pair were exchanged: by the operator, and it is duplex as before; or because its primary
    /// failed, and it is swapped.
    Swapped(PairIndex, Cause),
    /// A pair was removed.
    Removed(PairIndex),
    /// A read that ended badly on one leg was answered by the other.
    ReadAnswered {
        /// Of which pair.
        pair: PairIndex,
        /// The leg on which it ended badly.
        leg: Leg,
        /// The read.
        operation: Operation,
        /// How it ended there.
        status: Status,
    },
}

/// The pointers that stood in the vectors before the detours.
pub(crate) struct Saved<P: Platform> {
    pub(crate) ddtsio: Vec<(DdtIndex, Vector<Ddtsio<P>>)>,
    pub(crate) iosvcp_return: Vector<IosvcpReturn<P>>,
    pub(crate) post_status: Vector<PostStatus<P>>,
    pub(crate) device_gone: Vector<DeviceGone<P>>,
}

/// All pairs.
pub struct Mirror<P: Platform> {
    pub(crate) pairs: Vec<Pair>,
    /// By UCB: what the device is.
    pub(crate) roles: Vec<Option<Role>>,
    pub(crate) tracks: Tracks,
    pub(crate) locks: Locks,
    pub(crate) saved: Option<Saved<P>>,
    pub(crate) statistics: MirrorStatistics,
    pub(crate) events: VecDeque<PairEvent>,
    /// Pairs whose held writes are to be looked at; the first one is being looked at.
    pub(crate) releases: VecDeque<PairIndex>,
    pub(crate) epochs: u32,
}

impl<P: Platform> Clone for Saved<P> {
    fn clone(&self) -> Self {
        Self {
            ddtsio: self.ddtsio.clone(),
            iosvcp_return: self.iosvcp_return,
            post_status: self.post_status,
            device_gone: self.device_gone,
        }
    }
}

impl<P: Platform> Clone for Mirror<P> {
    fn clone(&self) -> Self {
        Self {
            pairs: self.pairs.clone(),
            roles: self.roles.clone(),
            tracks: self.tracks.clone(),
            locks: self.locks.clone(),
            saved: self.saved.clone(),
            statistics: self.statistics,
            events: self.events.clone(),
            releases: self.releases.clone(),
            epochs: self.epochs,
        }
    }
}

/// An anchor of the supervisor that has a mirror in it.
pub trait MirrorAnchor<P: Platform> {
    /// The mirror.
    fn mirror(&self) -> &Mirror<P>;
    /// The mirror.
    fn mirror_mut(&mut self) -> &mut Mirror<P>;
}

impl<P: Platform> MirrorAnchor<P> for Mirror<P> {
    fn mirror(&self) -> &Self {
        self
    }

    fn mirror_mut(&mut self) -> &mut Self {
        self
    }
}

impl<P: Platform> Default for Mirror<P> {
    fn default() -> Self {
        Self::new()
    }
}

impl<P: Platform> Mirror<P> {
    /// No pairs, no detours.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            pairs: Vec::new(),
            roles: Vec::new(),
            tracks: Tracks::new(),
            locks: Locks::new(),
            saved: None,
            statistics: MirrorStatistics {
                mirrored_writes: 0,
                mirrored_flushes: 0,
                deferred_starts: 0,
                overlaps_held: 0,
                driven_again: 0,
            },
            events: VecDeque::new(),
            releases: VecDeque::new(),
            epochs: 0,
        }
    }

    /// Every pair, in the order in which they were established first. One that was removed is
    /// [`crate::PairState::Simplex`], until its address is in a pair again.
    pub fn pairs(&self) -> impl Iterator<Item = (PairIndex, &Pair)> {
        self.pairs.iter().enumerate().map(|(index, pair)| (PairIndex(index), pair))
    }

    /// A pair.
    #[must_use]
    pub fn pair(&self, index: PairIndex) -> Option<&Pair> {
        self.pairs.get(index.0)
    }

    /// What a device is to the mirror.
    #[must_use]
    #[inline]
    pub fn role(&self, device: UcbIndex) -> Option<Role> {
        self.roles.get(device.index()).copied().flatten()
    }

    /// What was counted so far.
    #[must_use]
    pub const fn statistics(&self) -> &MirrorStatistics {
        &self.statistics
    }

    /// Whether the detours stand in the path.
    #[must_use]
    pub const fn installed(&self) -> bool {
        self.saved.is_some()
    }

    /// The next thing that an operator should be told of.
    pub fn take_event(&mut self) -> Option<PairEvent> {
        self.events.pop_front()
    }

    /// A number for a state of a pair that no state of any pair had before.
    pub(crate) fn next_epoch(&mut self) -> u32 {
        self.epochs = self.epochs.wrapping_add(1);
        self.epochs
    }

    /// Puts a new pair in: in the place of one with the same address that was removed, if there is one.
    pub(crate) fn put(&mut self, new: Pair) -> PairIndex {
        let retired = |pair: &Pair| {
            pair.state == PairState::Simplex && pair.is_quiet() && pair.address == new.address
        };
        match self.pairs.iter_mut().position(|pair| retired(pair)) {
            Some(place) => {
                if let Some(pair) = self.pairs.get_mut(place) {
                    *pair = new;
                }
                PairIndex(place)
            }
            None => {
                self.pairs.push(new);
                PairIndex(self.pairs.len() - 1)
            }
        }
    }

    pub(crate) fn set_role(&mut self, device: UcbIndex, role: Option<Role>) {
        if self.roles.len() <= device.index() {
            self.roles.resize(device.index() + 1, None);
        }
        if let Some(place) = self.roles.get_mut(device.index()) {
            *place = role;
        }
    }
}
