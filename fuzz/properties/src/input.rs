//! The input of a target whose bytes are not what is tested, but say what is done: read from front to back.

/// Bytes that are taken one after the other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Input<'a> {
    left: &'a [u8],
}

impl<'a> Input<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { left: bytes }
    }

    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (bytes, left) = self.left.split_first_chunk()?;
        self.left = left;
        Some(*bytes)
    }

    /// All that is left.
    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.left
    }

    /// The next byte, if there is one.
    pub(crate) fn byte(&mut self) -> Option<u8> {
        self.take().map(|[byte]| byte)
    }

    /// The next 16-bit number; 0 at the end.
    pub(crate) fn half(&mut self) -> u16 {
        self.take().map_or(0, u16::from_le_bytes)
    }

    /// The next 32-bit number; 0 at the end.
    pub(crate) fn word(&mut self) -> u32 {
        self.take().map_or(0, u32::from_le_bytes)
    }

    /// One of `count` places, by the next byte; `None` where there is none.
    pub(crate) fn place(&mut self, count: usize) -> Option<usize> {
        usize::from(self.byte().unwrap_or(0)).checked_rem(count)
    }

    /// One of some things, by the next byte; `None` where there is none.
    pub(crate) fn pick<'b, T>(&mut self, things: &'b [T]) -> Option<&'b T> {
        things.get(self.place(things.len())?)
    }
}
