//! Areas for tests: shared, so that a disk can reach them as a device would.

use channel_io::{AbsoluteAddress, Area, Reach, StorageError};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// How many bytes there are room for.
pub(crate) type Room = Rc<Cell<usize>>;

/// An area; its room is given back when it is dropped.
pub(crate) struct FakeArea {
    pub(crate) bytes: Rc<RefCell<Vec<u8>>>,
    room: Room,
}

impl FakeArea {
    pub(crate) fn new(length: usize, reach: Reach, room: &Room) -> Result<Self, StorageError> {
        let left = room.get().checked_sub(length).ok_or(StorageError { length, reach })?;
        room.set(left);
        Ok(Self { bytes: Rc::new(RefCell::new(vec![0; length])), room: Rc::clone(room) })
    }

    fn array<const N: usize>(&self, offset: usize) -> [u8; N] {
        let mut array = [0; N];
        self.read(offset, &mut array);
        array
    }

    fn put(&self, offset: usize, from: &[u8]) {
        self.bytes.borrow_mut()[offset..offset + from.len()].copy_from_slice(from);
    }
}

impl Drop for FakeArea {
    fn drop(&mut self) {
        self.room.set(self.room.get() + self.length());
    }
}

impl Area for FakeArea {
    fn address(&self) -> AbsoluteAddress {
        AbsoluteAddress(0x10_0000)
    }

    fn length(&self) -> usize {
        self.bytes.borrow().len()
    }

    fn read(&self, offset: usize, to: &mut [u8]) {
        to.copy_from_slice(&self.bytes.borrow()[offset..offset + to.len()]);
    }

    fn write(&mut self, offset: usize, from: &[u8]) {
        self.put(offset, from);
    }

    fn fill(&mut self, offset: usize, length: usize, value: u8) {
        self.bytes.borrow_mut()[offset..offset + length].fill(value);
    }

    fn copy_from(&mut self, offset: usize, from: &Self, from_offset: usize, length: usize) {
        self.put(offset, &from.bytes.borrow()[from_offset..from_offset + length]);
    }

    fn first_difference(
        &self,
        offset: usize,
        other: &Self,
        other_offset: usize,
        length: usize,
    ) -> Option<usize> {
        let (one, two) = (self.bytes.borrow(), other.bytes.borrow());
        let one = &one[offset..offset + length];
        let two = &two[other_offset..other_offset + length];
        one.iter().zip(two).position(|(a, b)| a != b)
    }

    fn load_le16(&self, offset: usize) -> u16 {
        u16::from_le_bytes(self.array(offset))
    }

    fn store_le16(&mut self, offset: usize, value: u16) {
        self.put(offset, &value.to_le_bytes());
    }

    fn load_le32(&self, offset: usize) -> u32 {
        u32::from_le_bytes(self.array(offset))
    }

    fn store_le32(&mut self, offset: usize, value: u32) {
        self.put(offset, &value.to_le_bytes());
    }

    fn load_le64(&self, offset: usize) -> u64 {
        u64::from_le_bytes(self.array(offset))
    }

    fn store_le64(&mut self, offset: usize, value: u64) {
        self.put(offset, &value.to_le_bytes());
    }
}
