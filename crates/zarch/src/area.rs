//! Areas of main storage on the heap: [`HeapArea`], the `Area` of the machine.
//!
//! Devices may store into an area at any moment while they know its address, so no reference to its bytes
//! is ever made: they are reached by volatile accesses and by the machine's own move instruction alone. The
//! heap hands out its lowest free storage first, so that areas which must lie below 2 GiB can be had.

use crate::move_long;
use alloc::alloc::{Layout, alloc, dealloc};
use channel_io::{AbsoluteAddress, Area, Reach, StorageError};
use core::fmt;
use core::ptr::NonNull;

/// The first address that 31-bit addresses do not name.
const TWO_GIB: usize = 1 << 31;

/// A piece of the heap that devices may know the address of.
pub struct HeapArea {
    start: NonNull<u8>,
    length: usize,
    layout: Layout,
}

// SAFETY: an area is the only owner of its storage, and storage is the same for every thread.
unsafe impl Send for HeapArea {}

impl HeapArea {
    /// A new area of `length` bytes, all zero, at a multiple of `alignment`.
    ///
    /// # Errors
    /// [`StorageError`] when there is no room for it, or when `alignment` is no power of two.
    #[inline(never)]
    pub fn new(length: usize, alignment: usize, reach: Reach) -> Result<Self, StorageError> {
        let error = StorageError { length, reach };
        if !alignment.is_power_of_two() {
            return Err(error);
        }
        // At least eight, so that an access whose offset is a multiple of its size is aligned.
        let layout = Layout::from_size_align(length.max(1), alignment.max(8)).map_err(|_| error)?;
        // SAFETY: the layout's size is not zero.
        let start = NonNull::new(unsafe { alloc(layout) }).ok_or(error)?;
        let mut area = Self { start, length, layout };
        let end = start.as_ptr().expose_provenance().saturating_add(layout.size());
        if reach == Reach::Below2G && end > TWO_GIB {
            return Err(error);
        }
        area.fill(0, length, 0);
        Ok(area)
    }

    /// The address of the byte at `offset`, after a check that `length` bytes from there on, at a multiple of
    /// `alignment`, lie in the area.
    #[inline]
    #[track_caller]
    fn at(&self, offset: usize, length: usize, alignment: usize) -> *mut u8 {
        let inside = offset.checked_add(length).is_some_and(|end| end <= self.length);
        if !inside || !offset.is_multiple_of(alignment) {
            self.outside(offset, length);
        }
        self.start.as_ptr().wrapping_add(offset)
    }

    /// Apart, so that the message is not put together at every access.
    #[cold]
    #[inline(never)]
    #[track_caller]
    fn outside(&self, offset: usize, length: usize) -> ! {
        panic!(
            "{length} bytes at offset {offset} are not an access to an area of {} bytes",
            self.length
        );
    }
}

impl Drop for HeapArea {
    fn drop(&mut self) {
        // SAFETY: `start` came from `alloc` with this layout, and nobody else has it.
        unsafe { dealloc(self.start.as_ptr(), self.layout) }
    }
}

impl fmt::Debug for HeapArea {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HeapArea({} bytes at {})", self.length, self.address())
    }
}

/// The accesses of one size: a single load or store each, in little-endian order.
macro_rules! accesses {
    ($load:ident, $store:ident, $number:ty) => {
        #[inline]
        fn $load(&self, offset: usize) -> $number {
            let size = size_of::<$number>();
            let pointer = self.at(offset, size, size).cast::<$number>();
            // SAFETY: `at` found the access inside the area and aligned; any bits are a number.
            <$number>::from_le(unsafe { pointer.read_volatile() })
        }

        #[inline]
        fn $store(&mut self, offset: usize, value: $number) {
            let size = size_of::<$number>();
            let pointer = self.at(offset, size, size).cast::<$number>();
            // SAFETY: `at` found the access inside the area and aligned.
            unsafe { pointer.write_volatile(value.to_le()) }
        }
    };
}

impl Area for HeapArea {
    fn address(&self) -> AbsoluteAddress {
        AbsoluteAddress(self.start.as_ptr().expose_provenance() as u64)
    }

    fn length(&self) -> usize {
        self.length
    }

    fn read(&self, offset: usize, to: &mut [u8]) {
        let from = self.at(offset, to.len(), 1);
        // SAFETY: `at` checked the source; the destination is as long, and no part of an area.
        unsafe { move_long::copy(to.as_mut_ptr(), from, to.len()) }
    }

    fn write(&mut self, offset: usize, from: &[u8]) {
        let to = self.at(offset, from.len(), 1);
        // SAFETY: `at` checked the destination; the source is as long, and no part of an area.
        unsafe { move_long::copy(to, from.as_ptr(), from.len()) }
    }

    fn fill(&mut self, offset: usize, length: usize, value: u8) {
        let to = self.at(offset, length, 1);
        // SAFETY: `at` checked the destination.
        unsafe { move_long::fill(to, value, length) }
    }

    fn copy_from(&mut self, offset: usize, from: &Self, from_offset: usize, length: usize) {
        let to = self.at(offset, length, 1);
        let from = from.at(from_offset, length, 1);
        // SAFETY: `at` checked both; two areas never overlap.
        unsafe { move_long::copy(to, from, length) }
    }

