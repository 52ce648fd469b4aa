//! Telling one state of the machine from another, with requests and buffers by names that do not depend on how
//! many there were before: for a check of every way in which a world can go on. See [`ios::Ios::fingerprint`].

use super::disk::Disk;
use super::machine::{Hardware, LightMachine};
use super::memory::BufferId;
use super::request::{AtClear, HeldRequest, Stage};
use core::hash::{Hash, Hasher};
use ios::{Operation, RequestId};

/// The names that requests and buffers go by.
#[derive(Clone, Copy)]
pub struct Names<'a> {
    /// Of a request.
    pub request: &'a dyn Fn(RequestId) -> u32,
    /// Of a buffer; none for one whose content no device will reach for.
    pub buffer: &'a dyn Fn(BufferId) -> Option<u32>,
}

impl LightMachine {
    /// Feeds what decides how the machine goes on: all but the time, and what was counted and traced.
    pub fn fingerprint<H: Hasher>(&self, names: Names<'_>, to: &mut H) {
        let Hardware { now: _, memory, disks, subchannels, interruptions, reports, violations: _ } =
            self.hardware();
        for disk in disks {
            disk.fingerprint(names, to);
        }
        let named = |(id, content)| Some(((names.buffer)(id)?, content));
        let mut buffers: Vec<_> = memory.iter().filter_map(named).collect();
        buffers.sort_unstable();
        (buffers, subchannels, interruptions, reports).hash(to);
    }
}

impl Disk {
    /// In which order it was given the requests that it works on is told only where that makes a difference:
    /// where a clear carries them out in it.
    fn fingerprint<H: Hasher>(&self, names: Names<'_>, to: &mut H) {
        let Self {
            characteristics,
            slots,
            sectors,
            not_durable,
            changes: _,
            requests,
            refusals,
            lie,
            at_clear,
            presence,
            returns: _,
            starts: _,
        } = self;
        (characteristics, slots, sectors, refusals, lie, at_clear, presence).hash(to);
        not_durable.len().hash(to);
        not_durable.keys().for_each(|sector| sector.hash(to));
        let mut named: Vec<_> = requests.iter().map(|held| self.named(held, names)).collect();
        if *at_clear != AtClear::Done {
            // Those that have ended stay in the order in which they did, behind the others.
            named.sort_by_key(|(name, held, _)| match held.stage {
                Stage::Built | Stage::Started => (0, *name),
                Stage::Ended(_) => (1, 0),
            });
        }
        for (name, held, flushes) in named {
            let HeldRequest { id: _, operation, buffer, stage, flushes: _ } = held;
            (name, operation, buffer.and_then(names.buffer), stage, flushes).hash(to);
        }
    }

    /// A request by its name, with the sectors that it will make durable, if it is a flush.
    fn named(&self, held: &HeldRequest, names: Names<'_>) -> (u32, HeldRequest, Vec<u64>) {
        let before = |change: &u32| *change <= held.flushes;
        let flushes = match held.operation {
            Operation::Flush => {
                let covered = self.not_durable.iter().filter(|(_, change)| before(change));
                covered.map(|(sector, _)| *sector).collect()
            }
            Operation::Read(_)
            | Operation::Write(_)
            | Operation::Discard(_)
            | Operation::WriteZeroes(_) => Vec::new(),
        };
        ((names.request)(held.id), *held, flushes)
    }
}
