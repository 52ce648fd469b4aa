//! The unit control block: a device as the supervisor sees it.

use crate::{Characteristics, Device, Platform, RequestId};
use alloc::collections::VecDeque;
use channel_io::{DeviceId, SubchannelId};

/// Names a UCB.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UcbIndex(pub(crate) u32);

impl UcbIndex {
    /// Its place among all UCBs, from 0.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// The interruption parameter that the device's subchannel carries: never 0.
    #[must_use]
    pub const fn interruption_parameter(self) -> u32 {
        self.0 + 1
    }

    pub(crate) const fn from_interruption_parameter(parameter: u32) -> Option<Self> {
        match parameter.checked_sub(1) {
            Some(index) => Some(Self(index)),
            None => None,
        }
    }
}

/// Names a device descriptor table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DdtIndex(pub(crate) u32);

/// Whether a device takes requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UcbState {
    /// It does.
    Online,
    /// Requests wait on its queue until it is resumed.
    Quiesced,
    /// It is gone, or could not be brought back after a clear.
    NotOperational,
}

/// What keeps a device that takes requests from being given one now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Hindrance {
    /// A channel program is in progress on its subchannel.
    SubchannelBusy,
    /// Its subchannel has status that must be taken first.
    StatusPending,
    /// A channel report about it is to be looked into.
    ReportPending,
}

/// A device as the supervisor sees it.
pub struct Ucb<P: Platform> {
    pub(crate) id: DeviceId,
    pub(crate) subchannel: SubchannelId,
    pub(crate) ddt: DdtIndex,
    pub(crate) device: P::Device,
    pub(crate) limits: Characteristics,
    pub(crate) state: UcbState,
    pub(crate) hindrance: Option<Hindrance>,
    /// The device that requests to this address go to: itself, unless addresses were exchanged.
    pub(crate) leads_to: UcbIndex,
    pub(crate) queue: VecDeque<RequestId>,
    pub(crate) active: u32,
}

impl<P: Platform> Ucb<P> {
    /// The device's number, as `0.0.0001`.
    #[must_use]
    pub const fn id(&self) -> DeviceId {
        self.id
    }

    /// Its subchannel.
    #[must_use]
    pub const fn subchannel(&self) -> SubchannelId {
        self.subchannel
    }

    /// Its device descriptor table.
    #[must_use]
    pub const fn ddt(&self) -> DdtIndex {
        self.ddt
    }

    /// Whether it takes requests.
    #[must_use]
    pub const fn state(&self) -> UcbState {
        self.state
    }

    /// What the device itself is and takes.
    #[must_use]
    pub fn characteristics(&self) -> Characteristics {
        self.device.characteristics()
    }

    /// What a request to it may be: the device's own limits, or narrower ones
    /// ([`crate::Ios::set_limits`]).
    #[must_use]
    pub const fn limits(&self) -> &Characteristics {
        &self.limits
    }

    /// How many requests the device has.
    #[must_use]
    pub const fn active(&self) -> u32 {
        self.active
    }

    /// How many requests wait on its queue.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.queue.len()
    }

    /// The device's driver.
    #[must_use]
    pub const fn device(&self) -> &P::Device {
        &self.device
    }
}
