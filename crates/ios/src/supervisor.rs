//! The supervisor itself: its tables, and what can be asked of it besides I/O.

use crate::request::RequestTable;
use crate::{
    Characteristics, ClearFailed, Ddt, DdtIndex, Ddtsio, Device, DeviceGone, Inquired,
    IosvcpReturn, PostStatus, Posted, ProcessId, Ucb, UcbIndex, UcbState, Vector, Vectors,
};
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use channel_io::enumerate::FoundDevice;
use channel_io::{
    ChannelSubsystem, DeviceId, Microseconds, SubchannelId, TraceSink, WaitPoint, Wake,
};

/// What the supervisor runs on.
pub trait Platform: Sized {
    /// The machine: its I/O instructions, its clock and wait point, its trace.
    type Machine: ChannelSubsystem + WaitPoint + TraceSink;
    /// The devices' drivers.
    type Device: Device<Self::Machine, Data = Self::Data>;
    /// What goes with reads and writes.
    type Data;
    /// A place for what is installed on top of the supervisor; it only keeps it.
    type Anchor;

    /// A channel report tells of a device that no UCB in use has. The platform finds out what it is, and gives
    /// it to the UCB that it had before ([`Ios::replace_device`]), or to a new one ([`Ios::add_ucb`]); or leaves it.
    fn arrived(ios: &mut Ios<Self>, found: &FoundDevice);
}

/// Why [`Ios::wait`] came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waited {
    /// An interruption was taken, or a look for missing ones was due, and all that there was to do is
    /// done.
    Interruption,
    /// A service signal: the console may have input.
    Service,
    /// The time given was reached.
    Timeout,
}

/// What the supervisor has counted since it started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Requests that a device took.
    pub started: u64,
    /// Times that a request had to go on to its device's queue.
    pub queued: u64,
    /// I/O interruptions taken, those found by TPI included.
    pub interruptions: u64,
    /// Interruptions for a subchannel that no UCB has.
    pub unsolicited: u64,
    /// Devices found, at the last look before a wait, with a request ended.
    pub settled: u64,
    /// Requests found ended with no interruption to tell of it, after their time was up.
    pub lost_interruptions: u64,
    /// Devices cleared.
    pub clears: u64,
    /// Requests whose time ran out.
    pub timeouts: u64,
}

/// Time after which a request that has not ended is looked for, unless it is set.
const TIME_LIMIT: Microseconds = Microseconds::from_seconds(30);

/// The I/O supervisor.
pub struct Ios<P: Platform> {
    /// The machine it runs on.
    pub machine: P::Machine,
    /// What is installed on top of it.
    pub anchor: P::Anchor,
    pub(crate) ucbs: Vec<Ucb<P>>,
    pub(crate) ddts: Vec<Ddt<P>>,
    /// Devices that were found and cannot be driven, and why.
    pub(crate) unusable: Vec<(DeviceId, &'static str)>,
    pub(crate) vectors: Vectors<P>,
    pub(crate) requests: RequestTable<P::Data>,
    pub(crate) posted: Vec<VecDeque<Posted<P::Data>>>,
    /// Data that a device which could not be cleared may still use.
    pub(crate) kept: Vec<P::Data>,
    /// Devices that have requests, in no order.
    pub(crate) busy: Vec<UcbIndex>,
    pub(crate) statistics: Statistics,
    pub(crate) time_limit: Microseconds,
    pub(crate) next_check: Option<Microseconds>,
    /// When to try again what a device with nothing active did not take.
    pub(crate) retry_at: Option<Microseconds>,
    /// Devices whose subchannel a program has, or has status of, and since when.
    pub(crate) hindered: Vec<(UcbIndex, Microseconds)>,
    /// What devices answered that were asked what they are.
    pub(crate) inquired: VecDeque<(UcbIndex, Inquired)>,
    /// A channel report may be pending that no interruption will tell of.
    pub(crate) reports_due: bool,
}

impl<P: Platform> Ios<P> {
    /// A supervisor with no devices and no detours.
    pub fn new(machine: P::Machine, anchor: P::Anchor) -> Self {
        Self {
            machine,
            anchor,
            ucbs: Vec::new(),
            ddts: Vec::new(),
            unusable: Vec::new(),
            vectors: Vectors::supervisor(),
            requests: RequestTable::new(),
            posted: Vec::new(),
            kept: Vec::new(),
            busy: Vec::new(),
            statistics: Statistics::default(),
            time_limit: TIME_LIMIT,
            next_check: None,
            retry_at: None,
            hindered: Vec::new(),
            inquired: VecDeque::new(),
            reports_due: false,
        }
    }

