//! The scrub process: compares the two devices of a duplex pair while I/O goes on.
//!
//! Each place goes round by itself: it locks a piece of the pair, which holds later writes to it back and is
//! granted when none is in flight; reads the piece from both devices themselves, past the mirror; compares; unlocks.
//! So no write can come between the two reads, and what differs then does differ. A piece is short, because a
//! write that comes meanwhile waits for its two reads.
//!
//! It repairs only if it was told which leg is right, block by block, under the same lock; and it says what it
//! repaired. It ends when the pair is not duplex any more: then the devices need not hold the same.
//!
//! Files: `place` (how far a place is with its piece), `pace` (so many bytes a second), `tally` (what was found), `process` (what every process has).

mod pace;
mod place;
mod process;
mod tally;

use crate::buffers::{Buffers, Wanted};
use crate::disk::{Disk, extent, round_down};
use crate::error::JobError;
use crate::message::{Message, ScrubNews};
use crate::parameters::PairNames;
use crate::plan::Scrub as Plan;
use crate::platform::JobPlatform;
use crate::requests::{Outcome, Over, Requests};
use alloc::vec::Vec;
use channel_io::{Area, WaitPoint};
use ios::{Ios, Operation};
use mirror::{Leg, LockId, MirrorAnchor, PairIndex, PairState};
use pace::Pace;
use place::{Piece, Place, Purpose, Reading};
use tally::Tally;

/// The most bytes of a piece: a write waits no longer than it takes to read them.
const PIECE_BYTES: u64 = 64 * 1024;

/// Pieces that are looked at at a time.
const PLACES: u32 = 2;

/// What is left to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// From this byte on.
    Comparing { next: u64 },
    /// Nothing but the flush.
    Ending,
    /// Nothing.
    Nothing,
}

/// The scrub process.
pub struct ScrubProcess<P: JobPlatform> {
    requests: Requests<Purpose>,
    buffers: Buffers<P::Data>,
    places: Vec<Place<P::Data>>,
    pair: PairIndex,
    names: PairNames,
    primary: Disk,
    secondary: Disk,
    right: Option<Leg>,
    block: u64,
    transfer: u64,
    total: u64,
    pace: Pace,
    stage: Stage,
    tally: Tally,
}

impl<P: JobPlatform> ScrubProcess<P> {
    /// A scrub as planned.
    ///
    /// # Errors
    /// There is no room for the data.
    pub fn new(ios: &mut Ios<P>, plan: &Plan) -> Result<Self, JobError> {
        let Plan { pair, names, legs: [primary, secondary], rate, right } = *plan;
        let block = primary.block_bytes().max(secondary.block_bytes());
        let total = primary.bytes().min(secondary.bytes());
        let pace = Pace::new(rate, ios.machine.now());
        let most = primary.transfer_bytes().min(secondary.transfer_bytes()).min(PIECE_BYTES);
        let most = round_down(pace.piece(most), block);
        let wanted = Wanted::transfers(total, PLACES, most, block);
        let twice = Wanted { count: wanted.count.saturating_mul(2), ..wanted };
        let buffers = Buffers::new(&mut ios.machine, twice)?;
        Ok(Self {
            requests: Requests::new(ios),
            transfer: round_down(buffers.bytes() as u64, block),
            buffers,
            places: (0..wanted.count).map(|_| Place::Free).collect(),
            pair,
            names,
            primary,
            secondary,
            right,
            block,
            total,
            pace,
            stage: Stage::Comparing { next: 0 },
            tally: Tally::new(names),
        })
    }

    /// Whether what differs has a meaning; if not, it is over.
    fn is_duplex(&mut self, ios: &Ios<P>) -> bool {
        let state = ios.anchor.mirror().pair(self.pair).map(mirror::Pair::state);
        if state == Some(PairState::Duplex) {
            return true;
        }
        let state = state.unwrap_or(PairState::Simplex).name();
        self.requests.fail(JobError::NotDuplex { pair: self.names, state });
        false
    }

    /// Whether more is to be asked for.
    fn goes_on(&mut self, ios: &Ios<P>) -> bool {
        self.is_duplex(ios) && self.requests.error().is_none()
    }

