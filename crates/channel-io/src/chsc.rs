//! Blocks for CHANNEL SUBSYSTEM CALL: a request and, behind it, the response.
//!
//! The only call in use is *set domain attributes*, which turns the multiple-subchannel-set facility
//! on: [`ChscBlock::enable_multiple_subchannel_sets`].

use core::fmt;
use core::mem::{align_of, size_of};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// The operand of CHANNEL SUBSYSTEM CALL: 4 KiB on a 4 KiB boundary. Request, then response.
#[derive(Clone, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C, align(4096))]
pub struct ChscBlock {
    bytes: [u8; 4096],
}

const _: () = assert!(size_of::<ChscBlock>() == 4096 && align_of::<ChscBlock>() == 4096);

impl Default for ChscBlock {
    fn default() -> Self {
        Self { bytes: [0; 4096] }
    }
}

/// The response code of a call (bytes 2 and 3 of the response).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChscResponse {
    /// X'0001': done.
    Done,
    /// X'0002': the call is not known.
    InvalidCommand,
    /// X'0003': the request is wrong in itself.
    InvalidRequest,
    /// X'0004': the call is not provided.
    NotProvided,
    /// X'0007': the format is not known.
    InvalidFormat,
    /// X'0101': the facility is not provided.
    FacilityNotProvided,
    /// Another code.
    Other(u16),
}

impl ChscResponse {
    /// The response that a code means.
    #[must_use]
    pub const fn from_code(code: u16) -> Self {
        match code {
            0x0001 => Self::Done,
            0x0002 => Self::InvalidCommand,
            0x0003 => Self::InvalidRequest,
            0x0004 => Self::NotProvided,
            0x0007 => Self::InvalidFormat,
            0x0101 => Self::FacilityNotProvided,
            other => Self::Other(other),
        }
    }

    /// The code.
    #[must_use]
    pub const fn code(self) -> u16 {
        match self {
            Self::Done => 0x0001,
            Self::InvalidCommand => 0x0002,
            Self::InvalidRequest => 0x0003,
            Self::NotProvided => 0x0004,
            Self::InvalidFormat => 0x0007,
            Self::FacilityNotProvided => 0x0101,
            Self::Other(code) => code,
        }
    }
}

impl fmt::Display for ChscResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = match self {
            Self::Done => "done",
            Self::InvalidCommand => "invalid command",
            Self::InvalidRequest => "invalid request",
            Self::NotProvided => "not provided",
            Self::InvalidFormat => "invalid format",
            Self::FacilityNotProvided => "facility not provided",
            Self::Other(_) => "unknown response",
        };
        write!(f, "{words} ({:#06x})", self.code())
    }
}

impl ChscBlock {
    /// Length of the request of set domain attributes.
    pub const SET_DOMAIN_ATTRIBUTES_LENGTH: u16 = 0x0400;
    /// Command code of set domain attributes.
    pub const SET_DOMAIN_ATTRIBUTES: u16 = 0x0031;
    /// Operation code: turn the multiple-subchannel-set facility on.
    pub const OPERATION_MULTIPLE_SUBCHANNEL_SETS: u16 = 0x0002;

    /// Makes the block a request to turn the multiple-subchannel-set facility on.
    pub fn enable_multiple_subchannel_sets(&mut self) {
        self.bytes.fill(0);
        self.put_u16(0, Self::SET_DOMAIN_ATTRIBUTES_LENGTH);
        self.put_u16(2, Self::SET_DOMAIN_ATTRIBUTES);
        self.put_u16(6, Self::OPERATION_MULTIPLE_SUBCHANNEL_SETS);
    }

    /// Length of the request in bytes: where the response begins.
    #[must_use]
    pub fn request_length(&self) -> u16 {
        self.get_u16(0)
    }

    /// Command code of the request.
    #[must_use]
    pub fn command(&self) -> u16 {
        self.get_u16(2)
    }

    /// Operation code of a request to set domain attributes.
    #[must_use]
    pub fn operation(&self) -> u16 {
        self.get_u16(6)
    }

    /// What the channel subsystem answered; `None` while there is no response.
    #[must_use]
    pub fn response(&self) -> Option<ChscResponse> {
        let at = usize::from(self.request_length());
        // A response is eight bytes at least: its length, its code, and a word.
        (self.get_u16(at) >= 8).then(|| ChscResponse::from_code(self.get_u16(at + 2)))
    }

    /// Puts a response with no further data behind the request; what a simulation does.
    pub fn respond(&mut self, response: ChscResponse) {
        let at = usize::from(self.request_length());
        self.put_u16(at, 8);
        self.put_u16(at + 2, response.code());
    }

    fn get_u16(&self, at: usize) -> u16 {
        match self.bytes.get(at..).and_then(|rest| rest.first_chunk()) {
            Some(bytes) => u16::from_be_bytes(*bytes),
            None => 0,
        }
    }

    fn put_u16(&mut self, at: usize, value: u16) {
        if let Some(bytes) = self.bytes.get_mut(at..).and_then(|rest| rest.first_chunk_mut()) {
            *bytes = value.to_be_bytes();
        }
    }
}
