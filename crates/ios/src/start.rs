//! The start path: `iosvssch`, `ddtsio`, `iosvcp`, and what `iosvssch` does with the condition code.

use crate::request::{Access, DataAtPost, Entry, Origin};
use crate::ucb::Hindrance;
use crate::{
    Built, Characteristics, Device, Disposition, Ios, NotStartable, Operation, Platform, Request,
    RequestId, RequestState, StartCc, Startable, Status, UcbIndex, UcbState,
};
use channel_io::{TraceSink, WaitPoint};
use core::fmt;

/// Why a request was not taken at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalReason {
    /// There is no such UCB.
    NoSuchDevice,
    /// No sectors.
    Empty,
    /// It does not start and end at a block; the block size in bytes.
    Misaligned(u32),
    /// It goes beyond the end; the capacity in sectors.
    BeyondEnd(u64),
    /// It has more sectors than the device takes at once; how many it takes.
    TooLong(u32),
    /// The device is read-only.
    ReadOnly,
    /// The device does not know the operation.
    Unsupported,
    /// There is less data than sectors, or data where there should be none; bytes needed.
    WrongData(u64),
}

impl fmt::Display for RefusalReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchDevice => f.write_str("there is no such device"),
            Self::Empty => f.write_str("it has no sectors"),
            Self::Misaligned(block) => write!(f, "it is not in whole blocks of {block} bytes"),
            Self::BeyondEnd(end) => write!(f, "it goes beyond the device's {end} sectors"),
            Self::TooLong(most) => write!(f, "it has more than {most} sectors"),
            Self::ReadOnly => f.write_str("the device is read-only"),
            Self::Unsupported => f.write_str("the device does not know the operation"),
            Self::WrongData(bytes) => write!(f, "its data is not the {bytes} bytes needed"),
        }
    }
}

/// A request that was not taken, given back whole.
#[derive(Debug)]
pub struct Refused<D> {
    /// Why.
    pub reason: RefusalReason,
    /// The data that came with it.
    pub data: Option<D>,
}

impl<P: Platform> Ios<P> {
    /// Start-subchannel service: takes a request for a device. It is started, or waits on the device's
    /// queue, and is posted to its process in the end, once, whatever happens.
    ///
    /// The request names an address, and goes to the device that this leads to ([`Ios::leads_to`]).
    ///
    /// # Errors
    /// [`Refused`], with the data, when the request cannot be right; nothing was started.
    pub fn iosvssch(&mut self, request: Request<P::Data>) -> Result<RequestId, Refused<P::Data>> {
        let device = self.leads_to(request.device);
        let access = Access::Addressed(request.device);
        match self.ucb(device).map(|ucb| ucb.limits) {
            Some(limits) => self.take(request, device, access, &limits),
            None => Err(Refused { reason: RefusalReason::NoSuchDevice, data: request.data }),
        }
    }

    /// As [`Ios::iosvssch`], but to the device itself: no route leads elsewhere, its own limits hold, and what is
    /// installed on top of the supervisor lets it pass ([`Access::Direct`]).
    ///
    /// # Errors
    /// [`Refused`], with the data, when the request cannot be right; nothing was started.
    pub fn iosvssch_direct(
        &mut self,
        request: Request<P::Data>,
    ) -> Result<RequestId, Refused<P::Data>> {
        let device = request.device;
        match self.ucb(device).map(crate::Ucb::characteristics) {
            Some(limits) => self.take(request, device, Access::Direct, &limits),
            None => Err(Refused { reason: RefusalReason::NoSuchDevice, data: request.data }),
        }
    }

    fn take(
        &mut self,
        request: Request<P::Data>,
        device: UcbIndex,
        access: Access,
        limits: &Characteristics,
    ) -> Result<RequestId, Refused<P::Data>> {
        if let Err(reason) = check::<P>(&request, limits) {
            return Err(Refused { reason, data: request.data });
        }
        let now = self.machine.now();
        let id = self.requests.insert(Entry {
            sequence: 0,
            device,
            access,
            operation: request.operation,
            asked_for: request.operation,
            data: request.data,
            process: request.process,
            token: request.token,
            origin: Origin::Process,
            users: 0,
            at_post: DataAtPost::GiveBack,
            state: RequestState::InHand,
            asked: now,
            since: now,
        });
        (self.vectors.iosvssch.entry)(self, id);
        Ok(id)
    }

