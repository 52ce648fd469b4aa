//! Tables of text and the block that it becomes.

use std::string::String;
use std::vec::Vec;

use super::*;

const LINE: LineStyle =
    LineStyle { event_type: EventType::Message, width: 10, code_page: CodePage::Cp500 };

fn compose_lines(text: &str, cursor: Cursor, limit: usize) -> (Vec<String>, Composed) {
    let mut sccb = Sccb::new();
    sccb.page_mut().fill(0xEE);
    let composed = lines(&mut sccb, limit, text.as_bytes(), cursor, LINE);
    let length = usize::from(sccb.header().length.get());
    assert!(length <= limit);
    let mut rest = &sccb.page()[WRITE_MESSAGE_SIZE..length];
    let mut found = Vec::new();
    while !rest.is_empty() {
        let size = usize::from(u16::from_be_bytes([rest[0], rest[1]]));
        let text = rest[MESSAGE_TEXT_OBJECT_SIZE..size].iter();
        found.push(text.map(|byte| char::from(CodePage::Cp500.decode(*byte))).collect());
        rest = &rest[size..];
    }
    assert_eq!(found.is_empty(), composed.content == Content::None);
    (found, composed)
}

#[test]
fn lines_become_text_objects() {
    use Cursor::{LineStart, MidLine};
    #[rustfmt::skip]
    let table: &[(&str, Cursor, &[&str], Cursor)] = &[
        ("", LineStart, &[], LineStart),
        ("ab\n", LineStart, &["ab"], LineStart),
        ("ab\ncd\n", LineStart, &["ab", "cd"], LineStart),
        ("\n\n", LineStart, &["", ""], LineStart),
        ("ab", LineStart, &["ab"], MidLine),
        // A line as long as the width, and longer ones, are cut; their ends are no lines.
        ("0123456789\n", LineStart, &["0123456789"], LineStart),
        ("0123456789ab\n", LineStart, &["0123456789", "ab"], LineStart),
        ("01234567890123456789\nx\n", LineStart, &["0123456789", "0123456789", "x"], LineStart),
        ("0123456789", LineStart, &["0123456789"], MidLine),
        // What follows a part of a line that went out before.
        ("\n", MidLine, &[], LineStart),
        ("\n\n", MidLine, &[""], LineStart),
        ("cd\n", MidLine, &["cd"], LineStart),
        ("", MidLine, &[], MidLine),
        // Carriage returns are no text.
        ("ab\r\ncd\r\n", LineStart, &["ab", "cd"], LineStart),
        ("\r\n", LineStart, &[""], LineStart),
        ("\r\n", MidLine, &[], LineStart),
        ("\r", LineStart, &[], LineStart),
        ("\r", MidLine, &[], MidLine),
        ("a\rb\n", LineStart, &["ab"], LineStart),
        ("0123456789\r\n", LineStart, &["0123456789"], LineStart),
        ("\r\r\r\r\r\r\r\r\r\r\r\r\n", LineStart, &[""], LineStart),
    ];
    for (text, cursor, expected, after) in table {
        let (found, composed) = compose_lines(text, *cursor, SCCB_SIZE);
        assert_eq!(found, *expected, "{text:?} at {cursor:?}");
        assert_eq!(composed.covered, text.len(), "{text:?} at {cursor:?}");
        assert_eq!(composed.after, *after, "{text:?} at {cursor:?}");
    }
}

#[test]
fn a_full_block_ends_between_lines() {
    // 82 bytes before the first object: 46 are left, enough for two objects of 10 with 10
    // characters each.
    let text = "0123456789\nabcdefghij\nnext\n";
    let (found, composed) = compose_lines(text, Cursor::LineStart, MIN_SCCB_LENGTH);
    assert_eq!(found, ["0123456789", "abcdefghij"]);
    assert_eq!(composed.covered, 22);
    assert_eq!(composed.after, Cursor::LineStart);
}

#[test]
fn a_line_wider_than_the_block_is_cut_to_it() {
    let mut sccb = Sccb::new();
    let style = LineStyle { width: 4000, ..LINE };
    let composed = lines(&mut sccb, MIN_SCCB_LENGTH, &[b'x'; 100], Cursor::LineStart, style);
    assert_eq!(composed.covered, MIN_SCCB_LENGTH - 92);
    assert_eq!(composed.after, Cursor::MidLine);
}

