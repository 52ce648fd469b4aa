//! The terminal's row: what stands on it, and how it becomes what should: [`Row`].

use crate::COLUMNS;
use core::fmt;

/// The last column stays free: what a terminal does behind it differs from one to the next.
const LENGTH_MAX: usize = COLUMNS - 1;

/// What stands on a row, and before which column the cursor is.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    bytes: [u8; LENGTH_MAX],
    length: usize,
    cursor: usize,
}

/// An empty row, with the cursor at its start.
impl Default for Row {
    fn default() -> Self {
        Self { bytes: [0; LENGTH_MAX], length: 0, cursor: 0 }
    }
}

impl Row {
    /// A prompt and a line, as much as fits, with the cursor in the line.
    pub(crate) fn new(prompt: &[u8], line: &[u8], cursor: usize) -> Self {
        let mut row = Self::default();
        for (to, from) in row.bytes.iter_mut().zip(prompt.iter().chain(line)) {
            *to = *from;
            row.length += 1;
        }
        row.cursor = (prompt.len() + cursor).min(row.length);
        row
    }

    /// A part of the text.
    fn text(&self, from: usize, to: usize) -> &[u8] {
        self.bytes.get(from..to).unwrap_or_default()
    }

    /// Takes everything away.
    pub(crate) fn erase(&self, terminal: &mut dyn fmt::Write) -> fmt::Result {
        if self.length == 0 { Ok(()) } else { terminal.write_str("\r\x1b[K") }
    }

    /// Makes `wanted` of this row: moves the cursor to where the two differ, writes the rest.
    pub(crate) fn change_into(self, wanted: &Self, terminal: &mut dyn fmt::Write) -> fmt::Result {
        let mut cursor = self.cursor;
        let pairs = self.text(0, self.length).iter().zip(wanted.text(0, wanted.length));
        let same = pairs.take_while(|(is, wanted)| is == wanted).count();
        if same < self.length.max(wanted.length) {
            self.move_cursor(cursor, same, terminal)?;
            write(wanted.text(same, wanted.length), terminal)?;
            cursor = wanted.length;
            if wanted.length < self.length {
                terminal.write_str("\x1b[K")?;
            }
        }
        wanted.move_cursor(cursor, wanted.cursor, terminal)
    }

    /// Moves the cursor: back by backspaces, on by what stands there.
    fn move_cursor(&self, from: usize, to: usize, terminal: &mut dyn fmt::Write) -> fmt::Result {
        if from <= to {
            return write(self.text(from, to), terminal);
        }
        (to..from).try_for_each(|_| terminal.write_str("\x08"))
    }
}

/// Writes ASCII.
pub(crate) fn write(text: &[u8], terminal: &mut dyn fmt::Write) -> fmt::Result {
    text.iter().try_for_each(|byte| terminal.write_char(char::from(*byte)))
}
