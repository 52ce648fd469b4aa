//! What happened, counted.

use std::collections::BTreeMap;
use std::fmt;

use qemu_tests::Verdict;

/// Counts of everything that was done and seen, over all rounds.
#[derive(Debug, Default)]
pub(super) struct Tally {
    rounds: u64,
    counts: BTreeMap<&'static str, u64>,
}

impl Tally {
    /// One more of these.
    pub(super) fn count(&mut self, what: &'static str) {
        self.add(what, 1);
    }

    /// So many more of these.
    pub(super) fn add(&mut self, what: &'static str, number: u64) {
        *self.counts.entry(what).or_default() += number;
    }

    /// A round is over, and came out well.
    pub(super) fn round(&mut self, verdict: &Verdict) {
        self.rounds += 1;
        self.add("writes confirmed", verdict.writes);
        self.add("writes mirrored", verdict.mirrored_writes);
        self.add("second starts put off", verdict.deferred_starts);
    }

    /// As in `12 rounds`.
    pub(super) fn rounds(&self) -> String {
        format!("{} rounds", self.rounds)
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (what, number) in &self.counts {
            writeln!(formatter, "{number:>12}  {what}")?;
        }
        Ok(())
    }
}
