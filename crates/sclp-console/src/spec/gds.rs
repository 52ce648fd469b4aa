//! Line-mode input: the operator's command as it lies in an event buffer.
//!
//! The data of an event of type [`EventType::OperatorCommand`](super::EventType::OperatorCommand)
//! or [`EventType::PriorityMessageCommand`](super::EventType::PriorityMessageCommand) are general
//! data stream (GDS) variables, one inside the other: an MDS message unit holds a CP message unit,
//! that holds text commands, each of those self-defining text messages, and those the texts. A
//! *vector* has a 16-bit length and identifier, a *subvector* an 8-bit length and key; lengths
//! include themselves. [`for_each_text`] finds the texts, in EBCDIC.
//!
//! QEMU's line-mode console does not write its events so: the vectors' lengths leave out the text,
//! and on a little-endian host the subvectors' lengths are zero and the identifiers have their bytes
//! exchanged (seen with 7.2). The headers always stand at the same places, so when the regular walk
//! finds no text, the event is recognised by them.

/// Identifier of an MDS message unit.
pub const MDS_MESSAGE_UNIT: u16 = 0x1310;
/// Identifier of a CP message unit.
pub const CP_MESSAGE_UNIT: u16 = 0x1212;
/// Identifier of a text command.
pub const TEXT_COMMAND: u16 = 0x1320;
/// Key of a self-defining text message.
pub const SELF_DEFINING_TEXT_MESSAGE: u8 = 0x31;
/// Key of a text.
pub const TEXT: u8 = 0x30;

/// Calls `each` with every text, in EBCDIC, in `data`, the data of an operator-command event.
/// Returns how many there were; none means that the event is malformed.
pub fn for_each_text<'a>(data: &'a [u8], mut each: impl FnMut(&'a [u8])) -> usize {
    let mut count = 0;
    for unit in vectors(data, MDS_MESSAGE_UNIT) {
        for inner in vectors(unit, CP_MESSAGE_UNIT) {
            for command in vectors(inner, TEXT_COMMAND) {
                for message in subvectors(command, SELF_DEFINING_TEXT_MESSAGE) {
                    for text in subvectors(message, TEXT) {
                        each(text);
                        count += 1;
                    }
                }
            }
        }
    }
    if count == 0
        && let Some(text) = flat_text(data)
    {
        each(text);
        count = 1;
    }
    count
}

/// The bodies of all vectors in `data` whose identifier is `wanted`. Ends at the first length that
/// cannot be.
fn vectors(data: &[u8], wanted: u16) -> impl Iterator<Item = &[u8]> {
    let mut rest = data;
    core::iter::from_fn(move || {
        let [l0, l1, i0, i1, ..] = *rest else {
            return None;
        };
        let length = usize::from(u16::from_be_bytes([l0, l1]));
        let body = rest.get(4..length)?;
        rest = rest.get(length..)?;
        Some((u16::from_be_bytes([i0, i1]), body))
    })
    .filter_map(move |(identifier, body)| (identifier == wanted).then_some(body))
}

/// The bodies of all subvectors in `data` whose key is `wanted`. Ends at the first length that
/// cannot be.
fn subvectors(data: &[u8], wanted: u8) -> impl Iterator<Item = &[u8]> {
    let mut rest = data;
    core::iter::from_fn(move || {
        let [length, key, ..] = *rest else {
            return None;
        };
        let length = usize::from(length);
        let body = rest.get(2..length)?;
        rest = rest.get(length..)?;
        Some((key, body))
    })
    .filter_map(move |(key, body)| (key == wanted).then_some(body))
}

