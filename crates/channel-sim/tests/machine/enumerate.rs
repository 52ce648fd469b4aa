//! Finding the disks among everything that a machine has.

use crate::world::probe;
use channel_io::enumerate::{MultipleSetsError, find_devices};
use channel_io::program::Nowhere;
use channel_io::{DeviceNumber, SenseId, SubchannelSet, Traced};
use channel_sim::SimMachine;
use channel_sim::machine::{MultipleSets, PlainDevice};
use channel_sim::virtio::BlockSettings;
use virtio_ccw::{ProbeError, TransportError};

#[test]
fn disks_are_found_among_other_devices() {
    let mut machine = SimMachine::new(1);
    machine.add_plain(DeviceNumber(0x009), PlainDevice::fixed_block());
    machine.add_block(DeviceNumber(1), BlockSettings::new(64));
    machine.add_empty();
    machine.add_plain(
        DeviceNumber(0x00e),
        PlainDevice { identification: SenseId::new((0x2821, 0), (0x1403, 0)) },
    );
    machine.add_block(DeviceNumber(2), BlockSettings::new(128));
    // A virtio device that is no disk: a network card.
    let network = PlainDevice { identification: SenseId::new((0x3832, 1), (0, 0)) };
    machine.add_plain(DeviceNumber(3), network);
    let mut machine = Traced::new(machine);
    let found = find_devices(&mut machine);
    assert_eq!(found.devices.len(), 5);
    let mut capacities = Vec::new();
    for device in found.devices {
        match probe(&mut machine, &mut Nowhere, device.subchannel, 1) {
            Ok(disk) => capacities.push(disk.limits().characteristics.capacity_sectors),
            Err(ProbeError::NotBlock(_) | ProbeError::Transport(TransportError::NotVirtio(_))) => {}
            // The network card knows none of the commands here.
            Err(ProbeError::Transport(TransportError::NoRevision)) => {}
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(capacities, [64, 128]);
    machine.inner().assert_clean();
}

#[test]
fn every_subchannel_set_is_looked_at() {
    let mut machine = SimMachine::new(1);
    for set in SubchannelSet::ALL {
        for number in 1..=3 {
            machine.add_block_in_set(set, DeviceNumber(number), BlockSettings::new(8));
        }
    }
    let found = find_devices(&mut machine);
    assert_eq!(found.multiple_sets, Ok(()));
    let names: Vec<_> = found.devices.iter().map(|device| device.device.to_string()).collect();
    assert_eq!(names.len(), 12);
    assert_eq!((names[0].as_str(), names[11].as_str()), ("0.0.0001", "0.3.0003"));
    machine.assert_clean();
}

#[test]
fn without_the_facility_there_is_set_0_alone() {
    let mut machine = SimMachine::new(1);
    machine.set_multiple_sets(MultipleSets::NotProvided);
    machine.add_block(DeviceNumber(1), BlockSettings::new(8));
    let found = find_devices(&mut machine);
    assert!(matches!(found.multiple_sets, Err(MultipleSetsError::Refused(_))));
    assert_eq!(found.devices.len(), 1);
    machine.assert_clean();
}

#[test]
fn a_thousand_disks_are_found() {
    let mut machine = SimMachine::new(1);
    for number in 1..=1000 {
        machine.add_block(DeviceNumber(number), BlockSettings::new(8));
    }
    assert_eq!(find_devices(&mut machine).devices.len(), 1000);
    machine.assert_clean();
}
