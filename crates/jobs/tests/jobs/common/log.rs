//! Write logs for tests: making them, and replaying them on an image in memory, entry by entry.

use super::{FakeDisk, World, pattern};
use proptest::prelude::*;

/// The magic number of the superblock.
pub(crate) const MAGIC: u64 = 0x006a_7366_7773_6872;

/// The size of the disks to replay on.
pub(crate) const TARGET_BYTES: usize = 256 * 1024;

pub(crate) const FLUSH: u64 = 1;
pub(crate) const FUA: u64 = 2;
pub(crate) const DISCARD: u64 = 4;
pub(crate) const MARK: u64 = 8;
pub(crate) const METADATA: u64 = 16;

/// An entry of a log.
#[derive(Clone, Debug)]
pub(crate) struct LogEntry {
    pub(crate) sector: u64,
    pub(crate) sectors: u64,
    pub(crate) flags: u64,
    /// What is written, or the text of a mark.
    pub(crate) data: Vec<u8>,
}

/// A log as it lies on its disk, in sectors of `sector_bytes`.
pub(crate) fn log(sector_bytes: usize, entries: &[LogEntry]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for number in [MAGIC, 1, entries.len() as u64, sector_bytes as u64] {
        bytes.extend(number.to_le_bytes());
    }
    bytes.resize(sector_bytes, 0);
    for entry in entries {
        let start = bytes.len();
        let text_bytes = if entry.flags & MARK == 0 { 0 } else { entry.data.len() as u64 };
        for number in [entry.sector, entry.sectors, entry.flags, text_bytes] {
            bytes.extend(number.to_le_bytes());
        }
        if entry.flags & MARK != 0 {
            bytes.extend(&entry.data);
        }
        bytes.resize(start + sector_bytes, 0);
        if entry.flags & (MARK | DISCARD) == 0 {
            bytes.extend(&entry.data);
        }
    }
    bytes
}

/// A write.
pub(crate) fn write(sector_bytes: usize, sector: u64, flags: u64, data: Vec<u8>) -> LogEntry {
    let sectors = (data.len() / sector_bytes) as u64;
    LogEntry { sector, sectors, flags, data }
}

/// An entry without data.
pub(crate) fn bare(sector: u64, sectors: u64, flags: u64) -> LogEntry {
    LogEntry { sector, sectors, flags, data: Vec::new() }
}

/// Applies entries one after the other.
pub(crate) fn replay(sector_bytes: usize, entries: &[LogEntry], image: &mut [u8]) {
    for entry in entries.iter().filter(|entry| entry.flags & MARK == 0) {
        let start = usize::try_from(entry.sector).unwrap() * sector_bytes;
        let length = usize::try_from(entry.sectors).unwrap() * sector_bytes;
        let target = &mut image[start..start + length];
        if entry.flags & DISCARD == 0 {
            target.copy_from_slice(&entry.data);
        } else {
            target.fill(0);
        }
    }
}

/// An entry of a log for a disk of `sectors` sectors.
pub(crate) fn any_entry(sector_bytes: usize, sectors: u64) -> impl Strategy<Value = LogEntry> {
    let place = (0..sectors, 1u64..40, any::<u64>(), 0u64..4);
    (0..10, place).prop_map(move |(kind, (sector, length, seed, flags))| {
        let length = length.min(sectors - sector);
        let bytes = usize::try_from(length).unwrap() * sector_bytes;
        match kind {
            0 => bare(0, 0, FLUSH),
            1 => bare(sector, length, DISCARD),
            2 => LogEntry { sector: 0, sectors: 0, flags: MARK, data: b"m".to_vec() },
            3 => write(sector_bytes, sector, flags, pattern(bytes, seed)),
            _ => write(sector_bytes, sector, 0, pattern(bytes, seed)),
        }
    })
}

/// Two disks to replay on, and the log on the third.
pub(crate) fn world(seed: u64, bytes: Vec<u8>) -> World {
    let target = || FakeDisk::zeros(TARGET_BYTES);
    World::new(seed, vec![target(), target(), FakeDisk::new(bytes).read_only()])
}
