//! Writing: what arrives, in how many service calls, and what happens when something goes wrong.
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write;

use sclp_console::fake::{Effect, FakeSclp};
use sclp_console::spec::{Command, EventMask, ResponseCode};
use sclp_console::{
    Buffering, CodePage, CodePages, Interface, LINE_WIDTH_MAX, LineFeed, SclpConsole, SendError,
    ServiceCallError,
};

fn console(sclp: FakeSclp, interface: Interface) -> SclpConsole<FakeSclp> {
    let mut console = SclpConsole::new_with_backend(sclp);
    console.initialise_as(interface).unwrap();
    console
}

fn ascii(console: &mut SclpConsole<FakeSclp>) -> String {
    String::from_utf8(console.backend_mut().ascii().to_vec()).unwrap()
}

fn lines(console: &mut SclpConsole<FakeSclp>) -> Vec<String> {
    let decode = |line: &Vec<u8>| {
        let characters = line.iter().map(|byte| char::from(CodePage::Cp500.decode(*byte)));
        characters.collect()
    };
    console.backend_mut().lines().iter().map(decode).collect()
}

fn writes(console: &mut SclpConsole<FakeSclp>) -> usize {
    console.backend_mut().count(Command::WriteEventData)
}

#[test]
fn ascii_output_is_immediate() {
    let mut console = console(FakeSclp::new(), Interface::Ascii);
    write!(console, "device {:04x}", 1).unwrap();
    assert_eq!(ascii(&mut console), "device 0001");
    assert_eq!(console.held_bytes(), 0);
}

#[test]
fn a_formatted_line_is_one_service_call() {
    let state = "online";
    let mut calls = Vec::new();
    for buffering in [Buffering::Lines, Buffering::Immediate] {
        let mut console = SclpConsole::new_with_backend(FakeSclp::new()).with_buffering(buffering);
        console.initialise().unwrap();
        writeln!(console, "device {:04x} is {state}", 1).unwrap();
        assert_eq!(ascii(&mut console), "device 0001 is online\r\n");
        calls.push(writes(&mut console));
    }
    assert_eq!(calls[0], 1);
    assert!(calls[1] > 1, "one for each piece");
}

#[test]
fn lines_are_held_until_they_end() {
    for interface in [Interface::Ascii, Interface::LineMode] {
        let sclp = FakeSclp::new();
        let mut console = SclpConsole::new_with_backend(sclp).with_buffering(Buffering::Lines);
        console.initialise_as(interface).unwrap();
        console.write_bytes(b"one\ntwo\nthr").unwrap();
        assert_eq!((writes(&mut console), console.held_bytes()), (1, 3));
        console.write_bytes(b"ee").unwrap();
        assert_eq!((writes(&mut console), console.held_bytes()), (1, 5));
        console.flush().unwrap();
        assert_eq!((writes(&mut console), console.held_bytes()), (2, 0));
        console.flush().unwrap();
        assert_eq!(writes(&mut console), 2, "nothing left to flush");
        match interface {
            Interface::Ascii => assert_eq!(ascii(&mut console), "one\r\ntwo\r\nthree"),
            Interface::LineMode => assert_eq!(lines(&mut console), ["one", "two", "three"]),
        }
    }
}

#[test]
fn pieces_of_a_line_are_one_line_in_line_mode() {
    let mut console = console(FakeSclp::new(), Interface::LineMode);
    writeln!(console, "{}-{}-{}", 1, 2, 3).unwrap();
    assert_eq!(lines(&mut console), ["1-2-3"]);
    assert_eq!(writes(&mut console), 1);
}

#[test]
fn a_flushed_prompt_does_not_cost_an_empty_line() {
    let mut console = console(FakeSclp::new(), Interface::LineMode);
    write!(console, "ready> ").unwrap();
    console.flush().unwrap();
    write!(console, "\nnext\n\n").unwrap();
    assert_eq!(lines(&mut console), ["ready> ", "next", ""]);
}

