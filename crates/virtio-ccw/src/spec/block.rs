//! The block device (VIRTIO 1.2, 5.2 Block Device). All fields are little-endian.

use core::mem::{offset_of, size_of};
use zerocopy::byteorder::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Bytes in a sector, the unit of every number of sectors, whatever the block size.
pub const SECTOR_BYTES: u32 = 512;

/// The queue of a device without multiple queues.
pub const REQUEST_QUEUE: u16 = 0;

/// Configuration space (5.2.4 Device configuration layout), as far as write-zeroes.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout,
)]
#[repr(C)]
pub struct Configuration {
    /// Capacity in sectors.
    pub capacity: U64,
    /// The most bytes in a data segment.
    pub size_max: U32,
    /// The most data segments in a request.
    pub seg_max: U32,
    /// Cylinders.
    pub cylinders: U16,
    /// Heads.
    pub heads: u8,
    /// Sectors a track.
    pub sectors: u8,
    /// Bytes in a block.
    pub block_size: U32,
    /// Blocks in a physical block, as a power of two.
    pub physical_block_exponent: u8,
    /// Offset of the first aligned block.
    pub alignment_offset: u8,
    /// Suggested least I/O size in blocks.
    pub min_io_size: U16,
    /// Suggested most I/O size in blocks.
    pub opt_io_size: U32,
    /// Cache mode: 1 write-back.
    pub writeback: u8,
    /// Zero.
    pub unused0: u8,
    /// How many queues.
    pub num_queues: U16,
    /// The most sectors in a discard segment.
    pub max_discard_sectors: U32,
    /// The most segments in a discard.
    pub max_discard_segments: U32,
    /// Alignment for splitting discards, in sectors.
    pub discard_sector_alignment: U32,
    /// The most sectors in a write-zeroes segment.
    pub max_write_zeroes_sectors: U32,
    /// The most segments in a write-zeroes.
    pub max_write_zeroes_segments: U32,
    /// Whether write-zeroes may deallocate.
    pub write_zeroes_may_unmap: u8,
    /// Zero.
    pub unused1: [u8; 3],
}

const _: () = {
    assert!(size_of::<Configuration>() == 60);
    assert!(offset_of!(Configuration, block_size) == 20);
    assert!(offset_of!(Configuration, writeback) == 32);
    assert!(offset_of!(Configuration, max_discard_sectors) == 36);
    assert!(offset_of!(Configuration, max_write_zeroes_sectors) == 48);
    assert!(offset_of!(Configuration, write_zeroes_may_unmap) == 56);
};

/// The header of a request (5.2.6 Device Operation): type, reserved, sector.
pub mod header {
    /// Length in bytes.
    pub const LENGTH: usize = 16;
    /// Offset of the type, 32 bits.
    pub const TYPE: usize = 0;
    /// Offset of the sector, 64 bits; zero but for reads and writes.
    pub const SECTOR: usize = 8;
}

/// Types of requests.
pub mod request_type {
    /// Read.
    pub const IN: u32 = 0;
    /// Write.
    pub const OUT: u32 = 1;
    /// Flush.
    pub const FLUSH: u32 = 4;
    /// Discard.
    pub const DISCARD: u32 = 11;
    /// Write-zeroes.
    pub const WRITE_ZEROES: u32 = 13;
}

/// A segment of a discard or a write-zeroes.
pub mod range {
    /// Length in bytes.
    pub const LENGTH: usize = 16;
    /// Offset of the first sector, 64 bits.
    pub const SECTOR: usize = 0;
    /// Offset of the number of sectors, 32 bits.
    pub const SECTORS: usize = 8;
    /// Offset of the flags, 32 bits.
    pub const FLAGS: usize = 12;
}

/// The status byte that ends a request.
pub mod status {
    /// Done.
    pub const OK: u8 = 0;
    /// Error of the device or of the driver.
    pub const IO_ERROR: u8 = 1;
    /// The device does not know the request.
    pub const UNSUPPORTED: u8 = 2;
}
