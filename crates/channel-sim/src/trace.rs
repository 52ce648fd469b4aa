//! What was traced, kept in order.
//!
//! A line is the word that says what happened and fields `key=value`; [`TraceLog`] finds lines by
//! both, so that a test can ask what came before what.

use channel_io::Microseconds;
use core::fmt;

/// One traced event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceLine {
    /// When.
    pub time: Microseconds,
    /// The event as it was traced, as in `IOSVCP request=1 device=0.0.0001 cc=0 started`.
    pub event: String,
}

impl TraceLine {
    /// The first word: what happened.
    #[must_use]
    pub fn what(&self) -> &str {
        self.event.split(' ').next().unwrap_or("")
    }

    /// The value of a field, up to the next space.
    #[must_use]
    pub fn field(&self, key: &str) -> Option<&str> {
        self.event
            .split(' ')
            .filter_map(|word| word.split_once('='))
            .find(|(name, _)| *name == key)
            .map(|(_, value)| value)
    }

    /// Whether the line starts with the first word of `pattern` and has all of its other words.
    #[must_use]
    pub fn matches(&self, pattern: &str) -> bool {
        let mut words = pattern.split(' ');
        words.next() == Some(self.what())
            && words.all(|word| self.event.split(' ').any(|other| other == word))
    }
}

impl fmt::Display for TraceLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TRACE {} {}", self.time, self.event)
    }
}

/// Traced events, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TraceLog {
    lines: Vec<TraceLine>,
}

impl TraceLog {
    pub(crate) fn push(&mut self, time: Microseconds, event: String) {
        self.lines.push(TraceLine { time, event });
    }

    /// All lines.
    #[must_use]
    pub fn lines(&self) -> &[TraceLine] {
        &self.lines
    }

    /// The places of the lines that match a pattern ([`TraceLine::matches`]).
    pub fn places<'a>(&'a self, pattern: &'a str) -> impl Iterator<Item = usize> + 'a {
        let lines = self.lines.iter().enumerate();
        lines.filter(move |(_, line)| line.matches(pattern)).map(|(place, _)| place)
    }

    /// How many lines match a pattern.
    #[must_use]
    pub fn count(&self, pattern: &str) -> usize {
        self.places(pattern).count()
    }

    /// The place of the only line that matches a pattern.
    ///
    /// # Panics
    /// If there is none, or more than one: the test's question was not clear.
    #[must_use]
    pub fn only(&self, pattern: &str) -> usize {
        let places: Vec<_> = self.places(pattern).collect();
        match places.as_slice() {
            [place] => *place,
            others => {
                panic!("{} lines match \"{pattern}\", one was expected:\n{self}", others.len())
            }
        }
    }

    /// Checks that each pattern matches one line, and that these lines stand in this order.
    ///
    /// # Panics
    /// If they do not.
    pub fn assert_order(&self, patterns: &[&str]) {
        let places: Vec<_> = patterns.iter().map(|pattern| self.only(pattern)).collect();
        assert!(places.is_sorted(), "{patterns:#?} stand at {places:?}:\n{self}");
    }
}

impl fmt::Display for TraceLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, line) in self.lines.iter().enumerate() {
            writeln!(f, "{place:4} {line}")?;
        }
        Ok(())
    }
}
