//! The slots of a block device: for each chain of its queue the header, the range and the status byte of one
//! request, and the driver's own record of it.
//!
//! Everything is there from the start: putting a request into its slot allocates nothing, and stores only what
//! is not the same as for the request before.

use super::buffer::Buffer;
use super::limits::Limits;
use crate::queue::{Access, ChainIndex, Element, Position, SplitQueue};
use crate::spec::block::{header, range, request_type};
use alloc::vec::Vec;
use channel_io::{AbsoluteAddress, Area, Reach, Storage, StorageError};
use ios::{Extent, Operation, RequestId};

/// Bytes of a slot: header, range, status.
const SLOT_LENGTH: usize = 64;
const HEADER_BYTES: u32 = 16;
const RANGE_BYTES: u32 = 16;
const RANGE: usize = header::LENGTH;
const STATUS: usize = RANGE + range::LENGTH;

const _: () = {
    assert!(HEADER_BYTES as usize == header::LENGTH && RANGE_BYTES as usize == range::LENGTH);
    assert!(STATUS + size_of::<u32>() <= SLOT_LENGTH);
};

/// What a status byte is set to before the device has the request: no device may leave it so.
pub(super) const STATUS_NOT_WRITTEN: u8 = 0xff;

/// The driver's own record of a slot.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot {
    pub(super) request: RequestId,
    /// How many bytes the device can write: the data of a read, and the status byte.
    pub(super) writable: u32,
    /// How many it must have written, when it says that all went well.
    pub(super) least_written: u32,
    /// The type in the header in storage.
    kind: u32,
    /// Which element of the chain in storage names the status byte.
    status_element: u16,
}

const EMPTY: Slot = Slot {
    request: RequestId::from_parts(0, 0),
    writable: 0,
    least_written: 0,
    kind: request_type::IN,
    status_element: 0,
};

/// The slots, one for each chain of a queue.
#[derive(Debug)]
pub(super) struct Slots<A> {
    area: A,
    slots: Vec<Slot>,
}

impl<A: Area> Slots<A> {
    pub(super) fn new<S: Storage<Area = A>>(
        storage: &mut S,
        count: usize,
    ) -> Result<Self, StorageError> {
        let area = storage.allocate(count * SLOT_LENGTH, SLOT_LENGTH, Reach::Anywhere)?;
        let mut slots = Vec::with_capacity(count);
        slots.resize(count, EMPTY);
        Ok(Self { area, slots })
    }

    /// Frees every slot, and makes the elements that never change those of `queue`, which is empty.
    pub(super) fn clear(&mut self, queue: &mut SplitQueue<A>) {
        self.slots.fill(EMPTY);
        self.area.fill(0, self.area.length(), 0);
        let count = self.slots.len();
        let chains: Vec<_> = core::iter::from_fn(|| queue.take_free()).take(count).collect();
        for chain in chains.iter().rev() {
            let header = Element {
                address: self.address(*chain, 0),
                length: HEADER_BYTES,
                access: Access::Read,
                position: Position::Inner,
            };
            queue.describe(*chain, 0, &header);
            queue.release(*chain);
        }
    }

    pub(super) fn get(&self, chain: ChainIndex) -> Option<&Slot> {
        self.slots.get(chain.number())
    }

    fn address(&self, chain: ChainIndex, offset: usize) -> AbsoluteAddress {
        self.area.address().plus(chain.number() * SLOT_LENGTH + offset)
    }

    /// What the device made of the status byte.
    pub(super) fn status(&self, chain: ChainIndex) -> u8 {
        let [status, _, _, _] =
            self.area.load_le32(chain.number() * SLOT_LENGTH + STATUS).to_le_bytes();
        status
    }

