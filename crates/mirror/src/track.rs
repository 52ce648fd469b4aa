//! What is known of each request of a pair under way: its two requests and how far each is.

use crate::pair::PairIndex;
use alloc::vec::Vec;
use ios::{Operation, RequestId, Status, UcbIndex};

/// How far a request of a mirrored write is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Progress {
    /// Its device does not have it.
    NotStarted,
    /// It waits on its device's queue.
    Scheduled,
    /// Its device has it.
    Started,
    /// It is over.
    Ended(Status),
}

impl Progress {
    /// Whether its device does not have it yet.
    pub(crate) const fn is_before_start(self) -> bool {
        match self {
            Self::NotStarted | Self::Scheduled => true,
            Self::Started | Self::Ended(_) => false,
        }
    }
}

/// What a tracked request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// It changes the pair.
    Change,
    /// A read that ended so on one device, and is to be answered by the other.
    ReadAgain {
        /// How it ended.
        status: Status,
        /// Where.
        failed_on: UcbIndex,
    },
}

/// A request under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Track {
    pub(crate) pair: PairIndex,
    pub(crate) operation: Operation,
    pub(crate) kind: Kind,
    pub(crate) first: Progress,
    /// The second request; `None` until it is created, and once it is discarded.
    pub(crate) second: Option<RequestId>,
    pub(crate) second_progress: Progress,
}

impl Track {
    /// Of a request that no device has.
    pub(crate) const fn new(pair: PairIndex, operation: Operation, kind: Kind) -> Self {
        Self {
            pair,
            operation,
            kind,
            first: Progress::NotStarted,
            second: None,
            second_progress: Progress::NotStarted,
        }
    }
}

/// All requests of pairs under way, found by either request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Tracks {
    pub(crate) by_first: Vec<Option<(RequestId, Track)>>,
    first_of: Vec<Option<(RequestId, RequestId)>>,
}

/// The place for a request's slot, made if it is not there.
fn place<T>(slots: &mut Vec<Option<T>>, slot: usize) -> Option<&mut Option<T>> {
    if slots.len() <= slot {
        slots.resize_with(slot + 1, || None);
    }
    slots.get_mut(slot)
}

impl Tracks {
    pub(crate) const fn new() -> Self {
        Self { by_first: Vec::new(), first_of: Vec::new() }
    }

    pub(crate) fn insert(&mut self, first: RequestId, track: Track) {
        if let Some(place) = place(&mut self.by_first, first.slot()) {
            *place = Some((first, track));
        }
    }

    #[inline]
    pub(crate) fn get(&self, first: RequestId) -> Option<Track> {
        let (id, track) = self.by_first.get(first.slot())?.as_ref()?;
        (*id == first).then_some(*track)
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, first: RequestId) -> Option<&mut Track> {
        let (id, track) = self.by_first.get_mut(first.slot())?.as_mut()?;
        (*id == first).then_some(track)
    }

    pub(crate) fn remove(&mut self, first: RequestId) -> Option<Track> {
        let track = self.get(first)?;
        *self.by_first.get_mut(first.slot())? = None;
        Some(track)
    }

    /// Makes a second request known as a track's.
    pub(crate) fn link(&mut self, first: RequestId, second: RequestId) {
        if let Some(place) = place(&mut self.first_of, second.slot()) {
            *place = Some((second, first));
        }
        if let Some(track) = self.get_mut(first) {
            track.second = Some(second);
            track.second_progress = Progress::NotStarted;
        }
    }

    /// A second request is discarded.
    pub(crate) fn unlink(&mut self, second: RequestId) {
        let Some(first) = self.first_of(second) else {
            return;
        };
        if let Some(place) = self.first_of.get_mut(second.slot()) {
            *place = None;
        }
        if let Some(track) = self.get_mut(first) {
            track.second = None;
        }
    }

    /// The first and second requests of a pair's writes whose second its device does not have.
    pub(crate) fn not_begun(&self, pair: PairIndex) -> Vec<(RequestId, RequestId)> {
        let of_pair = self.by_first.iter().flatten().filter(|(_, track)| track.pair == pair);
        let not_begun = of_pair.filter(|(_, track)| track.second_progress.is_before_start());
        not_begun.filter_map(|(first, track)| Some((*first, track.second?))).collect()
    }

    /// The first request that a second one was created for.
    #[inline]
    pub(crate) fn first_of(&self, second: RequestId) -> Option<RequestId> {
        let (id, first) = self.first_of.get(second.slot())?.as_ref()?;
        (*id == second).then_some(*first)
    }
}
