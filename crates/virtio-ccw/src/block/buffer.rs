//! What goes with reads and writes: storage in one piece, or in several.

use alloc::vec::Vec;
use channel_io::{AbsoluteAddress, Area};

/// Storage that a request's data is read into or written from.
///
/// It must stay in place, and its pieces the same, as long as a request uses it.
pub trait Buffer {
    /// The most pieces that a buffer of this type has.
    const MAX_PIECES: u16;

    /// The length in bytes, of all pieces.
    fn bytes(&self) -> u64;

    /// A piece and its length in bytes; `None` behind the last one.
    fn piece(&self, index: usize) -> Option<(AbsoluteAddress, u64)>;
}

impl<A: Area> Buffer for A {
    const MAX_PIECES: u16 = 1;

    fn bytes(&self) -> u64 {
        self.length() as u64
    }

    fn piece(&self, index: usize) -> Option<(AbsoluteAddress, u64)> {
        (index == 0).then(|| (self.address(), self.length() as u64))
    }
}

/// Up to sixteen areas one after the other, as one buffer.
#[derive(Debug)]
pub struct Gather<A> {
    areas: Vec<A>,
}

impl<A> Gather<A> {
    /// The most areas.
    pub const MAX_AREAS: u16 = 16;

    /// The areas as one buffer; they come back when there are too many.
    ///
    /// # Errors
    /// The areas.
    pub fn new(areas: Vec<A>) -> Result<Self, Vec<A>> {
        if areas.len() > usize::from(Self::MAX_AREAS) { Err(areas) } else { Ok(Self { areas }) }
    }

    /// The areas.
    #[must_use]
    pub fn areas(&self) -> &[A] {
        &self.areas
    }

    /// The areas, to be changed.
    pub fn areas_mut(&mut self) -> &mut [A] {
        &mut self.areas
    }

    /// The areas, no longer one buffer.
    #[must_use]
    pub fn into_areas(self) -> Vec<A> {
        self.areas
    }
}

impl<A: Area> Buffer for Gather<A> {
    const MAX_PIECES: u16 = Self::MAX_AREAS;

    fn bytes(&self) -> u64 {
        self.areas.iter().map(|area| area.length() as u64).sum()
    }

    fn piece(&self, index: usize) -> Option<(AbsoluteAddress, u64)> {
        self.areas.get(index).map(|area| (area.address(), area.length() as u64))
    }
}
