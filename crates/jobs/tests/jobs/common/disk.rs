//! A disk for tests: its content, its limits, what it remembers, and what it does wrong.

use ios::{Characteristics, Extent, Operation, RangeLimits, RequestId, Status};
use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::ops::Range;
use std::rc::Rc;

/// What happened on a disk, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    Started(Operation),
    Ended(Operation),
}

/// A kind of operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Read,
    Write,
    Flush,
}

impl Kind {
    fn is_of(self, operation: &Operation) -> bool {
        match self {
            Self::Read => matches!(operation, Operation::Read(_)),
            Self::Write => matches!(operation, Operation::Write(_)),
            Self::Flush => matches!(operation, Operation::Flush),
        }
    }
}

/// What a disk does wrong.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Action {
    /// The request ends in this status.
    End(Status),
    /// The request never ends.
    Lose,
}

/// When a disk does something wrong.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault {
    /// With what.
    pub(crate) kind: Kind,
    /// Only if it has this sector.
    pub(crate) sector: Option<u64>,
    /// What it does.
    pub(crate) action: Action,
}

/// What becomes of a clear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Clear {
    Works,
    /// It fails, and the disk keeps the data of its requests.
    FailsLost,
}

/// A request that a disk works on.
pub(crate) struct Flight {
    pub(crate) operation: Operation,
    pub(crate) data: Option<Rc<RefCell<Vec<u8>>>>,
    /// What was to be written when it was started.
    pub(crate) snapshot: Vec<u8>,
}

/// A disk.
pub(crate) struct FakeDisk {
    pub(crate) content: Vec<u8>,
    pub(crate) characteristics: Characteristics,
    pub(crate) slots: u32,
    /// How long a request takes, in microseconds.
    pub(crate) delay: Range<u64>,
    pub(crate) faults: Vec<Fault>,
    pub(crate) clear: Clear,
    /// Whether it can be made ready, or what does not work.
    pub(crate) vary_online: Result<(), &'static str>,
    pub(crate) in_flight: HashMap<RequestId, Flight>,
    pub(crate) ended: VecDeque<(RequestId, Status)>,
    pub(crate) events: Vec<Event>,
    /// Changes that were started while another one that overlaps was in flight.
    pub(crate) overlaps: usize,
    /// The most requests that were in flight at once.
    pub(crate) most_in_flight: usize,
}

impl FakeDisk {
    /// A disk with this content: blocks of 512 bytes, up to 1024 sectors a request, 64 slots, flush known,
    /// discard and write-zeroes not.
    pub(crate) fn new(content: Vec<u8>) -> Self {
        let characteristics = Characteristics {
            block_bytes: 512,
            capacity_sectors: content.len() as u64 / 512,
            read_only: false,
            transfer_sectors: 1024,
            flush: true,
            discard: None,
            write_zeroes: None,
        };
        Self {
            content,
            characteristics,
            slots: 64,
            delay: 10..500,
            faults: Vec::new(),
            clear: Clear::Works,
            vary_online: Ok(()),
            in_flight: HashMap::new(),
            ended: VecDeque::new(),
            events: Vec::new(),
            overlaps: 0,
            most_in_flight: 0,
        }
    }

    pub(crate) fn zeros(bytes: usize) -> Self {
        Self::new(vec![0; bytes])
    }

    pub(crate) fn block(mut self, bytes: u32) -> Self {
        self.characteristics.block_bytes = bytes;
        self
    }

    pub(crate) fn transfer(mut self, sectors: u32) -> Self {
        self.characteristics.transfer_sectors = sectors;
        self
    }

    pub(crate) fn slots(mut self, slots: u32) -> Self {
        self.slots = slots;
        self
    }

    pub(crate) fn read_only(mut self) -> Self {
        self.characteristics.read_only = true;
        self
    }

    pub(crate) fn no_flush(mut self) -> Self {
        self.characteristics.flush = false;
        self
    }

    pub(crate) fn discard(mut self, sectors: u32) -> Self {
        self.characteristics.discard = Some(RangeLimits { sectors, alignment_sectors: 1 });
        self
    }

