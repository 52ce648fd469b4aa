//! The data areas of a process: made once, then used again and again.
//!
//! A process has as many areas as requests in flight, all of one size. An area is in a request, or here.
//! One that a device may still be using is never given back; another takes its place.

use crate::disk::round_up;
use alloc::vec::Vec;
use channel_io::{Area, Reach, Storage, StorageError};

/// Where areas start: a page, so that a device needs no more pieces than there are pages.
const ALIGNMENT: usize = 4096;

/// What is left free for everybody else when a process makes its areas.
const HEADROOM_BYTES: usize = 256 * 1024;

/// The areas of one process that are in no request.
#[derive(Debug)]
pub(crate) struct Buffers<A> {
    free: Vec<A>,
    bytes: usize,
}

/// How many areas of what size.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    /// How many.
    pub(crate) count: u32,
    /// Bytes in each, as many as are of use.
    pub(crate) bytes: usize,
    /// Bytes in each, the fewest that are of use: the size is halved down to it while there is no room.
    pub(crate) least_bytes: usize,
}

impl Wanted {
    /// Areas for moving `total` bytes, `most` at a time in whole blocks of `block` bytes: no more and no
    /// larger than it takes.
    pub(crate) fn transfers(total: u64, depth: u32, most: u64, block: u64) -> Self {
        let bytes = most.min(round_up(total, block)).max(block);
        let pieces = u32::try_from(total.div_ceil(bytes)).unwrap_or(u32::MAX);
        let size = |bytes| usize::try_from(bytes).unwrap_or(usize::MAX);
        Self { count: depth.min(pieces).max(1), bytes: size(bytes), least_bytes: size(block) }
    }
}

impl<A: Area> Buffers<A> {
    /// Makes the areas.
    ///
    /// # Errors
    /// [`StorageError`] when there is no room even for areas of the least size.
    pub(crate) fn new<S: Storage<Area = A>>(
        storage: &mut S,
        wanted: Wanted,
    ) -> Result<Self, StorageError> {
        let mut bytes = wanted.bytes.max(wanted.least_bytes);
        loop {
            match Self::with_bytes(storage, wanted.count, bytes) {
                Ok(buffers) => return Ok(buffers),
                Err(error) if bytes <= wanted.least_bytes => return Err(error),
                Err(_) => bytes = (bytes / 2).max(wanted.least_bytes),
            }
        }
    }

    fn with_bytes<S: Storage<Area = A>>(
        storage: &mut S,
        count: u32,
        bytes: usize,
    ) -> Result<Self, StorageError> {
        let free = (0..count)
            .map(|_| storage.allocate(bytes, ALIGNMENT, Reach::Anywhere))
            .collect::<Result<Vec<_>, _>>()?;
        drop(storage.allocate(HEADROOM_BYTES, ALIGNMENT, Reach::Anywhere)?);
        Ok(Self { free, bytes })
    }

    /// Bytes in each area.
    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// An area, if one is free.
    pub(crate) fn take(&mut self) -> Option<A> {
        self.free.pop()
    }

    /// An area is free again.
    pub(crate) fn give(&mut self, area: A) {
        self.free.push(area);
    }

    /// What came back from a request that took an area: the area, or a new one in place of one that a
    /// device may still be using.
    ///
    /// # Errors
    /// [`StorageError`] when there is no room for another.
    pub(crate) fn give_back<S: Storage<Area = A>>(
        &mut self,
        storage: &mut S,
        area: Option<A>,
    ) -> Result<(), StorageError> {
        let area = match area {
            Some(area) => area,
            None => storage.allocate(self.bytes, ALIGNMENT, Reach::Anywhere)?,
        };
        self.give(area);
        Ok(())
    }

    /// All areas, for somebody who sees to them himself.
    pub(crate) fn into_areas(self) -> Vec<A> {
        self.free
    }

    /// All free areas, for something to be put in once.
    pub(crate) fn each(&mut self) -> impl Iterator<Item = &mut A> {
        self.free.iter_mut()
    }
}
