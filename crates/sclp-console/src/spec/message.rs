//! Line-mode output: a message to the operator.
//!
//! The event buffer of type [`EventType::Message`] (or, with priority,
//! [`EventType::PriorityMessageCommand`]) holds a message data block ([`MessageHeader`]), in it one
//! [`GeneralObject`] and then one [`MessageTextObject`] a line, each followed by the line's text in
//! EBCDIC. [`WriteMessage`] is all that precedes the first line.

use core::mem::{offset_of, size_of};

use bitflags::bitflags;
use zerocopy::big_endian::{U16, U32};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::event::{EVENT_BUFFER_HEADER_SIZE, EventBufferHeader, EventType};
use super::sccb::{SccbHeader, length_field};

/// The header of a message data block.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned,
)]
#[repr(C)]
pub struct MessageHeader {
    /// Length of the block with all its objects, in bytes.
    pub length: U16,
    /// [`MESSAGE_DATA_BLOCK_TYPE`].
    pub block_type: U16,
    /// [`MESSAGE_DATA_BLOCK_TAG`].
    pub tag: U32,
    /// [`MESSAGE_DATA_BLOCK_REVISION`].
    pub revision_code: U32,
}

/// The type of a message data block.
pub const MESSAGE_DATA_BLOCK_TYPE: u16 = 0x0001;
/// The tag of a message data block: `MDB ` in EBCDIC.
pub const MESSAGE_DATA_BLOCK_TAG: u32 = 0xD4C4_C240;
/// The revision of the layout.
pub const MESSAGE_DATA_BLOCK_REVISION: u32 = 1;

const _: () = assert!(size_of::<MessageHeader>() == 12);
const _: () = assert!(offset_of!(MessageHeader, tag) == 4);
const _: () = assert!(offset_of!(MessageHeader, revision_code) == 8);

/// The object that describes the message as a whole. All of it may be zero but for the first two
/// fields: then the console supplies time, date and names.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned,
)]
#[repr(C)]
pub struct GeneralObject {
    /// Length of the object in bytes.
    pub length: U16,
    /// [`GENERAL_OBJECT_TYPE`].
    pub object_type: U16,
    /// Identifies the message, should it be deleted later.
    pub delete_operator_message_id: U32,
    /// Time of day, `hhmmss` and two blanks, in EBCDIC.
    pub time: [u8; 8],
    /// Tenths of seconds.
    pub tenths: [u8; 3],
    reserved_0: u8,
    /// Date, `dddyyyy`, in EBCDIC.
    pub date: [u8; 7],
    reserved_1: u8,
    /// Flags of the whole message: alarm, hold, delete.
    pub general_message_flags: U16,
    reserved_2: [u8; 10],
    /// Name of the system that sends, in EBCDIC.
    pub originating_system_name: [u8; 8],
    /// Name of the job or guest that sends, in EBCDIC.
    pub job_name: [u8; 8],
}

/// The type of a general object.
pub const GENERAL_OBJECT_TYPE: u16 = 0x0001;

const _: () = assert!(size_of::<GeneralObject>() == 56);
const _: () = assert!(offset_of!(GeneralObject, time) == 8);
const _: () = assert!(offset_of!(GeneralObject, date) == 20);
const _: () = assert!(offset_of!(GeneralObject, general_message_flags) == 28);
const _: () = assert!(offset_of!(GeneralObject, originating_system_name) == 40);
const _: () = assert!(offset_of!(GeneralObject, job_name) == 48);

impl GeneralObject {
    /// An object that leaves everything to the console.
    #[must_use]
    pub fn new() -> Self {
        Self {
            length: length_field(size_of::<Self>()),
            object_type: U16::new(GENERAL_OBJECT_TYPE),
            delete_operator_message_id: U32::ZERO,
            time: [0; 8],
            tenths: [0; 3],
            reserved_0: 0,
            date: [0; 7],
            reserved_1: 0,
            general_message_flags: U16::ZERO,
            reserved_2: [0; 10],
            originating_system_name: [0; 8],
            job_name: [0; 8],
        }
    }
}

impl Default for GeneralObject {
    fn default() -> Self {
        Self::new()
    }
}

bitflags! {
    /// What kind of line a text object is.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub struct LineType: u16 {
        /// Bit 0: control text.
        const CONTROL = 0x8000;
        /// Bit 1: label text.
        const LABEL = 0x4000;
        /// Bit 2: data text.
        const DATA = 0x2000;
        /// Bit 3: end text, the last or only line of a message.
        const END = 0x1000;
        /// Bit 4: prompt text. (Hercules does not show such a line.)
        const PROMPT = 0x0800;
    }
}

