//! A split virtqueue that trusts nothing that the device says.
//!
//! [`SplitQueue`] has a fixed number of *chains*, each with its own descriptors, in one area with the rings. Where
//! the device knows indirect descriptors, each chain has a table of its own and takes one descriptor of the
//! ring; else it has its own run of the ring's descriptors. So a chain's place never changes: what it was built
//! from is known without reading it back from storage that the device could have written to, and nothing is
//! allocated once the queue exists.
//!
//! ```text
//! let chain = queue.take_free()?;
//! queue.describe(chain, 0, &Element { … });      // once or more
//! queue.offer(chain, writable_bytes);            // once or more
//! if queue.publish() == Notification::Wanted { /* DIAGNOSE X'500' */ }
//! // … an interruption …
//! while let Some(used) = queue.next_used()? { queue.release(used.chain); }
//! queue.arm() // and look once more
//! ```

mod element;
mod layout;

pub use element::{
    Access, ChainIndex, Element, Notification, Position, QueueError, Suppression, UsedChain,
};
pub use layout::{Geometry, GeometryError, Placement};

use crate::spec::channel::QueueInformation;
use crate::spec::ring::{available, descriptor, needs_event, used};
use crate::transport::Indicators;
use alloc::vec::Vec;
use channel_io::{AbsoluteAddress, Area, Reach, Storage, StorageError};
use core::sync::atomic::{Ordering, fence};
use layout::Layout;

/// Where a chain stands, as the driver knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ChainState {
    Free,
    /// Taken, not offered.
    Taken,
    /// The device has it once this publication is done, and can write this many bytes.
    Offered {
        publication: u32,
        writable: u32,
    },
}

/// A split virtqueue in an area of its own.
#[derive(Debug)]
pub struct SplitQueue<A> {
    area: A,
    layout: Layout,
    suppression: Suppression,
    chains: Vec<ChainState>,
    free: Vec<u16>,
    /// The available index that the next chain offered gets.
    next_available: u16,
    /// The available index that the device has been shown.
    published: u16,
    /// The number of the next publication. That it wraps does no harm: no chain is with a device for 2³² of them.
    publication: u32,
    /// The available index up to which the device is known to have been notified, or not to have wanted it.
    settled: u16,
    /// The used index up to which entries were taken.
    last_used: u16,
    error: Option<QueueError>,
}

impl<A: Area> SplitQueue<A> {
    /// A queue of this geometry, with nothing in it.
    ///
    /// # Errors
    /// [`StorageError`].
    pub fn new<S: Storage<Area = A>>(
        storage: &mut S,
        geometry: &Geometry,
        suppression: Suppression,
    ) -> Result<Self, StorageError> {
        let layout = Layout::new(geometry);
        let area = storage.allocate(layout.length, descriptor::LENGTH, Reach::Anywhere)?;
        let chains = usize::from(geometry.chains);
        let mut queue = Self {
            area,
            layout,
            suppression,
            chains: Vec::with_capacity(chains),
            free: Vec::with_capacity(chains),
            next_available: 0,
            published: 0,
            publication: 0,
            settled: 0,
            last_used: 0,
            error: None,
        };
        queue.clear();
        Ok(queue)
    }

    /// Empties the queue, once the device was reset: every chain is free, all indexes are zero.
    #[inline(never)]
    pub fn clear(&mut self) {
        self.area.fill(0, self.layout.length, 0);
        if self.layout.is_indirect() {
            for chain in 0..self.layout.chains() {
                let table = self.area.address().plus(self.layout.elements_offset(chain));
                let length = self.layout.table_bytes();
                let flags = descriptor::FLAG_INDIRECT;
                self.store_descriptor(self.layout.head(chain), table, length, flags, 0);
            }
        }
        self.chains.clear();
        self.chains.resize(usize::from(self.layout.chains()), ChainState::Free);
        self.free.clear();
        self.free.extend((0..self.layout.chains()).rev());
        self.next_available = 0;
        self.published = 0;
        self.publication = 0;
        self.settled = 0;
        self.last_used = 0;
        self.error = None;
    }

