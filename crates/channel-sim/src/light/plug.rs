//! Disks that come and go, on the machine of the light level.

use super::disk::{Disk, DiskIndex, Presence};
use super::machine::{LightMachine, Subchannel};
use super::request::AtClear;
use channel_io::SubchannelId;

impl LightMachine {
    /// Enables a disk's subchannel, as MODIFY SUBCHANNEL would.
    pub(crate) fn enable(&mut self, disk: DiskIndex, interruption_parameter: u32) {
        if let Some(subchannel) = self.hardware.subchannels.get_mut(disk.index()) {
            subchannel.enabled = true;
            subchannel.interruption_parameter = interruption_parameter;
        }
    }

    /// The disk that a subchannel leads to, if it is there.
    pub(crate) fn disk_at(&self, subchannel: SubchannelId) -> Option<DiskIndex> {
        self.attached(subchannel)
    }

    /// Takes a disk away; a channel report tells of it.
    pub fn detach(&mut self, disk: DiskIndex) {
        self.disk_mut(disk).detach();
        self.hardware.interruptions.retain(|other| *other != disk);
        self.hardware.reports.push_back(disk);
    }

    /// Puts a disk back that was taken away, as it was; a channel report tells of it.
    pub fn attach_again(&mut self, disk: DiskIndex) {
        self.disk_mut(disk).attach_again();
        if let Some(subchannel) = self.hardware.subchannels.get_mut(disk.index()) {
            *subchannel = Subchannel::default();
        }
        self.hardware.reports.push_back(disk);
    }
}

impl Disk {
    /// It is back, with what it held.
    pub(crate) fn attach_again(&mut self) {
        self.presence = Presence::Attached;
        self.returns += 1;
        self.refusals.clear();
        self.lie = None;
        self.at_clear = AtClear::Dropped;
    }

    /// Whether it is there.
    #[must_use]
    pub fn is_attached(&self) -> bool {
        self.presence != Presence::Detached
    }

    /// It is gone, and does nothing more of what it had.
    pub(crate) fn detach(&mut self) {
        self.presence = Presence::Detached;
        self.requests.clear();
    }
}
