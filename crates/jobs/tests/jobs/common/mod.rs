//! A platform for tests of the jobs over the real supervisor and the real mirror: disks in memory that end
//! requests late and out of order, fail, lose and refuse them as a test says.
//!
//! [`World`] sets up disks and gives a supervisor over them; [`FakeMachine`] has the clock and the disks'
//! content; [`FakeDevice`] is a disk's driver. The machine is strict: it panics when data changes while a disk
//! has it, or when it would wait for ever, and every disk remembers what was started and ended in which order
//! ([`Event`]) and how many starts overlapped a change in flight.

mod area;
mod device;
mod disk;
pub(crate) mod log;
mod machine;
mod unused;

pub(crate) use area::FakeArea;
pub(crate) use device::FakeDevice;
pub(crate) use disk::{Action, Clear, Event, FakeDisk, Kind};
pub(crate) use machine::FakeMachine;

use channel_io::enumerate::FoundDevice;
use channel_io::{DeviceId, DeviceNumber, SubchannelId, SubchannelSet};
use ios::{Ios, Platform};
use jobs::{Message, Messages, ParameterLine, Report, Value};
use mirror::Mirror;

/// A mebibyte.
pub(crate) const MIB: usize = 1 << 20;

/// The platform.
pub(crate) struct Fake;

impl Platform for Fake {
    type Machine = FakeMachine;
    type Device = FakeDevice;
    type Data = FakeArea;
    type Anchor = Mirror<Self>;

    /// No fake disk ever comes.
    fn arrived(_ios: &mut Ios<Self>, _found: &FoundDevice) {}
}

/// Disks, and a supervisor over them.
pub(crate) struct World {
    pub(crate) ios: Ios<Fake>,
    pub(crate) lines: Lines,
}

impl World {
    /// Disks with device numbers from 0001 on.
    pub(crate) fn new(seed: u64, disks: Vec<FakeDisk>) -> Self {
        let mut ios = Ios::<Fake>::new(FakeMachine::new(seed), Mirror::new());
        let ddt = ios.add_ddt("fake-disk");
        for (number, disk) in (1u16..).zip(disks) {
            let id = DeviceId::new(SubchannelSet::ZERO, DeviceNumber(number));
            let subchannel = SubchannelId::new(SubchannelSet::ZERO, number - 1);
            let device = FakeDevice::new(subchannel, &disk);
            ios.machine.add_disk(disk);
            ios.add_ucb(id, subchannel, ddt, device);
        }
        Self { ios, lines: Lines::default() }
    }

    /// Runs a parameter line to its end.
    pub(crate) fn run(&mut self, line: &str) -> Report {
        let report =
            jobs::run(&mut self.ios, &ParameterLine::read(line.as_bytes()), &mut self.lines);
        assert!(self.ios.idle(), "the job left requests behind");
        let line = report.line();
        assert!(line.is_ascii() && !line.contains('\n'), "{line}");
        report
    }

    /// The disk of a device number.
    pub(crate) fn disk(&self, number: usize) -> &FakeDisk {
        &self.ios.machine.disks[number - 1]
    }
}

/// Keeps every message as its line.
#[derive(Default)]
pub(crate) struct Lines(pub Vec<String>);

impl Messages for Lines {
    fn message(&mut self, message: &Message) {
        let line = message.to_string();
        assert!(line.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{line:?}");
        self.0.push(line);
    }
}

impl Lines {
    /// The lines with this identifier.
    pub(crate) fn with(&self, identifier: &str) -> Vec<&str> {
        let lines = self.0.iter().map(String::as_str);
        lines.filter(|line| line.starts_with(identifier)).collect()
    }
}

/// Bytes that differ from sector to sector.
pub(crate) fn pattern(bytes: usize, seed: u64) -> Vec<u8> {
    let mut random = oorandom::Rand64::new(u128::from(seed));
    let mut content = Vec::with_capacity(bytes + 8);
    while content.len() < bytes {
        content.extend(random.rand_u64().to_le_bytes());
    }
    content.truncate(bytes);
    content
}

/// The number in a field of one job alone.
pub(crate) fn number(report: &Report, name: &str) -> u64 {
    let extra = report.extra.iter().find(|extra| extra.name == name).unwrap();
    match extra.value {
        Value::Number(number) | Value::Optional(Some(number)) => number,
        Value::Optional(None) | Value::Word(_) | Value::Latency(_) => panic!("{name}"),
    }
}
