//! Devices that say what cannot be true: an error each time, never a crash, and a clear that mends it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod fake;

use channel_io::program::Elsewhere;
use channel_io::{Area, Reach, Storage};
use fake::{Disk, FakeArea, Machine, Misbehaviour, OWN, SETTINGS};
use ios::{Broken, Built, Device, Ended, Extent, Operation, RequestId, StartCc, Status};
use proptest::prelude::*;
use std::collections::BTreeMap;
use virtio_ccw::BlockDevice;
use virtio_ccw::spec::Features;

fn id(number: u32) -> RequestId {
    RequestId::from_parts(number, number)
}

fn online(disk: Disk) -> (Machine, BlockDevice<FakeArea>) {
    let mut machine = Machine::new(disk);
    let mut others = Elsewhere::default();
    let mut device = BlockDevice::probe(&mut machine, &mut others, OWN, &SETTINGS).unwrap();
    device.vary_online(&mut machine).unwrap();
    (machine, device)
}

/// Two requests with the device, the first of which it answers wrongly.
fn provoke(misbehaviour: Misbehaviour, indirect: bool) -> Ended {
    let mut disk = Disk::new(64);
    disk.hold = true;
    disk.misbehaviour = Some(misbehaviour);
    if !indirect {
        disk.offered.remove(Features::INDIRECT_DESCRIPTORS);
    }
    let (mut machine, mut device) = online(disk);
    let data = machine.allocate(512, 512, Reach::Anywhere).unwrap();
    let read = Operation::Read(Extent::new(0, 1));
    for number in [1, 2] {
        let built = device.build(&mut machine, id(number), &read, Some(&data));
        assert_eq!(built, Built::Ready);
        assert_eq!(device.start(&mut machine, id(number)), StartCc::Started);
    }
    machine.serve();
    let mut ended = device.ended(&mut machine);
    while let Ended::Request(..) = ended {
        ended = device.ended(&mut machine);
    }
    assert_eq!(device.ended(&mut machine), ended, "what is broken stays so");
    assert_eq!(device.build(&mut machine, id(3), &read, Some(&data)), Built::Ready);
    assert_eq!(device.start(&mut machine, id(3)), StartCc::NotOperational);

    device.clear(&mut machine).unwrap();
    assert_eq!(device.build(&mut machine, id(4), &read, Some(&data)), Built::Ready);
    assert_eq!(device.start(&mut machine, id(4)), StartCc::Started);
    machine.serve();
    assert_eq!(device.ended(&mut machine), Ended::Request(id(4), Status::Complete));
    ended
}

fn broken(what: &'static str, value: u64, expected: u64) -> Ended {
    Ended::Broken(Broken { what, value, expected })
}

#[test]
fn each_lie_is_found_and_named() {
    let table = [
        (Misbehaviour::RunAhead(1), broken("used index", 3, 2)),
        (Misbehaviour::RunAhead(40_000), broken("used index", 40_002, 2)),
        (Misbehaviour::WrongId(7), broken("used chain", 7, 128)),
        (Misbehaviour::WrongId(128), broken("used chain", 128, 128)),
        (Misbehaviour::WrongId(0x1_0000), broken("used chain", 0x1_0000, 128)),
        (Misbehaviour::WrongId(u32::MAX), broken("used chain", u64::from(u32::MAX), 128)),
        (Misbehaviour::Twice, broken("used index", 3, 2)),
        (Misbehaviour::Written(514), broken("bytes written", 514, 513)),
        (Misbehaviour::Written(u32::MAX), broken("bytes written", u64::from(u32::MAX), 513)),
        (Misbehaviour::Written(512), broken("bytes written by a read that went well", 512, 513)),
        (Misbehaviour::Status(3), broken("status byte", 3, 0)),
        (Misbehaviour::NoStatus, broken("status byte, not written", 255, 0)),
    ];
    for (misbehaviour, expected) in table {
        assert_eq!(provoke(misbehaviour, true), expected, "{misbehaviour:?}");
    }
    // In the ring, a chain has three descriptors: one within a chain is no name.
    let table = [
        (Misbehaviour::WrongId(1), broken("used chain", 1, 256)),
        (Misbehaviour::WrongId(6), broken("used chain", 6, 256)),
        (Misbehaviour::WrongId(255), broken("used chain", 255, 256)),
    ];
    for (misbehaviour, expected) in table {
        assert_eq!(provoke(misbehaviour, false), expected, "{misbehaviour:?}");
    }
}

#[test]
fn a_chain_given_back_again_later_is_not_outstanding() {
    let mut disk = Disk::new(64);
    disk.hold = true;
    let (mut machine, mut device) = online(disk);
    for number in 0..3 {
        assert_eq!(device.build(&mut machine, id(number), &Operation::Flush, None), Built::Ready);
        assert_eq!(device.start(&mut machine, id(number)), StartCc::Started);
    }
    machine.disk.misbehaviour = Some(Misbehaviour::WrongId(1));
    machine.serve();
    // The first one is given back under the name of the second, which is then given back once more.
    assert_eq!(device.ended(&mut machine), Ended::Request(id(1), Status::Complete));
    assert_eq!(device.ended(&mut machine), broken("used chain", 1, 128));
}

/// What a random run does.
#[derive(Clone, Debug)]
enum Action {
    Start(Operation),
    Serve,
    Drain,
    Misbehave(Misbehaviour),
    /// The device writes this over that place of the used ring.
    Scribble(u16, u64),
    Clear,
}

