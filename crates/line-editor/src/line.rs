//! A line of bounded length, with a cursor: [`Line`].

/// Whether a key did anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Change {
    /// It did, or what it asks for was so already.
    Made,
    /// It could not.
    None,
}

/// Up to `N` printable ASCII characters, and the place of the cursor among them.
#[derive(Clone, Debug)]
pub(crate) struct Line<const N: usize> {
    bytes: [u8; N],
    length: usize,
    cursor: usize,
}

impl<const N: usize> Line<N> {
    pub(crate) const fn new() -> Self {
        Self { bytes: [0; N], length: 0, cursor: 0 }
    }

    pub(crate) fn text(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    pub(crate) const fn cursor(&self) -> usize {
        self.cursor
    }

    /// Another text, as much of it as fits, with the cursor at its end.
    pub(crate) fn set(&mut self, text: &[u8]) {
        self.length = text.len().min(N);
        self.cursor = self.length;
        for (to, from) in self.bytes.iter_mut().zip(text) {
            *to = *from;
        }
    }

    pub(crate) fn insert(&mut self, character: u8) -> Change {
        if self.length == N {
            return Change::None;
        }
        self.bytes.copy_within(self.cursor..self.length, self.cursor + 1);
        if let Some(place) = self.bytes.get_mut(self.cursor) {
            *place = character;
        }
        self.length += 1;
        self.cursor += 1;
        Change::Made
    }

    pub(crate) const fn left(&mut self) -> Change {
        if self.cursor == 0 {
            return Change::None;
        }
        self.cursor -= 1;
        Change::Made
    }

    pub(crate) const fn right(&mut self) -> Change {
        if self.cursor == self.length {
            return Change::None;
        }
        self.cursor += 1;
        Change::Made
    }

    pub(crate) const fn home(&mut self) -> Change {
        self.cursor = 0;
        Change::Made
    }

    pub(crate) const fn end(&mut self) -> Change {
        self.cursor = self.length;
        Change::Made
    }

    pub(crate) fn backspace(&mut self) -> Change {
        match self.cursor.checked_sub(1) {
            Some(from) => self.remove_back_to(from),
            None => Change::None,
        }
    }

    pub(crate) fn delete(&mut self) -> Change {
        match self.right() {
            Change::Made => self.backspace(),
            Change::None => Change::None,
        }
    }

    pub(crate) fn kill_to_end(&mut self) -> Change {
        self.length = self.cursor;
        Change::Made
    }

    pub(crate) fn kill_to_start(&mut self) -> Change {
        self.remove_back_to(0)
    }

    /// Removes the word before the cursor, and the spaces between.
    pub(crate) fn kill_word(&mut self) -> Change {
        let before = self.text().get(..self.cursor).unwrap_or_default();
        let word_end = before.trim_ascii_end();
        let from = word_end.iter().rposition(|byte| *byte == b' ').map_or(0, |space| space + 1);
        self.remove_back_to(from)
    }

    /// Removes the characters from `from`, which is not behind the cursor, up to it.
    fn remove_back_to(&mut self, from: usize) -> Change {
        self.bytes.copy_within(self.cursor..self.length, from);
        self.length -= self.cursor - from;
        self.cursor = from;
        Change::Made
    }
}
