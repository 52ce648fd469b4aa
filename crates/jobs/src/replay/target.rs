//! Applying a log's entries to a disk, in the order that the log asks for.
//!
//! Writes may be in flight together as long as they do not overlap: a device may do what it has in any order,
//! and of two writes to a sector the later one must stay. A flush waits for everything before it, and
//! everything behind it waits for the flush. Entries are taken one after the other; the first piece of one
//! that has to wait lets nothing pass.

use super::format::{Body, Entry, Flush, Span};
use super::reader::Reader;
use crate::buffers::Buffers;
use crate::disk::Disk;
use alloc::vec::Vec;
use channel_io::Area;
use ios::{Extent, Operation};

/// How a discard of the log is done: so that its sectors are zero afterwards, on every disk. A discard proper
/// would leave it to the disk what they hold, and two disks that the same log is replayed on could differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    /// By write-zeroes, of so many bytes at most.
    WriteZeroes(u64),
    /// By writes of zeros.
    Zeros,
}

impl Method {
    /// The first of the two that a disk knows.
    pub(super) fn of(disk: &Disk) -> Self {
        let block = disk.block_bytes();
        let most = |limits: Option<ios::RangeLimits>| {
            let bytes = u64::from(limits?.sectors) * u64::from(ios::SECTOR_BYTES);
            let whole = crate::disk::round_down(bytes, block);
            (whole > 0).then_some(whole)
        };
        most(disk.limits.write_zeroes).map_or(Self::Zeros, Self::WriteZeroes)
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::WriteZeroes(_) => "write-zeroes",
            Self::Zeros => "zeros",
        }
    }
}

/// What is to be asked of the disk next.
#[derive(Debug)]
pub(super) enum Next<A> {
    /// This, with this data. So many bytes of it come from the log.
    Ask { operation: Operation, data: Option<A>, log_bytes: u64 },
    /// Nothing before something in flight is over, or more of the log is here.
    Later,
    /// Nothing: the entry in hand is applied as far as it can be asked for.
    Applied,
}

/// The disk that a log is replayed on.
#[derive(Debug)]
pub(super) struct Target<A> {
    buffers: Buffers<A>,
    transfer: u64,
    depth: usize,
    method: Method,
    flush: Flush,
    /// Writes in flight.
    in_flight: Vec<Extent>,
    flushing: bool,
    /// Whether anything was written since the last flush.
    unflushed: Flush,
    in_hand: Option<Entry>,
    /// An area that is being filled, and how many bytes are in it.
    filling: Option<(A, u64)>,
}

impl<A: Area> Target<A> {
    /// `transfer` is the most bytes that are written at once, in whole blocks, and no more than an area
    /// has.
    pub(super) fn new(disk: &Disk, buffers: Buffers<A>, transfer: u64, depth: u32) -> Self {
        Self {
            buffers,
            transfer,
            depth: usize::try_from(depth).unwrap_or(usize::MAX),
            method: Method::of(disk),
            flush: if disk.limits.flush { Flush::Yes } else { Flush::No },
            in_flight: Vec::new(),
            flushing: false,
            unflushed: Flush::No,
            in_hand: None,
            filling: None,
        }
    }

    /// Takes the next entry, the one before being applied.
    pub(super) fn take(&mut self, entry: Entry) {
        self.in_hand = Some(entry);
    }

    /// The end of the log: what is not flushed yet is to be flushed.
    pub(super) fn finish(&mut self) {
        let before = self.unflushed;
        let entry = Entry { before, body: Body::Nothing, after: Flush::No, log_bytes: 0 };
        self.in_hand = Some(entry);
    }

    /// Whether nothing is in flight.
    pub(super) const fn idle(&self) -> bool {
        self.in_flight.is_empty() && !self.flushing
    }

    /// What is to be asked of the disk next. The reader stands at the data of the entry in hand.
    pub(super) fn next(&mut self, reader: &mut Reader<A>) -> Next<A> {
        let Some(mut entry) = self.in_hand.take() else {
            return Next::Applied;
        };
        let next = self.next_of(&mut entry, reader);
        match next {
            Next::Ask { .. } | Next::Later => self.in_hand = Some(entry),
            Next::Applied => {}
        }
        next
    }