/// The object that holds one line; the line's text follows it, in EBCDIC.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned,
)]
#[repr(C)]
pub struct MessageTextObject {
    /// Length of the object with its text, in bytes.
    pub length: U16,
    /// [`MESSAGE_TEXT_OBJECT_TYPE`].
    pub object_type: U16,
    /// See [`LineType`].
    pub line_type: U16,
    /// Zero, or an alarm.
    pub alarm_control: u8,
    reserved: [u8; 3],
}

/// The type of a message text object.
pub const MESSAGE_TEXT_OBJECT_TYPE: u16 = 0x0004;
/// Size of a message text object without its text, in bytes.
pub const MESSAGE_TEXT_OBJECT_SIZE: usize = size_of::<MessageTextObject>();

const _: () = assert!(MESSAGE_TEXT_OBJECT_SIZE == 10);
const _: () = assert!(offset_of!(MessageTextObject, line_type) == 4);
const _: () = assert!(offset_of!(MessageTextObject, alarm_control) == 6);

impl MessageTextObject {
    /// An object for a line of `text_length` characters that stands for itself.
    #[must_use]
    pub fn new(text_length: usize) -> Self {
        Self {
            length: length_field(MESSAGE_TEXT_OBJECT_SIZE + text_length),
            object_type: U16::new(MESSAGE_TEXT_OBJECT_TYPE),
            line_type: U16::new(LineType::END.bits()),
            alarm_control: 0,
            reserved: [0; 3],
        }
    }
}

/// How a block of WRITE EVENT DATA with one message begins; the text objects follow.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned,
)]
#[repr(C)]
pub struct WriteMessage {
    /// The SCCB's header.
    pub header: SccbHeader,
    /// The event buffer's header.
    pub event: EventBufferHeader,
    /// The message data block's header.
    pub message: MessageHeader,
    /// The general object.
    pub general: GeneralObject,
}

/// What precedes the first text object in a block, in bytes.
pub const WRITE_MESSAGE_SIZE: usize = size_of::<WriteMessage>();

const _: () = assert!(WRITE_MESSAGE_SIZE == 82);
const _: () = assert!(offset_of!(WriteMessage, message) == 14);
const _: () = assert!(offset_of!(WriteMessage, general) == 26);

impl WriteMessage {
    /// The beginning of a block whose text objects, texts included, take `objects_length` bytes.
    #[must_use]
    pub fn new(event_type: EventType, objects_length: usize) -> Self {
        let block = size_of::<MessageHeader>() + size_of::<GeneralObject>() + objects_length;
        Self {
            header: SccbHeader::new(WRITE_MESSAGE_SIZE + objects_length),
            event: EventBufferHeader::new(event_type, EVENT_BUFFER_HEADER_SIZE + block),
            message: MessageHeader {
                length: length_field(block),
                block_type: U16::new(MESSAGE_DATA_BLOCK_TYPE),
                tag: U32::new(MESSAGE_DATA_BLOCK_TAG),
                revision_code: U32::new(MESSAGE_DATA_BLOCK_REVISION),
            },
            general: GeneralObject::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn write_message_bytes_are_golden() {
        let block = WriteMessage::new(EventType::Message, 15);
        let bytes = block.as_bytes();
        #[rustfmt::skip]
        assert_eq!(
            bytes[..30],
            [
                0x00, 0x61, 0, 0, 0, 0, 0, 0, // SCCB of 97 bytes
                0x00, 0x59, 0x02, 0, 0, 0, // event buffer of 89 bytes
                0x00, 0x53, 0x00, 0x01, // message data block of 83 bytes
                0xD4, 0xC4, 0xC2, 0x40, 0x00, 0x00, 0x00, 0x01,
                0x00, 0x38, 0x00, 0x01, // general object of 56 bytes
            ]
        );
        assert!(bytes[30..].iter().all(|byte| *byte == 0));
        assert_eq!(bytes.len(), 82);
    }

    #[test]
    fn text_object_bytes_are_golden() {
        assert_eq!(
            MessageTextObject::new(5).as_bytes(),
            [0x00, 0x0F, 0x00, 0x04, 0x10, 0x00, 0x00, 0, 0, 0]
        );
    }
}
