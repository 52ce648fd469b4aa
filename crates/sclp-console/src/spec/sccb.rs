//! The service-call control block (SCCB): the page that a program and the SCLP share for the time
//! of one command.
//!
//! [`Sccb`] is the page, [`SccbHeader`] its first eight bytes. The SCLP refuses a block that
//! crosses a 4-KiB boundary, so the page is aligned to one.

use core::fmt;
use core::mem::{offset_of, size_of};

use zerocopy::big_endian::U16;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::response::ResponseCode;

/// Size of the largest SCCB, in bytes.
pub const SCCB_SIZE: usize = 4096;

/// Size of the SCCB's header, in bytes.
pub const SCCB_HEADER_SIZE: usize = size_of::<SccbHeader>();

/// Function code of an ordinary command: WRITE EVENT DATA writes, READ EVENT DATA reads all event
/// types that the program receives.
pub const FUNCTION_NORMAL: u8 = 0x00;

/// In the last byte of the control mask: the SCLP may shorten the block's length to what it
/// stored.
pub const VARIABLE_LENGTH_RESPONSE: u8 = 0x80;

/// The first eight bytes of every SCCB.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned,
)]
#[repr(C)]
pub struct SccbHeader {
    /// Length of the block in bytes, this header included: 8 to 4096.
    pub length: U16,
    /// What the command is to do in particular; [`FUNCTION_NORMAL`] here.
    pub function_code: u8,
    /// Wishes about the answer; see [`VARIABLE_LENGTH_RESPONSE`].
    pub control_mask: [u8; 3],
    /// Set by the SCLP; zero beforehand, so that its arrival can be seen.
    pub response_code: U16,
}

const _: () = assert!(size_of::<SccbHeader>() == 8);
const _: () = assert!(offset_of!(SccbHeader, function_code) == 2);
const _: () = assert!(offset_of!(SccbHeader, control_mask) == 3);
const _: () = assert!(offset_of!(SccbHeader, response_code) == 6);

impl SccbHeader {
    /// A header for an ordinary command with a block of `length` bytes.
    #[must_use]
    pub fn new(length: usize) -> Self {
        Self {
            length: length_field(length),
            function_code: FUNCTION_NORMAL,
            control_mask: [0; 3],
            response_code: U16::ZERO,
        }
    }

    /// The same header, with leave for the SCLP to shorten the block to what it stored.
    #[must_use]
    pub fn with_variable_length_response(self) -> Self {
        Self { control_mask: [0, 0, VARIABLE_LENGTH_RESPONSE], ..self }
    }
}

/// A length as it stands in an SCCB: 16 bits, big-endian. No length in a block exceeds the block,
/// so a larger one is cut to [`SCCB_SIZE`] rather than to its low bits.
#[must_use]
pub fn length_field(length: usize) -> U16 {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "at most 4096 after the cut, which 16 bits hold"
    )]
    U16::new(length.min(SCCB_SIZE) as u16)
}

/// A service-call control block: one page, aligned to a page.
#[derive(Clone, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C, align(4096))]
pub struct Sccb {
    header: SccbHeader,
    data: [u8; SCCB_SIZE - SCCB_HEADER_SIZE],
}

const _: () = assert!(size_of::<Sccb>() == SCCB_SIZE);
const _: () = assert!(align_of::<Sccb>() == SCCB_SIZE);

impl Sccb {
    /// A block of zeros.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            header: SccbHeader {
                length: U16::ZERO,
                function_code: 0,
                control_mask: [0; 3],
                response_code: U16::ZERO,
            },
            data: [0; SCCB_SIZE - SCCB_HEADER_SIZE],
        }
    }

    /// The header.
    #[must_use]
    pub const fn header(&self) -> &SccbHeader {
        &self.header
    }

    /// The header, to change.
    pub const fn header_mut(&mut self) -> &mut SccbHeader {
        &mut self.header
    }

    /// The response code in the header.
    #[must_use]
    pub fn response_code(&self) -> ResponseCode {
        ResponseCode::from_raw(self.header.response_code.get())
    }

    /// The block's content: the bytes after the header, up to the length in the header and never
    /// past the page.
    #[must_use]
    pub fn content(&self) -> &[u8] {
        let length = usize::from(self.header.length.get()).min(SCCB_SIZE);
        self.data.get(..length.saturating_sub(SCCB_HEADER_SIZE)).unwrap_or_default()
    }

    /// The whole page.
    #[must_use]
    pub fn page(&self) -> &[u8] {
        self.as_bytes()
    }

    /// The whole page, to change.
    pub fn page_mut(&mut self) -> &mut [u8] {
        self.as_mut_bytes()
    }

    /// Reads a structure that begins where the block begins.
    #[must_use]
    pub fn read<T: FromBytes>(&self) -> Option<T> {
        T::read_from_prefix(self.page()).ok().map(|(value, _)| value)
    }

    /// Clears the page and writes `block`, a structure that begins with an [`SccbHeader`] and is no
    /// larger than the page (a larger one does not compile).
    pub fn write<T: IntoBytes + Immutable>(&mut self, block: &T) {
        const { assert!(size_of::<T>() <= SCCB_SIZE) };
        let page = self.page_mut();
        page.fill(0);
        // Cannot fail: the size was checked above, at compile time.
        let _ = block.write_to_prefix(page);
    }
}

impl Default for Sccb {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Sccb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sccb")
            .field("length", &self.header.length.get())
            .field("response_code", &self.response_code())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_bytes_are_golden() {
        let header = SccbHeader::new(0x0123).with_variable_length_response();
        assert_eq!(header.as_bytes(), [0x01, 0x23, 0, 0, 0, 0x80, 0, 0]);
    }

    #[test]
    fn content_never_leaves_the_page() {
        for (length, expected) in [(0, 0), (7, 0), (8, 0), (9, 1), (4096, 4088), (0xFFFF, 4088)] {
            let mut sccb = Sccb::new();
            sccb.header_mut().length = U16::new(length);
            assert_eq!(sccb.content().len(), expected, "length {length}");
        }
    }

    #[test]
    fn write_clears_what_was_there() {
        let mut sccb = Sccb::new();
        sccb.page_mut().fill(0xFF);
        sccb.write(&SccbHeader::new(8));
        assert_eq!(sccb.page().iter().filter(|byte| **byte != 0).count(), 1);
        assert_eq!(sccb.read::<SccbHeader>(), Some(SccbHeader::new(8)));
    }

    #[test]
    fn lengths_are_cut_and_not_wrapped() {
        assert_eq!(length_field(0x1_0001).get(), 4096);
    }
}
