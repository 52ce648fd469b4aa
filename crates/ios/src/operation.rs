//! What a request asks a device to do.

use core::fmt;

/// The unit in which extents are counted, whatever the block size of the device, in bytes.
pub const SECTOR_BYTES: u32 = 512;

/// The number of a 512-byte sector on a device, counted from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SectorNumber(pub u64);

impl fmt::Display for SectorNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A run of sectors on a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Extent {
    /// The first sector.
    pub first: SectorNumber,
    /// How many sectors.
    pub sectors: u32,
}

impl Extent {
    /// The extent of `sectors` sectors from `first` on.
    #[must_use]
    pub const fn new(first: u64, sectors: u32) -> Self {
        Self { first: SectorNumber(first), sectors }
    }

    /// The number of the sector behind the last one.
    #[must_use]
    pub const fn end(&self) -> u64 {
        self.first.0.saturating_add(self.sectors as u64)
    }

    /// The length in bytes.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.sectors as u64 * SECTOR_BYTES as u64
    }

    /// Whether the two have a sector in common.
    #[must_use]
    pub const fn overlaps(&self, other: &Self) -> bool {
        self.first.0 < other.end() && other.first.0 < self.end()
    }
}

impl fmt::Display for Extent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sector={} sectors={}", self.first, self.sectors)
    }
}

/// What a request asks a device to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// Sectors into the request's data.
    Read(Extent),
    /// The request's data on to sectors.
    Write(Extent),
    /// Makes every write that was posted before it durable.
    Flush,
    /// Tells that the content of sectors is of no more use.
    Discard(Extent),
    /// Sets sectors to zero.
    WriteZeroes(Extent),
}

impl Operation {
    /// The sectors concerned; a flush has none of its own.
    #[must_use]
    pub const fn extent(&self) -> Option<Extent> {
        match *self {
            Self::Read(extent)
            | Self::Write(extent)
            | Self::Discard(extent)
            | Self::WriteZeroes(extent) => Some(extent),
            Self::Flush => None,
        }
    }

    /// Whether it changes what the device holds or promises to hold: all but a read.
    #[must_use]
    pub const fn changes_device(&self) -> bool {
        match self {
            Self::Read(_) => false,
            Self::Write(_) | Self::Flush | Self::Discard(_) | Self::WriteZeroes(_) => true,
        }
    }

    /// How many bytes of data go with the request.
    #[must_use]
    pub const fn data_bytes(&self) -> u64 {
        match self {
            Self::Read(extent) | Self::Write(extent) => extent.bytes(),
            Self::Flush | Self::Discard(_) | Self::WriteZeroes(_) => 0,
        }
    }

    /// Its name, as trace lines have it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Read(_) => "read",
            Self::Write(_) => "write",
            Self::Flush => "flush",
            Self::Discard(_) => "discard",
            Self::WriteZeroes(_) => "write-zeroes",
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "op={}", self.name())?;
        match self.extent() {
            Some(extent) => write!(f, " {extent}"),
            None => Ok(()),
        }
    }
}
