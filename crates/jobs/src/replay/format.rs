//! The layout of a write log, and what of it can be true.
//!
//! It is that of Linux's dm-log-writes target and of QEMU's `blklogwrites` driver. All numbers are
//! little-endian. The log's first sector has the superblock; each entry is a header in a sector of its own, and
//! behind it the sectors that were written. A discard has no sectors behind it. The text of a mark stands in the
//! header's own sector. Sectors are counted in the log's own sector size everywhere.

use crate::disk::extent;
use bitflags::bitflags;
use core::fmt;
use ios::Extent;

/// The magic number of the superblock.
pub(super) const MAGIC: u64 = 0x006a_7366_7773_6872;
/// The one version that there is.
const VERSION: u64 = 1;
/// Bytes of the superblock and of an entry's header that mean something.
pub(super) const HEADER_BYTES: usize = 32;
/// The smallest and the largest sector that a disk has.
const SECTOR_BYTES: core::ops::RangeInclusive<u32> = 512..=65536;

bitflags! {
    /// What an entry is; several may be set.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(super) struct Flags: u64 {
        /// Everything before it is flushed first.
        const FLUSH = 1;
        /// It is durable when it is done.
        const FUA = 2;
        /// Its sectors are of no more use.
        const DISCARD = 4;
        /// A text that somebody put into the log.
        const MARK = 8;
        /// A write of a file system's own data.
        const METADATA = 16;
    }
}

/// Why a write log cannot be right. Entries are counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogError {
    /// The magic number is another.
    Magic(u64),
    /// The version is another.
    Version(u64),
    /// The sector size is none that a disk has.
    SectorSize(u32),
    /// There are more entries than the disk has sectors.
    EntryCount {
        /// Entries.
        entries: u64,
        /// How many there is room for.
        room: u64,
    },
    /// The log ends before an entry's header, or within its data.
    Truncated {
        /// The entry.
        entry: u64,
        /// How many there should be.
        entries: u64,
        /// Where the disk would have to end at least, in bytes.
        needed: u64,
        /// Where it ends.
        bytes: u64,
    },
    /// An entry is all zeros, which nothing that is logged can be.
    Blank {
        /// The entry.
        entry: u64,
        /// How many there should be.
        entries: u64,
    },
    /// An entry has flags that there are not, or that do not go together.
    Flags {
        /// The entry.
        entry: u64,
        /// The flags.
        flags: u64,
    },
    /// An entry has more data than sectors, or a mark more text than its sector has room for.
    DataLength {
        /// The entry.
        entry: u64,
        /// Bytes of data.
        bytes: u64,
        /// Bytes that there is room for.
        room: u64,
    },
    /// An entry goes beyond the end of the disk that the log is replayed on.
    BeyondTarget {
        /// The entry.
        entry: u64,
        /// Its first sector.
        sector: u64,
        /// How many it has.
        sectors: u64,
        /// Bytes a sector.
        sector_bytes: u32,
        /// The size of the disk in bytes.
        target_bytes: u64,
    },
    /// An entry does not start and end at a block of the disk that the log is replayed on.
    Misaligned {
        /// The entry.
        entry: u64,
        /// Its first sector.
        sector: u64,
        /// How many it has.
        sectors: u64,
        /// Bytes a sector.
        sector_bytes: u32,
        /// Bytes a block.
        block_bytes: u64,
    },
}

