//! The line that a terminal would show.
//!
//! A guest that edits a line sends what a VT220 needs to show it: carriage returns, backspaces and control
//! sequences. A [`Line`] takes those bytes and holds what stands on the line afterwards, so that the tests
//! compare text and not how it was painted. Used by [`crate::console`] for the line that is not ended yet.
//!
//! ```
//! use qemu_tests::screen::Line;
//!
//! let mut line = Line::default();
//! for byte in b"> helo\x08\x1b[Klp" {
//!     line.take(*byte);
//! }
//! assert_eq!(line.text(), "> hellp");
//! ```

/// One line of a terminal, and the cursor in it.
#[derive(Clone, Debug, Default)]
pub struct Line {
    cells: Vec<u8>,
    column: usize,
    sequence: Sequence,
}

/// How far a control sequence has come (ECMA-48, 5.4 Control sequences).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Sequence {
    /// None is under way.
    #[default]
    None,
    /// ESC was the last byte.
    Escape,
    /// ESC and `[`, with the digits since.
    Parameters(String),
}

const BELL: u8 = 0x07;
const BACKSPACE: u8 = 0x08;
const ESCAPE: u8 = 0x1b;
const DELETE: u8 = 0x7f;

/// The furthest that a control sequence may move the cursor: no terminal is wider.
const MOST_COLUMNS: usize = 1000;

impl Line {
    /// Takes one byte, which is not a line end.
    pub fn take(&mut self, byte: u8) {
        match std::mem::take(&mut self.sequence) {
            Sequence::None => self.plain(byte),
            Sequence::Escape if byte == b'[' => {
                self.sequence = Sequence::Parameters(String::new());
            }
            // A sequence of two bytes changes no text.
            Sequence::Escape => {}
            Sequence::Parameters(mut digits) => match byte {
                b'0'..=b'?' => {
                    digits.push(char::from(byte));
                    self.sequence = Sequence::Parameters(digits);
                }
                b' '..=b'/' => self.sequence = Sequence::Parameters(digits),
                end => self.control(end, &digits),
            },
        }
    }

    /// What stands on the line; bytes that are no text are marked.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.cells).into_owned()
    }

    /// Whether nothing stands on it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    fn plain(&mut self, byte: u8) {
        match byte {
            b'\r' => self.column = 0,
            BACKSPACE => self.column = self.column.saturating_sub(1),
            BELL | DELETE | 0 => {}
            ESCAPE => self.sequence = Sequence::Escape,
            other => {
                self.put(other);
                self.column += 1;
            }
        }
    }

    fn put(&mut self, byte: u8) {
        if self.column >= self.cells.len() {
            self.cells.resize(self.column + 1, b' ');
        }
        if let Some(cell) = self.cells.get_mut(self.column) {
            *cell = byte;
        }
    }

    fn control(&mut self, end: u8, digits: &str) {
        let number = digits.parse().unwrap_or(0usize).min(MOST_COLUMNS);
        let count = number.max(1);
        let rest = self.cells.len().saturating_sub(self.column);
        match end {
            // What is right of the cursor, left of it, or everything; below there is nothing.
            b'K' | b'J' => match number {
                0 => self.cells.truncate(self.column),
                1 => {
                    let erased = self.cells.iter_mut().take(self.column + 1);
                    erased.for_each(|cell| *cell = b' ');
                }
                _ => self.cells.clear(),
            },
            b'C' => self.column += count,
            b'D' => self.column = self.column.saturating_sub(count),
            b'G' => self.column = count - 1,
            b'P' => {
                let end = self.column + count.min(rest);
                self.cells.drain(self.column.min(end)..end.min(self.cells.len()));
            }
            b'@' if rest > 0 => {
                let blanks = std::iter::repeat_n(b' ', count);
                self.cells.splice(self.column..self.column, blanks);
            }
            // Colours, modes, and movements to other lines: the text stays as it is.
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(bytes: &str) -> String {
        let mut line = Line::default();
        bytes.bytes().for_each(|byte| line.take(byte));
        line.text()
    }

    #[test]
    fn what_is_painted_is_what_is_read() {
        for (bytes, text) in [
            ("", ""),
            ("plain", "plain"),
            ("one\rtwo\r", "two"),
            ("longer\rab", "abnger"),
            ("abc\x08\x08X", "aXc"),
            ("> typed\r\x1b[KCCW001I message", "CCW001I message"),
            ("abcdef\x1b[3D\x1b[K", "abc"),
            ("abcdef\x1b[2K", ""),
            ("abc\x1b[2D\x1b[1K", "  c"),
            ("abcdef\r\x1b[2C\x1b[2P", "abef"),
            ("abef\x1b[2D\x1b[2@cd", "abcdef"),
            ("abc\x1b[2GX", "aXc"),
            ("\x1b[1;31mred\x1b[0m", "red"),
            ("\x1b7a\x1b8b\x07", "ab"),
            ("\x1b[?25lx\x1b[2 qy", "xy"),
            ("\x1b[3Cx", "   x"),
            ("caf\u{e9}", "caf\u{e9}"),
        ] {
            assert_eq!(shown(bytes), text, "{bytes:?}");
        }
    }

    #[test]
    fn huge_numbers_and_ends_do_no_harm() {
        assert_eq!(shown("\x1b[99999999999999999999Dx"), "x");
        assert_eq!(shown("ab\x1b[5P\x1b[9Px"), "abx");
        assert!(shown("\x1b[999999Cx").len() <= MOST_COLUMNS + 1);
        assert_eq!(shown("\x1b["), "");
    }
}