#[test]
fn a_line_longer_than_a_block_is_cut_and_nothing_is_lost() {
    let long: String = ('a'..='z').cycle().take(3 * LINE_WIDTH_MAX + 5).collect();
    for width in [LINE_WIDTH_MAX, 132] {
        let sclp = FakeSclp::new();
        let mut console = SclpConsole::new_with_backend(sclp).with_line_width(width);
        console.initialise_as(Interface::LineMode).unwrap();
        console.write_bytes(long.as_bytes()).unwrap();
        console.write_bytes(b"\nnext\n").unwrap();
        let mut lines = lines(&mut console);
        assert_eq!(lines.pop().unwrap(), "next");
        assert!(lines.iter().all(|line| line.len() <= width));
        assert_eq!(lines.concat(), long);
    }
}

#[test]
fn long_output_is_split_over_few_blocks() {
    let text: String = (0..400).map(|line| format!("{line:04} {}\n", "x".repeat(44))).collect();
    assert_eq!(text.len(), 20_000);
    let mut on_ascii = console(FakeSclp::new(), Interface::Ascii);
    on_ascii.write_bytes(text.as_bytes()).unwrap();
    assert_eq!(ascii(&mut on_ascii), text.replace('\n', "\r\n"));
    assert_eq!(writes(&mut on_ascii), 5);
    let mut on_lines = console(FakeSclp::new(), Interface::LineMode);
    on_lines.write_bytes(text.as_bytes()).unwrap();
    assert!(lines(&mut on_lines).iter().map(String::as_str).eq(text.lines()));
    assert!(writes(&mut on_lines) <= 11, "{}", writes(&mut on_lines));
}

#[test]
fn raw_output_is_left_alone() {
    let sclp = FakeSclp::new();
    let mut console = SclpConsole::new_with_backend(sclp).with_line_feed(LineFeed::AsItIs);
    console.initialise().unwrap();
    let bytes: Vec<u8> = (0..=u8::MAX).collect();
    console.write_bytes(&bytes).unwrap();
    assert_eq!(console.backend_mut().ascii(), bytes);
}

#[test]
fn line_mode_writes_in_the_code_page_of_the_machine() {
    for (code_pages, bracket) in
        [(CodePages::NATIVE, 0x4A), (CodePages::QEMU, 0x4A), (CodePages::ZVM, 0xBA)]
    {
        let sclp = FakeSclp::new();
        let mut console = SclpConsole::new_with_backend(sclp).with_code_pages(code_pages);
        console.initialise_as(Interface::LineMode).unwrap();
        console.write_bytes(b"A[\n").unwrap();
        assert_eq!(console.backend_mut().lines(), [[0xC1, bracket]], "{code_pages:?}");
    }
}

#[test]
fn priority_messages_are_used_where_there_are_no_others() {
    for (offered, event_type) in [
        (EventMask::LINE_MODE_OUTPUT, 0x02),
        (EventMask::MESSAGE, 0x02),
        (EventMask::PRIORITY_MESSAGE_COMMAND, 0x09),
    ] {
        let mut console =
            console(FakeSclp::new().offering(offered, EventMask::empty()), Interface::LineMode);
        console.write_bytes(b"x\n").unwrap();
        let block = &console.backend_mut().issued()[1].block;
        assert_eq!(block[10], event_type, "{offered:?}");
    }
}

