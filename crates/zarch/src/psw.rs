//! The program-status word: [`Psw`], and the bits of its first half, [`PswMask`].
//!
//! Source: PoP SA22-7832-13, ch. 4, "Program-Status-Word Format".

use crate::bits::bit;
use bitflags::bitflags;
use core::fmt;

bitflags! {
    /// Bits 0 to 63 of a program-status word. Those without a name here (key, address-space control,
    /// condition code, program mask) are zero in every PSW that the supervisor makes.
    #[repr(transparent)]
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct PswMask: u64 {
        /// DAT mode: addresses are translated.
        const DAT = bit(5);
        /// I/O interruptions are open, as control register 6 selects them.
        const IO = bit(6);
        /// External interruptions are open, as control register 0 selects them.
        const EXTERNAL = bit(7);
        /// Machine-check interruptions are open, as control register 14 selects them.
        const MACHINE_CHECK = bit(13);
        /// The CPU waits instead of executing instructions.
        const WAIT = bit(14);
        /// Extended and basic addressing mode, both one: 64-bit addresses.
        const SIXTY_FOUR_BIT = bit(31) | bit(32);
        /// What a PSW that was stored may hold besides.
        const _ = !0;
    }
}

/// A program-status word, as LPSWE loads it and interruptions store it.
#[repr(C, align(8))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Psw {
    /// Bits 0 to 63.
    pub mask: PswMask,
    /// Bits 64 to 127: the instruction address.
    pub address: u64,
}

const _: () = assert!(size_of::<Psw>() == 16);

impl Psw {
    /// Runs at `address` in 64-bit mode with every interruption closed and DAT off.
    #[must_use]
    pub const fn closed(address: u64) -> Self {
        Self { mask: PswMask::SIXTY_FOUR_BIT, address }
    }

    /// This PSW with `mask` besides.
    #[must_use]
    pub const fn with(self, mask: PswMask) -> Self {
        Self { mask: self.mask.union(mask), address: self.address }
    }

    /// A disabled wait: the CPU stops for good, and `code`, in the place of the instruction
    /// address, tells an operator why.
    #[must_use]
    pub const fn disabled_wait(code: u64) -> Self {
        Self::closed(code).with(PswMask::WAIT)
    }
}

/// Both halves, sixteen hexadecimal digits each.
impl fmt::Display for Psw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x} {:016x}", self.mask, self.address)
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::{Psw, PswMask};
    use std::string::ToString;

    #[test]
    fn golden_words() {
        let cases = [
            (Psw::closed(0x1_5000), "0000000180000000 0000000000015000"),
            (Psw::disabled_wait(0xfff), "0002000180000000 0000000000000fff"),
            (Psw::closed(0).with(PswMask::DAT), "0400000180000000 0000000000000000"),
            (Psw::closed(0).with(PswMask::IO), "0200000180000000 0000000000000000"),
            (Psw::closed(0).with(PswMask::EXTERNAL), "0100000180000000 0000000000000000"),
            (Psw::closed(0).with(PswMask::MACHINE_CHECK), "0004000180000000 0000000000000000"),
        ];
        for (psw, text) in cases {
            assert_eq!(psw.to_string(), text);
        }
    }
}
