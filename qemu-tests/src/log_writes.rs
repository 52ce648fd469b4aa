//! Write logs: making, reading and replaying them on the host.
//!
//! The layout is that of Linux's dm-log-writes target, which QEMU's `blklogwrites` driver writes too.
//! All numbers are little-endian. The first sector holds a superblock: magic, version (1), number of
//! entries (64 bits each), sector size (32 bits). Then each entry has a sector of its own with the
//! first sector that it touches, the number of sectors, flags and the length of a mark's text (64 bits
//! each); a write's data follow in whole sectors. A discard has no data; a mark's text stands in the
//! entry's own sector.
//!
//! [`LogBuilder`] makes logs, bad ones too; [`Log::parse`] reads one; [`Log::replay`] is the reference
//! against which the kernel's `run=replay` is judged.
//!
//! ```
//! use qemu_tests::log_writes::{Discarded, Flags, Log, LogBuilder};
//!
//! let bytes = LogBuilder::new().write(1, &[7; 512]).flush().discard(0, 1).build();
//! let log = Log::parse(&bytes)?;
//! assert_eq!(log.entries.len(), 3);
//! let mut image = vec![1; 1024];
//! log.replay(&mut image, Discarded::BecomesZero)?;
//! assert_eq!(image, [[0; 512], [7; 512]].concat());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod builder;
mod replay;

use std::fmt;
use std::ops::BitOr;

pub use builder::LogBuilder;
pub use replay::{Discarded, ReplayError, Replayed};

/// The magic number of the superblock.
pub const MAGIC: u64 = 0x006a_7366_7773_6872;

/// The version of the layout.
pub const VERSION: u64 = 1;

/// The usual size of a sector of the log.
pub const SECTOR_BYTES: u32 = 512;

/// Sector sizes that a log can have: a header must fit, and the logs of real disks have no larger.
const SECTOR_SIZES: [u32; 4] = [512, 1024, 2048, 4096];

/// The bytes of an entry's header: four 64-bit numbers.
const HEADER_BYTES: usize = 32;

/// What an entry is; several may be set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Flags(pub u64);

impl Flags {
    /// A write without more.
    pub const NONE: Self = Self(0);
    /// Everything before is on stable storage when this is done.
    pub const FLUSH: Self = Self(1);
    /// The data are on stable storage when this is done.
    pub const FUA: Self = Self(2);
    /// The sectors' content is no longer needed.
    pub const DISCARD: Self = Self(4);
    /// A mark that a person set.
    pub const MARK: Self = Self(8);
    /// The write is of metadata.
    pub const METADATA: Self = Self(16);

    /// Whether all of the given flags are set.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl BitOr for Flags {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// One entry of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The first sector on the disk.
    pub sector: u64,
    /// The number of sectors on the disk.
    pub sectors: u64,
    /// What the entry is.
    pub flags: Flags,
    /// A write's data, or a mark's text.
    pub data: &'a [u8],
}

/// A log, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log<'a> {
    /// Bytes in a sector.
    pub sector_bytes: u32,
    /// The entries.
    pub entries: Vec<Entry<'a>>,
}

/// Why bytes are no log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogError {
    /// They end within the superblock.
    NoSuperblock,
    /// The magic number is another.
    BadMagic(u64),
    /// The version is another.
    BadVersion(u64),
    /// The sector size is none that a log can have.
    BadSectorSize(u32),
    /// They end within an entry.
    Truncated {
        /// The entry, counted from 0.
        entry: u64,
    },
    /// A mark is longer than what its sector has room for.
    LongMark {
        /// The entry, counted from 0.
        entry: u64,
    },
}

impl fmt::Display for LogError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuperblock => write!(formatter, "too short for a log's superblock"),
            Self::BadMagic(magic) => {
                write!(formatter, "the magic number is {magic:#x}, expected {MAGIC:#x}")
            }
            Self::BadVersion(version) => {
                write!(formatter, "the version is {version}, expected {VERSION}")
            }
            Self::BadSectorSize(size) => {
                write!(formatter, "the sector size is {size}, expected one of {SECTOR_SIZES:?}")
            }
            Self::Truncated { entry } => write!(formatter, "the log ends within entry {entry}"),
            Self::LongMark { entry } => {
                write!(formatter, "the mark in entry {entry} does not fit in its sector")
            }
        }
    }
}

impl std::error::Error for LogError {}

impl<'a> Log<'a> {
    /// Reads a log. What follows the number of entries that the superblock says is not looked at.
    ///
    /// # Errors
    /// The bytes are no log, or end before its last entry does.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, LogError> {
        let (magic, rest) = take_u64(bytes).ok_or(LogError::NoSuperblock)?;
        let (version, rest) = take_u64(rest).ok_or(LogError::NoSuperblock)?;
        let (count, rest) = take_u64(rest).ok_or(LogError::NoSuperblock)?;
        let (size, _) = rest.split_first_chunk().ok_or(LogError::NoSuperblock)?;
        let sector_bytes = u32::from_le_bytes(*size);
        if magic != MAGIC {
            return Err(LogError::BadMagic(magic));
        }
        if version != VERSION {
            return Err(LogError::BadVersion(version));
        }
        if !SECTOR_SIZES.contains(&sector_bytes) {
            return Err(LogError::BadSectorSize(sector_bytes));
        }
        let superblock = usize::try_from(sector_bytes).map_err(|_| LogError::NoSuperblock)?;
        let mut rest = bytes.get(superblock..).ok_or(LogError::NoSuperblock)?;
        let mut entries = Vec::new();
        for number in 0..count {
            let (entry, after) = parse_entry(rest, superblock, number)?;
            entries.push(entry);
            rest = after;
        }
        Ok(Self { sector_bytes, entries })
    }
}

