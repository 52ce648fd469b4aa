//! What is on a disk, and how much of it would survive a loss of power.

use std::collections::BTreeMap;

const SECTOR: usize = 512;

/// The content of a disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    bytes: Vec<u8>,
    /// Sectors changed and not flushed, with the number of their last change.
    not_durable: BTreeMap<u64, u64>,
    changes: u64,
}

impl Content {
    pub(super) fn new(sectors: u64) -> Self {
        let length = usize::try_from(sectors).unwrap_or(usize::MAX) * SECTOR;
        Self { bytes: vec![0; length], not_durable: BTreeMap::new(), changes: 0 }
    }

    /// The bytes of the whole disk.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes of the whole disk, to be changed by the test; durable at once.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }

    /// Whether every change in these sectors has been made durable by a flush.
    #[must_use]
    pub fn is_durable(&self, first: u64, sectors: u64) -> bool {
        self.not_durable.range(first..first.saturating_add(sectors)).next().is_none()
    }

    /// The number of the last change: what a flush that starts now makes durable.
    pub(super) const fn changes(&self) -> u64 {
        self.changes
    }

    pub(super) fn flush(&mut self, changes: u64) {
        self.not_durable.retain(|_, change| *change > changes);
    }

    fn place(sector: u64) -> usize {
        usize::try_from(sector).unwrap_or(usize::MAX).saturating_mul(SECTOR)
    }

    /// Whole sectors from `sector` on; they are there.
    pub(super) fn read(&self, sector: u64, to: &mut [u8]) {
        let from = Self::place(sector);
        if let Some(bytes) = self.bytes.get(from..from.saturating_add(to.len())) {
            to.copy_from_slice(bytes);
        }
    }

    /// Whole sectors from `sector` on; they are there.
    pub(super) fn write(&mut self, sector: u64, from: &[u8]) {
        let at = Self::place(sector);
        if let Some(bytes) = self.bytes.get_mut(at..at.saturating_add(from.len())) {
            bytes.copy_from_slice(from);
        }
        self.changes += 1;
        let changed = sector..sector + (from.len() / SECTOR) as u64;
        self.not_durable.extend(changed.map(|sector| (sector, self.changes)));
    }

    /// Makes it as many sectors long.
    pub(super) fn resize(&mut self, sectors: u64) {
        self.bytes.resize(Self::place(sectors), 0);
    }
}
