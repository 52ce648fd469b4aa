//! A split virtqueue as a device sees it, by the addresses that it was given (VIRTIO 1.2, 2.7 Split Virtqueues), for
//! a device that writes what it likes.
//!
//! The numbers are this file's own and not the driver's, so that a slip in one of them shows.

use crate::memory::DeviceMemory;

const DESCRIPTOR: u64 = 16;
const NEXT: u16 = 1;
const WRITE: u16 = 2;
const INDIRECT: u16 = 4;

/// A run of bytes that a descriptor names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    pub(crate) address: u64,
    pub(crate) length: u32,
    /// Whether the device is to write it.
    pub(crate) write: bool,
}

/// Where a queue is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DeviceRing {
    pub(crate) size: u16,
    pub(crate) descriptors: u64,
    pub(crate) available: u64,
    pub(crate) used: u64,
}

impl DeviceRing {
    fn slot(&self, index: u16) -> u64 {
        u64::from(index % self.size)
    }

    pub(crate) fn available_index(&self, memory: &impl DeviceMemory) -> u16 {
        memory.load16(self.available + 2)
    }

    /// The head of the chain that was made available under an index.
    pub(crate) fn head(&self, memory: &impl DeviceMemory, index: u16) -> u16 {
        memory.load16(self.available + 4 + 2 * self.slot(index))
    }

    /// The segments of a chain. At most as many as there are descriptors, whatever the chain says.
    pub(crate) fn chain(&self, memory: &impl DeviceMemory, head: u16) -> Vec<Segment> {
        let (mut table, mut entries, mut next) = (self.descriptors, u32::from(self.size), head);
        let mut segments = Vec::new();
        while u32::from(next) < entries && segments.len() <= usize::from(self.size.max(3)) {
            let at = table + u64::from(next) * DESCRIPTOR;
            let (address, length) = (memory.load64(at), memory.load32(at + 8));
            let (flags, link) = (memory.load16(at + 12), memory.load16(at + 14));
            if flags & INDIRECT != 0 && table == self.descriptors {
                (table, entries, next) = (address, length / 16, 0);
                continue;
            }
            segments.push(Segment { address, length, write: flags & WRITE != 0 });
            if flags & NEXT == 0 {
                break;
            }
            next = link;
        }
        segments
    }

    pub(crate) fn used_index(&self, memory: &impl DeviceMemory) -> u16 {
        memory.load16(self.used + 2)
    }

    pub(crate) fn set_used_index(&self, memory: &mut impl DeviceMemory, index: u16) {
        memory.put(self.used + 2, &index.to_le_bytes());
    }

    fn used_at(&self, index: u16) -> u64 {
        self.used + 4 + 8 * self.slot(index)
    }

    /// The entry under an index: head of a chain, and bytes written.
    pub(crate) fn used(&self, memory: &impl DeviceMemory, index: u16) -> (u32, u32) {
        let at = self.used_at(index);
        (memory.load32(at), memory.load32(at + 4))
    }

    pub(crate) fn set_used(
        &self,
        memory: &mut impl DeviceMemory,
        index: u16,
        (head, written): (u32, u32),
    ) {
        let at = self.used_at(index);
        memory.put(at, &head.to_le_bytes());
        memory.put(at + 4, &written.to_le_bytes());
    }

    /// What a device that knows no event index says by flag 1: that it wants no notification.
    pub(crate) fn used_flags(&self, memory: &impl DeviceMemory) -> u16 {
        memory.load16(self.used)
    }

    pub(crate) fn set_used_flags(&self, memory: &mut impl DeviceMemory, flags: u16) {
        memory.put(self.used, &flags.to_le_bytes());
    }

    fn available_event_at(&self) -> u64 {
        self.used + 4 + 8 * u64::from(self.size)
    }

    /// The available index with which the device wants to be notified, where it knows the event index.
    pub(crate) fn available_event(&self, memory: &impl DeviceMemory) -> u16 {
        memory.load16(self.available_event_at())
    }

    pub(crate) fn set_available_event(&self, memory: &mut impl DeviceMemory, event: u16) {
        memory.put(self.available_event_at(), &event.to_le_bytes());
    }

    /// The used index with which the driver wants to be interrupted, where it knows the event index.
    pub(crate) fn used_event(&self, memory: &impl DeviceMemory) -> u16 {
        memory.load16(self.available + 4 + 2 * u64::from(self.size))
    }

    /// How many bytes the used ring has, with all that belongs to it.
    pub(crate) fn used_bytes(&self) -> u64 {
        6 + 8 * u64::from(self.size)
    }
}
