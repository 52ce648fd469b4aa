//! A disk as a job sees it: what it is called, where its UCB is, what requests to it may be.

use crate::platform::JobPlatform;
use channel_io::DeviceId;
use ios::{Characteristics, Ios, SECTOR_BYTES, UcbIndex};

/// A disk that a job uses, with the limits that held when the job was planned: those of the disk itself,
/// or of both disks of its pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Disk {
    /// What it is called.
    pub id: DeviceId,
    /// Its UCB.
    pub index: UcbIndex,
    /// What requests to it may be.
    pub limits: Characteristics,
}

/// The most bytes that copy, compare and replay move in one request: large enough that moving the bytes
/// takes longer than starting the request, small enough that the areas of the usual depth (2 MiB) fit into
/// a machine of 8 MiB.
pub(crate) const TRANSFER_BYTES: u64 = 256 * 1024;

impl Disk {
    /// The disk of this name, if it is there.
    pub(crate) fn find<P: JobPlatform>(ios: &Ios<P>, id: DeviceId) -> Option<Self> {
        let index = ios.find(id)?;
        Some(Self { id, index, limits: *ios.limits(index)? })
    }

    /// The device itself, whatever stands in the path to it.
    pub(crate) fn itself<P: JobPlatform>(ios: &Ios<P>, index: UcbIndex) -> Option<Self> {
        let ucb = ios.ucb(index)?;
        Some(Self { id: ucb.id(), index, limits: ucb.characteristics() })
    }

    /// Its size in bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.limits.capacity_sectors.saturating_mul(u64::from(SECTOR_BYTES))
    }

    /// Bytes a block.
    #[must_use]
    pub fn block_bytes(&self) -> u64 {
        u64::from(self.limits.block_bytes.max(SECTOR_BYTES))
    }

    /// The most bytes that one read or write may have, in whole blocks: 0 if not even one block.
    #[inline(never)]
    #[must_use]
    pub fn transfer_bytes(&self) -> u64 {
        let bytes = u64::from(self.limits.transfer_sectors) * u64::from(SECTOR_BYTES);
        round_down(bytes, self.block_bytes())
    }
}

/// The largest multiple of `unit` that is not larger.
#[inline(never)]
pub(crate) const fn round_down(number: u64, unit: u64) -> u64 {
    match number.checked_rem(unit) {
        Some(rest) => number - rest,
        None => number,
    }
}

/// The smallest multiple of `unit` that is not smaller; the largest number there is if there is none.
pub(crate) fn round_up(number: u64, unit: u64) -> u64 {
    number.checked_next_multiple_of(unit).unwrap_or(u64::MAX)
}

/// The sectors of a number of bytes: no transfer is so long that it does not fit.
pub(crate) fn sectors(bytes: u64) -> u32 {
    u32::try_from(bytes / u64::from(SECTOR_BYTES)).unwrap_or(u32::MAX)
}

/// The extent of `bytes` bytes from byte `at` of a disk on; both in whole sectors.
pub(crate) fn extent(at: u64, bytes: u64) -> ios::Extent {
    ios::Extent::new(at / u64::from(SECTOR_BYTES), sectors(bytes))
}