impl fmt::Display for LogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Magic(magic) => {
                write!(f, "no write log: the magic number is {magic:#018x}, expected {MAGIC:#018x}")
            }
            Self::Version(version) => {
                write!(f, "the write log is of version {version}, expected {VERSION}")
            }
            Self::SectorSize(bytes) => write!(
                f,
                "the write log has sectors of {bytes} bytes, expected a power of two from {} to {}",
                SECTOR_BYTES.start(),
                SECTOR_BYTES.end()
            ),
            Self::EntryCount { entries, room } => write!(
                f,
                "the write log has {entries} entries, expected at most the {room} that the disk has \
                 room for"
            ),
            Self::Truncated { entry, entries, needed, bytes } => write!(
                f,
                "the write log is truncated: entry {entry} of {entries} ends at byte {needed}, \
                 expected to be within the {bytes} bytes of the disk"
            ),
            Self::Blank { entry, entries } => write!(
                f,
                "the write log is truncated: entry {entry} of {entries} is all zeros, expected a \
                 write, flush, discard or mark"
            ),
            Self::Flags { entry, flags } => write!(
                f,
                "entry {entry} has the flags {flags:#x}, expected 1 (flush), 2 (FUA), 4 (discard), \
                 8 (mark), 16 (metadata), and not discard with mark"
            ),
            Self::DataLength { entry, bytes, room } => {
                write!(f, "entry {entry} has {bytes} bytes of data, expected at most {room}")
            }
            Self::BeyondTarget { entry, sector, sectors, sector_bytes, target_bytes } => write!(
                f,
                "entry {entry} has {sectors} sectors of {sector_bytes} bytes at sector {sector}, \
                 expected to be within the {target_bytes} bytes of the disk to replay on"
            ),
            Self::Misaligned { entry, sector, sectors, sector_bytes, block_bytes } => write!(
                f,
                "entry {entry} has {sectors} sectors of {sector_bytes} bytes at sector {sector}, \
                 expected whole blocks of {block_bytes} bytes of the disk to replay on"
            ),
        }
    }
}

impl core::error::Error for LogError {}

/// The little-endian numbers of a header.
fn numbers(header: &[u8; HEADER_BYTES]) -> [u64; 4] {
    let mut numbers = [0; 4];
    for (number, bytes) in numbers.iter_mut().zip(header.as_chunks::<8>().0) {
        *number = u64::from_le_bytes(*bytes);
    }
    numbers
}

/// What a log says of itself, and the disks that it must go with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Geometry {
    pub(super) entries: u64,
    pub(super) sector_bytes: u32,
    pub(super) log_bytes: u64,
    pub(super) target_bytes: u64,
    pub(super) target_block_bytes: u64,
}

/// The sizes of the disks that a log must go with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Disks {
    pub(super) log_bytes: u64,
    pub(super) target_bytes: u64,
    pub(super) target_block_bytes: u64,
}

impl Geometry {
    /// Reads the superblock.
    pub(super) fn read(header: &[u8; HEADER_BYTES], disks: Disks) -> Result<Self, LogError> {
        let [magic, version, entries, size] = numbers(header);
        if magic != MAGIC {
            return Err(LogError::Magic(magic));
        }
        if version != VERSION {
            return Err(LogError::Version(version));
        }
        // The sector size has 32 bits; what follows it is of no meaning.
        let sector_bytes = u32::try_from(size & u64::from(u32::MAX)).unwrap_or(0);
        if !SECTOR_BYTES.contains(&sector_bytes) || !sector_bytes.is_power_of_two() {
            return Err(LogError::SectorSize(sector_bytes));
        }
        let Disks { log_bytes, target_bytes, target_block_bytes } = disks;
        let room = (log_bytes / u64::from(sector_bytes)).saturating_sub(1);
        if entries > room {
            return Err(LogError::EntryCount { entries, room });
        }
        Ok(Self { entries, sector_bytes, log_bytes, target_bytes, target_block_bytes })
    }

    /// Where the first entry is.
    pub(super) fn first_entry(&self) -> u64 {
        u64::from(self.sector_bytes)
    }
}

/// What an entry does to the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Body {
    /// Nothing: it is a flush, or a write of no sectors.
    Nothing,
    /// Writes the bytes behind its header.
    Write(Span),
    /// Discards.
    Discard(Span),
    /// Nothing: it has a text of this many bytes.
    Mark { text_bytes: u64 },
}

/// Bytes of a disk, in whole blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) at: u64,
    pub(super) bytes: u64,
}

impl Span {
    /// Its first `bytes` bytes as an extent, and what is left.
    pub(super) fn split(self, bytes: u64) -> (Extent, Self) {
        let bytes = bytes.min(self.bytes);
        let rest = Self { at: self.at + bytes, bytes: self.bytes - bytes };
        (extent(self.at, bytes), rest)
    }
}

