//! One disk as its process may take it to be, in as few bits as decide what it may find.
//!
//! Requests in flight together may take effect in any order; one that was posted before another was asked
//! for came before it. A write that failed may have taken effect before its post, or not; but what a read
//! has found with no write in flight, the next one finds too.
//!
//! A write is an *event*, named by its token; event 0 is the disk as it was at first, zeros. Of each watched
//! sector it is kept which events a read may find that is asked for now, which of them each write in flight will
//! hide when it is posted, and what each read in flight may find. The test `oracle` holds it against the whole
//! history of the random worlds.

use crate::bounds::{SECTORS, WATCHED};
use ios::Extent;

/// A set of events.
type Events = u16;

/// A set of events for each watched sector.
type BySector = [Events; SECTORS];

/// A write in flight.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Write {
    event: u8,
    changes: [bool; SECTORS],
    /// What was over when it was asked for: gone for good once it is done.
    hides: BySector,
}

/// A read in flight.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Read {
    token: u8,
    may_find: BySector,
    /// The sectors with no write in flight since it was asked for.
    quiet: [bool; SECTORS],
}

/// A flush in flight.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Flush {
    token: u8,
    /// The sectors whose writes were all posted when it was asked for, and with none since.
    settled: [bool; SECTORS],
}

/// What is known of one disk.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Oracle {
    visible: BySector,
    /// The sectors that a flush has covered, with no write asked for since.
    flushed: [bool; SECTORS],
    writes: Vec<Write>,
    reads: Vec<Read>,
    flushes: Vec<Flush>,
    /// The events that set their sectors to zero.
    zeros: Events,
}

/// What a read found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// Some order of the requests explains it.
    Explained,
    /// None does.
    Unexplained {
        /// Where.
        sector: u64,
        /// What was found there.
        value: u32,
    },
    /// It was never asked for, or was posted before.
    NotInFlight,
}

/// The watched sectors of an extent, by their places.
fn places(extent: Extent) -> [bool; SECTORS] {
    WATCHED.map(|sector| extent.overlaps(&Extent::new(sector, 1)))
}

const fn bit(event: u8) -> Events {
    1 << event
}

impl Default for Oracle {
    fn default() -> Self {
        Self {
            visible: [bit(0); SECTORS],
            flushed: [false; SECTORS],
            writes: Vec::new(),
            reads: Vec::new(),
            flushes: Vec::new(),
            zeros: bit(0),
        }
    }
}

impl Oracle {
    /// A write is asked for that sets its sectors to `value`: to 0, or to its own event's number.
    pub fn write_asked(&mut self, event: u8, extent: Extent, value: u32) {
        let changes = places(extent);
        if value == 0 {
            self.zeros |= bit(event);
        }
        let mut hides = [0; SECTORS];
        for place in (0..SECTORS).filter(|place| changes[*place]) {
            hides[place] = self.visible[place] & !self.in_flight(place);
            self.visible[place] |= bit(event);
            self.flushed[place] = false;
            for read in &mut self.reads {
                read.may_find[place] |= bit(event);
                read.quiet[place] = false;
            }
            self.flushes.iter_mut().for_each(|flush| flush.settled[place] = false);
        }
        self.writes.push(Write { event, changes, hides });
        self.writes.sort_unstable();
    }

    /// A read is asked for.
    pub fn read_asked(&mut self, token: u8) {
        let quiet = core::array::from_fn(|place| self.in_flight(place) == 0);
        self.reads.push(Read { token, may_find: self.visible, quiet });
        self.reads.sort_unstable();
    }

    /// A flush is asked for.
    pub fn flush_asked(&mut self, token: u8) {
        let settled = core::array::from_fn(|place| self.in_flight(place) == 0);
        self.flushes.push(Flush { token, settled });
        self.flushes.sort_unstable();
    }

    /// The writes in flight that change a sector.
    fn in_flight(&self, place: usize) -> Events {
        let writes = self.writes.iter().filter(|write| write.changes[place]);
        writes.fold(0, |events, write| events | bit(write.event))
    }

    /// A write is posted; whether it was in flight.
    #[must_use]
    pub fn write_posted(&mut self, event: u8, complete: bool) -> bool {
        let Some(place) = self.writes.iter().position(|write| write.event == event) else {
            return false;
        };
        let write = self.writes.remove(place);
        if complete {
            for (visible, hides) in self.visible.iter_mut().zip(write.hides) {
                *visible &= !hides;
            }
        }
        true
    }

    /// A read is posted with what it found, a number a sector; or with nothing, when it failed.
    #[must_use]
    pub fn read_posted(&mut self, token: u8, extent: Extent, found: Option<&[u32]>) -> Found {
        let Some(place) = self.reads.iter().position(|read| read.token == token) else {
            return Found::NotInFlight;
        };
        let read = self.reads.remove(place);
        let Some(found) = found else { return Found::Explained };
        for (place, sector) in WATCHED.into_iter().enumerate() {
            let Some(offset) = sector.checked_sub(extent.first.0) else { continue };
            let offset = usize::try_from(offset).unwrap_or(usize::MAX);
            let Some(value) = found.get(offset).copied() else { continue };
            let events = self.events_of(value);
            if read.may_find[place] & events == 0 {
                return Found::Unexplained { sector, value };
            }
            if read.quiet[place] {
                self.visible[place] &= events;
            }
        }
        Found::Explained
    }

    /// A flush is posted; whether it was in flight.
    #[must_use]
    pub fn flush_posted(&mut self, token: u8, complete: bool) -> bool {
        let Some(place) = self.flushes.iter().position(|flush| flush.token == token) else {
            return false;
        };
        let settled = self.flushes.remove(place).settled;
        if complete {
            for (flushed, settled) in self.flushed.iter_mut().zip(settled) {
                *flushed |= settled;
            }
        }
        true
    }

    /// The events that leave a value.
    fn events_of(&self, value: u32) -> Events {
        match u8::try_from(value) {
            Ok(0) => self.zeros,
            Ok(event @ 1..16) => bit(event) & !self.zeros,
            Ok(16..) | Err(_) => 0,
        }
    }

    /// Whether a disk that answers now may hold a value in a watched sector.
    #[must_use]
    pub fn may_hold(&self, place: usize, value: u32) -> bool {
        self.visible[place] & self.events_of(value) != 0
    }

    /// Whether a watched sector must be durable.
    #[must_use]
    pub const fn is_flushed(&self, place: usize) -> bool {
        self.flushed[place]
    }

    /// Whether nothing is in flight.
    #[must_use]
    pub const fn is_idle(&self) -> bool {
        self.writes.is_empty() && self.reads.is_empty() && self.flushes.is_empty()
    }
}
