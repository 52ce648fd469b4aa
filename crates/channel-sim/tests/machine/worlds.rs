//! Random worlds on the simulated machine: to the process, a pair behaves as one disk.
//!
//! The same property as at the light level, here with the real block driver, its channel programs and its
//! virtqueues; time passes by itself, and what goes wrong is planned ahead: how and when requests end, what is
//! said of them, condition codes, channel programs that fail or hang, disks that go away.

use crate::model::{Effect, History};
use crate::world::{Finished, LIMIT, World};
use channel_io::{DeviceStatus, Microseconds, SubchannelId, SubchannelStatus};
use channel_sim::machine::{Action, Instruction, ProgramFault};
use channel_sim::virtio::wire::feature;
use channel_sim::virtio::{
    AtReset, BlockSettings, Delay, Lie, Polling, RequestEnding, RequestPlan, Telling,
};
use ios::{Extent, Operation};
use mirror::PairState;
use proptest::prelude::*;

const SECTORS: u32 = 16;

#[derive(Clone, Copy, Debug)]
enum Step {
    Ask { disk: u8, kind: u8, first: u8, sectors: u8 },
    Pass(u16),
    Plan(u8, RequestPlan),
    AtReset(u8, AtReset),
    Code(u8, Instruction, u8, u8),
    Program(u8, ProgramFault),
    Interrupt(u8),
    Report(u8),
    Detach(u8),
    Quiesce(u8),
    Unquiesce(u8),
    Remove,
}

fn delay() -> impl Strategy<Value = Delay> {
    prop_oneof![
        8 => Just(Delay::Random),
        3 => (0u64..5_000).prop_map(|time| Delay::After(Microseconds(time))),
        1 => Just(Delay::Held),
    ]
}

fn ending() -> impl Strategy<Value = RequestEnding> {
    prop_oneof![
        12 => Just(RequestEnding::Normal),
        1 => Just(RequestEnding::IoError),
        1 => (0u32..4).prop_map(RequestEnding::IoErrorAfter),
        1 => Just(RequestEnding::Unsupported),
    ]
}

fn telling() -> impl Strategy<Value = Telling> {
    prop_oneof![
        6 => Just(Telling::Interruption),
        1 => Just(Telling::Lost),
        1 => Just(Telling::Race),
        1 => (0u64..3_000).prop_map(|time| Telling::Late(Microseconds(time))),
        1 => (0u64..3_000).prop_map(|time| Telling::Early(Microseconds(time))),
    ]
}

fn lie() -> impl Strategy<Value = Option<Lie>> {
    prop_oneof![
        40 => Just(None),
        1 => any::<u16>().prop_map(|ahead| Some(Lie::UsedIndexAhead(ahead.max(1)))),
        1 => any::<u32>().prop_map(|id| Some(Lie::Id(id.max(1000)))),
        1 => Just(Some(Lie::Twice)),
        1 => Just(Some(Lie::NoStatus)),
        1 => Just(Some(Lie::Length(u32::MAX))),
    ]
}

fn plan() -> impl Strategy<Value = RequestPlan> {
    (delay(), ending(), telling(), lie()).prop_map(|(delay, ending, telling, lie)| RequestPlan {
        delay,
        ending,
        telling,
        lie,
    })
}

/// An instruction with a code that it can set, other than zero. STSCH is left alone: by its answer it is decided
/// in the end whether a device is there.
fn code() -> impl Strategy<Value = (Instruction, u8)> {
    use Instruction::{Csch, Notify, Ssch, Tsch};
    prop_oneof![
        (1u8..4).prop_map(|code| (Ssch, code)),
        prop_oneof![Just((Tsch, 1)), Just((Tsch, 3))],
        Just((Csch, 3)),
        Just((Notify, 22)),
    ]
}

