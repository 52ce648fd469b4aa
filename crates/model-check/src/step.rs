//! What each action does.

use crate::action::Action;
use crate::bounds::{BOTH, Bounds, Command};
use crate::names::Names;
use crate::property::{Broken, Property};
use crate::world::{LIMIT, World};
use channel_io::{Microseconds, WaitPoint};
use channel_sim::light::{Disk, Ending, Telling};
use ios::{Operation, Request, Token};
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// How often a quarter of a request's time passes before it is said that nothing moves.
const PATIENCE: u32 = 40;

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Keeps the panics of worlds off the terminal: they are results.
pub fn quiet_panics() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !QUIET.get() {
                usual(info);
            }
        }));
    });
}

/// What came of an action.
type Outcome<T> = Result<T, Broken>;

/// Whether the world is another one after an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Changed {
    Yes,
    /// The operator was refused.
    No,
}

/// Until when time passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Until {
    AllEnded,
    AllEndedOrWorkedOn,
}

impl World {
    /// The world after an action; none if the action was refused.
    #[must_use]
    pub fn step(&self, bounds: &Bounds, action: Action) -> Option<Self> {
        let mut next = self.clone();
        QUIET.set(true);
        let result = catch_unwind(AssertUnwindSafe(|| next.act_and_check(bounds, action)));
        QUIET.set(false);
        match result {
            Ok(Ok(Changed::Yes)) => {}
            Ok(Ok(Changed::No)) if next == *self => return None,
            Ok(Ok(Changed::No)) => {
                let words = action.words(bounds);
                next.broken = Some(Broken { property: Property::RefusedChangesNothing, words });
            }
            Ok(Err(broken)) => next.broken = Some(broken),
            Err(panic) => {
                let words = panic.downcast_ref::<String>().cloned();
                let words = words.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
                let words = words.unwrap_or_default();
                next.broken = Some(Broken { property: Property::NoPanic, words });
            }
        }
        Some(next)
    }

    fn act_and_check(&mut self, bounds: &Bounds, action: Action) -> Outcome<Changed> {
        let (reads, behind) = (self.reads(), self.behind());
        let changed = self.act(bounds, action)?;
        match action {
            Action::Wait | Action::Drive | Action::Pass | Action::RunOut | Action::Starve => {
                self.drive_copiers()?;
            }
            Action::Ask(_)
            | Action::End { .. }
            | Action::Refuse(..)
            | Action::Lie(_)
            | Action::Detach(_)
            | Action::Return(_)
            | Action::Quiesce(_)
            | Action::Unquiesce(_)
            | Action::Command(..)
            | Action::Unlock(_) => {
                self.undriven |= changed == Changed::Yes && self.is_copying();
            }
        }
        self.take_events();
        self.check_posts(bounds)?;
        self.check_state()?;
        self.check_new_reads(&reads, &behind)?;
        Ok(changed)
    }

    fn act(&mut self, bounds: &Bounds, action: Action) -> Outcome<Changed> {
        match action {
            Action::Ask(item) => self.ask(bounds, item),
            Action::End { disk, request, ending, telling } => {
                self.end(disk, request, ending, telling);
            }
            Action::Wait => {
                let _ = self.ios.wait(None);
            }
            Action::Drive => {}
            Action::Refuse(disk, cc) => {
                self.left.refusals -= 1;
                self.disk(disk).refuse_start(cc);
            }
            Action::Lie(disk) => {
                self.left.lies -= 1;
                self.disk(disk).lie("used index", 9);
                let disk = self.index(disk);
                self.ios.machine.interrupt(disk);
            }
            Action::Detach(disk) => {
                self.left.detaches -= 1;
                let disk = self.index(disk);
                self.ios.machine.detach(disk);
            }
            Action::Return(disk) => {
                self.left.returns -= 1;
                let disk = self.index(disk);
                self.ios.machine.attach_again(disk);
            }
            Action::Pass => {
                self.left.passes -= 1;
                self.pass(Microseconds(LIMIT.0 / 2));
            }
            Action::RunOut => self.run_out(bounds, Until::AllEndedOrWorkedOn)?,
            Action::Starve => {
                self.left.passes -= 1;
                self.run_out(bounds, Until::AllEnded)?;
            }
            Action::Quiesce(disk) => {
                self.left.quiesces -= 1;
                let device = self.device(disk);
                self.ios.quiesce(device);
            }
            Action::Unquiesce(disk) => {
                let device = self.device(disk);
                self.ios.unquiesce(device);
            }
            Action::Command(pair, command) => {
                return Ok(self.command(bounds, usize::from(pair), command));
            }
            Action::Unlock(pair) => {
                if let Some(lock) = self.places[usize::from(pair)].lock.take() {
                    mirror::unlock(&mut self.ios, lock);
                }
            }
        }
        Ok(Changed::Yes)
    }

