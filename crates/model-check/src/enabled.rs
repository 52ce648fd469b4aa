//! What can happen in a state.

use crate::action::Action;
use crate::bounds::{ALL, Bounds, Command};
use crate::names::Names;
use crate::world::World;
use channel_sim::light::{Ending, HeldRequest, Telling};
use ios::{Operation, UcbState};
use mirror::Initial;

impl World {
    /// Every action that is possible now.
    pub fn enabled(&self, bounds: &Bounds, actions: &mut Vec<Action>) {
        if self.broken.is_some() {
            return;
        }
        if self.left.requests > 0 {
            let items = (0u8..).zip(&self.asked).filter(|(_, asked)| !**asked);
            actions.extend(items.map(|(item, _)| Action::Ask(item)));
        }
        let names = Names::new(&self.ios);
        for disk in 0..2 * bounds.pairs {
            self.endings(disk, &names, actions);
            self.troubles(bounds, disk, actions);
        }
        self.time(actions);
        for pair in 0..bounds.pairs {
            self.operator(bounds, pair, actions);
        }
    }

    fn time(&self, actions: &mut Vec<Action>) {
        let pending = self.ios.machine.is_pending();
        if pending {
            actions.push(Action::Wait);
        }
        if self.undriven {
            actions.push(Action::Drive);
        }
        if self.ios.idle() {
            return;
        }
        if self.left.passes > 0 {
            actions.push(Action::Pass);
        }
        // Under a scrub's lock a write waits for the scrub, and for no time.
        let locked = self.places.iter().any(|place| place.lock.is_some());
        if !pending && !locked {
            if !self.is_worked_on() {
                actions.push(Action::RunOut);
            } else if self.left.passes > 0 {
                actions.push(Action::Starve);
            }
        }
    }

    fn endings(&self, disk: u8, names: &Names, actions: &mut Vec<Action>) {
        let started = self.ios.machine.disk(self.index(disk)).started();
        let mut started: Vec<_> = started.map(|held| (names.request(held.id), held)).collect();
        started.sort_by_key(|(name, _)| *name);
        for (request, held) in started {
            let mut end = |ending, telling| {
                actions.push(Action::End { disk, request, ending, telling });
            };
            end(Ending::Complete, Telling::Interruption);
            if self.left.lost > 0 {
                end(Ending::Complete, Telling::Nothing);
            }
            if self.left.failures > 0 {
                for sectors_done in 0..=Self::most_done(held) {
                    end(Ending::Failed { sectors_done }, Telling::Interruption);
                }
            }
        }
    }

    /// How many sectors may be done of a request that fails, at most: of a write over both watched sectors, one.
    fn most_done(held: &HeldRequest) -> u32 {
        match held.operation {
            Operation::Write(extent) | Operation::WriteZeroes(extent) => extent.sectors.min(2) - 1,
            Operation::Read(_) | Operation::Flush | Operation::Discard(_) => 0,
        }
    }

    fn troubles(&self, bounds: &Bounds, disk: u8, actions: &mut Vec<Action>) {
        if !self.ios.machine.disk(self.index(disk)).is_attached() {
            if self.left.returns > 0 {
                actions.push(Action::Return(disk));
            }
            return;
        }
        let Some(state) = self.ios.ucb(self.device(disk)).map(ios::Ucb::state) else { return };
        match state {
            UcbState::NotOperational => return,
            UcbState::Quiesced => actions.push(Action::Unquiesce(disk)),
            UcbState::Online => {
                if self.left.quiesces > 0 {
                    actions.push(Action::Quiesce(disk));
                }
            }
        }
        if self.left.refusals > 0 {
            actions.extend(bounds.codes.iter().map(|cc| Action::Refuse(disk, *cc)));
        }
        if self.left.lies > 0 {
            actions.push(Action::Lie(disk));
        }
        if self.left.detaches > 0 {
            actions.push(Action::Detach(disk));
        }
    }

    fn operator(&self, bounds: &Bounds, pair: u8, actions: &mut Vec<Action>) {
        let place = usize::from(pair);
        if self.places[place].lock.is_some() {
            actions.push(Action::Unlock(pair));
        }
        if self.left.commands > 0 {
            let commands = bounds.commands.iter();
            let sensible = commands.filter(|command| self.is_sensible(place, **command));
            actions.extend(sensible.map(|command| Action::Command(pair, *command)));
        }
    }

    /// Whether the operator may say so. What is refused is tried as well, but not what is a lie: that disks hold
    /// the same, for good, which do not.
    fn is_sensible(&self, place: usize, command: Command) -> bool {
        let [one, other] = self.places[place].legs;
        match command {
            Command::Establish(Initial::NoCopy) => {
                let durable = |leg| self.ios.machine.disk(self.disk_of(leg)).is_durable(ALL);
                self.held(one) == self.held(other) && durable(one) && durable(other)
            }
            Command::Lock => self.places[place].lock.is_none(),
            Command::Establish(Initial::Copy)
            | Command::Suspend
            | Command::Resume(_)
            | Command::Swap
            | Command::Remove => true,
        }
    }
}
