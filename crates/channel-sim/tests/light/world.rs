//! What all tests of the light level begin with: disks, a process, requests.

use channel_io::Microseconds;
use channel_sim::TraceLog;
use channel_sim::light::{
    Buffer, Disk, DiskIndex, Ending, HeldRequest, LightMachine, SectorValue, SimPlatform, Telling,
    attach,
};
use ios::{
    DdtIndex, Extent, Ios, Operation, ProcessId, Request, RequestId, Status, Token, UcbIndex,
    Waited,
};
use mirror::{
    Cause, Copier, Initial, Leg, Mirror, OnPrimaryError, OnSecondaryError, PairIndex, PairState,
    Policy,
};

/// How long a request may take before it is looked for.
pub(crate) const LIMIT: Microseconds = Microseconds(1_000_000);

/// How soon a device that has nothing to do, and refused a request, is tried again.
pub(crate) const SOON: Microseconds = Microseconds(2_000);

/// A request that was posted, its data taken back.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Finished {
    pub(crate) token: u64,
    pub(crate) operation: Operation,
    pub(crate) status: Status,
    pub(crate) data: Option<Vec<SectorValue>>,
}

/// A supervisor with light disks, all of one kind, and one process.
pub(crate) struct World {
    pub(crate) ios: Ios<SimPlatform>,
    pub(crate) disks: Vec<DiskIndex>,
    pub(crate) devices: Vec<UcbIndex>,
    pub(crate) ddt: DdtIndex,
    pub(crate) process: ProcessId,
    copiers: Vec<(ProcessId, Copier<Buffer>)>,
    next_token: u64,
}

impl World {
    /// Disks of 64 sectors, with so many slots each, and no pair. Everything is traced.
    pub(crate) fn with_slots(slots: &[u32]) -> Self {
        let disks = slots.iter().map(|slots| Disk::new(64, *slots));
        Self::with_disks(disks.collect())
    }

    pub(crate) fn with_disks(disks: Vec<Disk>) -> Self {
        let mut ios = Ios::<SimPlatform>::new(LightMachine::new(), Mirror::new());
        ios.machine.trace_on();
        ios.set_time_limit(LIMIT);
        let ddt = ios.add_ddt("light");
        let process = ios.add_process();
        let mut world = Self {
            ios,
            disks: Vec::new(),
            devices: Vec::new(),
            ddt,
            process,
            copiers: Vec::new(),
            next_token: 1,
        };
        for disk in disks {
            world.add(disk);
        }
        world
    }

    /// Two disks of four slots each, mirrored.
    pub(crate) fn pair() -> Self {
        let mut world = Self::with_slots(&[4, 4]);
        world.establish(1, 2);
        world
    }

    pub(crate) fn add(&mut self, disk: Disk) {
        let index = self.ios.machine.add_disk(disk);
        self.disks.push(index);
        self.devices.push(attach(&mut self.ios, self.ddt, index));
    }

    /// Mirrors two disks, called by their device numbers.
    pub(crate) fn establish(&mut self, primary: u16, secondary: u16) -> PairIndex {
        let (primary, secondary) = (self.device(primary), self.device(secondary));
        let policy = Policy::default();
        mirror::establish(&mut self.ios, primary, secondary, Initial::NoCopy, policy)
            .expect("a pair can be made of them")
    }

    /// A primary that fails is not replaced.
    pub(crate) const KEEP_THE_PRIMARY: Policy = Policy {
        on_primary_error: OnPrimaryError::Fail,
        on_secondary_error: OnSecondaryError::Suspend,
    };

    /// Mirrors the first two disks with another policy.
    pub(crate) fn establish_with(&mut self, policy: Policy) -> PairIndex {
        let (primary, secondary) = (self.device(1), self.device(2));
        mirror::establish(&mut self.ios, primary, secondary, Initial::NoCopy, policy)
            .expect("a pair can be made of them")
    }

    /// Two disks of four slots each, mirrored, whose primary is never replaced.
    pub(crate) fn pair_that_keeps_its_primary() -> Self {
        let mut world = Self::with_slots(&[4, 4]);
        world.establish_with(Self::KEEP_THE_PRIMARY);
        world
    }

    pub(crate) fn device(&self, number: u16) -> UcbIndex {
        self.devices[usize::from(number) - 1]
    }

    pub(crate) fn index(&self, number: u16) -> DiskIndex {
        self.disks[usize::from(number) - 1]
    }

    pub(crate) fn disk(&mut self, number: u16) -> &mut Disk {
        let index = self.index(number);
        self.ios.machine.disk_mut(index)
    }

    /// Asks for an operation; the request's id. Tokens count from 1.
    pub(crate) fn ask(
        &mut self,
        number: u16,
        operation: Operation,
        data: Option<&[SectorValue]>,
    ) -> RequestId {
        let data = data.map(|content| self.ios.machine.buffer(content));
        let token = Token(self.next_token);
        self.next_token += 1;
        let (device, process) = (self.device(number), self.process);
        let request = Request { device, operation, data, process, token };
        self.ios.iosvssch(request).expect("a right request")
    }

    /// A write of these values from a sector on.
    pub(crate) fn write(&mut self, number: u16, first: u64, values: &[SectorValue]) -> RequestId {
        let sectors = u32::try_from(values.len()).expect("a short write");
        self.ask(number, Operation::Write(Extent::new(first, sectors)), Some(values))
    }