fn parse_entry(
    bytes: &[u8],
    sector_bytes: usize,
    number: u64,
) -> Result<(Entry<'_>, &[u8]), LogError> {
    let truncated = LogError::Truncated { entry: number };
    let (header, after) = bytes.split_at_checked(sector_bytes).ok_or(truncated)?;
    let (sector, rest) = take_u64(header).ok_or(truncated)?;
    let (sectors, rest) = take_u64(rest).ok_or(truncated)?;
    let (flags, rest) = take_u64(rest).ok_or(truncated)?;
    let (data_bytes, text) = take_u64(rest).ok_or(truncated)?;
    let flags = Flags(flags);
    let (data, after) = if flags.contains(Flags::MARK) {
        let length = usize::try_from(data_bytes).ok();
        let mark = length.and_then(|length| text.get(..length));
        (mark.ok_or(LogError::LongMark { entry: number })?, after)
    } else if flags.contains(Flags::DISCARD) {
        (after.get(..0).unwrap_or_default(), after)
    } else {
        let length = usize::try_from(sectors).ok();
        let length = length.and_then(|sectors| sectors.checked_mul(sector_bytes));
        let split = length.and_then(|length| after.split_at_checked(length));
        split.ok_or(truncated)?
    };
    let entry = Entry { sector, sectors, flags, data };
    Ok((entry, after))
}

fn take_u64(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (number, rest) = bytes.split_first_chunk()?;
    Some((u64::from_le_bytes(*number), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A log as it lies on the disk, written out by hand.
    fn golden() -> Vec<u8> {
        let mut bytes = vec![0; 512 * 4];
        bytes[..28].copy_from_slice(&[
            0x72, 0x68, 0x73, 0x77, 0x66, 0x73, 0x6a, 0, // magic
            1, 0, 0, 0, 0, 0, 0, 0, // version
            2, 0, 0, 0, 0, 0, 0, 0, // entries
            0, 2, 0, 0, // 512 bytes a sector
        ]);
        bytes[512..544].copy_from_slice(&[
            5, 0, 0, 0, 0, 0, 0, 0, // sector
            1, 0, 0, 0, 0, 0, 0, 0, // sectors
            2, 0, 0, 0, 0, 0, 0, 0, // FUA
            0, 0, 0, 0, 0, 0, 0, 0,
        ]);
        bytes[1024..1536].fill(0xaa);
        bytes[1536] = 0;
        bytes[1552] = 1; // a flush
        bytes
    }

    #[test]
    fn golden_bytes() {
        let bytes = golden();
        let log = Log::parse(&bytes).unwrap();
        assert_eq!(log.sector_bytes, 512);
        assert_eq!(log.entries.len(), 2);
        assert_eq!(log.entries[0].sector, 5);
        assert_eq!(log.entries[0].flags, Flags::FUA);
        assert_eq!(log.entries[0].data, [0xaa; 512]);
        assert_eq!(log.entries[1].flags, Flags::FLUSH);
        assert_eq!(log.entries[1].data, [0; 0]);

        let built = LogBuilder::new().entry(5, &[0xaa; 512], Flags::FUA).flush().build();
        assert_eq!(built, bytes);
    }

    #[test]
    fn refusals() {
        let good = golden();
        let patched = |place: usize, byte: u8| {
            let mut bytes = good.clone();
            bytes[place] = byte;
            bytes
        };
        let cases = [
            (Vec::new(), LogError::NoSuperblock),
            (good[..27].to_vec(), LogError::NoSuperblock),
            (good[..511].to_vec(), LogError::NoSuperblock),
            (patched(0, 0), LogError::BadMagic(MAGIC & !0xff)),
            (patched(8, 2), LogError::BadVersion(2)),
            (patched(25, 0), LogError::BadSectorSize(0)),
            (patched(24, 1), LogError::BadSectorSize(513)),
            (good[..1000].to_vec(), LogError::Truncated { entry: 0 }),
            (good[..1200].to_vec(), LogError::Truncated { entry: 0 }),
            (good[..1536].to_vec(), LogError::Truncated { entry: 1 }),
            (patched(16, 3), LogError::Truncated { entry: 2 }),
            (patched(527, 0xff), LogError::Truncated { entry: 0 }),
        ];
        for (bytes, expected) in cases {
            assert_eq!(Log::parse(&bytes).unwrap_err(), expected);
        }
    }

    #[test]
    fn a_mark_must_fit_in_its_sector() {
        let text = [b'm'; 480];
        let bytes = LogBuilder::new().mark(&text).build();
        let log = Log::parse(&bytes).unwrap();
        assert_eq!(log.entries[0].data, text);
        let mut long = bytes.clone();
        long[512 + 24..512 + 32].copy_from_slice(&481_u64.to_le_bytes());
        let error = Log::parse(&long).unwrap_err();
        assert_eq!(error, LogError::LongMark { entry: 0 });
    }
}