fn actions() -> impl Strategy<Value = Action> {
    let extent = (0u64..60, 1u32..4).prop_map(|(first, sectors)| Extent::new(first, sectors));
    let operation = prop_oneof![
        extent.clone().prop_map(Operation::Read),
        extent.clone().prop_map(Operation::Write),
        extent.clone().prop_map(Operation::WriteZeroes),
        extent.prop_map(Operation::Discard),
        Just(Operation::Flush),
    ];
    let misbehaviour = prop_oneof![
        any::<u16>().prop_map(Misbehaviour::RunAhead),
        any::<u32>().prop_map(Misbehaviour::WrongId),
        (0u32..10).prop_map(Misbehaviour::WrongId),
        Just(Misbehaviour::Twice),
        (0u32..3000).prop_map(Misbehaviour::Written),
        any::<u8>().prop_map(Misbehaviour::Status),
        Just(Misbehaviour::NoStatus),
    ];
    prop_oneof![
        8 => operation.prop_map(Action::Start),
        4 => Just(Action::Serve),
        4 => Just(Action::Drain),
        1 => misbehaviour.prop_map(Action::Misbehave),
        1 => (any::<u16>(), any::<u64>()).prop_map(|(at, value)| Action::Scribble(at, value)),
        1 => Just(Action::Clear),
    ]
}

/// A driver's run against the device; every request that it starts is accounted for.
struct Run {
    machine: Machine,
    device: BlockDevice<FakeArea>,
    active: BTreeMap<u32, (Operation, FakeArea)>,
    next: u32,
}

impl Run {
    fn new(kind: u8) -> Self {
        let mut disk = Disk::new(64);
        disk.hold = true;
        disk.max_queue_size = 8;
        if kind & 1 != 0 {
            disk.offered.remove(Features::INDIRECT_DESCRIPTORS);
        }
        if kind & 2 != 0 {
            disk.offered.remove(Features::EVENT_INDEX);
        }
        let (machine, device) = online(disk);
        Self { machine, device, active: BTreeMap::new(), next: 0 }
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Start(operation) => self.start(operation),
            Action::Serve => self.machine.serve(),
            Action::Drain => self.drain(),
            Action::Misbehave(what) => self.machine.disk.misbehaviour = Some(what),
            Action::Scribble(at, value) => {
                self.machine.disk.scribble(&self.machine.memory, at, value)
            }
            Action::Clear => self.clear(),
        }
    }

    fn start(&mut self, operation: Operation) {
        let length = usize::try_from(operation.data_bytes()).unwrap();
        let mut data = self.machine.allocate(length, 512, Reach::Anywhere).unwrap();
        data.fill(0, length, self.next.to_le_bytes()[0]);
        let given = (length > 0).then_some(&data);
        match self.device.build(&mut self.machine, id(self.next), &operation, given) {
            Built::Ready => {}
            Built::NoFreeSlot => return,
            Built::Unsupported => panic!("{operation}"),
        }
        match self.device.start(&mut self.machine, id(self.next)) {
            StartCc::Started => {
                self.active.insert(self.next, (operation, data));
                self.next += 1;
            }
            StartCc::NotOperational => self.device.unbuild(&mut self.machine, id(self.next)),
            cc @ (StartCc::StatusPending | StartCc::Busy) => panic!("{cc}"),
        }
    }

    fn drain(&mut self) {
        loop {
            match self.device.ended(&mut self.machine) {
                Ended::Request(request, _) => {
                    let number = self.active.keys().copied().find(|number| id(*number) == request);
                    let ended = self.active.remove(&number.expect("a request that was not active"));
                    assert!(ended.is_some());
                }
                Ended::Nothing => return,
                Ended::Broken(_) => return self.clear(),
            }
        }
    }

    fn clear(&mut self) {
        self.device.clear(&mut self.machine).unwrap();
        // Their data goes with them: if the device still had an address, serving would fail.
        self.active.clear();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_lie_does_worse_than_an_error(
        kind in 0u8..4,
        actions in proptest::collection::vec(actions(), 1..120),
    ) {
        let mut run = Run::new(kind);
        for action in actions {
            run.act(action);
        }
        run.clear();
        run.start(Operation::Write(Extent::new(0, 2)));
        run.machine.serve();
        run.drain();
        prop_assert!(run.active.is_empty());
    }

    #[test]
    fn an_honest_disk_holds_what_was_written(
        kind in 0u8..4,
        writes in proptest::collection::vec((0u64..60, 1u32..4, any::<bool>()), 1..60),
    ) {
        let mut run = Run::new(kind);
        let mut expected = vec![0; 64 * 512];
        for (first, sectors, serve) in writes {
            if Device::<Machine>::free_slots(&run.device) == 0 {
                run.machine.serve();
                run.drain();
            }
            let fill = run.next.to_le_bytes()[0];
            run.start(Operation::Write(Extent::new(first, sectors)));
            let start = usize::try_from(first).unwrap() * 512;
            expected[start..start + usize::try_from(sectors).unwrap() * 512].fill(fill);
            if serve {
                run.machine.serve();
                run.drain();
            }
        }
        run.machine.serve();
        run.drain();
        prop_assert!(run.active.is_empty());
        prop_assert!(run.machine.disk.content == expected);
    }
}