    /// A read of so many sectors.
    pub(crate) fn read(&mut self, number: u16, first: u64, sectors: u32) -> RequestId {
        let room = vec![0; sectors as usize];
        self.ask(number, Operation::Read(Extent::new(first, sectors)), Some(&room))
    }

    /// Gives the copiers what was posted to them, and every pair that is being copied one. Each has two buffers, of
    /// which one holds no more than a block.
    pub(crate) fn drive_copiers(&mut self) {
        let copying: Vec<_> = self
            .ios
            .anchor
            .pairs()
            .filter_map(|(index, pair)| (pair.state() == PairState::Copying).then_some(index))
            .collect();
        for pair in copying {
            if self.copiers.iter().all(|(_, copier)| copier.pair() != pair) {
                let process = self.ios.add_process();
                let buffers = [8, 16].map(|sectors| self.ios.machine.buffer(&vec![0; sectors]));
                self.copiers.push((process, Copier::new(pair, process, buffers.into())));
            }
        }
        for (process, copier) in &mut self.copiers {
            while let Some(posted) = self.ios.take_posted(*process) {
                copier.posted(&mut self.ios, posted);
            }
            copier.advance(&mut self.ios);
        }
        let (over, running): (Vec<_>, Vec<_>) =
            core::mem::take(&mut self.copiers).into_iter().partition(|(_, c)| c.over().is_some());
        self.copiers = running;
        for (_, copier) in over {
            for buffer in copier.into_buffers() {
                self.ios.machine.take_back(buffer);
            }
        }
    }

    /// Whether a copier is at work.
    pub(crate) fn is_copying(&self) -> bool {
        !self.copiers.is_empty()
    }

    /// The requests that a disk works on.
    pub(crate) fn started(&mut self, number: u16) -> Vec<HeldRequest> {
        self.disk(number).started().copied().collect()
    }

    /// The only request that a disk works on.
    pub(crate) fn the_started(&mut self, number: u16) -> RequestId {
        match self.started(number).as_slice() {
            [one] => one.id,
            others => panic!("disk {number} works on {others:?}"),
        }
    }

    /// Ends a request with an interruption, and takes that.
    pub(crate) fn end(&mut self, number: u16, id: RequestId, ending: Ending) {
        let index = self.index(number);
        self.ios.machine.end(index, id, ending, Telling::Interruption);
        assert_eq!(self.ios.wait(None), Waited::Interruption);
    }

    /// Ends the only request that a disk works on.
    pub(crate) fn end_the_started(&mut self, number: u16, ending: Ending) {
        let id = self.the_started(number);
        self.end(number, id, ending);
    }

    /// Ends the oldest request that a disk works on.
    pub(crate) fn end_the_started_any(&mut self, number: u16) {
        let id = self.started(number).first().expect("the disk has work").id;
        self.end(number, id, Ending::Complete);
    }

    /// Lets time pass, and whatever is due happen.
    pub(crate) fn pass(&mut self, time: Microseconds) {
        use channel_io::WaitPoint;
        let until = self.ios.machine.now().after(time);
        while self.ios.machine.now() < until {
            let _ = self.ios.wait(Some(until));
        }
    }

    /// What was posted since it was last asked.
    pub(crate) fn finished(&mut self) -> Vec<Finished> {
        core::iter::from_fn(|| {
            let posted = self.ios.take_posted(self.process)?;
            let data = posted.data.map(|buffer| self.ios.machine.take_back(buffer));
            let (token, operation, status) = (posted.token.0, posted.operation, posted.status);
            Some(Finished { token, operation, status, data })
        })
        .collect()
    }

    /// Tokens and statuses of what was posted since it was last asked.
    pub(crate) fn statuses(&mut self) -> Vec<(u64, Status)> {
        self.finished().iter().map(|finished| (finished.token, finished.status)).collect()
    }

    pub(crate) fn trace(&self) -> &TraceLog {
        self.ios.machine.trace_log()
    }

    pub(crate) fn state(&self, pair: PairIndex) -> PairState {
        self.ios.anchor.pair(pair).expect("a pair of this world").state()
    }

    /// The state of the only pair.
    pub(crate) fn the_state(&self) -> PairState {
        let mut pairs = self.ios.anchor.pairs();
        let (Some((_, pair)), None) = (pairs.next(), pairs.next()) else {
            panic!("there is not one pair");
        };
        pair.state()
    }

    /// Checks that the only pair is suspended because of a leg and a status.
    pub(crate) fn assert_suspended(&self, leg: Leg, status: Status) {
        match self.the_state() {
            PairState::Suspended(Cause::Failure(reason)) => {
                assert_eq!((reason.leg, reason.status), (leg, status), "{}", self.trace());
            }
            other => panic!("the pair is {other:?}:\n{}", self.trace()),
        }
    }

    /// Checks what holds at the end of every test: nothing alive, nothing lost, nothing wrong.
    pub(crate) fn assert_over(&self) {
        self.ios.machine.assert_clean();
        crate::steps::check(self.trace());
        assert!(self.ios.idle(), "a request is alive:\n{}", self.trace());
        assert_eq!(self.ios.machine.memory().count(), 0, "data was kept:\n{}", self.trace());
    }

    pub(crate) fn assert_legs_equal(&mut self, first: u16, second: u16) {
        let second = self.disk(second).sectors().to_vec();
        assert_eq!(self.disk(first).sectors(), second);
    }
}
