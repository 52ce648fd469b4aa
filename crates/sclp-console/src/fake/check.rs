//! What the fake SCLP does with a block, and what it insists on first.
//!
//! Every function here looks at the bytes alone, and not through the code that made them, so that a
//! mistake there is not repeated here.

use super::{AnswerLength, Effect, FakeSclp, Issued};
use crate::spec::{Command, EventMask, ResponseCode, SCCB_SIZE, Sccb};

/// Carries out `command` with the block in the fake's page. Returns the block as the command leaves
/// it.
pub(super) fn carry_out(sclp: &mut FakeSclp, command: Command) -> Sccb {
    let mut block = sclp.sccb.as_ref().clone();
    let length = usize::from(half(block.page(), 0));
    assert!((8..=SCCB_SIZE).contains(&length), "{command:?}: a block of {length} bytes");
    assert_eq!(half(block.page(), 6), 0, "{command:?}: response code set");
    assert_eq!(byte(block.page(), 2), 0, "{command:?}: function code");
    assert_eq!(half(block.page(), 3), 0, "{command:?}: control mask");
    sclp.issued.push(Issued { command, block: part(block.page(), 0, length).to_vec() });
    let refusal = sclp.next_refusal(command);
    let response = match refusal {
        Some((code, Effect::None)) => code,
        Some((code, Effect::Full)) => {
            execute(sclp, command, &mut block, length);
            code
        }
        None => execute(sclp, command, &mut block, length),
    };
    put(block.page_mut(), 6, &response.raw().to_be_bytes());
    block
}

fn execute(sclp: &mut FakeSclp, command: Command, block: &mut Sccb, length: usize) -> ResponseCode {
    match command {
        Command::WriteEventMask => write_event_mask(sclp, block.page_mut(), length),
        Command::WriteEventData => write_event_data(sclp, block.page_mut(), length),
        Command::ReadEventData => read_event_data(sclp, block.page_mut(), length),
        Command::ReadScpInfo | Command::ReadScpInfoForced => {
            read_scp_info(sclp, block.page_mut(), length)
        }
    }
}

fn write_event_mask(sclp: &mut FakeSclp, page: &mut [u8], length: usize) -> ResponseCode {
    assert_eq!(half(page, 8), 0, "WRITE EVENT MASK: reserved field");
    let mask_length = half(page, 10);
    let size = usize::from(mask_length);
    assert_eq!(length, 12 + 4 * size, "WRITE EVENT MASK: length of the block");
    assert!(
        part(page, 12 + 2 * size, 2 * size).iter().all(|byte| *byte == 0),
        "WRITE EVENT MASK: the SCLP's masks are not zero"
    );
    if !sclp.mask_lengths.contains(&mask_length) {
        return ResponseCode::InvalidMaskLength;
    }
    sclp.program_receive = EventMask::from_field(part(page, 12, size));
    sclp.program_send = EventMask::from_field(part(page, 12 + size, size));
    for (at, mask) in [(2, sclp.offered_output), (3, sclp.offered_input)] {
        let bytes = mask.bits().to_be_bytes();
        put(page, 12 + at * size, part(&bytes, 0, size.min(8)));
    }
    ResponseCode::NormalCompletion
}

fn write_event_data(sclp: &mut FakeSclp, page: &mut [u8], length: usize) -> ResponseCode {
    assert_eq!(byte(page, 5), 0, "WRITE EVENT DATA: control mask");
    assert!(length > 8, "WRITE EVENT DATA: no event buffer");
    if length > sclp.largest_block {
        return ResponseCode::BufferTooLarge;
    }
    let mut at = 8;
    while at < length {
        let event_length = usize::from(half(page, at));
        assert!(
            event_length > 6 && at + event_length <= length,
            "an event buffer of {event_length} bytes at {at} in a block of {length}"
        );
        let event_type = byte(page, at + 2);
        assert_eq!(byte(page, at + 3), 0, "event buffer: flags set beforehand");
        assert_eq!(half(page, at + 4), 0, "event buffer: reserved field");
        let mask = EventMask::from_bits_retain(1 << (64 - u32::from(event_type)));
        assert!(sclp.program_send.contains(mask), "event type {event_type:#04x} was not announced");
        if !sclp.offered_output.contains(mask) {
            return ResponseCode::InvalidFunction;
        }
        let data = part(page, at + 6, event_length - 6);
        match event_type {
            0x1A => sclp.ascii.extend(data),
            0x02 | 0x09 => sclp.lines.extend(message_lines(data)),
            other => panic!("event type {other:#04x} is no output"),
        }
        put(page, at + 3, &[0x80]);
        at += event_length;
    }
    ResponseCode::NormalCompletion
}

