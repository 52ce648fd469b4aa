//! A supervisor with the real block driver over simulated disks.

use channel_io::enumerate::{FoundDevice, find_devices};
use channel_io::program::{Nowhere, WakeSink};
use channel_io::{
    Area, DeviceId, DeviceNumber, InterruptionSubclass, Microseconds, Reach, Storage, SubchannelId,
    SubchannelSet, Traced, WaitPoint,
};
use channel_sim::machine::SimArea;
use channel_sim::virtio::{BlockSettings, VirtioBlock};
use channel_sim::{SimMachine, TraceLog};
use ios::{
    Extent, Ios, Operation, Platform, ProcessId, Request, RequestId, Status, Token, UcbIndex,
    Waited,
};
use mirror::{Initial, Mirror, PairIndex, PairState, Policy};
use std::collections::BTreeMap;
use virtio_ccw::{BlockDevice, ProbeError, Settings};

/// The machine, with its instructions in the trace.
pub(crate) type Machine = Traced<SimMachine>;

/// What the supervisor runs on here.
pub(crate) enum MachinePlatform {}

impl Platform for MachinePlatform {
    type Machine = Machine;
    type Device = BlockDevice<SimArea>;
    type Data = SimArea;
    type Anchor = Mirror<Self>;

    fn arrived(ios: &mut Ios<Self>, found: &FoundDevice) {
        let Some(ucb) = ios.find(found.device) else { return };
        // Other disks are at work: their interruptions are left to them.
        let settings = Settings {
            waiting: channel_io::program::Waiting::ByTesting,
            ..settings(ucb.interruption_parameter())
        };
        let machine = &mut ios.machine;
        let disk = BlockDevice::probe(machine, &mut Nowhere, found.subchannel, &settings);
        if let Ok(disk) = disk
            && ios.replace_device(ucb, found.subchannel, disk).is_ok()
        {
            let _ = ios.vary_online(ucb);
        }
    }
}

/// How long a request may take before it is looked for.
pub(crate) const LIMIT: Microseconds = Microseconds(1_000_000);

/// How long a channel program may take.
const PROGRAM_LIMIT: Microseconds = Microseconds(10_000);

/// A request that was posted.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) token: u64,
    pub(crate) operation: Operation,
    pub(crate) status: Status,
    /// Withheld from all devices from here on.
    pub(crate) data: Option<SimArea>,
    pub(crate) took: Microseconds,
}

pub(crate) fn settings(parameter: u32) -> Settings {
    Settings {
        subclass: InterruptionSubclass::new(3).expect("a subclass"),
        interruption_parameter: parameter,
        time_limit: PROGRAM_LIMIT,
        waiting: channel_io::program::Waiting::AtWaitPoint,
    }
}

pub(crate) fn probe(
    machine: &mut Machine,
    others: &mut impl WakeSink,
    subchannel: SubchannelId,
    parameter: u32,
) -> Result<BlockDevice<SimArea>, ProbeError> {
    BlockDevice::probe(machine, others, subchannel, &settings(parameter))
}

/// A supervisor, its disks, and one process.
pub(crate) struct World {
    pub(crate) ios: Ios<MachinePlatform>,
    pub(crate) process: ProcessId,
    /// By token: the number of the disk that the request is for.
    pub(crate) owners: BTreeMap<u64, u16>,
    next_token: u64,
}

impl World {
    /// Disks with these settings, device numbers from 1 on, found and varied online as at the start of the
    /// kernel.
    pub(crate) fn new(seed: u64, disks: Vec<BlockSettings>) -> Self {
        let mut machine = SimMachine::new(seed);
        machine.trace_on();
        for (number, settings) in (1..).zip(disks) {
            machine.add_block(DeviceNumber(number), settings);
        }
        Self::over(machine)
    }

    /// With whatever is on a machine.
    pub(crate) fn over(machine: SimMachine) -> Self {
        let mut ios = Ios::<MachinePlatform>::new(Traced::new(machine), Mirror::new());
        ios.set_time_limit(LIMIT);
        let ddt = ios.add_ddt("virtio-blk");
        let process = ios.add_process();
        let owners = BTreeMap::new();
        let mut world = Self { ios, process, owners, next_token: 1 };
        let found = find_devices(&mut world.ios.machine);
        for device in found.devices {
            let parameter = world.ios.next_ucb().interruption_parameter();
            let machine = &mut world.ios.machine;
            if let Ok(disk) = probe(machine, &mut Nowhere, device.subchannel, parameter) {
                let ucb = world.ios.add_ucb(device.device, device.subchannel, ddt, disk);
                assert_eq!(world.ios.vary_online(ucb), Ok(()));
            }
        }
        world
    }

    /// Two disks of 64 sectors, mirrored.
    pub(crate) fn pair(seed: u64) -> Self {
        let mut world = Self::new(seed, vec![BlockSettings::new(64), BlockSettings::new(64)]);
        world.establish(1, 2);
        world
    }

