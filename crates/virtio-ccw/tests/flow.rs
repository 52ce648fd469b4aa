//! Many requests at once: slots, order, notifications, interruptions, and taking it all back.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod fake;

use fake::*;
use ios::{Built, Device, Ended, Extent, Operation, StartCc, Status};
use virtio_ccw::spec::Features;
use virtio_ccw::spec::block::status;

#[test]
fn small_queues_work_as_far_as_they_can() {
    for (size, indirect, chains) in
        [(1, true, 1), (2, true, 2), (4, true, 4), (4, false, 1), (8, false, 2), (1024, false, 128)]
    {
        let mut disk = Disk::new(64);
        disk.max_queue_size = size;
        disk.set(12, u32::from(size.saturating_sub(2)));
        disk.hold = true;
        if !indirect {
            disk.offered.remove(Features::INDIRECT_DESCRIPTORS);
        }
        let (mut machine, mut device) = online(disk);
        assert_eq!(device.geometry().chains, chains, "queue of {size}");
        let data = area(&mut machine, 512, 9);
        let write = Operation::Write(Extent::new(1, 1));
        for number in 0..u32::from(chains) {
            let cc = start(&mut machine, &mut device, number, write, Some(&data));
            assert_eq!(cc, StartCc::Started);
        }
        let built = device.build(&mut machine, id(500), &write, Some(&data));
        assert_eq!(built, Built::NoFreeSlot);
        assert_eq!(device.start(&mut machine, id(500)), StartCc::Busy);
        machine.serve();
        for _ in 0..chains {
            assert!(matches!(device.ended(&mut machine), Ended::Request(_, Status::Complete)));
        }
        assert_eq!(device.ended(&mut machine), Ended::Nothing);
        assert_eq!(machine.disk.requests.len(), usize::from(chains));
    }
}

#[test]
fn building_twice_is_building_once_and_unbuilding_gives_the_slot_back() {
    let (mut machine, mut device) = online::<FakeArea>(Disk::new(64));
    let free = || 128;
    assert_eq!(device.build(&mut machine, id(1), &Operation::Flush, None), Built::Ready);
    assert_eq!(device.build(&mut machine, id(1), &Operation::Flush, None), Built::Ready);
    assert_eq!(device.build(&mut machine, id(2), &Operation::Flush, None), Built::Ready);
    assert_eq!(Device::<Machine>::free_slots(&device), free() - 2);
    device.unbuild(&mut machine, id(1));
    device.unbuild(&mut machine, id(1));
    assert_eq!(Device::<Machine>::free_slots(&device), free() - 1);
    assert_eq!(device.start(&mut machine, id(1)), StartCc::Busy);
    assert_eq!(device.start(&mut machine, id(2)), StartCc::Started);
    device.unbuild(&mut machine, id(2));
    assert_eq!(device.ended(&mut machine), Ended::Request(id(2), Status::Complete));
    assert_eq!(Device::<Machine>::free_slots(&device), free());
}

#[test]
fn requests_end_in_any_order_under_their_own_names() {
    let mut disk = Disk::new(64);
    disk.hold = true;
    disk.bad_sectors.insert(2, status::IO_ERROR);
    let (mut machine, mut device) = online(disk);
    let data = area(&mut machine, 512, 9);
    for number in 0..4 {
        let write = Operation::Write(Extent::new(number.into(), 1));
        assert_eq!(device.build(&mut machine, id(number), &write, Some(&data)), Built::Ready);
    }
    for number in [2, 0, 3, 1] {
        assert_eq!(device.start(&mut machine, id(number)), StartCc::Started);
    }
    machine.serve();
    let sectors: Vec<_> = machine.disk.requests.iter().map(|r| r.sector).collect();
    assert_eq!(sectors, [2, 0, 3, 1]);
    for (number, status) in [
        (2, Status::DeviceError),
        (0, Status::Complete),
        (3, Status::Complete),
        (1, Status::Complete),
    ] {
        assert_eq!(device.ended(&mut machine), Ended::Request(id(number), status));
    }
}

#[test]
fn a_disk_that_looks_by_itself_is_not_notified() {
    for mut disk in every_kind_of_queue() {
        disk.hold = true;
        let (mut machine, mut device) = online::<FakeArea>(disk);
        let flush = Operation::Flush;
        assert_eq!(start(&mut machine, &mut device, 0, flush, None), StartCc::Started);
        assert_eq!(machine.notifications, 1);
        machine.disk.polls = true;
        machine.serve();
        // The fake fails at a notification that was not wanted.
        for number in 1..10 {
            assert_eq!(start(&mut machine, &mut device, number, flush, None), StartCc::Started);
        }
        machine.disk.polls = false;
        machine.serve();
        assert_eq!(start(&mut machine, &mut device, 10, flush, None), StartCc::Started);
        assert_eq!(machine.notifications, 2);
    }
}

