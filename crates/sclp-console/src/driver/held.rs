//! Output that the console has taken and not yet seen accepted: [`Held`].

use core::fmt;

/// Most bytes that are held: as many as one line-mode line can have at most, so that a line is cut
/// only where the SCCB forces it.
pub(super) const CAPACITY: usize = crate::driver::LINE_WIDTH_MAX;

/// A buffer that is filled at the end and emptied at the front.
pub(super) struct Held {
    bytes: [u8; CAPACITY],
    length: usize,
}

impl Held {
    pub(super) const fn new() -> Self {
        Self { bytes: [0; CAPACITY], length: 0 }
    }

    pub(super) const fn len(&self) -> usize {
        self.length
    }

    pub(super) const fn is_full(&self) -> bool {
        self.length == CAPACITY
    }

    /// All that is held.
    pub(super) fn all(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    /// What is held up to the end of the last complete line.
    pub(super) fn lines(&self) -> &[u8] {
        let all = self.all();
        let end = all.iter().rposition(|byte| *byte == b'\n');
        all.get(..end.map_or(0, |end| end + 1)).unwrap_or_default()
    }

    /// Takes as many bytes as fit. Returns how many.
    pub(super) fn push(&mut self, bytes: &[u8]) -> usize {
        let room = self.bytes.get_mut(self.length..).unwrap_or_default();
        let taken = room.len().min(bytes.len());
        for (to, from) in room.iter_mut().zip(bytes) {
            *to = *from;
        }
        self.length += taken;
        taken
    }

    /// Removes the first `count` bytes, or all when there are fewer.
    pub(super) fn remove(&mut self, count: usize) {
        let count = count.min(self.length);
        self.bytes.copy_within(count..self.length, 0);
        self.length -= count;
    }
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Held({} bytes)", self.length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_at_the_last_newline() {
        for (text, lines) in
            [("", ""), ("abc", ""), ("abc\n", "abc\n"), ("a\nb\nc", "a\nb\n"), ("\n", "\n")]
        {
            let mut held = Held::new();
            assert_eq!(held.push(text.as_bytes()), text.len());
            assert_eq!(held.lines(), lines.as_bytes(), "{text:?}");
        }
    }

    #[test]
    fn filling_and_emptying() {
        let mut held = Held::new();
        assert_eq!(held.push(&[1; CAPACITY - 1]), CAPACITY - 1);
        assert!(!held.is_full());
        assert_eq!(held.push(&[2, 3]), 1);
        assert!(held.is_full());
        assert_eq!(held.push(&[4]), 0);
        held.remove(CAPACITY - 2);
        assert_eq!(held.all(), [1, 2]);
        held.remove(77);
        assert_eq!((held.len(), held.all()), (0, &[][..]));
    }
}
