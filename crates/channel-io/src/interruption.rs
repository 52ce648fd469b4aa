//! The I/O-interruption code: which subchannel interrupts, and for whom.
//!
//! The machine leaves it in the lowcore (absolute locations 184 to 195) when an I/O interruption is
//! taken, and TEST PENDING INTERRUPTION stores the same three words (PoP SA22-7832-13, ch. 16,
//! I/O INTERRUPTIONS). [`InterruptionCode::from_words`] checks and takes them apart.

use crate::ids::{SubchannelId, SubchannelIdError};
use core::fmt;

/// I/O-interruption subclass (ISC), 0 to 7; control register 6 has a mask bit for each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InterruptionSubclass(u8);

impl InterruptionSubclass {
    /// The subclass of this number, if it is one of 0 to 7.
    #[must_use]
    pub const fn new(number: u8) -> Option<Self> {
        if number < 8 { Some(Self(number)) } else { None }
    }

    /// The subclass that the low three bits of `bits` name.
    #[must_use]
    pub const fn from_low_bits(bits: u8) -> Self {
        Self(bits & 7)
    }

    /// The number, 0 to 7.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }

    /// The mask bit of this subclass in the rightmost word of control register 6 (bits 32 to 39).
    #[must_use]
    pub const fn control_register_mask(self) -> u32 {
        0x8000_0000 >> self.0
    }
}

impl fmt::Display for InterruptionSubclass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What an I/O interruption leaves in the lowcore, and what TPI stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InterruptionCode {
    /// The subchannel that has status pending.
    pub subchannel: SubchannelId,
    /// The interruption parameter that its ORB or its PMCW had.
    pub interruption_parameter: u32,
    /// The subclass that its PMCW had.
    pub subclass: InterruptionSubclass,
}

/// Why three words are no I/O-interruption code of a subchannel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InterruptionCodeError {
    /// The first word names no subchannel.
    Subchannel(SubchannelIdError),
    /// An adapter interruption, which comes from no subchannel; the interruption-identification word.
    Adapter(u32),
}

impl fmt::Display for InterruptionCodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Subchannel(error) => error.fmt(f),
            Self::Adapter(word) => {
                write!(f, "an adapter interruption was not expected ({word:#010x})")
            }
        }
    }
}

impl core::error::Error for InterruptionCodeError {}

impl InterruptionCode {
    /// Bit 0 of the interruption-identification word: an adapter interruption.
    const ADAPTER: u32 = 0x8000_0000;
    /// Bits 2 to 4 of the interruption-identification word: the subclass.
    const SUBCLASS_SHIFT: u32 = 27;

    /// Takes the three words apart: subsystem-identification word, interruption parameter,
    /// interruption-identification word.
    ///
    /// # Errors
    /// [`InterruptionCodeError`] if they do not come from a subchannel of this image.
    pub const fn from_words(words: [u32; 3]) -> Result<Self, InterruptionCodeError> {
        let [identification, interruption_parameter, interruption] = words;
        if interruption & Self::ADAPTER != 0 {
            return Err(InterruptionCodeError::Adapter(interruption));
        }
        match SubchannelId::from_word(identification) {
            Ok(subchannel) => Ok(Self {
                subchannel,
                interruption_parameter,
                subclass: InterruptionSubclass::from_low_bits(
                    (interruption >> Self::SUBCLASS_SHIFT & 7) as u8,
                ),
            }),
            Err(error) => Err(InterruptionCodeError::Subchannel(error)),
        }
    }

    /// The three words, as the machine stores them.
    #[must_use]
    pub const fn words(self) -> [u32; 3] {
        [
            self.subchannel.word(),
            self.interruption_parameter,
            (self.subclass.number() as u32) << Self::SUBCLASS_SHIFT,
        ]
    }
}

/// `subchannel=0.0.0001 parameter=0000002a isc=3`.
impl fmt::Display for InterruptionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "subchannel={} parameter={:08x} isc={}",
            self.subchannel, self.interruption_parameter, self.subclass
        )
    }
}
