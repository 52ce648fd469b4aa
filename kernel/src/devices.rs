//! The disks that there are: every subchannel is looked at, and what the supervisor can drive gets a UCB.

use crate::console::message;
use crate::supervisor::Supervisor;
use channel_io::enumerate::{FoundDevice, find_devices};
use channel_io::program::Nowhere;
use channel_io::{InterruptionSubclass, Microseconds};
use ios::DdtIndex;
use virtio_ccw::{BlockDevice, ProbeError, Settings, TransportError};

/// How long one channel program of the set-up may take.
const PROGRAM_TIME_LIMIT: Microseconds = Microseconds::from_seconds(5);

/// Finds every disk and gives it a UCB. A device that cannot be used is said, and left alone.
pub(crate) fn find(ios: &mut Supervisor) {
    let found = find_devices(&mut ios.machine);
    if let Err(error) = found.multiple_sets {
        message!("CCW005W only subchannel set 0 is looked at: {error}");
    }
    let ddt = ios.add_ddt("virtio-blk");
    for device in &found.devices {
        add(ios, ddt, device);
    }
}

fn add(ios: &mut Supervisor, ddt: DdtIndex, found: &FoundDevice) {
    let settings = Settings {
        subclass: InterruptionSubclass::default(),
        interruption_parameter: ios.next_ucb().interruption_parameter(),
        time_limit: PROGRAM_TIME_LIMIT,
    };
    // Nothing has been started yet, and the channel subsystem is asked for everything there is: no
    // interruption that comes meanwhile can tell anything new.
    let error =
        match BlockDevice::probe(&mut ios.machine, &mut Nowhere, found.subchannel, &settings) {
            Ok(disk) => {
                ios.add_ucb(found.device, found.subchannel, ddt, disk);
                return;
            }
            Err(error) => error,
        };
    ios.add_unusable(found.device, error.words());
    match &error {
        ProbeError::NotBlock(identification)
        | ProbeError::Transport(TransportError::NotVirtio(identification)) => message!(
            "CCW006I device {}: {identification}, not a disk that can be driven",
            found.device
        ),
        ProbeError::Transport(_)
        | ProbeError::Limits(_)
        | ProbeError::Queue(_)
        | ProbeError::Storage(_)
        | ProbeError::Changed { .. } => {
            message!("CCW007W device {} cannot be used: {error}", found.device);
        }
    }
}