    /// One attempt to start a request: the forward pointer, then `iosvcp`.
    pub(crate) fn attempt(&mut self, id: RequestId) {
        let Some(device) = self.device_of(id) else {
            return;
        };
        let Some(forward) =
            self.ucb(device).and_then(|ucb| self.ddt(ucb.ddt)).map(|ddt| ddt.ddtsio)
        else {
            return;
        };
        match (forward.entry)(self, id) {
            Disposition::Start => (self.vectors.iosvcp.entry)(self, id),
            Disposition::Held => self.set_state(id, RequestState::InHand),
            Disposition::End(status) => {
                self.set_state(id, RequestState::Ended);
                (self.vectors.post_status.entry)(self, id, status);
            }
        }
    }

    /// Puts a request at the end of its device's queue.
    pub(crate) fn enqueue(&mut self, id: RequestId) {
        self.set_state(id, RequestState::Queued);
        let Some(device) = self.device_of(id) else {
            return;
        };
        if let Some(ucb) = self.ucbs.get_mut(device.index()) {
            ucb.queue.push_back(id);
            let length = ucb.queue.len();
            self.statistics.queued += 1;
            if self.machine.tracing() {
                self.machine.trace(format_args!("QUEUE request={id} length={length}"));
            }
        }
    }

    /// Starts what waits on a device's queue, oldest first, as far as the device has free slots.
    pub(crate) fn redrive(&mut self, device: UcbIndex) {
        loop {
            let Some(ucb) = self.ucbs.get_mut(device.index()) else {
                return;
            };
            match ucb.startable() {
                Startable::Now | Startable::Never => {}
                Startable::Later(_) => return,
            }
            let Some(id) = ucb.queue.pop_front() else {
                return;
            };
            // It stays Queued, so that a busy device puts it back in front.
            self.attempt(id);
            if self.ucb(device).is_some_and(|ucb| ucb.queue.front() == Some(&id)) {
                return;
            }
        }
    }

    #[inline]
    pub(crate) fn device_of(&self, id: RequestId) -> Option<UcbIndex> {
        self.requests.get(id).map(|entry| entry.device)
    }

    pub(crate) fn set_state(&mut self, id: RequestId, state: RequestState) {
        let now = self.machine.now();
        if let Some(entry) = self.requests.get_mut(id) {
            entry.state = state;
            entry.since = now;
        }
    }
}

/// Whether a request can be right.
fn check<P: Platform>(
    request: &Request<P::Data>,
    limits: &Characteristics,
) -> Result<(), RefusalReason> {
    check_operation(&request.operation, limits)?;
    let needed = request.operation.data_bytes();
    let given = request.data.as_ref().map_or(0, <P::Device as Device<P::Machine>>::data_bytes);
    if given < needed || (needed == 0 && request.data.is_some()) {
        return Err(RefusalReason::WrongData(needed));
    }
    Ok(())
}

/// Whether limits allow an operation.
fn check_operation(operation: &Operation, limits: &Characteristics) -> Result<(), RefusalReason> {
    if limits.read_only && operation.changes_device() {
        return Err(RefusalReason::ReadOnly);
    }
    let most = match operation {
        Operation::Read(_) | Operation::Write(_) => limits.transfer_sectors,
        Operation::Flush => u32::MAX,
        Operation::Discard(_) => limits.discard.ok_or(RefusalReason::Unsupported)?.sectors,
        Operation::WriteZeroes(_) => limits.write_zeroes.ok_or(RefusalReason::Unsupported)?.sectors,
    };
    let Some(extent) = operation.extent() else {
        return Ok(());
    };
    if extent.sectors == 0 {
        return Err(RefusalReason::Empty);
    }
    let block = u64::from((limits.block_bytes / crate::SECTOR_BYTES).max(1));
    if extent.first.0 % block != 0 || u64::from(extent.sectors) % block != 0 {
        return Err(RefusalReason::Misaligned(limits.block_bytes));
    }
    let end = extent.first.0.checked_add(u64::from(extent.sectors));
    if end.is_none_or(|end| end > limits.capacity_sectors) {
        return Err(RefusalReason::BeyondEnd(limits.capacity_sectors));
    }
    if extent.sectors > most {
        return Err(RefusalReason::TooLong(most));
    }
    Ok(())
}

/// The supervisor's own `iosvssch`: behind others when others wait, else an attempt.
pub(crate) fn iosvssch<P: Platform>(ios: &mut Ios<P>, id: RequestId) {
    let Some(entry) = ios.requests.get(id) else {
        return;
    };
    let (device, operation) = (entry.device, entry.operation);
    let Some(ucb) = ios.ucbs.get(device.index()) else {
        return;
    };
    let number = ucb.id;
    let must_wait = match ucb.startable() {
        // Without a free slot the device itself says so.
        Startable::Now | Startable::Later(NotStartable::NoFreeSlot) => !ucb.queue.is_empty(),
        Startable::Later(_) => true,
        Startable::Never => false,
    };
    if ios.machine.tracing() {
        ios.machine.trace(format_args!("IOSVSSCH request={id} device={number} {operation}"));
    }
    if must_wait {
        ios.enqueue(id);
    } else {
        ios.attempt(id);
    }
}

