//! A disk of the light level: content, the requests that it has, and what a test has it do.

use super::Violation;
use super::memory::{BufferId, Memory, POISON, SectorValue};
use super::request::{AtClear, Ending, HeldRequest, Stage};
use core::fmt;
use ios::{
    Broken, Built, Characteristics, ClearFailed, DataAfterClear, Ended, Extent, Operation,
    RangeLimits, RequestId, StartCc,
};
use std::collections::{BTreeMap, VecDeque};

/// Names a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DiskIndex(pub(crate) u16);

impl DiskIndex {
    /// Its place among all disks, from 0.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Display for DiskIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "disk {}", self.0)
    }
}

/// Whether a disk is there, and in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Presence {
    /// It is there; no driver has made it ready.
    Attached,
    /// It takes requests.
    Online,
    /// It is gone.
    Detached,
}

/// A disk.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Disk {
    pub(super) characteristics: Characteristics,
    pub(super) slots: u32,
    pub(super) sectors: Vec<SectorValue>,
    /// Sectors changed and not flushed, with the number of their last change.
    pub(super) not_durable: BTreeMap<u64, u32>,
    pub(super) changes: u32,
    pub(super) requests: Vec<HeldRequest>,
    /// What the next starts give, before the disk itself is asked.
    pub(super) refusals: VecDeque<Option<StartCc>>,
    pub(super) lie: Option<(&'static str, u64)>,
    pub(super) at_clear: AtClear,
    pub(crate) presence: Presence,
    /// How often it was put back.
    pub(crate) returns: u32,
    pub(super) starts: u32,
}

impl Disk {
    /// A disk of zeros, in sectors of 512 bytes, that takes `slots` requests at once and knows every
    /// operation.
    #[must_use]
    pub fn new(capacity_sectors: u32, slots: u32) -> Self {
        let ranges = RangeLimits { sectors: capacity_sectors, alignment_sectors: 1 };
        Self::with_characteristics(
            Characteristics {
                block_bytes: ios::SECTOR_BYTES,
                capacity_sectors: u64::from(capacity_sectors),
                read_only: false,
                transfer_sectors: capacity_sectors,
                flush: true,
                discard: Some(ranges),
                write_zeroes: Some(ranges),
            },
            slots,
        )
    }

    /// A disk of zeros with characteristics of its own.
    #[must_use]
    pub fn with_characteristics(characteristics: Characteristics, slots: u32) -> Self {
        let length = usize::try_from(characteristics.capacity_sectors).unwrap_or(0);
        Self {
            characteristics,
            slots,
            sectors: vec![0; length],
            not_durable: BTreeMap::new(),
            changes: 0,
            requests: Vec::new(),
            refusals: VecDeque::new(),
            lie: None,
            at_clear: AtClear::Dropped,
            presence: Presence::Attached,
            returns: 0,
            starts: 0,
        }
    }

    /// What it is and can take.
    #[must_use]
    pub const fn characteristics(&self) -> Characteristics {
        self.characteristics
    }

    /// What each sector holds.
    #[must_use]
    pub fn sectors(&self) -> &[SectorValue] {
        &self.sectors
    }

    /// Whether every change in an extent has been made durable by a flush.
    #[must_use]
    pub fn is_durable(&self, extent: Extent) -> bool {
        let range = extent.first.0..extent.end();
        self.not_durable.range(range).next().is_none()
    }

    /// The requests that it has, in the order in which they were built.
    #[must_use]
    pub fn requests(&self) -> &[HeldRequest] {
        &self.requests
    }

    /// Those of them that it works on.
    pub fn started(&self) -> impl Iterator<Item = &HeldRequest> {
        let all = self.requests.iter();
        all.filter(|request| request.stage == Stage::Started)
    }

    /// How many starts it has accepted.
    #[must_use]
    pub const fn starts(&self) -> u32 {
        self.starts
    }

    /// The next start of a built request that was not spoken for yet gives this condition code and
    /// changes nothing.
    pub fn refuse_start(&mut self, cc: StartCc) {
        self.refusals.push_back(Some(cc));
    }

    /// The next start of a built request that was not spoken for yet is left alone.
    pub fn allow_start(&mut self) {
        self.refusals.push_back(None);
    }

    /// When it is next asked for ended requests, it says what cannot be true.
    pub fn lie(&mut self, what: &'static str, value: u64) {
        self.lie = Some((what, value));
    }

