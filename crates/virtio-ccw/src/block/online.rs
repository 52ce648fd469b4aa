//! What a block device has while it is ready for requests: its queue, its slots, and what is in them.

use super::probe::{Agreement, ProbeError};
use super::slots::{STATUS_NOT_WRITTEN, Slots};
use crate::queue::{ChainIndex, Notification, QueueError, SplitQueue, UsedChain};
use crate::spec::block::{REQUEST_QUEUE, status};
use alloc::vec::Vec;
use channel_io::{Area, ChannelSubsystem, HostCookie, NotifyOutcome, Storage, SubchannelId};
use ios::{Broken, RequestId, Status};

/// What came of telling the device that there is something in its queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// It was told.
    Yes,
    /// It did not want to be told.
    NotWanted,
    /// It refused, or is not there.
    Refused,
}

/// What a block device has while it is ready for requests.
#[derive(Debug)]
pub(super) struct Online<A> {
    pub(super) queue: SplitQueue<A>,
    pub(super) slots: Slots<A>,
    /// Chains whose requests are built and not started: one or two, as a rule.
    pub(super) built: Vec<ChainIndex>,
    pub(super) cookie: HostCookie,
    pub(super) broken: Option<Broken>,
}

impl<A: Area> Online<A> {
    pub(super) fn new<S: Storage<Area = A>>(
        storage: &mut S,
        agreement: &Agreement,
    ) -> Result<Self, ProbeError> {
        let chains = usize::from(agreement.geometry.chains);
        let mut queue = SplitQueue::new(storage, &agreement.geometry, agreement.suppression())?;
        let mut slots = Slots::new(storage, chains)?;
        slots.clear(&mut queue);
        let built = Vec::with_capacity(chains);
        Ok(Self { queue, slots, built, cookie: HostCookie::default(), broken: None })
    }

    /// The chain of a request that is built, and its place in the list of those.
    pub(super) fn built(&self, request: RequestId) -> Option<(usize, ChainIndex)> {
        let is_it =
            |chain: &ChainIndex| self.slots.get(*chain).is_some_and(|slot| slot.request == request);
        let place = self.built.iter().rposition(is_it)?;
        self.built.get(place).map(|chain| (place, *chain))
    }

    /// Tells the device that there is something in its queue, if it wants to be told.
    pub(super) fn notify<C: ChannelSubsystem>(
        &mut self,
        channels: &mut C,
        subchannel: SubchannelId,
        notification: Notification,
    ) -> Told {
        match notification {
            Notification::NotWanted => Told::NotWanted,
            Notification::Wanted => match channels.notify(subchannel, REQUEST_QUEUE, self.cookie) {
                NotifyOutcome::Notified(cookie) => {
                    self.cookie = cookie;
                    Told::Yes
                }
                NotifyOutcome::Refused(_) => Told::Refused,
            },
        }
    }

    /// The next chain that the device is done with.
    pub(super) fn take_used(&mut self) -> Result<Option<UsedChain>, Broken> {
        loop {
            match self.queue.next_used() {
                Ok(Some(used)) => return Ok(Some(used)),
                Ok(None) if self.queue.arm() => {}
                Ok(None) => return Ok(None),
                Err(error) => return Err(broken_queue(error)),
            }
        }
    }

    /// Ends the request of a chain that the device is done with.
    pub(super) fn end(&mut self, used: UsedChain) -> Result<(RequestId, Status), Broken> {
        let said = self.slots.status(used.chain);
        let Some(slot) = self.slots.get(used.chain) else {
            return Err(Broken { what: "used chain", value: 0, expected: 0 });
        };
        let ended = match said {
            status::OK if used.written < slot.least_written => {
                return Err(Broken {
                    what: "bytes written by a read that went well",
                    value: used.written.into(),
                    expected: slot.least_written.into(),
                });
            }
            status::OK => Status::Complete,
            status::IO_ERROR => Status::DeviceError,
            status::UNSUPPORTED => Status::Unsupported,
            STATUS_NOT_WRITTEN => return Err(broken_status("status byte, not written", said)),
            _ => return Err(broken_status("status byte", said)),
        };
        let request = slot.request;
        self.queue.release(used.chain);
        Ok((request, ended))
    }

    /// Empties everything, once the device was reset.
    pub(super) fn clear(&mut self) {
        self.queue.clear();
        self.slots.clear(&mut self.queue);
        self.built.clear();
        self.cookie = HostCookie::default();
        self.broken = None;
    }
}

fn broken_status(what: &'static str, said: u8) -> Broken {
    Broken { what, value: said.into(), expected: status::OK.into() }
}

/// What the queue found, as the supervisor wants to know it.
fn broken_queue(error: QueueError) -> Broken {
    match error {
        QueueError::UsedIndex { index, limit } => {
            Broken { what: "used index", value: index.into(), expected: limit.into() }
        }
        QueueError::ChainNotOutstanding { id, descriptors } => {
            Broken { what: "used chain", value: id.into(), expected: descriptors.into() }
        }
        QueueError::TooMuchWritten { written, writable } => {
            Broken { what: "bytes written", value: written.into(), expected: writable.into() }
        }
    }
}
