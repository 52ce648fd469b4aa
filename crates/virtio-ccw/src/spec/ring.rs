//! The split virtqueue in storage (VIRTIO 1.2, 2.7 Split Virtqueues). All fields are little-endian.

/// The largest queue.
pub const MAX_QUEUE_SIZE: u16 = 32768;

/// A descriptor (2.7.5 The Virtqueue Descriptor Table): address, length, flags, next.
pub mod descriptor {
    /// Length in bytes; a table is on a boundary of as many.
    pub const LENGTH: usize = 16;
    /// Offset of the address, 64 bits.
    pub const ADDRESS: usize = 0;
    /// Offset of the length, 32 bits.
    pub const BYTES: usize = 8;
    /// Offset of the flags, 16 bits.
    pub const FLAGS: usize = 12;
    /// Offset of the index of the next descriptor, 16 bits.
    pub const NEXT: usize = 14;

    /// Flag: there is a next one.
    pub const FLAG_NEXT: u16 = 1;
    /// Flag: the device writes to it, and does not read it.
    pub const FLAG_WRITE: u16 = 2;
    /// Flag: it names a table of descriptors.
    pub const FLAG_INDIRECT: u16 = 4;
}

/// The available ring (2.7.6 The Virtqueue Available Ring): what the driver offers.
pub mod available {
    /// A table is on a boundary of this many bytes.
    pub const ALIGNMENT: usize = 2;
    /// Offset of the flags, 16 bits.
    pub const FLAGS: usize = 0;
    /// Offset of the index, 16 bits.
    pub const INDEX: usize = 2;
    /// Offset of the first entry.
    pub const RING: usize = 4;
    /// Length of an entry: the index of a descriptor, 16 bits.
    pub const ENTRY_LENGTH: usize = 2;

    /// Flag: no interruption is wanted. Only without event index.
    pub const FLAG_NO_INTERRUPT: u16 = 1;

    /// Offset of `used_event` in the ring of a queue of `size`: behind the last entry.
    #[must_use]
    pub const fn used_event(size: u16) -> usize {
        RING + ENTRY_LENGTH * size as usize
    }

    /// Length of the ring of a queue of `size`.
    #[must_use]
    pub const fn length(size: u16) -> usize {
        used_event(size) + 2
    }
}

/// The used ring (2.7.8 The Virtqueue Used Ring): what the device gives back.
pub mod used {
    /// A table is on a boundary of this many bytes.
    pub const ALIGNMENT: usize = 4;
    /// Offset of the flags, 16 bits.
    pub const FLAGS: usize = 0;
    /// Offset of the index, 16 bits.
    pub const INDEX: usize = 2;
    /// Offset of the first entry.
    pub const RING: usize = 4;
    /// Length of an entry.
    pub const ENTRY_LENGTH: usize = 8;
    /// Offset in an entry: index of the first descriptor of the chain, 32 bits.
    pub const ENTRY_ID: usize = 0;
    /// Offset in an entry: bytes that the device wrote, 32 bits.
    pub const ENTRY_BYTES: usize = 4;

    /// Flag: no notification is wanted. Only without event index.
    pub const FLAG_NO_NOTIFY: u16 = 1;

    /// Offset of `avail_event` in the ring of a queue of `size`: behind the last entry.
    #[must_use]
    pub const fn available_event(size: u16) -> usize {
        RING + ENTRY_LENGTH * size as usize
    }

    /// Length of the ring of a queue of `size`.
    #[must_use]
    pub const fn length(size: u16) -> usize {
        available_event(size) + 2
    }
}

/// Whether someone who asked for word at index `event` is to be told that an index has gone from `old` to
/// `new` (2.7.10 Available Buffer Notification Suppression).
#[must_use]
pub const fn needs_event(event: u16, new: u16, old: u16) -> bool {
    new.wrapping_sub(event).wrapping_sub(1) < new.wrapping_sub(old)
}
