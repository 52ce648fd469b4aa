//! Random worlds: to the process, a pair behaves as one disk.
//!
//! Any number of writes, reads and flushes to mirrored disks whose every event is random: when and how
//! a request ends, whether an interruption tells of it, condition codes, disks that lie, go away, or
//! cannot be cleared, devices quiesced, pairs removed and established again. Checked throughout:
//!
//! - a read brings what some order of the process's writes explains ([`crate::model::History`]);
//! - a write posted as complete is on the primary, and on the secondary if the pair is duplex then;
//! - the legs of a duplex pair with nothing in flight are equal;
//! - a flush posted as complete has made the writes posted before it durable;
//! - no data is given back under a device, nothing is started twice;
//! - every request is posted, once.

use crate::model::{Effect, History};
use crate::random::{SECTORS, Step, step};
use crate::world::{Finished, LIMIT, SOON, World};
use channel_io::{Microseconds, WaitPoint};
use channel_sim::light::{AtClear, Ending, Telling};
use ios::{Extent, Operation, Request, StartCc, Status, Token};
use mirror::{Initial, OnPrimaryError, OnSecondaryError, PairIndex, PairState, Policy, Resync};
use proptest::prelude::*;

/// A world, and what its process knows.
struct Random {
    world: World,
    /// Primaries and secondaries by their device numbers.
    legs: Vec<(u16, u16)>,
    histories: Vec<History>,
    lost: bool,
    next_value: u32,
}

impl Random {
    /// So many pairs, disks of these slots, and one disk in no pair.
    fn new(pairs: u16, slots: &[u32]) -> Self {
        let count = usize::from(2 * pairs + 1);
        let slots: Vec<_> = slots.iter().copied().cycle().take(count).collect();
        let disks = slots.iter().map(|slots| channel_sim::light::Disk::new(SECTORS, *slots));
        let mut world = World::with_disks(disks.collect());
        let legs: Vec<_> = (0..pairs).map(|pair| (2 * pair + 1, 2 * pair + 2)).collect();
        for (primary, secondary) in &legs {
            world.establish(*primary, *secondary);
        }
        let histories = (0..count).map(|_| History::new(SECTORS)).collect();
        Self { world, legs, histories, lost: false, next_value: 0 }
    }

    fn number(&self, any: u8) -> u16 {
        u16::from(any) % u16::try_from(self.histories.len()).expect("few") + 1
    }

    fn history(&mut self, number: u16) -> &mut History {
        &mut self.histories[usize::from(number) - 1]
    }

    /// Whether what a disk holds is not its own process's doing alone, even with its pair removed.
    fn is_secondary(&self, number: u16) -> bool {
        self.legs.iter().any(|(_, secondary)| *secondary == number)
    }