    fn disk(&mut self, disk: u8) -> &mut Disk {
        let disk = self.index(disk);
        self.ios.machine.disk_mut(disk)
    }

    fn ask(&mut self, bounds: &Bounds, item: u8) {
        self.left.requests -= 1;
        self.asked[usize::from(item)] = true;
        let asked = bounds.menu[usize::from(item)];
        let (event, operation) = (item + 1, asked.operation);
        let value = u32::from(event);
        let extent = operation.extent().filter(|_| operation.data_bytes() > 0);
        let data =
            extent.map(|extent| self.ios.machine.buffer(&vec![value; extent.sectors as usize]));
        let place = &mut self.places[usize::from(asked.pair)];
        match operation {
            Operation::Read(_) => place.oracle.read_asked(event),
            Operation::Write(extent) => place.oracle.write_asked(event, extent, value),
            Operation::Discard(extent) | Operation::WriteZeroes(extent) => {
                place.oracle.write_asked(event, extent, 0);
            }
            Operation::Flush => place.oracle.flush_asked(event),
        }
        let [device, _] = place.legs;
        let token = Token(u64::from(event));
        let request = Request { device, operation, data, process: self.process, token };
        self.ios.iosvssch(request).expect("a right request");
    }

    fn end(&mut self, disk: u8, request: u32, ending: Ending, telling: Telling) {
        match ending {
            Ending::Complete => {}
            Ending::Failed { .. } | Ending::Unsupported => self.left.failures -= 1,
        }
        match telling {
            Telling::Interruption => {}
            Telling::Nothing => self.left.lost -= 1,
        }
        let names = Names::new(&self.ios);
        let index = self.index(disk);
        let mut started = self.ios.machine.disk(index).started().map(|held| held.id);
        let id = started.find(|id| names.request(*id) == request);
        drop(started);
        self.ios.machine.end(index, id.expect("the disk works on it"), ending, telling);
    }

    fn pass(&mut self, time: Microseconds) {
        let until = self.ios.machine.now().after(time);
        while self.ios.machine.now() < until {
            let _ = self.ios.wait(Some(until));
        }
    }

    /// Lets time pass until every request has ended, or, if that is wanted, a disk has something to work on.
    fn run_out(&mut self, bounds: &Bounds, until: Until) -> Outcome<()> {
        for _ in 0..PATIENCE {
            self.pass(Microseconds(LIMIT.0 / 4));
            self.drive_copiers()?;
            self.check_posts(bounds)?;
            let worked_on = until == Until::AllEndedOrWorkedOn && self.is_worked_on();
            if self.ios.idle() || worked_on {
                return Ok(());
            }
        }
        Broken::new(Property::EndsOnce, "time does not end what is alive")
    }

    fn command(&mut self, bounds: &Bounds, place: usize, command: Command) -> Changed {
        let pair = self.pair(place).map(|(pair, _)| pair);
        let ios = &mut self.ios;
        let [address, partner] = self.places[place].legs;
        let done = match (command, pair) {
            (Command::Establish(initial), _) => {
                mirror::establish(ios, address, partner, initial, bounds.policy).is_ok()
            }
            (_, None) => false,
            (Command::Suspend, Some(pair)) => mirror::suspend(ios, pair).is_ok(),
            (Command::Resume(resync), Some(pair)) => mirror::resume(ios, pair, resync).is_ok(),
            (Command::Swap, Some(pair)) => mirror::swap(ios, pair).is_ok(),
            (Command::Remove, Some(pair)) => mirror::remove(ios, pair).is_ok(),
            (Command::Lock, Some(pair)) => {
                let lock = mirror::lock(ios, pair, BOTH);
                self.places[place].lock = lock;
                lock.is_some()
            }
        };
        if !done {
            return Changed::No;
        }
        self.left.commands -= 1;
        Changed::Yes
    }
}
