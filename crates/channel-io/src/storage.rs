//! Memory that is shared with the channel subsystem and its devices.
//!
//! An [`Area`] is a piece of main storage with one owner, an absolute address that devices know it
//! by, and a fixed length. Devices may write to it at any time while they have its address; so it
//! is read and written by copying, and never lent as a slice.

use core::fmt;

/// An absolute address in main storage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AbsoluteAddress(pub u64);

impl AbsoluteAddress {
    /// The address `offset` bytes further on.
    #[must_use]
    pub const fn plus(self, offset: usize) -> Self {
        Self(self.0 + offset as u64)
    }
}

impl fmt::Display for AbsoluteAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

/// How far up an area may lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Wholly below 2 GiB: channel programs and the data that their 31-bit addresses name.
    Below2G,
    /// Anywhere in main storage.
    Anywhere,
}

/// There is no room for an area.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StorageError {
    /// How many bytes were asked for.
    pub length: usize,
    /// How far up they might have lain.
    pub reach: Reach,
}

impl fmt::Display for StorageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reach = match self.reach {
            Reach::Below2G => " below 2 GiB",
            Reach::Anywhere => "",
        };
        write!(f, "out of storage: {} bytes{reach} were asked for", self.length)
    }
}

/// Where areas come from.
pub trait Storage {
    /// An area; its memory is given back when it is dropped.
    type Area: Area;

    /// A new area of `length` bytes, all zero, at a multiple of `alignment` (a power of two).
    ///
    /// # Errors
    /// [`StorageError`] when there is no room for it.
    fn allocate(
        &mut self,
        length: usize,
        alignment: usize,
        reach: Reach,
    ) -> Result<Self::Area, StorageError>;
}

/// A piece of main storage with one owner.
///
/// Offsets and lengths are in bytes. An access that does not lie wholly in the area is a fault of
/// the program, never of a device, and panics. The 16-, 32- and 64-bit accesses are single,
/// not torn, and need an offset that is a multiple of their size; they are little-endian, as all
/// virtqueue fields are.
pub trait Area {
    /// The address by which the channel subsystem and its devices know the first byte.
    fn address(&self) -> AbsoluteAddress;

    /// The length in bytes.
    fn length(&self) -> usize;

    /// Copies bytes out, from `offset` on.
    fn read(&self, offset: usize, to: &mut [u8]);

    /// Copies bytes in, from `offset` on.
    fn write(&mut self, offset: usize, from: &[u8]);

    /// Sets `length` bytes to `value`.
    fn fill(&mut self, offset: usize, length: usize, value: u8);

    /// Copies `length` bytes from another area.
    fn copy_from(&mut self, offset: usize, from: &Self, from_offset: usize, length: usize);

    /// The offset, counted from the start of the ranges, of the first byte in which `length` bytes
    /// of this area and of another differ; `None` when they are equal.
    fn first_difference(
        &self,
        offset: usize,
        other: &Self,
        other_offset: usize,
        length: usize,
    ) -> Option<usize>;

    /// Loads a little-endian 16-bit number.
    fn load_le16(&self, offset: usize) -> u16;
    /// Stores a little-endian 16-bit number.
    fn store_le16(&mut self, offset: usize, value: u16);
    /// Loads a little-endian 32-bit number.
    fn load_le32(&self, offset: usize) -> u32;
    /// Stores a little-endian 32-bit number.
    fn store_le32(&mut self, offset: usize, value: u32);
    /// Loads a little-endian 64-bit number.
    fn load_le64(&self, offset: usize) -> u64;
    /// Stores a little-endian 64-bit number.
    fn store_le64(&mut self, offset: usize, value: u64);
}
