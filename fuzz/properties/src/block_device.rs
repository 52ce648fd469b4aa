//! The block device's driver, against a device that writes what it likes into the rings and the status bytes.
//!
//! The input says what the disk offers, and then, step by step, what is asked of a [`BlockDevice`] (requests built,
//! started, taken back, asked for; clear; off line and on line again) and what the device writes: honest ends of
//! requests, status bytes, indexes and entries of the used ring. Each answer is compared with that of a [`Model`]
//! that reads the same bytes. What is asserted after each step:
//!
//! - no request ends that the device does not have, none twice, and each with the status that stands in storage;
//! - a device that said what cannot be true is found out with the figures that it gave, and stays broken until it is
//!   cleared; a clear mends it;
//! - every slot is free, or has its request: none is lost but with a broken device;
//! - the device is shown what was asked for: header, data, range, status byte not yet written;
//! - a notification is given exactly when the device wants one;
//! - nothing that a driver may not send is taken, and everything else is;
//! - off line, the driver has given back all its storage.

mod choice;
mod model;

use crate::hostile::{HostileMachine, SharedArea};
use crate::input::Input;
use crate::memory::DeviceMemory;
use crate::ring::DeviceRing;
use channel_io::program::{Nowhere, Waiting};
use channel_io::{InterruptionSubclass, Microseconds, Reach, Storage};
use channel_sim::machine::Rule;
use channel_sim::virtio::BlockSettings;
use ios::{Built, Device, Ended, Extent, Operation, RequestId, Settled, StartCc, Status};
use model::{Model, Request, Suppressed, half};
use virtio_ccw::spec::Features;
use virtio_ccw::{BlockDevice, Settings};

/// Lets the input drive a driver and its device, and checks every answer.
///
/// # Panics
/// If something does not hold.
pub fn check(input: &[u8]) {
    let mut input = Input::new(input);
    let Some(settings) = choice::settings(&mut input) else { return };
    if let Some(run) = Run::new(settings) {
        run.go(input);
    }
}

fn id(number: u32) -> RequestId {
    RequestId::from_parts(number, number)
}

/// A driver, its device, and what both must be.
struct Run {
    machine: HostileMachine,
    device: BlockDevice<SharedArea>,
    model: Model,
    suppressed: Suppressed,
    /// Areas that the driver has before it is first on line.
    areas_off_line: usize,
    next: u32,
}

impl Run {
    /// A driver with its device on line, if there is anything to be done with such a device.
    fn new(offered: BlockSettings) -> Option<Self> {
        let (mut machine, subchannel) = HostileMachine::new(offered);
        let settings = Settings {
            subclass: InterruptionSubclass::default(),
            interruption_parameter: 1,
            time_limit: Microseconds(10_000),
            waiting: Waiting::ByTesting,
        };
        let probed = BlockDevice::probe(&mut machine, &mut Nowhere, subchannel, &settings);
        let Ok(device) = probed else {
            assert_eq!(machine.sim().live_areas(), 0, "storage of a device of no use");
            return None;
        };
        let suppressed = if device.features().contains(Features::EVENT_INDEX) {
            Suppressed::ByIndex
        } else {
            Suppressed::ByFlag
        };
        let areas_off_line = machine.sim().live_areas();
        let model = Model::default();
        let mut run = Self { machine, device, model, suppressed, areas_off_line, next: 1 };
        run.vary_online();
        run.check();
        Some(run)
    }

    fn go(mut self, mut input: Input<'_>) {
        while let Some(step) = input.byte() {
            self.step(step, &mut input);
            self.check();
        }
        let most = self.model.shown().len();
        let mut asked = 0;
        while matches!(self.ended(), Ended::Request(..)) {
            asked += 1;
            assert!(asked <= most, "more requests end than there are");
        }
        self.clear();
        self.check();
        self.round_trip();
        self.vary_offline();
        assert_eq!(self.machine.sim().live_areas(), self.areas_off_line, "storage that is lost");
        let violations = self.machine.sim().violations();
        // That the device was not notified is what the simulated disk thinks, which is out of it.
        let mut others = violations.iter().filter(|found| found.rule != Rule::Notification);
        if let Some(violation) = others.next() {
            panic!("{violation}");
        }
    }

    fn step(&mut self, step: u8, input: &mut Input<'_>) {
        match step % 16 {
            0 => drop(self.build(input)),
            1..=3 => {
                if let Some(number) = self.build(input) {
                    self.start(number);
                }
            }
            4 => {
                if let Some(number) = input.pick(&self.model.built()).copied() {
                    self.start(number);
                }
            }
            5 => self.out_of_turn(input),
            6 => drop(self.ended()),
            7 | 8 => self.end_request(step, input),
            9..=12 => self.lie(step, input),
            13 => self.settle(),
            14 => self.machine.refuse_notification(i64::from(input.byte().unwrap_or(0)) - 0x100),
            _ if step & 0x10 == 0 => self.clear(),
            _ => {
                self.vary_offline();
                self.vary_online();
            }
        }
    }

