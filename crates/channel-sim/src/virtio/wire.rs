//! The numbers of VIRTIO 1.2 that the device needs, written down apart from the driver's.

/// Feature bits (5.2.3 Feature bits, 6 Reserved Feature Bits).
pub mod feature {
    /// `size_max` limits a segment.
    pub const SIZE_MAX: u64 = 1 << 1;
    /// `seg_max` limits the number of segments.
    pub const SEG_MAX: u64 = 1 << 2;
    /// The device is read-only.
    pub const READ_ONLY: u64 = 1 << 5;
    /// `blk_size` is the block size.
    pub const BLOCK_SIZE: u64 = 1 << 6;
    /// Flush is known.
    pub const FLUSH: u64 = 1 << 9;
    /// Discard is known.
    pub const DISCARD: u64 = 1 << 13;
    /// Write-zeroes is known.
    pub const WRITE_ZEROES: u64 = 1 << 14;
    /// Indirect descriptors.
    pub const INDIRECT: u64 = 1 << 28;
    /// Event index.
    pub const EVENT_INDEX: u64 = 1 << 29;
    /// VIRTIO 1.0 or later.
    pub const VERSION_1: u64 = 1 << 32;
    /// Storage is reached as the platform says, which here is no other way.
    pub const ACCESS_PLATFORM: u64 = 1 << 33;
    /// Packed queues, which the device only claims to have.
    pub const PACKED: u64 = 1 << 34;

    /// All that the device can do.
    pub(in super::super) const KNOWN: u64 = SIZE_MAX
        | SEG_MAX
        | READ_ONLY
        | BLOCK_SIZE
        | FLUSH
        | DISCARD
        | WRITE_ZEROES
        | INDIRECT
        | EVENT_INDEX
        | VERSION_1
        | ACCESS_PLATFORM;
}

/// Device status bits (2.1 Device Status Field).
pub(super) mod status {
    pub(in super::super) const ACKNOWLEDGE: u8 = 1;
    pub(in super::super) const DRIVER: u8 = 2;
    pub(in super::super) const DRIVER_OK: u8 = 4;
    pub(in super::super) const FEATURES_OK: u8 = 8;
    pub(in super::super) const FAILED: u8 = 128;
}

/// Channel commands (4.3.1.1 Channel Commands for Virtio).
pub(super) mod command {
    pub(in super::super) const SET_QUEUE: u8 = 0x13;
    pub(in super::super) const RESET: u8 = 0x33;
    pub(in super::super) const SET_INDICATORS: u8 = 0x43;
    pub(in super::super) const SET_CONFIGURATION_INDICATORS: u8 = 0x53;
    pub(in super::super) const READ_FEATURES: u8 = 0x12;
    pub(in super::super) const WRITE_FEATURES: u8 = 0x11;
    pub(in super::super) const READ_CONFIGURATION: u8 = 0x22;
    pub(in super::super) const WRITE_STATUS: u8 = 0x31;
    pub(in super::super) const READ_QUEUE: u8 = 0x32;
    pub(in super::super) const SET_REVISION: u8 = 0x83;
    pub(in super::super) const READ_STATUS: u8 = 0x72;
    /// Those that no revision of this device has, but that are virtio commands.
    pub(in super::super) const OTHERS: [u8; 2] = [0x21, 0x73];
}

/// Descriptor flags (2.7.5 The Virtqueue Descriptor Table).
pub(super) mod descriptor {
    pub(in super::super) const LENGTH: u64 = 16;
    pub(in super::super) const NEXT: u16 = 1;
    pub(in super::super) const WRITE: u16 = 2;
    pub(in super::super) const INDIRECT: u16 = 4;
}

/// Request types (5.2.6 Device Operation).
pub(super) mod kind {
    pub(in super::super) const READ: u32 = 0;
    pub(in super::super) const WRITE: u32 = 1;
    pub(in super::super) const FLUSH: u32 = 4;
    pub(in super::super) const DISCARD: u32 = 11;
    pub(in super::super) const WRITE_ZEROES: u32 = 13;
}

/// Status bytes of a request.
pub(super) mod outcome {
    pub(in super::super) const OK: u8 = 0;
    pub(in super::super) const IO_ERROR: u8 = 1;
    pub(in super::super) const UNSUPPORTED: u8 = 2;
}
