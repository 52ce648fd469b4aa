//! A place of a scrub: the piece of the disks that it is at, and how far it is with it.

use super::tally::Run;
use alloc::collections::VecDeque;
use mirror::{Leg, LockId};

/// What a request is for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Purpose {
    /// Reads the piece of this place from one device.
    Read { place: usize, leg: Leg },
    /// Writes blocks of the piece of this place to the device that is wrong.
    Repair { place: usize },
    /// The last thing that is done.
    Flush,
}

/// A part of the disks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece {
    pub(super) at: u64,
    pub(super) bytes: u64,
}

/// A piece that is being read.
pub(super) struct Reading<A> {
    pub(super) lock: LockId,
    pub(super) piece: Piece,
    pub(super) primary: Option<A>,
    pub(super) secondary: Option<A>,
    /// Reads in flight.
    pub(super) due: u32,
    /// Reads that the device could not do.
    pub(super) failed: u32,
}

/// What a place is at.
pub(super) enum Place<A> {
    /// Nothing.
    Free,
    /// The piece is to be locked.
    Locking { lock: LockId, piece: Piece },
    /// The piece is being read.
    Reading(Reading<A>),
    /// Blocks of the piece are being repaired, the first of `runs` now; `right` has what is right.
    Repairing { lock: LockId, piece: Piece, right: A, runs: VecDeque<Run> },
}
