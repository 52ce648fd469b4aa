//! Main storage for tests: areas that the one side reaches by offset and the other by address.

#![allow(dead_code, reason = "each test file uses its own part of the fake")]

use channel_io::{AbsoluteAddress, Area};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Where the first area begins.
const FIRST: u64 = 0x2000;

/// The fake's main storage: all areas that are alive, by address.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory {
    areas: Rc<RefCell<BTreeMap<u64, Vec<u8>>>>,
    end: Rc<Cell<u64>>,
}

impl Memory {
    pub(crate) fn allocate(&self, length: usize, alignment: usize) -> FakeArea {
        // A gap behind every area, so that an access beyond its end is no access to the next one.
        let address = self.end.get().max(FIRST).next_multiple_of(alignment as u64);
        self.end.set(address + length as u64 + 64);
        self.areas.borrow_mut().insert(address, vec![0; length]);
        FakeArea { address, length, memory: self.clone() }
    }

    /// The bytes at an address, which must all be of one live area.
    pub(crate) fn access<R>(
        &self,
        address: u64,
        length: usize,
        act: impl FnOnce(&mut [u8]) -> R,
    ) -> R {
        let mut areas = self.areas.borrow_mut();
        let (base, bytes) = areas.range_mut(..=address).next_back().expect("address in no area");
        let offset = usize::try_from(address - base).unwrap();
        act(bytes.get_mut(offset..offset + length).expect("beyond the end of the area"))
    }

    /// How many areas are alive.
    pub(crate) fn areas(&self) -> usize {
        self.areas.borrow().len()
    }
}

/// An area of the fake's main storage.
#[derive(Debug)]
pub(crate) struct FakeArea {
    address: u64,
    length: usize,
    memory: Memory,
}

impl FakeArea {
    fn with<R>(&self, offset: usize, length: usize, act: impl FnOnce(&mut [u8]) -> R) -> R {
        let mut memory = self.memory.areas.borrow_mut();
        act(&mut memory.get_mut(&self.address).unwrap()[offset..offset + length])
    }

    fn bytes<const N: usize>(&self, offset: usize) -> [u8; N] {
        assert_eq!(offset % N, 0, "offset {offset} is not a multiple of {N}");
        self.with(offset, N, |bytes| bytes.try_into().unwrap())
    }

    fn put<const N: usize>(&self, offset: usize, value: [u8; N]) {
        assert_eq!(offset % N, 0, "offset {offset} is not a multiple of {N}");
        self.with(offset, N, |bytes| bytes.copy_from_slice(&value));
    }
}

impl Drop for FakeArea {
    fn drop(&mut self) {
        self.memory.areas.borrow_mut().remove(&self.address);
    }
}

impl Area for FakeArea {
    fn address(&self) -> AbsoluteAddress {
        AbsoluteAddress(self.address)
    }
    fn length(&self) -> usize {
        self.length
    }
    fn read(&self, offset: usize, to: &mut [u8]) {
        self.with(offset, to.len(), |bytes| to.copy_from_slice(bytes));
    }
    fn write(&mut self, offset: usize, from: &[u8]) {
        self.with(offset, from.len(), |bytes| bytes.copy_from_slice(from));
    }
    fn fill(&mut self, offset: usize, length: usize, value: u8) {
        self.with(offset, length, |bytes| bytes.fill(value));
    }
    fn copy_from(&mut self, offset: usize, from: &Self, from_offset: usize, length: usize) {
        let bytes = from.with(from_offset, length, |bytes| bytes.to_vec());
        self.write(offset, &bytes);
    }
    fn first_difference(
        &self,
        offset: usize,
        other: &Self,
        other_offset: usize,
        length: usize,
    ) -> Option<usize> {
        let mine = self.with(offset, length, |bytes| bytes.to_vec());
        let others = other.with(other_offset, length, |bytes| bytes.to_vec());
        mine.iter().zip(&others).position(|(a, b)| a != b)
    }
    fn load_le16(&self, offset: usize) -> u16 {
        u16::from_le_bytes(self.bytes(offset))
    }
    fn store_le16(&mut self, offset: usize, value: u16) {
        self.put(offset, value.to_le_bytes());
    }
    fn load_le32(&self, offset: usize) -> u32 {
        u32::from_le_bytes(self.bytes(offset))
    }
    fn store_le32(&mut self, offset: usize, value: u32) {
        self.put(offset, value.to_le_bytes());
    }
    fn load_le64(&self, offset: usize) -> u64 {
        u64::from_le_bytes(self.bytes(offset))
    }
    fn store_le64(&mut self, offset: usize, value: u64) {
        self.put(offset, value.to_le_bytes());
    }
}
