//! The words of a command line, taken one by one.

use super::error::{CommandError, CommandProblem};
use crate::parameters::{Given, Shown, copied, nearest};
use alloc::string::ToString;
use alloc::vec::Vec;
use channel_io::DeviceId;

/// A word that a command can have at some place, and what it stands for.
pub(super) type Choice<T> = (&'static str, T);

/// What is left of a command line.
pub(super) struct Words<'a> {
    words: Vec<&'a [u8]>,
    taken: usize,
}

impl<'a> Words<'a> {
    pub(super) fn of(line: &'a str) -> Self {
        let words = line.as_bytes().split(|byte| byte.is_ascii_whitespace() || *byte == 0);
        Self { words: words.filter(|word| !word.is_empty()).collect(), taken: 0 }
    }

    /// Whether nothing is left.
    pub(super) fn is_empty(&self) -> bool {
        self.words.len() <= self.taken
    }

    /// All that is left.
    pub(super) fn rest(&mut self) -> &[&'a [u8]] {
        let rest = self.words.get(self.taken..).unwrap_or_default();
        self.taken = self.words.len();
        rest
    }

    /// Nothing may be left.
    pub(super) fn end(&mut self) -> Result<(), CommandError> {
        match self.words.get(self.taken) {
            Some(word) => Err(mistake(word, CommandProblem::TooMany)),
            None => Ok(()),
        }
    }

    /// One of the words that there are, which may be shortened.
    pub(super) fn choose<T: Copy>(&mut self, choices: &[Choice<T>]) -> Result<T, CommandError> {
        let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
        let place = self.one_of(&names)?;
        let problem = || mistake(b"", CommandProblem::Missing { expected: names });
        choices.get(place).map(|(_, meaning)| *meaning).ok_or_else(problem)
    }

    /// The same, if a word is left.
    pub(super) fn choose_if_any<T: Copy>(
        &mut self,
        choices: &[Choice<T>],
    ) -> Result<Option<T>, CommandError> {
        if self.is_empty() { Ok(None) } else { self.choose(choices).map(Some) }
    }

    /// The place among these names of the one that the next word is, or begins.
    #[inline(never)]
    pub(super) fn one_of(&mut self, names: &[&'static str]) -> Result<usize, CommandError> {
        let word = self.take(|| CommandProblem::Missing { expected: names.to_vec() })?;
        if let Some(place) = names.iter().position(|name| name.as_bytes() == word) {
            return Ok(place);
        }
        let begins = |name: &str| name.as_bytes().starts_with(word);
        let meant: Vec<_> = names.iter().copied().filter(|name| begins(name)).collect();
        let problem = match (meant.len(), names.iter().position(|name| begins(name))) {
            (1, Some(place)) => return Ok(place),
            (_, Some(_)) => CommandProblem::Ambiguous { expected: meant },
            (_, None) => {
                let nearest = nearest(word, names);
                CommandProblem::Unknown { nearest, expected: names.to_vec() }
            }
        };
        Err(mistake(word, problem))
    }

    /// A device.
    #[inline(never)]
    pub(super) fn device(&mut self) -> Result<Given<DeviceId>, CommandError> {
        let word = self.take(|| CommandProblem::MissingDevice)?;
        match DeviceId::from_ascii(word) {
            Ok(value) => Ok(Given { value, word: Shown(word).to_string() }),
            Err(error) => Err(mistake(word, CommandProblem::Device(error))),
        }
    }

    /// The number of a job.
    pub(super) fn number(&mut self) -> Result<u32, CommandError> {
        let word = self.take(|| CommandProblem::MissingNumber)?;
        // A sign is no part of a number here, as it is none on the parameter line.
        let digits = core::str::from_utf8(word).ok().filter(|word| !word.starts_with('+'));
        let number = digits.and_then(|digits| digits.parse().ok());
        number.ok_or_else(|| mistake(word, CommandProblem::NotANumber))
    }

    /// The next word; if there is none, the one before lacks it.
    fn take(&mut self, missing: impl Fn() -> CommandProblem) -> Result<&'a [u8], CommandError> {
        match self.words.get(self.taken) {
            Some(word) => {
                self.taken += 1;
                Ok(word)
            }
            None => Err(mistake(self.words.last().copied().unwrap_or_default(), missing())),
        }
    }
}

#[cold]
#[inline(never)]
fn mistake(word: &[u8], problem: CommandProblem) -> CommandError {
    CommandError { word: copied(&Shown(word).to_string()), problem }
}