    /// The device ends a request that it has: its status, and how many bytes it says that it wrote.
    fn end_request(&mut self, step: u8, input: &mut Input<'_>) {
        let Some(number) = input.pick(&self.model.shown()).copied() else { return };
        let Some(shown) = self.model.requests.get(&number).and_then(|request| request.shown) else {
            return;
        };
        let status = input.byte().unwrap_or(0);
        let (status, written) =
            if step % 16 == 7 { (status % 3, shown.writable) } else { (status, input.word()) };
        if step & 0x10 == 0 {
            self.machine.put(shown.status_at, &[status]);
        }
        self.give_back((shown.head.into(), written));
    }

    /// One more entry in the used ring.
    fn give_back(&mut self, entry: (u32, u32)) {
        let ring = self.ring();
        let index = ring.used_index(&self.machine);
        ring.set_used(&mut self.machine, index, entry);
        ring.set_used_index(&mut self.machine, index.wrapping_add(1));
    }

    /// The device writes something that need not be true.
    fn lie(&mut self, step: u8, input: &mut Input<'_>) {
        let (ring, high) = (self.ring(), u16::from(step >> 4));
        let machine = &mut self.machine;
        match step % 16 {
            9 if high & 1 == 0 => ring.set_used_index(machine, input.half()),
            9 => {
                let ahead = i16::from(input.byte().unwrap_or(0).cast_signed());
                let index = ring.used_index(machine).wrapping_add_signed(ahead);
                ring.set_used_index(machine, index);
            }
            10 => {
                let index = half(self.model.used).wrapping_add(high);
                ring.set_used(machine, index, (input.word(), input.word()));
            }
            11 => {
                let id = u32::from(input.half() % ring.size);
                self.give_back((id, input.byte().unwrap_or(0).into()));
            }
            _ if high & 1 == 0 => ring.set_available_event(machine, input.half()),
            _ => ring.set_used_flags(machine, input.half()),
        }
    }

    fn ring(&self) -> DeviceRing {
        match self.machine.ring() {
            Some(ring) => ring,
            None => panic!("a device that is on line has a queue"),
        }
    }

    /// Builds a request; its number if it was taken.
    fn build(&mut self, input: &mut Input<'_>) -> Option<u32> {
        let operation = choice::operation(input);
        let wanted = operation.data_bytes().min(u64::from(choice::DATA_SECTORS) * 512);
        let wanted = usize::try_from(wanted).unwrap_or(0);
        let data = if wanted == 0 { None } else { self.area(wanted) };
        self.build_with(operation, data)
    }

    fn area(&mut self, bytes: usize) -> Option<SharedArea> {
        self.machine.allocate(bytes, 512, Reach::Anywhere).ok()
    }

    fn build_with(&mut self, operation: Operation, data: Option<SharedArea>) -> Option<u32> {
        let number = self.next;
        let bytes = data.as_ref().map_or(0, channel_io::Area::length) as u64;
        let limits = self.device.limits().characteristics;
        let expected = if !model::is_allowed(&limits, &operation, bytes) {
            Built::Unsupported
        } else if self.free_slots() == 0 {
            Built::NoFreeSlot
        } else {
            Built::Ready
        };
        let built = self.device.build(&mut self.machine, id(number), &operation, data.as_ref());
        assert_eq!(built, expected, "{operation} with {bytes} bytes");
        if built != Built::Ready {
            return None;
        }
        self.next += 1;
        self.model.requests.insert(number, Request { operation, data, shown: None });
        Some(number)
    }

    /// Starts a request that is built.
    fn start(&mut self, number: u32) {
        let cc = self.notifying(
            |run| run.device.start(&mut run.machine, id(number)),
            |run| {
                if run.model.broken.is_some() {
                    return (0, 0);
                }
                run.model.published += 1;
                (run.model.published - 1, run.model.published)
            },
        );
        let (cc, told) = cc;
        let expected = match (self.model.broken, told) {
            (Some(_), _) | (None, Told::Refused) => StartCc::NotOperational,
            (None, Told::Yes | Told::NotWanted) => StartCc::Started,
        };
        assert_eq!(cc, expected);
        if self.model.broken.is_some() {
            return;
        }
        if told != Told::NotWanted {
            self.model.settled = self.model.published;
        }
        let ring = self.ring();
        assert_eq!(ring.available_index(&self.machine), half(self.model.published));
        let head = ring.head(&self.machine, half(self.model.published - 1));
        let known = self.model.requests.values().filter_map(|request| request.shown);
        assert!(known.into_iter().all(|shown| shown.head != head), "chain {head} twice");
        let Some(request) = self.model.requests.get_mut(&number) else { return };
        let limits = self.device.limits();
        request.shown = Some(model::check_chain(&ring, &self.machine, head, request, limits));
    }

