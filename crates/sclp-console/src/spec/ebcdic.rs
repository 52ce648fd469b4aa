//! EBCDIC, in which line mode writes and reads.
//!
//! [`CodePage`] translates bytes one to one: both code pages hold exactly the characters of
//! ISO 8859-1 (Latin-1), so a translation loses nothing and can be undone. [`CodePages`] pairs the
//! page of the output with the page of the input, for they differ on some machines.
//!
//! The control character X'15' (new line) is the line feed of the ASCII side, X'25' (line feed)
//! its C1 "next line": the custom of consoles, where IBM's tables for files have the two the other
//! way round.

/// An EBCDIC code page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CodePage {
    /// Code page 500, "international": the hardware consoles (HMC and SE) of a machine or a
    /// logical partition, and QEMU's line-mode output.
    Cp500,
    /// Code page 037, "USA, Canada": z/VM, and QEMU's line-mode input.
    Cp037,
}

/// The code pages of the two directions of a line-mode console.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CodePages {
    /// In which the machine reads what the program writes.
    pub output: CodePage,
    /// In which the machine writes what the operator typed.
    pub input: CodePage,
}

impl CodePages {
    /// A machine or a logical partition.
    pub const NATIVE: Self = Self { output: CodePage::Cp500, input: CodePage::Cp500 };
    /// z/VM.
    pub const ZVM: Self = Self { output: CodePage::Cp037, input: CodePage::Cp037 };
    /// QEMU, whose `sclplmconsole` uses another table for each direction. The difference shows in
    /// `!`, `[`, `]`, `^`, `|` and the cent and not signs alone.
    pub const QEMU: Self = Self { output: CodePage::Cp500, input: CodePage::Cp037 };
}

/// Code page 500 to Latin-1.
const CP500_TO_LATIN1: [u8; 256] = [
    0x00, 0x01, 0x02, 0x03, 0x9C, 0x09, 0x86, 0x7F, 0x97, 0x8D, 0x8E, 0x0B, 0x0C, 0x0D, 0x0E, 0x0F,
    0x10, 0x11, 0x12, 0x13, 0x9D, 0x0A, 0x08, 0x87, 0x18, 0x19, 0x92, 0x8F, 0x1C, 0x1D, 0x1E, 0x1F,
    0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x17, 0x1B, 0x88, 0x89, 0x8A, 0x8B, 0x8C, 0x05, 0x06, 0x07,
    0x90, 0x91, 0x16, 0x93, 0x94, 0x95, 0x96, 0x04, 0x98, 0x99, 0x9A, 0x9B, 0x14, 0x15, 0x9E, 0x1A,
    0x20, 0xA0, 0xE2, 0xE4, 0xE0, 0xE1, 0xE3, 0xE5, 0xE7, 0xF1, 0x5B, 0x2E, 0x3C, 0x28, 0x2B, 0x21,
    0x26, 0xE9, 0xEA, 0xEB, 0xE8, 0xED, 0xEE, 0xEF, 0xEC, 0xDF, 0x5D, 0x24, 0x2A, 0x29, 0x3B, 0x5E,
    0x2D, 0x2F, 0xC2, 0xC4, 0xC0, 0xC1, 0xC3, 0xC5, 0xC7, 0xD1, 0xA6, 0x2C, 0x25, 0x5F, 0x3E, 0x3F,
    0xF8, 0xC9, 0xCA, 0xCB, 0xC8, 0xCD, 0xCE, 0xCF, 0xCC, 0x60, 0x3A, 0x23, 0x40, 0x27, 0x3D, 0x22,
    0xD8, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0xAB, 0xBB, 0xF0, 0xFD, 0xFE, 0xB1,
    0xB0, 0x6A, 0x6B, 0x6C, 0x6D, 0x6E, 0x6F, 0x70, 0x71, 0x72, 0xAA, 0xBA, 0xE6, 0xB8, 0xC6, 0xA4,
    0xB5, 0x7E, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7A, 0xA1, 0xBF, 0xD0, 0xDD, 0xDE, 0xAE,
    0xA2, 0xA3, 0xA5, 0xB7, 0xA9, 0xA7, 0xB6, 0xBC, 0xBD, 0xBE, 0xAC, 0x7C, 0xAF, 0xA8, 0xB4, 0xD7,
    0x7B, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0xAD, 0xF4, 0xF6, 0xF2, 0xF3, 0xF5,
    0x7D, 0x4A, 0x4B, 0x4C, 0x4D, 0x4E, 0x4F, 0x50, 0x51, 0x52, 0xB9, 0xFB, 0xFC, 0xF9, 0xFA, 0xFF,
    0x5C, 0xF7, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5A, 0xB2, 0xD4, 0xD6, 0xD2, 0xD3, 0xD5,
    0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0xB3, 0xDB, 0xDC, 0xD9, 0xDA, 0x9F,
];