    pub(crate) fn sim(&mut self) -> &mut SimMachine {
        self.ios.machine.inner_mut()
    }

    pub(crate) fn trace(&self) -> &TraceLog {
        self.ios.machine.inner().trace_log()
    }

    pub(crate) fn device(&self, number: u16) -> UcbIndex {
        let id = DeviceId::new(SubchannelSet::ZERO, DeviceNumber(number));
        self.ios.find(id).expect("a disk of this number")
    }

    pub(crate) fn subchannel(&self, number: u16) -> SubchannelId {
        self.ios.ucb(self.device(number)).expect("its UCB").subchannel()
    }

    pub(crate) fn disk(&mut self, number: u16) -> &mut VirtioBlock {
        let subchannel = self.subchannel(number);
        self.sim().block_mut(subchannel)
    }

    pub(crate) fn content(&mut self, number: u16) -> Vec<u8> {
        self.disk(number).content().bytes().to_vec()
    }

    pub(crate) fn establish(&mut self, primary: u16, secondary: u16) -> PairIndex {
        let (primary, secondary) = (self.device(primary), self.device(secondary));
        mirror::establish(&mut self.ios, primary, secondary, Initial::NoCopy, Policy::default())
            .expect("a pair can be made of them")
    }

    pub(crate) fn the_state(&self) -> PairState {
        let mut pairs = self.ios.anchor.pairs();
        let (Some((_, pair)), None) = (pairs.next(), pairs.next()) else {
            panic!("there is not one pair");
        };
        pair.state()
    }

    /// The token that the next request will have.
    pub(crate) const fn tokens(&self) -> u64 {
        self.next_token
    }

    /// An area with this content.
    pub(crate) fn area(&mut self, content: &[u8]) -> SimArea {
        let mut area =
            self.sim().allocate(content.len(), 512, Reach::Anywhere).expect("room for data");
        area.write(0, content);
        area
    }

    pub(crate) fn ask(
        &mut self,
        number: u16,
        operation: Operation,
        data: Option<SimArea>,
    ) -> RequestId {
        let token = Token(self.next_token);
        self.next_token += 1;
        let (device, process) = (self.device(number), self.process);
        let request = Request { device, operation, data, process, token };
        self.ios.iosvssch(request).expect("a right request")
    }

    /// A write of sectors that are filled with `value`.
    pub(crate) fn write(&mut self, number: u16, extent: Extent, value: u8) -> RequestId {
        let data = self.area(&vec![value; extent.bytes() as usize]);
        self.ask(number, Operation::Write(extent), Some(data))
    }

    pub(crate) fn read(&mut self, number: u16, extent: Extent) -> RequestId {
        let data = self.area(&vec![0xee; extent.bytes() as usize]);
        self.ask(number, Operation::Read(extent), Some(data))
    }

    /// Lets time pass, and whatever happens in it.
    pub(crate) fn pass(&mut self, time: Microseconds) {
        let until = self.ios.machine.now().after(time);
        while self.ios.machine.now() < until {
            let _ = self.ios.wait(Some(until));
        }
    }

    /// Waits until nothing is under way any more, without help from the clock of the process.
    pub(crate) fn run(&mut self) {
        let mut patience = 100_000;
        while !self.ios.idle() {
            assert_ne!(self.ios.wait(None), Waited::Timeout, "\n{}", self.trace());
            patience -= 1;
            assert!(patience > 0, "nothing comes to an end:\n{}", self.trace());
        }
    }

    /// What was posted since it was last asked.
    pub(crate) fn finished(&mut self) -> Vec<Finished> {
        core::iter::from_fn(|| {
            let posted = self.ios.take_posted(self.process)?;
            if let Some(data) = &posted.data {
                data.withhold();
            }
            Some(Finished {
                token: posted.token.0,
                operation: posted.operation,
                status: posted.status,
                data: posted.data,
                took: posted.posted.since(posted.asked),
            })
        })
        .collect()
    }

    /// Tokens and statuses of what was posted, in the order of the tokens.
    pub(crate) fn statuses(&mut self) -> Vec<(u64, Status)> {
        let finished = self.finished();
        let mut statuses: Vec<_> =
            finished.iter().map(|finished| (finished.token, finished.status)).collect();
        statuses.sort_unstable_by_key(|(token, _)| *token);
        statuses
    }

    pub(crate) fn assert_legs_equal(&mut self, first: u16, second: u16) {
        let legs = [first, second].map(|number| self.content(number));
        let difference = legs[0].iter().zip(&legs[1]).position(|(one, two)| one != two);
        assert_eq!(difference, None, "the legs differ:\n{}", self.trace());
    }

    /// Checks what holds at the end of every test.
    pub(crate) fn assert_over(&mut self) {
        let found: Vec<_> = self.sim().violations().iter().map(ToString::to_string).collect();
        assert!(found.is_empty(), "{found:#?}\n{}", self.trace());
        assert!(self.ios.idle(), "a request is alive:\n{}", self.trace());
    }
}
