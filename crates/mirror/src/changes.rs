//! The change map: which blocks of a pair the primary has and the secondary may lack.
//!
//! One bit a block, set before a write is started that goes to one leg alone, or when a write turns out to
//! be done on one leg and not certainly on the other; reset when the block has been copied, with no write to it
//! in flight meanwhile. A block that is marked in vain costs a copy; one that is not marked though it differs
//! would be lost, so nothing else resets a bit.

use alloc::vec::Vec;
use ios::Extent;

/// The smallest block, in sectors of 512 bytes.
const BLOCK_SECTORS_LEAST: u64 = 8;

/// The most blocks of a map: its bits take 1 MiB.
const BLOCKS_MOST: u64 = 1 << 23;

/// The bits of a word.
const WORD_BITS: u64 = u64::BITS as u64;

/// There is no room for a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoStorage;

/// Which blocks may differ.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ChangeMap {
    words: Vec<u64>,
    capacity_sectors: u64,
    block_sectors: u32,
    marked: u64,
}

impl ChangeMap {
    /// A map of a disk with nothing marked. Its blocks are whole blocks of the disk, of 4 KiB at least, and
    /// twice as large as often as it takes to have no more than 2²³.
    pub(crate) fn new(capacity_sectors: u64, disk_block_sectors: u32) -> Result<Self, NoStorage> {
        let mut block = u64::from(disk_block_sectors).max(BLOCK_SECTORS_LEAST).next_power_of_two();
        while capacity_sectors.div_ceil(block) > BLOCKS_MOST {
            block *= 2;
        }
        let block_sectors = u32::try_from(block).map_err(|_| NoStorage)?;
        let words = capacity_sectors.div_ceil(block).div_ceil(WORD_BITS);
        let length = usize::try_from(words).map_err(|_| NoStorage)?;
        let mut words = Vec::new();
        words.try_reserve_exact(length).map_err(|_| NoStorage)?;
        words.resize(length, 0);
        Ok(Self { words, capacity_sectors, block_sectors, marked: 0 })
    }

    /// Sectors a block.
    pub(crate) const fn block_sectors(&self) -> u32 {
        self.block_sectors
    }

    /// How many blocks are marked.
    pub(crate) const fn marked(&self) -> u64 {
        self.marked
    }

    /// Blocks of the whole disk.
    fn blocks(&self) -> u64 {
        self.capacity_sectors.div_ceil(u64::from(self.block_sectors))
    }

    /// The blocks that an extent has sectors in: the first, and the one behind the last.
    fn blocks_of(&self, extent: Extent) -> (u64, u64) {
        let block = u64::from(self.block_sectors);
        (extent.first.0 / block, extent.end().div_ceil(block).min(self.blocks()))
    }

    fn place(block: u64) -> (usize, u64) {
        (usize::try_from(block / WORD_BITS).unwrap_or(usize::MAX), 1 << (block % WORD_BITS))
    }

    fn is_marked(&self, block: u64) -> bool {
        let (word, bit) = Self::place(block);
        self.words.get(word).is_some_and(|word| word & bit != 0)
    }

    /// Marks every block that an extent has sectors in.
    pub(crate) fn mark(&mut self, extent: Extent) {
        let (first, end) = self.blocks_of(extent);
        for block in first..end {
            let (word, bit) = Self::place(block);
            if let Some(word) = self.words.get_mut(word)
                && *word & bit == 0
            {
                *word |= bit;
                self.marked += 1;
            }
        }
    }

    /// Marks all.
    pub(crate) fn mark_all(&mut self) {
        let blocks = self.blocks();
        for (word, first) in self.words.iter_mut().zip((0u64..).step_by(u64::BITS as usize)) {
            let bits = blocks.saturating_sub(first).min(WORD_BITS);
            *word = u64::MAX.checked_shr(u64::BITS - bits as u32).unwrap_or(0);
        }
        self.marked = blocks;
    }

    /// Resets the blocks that lie wholly in an extent, which has been copied.
    pub(crate) fn copied(&mut self, extent: Extent) {
        let block = u64::from(self.block_sectors);
        let end = if extent.end() >= self.capacity_sectors {
            self.blocks()
        } else {
            extent.end() / block
        };
        for block in extent.first.0.div_ceil(block)..end {
            let (word, bit) = Self::place(block);
            if let Some(word) = self.words.get_mut(word)
                && *word & bit != 0
            {
                *word &= !bit;
                self.marked -= 1;
            }
        }
    }