fn fault() -> impl Strategy<Value = ProgramFault> {
    use channel_io::DeferredConditionCode::{NotOperational, StatusPresent};
    prop_oneof![
        Just(ProgramFault::Hangs),
        Just(ProgramFault::InterruptionLost),
        Just(ProgramFault::EndsApart),
        Just(ProgramFault::UnitCheck([0x80, 0])),
        Just(ProgramFault::UnitCheck([0x10, 0])),
        Just(ProgramFault::Deferred(StatusPresent, DeviceStatus::BUSY)),
        Just(ProgramFault::Deferred(NotOperational, DeviceStatus::empty())),
        Just(ProgramFault::Status(DeviceStatus::empty(), SubchannelStatus::CHANNEL_DATA_CHECK)),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let any = any::<u8>;
    prop_oneof![
        40 => (any(), any(), 0..SECTORS as u8, 1u8..5)
            .prop_map(|(disk, kind, first, sectors)| Step::Ask { disk, kind, first, sectors }),
        20 => (0u16..2_000).prop_map(Step::Pass),
        10 => (any(), plan()).prop_map(|(disk, plan)| Step::Plan(disk, plan)),
        1 => any().prop_map(|disk| Step::AtReset(disk, AtReset::Done)),
        2 => (any(), code(), 0u8..5)
            .prop_map(|(disk, (instruction, code), others)| {
                Step::Code(disk, instruction, others, code)
            }),
        2 => (any(), fault()).prop_map(|(disk, fault)| Step::Program(disk, fault)),
        2 => any().prop_map(Step::Interrupt),
        1 => any().prop_map(Step::Report),
        1 => any().prop_map(Step::Detach),
        1 => any().prop_map(Step::Quiesce),
        2 => any().prop_map(Step::Unquiesce),
        1 => Just(Step::Remove),
    ]
}

fn settings() -> impl Strategy<Value = BlockSettings> {
    (0u16..5, any::<[bool; 4]>(), 1u64..3_000).prop_map(|(size, [a, b, c, d], slow)| {
        let mut settings = BlockSettings {
            // The least that a chain without indirect descriptors has room in.
            queue_size: 4 << size,
            latency: (1, slow),
            revision: if c { 2 } else { 1 },
            polling: if d { Polling::On } else { Polling::Off },
            ..BlockSettings::new(u64::from(SECTORS))
        };
        if a {
            settings = settings.without(feature::EVENT_INDEX);
        }
        if b {
            settings = settings.without(feature::INDIRECT);
        }
        settings
    })
}

/// A world, and what its process knows.
struct Random {
    world: World,
    subchannels: Vec<SubchannelId>,
    histories: Vec<History>,
    attached: Vec<bool>,
}

impl Random {
    fn new(seed: u64, disks: Vec<BlockSettings>) -> Self {
        let count = disks.len();
        let mut world = World::new(seed, disks);
        world.establish(1, 2);
        let subchannels = (1..=count)
            .map(|number| world.subchannel(u16::try_from(number).expect("few")))
            .collect();
        let histories = (0..count).map(|_| History::new(SECTORS)).collect();
        Self { world, subchannels, histories, attached: vec![true; count] }
    }

    fn place(&self, any: u8) -> usize {
        usize::from(any) % self.subchannels.len()
    }

    fn step(&mut self, step: Step) {
        let place = match step {
            Step::Ask { disk, .. }
            | Step::Plan(disk, _)
            | Step::AtReset(disk, _)
            | Step::Code(disk, ..)
            | Step::Program(disk, _)
            | Step::Interrupt(disk)
            | Step::Report(disk)
            | Step::Detach(disk)
            | Step::Quiesce(disk)
            | Step::Unquiesce(disk) => self.place(disk),
            Step::Pass(_) | Step::Remove => 0,
        };
        let (subchannel, attached) = (self.subchannels[place], self.attached[place]);
        let number = u16::try_from(place).expect("few") + 1;
        let device = self.world.device(number);
        match step {
            Step::Ask { kind, first, sectors, .. } => self.ask(number, kind, first, sectors),
            Step::Pass(time) => self.world.pass(Microseconds(u64::from(time))),
            Step::Plan(_, plan) if attached => self.world.disk(number).plan(plan),
            Step::AtReset(_, what) if attached => self.world.disk(number).set_at_reset(what),
            Step::Plan(..) | Step::AtReset(..) => {}
            Step::Code(_, instruction, others, code) => {
                self.world.sim().inject(subchannel, instruction, u32::from(others), code);
            }
            Step::Program(_, fault) => {
                self.world.sim().fault_next_program(subchannel, Some(fault));
            }
            Step::Interrupt(_) => self.world.sim().now_do(Action::Interrupt(subchannel)),
            Step::Report(_) => self.world.sim().now_do(Action::Report(subchannel)),
            Step::Detach(_) => {
                self.attached[place] = false;
                self.world.sim().now_do(Action::Detach(subchannel));
            }
            Step::Quiesce(_) => self.world.ios.quiesce(device),
            Step::Unquiesce(_) => self.world.ios.unquiesce(device),
            Step::Remove => {
                let pair = self.world.ios.anchor.pairs().next().expect("a pair").0;
                let _ = mirror::remove(&mut self.world.ios, pair);
            }
        }
        self.check();
    }

    fn ask(&mut self, number: u16, kind: u8, first: u8, sectors: u8) {
        let length = u32::from(sectors).min(SECTORS - u32::from(first));
        let extent = Extent::new(u64::from(first), length);
        let token = self.world.tokens();
        let value = u32::try_from(token).expect("few") << 8 | 0xa5;
        let operation = match kind % 16 {
            0..=8 => Operation::Write(extent),
            9..=12 => Operation::Read(extent),
            13 => Operation::Flush,
            14 => Operation::Discard(extent),
            _ => Operation::WriteZeroes(extent),
        };
        let effect = match operation {
            Operation::Write(_) => Effect::Write { extent, value },
            Operation::Discard(_) | Operation::WriteZeroes(_) => Effect::Write { extent, value: 0 },
            Operation::Read(_) | Operation::Flush => Effect::None,
        };
        self.histories[usize::from(number) - 1].asked(token, effect);
        let content = value.to_be_bytes().repeat(extent.bytes() as usize / 4);
        let data = (operation.data_bytes() > 0).then(|| self.world.area(&content));
        self.world.owners.insert(token, number);
        let _ = self.world.ask(number, operation, data);
    }

    fn check(&mut self) {
        for finished in self.world.finished() {
            self.check_finished(&finished);
        }
        let violations = self.world.sim().take_violations();
        assert!(violations.is_empty(), "{violations:#?}\n{}", self.world.trace());
        let (_, pair) = self.world.ios.anchor.pairs().next().expect("a pair");
        if pair.state() == PairState::Duplex
            && pair.in_flight() == 0
            && self.attached[..2] == [true; 2]
        {
            self.world.assert_legs_equal(1, 2);
        }
    }

    fn check_finished(&mut self, finished: &Finished) {
        let number = self.world.owners[&finished.token];
        let place = usize::from(number) - 1;
        let issued = self.histories[place].posted(finished.token, finished.status.is_complete());
        // What the secondary holds is not its own process's doing alone.
        if !finished.status.is_complete() || number == 2 {
            return;
        }
        match finished.operation {
            Operation::Read(extent) => {
                let data = finished.data.as_ref().expect("a read has its data").to_vec();
                self.explain(number, extent, &data, issued, "read");
            }
            Operation::Write(extent)
            | Operation::Discard(extent)
            | Operation::WriteZeroes(extent) => self.check_legs(number, extent),
            Operation::Flush => self.check_durable(number, issued),
        }
    }

    /// The disks that a write to a disk must be on now.
    fn legs(&self, number: u16) -> Vec<u16> {
        let leads_to = self.world.ios.leads_to(self.world.device(number));
        let mut legs = vec![u16::try_from(leads_to.index() + 1).expect("few")];
        if number == 1 && self.world.the_state() == PairState::Duplex {
            legs.push(3 - legs[0]);
        }
        legs.retain(|leg| self.attached[usize::from(*leg) - 1]);
        legs
    }

    fn check_legs(&mut self, number: u16, extent: Extent) {
        for leg in self.legs(number) {
            let bytes = self.world.content(leg);
            let first = usize::try_from(extent.first.0).expect("small") * 512;
            let data = bytes[first..first + extent.bytes() as usize].to_vec();
            let now = self.histories[usize::from(number) - 1].now();
            self.explain(number, extent, &data, now, "on the disk");
        }
    }

    fn check_durable(&mut self, number: u16, issued: u64) {
        for sector in self.histories[usize::from(number) - 1].settled(issued) {
            for leg in self.legs(number) {
                let durable = self.world.disk(leg).content().is_durable(sector, 1);
                assert!(durable, "sector {sector} of {leg}:\n{}", self.world.trace());
            }
        }
    }

    fn explain(&self, number: u16, extent: Extent, data: &[u8], issued: u64, what: &str) {
        let history = &self.histories[usize::from(number) - 1];
        for (sector, bytes) in (extent.first.0..).zip(data.chunks(512)) {
            let (words, _) = bytes.as_chunks::<4>();
            let value = u32::from_be_bytes(words[0]);
            assert!(
                words.iter().all(|word| u32::from_be_bytes(*word) == value)
                    && history.explains(sector, value, issued),
                "{what}: {value:#x} in sector {sector} of {number}, {extent}:\n{}\n{}",
                history.of_sector(sector),
                self.world.trace()
            );
        }
    }

    /// Lets time alone end everything.
    fn finish(&mut self) {
        let mut patience = 400;
        while !self.world.ios.idle() {
            patience -= 1;
            assert!(patience > 0, "nothing moves:\n{}", self.world.trace());
            self.world.pass(Microseconds(LIMIT.0 / 4));
            self.check();
        }
        self.world.pass(LIMIT);
        self.check();
        assert!(self.histories.iter().all(History::all_posted), "{}", self.world.trace());
        crate::steps::check(self.world.trace());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn a_pair_behaves_as_one_disk(
        seed in any::<u64>(),
        disks in proptest::collection::vec(settings(), 3),
        steps in proptest::collection::vec(step(), 1..80),
    ) {
        let mut random = Random::new(seed, disks);
        for step in steps {
            random.step(step);
        }
        random.finish();
    }
}
