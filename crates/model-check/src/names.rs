//! Names of requests that do not depend on how many there were before, or on where they stand in a table.

use channel_sim::light::{BufferId, SimPlatform};
use ios::{Ios, RequestId};

/// A request that the supervisor knows no more, and a disk still works on.
const UNKNOWN: u32 = u32::MAX;

/// The names of the requests that are alive: process, token, and how many were made from it before this one.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    requests: Vec<(RequestId, u32)>,
    buffers: Vec<(BufferId, u32)>,
}

impl Names {
    /// The names of now.
    pub(crate) fn new(ios: &Ios<SimPlatform>) -> Self {
        let mut requests = Vec::with_capacity(8);
        let mut buffers = Vec::with_capacity(8);
        for alive in ios.alive().filter(|alive| alive.made_from.is_none()) {
            let process = u32::try_from(alive.process.index()).unwrap_or(0);
            let name = (process << 16) | (u32::try_from(alive.token.0 & 0xfff).unwrap_or(0) << 4);
            requests.push((alive.id, name));
            buffers.extend(ios.data_of(alive.id).map(|data| (data.id(), name)));
        }
        for alive in ios.alive() {
            let Some(first) = alive.made_from else { continue };
            let of = requests.iter().find(|(id, _)| *id == first).map(|(_, name)| name >> 4);
            let before = requests.iter().filter(|(_, name)| Some(name >> 4) == of).count();
            let rank = u32::try_from(before).unwrap_or(0);
            requests.push((alive.id, of.map_or(UNKNOWN, |of| (of << 4) + rank)));
        }
        for (disk, known) in ios.machine.disks() {
            let zombies = known.requests().iter().filter_map(|held| held.buffer);
            for (place, buffer) in (0u32..).zip(zombies) {
                if buffers.iter().all(|(other, _)| *other != buffer) {
                    let disk = u32::try_from(disk.index()).unwrap_or(0);
                    buffers.push((buffer, 1 << 31 | disk << 8 | place));
                }
            }
        }
        Self { requests, buffers }
    }

    /// A request's name.
    pub(crate) fn request(&self, id: RequestId) -> u32 {
        let found = self.requests.iter().find(|(other, _)| *other == id);
        found.map_or(UNKNOWN, |(_, name)| *name)
    }

    /// A buffer's name: that of the request that it came with; or where it stands on the disk that still works
    /// on it. Others have none, and what they hold matters to nobody.
    pub(crate) fn buffer(&self, id: BufferId) -> Option<u32> {
        let found = self.buffers.iter().find(|(other, _)| *other == id);
        found.map(|(_, name)| *name)
    }
}
