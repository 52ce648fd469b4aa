//! Reading: what is typed arrives, once, in order, in however small pieces it is read.
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test fails by panicking")]

use sclp_console::fake::{CommandShape, Effect, FakeSclp};
use sclp_console::spec::{Command, EventMask, EventType, ResponseCode};
use sclp_console::{CodePage, CodePages, Interface, ReadError, SclpConsole, ServiceCallError};

fn console(sclp: FakeSclp) -> SclpConsole<FakeSclp> {
    let mut console = SclpConsole::new_with_backend(sclp);
    console.initialise().unwrap();
    console
}

/// Reads `size` bytes at a time until nothing comes.
fn read_all(console: &mut SclpConsole<FakeSclp>, size: usize) -> Vec<u8> {
    let mut all = Vec::new();
    let mut buffer = vec![0; size];
    loop {
        match console.try_read(&mut buffer).unwrap() {
            0 => return all,
            count => all.extend(&buffer[..count]),
        }
    }
}

fn encode(text: &str, code_page: CodePage) -> Vec<u8> {
    text.bytes().map(|byte| code_page.encode(byte)).collect()
}

#[test]
fn typed_bytes_arrive() {
    for size in [1, 3, 5000] {
        let mut sclp = FakeSclp::new();
        sclp.type_ascii(b"display ");
        sclp.type_ascii(b"pairs\r");
        assert_eq!(read_all(&mut console(sclp), size), b"display pairs\r");
    }
}

#[test]
fn more_than_a_block_holds_arrives_in_order() {
    let typed: Vec<u8> = (0..20_000_u32).flat_map(u32::to_be_bytes).collect();
    for size in [7, 4096] {
        let mut sclp = FakeSclp::new();
        for part in typed.chunks(4081) {
            sclp.type_ascii(part);
        }
        let mut console = console(sclp);
        assert_eq!(read_all(&mut console, size), typed);
        assert_eq!(console.dropped_bytes(), 0);
    }
}

#[test]
fn what_the_reader_has_no_room_for_stays_with_the_sclp() {
    let mut sclp = FakeSclp::new();
    sclp.type_ascii(&[b'a'; 4081]);
    sclp.type_ascii(&[b'b'; 4081]);
    let mut console = console(sclp);
    assert_eq!(console.try_read(&mut [0; 10]), Ok(10));
    assert_eq!(console.try_read(&mut [0; 10]), Ok(10));
    assert_eq!(console.backend_mut().count(Command::ReadEventData), 1);
    assert_eq!(read_all(&mut console, 100).len(), 2 * 4081 - 20);
    assert_eq!(console.dropped_bytes(), 0);
}

#[test]
fn commands_become_lines() {
    for shape in [CommandShape::Nested, CommandShape::Flat] {
        for (code_pages, page) in [
            (CodePages::NATIVE, CodePage::Cp500),
            (CodePages::QEMU, CodePage::Cp037),
            (CodePages::ZVM, CodePage::Cp037),
        ] {
            let mut sclp = FakeSclp::new();
            for text in ["display [pairs]!", "", "shutdown"] {
                sclp.enter_command(&encode(text, page), shape);
            }
            let mut console = SclpConsole::new_with_backend(sclp).with_code_pages(code_pages);
            console.initialise_as(Interface::LineMode).unwrap();
            let read = read_all(&mut console, 4);
            assert_eq!(read, b"display [pairs]!\n\nshutdown\n", "{shape:?} {code_pages:?}");
        }
    }
}

#[test]
fn input_of_both_kinds_arrives_on_one_console() {
    let mut sclp = FakeSclp::new();
    sclp.type_ascii(b"a\r");
    sclp.enter_command(&encode("b", CodePage::Cp500), CommandShape::Nested);
    assert_eq!(read_all(&mut console(sclp), 80), b"a\rb\n");
}

#[test]
fn nothing_is_fetched_without_reason() {
    let mut console = console(FakeSclp::new());
    assert_eq!(console.try_read(&mut [0; 4]), Ok(0));
    assert_eq!(console.backend_mut().count(Command::ReadEventData), 0);
    console.backend_mut().type_ascii(b"x");
    assert_eq!(console.try_read(&mut []), Ok(0));
    assert_eq!(console.backend_mut().count(Command::ReadEventData), 0);
    assert_eq!(console.try_read_byte(), Ok(Some(b'x')));
    assert_eq!(console.try_read_byte(), Ok(None));
}