    /// Gets a place on that waits for no request.
    fn tend_place(&mut self, ios: &mut Ios<P>, place: usize) {
        let goes_on = self.goes_on(ios);
        let Some(at) = self.places.get_mut(place) else { return };
        match core::mem::replace(at, Place::Free) {
            Place::Free if goes_on => self.lock_next(ios, place),
            Place::Free => {}
            Place::Locking { lock, .. } if !goes_on => mirror::unlock(ios, lock),
            Place::Locking { lock, piece } if mirror::is_granted(ios, lock) => {
                self.read(ios, place, lock, piece);
            }
            waiting @ (Place::Locking { .. } | Place::Reading(_) | Place::Repairing { .. }) => {
                *at = waiting;
            }
        }
    }

    /// Locks the next piece, if it is time for it.
    fn lock_next(&mut self, ios: &mut Ios<P>, place: usize) {
        let now = ios.machine.now();
        let Stage::Comparing { next } = self.stage else { return };
        if next >= self.total || !self.pace.is_due(now) {
            return;
        }
        let piece = Piece { at: next, bytes: self.transfer.min(self.total - next) };
        let Some(lock) = mirror::lock(ios, self.pair, extent(piece.at, piece.bytes)) else {
            return;
        };
        self.pace.spend(now, piece.bytes);
        self.stage = Stage::Comparing { next: next + piece.bytes };
        if mirror::is_granted(ios, lock) {
            self.read(ios, place, lock, piece);
        } else if let Some(at) = self.places.get_mut(place) {
            *at = Place::Locking { lock, piece };
        }
    }

    /// Reads a piece that is locked from both devices.
    fn read(&mut self, ios: &mut Ios<P>, place: usize, lock: LockId, piece: Piece) {
        let read = Operation::Read(extent(piece.at, piece.bytes));
        let mut due = 0;
        for (leg, disk) in [(Leg::Primary, self.primary), (Leg::Secondary, self.secondary)] {
            let data = self.buffers.take();
            let purpose = Purpose::Read { place, leg };
            due += u32::from(self.requests.ask_direct(ios, &disk, read, data, purpose));
        }
        if due == 0 {
            mirror::unlock(ios, lock);
        } else if let Some(at) = self.places.get_mut(place) {
            let reading = Reading { lock, piece, primary: None, secondary: None, due, failed: 0 };
            *at = Place::Reading(reading);
        }
    }

    fn over(&mut self, ios: &mut Ios<P>, over: Over<Purpose, P::Data>) {
        match over.purpose {
            Purpose::Read { place, leg } => {
                self.read_over(ios, place, leg, over.outcome, over.data);
            }
            Purpose::Repair { place } => self.repair_over(ios, place, over.outcome, over.data),
            Purpose::Flush => {}
        }
    }

    fn read_over(
        &mut self,
        ios: &mut Ios<P>,
        place: usize,
        leg: Leg,
        outcome: Outcome,
        data: Option<P::Data>,
    ) {
        let Some(at) = self.places.get_mut(place) else { return };
        let Place::Reading(reading) = at else { return };
        match leg {
            Leg::Primary => reading.primary = data,
            Leg::Secondary => reading.secondary = data,
        }
        reading.due -= 1;
        reading.failed += u32::from(outcome == Outcome::Failed);
        if reading.due > 0 {
            return;
        }
        if let Place::Reading(reading) = core::mem::replace(at, Place::Free) {
            self.was_read(ios, place, reading);
        }
    }

    /// A piece was read from both devices, or could not be.
    fn was_read(&mut self, ios: &mut Ios<P>, place: usize, reading: Reading<P::Data>) {
        let Reading { lock, piece, primary, secondary, failed, .. } = reading;
        let meaningful = self.is_duplex(ios) && !self.has_failed();
        match (primary, secondary) {
            (Some(primary), Some(secondary)) if meaningful && failed == 0 => {
                self.compare(ios, place, lock, piece, [primary, secondary]);
            }
            (primary, secondary) => {
                self.give_back(ios, primary);
                self.give_back(ios, secondary);
                mirror::unlock(ios, lock);
                if meaningful
                    && let Some(error) = self.tally.unread(piece.at, piece.bytes, self.block)
                {
                    self.requests.fail(error);
                }
            }
        }
    }

    /// Whether a request failed: then what the reads brought is not to be trusted. One that was merely stopped
    /// has it.
    fn has_failed(&self) -> bool {
        self.requests.error().is_some_and(|error| *error != JobError::Stopped)
    }

