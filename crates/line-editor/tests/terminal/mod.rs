//! A terminal of 80 columns, for tests: [`Terminal`] knows what the crate says a terminal must know, and panics
//! at anything else, or when the last column is written while a line is edited.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a model that is wrong fails the test"
)]

use std::fmt;

/// What is on the screen.
#[derive(Default)]
pub(crate) struct Terminal {
    /// Rows above the cursor's, top first, without trailing spaces.
    pub(crate) above: Vec<String>,
    row: Vec<u8>,
    column: usize,
    /// What was received of an escape sequence.
    sequence: Vec<u8>,
    /// How often the bell was rung.
    pub(crate) bells: usize,
    /// Everything that was received.
    pub(crate) received: String,
}

impl Terminal {
    /// The cursor's row, without trailing spaces.
    pub(crate) fn row(&self) -> String {
        String::from_utf8(self.row.clone()).unwrap().trim_end().to_owned()
    }

    /// Before which column the cursor is.
    pub(crate) fn column(&self) -> usize {
        self.column
    }

    fn take(&mut self, byte: u8) {
        if !self.sequence.is_empty() || byte == 0x1b {
            self.sequence.push(byte);
            return self.act();
        }
        match byte {
            b'\r' => self.column = 0,
            b'\n' => self.new_row(),
            0x08 => self.column = self.column.checked_sub(1).expect("backspace at the left margin"),
            0x07 => self.bells += 1,
            b' '..=b'~' => self.put(byte),
            _ => panic!("{byte:#04x} means nothing to a terminal"),
        }
    }

    fn put(&mut self, character: u8) {
        if self.column == 80 {
            self.new_row();
        }
        if self.row.len() <= self.column {
            self.row.resize(self.column + 1, b' ');
        }
        self.row[self.column] = character;
        self.column += 1;
    }

    fn new_row(&mut self) {
        self.above.push(self.row());
        self.row.clear();
        self.column = 0;
    }

    fn act(&mut self) {
        match self.sequence.as_slice() {
            b"\x1b" | b"\x1b[" => return,
            b"\x1b[K" => self.row.truncate(self.column),
            b"\x1b[H" => {
                self.above.clear();
                self.column = 0;
            }
            b"\x1b[J" => {
                assert!(self.above.is_empty() && self.column == 0);
                self.row.clear();
            }
            other => panic!("{} means nothing to a terminal", other.escape_ascii()),
        }
        self.sequence.clear();
    }
}

impl fmt::Write for Terminal {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.received.push_str(text);
        text.bytes().for_each(|byte| self.take(byte));
        Ok(())
    }
}