    fn pair_of(&self, number: u16) -> Option<(PairIndex, u16)> {
        let leg = self.legs.iter().find(|(primary, _)| *primary == number)?;
        let address = self.world.device(number);
        let mut pairs = self.world.ios.anchor.pairs();
        let (pair, _) = pairs
            .find(|(_, pair)| pair.address() == address && pair.state() != PairState::Simplex)?;
        Some((pair, leg.1))
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Ask { device, kind, first, sectors } => self.ask(device, kind, first, sectors),
            Step::End { disk, which, ending, telling } => {
                let number = self.number(disk);
                let started = self.world.started(number);
                if let Some(place) = usize::from(which).checked_rem(started.len()) {
                    let index = self.world.index(number);
                    self.world.ios.machine.end(index, started[place].id, ending, telling);
                }
            }
            Step::Wait => {
                if self.world.ios.machine.is_pending() {
                    let _ = self.world.ios.wait(None);
                }
            }
            Step::Pass(time) => self.world.pass(Microseconds(u64::from(time))),
            Step::Refuse(disk, cc) => {
                let number = self.number(disk);
                self.world.disk(number).refuse_start(cc);
            }
            Step::Interrupt(disk) => {
                let index = self.world.index(self.number(disk));
                self.world.ios.machine.interrupt(index);
            }
            Step::Lie(disk) => {
                let number = self.number(disk);
                self.world.disk(number).lie("used index", 99);
            }
            Step::Detach(disk) => {
                let index = self.world.index(self.number(disk));
                self.world.ios.machine.detach(index);
            }
            Step::AtClear(disk, at_clear) => {
                let number = self.number(disk);
                self.lost |= at_clear == AtClear::FailsLost;
                self.world.disk(number).set_at_clear(at_clear);
            }
            Step::Quiesce(disk) => {
                let device = self.world.device(self.number(disk));
                self.world.ios.quiesce(device);
            }
            Step::Unquiesce(disk) => {
                let device = self.world.device(self.number(disk));
                self.world.ios.unquiesce(device);
            }
            Step::Return(disk) => {
                let number = self.number(disk);
                let index = self.world.index(number);
                if !self.world.disk(number).is_attached() {
                    self.world.ios.machine.attach_again(index);
                }
            }
            Step::Suspend(pair) => {
                let pair = self.any_pair(pair);
                let _ = mirror::suspend(&mut self.world.ios, pair);
            }
            Step::Resume(pair) => {
                let pair = self.any_pair(pair);
                let _ = mirror::resume(&mut self.world.ios, pair, Resync::Changed);
            }
            Step::Swap(pair) => {
                let pair = self.any_pair(pair);
                let _ = mirror::swap(&mut self.world.ios, pair);
            }
            Step::Remove(pair) => {
                let pair = self.any_pair(pair);
                let _ = mirror::remove(&mut self.world.ios, pair);
            }
            Step::Establish { pair, policy, copy } => self.establish(pair, policy, copy),
        }
        self.world.drive_copiers();
        self.check();
    }

    fn ask(&mut self, device: u8, kind: u8, first: u8, sectors: u8) {
        let number = self.number(device);
        let length = u32::from(sectors).min(SECTORS - u32::from(first));
        let extent = Extent::new(u64::from(first), length);
        self.next_value += 1;
        let value = self.next_value;
        let operation = match kind % 16 {
            0..=8 => Operation::Write(extent),
            9..=12 => Operation::Read(extent),
            13 => Operation::Flush,
            14 => Operation::Discard(extent),
            _ => Operation::WriteZeroes(extent),
        };
        let content = vec![value; length as usize];
        let data = (operation.data_bytes() > 0).then(|| self.world.ios.machine.buffer(&content));
        let effect = match operation {
            Operation::Write(_) => Effect::Write { extent, value },
            Operation::Discard(_) | Operation::WriteZeroes(_) => Effect::Write { extent, value: 0 },
            Operation::Read(_) | Operation::Flush => Effect::None,
        };
        self.history(number).asked(u64::from(value), effect);
        let request = Request {
            device: self.world.device(number),
            operation,
            data,
            process: self.world.process,
            token: Token(u64::from(value) << 16 | u64::from(number)),
        };
        self.world.ios.iosvssch(request).expect("a right request");
    }

    fn any_pair(&self, pair: u8) -> PairIndex {
        let pairs: Vec<_> = self.world.ios.anchor.pairs().map(|(index, _)| index).collect();
        pairs[usize::from(pair) % pairs.len()]
    }

    /// The disk that an address leads to.
    fn disk_of(&self, number: u16) -> u16 {
        let device = self.world.ios.leads_to(self.world.device(number));
        u16::try_from(device.index() + 1).expect("few")
    }

    /// Makes a pair again, with everything to be copied or of legs that hold the same.
    fn establish(&mut self, pair: u8, policy: u8, copy: bool) {
        let (primary, secondary) = self.legs[usize::from(pair) % self.legs.len()];
        let [one, two] = [primary, secondary].map(|number| self.world.device(number));
        let policy = Policy {
            on_primary_error: [OnPrimaryError::Swap, OnPrimaryError::Fail][usize::from(policy & 1)],
            on_secondary_error: [OnSecondaryError::Suspend, OnSecondaryError::Fail]
                [usize::from(policy >> 1 & 1)],
        };
        let legs = [primary, secondary].map(|number| {
            let disk = self.disk_of(number);
            self.world.disk(disk).sectors().to_vec()
        });
        let initial = if copy { Initial::Copy } else { Initial::NoCopy };
        if copy || legs[0] == legs[1] {
            let _ = mirror::establish(&mut self.world.ios, one, two, initial, policy);
        }
    }

    /// What must hold after every step.
    fn check(&mut self) {
        for finished in self.world.finished() {
            self.check_finished(&finished);
        }
        self.world.ios.machine.assert_clean();
        for (primary, secondary) in self.legs.clone() {
            let Some((pair, _)) = self.pair_of(primary) else { continue };
            let pair = self.world.ios.anchor.pair(pair).expect("a pair");
            if pair.state() == PairState::Duplex && pair.in_flight() == 0 {
                self.world.assert_legs_equal(primary, secondary);
            }
        }
    }

    fn check_finished(&mut self, finished: &Finished) {
        let number = u16::try_from(finished.token & 0xffff).expect("a device number");
        let token = finished.token >> 16;
        let issued = self.history(number).posted(token, finished.status.is_complete());
        if !finished.status.is_complete() {
            return;
        }
        if self.is_secondary(number) {
            return;
        }
        let mut legs = vec![self.disk_of(number)];
        if let Some((pair, secondary)) = self.pair_of(number)
            && self.world.state(pair) == PairState::Duplex
        {
            legs.push(self.disk_of(secondary));
        }
        match finished.operation {
            Operation::Read(extent) => {
                let data = finished.data.as_deref().expect("a read has its data");
                self.explain(number, extent, data, issued, "read");
            }
            Operation::Write(extent)
            | Operation::Discard(extent)
            | Operation::WriteZeroes(extent) => {
                let first = usize::try_from(extent.first.0).expect("small");
                for leg in legs {
                    let sectors = self.world.disk(leg).sectors();
                    let data = sectors[first..first + extent.sectors as usize].to_vec();
                    let now = self.history(number).now();
                    self.explain(number, extent, &data, now, "on the disk");
                }
            }
            Operation::Flush => {
                for sector in self.histories[usize::from(number) - 1].settled(issued) {
                    for leg in &legs {
                        let durable = self.world.disk(*leg).is_durable(Extent::new(sector, 1));
                        assert!(durable, "sector {sector} of {leg}:\n{}", self.world.trace());
                    }
                }
            }
        }
    }

    fn explain(&mut self, number: u16, extent: Extent, data: &[u32], issued: u64, what: &str) {
        for (sector, value) in (extent.first.0..).zip(data) {
            let history = &self.histories[usize::from(number) - 1];
            assert!(
                history.explains(sector, *value, issued),
                "{what}: {value} in sector {sector} of {number}, {extent}:\n{}\n{}",
                history.of_sector(sector),
                self.world.trace()
            );
        }
    }

    /// Ends all that a disk works on, and makes it known.
    fn help(&mut self, number: u16) {
        let (device, index) = (self.world.device(number), self.world.index(number));
        self.world.ios.unquiesce(device);
        while let Some(held) = self.world.started(number).first().copied() {
            self.world.ios.machine.end(index, held.id, Ending::Complete, Telling::Nothing);
        }
        self.world.ios.machine.interrupt(index);
    }

    /// Lets everything end: by the disks' own doing, or by time alone.
    fn finish(&mut self, helping: bool) {
        let mut patience = 200;
        while !self.world.ios.idle() || self.world.is_copying() {
            patience -= 1;
            assert!(patience > 0, "nothing moves:\n{}", self.world.trace());
            if helping {
                (1..=u16::try_from(self.histories.len()).expect("few"))
                    .for_each(|number| self.help(number));
            }
            // Helped, everything ends long before its time.
            self.world.pass(if helping { SOON } else { Microseconds(LIMIT.0 / 4) });
            self.world.drive_copiers();
            self.check();
        }
        self.check();
        assert!(self.histories.iter().all(History::all_posted), "{}", self.world.trace());
        crate::steps::check(self.world.trace());
        let kept = self.world.ios.machine.memory().count();
        assert!(self.lost || kept == 0, "{kept} buffers were kept:\n{}", self.world.trace());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn a_pair_behaves_as_one_disk(
        pairs in 1u16..=3,
        slots in proptest::collection::vec(1u32..5, 1..7),
        steps in proptest::collection::vec(step(), 1..120),
        helping in any::<bool>(),
    ) {
        let mut random = Random::new(pairs, &slots);
        for step in steps {
            random.step(step);
        }
        random.finish(helping);
    }
}

