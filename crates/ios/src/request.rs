//! Requests: what is asked for, who asked, where it stands, and who has its data.
//!
//! A request's data belongs to the supervisor from [`crate::Ios::iosvssch`] to the post, which gives
//! it back in [`Posted`]. A request made from another one ([`crate::Ios::create_second`]) has no data of
//! its own but uses the first one's, which therefore cannot be posted before it is gone.

use crate::{Operation, Status, UcbIndex};
use alloc::vec::Vec;
use channel_io::Microseconds;
use core::fmt;
use core::hash::{Hash, Hasher};

/// Names a request while it lives. Shown by its sequence number, which no two requests share
/// before 2³² others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RequestId {
    sequence: u32,
    slot: u32,
}

impl RequestId {
    /// Its place in the table: small, and shared with no other request alive.
    #[must_use]
    pub const fn slot(self) -> usize {
        self.slot as usize
    }

    /// An id made up by the caller, for tests of a device that has no supervisor above it.
    #[must_use]
    pub const fn from_parts(sequence: u32, slot: u32) -> Self {
        Self { sequence, slot }
    }
}

/// By its place alone: of two supervisors that differ in nothing but in how many requests there were
/// before, the requests have the same hashes.
impl Hash for RequestId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.slot.hash(state);
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.sequence.fmt(f)
    }
}

/// Names an I/O process: whom a request is posted to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ProcessId(pub(crate) u32);

impl ProcessId {
    /// Its place among all processes, from 0.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// What a process calls its own request; the supervisor only gives it back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Token(pub u64);

/// What a process asks for.
#[derive(Debug)]
pub struct Request<D> {
    /// On which device.
    pub device: UcbIndex,
    /// What is to be done.
    pub operation: Operation,
    /// Where a read puts its sectors, or a write takes them from. Others have none.
    pub data: Option<D>,
    /// Who is told.
    pub process: ProcessId,
    /// What the process calls it.
    pub token: Token,
}

/// A request that is over.
#[derive(Clone, Debug)]
pub struct Posted<D> {
    /// What the process called it.
    pub token: Token,
    /// What was asked for.
    pub operation: Operation,
    /// How it ended.
    pub status: Status,
    /// The data it came with. `None` also where a device that could not be cleared may still be
    /// using it: the supervisor then keeps it for good.
    pub data: Option<D>,
    /// When it was asked for.
    pub asked: Microseconds,
    /// When it was posted.
    pub posted: Microseconds,
}

/// Where a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RequestState {
    /// On its way through the start path, or kept by an exit that holds it.
    InHand,
    /// Waiting on its device's queue.
    Queued,
    /// The device has it.
    Active,
    /// The device is done with it; its status is on its way to the post, or an exit holds it.
    Ended,
}

/// Whose data a request uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Origin {
    /// A process's own request.
    Process,
    /// Made from this one, and using its data.
    MadeFrom(RequestId),
}

/// What becomes of a request's data at its post.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum DataAtPost {
    /// The process gets it back.
    GiveBack,
    /// A device may still use it.
    Keep,
}

/// What a request names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Access {
    /// An address: it goes where that leads, through whatever is installed there.
    Addressed(UcbIndex),
    /// The device itself: routes and what is installed on top of the supervisor do not concern it.
    Direct,
}

/// A request in the table.
#[derive(Clone, Debug)]
pub(crate) struct Entry<D> {
    pub(crate) sequence: u32,
    /// The device that it goes to.
    pub(crate) device: UcbIndex,
    pub(crate) access: Access,
    pub(crate) operation: Operation,
    /// What its process asked for; `operation` may have been put in its place.
    pub(crate) asked_for: Operation,
    pub(crate) data: Option<D>,
    pub(crate) process: ProcessId,
    pub(crate) token: Token,
    pub(crate) origin: Origin,
    /// How many requests made from this one are alive.
    pub(crate) users: u32,
    pub(crate) at_post: DataAtPost,
    pub(crate) state: RequestState,
    pub(crate) asked: Microseconds,
    /// When the state that it is in now began.
    pub(crate) since: Microseconds,
}

/// All requests alive.
#[derive(Clone, Debug)]
pub(crate) struct RequestTable<D> {
    slots: Vec<Option<Entry<D>>>,
    free: Vec<u32>,
    next_sequence: u32,
}

impl<D> RequestTable<D> {
    pub(crate) const fn new() -> Self {
        Self { slots: Vec::new(), free: Vec::new(), next_sequence: 1 }
    }

    /// Puts a request in; its sequence number is set here.
    pub(crate) fn insert(&mut self, mut entry: Entry<D>) -> RequestId {
        let sequence = self.next_sequence;
        self.next_sequence = self.next_sequence.wrapping_add(1);
        entry.sequence = sequence;
        if let Some(slot) = self.free.pop()
            && let Some(place) = self.slots.get_mut(slot as usize)
        {
            *place = Some(entry);
            return RequestId { sequence, slot };
        }
        let slot = u32::try_from(self.slots.len()).unwrap_or(u32::MAX);
        self.slots.push(Some(entry));
        RequestId { sequence, slot }
    }

    pub(crate) fn get(&self, id: RequestId) -> Option<&Entry<D>> {
        let entry = self.slots.get(id.slot())?.as_ref()?;
        (entry.sequence == id.sequence).then_some(entry)
    }

    pub(crate) fn get_mut(&mut self, id: RequestId) -> Option<&mut Entry<D>> {
        let entry = self.slots.get_mut(id.slot())?.as_mut()?;
        (entry.sequence == id.sequence).then_some(entry)
    }

    pub(crate) fn remove(&mut self, id: RequestId) -> Option<Entry<D>> {
        self.get(id)?;
        let entry = self.slots.get_mut(id.slot())?.take();
        self.free.push(id.slot);
        entry
    }

    /// Every request alive, in the order of the table.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (RequestId, &Entry<D>)> {
        self.slots.iter().zip(0u32..).filter_map(|(entry, slot)| {
            let entry = entry.as_ref()?;
            Some((RequestId { sequence: entry.sequence, slot }, entry))
        })
    }

    /// The data that a request uses: its own, or that of the one it was made from.
    pub(crate) fn data_of(&self, id: RequestId) -> Option<&D> {
        let entry = self.get(id)?;
        match entry.origin {
            Origin::Process => entry.data.as_ref(),
            Origin::MadeFrom(first) => self.get(first)?.data.as_ref(),
        }
    }

    /// How many requests are alive.
    pub(crate) fn alive(&self) -> usize {
        self.slots.len() - self.free.len()
    }
}
