//! What the operator is told by a scrub.

use channel_io::DeviceId;
use core::fmt;

/// A run of blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blocks {
    /// The first.
    pub first: u64,
    /// How many; at least one.
    pub count: u64,
}

/// As in `block 8` or `blocks 8 to 15`.
impl fmt::Display for Blocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.count {
            0 | 1 => write!(f, "block {}", self.first),
            count => write!(f, "blocks {} to {}", self.first, self.first.saturating_add(count - 1)),
        }
    }
}

/// What a scrub found or did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScrubNews {
    /// These blocks differ.
    Differ {
        /// Which, without a gap between them.
        blocks: Blocks,
        /// The offset on the disk of the first byte that differs.
        byte: u64,
    },
    /// More blocks differ than are named.
    NotNamed,
    /// These blocks were made alike.
    Repaired {
        /// Which.
        blocks: Blocks,
        /// The device that was right.
        from: DeviceId,
        /// The device that was written to.
        to: DeviceId,
    },
    /// It is at its end.
    Total {
        /// Blocks that were compared.
        compared_blocks: u64,
        /// Bytes a block.
        block_bytes: u64,
        /// Blocks that differed.
        differing_blocks: u64,
        /// Blocks that were repaired.
        repaired_blocks: u64,
    },
}

impl ScrubNews {
    /// The identifier of the message that tells it.
    pub(super) const fn identifier(&self) -> &'static str {
        use super::catalogue as kind;
        match self {
            Self::Differ { .. } => kind::SCRUB_DIFFER.identifier,
            Self::NotNamed => kind::SCRUB_NOT_NAMED.identifier,
            Self::Repaired { .. } => kind::SCRUB_REPAIRED.identifier,
            Self::Total { .. } => kind::SCRUB_TOTAL.identifier,
        }
    }

    /// Shows it, behind the names of the pair.
    pub(super) fn text(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Differ { blocks, byte } => {
                write!(f, "difference in {blocks}, from byte {byte} on")
            }
            Self::NotNamed => f.write_str("more blocks differ; they are counted and not named"),
            Self::Repaired { blocks, from, to } => {
                write!(f, "{blocks} repaired: copied from {from} to {to}")
            }
            Self::Total { compared_blocks, block_bytes, differing_blocks, repaired_blocks } => {
                write!(
                    f,
                    "{compared_blocks} blocks of {block_bytes} bytes compared, {differing_blocks} differ, \
                 {repaired_blocks} repaired"
                )
            }
        }
    }
}
