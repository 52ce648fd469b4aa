//! The compare process: reads two disks side by side and finds every block that differs.
//!
//! Each place has two data areas, one for either disk, and so two requests in flight. When both reads of a
//! place are back the bytes are compared, and the place goes on to the next piece. It goes on to the end whatever
//! it finds: the number of blocks that differ says more than the first alone. A block is one of the larger of
//! the two block sizes. Of disks of different sizes the length of the smaller is compared.

use crate::buffers::{Buffers, Wanted};
use crate::disk::{Disk, TRANSFER_BYTES, extent, round_down, round_up};
use crate::error::{Difference, JobError};
use crate::message::Message;
use crate::parameters::JobKind;
use crate::plan::Transfer;
use crate::platform::JobPlatform;
use crate::process::{Done, Process, Progress, State, Unit};
use crate::report::{Extra, Value};
use crate::requests::{Left, Outcome, Over, Requests};
use alloc::vec::Vec;
use channel_io::{Area, DeviceId, Microseconds};
use ios::{Ios, Operation, Posted, ProcessId};

/// One of the two disks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    From,
    To,
}

/// What a request is for.
#[derive(Clone, Copy, Debug)]
struct Purpose {
    /// The number of the place.
    place: usize,
    side: Side,
}

/// A piece of both disks that is being read.
#[derive(Debug)]
struct Piece<A> {
    at: u64,
    bytes: u64,
    from: Option<A>,
    to: Option<A>,
}

/// The compare process.
pub struct CompareProcess<P: JobPlatform> {
    requests: Requests<Purpose>,
    buffers: Buffers<P::Data>,
    from: Disk,
    to: Disk,
    block: u64,
    transfer: u64,
    total: u64,
    next: u64,
    places: Vec<Option<Piece<P::Data>>>,
    compared: u64,
    differing_blocks: u64,
    first_byte: Option<u64>,
}

impl<P: JobPlatform> CompareProcess<P> {
    /// A comparison as planned.
    ///
    /// # Errors
    /// There is no room for the data.
    pub fn new(ios: &mut Ios<P>, plan: &Transfer) -> Result<Self, JobError> {
        let Transfer { from, to, depth, .. } = *plan;
        let block = from.block_bytes().max(to.block_bytes());
        let most = from.transfer_bytes().min(to.transfer_bytes()).min(TRANSFER_BYTES);
        let total = from.bytes().min(to.bytes());
        let wanted = Wanted::transfers(total, depth, most, block);
        let places = wanted.count;
        let twice = Wanted { count: places.saturating_mul(2), ..wanted };
        let buffers = Buffers::new(&mut ios.machine, twice)?;
        let mut requests = Requests::new(ios);
        if from.bytes() != to.bytes() {
            let (from, to) = ((from.id, from.bytes()), (to.id, to.bytes()));
            requests.tell(Message::SizesDiffer { from, to });
        }
        Ok(Self {
            requests,
            transfer: round_down(buffers.bytes() as u64, block),
            buffers,
            from,
            to,
            block,
            total,
            next: 0,
            places: (0..places).map(|_| None).collect(),
            compared: 0,
            differing_blocks: 0,
            first_byte: None,
        })
    }

    /// Puts the next piece into a free place.
    fn fill(&mut self, ios: &mut Ios<P>, place: usize) {
        if self.requests.error().is_some() || self.next >= self.total {
            return;
        }
        let (at, bytes) = (self.next, self.transfer.min(self.total - self.next));
        self.next += bytes;
        let (Some(from), Some(to)) = (self.buffers.take(), self.buffers.take()) else {
            return;
        };
        if let Some(free) = self.places.get_mut(place) {
            *free = Some(Piece { at, bytes, from: None, to: None });
        }
        for (side, disk, data) in [(Side::From, self.from, from), (Side::To, self.to, to)] {
            // The last piece may end within a block of the larger disk, which has all of that block.
            let read = Operation::Read(extent(at, round_up(bytes, disk.block_bytes())));
            self.requests.ask(ios, &disk, read, Some(data), Purpose { place, side });
        }
    }

