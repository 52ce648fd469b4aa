//! Counting tests, from what the test programs print.

use std::fmt;
use std::ops::Add;

/// How many tests ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) passed: u64,
    pub(super) failed: u64,
    pub(super) skipped: u64,
}

impl Count {
    /// A check that is no test program: it counts as one test.
    pub(super) const fn of_check(succeeded: bool) -> Self {
        if succeeded {
            Self { passed: 1, failed: 0, skipped: 0 }
        } else {
            Self { passed: 0, failed: 1, skipped: 0 }
        }
    }

    /// A check that could not be made here.
    pub(super) const SKIPPED: Self = Self { passed: 0, failed: 0, skipped: 1 };

    /// Adds what a line says, if it is the closing line of a test program:
    /// `test result: ok. 61 passed; 0 failed; 2 ignored; …`.
    pub(super) fn see(&mut self, line: &str) {
        let plain = without_colours(line);
        let Some(rest) = plain.trim().strip_prefix("test result:") else { return };
        for part in rest.split([';', '.']) {
            let mut words = part.split_whitespace();
            let (Some(number), Some(kind)) = (words.next(), words.next()) else { continue };
            let Ok(number) = number.parse::<u64>() else { continue };
            match kind {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.skipped += number,
                _ => {}
            }
        }
    }

    /// What a test run came to: if the program failed without a failed test, it did not compile, or died,
    /// and that is a failure too.
    pub(super) const fn judged(mut self, succeeded: bool) -> Self {
        if !succeeded && self.failed == 0 {
            self.failed = 1;
        }
        self
    }
}

impl Add for Count {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
            skipped: self.skipped + other.skipped,
        }
    }
}

impl fmt::Display for Count {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} passed, {} failed", self.passed, self.failed)?;
        if self.skipped > 0 {
            write!(formatter, ", {} skipped", self.skipped)?;
        }
        Ok(())
    }
}

/// The text without terminal colours (`ESC [ … m`).
fn without_colours(line: &str) -> String {
    let mut text = String::new();
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        if character == '\u{1b}' {
            let _ = characters.by_ref().find(|end| end.is_ascii_alphabetic());
        } else {
            text.push(character);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_lines_are_counted() {
        let mut count = Count::default();
        for line in [
            "running 3 tests",
            "test result: ok. 61 passed; 0 failed; 2 ignored; 0 measured; 3 filtered out; finished in 1.17s",
            "test result: \u{1b}[31mFAILED\u{1b}[0m. 1 passed; 7 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.48s",
            "the test result: ok. 5 passed; 0 failed",
            "",
        ] {
            count.see(line);
        }
        assert_eq!(count, Count { passed: 62, failed: 7, skipped: 2 });
    }

    #[test]
    fn the_sum_is_as_tools_expect_it() {
        let one = Count { passed: 2, failed: 0, skipped: 0 };
        assert_eq!((one + Count::of_check(true)).to_string(), "3 passed, 0 failed");
        assert_eq!((one + Count::of_check(false)).to_string(), "2 passed, 1 failed");
        assert_eq!((one + Count::SKIPPED).to_string(), "2 passed, 0 failed, 1 skipped");
    }

    #[test]
    fn a_run_that_died_has_failed() {
        let passed = Count { passed: 2, failed: 0, skipped: 0 };
        assert_eq!(passed.judged(true).failed, 0);
        assert_eq!(passed.judged(false).failed, 1);
        assert_eq!(Count { failed: 3, ..passed }.judged(false).failed, 3);
    }
}
