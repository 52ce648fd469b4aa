//! Tables of event buffers and the input that they hold.

use std::vec::Vec;

use super::*;

/// An event buffer: type, length (when it is not the right one), data.
type Event<'a> = (u8, Option<u16>, &'a [u8]);

/// Event buffers one after another.
fn content(events: &[Event]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (event_type, length, data) in events {
        let right = u16::try_from(data.len() + EVENT_BUFFER_HEADER_SIZE).unwrap();
        bytes.extend(length.unwrap_or(right).to_be_bytes());
        bytes.extend([*event_type, 0, 0, 0]);
        bytes.extend(*data);
    }
    bytes
}

fn take(content: &[u8]) -> (Vec<u8>, u64) {
    let mut ring = Ring::<64>::new();
    let dropped = take_events(content, CodePage::Cp037, &mut ring);
    let mut bytes = std::vec![0; ring.len()];
    ring.pop(&mut bytes);
    (bytes, dropped)
}

/// A nested command with the text `Hi`.
const NESTED: &[u8] =
    &[0, 18, 0x13, 0x10, 0, 14, 0x12, 0x12, 0, 10, 0x13, 0x20, 6, 0x31, 4, 0x30, 0xC8, 0x89];

#[test]
fn events_become_bytes() {
    #[rustfmt::skip]
    let table: &[(&str, &[Event], &[u8], u64)] = &[
        ("nothing", &[], b"", 0),
        ("typed", &[(0x1A, None, b"\0help\r")], b"help\r", 0),
        ("typed twice", &[(0x1A, None, b"\0he"), (0x1A, None, b"\0lp")], b"help", 0),
        ("typed nothing", &[(0x1A, None, b"\0"), (0x1A, None, b"")], b"", 0),
        ("session begins and ends", &[(0x1A, None, b"\x80"), (0x1A, None, b"\x01")], b"", 0),
        ("session of another kind", &[(0x1A, None, b"\x40abc")], b"", 4),
        ("command", &[(0x01, None, NESTED)], b"Hi\n", 0),
        ("priority command", &[(0x09, None, NESTED)], b"Hi\n", 0),
        ("command and typed", &[(0x01, None, NESTED), (0x1A, None, b"\0x")], b"Hi\nx", 0),
        ("command without text", &[(0x01, None, &[0; 9])], b"", 9),
        ("quiesce", &[(0x1D, None, &[1, 2, 3]), (0x1A, None, b"\0x")], b"x", 3),
        ("unknown type", &[(0x33, None, &[1, 2]), (0x1A, None, b"\0x")], b"x", 2),
        ("zero length ends the block", &[(0x1A, None, b"\0x"), (0, Some(0), b"\0y")], b"x", 0),
        ("shorter than a header", &[(0x1A, Some(5), b"\0x"), (0x1A, None, b"\0y")], b"", 16),
        ("longer than the block", &[(0x1A, None, b"\0x"), (0x1A, Some(9), b"\0y")], b"x", 8),
    ];
    for (name, events, input, dropped) in table {
        assert_eq!(take(&content(events)), (input.to_vec(), *dropped), "{name}");
    }
}

#[test]
fn a_header_that_is_cut_is_counted() {
    let mut bytes = content(&[(0x1A, None, b"\0x")]);
    bytes.extend([0, 7, 0x1A]);
    assert_eq!(take(&bytes), (b"x".to_vec(), 3));
}

#[test]
fn what_the_ring_cannot_take_is_counted() {
    let mut ring = Ring::<4>::new();
    let events = content(&[(0x1A, None, b"\0abc"), (0x01, None, NESTED)]);
    assert_eq!(take_events(&events, CodePage::Cp037, &mut ring), 2);
    let mut bytes = [0; 4];
    ring.pop(&mut bytes);
    assert_eq!(&bytes, b"abcH");
}
