//! Requests: what arrives at the disk, what comes back, and what is refused before it gets there.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod fake;

use channel_io::Area;
use fake::*;
use ios::{Built, Device, Extent, Operation, RangeLimits, Status};
use virtio_ccw::queue::{Geometry, Placement};
use virtio_ccw::spec::Features;
use virtio_ccw::spec::block::{request_type, status};
use virtio_ccw::{Buffer, Gather};

#[test]
fn every_operation_does_what_it_says() {
    for disk in every_kind_of_queue() {
        let (mut machine, mut device) = online(disk);
        let (out, back) = (area(&mut machine, 2048, 0xa5), area(&mut machine, 2048, 0));
        let (machine, device) = (&mut machine, &mut device);
        let extent = Extent::new(4, 4);
        assert_eq!(run(machine, device, Operation::Write(extent), Some(&out)), Status::Complete);
        assert_eq!(machine.disk.content[4 * 512 - 1..4 * 512 + 1], [0, 0xa5]);
        assert_eq!(machine.disk.content[8 * 512 - 1..8 * 512 + 1], [0xa5, 0]);
        assert_eq!(run(machine, device, Operation::Flush, None), Status::Complete);
        assert_eq!(run(machine, device, Operation::Read(extent), Some(&back)), Status::Complete);
        assert_eq!(out.first_difference(0, &back, 0, 2048), None);
        let zeroes = Operation::WriteZeroes(Extent::new(5, 1));
        assert_eq!(run(machine, device, zeroes, None), Status::Complete);
        assert_eq!(machine.disk.content[5 * 512 - 1..5 * 512 + 1], [0xa5, 0]);
        let discard = Operation::Discard(Extent::new(6, 1));
        assert_eq!(run(machine, device, discard, None), Status::Complete);
        assert_eq!(machine.disk.content[6 * 512], 0xdd);
        let kinds: Vec<_> = machine.disk.requests.iter().map(|r| (r.kind, r.sector)).collect();
        assert_eq!(kinds, [(1, 4), (4, 0), (0, 4), (13, 0), (11, 0)]);
    }
}

#[test]
fn a_slot_can_change_its_kind_of_request() {
    // The parts of a slot that do not change are not stored again: every order of two kinds.
    let operations = [
        Operation::Read(Extent::new(1, 1)),
        Operation::Write(Extent::new(1, 1)),
        Operation::Flush,
        Operation::Discard(Extent::new(1, 1)),
        Operation::WriteZeroes(Extent::new(1, 1)),
    ];
    for disk in every_kind_of_queue() {
        let (mut machine, mut device) = online(disk);
        let data = area(&mut machine, 512, 1);
        for first in operations {
            for second in operations {
                for operation in [first, second] {
                    let data = (operation.data_bytes() > 0).then_some(&data);
                    let status = run(&mut machine, &mut device, operation, data);
                    assert_eq!(status, Status::Complete, "{first} then {second}");
                }
            }
        }
    }
}

#[test]
fn the_status_of_the_disk_is_the_status_of_the_request() {
    let mut disk = Disk::new(64);
    disk.bad_sectors.insert(7, status::IO_ERROR);
    disk.bad_sectors.insert(8, status::UNSUPPORTED);
    disk.bad_sectors.insert(u64::MAX, status::IO_ERROR);
    let (mut machine, mut device) = online(disk);
    let data = area(&mut machine, 512, 1);
    for (operation, expected) in [
        (Operation::Read(Extent::new(6, 1)), Status::Complete),
        (Operation::Read(Extent::new(7, 1)), Status::DeviceError),
        (Operation::Write(Extent::new(7, 1)), Status::DeviceError),
        (Operation::Discard(Extent::new(7, 1)), Status::DeviceError),
        (Operation::WriteZeroes(Extent::new(8, 1)), Status::Unsupported),
        (Operation::Flush, Status::DeviceError),
    ] {
        let data = (operation.data_bytes() > 0).then_some(&data);
        assert_eq!(run(&mut machine, &mut device, operation, data), expected, "{operation}");
    }
}

