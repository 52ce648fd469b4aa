//! Holds a state against the properties.

use crate::bounds::{Bounds, WATCHED};
use crate::oracle::Found;
use crate::property::{Broken, Property};
use crate::world::World;
use channel_sim::light::{Buffer, DiskIndex, HeldRequest, Stage, Violation};
use ios::{Access, Extent, Operation, Posted, RequestId, UcbIndex};
use mirror::PairState;

impl World {
    /// The devices that hold, or should hold, all that was confirmed.
    fn remaining(&self, place: usize) -> Vec<UcbIndex> {
        let [address, _] = self.places[place].legs;
        match self.pair(place) {
            None => vec![self.ios.leads_to(address)],
            Some((_, pair)) => match pair.state() {
                PairState::Duplex => vec![pair.primary(), pair.secondary()],
                PairState::Copying
                | PairState::Suspended(_)
                | PairState::Swapped(_)
                | PairState::Simplex => vec![pair.primary()],
            },
        }
    }

    /// The reads of the process that disks work on now.
    pub(crate) fn reads(&self) -> Vec<RequestId> {
        let started = self.ios.machine.disks().flat_map(|(_, disk)| disk.started());
        started.filter_map(|held| self.read_of(held).map(|_| held.id)).collect()
    }

    /// The sectors of a read of the process's own.
    fn read_of(&self, held: &HeldRequest) -> Option<Extent> {
        match (held.operation, self.ios.access(held.id)) {
            (Operation::Read(extent), Some(Access::Addressed(_))) => Some(extent),
            _ => None,
        }
    }

    /// The sectors for which disks are behind: they lack a write that was confirmed.
    pub(crate) fn behind(&self) -> Vec<(DiskIndex, u64)> {
        let mut behind = Vec::new();
        for place in &self.places {
            for name in place.legs.map(|leg| self.disk_of(leg)) {
                let sectors = self.ios.machine.disk(name).sectors();
                for (watched, sector) in WATCHED.into_iter().enumerate() {
                    let value = sectors[usize::try_from(sector).expect("small")];
                    if !place.oracle.may_hold(watched, value) {
                        behind.push((name, sector));
                    }
                }
            }
        }
        behind
    }

    /// Looks for a read that was started after `before` on a disk that was behind for its sectors then, and is.
    pub(crate) fn check_new_reads(
        &self,
        before: &[RequestId],
        was_behind: &[(DiskIndex, u64)],
    ) -> Result<(), Broken> {
        let still = self.behind().into_iter().filter(|behind| was_behind.contains(behind));
        for (name, sector) in still {
            let started = self.ios.machine.disk(name).started();
            for held in started.filter(|held| !before.contains(&held.id)) {
                let read = self.read_of(held);
                if read.is_some_and(|extent| extent.overlaps(&Extent::new(sector, 1))) {
                    let words = format!("{name} is, for sector {sector}, and reads it");
                    return Broken::new(Property::BehindIsNotRead, words);
                }
            }
        }
        Ok(())
    }

    /// Takes what was posted, and holds it against what the process knows.
    pub(crate) fn check_posts(&mut self, bounds: &Bounds) -> Result<(), Broken> {
        while let Some(posted) = self.ios.take_posted(self.process) {
            self.check_post(bounds, posted)?;
        }
        Ok(())
    }

    fn check_post(&mut self, bounds: &Bounds, posted: Posted<Buffer>) -> Result<(), Broken> {
        let Posted { token, operation, status, data, .. } = posted;
        let item = bounds.menu[usize::try_from(token.0 - 1).expect("a small token")];
        let token = u8::try_from(token.0).expect("a small token");
        let content = data.map(|buffer| self.ios.machine.take_back(buffer));
        let complete = status.is_complete();
        let oracle = &mut self.places[usize::from(item.pair)].oracle;
        let was_in_flight = match operation {
            Operation::Read(extent) => {
                let content = content.as_deref().filter(|_| complete);
                match oracle.read_posted(token, extent, content) {
                    Found::Explained => true,
                    Found::NotInFlight => false,
                    Found::Unexplained { sector, value } => {
                        let words = format!("item {} found {value} in sector {sector}", token - 1);
                        return Broken::new(Property::OneDisk, words);
                    }
                }
            }
            Operation::Write(_) | Operation::Discard(_) | Operation::WriteZeroes(_) => {
                oracle.write_posted(token, complete)
            }
            Operation::Flush => oracle.flush_posted(token, complete),
        };
        if !was_in_flight {
            return Broken::new(Property::EndsOnce, format!("item {} ended twice", token - 1));
        }
        Ok(())
    }

