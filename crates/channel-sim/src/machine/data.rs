//! The main storage that a command of a channel program names: by its CCWs, or by lists of IDAWs.

use super::storage::Unreachable;
use super::unit::Surroundings;
use channel_io::{Ccw1, CcwFlags, IdawFormat};

/// A run of bytes in main storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Piece {
    address: u64,
    length: usize,
    /// With the skip flag nothing is stored.
    skipped: bool,
}

/// A list of IDAWs that is wrong, or cannot be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BadList;

impl From<Unreachable> for BadList {
    fn from(_: Unreachable) -> Self {
        Self
    }
}

/// The data of one command: the areas of its CCW, and of those that it is data-chained to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Window {
    pieces: Vec<Piece>,
}

impl Window {
    /// How many bytes there are in all.
    pub(crate) fn count(&self) -> usize {
        self.pieces.iter().map(|piece| piece.length).sum()
    }

    /// Adds the area of a CCW.
    pub(crate) fn add(
        &mut self,
        ccw: &Ccw1,
        idaws: IdawFormat,
        around: &mut Surroundings<'_>,
    ) -> Result<(), BadList> {
        let skipped = ccw.flags().contains(CcwFlags::SKIP);
        let count = usize::from(ccw.count());
        if !ccw.flags().contains(CcwFlags::INDIRECT_DATA_ADDRESS) {
            let address = u64::from(ccw.address());
            self.pieces.push(Piece { address, length: count, skipped });
            return Ok(());
        }
        let word = idaws.word_length() as u64;
        let list = u64::from(ccw.address());
        if !list.is_multiple_of(word) {
            return Err(BadList);
        }
        let (mut left, mut number) = (count, 0);
        while left > 0 {
            let address = match idaws {
                IdawFormat::Format1 => {
                    let bytes = around.read_array(list + number * word, "IDAW")?;
                    u64::from(u32::from_be_bytes(bytes))
                }
                IdawFormat::Format2Blocks2K | IdawFormat::Format2Blocks4K => {
                    u64::from_be_bytes(around.read_array(list + number * word, "IDAW")?)
                }
            };
            let block = idaws.block_length();
            let too_high = idaws == IdawFormat::Format1 && address >= Ccw1::ADDRESS_LIMIT;
            // Only the first may name a byte that does not begin a block.
            if too_high || (number > 0 && !address.is_multiple_of(block)) {
                return Err(BadList);
            }
            let in_block = usize::try_from(block - address % block).unwrap_or(usize::MAX);
            let length = left.min(in_block);
            self.pieces.push(Piece { address, length, skipped });
            left -= length;
            number += 1;
        }
        Ok(())
    }

    /// The pieces of `length` bytes from `offset` on, as far as there are so many.
    fn parts(&self, offset: usize, length: usize) -> Vec<Piece> {
        let (mut skip, mut left) = (offset, length);
        let mut parts = Vec::new();
        for piece in &self.pieces {
            let before = skip.min(piece.length);
            skip -= before;
            let length = (piece.length - before).min(left);
            left -= length;
            if length > 0 {
                let address = piece.address + before as u64;
                parts.push(Piece { address, length, skipped: piece.skipped });
            }
        }
        parts
    }

    /// The device reads, as much as there is.
    pub(crate) fn read(
        &self,
        offset: usize,
        to: &mut [u8],
        around: &mut Surroundings<'_>,
    ) -> Result<(), Unreachable> {
        let mut rest = to;
        for part in self.parts(offset, rest.len()) {
            let (this, others) = rest.split_at_mut(part.length);
            around.read(part.address, this, "data of a CCW")?;
            rest = others;
        }
        Ok(())
    }

    /// The device writes, as much as there is room for.
    pub(crate) fn write(
        &self,
        offset: usize,
        from: &[u8],
        around: &mut Surroundings<'_>,
    ) -> Result<(), Unreachable> {
        let mut rest = from;
        for part in self.parts(offset, rest.len()) {
            let (this, others) = rest.split_at(part.length);
            if !part.skipped {
                around.write(part.address, this, "data of a CCW")?;
            }
            rest = others;
        }
        Ok(())
    }

    /// The device reads a whole structure.
    pub(crate) fn read_array<const N: usize>(
        &self,
        around: &mut Surroundings<'_>,
    ) -> Result<[u8; N], Unreachable> {
        let mut bytes = [0; N];
        self.read(0, &mut bytes, around)?;
        Ok(bytes)
    }
}
