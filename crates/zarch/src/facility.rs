//! The facility list, as STORE FACILITY LIST EXTENDED gives it: [`FacilityList`].
//!
//! Source: PoP SA22-7832-13, ch. 4, "Facility Indications".

use crate::bits::bit;

/// Which facilities are installed, as far as the supervisor asks: bits 0 to 255.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FacilityList {
    doublewords: [u64; 4],
}

/// A facility that the supervisor can do without, or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Facility {
    /// Enhanced DAT facility 1: a segment-table entry may stand for a whole megabyte.
    EnhancedDat1 = 8,
    /// STORE CLOCK FAST.
    StoreClockFast = 25,
    /// General-instructions extension: part of what the compiler takes for granted (z10).
    GeneralInstructionsExtension = 34,
}

impl FacilityList {
    /// The list of these doublewords; those that the machine did not store are zero.
    #[must_use]
    pub const fn new(doublewords: [u64; 4]) -> Self {
        Self { doublewords }
    }

    /// Whether `facility` is installed.
    #[must_use]
    pub fn has(&self, facility: Facility) -> bool {
        let number = facility as u32;
        self.doublewords
            .get((number / 64) as usize)
            .is_some_and(|doubleword| doubleword & bit(number % 64) != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::{Facility, FacilityList};

    #[test]
    fn each_facility_is_its_own_bit() {
        let edat = FacilityList::new([0x0080_0000_0000_0000, 0, 0, 0]);
        assert!(edat.has(Facility::EnhancedDat1));
        assert!(!edat.has(Facility::StoreClockFast));
        let fast = FacilityList::new([0x0000_0040_0000_0000, !0, !0, !0]);
        assert!(!fast.has(Facility::EnhancedDat1));
        assert!(fast.has(Facility::StoreClockFast));
    }
}
