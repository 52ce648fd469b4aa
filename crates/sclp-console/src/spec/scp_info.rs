//! The answer to READ SCP INFO: memory, processors, load parameter, facilities.
//!
//! [`ReadScpInfo`] is the block as the SCLP stores it, [`ScpInfo`] what it means.

use core::fmt;
use core::mem::{offset_of, size_of};

use zerocopy::big_endian::{U16, U32, U64};
use zerocopy::{FromBytes, FromZeros, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::ebcdic::CodePage;
use super::sccb::{SCCB_SIZE, SccbHeader};

/// The block of READ SCP INFO. The processors' entries follow, at `processor_offset`.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned,
)]
#[repr(C)]
pub struct ReadScpInfo {
    /// The SCCB's header.
    pub header: SccbHeader,
    /// `rnmax`: number of storage increments; 0 when it does not fit, see `rnmax2`.
    pub rnmax: U16,
    /// `rnsize`: size of an increment in MiB; 0 when it does not fit, see `rnsize2`.
    pub rnsize: u8,
    reserved_11: [u8; 5],
    /// Number of processor entries.
    pub processor_count: U16,
    /// Offset of the first processor entry in the block, in bytes.
    pub processor_offset: U16,
    reserved_20: [u8; 4],
    /// The load parameter, in EBCDIC.
    pub load_parameter: [u8; 8],
    reserved_32: [u8; 16],
    /// Installed facilities, one bit each.
    pub facilities: U64,
    reserved_56: [u8; 44],
    /// `rnsize2`: size of an increment in MiB, valid when `rnsize` is 0.
    pub rnsize2: U32,
    /// `rnmax2`: number of storage increments, valid when `rnmax` is 0.
    pub rnmax2: U64,
    reserved_112: [u8; 8],
    /// Highest processor address, where the SCLP stores it.
    pub highest_processor: U16,
    reserved_122: [u8; 6],
}

const _: () = assert!(size_of::<ReadScpInfo>() == 128);
const _: () = assert!(offset_of!(ReadScpInfo, rnmax) == 8);
const _: () = assert!(offset_of!(ReadScpInfo, rnsize) == 10);
const _: () = assert!(offset_of!(ReadScpInfo, processor_count) == 16);
const _: () = assert!(offset_of!(ReadScpInfo, processor_offset) == 18);
const _: () = assert!(offset_of!(ReadScpInfo, load_parameter) == 24);
const _: () = assert!(offset_of!(ReadScpInfo, facilities) == 48);
const _: () = assert!(offset_of!(ReadScpInfo, rnsize2) == 100);
const _: () = assert!(offset_of!(ReadScpInfo, rnmax2) == 104);
const _: () = assert!(offset_of!(ReadScpInfo, highest_processor) == 120);

/// The load parameter: eight characters that whoever loaded the program chose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LoadParameter([u8; 8]);

impl LoadParameter {
    /// Takes the parameter from its eight EBCDIC bytes.
    #[must_use]
    pub fn from_ebcdic(ebcdic: [u8; 8]) -> Self {
        Self(ebcdic.map(|byte| CodePage::Cp500.decode(byte)))
    }

    /// The eight characters in ASCII, blanks and binary zeros included.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 8] {
        &self.0
    }
}

/// Shows the characters without trailing blanks and zeros; what is not graphic ASCII as `.`.
impl fmt::Display for LoadParameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let last = self.0.iter().rposition(|byte| !matches!(byte, 0 | b' '));
        for byte in self.0.iter().take(last.map_or(0, |last| last + 1)) {
            let character = match byte {
                b' '..=b'~' => char::from(*byte),
                _ => '.',
            };
            write!(f, "{character}")?;
        }
        Ok(())
    }
}

/// What READ SCP INFO says about the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ScpInfo {
    /// Number of storage increments (`rnmax`, or `rnmax2`), at least 1.
    pub increments: u64,
    /// Size of an increment in MiB (`rnsize`, or `rnsize2`), at least 1.
    pub increment_size_mib: u32,
    /// Size of memory in bytes: the product of the two.
    pub memory_size: u64,
    /// Number of processor entries. Hercules lists processors that are not there, too.
    pub processor_count: u16,
    /// The load parameter.
    pub load_parameter: LoadParameter,
    /// Installed facilities, bit 0 leftmost.
    pub facilities: u64,
}

/// The block describes no memory, or more than 64 bits can say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ImplausibleMemory {
    /// Number of increments.
    pub increments: u64,
    /// Size of an increment in MiB.
    pub increment_size_mib: u32,
}

