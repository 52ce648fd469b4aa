//! Line editing and history for a console that is read without waiting.
//!
//! [`LineEditor`] is a state machine and does no I/O: it is fed what was typed, byte by byte, and tells when
//! a line is finished. Drawing is apart from that, so that a whole burst of input costs one output:
//! [`LineEditor::show`] brings the terminal's row up to date with as little as will do it, [`LineEditor::hide`]
//! takes the row away so that a message can be printed in its place, [`LineEditor::close`] leaves a
//! finished line where it is and goes on to the next row. It needs no heap.
//!
//! - `keys`: bytes into keys; VT220 sequences, in pieces or whole.
//! - `line`: the line and its cursor.
//! - `history`: lines typed before.
//! - `row`: what stands on the terminal, and how it is changed into what should.
//!
//! # What a terminal must know
//!
//! Carriage return, line feed, backspace, and "erase to the end of the line" (`ESC [ K`); "clear the
//! screen" when the operator asks for it (Ctrl-L). As long as lines are only typed and finished, and no message
//! comes in between, no escape sequence goes out at all, so that a program which drives the console reads plain
//! lines. The terminal is taken to have 80 columns; a longer line is shown in part while it is edited, and
//! as a whole once it is finished.
//!
//! # Why not a published one
//!
//! `noline` 0.5 asks the terminal for its size and waits for an answer, which no program gives that types
//! through a pipe; it reads a line at a time, and cannot print a message above one. `embedded-cli` 0.2 can, but loses
//! the cursor's place by it, and knows neither Home and End nor any control key.
//!
//! # Example
//!
//! ```
//! use line_editor::{Ended, LineEditor};
//!
//! let mut editor = LineEditor::<80, 512>::new("> ");
//! let mut terminal = String::new();
//! for byte in *b"displax\x7fy" {
//!     assert_eq!(editor.feed(byte), None);
//! }
//! editor.show(&mut terminal)?;
//! editor.hide(&mut terminal)?;
//! terminal.push_str("a message\n");
//! assert_eq!(editor.feed(b'\r'), Some(Ended::Line));
//! editor.close(&mut terminal)?;
//! assert_eq!(editor.line(), "display");
//! assert_eq!(terminal, "> display\r\x1b[Ka message\n> display\n");
//! # Ok::<(), core::fmt::Error>(())
//! ```
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

mod history;
mod keys;
mod line;
mod row;

use core::fmt;
use history::History;
use keys::{Decoder, Key};
use line::{Change, Line};
use row::Row;

/// The columns that a terminal is taken to have.
pub const COLUMNS: usize = 80;

/// How a line ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Ended {
    /// It was finished, by a carriage return, a line feed, or both.
    Line,
    /// It was finished, but characters that it had no room for were refused: what is left is not
    /// what was typed.
    TooLong,
    /// The operator gave it up, by Ctrl-C.
    Abandoned,
}

/// An editor of lines of up to `LINE` characters, which keeps `HISTORY` bytes of lines finished before; each
/// takes one more than it has characters.
///
/// | keys | what they do |
/// |---|---|
/// | printable ASCII, Tab | insert (Tab inserts a space) |
/// | Enter | finishes the line |
/// | Backspace, Delete, Ctrl-D | delete to the left, at the cursor |
/// | Left, Right, Ctrl-B, Ctrl-F | move |
/// | Home, End, Ctrl-A, Ctrl-E | move to the start, to the end |
/// | Ctrl-K, Ctrl-U, Ctrl-W | delete to the end, to the start, the word to the left |
/// | Up, Down, Ctrl-P, Ctrl-N | earlier and later lines |
/// | Ctrl-L | clears the screen |
/// | Ctrl-C | gives the line up |
///
/// Everything else is refused, with a bell.
#[derive(Clone, Debug)]
pub struct LineEditor<const LINE: usize, const HISTORY: usize> {
    prompt: &'static str,
    keys: Decoder,
    line: Line<LINE>,
    history: History<HISTORY>,
    /// How many lines back in the history the line comes from; 0 for the one that is being typed.
    back: usize,
    /// The one that is being typed, while another is on the screen.
    typed: Line<LINE>,
    /// How the line ended; the next byte begins another.
    ended: Option<Ended>,
    /// Whether characters were refused for which there was no room.
    is_cut: bool,
    bell_due: bool,
    clear_due: bool,
    /// Where the part of the line begins that is shown.
    first_shown: usize,
    /// What stands on the terminal's row; none when it is empty, with the cursor at its start.
    shown: Option<Row>,
}

impl<const LINE: usize, const HISTORY: usize> LineEditor<LINE, HISTORY> {
    /// An editor with nothing typed, nothing on the terminal and no history. Of the prompt, printable
    /// ASCII, as many characters are shown as leave room for half a row.
    #[must_use]
    pub const fn new(prompt: &'static str) -> Self {
        Self {
            prompt,
            keys: Decoder::new(),
            line: Line::new(),
            history: History::new(),
            back: 0,
            typed: Line::new(),
            ended: None,
            is_cut: false,
            bell_due: false,
            clear_due: false,
            first_shown: 0,
            shown: None,
        }
    }

    /// The line as it stands. A line that has ended stays until the next byte, or until it is asked for
    /// its successor by [`LineEditor::show`].
    #[must_use]
    pub fn line(&self) -> &str {
        // It is all ASCII.
        str::from_utf8(self.line.text()).unwrap_or_default()
    }

    /// Before which character of the line the cursor is.
    #[must_use]
    pub const fn cursor(&self) -> usize {
        self.line.cursor()
    }