    /// Sets what a clear does.
    pub fn set_at_clear(&mut self, at_clear: AtClear) {
        self.at_clear = at_clear;
    }

    pub(crate) fn vary_online(&mut self) -> Result<(), ClearFailed> {
        match self.presence {
            Presence::Attached | Presence::Online => {
                self.presence = Presence::Online;
                Ok(())
            }
            Presence::Detached => {
                Err(ClearFailed { what: "the disk is not there", data: DataAfterClear::Released })
            }
        }
    }

    pub(crate) fn free_slots(&self) -> u32 {
        if self.presence == Presence::Attached {
            return 0;
        }
        let used = u32::try_from(self.requests.len()).unwrap_or(u32::MAX);
        self.slots.saturating_sub(used)
    }

    fn find(&mut self, id: RequestId) -> Option<&mut HeldRequest> {
        self.requests.iter_mut().find(|request| request.id == id)
    }

    pub(crate) fn build(
        &mut self,
        id: RequestId,
        operation: Operation,
        buffer: Option<BufferId>,
    ) -> Built {
        if self.find(id).is_some() {
            return Built::Ready;
        }
        let known = match operation {
            Operation::Read(_) | Operation::Write(_) => true,
            Operation::Flush => self.characteristics.flush,
            Operation::Discard(_) => self.characteristics.discard.is_some(),
            Operation::WriteZeroes(_) => self.characteristics.write_zeroes.is_some(),
        };
        if !known {
            return Built::Unsupported;
        }
        if self.free_slots() == 0 {
            return Built::NoFreeSlot;
        }
        self.requests.push(HeldRequest { id, operation, buffer, stage: Stage::Built, flushes: 0 });
        Built::Ready
    }