#[test]
fn what_the_disk_cannot_take_never_gets_there() {
    let mut disk = Disk::new(64);
    disk.set(20, 4096);
    disk.set(36, 16);
    disk.set(48, 24);
    let (mut machine, mut device) = online(disk);
    let data = area(&mut machine, 64 * 512, 1);
    for operation in [
        Operation::Read(Extent::new(0, 0)),
        Operation::Read(Extent::new(1, 8)),
        Operation::Read(Extent::new(0, 4)),
        Operation::Read(Extent::new(56, 16)),
        Operation::Write(Extent::new(64, 8)),
        Operation::Write(Extent::new(u64::MAX - 7, 8)),
        Operation::Write(Extent::new(0, u32::MAX - 7)),
        Operation::Discard(Extent::new(0, 24)),
        Operation::Discard(Extent::new(4, 8)),
        Operation::WriteZeroes(Extent::new(0, 32)),
    ] {
        let data = (operation.data_bytes() > 0).then_some(&data);
        let built = device.build(&mut machine, id(1), &operation, data);
        assert_eq!(built, Built::Unsupported, "{operation}");
    }
    let small = area(&mut machine, 4095, 1);
    let read = Operation::Read(Extent::new(0, 8));
    assert_eq!(device.build(&mut machine, id(1), &read, Some(&small)), Built::Unsupported);
    for operation in [
        Operation::Read(Extent::new(56, 8)),
        Operation::Write(Extent::new(0, 64)),
        Operation::Discard(Extent::new(0, 16)),
        Operation::WriteZeroes(Extent::new(8, 24)),
    ] {
        let data = (operation.data_bytes() > 0).then_some(&data);
        assert_eq!(run(&mut machine, &mut device, operation, data), Status::Complete);
    }
    assert_eq!(device.geometry().chains, 128);
    assert_eq!(Device::<Machine>::free_slots(&device), 128, "nothing was left behind");
}

#[test]
fn a_read_only_disk_is_not_written_to() {
    let mut disk = Disk::new(64);
    disk.offered |= Features::BLOCK_READ_ONLY;
    let (mut machine, mut device) = online(disk);
    assert!(Device::<Machine>::characteristics(&device).read_only);
    let data = area(&mut machine, 512, 1);
    for operation in [
        Operation::Write(Extent::new(0, 1)),
        Operation::Discard(Extent::new(0, 1)),
        Operation::WriteZeroes(Extent::new(0, 1)),
    ] {
        let data = (operation.data_bytes() > 0).then_some(&data);
        assert_eq!(device.build(&mut machine, id(1), &operation, data), Built::Unsupported);
    }
    let read = Operation::Read(Extent::new(0, 1));
    assert_eq!(run(&mut machine, &mut device, read, Some(&data)), Status::Complete);
}

#[test]
fn what_a_disk_does_not_offer_is_not_known() {
    let mut disk = Disk::new(64);
    disk.offered -= Features::BLOCK_FLUSH
        | Features::BLOCK_DISCARD
        | Features::BLOCK_WRITE_ZEROES
        | Features::BLOCK_BLOCK_SIZE;
    // Only the capacity is needed then, and nothing else believed.
    disk.configuration.truncate(16);
    let (mut machine, mut device) = online::<FakeArea>(disk);
    let it = Device::<Machine>::characteristics(&device);
    assert_eq!((it.flush, it.discard, it.write_zeroes, it.block_bytes), (false, None, None, 512));
    for operation in [
        Operation::Flush,
        Operation::Discard(Extent::new(0, 1)),
        Operation::WriteZeroes(Extent::new(0, 1)),
    ] {
        assert_eq!(device.build(&mut machine, id(1), &operation, None), Built::Unsupported);
    }
}