/// The supervisor's own `ddtsio`: the request into the device's own form.
pub(crate) fn ddtsio<P: Platform>(ios: &mut Ios<P>, id: RequestId) -> Disposition {
    let Some(entry) = ios.requests.get(id) else {
        return Disposition::End(Status::Cancelled);
    };
    let (device, operation) = (entry.device, entry.operation);
    let Some(ucb) = ios.ucbs.get_mut(device.index()) else {
        return Disposition::End(Status::NotOperational);
    };
    if ucb.state == UcbState::NotOperational {
        return Disposition::Start;
    }
    if operation == Operation::Flush && !ucb.device.characteristics().flush {
        // Every write that such a device has done is durable: there is nothing to start.
        return Disposition::End(Status::Complete);
    }
    let data = ios.requests.data_of(id);
    let built = ucb.device.build(&mut ios.machine, id, &operation, data);
    if ios.machine.tracing() {
        let number = ucb.id;
        let words = match built {
            Built::Ready => "ready",
            Built::NoFreeSlot => "no-free-slot",
            Built::Unsupported => "unsupported",
        };
        ios.machine.trace(format_args!("DDTSIO request={id} device={number} built={words}"));
    }
    match built {
        Built::Ready | Built::NoFreeSlot => Disposition::Start,
        Built::Unsupported => Disposition::End(Status::Unsupported),
    }
}

/// The supervisor's own `iosvcp`: starts the request and returns, through the return pointer, with the
/// condition code.
pub(crate) fn iosvcp<P: Platform>(ios: &mut Ios<P>, id: RequestId) {
    let Some(device) = ios.device_of(id) else {
        return;
    };
    let Some(ucb) = ios.ucbs.get_mut(device.index()) else {
        return;
    };
    let cc = match ucb.state {
        UcbState::Online => match ucb.hindrance {
            None => ucb.device.start(&mut ios.machine, id),
            Some(Hindrance::StatusPending) => StartCc::StatusPending,
            Some(Hindrance::SubchannelBusy | Hindrance::ReportPending) => StartCc::Busy,
        },
        UcbState::Quiesced => StartCc::Busy,
        UcbState::NotOperational => StartCc::NotOperational,
    };
    if ios.machine.tracing() {
        let number = ucb.id;
        ios.machine.trace(format_args!("IOSVCP request={id} device={number} cc={cc}"));
    }
    (ios.vectors.iosvcp_return.entry)(ios, id, cc);
}

/// Where `iosvcp` returns into `iosvssch`: what the condition code means for the request.
pub(crate) fn iosvcp_return<P: Platform>(ios: &mut Ios<P>, id: RequestId, cc: StartCc) {
    let Some(entry) = ios.requests.get(id) else {
        return;
    };
    let (device, state) = (entry.device, entry.state);
    match cc {
        StartCc::Started => {
            ios.activate(id, device);
            ios.statistics.started += 1;
        }
        StartCc::StatusPending | StartCc::Busy => put_back(ios, id, device, state),
        StartCc::NotOperational => not_started(ios, id, device),
    }
}

/// A request that its device did not take now: in front of the queue if it came from there, else at its
/// end. With nothing active no interruption will call for another try, so the time is noted.
fn put_back<P: Platform>(ios: &mut Ios<P>, id: RequestId, device: UcbIndex, state: RequestState) {
    let Some(ucb) = ios.ucbs.get_mut(device.index()) else { return };
    ucb.device.unbuild(&mut ios.machine, id);
    let nothing_active = ucb.active == 0;
    if state == RequestState::Queued {
        ucb.queue.push_front(id);
    } else {
        ios.enqueue(id);
    }
    if nothing_active {
        ios.try_again_soon();
    }
}

/// A request whose device is not operational. The device may have seen it all the same, so it is
/// cleared, with all that it has, before any of that is posted.
fn not_started<P: Platform>(ios: &mut Ios<P>, id: RequestId, device: UcbIndex) {
    if ios.ucb(device).is_none_or(|ucb| ucb.state == UcbState::NotOperational) {
        ios.set_state(id, RequestState::Ended);
        (ios.vectors.post_status.entry)(ios, id, Status::NotOperational);
        return;
    }
    ios.activate(id, device);
    ios.not_operational(device);
    ios.clear(device, Status::NotOperational);
    ios.redrive(device);
}