    /// What must hold in every state.
    pub(crate) fn check_state(&self) -> Result<(), Broken> {
        if let Some(violation) = self.ios.machine.violations().first() {
            let property = match violation {
                Violation::WaitedForEver => Property::EndsOnce,
                Violation::GivenBackUnderDevice { .. }
                | Violation::AccessAfterGivingBack { .. }
                | Violation::StartedTwice { .. }
                | Violation::TakenBackAfterStart { .. }
                | Violation::Impossible { .. }
                | Violation::Instruction(_) => Property::Memory,
            };
            return Broken::new(property, violation.to_string());
        }
        for place in 0..self.places.len() {
            self.check_legs(place)?;
            self.check_lock(place)?;
        }
        self.check_detours()?;
        self.check_idle()
    }

    fn check_legs(&self, place: usize) -> Result<(), Broken> {
        let oracle = &self.places[place].oracle;
        let remaining = self.remaining(place);
        for device in &remaining {
            let name = self.disk_of(*device);
            let disk = self.ios.machine.disk(name);
            for (watched, sector) in WATCHED.into_iter().enumerate() {
                let value = disk.sectors()[usize::try_from(sector).expect("small")];
                if !oracle.may_hold(watched, value) {
                    let words = format!("{name} has {value} in sector {sector}");
                    return Broken::new(Property::OnEveryLeg, words);
                }
                if oracle.is_flushed(watched) && !disk.is_durable(Extent::new(sector, 1)) {
                    let words = format!("sector {sector} of {name} is not");
                    return Broken::new(Property::Durable, words);
                }
            }
        }
        if let [one, other] = remaining[..]
            && self.pair(place).is_some_and(|(_, pair)| pair.in_flight() == 0)
            && self.held(one) != self.held(other)
        {
            let watched = |device| &self.held(device)[7..9];
            let words = format!("sectors 7 and 8: {:?} and {:?}", watched(one), watched(other));
            return Broken::new(Property::LegsEqual, words);
        }
        Ok(())
    }

    fn check_lock(&self, place: usize) -> Result<(), Broken> {
        let Some(lock) = self.places[place].lock else { return Ok(()) };
        if !mirror::is_granted(&self.ios, lock) {
            return Ok(());
        }
        for device in self.places[place].legs {
            let name = self.disk_of(device);
            let written = |stage| matches!(stage, Stage::Started | Stage::Ended(_));
            for held in self.ios.machine.disk(name).requests() {
                if held.operation.changes_device()
                    && held.operation.extent().is_some()
                    && written(held.stage)
                {
                    return Broken::new(Property::LockHolds, format!("{name} works on {held:?}"));
                }
            }
        }
        Ok(())
    }

    fn check_detours(&self) -> Result<(), Broken> {
        let forward = self.ios.ucbs().find_map(|(_, ucb)| self.ios.ddt(ucb.ddt()));
        let vectors = self.ios.vectors();
        let names = [
            forward.map_or("", |ddt| ddt.ddtsio.name),
            vectors.iosvcp_return.name,
            vectors.post_status.name,
        ];
        let locked = self.places.iter().any(|place| place.lock.is_some());
        // A copier gives its locks up when it is driven.
        let quiet = self.ios.idle() && !locked && !self.undriven;
        let pairs = (0..self.places.len()).any(|place| self.pair(place).is_some());
        let own = ["ddtsio", "iosvssch-return", "post"];
        let detours = ["front-end-detour", "back-end-detour", "post-status-detour"];
        if (pairs && names != detours) || (!pairs && quiet && names != own) {
            return Broken::new(Property::Detours, format!("{names:?}"));
        }
        Ok(())
    }

    /// What must hold when no request is alive.
    fn check_idle(&self) -> Result<(), Broken> {
        if !self.ios.idle() {
            return Ok(());
        }
        for (number, place) in self.places.iter().enumerate() {
            if !place.oracle.is_idle() {
                let words = format!("lost on pair {number}: {:?}", place.oracle);
                return Broken::new(Property::EndsOnce, words);
            }
            let copying =
                self.pair(number).is_some_and(|(_, pair)| pair.state() == PairState::Copying);
            if copying && place.lock.is_none() && !self.undriven {
                return Broken::new(Property::EndsOnce, "the copy stands still".to_owned());
            }
        }
        for (index, pair) in self.ios.anchor.pairs() {
            if pair.in_flight() > 0 {
                let words = format!("{index:?} counts {} in flight", pair.in_flight());
                return Broken::new(Property::EndsOnce, words);
            }
        }
        Ok(())
    }
}