#[test]
fn characteristics_are_whole_blocks() {
    let mut disk = Disk::new(67);
    disk.set(20, 4096);
    disk.set(36, 31);
    disk.set(44, 2);
    disk.set(48, 7);
    let (_, device) = online::<FakeArea>(disk);
    let it = Device::<Machine>::characteristics(&device);
    assert_eq!(it.block_bytes, 4096);
    assert_eq!(it.capacity_sectors, 64);
    assert_eq!(it.discard, Some(RangeLimits { sectors: 24, alignment_sectors: 8 }));
    assert_eq!(it.write_zeroes, None, "less than a block is nothing");
    assert_eq!(it.transfer_sectors, (16 << 20) / 512);
}

#[test]
fn segments_are_as_short_and_as_few_as_the_disk_wants() {
    let mut disk = Disk::new(64);
    disk.offered |= Features::BLOCK_SIZE_MAX;
    disk.set(8, 700);
    disk.set(12, 5);
    let (mut machine, mut device) = online(disk);
    // Five segments of 700 bytes: six whole sectors.
    assert_eq!(Device::<Machine>::characteristics(&device).transfer_sectors, 6);
    let data = area(&mut machine, 7 * 512, 3);
    let write = Operation::Write(Extent::new(0, 6));
    assert_eq!(run(&mut machine, &mut device, write, Some(&data)), Status::Complete);
    assert_eq!(machine.disk.requests[0].segments, [700, 700, 700, 700, 272]);
    let too_long = Operation::Write(Extent::new(0, 7));
    assert_eq!(device.build(&mut machine, id(1), &too_long, Some(&data)), Built::Unsupported);
    assert_eq!(machine.disk.content[..3072], [3; 3072]);
    assert_eq!(machine.disk.content[3072], 0);
}

#[test]
fn a_buffer_of_many_pieces_is_one_request() {
    for disk in every_kind_of_queue() {
        let (mut machine, mut device) = online(disk);
        let pieces: Vec<_> =
            (1..=4).map(|fill| area(&mut machine, 100 * usize::from(fill), fill)).collect();
        let gather = Gather::new(pieces).unwrap();
        assert_eq!(gather.bytes(), 1000);
        let write = Operation::Write(Extent::new(2, 1));
        assert_eq!(run(&mut machine, &mut device, write, Some(&gather)), Status::Complete);
        assert_eq!(machine.disk.requests[0].segments, [100, 200, 212]);
        let mut expected = vec![1; 100];
        expected.extend([2; 200]);
        expected.extend([3; 212]);
        assert_eq!(machine.disk.content[1024..1536], expected);
    }
    let areas = (0..17).map(|_| ()).collect::<Vec<()>>();
    assert_eq!(Gather::new(areas).map(|_| ()).unwrap_err().len(), 17);
}

#[test]
fn a_buffer_of_more_pieces_than_the_disk_takes_is_refused() {
    let mut disk = Disk::new(64);
    disk.set(12, 3);
    let (mut machine, mut device) = online(disk);
    let mut gather = |count: usize| {
        let pieces = (0..count).map(|_| area(&mut machine, 512 / count, 1)).collect();
        Gather::new(pieces).unwrap()
    };
    let (four, two, one) = (gather(4), gather(2), gather(1));
    let write = Operation::Write(Extent::new(0, 1));
    assert_eq!(device.build(&mut machine, id(1), &write, Some(&four)), Built::Unsupported);
    // The slot that was tried is as good as before.
    for good in [&one, &one, &two, &two, &one] {
        assert_eq!(device.build(&mut machine, id(2), &write, Some(&four)), Built::Unsupported);
        assert_eq!(run(&mut machine, &mut device, write, Some(good)), Status::Complete);
    }
}

#[test]
fn the_reference_request_looks_as_specified() {
    let (mut machine, mut device) = online(Disk::new(64));
    let data = area(&mut machine, 1024, 7);
    let read = Operation::Read(Extent::new(3, 2));
    assert_eq!(run(&mut machine, &mut device, read, Some(&data)), Status::Complete);
    let expected = Request { kind: request_type::IN, sector: 3, segments: vec![1024] };
    assert_eq!(machine.disk.requests, [expected]);
    let geometry = Geometry { size: 128, chains: 128, elements: 3, placement: Placement::Indirect };
    assert_eq!(*device.geometry(), geometry);
}
