//! Lines that were finished before: [`History`].

/// The latest lines that fit into `N` bytes, each with one more at its end. A line is kept once where it came
/// again and again; one with nothing but spaces is not kept.
#[derive(Clone, Debug)]
pub(crate) struct History<const N: usize> {
    /// Oldest first, each ended by a newline.
    text: [u8; N],
    length: usize,
}

impl<const N: usize> History<N> {
    pub(crate) const fn new() -> Self {
        Self { text: [0; N], length: 0 }
    }

    /// The line that is so many back: 1 is the latest.
    pub(crate) fn get(&self, back: usize) -> Option<&[u8]> {
        // The last one ends with a newline, too: nothing stands behind it.
        let text = self.text.get(..self.length.checked_sub(1)?)?;
        text.rsplit(is_end).nth(back.checked_sub(1)?)
    }

    /// Takes a line of printable ASCII, and forgets the oldest ones for it.
    pub(crate) fn add(&mut self, line: &[u8]) {
        let needed = line.len() + 1;
        if line.trim_ascii().is_empty() || self.get(1) == Some(line) || needed > N {
            return;
        }
        while self.length + needed > N {
            let oldest = self.text.iter().position(is_end).map_or(self.length, |end| end + 1);
            self.text.copy_within(oldest..self.length, 0);
            self.length -= oldest;
        }
        let room = self.text.iter_mut().skip(self.length);
        for (to, from) in room.zip(line.iter().chain(b"\n")) {
            *to = *from;
        }
        self.length += needed;
    }
}

/// Whether a byte ends a line.
const fn is_end(byte: &u8) -> bool {
    *byte == b'\n'
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    #[test]
    fn the_latest_lines_that_fit_are_kept() {
        let cases: [(&[&str], &[&str]); 7] = [
            (&[], &[]),
            (&["one"], &["one"]),
            (&["one", "two"], &["two", "one"]),
            (&["one", "one", "", "  ", "one"], &["one"]),
            (&["one", "two", "one"], &["one", "two", "one"]),
            // 12 bytes: three times three characters and their ends.
            (&["one", "two", "six", "ten"], &["ten", "six", "two"]),
            (&["one", "two", "eleven chrs", "of 12 bytes."], &["eleven chrs"]),
        ];
        for (lines, kept) in cases {
            let mut history = History::<12>::new();
            lines.iter().for_each(|line| history.add(line.as_bytes()));
            let found: Vec<_> = (1..).map_while(|back| history.get(back)).collect();
            let kept: Vec<_> = kept.iter().map(|line| line.as_bytes()).collect();
            assert_eq!(found, kept, "{lines:?}");
        }
    }

    #[test]
    fn there_is_no_line_zero_back() {
        let mut history = History::<12>::new();
        history.add(b"one");
        assert_eq!(history.get(0), None);
    }
}
