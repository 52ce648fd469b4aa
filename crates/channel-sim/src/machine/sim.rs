//! The machine itself: what it is made of, how it is set up, and what a test can do to it.

use super::inject::{Instruction, ProgramFault};
use super::storage::{MainStorage, SimArea};
use super::subchannel::Subchannel;
use super::time::{Event, Timing};
use super::unit::{Attention, PlainDevice, Surroundings, Unit};
use super::violation::{Rule, Violation};
use crate::TraceLog;
use crate::virtio::{BlockSettings, VirtioBlock};
use channel_io::{
    Crw, DeviceNumber, ErrorRecovery, Microseconds, Reach, Storage, StorageError, SubchannelId,
    SubchannelSet,
};
use oorandom::Rand64;
use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use zerocopy::FromBytes;

/// The multiple-subchannel-set facility.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MultipleSets {
    /// It is not there.
    NotProvided,
    /// It is there, and off: only set 0 can be addressed.
    Off,
    /// It is on.
    On,
}

/// How many channel reports can wait; those after them are lost, and the last one says so.
const REPORTS: usize = 16;
/// Bit 2 of a channel-report word (R): those after it were lost.
const OVERFLOW: u32 = 0x2000_0000;

/// A simulated machine.
#[derive(Debug)]
pub struct SimMachine {
    pub(super) storage: Rc<RefCell<MainStorage>>,
    pub(super) subchannels: BTreeMap<SubchannelId, Subchannel>,
    pub(super) multiple_sets: MultipleSets,
    /// One bit for each interruption subclass that is let through, leftmost first.
    pub(super) subclass_mask: u8,
    /// Subchannels with an interruption that was not taken, oldest first.
    pub(super) interruptions: Vec<SubchannelId>,
    pub(super) reports: VecDeque<Crw>,
    /// Whether a machine check has told of the reports that wait.
    pub(super) reports_told: bool,
    pub(super) service_pending: bool,
    pub(super) now: Microseconds,
    pub(super) events: BTreeMap<(Microseconds, u64), Event>,
    pub(super) next_event: u64,
    pub(super) timing: Timing,
    pub(super) random: Rand64,
    pub(super) violations: Vec<Violation>,
    pub(super) trace: Option<TraceLog>,
}

