//! What is behind a subchannel: a control unit with one device.

use super::data::Window;
use super::storage::{MainStorage, Unreachable};
use super::violation::{Rule, Violation};
use crate::virtio::VirtioBlock;
use channel_io::{Microseconds, SenseId, SubchannelId};
use oorandom::Rand64;
use std::cell::RefCell;
use std::rc::Rc;

/// Something that a device does later; the number means something only to itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Work(pub(crate) u64);

/// Whether a device has something to say of its own accord.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attention {
    None,
    Wanted,
}

/// What a device can reach while it works.
pub(crate) struct Surroundings<'a> {
    pub(crate) subchannel: SubchannelId,
    pub(crate) now: Microseconds,
    pub(crate) storage: &'a Rc<RefCell<MainStorage>>,
    pub(crate) violations: &'a mut Vec<Violation>,
    pub(crate) random: &'a mut Rand64,
    /// What it will do, and when.
    pub(crate) scheduled: Vec<(Microseconds, Work)>,
    pub(crate) attention: Attention,
}

impl Surroundings<'_> {
    /// The program broke a rule.
    pub(crate) fn violation(&mut self, rule: Rule, what: impl Into<String>) {
        let subchannel = Some(self.subchannel);
        self.violations.push(Violation { rule, subchannel, what: what.into() });
    }

    fn unreachable(&mut self, error: Unreachable, address: u64, length: usize, what: &str) {
        let rule = match error {
            Unreachable::Nobodys => Rule::Storage,
            Unreachable::Withheld => Rule::Withheld,
        };
        self.violation(rule, format!("{what}: {length} bytes at {address:#x}"));
    }

    /// Reads main storage; if the program named storage that is not to be reached, that is noted.
    pub(crate) fn read(
        &mut self,
        address: u64,
        to: &mut [u8],
        what: &str,
    ) -> Result<(), Unreachable> {
        let result = self.storage.borrow().read(address, to);
        result.inspect_err(|error| self.unreachable(*error, address, to.len(), what))
    }

    /// Reads a fixed number of bytes.
    pub(crate) fn read_array<const N: usize>(
        &mut self,
        address: u64,
        what: &str,
    ) -> Result<[u8; N], Unreachable> {
        let mut bytes = [0; N];
        self.read(address, &mut bytes, what)?;
        Ok(bytes)
    }

    /// Writes main storage, as [`Surroundings::read`] reads it.
    pub(crate) fn write(
        &mut self,
        address: u64,
        from: &[u8],
        what: &str,
    ) -> Result<(), Unreachable> {
        let result = self.storage.borrow_mut().write(address, from);
        result.inspect_err(|error| self.unreachable(*error, address, from.len(), what))
    }

    /// Has the device do something after a time.
    pub(crate) fn schedule(&mut self, after: Microseconds, work: Work) {
        self.scheduled.push((self.now.after(after), work));
    }
}

/// How a device took a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CommandEnd {
    /// Done; so many bytes it needed or had.
    Done(usize),
    /// There are fewer bytes than the command needs, which is so many.
    TooShort(usize),
    /// It does not know the command, or not now.
    Reject,
    /// Its data cannot be reached.
    Unreachable,
}

impl From<Unreachable> for CommandEnd {
    fn from(_: Unreachable) -> Self {
        Self::Unreachable
    }
}

/// A device that does nothing but say what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlainDevice {
    /// What it is.
    pub identification: SenseId,
}

impl PlainDevice {
    /// A fixed-block disk: 3370 behind a 3880.
    #[must_use]
    pub fn fixed_block() -> Self {
        Self { identification: SenseId::new((0x3880, 0x01), (0x3370, 0x00)) }
    }
}

/// A control unit and its device.
#[derive(Debug)]
pub(crate) enum Unit {
    Plain(PlainDevice),
    VirtioBlock(Box<VirtioBlock>),
}

impl Unit {
    pub(crate) fn identification(&self) -> SenseId {
        match self {
            Self::Plain(device) => device.identification,
            Self::VirtioBlock(_) => VirtioBlock::identification(),
        }
    }

    /// Carries out a command that is not the same for all devices.
    pub(crate) fn command(
        &mut self,
        code: u8,
        window: &mut Window,
        around: &mut Surroundings<'_>,
    ) -> CommandEnd {
        match self {
            Self::Plain(_) => CommandEnd::Reject,
            Self::VirtioBlock(device) => device.command(code, window, around),
        }
    }

    /// The subchannel was disabled.
    pub(crate) fn disabled(&mut self) {
        match self {
            Self::Plain(_) => {}
            Self::VirtioBlock(device) => device.disabled(),
        }
    }

    /// A test refused a notification in its place.
    pub(crate) fn notification_refused(&mut self) {
        match self {
            Self::Plain(_) => {}
            Self::VirtioBlock(device) => device.notification_refused(),
        }
    }

    /// Does what it had scheduled.
    pub(crate) fn work(&mut self, work: Work, around: &mut Surroundings<'_>) {
        match self {
            Self::Plain(_) => {}
            Self::VirtioBlock(device) => device.work(work, around),
        }
    }

    /// Time passes; a device that looks by itself does so.
    pub(crate) fn look(&mut self, around: &mut Surroundings<'_>) {
        match self {
            Self::Plain(_) => {}
            Self::VirtioBlock(device) => device.look(around),
        }
    }
}
