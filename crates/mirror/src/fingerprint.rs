//! Telling one state of the mirror from another: for whoever checks every way in which it can go on. See
//! [`ios::Ios::fingerprint`].

use crate::Mirror;
use crate::copier::{Copier, Piece, Stage};
use crate::locks::Locks;
use crate::overlap::{Holder, Overlap};
use crate::pair::Pair;
use crate::state::{Cause, PairState};
use crate::track::Track;
use alloc::vec::Vec;
use core::hash::{Hash, Hasher};
use ios::{Extent, Platform, RequestId};

/// Whom a request goes by.
type Name<'a> = &'a dyn Fn(RequestId) -> u32;

impl<P: Platform> Mirror<P> {
    /// Feeds what decides how the mirror goes on: all but what was counted, what an operator is yet to be told,
    /// and of why a pair is suspended all but whether a leg is to blame.
    pub fn fingerprint<H: Hasher>(&self, name: &dyn Fn(RequestId) -> u32, to: &mut H) {
        let Self {
            pairs,
            roles: _,
            tracks,
            locks: Locks { slots },
            saved,
            statistics: _,
            events: _,
            releases,
            epochs: _,
        } = self;
        for pair in pairs {
            pair.fingerprint(name, to);
        }
        let mut known: Vec<_> =
            tracks.by_first.iter().flatten().map(|(id, track)| (name(*id), track)).collect();
        known.sort_unstable_by_key(|(name, _)| *name);
        for (own, track) in known {
            let Track { pair, operation, kind, first, second, second_progress } = track;
            (own, pair, operation, kind, first).hash(to);
            (second.map(name), second_progress).hash(to);
        }
        (slots, saved.is_some(), releases).hash(to);
    }
}

impl Pair {
    fn fingerprint<H: Hasher>(&self, name: Name<'_>, to: &mut H) {
        let Self {
            primary,
            secondary,
            address,
            partner,
            established: _,
            state,
            epoch: _,
            policy,
            limits: _,
            changes,
            overlap: Overlap { in_flight, held },
            in_flight: count,
            locks,
        } = self;
        if *state == PairState::Simplex && self.is_quiet() {
            // Nothing comes of it any more.
            return;
        }
        (primary, secondary, address, partner, policy).hash(to);
        (state.name(), state.cause().map(|cause| *cause == Cause::Operator)).hash(to);
        (changes, count, locks).hash(to);
        let named = |(holder, extent): &(Holder, Extent)| {
            let (kind, name) = match holder {
                Holder::Request(id) => (0, name(*id)),
                Holder::Lock(id) => (1, id.0),
            };
            (kind, name, extent.first, extent.sectors)
        };
        let mut in_flight: Vec<_> = in_flight.iter().map(named).collect();
        in_flight.sort_unstable();
        in_flight.hash(to);
        held.iter().map(named).collect::<Vec<_>>().hash(to);
    }
}

impl<D> Copier<D> {
    /// Feeds what decides how the copier goes on: all but what it has copied so far.
    pub fn fingerprint<P: Platform<Data = D>, H: Hasher>(&self, mirror: &Mirror<P>, to: &mut H) {
        let Self {
            pair,
            process,
            epoch,
            phase,
            free,
            pieces,
            cursor,
            copied: _,
            total: _,
            block_sectors: _,
        } = self;
        let now = mirror.pair(*pair).map(|pair| pair.epoch);
        (pair, process, epoch.map(|epoch| Some(epoch) == now)).hash(to);
        (phase, free.len(), cursor).hash(to);
        for piece in pieces {
            let known = piece.as_ref().map(|Piece { extent, done, lock, stage }| {
                (extent, done, lock, matches!(stage, Stage::Moving))
            });
            known.hash(to);
        }
    }
}