    /// What the device is to be told of queue `index`.
    pub fn information(&self, index: u16) -> QueueInformation {
        let at = |offset: usize| self.area.address().plus(offset).0.into();
        QueueInformation {
            descriptors: at(0),
            reserved: 0.into(),
            index: index.into(),
            size: self.layout.size().into(),
            available: at(self.layout.available),
            used: at(self.layout.used),
        }
    }

    /// Where the device is to put its indicators; they are in the same area.
    pub fn indicators(&self) -> Indicators {
        let at = |offset: usize| self.area.address().plus(offset);
        Indicators {
            queues: at(self.layout.indicators),
            configuration: at(self.layout.indicators + 8),
        }
    }

    /// Whether the device says that its configuration has changed; it is asked only once each time.
    pub fn take_configuration_change(&mut self) -> bool {
        let offset = self.layout.indicators + 8;
        let changed = self.area.load_le64(offset) != 0;
        if changed {
            self.area.store_le64(offset, 0);
        }
        changed
    }

    /// How many chains could be taken.
    #[must_use]
    pub fn free_chains(&self) -> usize {
        self.free.len()
    }

    /// How many elements a chain can have.
    #[must_use]
    pub const fn elements_per_chain(&self) -> u16 {
        self.layout.elements()
    }

    /// What was wrong, if the queue is broken.
    #[must_use]
    pub const fn error(&self) -> Option<QueueError> {
        self.error
    }

    /// Takes a chain that is free.
    #[inline]
    pub fn take_free(&mut self) -> Option<ChainIndex> {
        let chain = self.free.pop()?;
        if let Some(state) = self.chains.get_mut(usize::from(chain)) {
            *state = ChainState::Taken;
        }
        Some(ChainIndex(chain))
    }

    /// Gives back a chain that was taken, or that the device is done with.
    pub fn release(&mut self, chain: ChainIndex) {
        if let Some(state) = self.chains.get_mut(chain.number())
            && *state == ChainState::Taken
        {
            *state = ChainState::Free;
            self.free.push(chain.0);
        }
    }

    /// Makes `element` the one at `index` of a chain that was taken. An index that a chain does not have is
    /// a fault of the program, and panics.
    pub fn describe(&mut self, chain: ChainIndex, index: u16, element: &Element) {
        assert!(index < self.layout.elements(), "a chain has no element {index}");
        let first = self.layout.first_descriptor(chain.0);
        let offset = self.layout.elements_offset(chain.0) + usize::from(index) * descriptor::LENGTH;
        let write = match element.access {
            Access::Read => 0,
            Access::Write => descriptor::FLAG_WRITE,
        };
        let (flags, next) = match element.position {
            Position::Inner => (write | descriptor::FLAG_NEXT, first + index + 1),
            Position::Last => (write, 0),
        };
        self.store_descriptor(offset, element.address, element.length, flags, next);
    }

    /// Two stores a descriptor: address; then length, flags and next, which lie side by side.
    fn store_descriptor(
        &mut self,
        offset: usize,
        address: AbsoluteAddress,
        length: u32,
        flags: u16,
        next: u16,
    ) {
        let rest = u64::from(length) | u64::from(flags) << 32 | u64::from(next) << 48;
        self.area.store_le64(offset + descriptor::ADDRESS, address.0);
        self.area.store_le64(offset + descriptor::BYTES, rest);
    }

    /// Puts a chain that was taken and described into the available ring, in which the device can write `writable`
    /// bytes in all. The device sees it when [`SplitQueue::publish`] is called.
    pub fn offer(&mut self, chain: ChainIndex, writable: u32) {
        let Some(state) = self.chains.get_mut(chain.number()) else {
            return;
        };
        if *state != ChainState::Taken {
            return;
        }
        *state = ChainState::Offered { publication: self.publication, writable };
        let entry = self.layout.available_entry(self.next_available);
        self.area.store_le16(entry, self.layout.first_descriptor_in_ring(chain.0));
        self.next_available = self.next_available.wrapping_add(1);
    }

    /// Shows the device all chains offered since the last time.
    pub fn publish(&mut self) -> Notification {
        let (old, new) = (self.published, self.next_available);
        if old == new {
            return Notification::NotWanted;
        }
        // The device must see the descriptors and the ring before the index
        // (VIRTIO 1.2, 2.7.13.3 Updating idx).
        fence(Ordering::Release);
        self.area.store_le16(self.layout.available + available::INDEX, new);
        self.published = new;
        self.publication = self.publication.wrapping_add(1);
        // And the index must be visible before it is looked whether the device wants to be told
        // (2.7.13.4 Notifying The Device), or both sides could wait for each other.
        fence(Ordering::SeqCst);
        let notification = self.notification(new, old);
        if notification == Notification::Wanted {
            self.settled = new;
        }
        notification
    }

