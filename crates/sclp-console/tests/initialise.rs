//! Choosing an interface, and asking about the machine: every answer of the SCLP.
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test fails by panicking")]

use sclp_console::backend::{EventPending, SccbAddressError, SccbInUse, ServcCc, TimedOut};
use sclp_console::fake::{Effect, FakeSclp};
use sclp_console::spec::{Command, EventMask, ReadScpInfo, ResponseCode, Sccb};
use sclp_console::{
    Backend, InitialiseError, Interface, ReadError, ReadScpInfoError, SclpConsole, SendError,
    ServiceCallError,
};
use zerocopy::FromZeros;
use zerocopy::big_endian::U16;

const ASCII: EventMask = EventMask::ASCII_CONSOLE_DATA;
const LINE_OUTPUT: EventMask = EventMask::LINE_MODE_OUTPUT;
const LINE_INPUT: EventMask = EventMask::LINE_MODE_INPUT;

#[test]
fn the_ascii_console_is_chosen_if_it_is_offered() {
    for (output, input, expected) in [
        (ASCII | LINE_OUTPUT, ASCII | LINE_INPUT, Some(Interface::Ascii)),
        (ASCII, ASCII, Some(Interface::Ascii)),
        (ASCII, EventMask::empty(), Some(Interface::Ascii)),
        (LINE_OUTPUT, LINE_INPUT, Some(Interface::LineMode)),
        (EventMask::MESSAGE, LINE_INPUT, Some(Interface::LineMode)),
        (EventMask::PRIORITY_MESSAGE_COMMAND, LINE_INPUT, Some(Interface::LineMode)),
        (EventMask::SIGNAL_QUIESCE, LINE_INPUT, None),
        (EventMask::empty(), EventMask::empty(), None),
    ] {
        let mut console = SclpConsole::new_with_backend(FakeSclp::new().offering(output, input));
        let result = console.initialise();
        assert_eq!(result.ok(), expected, "{output:?}");
        assert_eq!(console.interface(), expected, "{output:?}");
        assert_eq!(console.offered().output, output);
        assert_eq!(console.offered().input, input);
        if expected.is_none() {
            assert!(matches!(result, Err(InitialiseError::NotOffered { wanted: None, .. })));
        }
    }
}

#[test]
fn an_interface_can_be_asked_for() {
    for (offered, wanted, is_there) in [
        (ASCII | LINE_OUTPUT, Interface::Ascii, true),
        (ASCII | LINE_OUTPUT, Interface::LineMode, true),
        (ASCII, Interface::LineMode, false),
        (LINE_OUTPUT, Interface::Ascii, false),
    ] {
        let sclp = FakeSclp::new().offering(offered, EventMask::empty());
        let mut console = SclpConsole::new_with_backend(sclp);
        let result = console.initialise_as(wanted);
        assert_eq!(result.is_ok(), is_there, "{offered:?} {wanted:?}");
        assert_eq!(console.interface(), is_there.then_some(wanted));
        if !is_there {
            let error = result.unwrap_err();
            assert_eq!(error.to_string(), format!("the SCLP does not offer the {wanted}"));
        }
    }
}

/// The blocks of WRITE EVENT MASK, byte for byte.
#[test]
#[rustfmt::skip]
fn golden_masks() {
    for (wanted, masks) in [
        (None, [0x80, 0x80, 0, 0x40, 0x40, 0x80, 0, 0x40]),
        (Some(Interface::Ascii), [0, 0, 0, 0x40, 0, 0, 0, 0x40]),
        (Some(Interface::LineMode), [0x80, 0x80, 0, 0, 0x40, 0x80, 0, 0]),
    ] {
        let mut console = SclpConsole::new_with_backend(FakeSclp::new());
        match wanted {
            None => assert_eq!(console.initialise(), Ok(Interface::Ascii)),
            Some(interface) => assert_eq!(console.initialise_as(interface), Ok(())),
        }
        let [issued] = console.backend_mut().issued() else { panic!("one command") };
        assert_eq!(issued.command, Command::WriteEventMask);
        assert_eq!(issued.block[..12], [0, 28, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4]);
        assert_eq!(issued.block[12..20], masks);
        assert_eq!(issued.block[20..], [0; 8]);
    }
}