/// The text of an event as QEMU writes it: all headers at their places, whatever their lengths say
/// and in whichever order the bytes of their identifiers stand, then the text up to the event's end.
fn flat_text(data: &[u8]) -> Option<&[u8]> {
    let (headers, text) = data.split_first_chunk::<16>()?;
    let [_, _, u0, u1, _, _, c0, c1, _, _, t0, t1, _, message_key, _, text_key] = *headers;
    let is = |wanted: u16, bytes: [u8; 2]| {
        wanted.to_be_bytes() == bytes || wanted.to_le_bytes() == bytes
    };
    let flat = is(MDS_MESSAGE_UNIT, [u0, u1])
        && is(CP_MESSAGE_UNIT, [c0, c1])
        && is(TEXT_COMMAND, [t0, t1])
        && message_key == SELF_DEFINING_TEXT_MESSAGE
        && text_key == TEXT;
    flat.then_some(text)
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    fn texts(data: &[u8]) -> Vec<Vec<u8>> {
        let mut found = Vec::new();
        let count = for_each_text(data, |text| found.push(text.to_vec()));
        assert_eq!(count, found.len());
        found
    }

    /// `body` in a vector.
    fn vector(identifier: u16, body: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend(u16::try_from(body.len() + 4).unwrap().to_be_bytes());
        bytes.extend(identifier.to_be_bytes());
        bytes.extend(body);
        bytes
    }

    /// `body` in a subvector.
    fn subvector(key: u8, body: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend([u8::try_from(body.len() + 2).unwrap(), key]);
        bytes.extend(body);
        bytes
    }

    #[test]
    fn the_regular_form_with_its_neighbours() {
        // As Hercules builds it: routing information and the like stand beside what is wanted.
        let text = [0xC8, 0x89];
        let command = vector(TEXT_COMMAND, &subvector(0x31, &subvector(TEXT, &text)));
        let inner = [vector(0x154D, &[0; 14]), vector(0x8070, &[]), command].concat();
        let unit =
            [vector(0x1311, &[0x0E; 33]), vector(0x1549, &[8; 8]), vector(CP_MESSAGE_UNIT, &inner)]
                .concat();
        assert_eq!(texts(&vector(MDS_MESSAGE_UNIT, &unit)), [text.to_vec()]);
    }

    #[test]
    fn several_texts_and_an_empty_one() {
        let messages = [
            subvector(
                0x31,
                &[subvector(TEXT, &[1]), subvector(0x77, &[9]), subvector(TEXT, &[])].concat(),
            ),
            subvector(0x31, &subvector(TEXT, &[2, 3])),
        ]
        .concat();
        let command = vector(TEXT_COMMAND, &messages);
        let unit = vector(CP_MESSAGE_UNIT, &[command.clone(), command].concat());
        assert_eq!(
            texts(&vector(MDS_MESSAGE_UNIT, &unit)),
            [&[1][..], &[], &[2, 3], &[1], &[], &[2, 3]]
        );
    }

    /// The first event was taken from QEMU 7.2 on a little-endian host, where `hell` was typed; the
    /// second is what the same code stores on a big-endian one.
    #[test]
    #[rustfmt::skip]
    fn the_flat_form() {
        for headers in [
            [0x00, 0x10, 0x10, 0x13, 0x00, 0x0C, 0x12, 0x12, 0x00, 0x08, 0x20, 0x13, 0x00, 0x31, 0x00, 0x30],
            [0x00, 0x10, 0x13, 0x10, 0x00, 0x0C, 0x12, 0x12, 0x00, 0x08, 0x13, 0x20, 0x04, 0x31, 0x06, 0x30],
        ] {
            let mut event = headers.to_vec();
            assert_eq!(texts(&event), [&[]], "no text");
            event.extend([0x88, 0x85, 0x93, 0x93]);
            assert_eq!(texts(&event), [[0x88, 0x85, 0x93, 0x93]]);
        }
    }

    #[test]
    fn malformed_events_have_no_text() {
        let good = vector(
            MDS_MESSAGE_UNIT,
            &vector(
                CP_MESSAGE_UNIT,
                &vector(TEXT_COMMAND, &subvector(0x31, &subvector(0x30, &[7]))),
            ),
        );
        assert_eq!(texts(&good), [[7]]);
        let with = |at: usize, value: u8| {
            let mut event = good.clone();
            event[at] = value;
            event
        };
        for (name, event) in [
            ("empty", Vec::new()),
            ("cut in a header", good[..3].to_vec()),
            ("unit of another kind", with(3, 0x11)),
            ("inner unit of another kind", with(6, 0x13)),
            ("command of another kind", with(11, 0x21)),
            ("message of another key", with(13, 0x32)),
            ("text of another key", with(15, 0x33)),
        ] {
            assert!(texts(&event).is_empty(), "{name}");
        }
    }

    #[test]
    fn no_bytes_at_all_can_do_harm() {
        // Every length byte of a regular event, set to every value.
        let good = vector(
            MDS_MESSAGE_UNIT,
            &vector(
                CP_MESSAGE_UNIT,
                &vector(TEXT_COMMAND, &subvector(0x31, &subvector(0x30, &[7]))),
            ),
        );
        for at in 0..good.len() {
            for value in 0..=u8::MAX {
                let mut event = good.clone();
                event[at] = value;
                assert!(texts(&event).len() <= 1);
            }
        }
    }
}