    /// What is wrong with a request that the driver built, if anything is.
    pub(crate) fn fault(&self, operation: Operation, buffer_sectors: u32) -> Option<&'static str> {
        if self.presence == Presence::Attached {
            return Some("the disk was not made ready");
        }
        if operation.changes_device() && self.characteristics.read_only {
            return Some("a change of a read-only disk");
        }
        let extent = operation.extent()?;
        let block = u64::from(self.characteristics.block_bytes / ios::SECTOR_BYTES);
        if extent.end() > self.characteristics.capacity_sectors {
            return Some("beyond the end");
        }
        if extent.first.0 % block != 0 || u64::from(extent.sectors) % block != 0 {
            return Some("not in whole blocks");
        }
        let transfers = operation.data_bytes() > 0;
        if transfers && extent.sectors > self.characteristics.transfer_sectors {
            return Some("longer than the disk takes");
        }
        (transfers && buffer_sectors < extent.sectors).then_some("less data than sectors")
    }

    pub(crate) fn start(&mut self, id: RequestId) -> Result<StartCc, StartedTwice> {
        if self.presence == Presence::Detached {
            return Ok(StartCc::NotOperational);
        }
        match self.find(id).map(|request| request.stage) {
            None => return Ok(StartCc::Busy),
            Some(Stage::Built) => {}
            Some(Stage::Started | Stage::Ended(_)) => return Err(StartedTwice),
        }
        if let Some(Some(cc)) = self.refusals.pop_front() {
            return Ok(cc);
        }
        self.starts += 1;
        let changes = self.changes;
        if let Some(request) = self.find(id) {
            request.stage = Stage::Started;
            request.flushes = changes;
        }
        Ok(StartCc::Started)
    }

    /// Takes back a request that is only built; whether nothing was wrong with that.
    pub(crate) fn unbuild(&mut self, id: RequestId) -> bool {
        let stage = self.find(id).map(|request| request.stage);
        match stage {
            None => true,
            Some(Stage::Built) => {
                self.requests.retain(|request| request.id != id);
                true
            }
            Some(Stage::Started | Stage::Ended(_)) => false,
        }
    }

    /// The request that ended first of those not told yet.
    pub(crate) fn ended(&mut self) -> Ended {
        if let Some((what, value)) = self.lie.take() {
            let expected = 0;
            return Ended::Broken(Broken { what, value, expected });
        }
        let ended = |request: &HeldRequest| match request.stage {
            Stage::Ended(status) => Some((request.id, status)),
            Stage::Built | Stage::Started => None,
        };
        match self.requests.iter().find_map(ended) {
            None => Ended::Nothing,
            Some((id, status)) => {
                self.requests.retain(|request| request.id != id);
                Ended::Request(id, status)
            }
        }
    }

    /// Ends a request, with all that it does to the disk and to its data.
    ///
    /// # Panics
    /// If the disk does not work on it: the test is wrong.
    pub(crate) fn end(
        &mut self,
        name: DiskIndex,
        id: RequestId,
        ending: Ending,
        memory: &mut Memory,
    ) -> Result<(), Violation> {
        let Some(request) = self.find(id).filter(|held| held.stage == Stage::Started) else {
            panic!("{name} does not work on request {id}");
        };
        request.stage = Stage::Ended(ending.status());
        let request = *request;
        // Of requests that have ended, the driver hears in the order in which they did.
        self.requests.retain(|other| other.id != id);
        self.requests.push(request);
        self.carry_out(name, &request, ending.sectors_done(), memory)
    }

    fn carry_out(
        &mut self,
        name: DiskIndex,
        request: &HeldRequest,
        sectors_done: u32,
        memory: &mut Memory,
    ) -> Result<(), Violation> {
        let done = |extent: Extent| Extent::new(extent.first.0, extent.sectors.min(sectors_done));
        let given_back =
            |buffer| Violation::AccessAfterGivingBack { buffer, disk: name, request: request.id };
        match (request.operation, request.buffer) {
            (Operation::Read(extent), Some(buffer)) => {
                let from = self.at(done(extent)).to_vec();
                let to = memory.content_mut(buffer).ok_or(given_back(buffer))?;
                to.iter_mut().zip(from).for_each(|(to, from)| *to = from);
            }
            (Operation::Write(extent), Some(buffer)) => {
                let data = memory.content(buffer);
                let poison = vec![POISON; extent.sectors as usize];
                self.change(done(extent), data.unwrap_or(&poison));
                data.ok_or(given_back(buffer))?;
            }
            (Operation::Discard(extent) | Operation::WriteZeroes(extent), _) => {
                let zeros = vec![0; extent.sectors as usize];
                self.change(done(extent), &zeros);
            }
            (Operation::Flush, _) if sectors_done > 0 => {
                self.not_durable.retain(|_, change| *change > request.flushes);
            }
            (Operation::Flush | Operation::Read(_) | Operation::Write(_), _) => {}
        }
        Ok(())
    }

    fn at(&self, extent: Extent) -> &[SectorValue] {
        let first = usize::try_from(extent.first.0).unwrap_or(usize::MAX);
        let end = usize::try_from(extent.end()).unwrap_or(usize::MAX);
        self.sectors.get(first..end).unwrap_or(&[])
    }

    fn change(&mut self, extent: Extent, data: &[SectorValue]) {
        self.changes += 1;
        let first = usize::try_from(extent.first.0).unwrap_or(usize::MAX);
        let places = self.sectors.iter_mut().zip(0u64..).skip(first);
        for ((place, sector), value) in places.take(extent.sectors as usize).zip(data) {
            *place = *value;
            // A disk that knows no flush has every change durable at once.
            if self.characteristics.flush {
                self.not_durable.insert(sector, self.changes);
            }
        }
    }

    /// Clears the disk; gives what was wrong on the way.
    pub(crate) fn clear(
        &mut self,
        name: DiskIndex,
        memory: &mut Memory,
    ) -> (Result<(), ClearFailed>, Vec<Violation>) {
        let mut violations = Vec::new();
        let at_clear = match self.presence {
            Presence::Attached | Presence::Online => self.at_clear,
            Presence::Detached => AtClear::FailsReleased,
        };
        let failed = |data| Err(ClearFailed { what: "the disk cannot be cleared", data });
        let result = match at_clear {
            AtClear::Dropped => Ok(()),
            AtClear::Done => {
                let started: Vec<_> = self.started().copied().collect();
                for request in started {
                    let done = self.carry_out(name, &request, u32::MAX, memory);
                    violations.extend(done.err());
                }
                Ok(())
            }
            AtClear::FailsReleased => failed(DataAfterClear::Released),
            AtClear::FailsLost => {
                self.requests.retain(|request| request.stage == Stage::Started);
                return (failed(DataAfterClear::Lost), violations);
            }
        };
        self.requests.clear();
        (result, violations)
    }
}

/// A request was started that the disk has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StartedTwice;
