//! Program interruptions by name: [`ProgramInterruption`].
//!
//! Source: PoP SA22-7832-13, ch. 6, "Program-Interruption Conditions".

use core::fmt;

macro_rules! program_interruptions {
    ($($code:literal $name:ident $text:literal,)*) => {
        /// Why the machine stopped an instruction.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum ProgramInterruption {
            $(
                #[doc = concat!("Code X'", stringify!($code), "': ", $text, ".")]
                $name,
            )*
            /// A code that has no name here.
            Other(u16),
        }

        impl ProgramInterruption {
            /// The interruption of this code. Bit 8 (a PER event besides) and bit 6 (the CPU was in
            /// transactional execution) do not count.
            #[must_use]
            pub const fn from_code(code: u16) -> Self {
                let without_other_events = match code & 0xfd7f {
                    0 => code & 0x80,
                    exception => exception,
                };
                match without_other_events {
                    $($code => Self::$name,)*
                    other => Self::Other(other),
                }
            }

            /// What it is called.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                    Self::Other(_) => "unknown program interruption",
                }
            }
        }

        #[cfg(test)]
        const ALL: &[(u16, ProgramInterruption)] =
            &[$(($code, ProgramInterruption::$name),)*];
    };
}

program_interruptions! {
    0x0001 Operation "operation exception",
    0x0002 PrivilegedOperation "privileged-operation exception",
    0x0003 Execute "execute exception",
    0x0004 Protection "protection exception",
    0x0005 Addressing "addressing exception",
    0x0006 Specification "specification exception",
    0x0007 Data "data exception",
    0x0008 FixedPointOverflow "fixed-point-overflow exception",
    0x0009 FixedPointDivide "fixed-point-divide exception",
    0x000a DecimalOverflow "decimal-overflow exception",
    0x000b DecimalDivide "decimal-divide exception",
    0x000c HexExponentOverflow "HFP-exponent-overflow exception",
    0x000d HexExponentUnderflow "HFP-exponent-underflow exception",
    0x000e HexSignificance "HFP-significance exception",
    0x000f HexDivide "HFP-divide exception",
    0x0010 SegmentTranslation "segment-translation exception",
    0x0011 PageTranslation "page-translation exception",
    0x0012 TranslationSpecification "translation-specification exception",
    0x0013 SpecialOperation "special-operation exception",
    0x0015 Operand "operand exception",
    0x0016 TraceTable "trace-table exception",
    0x001b VectorProcessing "vector-processing exception",
    0x001c SpaceSwitch "space-switch event",
    0x001d HexSquareRoot "HFP-square-root exception",
    0x001f PcTranslationSpecification "PC-translation-specification exception",
    0x0038 AsceType "ASCE-type exception",
    0x0039 RegionFirstTranslation "region-first-translation exception",
    0x003a RegionSecondTranslation "region-second-translation exception",
    0x003b RegionThirdTranslation "region-third-translation exception",
    0x0040 Monitor "monitor event",
    0x0080 Per "PER event",
}

impl ProgramInterruption {
    /// Whether the translation-exception identification was stored, so that the failing page is known.
    ///
    /// For a protection exception it is valid only in part (PoP, ch. 3, "Assigned Storage
    /// Locations", translation-exception identification): the caller looks at bit 61.
    #[must_use]
    pub const fn is_translation(self) -> bool {
        matches!(
            self,
            Self::SegmentTranslation
                | Self::PageTranslation
                | Self::AsceType
                | Self::RegionFirstTranslation
                | Self::RegionSecondTranslation
                | Self::RegionThirdTranslation
        )
    }
}

impl fmt::Display for ProgramInterruption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::{ALL, ProgramInterruption};

    #[test]
    fn every_code_is_found_with_and_without_a_per_event() {
        for &(code, expected) in ALL {
            assert_eq!(ProgramInterruption::from_code(code), expected);
            assert_eq!(ProgramInterruption::from_code(code | 0x200), expected);
            if code != 0x80 {
                assert_eq!(ProgramInterruption::from_code(code | 0x80), expected);
            }
        }
    }

    #[test]
    fn an_unknown_code_keeps_its_number() {
        assert_eq!(ProgramInterruption::from_code(0x77), ProgramInterruption::Other(0x77));
    }
}
