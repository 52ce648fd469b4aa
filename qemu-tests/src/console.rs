//! What the guest prints, while it prints it.
//!
//! A [`Console`] is filled by the thread that reads QEMU's output and may be asked by any other:
//! for the lines so far, or to wait until a text appears. A [`Reader`] keeps its place, so that a
//! script can wait for one thing after another, as an operator does who answers prompts. Lines are as a terminal
//! shows them ([`crate::screen`]):
//!
//! ```
//! use std::time::Duration;
//! use qemu_tests::console::Console;
//!
//! let console = Console::default();
//! console.feed(b"CCW001I ready\r\n> ");
//! let mut reader = console.reader();
//! reader.wait_for("ready", Duration::from_secs(1))?;
//! reader.wait_for("> ", Duration::from_secs(1))?;
//! assert_eq!(console.lines(), ["CCW001I ready"]);
//! # Ok::<(), qemu_tests::console::WaitError>(())
//! ```

use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::screen::Line;

/// How many of the last lines a message about a failure shows.
pub const TAIL_LINES: usize = 30;

/// The console of one machine; clones show the same one.
#[derive(Clone, Debug, Default)]
pub struct Console {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    lines: Vec<String>,
    /// What follows the last line end: a prompt, or a line that is still being printed.
    partial: Line,
    ended: bool,
}

/// Why a wait for a text ended without it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WaitError {
    /// The time was over.
    TimedOut {
        /// What was waited for.
        wanted: String,
        /// The last lines of the console.
        tail: String,
    },
    /// The machine ended, so nothing more can come.
    Ended {
        /// What was waited for.
        wanted: String,
        /// The last lines of the console.
        tail: String,
    },
}

impl fmt::Display for WaitError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, wanted, tail) = match self {
            Self::TimedOut { wanted, tail } => ("did not appear in time", wanted, tail),
            Self::Ended { wanted, tail } => {
                ("had not appeared when the machine ended", wanted, tail)
            }
        };
        write!(formatter, "{wanted:?} {what}; the console's end was:\n{tail}")
    }
}

impl std::error::Error for WaitError {}

impl Console {
    /// Adds what the guest printed; any piece of a line.
    pub fn feed(&self, output: &[u8]) {
        let mut state = self.state();
        for byte in output {
            if *byte == b'\n' {
                let line = std::mem::take(&mut state.partial);
                state.lines.push(line.text());
            } else {
                state.partial.take(*byte);
            }
        }
        self.shared.changed.notify_all();
    }

    /// Says that nothing more will come. A last line without a line end becomes a line.
    pub fn end(&self) {
        let mut state = self.state();
        if !state.partial.is_empty() {
            let line = std::mem::take(&mut state.partial);
            state.lines.push(line.text());
        }
        state.ended = true;
        self.shared.changed.notify_all();
    }

    /// The complete lines so far, without their line ends.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.state().lines.clone()
    }

    /// The last lines, indented, for a message about a failure.
    #[must_use]
    pub fn tail(&self) -> String {
        tail(&self.state())
    }

    /// A reader that starts at the first line.
    #[must_use]
    pub fn reader(&self) -> Reader {
        Reader { console: self.clone(), line: 0, passed: String::new() }
    }

    /// Waits until `wanted` has appeared anywhere in the output, and returns the line with it.
    ///
    /// # Errors
    /// It did not appear within `limit`, or the machine ended without it.
    pub fn wait_for(&self, wanted: &str, limit: Duration) -> Result<String, WaitError> {
        self.reader().wait_for(wanted, limit)
    }

    /// Waits until the machine has ended; tells whether it did within `limit`.
    #[must_use]
    pub fn wait_for_end(&self, limit: Duration) -> bool {
        let deadline = Instant::now() + limit;
        let mut state = self.state();
        while !state.ended {
            let Some(left) = time_left(deadline) else {
                return false;
            };
            state = self.wait(state, left);
        }
        true
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A thread that panicked while it held the lock left whole lines behind.
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>, limit: Duration) -> MutexGuard<'a, State> {
        let waited = self.shared.changed.wait_timeout(state, limit);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

/// A place in the output of a console, moved on by each wait.
#[derive(Clone, Debug)]
pub struct Reader {
    console: Console,
    line: usize,
    /// The part of that line which was passed already. A line that the guest repaints has none of it any more.
    passed: String,
}

impl Reader {
    /// Waits until `wanted` appears after the reader's place, moves behind it, and returns the whole
    /// line with it; an unfinished line, such as a prompt, counts.
    ///
    /// # Errors
    /// It did not appear within `limit`, or the machine ended without it.
    pub fn wait_for(&mut self, wanted: &str, limit: Duration) -> Result<String, WaitError> {
        self.wait_for_any(&[wanted], limit)
    }

    /// Waits until one of these appears; of several the one in the earliest line, and there the first named.
    ///
    /// # Errors
    /// As [`Reader::wait_for`].
    pub fn wait_for_any(&mut self, wanted: &[&str], limit: Duration) -> Result<String, WaitError> {
        let deadline = Instant::now() + limit;
        let console = self.console.clone();
        let mut state = console.state();
        loop {
            if let Some(line) = self.find(&state, wanted) {
                return Ok(line);
            }
            let (wanted, tail) = (|| wanted.join(" or "), || tail(&state));
            if state.ended {
                return Err(WaitError::Ended { wanted: wanted(), tail: tail() });
            }
            let Some(left) = time_left(deadline) else {
                return Err(WaitError::TimedOut { wanted: wanted(), tail: tail() });
            };
            state = console.wait(state, left);
        }
    }

