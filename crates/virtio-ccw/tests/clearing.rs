//! Taking a device back: cleared, offline, gone, or not to be had; and who has its storage then.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod fake;

use channel_io::program::{ClearOutcome, Elsewhere, ProgramError, StartError, Waiting};
use fake::*;
use ios::{ClearFailed, DataAfterClear, Device};
use virtio_ccw::spec::channel::command;
use virtio_ccw::spec::{DeviceStatus, Features};
use virtio_ccw::{ProbeError, TransportError};

#[test]
fn a_device_that_was_set_up_before_is_set_up_again() {
    let (result, mut machine) = probe_disk(|_| ());
    let mut device = result.unwrap();
    device.vary_online(&mut machine).unwrap();
    device.vary_offline(&mut machine).unwrap();
    drop(device);
    assert_eq!(machine.memory.areas(), 0);
    let mut device = probe(&mut machine).unwrap();
    device.vary_online(&mut machine).unwrap();
    assert_eq!(machine.disk.status.bits(), 0x0f);
}

#[test]
fn offline_and_online_again() {
    let (result, mut machine) = probe_disk(|_| ());
    let mut device = result.unwrap();
    device.vary_online(&mut machine).unwrap();
    let areas = machine.memory.areas();
    device.vary_offline(&mut machine).unwrap();
    assert_eq!(machine.memory.areas(), areas - 2);
    assert_eq!(machine.disk.status, DeviceStatus::empty());
    assert_eq!(device.free_slots_of(&machine), 0);
    device.vary_online(&mut machine).unwrap();
    assert_eq!(machine.memory.areas(), areas);
    assert_eq!(machine.disk.status.bits(), 0x0f);
}

#[test]
fn set_up_that_fails_half_way_leaves_nothing_with_the_device() {
    for refused in [command::SET_QUEUE, command::SET_INDICATORS, command::WRITE_STATUS] {
        let (result, mut machine) = probe_disk(|_| ());
        let mut device = result.unwrap();
        let areas = machine.memory.areas();
        machine.disk.reject.push(refused.code.0);
        let failed = device.vary_online(&mut machine).unwrap_err();
        assert_eq!(failed.data, DataAfterClear::Released);
        assert!(matches!(
            device.last_error(),
            Some(ProbeError::Transport(TransportError::Program(error))) if error.is_command_reject()
        ));
        assert_eq!(machine.memory.areas(), areas, "storage is given back");
        assert!(machine.disk.queue.is_none(), "the device was reset");
        machine.disk.reject.clear();
        device.vary_online(&mut machine).unwrap();
    }
}

#[test]
fn clearing_sets_everything_up_anew() {
    let (result, mut machine) = probe_disk(|disk| disk.hold = true);
    let mut device = result.unwrap();
    device.vary_online(&mut machine).unwrap();
    let areas = machine.memory.areas();
    machine.disk.commands.clear();
    device.clear(&mut machine).unwrap();
    let mut expected = AGREE_2[1..].to_vec();
    expected.extend([
        "set-indicators",
        "set-configuration-indicators",
        "write-status",
        "read-status",
    ]);
    assert_eq!(machine.disk.commands, expected);
    assert_eq!(machine.memory.areas(), areas);
    assert_eq!(device.free_slots_of(&machine), 128);
}

#[test]
fn clearing_a_device_that_is_gone_releases_everything() {
    let (result, mut machine) = probe_disk(|_| ());
    let mut device = result.unwrap();
    device.vary_online(&mut machine).unwrap();
    let areas = machine.memory.areas();
    machine.gone = true;
    let failed = device.clear(&mut machine).unwrap_err();
    let what = "a channel program failed";
    assert_eq!(failed, ClearFailed { what, data: DataAfterClear::Released });
    assert_eq!(machine.memory.areas(), areas - 2);
    assert!(device.last_error().unwrap().is_gone());
}

#[test]
fn what_a_device_that_cannot_be_reset_may_use_is_never_given_back() {
    for (silent, csch_count) in [(true, 1), (false, 0)] {
        let (result, mut machine) = probe_disk(|_| ());
        let mut device = result.unwrap();
        device.vary_online(&mut machine).unwrap();
        let areas = machine.memory.areas();
        let reset = command::RESET.code.0;
        if silent { &mut machine.disk.silent } else { &mut machine.disk.reject }.push(reset);
        let failed = device.clear(&mut machine).unwrap_err();
        assert_eq!(failed.data, DataAfterClear::Lost);
        assert_eq!(machine.csch_count, csch_count);
        drop(device);
        // All but the transport's own channel program, which is not running any more.
        assert_eq!(machine.memory.areas(), areas - 1);
    }
}

#[test]
fn a_device_that_is_dropped_while_online_keeps_its_queue() {
    let (result, mut machine) = probe_disk(|_| ());
    let mut device = result.unwrap();
    device.vary_online(&mut machine).unwrap();
    let areas = machine.memory.areas();
    drop(device);
    assert_eq!(machine.memory.areas(), areas - 1);
}

#[test]
fn a_disk_that_has_grown_can_be_used_and_one_that_has_shrunk_cannot() {
    let table: [Case<bool>; 4] = [
        (|disk| disk.configuration[0] = 128, true),
        (|disk| disk.configuration[0] = 32, false),
        (|disk| disk.set(20, 4096), false),
        (|disk| disk.offered.remove(Features::BLOCK_FLUSH), false),
    ];
    for (change, usable) in table {
        let (result, mut machine) = probe_disk(|_| ());
        let mut device = result.unwrap();
        device.vary_online(&mut machine).unwrap();
        change(&mut machine.disk);
        let result = device.clear(&mut machine);
        assert_eq!(result.is_ok(), usable);
        assert_eq!(Device::<Machine>::characteristics(&device).capacity_sectors, 64);
        if !usable {
            assert!(matches!(device.last_error(), Some(ProbeError::Changed { .. })));
        }
    }
}

#[test]
fn a_function_that_hangs_on_the_subchannel_is_cleared_before_the_reset() {
    let (result, mut machine) = probe_disk(|_| ());
    let mut device = result.unwrap();
    device.vary_online(&mut machine).unwrap();
    // Something else has started a program that never ends.
    machine.disk.silent.push(0x03);
    let conversation = channel_io::program::Conversation {
        subchannel: OWN,
        interruption_parameter: 0,
        time_limit: channel_io::Microseconds(0),
        waiting: Waiting::ByTesting,
    };
    let mut program = channel_io::program::ChannelProgram::new(&mut machine, 0).unwrap();
    program.control(channel_io::program::Command::NO_OPERATION).unwrap();
    machine.hang = true;
    let result = conversation.run(&mut machine, &mut Elsewhere::default(), &mut program);
    assert_eq!(result, Err(ProgramError::Start(StartError::TimedOut(ClearOutcome::NoAnswer))));
    machine.hang = false;
    device.clear(&mut machine).unwrap();
    assert_eq!(machine.csch_count, 2);
}