#[test]
fn one_interruption_tells_of_many_requests() {
    let mut disk = Disk::new(64);
    disk.hold = true;
    let (mut machine, mut device) = online::<FakeArea>(disk);
    let mut round = |machine: &mut Machine, first: u32| {
        // Four are served, then four more before the driver has looked.
        for number in first..first + 8 {
            let cc = start(machine, &mut device, number, Operation::Flush, None);
            assert_eq!(cc, StartCc::Started);
            if number % 4 == 3 {
                machine.serve();
            }
        }
        let irb = machine.take_interruption().expect("no interruption");
        device.interruption(machine, &irb);
        for number in first..first + 8 {
            assert_eq!(device.ended(machine), Ended::Request(id(number), Status::Complete));
        }
        assert_eq!(device.ended(machine), Ended::Nothing);
        assert!(machine.take_interruption().is_none());
    };
    round(&mut machine, 0);
    round(&mut machine, 100);
    assert_eq!(machine.interruptions, {
        // Those of set-up, and one a round.
        let (mut bare, _) = online::<FakeArea>(Disk::new(64));
        bare.take_interruption();
        bare.interruptions + 2
    });
}

#[test]
fn indexes_go_round() {
    for mut disk in every_kind_of_queue() {
        disk.max_queue_size = 8;
        let (mut machine, mut device) = online::<FakeArea>(disk);
        for number in 0..70_000 {
            let cc = start(&mut machine, &mut device, number, Operation::Flush, None);
            assert_eq!(cc, StartCc::Started);
            let ended = device.ended(&mut machine);
            assert_eq!(ended, Ended::Request(id(number), Status::Complete));
            assert_eq!(device.ended(&mut machine), Ended::Nothing);
        }
        assert_eq!(machine.disk.requests.len(), 70_000);
    }
}

#[test]
fn a_notification_that_is_refused_is_condition_code_3() {
    let (mut machine, mut device) = online::<FakeArea>(Disk::new(64));
    machine.refuse_notification = Some(-22);
    let cc = start(&mut machine, &mut device, 1, Operation::Flush, None);
    assert_eq!(cc, StartCc::NotOperational);
    // The device may have seen it all the same: after a clear it holds nothing.
    machine.refuse_notification = None;
    device.clear(&mut machine).unwrap();
    assert_eq!(Device::<Machine>::free_slots(&device), 128);
    assert_eq!(device.ended(&mut machine), Ended::Nothing);
    let cc = start(&mut machine, &mut device, 1, Operation::Flush, None);
    assert_eq!(cc, StartCc::Started);
    assert_eq!(machine.disk.requests.len(), 1);
}

#[test]
fn clearing_takes_back_what_the_disk_holds() {
    let mut disk = Disk::new(64);
    disk.hold = true;
    let (mut machine, mut device) = online(disk);
    let data = area(&mut machine, 512, 7);
    let write = Operation::Write(Extent::new(0, 1));
    for number in 0..3 {
        let cc = start(&mut machine, &mut device, number, write, Some(&data));
        assert_eq!(cc, StartCc::Started);
    }
    assert_eq!(device.build(&mut machine, id(9), &write, Some(&data)), Built::Ready);
    device.clear(&mut machine).unwrap();
    drop(data);
    // An access to the data would fail: it is gone.
    machine.serve();
    assert_eq!(machine.disk.requests, []);
    assert_eq!(device.ended(&mut machine), Ended::Nothing);
    assert_eq!(device.start(&mut machine, id(9)), StartCc::Busy, "nothing stays built");
    assert_eq!(Device::<Machine>::free_slots(&device), 128);
}

#[test]
fn a_change_of_the_configuration_is_noticed_once() {
    let (mut machine, mut device) = online::<FakeArea>(Disk::new(64));
    machine.take_interruption();
    machine.change_configuration(128);
    let irb = machine.take_interruption().unwrap();
    device.interruption(&mut machine, &irb);
    assert!(device.take_configuration_change());
    assert!(!device.take_configuration_change());
    device.interruption(&mut machine, &irb);
    assert!(!device.take_configuration_change());
}

#[test]
fn a_request_can_be_followed_in_the_trace() {
    let (mut machine, mut device) = online(Disk::new(64));
    let data = area(&mut machine, 512, 7);
    machine.trace = Some(vec![]);
    let write = Operation::Write(Extent::new(3, 1));
    assert_eq!(run(&mut machine, &mut device, write, Some(&data)), Status::Complete);
    assert_eq!(
        machine.trace.take().unwrap(),
        [
            "VIRTQUEUE available subchannel=0.0.0003 request=1 chain=0 outstanding=1 notify=yes",
            "VIRTQUEUE used subchannel=0.0.0003 request=1 chain=0 written=1 status=complete",
        ]
    );
}