/// Whether there is a flush at some point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flush {
    Yes,
    No,
}

/// An entry that goes with the disks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Whether everything before it is flushed first.
    pub(super) before: Flush,
    pub(super) body: Body,
    /// Whether it is flushed itself.
    pub(super) after: Flush,
    /// How many bytes of data stand behind its header in the log.
    pub(super) log_bytes: u64,
}

impl Entry {
    /// Reads the header of entry `number`, counted from 1, that stands at byte `at` of the log.
    pub(super) fn read(
        header: &[u8; HEADER_BYTES],
        number: u64,
        at: u64,
        geometry: &Geometry,
    ) -> Result<Self, LogError> {
        let [sector, sectors, bits, data_bytes] = numbers(header);
        if [sector, sectors, bits, data_bytes] == [0; 4] {
            return Err(LogError::Blank { entry: number, entries: geometry.entries });
        }
        let wrong_flags = LogError::Flags { entry: number, flags: bits };
        let flags = Flags::from_bits(bits).ok_or(wrong_flags)?;
        if flags.contains(Flags::DISCARD | Flags::MARK) {
            return Err(wrong_flags);
        }
        let header = Header { number, at, sector, sectors, data_bytes };
        let log_bytes = header.log_bytes(flags, geometry)?;
        let body = if flags.contains(Flags::MARK) {
            Body::Mark { text_bytes: data_bytes }
        } else if sectors == 0 {
            Body::Nothing
        } else if flags.contains(Flags::DISCARD) {
            Body::Discard(header.span(geometry)?)
        } else {
            Body::Write(header.span(geometry)?)
        };
        let flush = |flag| if flags.contains(flag) { Flush::Yes } else { Flush::No };
        Ok(Self { before: flush(Flags::FLUSH), body, after: flush(Flags::FUA), log_bytes })
    }
}

/// The numbers of an entry's header.
struct Header {
    number: u64,
    at: u64,
    sector: u64,
    sectors: u64,
    data_bytes: u64,
}

impl Header {
    /// The bytes behind the header, which must be within the log's disk.
    fn log_bytes(&self, flags: Flags, geometry: &Geometry) -> Result<u64, LogError> {
        let sector = u64::from(geometry.sector_bytes);
        let bytes =
            if flags.contains(Flags::DISCARD) { 0 } else { self.sectors.saturating_mul(sector) };
        let needed = self.at.saturating_add(sector).saturating_add(bytes);
        if needed > geometry.log_bytes {
            return Err(LogError::Truncated {
                entry: self.number,
                entries: geometry.entries,
                needed,
                bytes: geometry.log_bytes,
            });
        }
        let room = if flags.contains(Flags::MARK) { sector - HEADER_BYTES as u64 } else { bytes };
        if self.data_bytes > room {
            let bytes = self.data_bytes;
            return Err(LogError::DataLength { entry: self.number, bytes, room });
        }
        Ok(bytes)
    }

    /// The bytes of the target that it touches, which must be whole blocks and within the disk.
    #[inline(never)]
    fn span(&self, geometry: &Geometry) -> Result<Span, LogError> {
        let &Self { number: entry, sector, sectors, .. } = self;
        let &Geometry { sector_bytes, target_bytes, target_block_bytes: block_bytes, .. } =
            geometry;
        let in_bytes = |sectors: u64| sectors.checked_mul(u64::from(sector_bytes));
        let span = in_bytes(sector).zip(in_bytes(sectors)).map(|(at, bytes)| Span { at, bytes });
        let fits =
            |span: &Span| span.at.checked_add(span.bytes).is_some_and(|end| end <= target_bytes);
        let Some(span) = span.filter(fits) else {
            return Err(LogError::BeyondTarget {
                entry,
                sector,
                sectors,
                sector_bytes,
                target_bytes,
            });
        };
        if span.at % block_bytes != 0 || span.bytes % block_bytes != 0 {
            return Err(LogError::Misaligned { entry, sector, sectors, sector_bytes, block_bytes });
        }
        Ok(span)
    }
}
