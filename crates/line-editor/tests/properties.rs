//! Whatever is typed, in whatever pieces, with whatever messages in between: the line is that of a model, and the
//! screen shows the prompt and the line, with the cursor where it belongs.

mod terminal;

use line_editor::{COLUMNS, Ended, LineEditor};
use proptest::prelude::*;
use std::fmt::Write;
use terminal::Terminal;

const LINE: usize = 120;
const PROMPT: &str = "> ";

/// What happens at the console.
#[derive(Clone, Debug)]
enum Step {
    /// These bytes are typed.
    Type(Vec<u8>),
    /// The screen is brought up to date.
    Show,
    /// A message is printed.
    Message(String),
}

/// Keys as bytes: those that edit, more often than what means nothing.
fn typed() -> impl Strategy<Value = Vec<u8>> {
    let sequences = [
        "\x1b[A",
        "\x1b[B",
        "\x1b[C",
        "\x1b[D",
        "\x1bOC",
        "\x1bOD",
        "\x1b[1~",
        "\x1b[4~",
        "\x1b[3~",
        "\x01",
        "\x02",
        "\x02\x02\x02",
        "\x05",
        "\x06",
        "\x0b",
        "\x15",
        "\x17",
        "\x7f",
        "\x08",
        "\x04",
        "\x10",
        "\x0e",
        "\x03",
        "\r",
        "\n",
        "\r\n",
        "\x1b",
        "\x1b[",
        "\t",
    ];
    prop_oneof![
        5 => "[ -~]{1,12}".prop_map(String::into_bytes),
        1 => "[a-c ]{60,130}".prop_map(String::into_bytes),
        8 => prop::sample::select(sequences.to_vec()).prop_map(|bytes| bytes.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 1..4),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => typed().prop_map(Step::Type),
        3 => Just(Step::Show),
        1 => "[A-Z]{1,20}".prop_map(Step::Message),
    ]
}

/// The rows that a text takes.
fn rows(text: &str) -> Vec<String> {
    let pieces = text.as_bytes().chunks(COLUMNS);
    pieces.map(|piece| String::from_utf8_lossy(piece).trim_end().to_owned()).collect()
}

/// Whether the row shows the prompt and the part of the line around the cursor.
fn shows(terminal: &Terminal, line: &str, cursor: usize) -> bool {
    let shown = terminal.row();
    let Some(part) = shown.strip_prefix(PROMPT.trim_end()) else {
        return false;
    };
    let part = part.strip_prefix(' ').unwrap_or(part);
    let room = COLUMNS - 1 - PROMPT.len();
    let starts = if line.len() <= room { 0..=0 } else { 0..=line.len() };
    let column = terminal.column();
    starts.into_iter().any(|start| {
        let end = line.len().min(start + room);
        column == PROMPT.len() + cursor.wrapping_sub(start)
            && column < COLUMNS
            && line[start..end].trim_end() == part
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn the_screen_is_the_prompt_and_the_line(steps in prop::collection::vec(step(), 1..60)) {
        let mut editor = LineEditor::<LINE, 300>::new(PROMPT);
        let mut terminal = Terminal::default();
        let mut above = Vec::new();
        for step in steps {
            match step {
                Step::Type(bytes) => for byte in bytes {
                    // Clearing the screen would take away what is compared.
                    if byte == 0x0c {
                        continue;
                    }
                    let Some(ended) = editor.feed(byte) else { continue };
                    editor.close(&mut terminal).unwrap();
                    let end = if ended == Ended::Abandoned { "^C" } else { "" };
                    above.extend(rows(&format!("{PROMPT}{}{end}", editor.line())));
                    prop_assert!(!editor.is_shown());
                    prop_assert_eq!((terminal.row(), terminal.column()), (String::new(), 0));
                },
                Step::Show => {
                    editor.show(&mut terminal).unwrap();
                    prop_assert!(
                        shows(&terminal, editor.line(), editor.cursor()),
                        "{:?} with the cursor at {} and {:?} with the cursor at {}",
                        terminal.row(), terminal.column(), editor.line(), editor.cursor()
                    );
                    let received = terminal.received.len();
                    editor.show(&mut terminal).unwrap();
                    prop_assert_eq!(received, terminal.received.len(), "nothing is drawn twice");
                }
                Step::Message(text) => {
                    editor.hide(&mut terminal).unwrap();
                    writeln!(terminal, "{text}").unwrap();
                    above.push(text);
                }
            }
            prop_assert_eq!(&terminal.above, &above);
        }
    }

    /// Editing keys do to the line what they do to a vector of characters.
    #[test]
    fn the_line_is_that_of_a_model(keys in prop::collection::vec(0..13_usize, 1..300)) {
        let mut editor = LineEditor::<LINE, 300>::new(PROMPT);
        let (mut line, mut cursor) = (Vec::<char>::new(), 0_usize);
        for key in keys {
            let bytes: &[u8] = match key {
                0 => { cursor = cursor.saturating_sub(1); b"\x1b[D" }
                1 => { cursor = (cursor + 1).min(line.len()); b"\x06" }
                2 => { cursor = 0; b"\x01" }
                3 => { cursor = line.len(); b"\x05" }
                4 => {
                    if cursor > 0 { cursor -= 1; line.remove(cursor); }
                    b"\x7f"
                }
                5 => {
                    if cursor < line.len() { line.remove(cursor); }
                    b"\x1b[3~"
                }
                6 if line.len() > 90 => { line.truncate(cursor); b"\x0b" }
                7 if line.len() > 90 => { line.drain(..cursor); cursor = 0; b"\x15" }
                8 => {
                    while cursor > 0 && line[cursor - 1] == ' ' { cursor -= 1; line.remove(cursor); }
                    while cursor > 0 && line[cursor - 1] != ' ' { cursor -= 1; line.remove(cursor); }
                    b"\x17"
                }
                other => {
                    let character = if other == 9 { ' ' } else { 'x' };
                    if line.len() < LINE { line.insert(cursor, character); cursor += 1; }
                    if character == ' ' { b" " } else { b"x" }
                }
            };
            for byte in bytes {
                prop_assert_eq!(editor.feed(*byte), None);
            }
            prop_assert_eq!(editor.line(), line.iter().collect::<String>());
            prop_assert_eq!(editor.cursor(), cursor);
        }
    }
}