    fn over(&mut self, ios: &mut Ios<P>, over: Over<Purpose, P::Data>) {
        let Purpose { place, side } = over.purpose;
        let (data, Outcome::Complete) = (over.data, over.outcome) else {
            return;
        };
        let Some(piece) = self.places.get_mut(place).and_then(Option::as_mut) else {
            return;
        };
        match side {
            Side::From => piece.from = data,
            Side::To => piece.to = data,
        }
        if piece.from.is_none() || piece.to.is_none() {
            return;
        }
        let Some(Piece { at, bytes, from: Some(from), to: Some(to) }) =
            self.places.get_mut(place).and_then(Option::take)
        else {
            return;
        };
        self.compare(at, bytes, &from, &to);
        self.buffers.give(from);
        self.buffers.give(to);
        self.fill(ios, place);
    }

    /// Compares a piece, and counts each block that differs.
    fn compare(&mut self, at: u64, bytes: u64, from: &P::Data, to: &P::Data) {
        let length = usize::try_from(bytes).unwrap_or(usize::MAX);
        let block = usize::try_from(self.block).unwrap_or(usize::MAX);
        let mut offset = 0;
        while offset < length
            && let Some(equal) = from.first_difference(offset, to, offset, length - offset)
        {
            let differs = offset + equal;
            let byte = at + differs as u64;
            self.first_byte = Some(self.first_byte.map_or(byte, |first| first.min(byte)));
            self.differing_blocks += 1;
            offset = (differs / block + 1).saturating_mul(block);
        }
        self.compared += bytes;
    }

    fn difference(&self) -> Option<Difference> {
        let byte = self.first_byte?;
        Some(Difference {
            from: self.from.id,
            to: self.to.id,
            block: byte / self.block,
            byte,
            blocks: self.differing_blocks,
            compared_blocks: self.compared.div_ceil(self.block),
            block_bytes: u32::try_from(self.block).unwrap_or(u32::MAX),
        })
    }
}

impl<P: JobPlatform> Process<P> for CompareProcess<P> {
    fn id(&self) -> ProcessId {
        self.requests.process()
    }

    fn kind(&self) -> JobKind {
        JobKind::Compare
    }

    fn device(&self) -> DeviceId {
        self.to.id
    }

    fn start(&mut self, ios: &mut Ios<P>) {
        for place in 0..self.places.len() {
            self.fill(ios, place);
        }
    }

    fn posted(&mut self, ios: &mut Ios<P>, posted: Posted<P::Data>) {
        if let Some(over) = self.requests.take(posted) {
            self.over(ios, over);
        }
    }

    fn stop(&mut self, _ios: &mut Ios<P>) {
        self.requests.stop();
    }

    fn state(&self) -> State {
        let left = if self.next < self.total { Left::Something } else { Left::Nothing };
        self.requests.state(left)
    }

    fn progress(&self, _now: Microseconds) -> Progress {
        Progress { done: self.compared, total: self.total, unit: Unit::Bytes }
    }

    fn take_message(&mut self) -> Option<Message> {
        self.requests.take_message()
    }

    fn done(&self) -> Done {
        let difference = self.difference();
        let number = |name, number| Extra { name, value: Value::Number(number) };
        let optional = |name, number| Extra { name, value: Value::Optional(number) };
        Done {
            counts: self.requests.counts(),
            bytes: self.compared,
            measured: None,
            extra: alloc::vec![
                number("differing_blocks", self.differing_blocks),
                optional("first_difference", difference.map(|difference| difference.block)),
                optional("first_difference_byte", self.first_byte),
                number("block_bytes", self.block),
                number("from_bytes", self.from.bytes()),
                number("to_bytes", self.to.bytes()),
            ],
            error: self
                .requests
                .error()
                .map(JobError::copied)
                .or_else(|| difference.map(JobError::Different)),
        }
    }
}