#[test]
fn without_signals_the_sclp_is_asked_each_time() {
    let mut sclp = FakeSclp::new().without_signals();
    sclp.type_ascii(b"ab");
    let mut console = console(sclp);
    assert_eq!(read_all(&mut console, 80), b"ab");
    assert_eq!(console.backend_mut().count(Command::ReadEventData), 2);
}

#[test]
fn golden_read_event_data() {
    let mut sclp = FakeSclp::new();
    sclp.type_ascii(b"x");
    let mut console = console(sclp);
    console.try_read_byte().unwrap();
    let block = &console.backend_mut().issued()[1].block;
    assert_eq!(block[..8], [0x10, 0, 0, 0, 0, 0x80, 0, 0]);
    assert!(block[8..].iter().all(|byte| *byte == 0));
}

#[test]
fn a_block_that_the_sclp_does_not_shorten() {
    let mut sclp = FakeSclp::new().with_answers_of_full_length();
    sclp.type_ascii(b"x");
    sclp.enter_command(&[0x81], CommandShape::Nested);
    let mut console = console(sclp);
    assert_eq!(read_all(&mut console, 80), b"xa\n");
    assert_eq!(console.dropped_bytes(), 0);
}

#[test]
fn any_completion_brings_events() {
    for code in [ResponseCode::CompletionWithReason2, ResponseCode::Other(0x0320)] {
        let mut sclp = FakeSclp::new();
        sclp.type_ascii(b"x");
        sclp.refuse(Command::ReadEventData, code, Effect::Full);
        assert_eq!(read_all(&mut console(sclp), 80), b"x", "{code}");
    }
}

#[test]
fn reading_waits_for_input() {
    let mut sclp = FakeSclp::new();
    sclp.type_ascii_later(b"hello");
    let mut console = console(sclp);
    let mut buffer = [0; 3];
    assert_eq!(console.read(&mut buffer), Ok(3));
    assert_eq!(&buffer, b"hel");
    assert_eq!(console.read(&mut buffer), Ok(2));
    assert_eq!(console.read(&mut []), Ok(0));
    assert_eq!(console.read(&mut buffer), Err(ReadError::TimedOut));
}

#[test]
fn what_is_no_input_is_counted() {
    let mut sclp = FakeSclp::new();
    sclp.raise_event(EventType::OperatorCommand, &[1, 2, 3]);
    sclp.raise_event(EventType::SignalQuiesce, &[0; 4]);
    sclp.type_ascii(b"x");
    let mut console = console(sclp);
    assert_eq!(read_all(&mut console, 80), b"x");
    assert_eq!(console.dropped_bytes(), 7);
}

#[test]
fn refusals_of_events() {
    for code in [
        ResponseCode::InvalidFunction,
        ResponseCode::EventsSuppressed,
        ResponseCode::EquipmentCheck,
        ResponseCode::NotStored,
    ] {
        let mut sclp = FakeSclp::new();
        sclp.type_ascii(b"x");
        sclp.refuse(Command::ReadEventData, code, Effect::None);
        let mut console = console(sclp);
        assert_eq!(console.try_read(&mut [0; 4]), Err(ReadError::Refused(code)));
        assert_eq!(console.try_read_byte(), Ok(Some(b'x')), "nothing was lost");
    }
    let sclp = FakeSclp::new()
        .without_signals()
        .offering(EventMask::ASCII_CONSOLE_DATA, EventMask::empty());
    assert_eq!(console(sclp).try_read(&mut [0; 4]), Ok(0));
}

/// Input that comes after the driver has given up waiting for it is there the next time, also when
/// that is an output.
#[test]
fn late_input_is_not_lost() {
    let late = || {
        let mut sclp = FakeSclp::new();
        sclp.be_late(0);
        sclp.be_late(1);
        sclp.type_ascii(b"help");
        let mut console = console(sclp);
        let error = console.try_read(&mut [0; 4]);
        assert_eq!(error, Err(ReadError::Call(ServiceCallError::TimedOut)));
        console
    };
    assert_eq!(read_all(&mut late(), 80), b"help");
    let mut after_output = late();
    after_output.write_bytes(b"what?\n").unwrap();
    assert_eq!(read_all(&mut after_output, 80), b"help");
    assert_eq!(after_output.backend_mut().count(Command::ReadEventData), 1);
}
