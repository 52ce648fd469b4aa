//! The reference replay of a write log, on an image in memory.
//!
//! Entries are applied one after the other, whole, so the result is what any correct replay must
//! give. [`Log::replay_prefix`] stops early: with a flush as the last entry, that is a state which a
//! power loss may leave behind.

use std::fmt;

use super::{Entry, Flags, Log};

/// What discarded sectors hold afterwards. A disk may do either; the kernel's replay must say which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Discarded {
    /// Zeros.
    BecomesZero,
    /// What they held before.
    StaysAsItWas,
}

/// What a replay did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Entries with data.
    pub writes: u64,
    /// The bytes that these wrote.
    pub bytes: u64,
    /// Entries with the flush flag; a write may have it too.
    pub flushes: u64,
    /// Entries with the FUA flag.
    pub forced: u64,
    /// Discards.
    pub discards: u64,
    /// Marks.
    pub marks: u64,
}

/// An entry that touches sectors which the image does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplayError {
    /// The entry, counted from 0.
    pub entry: u64,
    /// Its first sector.
    pub sector: u64,
    /// Its number of sectors.
    pub sectors: u64,
}

impl fmt::Display for ReplayError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "entry {} touches {} sectors from sector {} on, past the end of the image",
            self.entry, self.sectors, self.sector
        )
    }
}

impl std::error::Error for ReplayError {}

impl Log<'_> {
    /// Applies the whole log to an image.
    ///
    /// # Errors
    /// An entry reaches past the image's end; those before it have been applied.
    pub fn replay(&self, image: &mut [u8], discarded: Discarded) -> Result<Replayed, ReplayError> {
        self.replay_prefix(self.entries.len(), image, discarded)
    }

    /// Applies the first `count` entries to an image.
    ///
    /// # Errors
    /// As [`Log::replay`].
    pub fn replay_prefix(
        &self,
        count: usize,
        image: &mut [u8],
        discarded: Discarded,
    ) -> Result<Replayed, ReplayError> {
        let mut done = Replayed::default();
        for (number, entry) in self.entries.iter().take(count).enumerate() {
            let outside =
                ReplayError { entry: number as u64, sector: entry.sector, sectors: entry.sectors };
            self.apply(entry, image, discarded, &mut done).ok_or(outside)?;
        }
        Ok(done)
    }

    fn apply(
        &self,
        entry: &Entry<'_>,
        image: &mut [u8],
        discarded: Discarded,
        done: &mut Replayed,
    ) -> Option<()> {
        if entry.flags.contains(Flags::MARK) {
            done.marks += 1;
            return Some(());
        }
        done.flushes += u64::from(entry.flags.contains(Flags::FLUSH));
        done.forced += u64::from(entry.flags.contains(Flags::FUA));
        if entry.sectors == 0 {
            return Some(());
        }
        let target = self.range_of(entry, image)?;
        if entry.flags.contains(Flags::DISCARD) {
            done.discards += 1;
            if discarded == Discarded::BecomesZero {
                target.fill(0);
            }
        } else {
            done.writes += 1;
            done.bytes += entry.data.len() as u64;
            target.copy_from_slice(entry.data);
        }
        Some(())
    }

    /// The part of the image that the entry touches; `None` if it is not all there.
    fn range_of<'i>(&self, entry: &Entry<'_>, image: &'i mut [u8]) -> Option<&'i mut [u8]> {
        let sector_bytes = u64::from(self.sector_bytes);
        let start = entry.sector.checked_mul(sector_bytes)?;
        let end = start.checked_add(entry.sectors.checked_mul(sector_bytes)?)?;
        image.get_mut(usize::try_from(start).ok()?..usize::try_from(end).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::LogBuilder;
    use super::*;

    #[test]
    fn everything_is_counted() {
        let bytes = LogBuilder::new()
            .write(0, &[1; 1024])
            .entry(1, &[2; 512], Flags::FLUSH | Flags::FUA)
            .flush()
            .mark(b"here")
            .discard(0, 1)
            .build();
        let log = Log::parse(&bytes).unwrap();
        let expected =
            Replayed { writes: 2, bytes: 1536, flushes: 2, forced: 1, discards: 1, marks: 1 };
        let mut image = vec![9; 1536];
        assert_eq!(log.replay(&mut image, Discarded::BecomesZero).unwrap(), expected);
        assert_eq!(image, [[0; 512], [2; 512], [9; 512]].concat());
        let mut image = vec![9; 1536];
        log.replay(&mut image, Discarded::StaysAsItWas).unwrap();
        assert_eq!(image, [[1; 512], [2; 512], [9; 512]].concat());
        let mut image = vec![9; 1536];
        log.replay_prefix(1, &mut image, Discarded::BecomesZero).unwrap();
        assert_eq!(image, [[1; 512], [1; 512], [9; 512]].concat());
    }

    #[test]
    fn entries_past_the_end_are_refused() {
        for (sector, sectors) in [(1, 2), (2, 1), (u64::MAX, 1), (1 << 55, 1)] {
            let bytes = LogBuilder::new().flush().discard(sector, sectors).build();
            let log = Log::parse(&bytes).unwrap();
            let error = log.replay(&mut [0; 1024], Discarded::BecomesZero).unwrap_err();
            assert_eq!(error, ReplayError { entry: 1, sector, sectors });
        }
    }

    proptest! {
        /// The same writes applied straight to an image give the same as through a log.
        #[test]
        fn a_log_replays_to_what_was_written(
            writes in prop::collection::vec((0_u64..32, 1_usize..8, any::<u8>()), 0..40),
            sector_bytes in prop::sample::select(vec![512_u32, 1024, 2048, 4096]),
        ) {
            let size = usize::try_from(sector_bytes).unwrap();
            let mut expected = vec![0; 40 * size];
            let mut builder = LogBuilder::with_sector_bytes(sector_bytes);
            for (sector, sectors, byte) in &writes {
                let data = vec![*byte; sectors * size];
                let start = usize::try_from(*sector).unwrap() * size;
                expected[start..start + data.len()].copy_from_slice(&data);
                builder = builder.write(*sector, &data).flush();
            }
            let bytes = builder.build();
            let log = Log::parse(&bytes).unwrap();
            let mut image = vec![0; 40 * size];
            let done = log.replay(&mut image, Discarded::BecomesZero).unwrap();
            prop_assert_eq!(done.writes, writes.len() as u64);
            prop_assert_eq!(done.flushes, writes.len() as u64);
            prop_assert_eq!(image, expected);
        }

        /// No bytes make the reader do worse than refuse.
        #[test]
        fn any_bytes_are_read_or_refused(
            tail in prop::collection::vec(any::<u8>(), 0..3000),
            entries in 0_u64..5,
        ) {
            let mut bytes = LogBuilder::new().stated_entries(entries).build();
            bytes.extend_from_slice(&tail);
            if let Ok(log) = Log::parse(&bytes) {
                let _ = log.replay(&mut [0; 4096], Discarded::BecomesZero);
            }
        }
    }
}
