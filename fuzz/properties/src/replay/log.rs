//! A write log as it is meant: an independent reader, over bytes that all lie in memory, and the image that a log
//! makes.
//!
//! The layout is that of Linux's dm-log-writes target and of QEMU's `blklogwrites` driver.

const MAGIC: u64 = 0x006a_7366_7773_6872;
const FLUSH: u64 = 1;
const FUA: u64 = 2;
const DISCARD: u64 = 4;
const MARK: u64 = 8;
const KNOWN: u64 = 31;

/// Why a log is refused; entries are counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    Magic,
    Version,
    SectorSize,
    EntryCount,
    Truncated(u64),
    Blank(u64),
    Flags(u64),
    DataLength(u64),
    BeyondTarget(u64),
    Misaligned(u64),
}

impl Refusal {
    /// Words of the message that no other refusal has.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Magic => "the magic number is",
            Self::Version => "is of version",
            Self::SectorSize => "has sectors of",
            Self::EntryCount => "expected at most the",
            Self::Truncated(_) => "ends at byte",
            Self::Blank(_) => "is all zeros",
            Self::Flags(_) => "has the flags",
            Self::DataLength(_) => "bytes of data",
            Self::BeyondTarget(_) => "expected to be within the",
            Self::Misaligned(_) => "expected whole blocks of",
        }
    }

    /// The entry at fault.
    pub(super) const fn entry(self) -> Option<u64> {
        match self {
            Self::Magic | Self::Version | Self::SectorSize | Self::EntryCount => None,
            Self::Truncated(entry)
            | Self::Blank(entry)
            | Self::Flags(entry)
            | Self::DataLength(entry)
            | Self::BeyondTarget(entry)
            | Self::Misaligned(entry) => Some(entry),
        }
    }
}

/// An entry.
#[derive(Clone, Copy, Debug)]
struct Entry<'a> {
    flags: u64,
    /// Where on the target, and how many bytes.
    at: usize,
    bytes: usize,
    /// What is written; a discard has nothing.
    data: &'a [u8],
}

impl Entry<'_> {
    const fn has(&self, flag: u64) -> bool {
        self.flags & flag != 0
    }

    /// Whether it changes the target.
    const fn changes(&self) -> bool {
        !self.has(MARK) && self.bytes > 0
    }
}

/// A log that can be replayed.
#[derive(Debug)]
pub(super) struct Log<'a> {
    entries: Vec<Entry<'a>>,
}

/// A little-endian number; 0 where there is none.
fn number(bytes: &[u8], place: usize) -> u64 {
    let number = bytes.as_chunks::<8>().0.get(place);
    number.map_or(0, |number| u64::from_le_bytes(*number))
}

impl<'a> Log<'a> {
    /// Reads a log that is to be replayed on a disk.
    pub(super) fn read(log: &'a [u8], target: u64, block: u64) -> Result<Self, Refusal> {
        if number(log, 0) != MAGIC {
            return Err(Refusal::Magic);
        }
        if number(log, 1) != 1 {
            return Err(Refusal::Version);
        }
        let sector = number(log, 3) & 0xffff_ffff;
        if ![512, 1024, 2048, 4096, 8192, 16384, 32768, 65536].contains(&sector) {
            return Err(Refusal::SectorSize);
        }
        let count = number(log, 2);
        let room = (log.len() as u64 / sector).checked_sub(1);
        if count > room.unwrap_or(0) {
            return Err(Refusal::EntryCount);
        }
        let mut left = usize::try_from(sector).ok().and_then(|sector| log.get(sector..));
        let mut entries = Vec::new();
        for place in 1..=count {
            let (entry, rest) =
                Self::entry(left.unwrap_or_default(), place, sector, (target, block))?;
            entries.push(entry);
            left = Some(rest);
        }
        Ok(Self { entries })
    }

    /// The entry that the bytes begin with, and those behind it.
    fn entry(
        bytes: &'a [u8],
        place: u64,
        sector: u64,
        (target, block): (u64, u64),
    ) -> Result<(Entry<'a>, &'a [u8]), Refusal> {
        let split = |bytes: &'a [u8], at: u128| {
            usize::try_from(at).ok().and_then(|at| bytes.split_at_checked(at))
        };
        let truncated = Refusal::Truncated(place);
        let (header, behind) = split(bytes, sector.into()).ok_or(truncated)?;
        let [first, sectors, flags, data_bytes] = [0, 1, 2, 3].map(|place| number(header, place));
        if first | sectors | flags | data_bytes == 0 {
            return Err(Refusal::Blank(place));
        }
        if flags & !KNOWN != 0 || flags & (DISCARD | MARK) == DISCARD | MARK {
            return Err(Refusal::Flags(place));
        }
        let in_bytes = |sectors: u64| u128::from(sectors) * u128::from(sector);
        let data_here = if flags & DISCARD == 0 { in_bytes(sectors) } else { 0 };
        let (data, rest) = split(behind, data_here).ok_or(truncated)?;
        let room = if flags & MARK == 0 { data_here } else { u128::from(sector) - 32 };
        if u128::from(data_bytes) > room {
            return Err(Refusal::DataLength(place));
        }
        let (at, length) = (in_bytes(first), in_bytes(sectors));
        if flags & MARK == 0 && sectors > 0 {
            if at + length > target.into() {
                return Err(Refusal::BeyondTarget(place));
            }
            if at % u128::from(block) != 0 || length % u128::from(block) != 0 {
                return Err(Refusal::Misaligned(place));
            }
        }
        let small = |number| usize::try_from(number).unwrap_or(usize::MAX);
        Ok((Entry { flags, at: small(at), bytes: small(length), data }, rest))
    }

    /// Does to an image what the entries say, one after the other.
    pub(super) fn apply(&self, image: &mut [u8]) {
        for entry in self.entries.iter().filter(|entry| entry.changes()) {
            let Some(place) = image.get_mut(entry.at..entry.at + entry.bytes) else {
                panic!("{entry:?} goes beyond the target")
            };
            if entry.has(DISCARD) {
                place.fill(0);
            } else {
                place.copy_from_slice(entry.data);
            }
        }
    }

    pub(super) const fn entries(&self) -> u64 {
        self.entries.len() as u64
    }

    fn count(&self, which: impl Fn(&&Entry<'a>) -> bool) -> u64 {
        self.entries.iter().filter(which).count() as u64
    }

    pub(super) fn marks(&self) -> u64 {
        self.count(|entry| entry.has(MARK))
    }

    /// Discards of no sectors at all do nothing and are not counted.
    pub(super) fn discards(&self) -> u64 {
        self.count(|entry| entry.has(DISCARD) && entry.bytes > 0)
    }

    /// The bytes that are written from the log.
    pub(super) fn bytes(&self) -> u64 {
        let written = self.entries.iter().filter(|entry| entry.changes() && !entry.has(DISCARD));
        written.map(|entry| entry.bytes as u64).sum()
    }

    /// How often the target is flushed: before and after entries that say so, and in the end if the last change was
    /// not flushed.
    pub(super) fn flushes(&self) -> u64 {
        let asked = self.count(|entry| entry.has(FLUSH)) + self.count(|entry| entry.has(FUA));
        let mut unflushed = false;
        for entry in &self.entries {
            unflushed = (unflushed && !entry.has(FLUSH) || entry.changes()) && !entry.has(FUA);
        }
        asked + u64::from(unflushed)
    }
}
