//! What a scrub found and did, and how much of it is named.

use crate::error::JobError;
use crate::message::{Blocks, ScrubNews};
use crate::parameters::PairNames;
use crate::report::{Extra, Value};
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use channel_io::{Area, DeviceId};

/// How many runs of blocks that differ are named, and pieces that cannot be read.
const NAMED_MOST: u64 = 100;

/// Blocks of a piece that differ, one behind the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    /// Where the first one starts in the piece, in bytes.
    pub(super) offset: usize,
    /// Bytes of all of them.
    pub(super) length: usize,
    /// Their numbers.
    blocks: Blocks,
    /// The first byte on the disk that differs.
    byte: u64,
}

/// What a scrub found and did.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tally {
    pair: PairNames,
    pub(super) compared_bytes: u64,
    differing: u64,
    pub(super) repaired: u64,
    first: Option<u64>,
    /// Runs of blocks that differ, and that were repaired.
    runs: u64,
    repaired_runs: u64,
    unread: Unread,
}

/// What could not be read.
#[derive(Clone, Copy, Debug, Default)]
struct Unread {
    pieces: u64,
    blocks: u64,
    first: u64,
}

impl Tally {
    pub(super) const fn new(pair: PairNames) -> Self {
        Self {
            pair,
            compared_bytes: 0,
            differing: 0,
            repaired: 0,
            first: None,
            runs: 0,
            repaired_runs: 0,
            unread: Unread { pieces: 0, blocks: 0, first: u64::MAX },
        }
    }

    /// Compares a piece: the number of its first byte on the disks, and its length. Gives the runs of blocks that
    /// differ, and counts them.
    pub(super) fn compare<A: Area>(
        &mut self,
        (at, bytes): (u64, u64),
        block_bytes: u64,
        primary: &A,
        secondary: &A,
    ) -> VecDeque<Run> {
        let size = |bytes| usize::try_from(bytes).unwrap_or(usize::MAX);
        let (length, block) = (size(bytes), size(block_bytes));
        let mut runs: VecDeque<Run> = VecDeque::new();
        let mut offset = 0;
        while offset < length
            && let Some(equal) =
                primary.first_difference(offset, secondary, offset, length - offset)
        {
            let differs = offset + equal;
            let start = differs - differs % block;
            let number = (at + start as u64) / block_bytes;
            let bytes = block.min(length - start);
            self.differing += 1;
            self.first = Some(self.first.map_or(number, |first| first.min(number)));
            match runs.back_mut() {
                Some(run) if run.offset + run.length == start => {
                    run.length += bytes;
                    run.blocks.count += 1;
                }
                Some(_) | None => runs.push_back(Run {
                    offset: start,
                    length: bytes,
                    blocks: Blocks { first: number, count: 1 },
                    byte: at + differs as u64,
                }),
            }
            offset = start.saturating_add(block);
        }
        self.compared_bytes += bytes;
        runs
    }

    /// What is told of blocks that differ.
    pub(super) fn name_difference(&mut self, run: &Run) -> Option<ScrubNews> {
        self.runs += 1;
        match self.runs {
            0..=NAMED_MOST => Some(ScrubNews::Differ { blocks: run.blocks, byte: run.byte }),
            number if number == NAMED_MOST + 1 => Some(ScrubNews::NotNamed),
            _ => None,
        }
    }

    /// Counts blocks that were repaired, and gives what is told of them.
    pub(super) fn name_repair(
        &mut self,
        run: &Run,
        from: DeviceId,
        to: DeviceId,
    ) -> Option<ScrubNews> {
        self.repaired += run.blocks.count;
        self.repaired_runs += 1;
        let named = self.repaired_runs <= NAMED_MOST;
        named.then_some(ScrubNews::Repaired { blocks: run.blocks, from, to })
    }

    /// Counts a piece that could not be read from one device; the error, if there are too many to go on.
    pub(super) fn unread(&mut self, at: u64, bytes: u64, block_bytes: u64) -> Option<JobError> {
        self.unread.pieces += 1;
        self.unread.blocks += bytes.div_ceil(block_bytes.max(1));
        self.unread.first = self.unread.first.min(at / block_bytes.max(1));
        if self.unread.pieces < NAMED_MOST { None } else { self.error() }
    }

    /// The sum.
    pub(super) fn total(&self, block_bytes: u64) -> ScrubNews {
        ScrubNews::Total {
            compared_blocks: self.compared_bytes.div_ceil(block_bytes.max(1)),
            block_bytes,
            differing_blocks: self.differing,
            repaired_blocks: self.repaired,
        }
    }

    /// That not all of it could be read, or there are differences that were not repaired.
    pub(super) fn error(&self) -> Option<JobError> {
        let Unread { blocks: unread, first: first_unread, .. } = self.unread;
        match (unread, self.differing - self.repaired, self.first) {
            (1.., _, _) => Some(JobError::ScrubUnread {
                pair: self.pair,
                blocks: unread,
                first: first_unread,
                differing: self.differing - self.repaired,
            }),
            (0, blocks @ 1.., Some(first)) => {
                Some(JobError::ScrubFound { pair: self.pair, blocks, first })
            }
            (0, _, _) => None,
        }
    }

    /// For the RESULT line.
    pub(super) fn extra(&self, block_bytes: u64) -> Vec<Extra> {
        let number = |name, number| Extra { name, value: Value::Number(number) };
        alloc::vec![
            number("differing_blocks", self.differing),
            number("repaired_blocks", self.repaired),
            Extra { name: "first_difference", value: Value::Optional(self.first) },
            number("unread_blocks", self.unread.blocks),
            number("block_bytes", block_bytes),
        ]
    }
}
