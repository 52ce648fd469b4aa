//! Properties: any bytes, written in any pieces, through blocks of any length, past any number of
//! busy answers, refusals and late ends, arrive once and in order.
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test fails by panicking")]

use proptest::prelude::*;
use sclp_console::fake::{CommandShape, Effect, FakeSclp};
use sclp_console::spec::{Command, ResponseCode};
use sclp_console::{Buffering, CodePage, Interface, LineFeed, SclpConsole};

/// What the SCLP does to the commands of one run.
#[derive(Clone, Debug)]
struct Weather {
    busy: Vec<u32>,
    late: Vec<u32>,
    refusals: Vec<(ResponseCode, Effect)>,
    largest_block: usize,
}

fn weather() -> impl Strategy<Value = Weather> {
    let refusal = prop_oneof![
        Just((ResponseCode::EquipmentCheck, Effect::None)),
        Just((ResponseCode::ImproperState, Effect::None)),
        Just((ResponseCode::ContainedEquipmentCheck, Effect::None)),
        Just((ResponseCode::ContainedEquipmentCheck, Effect::Full)),
        Just((ResponseCode::SyntaxError, Effect::None)),
    ];
    (
        prop::collection::vec(0_u32..4, 0..20),
        prop::collection::vec(prop_oneof![3 => Just(0_u32), 1 => 1_u32..3], 0..20),
        prop::collection::vec(refusal, 0..10),
        prop_oneof![Just(4096_usize), 128_usize..4096],
    )
        .prop_map(|(busy, late, refusals, largest_block)| Weather {
            busy,
            late,
            refusals,
            largest_block,
        })
}

impl Weather {
    fn sclp(&self) -> FakeSclp {
        let mut sclp = FakeSclp::new().taking_blocks_of(self.largest_block);
        for times in &self.busy {
            sclp.be_busy(*times);
        }
        for (code, effect) in &self.refusals {
            sclp.refuse(Command::WriteEventData, *code, *effect);
        }
        sclp
    }
}

/// Bytes with enough line ends in them, in pieces of all sizes.
fn pieces() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let byte = prop_oneof![6 => any::<u8>(), 1 => Just(b'\n'), 1 => Just(b'\r')];
    let size = prop_oneof![8 => 0_usize..40, 1 => 3900_usize..8100];
    let piece = size.prop_flat_map(move |size| prop::collection::vec(byte.clone(), size));
    prop::collection::vec(piece, 0..12)
}

fn buffering() -> impl Strategy<Value = Buffering> {
    prop_oneof![Just(Buffering::Immediate), Just(Buffering::Lines)]
}