/// The points at which code page 037 has another character than 500, and that character.
const CP037_EXCEPTIONS: [(u8, u8); 7] = [
    (0x4A, 0xA2), // cent sign
    (0x4F, b'|'),
    (0x5A, b'!'),
    (0x5F, 0xAC), // not sign
    (0xB0, b'^'),
    (0xBA, b'['),
    (0xBB, b']'),
];

#[expect(
    clippy::indexing_slicing,
    reason = "evaluated at compile time, where a wrong index does not compile"
)]
const fn cp037_to_latin1() -> [u8; 256] {
    let mut table = CP500_TO_LATIN1;
    let mut exception = 0;
    while exception < CP037_EXCEPTIONS.len() {
        let (point, character) = CP037_EXCEPTIONS[exception];
        table[point as usize] = character;
        exception += 1;
    }
    table
}

#[expect(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "evaluated at compile time, where a wrong index does not compile; points are below 256"
)]
const fn inverse(table: &[u8; 256]) -> [u8; 256] {
    let mut result = [0; 256];
    let mut point = 0;
    while point < table.len() {
        result[table[point] as usize] = point as u8;
        point += 1;
    }
    result
}

static FROM_CP500: [u8; 256] = CP500_TO_LATIN1;
static FROM_CP037: [u8; 256] = cp037_to_latin1();
static TO_CP500: [u8; 256] = inverse(&CP500_TO_LATIN1);
static TO_CP037: [u8; 256] = inverse(&cp037_to_latin1());

impl CodePage {
    /// The EBCDIC byte for a Latin-1 (or ASCII) byte.
    #[must_use]
    pub fn encode(self, latin1: u8) -> u8 {
        translate(latin1, self.encoder())
    }

    /// The Latin-1 byte for an EBCDIC byte.
    #[must_use]
    pub fn decode(self, ebcdic: u8) -> u8 {
        let table = match self {
            Self::Cp500 => &FROM_CP500,
            Self::Cp037 => &FROM_CP037,
        };
        translate(ebcdic, table)
    }

    fn encoder(self) -> &'static [u8; 256] {
        match self {
            Self::Cp500 => &TO_CP500,
            Self::Cp037 => &TO_CP037,
        }
    }
}

#[expect(clippy::indexing_slicing, reason = "a byte always indexes a table of 256")]
fn translate(byte: u8, table: &[u8; 256]) -> u8 {
    table[usize::from(byte)]
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    const PAGES: [CodePage; 2] = [CodePage::Cp500, CodePage::Cp037];

    #[test]
    fn every_byte_survives_both_ways() {
        for page in PAGES {
            for byte in 0..=u8::MAX {
                assert_eq!(page.decode(page.encode(byte)), byte, "{page:?} {byte:02X}");
                assert_eq!(page.encode(page.decode(byte)), byte, "{page:?} {byte:02X}");
            }
        }
    }

    #[test]
    fn known_words() {
        let words: [(&[u8], &[u8]); 4] = [
            (b"MDB ", &[0xD4, 0xC4, 0xC2, 0x40]),
            (b"OCFA", &[0xD6, 0xC3, 0xC6, 0xC1]),
            (b"az09", &[0x81, 0xA9, 0xF0, 0xF9]),
            (b"{\"a\":1}\n", &[0xC0, 0x7F, 0x81, 0x7F, 0x7A, 0xF1, 0xD0, 0x15]),
        ];
        for page in PAGES {
            for (latin1, ebcdic) in words {
                let encoded: Vec<u8> = latin1.iter().map(|byte| page.encode(*byte)).collect();
                assert_eq!(encoded, ebcdic, "{page:?}");
            }
        }
    }

    #[test]
    fn the_pages_differ_where_they_should() {
        // character, its point in 500, its point in 037
        for (character, cp500, cp037) in [
            (b'!', 0x4F, 0x5A),
            (b'[', 0x4A, 0xBA),
            (b']', 0x5A, 0xBB),
            (b'^', 0x5F, 0xB0),
            (b'|', 0xBB, 0x4F),
            (0xA2, 0xB0, 0x4A),
            (0xAC, 0xBA, 0x5F),
        ] {
            assert_eq!(CodePage::Cp500.encode(character), cp500, "{character:02X}");
            assert_eq!(CodePage::Cp037.encode(character), cp037, "{character:02X}");
        }
        let differing = (0..=u8::MAX)
            .filter(|byte| CodePage::Cp500.encode(*byte) != CodePage::Cp037.encode(*byte))
            .count();
        assert_eq!(differing, 7);
    }
}