fn compose_ascii(text: &str, cursor: Cursor, line_feed: LineFeed) -> (String, Composed) {
    let mut sccb = Sccb::new();
    let composed = ascii(&mut sccb, MIN_SCCB_LENGTH, text.as_bytes(), cursor, line_feed);
    let length = usize::from(sccb.header().length.get());
    let data = &sccb.page()[WRITE_EVENT_DATA_SIZE..length];
    (String::from_utf8(data.to_vec()).unwrap(), composed)
}

#[test]
fn newlines_get_carriage_returns_unless_they_have_them() {
    use Cursor::{AfterCarriageReturn, LineStart};
    use LineFeed::{AsItIs, CarriageReturnLineFeed};
    #[rustfmt::skip]
    let table = [
        ("a\nb", LineStart, CarriageReturnLineFeed, "a\r\nb", LineStart),
        ("a\r\nb", LineStart, CarriageReturnLineFeed, "a\r\nb", LineStart),
        ("a\r", LineStart, CarriageReturnLineFeed, "a\r", AfterCarriageReturn),
        ("\nb", AfterCarriageReturn, CarriageReturnLineFeed, "\nb", LineStart),
        ("\n\n", AfterCarriageReturn, CarriageReturnLineFeed, "\n\r\n", LineStart),
        ("x\n", AfterCarriageReturn, CarriageReturnLineFeed, "x\r\n", LineStart),
        ("a\nb\r\n", LineStart, AsItIs, "a\nb\r\n", LineStart),
    ];
    for (text, cursor, line_feed, expected, after) in table {
        let (data, composed) = compose_ascii(text, cursor, line_feed);
        assert_eq!(data, expected, "{text:?} at {cursor:?}, {line_feed:?}");
        assert_eq!(composed.covered, text.len(), "{text:?}");
        assert_eq!(composed.after, after, "{text:?}");
    }
}

#[test]
fn a_full_block_never_parts_return_and_newline() {
    let room = MIN_SCCB_LENGTH - WRITE_EVENT_DATA_SIZE;
    // One byte is left for a newline that needs two: it waits for the next block.
    let text = [&"x".repeat(room - 1), "\n"].concat();
    let (data, composed) =
        compose_ascii(&text, Cursor::LineStart, LineFeed::CarriageReturnLineFeed);
    assert_eq!(data.len(), room - 1);
    assert_eq!(composed.covered, room - 1);
}

#[test]
fn golden_block_of_ascii() {
    let mut sccb = Sccb::new();
    ascii(&mut sccb, SCCB_SIZE, b"Hi\n", Cursor::LineStart, LineFeed::CarriageReturnLineFeed);
    #[rustfmt::skip]
    assert_eq!(
        sccb.page()[..18],
        [
            0x00, 0x12, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
            0x00, 0x0A, 0x1A, 0x00, 0x00, 0x00,
            0x48, 0x69, 0x0D, 0x0A,
        ]
    );
}

#[test]
fn golden_block_of_lines() {
    let mut sccb = Sccb::new();
    lines(&mut sccb, SCCB_SIZE, b"Hi!\n\n", Cursor::LineStart, LINE);
    let page = sccb.page();
    #[rustfmt::skip]
    assert_eq!(
        page[..30],
        [
            0x00, 0x69, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, // block of 105
            0x00, 0x61, 0x02, 0x00, 0x00, 0x00, // event buffer of 97
            0x00, 0x5B, 0x00, 0x01, 0xD4, 0xC4, 0xC2, 0x40, 0x00, 0x00, 0x00, 0x01, // MDB of 91
            0x00, 0x38, 0x00, 0x01, // general object of 56
        ]
    );
    assert_eq!(page[30..82], [0; 52]);
    #[rustfmt::skip]
    assert_eq!(
        page[82..105],
        [
            0x00, 0x0D, 0x00, 0x04, 0x10, 0x00, 0x00, 0x00, 0x00, 0x00, 0xC8, 0x89, 0x4F,
            0x00, 0x0A, 0x00, 0x04, 0x10, 0x00, 0x00, 0x00, 0x00, 0x00,
        ]
    );
}