#[test]
fn masks_of_another_length() {
    for (lengths, lengths_tried, works) in [
        (&[4][..], &[28][..], true),
        (&[4, 8], &[28], true),
        (&[8], &[28, 44], true),
        (&[16], &[28, 44], false),
    ] {
        let mut console = SclpConsole::new_with_backend(FakeSclp::new().taking_masks_of(lengths));
        let result = console.initialise();
        if works {
            assert_eq!(result, Ok(Interface::Ascii), "{lengths:?}");
        } else {
            let refusal = InitialiseError::Refused(ResponseCode::InvalidMaskLength);
            assert_eq!(result, Err(refusal), "{lengths:?}");
        }
        let tried: Vec<_> = console.backend_mut().issued().iter().map(|i| i.block.len()).collect();
        assert_eq!(tried, lengths_tried, "{lengths:?}");
    }
}

#[test]
fn nothing_works_before_an_interface_is_chosen() {
    let mut sclp = FakeSclp::new();
    sclp.type_ascii(b"x");
    let mut console = SclpConsole::new_with_backend(sclp);
    let error = console.write_bytes(b"abc").unwrap_err();
    assert_eq!((error.accepted, error.cause), (0, SendError::NotInitialised));
    assert_eq!(console.flush().unwrap_err().cause, SendError::NotInitialised);
    assert_eq!(console.try_read(&mut [0; 4]), Err(ReadError::NotInitialised));
    assert_eq!(console.held_bytes(), 0);
    assert!(console.backend_mut().issued().is_empty());
}

#[test]
fn an_interface_can_be_taken_for_granted() {
    let sclp = FakeSclp::new().with_masks(ASCII, ASCII);
    let mut console = SclpConsole::new_with_backend(sclp).assuming(Interface::Ascii);
    assert_eq!(console.write_bytes(b"panic\n"), Ok(()));
    assert_eq!(console.backend_mut().ascii(), b"panic\r\n");
    assert_eq!(console.backend_mut().count(Command::WriteEventMask), 0);
}

#[test]
fn failures_of_the_call_are_told_apart() {
    let mut broken = FakeSclp::new();
    broken.break_down();
    let mut busy = FakeSclp::new();
    busy.be_busy(10);
    busy.be_patient(4);
    let mut late = FakeSclp::new();
    late.be_late(1);
    let mut refusing = FakeSclp::new();
    refusing.refuse(Command::WriteEventMask, ResponseCode::InvalidCommand, Effect::None);
    for (sclp, expected) in [
        (broken, InitialiseError::Call(ServiceCallError::NotOperational)),
        (busy, InitialiseError::Call(ServiceCallError::Busy { attempts: 5 })),
        (late, InitialiseError::Call(ServiceCallError::TimedOut)),
        (refusing, InitialiseError::Refused(ResponseCode::InvalidCommand)),
    ] {
        let mut console = SclpConsole::new_with_backend(sclp);
        assert_eq!(console.initialise(), Err(expected));
        assert_eq!(console.interface(), None);
    }
}

#[test]
fn a_second_attempt_can_succeed() {
    let mut sclp = FakeSclp::new();
    sclp.be_late(1);
    let mut console = SclpConsole::new_with_backend(sclp);
    assert!(console.initialise().is_err());
    assert_eq!(console.initialise(), Ok(Interface::Ascii));
}

#[test]
fn a_failed_attempt_leaves_no_interface() {
    let mut console = SclpConsole::new_with_backend(FakeSclp::new());
    console.initialise().unwrap();
    let refusal = ResponseCode::EquipmentCheck;
    let sclp = console.backend_mut();
    sclp.refuse(Command::WriteEventMask, refusal, Effect::None);
    assert_eq!(console.initialise_as(Interface::LineMode), Err(InitialiseError::Refused(refusal)));
    assert_eq!(console.interface(), None);
}

