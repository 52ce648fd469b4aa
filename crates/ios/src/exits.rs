//! What the supervisor offers to routines that are installed on top of it: second requests, and control
//! over when a request starts.

use crate::request::{Access, DataAtPost, Entry, Origin};
use crate::ucb::Hindrance;
use crate::{
    Device, Ios, Operation, Platform, RequestId, RequestState, Token, Ucb, UcbIndex, UcbState,
};
use alloc::vec::Vec;
use channel_io::{TraceSink, WaitPoint};
use core::fmt;

/// Whether a start on a device would be permissible now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Startable {
    /// It would.
    Now,
    /// Not now; this stands in the way.
    Later(NotStartable),
    /// Never: the device is not operational.
    Never,
}

/// What stands in the way of a start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotStartable {
    /// Every slot of the device is in use.
    NoFreeSlot,
    /// Others wait on the device's queue.
    QueueNotEmpty,
    /// The device is quiesced.
    Quiesced,
    /// A channel program is in progress on the device's subchannel.
    SubchannelBusy,
    /// The device's subchannel has status that must be taken first.
    StatusPending,
    /// A channel report about the device is to be looked into.
    ChannelReportPending,
}

impl fmt::Display for NotStartable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoFreeSlot => "no-free-slot",
            Self::QueueNotEmpty => "queue-not-empty",
            Self::Quiesced => "quiesced",
            Self::SubchannelBusy => "subchannel-busy",
            Self::StatusPending => "status-pending",
            Self::ChannelReportPending => "channel-report-pending",
        })
    }
}

impl<P: Platform> Ucb<P> {
    /// Whether the device would take the next request of its queue.
    pub(crate) fn startable(&self) -> Startable {
        match (self.state, self.hindrance) {
            (UcbState::NotOperational, _) => Startable::Never,
            (UcbState::Quiesced, _) => Startable::Later(NotStartable::Quiesced),
            (UcbState::Online, Some(hindrance)) => Startable::Later(match hindrance {
                Hindrance::SubchannelBusy => NotStartable::SubchannelBusy,
                Hindrance::StatusPending => NotStartable::StatusPending,
                Hindrance::ReportPending => NotStartable::ChannelReportPending,
            }),
            (UcbState::Online, None) if self.device.free_slots() == 0 => {
                Startable::Later(NotStartable::NoFreeSlot)
            }
            (UcbState::Online, None) => Startable::Now,
        }
    }
}

impl<P: Platform> Ios<P> {
    /// Whether a start on a device would be permissible now.
    pub fn startable(&self, device: UcbIndex) -> Startable {
        let Some(ucb) = self.ucb(device) else {
            return Startable::Never;
        };
        match ucb.startable() {
            Startable::Now | Startable::Later(NotStartable::NoFreeSlot) if ucb.queued() > 0 => {
                Startable::Later(NotStartable::QueueNotEmpty)
            }
            same @ (Startable::Now | Startable::Later(_) | Startable::Never) => same,
        }
    }

    /// A request to another device for the same operation with the same data as `first`. It is not
    /// started; whoever made it discards it ([`Ios::discard`]) when its status has come. Until then
    /// `first` cannot be posted.
    pub fn create_second(&mut self, first: RequestId, device: UcbIndex) -> Option<RequestId> {
        let now = self.machine.now();
        let entry = self.requests.get_mut(first)?;
        entry.users += 1;
        let second = Entry {
            sequence: 0,
            device,
            access: Access::Addressed(device),
            operation: entry.operation,
            asked_for: entry.operation,
            data: None,
            process: entry.process,
            token: Token(0),
            origin: Origin::MadeFrom(first),
            users: 0,
            at_post: DataAtPost::GiveBack,
            state: RequestState::InHand,
            asked: now,
            since: now,
        };
        Some(self.requests.insert(second))
    }

    /// Starts a request made by [`Ios::create_second`]: the whole path, from the forward pointer on.
    pub fn start(&mut self, second: RequestId) {
        self.attempt(second);
    }