    /// A new table for a kind of device, with the supervisor's own `ddtsio` in it.
    pub fn add_ddt(&mut self, name: &'static str) -> DdtIndex {
        let index = DdtIndex(u32::try_from(self.ddts.len()).unwrap_or(u32::MAX));
        let ddtsio = Vector { name: "ddtsio", entry: crate::start::ddtsio as Ddtsio<P> };
        self.ddts.push(Ddt { name, ddtsio });
        index
    }

    /// The index that the next UCB will have: its interruption parameter must be in the subchannel
    /// before the device is set up.
    #[must_use]
    pub fn next_ucb(&self) -> UcbIndex {
        UcbIndex(u32::try_from(self.ucbs.len()).unwrap_or(u32::MAX))
    }

    /// A UCB for a device whose subchannel is enabled with
    /// [`UcbIndex::interruption_parameter`] of [`Ios::next_ucb`].
    pub fn add_ucb(
        &mut self,
        id: DeviceId,
        subchannel: SubchannelId,
        ddt: DdtIndex,
        device: P::Device,
    ) -> UcbIndex {
        let index = self.next_ucb();
        let limits = device.characteristics();
        self.ucbs.push(Ucb {
            id,
            subchannel,
            ddt,
            device,
            limits,
            state: UcbState::Online,
            hindrance: None,
            leads_to: index,
            queue: VecDeque::new(),
            active: 0,
        });
        index
    }

    /// Puts a device that has come in the place of one that is gone. Its subchannel is enabled with the UCB's
    /// [`UcbIndex::interruption_parameter`]. It is to be varied online before it is used.
    ///
    /// # Errors
    /// The device, given back: the UCB's own is in use, or not over with its requests.
    pub fn replace_device(
        &mut self,
        index: UcbIndex,
        subchannel: SubchannelId,
        device: P::Device,
    ) -> Result<(), P::Device> {
        let gone = |ucb: &&mut Ucb<P>| ucb.state == UcbState::NotOperational && ucb.active == 0;
        let Some(ucb) = self.ucbs.get_mut(index.index()).filter(gone) else {
            return Err(device);
        };
        ucb.limits = device.characteristics();
        ucb.device = device;
        ucb.subchannel = subchannel;
        ucb.state = UcbState::Online;
        Ok(())
    }

    /// Notes a device that was found and cannot be driven, so that who asks for it is told why.
    pub fn add_unusable(&mut self, id: DeviceId, why: &'static str) {
        self.unusable.push((id, why));
    }

    /// Why a device that was found cannot be driven.
    #[must_use]
    pub fn unusable(&self, id: DeviceId) -> Option<&'static str> {
        self.unusable.iter().find(|(other, _)| *other == id).map(|(_, why)| *why)
    }

    /// A new I/O process: a queue of its own for what is posted to it.
    pub fn add_process(&mut self) -> ProcessId {
        let process = ProcessId(u32::try_from(self.posted.len()).unwrap_or(u32::MAX));
        self.posted.push(VecDeque::new());
        process
    }

    /// The next request posted to a process, oldest first.
    pub fn take_posted(&mut self, process: ProcessId) -> Option<Posted<P::Data>> {
        self.posted.get_mut(process.0 as usize)?.pop_front()
    }

    /// A UCB.
    #[must_use]
    pub fn ucb(&self, index: UcbIndex) -> Option<&Ucb<P>> {
        self.ucbs.get(index.index())
    }

    /// Every UCB, in the order in which they were added.
    pub fn ucbs(&self) -> impl Iterator<Item = (UcbIndex, &Ucb<P>)> {
        (0u32..).map(UcbIndex).zip(self.ucbs.iter())
    }

    /// The UCB of a device.
    #[must_use]
    pub fn find(&self, id: DeviceId) -> Option<UcbIndex> {
        self.ucbs().find(|(_, ucb)| ucb.id == id).map(|(index, _)| index)
    }

    /// A device descriptor table.
    #[must_use]
    pub fn ddt(&self, index: DdtIndex) -> Option<&Ddt<P>> {
        self.ddts.get(index.0 as usize)
    }

    /// The vectors that all devices share.
    #[must_use]
    pub const fn vectors(&self) -> &Vectors<P> {
        &self.vectors
    }

    /// What was counted so far.
    #[must_use]
    pub const fn statistics(&self) -> &Statistics {
        &self.statistics
    }

    /// Sets the time after which a request that has not ended is looked for, and then cleared.
    pub fn set_time_limit(&mut self, limit: Microseconds) {
        self.time_limit = limit;
        self.next_check = None;
    }

    /// Sets what requests to a device may be, where that is less than the device itself takes.
    pub fn set_limits(&mut self, index: UcbIndex, limits: Characteristics) {
        if let Some(ucb) = self.ucbs.get_mut(index.index()) {
            ucb.limits = limits;
        }
    }

