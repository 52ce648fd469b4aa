//! Tables: what is typed, and what the line and the screen are then.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod terminal;

use line_editor::{Ended, LineEditor};
use std::fmt::Write;
use terminal::Terminal;

type Editor = LineEditor<100, 64>;

const PROMPT: &str = "ccw> ";

/// A console: what is typed goes to an editor, what is finished is kept.
struct Console {
    editor: Editor,
    terminal: Terminal,
    ended: Vec<(Ended, String)>,
}

impl Console {
    fn new() -> Self {
        Self { editor: Editor::new(PROMPT), terminal: Terminal::default(), ended: Vec::new() }
    }

    /// Types all at once: the screen is brought up to date at the end.
    fn burst(&mut self, bytes: &[u8]) {
        for byte in bytes {
            if let Some(ended) = self.editor.feed(*byte) {
                self.editor.close(&mut self.terminal).unwrap();
                self.ended.push((ended, self.editor.line().to_owned()));
            }
        }
        self.editor.show(&mut self.terminal).unwrap();
    }

    /// Types with the screen up to date after every byte.
    fn slowly(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.burst(&[*byte]));
    }

    fn message(&mut self, text: &str) {
        self.editor.hide(&mut self.terminal).unwrap();
        writeln!(self.terminal, "{text}").unwrap();
    }

    fn lines(&self) -> Vec<&str> {
        self.ended.iter().map(|(_, line)| line.as_str()).collect()
    }
}

/// Both ways of typing.
const WAYS: [fn(&mut Console, &[u8]); 2] = [Console::burst, Console::slowly];

#[test]
fn keys_edit_the_line() {
    // What is typed, the line with the cursor as |, bells.
    let cases: &[(&str, &str, usize)] = &[
        ("", "|", 0),
        ("abc", "abc|", 0),
        ("a\tb", "a b|", 0),
        ("abc\x1b[D", "ab|c", 0),
        ("abc\x1b[D\x1b[DX", "aX|bc", 0),
        ("abc\x02\x02\x06X", "abX|c", 0),
        ("abc\x01X", "X|abc", 0),
        ("abc\x01\x05X", "abcX|", 0),
        ("abc\x1b[H\x1b[F", "abc|", 0),
        ("abc\x7f", "ab|", 0),
        ("abc\x02\x08", "a|c", 0),
        ("abc\x02\x02\x04", "a|c", 0),
        ("abc\x02\x02\x1b[3~\x1b[3~", "a|", 0),
        ("ab cd ef\x17", "ab cd |", 0),
        ("ab cd  \x17", "ab |", 0),
        ("ab cd\x01\x06\x06\x06\x06\x17", "ab |d", 0),
        ("abc\x17\x17", "|", 0),
        ("abcdef\x02\x02\x0b", "abcd|", 0),
        ("abcdef\x02\x02\x15", "|ef", 0),
        ("a\u{e9}b", "ab|", 2),
        ("\x7f", "|", 1),
        ("\x04", "|", 1),
        ("\x02", "|", 1),
        ("\x06", "|", 1),
        ("\x1b[A", "|", 1),
        ("\x1b[B", "|", 1),
        ("a\x1b[5~b", "ab|", 1),
        ("a\0b", "ab|", 1),
        ("one\r", "|", 0),
        ("one\rtwo\r\x10", "two|", 0),
        ("one\rtwo\r\x10\x10", "one|", 0),
        ("one\rtwo\r\x10\x10\x10", "one|", 1),
        ("one\rtwo\r\x1b[A\x1b[A\x1b[B", "two|", 0),
        ("one\rtyped\x02\x10\x0e", "type|d", 0),
        ("one\rtyped\x10\x0e\x0e", "typed|", 1),
        ("one\rone\rtwo\r\x10\x10\x10", "one|", 1),
        ("one\r\x10X\r\x10", "oneX|", 0),
        ("one\r\x10X\r\x10\x10", "one|", 0),
        ("one\x03\x10", "|", 1),
    ];
    for (typed, expected, bells) in cases {
        for way in WAYS {
            let mut console = Console::new();
            way(&mut console, typed.as_bytes());
            console.burst(b"");
            let (line, cursor) = (console.editor.line(), console.editor.cursor());
            let found = format!("{}|{}", &line[..cursor], &line[cursor..]);
            assert_eq!(found, *expected, "{typed:?}");
            let row = format!("{PROMPT}{line}");
            assert_eq!(console.terminal.row(), row.trim_end(), "{typed:?}");
            assert_eq!(console.terminal.column(), PROMPT.len() + cursor, "{typed:?}");
            // Bells that are due together ring once.
            assert_eq!(console.terminal.bells == 0, *bells == 0, "{typed:?}");
            assert!(console.terminal.bells <= *bells, "{typed:?}");
        }
    }
}

#[test]
fn every_refusal_rings() {
    let mut console = Console::new();
    console.slowly("a\u{e9}b\0c".as_bytes());
    assert_eq!(console.terminal.bells, 3);
    assert_eq!(console.editor.line(), "abc");
}

