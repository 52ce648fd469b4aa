//! The machine for tests: clock, wait point, interruptions, storage.

use super::area::{FakeArea, Room};
use super::disk::FakeDisk;
use channel_io::{
    InterruptionCode, InterruptionSubclass, Microseconds, Reach, Storage, StorageError,
    SubchannelId, SubchannelSet, TraceSink, WaitPoint, Wake,
};
use ios::RequestId;
use oorandom::Rand64;
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::rc::Rc;

/// The machine. Each look at the clock takes a microsecond.
pub(crate) struct FakeMachine {
    pub(crate) disks: Vec<FakeDisk>,
    /// Room for areas.
    pub(crate) room: Room,
    now: Cell<u64>,
    random: Rand64,
    /// What will end when, and in which order of start.
    due: BTreeMap<(u64, u64), (usize, RequestId)>,
    starts: u64,
    /// Disks that have an interruption pending.
    pub(super) pending: BTreeSet<usize>,
}

impl FakeMachine {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            disks: Vec::new(),
            room: Rc::new(Cell::new(64 << 20)),
            now: Cell::new(1000),
            random: Rand64::new(u128::from(seed)),
            due: BTreeMap::new(),
            starts: 0,
            pending: BTreeSet::new(),
        }
    }

    pub(crate) fn add_disk(&mut self, disk: FakeDisk) {
        self.disks.push(disk);
    }

    /// A request that a disk was given will end some time.
    pub(crate) fn schedule(&mut self, disk: usize, request: RequestId) {
        let delay = self.random.rand_range(self.disks[disk].delay.clone());
        self.starts += 1;
        self.due.insert((self.now.get() + delay, self.starts), (disk, request));
    }

    /// Ends everything that is due.
    fn end_due(&mut self) {
        while let Some(first) = self.due.first_entry()
            && first.key().0 <= self.now.get()
        {
            let (disk, request) = first.remove();
            self.disks[disk].end(request);
            self.pending.insert(disk);
        }
    }

    /// The next interruption that is pending.
    pub(super) fn take_interruption(&mut self) -> Option<InterruptionCode> {
        self.end_due();
        let disk = self.pending.pop_first()?;
        let number = u16::try_from(disk).unwrap();
        Some(InterruptionCode {
            subchannel: SubchannelId::new(SubchannelSet::ZERO, number),
            interruption_parameter: u32::from(number) + 1,
            subclass: InterruptionSubclass::default(),
        })
    }
}

impl WaitPoint for FakeMachine {
    fn now(&self) -> Microseconds {
        self.now.set(self.now.get() + 1);
        Microseconds(self.now.get())
    }

    fn wait(&mut self, until: Option<Microseconds>) -> Wake {
        loop {
            if let Some(code) = self.take_interruption() {
                return Wake::Io(code);
            }
            let due = self.due.first_key_value().map(|(key, _)| key.0);
            match (due, until) {
                (Some(due), Some(until)) if due <= until.0 => self.now.set(due),
                (Some(due), None) => self.now.set(due),
                (_, Some(until)) => {
                    self.now.set(self.now.get().max(until.0));
                    return Wake::Timeout;
                }
                (None, None) => panic!("the machine would wait for ever"),
            }
        }
    }
}

impl Storage for FakeMachine {
    type Area = FakeArea;

    fn allocate(
        &mut self,
        length: usize,
        alignment: usize,
        reach: Reach,
    ) -> Result<FakeArea, StorageError> {
        assert!(alignment.is_power_of_two());
        FakeArea::new(length, reach, &self.room)
    }
}

impl TraceSink for FakeMachine {
    fn tracing(&self) -> bool {
        false
    }

    fn trace(&mut self, event: fmt::Arguments<'_>) {
        panic!("nobody listens, and yet there is a trace: {event}");
    }
}
