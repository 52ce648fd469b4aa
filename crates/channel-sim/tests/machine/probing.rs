//! Disks that cannot be driven are refused with the reason, and nothing is left behind.

use crate::raw::Raw;
use crate::world::probe;
use channel_io::program::Nowhere;
use channel_io::{
    ChannelSubsystem, DeviceNumber, DeviceStatus, FunctionControl, Schib, StschCc,
    SubchannelStatus, Traced,
};
use channel_sim::SimMachine;
use channel_sim::machine::{Instruction, ProgramFault, SimArea};
use channel_sim::virtio::BlockSettings;
use channel_sim::virtio::wire::feature;
use ios::Device;
use virtio_ccw::transport::Revision;
use virtio_ccw::{BlockDevice, ProbeError, TransportError};

type Found = Result<BlockDevice<SimArea>, ProbeError>;

/// Probes a disk on a machine of its own, which `prepare` was done to.
fn probed(
    settings: BlockSettings,
    prepare: impl FnOnce(&mut SimMachine, channel_io::SubchannelId),
) -> (Found, Traced<SimMachine>) {
    let mut machine = SimMachine::new(1);
    let subchannel = machine.add_block(DeviceNumber(1), settings);
    prepare(&mut machine, subchannel);
    let mut machine = Traced::new(machine);
    let found = probe(&mut machine, &mut Nowhere, subchannel, 1);
    (found, machine)
}

#[test]
fn disks_that_cannot_be_driven() {
    let full = BlockSettings::new(64);
    type IsIt = fn(&ProbeError) -> bool;
    let table: [(&str, BlockSettings, IsIt); 7] = [
        ("older than 1.0", full.clone().without(feature::VERSION_1), |error| {
            matches!(error, ProbeError::Transport(TransportError::NoVersion1 { .. }))
        }),
        ("no revision", BlockSettings { revision: 0, ..full.clone() }, |error| {
            matches!(error, ProbeError::Transport(TransportError::NoRevision))
        }),
        ("features refused", BlockSettings { refused: feature::FLUSH, ..full.clone() }, |error| {
            matches!(error, ProbeError::Transport(TransportError::FeaturesRefused { .. }))
        }),
        (
            "features refused in revision 1",
            BlockSettings { refused: feature::FLUSH, revision: 1, ..full.clone() },
            |error| matches!(error, ProbeError::Transport(TransportError::FeaturesRefused { .. })),
        ),
        ("no queue", BlockSettings { queue_size: 0, ..full.clone() }, |error| {
            matches!(error, ProbeError::Transport(TransportError::NoQueue { .. }))
        }),
        (
            "short configuration",
            BlockSettings { configuration_length: 7, ..full.clone() },
            |error| matches!(error, ProbeError::Limits(_)),
        ),
        ("odd blocks", BlockSettings { block_bytes: 520, ..full.clone() }, |error| {
            matches!(error, ProbeError::Limits(_))
        }),
    ];
    for (name, settings, is_it) in table {
        let (found, machine) = probed(settings, |_, _| {});
        let error = found.err().unwrap_or_else(|| panic!("{name}: it was taken"));
        assert!(is_it(&error), "{name}: {error}");
        assert_eq!(machine.inner().live_areas(), 0, "{name}");
        machine.inner().assert_clean();
    }
}

/// What goes on at the only subchannel.
fn function_in_progress(machine: &mut Traced<SimMachine>) -> FunctionControl {
    let mut schib = Schib::default();
    let first = channel_io::SubchannelId::default();
    assert_eq!(machine.stsch(first, &mut schib), StschCc::Stored);
    schib.scsw.function_control()
}

#[test]
fn what_a_device_offers_besides_is_left_alone() {
    let tempting = BlockSettings::new(64).with(feature::PACKED | 1 << 12 | 1 << 11 | 1 << 60);
    let (found, mut machine) = probed(tempting, |_, _| {});
    let mut disk = found.expect("it can be driven");
    assert_eq!(disk.vary_online(&mut machine), Ok(()));
    machine.inner().assert_clean();
}

#[test]
fn a_revision_that_someone_else_has_settled_on_is_forgotten() {
    let mut raw = Raw::new(BlockSettings::new(64));
    assert!(!raw.is_rejected(0x83, &[0, 1, 0, 0]));
    let subchannel = raw.bench.subchannel;
    let mut machine = Traced::new(raw.bench.machine);
    let disk = probe(&mut machine, &mut Nowhere, subchannel, 1).expect("it can be driven");
    assert_eq!(disk.transport().revision(), Revision::Two);
    machine.inner().assert_clean();
}

#[test]
fn every_program_of_the_probe_may_fail() {
    let data_check = SubchannelStatus::CHANNEL_DATA_CHECK;
    let faults = [
        ProgramFault::Hangs,
        ProgramFault::UnitCheck([0x10, 0]),
        ProgramFault::Status(DeviceStatus::empty(), data_check),
        ProgramFault::Status(DeviceStatus::UNIT_EXCEPTION, SubchannelStatus::empty()),
    ];
    let programs = {
        let (found, machine) = probed(BlockSettings::new(64), |_, _| {});
        let subchannel = found.expect("it can be driven").subchannel();
        machine.inner().calls(subchannel, Instruction::Ssch)
    };
    assert!(programs > 5);
    for fault in faults {
        for place in 0..programs {
            let (found, mut machine) = probed(BlockSettings::new(64), |machine, subchannel| {
                for _ in 0..place {
                    machine.fault_next_program(subchannel, None);
                }
                machine.fault_next_program(subchannel, Some(fault));
            });
            assert!(found.is_err(), "{fault:?} in program {place}");
            assert_eq!(function_in_progress(&mut machine), FunctionControl::empty(), "{fault:?}");
            assert_eq!(machine.inner().live_areas(), 0, "{fault:?} in program {place}");
            machine.inner().assert_clean();
        }
    }
    // These do no harm.
    for fault in [ProgramFault::EndsApart, ProgramFault::InterruptionLost] {
        for place in 0..programs {
            let (found, machine) = probed(BlockSettings::new(64), |machine, subchannel| {
                for _ in 0..place {
                    machine.fault_next_program(subchannel, None);
                }
                machine.fault_next_program(subchannel, Some(fault));
            });
            assert!(found.is_ok(), "{fault:?} in program {place}: {:?}", found.err());
            machine.inner().assert_clean();
        }
    }
}

#[test]
fn storage_may_be_short_at_any_point() {
    // More than a disk needs.
    const NEEDED: u64 = 400_000;
    let mut online = 0;
    for room in (0..NEEDED).step_by(512) {
        let (found, mut machine) =
            probed(BlockSettings::new(64), |machine, _| machine.set_storage_room(room));
        if let Ok(mut disk) = found {
            let ready = disk.vary_online(&mut machine).is_ok();
            online += u32::from(ready);
            if !ready {
                // With storage it goes on from there.
                machine.inner_mut().set_storage_room(u64::MAX);
                assert_eq!(disk.vary_online(&mut machine), Ok(()), "with room for {room} at first");
            }
            assert_eq!(disk.vary_offline(&mut machine), Ok(()));
        }
        assert_eq!(machine.inner().live_areas(), 0, "with room for {room}");
        machine.inner().assert_clean();
    }
    assert!(online > 0, "{NEEDED} bytes are not enough");
}