    /// The unfinished line at the end, such as a prompt with what was typed after it.
    #[must_use]
    pub fn unfinished(&self) -> String {
        self.console.state().partial.text()
    }

    fn find(&mut self, state: &State, wanted: &[&str]) -> Option<String> {
        while let Some(line) = state.lines.get(self.line) {
            if self.pass(line, wanted) {
                return Some(line.clone());
            }
            self.line += 1;
            self.passed.clear();
        }
        let partial = state.partial.text();
        self.pass(&partial, wanted).then_some(partial)
    }

    /// Moves behind one of `wanted`, if one is in the part of the line that was not passed yet.
    fn pass(&mut self, line: &str, wanted: &[&str]) -> bool {
        let rest = line.strip_prefix(self.passed.as_str()).unwrap_or(line);
        let found = wanted.iter().find_map(|one| rest.find(one).map(|place| place + one.len()));
        let Some(end) = found.map(|end| line.len() - rest.len() + end) else { return false };
        self.passed = line.get(..end).unwrap_or(line).to_owned();
        true
    }
}

fn time_left(deadline: Instant) -> Option<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    (!left.is_zero()).then_some(left)
}

fn tail(state: &State) -> String {
    let first = state.lines.len().saturating_sub(TAIL_LINES);
    let mut text = String::new();
    for line in state.lines.iter().skip(first) {
        text.push_str("    ");
        text.push_str(line);
        text.push('\n');
    }
    if !state.partial.is_empty() {
        text.push_str("    ");
        text.push_str(&state.partial.text());
        text.push('\n');
    }
    if text.is_empty() {
        text.push_str("    (nothing was printed)\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Duration = Duration::from_millis(20);
    const LONG: Duration = Duration::from_secs(10);

    #[test]
    fn lines_are_put_together_from_pieces() {
        let console = Console::default();
        for piece in ["CCW0", "01I one\r", "\n\n\rtwo\r\nth", "ree"] {
            console.feed(piece.as_bytes());
        }
        assert_eq!(console.lines(), ["CCW001I one", "", "two"]);
        console.end();
        assert_eq!(console.lines(), ["CCW001I one", "", "two", "three"]);
    }

    #[test]
    fn a_reader_moves_on_and_sees_prompts() {
        let console = Console::default();
        console.feed(b"> help\n> ");
        let mut reader = console.reader();
        assert_eq!(reader.wait_for("> ", SHORT).unwrap(), "> help");
        assert_eq!(reader.wait_for("> ", SHORT).unwrap(), "> ");
        assert!(matches!(reader.wait_for("> ", SHORT), Err(WaitError::TimedOut { .. })));
        console.feed(b"quit\n> ");
        assert_eq!(reader.wait_for("quit", SHORT).unwrap(), "> quit");
        assert_eq!(reader.wait_for("> ", SHORT).unwrap(), "> ");
    }

    #[test]
    fn the_earliest_of_several_texts_is_found() {
        let console = Console::default();
        console.feed(b"one\ntwo\nthree and four\n");
        let mut reader = console.reader();
        assert_eq!(reader.wait_for_any(&["three", "two"], SHORT).unwrap(), "two");
        assert_eq!(reader.wait_for_any(&["four", "three"], SHORT).unwrap(), "three and four");
        let error = reader.wait_for_any(&["three", "two"], SHORT).unwrap_err();
        assert!(error.to_string().starts_with("\"three or two\" did not appear"), "{error}");
    }

    #[test]
    fn a_message_above_the_prompt_is_not_missed() {
        let console = Console::default();
        console.feed(b"ccw> mir");
        let mut reader = console.reader();
        reader.wait_for("ccw> ", SHORT).unwrap();
        console.feed(b"\r\x1b[KCCW030W suspended\r\nccw> mir");
        assert_eq!(reader.wait_for("CCW030W", SHORT).unwrap(), "CCW030W suspended");
        assert_eq!(reader.wait_for("ccw> ", SHORT).unwrap(), "ccw> mir");
        assert_eq!(reader.unfinished(), "ccw> mir");
        assert_eq!(console.lines(), ["CCW030W suspended"]);
    }

    #[test]
    fn a_wait_sees_what_another_thread_feeds() {
        let console = Console::default();
        let feeder = console.clone();
        let thread = std::thread::spawn(move || {
            feeder.feed(b"first\n");
            std::thread::sleep(SHORT);
            feeder.feed(b"second\n");
            feeder.end();
        });
        assert_eq!(console.wait_for("second", LONG).unwrap(), "second");
        assert!(console.wait_for_end(LONG));
        thread.join().unwrap();
        let error = console.wait_for("third", LONG).unwrap_err();
        assert!(matches!(&error, WaitError::Ended { .. }));
        assert!(error.to_string().contains("    second\n"), "{error}");
    }

    #[test]
    fn bytes_that_are_no_text_are_marked_not_lost() {
        let console = Console::default();
        console.feed(b"a\xffb\n");
        assert_eq!(console.lines(), ["a\u{fffd}b"]);
    }
}
