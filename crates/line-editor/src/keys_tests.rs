//! Tables: what bytes make which keys.

use super::*;
use std::vec::Vec;

fn keys(bytes: &[u8]) -> Vec<Key> {
    let mut decoder = Decoder::new();
    bytes.iter().filter_map(|byte| decoder.decode(*byte)).collect()
}

#[test]
fn sequences_and_control_characters() {
    let cases: &[(&[u8], Key)] = &[
        (b"a", Key::Character(b'a')),
        (b" ", Key::Character(b' ')),
        (b"~", Key::Character(b'~')),
        (b"\t", Key::Character(b' ')),
        (b"\r", Key::Enter),
        (b"\n", Key::Enter),
        (b"\x08", Key::Backspace),
        (b"\x7f", Key::Backspace),
        (b"\x01", Key::Home),
        (b"\x02", Key::Left),
        (b"\x03", Key::Abandon),
        (b"\x04", Key::Delete),
        (b"\x05", Key::End),
        (b"\x06", Key::Right),
        (b"\x0b", Key::KillToEnd),
        (b"\x0c", Key::ClearScreen),
        (b"\x0e", Key::Down),
        (b"\x10", Key::Up),
        (b"\x15", Key::KillToStart),
        (b"\x17", Key::KillWord),
        (b"\0", Key::Unknown),
        (b"\x1f", Key::Unknown),
        (b"\x80", Key::Unknown),
        (b"\xff", Key::Unknown),
        (b"\x1b[A", Key::Up),
        (b"\x1b[B", Key::Down),
        (b"\x1b[C", Key::Right),
        (b"\x1b[D", Key::Left),
        (b"\x1b[H", Key::Home),
        (b"\x1b[F", Key::End),
        (b"\x1bOA", Key::Up),
        (b"\x1bOB", Key::Down),
        (b"\x1bOC", Key::Right),
        (b"\x1bOD", Key::Left),
        (b"\x1bOH", Key::Home),
        (b"\x1bOF", Key::End),
        (b"\x1b[1~", Key::Home),
        (b"\x1b[7~", Key::Home),
        (b"\x1b[4~", Key::End),
        (b"\x1b[8~", Key::End),
        (b"\x1b[3~", Key::Delete),
        (b"\x1b[2~", Key::Unknown),
        (b"\x1b[1;5C", Key::Right),
        (b"\x1b[3;2~", Key::Delete),
        (b"\x1b[33333~", Key::Unknown),
        (b"\x1b[259~", Key::Unknown),
        (b"\x1b[?1;2c", Key::Unknown),
        (b"\x1bOP", Key::Unknown),
        (b"\x1bb", Key::Unknown),
        (b"\x1b\x80", Key::Unknown),
        (b"\x1b[\x80", Key::Unknown),
        (b"\x1bO\x80", Key::Unknown),
    ];
    for (bytes, key) in cases {
        assert_eq!(keys(bytes), [*key], "{}", bytes.escape_ascii());
    }
}

#[test]
fn every_byte_has_its_meaning_and_no_more() {
    for byte in 0..=u8::MAX {
        let expected = usize::from(byte != ESCAPE);
        assert_eq!(keys(&[byte]).len(), expected, "{byte:#04x}");
    }
}

#[test]
fn lines_end_in_three_ways() {
    let cases: &[(&[u8], usize)] = &[
        (b"\r", 1),
        (b"\n", 1),
        (b"\r\n", 1),
        (b"\n\r", 2),
        (b"\n\n", 2),
        (b"\r\r", 2),
        (b"\r\n\n", 2),
        (b"\r\n\r\n", 2),
        // Whatever stands between, and is no key itself, ends the pair.
        (b"\r\x1b\n", 2),
    ];
    for (bytes, lines) in cases {
        assert_eq!(keys(bytes).len(), *lines, "{}", bytes.escape_ascii());
        assert!(keys(bytes).iter().all(|key| *key == Key::Enter));
    }
}

#[test]
fn a_control_character_ends_a_sequence_and_counts() {
    for start in [&b"\x1b"[..], b"\x1b[", b"\x1b[1", b"\x1b[1;", b"\x1bO"] {
        let cases: &[(&[u8], &[Key])] = &[
            (b"\r", &[Key::Enter]),
            (b"\n", &[Key::Enter]),
            (b"\x03", &[Key::Abandon]),
            (b"\x7f", &[Key::Backspace]),
            (b"\x1b[A", &[Key::Up]),
            (b"\x18x", &[Key::Unknown, Key::Character(b'x')]),
        ];
        for (rest, expected) in cases {
            let bytes = [start, rest].concat();
            assert_eq!(keys(&bytes), *expected, "{}", bytes.escape_ascii());
        }
    }
}
