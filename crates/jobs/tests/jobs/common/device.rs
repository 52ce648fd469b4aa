//! A disk's driver for tests.

use super::area::FakeArea;
use super::disk::{Action, Clear, FakeDisk, Flight};
use super::machine::FakeMachine;
use channel_io::{Area, Irb, SubchannelId};
use ios::{
    Built, Characteristics, ClearFailed, DataAfterClear, Device, Ended, Inquired, Operation,
    RequestId, StartCc,
};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

type Data = Option<Rc<RefCell<Vec<u8>>>>;

/// Drives the disk of the same number as its subchannel.
pub(crate) struct FakeDevice {
    disk: usize,
    characteristics: Characteristics,
    slots: u32,
    online: bool,
    built: HashMap<RequestId, (Operation, Data)>,
    active: u32,
}

impl FakeDevice {
    pub(crate) fn new(subchannel: SubchannelId, disk: &FakeDisk) -> Self {
        Self {
            disk: usize::from(subchannel.number()),
            characteristics: disk.characteristics,
            slots: disk.slots,
            online: false,
            built: HashMap::new(),
            active: 0,
        }
    }
}

impl Device<FakeMachine> for FakeDevice {
    type Data = FakeArea;

    fn vary_online(&mut self, machine: &mut FakeMachine) -> Result<(), ClearFailed> {
        match machine.disks[self.disk].vary_online {
            Ok(()) => {
                self.online = true;
                Ok(())
            }
            Err(what) => Err(ClearFailed { what, data: DataAfterClear::Released }),
        }
    }

    fn characteristics(&self) -> Characteristics {
        self.characteristics
    }

    fn data_bytes(data: &FakeArea) -> u64 {
        data.length() as u64
    }

    fn free_slots(&self) -> u32 {
        if !self.online {
            return 0;
        }
        self.slots - self.active - u32::try_from(self.built.len()).unwrap()
    }

    fn build(
        &mut self,
        _machine: &mut FakeMachine,
        request: RequestId,
        operation: &Operation,
        data: Option<&FakeArea>,
    ) -> Built {
        if matches!(operation, Operation::Flush) && !self.characteristics.flush {
            return Built::Unsupported;
        }
        if !self.built.contains_key(&request) && self.free_slots() == 0 {
            return Built::NoFreeSlot;
        }
        self.built.insert(request, (*operation, data.map(|area| Rc::clone(&area.bytes))));
        Built::Ready
    }

    fn start(&mut self, machine: &mut FakeMachine, request: RequestId) -> StartCc {
        let Some((operation, data)) = self.built.remove(&request) else {
            return StartCc::Busy;
        };
        self.active += 1;
        let length = usize::try_from(operation.data_bytes()).unwrap();
        let snapshot = match (&operation, &data) {
            (Operation::Write(_), Some(data)) => data.borrow()[..length].to_vec(),
            (_, _) => Vec::new(),
        };
        let lost = matches!(machine.disks[self.disk].fault_of(&operation), Some(Action::Lose));
        machine.disks[self.disk].start(request, Flight { operation, data, snapshot });
        if !lost {
            machine.schedule(self.disk, request);
        }
        StartCc::Started
    }

    fn unbuild(&mut self, _machine: &mut FakeMachine, request: RequestId) {
        self.built.remove(&request);
    }

    fn interruption(&mut self, _machine: &mut FakeMachine, _irb: &Irb) -> Option<Inquired> {
        None
    }

    fn ended(&mut self, machine: &mut FakeMachine) -> Ended {
        match machine.disks[self.disk].ended.pop_front() {
            Some((request, status)) => {
                self.active -= 1;
                Ended::Request(request, status)
            }
            None => Ended::Nothing,
        }
    }

    fn clear(&mut self, machine: &mut FakeMachine) -> Result<(), ClearFailed> {
        let disk = &mut machine.disks[self.disk];
        disk.in_flight.clear();
        disk.ended.clear();
        self.built.clear();
        self.active = 0;
        match disk.clear {
            Clear::Works => Ok(()),
            Clear::FailsLost => {
                Err(ClearFailed { what: "a test says so", data: DataAfterClear::Lost })
            }
        }
    }
}
