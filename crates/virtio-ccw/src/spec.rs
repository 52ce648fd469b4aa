//! The numbers and structures of VIRTIO 1.2 that this crate uses.
//!
//! [`channel`]: what goes over the channel (VIRTIO 1.2, 4.3 Virtio Over Channel I/O), big-endian but
//! for the feature bits. [`ring`]: the split virtqueue (2.7 Split Virtqueues), little-endian.
//! [`block`]: the block device (5.2 Block Device), little-endian.

pub mod block;
pub mod channel;
pub mod ring;

use bitflags::bitflags;
use core::fmt;

bitflags! {
    /// Feature bits, of all devices (6 Reserved Feature Bits) and of block devices (5.2.3 Feature bits).
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct Features: u64 {
        /// Block: `size_max` limits a data segment.
        const BLOCK_SIZE_MAX = 1 << 1;
        /// Block: `seg_max` limits the data segments of a request.
        const BLOCK_SEGMENTS_MAX = 1 << 2;
        /// Block: read-only.
        const BLOCK_READ_ONLY = 1 << 5;
        /// Block: `blk_size` is the block size.
        const BLOCK_BLOCK_SIZE = 1 << 6;
        /// Block: flush is known.
        const BLOCK_FLUSH = 1 << 9;
        /// Block: `topology` is valid.
        const BLOCK_TOPOLOGY = 1 << 10;
        /// Block: the write cache can be turned off.
        const BLOCK_CONFIGURE_CACHE = 1 << 11;
        /// Block: there are several queues.
        const BLOCK_MULTIPLE_QUEUES = 1 << 12;
        /// Block: discard is known.
        const BLOCK_DISCARD = 1 << 13;
        /// Block: write-zeroes is known.
        const BLOCK_WRITE_ZEROES = 1 << 14;
        /// A descriptor can name a table of descriptors.
        const INDIRECT_DESCRIPTORS = 1 << 28;
        /// Notifications both ways can be asked for by index.
        const EVENT_INDEX = 1 << 29;
        /// The device keeps to VIRTIO 1.0 or later.
        const VERSION_1 = 1 << 32;
        /// The device reaches storage as the platform says.
        const ACCESS_PLATFORM = 1 << 33;

        const _ = !0;
    }
}

/// The names of the bits that are on, joined by `+`; bits without a name as `bit-<number>`.
impl fmt::Display for Features {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for bit in (0..64).filter(|bit| self.bits() >> bit & 1 != 0) {
            match feature_name(bit) {
                Some(name) => write!(f, "{separator}{name}")?,
                None => write!(f, "{separator}bit-{bit}")?,
            }
            separator = "+";
        }
        if separator.is_empty() { f.write_str("-") } else { Ok(()) }
    }
}

fn feature_name(bit: u32) -> Option<&'static str> {
    Some(match Features::from_bits_retain(1 << bit) {
        Features::BLOCK_SIZE_MAX => "segment-size",
        Features::BLOCK_SEGMENTS_MAX => "segment-count",
        Features::BLOCK_READ_ONLY => "read-only",
        Features::BLOCK_BLOCK_SIZE => "block-size",
        Features::BLOCK_FLUSH => "flush",
        Features::BLOCK_TOPOLOGY => "topology",
        Features::BLOCK_CONFIGURE_CACHE => "configure-cache",
        Features::BLOCK_MULTIPLE_QUEUES => "multiple-queues",
        Features::BLOCK_DISCARD => "discard",
        Features::BLOCK_WRITE_ZEROES => "write-zeroes",
        Features::INDIRECT_DESCRIPTORS => "indirect-descriptors",
        Features::EVENT_INDEX => "event-index",
        Features::VERSION_1 => "version-1",
        Features::ACCESS_PLATFORM => "access-platform",
        _ => return None,
    })
}

bitflags! {
    /// Device status (2.1 Device Status Field): how far set-up has come.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct DeviceStatus: u8 {
        /// The driver has found the device.
        const ACKNOWLEDGE = 1;
        /// The driver knows how to drive it.
        const DRIVER = 2;
        /// The driver drives it.
        const DRIVER_OK = 4;
        /// Driver and device agree on the features.
        const FEATURES_OK = 8;
        /// The device failed and must be reset.
        const DEVICE_NEEDS_RESET = 64;
        /// The driver has given up on it.
        const FAILED = 128;

        const _ = !0;
    }
}