    /// Makes a forward pointer point elsewhere; gives back where it pointed.
    pub fn set_ddtsio(
        &mut self,
        index: DdtIndex,
        new: Vector<Ddtsio<P>>,
    ) -> Option<Vector<Ddtsio<P>>> {
        let ddt = self.ddts.get_mut(index.0 as usize)?;
        let old = core::mem::replace(&mut ddt.ddtsio, new);
        let kind = ddt.name;
        self.trace_vector("ddtsio", Some(kind), old.name, new.name);
        Some(old)
    }

    /// Makes the return pointer point elsewhere; gives back where it pointed.
    pub fn set_iosvcp_return(&mut self, new: Vector<IosvcpReturn<P>>) -> Vector<IosvcpReturn<P>> {
        let old = core::mem::replace(&mut self.vectors.iosvcp_return, new);
        self.trace_vector("iosvcp-return", None, old.name, new.name);
        old
    }

    /// Makes the status pointer point elsewhere; gives back where it pointed.
    pub fn set_post_status(&mut self, new: Vector<PostStatus<P>>) -> Vector<PostStatus<P>> {
        let old = core::mem::replace(&mut self.vectors.post_status, new);
        self.trace_vector("post-status", None, old.name, new.name);
        old
    }

    /// Makes the pointer to the routine that is told of devices gone point elsewhere; gives back where it pointed.
    pub fn set_device_gone(&mut self, new: Vector<DeviceGone<P>>) -> Vector<DeviceGone<P>> {
        let old = core::mem::replace(&mut self.vectors.device_gone, new);
        self.trace_vector("device-gone", None, old.name, new.name);
        old
    }

    fn trace_vector(&mut self, vector: &str, ddt: Option<&str>, from: &str, to: &str) {
        if self.machine.tracing() {
            let of = if ddt.is_some() { " ddt=" } else { "" };
            let ddt = ddt.unwrap_or("");
            self.machine.trace(format_args!("VECTOR name={vector}{of}{ddt} from={from} to={to}"));
        }
    }

    /// Makes a device ready for requests. One that is never asked for anything, of the thousand that a
    /// machine may have, need not be.
    ///
    /// # Errors
    /// [`ClearFailed`]: the device cannot be used, and is not operational from now on.
    pub fn vary_online(&mut self, index: UcbIndex) -> Result<(), ClearFailed> {
        let Some(ucb) = self.ucbs.get_mut(index.index()) else {
            return Ok(());
        };
        let ready = ucb.device.vary_online(&mut self.machine);
        if ready.is_err() {
            self.not_operational(index);
            (self.vectors.device_gone.entry)(self, index);
        }
        ready
    }

    /// Lets no more requests start on a device; they wait on its queue.
    pub fn quiesce(&mut self, index: UcbIndex) {
        if let Some(ucb) = self.ucbs.get_mut(index.index())
            && ucb.state == UcbState::Online
        {
            ucb.state = UcbState::Quiesced;
        }
    }

    /// Takes back [`Ios::quiesce`] and starts what waits.
    pub fn unquiesce(&mut self, index: UcbIndex) {
        if let Some(ucb) = self.ucbs.get_mut(index.index())
            && ucb.state == UcbState::Quiesced
        {
            ucb.state = UcbState::Online;
            self.redrive(index);
        }
    }

    /// Whether no request is alive, in any state.
    #[must_use]
    pub fn idle(&self) -> bool {
        self.requests.alive() == 0
    }

    /// Waits for something to happen, until a time if one is given, and deals with what the channel
    /// subsystem has to say: interruptions, drained by TPI; channel reports; requests overdue.
    pub fn wait(&mut self, until: Option<Microseconds>) -> Waited {
        let reported = core::mem::take(&mut self.reports_due) && self.channel_reports() > 0;
        if self.settle() || reported {
            self.check_missing();
            return Waited::Interruption;
        }
        let check = self.next_look();
        let wake_at = match (until, check) {
            (Some(until), Some(check)) => Some(until.min(check)),
            (until, check) => until.or(check),
        };
        let waited = match self.machine.wait(wake_at) {
            Wake::Io(code) => {
                (self.vectors.interruption.entry)(self, code);
                self.drain_interruptions();
                Waited::Interruption
            }
            Wake::ChannelReport => {
                let _ = self.channel_reports();
                Waited::Interruption
            }
            Wake::Service => Waited::Service,
            Wake::Timeout if until.is_some_and(|until| self.machine.now() >= until) => {
                Waited::Timeout
            }
            Wake::Timeout => Waited::Interruption,
        };
        self.check_missing();
        waited
    }
}
