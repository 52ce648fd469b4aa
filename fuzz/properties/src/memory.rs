//! Main storage of one area, which the test reaches as a device does, by its address.

use channel_io::{AbsoluteAddress, Area, Reach, Storage, StorageError};
use std::cell::RefCell;
use std::rc::Rc;

/// Storage as a device reaches it.
pub(crate) trait DeviceMemory {
    /// Reads.
    ///
    /// # Panics
    /// If it is not all there: the driver has named it to the device.
    fn fetch(&self, address: u64, to: &mut [u8]);

    /// Writes.
    ///
    /// # Panics
    /// If it is not all there.
    fn put(&mut self, address: u64, from: &[u8]);

    fn load16(&self, address: u64) -> u16 {
        let mut bytes = [0; 2];
        self.fetch(address, &mut bytes);
        u16::from_le_bytes(bytes)
    }

    fn load32(&self, address: u64) -> u32 {
        let mut bytes = [0; 4];
        self.fetch(address, &mut bytes);
        u32::from_le_bytes(bytes)
    }

    fn load64(&self, address: u64) -> u64 {
        let mut bytes = [0; 8];
        self.fetch(address, &mut bytes);
        u64::from_le_bytes(bytes)
    }
}

/// Where areas begin: such that an address that was cut short shows.
const START: u64 = 0x1_0000_0000;

/// Storage with room for one area; cloned, it is the same storage.
#[derive(Clone, Debug, Default)]
pub(crate) struct OneArea {
    bytes: Rc<RefCell<Vec<u8>>>,
}

impl OneArea {
    /// How many bytes the area has.
    pub(crate) fn length(&self) -> usize {
        self.bytes.borrow().len()
    }

    /// Where the area begins.
    pub(crate) const fn start() -> u64 {
        START
    }
}

fn offset(address: u64) -> usize {
    let offset = address.checked_sub(START).and_then(|offset| usize::try_from(offset).ok());
    offset.unwrap_or(usize::MAX)
}

fn part(bytes: &[u8], offset: usize, length: usize) -> &[u8] {
    match bytes.get(offset..offset.saturating_add(length)) {
        Some(part) => part,
        None => panic!("{length} bytes at {offset:#x} of an area of {}", bytes.len()),
    }
}

fn part_mut(bytes: &mut [u8], offset: usize, length: usize) -> &mut [u8] {
    let all = bytes.len();
    match bytes.get_mut(offset..offset.saturating_add(length)) {
        Some(part) => part,
        None => panic!("{length} bytes at {offset:#x} of an area of {all}"),
    }
}

impl DeviceMemory for OneArea {
    fn fetch(&self, address: u64, to: &mut [u8]) {
        to.copy_from_slice(part(&self.bytes.borrow(), offset(address), to.len()));
    }

    fn put(&mut self, address: u64, from: &[u8]) {
        let mut bytes = self.bytes.borrow_mut();
        part_mut(&mut bytes, offset(address), from.len()).copy_from_slice(from);
    }
}

impl Storage for OneArea {
    type Area = Self;

    fn allocate(
        &mut self,
        length: usize,
        alignment: usize,
        _reach: Reach,
    ) -> Result<Self, StorageError> {
        assert!(self.length() == 0, "a second area");
        assert!(START.is_multiple_of(alignment as u64), "an alignment of {alignment}");
        self.bytes.borrow_mut().resize(length, 0);
        Ok(self.clone())
    }
}

impl OneArea {
    fn load<const N: usize>(&self, offset: usize) -> [u8; N] {
        assert!(offset.is_multiple_of(N), "an access of {N} bytes at {offset:#x}");
        let mut bytes = [0; N];
        self.read(offset, &mut bytes);
        bytes
    }

    fn store<const N: usize>(&mut self, offset: usize, bytes: [u8; N]) {
        assert!(offset.is_multiple_of(N), "an access of {N} bytes at {offset:#x}");
        self.write(offset, &bytes);
    }
}

impl Area for OneArea {
    fn address(&self) -> AbsoluteAddress {
        AbsoluteAddress(START)
    }

    fn length(&self) -> usize {
        Self::length(self)
    }

    fn read(&self, offset: usize, to: &mut [u8]) {
        to.copy_from_slice(part(&self.bytes.borrow(), offset, to.len()));
    }

    fn write(&mut self, offset: usize, from: &[u8]) {
        part_mut(&mut self.bytes.borrow_mut(), offset, from.len()).copy_from_slice(from);
    }

    fn fill(&mut self, offset: usize, length: usize, value: u8) {
        part_mut(&mut self.bytes.borrow_mut(), offset, length).fill(value);
    }

    fn copy_from(&mut self, offset: usize, from: &Self, from_offset: usize, length: usize) {
        let copied = part(&from.bytes.borrow(), from_offset, length).to_vec();
        self.write(offset, &copied);
    }

    fn first_difference(
        &self,
        offset: usize,
        other: &Self,
        other_offset: usize,
        length: usize,
    ) -> Option<usize> {
        let theirs = part(&other.bytes.borrow(), other_offset, length).to_vec();
        let mine = self.bytes.borrow();
        let mine = part(&mine, offset, length);
        mine.iter().zip(theirs).position(|(mine, theirs)| *mine != theirs)
    }

    fn load_le16(&self, offset: usize) -> u16 {
        u16::from_le_bytes(self.load(offset))
    }

    fn store_le16(&mut self, offset: usize, value: u16) {
        self.store(offset, value.to_le_bytes());
    }

    fn load_le32(&self, offset: usize) -> u32 {
        u32::from_le_bytes(self.load(offset))
    }

    fn store_le32(&mut self, offset: usize, value: u32) {
        self.store(offset, value.to_le_bytes());
    }

    fn load_le64(&self, offset: usize) -> u64 {
        u64::from_le_bytes(self.load(offset))
    }

    fn store_le64(&mut self, offset: usize, value: u64) {
        self.store(offset, value.to_le_bytes());
    }
}