    fn compare(
        &mut self,
        ios: &mut Ios<P>,
        place: usize,
        lock: LockId,
        piece: Piece,
        [primary, secondary]: [P::Data; 2],
    ) {
        let runs = self.tally.compare((piece.at, piece.bytes), self.block, &primary, &secondary);
        for run in &runs {
            if let Some(news) = self.tally.name_difference(run) {
                self.tell(news);
            }
        }
        let (right, wrong) = match self.right {
            Some(Leg::Primary) if !runs.is_empty() => (primary, secondary),
            Some(Leg::Secondary) if !runs.is_empty() => (secondary, primary),
            Some(Leg::Primary | Leg::Secondary) | None => {
                self.buffers.give(primary);
                self.buffers.give(secondary);
                mirror::unlock(ios, lock);
                return;
            }
        };
        if let Some(at) = self.places.get_mut(place) {
            *at = Place::Repairing { lock, piece, right, runs };
        }
        self.repair(ios, place, Some(wrong));
    }

    /// Writes the next blocks to the device that is wrong, or is done with the piece.
    fn repair(&mut self, ios: &mut Ios<P>, place: usize, wrong: Option<P::Data>) {
        let is_duplex = self.is_duplex(ios);
        let Some(Place::Repairing { piece, right, runs, .. }) = self.places.get(place) else {
            return;
        };
        let (Some(run), true) = (runs.front(), is_duplex) else {
            self.leave(ios, place, wrong);
            return;
        };
        let Some(mut data) = wrong else {
            // A device may still be using what it was in.
            self.leave(ios, place, None);
            return;
        };
        data.copy_from(0, right, run.offset, run.length);
        let write = Operation::Write(extent(piece.at + run.offset as u64, run.length as u64));
        let disk = self.wrong_disk();
        if !self.requests.ask_direct(ios, &disk, write, Some(data), Purpose::Repair { place }) {
            self.leave(ios, place, None);
        }
    }

    fn repair_over(
        &mut self,
        ios: &mut Ios<P>,
        place: usize,
        outcome: Outcome,
        data: Option<P::Data>,
    ) {
        let Some(Place::Repairing { runs, .. }) = self.places.get_mut(place) else { return };
        let run = runs.pop_front();
        match (outcome, run) {
            (Outcome::Complete, Some(run)) => {
                let (from, to) = (self.right_disk().id, self.wrong_disk().id);
                if let Some(news) = self.tally.name_repair(&run, from, to) {
                    self.tell(news);
                }
                self.repair(ios, place, data);
            }
            (Outcome::Complete | Outcome::Failed, _) => self.leave(ios, place, data),
        }
    }

    /// A place is done with its piece.
    fn leave(&mut self, ios: &mut Ios<P>, place: usize, data: Option<P::Data>) {
        self.give_back(ios, data);
        let Some(at) = self.places.get_mut(place) else { return };
        if let Place::Repairing { lock, right, .. } = core::mem::replace(at, Place::Free) {
            self.buffers.give(right);
            mirror::unlock(ios, lock);
        }
    }

    /// A buffer that came back from a request, or a new one where a device keeps it.
    fn give_back(&mut self, ios: &mut Ios<P>, data: Option<P::Data>) {
        if let Err(error) = self.buffers.give_back(&mut ios.machine, data) {
            self.requests.fail(error);
        }
    }

    fn right_disk(&self) -> Disk {
        match self.right {
            Some(Leg::Primary) | None => self.primary,
            Some(Leg::Secondary) => self.secondary,
        }
    }

    fn wrong_disk(&self) -> Disk {
        match self.right {
            Some(Leg::Primary) | None => self.secondary,
            Some(Leg::Secondary) => self.primary,
        }
    }

    fn tell(&mut self, news: ScrubNews) {
        self.requests.tell(Message::ScrubNews { pair: self.names, news });
    }

    fn has_free_place(&self) -> bool {
        self.places.iter().any(|place| matches!(place, Place::Free))
    }

    fn is_at_rest(&self) -> bool {
        self.requests.in_flight() == 0
            && self.places.iter().all(|place| matches!(place, Place::Free))
    }

    /// When all pieces are compared: what was repaired is made durable, and the sum is told.
    fn end(&mut self, ios: &mut Ios<P>) {
        if !self.is_at_rest() {
            return;
        }
        match self.stage {
            Stage::Comparing { next } if next < self.total && self.requests.error().is_none() => {}
            Stage::Comparing { .. } => {
                self.stage = Stage::Ending;
                let disk = self.wrong_disk();
                if self.tally.repaired > 0 && disk.limits.flush {
                    self.requests.ask_direct(ios, &disk, Operation::Flush, None, Purpose::Flush);
                } else {
                    self.end(ios);
                }
            }
            Stage::Ending => {
                self.stage = Stage::Nothing;
                self.tell(self.tally.total(self.block));
            }
            Stage::Nothing => {}
        }
    }
}