    /// Whether the device wants to be told of what it was shown since it last was told, or since this was
    /// last asked. To be asked behind an instruction that serializes, whatever the fences may be worth.
    pub fn settle(&mut self) -> Notification {
        let (old, new) = (self.settled, self.published);
        if old == new {
            return Notification::NotWanted;
        }
        self.settled = new;
        self.notification(new, old)
    }

    /// Whether the device is done with a chain that was not taken yet.
    #[must_use]
    pub fn has_used(&self) -> bool {
        self.area.load_le16(self.layout.used + used::INDEX) != self.last_used
    }

    /// Whether the device wants to be told that the available index went from `old` to `new`.
    fn notification(&self, new: u16, old: u16) -> Notification {
        let wanted = match self.suppression {
            Suppression::EventIndex => {
                needs_event(self.area.load_le16(self.layout.available_event()), new, old)
            }
            Suppression::Flags => {
                self.area.load_le16(self.layout.used + used::FLAGS) & used::FLAG_NO_NOTIFY == 0
            }
        };
        if wanted { Notification::Wanted } else { Notification::NotWanted }
    }

    /// How many chains the device has.
    #[must_use]
    pub const fn outstanding(&self) -> u16 {
        self.published.wrapping_sub(self.last_used)
    }

    /// The next chain that the device is done with. The caller gives it back with
    /// [`SplitQueue::release`] when it has looked at it.
    ///
    /// # Errors
    /// [`QueueError`], from the first time on every time until [`SplitQueue::clear`].
    pub fn next_used(&mut self) -> Result<Option<UsedChain>, QueueError> {
        if let Some(error) = self.error {
            return Err(error);
        }
        let index = self.area.load_le16(self.layout.used + used::INDEX);
        if index == self.last_used {
            return Ok(None);
        }
        self.take_used(index).map(Some).inspect_err(|error| self.error = Some(*error))
    }

    fn take_used(&mut self, index: u16) -> Result<UsedChain, QueueError> {
        if index.wrapping_sub(self.last_used) > self.outstanding() {
            return Err(QueueError::UsedIndex { index, limit: self.published });
        }
        // The entry, and what the device wrote, must not be read before the index that covers it.
        fence(Ordering::Acquire);
        let entry = self.layout.used_entry(self.last_used);
        // One load: index of the descriptor in the lower half, bytes written in the upper.
        let [a, b, c, d, e, f, g, h] = self.area.load_le64(entry).to_le_bytes();
        let (id, written) = (u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h]));
        let not_outstanding =
            QueueError::ChainNotOutstanding { id, descriptors: self.layout.size() };
        let chain = self.layout.chain_of(id).ok_or(not_outstanding)?;
        let Some(state) = self.chains.get_mut(usize::from(chain)) else {
            return Err(not_outstanding);
        };
        let ChainState::Offered { publication, writable } = *state else {
            return Err(not_outstanding);
        };
        // A device can guess the name of a chain that it has not been shown.
        if publication == self.publication {
            return Err(not_outstanding);
        }
        if written > writable {
            return Err(QueueError::TooMuchWritten { written, writable });
        }
        *state = ChainState::Taken;
        self.last_used = self.last_used.wrapping_add(1);
        Ok(UsedChain { chain: ChainIndex(chain), written })
    }

    /// Asks for an interruption when the device is next done with a chain. True when it is done with one
    /// already, which may have come too early for an interruption.
    #[must_use]
    pub fn arm(&mut self) -> bool {
        match self.suppression {
            // The flag in the available ring is never turned on: nothing to do.
            Suppression::Flags => {}
            Suppression::EventIndex => {
                self.area.store_le16(self.layout.used_event(), self.last_used);
            }
        }
        // The device must see this before the index is read again
        // (VIRTIO 1.2, 2.7.14 Receiving Used Buffers From The Device).
        fence(Ordering::SeqCst);
        self.has_used()
    }
}
