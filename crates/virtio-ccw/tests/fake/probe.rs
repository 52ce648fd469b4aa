//! Finding a disk, as every test of its set-up begins.

use super::{Disk, FakeArea, Machine, OWN, SETTINGS};
use channel_io::program::Elsewhere;
use ios::Device;
use virtio_ccw::{BlockDevice, ProbeError};

pub(crate) type Probed = BlockDevice<FakeArea>;

/// A change of the disk, and what comes of it.
pub(crate) type Case<T> = (fn(&mut Disk), T);

pub(crate) fn probe(machine: &mut Machine) -> Result<Probed, ProbeError> {
    let mut others = Elsewhere::default();
    let result = BlockDevice::probe(machine, &mut others, OWN, &SETTINGS);
    assert_eq!(others, Elsewhere::default());
    result
}

pub(crate) fn probe_disk(change: impl FnOnce(&mut Disk)) -> (Result<Probed, ProbeError>, Machine) {
    let mut disk = Disk::new(64);
    change(&mut disk);
    let mut machine = Machine::new(disk);
    (probe(&mut machine), machine)
}

pub(crate) const AGREE_2: [&str; 15] = [
    "set-virtio-revision",
    "reset-device",
    "read-status",
    "write-status",
    "write-status",
    "read-features",
    "read-features",
    "write-features",
    "write-features",
    "write-status",
    "read-status",
    "read-configuration",
    "read-configuration",
    "read-queue-configuration",
    "set-queue",
];

/// [`Device::free_slots`] with the machine's type named.
pub(crate) trait FreeSlots {
    fn free_slots_of(&self, machine: &Machine) -> u32;
}

impl FreeSlots for Probed {
    fn free_slots_of(&self, _: &Machine) -> u32 {
        Device::<Machine>::free_slots(self)
    }
}
