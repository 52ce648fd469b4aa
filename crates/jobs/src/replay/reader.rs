//! Reading a log from its disk, ahead of where it is needed.
//!
//! The disk is read in windows of equal size, a few ahead of the position. What is passed over
//! ([`Reader::advance`]) and has not been read yet is never read; so a walk from header to header reads
//! no more of long data than it must. The reader asks for nothing itself: whoever owns it gets the reads that it
//! wants ([`Reader::wanted`]) and brings what comes back ([`Reader::arrived`]).

use crate::buffers::{Buffers, Wanted};
use crate::disk::{Disk, TRANSFER_BYTES, extent, round_down};
use alloc::collections::VecDeque;
use channel_io::{Area, Storage, StorageError};
use ios::Extent;

/// How many windows are read or held at once.
const WINDOWS: u32 = 4;

/// Where a window's bytes are.
#[derive(Debug)]
enum Content<A> {
    /// On their way.
    Asked,
    /// Here.
    Here(A),
}

/// A piece of the log that was asked for.
#[derive(Debug)]
struct Window<A> {
    number: u64,
    content: Content<A>,
}

/// Reads a log ahead.
#[derive(Debug)]
pub(super) struct Reader<A> {
    /// In the order of their numbers, not all of them next to each other.
    windows: VecDeque<Window<A>>,
    buffers: Buffers<A>,
    window_bytes: u64,
    end: u64,
    position: u64,
}

/// A read that the reader wants.
#[derive(Debug)]
pub(super) struct WantedRead<A> {
    /// Which window it is for.
    pub(super) number: u64,
    /// What is to be read.
    pub(super) extent: Extent,
    /// Where it is to go.
    pub(super) data: A,
}

impl<A: Area> Reader<A> {
    /// Of a log on a disk, at the disk's start.
    pub(super) fn new<S: Storage<Area = A>>(
        storage: &mut S,
        log: &Disk,
    ) -> Result<Self, StorageError> {
        let (end, block) = (log.bytes(), log.block_bytes());
        let most = log.transfer_bytes().min(TRANSFER_BYTES);
        let buffers = Buffers::new(storage, Wanted::transfers(end, WINDOWS, most, block))?;
        let window_bytes = round_down(buffers.bytes() as u64, block);
        Ok(Self { windows: VecDeque::new(), buffers, window_bytes, end, position: 0 })
    }

    /// Where it is, in bytes.
    pub(super) const fn position(&self) -> u64 {
        self.position
    }

    /// Goes back to a position. Nothing may be on its way.
    pub(super) fn rewind(&mut self, position: u64) {
        self.position = position;
        while let Some(window) = self.windows.pop_front() {
            self.put_away(window);
        }
    }

    fn put_away(&mut self, window: Window<A>) {
        match window.content {
            Content::Here(area) => self.buffers.give(area),
            Content::Asked => {}
        }
    }

    /// The number of the window that the position is in.
    fn current(&self) -> u64 {
        self.position / self.window_bytes.max(1)
    }

    /// The next read that it wants, if it has an area for it.
    pub(super) fn wanted(&mut self) -> Option<WantedRead<A>> {
        let next = self.windows.back().map_or(0, |window| window.number + 1).max(self.current());
        let at = next.checked_mul(self.window_bytes).filter(|at| *at < self.end)?;
        let bytes = self.window_bytes.min(self.end - at);
        let data = self.buffers.take()?;
        self.windows.push_back(Window { number: next, content: Content::Asked });
        Some(WantedRead { number: next, extent: extent(at, bytes), data })
    }

    /// A window has come.
    pub(super) fn arrived(&mut self, number: u64, data: A) {
        debug_assert!(data.length() as u64 >= self.window_bytes);
        match self.windows.iter_mut().find(|window| window.number == number) {
            Some(window) => window.content = Content::Here(data),
            None => self.buffers.give(data),
        }
        self.drop_passed();
    }

    /// Goes on by so many bytes.
    pub(super) fn advance(&mut self, bytes: u64) {
        self.position = self.position.saturating_add(bytes);
        self.drop_passed();
    }

    /// Windows that the position has passed are free again; one that is on its way will be when it comes.
    fn drop_passed(&mut self) {
        let current = self.current();
        while let Some(window) = self.windows.pop_front_if(|window| {
            window.number < current && matches!(window.content, Content::Here(_))
        }) {
            self.put_away(window);
        }
    }

    /// The bytes from the position on that are here: the area, where in it they start, and how many
    /// there are without a gap. `None` while they are on their way.
    pub(super) fn here(&self) -> Option<(&A, usize, usize)> {
        let current = self.current();
        let window = self.windows.iter().find(|window| window.number == current)?;
        let Content::Here(area) = &window.content else {
            return None;
        };
        let offset = self.position - current * self.window_bytes;
        let bytes = (self.window_bytes - offset).min(self.end.saturating_sub(self.position));
        Some((area, usize::try_from(offset).ok()?, usize::try_from(bytes).ok()?))
    }
}
