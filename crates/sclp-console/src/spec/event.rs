//! Events: what the program and the SCLP send each other inside WRITE EVENT DATA and READ EVENT
//! DATA, and the masks by which they agree on it.
//!
//! An SCCB for either command holds one event buffer after another, each with an
//! [`EventBufferHeader`] of its own. [`EventMask`] has one bit for each [`EventType`];
//! [`WriteEventMask`] is the block that exchanges the masks.

use core::mem::{offset_of, size_of};

use bitflags::bitflags;
use zerocopy::big_endian::U16;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::sccb::{SccbHeader, length_field};

/// What an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventType {
    /// X'01': the operator typed a command (line mode, to the program).
    OperatorCommand,
    /// X'02': a message to the operator (line mode, to the SCLP).
    Message,
    /// X'09': the same two with priority: a message to the operator, or a command of his.
    PriorityMessageCommand,
    /// X'1A': bytes to or from the ASCII console, a VT220.
    AsciiConsoleData,
    /// X'1D': the machine wishes the program to end.
    SignalQuiesce,
    /// Any other type.
    Other(u8),
}

impl EventType {
    /// The type that stands in an event-buffer header as `raw`.
    #[must_use]
    pub const fn from_raw(raw: u8) -> Self {
        match raw {
            0x01 => Self::OperatorCommand,
            0x02 => Self::Message,
            0x09 => Self::PriorityMessageCommand,
            0x1A => Self::AsciiConsoleData,
            0x1D => Self::SignalQuiesce,
            other => Self::Other(other),
        }
    }

    /// The type as it stands in an event-buffer header.
    #[must_use]
    pub const fn raw(self) -> u8 {
        match self {
            Self::OperatorCommand => 0x01,
            Self::Message => 0x02,
            Self::PriorityMessageCommand => 0x09,
            Self::AsciiConsoleData => 0x1A,
            Self::SignalQuiesce => 0x1D,
            Self::Other(raw) => raw,
        }
    }
}

/// The bit that is `number` from the left.
const fn bit(number: u32) -> u64 {
    1 << (63 - number)
}

bitflags! {
    /// A set of event types: type *n* is bit *n* - 1, counted from the left.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub struct EventMask: u64 {
        /// [`EventType::OperatorCommand`], bit 0.
        const OPERATOR_COMMAND = bit(0);
        /// [`EventType::Message`], bit 1.
        const MESSAGE = bit(1);
        /// [`EventType::PriorityMessageCommand`], bit 8.
        const PRIORITY_MESSAGE_COMMAND = bit(8);
        /// [`EventType::AsciiConsoleData`], bit 25.
        const ASCII_CONSOLE_DATA = bit(25);
        /// [`EventType::SignalQuiesce`], bit 28.
        const SIGNAL_QUIESCE = bit(28);
        // Types without a name here are kept.
        const _ = !0;
    }
}

impl EventMask {
    /// Every type of line-mode output.
    pub const LINE_MODE_OUTPUT: Self = Self::MESSAGE.union(Self::PRIORITY_MESSAGE_COMMAND);
    /// Every type of line-mode input.
    pub const LINE_MODE_INPUT: Self = Self::OPERATOR_COMMAND.union(Self::PRIORITY_MESSAGE_COMMAND);

    /// The mask of one event type; empty for a type outside 1 to 64.
    #[must_use]
    pub const fn of(event_type: EventType) -> Self {
        match event_type.raw() {
            raw @ 1..=64 => Self::from_bits_retain(1 << (64 - raw)),
            _ => Self::empty(),
        }
    }

    /// The mask in `LENGTH` bytes. Types beyond them are left out.
    #[must_use]
    pub fn to_field<const LENGTH: usize>(self) -> [u8; LENGTH] {
        let mut field = [0; LENGTH];
        for (to, from) in field.iter_mut().zip(self.bits().to_be_bytes()) {
            *to = from;
        }
        field
    }

    /// The mask that stands in `field`. Types above 64 are left out.
    #[must_use]
    pub fn from_field(field: &[u8]) -> Self {
        let mut bytes = [0; 8];
        for (to, from) in bytes.iter_mut().zip(field) {
            *to = *from;
        }
        Self::from_bits_retain(u64::from_be_bytes(bytes))
    }
}

