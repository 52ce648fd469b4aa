//! So many bytes a second: when the next piece is due.

use channel_io::Microseconds;

/// How far behind its rate a scrub may be and still make it up: little, so that a stall is not followed by a rush.
const SLACK: Microseconds = Microseconds(100_000);

/// Pieces a second, at least, if blocks are small enough: a slow scrub goes in small steps, not in bursts.
const PIECES_A_SECOND: u64 = 8;

/// When pieces are due, at a rate.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// Bytes a second; none for as fast as it goes.
    rate: Option<u64>,
    due: Microseconds,
}

impl Pace {
    /// Of a scrub that starts now.
    pub(super) const fn new(rate: Option<u64>, now: Microseconds) -> Self {
        Self { rate, due: now }
    }

    /// How many bytes a piece should have, of `most`.
    pub(super) fn piece(&self, most: u64) -> u64 {
        self.rate.map_or(most, |rate| most.min(rate / PIECES_A_SECOND))
    }

    /// Whether the next piece is due.
    pub(super) fn is_due(&self, now: Microseconds) -> bool {
        self.rate.is_none() || now >= self.due
    }

    /// When it is, if that is not at once.
    pub(super) fn due(&self) -> Option<Microseconds> {
        self.rate.map(|_| self.due)
    }

    /// A piece of so many bytes is begun.
    pub(super) fn spend(&mut self, now: Microseconds, bytes: u64) {
        if let Some(rate) = self.rate {
            let takes = Microseconds(bytes.saturating_mul(1_000_000) / rate.max(1));
            let earliest = Microseconds(now.0.saturating_sub(SLACK.0));
            self.due = self.due.max(earliest).after(takes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_come_at_the_rate() {
        let mut pace = Pace::new(Some(1_000_000), Microseconds(500));
        assert_eq!(pace.piece(65_536), 65_536);
        assert!(pace.is_due(Microseconds(500)));
        pace.spend(Microseconds(500), 65_536);
        assert!(!pace.is_due(Microseconds(66_035)));
        assert!(pace.is_due(Microseconds(66_036)));
        assert_eq!(pace.due(), Some(Microseconds(66_036)));
        // Begun late by less than the slack: the next one is due as if it had been in time.
        pace.spend(Microseconds(100_000), 65_536);
        assert_eq!(pace.due(), Some(Microseconds(131_572)));
        // After a stall of ten seconds little is made up.
        pace.spend(Microseconds(10_000_000), 1_000);
        assert_eq!(pace.due(), Some(Microseconds(9_901_000)));
    }

    #[test]
    fn a_slow_scrub_goes_in_small_pieces_and_a_free_one_is_always_due() {
        assert_eq!(Pace::new(Some(8192), Microseconds(0)).piece(65_536), 1024);
        let mut free = Pace::new(None, Microseconds(0));
        free.spend(Microseconds(0), u64::MAX);
        assert!(free.is_due(Microseconds(0)));
        assert_eq!((free.due(), free.piece(65_536)), (None, 65_536));
    }
}
