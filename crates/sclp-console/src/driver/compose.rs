//! From text to SCCBs: what goes into one block, for either interface.
//!
//! Pure functions over a page: [`ascii`] and [`lines`] fill it with as much text as fits and say
//! how much that was. [`Cursor`] is what they must remember from one block to the next.

use zerocopy::{Immutable, IntoBytes};

use super::{LineFeed, MIN_SCCB_LENGTH};
use crate::spec::event::WRITE_EVENT_DATA_SIZE;
use crate::spec::message::{MESSAGE_TEXT_OBJECT_SIZE, WRITE_MESSAGE_SIZE};
use crate::spec::{
    CodePage, EventType, MessageTextObject, SCCB_SIZE, Sccb, WriteEventData, WriteMessage,
};

/// Where the text stands that comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cursor {
    /// At the start of a line, or anywhere that does not matter.
    LineStart,
    /// Line mode: after a piece of a line that went out without its end.
    MidLine,
    /// ASCII: after a carriage return.
    AfterCarriageReturn,
}

/// What a block was filled with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Composed {
    /// How many bytes of the text the block stands for.
    pub(super) covered: usize,
    /// Where the text after them stands.
    pub(super) after: Cursor,
    /// Whether the block has anything to send; covered text can come to nothing.
    pub(super) content: Content,
}

/// Whether a block has anything to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// It has.
    Some,
    /// It has not.
    None,
}

/// Writes `block` at the front of the page and leaves the rest as it is.
fn write_front(sccb: &mut Sccb, block: &(impl IntoBytes + Immutable)) {
    // Cannot fail: the fronts that are written here have 14 and 82 bytes.
    let _ = block.write_to_prefix(sccb.page_mut());
}

/// Fills the page, up to `limit` bytes, with ASCII-console data.
pub(super) fn ascii(
    sccb: &mut Sccb,
    limit: usize,
    text: &[u8],
    cursor: Cursor,
    line_feed: LineFeed,
) -> Composed {
    let limit = limit.clamp(MIN_SCCB_LENGTH, SCCB_SIZE);
    let mut composed = Composed { covered: 0, after: cursor, content: Content::None };
    let mut length = 0;
    let room = sccb.page_mut().get_mut(WRITE_EVENT_DATA_SIZE..limit).unwrap_or_default();
    for byte in text {
        let preceded_by_return = composed.after == Cursor::AfterCarriageReturn;
        let bytes: &[u8] = match (byte, line_feed) {
            (b'\n', LineFeed::CarriageReturnLineFeed) if !preceded_by_return => b"\r\n",
            _ => core::slice::from_ref(byte),
        };
        let Some(to) = room.get_mut(length..length + bytes.len()) else {
            break;
        };
        to.copy_from_slice(bytes);
        length += bytes.len();
        composed.covered += 1;
        composed.content = Content::Some;
        composed.after = match byte {
            b'\r' => Cursor::AfterCarriageReturn,
            _ => Cursor::LineStart,
        };
    }
    write_front(sccb, &WriteEventData::new(EventType::AsciiConsoleData, length));
    composed
}

/// How lines are written.
#[derive(Clone, Copy, Debug)]
pub(super) struct LineStyle {
    /// The event type of the message.
    pub(super) event_type: EventType,
    /// Most characters of a line.
    pub(super) width: usize,
    /// The code page of the text.
    pub(super) code_page: CodePage,
}

/// A line, or the part of one that goes into one text object.
struct Piece<'a> {
    /// Its text without the newline.
    text: &'a [u8],
    /// Bytes of the whole text that it stands for, the newline included.
    covered: usize,
    end: PieceEnd,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum PieceEnd {
    /// The line ends here.
    Newline,
    /// The line goes on, or its end is not known yet.
    Open,
}

/// The first piece of `text`, of at most `width` characters.
fn first_piece(text: &[u8], width: usize) -> Piece<'_> {
    let within = text.get(..width).unwrap_or(text);
    match within.iter().position(|byte| *byte == b'\n') {
        Some(newline) => Piece {
            text: within.get(..newline).unwrap_or_default(),
            covered: newline + 1,
            end: PieceEnd::Newline,
        },
        None => Piece { text: within, covered: within.len(), end: PieceEnd::Open },
    }
}

/// The bytes of a line that reach the console. A message begins at the left margin by itself, so
/// carriage returns have no meaning and are left out.
fn visible(text: &[u8]) -> impl Iterator<Item = u8> {
    text.iter().copied().filter(|byte| *byte != b'\r')
}

/// Fills the page, up to `limit` bytes, with one message of as many lines as fit. The last line
/// of `text` need not end in a newline.
pub(super) fn lines(
    sccb: &mut Sccb,
    limit: usize,
    text: &[u8],
    cursor: Cursor,
    style: LineStyle,
) -> Composed {
    let limit = limit.clamp(MIN_SCCB_LENGTH, SCCB_SIZE);
    let width = style.width.clamp(1, limit - WRITE_MESSAGE_SIZE - MESSAGE_TEXT_OBJECT_SIZE);
    let mut composed = Composed { covered: 0, after: cursor, content: Content::None };
    let mut end = WRITE_MESSAGE_SIZE;
    while let Some(rest @ [_, ..]) = text.get(composed.covered..) {
        let piece = first_piece(rest, width);
        let length = visible(piece.text).count();
        // The end of a line of which a part went out before: it is not a line of its own.
        let closes = length == 0 && composed.after == Cursor::MidLine;
        // Nothing but carriage returns, so far.
        let nothing = length == 0 && piece.end == PieceEnd::Open;
        if !closes && !nothing {
            let Some(room) = sccb
                .page_mut()
                .get_mut(end..limit)
                .and_then(|room| room.get_mut(..MESSAGE_TEXT_OBJECT_SIZE + length))
            else {
                break;
            };
            put_line(room, piece.text, style.code_page);
            end += room.len();
            composed.content = Content::Some;
        }
        composed.covered += piece.covered;
        composed.after = match piece.end {
            PieceEnd::Newline => Cursor::LineStart,
            PieceEnd::Open if nothing => composed.after,
            PieceEnd::Open => Cursor::MidLine,
        };
    }
    write_front(sccb, &WriteMessage::new(style.event_type, end - WRITE_MESSAGE_SIZE));
    composed
}

/// Writes a text object with `text` to `room`, which has exactly its size.
fn put_line(room: &mut [u8], text: &[u8], code_page: CodePage) {
    let Some((object, to)) = room.split_at_mut_checked(MESSAGE_TEXT_OBJECT_SIZE) else {
        return;
    };
    // Cannot fail: the sizes are the same.
    let _ = MessageTextObject::new(to.len()).write_to(object);
    for (to, character) in to.iter_mut().zip(visible(text)) {
        *to = code_page.encode(character);
    }
}

#[cfg(test)]
#[path = "compose_tests.rs"]
mod tests;