#[test]
fn finished_lines_come_out_and_stay_on_the_screen() {
    let cases: &[(&str, &[&str])] = &[
        ("help\n", &["help"]),
        ("help\r", &["help"]),
        ("help\r\n", &["help"]),
        ("one\ntwo\nthree", &["one", "two"]),
        ("one\r\ntwo\r\n", &["one", "two"]),
        ("one\r\rtwo\n\n", &["one", "", "two", ""]),
        ("\x1b\n", &[""]),
        ("onn\x7fe\n", &["one"]),
        ("ne\x01o\n", &["one"]),
    ];
    for (typed, lines) in cases {
        for way in WAYS {
            let mut console = Console::new();
            way(&mut console, typed.as_bytes());
            assert_eq!(console.lines(), *lines, "{typed:?}");
            assert!(console.ended.iter().all(|(ended, _)| *ended == Ended::Line));
            let rows = lines.iter().map(|line| format!("{PROMPT}{line}").trim_end().to_owned());
            assert_eq!(console.terminal.above, rows.collect::<Vec<_>>(), "{typed:?}");
        }
    }
}

#[test]
fn a_program_that_types_lines_reads_lines() {
    let mut console = Console::new();
    console.burst(b"display devices\ndisplay pairs\n");
    console.burst(b"shut");
    console.burst(b"down\n");
    let expected = "ccw> display devices\nccw> display pairs\nccw> shutdown\nccw> ";
    assert_eq!(console.terminal.received, expected);
}

#[test]
fn a_message_comes_above_the_line() {
    let mut console = Console::new();
    console.burst(b"displx\x02");
    console.message("CCW030W pair suspended");
    console.message("CCW020I progress");
    assert_eq!(console.terminal.row(), "");
    assert!(!console.editor.is_shown());
    console.burst(b"\x04ay");
    assert_eq!(console.terminal.above, ["CCW030W pair suspended", "CCW020I progress"]);
    assert_eq!(console.terminal.row(), "ccw> display");
    assert_eq!(console.terminal.column(), 12);
    // The row is taken away once, with the one escape sequence for it.
    assert_eq!(console.terminal.received.matches('\x1b').count(), 1);
}

#[test]
fn a_message_with_no_prompt_on_the_screen_goes_out_as_it_is() {
    let mut console = Console::new();
    console.message("CCW000I started");
    assert_eq!(console.terminal.received, "CCW000I started\n");
}

#[test]
fn a_line_that_is_too_long_is_not_taken_for_a_line() {
    let long = "x".repeat(101);
    let cases: &[(&str, Ended)] = &[
        ("\n", Ended::TooLong),
        ("y\x02\n", Ended::TooLong),
        // Made shorter, it is what the operator sees.
        ("\x7f\n", Ended::Line),
        ("\x7fyy\n", Ended::TooLong),
        ("\x15\n", Ended::Line),
        ("\x03", Ended::Abandoned),
    ];
    for (then, ended) in cases {
        for way in WAYS {
            let mut console = Console::new();
            way(&mut console, long.as_bytes());
            way(&mut console, then.as_bytes());
            assert_eq!(console.ended[0].0, *ended, "{then:?}");
            way(&mut console, b"next\n");
            assert_eq!(console.ended[1], (Ended::Line, "next".to_owned()));
        }
    }
    let mut console = Console::new();
    console.burst(b"one\n");
    console.burst(long.as_bytes());
    console.burst(b"\n\x10");
    assert_eq!(console.editor.line(), "one", "it is not in the history either");
}

#[test]
fn a_line_longer_than_the_row_is_shown_in_part_and_closed_whole() {
    let line: String = ('a'..='z').cycle().take(90).collect();
    for way in WAYS {
        let mut console = Console::new();
        way(&mut console, line.as_bytes());
        assert!(console.terminal.above.is_empty(), "it stays on one row");
        assert!(console.terminal.row().ends_with(&line[80..]));
        way(&mut console, b"\x01");
        assert_eq!(console.terminal.row(), format!("{PROMPT}{}", &line[..74]));
        assert_eq!(console.terminal.column(), PROMPT.len());
        way(&mut console, b"\n");
        let whole = format!("{PROMPT}{line}");
        assert_eq!(console.terminal.above, [&whole[..80], &whole[80..]]);
        assert_eq!(console.lines(), [line.as_str()]);
    }
}

#[test]
fn control_c_and_control_l() {
    let mut console = Console::new();
    console.burst(b"one\n");
    console.burst(b"two\x02\x03");
    assert_eq!(console.ended[1], (Ended::Abandoned, "two".to_owned()));
    assert_eq!(console.terminal.above, ["ccw> one", "ccw> two^C"]);
    assert_eq!(console.editor.line(), "");
    console.burst(b"three\x0c");
    assert!(console.terminal.above.is_empty());
    assert_eq!(console.terminal.row(), "ccw> three");
}

#[test]
fn an_overlong_prompt_leaves_room() {
    let prompt = "a prompt that nobody in his right mind would ever think of, whoever pays";
    let mut editor = LineEditor::<100, 64>::new(prompt);
    let mut terminal = Terminal::default();
    for byte in "x".repeat(60).bytes() {
        assert_eq!(editor.feed(byte), None);
        editor.show(&mut terminal).unwrap();
    }
    assert!(terminal.above.is_empty());
    assert!(terminal.row().starts_with(&prompt[..40]));
    assert!(terminal.row().ends_with("xxx"));
}
