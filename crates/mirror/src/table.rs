//! All pairs, and where they are found.

use crate::pair::{Pair, PairIndex, SuspendReason};
use crate::track::Tracks;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use ios::{DdtIndex, Ddtsio, IosvcpReturn, Platform, PostStatus, UcbIndex, Vector};

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
    /// Writes held because they overlapped one in flight.
    pub overlaps_held: u64,
}

/// What an operator should be told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PairEvent {
    /// A pair was suspended.
    Suspended(PairIndex, SuspendReason),
}

/// The pointers that stood in the vectors before the detours.
pub(crate) struct Saved<P: Platform> {
    pub(crate) ddtsio: Vec<(DdtIndex, Vector<Ddtsio<P>>)>,
    pub(crate) iosvcp_return: Vector<IosvcpReturn<P>>,
    pub(crate) post_status: Vector<PostStatus<P>>,
}

/// All pairs.
pub struct Mirror<P: Platform> {
    pub(crate) pairs: Vec<Pair>,
    /// By UCB: what the device is.
    pub(crate) roles: Vec<Option<Role>>,
    pub(crate) tracks: Tracks,
    pub(crate) saved: Option<Saved<P>>,
    pub(crate) statistics: MirrorStatistics,
    pub(crate) events: VecDeque<PairEvent>,
    /// Pairs whose held writes are to be looked at; the first one is being looked at.
    pub(crate) releases: VecDeque<PairIndex>,
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
            saved: None,
            statistics: MirrorStatistics {
                mirrored_writes: 0,
                mirrored_flushes: 0,
                deferred_starts: 0,
                overlaps_held: 0,
            },
            events: VecDeque::new(),
            releases: VecDeque::new(),
        }
    }

    /// Every pair ever established, in that order; those removed are [`crate::PairState::Simplex`].
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

    pub(crate) fn set_role(&mut self, device: UcbIndex, role: Option<Role>) {
        if self.roles.len() <= device.index() {
            self.roles.resize(device.index() + 1, None);
        }
        if let Some(place) = self.roles.get_mut(device.index()) {
            *place = role;
        }
    }
}
