//! What a program or a driver did on the simulated machine that it must never do.

use channel_io::SubchannelId;
use core::fmt;

/// What kind of rule was broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// A device was told of storage that is nobody's: never allocated, or given back.
    Storage,
    /// A device was told of storage whose owner has withheld it ([`super::SimArea::withhold`]).
    Withheld,
    /// An operand that an instruction or a channel program must not have.
    Operand,
    /// A step of the virtio protocol that was left out, or came out of turn.
    Protocol,
    /// A virtqueue that is not as it must be.
    Queue,
    /// A request that no block device can carry out.
    Request,
    /// Something was made available and the device, which wanted to be notified, was not.
    Notification,
    /// A wait with no limit while nothing could ever happen.
    Waiting,
}

/// Something that a program or a driver did and must never do.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Violation {
    /// The kind.
    pub rule: Rule,
    /// The subchannel concerned, if it is one.
    pub subchannel: Option<SubchannelId>,
    /// What it was, in words.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.rule)?;
        if let Some(subchannel) = self.subchannel {
            write!(f, " at subchannel {subchannel}")?;
        }
        write!(f, ": {}", self.what)
    }
}
