//! The driver of a light disk: [`ios::Device`] with nothing between it and the disk.

use super::Violation;
use super::disk::{Disk, DiskIndex};
use super::machine::LightMachine;
use super::memory::Buffer;
use channel_io::Irb;
use ios::{
    Built, Characteristics, ClearFailed, DataAfterClear, Device, Ended, Inquired, Operation,
    RequestId, SECTOR_BYTES, StartCc,
};

/// The driver of a light disk. All that it knows itself is what the disk is and how many of its slots
/// are free, for that is asked with no machine at hand. Before it is varied online none is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LightDevice {
    disk: DiskIndex,
    characteristics: Characteristics,
    free_slots: u32,
    /// How often the disk had been put back when this was made: of a disk that was put back since, the
    /// driver has nothing.
    returns: u32,
}

impl LightDevice {
    /// A driver for a disk.
    #[must_use]
    pub fn new(machine: &LightMachine, disk: DiskIndex) -> Self {
        let Disk { returns, .. } = *machine.disk(disk);
        Self { disk, characteristics: machine.disk(disk).characteristics(), free_slots: 0, returns }
    }

    /// The disk.
    #[must_use]
    pub const fn disk(&self) -> DiskIndex {
        self.disk
    }

    /// Whether the disk is not the one any more that this was made for.
    fn is_stale(&self, machine: &LightMachine) -> bool {
        machine.disk(self.disk).returns != self.returns
    }

    /// Does something with the disk, and notes how many slots are free then.
    fn with<R>(&mut self, machine: &mut LightMachine, act: impl FnOnce(&mut Disk) -> R) -> R {
        let disk = machine.disk_mut(self.disk);
        let result = act(disk);
        self.free_slots = disk.free_slots();
        result
    }
}

impl Device<LightMachine> for LightDevice {
    type Data = Buffer;

    fn vary_online(&mut self, machine: &mut LightMachine) -> Result<(), ClearFailed> {
        self.with(machine, Disk::vary_online)
    }

    fn characteristics(&self) -> Characteristics {
        self.characteristics
    }

    fn data_bytes(data: &Buffer) -> u64 {
        u64::from(data.sectors()) * u64::from(SECTOR_BYTES)
    }

    fn free_slots(&self) -> u32 {
        self.free_slots
    }

    fn build(
        &mut self,
        machine: &mut LightMachine,
        request: RequestId,
        operation: &Operation,
        data: Option<&Buffer>,
    ) -> Built {
        if self.is_stale(machine) {
            return Built::Ready;
        }
        let sectors = data.map_or(0, Buffer::sectors);
        if let Some(what) = machine.disk(self.disk).fault(*operation, sectors) {
            machine.violation(Violation::Impossible { disk: self.disk, request, what });
            return Built::Unsupported;
        }
        self.with(machine, |disk| disk.build(request, *operation, data.map(Buffer::id)))
    }

    fn start(&mut self, machine: &mut LightMachine, request: RequestId) -> StartCc {
        if self.is_stale(machine) {
            return StartCc::NotOperational;
        }
        match self.with(machine, |disk| disk.start(request)) {
            Ok(cc) => cc,
            Err(_) => {
                machine.violation(Violation::StartedTwice { disk: self.disk, request });
                StartCc::Busy
            }
        }
    }

    fn unbuild(&mut self, machine: &mut LightMachine, request: RequestId) {
        if !self.is_stale(machine) && !self.with(machine, |disk| disk.unbuild(request)) {
            machine.violation(Violation::TakenBackAfterStart { disk: self.disk, request });
        }
    }

    fn interruption(&mut self, _machine: &mut LightMachine, _irb: &Irb) -> Option<Inquired> {
        None
    }

    fn ended(&mut self, machine: &mut LightMachine) -> Ended {
        if self.is_stale(machine) {
            return Ended::Nothing;
        }
        self.with(machine, Disk::ended)
    }

    fn clear(&mut self, machine: &mut LightMachine) -> Result<(), ClearFailed> {
        if self.is_stale(machine) {
            let data = DataAfterClear::Released;
            return Err(ClearFailed { what: "the disk was taken away", data });
        }
        let result = machine.clear(self.disk);
        self.free_slots = machine.disk(self.disk).free_slots();
        result
    }
}
