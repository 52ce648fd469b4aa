//! The data of requests: buffers that a process hands over and gets back.
//!
//! A sector of data is one number, which is enough to tell whose it is. A device reaches a buffer by its
//! name when a request ends, not when it starts: a process that had its buffer back too early, or
//! changed it, is found out.

use core::fmt;
use std::collections::BTreeMap;

/// What a sector holds.
pub type SectorValue = u32;

/// What a device finds in a buffer that is not there any more.
pub const POISON: SectorValue = 0xdead_dead;

/// Names a buffer; no two ever have the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BufferId(u32);

impl fmt::Display for BufferId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "buffer {}", self.0)
    }
}

/// A buffer in the hands of its owner. It is to be cloned only with all that there is, to go on from
/// the same state in more than one way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Buffer {
    id: BufferId,
    sectors: u32,
}

impl Buffer {
    /// Its name.
    #[must_use]
    pub const fn id(&self) -> BufferId {
        self.id
    }

    /// How many sectors it holds.
    #[must_use]
    pub const fn sectors(&self) -> u32 {
        self.sectors
    }
}

/// All buffers that have been handed over and not been taken back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Memory {
    buffers: BTreeMap<BufferId, Vec<SectorValue>>,
    next: u32,
}

impl Memory {
    pub(crate) fn new_buffer(&mut self, content: &[SectorValue]) -> Buffer {
        let id = BufferId(self.next);
        self.next += 1;
        self.buffers.insert(id, content.to_vec());
        Buffer { id, sectors: u32::try_from(content.len()).unwrap_or(u32::MAX) }
    }

    /// The content of a buffer; `None` when it was taken back.
    #[must_use]
    pub fn content(&self, id: BufferId) -> Option<&[SectorValue]> {
        self.buffers.get(&id).map(Vec::as_slice)
    }

    pub(crate) fn content_mut(&mut self, id: BufferId) -> Option<&mut [SectorValue]> {
        self.buffers.get_mut(&id).map(Vec::as_mut_slice)
    }

    pub(crate) fn remove(&mut self, id: BufferId) -> Option<Vec<SectorValue>> {
        self.buffers.remove(&id)
    }

    /// Every buffer that was not taken back.
    pub(super) fn iter(&self) -> impl Iterator<Item = (BufferId, &[SectorValue])> {
        self.buffers.iter().map(|(id, content)| (*id, content.as_slice()))
    }

    /// How many buffers have not been taken back.
    #[must_use]
    pub fn count(&self) -> usize {
        self.buffers.len()
    }
}
