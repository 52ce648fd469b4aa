//! What a block device can take: its configuration space, checked.

use crate::spec::Features;
use crate::spec::block::{Configuration, SECTOR_BYTES};
use core::fmt;
use core::mem::offset_of;
use ios::{Characteristics, Operation, RangeLimits};

/// The features that a block device is asked for when it offers them.
///
/// Not among them: the cache mode (VIRTIO_BLK_F_CONFIG_WCE), since with flush alone the cache is write-back and every
/// flush is sent (VIRTIO 1.2, 5.2.5.1), several queues, and what serves only for performance.
pub const WANTED_FEATURES: Features = Features::BLOCK_SIZE_MAX
    .union(Features::BLOCK_SEGMENTS_MAX)
    .union(Features::BLOCK_READ_ONLY)
    .union(Features::BLOCK_BLOCK_SIZE)
    .union(Features::BLOCK_FLUSH)
    .union(Features::BLOCK_DISCARD)
    .union(Features::BLOCK_WRITE_ZEROES)
    .union(Features::INDIRECT_DESCRIPTORS)
    .union(Features::EVENT_INDEX)
    .union(Features::VERSION_1)
    .union(Features::ACCESS_PLATFORM);

/// The most bytes in one read or write, whatever more a device would take: 16 MiB.
const TRANSFER_BYTES: u64 = 16 << 20;

/// The most data segments in one request, whatever more a device would take.
const SEGMENTS: u32 = 126;

/// The largest block size that is believed: 2 MiB, the largest that QEMU has.
const BLOCK_BYTES: u32 = 2 << 20;

/// The largest capacity that is believed, in sectors: so that its bytes can be counted in 63 bits.
const CAPACITY_SECTORS: u64 = (1 << 63) / SECTOR_BYTES as u64;

/// A configuration that cannot be true, or that leaves nothing to be done with the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitError {
    /// The configuration has fewer bytes than its features need.
    Short {
        /// How many it has.
        length: usize,
        /// How many are needed.
        needed: usize,
    },
    /// The block size is no power of two from 512 to 2 MiB.
    BlockSize {
        /// The block size.
        bytes: u32,
    },
    /// The capacity has more bytes than can be counted.
    Capacity {
        /// The capacity in sectors.
        sectors: u64,
    },
    /// A request with as many and as large segments as the device takes has no room for one block.
    Segments {
        /// The most bytes in a segment.
        bytes: u32,
        /// The most segments.
        count: u32,
    },
}

impl fmt::Display for LimitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Short { length, needed } => {
                write!(f, "the configuration has {length} bytes and needs {needed}")
            }
            Self::BlockSize { bytes } => {
                write!(f, "a block size of {bytes} is no power of two from 512 to {BLOCK_BYTES}")
            }
            Self::Capacity { sectors } => write!(f, "a capacity of {sectors} sectors"),
            Self::Segments { bytes, count } => {
                write!(f, "{count} segments of {bytes} bytes have no room for one block")
            }
        }
    }
}

impl core::error::Error for LimitError {}

/// What a block device can take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// What the supervisor has to know.
    pub characteristics: Characteristics,
    /// The most bytes in a data segment.
    pub segment_bytes: u32,
    /// The most data segments in a request.
    pub segments: u16,
}

impl Limits {
    /// What the first `length` bytes of a configuration say, with these features agreed on, for buffers
    /// of up to `pieces` pieces and a queue that has room for `room` segments in a request.
    ///
    /// # Errors
    /// [`LimitError`].
    pub fn new(
        configuration: &Configuration,
        length: usize,
        features: Features,
        pieces: u16,
        room: u16,
    ) -> Result<Self, LimitError> {
        let needed = needed_length(features);
        if length < needed {
            return Err(LimitError::Short { length, needed });
        }
        let block_bytes = block_bytes(configuration, features)?;
        let block_sectors = block_bytes / SECTOR_BYTES;
        let capacity = configuration.capacity.get();
        if capacity > CAPACITY_SECTORS {
            return Err(LimitError::Capacity { sectors: capacity });
        }
        let (segment_bytes, segments, transfer_sectors) =
            segments(configuration, features, (pieces, room), block_bytes)?;
        let range = |feature, sectors: u32, count: u32, alignment: u32| {
            let sectors = sectors - sectors % block_sectors;
            (features.contains(feature) && sectors > 0 && count > 0)
                .then(|| RangeLimits { sectors, alignment_sectors: alignment.max(block_sectors) })
        };
        let characteristics = Characteristics {
            block_bytes,
            capacity_sectors: capacity - capacity % u64::from(block_sectors),
            read_only: features.contains(Features::BLOCK_READ_ONLY),
            transfer_sectors,
            flush: features.contains(Features::BLOCK_FLUSH),
            discard: range(
                Features::BLOCK_DISCARD,
                configuration.max_discard_sectors.get(),
                configuration.max_discard_segments.get(),
                configuration.discard_sector_alignment.get(),
            ),
            write_zeroes: range(
                Features::BLOCK_WRITE_ZEROES,
                configuration.max_write_zeroes_sectors.get(),
                configuration.max_write_zeroes_segments.get(),
                block_sectors,
            ),
        };
        Ok(Self { characteristics, segment_bytes, segments })
    }