/// The block of WRITE EVENT MASK, with masks of `LENGTH` bytes.
///
/// Older QEMU takes masks of exactly 4 bytes, later ones any length up to 1021; an SCLP that does
/// not take the length answers
/// [`ResponseCode::InvalidMaskLength`](super::ResponseCode::InvalidMaskLength). All event types of
/// a console lie in the first 4 bytes.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned,
)]
#[repr(C)]
pub struct WriteEventMask<const LENGTH: usize> {
    /// The SCCB's header.
    pub header: SccbHeader,
    reserved: U16,
    /// Length of each mask in bytes.
    pub mask_length: U16,
    /// What the program receives.
    pub program_receive: [u8; LENGTH],
    /// What the program sends.
    pub program_send: [u8; LENGTH],
    /// What the SCLP receives; it stores this.
    pub sclp_receive: [u8; LENGTH],
    /// What the SCLP sends; it stores this.
    pub sclp_send: [u8; LENGTH],
}

const _: () = assert!(size_of::<WriteEventMask<4>>() == 28);
const _: () = assert!(size_of::<WriteEventMask<8>>() == 44);
const _: () = assert!(offset_of!(WriteEventMask<4>, mask_length) == 10);
const _: () = assert!(offset_of!(WriteEventMask<4>, program_receive) == 12);
const _: () = assert!(offset_of!(WriteEventMask<4>, program_send) == 16);
const _: () = assert!(offset_of!(WriteEventMask<4>, sclp_receive) == 20);
const _: () = assert!(offset_of!(WriteEventMask<4>, sclp_send) == 24);
const _: () = assert!(offset_of!(WriteEventMask<8>, sclp_send) == 36);

impl<const LENGTH: usize> WriteEventMask<LENGTH> {
    /// A block that says what the program receives and sends.
    #[must_use]
    pub fn new(program_receive: EventMask, program_send: EventMask) -> Self {
        const { assert!(LENGTH >= 1 && LENGTH <= 1021) };
        Self {
            header: SccbHeader::new(size_of::<Self>()),
            reserved: U16::ZERO,
            mask_length: length_field(LENGTH),
            program_receive: program_receive.to_field(),
            program_send: program_send.to_field(),
            sclp_receive: [0; LENGTH],
            sclp_send: [0; LENGTH],
        }
    }
}

bitflags! {
    /// The flag byte of an event-buffer header.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub struct EventBufferFlags: u8 {
        /// Bit 0: the SCLP has processed this event buffer.
        const ACCEPTED = 0x80;
        // The SCLP may set bits that have no name here.
        const _ = !0;
    }
}

/// The header of an event buffer.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned,
)]
#[repr(C)]
pub struct EventBufferHeader {
    /// Length of the event buffer in bytes, this header included.
    pub length: U16,
    /// The event type; see [`EventType::from_raw`].
    pub event_type: u8,
    /// See [`EventBufferFlags`].
    pub flags: u8,
    reserved: U16,
}

/// Size of an event buffer's header, in bytes.
pub const EVENT_BUFFER_HEADER_SIZE: usize = size_of::<EventBufferHeader>();

const _: () = assert!(size_of::<EventBufferHeader>() == 6);
const _: () = assert!(offset_of!(EventBufferHeader, event_type) == 2);
const _: () = assert!(offset_of!(EventBufferHeader, flags) == 3);

impl EventBufferHeader {
    /// A header for an event buffer of `length` bytes.
    #[must_use]
    pub fn new(event_type: EventType, length: usize) -> Self {
        Self {
            length: length_field(length),
            event_type: event_type.raw(),
            flags: 0,
            reserved: U16::ZERO,
        }
    }

    /// The event type.
    #[must_use]
    pub const fn event_type(&self) -> EventType {
        EventType::from_raw(self.event_type)
    }

    /// The flags.
    #[must_use]
    pub const fn flags(&self) -> EventBufferFlags {
        EventBufferFlags::from_bits_retain(self.flags)
    }
}

/// How a block of WRITE EVENT DATA with one event buffer begins; the event's data follow.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned,
)]
#[repr(C)]
pub struct WriteEventData {
    /// The SCCB's header.
    pub header: SccbHeader,
    /// The header of the one event buffer.
    pub event: EventBufferHeader,
}

