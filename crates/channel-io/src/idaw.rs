//! Indirect-data-address words: data of one CCW that lies in several blocks of main storage.
//!
//! The first word of a list may name any byte; each further one the first byte of a block
//! (PoP SA22-7832-13, ch. 15, INDIRECT-DATA-ADDRESS WORD). The ORB says which format a program uses:
//! [`IdawFormat`].

use crate::ccw::{AddressTooHigh, Ccw1, address_below};
use crate::storage::AbsoluteAddress;
use core::mem::{align_of, size_of};
use zerocopy::byteorder::big_endian::{U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Which IDAWs the CCWs of a program use: bits 14 (H) and 15 (T) of word 1 of the ORB.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IdawFormat {
    /// 31-bit addresses, blocks of 2 KiB.
    #[default]
    Format1,
    /// 64-bit addresses, blocks of 2 KiB.
    Format2Blocks2K,
    /// 64-bit addresses, blocks of 4 KiB.
    Format2Blocks4K,
}

impl IdawFormat {
    /// The length of a block in bytes.
    #[must_use]
    pub const fn block_length(self) -> u64 {
        match self {
            Self::Format1 | Self::Format2Blocks2K => 2048,
            Self::Format2Blocks4K => 4096,
        }
    }

    /// The length of one word in bytes, and the boundary that a list of them must be on.
    #[must_use]
    pub const fn word_length(self) -> usize {
        match self {
            Self::Format1 => size_of::<Idaw1>(),
            Self::Format2Blocks2K | Self::Format2Blocks4K => size_of::<Idaw2>(),
        }
    }

    /// The addresses that a list for `length` bytes from `address` on names, in order.
    pub fn addresses(
        self,
        address: AbsoluteAddress,
        length: u64,
    ) -> impl Iterator<Item = AbsoluteAddress> {
        let block = self.block_length();
        let end = address.0.saturating_add(length);
        let mut next = Some(address.0).filter(|first| *first < end);
        core::iter::from_fn(move || {
            let this = next?;
            next = (this & !(block - 1)).checked_add(block).filter(|after| *after < end);
            Some(AbsoluteAddress(this))
        })
    }
}

/// A format-1 indirect-data-address word: a 31-bit address, four bytes on a word boundary.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout,
)]
#[repr(C, align(4))]
pub struct Idaw1(U32);

impl Idaw1 {
    /// The word that names `address`.
    ///
    /// # Errors
    /// [`AddressTooHigh`] if the address needs more than 31 bits.
    pub fn new(address: AbsoluteAddress) -> Result<Self, AddressTooHigh> {
        Ok(Self(address_below(address, Ccw1::ADDRESS_LIMIT)?.into()))
    }

    /// The address.
    #[must_use]
    pub fn address(&self) -> AbsoluteAddress {
        AbsoluteAddress(u64::from(self.0.get()))
    }
}

/// A format-2 indirect-data-address word: a 64-bit address, eight bytes on a doubleword boundary.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout,
)]
#[repr(C, align(8))]
pub struct Idaw2(U64);

impl Idaw2 {
    /// The word that names `address`.
    #[must_use]
    pub fn new(address: AbsoluteAddress) -> Self {
        Self(address.0.into())
    }

    /// The address.
    #[must_use]
    pub fn address(&self) -> AbsoluteAddress {
        AbsoluteAddress(self.0.get())
    }
}

const _: () = {
    assert!(size_of::<Idaw1>() == 4 && align_of::<Idaw1>() == 4);
    assert!(size_of::<Idaw2>() == 8 && align_of::<Idaw2>() == 8);
};