    /// Takes a byte that was typed; says how the line ended, if it did. Nothing is drawn.
    pub fn feed(&mut self, byte: u8) -> Option<Ended> {
        self.begin();
        let key = self.keys.decode(byte)?;
        let change = match key {
            Key::Enter => {
                self.ended = Some(self.finish());
                Change::Made
            }
            Key::Abandon => {
                self.ended = Some(Ended::Abandoned);
                Change::Made
            }
            Key::ClearScreen => {
                self.clear_due = true;
                Change::Made
            }
            Key::Character(character) => self.insert(character),
            Key::Left => self.line.left(),
            Key::Right => self.line.right(),
            Key::Home => self.line.home(),
            Key::End => self.line.end(),
            Key::Backspace => self.shorten(Line::backspace),
            Key::Delete => self.shorten(Line::delete),
            Key::KillToEnd => self.shorten(Line::kill_to_end),
            Key::KillToStart => self.shorten(Line::kill_to_start),
            Key::KillWord => self.shorten(Line::kill_word),
            Key::Up => self.recall(self.back + 1),
            Key::Down => self.back.checked_sub(1).map_or(Change::None, |back| self.recall(back)),
            Key::Unknown => Change::None,
        };
        self.bell_due |= change == Change::None;
        self.ended
    }

    /// Brings the terminal up to date: the prompt, the line, the cursor, and a bell if anything was refused.
    ///
    /// # Errors
    /// That of `terminal`. It is taken to show everything all the same, sooner or later.
    pub fn show(&mut self, terminal: &mut dyn fmt::Write) -> fmt::Result {
        self.begin();
        self.clear(terminal)?;
        let wanted = self.row();
        self.change_row(&wanted, terminal)
    }

    /// Takes the line away from the terminal, which leaves an empty row with the cursor at its start.
    ///
    /// # Errors
    /// That of `terminal`.
    pub fn hide(&mut self, terminal: &mut dyn fmt::Write) -> fmt::Result {
        match self.shown.take() {
            Some(shown) => shown.erase(terminal),
            None => Ok(()),
        }
    }

    /// Whether anything of the line, or of the prompt, stands on the terminal.
    #[must_use]
    pub const fn is_shown(&self) -> bool {
        self.shown.is_some()
    }

    /// Leaves a line that has ended on the terminal, all of it, and goes on to the next row.
    ///
    /// # Errors
    /// That of `terminal`.
    pub fn close(&mut self, terminal: &mut dyn fmt::Write) -> fmt::Result {
        self.clear(terminal)?;
        let _ = self.line.end();
        if self.prompt_shown().len() + self.line.text().len() < COLUMNS {
            let whole = self.row();
            self.change_row(&whole, terminal)?;
        } else {
            // It is more than what is on the row, and leaves nothing of that.
            if self.shown.is_some() {
                terminal.write_str("\r")?;
            }
            terminal.write_str(self.prompt_shown())?;
            row::write(self.line.text(), terminal)?;
        }
        self.shown = None;
        terminal.write_str(match self.ended {
            Some(Ended::Abandoned) => "^C\n",
            Some(Ended::Line | Ended::TooLong) | None => "\n",
        })
    }

    /// Begins a new line if the last one has ended.
    fn begin(&mut self) {
        if self.ended.take().is_some() {
            self.line = Line::new();
            self.back = 0;
            self.is_cut = false;
            self.first_shown = 0;
        }
    }

    fn finish(&mut self) -> Ended {
        if self.is_cut {
            return Ended::TooLong;
        }
        self.history.add(self.line.text());
        Ended::Line
    }

    fn insert(&mut self, character: u8) -> Change {
        let change = self.line.insert(character);
        self.is_cut |= change == Change::None;
        change
    }

    /// Does what makes the line shorter: what it is then was seen by the operator, and nothing is missing.
    fn shorten(&mut self, how: fn(&mut Line<LINE>) -> Change) -> Change {
        let change = how(&mut self.line);
        self.is_cut &= change == Change::None;
        change
    }

    /// Puts a line of the history in the place of the line, or what was being typed.
    fn recall(&mut self, back: usize) -> Change {
        if back == 0 {
            self.line = self.typed.clone();
        } else {
            let Some(earlier) = self.history.get(back) else {
                return Change::None;
            };
            if self.back == 0 {
                self.typed = self.line.clone();
            }
            self.line.set(earlier);
        }
        self.back = back;
        self.is_cut = false;
        Change::Made
    }

    fn prompt_shown(&self) -> &'static str {
        self.prompt.get(..COLUMNS / 2).unwrap_or(self.prompt)
    }

    /// What should stand on the terminal's row.
    fn row(&mut self) -> Row {
        let prompt = self.prompt_shown();
        let room = COLUMNS - 1 - prompt.len();
        let cursor = self.line.cursor();
        // The part that is shown moves by half of it, so that it does not move with every character.
        if self.line.text().len() <= room {
            self.first_shown = 0;
        } else if cursor < self.first_shown || cursor > self.first_shown + room {
            self.first_shown = cursor.saturating_sub(room / 2);
        }
        let line = self.line.text().get(self.first_shown..).unwrap_or_default();
        Row::new(prompt.as_bytes(), line, cursor - self.first_shown)
    }

    fn change_row(&mut self, wanted: &Row, terminal: &mut dyn fmt::Write) -> fmt::Result {
        let shown = self.shown.replace(wanted.clone()).unwrap_or_default();
        shown.change_into(wanted, terminal)
    }

    /// The bell, and the clearing of the screen, if they are due.
    fn clear(&mut self, terminal: &mut dyn fmt::Write) -> fmt::Result {
        if core::mem::take(&mut self.bell_due) {
            terminal.write_str("\x07")?;
        }
        if core::mem::take(&mut self.clear_due) {
            self.shown = None;
            terminal.write_str("\x1b[H\x1b[J")?;
        }
        Ok(())
    }
}