/// The texts of a message data block.
fn message_lines(block: &[u8]) -> std::vec::Vec<std::vec::Vec<u8>> {
    const GENERAL_OBJECT: usize = 56;
    assert_eq!(usize::from(half(block, 0)), block.len(), "MDB: length");
    assert_eq!(half(block, 2), 1, "MDB: type");
    assert_eq!(part(block, 4, 4), [0xD4, 0xC4, 0xC2, 0x40], "MDB: tag");
    assert_eq!(part(block, 8, 4), [0, 0, 0, 1], "MDB: revision");
    let general = part(block, 12, GENERAL_OBJECT);
    assert_eq!(half(general, 0), 56, "general object: length");
    assert_eq!(half(general, 2), 1, "general object: type");
    assert!(
        part(general, 4, GENERAL_OBJECT - 4).iter().all(|byte| *byte == 0),
        "general object: something is set"
    );
    let mut lines = std::vec::Vec::new();
    let mut at = 12 + GENERAL_OBJECT;
    while at < block.len() {
        let length = usize::from(half(block, at));
        assert!(
            length >= 10 && at + length <= block.len(),
            "an object of {length} bytes at {at} in a message of {}",
            block.len()
        );
        assert_eq!(half(block, at + 2), 4, "text object: type");
        assert_eq!(half(block, at + 4), 0x1000, "text object: line type");
        assert_eq!(part(block, at + 6, 4), [0; 4], "text object: alarm, reserved");
        lines.push(part(block, at + 10, length - 10).to_vec());
        at += length;
    }
    assert!(!lines.is_empty(), "a message without a line");
    lines
}

fn read_event_data(sclp: &mut FakeSclp, page: &mut [u8], length: usize) -> ResponseCode {
    assert_eq!(length, SCCB_SIZE, "READ EVENT DATA: length of the block");
    assert!(
        part(page, 8, SCCB_SIZE - 8).iter().all(|byte| *byte == 0),
        "READ EVENT DATA: the block is not empty"
    );
    if sclp.program_receive.is_empty() {
        return ResponseCode::EventsSuppressed;
    }
    let mut at = 8;
    while let Some(event) = sclp.events.front() {
        if at + event.len() > SCCB_SIZE {
            break;
        }
        put(page, at, event);
        at += event.len();
        sclp.events.pop_front();
    }
    if at == 8 {
        return ResponseCode::NoEventBuffersStored;
    }
    assert_eq!(byte(page, 5), 0x80, "READ EVENT DATA: control mask");
    if sclp.answer_length == AnswerLength::Shortened {
        put(page, 5, &[0]);
        let shortened = u16::try_from(at).unwrap_or(u16::MAX);
        put(page, 0, &shortened.to_be_bytes());
    }
    ResponseCode::NormalCompletion
}

fn read_scp_info(sclp: &FakeSclp, page: &mut [u8], length: usize) -> ResponseCode {
    assert_eq!(length, SCCB_SIZE, "READ SCP INFO: length of the block");
    let info = zerocopy::IntoBytes::as_bytes(&sclp.scp_info);
    put(page, 8, part(info, 8, info.len() - 8));
    ResponseCode::NormalReadCompletion
}

fn part(bytes: &[u8], at: usize, length: usize) -> &[u8] {
    bytes.get(at..at + length).unwrap_or_else(|| panic!("{length} bytes at {at} are not all there"))
}

fn byte(bytes: &[u8], at: usize) -> u8 {
    part(bytes, at, 1).iter().copied().sum()
}

fn half(bytes: &[u8], at: usize) -> u16 {
    u16::from(byte(bytes, at)) << 8 | u16::from(byte(bytes, at + 1))
}

fn put(page: &mut [u8], at: usize, bytes: &[u8]) {
    page.get_mut(at..at + bytes.len())
        .unwrap_or_else(|| panic!("{} bytes do not fit at {at}", bytes.len()))
        .copy_from_slice(bytes);
}