    /// Does something that notifies the device of the indexes that `news` says, if the device wants that; checks
    /// that it does.
    fn notifying<R>(
        &mut self,
        act: impl FnOnce(&mut Self) -> R,
        news: impl FnOnce(&mut Self) -> (u64, u64),
    ) -> (R, Told) {
        let before = self.machine.notifications();
        let refused = self.machine.is_refusing();
        let news = news(self);
        let wanted = Model::wants(&self.ring(), &self.machine, self.suppressed, news);
        let result = act(self);
        let told = match (wanted, refused) {
            (false, _) => Told::NotWanted,
            (true, true) => Told::Refused,
            (true, false) => Told::Yes,
        };
        let given = self.machine.notifications() - before;
        assert_eq!(given, u64::from(told == Told::Yes), "notifications");
        (result, told)
    }

    fn settle(&mut self) {
        let (settled, told) = self.notifying(
            |run| run.device.settle(&mut run.machine),
            |run| {
                let news = (run.model.settled, run.model.published);
                run.model.settled = run.model.published;
                news
            },
        );
        let more = self.ring().used_index(&self.machine) != half(self.model.used);
        let expected = match (told, more) {
            (Told::Refused, _) => Settled::NotOperational,
            (Told::Yes | Told::NotWanted, true) => Settled::Ended,
            (Told::Yes | Told::NotWanted, false) => Settled::Quiet,
        };
        assert_eq!(settled, expected);
    }

    /// Calls that come when they should not: none changes anything.
    fn out_of_turn(&mut self, input: &mut Input<'_>) {
        let (kind, machine) = (input.byte().unwrap_or(0), &mut self.machine);
        let all: Vec<_> = self.model.requests.keys().copied().collect();
        let built = self.model.built();
        match (kind % 4, input.pick(&all).copied()) {
            (0, Some(number)) if built.contains(&number) => {
                self.device.unbuild(machine, id(number));
                self.model.requests.remove(&number);
            }
            (0, Some(number)) => self.device.unbuild(machine, id(number)),
            (1, Some(number)) if built.contains(&number) => {
                let Some(request) = self.model.requests.get(&number) else { return };
                let (operation, data) = (request.operation, request.data.as_ref());
                let again = self.device.build(machine, id(number), &operation, data);
                assert_eq!(again, Built::Ready, "built again");
            }
            (2, Some(number)) if !built.contains(&number) => self.start_in_vain(number),
            (_, _) => self.start_in_vain(self.next),
        }
    }

    fn start_in_vain(&mut self, number: u32) {
        let cc = self.device.start(&mut self.machine, id(number));
        let expected =
            if self.model.broken.is_some() { StartCc::NotOperational } else { StartCc::Busy };
        assert_eq!(cc, expected, "a request that is not built");
    }

    fn ended(&mut self) -> Ended {
        let expected = self.model.ended(&self.ring(), &self.machine);
        let ended = self.device.ended(&mut self.machine);
        assert_eq!(ended, expected);
        if ended == Ended::Nothing && self.suppressed == Suppressed::ByIndex {
            assert_eq!(self.ring().used_event(&self.machine), half(self.model.used));
        }
        ended
    }

    fn clear(&mut self) {
        let cleared = self.device.clear(&mut self.machine);
        assert_eq!(cleared, Ok(()), "{:?}", self.device.last_error());
        self.model = Model::default();
    }

    fn vary_offline(&mut self) {
        let varied = self.device.vary_offline(&mut self.machine);
        assert_eq!(varied, Ok(()), "{:?}", self.device.last_error());
        self.model = Model::default();
        assert_eq!(Device::<HostileMachine>::free_slots(&self.device), 0);
        let flush = Operation::Flush;
        let built = self.device.build(&mut self.machine, id(0), &flush, None);
        assert_ne!(built, Built::Ready, "a request for a device that is off line");
        assert_eq!(self.device.ended(&mut self.machine), Ended::Nothing);
    }

    fn vary_online(&mut self) {
        for _ in 0..2 {
            let varied = self.device.vary_online(&mut self.machine);
            assert_eq!(varied, Ok(()), "{:?}", self.device.last_error());
        }
    }

    /// A read by an honest device.
    fn round_trip(&mut self) {
        let sectors = self.device.limits().characteristics.block_bytes / 512;
        let data = self.area(usize::try_from(sectors).unwrap_or(1) * 512);
        let Some(number) = self.build_with(Operation::Read(Extent::new(0, sectors)), data) else {
            panic!("the first block cannot be read");
        };
        self.start(number);
        if let Some(shown) = self.model.requests.get(&number).and_then(|request| request.shown) {
            self.machine.put(shown.status_at, &[0]);
            self.give_back((shown.head.into(), shown.writable));
        }
        assert_eq!(self.ended(), Ended::Request(id(number), Status::Complete));
        assert_eq!(self.ended(), Ended::Nothing);
    }

    fn free_slots(&self) -> usize {
        let taken = self.model.requests.len() + self.model.lost;
        usize::from(self.device.geometry().chains) - taken
    }

    /// What holds after every step.
    fn check(&self) {
        let free = Device::<HostileMachine>::free_slots(&self.device);
        assert_eq!(u64::from(free), self.free_slots() as u64);
    }
}

/// What came of a notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Yes,
    NotWanted,
    Refused,
}