impl fmt::Display for ImplausibleMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the SCLP describes {} storage increments of {} MiB",
            self.increments, self.increment_size_mib
        )
    }
}

impl core::error::Error for ImplausibleMemory {}

impl ReadScpInfo {
    /// An empty block for the SCLP to fill: a whole page, for the processors' entries.
    #[must_use]
    pub fn request() -> Self {
        let mut block = Self::new_zeroed();
        block.header = SccbHeader::new(SCCB_SIZE).with_variable_length_response();
        block
    }

    /// What the block says.
    ///
    /// # Errors
    ///
    /// [`ImplausibleMemory`] when there is no memory in it, or more than 64 bits can say.
    pub fn decode(&self) -> Result<ScpInfo, ImplausibleMemory> {
        let increments = match self.rnmax.get() {
            0 => self.rnmax2.get(),
            rnmax => u64::from(rnmax),
        };
        let increment_size_mib = match self.rnsize {
            0 => self.rnsize2.get(),
            rnsize => u32::from(rnsize),
        };
        let memory_size = u64::from(increment_size_mib)
            .checked_mul(1 << 20)
            .and_then(|size| size.checked_mul(increments))
            .filter(|size| *size != 0)
            .ok_or(ImplausibleMemory { increments, increment_size_mib })?;
        Ok(ScpInfo {
            increments,
            increment_size_mib,
            memory_size,
            processor_count: self.processor_count.get(),
            load_parameter: LoadParameter::from_ebcdic(self.load_parameter),
            facilities: self.facilities.get(),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use super::*;

    fn block(rnmax: u16, rnsize: u8, rnmax2: u64, rnsize2: u32) -> ReadScpInfo {
        let mut block = ReadScpInfo::new_zeroed();
        block.rnmax = U16::new(rnmax);
        block.rnsize = rnsize;
        block.rnmax2 = U64::new(rnmax2);
        block.rnsize2 = U32::new(rnsize2);
        block
    }

    #[test]
    fn memory_sizes() {
        for (rnmax, rnsize, rnmax2, rnsize2, bytes) in [
            (8, 1, 0, 0, Some(8 << 20)),
            (1024, 16, 0, 0, Some(16 << 30)),
            // the long fields count only where the short ones are zero
            (8, 1, 77, 77, Some(8 << 20)),
            (0, 1, 0x2_0000, 0, Some(0x2_0000 << 20)),
            (4, 0, 0, 256, Some(1 << 30)),
            (0, 0, 0x10_0000, 0x400, Some(1 << 50)),
            (0, 0, 0, 0, None),
            (5, 0, 0, 0, None),
            (0, 5, 0, 0, None),
            (0, 0, u64::MAX, u32::MAX, None),
        ] {
            let info = block(rnmax, rnsize, rnmax2, rnsize2).decode();
            assert_eq!(info.ok().map(|info| info.memory_size), bytes);
        }
    }

    #[test]
    fn golden_block() {
        let mut bytes = [0; 128];
        bytes[8..11].copy_from_slice(&[0x04, 0x00, 0x10]);
        bytes[16..20].copy_from_slice(&[0x00, 0x02, 0x00, 0x80]);
        bytes[24..32].copy_from_slice(&[0xC1, 0x95, 0x6D, 0xF0, 0x40, 0x40, 0x40, 0x40]);
        bytes[48] = 0x80;
        let info = ReadScpInfo::read_from_bytes(&bytes).unwrap().decode().unwrap();
        assert_eq!(info.increments, 1024);
        assert_eq!(info.increment_size_mib, 16);
        assert_eq!(info.processor_count, 2);
        assert_eq!(info.load_parameter.as_bytes(), b"An_0    ");
        assert_eq!(info.load_parameter.to_string(), "An_0");
        assert_eq!(info.facilities, 1 << 63);
    }

    #[test]
    fn load_parameters_are_shown_safely() {
        for (ebcdic, shown) in
            [([0; 8], ""), ([0x40; 8], ""), ([0xD3, 0x40, 0xD3, 0x0A, 0xFF, 0x40, 0, 0], "L L..")]
        {
            assert_eq!(LoadParameter::from_ebcdic(ebcdic).to_string(), shown);
        }
    }

    #[test]
    fn the_request_is_a_page_long() {
        let request = ReadScpInfo::request();
        assert_eq!(request.as_bytes()[..8], [0x10, 0, 0, 0, 0, 0x80, 0, 0]);
    }
}
