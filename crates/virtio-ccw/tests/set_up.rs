//! Finding a device and setting it up: what is asked of it in which order, and each way that it fails.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod fake;

use channel_io::enumerate::SettingError;
use channel_io::program::{ClearOutcome, Elsewhere, ProgramError, StartError, Waiting};
use channel_io::{InterruptionCode, Wake};
use fake::*;
use ios::{DataAfterClear, Device, Extent, Operation, StartCc};
use virtio_ccw::block::LimitError;
use virtio_ccw::queue::{GeometryError, Placement};
use virtio_ccw::spec::channel::command;
use virtio_ccw::spec::{DeviceStatus, Features};
use virtio_ccw::transport::Revision;
use virtio_ccw::{BlockDevice, ProbeError, Settings, TransportError};

fn failure(change: impl FnOnce(&mut Disk)) -> (ProbeError, Disk) {
    let (result, machine) = probe_disk(change);
    let error = result.unwrap_err();
    assert!(!machine.is_enabled(), "the subchannel is left enabled after {error}");
    (error, machine.disk)
}

#[test]
fn the_order_is_that_of_the_specification() {
    let (result, mut machine) = probe_disk(|_| ());
    let mut device = result.unwrap();
    assert_eq!(machine.disk.commands, AGREE_2[..14]);
    assert_eq!(device.transport().revision(), Revision::Two);
    assert_eq!(device.geometry().placement, Placement::Indirect);
    assert_eq!(machine.disk.status.bits(), 0x0b);
    assert_eq!(
        device.features(),
        Features::BLOCK_SEGMENTS_MAX
            | Features::BLOCK_BLOCK_SIZE
            | Features::BLOCK_FLUSH
            | Features::BLOCK_DISCARD
            | Features::BLOCK_WRITE_ZEROES
            | Features::INDIRECT_DESCRIPTORS
            | Features::EVENT_INDEX
            | Features::VERSION_1
    );
    let areas = machine.memory.areas();
    machine.disk.commands.clear();
    device.vary_online(&mut machine).unwrap();
    assert_eq!(
        machine.disk.commands,
        [
            "set-queue",
            "set-indicators",
            "set-configuration-indicators",
            "write-status",
            "read-status"
        ]
    );
    assert_eq!(machine.disk.status.bits(), 0x0f);
    assert_eq!(device.free_slots_of(&machine), 128);
    assert_eq!(machine.memory.areas(), areas + 2);
    device.vary_online(&mut machine).unwrap();
    assert_eq!(machine.disk.commands.len(), 5, "ready is ready");
}

#[test]
fn revision_1_does_without_reading_the_status() {
    let (result, mut machine) = probe_disk(|disk| disk.max_revision = 1);
    let mut device = result.unwrap();
    assert_eq!(device.transport().revision(), Revision::One);
    device.vary_online(&mut machine).unwrap();
    // The fake refuses to have its status read in revision 1.
    assert_eq!(machine.disk.commands[..2], ["set-virtio-revision", "set-virtio-revision"]);
    assert_eq!(machine.disk.status.bits(), 0x0f);
}

#[test]
fn devices_older_than_version_1_are_refused_with_the_reason() {
    let (error, disk) = failure(|disk| disk.max_revision = 0);
    assert_eq!(error, ProbeError::Transport(TransportError::NoRevision));
    assert_eq!(disk.commands, ["set-virtio-revision"; 2]);

    let (error, disk) = failure(|disk| disk.offered.remove(Features::VERSION_1));
    let ProbeError::Transport(TransportError::NoVersion1 { offered }) = error else {
        panic!("{error}")
    };
    assert!(!offered.contains(Features::VERSION_1));
    assert!(disk.status.contains(DeviceStatus::FAILED));
    assert!(!disk.commands.contains(&command::WRITE_FEATURES.name));
    assert!(error.to_string().starts_with("the device is older than VIRTIO 1.0: it offers "));
}

#[test]
fn features_that_the_device_does_not_take_are_no_agreement() {
    for change in [(|disk: &mut Disk| disk.refuse_features = true) as fn(&mut Disk), |disk| {
        disk.forget_features = true
    }] {
        let (error, disk) = failure(change);
        assert!(matches!(
            error,
            ProbeError::Transport(TransportError::FeaturesRefused { chosen })
                if chosen.contains(Features::VERSION_1)
        ));
        assert!(disk.status.contains(DeviceStatus::FAILED));
    }
}

#[test]
fn other_devices_are_told_apart() {
    let (error, _) = failure(|disk| disk.identification[3] = 1);
    assert!(matches!(error, ProbeError::NotBlock(id) if id.control_unit_model() == 1));
    let (error, disk) = failure(|disk| disk.identification = [0xff, 0x39, 0x90, 0, 0x33, 0x90, 0]);
    assert!(matches!(error, ProbeError::Transport(TransportError::NotVirtio(_))));
    assert!(disk.commands.is_empty(), "a device that is not virtio was asked a virtio command");
}

#[test]
fn configurations_that_cannot_be_are_refused() {
    let table: [Case<LimitError>; 5] = [
        (|disk| disk.set(20, 0), LimitError::BlockSize { bytes: 0 }),
        (|disk| disk.set(20, 1000), LimitError::BlockSize { bytes: 1000 }),
        (|disk| disk.set(4, 0xffff_ffff), LimitError::Capacity { sectors: 0xffff_ffff_0000_0040 }),
        (|disk| disk.configuration.truncate(40), LimitError::Short { length: 40, needed: 56 }),
        (|disk| disk.configuration.clear(), LimitError::Short { length: 0, needed: 56 }),
    ];
    for (change, expected) in table {
        let (error, disk) = failure(change);
        assert_eq!(error, ProbeError::Limits(expected));
        assert!(disk.status.contains(DeviceStatus::FAILED));
    }
    let (error, _) = failure(|disk| disk.restless = true);
    assert_eq!(error, ProbeError::Transport(TransportError::ConfigurationChanges));
}

