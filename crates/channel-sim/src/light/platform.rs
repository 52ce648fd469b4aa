//! The light level as what `ios` runs on.

use super::device::LightDevice;
use super::disk::DiskIndex;
use super::machine::LightMachine;
use super::memory::Buffer;
use channel_io::enumerate::FoundDevice;
use ios::{DdtIndex, Ios, Platform, UcbIndex};
use mirror::Mirror;

/// Light disks below, a mirror above.
pub enum SimPlatform {}

impl Platform for SimPlatform {
    type Machine = LightMachine;
    type Device = LightDevice;
    type Data = Buffer;
    type Anchor = Mirror<Self>;

    fn arrived(ios: &mut Ios<Self>, found: &FoundDevice) {
        let disk = ios.machine.disk_at(found.subchannel);
        if let (Some(disk), Some(ucb)) = (disk, ios.find(found.device)) {
            ios.machine.enable(disk, ucb.interruption_parameter());
            let device = LightDevice::new(&ios.machine, disk);
            if ios.replace_device(ucb, found.subchannel, device).is_ok() {
                let _ = ios.vary_online(ucb);
            }
        }
    }
}

/// Makes a disk known to the supervisor, its subchannel set as the new UCB wants it, and ready.
///
/// # Panics
/// If the disk cannot be made ready.
pub fn attach(ios: &mut Ios<SimPlatform>, ddt: DdtIndex, disk: DiskIndex) -> UcbIndex {
    let parameter = ios.next_ucb().interruption_parameter();
    ios.machine.enable(disk, parameter);
    let device = LightDevice::new(&ios.machine, disk);
    let (id, subchannel) = (LightMachine::device_id(disk), LightMachine::subchannel(disk));
    let ucb = ios.add_ucb(id, subchannel, ddt, device);
    assert_eq!(ios.vary_online(ucb), Ok(()), "{disk}");
    ucb
}
