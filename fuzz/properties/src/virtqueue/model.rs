//! What a split virtqueue must answer, from what the device has written and what was asked of the queue before.
//!
//! [`Model`] keeps the chains as a table and the indexes as 64-bit numbers that never wrap.

use crate::memory::DeviceMemory;
use crate::ring::{DeviceRing, Segment};
use virtio_ccw::queue::{Geometry, Notification, Placement, QueueError, Suppression};

/// A chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Chain {
    Free,
    Taken(Vec<Segment>),
    /// The device is to be shown it under this available index, and could write so many bytes.
    Offered {
        index: u64,
        writable: u32,
        segments: Vec<Segment>,
    },
}

/// The queue.
#[derive(Debug)]
pub(super) struct Model {
    pub(super) geometry: Geometry,
    pub(super) suppression: Suppression,
    pub(super) chains: Vec<Chain>,
    pub(super) next_available: u64,
    pub(super) published: u64,
    /// Up to here the device was told, or asked not to be.
    settled: u64,
    pub(super) used: u64,
    pub(super) error: Option<QueueError>,
}

/// The low half of an index, as it lies in the rings.
pub(super) const fn half(index: u64) -> u16 {
    let [a, b, ..] = index.to_le_bytes();
    u16::from_le_bytes([a, b])
}

impl Model {
    pub(super) fn new(geometry: Geometry, suppression: Suppression) -> Self {
        let chains = vec![Chain::Free; usize::from(geometry.chains)];
        let (next_available, published, settled, used) = (0, 0, 0, 0);
        Self {
            geometry,
            suppression,
            chains,
            next_available,
            published,
            settled,
            used,
            error: None,
        }
    }

    /// As if so many chains had gone to the device and come back.
    pub(super) const fn begin_at(&mut self, index: u64) {
        (self.next_available, self.published, self.settled, self.used) =
            (index, index, index, index);
    }

    pub(super) fn free(&self) -> usize {
        self.chains.iter().filter(|chain| **chain == Chain::Free).count()
    }

    pub(super) fn chain(&mut self, number: usize) -> &mut Chain {
        match self.chains.get_mut(number) {
            Some(chain) => chain,
            None => panic!("there is no chain {number}"),
        }
    }

    /// The number of the descriptor that a chain begins with.
    pub(super) fn head(&self, chain: usize) -> u32 {
        let chain = u32::try_from(chain).unwrap_or(u32::MAX);
        match self.geometry.placement {
            Placement::Indirect => chain,
            Placement::InRing => chain * u32::from(self.geometry.elements),
        }
    }

    /// Puts a chain into the available ring.
    pub(super) fn offer(&mut self, number: usize, writable: u32) {
        let index = self.next_available;
        let chain = self.chain(number);
        if let Chain::Taken(segments) = chain {
            *chain = Chain::Offered { index, writable, segments: core::mem::take(segments) };
            self.next_available += 1;
        }
    }

    pub(super) fn release(&mut self, number: usize) {
        let chain = self.chain(number);
        match chain {
            Chain::Taken(_) => *chain = Chain::Free,
            Chain::Free | Chain::Offered { .. } => {}
        }
    }

    /// Whether a device that says this wants to be told of the indexes from `old` to before `new`.
    fn notification(
        &self,
        ring: &DeviceRing,
        memory: &impl DeviceMemory,
        (old, new): (u64, u64),
    ) -> Notification {
        let wanted = match self.suppression {
            Suppression::Flags => old != new && ring.used_flags(memory) & 1 == 0,
            Suppression::EventIndex => {
                let event = ring.available_event(memory);
                (old..new).any(|index| half(index) == event)
            }
        };
        if wanted { Notification::Wanted } else { Notification::NotWanted }
    }

    pub(super) fn publish(
        &mut self,
        ring: &DeviceRing,
        memory: &impl DeviceMemory,
    ) -> Notification {
        let news = (self.published, self.next_available);
        let notification = self.notification(ring, memory, news);
        self.published = self.next_available;
        if notification == Notification::Wanted {
            self.settled = self.published;
        }
        notification
    }

    pub(super) fn settle(&mut self, ring: &DeviceRing, memory: &impl DeviceMemory) -> Notification {
        let news = (self.settled, self.published);
        self.settled = self.published;
        self.notification(ring, memory, news)
    }

    /// Whether the device has it: offered, and shown.
    pub(super) fn is_shown(&self, chain: &Chain) -> Option<u32> {
        match chain {
            Chain::Offered { index, writable, .. } if *index < self.published => Some(*writable),
            Chain::Offered { .. } | Chain::Free | Chain::Taken(_) => None,
        }
    }

    /// Chains that the device has.
    pub(super) fn shown(&self) -> Vec<usize> {
        let chains = self.chains.iter().enumerate();
        chains
            .filter(|(_, chain)| self.is_shown(chain).is_some())
            .map(|(number, _)| number)
            .collect()
    }

    /// The next chain that the device is done with, and how many bytes it says that it wrote.
    pub(super) fn next_used(
        &mut self,
        ring: &DeviceRing,
        memory: &impl DeviceMemory,
    ) -> Result<Option<(usize, u32)>, QueueError> {
        if let Some(error) = self.error {
            return Err(error);
        }
        let result = self.look(ring, memory);
        match result {
            Err(error) => self.error = Some(error),
            Ok(Some((number, _))) => {
                self.used += 1;
                let chain = self.chain(number);
                if let Chain::Offered { segments, .. } = chain {
                    *chain = Chain::Taken(core::mem::take(segments));
                }
            }
            Ok(None) => {}
        }
        result
    }

    fn look(
        &self,
        ring: &DeviceRing,
        memory: &impl DeviceMemory,
    ) -> Result<Option<(usize, u32)>, QueueError> {
        let index = ring.used_index(memory);
        let possible = self.used..=self.published;
        let Some(ahead) = possible.into_iter().position(|possible| half(possible) == index) else {
            return Err(QueueError::UsedIndex { index, limit: half(self.published) });
        };
        if ahead == 0 {
            return Ok(None);
        }
        let (id, written) = ring.used(memory, half(self.used));
        let number = (0..self.chains.len()).find(|number| self.head(*number) == id);
        let chain = number.and_then(|number| Some((number, self.chains.get(number)?)));
        let shown = chain.and_then(|(number, chain)| Some((number, self.is_shown(chain)?)));
        let Some((number, writable)) = shown else {
            let descriptors = self.geometry.size;
            return Err(QueueError::ChainNotOutstanding { id, descriptors });
        };
        if written > writable {
            return Err(QueueError::TooMuchWritten { written, writable });
        }
        Ok(Some((number, written)))
    }
}