    /// Whether a block that an extent has sectors in is marked.
    pub(crate) fn touches(&self, extent: Extent) -> bool {
        let (first, end) = self.blocks_of(extent);
        (first..end).any(|block| self.is_marked(block))
    }

    /// The first run of marked blocks from a sector on, of at most so many sectors (at least one block).
    pub(crate) fn next_run(&self, from_sector: u64, most_sectors: u32) -> Option<Extent> {
        let block = u64::from(self.block_sectors);
        let first = self.next_marked(from_sector / block)?;
        let most = u64::from(most_sectors / self.block_sectors).max(1);
        let mut end = first + 1;
        while end - first < most && self.is_marked(end) {
            end += 1;
        }
        let (start, stop) = (first * block, (end * block).min(self.capacity_sectors));
        let sectors = u32::try_from(stop - start).unwrap_or(u32::MAX);
        Some(Extent::new(start, sectors))
    }

    fn next_marked(&self, from: u64) -> Option<u64> {
        let (start, _) = Self::place(from);
        let mut mask = u64::MAX << (from % WORD_BITS);
        for (word, number) in self.words.iter().zip(0u64..).skip(start) {
            let marked = word & mask;
            if marked != 0 {
                return Some(number * WORD_BITS + u64::from(marked.trailing_zeros()));
            }
            mask = u64::MAX;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;
    use proptest::prelude::*;

    #[test]
    fn blocks_are_the_disk_s_and_grow_with_it() {
        let cases = [(64, 1, 8), (64, 8, 8), (64, 16, 16), (1 << 26, 1, 8), ((1 << 26) + 1, 1, 16)];
        for (capacity, disk_block, expected) in cases {
            let map = ChangeMap::new(capacity, disk_block).expect("room");
            assert_eq!(map.block_sectors(), expected, "{capacity} {disk_block}");
        }
    }

    #[test]
    fn all_of_a_disk_that_ends_within_a_block() {
        let mut map = ChangeMap::new(8 * 64 + 3, 1).expect("room");
        map.mark_all();
        assert_eq!(map.marked(), 65);
        assert_eq!(map.next_run(0, 4096), Some(Extent::new(0, 515)));
        map.copied(Extent::new(0, 512));
        assert_eq!(map.next_run(0, 4096), Some(Extent::new(512, 3)));
        map.copied(Extent::new(512, 3));
        assert_eq!((map.marked(), map.next_run(0, 8)), (0, None));
    }

    #[test]
    fn a_part_of_a_block_marks_it_and_does_not_reset_it() {
        let mut map = ChangeMap::new(64, 1).expect("room");
        map.mark(Extent::new(9, 1));
        assert!(map.touches(Extent::new(15, 1)) && !map.touches(Extent::new(16, 8)));
        map.copied(Extent::new(9, 7));
        assert_eq!(map.marked(), 1);
        map.copied(Extent::new(8, 8));
        assert_eq!(map.marked(), 0);
    }

    proptest! {
        /// Against a list of flags.
        #[test]
        fn as_a_list_of_flags(
            capacity in 1u64..3000,
            steps in proptest::collection::vec((any::<bool>(), 0u64..3000, 1u32..200), 0..40),
        ) {
            let mut map = ChangeMap::new(capacity, 1).expect("room");
            let blocks = usize::try_from(capacity.div_ceil(8)).expect("small");
            let mut flags = vec![false; blocks];
            for (mark, first, sectors) in steps {
                let first = first % capacity;
                let sectors = u64::from(sectors).min(capacity - first);
                let extent = Extent::new(first, u32::try_from(sectors).expect("small"));
                for (number, flag) in (0u64..).zip(flags.iter_mut()) {
                    let (start, stop) = (number * 8, (number * 8 + 8).min(capacity));
                    let common = start < extent.end() && extent.first.0 < stop;
                    let within = extent.first.0 <= start && stop <= extent.end();
                    *flag = if mark { *flag || common } else { *flag && !within };
                }
                if mark { map.mark(extent) } else { map.copied(extent) }
                let count = flags.iter().filter(|flag| **flag).count() as u64;
                prop_assert_eq!(map.marked(), count);
            }
            let mut found = vec![false; blocks];
            let mut at = 0;
            while let Some(run) = map.next_run(at, 24) {
                prop_assert!(run.sectors <= 24 && run.first.0 >= at);
                for block in run.first.0 / 8..run.end().div_ceil(8) {
                    found[usize::try_from(block).expect("small")] = true;
                }
                at = run.end();
                if at >= capacity { break; }
            }
            prop_assert_eq!(found, flags);
        }
    }
}