impl SimMachine {
    /// A machine with no devices at time 0; what is random on it comes from `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            storage: Rc::new(RefCell::new(MainStorage::new())),
            subchannels: BTreeMap::new(),
            multiple_sets: MultipleSets::Off,
            subclass_mask: 0xff,
            interruptions: Vec::new(),
            reports: VecDeque::new(),
            reports_told: false,
            service_pending: false,
            now: Microseconds(0),
            events: BTreeMap::new(),
            next_event: 0,
            timing: Timing::default(),
            random: Rand64::new(u128::from(seed)),
            violations: Vec::new(),
            trace: None,
        }
    }

    /// Keeps what is traced from now on.
    pub fn trace_on(&mut self) {
        self.trace.get_or_insert_default();
    }

    /// What was traced.
    ///
    /// # Panics
    /// If nothing was to be.
    #[must_use]
    pub fn trace_log(&self) -> &TraceLog {
        match &self.trace {
            Some(log) => log,
            None => panic!("nothing is traced"),
        }
    }

    /// Sets how long things take.
    pub fn set_timing(&mut self, timing: Timing) {
        self.timing = timing;
    }

    /// Sets whether there are subchannel sets besides set 0.
    pub fn set_multiple_sets(&mut self, multiple_sets: MultipleSets) {
        self.multiple_sets = multiple_sets;
    }

    /// Sets which interruption subclasses are let through: one bit each, leftmost first.
    pub fn set_subclass_mask(&mut self, mask: u8) {
        self.subclass_mask = mask;
    }

    /// Sets how many bytes of storage may still be allocated.
    pub fn set_storage_room(&mut self, bytes: u64) {
        self.storage.borrow_mut().set_room(bytes);
    }

    /// How many areas are in someone's hands.
    #[must_use]
    pub fn live_areas(&self) -> usize {
        self.storage.borrow().live_areas()
    }

    /// Puts a virtio-ccw disk on the next subchannel of set 0, as it is there when the machine starts.
    pub fn add_block(&mut self, number: DeviceNumber, settings: BlockSettings) -> SubchannelId {
        self.add_block_in_set(SubchannelSet::ZERO, number, settings)
    }

    /// Puts a virtio-ccw disk on the next subchannel of a set.
    pub fn add_block_in_set(
        &mut self,
        set: SubchannelSet,
        number: DeviceNumber,
        settings: BlockSettings,
    ) -> SubchannelId {
        let unit = Unit::VirtioBlock(Box::new(VirtioBlock::new(settings)));
        self.add(set, Subchannel::new(number, unit))
    }

    /// Puts a device that only says what it is on the next subchannel of set 0.
    pub fn add_plain(&mut self, number: DeviceNumber, device: PlainDevice) -> SubchannelId {
        self.add(SubchannelSet::ZERO, Subchannel::new(number, Unit::Plain(device)))
    }

    /// Adds a subchannel that leads to no device.
    pub fn add_empty(&mut self) -> SubchannelId {
        self.add(SubchannelSet::ZERO, Subchannel::empty())
    }

    fn add(&mut self, set: SubchannelSet, subchannel: Subchannel) -> SubchannelId {
        let taken = self.subchannels.keys().filter(|id| id.set() == set).count();
        let id = SubchannelId::new(set, u16::try_from(taken).unwrap_or(u16::MAX));
        self.insert(id, subchannel);
        id
    }

    /// Puts a subchannel in; nothing that an earlier one had scheduled is taken for its own.
    pub(super) fn insert(&mut self, id: SubchannelId, mut subchannel: Subchannel) {
        subchannel.unit_number = self.next_event;
        subchannel.function_number = self.next_event << 32;
        self.next_event += 1;
        self.subchannels.insert(id, subchannel);
    }

    /// The disk behind a subchannel.
    ///
    /// # Panics
    /// If there is none: the test is wrong.
    #[must_use]
    pub fn block(&self, subchannel: SubchannelId) -> &VirtioBlock {
        let found = self.subchannels.get(&subchannel).and_then(|found| found.unit.as_ref());
        match found {
            Some(Unit::VirtioBlock(device)) => device,
            Some(Unit::Plain(_)) | None => panic!("no disk is behind subchannel {subchannel}"),
        }
    }

    /// The disk behind a subchannel.
    ///
    /// # Panics
    /// If there is none: the test is wrong.
    pub fn block_mut(&mut self, subchannel: SubchannelId) -> &mut VirtioBlock {
        let found = self.subchannels.get_mut(&subchannel).and_then(|found| found.unit.as_mut());
        match found {
            Some(Unit::VirtioBlock(device)) => device,
            Some(Unit::Plain(_)) | None => panic!("no disk is behind subchannel {subchannel}"),
        }
    }

    /// Lets the disk do what was held ([`crate::virtio::Delay::Held`]): the request of this number among those that are
    /// held, oldest first. Whether there was one.
    pub fn let_go(&mut self, subchannel: SubchannelId, place: usize) -> bool {
        let mut there = false;
        self.with_unit(subchannel, |unit, around| {
            if let Unit::VirtioBlock(device) = unit {
                there = device.let_go(place, around);
            }
        });
        there
    }

    /// Changes the capacity of a disk, in sectors, and has it tell the driver so.
    pub fn change_capacity(&mut self, subchannel: SubchannelId, sectors: u64) {
        self.with_unit(subchannel, |unit, around| {
            if let Unit::VirtioBlock(device) = unit {
                device.change_capacity(sectors, around);
            }
        });
    }

    /// Has an instruction for a subchannel give a condition code and do nothing else, after `others` more
    /// calls of it that are left alone.
    pub fn inject(
        &mut self,
        subchannel: SubchannelId,
        instruction: Instruction,
        others: u32,
        code: u8,
    ) {
        if let Some(found) = self.subchannels.get_mut(&subchannel) {
            found.injections.plan(instruction, others, code);
        }
    }

    /// How often an instruction was issued for a subchannel.
    #[must_use]
    pub fn calls(&self, subchannel: SubchannelId, instruction: Instruction) -> u32 {
        self.subchannels.get(&subchannel).map_or(0, |found| found.injections.calls(instruction))
    }

    /// Decides how the next channel program of a subchannel ends that was not spoken for yet; `None`: in its
    /// own way.
    pub fn fault_next_program(&mut self, subchannel: SubchannelId, fault: Option<ProgramFault>) {
        if let Some(found) = self.subchannels.get_mut(&subchannel) {
            found.injections.programs.push_back(fault);
        }
    }

    /// What was done that must never be done.
    #[must_use]
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }

    /// What was done that must never be done; it is forgotten then.
    pub fn take_violations(&mut self) -> Vec<Violation> {
        core::mem::take(&mut self.violations)
    }

    /// Checks that nothing was done that must never be done.
    ///
    /// # Panics
    /// If something was.
    pub fn assert_clean(&self) {
        let words: Vec<_> = self.violations.iter().map(ToString::to_string).collect();
        assert!(words.is_empty(), "{words:#?}");
    }

    pub(super) fn violation(
        &mut self,
        rule: Rule,
        subchannel: Option<SubchannelId>,
        what: impl Into<String>,
    ) {
        self.violations.push(Violation { rule, subchannel, what: what.into() });
    }

    /// Does something with the device behind a subchannel, and sees to what that brought about.
    pub(super) fn with_unit<R>(
        &mut self,
        id: SubchannelId,
        act: impl FnOnce(&mut Unit, &mut Surroundings<'_>) -> R,
    ) -> Option<R> {
        let subchannel = self.subchannels.get_mut(&id)?;
        let unit = subchannel.unit.as_mut()?;
        let mut around = Surroundings {
            subchannel: id,
            now: self.now,
            storage: &self.storage,
            violations: &mut self.violations,
            random: &mut self.random,
            scheduled: Vec::new(),
            attention: Attention::None,
        };
        let result = act(unit, &mut around);
        let (scheduled, attention) = (around.scheduled, around.attention);
        let unit_number = subchannel.unit_number;
        for (time, work) in scheduled {
            self.schedule(time, Event::Work { subchannel: id, unit_number, work });
        }
        match attention {
            Attention::None => {}
            Attention::Wanted => self.attention(id),
        }
        Some(result)
    }

    pub(super) fn schedule(&mut self, time: Microseconds, event: Event) {
        self.events.insert((time, self.next_event), event);
        self.next_event += 1;
    }

    /// Tells by channel reports that a subchannel has come, gone or changed.
    pub(super) fn report(&mut self, subchannel: SubchannelId) {
        let recovery = ErrorRecovery::InstalledParametersInitialized;
        let [first, second] = Crw::for_subchannel(subchannel, recovery);
        let words = match self.multiple_sets {
            MultipleSets::On => vec![first, second],
            MultipleSets::Off | MultipleSets::NotProvided => {
                vec![Crw::for_subchannel_number(subchannel.number(), recovery)]
            }
        };
        if self.reports.len() + words.len() <= REPORTS {
            self.reports.extend(words);
        } else if let Some(last) = self.reports.back_mut() {
            let word = (last.word() | OVERFLOW).to_be_bytes();
            *last = Crw::read_from_bytes(&word).unwrap_or(*last);
        }
    }
}

impl Storage for SimMachine {
    type Area = SimArea;

    fn allocate(
        &mut self,
        length: usize,
        alignment: usize,
        reach: Reach,
    ) -> Result<SimArea, StorageError> {
        SimArea::allocate(&self.storage, length, alignment, reach)
    }
}