    pub(crate) fn write_zeroes(mut self, sectors: u32) -> Self {
        self.characteristics.write_zeroes = Some(RangeLimits { sectors, alignment_sectors: 1 });
        self
    }

    pub(crate) fn fault(mut self, kind: Kind, sector: Option<u64>, action: Action) -> Self {
        self.faults.push(Fault { kind, sector, action });
        self
    }

    /// What the disk does wrong with an operation.
    pub(crate) fn fault_of(&self, operation: &Operation) -> Option<Action> {
        let hits = |fault: &&Fault| {
            let at = |sector| {
                operation.extent().is_some_and(|extent| extent.overlaps(&Extent::new(sector, 1)))
            };
            fault.kind.is_of(operation) && fault.sector.is_none_or(at)
        };
        self.faults.iter().find(hits).map(|fault| fault.action)
    }

    /// Takes a request.
    pub(crate) fn start(&mut self, id: RequestId, flight: Flight) {
        let operation = flight.operation;
        self.events.push(Event::Started(operation));
        if operation.changes_device()
            && let Some(extent) = operation.extent()
        {
            let changes = self.in_flight.values().filter(|other| other.operation.changes_device());
            let others = changes.filter_map(|other| other.operation.extent());
            self.overlaps += others.filter(|other| other.overlaps(&extent)).count();
        }
        self.in_flight.insert(id, flight);
        self.most_in_flight = self.most_in_flight.max(self.in_flight.len());
    }

    /// Ends a request: what was asked for is done now.
    pub(crate) fn end(&mut self, id: RequestId) {
        let Some(flight) = self.in_flight.remove(&id) else {
            return;
        };
        let status = match self.fault_of(&flight.operation) {
            Some(Action::End(status)) => status,
            Some(Action::Lose) => panic!("a request that never ends was ended"),
            None => {
                self.perform(&flight);
                Status::Complete
            }
        };
        self.events.push(Event::Ended(flight.operation));
        self.ended.push_back((id, status));
    }

    fn perform(&mut self, flight: &Flight) {
        let range = |extent: Extent| {
            let start = usize::try_from(extent.first.0).unwrap() * 512;
            start..start + usize::try_from(extent.bytes()).unwrap()
        };
        match flight.operation {
            Operation::Read(extent) => {
                let content = &self.content[range(extent)];
                let mut data = flight.data.as_ref().unwrap().borrow_mut();
                data[..content.len()].copy_from_slice(content);
            }
            Operation::Write(extent) => {
                let data = flight.data.as_ref().unwrap().borrow();
                let length = usize::try_from(extent.bytes()).unwrap();
                assert!(data[..length] == flight.snapshot[..], "data changed in flight");
                self.content[range(extent)].copy_from_slice(&data[..length]);
            }
            Operation::Flush => {}
            Operation::Discard(extent) | Operation::WriteZeroes(extent) => {
                self.content[range(extent)].fill(0);
            }
        }
    }

    /// What was started, in order.
    pub(crate) fn started(&self) -> Vec<Operation> {
        let started = self.events.iter().filter_map(|event| match event {
            Event::Started(operation) => Some(*operation),
            Event::Ended(_) => None,
        });
        started.collect()
    }

    /// Whether anything was asked of it that changes it.
    pub(crate) fn was_changed(&self) -> bool {
        self.started().iter().any(Operation::changes_device)
    }

    /// Panics unless every flush was alone: everything started before it had ended, and nothing was started
    /// until it had ended.
    pub(crate) fn assert_flushes_alone(&self) {
        let mut in_flight = 0;
        let mut flushing = false;
        for event in &self.events {
            match event {
                Event::Started(Operation::Flush) => {
                    assert_eq!(in_flight, 0, "a flush was started with writes in flight");
                    flushing = true;
                }
                Event::Ended(Operation::Flush) => flushing = false,
                Event::Started(_) => {
                    assert!(!flushing, "something was started during a flush");
                    in_flight += 1;
                }
                Event::Ended(_) => in_flight -= 1,
            }
        }
    }
}
