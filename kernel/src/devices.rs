//! The disks that there are: every subchannel is looked at, and what the supervisor can drive gets a UCB. Disks
//! that go and come later are told to the operator; one that comes again gets the UCB that it had.

use crate::console::message;
use crate::supervisor::Supervisor;
use channel_io::enumerate::{FoundDevice, find_devices};
use channel_io::program::{Nowhere, Waiting};
use channel_io::{InterruptionSubclass, Microseconds};
use ios::{Characteristics, DdtIndex, DeviceGone, UcbIndex, UcbState, Vector};
use mirror::MirrorAnchor;
use spin::Mutex;
use virtio_ccw::{BlockDevice, ProbeError, Settings, TransportError};
use zarch::HeapArea;

/// How long one channel program of the set-up may take.
const PROGRAM_TIME_LIMIT: Microseconds = Microseconds::from_seconds(5);

/// The descriptor table of all disks, once there is one.
static DDT: Mutex<Option<DdtIndex>> = Mutex::new(None);

/// Finds every disk and gives it a UCB. A device that cannot be used is said, and left alone.
pub(crate) fn find(ios: &mut Supervisor) {
    ios.set_device_gone(Vector { name: "device-gone", entry: gone as DeviceGone<_> });
    let found = find_devices(&mut ios.machine);
    if let Err(error) = found.multiple_sets {
        message!("CCW005W only subchannel set 0 is looked at: {error}");
    }
    for device in &found.devices {
        // Nothing has been started yet, and the channel subsystem is asked for everything there is: no
        // interruption that comes meanwhile can tell anything new.
        match probe(ios, device, ios.next_ucb(), Waiting::AtWaitPoint) {
            Ok(disk) => add(ios, device, disk),
            Err(error) => unusable(ios, device, &error),
        }
    }
}

/// A device has come: to the UCB that it had before, if there is one.
#[cold]
pub(crate) fn arrived(ios: &mut Supervisor, found: &FoundDevice) {
    let device = found.device;
    let before = ios.find(device);
    let is_gone = |ucb| ios.ucb(ucb).is_some_and(|ucb| ucb.state() == UcbState::NotOperational);
    if before.is_some_and(|ucb| !is_gone(ucb)) {
        message!(
            "CCW064W device {device} has come, and another one has its number: it is left alone"
        );
        return;
    }
    // Other devices are at work: their interruptions are left to them.
    let ucb = before.unwrap_or(ios.next_ucb());
    let probed = probe(ios, found, ucb, Waiting::ByTesting);
    match (probed.and_then(|disk| same(ios, before, disk)), before) {
        (Err(error), _) => unusable(ios, found, &error),
        (Ok(disk), None) => {
            add(ios, found, disk);
            message!("CCW063I device {device} has come");
        }
        // One that cannot be made ready is told as gone.
        (Ok(disk), Some(ucb)) => {
            let in_place = ios.replace_device(ucb, found.subchannel, disk).is_ok();
            if in_place && ios.vary_online(ucb).is_ok() {
                message!("CCW062I device {device} has come again");
            }
        }
    }
}

/// A device is of no use any more.
#[cold]
fn gone(ios: &mut Supervisor, ucb: UcbIndex) {
    let Some(ucb) = ios.ucb(ucb) else { return };
    match ucb.device().last_error() {
        Some(error) => message!("CCW061W device {} is not operational any more: {error}", ucb.id()),
        None => message!("CCW061W device {} is not operational any more", ucb.id()),
    }
}

type Disk = BlockDevice<HeapArea>;

#[inline(never)]
fn probe(
    ios: &mut Supervisor,
    found: &FoundDevice,
    ucb: UcbIndex,
    waiting: Waiting,
) -> Result<Disk, ProbeError> {
    let settings = Settings {
        subclass: InterruptionSubclass::default(),
        interruption_parameter: ucb.interruption_parameter(),
        time_limit: PROGRAM_TIME_LIMIT,
        waiting,
    };
    BlockDevice::probe(&mut ios.machine, &mut Nowhere, found.subchannel, &settings)
}

/// The disk that has come, if it can stand for the one that the UCB had: one of a pair must hold as much,
/// in blocks of the same size, and be writable.
fn same(ios: &Supervisor, before: Option<UcbIndex>, disk: Disk) -> Result<Disk, ProbeError> {
    let Some(ucb) = before.and_then(|index| ios.ucb(index)) else {
        return Ok(disk);
    };
    let is_in_pair = before.is_some_and(|index| ios.anchor.mirror().role(index).is_some());
    let (was, is) = (characteristics(ucb.device()), characteristics(&disk));
    let fits = is.capacity_sectors >= was.capacity_sectors
        && is.block_bytes == was.block_bytes
        && is.read_only <= was.read_only;
    if fits || !is_in_pair { Ok(disk) } else { Err(ProbeError::Changed { was, is }) }
}

fn characteristics(disk: &Disk) -> Characteristics {
    disk.limits().characteristics
}

fn add(ios: &mut Supervisor, found: &FoundDevice, disk: Disk) {
    let ddt = *DDT.lock().get_or_insert_with(|| ios.add_ddt("virtio-blk"));
    ios.add_ucb(found.device, found.subchannel, ddt, disk);
}

/// Says that a device cannot be used, and notes why.
#[cold]
fn unusable(ios: &mut Supervisor, found: &FoundDevice, error: &ProbeError) {
    let device = found.device;
    if ios.unusable(device).is_none() {
        ios.add_unusable(device, error.words());
    }
    match error {
        ProbeError::NotBlock(identification)
        | ProbeError::Transport(TransportError::NotVirtio(identification)) => {
            message!("CCW006I device {device}: {identification}, not a disk that can be driven");
        }
        ProbeError::Transport(_)
        | ProbeError::Limits(_)
        | ProbeError::Queue(_)
        | ProbeError::Storage(_)
        | ProbeError::Changed { .. } => {
            message!("CCW007W device {device} cannot be used: {error}");
        }
    }
}
