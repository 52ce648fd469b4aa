//! The copier: brings the secondary of a pair up to date while I/O goes on.
//!
//! For each run of marked blocks it takes a lock on the extent, reads it from the primary, writes it to the
//! secondary, and only then resets the marks. In the end it flushes the secondary, for what was flushed
//! before was so on the primary alone; then the pair is duplex. Whatever ends the state that it was made for ends
//! it too: it finishes the requests that it has and resets no more marks.
//!
//! It is an I/O process: whoever makes one gives it everything that is posted to it ([`Copier::posted`]) and
//! calls [`Copier::advance`] after every wait.

mod moving;

use crate::locks::{LockId, is_granted, lock, unlock};
use crate::pair::PairIndex;
use crate::state::PairState;
use crate::table::MirrorAnchor;
use alloc::vec::Vec;
use ios::{Extent, Ios, Platform, ProcessId, Token};

/// How far a copier is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CopyProgress {
    /// Blocks copied.
    pub copied_blocks: u64,
    /// Blocks that were to be copied when it began.
    pub total_blocks: u64,
    /// Sectors of 512 bytes a block.
    pub block_sectors: u32,
}

/// What came of a copier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CopyEnd {
    /// The pair is duplex.
    Done {
        /// Blocks copied.
        blocks: u64,
    },
    /// The pair is in another state than the copier was made for.
    Stopped {
        /// Blocks copied until then.
        blocks: u64,
    },
}

/// How far a piece is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Stage<D> {
    /// Its lock is not granted yet.
    Waiting(D),
    /// A part of it is being read or written.
    Moving,
}

/// A run of blocks that is being copied.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Piece<D> {
    pub(crate) extent: Extent,
    /// Sectors done.
    pub(crate) done: u32,
    pub(crate) lock: LockId,
    pub(crate) stage: Stage<D>,
}

/// Whether the copier is at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Phase {
    Copying,
    /// Everything is copied, and the flush is in flight.
    Flushing,
    /// It was stopped with the flush in flight.
    StoppedFlushing,
    Done,
    Stopped,
}

/// Copies what the secondary of one pair lacks. `D` is what goes with reads and writes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Copier<D> {
    pub(crate) pair: PairIndex,
    pub(crate) process: ProcessId,
    pub(crate) epoch: Option<u32>,
    pub(crate) phase: Phase,
    pub(crate) free: Vec<D>,
    pub(crate) pieces: Vec<Option<Piece<D>>>,
    /// Where it is next looked for marked blocks, in sectors.
    pub(crate) cursor: u64,
    pub(crate) copied: u64,
    pub(crate) total: u64,
    pub(crate) block_sectors: u32,
}

/// The token of the flush; pieces have their places.
const FLUSH: Token = Token(u64::MAX);

impl<D> Copier<D> {
    /// A copier for a pair that is being copied. It has as many pieces in flight as buffers; each holds at least
    /// one block of the pair's devices.
    #[must_use]
    pub fn new(pair: PairIndex, process: ProcessId, buffers: Vec<D>) -> Self {
        Self {
            pair,
            process,
            epoch: None,
            phase: Phase::Copying,
            pieces: buffers.iter().map(|_| None).collect(),
            free: buffers,
            cursor: 0,
            copied: 0,
            total: 0,
            block_sectors: 0,
        }
    }

    /// The pair.
    #[must_use]
    pub const fn pair(&self) -> PairIndex {
        self.pair
    }

    /// How far it is.
    #[must_use]
    pub const fn progress(&self) -> CopyProgress {
        CopyProgress {
            copied_blocks: self.copied,
            total_blocks: self.total,
            block_sectors: self.block_sectors,
        }
    }

    /// What came of it, once nothing of it is in flight any more.
    #[must_use]
    pub fn over(&self) -> Option<CopyEnd> {
        let blocks = self.copied;
        match self.phase {
            Phase::Done => Some(CopyEnd::Done { blocks }),
            Phase::Stopped if self.is_quiet() => Some(CopyEnd::Stopped { blocks }),
            Phase::Copying | Phase::Flushing | Phase::StoppedFlushing | Phase::Stopped => None,
        }
    }

