//! The interruption-response block: what TEST SUBCHANNEL stores.
//!
//! Subchannel-status word, extended-status word, extended-control word: sixteen words (PoP
//! SA22-7832-13, ch. 16, INTERRUPTION-RESPONSE BLOCK). The extended-measurement word, which would
//! follow, is stored only for subchannels in a mode that this project never sets.

use crate::scsw::Scsw;
use crate::sense::SenseData;
use core::mem::{align_of, offset_of, size_of};
use zerocopy::byteorder::big_endian::U32;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// The extended-status word: five words.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout,
)]
#[repr(C, align(4))]
pub struct ExtendedStatusWord {
    /// Subchannel logout, or the last path used: depends on the format.
    word_0: U32,
    /// Extended-report word.
    extended_report: U32,
    failing_storage_address: [U32; 2],
    secondary_ccw_address: U32,
}

const _: () = assert!(size_of::<ExtendedStatusWord>() == 20);
const _: () = assert!(offset_of!(ExtendedStatusWord, extended_report) == 4);

impl ExtendedStatusWord {
    /// Bit 7 of the extended-report word (S): the extended-control word has sense bytes.
    const CONCURRENT_SENSE: u32 = 0x0100_0000;
    /// Bits 10 to 15 of the extended-report word: how many.
    const SENSE_COUNT_SHIFT: u32 = 16;

    /// A word that says that `length` sense bytes (at most 32) are in the extended-control word.
    #[must_use]
    pub fn with_concurrent_sense(length: u8) -> Self {
        let length = u32::from(length.min(32)) << Self::SENSE_COUNT_SHIFT;
        Self { extended_report: (Self::CONCURRENT_SENSE | length).into(), ..Self::default() }
    }

    /// How many sense bytes are in the extended-control word; `None` when it has none.
    #[must_use]
    pub fn concurrent_sense_length(&self) -> Option<u8> {
        let report = self.extended_report.get();
        let [_, low, _, _] = report.to_be_bytes();
        (report & Self::CONCURRENT_SENSE != 0).then_some(low & 0x3f)
    }
}

/// The interruption-response block: sixteen words on a word boundary.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout,
)]
#[repr(C, align(4))]
pub struct Irb {
    /// Subchannel-status word.
    pub scsw: Scsw,
    /// Extended-status word.
    pub extended_status: ExtendedStatusWord,
    /// Extended-control word: sense bytes, or what depends on the model.
    pub extended_control: [u8; 32],
}

const _: () = {
    assert!(size_of::<Irb>() == 64 && align_of::<Irb>() == 4);
    assert!(offset_of!(Irb, extended_status) == 12);
    assert!(offset_of!(Irb, extended_control) == 32);
};

impl Irb {
    /// A block with this status word and zeros in the rest.
    #[must_use]
    pub fn new(scsw: Scsw) -> Self {
        Self { scsw, ..Self::default() }
    }

    /// The sense bytes that came with the status (concurrent sense), if they did.
    #[must_use]
    pub fn concurrent_sense(&self) -> Option<SenseData> {
        let length = self.extended_status.concurrent_sense_length()?;
        (self.scsw.has_extended_control() == Some(true))
            .then(|| SenseData::new(&self.extended_control, usize::from(length)))
    }
}