/// What precedes the data of the first event buffer in a block, in bytes.
pub const WRITE_EVENT_DATA_SIZE: usize = size_of::<WriteEventData>();

const _: () = assert!(WRITE_EVENT_DATA_SIZE == 14);
const _: () = assert!(offset_of!(WriteEventData, event) == 8);

impl WriteEventData {
    /// The beginning of a block whose one event buffer has `data_length` bytes of data.
    #[must_use]
    pub fn new(event_type: EventType, data_length: usize) -> Self {
        Self {
            header: SccbHeader::new(WRITE_EVENT_DATA_SIZE + data_length),
            event: EventBufferHeader::new(event_type, EVENT_BUFFER_HEADER_SIZE + data_length),
        }
    }
}

/// The first data byte of an ASCII-console event that the SCLP sends says what the event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AsciiSession {
    /// X'00': the bytes that follow were typed.
    Data,
    /// X'01': the session at the console ended.
    Ended,
    /// X'80': a session at the console began.
    Started,
    /// Any other value.
    Other(u8),
}

impl AsciiSession {
    /// Decodes the byte.
    #[must_use]
    pub const fn from_raw(raw: u8) -> Self {
        match raw {
            0x00 => Self::Data,
            0x01 => Self::Ended,
            0x80 => Self::Started,
            other => Self::Other(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_and_masks_agree() {
        for raw in 0..=u8::MAX {
            assert_eq!(EventType::from_raw(raw).raw(), raw);
        }
        // The 32-bit masks by which the types are known.
        for (event_type, mask) in [
            (EventType::OperatorCommand, 0x8000_0000_u32),
            (EventType::Message, 0x4000_0000),
            (EventType::PriorityMessageCommand, 0x0080_0000),
            (EventType::AsciiConsoleData, 0x0000_0040),
            (EventType::SignalQuiesce, 0x0000_0008),
        ] {
            let field: [u8; 4] = EventMask::of(event_type).to_field();
            assert_eq!(u32::from_be_bytes(field), mask, "{event_type:?}");
            assert_eq!(EventMask::from_field(&field), EventMask::of(event_type));
        }
        assert_eq!(EventMask::of(EventType::Other(0)), EventMask::empty());
        assert_eq!(EventMask::of(EventType::Other(65)), EventMask::empty());
        assert_eq!(EventMask::of(EventType::Other(64)).bits(), 1);
    }

    #[test]
    fn named_masks_are_those_of_their_types() {
        for (mask, event_type) in [
            (EventMask::OPERATOR_COMMAND, EventType::OperatorCommand),
            (EventMask::MESSAGE, EventType::Message),
            (EventMask::PRIORITY_MESSAGE_COMMAND, EventType::PriorityMessageCommand),
            (EventMask::ASCII_CONSOLE_DATA, EventType::AsciiConsoleData),
            (EventMask::SIGNAL_QUIESCE, EventType::SignalQuiesce),
        ] {
            assert_eq!(mask, EventMask::of(event_type));
        }
    }

    #[test]
    fn write_event_mask_bytes_are_golden() {
        let block = WriteEventMask::<4>::new(
            EventMask::ASCII_CONSOLE_DATA | EventMask::OPERATOR_COMMAND,
            EventMask::ASCII_CONSOLE_DATA | EventMask::MESSAGE,
        );
        #[rustfmt::skip]
        assert_eq!(
            block.as_bytes(),
            [
                0x00, 0x1C, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, // header: 28 bytes
                0x00, 0x00, 0x00, 0x04, // masks of 4 bytes
                0x80, 0x00, 0x00, 0x40, // the program receives
                0x40, 0x00, 0x00, 0x40, // the program sends
                0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, // for the SCLP to store
            ]
        );
        let long =
            WriteEventMask::<8>::new(EventMask::MESSAGE, EventMask::of(EventType::Other(64)));
        assert_eq!(long.program_receive, [0x40, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(long.program_send, [0, 0, 0, 0, 0, 0, 0, 1]);
        assert_eq!(long.header.length.get(), 44);
    }

    #[test]
    fn write_event_data_bytes_are_golden() {
        let block = WriteEventData::new(EventType::AsciiConsoleData, 5);
        assert_eq!(block.as_bytes(), [0, 19, 0, 0, 0, 0, 0, 0, 0, 11, 0x1A, 0, 0, 0]);
    }
}
