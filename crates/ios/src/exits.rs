//! What the supervisor offers to routines that are installed on top of it: second requests, and control
//! over when a request starts.

use crate::request::{DataAtPost, Entry, Origin};
use crate::{Device, Ios, Operation, Platform, RequestId, RequestState, Token, UcbIndex, UcbState};
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
}

impl fmt::Display for NotStartable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoFreeSlot => "no-free-slot",
            Self::QueueNotEmpty => "queue-not-empty",
            Self::Quiesced => "quiesced",
        })
    }
}

impl<P: Platform> Ios<P> {
    /// Whether a start on a device would be permissible now.
    pub fn startable(&self, device: UcbIndex) -> Startable {
        let Some(ucb) = self.ucb(device) else {
            return Startable::Never;
        };
        match ucb.state {
            UcbState::NotOperational => Startable::Never,
            UcbState::Quiesced => Startable::Later(NotStartable::Quiesced),
            UcbState::Online if !ucb.queue.is_empty() => {
                Startable::Later(NotStartable::QueueNotEmpty)
            }
            UcbState::Online if ucb.device.free_slots() == 0 => {
                Startable::Later(NotStartable::NoFreeSlot)
            }
            UcbState::Online => Startable::Now,
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