    /// Puts a request into the slot of a chain that was taken. False when its data has too many pieces.
    pub(super) fn build<B: Buffer>(
        &mut self,
        queue: &mut SplitQueue<A>,
        chain: ChainIndex,
        limits: &Limits,
        (request, operation, data): (RequestId, &Operation, Option<&B>),
    ) -> bool {
        let (kind, sector) = match operation {
            Operation::Read(extent) => (request_type::IN, extent.first.0),
            Operation::Write(extent) => (request_type::OUT, extent.first.0),
            Operation::Flush => (request_type::FLUSH, 0),
            Operation::Discard(_) => (request_type::DISCARD, 0),
            Operation::WriteZeroes(_) => (request_type::WRITE_ZEROES, 0),
        };
        let status_element = match (operation, data) {
            (Operation::Read(extent), Some(data)) => {
                describe_data(queue, chain, limits, (*extent, Access::Write), data)
            }
            (Operation::Write(extent), Some(data)) => {
                describe_data(queue, chain, limits, (*extent, Access::Read), data)
            }
            (Operation::Read(_) | Operation::Write(_), None) => None,
            (Operation::Flush, _) => Some(1),
            (Operation::Discard(extent) | Operation::WriteZeroes(extent), _) => {
                Some(self.describe_range(queue, chain, *extent))
            }
        };
        let Some(status_element) = status_element else {
            // Some elements were changed already, that of the status byte perhaps among them.
            if let Some(slot) = self.slots.get_mut(chain.number()) {
                slot.status_element = 0;
            }
            return false;
        };
        let data_written = match operation {
            Operation::Read(extent) => u32::try_from(extent.bytes()).unwrap_or(u32::MAX - 1),
            Operation::Write(_)
            | Operation::Flush
            | Operation::Discard(_)
            | Operation::WriteZeroes(_) => 0,
        };
        let offset = chain.number() * SLOT_LENGTH;
        let status_address = self.address(chain, STATUS);
        let Some(slot) = self.slots.get_mut(chain.number()) else {
            return false;
        };
        if slot.kind != kind {
            self.area.store_le32(offset + header::TYPE, kind);
        }
        self.area.store_le64(offset + header::SECTOR, sector);
        self.area.store_le32(offset + STATUS, u32::from(STATUS_NOT_WRITTEN));
        if slot.status_element != status_element {
            let status = Element {
                address: status_address,
                length: 1,
                access: Access::Write,
                position: Position::Last,
            };
            queue.describe(chain, status_element, &status);
        }
        *slot = Slot {
            request,
            writable: data_written + 1,
            least_written: if data_written == 0 { 0 } else { data_written + 1 },
            kind,
            status_element,
        };
        true
    }

    /// One range, which the device reads; says which element is next.
    fn describe_range(
        &mut self,
        queue: &mut SplitQueue<A>,
        chain: ChainIndex,
        extent: Extent,
    ) -> u16 {
        let offset = chain.number() * SLOT_LENGTH + RANGE;
        self.area.store_le64(offset + range::SECTOR, extent.first.0);
        self.area.store_le32(offset + range::SECTORS, extent.sectors);
        // No flag: write-zeroes is not to deallocate, and discard has none.
        self.area.store_le32(offset + range::FLAGS, 0);
        let element = Element {
            address: self.address(chain, RANGE),
            length: RANGE_BYTES,
            access: Access::Read,
            position: Position::Inner,
        };
        queue.describe(chain, 1, &element);
        2
    }
}

/// Makes the pieces of `data` elements of a chain, as far as the extent needs them, in segments no longer than the
/// device takes. Says which element is next; `None` when there are too many, or too little data.
fn describe_data<A: Area, B: Buffer>(
    queue: &mut SplitQueue<A>,
    chain: ChainIndex,
    limits: &Limits,
    (extent, access): (Extent, Access),
    data: &B,
) -> Option<u16> {
    let last = limits.segments.min(queue.elements_per_chain() - 2);
    let mut left = extent.bytes();
    let mut index = 1;
    let mut pieces = 0;
    while left > 0 {
        let (mut address, length) = data.piece(pieces)?;
        pieces += 1;
        let mut here = length.min(left);
        left -= here;
        while here > 0 {
            if index > last {
                return None;
            }
            let length = u32::try_from(here).unwrap_or(u32::MAX).min(limits.segment_bytes);
            queue.describe(
                chain,
                index,
                &Element { address, length, access, position: Position::Inner },
            );
            index += 1;
            address = AbsoluteAddress(address.0 + u64::from(length));
            here -= u64::from(length);
        }
    }
    Some(index)
}