/// The same with nothing that goes wrong: then every request is complete, and pairs that are resumed are duplex in
/// the end.
fn well(step: Step) -> Option<Step> {
    match step {
        Step::End { disk, which, telling, .. } => {
            Some(Step::End { disk, which, ending: Ending::Complete, telling })
        }
        Step::Refuse(_, cc) => (cc != StartCc::NotOperational).then_some(step),
        Step::Ask { device, kind, first, sectors } => {
            // Not to a secondary, which is the second of each two but for the last.
            Some(Step::Ask { device: device & 0xfe, kind, first, sectors })
        }
        Step::Wait
        | Step::Interrupt(_)
        | Step::Unquiesce(_)
        | Step::Suspend(_)
        | Step::Resume(_)
        | Step::Swap(_) => Some(step),
        Step::Pass(time) => Some(Step::Pass(time % 1000)),
        Step::Quiesce(_)
        | Step::Lie(_)
        | Step::Detach(_)
        | Step::AtClear(..)
        | Step::Return(_)
        | Step::Remove(_)
        | Step::Establish { .. } => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn a_pair_that_no_failure_befalls_is_duplex_in_the_end(
        slots in proptest::collection::vec(1u32..5, 1..7),
        steps in proptest::collection::vec(step(), 1..120),
    ) {
        let mut random = Random::new(2, &slots);
        for step in steps.into_iter().filter_map(well) {
            // An odd number of disks: taken modulo it, an even number may be a secondary's.
            let secondary = matches!(step, Step::Ask { device, .. }
                if random.is_secondary(random.number(device)));
            if !secondary {
                random.step(step);
            }
        }
        random.finish(true);
        for pair in [0, 1] {
            random.step(Step::Resume(pair));
        }
        random.finish(true);
        for (primary, secondary) in random.legs.clone() {
            random.world.assert_legs_equal(primary, secondary);
            let (pair, _) = random.pair_of(primary).expect("a pair");
            prop_assert_eq!(random.world.state(pair), PairState::Duplex);
        }
        let posts = random.world.trace().count("POST");
        prop_assert_eq!(random.world.trace().count("POST status=complete"), posts);
    }
}

#[test]
fn the_clock_of_a_world_moves_only_when_it_is_let() {
    let mut random = Random::new(1, &[1]);
    random.step(Step::Ask { device: 0, kind: 0, first: 0, sectors: 1 });
    random.step(Step::Wait);
    assert_eq!(random.world.ios.machine.now(), Microseconds(0));
    random.finish(false);
    let posted = random.world.trace().only("POST request=1");
    let status = random.world.trace().lines()[posted].field("status");
    assert_eq!(status, Some(Status::TimedOut.name()));
}