#[test]
fn scp_info_is_read_before_and_after_initialising() {
    let mut console = SclpConsole::new_with_backend(FakeSclp::new());
    for _ in 0..2 {
        let info = console.read_scp_info().unwrap();
        assert_eq!(info.memory_size, 8 << 20);
        assert_eq!((info.increments, info.increment_size_mib), (8, 1));
        assert_eq!(info.processor_count, 1);
        assert_eq!(info.load_parameter.as_bytes(), b"        ");
        console.initialise().unwrap();
    }
    let blocks = console.backend_mut().issued();
    assert_eq!(blocks[0].command, Command::ReadScpInfo);
    assert_eq!(blocks[0].block[..8], [0x10, 0, 0, 0, 0, 0x80, 0, 0]);
}

#[test]
fn scp_info_falls_back_to_the_forced_command() {
    use ResponseCode::{EquipmentCheck, InsufficientLength, InvalidCommand};
    let plain = Command::ReadScpInfo;
    let forced = Command::ReadScpInfoForced;
    for (refusals, expected, commands) in [
        (vec![], Ok(8 << 20), vec![plain]),
        (vec![(plain, InvalidCommand)], Ok(8 << 20), vec![plain, forced]),
        (
            vec![(plain, InvalidCommand), (forced, InvalidCommand)],
            Err(ReadScpInfoError::Refused(InvalidCommand)),
            vec![plain, forced],
        ),
        (
            vec![(plain, InsufficientLength)],
            Err(ReadScpInfoError::Refused(InsufficientLength)),
            vec![plain],
        ),
        (
            vec![(plain, EquipmentCheck)],
            Err(ReadScpInfoError::Refused(EquipmentCheck)),
            vec![plain],
        ),
    ] {
        let mut sclp = FakeSclp::new();
        for (command, code) in &refusals {
            sclp.refuse(*command, *code, Effect::None);
        }
        let mut console = SclpConsole::new_with_backend(sclp);
        let result = console.read_scp_info().map(|info| info.memory_size);
        assert_eq!(result, expected, "{refusals:?}");
        let issued: Vec<_> = console.backend_mut().issued().iter().map(|i| i.command).collect();
        assert_eq!(issued, commands, "{refusals:?}");
    }
}

#[test]
fn scp_info_that_cannot_be_true() {
    let mut nothing = ReadScpInfo::new_zeroed();
    nothing.rnmax = U16::new(5);
    let mut console = SclpConsole::new_with_backend(FakeSclp::new().describing(nothing));
    let error = console.read_scp_info().unwrap_err();
    assert!(matches!(error, ReadScpInfoError::Implausible(_)));
    assert_eq!(error.to_string(), "the SCLP describes 5 storage increments of 0 MiB");
}

/// A backend whose block lies too high.
struct TooHigh(Sccb);

impl Backend for TooHigh {
    fn sccb(&mut self) -> Result<&mut Sccb, SccbInUse> {
        Ok(&mut self.0)
    }

    fn servc(&mut self, _: Command) -> Result<ServcCc, SccbAddressError> {
        Err(SccbAddressError { address: 1 << 31 })
    }

    fn wait(&mut self) -> Result<(), TimedOut> {
        Ok(())
    }

    fn wait_for_signal(&mut self, _: u32) -> Result<(), TimedOut> {
        Ok(())
    }

    fn event_pending(&mut self) -> EventPending {
        EventPending::Unknown
    }
}

#[test]
fn a_block_that_cannot_be_reached() {
    let mut console = SclpConsole::new_with_backend(TooHigh(Sccb::new()));
    let error = console.initialise().unwrap_err();
    assert_eq!(
        error.to_string(),
        "setting the event mask failed: the SCCB at 0x80000000 is not between 8 KiB and 2 GiB"
    );
}

#[test]
fn a_console_can_be_made_in_a_constant() {
    struct Nowhere;
    static CONSOLE: SclpConsole<Nowhere> = SclpConsole::new_with_backend(Nowhere)
        .with_buffering(sclp_console::Buffering::Lines)
        .with_line_feed(sclp_console::LineFeed::AsItIs)
        .with_code_pages(sclp_console::CodePages::QEMU)
        .with_line_width(0)
        .with_sccb_length(usize::MAX)
        .assuming(Interface::LineMode);
    assert_eq!(CONSOLE.interface(), Some(Interface::LineMode));
}
