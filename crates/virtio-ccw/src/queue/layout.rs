//! Where everything of a queue lies in its area.
//!
//! In this order: descriptor table, available ring, indicators, used ring, and one table of descriptors for each
//! chain where the queue has indirect ones. The used ring is placed so that its entries are on a doubleword
//! boundary: an entry is then taken with a single load, whatever the device does to it meanwhile.

use crate::spec::ring::{MAX_QUEUE_SIZE, available, descriptor, used};
use core::fmt;

/// Where the descriptors of a chain are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placement {
    /// In a table of the chain's own, which one descriptor of the ring names (VIRTIO_F_INDIRECT_DESC).
    Indirect,
    /// In the ring's own table, each chain with its own run of them.
    InRing,
}

/// How a queue is made up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// Size of the rings, a power of two.
    pub size: u16,
    /// How many chains.
    pub chains: u16,
    /// How many elements a chain can have.
    pub elements: u16,
    /// Where their descriptors are.
    pub placement: Placement,
}

/// The device's queue cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GeometryError {
    /// The size that the device gives is no power of two up to 32768.
    Size {
        /// The size.
        size: u16,
    },
    /// The ring has no room for one chain, and the device knows no indirect descriptors.
    TooSmall {
        /// The size.
        size: u16,
        /// How many descriptors the shortest chain needs.
        needed: u16,
    },
}

impl fmt::Display for GeometryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Size { size } => {
                write!(f, "a queue size of {size} is no power of two up to {MAX_QUEUE_SIZE}")
            }
            Self::TooSmall { size, needed } => write!(
                f,
                "a queue of {size} has no room for a chain of {needed}, \
                 and the device knows no indirect descriptors"
            ),
        }
    }
}

impl core::error::Error for GeometryError {}

impl Geometry {
    /// The least number of elements that a chain needs to be of use: a header, data, a status.
    pub const MIN_ELEMENTS: u16 = 3;

    /// A queue within `max_size`, the size that the device gives, with up to `chains` chains of up to
    /// `elements` elements; fewer where they have no room.
    ///
    /// No chain may be longer than the queue (VIRTIO 1.2, 2.7.5.3 Indirect Descriptors). In a queue of one or two an
    /// indirect chain has three elements all the same, or nothing could be done with it; QEMU and Linux see it
    /// so too.
    ///
    /// # Errors
    /// [`GeometryError`].
    pub fn fit(
        max_size: u16,
        chains: u16,
        elements: u16,
        placement: Placement,
    ) -> Result<Self, GeometryError> {
        if !max_size.is_power_of_two() || max_size > MAX_QUEUE_SIZE {
            return Err(GeometryError::Size { size: max_size });
        }
        let needed = Self::MIN_ELEMENTS;
        let elements = elements.min(max_size).max(needed);
        let chains = chains.max(1);
        match placement {
            Placement::Indirect => {
                let size = power_of_two(u32::from(chains.max(elements)), max_size);
                Ok(Self { size, chains: chains.min(size), elements, placement })
            }
            Placement::InRing if max_size < needed => {
                Err(GeometryError::TooSmall { size: max_size, needed })
            }
            Placement::InRing => {
                let size = power_of_two(u32::from(chains) * u32::from(elements), max_size);
                Ok(Self { size, chains: chains.min(size / elements), elements, placement })
            }
        }
    }
}

/// The least power of two that is not below `wanted`, or `limit`, a power of two itself.
fn power_of_two(wanted: u32, limit: u16) -> u16 {
    u16::try_from(wanted.next_power_of_two()).map_or(limit, |size| size.min(limit))
}

/// Offsets in the area of a queue.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    geometry: Geometry,
    mask: u16,
    pub(super) available: usize,
    pub(super) indicators: usize,
    pub(super) used: usize,
    tables: usize,
    pub(super) length: usize,
}

impl Layout {
    pub(super) fn new(geometry: &Geometry) -> Self {
        let size = geometry.size;
        let available = usize::from(size) * descriptor::LENGTH;
        let indicators = (available + available::length(size)).next_multiple_of(8);
        let used = (indicators + 16).next_multiple_of(8) + used::ALIGNMENT;
        let tables = (used + used::length(size)).next_multiple_of(descriptor::LENGTH);
        let table = usize::from(geometry.elements) * descriptor::LENGTH;
        let length = match geometry.placement {
            Placement::Indirect => tables + usize::from(geometry.chains) * table,
            Placement::InRing => tables,
        };
        let mask = size - 1;
        Self { geometry: *geometry, mask, available, indicators, used, tables, length }
    }

    pub(super) const fn size(&self) -> u16 {
        self.geometry.size
    }

    pub(super) const fn chains(&self) -> u16 {
        self.geometry.chains
    }

    pub(super) const fn elements(&self) -> u16 {
        self.geometry.elements
    }

    pub(super) const fn is_indirect(&self) -> bool {
        matches!(self.geometry.placement, Placement::Indirect)
    }

    /// Length of a chain's own table in bytes.
    pub(super) fn table_bytes(&self) -> u32 {
        u32::from(self.geometry.elements) * 16
    }

    /// Offset of the first descriptor of a chain.
    pub(super) fn elements_offset(&self, chain: u16) -> usize {
        let run = usize::from(chain) * usize::from(self.geometry.elements) * descriptor::LENGTH;
        match self.geometry.placement {
            Placement::Indirect => self.tables + run,
            Placement::InRing => run,
        }
    }

    /// Offset of the descriptor in the ring that names a chain's own table.
    pub(super) fn head(&self, chain: u16) -> usize {
        usize::from(chain) * descriptor::LENGTH
    }

    /// What the `next` fields of a chain count from: its own table, or the ring's.
    pub(super) fn first_descriptor(&self, chain: u16) -> u16 {
        match self.geometry.placement {
            Placement::Indirect => 0,
            Placement::InRing => chain * self.geometry.elements,
        }
    }

    /// Index of the descriptor in the ring that a chain begins with.
    pub(super) fn first_descriptor_in_ring(&self, chain: u16) -> u16 {
        match self.geometry.placement {
            Placement::Indirect => chain,
            Placement::InRing => chain * self.geometry.elements,
        }
    }

    /// The chain that begins with descriptor `id` of the ring, if one does.
    pub(super) fn chain_of(&self, id: u32) -> Option<u16> {
        let id = u16::try_from(id).ok()?;
        let chain = match self.geometry.placement {
            Placement::Indirect => id,
            Placement::InRing if id.is_multiple_of(self.geometry.elements) => {
                id / self.geometry.elements
            }
            Placement::InRing => return None,
        };
        (chain < self.geometry.chains).then_some(chain)
    }

    pub(super) fn available_entry(&self, index: u16) -> usize {
        self.available + available::RING + usize::from(index & self.mask) * available::ENTRY_LENGTH
    }

    pub(super) fn used_entry(&self, index: u16) -> usize {
        self.used + used::RING + usize::from(index & self.mask) * used::ENTRY_LENGTH
    }

    pub(super) const fn used_event(&self) -> usize {
        self.available + available::used_event(self.geometry.size)
    }

    pub(super) const fn available_event(&self) -> usize {
        self.used + used::available_event(self.geometry.size)
    }
}