    fn first_difference(
        &self,
        offset: usize,
        other: &Self,
        other_offset: usize,
        length: usize,
    ) -> Option<usize> {
        let mine = self.at(offset, length, 1);
        let theirs = other.at(other_offset, length, 1);
        // SAFETY: `at` checked both.
        unsafe { first_difference(mine, theirs, length) }
    }

    accesses!(load_le16, store_le16, u16);
    accesses!(load_le32, store_le32, u32);
    accesses!(load_le64, store_le64, u64);
}

/// Where `length` bytes at two places first differ.
///
/// # Safety
/// Both places have `length` bytes.
unsafe fn first_difference(mine: *const u8, theirs: *const u8, length: usize) -> Option<usize> {
    const BLOCK: usize = 32;
    let aligned = mine.cast::<u64>().is_aligned() && theirs.cast::<u64>().is_aligned();
    let blocks = if aligned { length / BLOCK } else { 0 };
    let mut offset = 0;
    for _ in 0..blocks {
        // SAFETY: aligned, and inside, because there are so many whole blocks.
        if unsafe { blocks_differ(mine.wrapping_add(offset), theirs.wrapping_add(offset)) } {
            break;
        }
        offset += BLOCK;
    }
    (offset..length).find(|offset| {
        // SAFETY: inside.
        let one = unsafe { mine.wrapping_add(*offset).read_volatile() };
        // SAFETY: inside.
        let other = unsafe { theirs.wrapping_add(*offset).read_volatile() };
        one != other
    })
}

/// Whether two blocks of four doublewords differ.
///
/// Doubleword by doubleword: the compiler would use COMPARE LOGICAL, which an emulator takes byte by byte.
///
/// # Safety
/// Both places have 32 bytes and are aligned for doublewords.
#[inline]
unsafe fn blocks_differ(mine: *const u8, theirs: *const u8) -> bool {
    let (mine, theirs) = (mine.cast::<u64>(), theirs.cast::<u64>());
    let mut difference = 0;
    for number in 0..4 {
        // SAFETY: the caller's guarantee.
        let one = unsafe { mine.wrapping_add(number).read_volatile() };
        // SAFETY: the caller's guarantee.
        let other = unsafe { theirs.wrapping_add(number).read_volatile() };
        difference |= one ^ other;
    }
    difference != 0
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::vec;

    fn area(length: usize) -> HeapArea {
        HeapArea::new(length, 4096, Reach::Anywhere).unwrap()
    }

    #[test]
    fn a_new_area_is_zero_and_aligned() {
        let area = area(5000);
        let mut bytes = vec![1; 5000];
        area.read(0, &mut bytes);
        assert!(bytes.iter().all(|byte| *byte == 0));
        assert_eq!(area.address().0 % 4096, 0);
        assert_eq!(area.length(), 5000);
    }

    #[test]
    fn numbers_are_little_endian() {
        let mut area = area(32);
        area.store_le16(2, 0x0102);
        area.store_le32(4, 0x0304_0506);
        area.store_le64(8, 0x0708_090a_0b0c_0d0e);
        let mut bytes = [0; 16];
        area.read(0, &mut bytes);
        assert_eq!(bytes, [0, 0, 2, 1, 6, 5, 4, 3, 0xe, 0xd, 0xc, 0xb, 0xa, 9, 8, 7]);
        assert_eq!(area.load_le16(2), 0x0102);
        assert_eq!(area.load_le32(4), 0x0304_0506);
        assert_eq!(area.load_le64(8), 0x0708_090a_0b0c_0d0e);
    }

    #[test]
    fn a_difference_is_found_wherever_it_is() {
        for (offset, other_offset) in [(0, 0), (8, 16), (3, 8), (5, 5)] {
            for place in 0..64 {
                let (mut one, mut other) = (area(128), area(128));
                one.fill(0, 128, 7);
                other.fill(0, 128, 7);
                assert_eq!(one.first_difference(offset, &other, other_offset, 64), None);
                other.write(other_offset + place, &[8]);
                assert_eq!(one.first_difference(offset, &other, other_offset, 64), Some(place));
                one.copy_from(offset, &other, other_offset, 64);
                assert_eq!(one.first_difference(offset, &other, other_offset, 64), None);
            }
        }
    }

    #[test]
    fn what_does_not_lie_inside_is_refused() {
        let refused: [fn(&mut HeapArea); 6] = [
            |area| _ = area.load_le16(64),
            |area| _ = area.load_le32(2),
            |area| area.store_le64(60, 0),
            |area| area.fill(1, 64, 0),
            |area| area.write(usize::MAX, &[1, 2]),
            |area| area.read(64, &mut [0]),
        ];
        for (number, access) in refused.into_iter().enumerate() {
            let mut area = area(64);
            let outcome =
                std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| access(&mut area)));
            assert!(outcome.is_err(), "access {number}");
        }
    }

    #[test]
    fn an_impossible_request_is_an_error() {
        for (length, alignment) in [(1 << 62, 8), (usize::MAX, 8), (8, 3)] {
            assert!(HeapArea::new(length, alignment, Reach::Anywhere).is_err());
        }
    }
}