/// Writes the pieces, again and again where it fails, and flushes.
fn write_all(console: &mut SclpConsole<FakeSclp>, weather: &Weather, pieces: &[Vec<u8>]) {
    for waits in &weather.late {
        console.backend_mut().be_late(*waits);
    }
    for piece in pieces {
        let mut rest = &piece[..];
        while let Err(error) = console.write_bytes(rest) {
            rest = &rest[error.accepted..];
        }
    }
    while console.flush().is_err() {}
    assert_eq!(console.held_bytes(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn ascii_output_arrives(
        weather in weather(),
        pieces in pieces(),
        buffering in buffering(),
        length in 0_usize..5000,
    ) {
        let mut console = SclpConsole::new_with_backend(weather.sclp())
            .with_buffering(buffering)
            .with_line_feed(LineFeed::AsItIs)
            .with_sccb_length(length);
        console.initialise_as(Interface::Ascii).unwrap();
        write_all(&mut console, &weather, &pieces);
        prop_assert_eq!(console.backend_mut().ascii(), pieces.concat());
    }

    #[test]
    fn ascii_newlines_are_translated(
        weather in weather(),
        pieces in pieces(),
        buffering in buffering(),
        length in 0_usize..5000,
    ) {
        let mut console = SclpConsole::new_with_backend(weather.sclp())
            .with_buffering(buffering)
            .with_sccb_length(length);
        console.initialise_as(Interface::Ascii).unwrap();
        write_all(&mut console, &weather, &pieces);
        let mut expected = Vec::new();
        for byte in pieces.concat() {
            if byte == b'\n' && expected.last() != Some(&b'\r') {
                expected.push(b'\r');
            }
            expected.push(byte);
        }
        prop_assert_eq!(console.backend_mut().ascii(), expected);
    }

    /// Lines may be cut where they are too long, but the text is the text: joined again, and with
    /// the line ends that it had, it is what was written, without carriage returns.
    #[test]
    fn line_mode_output_arrives(
        weather in weather(),
        pieces in pieces(),
        buffering in buffering(),
        length in 0_usize..5000,
        width in 1_usize..5000,
    ) {
        let mut console = SclpConsole::new_with_backend(weather.sclp())
            .with_buffering(buffering)
            .with_line_width(width)
            .with_sccb_length(length);
        console.initialise_as(Interface::LineMode).unwrap();
        write_all(&mut console, &weather, &pieces);
        let mut arrived = console.backend_mut().lines().iter();
        let written: Vec<u8> = pieces.concat().into_iter().filter(|byte| *byte != b'\r').collect();
        let mut lines: Vec<&[u8]> = written.split(|byte| *byte == b'\n').collect();
        // What follows the last newline is no line unless there is something in it.
        if lines.last() == Some(&&[][..]) {
            lines.pop();
        }
        for line in lines {
            let mut joined = Vec::new();
            loop {
                let Some(part) = arrived.next() else {
                    return Err(TestCaseError::fail("a line is missing"));
                };
                prop_assert!(part.len() <= width);
                joined.extend(part.iter().map(|byte| CodePage::Cp500.decode(*byte)));
                if joined.len() >= line.len() {
                    break;
                }
                prop_assert!(!part.is_empty(), "an empty line in the middle of one");
            }
            prop_assert_eq!(joined, line);
        }
        prop_assert_eq!(arrived.next(), None, "a line too many");
    }

    #[test]
    fn input_arrives(
        busy in prop::collection::vec(0_u32..4, 0..20),
        late in prop::collection::vec(0_u32..3, 0..20),
        typed in prop::collection::vec((any::<bool>(), prop::collection::vec(any::<u8>(), 0..250)), 0..60),
        shape in prop_oneof![Just(CommandShape::Nested), Just(CommandShape::Flat)],
        sizes in prop::collection::vec(1_usize..600, 1..20),
    ) {
        let mut sclp = FakeSclp::new();
        let mut expected: Vec<u8> = Vec::new();
        for (ascii, bytes) in &typed {
            if *ascii {
                sclp.type_ascii(bytes);
                expected.extend(bytes);
            } else {
                sclp.enter_command(bytes, shape);
                expected.extend(bytes.iter().map(|byte| CodePage::Cp500.decode(*byte)));
                expected.push(b'\n');
            }
        }
        let mut console = SclpConsole::new_with_backend(sclp);
        console.initialise().unwrap();
        for times in busy {
            console.backend_mut().be_busy(times);
        }
        for waits in late {
            console.backend_mut().be_late(waits);
        }
        let mut read: Vec<u8> = Vec::new();
        for size in sizes.iter().cycle() {
            let mut buffer = vec![0; *size];
            match console.try_read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => read.extend(&buffer[..count]),
                Err(_) => {}
            }
        }
        prop_assert_eq!(read, expected);
        prop_assert_eq!(console.dropped_bytes(), 0);
    }

    /// Nothing that the SCLP can put into an event does harm.
    #[test]
    fn any_event_is_survived(
        events in prop::collection::vec(
            (any::<u8>(), prop::collection::vec(any::<u8>(), 0..300)),
            0..12,
        ),
    ) {
        let mut sclp = FakeSclp::new();
        let mut raised = 0;
        for (event_type, data) in &events {
            raised += data.len() as u64 + 1;
            sclp.raise_event(sclp_console::spec::EventType::from_raw(*event_type), data);
        }
        let mut console = SclpConsole::new_with_backend(sclp);
        console.initialise().unwrap();
        let mut count = 0;
        let mut buffer = [0; 100];
        loop {
            match console.try_read(&mut buffer).unwrap() {
                0 => break,
                read => count += read as u64,
            }
        }
        prop_assert!(count + console.dropped_bytes() <= raised);
    }
}