#[test]
fn queues_that_cannot_be_are_refused() {
    let (error, _) = failure(|disk| disk.max_queue_size = 0);
    assert_eq!(error, ProbeError::Transport(TransportError::NoQueue { queue: 0 }));
    let (error, _) = failure(|disk| disk.max_queue_size = 48);
    assert_eq!(error, ProbeError::Queue(GeometryError::Size { size: 48 }));
    let (error, _) = failure(|disk| {
        disk.max_queue_size = 2;
        disk.offered.remove(Features::INDIRECT_DESCRIPTORS);
    });
    assert_eq!(error, ProbeError::Queue(GeometryError::TooSmall { size: 2, needed: 3 }));
}

#[test]
fn a_command_that_is_refused_is_named() {
    let (error, _) = failure(|disk| disk.reject.push(command::READ_CONFIGURATION.code.0));
    let ProbeError::Transport(TransportError::Program(program)) = error else { panic!("{error}") };
    assert!(program.is_command_reject());
    assert_eq!(
        error.to_string(),
        "a channel program failed: unit check at read-configuration: command-reject \
         (8000000000000000000000000000000000000000000000000000000000000000)"
    );
}

#[test]
fn a_command_that_never_ends_is_cleared_in_its_time() {
    let (error, _) = failure(|disk| disk.silent.push(command::READ_FEATURES.code.0));
    let timed_out = StartError::TimedOut(ClearOutcome::Cleared);
    let expected = TransportError::Program(ProgramError::Start(timed_out));
    assert_eq!(error, ProbeError::Transport(expected));
}

#[test]
fn a_subchannel_that_is_gone_is_said_to_be() {
    let mut machine = Machine::new(Disk::new(64));
    machine.gone = true;
    let error = probe(&mut machine).unwrap_err();
    let expected = TransportError::Subchannel(SettingError::NoSubchannel);
    assert_eq!(error, ProbeError::Transport(expected));
    assert!(error.is_gone());
}

#[test]
fn without_storage_there_is_no_device() {
    let mut machine = Machine::new(Disk::new(64));
    machine.out_of_storage = true;
    let error = probe(&mut machine).unwrap_err();
    assert!(matches!(error, ProbeError::Transport(TransportError::Storage(_))));
    machine.out_of_storage = false;
    let mut device = probe(&mut machine).unwrap();
    machine.out_of_storage = true;
    let failed = device.vary_online(&mut machine).unwrap_err();
    assert_eq!(failed.what, "there is no storage for the queue");
    assert_eq!(failed.data, DataAfterClear::Released);
    machine.out_of_storage = false;
    device.vary_online(&mut machine).unwrap();
    assert_eq!(machine.disk.status.bits(), 0x0f);
}

#[test]
fn what_is_interrupted_while_probing_is_handed_on() {
    let mut machine = Machine::new(Disk::new(64));
    machine.foreign = Some(InterruptionCode {
        subchannel: channel_io::SubchannelId::new(channel_io::SubchannelSet::ZERO, 9),
        interruption_parameter: 9,
        subclass: SETTINGS.subclass,
    });
    let expected = Wake::Io(machine.foreign.unwrap());
    let mut others = Elsewhere::default();
    BlockDevice::<FakeArea>::probe(&mut machine, &mut others, OWN, &SETTINGS).unwrap();
    assert_eq!(others.wakes, [expected]);
}

#[test]
fn probing_by_testing_leaves_the_interruptions_of_others_alone() {
    let mut machine = Machine::new(Disk::new(64));
    machine.foreign = Some(InterruptionCode {
        subchannel: channel_io::SubchannelId::new(channel_io::SubchannelSet::ZERO, 9),
        interruption_parameter: 9,
        subclass: SETTINGS.subclass,
    });
    let pending = machine.foreign;
    let settings = Settings { waiting: Waiting::ByTesting, ..SETTINGS };
    let mut others = Elsewhere::default();
    BlockDevice::<FakeArea>::probe(&mut machine, &mut others, OWN, &settings).unwrap();
    assert_eq!(others, Elsewhere::default());
    assert_eq!(machine.foreign, pending);
}

#[test]
fn a_device_that_is_not_online_takes_nothing() {
    let (result, mut machine) = probe_disk(|_| ());
    let mut device = result.unwrap();
    let id = ios::RequestId::from_parts(1, 0);
    let flush = Operation::Flush;
    assert_eq!(device.build(&mut machine, id, &flush, None), ios::Built::NoFreeSlot);
    assert_eq!(device.start(&mut machine, id), StartCc::NotOperational);
    assert_eq!(device.ended(&mut machine), ios::Ended::Nothing);
    device.unbuild(&mut machine, id);
    device.interruption(&mut machine, &channel_io::Irb::default());
    device.clear(&mut machine).unwrap();
    assert!(machine.disk.queue.is_none());
    device.vary_online(&mut machine).unwrap();
    let read = Operation::Read(Extent::new(0, 1));
    assert_eq!(device.build(&mut machine, id, &read, None), ios::Built::Unsupported);
}