#[test]
fn blocks_become_shorter_when_the_sclp_asks_for_it() {
    let text = "0123456789abcde\n".repeat(600);
    for largest in [4096, 2048, 2047, 1000, 256, 128] {
        let mut on_ascii = console(FakeSclp::new().taking_blocks_of(largest), Interface::Ascii);
        on_ascii.write_bytes(text.as_bytes()).unwrap();
        assert_eq!(ascii(&mut on_ascii), text.replace('\n', "\r\n"), "{largest}");
        let mut on_lines = console(FakeSclp::new().taking_blocks_of(largest), Interface::LineMode);
        on_lines.write_bytes(text.as_bytes()).unwrap();
        assert!(lines(&mut on_lines).iter().map(String::as_str).eq(text.lines()), "{largest}");
    }
    let mut console = console(FakeSclp::new().taking_blocks_of(20), Interface::Ascii);
    let error = console.write_bytes(text.as_bytes()).unwrap_err();
    assert_eq!(error.cause, SendError::Refused(ResponseCode::BufferTooLarge));
}

/// Responses to WRITE EVENT DATA, how often each comes, and whether the output goes out.
#[test]
fn responses_to_output() {
    use ResponseCode::{
        ContainedEquipmentCheck, EquipmentCheck, ImproperState, InconsistentLengths,
        InvalidFunction, NotStored, SyntaxError,
    };
    for (code, effect, times, calls, works) in [
        (EquipmentCheck, Effect::None, 1, 2, true),
        (EquipmentCheck, Effect::None, 3, 4, true),
        (EquipmentCheck, Effect::None, 4, 4, false),
        (ImproperState, Effect::None, 3, 4, true),
        (ImproperState, Effect::None, 4, 4, false),
        (ContainedEquipmentCheck, Effect::None, 1, 2, true),
        (ContainedEquipmentCheck, Effect::None, 4, 4, false),
        // Accepted all the same, so it must not be sent again.
        (ContainedEquipmentCheck, Effect::Full, 1, 1, true),
        (InvalidFunction, Effect::None, 1, 1, false),
        (InconsistentLengths, Effect::None, 1, 1, false),
        (SyntaxError, Effect::None, 1, 1, false),
        (NotStored, Effect::None, 1, 1, false),
    ] {
        for interface in [Interface::Ascii, Interface::LineMode] {
            let mut sclp = FakeSclp::new();
            for _ in 0..times {
                sclp.refuse(Command::WriteEventData, code, effect);
            }
            let mut console = console(sclp, interface);
            let result = console.write_bytes(b"line\n");
            let case = format!("{code} x {times}, {effect:?}, {interface}");
            assert_eq!(writes(&mut console), calls, "{case}");
            if works {
                assert_eq!(result, Ok(()), "{case}");
            } else {
                let error = result.unwrap_err();
                assert_eq!((error.accepted, error.cause), (5, SendError::Refused(code)), "{case}");
                assert_eq!(console.held_bytes(), 5, "{case}");
                // Held, and sent before what comes next.
                console.write_bytes(b"next\n").unwrap();
            }
            let expected: &[&str] = if works { &["line"] } else { &["line", "next"] };
            match interface {
                Interface::Ascii => {
                    assert!(ascii(&mut console).lines().eq(expected.iter().copied()), "{case}");
                }
                Interface::LineMode => assert_eq!(lines(&mut console), expected, "{case}"),
            }
        }
    }
}

#[test]
fn each_block_is_tried_again_by_itself() {
    let text = "0123456789abcde\n".repeat(1000);
    let mut sclp = FakeSclp::new();
    for code in [ResponseCode::EquipmentCheck; 3] {
        sclp.refuse(Command::WriteEventData, code, Effect::None);
    }
    sclp.refuse(Command::WriteEventData, ResponseCode::NormalCompletion, Effect::Full);
    for code in [ResponseCode::ImproperState; 3] {
        sclp.refuse(Command::WriteEventData, code, Effect::None);
    }
    let mut console = console(sclp, Interface::LineMode);
    assert_eq!(console.write_bytes(text.as_bytes()), Ok(()));
    assert!(lines(&mut console).iter().map(String::as_str).eq(text.lines()));
}