    fn next_of(&mut self, entry: &mut Entry, reader: &mut Reader<A>) -> Next<A> {
        if self.flushing {
            return Next::Later;
        }
        if entry.before == Flush::Yes
            && let Some(next) = self.next_flush(&mut entry.before)
        {
            return next;
        }
        match &mut entry.body {
            Body::Write(span) if span.bytes > 0 => return self.next_write(span, reader),
            Body::Discard(span) if span.bytes > 0 => return self.next_discard(span),
            Body::Write(_) | Body::Discard(_) | Body::Nothing | Body::Mark { .. } => {}
        }
        if entry.after == Flush::Yes
            && let Some(next) = self.next_flush(&mut entry.after)
        {
            return next;
        }
        Next::Applied
    }

    /// A flush, for which everything before it must be over; `None` if the disk knows none, because then
    /// a write is durable when it is done.
    fn next_flush(&mut self, due: &mut Flush) -> Option<Next<A>> {
        if !self.in_flight.is_empty() {
            return Some(Next::Later);
        }
        *due = Flush::No;
        self.unflushed = Flush::No;
        match self.flush {
            Flush::No => None,
            Flush::Yes => {
                self.flushing = true;
                Some(Next::Ask { operation: Operation::Flush, data: None, log_bytes: 0 })
            }
        }
    }

    /// Whether something more can be in flight, on these sectors.
    fn admits(&self, extent: &Extent) -> bool {
        self.in_flight.len() < self.depth
            && !self.in_flight.iter().any(|other| other.overlaps(extent))
    }

    fn admit(&mut self, extent: Extent) {
        self.in_flight.push(extent);
        self.unflushed = Flush::Yes;
    }

    fn next_write(&mut self, span: &mut Span, reader: &mut Reader<A>) -> Next<A> {
        let (extent, rest) = span.split(self.transfer);
        let Some((mut area, mut have)) =
            self.filling.take().or_else(|| Some((self.buffers.take()?, 0)))
        else {
            return Next::Later;
        };
        while have < extent.bytes()
            && let Some((window, offset, here)) = reader.here().filter(|(_, _, here)| *here > 0)
        {
            let bytes = (extent.bytes() - have).min(here as u64);
            let (Ok(to), Ok(length)) = (usize::try_from(have), usize::try_from(bytes)) else {
                break;
            };
            area.copy_from(to, window, offset, length);
            reader.advance(bytes);
            have += bytes;
        }
        if have < extent.bytes() || !self.admits(&extent) {
            self.filling = Some((area, have));
            return Next::Later;
        }
        *span = rest;
        self.admit(extent);
        Next::Ask {
            operation: Operation::Write(extent),
            data: Some(area),
            log_bytes: extent.bytes(),
        }
    }

    fn next_discard(&mut self, span: &mut Span) -> Next<A> {
        let most = match self.method {
            Method::WriteZeroes(most) => most,
            Method::Zeros => self.transfer,
        };
        let (extent, rest) = span.split(most);
        if !self.admits(&extent) {
            return Next::Later;
        }
        let (operation, data) = match self.method {
            Method::WriteZeroes(_) => (Operation::WriteZeroes(extent), None),
            Method::Zeros => {
                let Some(mut area) = self.buffers.take() else {
                    return Next::Later;
                };
                area.fill(0, area.length(), 0);
                (Operation::Write(extent), Some(area))
            }
        };
        *span = rest;
        self.admit(extent);
        Next::Ask { operation, data, log_bytes: 0 }
    }

    /// A request is over.
    pub(super) fn over(&mut self, operation: &Operation) {
        match operation.extent() {
            Some(extent) => {
                if let Some(place) = self.in_flight.iter().position(|other| *other == extent) {
                    self.in_flight.swap_remove(place);
                }
            }
            None => self.flushing = false,
        }
    }

    /// The areas for writes.
    pub(super) const fn buffers(&mut self) -> &mut Buffers<A> {
        &mut self.buffers
    }
}
