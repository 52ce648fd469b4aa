//! The events that the fake SCLP sends, built byte by byte.

use std::vec::Vec;

use zerocopy::IntoBytes;

use crate::spec::event::EVENT_BUFFER_HEADER_SIZE;
use crate::spec::sccb::SCCB_HEADER_SIZE;
use crate::spec::{EventBufferHeader, EventType, SCCB_SIZE, gds};

/// An event buffer.
pub(super) fn event(event_type: EventType, data: &[u8]) -> Vec<u8> {
    let length = EVENT_BUFFER_HEADER_SIZE + data.len();
    assert!(
        SCCB_HEADER_SIZE + length <= SCCB_SIZE,
        "an event of {length} bytes fits into no block"
    );
    let mut bytes = EventBufferHeader::new(event_type, length).as_bytes().to_vec();
    bytes.extend(data);
    bytes
}

/// Something typed at the ASCII console.
pub(super) fn ascii_event(typed: &[u8]) -> Vec<u8> {
    let mut data = std::vec![0];
    data.extend(typed);
    event(EventType::AsciiConsoleData, &data)
}

/// The data of an operator's command, as nested GDS variables.
pub(super) fn nested_command(ebcdic: &[u8]) -> Vec<u8> {
    let subvector = |key: u8, body: &[u8]| {
        let length = u8::try_from(body.len() + 2).unwrap_or_else(|_| panic!("text too long"));
        [&[length, key], body].concat()
    };
    let vector = |identifier: u16, body: &[u8]| {
        let length = u16::try_from(body.len() + 4).unwrap_or_else(|_| panic!("text too long"));
        [&length.to_be_bytes(), &identifier.to_be_bytes(), body].concat()
    };
    let message = subvector(gds::SELF_DEFINING_TEXT_MESSAGE, &subvector(gds::TEXT, ebcdic));
    let command = vector(gds::TEXT_COMMAND, &message);
    vector(gds::MDS_MESSAGE_UNIT, &vector(gds::CP_MESSAGE_UNIT, &command))
}

/// The data of an operator's command, as QEMU writes them on a little-endian host.
pub(super) fn flat_command(ebcdic: &[u8]) -> Vec<u8> {
    let mut data = std::vec![0x00, 0x10];
    data.extend(gds::MDS_MESSAGE_UNIT.to_le_bytes());
    data.extend([0x00, 0x0C]);
    data.extend(gds::CP_MESSAGE_UNIT.to_le_bytes());
    data.extend([0x00, 0x08]);
    data.extend(gds::TEXT_COMMAND.to_le_bytes());
    data.extend([0, gds::SELF_DEFINING_TEXT_MESSAGE, 0, gds::TEXT]);
    data.extend(ebcdic);
    data
}
