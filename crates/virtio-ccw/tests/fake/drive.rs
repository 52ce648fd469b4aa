//! Driving a disk as the I/O supervisor does: built, started, interrupted, ended.

use super::{Disk, FakeArea, Machine, OWN, SETTINGS};
use channel_io::program::Elsewhere;
use channel_io::{Area, Reach, Storage};
use ios::{Built, Device, Ended, Operation, RequestId, StartCc, Status};
use virtio_ccw::spec::Features;
use virtio_ccw::{BlockDevice, Buffer};

pub(crate) fn id(number: u32) -> RequestId {
    RequestId::from_parts(number, number % 1000)
}

pub(crate) fn online<B: Buffer>(disk: Disk) -> (Machine, BlockDevice<FakeArea, B>) {
    let mut machine = Machine::new(disk);
    let mut others = Elsewhere::default();
    let mut device =
        BlockDevice::<FakeArea, B>::probe(&mut machine, &mut others, OWN, &SETTINGS).unwrap();
    device.vary_online(&mut machine).unwrap();
    (machine, device)
}

pub(crate) fn area(machine: &mut Machine, bytes: usize, fill: u8) -> FakeArea {
    let mut area = machine.allocate(bytes, 512, Reach::Anywhere).unwrap();
    area.fill(0, bytes, fill);
    area
}

/// Builds and starts a request; the disk serves it at once unless it holds.
pub(crate) fn start<B: Buffer>(
    machine: &mut Machine,
    device: &mut BlockDevice<FakeArea, B>,
    number: u32,
    operation: Operation,
    data: Option<&B>,
) -> StartCc {
    assert_eq!(device.build(machine, id(number), &operation, data), Built::Ready);
    device.start(machine, id(number))
}

pub(crate) fn run<B: Buffer>(
    machine: &mut Machine,
    device: &mut BlockDevice<FakeArea, B>,
    operation: Operation,
    data: Option<&B>,
) -> Status {
    assert_eq!(start(machine, device, 1, operation, data), StartCc::Started);
    let irb = machine.take_interruption().expect("no interruption");
    device.interruption(machine, &irb);
    let Ended::Request(ended, status) = device.ended(machine) else { panic!("not ended") };
    assert_eq!(ended, id(1));
    assert_eq!(device.ended(machine), Ended::Nothing);
    status
}

/// Every way to a queue: indirect or not, with event index or not.
pub(crate) fn every_kind_of_queue() -> impl Iterator<Item = Disk> {
    (0..4).map(|kind| {
        let mut disk = Disk::new(64);
        if kind & 1 != 0 {
            disk.offered.remove(Features::INDIRECT_DESCRIPTORS);
        }
        if kind & 2 != 0 {
            disk.offered.remove(Features::EVENT_INDEX);
        }
        disk
    })
}
