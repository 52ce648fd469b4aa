//! What the guest prints, while it prints it.
//!
//! A [`Console`] is filled by the thread that reads QEMU's output and may be asked by any other:
//! for the lines so far, or to wait until a text appears. A [`Reader`] keeps its place, so that a
//! script can wait for one thing after another, as an operator does who answers prompts:
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
    partial: Vec<u8>,
    ended: bool,
}

impl State {
    fn partial_text(&self) -> String {
        line_text(&self.partial)
    }
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
                let line = line_text(&state.partial);
                state.partial.clear();
                state.lines.push(line);
            } else {
                state.partial.push(*byte);
            }
        }
        self.shared.changed.notify_all();
    }

    /// Says that nothing more will come. A last line without a line end becomes a line.
    pub fn end(&self) {
        let mut state = self.state();
        if !state.partial.is_empty() {
            let line = state.partial_text();
            state.partial.clear();
            state.lines.push(line);
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
        Reader { console: self.clone(), line: 0, column: 0 }
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
    /// Bytes of that line which were passed already.
    column: usize,
}

impl Reader {
    /// Waits until `wanted` appears after the reader's place, moves behind it, and returns the whole
    /// line with it; an unfinished line, such as a prompt, counts.
    ///
    /// # Errors
    /// It did not appear within `limit`, or the machine ended without it.
    pub fn wait_for(&mut self, wanted: &str, limit: Duration) -> Result<String, WaitError> {
        let deadline = Instant::now() + limit;
        let console = self.console.clone();
        let mut state = console.state();
        loop {
            if let Some(line) = self.find(&state, wanted) {
                return Ok(line);
            }
            if state.ended {
                return Err(WaitError::Ended { wanted: wanted.to_owned(), tail: tail(&state) });
            }
            let Some(left) = time_left(deadline) else {
                return Err(WaitError::TimedOut { wanted: wanted.to_owned(), tail: tail(&state) });
            };
            state = console.wait(state, left);
        }
    }

    fn find(&mut self, state: &State, wanted: &str) -> Option<String> {
        while let Some(line) = state.lines.get(self.line) {
            if let Some(place) = self.find_in(line, wanted) {
                self.column = place;
                return Some(line.clone());
            }
            self.line += 1;
            self.column = 0;
        }
        let partial = state.partial_text();
        self.column = self.find_in(&partial, wanted)?;
        Some(partial)
    }

    /// The column behind `wanted`, if it is in the part of the line that was not passed yet.
    fn find_in(&self, line: &str, wanted: &str) -> Option<usize> {
        let place = line.get(self.column..)?.find(wanted)?;
        Some(self.column + place + wanted.len())
    }
}

fn time_left(deadline: Instant) -> Option<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    (!left.is_zero()).then_some(left)
}

/// A line as text: without carriage returns, and with a mark for what is no UTF-8.
fn line_text(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.trim_matches('\r').to_owned()
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
        text.push_str(&state.partial_text());
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