    /// Schedules a request made by [`Ios::create_second`] for a later time: it goes on to its device's
    /// queue and starts when the device has a free slot and those before it have started.
    pub fn schedule(&mut self, second: RequestId) {
        self.enqueue(second);
    }

    /// Makes a request that its device does not have yet ask for something else. Its process is still told
    /// of what it asked for itself.
    pub fn replace_operation(&mut self, id: RequestId, operation: Operation) {
        if let Some(entry) = self.requests.get_mut(id)
            && entry.state != RequestState::Active
        {
            entry.operation = operation;
        }
    }

    /// Takes a request off its device's queue; whether it was there.
    #[must_use]
    pub fn withdraw(&mut self, id: RequestId) -> bool {
        let Some(device) = self.device_of(id) else {
            return false;
        };
        let Some(ucb) = self.ucbs.get_mut(device.index()) else {
            return false;
        };
        let waiting = ucb.queue.len();
        ucb.queue.retain(|queued| *queued != id);
        if ucb.queue.len() == waiting {
            return false;
        }
        self.set_state(id, RequestState::InHand);
        true
    }

    /// Brings back a request that a routine held ([`crate::Disposition::Held`]), as if it came new.
    pub fn resume(&mut self, id: RequestId) {
        self.set_state(id, RequestState::InHand);
        (self.vectors.iosvssch.entry)(self, id);
    }

    /// Does away with a request made by [`Ios::create_second`] that is not with its device.
    ///
    /// # Panics
    /// If the device has it: its data would be given back under a device that uses it.
    pub fn discard(&mut self, second: RequestId) {
        let Some(entry) = self.requests.get(second) else {
            return;
        };
        assert!(
            entry.state != RequestState::Active,
            "request {second} was discarded while its device has it"
        );
        let Some(entry) = self.requests.remove(second) else {
            return;
        };
        if let Origin::MadeFrom(first) = entry.origin
            && let Some(first) = self.requests.get_mut(first)
        {
            first.users -= 1;
        }
    }

    /// Sends a request to another device. It is one that no device has and that waits on no queue: held by
    /// the caller, or its end not told yet; one in another state stays where it is. It goes there by
    /// [`Ios::resume`].
    pub fn reroute(&mut self, id: RequestId, device: UcbIndex) {
        if let Some(entry) = self.requests.get_mut(id) {
            match entry.state {
                RequestState::InHand | RequestState::Ended => entry.device = device,
                RequestState::Queued | RequestState::Active => {}
            }
        }
    }

    /// What a request names: an address, or a device itself.
    #[must_use]
    #[inline]
    pub fn access(&self, id: RequestId) -> Option<Access> {
        self.requests.get(id).map(|entry| entry.access)
    }

    /// Whether a device that could not be cleared may still use a request's data. It must then not be read into by
    /// another device, and is not given back.
    #[must_use]
    pub fn keeps_data(&self, id: RequestId) -> bool {
        self.requests.get(id).is_some_and(|entry| entry.at_post == DataAtPost::Keep)
    }

    /// The requests that a device has, in no order.
    #[must_use]
    pub fn active_on(&self, device: UcbIndex) -> Vec<RequestId> {
        let active = self
            .requests
            .iter()
            .filter(|(_, entry)| entry.state == RequestState::Active && entry.device == device);
        active.map(|(id, _)| id).collect()
    }

    /// The requests that wait on a device's queue, those first that have waited longest.
    #[must_use]
    pub fn queued_on(&self, device: UcbIndex) -> Vec<RequestId> {
        self.ucb(device).map(|ucb| ucb.queue.iter().copied().collect()).unwrap_or_default()
    }

    /// What a request asks for, and of which device.
    #[must_use]
    #[inline]
    pub fn request(&self, id: RequestId) -> Option<(UcbIndex, Operation)> {
        self.requests.get(id).map(|entry| (entry.device, entry.operation))
    }

    /// Traces what a routine installed on top of the supervisor did.
    pub fn trace(&mut self, event: fmt::Arguments<'_>) {
        if self.machine.tracing() {
            self.machine.trace(event);
        }
    }
}