#[test]
fn busy_is_tried_again_until_the_backend_gives_up() {
    let mut sclp = FakeSclp::new();
    for times in [0, 7, 50] {
        sclp.be_busy(times);
    }
    sclp.be_patient(20);
    let mut console = console(sclp, Interface::Ascii);
    assert_eq!(console.write_bytes(b"one"), Ok(()));
    let error = console.write_bytes(b"two").unwrap_err();
    assert_eq!(error.cause, SendError::Call(ServiceCallError::Busy { attempts: 21 }));
    assert_eq!((error.accepted, console.held_bytes()), (3, 3));
    console.backend_mut().be_patient(100);
    console.flush().unwrap();
    assert_eq!(ascii(&mut console), "onetwo");
}

/// A write that ends after the driver has given up waiting for it is not sent again.
#[test]
fn a_late_write_is_neither_lost_nor_repeated() {
    let mut sclp = FakeSclp::new();
    sclp.be_late(0);
    sclp.be_late(2);
    let mut console = console(sclp, Interface::Ascii);
    let error = console.write_bytes(b"one").unwrap_err();
    assert_eq!(error.cause, SendError::Call(ServiceCallError::TimedOut));
    assert_eq!((error.accepted, console.held_bytes()), (3, 3));
    let error = console.write_bytes(b" two").unwrap_err();
    assert_eq!((error.accepted, console.held_bytes()), (4, 7));
    assert_eq!(console.write_bytes(b" three"), Ok(()));
    assert_eq!(ascii(&mut console), "one two three");
    assert_eq!(console.held_bytes(), 0);
}

#[test]
fn a_late_write_can_be_flushed_or_read_past() {
    let late = || {
        let mut sclp = FakeSclp::new();
        sclp.be_late(0);
        sclp.be_late(1);
        sclp.type_ascii(b"x");
        let mut console = console(sclp, Interface::Ascii);
        assert!(console.write_bytes(b"one").is_err());
        console
    };
    let mut flushed = late();
    assert_eq!(flushed.flush(), Ok(()));
    let mut read_past = late();
    assert_eq!(read_past.try_read_byte(), Ok(Some(b'x')));
    let mut asked_past = late();
    assert!(asked_past.read_scp_info().is_ok());
    for mut console in [flushed, read_past, asked_past] {
        assert_eq!(console.held_bytes(), 0);
        assert_eq!(ascii(&mut console), "one");
    }
}

#[test]
fn what_is_refused_for_ever_can_be_discarded() {
    let mut sclp = FakeSclp::new();
    sclp.refuse(Command::WriteEventData, ResponseCode::SyntaxError, Effect::None);
    let mut refused = console(sclp, Interface::Ascii);
    assert!(refused.write_bytes(b"one").is_err());
    assert_eq!(refused.discard_held(), 3);
    refused.write_bytes(b"two").unwrap();
    assert_eq!(ascii(&mut refused), "two");

    // Also while the SCLP has it, which then must not take what comes after for it.
    let mut sclp = FakeSclp::new();
    sclp.be_late(0);
    sclp.be_late(1);
    let mut late = console(sclp, Interface::Ascii);
    assert!(late.write_bytes(b"one").is_err());
    assert_eq!(late.discard_held(), 3);
    late.write_bytes(b" two").unwrap();
    assert_eq!(ascii(&mut late), "one two");
}

#[test]
fn errors_in_the_middle_say_how_far_it_came() {
    let text = [b'x'; 10_000];
    let mut sclp = FakeSclp::new();
    let mut console = {
        sclp.refuse(Command::WriteEventMask, ResponseCode::NormalCompletion, Effect::Full);
        console(sclp, Interface::Ascii)
    };
    console.write_bytes(&text[..10]).unwrap();
    console.backend_mut().refuse(Command::WriteEventData, ResponseCode::SyntaxError, Effect::None);
    let error = console.write_bytes(&text[10..]).unwrap_err();
    assert_eq!(error.accepted, console.held_bytes());
    console.write_bytes(&text[10 + error.accepted..]).unwrap();
    assert_eq!(console.backend_mut().ascii(), text);
}