    /// Whether the device can take an operation with so many bytes of data: a driver must not send what
    /// it cannot (VIRTIO 1.2, 5.2.6.1).
    #[must_use]
    pub fn allow(&self, operation: &Operation, data_bytes: u64) -> bool {
        let it = &self.characteristics;
        let most = match operation {
            Operation::Flush => return it.flush,
            Operation::Read(_) => it.transfer_sectors,
            Operation::Write(_) if it.read_only => 0,
            Operation::Write(_) => it.transfer_sectors,
            Operation::Discard(_) | Operation::WriteZeroes(_) if it.read_only => 0,
            Operation::Discard(_) => it.discard.map_or(0, |range| range.sectors),
            Operation::WriteZeroes(_) => it.write_zeroes.map_or(0, |range| range.sectors),
        };
        let Some(extent) = operation.extent() else {
            return false;
        };
        let block_mask = u64::from(it.block_bytes / SECTOR_BYTES) - 1;
        let sectors = u64::from(extent.sectors);
        sectors != 0
            && extent.sectors <= most
            && (extent.first.0 | sectors) & block_mask == 0
            && extent.first.0 <= it.capacity_sectors
            && sectors <= it.capacity_sectors - extent.first.0
            && data_bytes >= operation.data_bytes()
    }
}

/// How many bytes of the configuration the features need.
fn needed_length(features: Features) -> usize {
    let ends = [
        (Features::empty(), offset_of!(Configuration, size_max)),
        (Features::BLOCK_SIZE_MAX, offset_of!(Configuration, seg_max)),
        (Features::BLOCK_SEGMENTS_MAX, offset_of!(Configuration, cylinders)),
        (Features::BLOCK_BLOCK_SIZE, offset_of!(Configuration, physical_block_exponent)),
        (Features::BLOCK_DISCARD, offset_of!(Configuration, max_write_zeroes_sectors)),
        (Features::BLOCK_WRITE_ZEROES, offset_of!(Configuration, write_zeroes_may_unmap)),
    ];
    let needed = ends.iter().filter(|(feature, _)| features.contains(*feature));
    needed.map(|(_, end)| *end).max().unwrap_or(0)
}

fn block_bytes(configuration: &Configuration, features: Features) -> Result<u32, LimitError> {
    if !features.contains(Features::BLOCK_BLOCK_SIZE) {
        return Ok(SECTOR_BYTES);
    }
    let bytes = configuration.block_size.get();
    if bytes.is_power_of_two() && (SECTOR_BYTES..=BLOCK_BYTES).contains(&bytes) {
        Ok(bytes)
    } else {
        Err(LimitError::BlockSize { bytes })
    }
}

/// Bytes in a segment, segments, and sectors in a transfer that any buffer of `pieces` pieces can have.
fn segments(
    configuration: &Configuration,
    features: Features,
    (pieces, room): (u16, u16),
    block_bytes: u32,
) -> Result<(u32, u16, u32), LimitError> {
    let size_max = if features.contains(Features::BLOCK_SIZE_MAX) {
        configuration.size_max.get()
    } else {
        u32::MAX
    };
    let count_max = if features.contains(Features::BLOCK_SEGMENTS_MAX) {
        configuration.seg_max.get()
    } else {
        SEGMENTS
    };
    // One segment must be possible: a device that allows for header and status in a queue of 2 says 0.
    let count_max = count_max.min(SEGMENTS).min(u32::from(room)).max(1);
    let error = LimitError::Segments { bytes: size_max, count: count_max };
    if size_max == 0 {
        return Err(error);
    }
    // A buffer of one piece needs as many segments as the transfer has whole or begun ones; each further
    // piece may begin one more.
    let needed = TRANSFER_BYTES.div_ceil(u64::from(size_max)) + u64::from(pieces) - 1;
    let count = needed.min(u64::from(count_max));
    let whole = count.saturating_sub(u64::from(pieces) - 1).max(1);
    let transfer = (whole * u64::from(size_max)).min(TRANSFER_BYTES);
    let transfer = transfer - transfer % u64::from(block_bytes);
    match (u16::try_from(count), u32::try_from(transfer / u64::from(SECTOR_BYTES))) {
        (Ok(count), Ok(sectors)) if sectors > 0 => Ok((size_max, count, sectors)),
        (_, _) => Err(error),
    }
}
