//! The write log: any bytes on the log's disk are replayed rightly, or refused before anything is written.
//!
//! The real thing runs: a parameter line `run=replay`, the real supervisor, mirror and block driver over simulated
//! disks. The input says what the disks are like ([`setup`]), and the rest of it is the log, as it lies on
//! its disk or in a short form that is unfolded to one. What it must come to is said by a reader of its own
//! ([`log`]). Asserted is:
//!
//! - it ends, with nothing in flight and no rule of the machine broken: no request beyond a disk, none that the disk
//!   cannot take, no storage given back under a device;
//! - a log is refused exactly when it must be, the entry at fault is named, and no disk was asked for anything but
//!   reads of the log;
//! - a log that is not refused leaves the image on the target that its entries make one after the other, on both
//!   disks of a pair alike, all of it durable; counts of bytes, entries, marks, discards and flushes are right;
//! - the log itself is not written to, and no storage is lost.

mod log;
mod setup;

use crate::hostile::SHORT_PROGRAMS;
use channel_io::enumerate::{FoundDevice, find_devices};
use channel_io::program::{Nowhere, Waiting};
use channel_io::{InterruptionSubclass, Microseconds, SubchannelId, WaitPoint};
use channel_sim::SimMachine;
use channel_sim::machine::{Action, SimArea};
use channel_sim::virtio::VirtioBlock;
use channel_sim::virtio::wire::feature;
use ios::{Ios, Platform};
use jobs::{JobStatus, Message, Messages, ParameterLine, Report, Value};
use log::{Log, Refusal};
use mirror::Mirror;
use setup::{Mirrored, Setup};
use virtio_ccw::{BlockDevice, Settings};

/// Replays what the input says, and checks what came of it.
///
/// # Panics
/// If something does not hold.
pub fn check(input: &[u8]) {
    let Some(setup) = Setup::read(input) else { return };
    let mut world = World::new(&setup);
    let line = format!("{}run=replay from=0003 to=0001 depth={}", setup.mirror(), setup.depth);
    let mut told = Told::default();
    let report = jobs::run(&mut world.ios, &ParameterLine::read(line.as_bytes()), &mut told);
    assert!(world.ios.idle(), "the job left requests behind");
    world.ios.machine.assert_clean();
    assert!(
        world.disk(setup.targets().end).content().bytes() == setup.log,
        "the log was written to"
    );
    match Log::read(&setup.log, setup.target_bytes, u64::from(setup.block_bytes)) {
        Ok(log) => accepted(&setup, &mut world, &log, &report, &told),
        Err(refusal) => refused(&setup, &mut world, refusal, &report),
    }
    world.end();
}

fn accepted(setup: &Setup, world: &mut World, log: &Log<'_>, report: &Report, told: &Told) {
    assert_eq!((report.status, &*report.error), (JobStatus::Ok, ""));
    let mut image = setup.image();
    log.apply(&mut image);
    let durable = setup.has(feature::FLUSH);
    let sectors = setup.target_bytes / 512;
    for number in setup.targets() {
        let content = world.disk(number).content();
        assert!(content.bytes() == image, "target {number} is not what the log makes");
        assert!(!durable || content.is_durable(0, sectors), "target {number} was not flushed");
    }
    let number = |name| match report.extra.iter().find(|extra| extra.name == name) {
        Some(extra) => match extra.value {
            Value::Number(number) => number,
            Value::Optional(_) | Value::Word(_) | Value::Latency(_) => panic!("{name}"),
        },
        None => panic!("there is no {name}"),
    };
    let counts = [report.bytes, number("entries"), number("marks"), number("discards")];
    assert_eq!(counts, [log.bytes(), log.entries(), log.marks(), log.discards()]);
    assert_eq!(told.marks, log.marks());
    let flushes = if durable { log.flushes() } else { 0 };
    assert_eq!(report.counts.flushes, flushes);
    match setup.mirrored {
        Mirrored::Yes => assert_eq!(report.mirrored_writes, report.counts.writes),
        Mirrored::No => assert_eq!(report.mirrored_writes, 0),
    }
}

fn refused(setup: &Setup, world: &mut World, refusal: Refusal, report: &Report) {
    assert_eq!(report.status, JobStatus::Failed, "{refusal:?}");
    let error = &report.error;
    assert!(error.starts_with("from=0003: "), "{error}");
    assert!(error.contains(refusal.words()), "{refusal:?}: {error}");
    if let Some(entry) = refusal.entry() {
        assert!(error.contains(&format!("entry {entry} ")), "{refusal:?}: {error}");
    }
    let image = setup.image();
    for number in setup.targets() {
        assert_eq!(world.disk(number).requests_taken(), 0, "{error}");
        assert!(world.disk(number).content().bytes() == image, "{error}");
    }
}

/// What was said to the operator.
#[derive(Debug, Default)]
struct Told {
    marks: u64,
}

impl Messages for Told {
    fn message(&mut self, message: &Message) {
        let line = message.to_string();
        assert!(line.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{line:?}");
        if matches!(message, Message::Mark { .. }) {
            self.marks += 1;
        }
    }
}

/// What the supervisor runs on here.
enum Simulated {}

impl Platform for Simulated {
    type Machine = SimMachine;
    type Device = BlockDevice<SimArea>;
    type Data = SimArea;
    type Anchor = Mirror<Self>;

    /// No disk comes while the log is replayed.
    fn arrived(_ios: &mut Ios<Self>, found: &FoundDevice) {
        panic!("{} has arrived", found.device);
    }
}

/// A supervisor and its disks: one or two targets, and the log.
struct World {
    ios: Ios<Simulated>,
    /// The disks' subchannels, the log's last.
    subchannels: Vec<SubchannelId>,
    /// Areas that the drivers have before their disks are on line.
    areas_off_line: usize,
}

impl World {
    fn new(setup: &Setup) -> Self {
        let mut machine = SimMachine::new(setup.seed);
        machine.set_timing(SHORT_PROGRAMS);
        let subchannels = setup.add_disks(&mut machine);
        let mut ios = Ios::<Simulated>::new(machine, Mirror::new());
        let ddt = ios.add_ddt("virtio-blk");
        for found in find_devices(&mut ios.machine).devices {
            let settings = Settings {
                subclass: InterruptionSubclass::default(),
                interruption_parameter: ios.next_ucb().interruption_parameter(),
                time_limit: Microseconds(10_000),
                waiting: Waiting::ByTesting,
            };
            let machine = &mut ios.machine;
            match BlockDevice::probe(machine, &mut Nowhere, found.subchannel, &settings) {
                Ok(disk) => drop(ios.add_ucb(found.device, found.subchannel, ddt, disk)),
                Err(error) => panic!("{}: {error}", found.device),
            }
        }
        let areas_off_line = ios.machine.live_areas();
        Self { ios, subchannels, areas_off_line }
    }

    /// Takes all disks away, which makes the drivers give their storage back; the job has done so before.
    fn end(mut self) {
        for subchannel in &self.subchannels {
            self.ios.machine.now_do(Action::Detach(*subchannel));
        }
        for _ in &self.subchannels {
            let until = self.ios.machine.now().after(Microseconds(1_000));
            let _ = self.ios.wait(Some(until));
        }
        assert_eq!(self.ios.machine.live_areas(), self.areas_off_line, "storage that is lost");
    }

    /// A disk, by its place.
    fn disk(&mut self, number: usize) -> &mut VirtioBlock {
        match self.subchannels.get(number) {
            Some(subchannel) => self.ios.machine.block_mut(*subchannel),
            None => panic!("there is no disk {number}"),
        }
    }
}