    /// The buffers, when it is over.
    #[must_use]
    pub fn into_buffers(self) -> Vec<D> {
        self.free
    }

    fn is_quiet(&self) -> bool {
        self.pieces.iter().all(Option::is_none)
    }

    /// Asks for more, as far as there are buffers.
    pub fn advance<P: Platform<Data = D>>(&mut self, ios: &mut Ios<P>)
    where
        P::Anchor: MirrorAnchor<P>,
    {
        if !self.is_current(ios) {
            self.stop(ios);
        }
        for place in 0..self.pieces.len() {
            self.read_if_granted(ios, place);
        }
        while self.phase == Phase::Copying && !self.free.is_empty() && self.begin_piece(ios) {}
        if self.phase == Phase::Copying && self.is_quiet() {
            self.flush(ios);
        }
    }

    /// Whether the pair is still in the state that the copier was made for.
    fn is_current<P: Platform<Data = D>>(&mut self, ios: &Ios<P>) -> bool
    where
        P::Anchor: MirrorAnchor<P>,
    {
        let Some(pair) = ios.anchor.mirror().pair(self.pair) else { return false };
        if self.epoch.is_none() {
            self.epoch = Some(pair.epoch);
            self.total = pair.changed_blocks();
            self.block_sectors = pair.block_sectors();
        }
        pair.state == PairState::Copying && self.epoch == Some(pair.epoch)
    }

    /// Nothing more is begun, and what only waits is given up.
    fn stop<P: Platform<Data = D>>(&mut self, ios: &mut Ios<P>)
    where
        P::Anchor: MirrorAnchor<P>,
    {
        match self.phase {
            Phase::Copying => self.phase = Phase::Stopped,
            Phase::Flushing => self.phase = Phase::StoppedFlushing,
            Phase::Done | Phase::Stopped | Phase::StoppedFlushing => {}
        }
        for place in &mut self.pieces {
            match place.take() {
                Some(Piece { stage: Stage::Waiting(buffer), lock, .. }) => {
                    self.free.push(buffer);
                    unlock(ios, lock);
                }
                other => *place = other,
            }
        }
    }

    /// Takes the next run of marked blocks; whether there was one.
    fn begin_piece<P: Platform<Data = D>>(&mut self, ios: &mut Ios<P>) -> bool
    where
        P::Anchor: MirrorAnchor<P>,
    {
        let Some(most) = self.free.last().and_then(|buffer| self.transfer_sectors(ios, buffer))
        else {
            return false;
        };
        let Some(pair) = ios.anchor.mirror().pair(self.pair) else { return false };
        let mut run = pair.changes.next_run(self.cursor, most);
        if run.is_none() && self.is_quiet() {
            run = pair.changes.next_run(0, most);
        }
        let (Some(extent), Some(place)) = (run, self.pieces.iter().position(Option::is_none))
        else {
            return false;
        };
        let Some(lock) = lock(ios, self.pair, extent) else { return false };
        self.cursor = extent.end();
        let Some(buffer) = self.free.pop() else { return false };
        if let Some(free) = self.pieces.get_mut(place) {
            *free = Some(Piece { extent, done: 0, lock, stage: Stage::Waiting(buffer) });
        }
        self.read_if_granted(ios, place);
        true
    }

    fn read_if_granted<P: Platform<Data = D>>(&mut self, ios: &mut Ios<P>, place: usize)
    where
        P::Anchor: MirrorAnchor<P>,
    {
        let Some(Some(piece)) = self.pieces.get_mut(place) else { return };
        if !is_granted(ios, piece.lock) {
            return;
        }
        if let Stage::Waiting(buffer) = core::mem::replace(&mut piece.stage, Stage::Moving) {
            self.read(ios, place, buffer);
        }
    }
}
