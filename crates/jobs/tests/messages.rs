//! Messages: each is as the catalogue says, and the catalogue is in order.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use channel_io::{
    DeviceId, DeviceNumber, Microseconds, Reach, SenseId, StorageError, SubchannelSet,
};
use ios::{Extent, Operation, Status};
use jobs::console::{Command, Refusal, Why};
use jobs::message::{
    Access, Blocks, CATALOGUE, ConsoleNews, KERNEL, PairDetails, PairNews, Queue, ScrubNews,
    Summary,
};
use jobs::parameters::{JobKind, PairNames};
use jobs::process::Unit;
use jobs::{JobError, Message};
use mirror::{Cause, Leg, SuspendReason};

fn device(number: u16) -> DeviceId {
    DeviceId::new(SubchannelSet::ZERO, DeviceNumber(number))
}

fn pair() -> PairNames {
    PairNames { primary: device(1), secondary: device(2) }
}

const WRITE: Operation = Operation::Write(Extent::new(2048, 8));

/// One message of each kind, and its line.
fn samples() -> Vec<(Message, &'static str)> {
    let mut samples = [
        about_devices(),
        about_a_job(),
        about_what_was_found(),
        about_pairs(),
        about_copies(),
        about_scrubs(),
        about_the_console(),
    ]
    .concat();
    samples.sort_by_key(|(message, _)| message.identifier());
    samples
}

fn about_devices() -> Vec<(Message, &'static str)> {
    vec![
        (
            Message::Device {
                device: device(1),
                kind: "virtio-blk",
                bytes: 8_388_608,
                block_bytes: 512,
                queue: Queue::NotSetUp,
                access: Access::ReadOnly,
            },
            "CCW010I device 0.0.0001: virtio-blk, 8388608 bytes, block 512, queue not set up, \
             read-only",
        ),
        (
            Message::Pair { pair: pair(), state: "duplex" },
            "CCW011I pair 0.0.0001 -> 0.0.0002 duplex",
        ),
        (Message::Found { devices: 3, pairs: 1 }, "CCW012I 3 devices, 1 pairs"),
    ]
}

fn about_a_job() -> Vec<(Message, &'static str)> {
    let job = JobKind::Copy;
    let error = || {
        let status = Status::DeviceError;
        JobError::Request { device: device(1), operation: WRITE, status }
    };
    vec![
        (
            Message::Progress {
                job,
                device: device(1),
                done: 12_582_912,
                total: 67_108_864,
                unit: Unit::Bytes,
            },
            "CCW020I copy 0.0.0001: 12582912 of 67108864 bytes, 18 percent",
        ),
        (
            Message::Started { job, from: Some(device(3)), to: device(1) },
            "CCW021I copy started: from 0.0.0003 to 0.0.0001",
        ),
        (
            Message::Ended(Summary {
                job,
                bytes: 67_108_864,
                elapsed: Microseconds(312_345),
                reads: 256,
                writes: 256,
                mirrored_writes: 256,
                flushes: 1,
            }),
            "CCW022I copy ended: 67108864 bytes in 0.312345 seconds, 214 MB/s, 256 reads, 256 writes \
             (256 mirrored), 1 flushes",
        ),
        (
            Message::Failed { job: "copy", error: error() },
            "CCW023E copy failed: 0.0.0001: write of 8 sectors at sector 2048 ended in device-error",
        ),
        (
            Message::RequestFailed { error: error() },
            "CCW024E 0.0.0001: write of 8 sectors at sector 2048 ended in device-error",
        ),
    ]
}

fn about_what_was_found() -> Vec<(Message, &'static str)> {
    vec![
        (
            Message::Mark { device: device(3), entry: 12, text: "mkfs".to_owned() },
            "CCW025I mark in the log on 0.0.0003, entry 12: mkfs",
        ),
        (
            Message::SizesDiffer { from: (device(1), 1024), to: (device(2), 2048) },
            "CCW026W 0.0.0001 has 1024 bytes and 0.0.0002 has 2048: the common length is compared",
        ),
        (
            Message::Measured {
                device: device(1),
                iops: 61_000,
                kilobytes_per_second: 249_856,
                p50: Microseconds(15),
                p99: Microseconds(40),
                max: Microseconds(812),
            },
            "CCW027I bench 0.0.0001: 61000 requests a second, 249856 kB/s, latency in microseconds 15 \
             (p50) 40 (p99) 812 (max)",
        ),
    ]
}

fn news(news: PairNews) -> Message {
    Message::PairNews { pair: pair(), news }
}

fn about_pairs() -> Vec<(Message, &'static str)> {
    let reason =
        SuspendReason { leg: Leg::Secondary, operation: WRITE, status: Status::NotOperational };
    let details = PairDetails {
        pair: pair(),
        state: "swapped",
        active: device(2),
        changed_blocks: 12,
        block_bytes: 4096,
        in_flight: 3,
        reason: "by the operator".to_owned(),
    };
    vec![
        (
            Message::Console(ConsoleNews::PairDetails(Box::new(details))),
            "CCW013I pair 0.0.0001 -> 0.0.0002 swapped: I/O goes to 0.0.0002 first, 12 blocks of 4096 \
             bytes to be copied, 3 writes in flight, reason: by the operator",
        ),
        (
            news(PairNews::Suspended(Cause::Failure(reason))),
            "CCW030W pair 0.0.0001 -> 0.0.0002 suspended: secondary: write of 8 sectors at sector 2048 \
             ended in not-operational",
        ),
        (
            news(PairNews::Swapped { cause: Cause::Gone(Leg::Primary), active: device(2) }),
            "CCW036W pair 0.0.0001 -> 0.0.0002 swapped: primary: the device is gone; I/O goes to \
             0.0.0002 first",
        ),
        (news(PairNews::Removed), "CCW037I pair 0.0.0001 -> 0.0.0002 removed"),
        (
            news(PairNews::ReadAnswered {
                leg: Leg::Primary,
                operation: Operation::Read(Extent::new(2048, 8)),
                status: Status::DeviceError,
            }),
            "CCW038W pair 0.0.0001 -> 0.0.0002 read of 8 sectors at sector 2048 ended in device-error \
             on the primary, the other answered",
        ),
    ]
}

fn about_copies() -> Vec<(Message, &'static str)> {
    let no_room = StorageError { length: 65_536, reach: Reach::Anywhere };
    vec![
        (
            news(PairNews::Copying { blocks: 256, block_bytes: 4096 }),
            "CCW031I pair 0.0.0001 -> 0.0.0002 copying: 256 blocks of 4096 bytes",
        ),
        (
            news(PairNews::CopyProgress { done: 64, total: 256 }),
            "CCW032I pair 0.0.0001 -> 0.0.0002 copying: 64 of 256 blocks, 25 percent",
        ),
        (
            news(PairNews::Copied { blocks: 256, block_bytes: 4096 }),
            "CCW033I pair 0.0.0001 -> 0.0.0002 duplex: 256 blocks of 4096 bytes were copied",
        ),
        (
            news(PairNews::CopyStopped { blocks: 12, state: "suspended" }),
            "CCW034W pair 0.0.0001 -> 0.0.0002 suspended: the copy ended after 12 blocks",
        ),
        (
            news(PairNews::NoStorage(no_room)),
            "CCW035E pair 0.0.0001 -> 0.0.0002 cannot be copied: out of storage: 65536 bytes were asked \
             for",
        ),
    ]
}

fn about_scrubs() -> Vec<(Message, &'static str)> {
    let news = |news| Message::ScrubNews { pair: pair(), news };
    let blocks = Blocks { first: 8, count: 1 };
    vec![
        (
            news(ScrubNews::Differ { blocks, byte: 4100 }),
            "CCW040W scrub 0.0.0001 -> 0.0.0002: difference in block 8, from byte 4100 on",
        ),
        (
            news(ScrubNews::NotNamed),
            "CCW041W scrub 0.0.0001 -> 0.0.0002: more blocks differ; they are counted and not named",
        ),
        (
            news(ScrubNews::Repaired {
                blocks: Blocks { first: 8, count: 3 },
                from: device(1),
                to: device(2),
            }),
            "CCW042W scrub 0.0.0001 -> 0.0.0002: blocks 8 to 10 repaired: copied from 0.0.0001 to \
             0.0.0002",
        ),
        (
            news(ScrubNews::Total {
                compared_blocks: 2048,
                block_bytes: 512,
                differing_blocks: 4,
                repaired_blocks: 3,
            }),
            "CCW043I scrub 0.0.0001 -> 0.0.0002: 2048 blocks of 512 bytes compared, 4 differ, 3 \
             repaired",
        ),
    ]
}

fn about_the_console() -> Vec<(Message, &'static str)> {
    let not_understood = Command::parse("mirror resum 0001 al x").unwrap_err();
    let why = Why::NoSuchJob { number: 7, running: vec![1, 2] };
    let stopping = Message::Stopping { job: JobKind::Copy };
    let stopped = Message::Stopped(Summary {
        job: JobKind::Copy,
        bytes: 4096,
        elapsed: Microseconds(1024),
        reads: 9,
        writes: 8,
        mirrored_writes: 8,
        flushes: 0,
    });
    let console = Message::Console;
    vec![
        (
            console(ConsoleNews::Vector {
                device: device(1),
                vector: "ddtsio",
                routine: "front-end-detour",
            }),
            "CCW014I path 0.0.0001: ddtsio -> front-end-detour",
        ),
        (
            console(ConsoleNews::Route { device: device(1), to: device(2) }),
            "CCW015I path 0.0.0001: requests go to 0.0.0002",
        ),
        (
            console(ConsoleNews::Sensed {
                device: device(2),
                identification: SenseId::new((0x3832, 2), (0, 0)),
            }),
            "CCW017I device 0.0.0002: control-unit=3832/02 device=0000/00",
        ),
        (
            console(ConsoleNews::NotSensed { device: device(2), error: "it is silent".to_owned() }),
            "CCW018E device 0.0.0002: it is silent",
        ),
        (console(ConsoleNews::Running(2)), "CCW016I 2 jobs running"),
        (stopping.of_job(2), "CCW028I job 2: copy stopping"),
        (
            stopped.of_job(2),
            "CCW029W job 2: copy stopped: 4096 bytes in 0.001024 seconds, 4 MB/s, 9 reads, 8 writes (8 \
             mirrored), 0 flushes",
        ),
        (console(ConsoleNews::ConsoleReady), "CCW050I console ready; help lists the commands"),
        (
            console(ConsoleNews::Help { command: "shutdown", does: "ends" }),
            "CCW051I shutdown: ends",
        ),
        (
            console(ConsoleNews::NotUnderstood(not_understood)),
            "CCW052E x: one word too many; expected the end of the command",
        ),
        (
            console(ConsoleNews::Carried { command: "quiesce", device: Some(device(2)) }),
            "CCW053I quiesce 0.0.0002: done",
        ),
        (
            console(ConsoleNews::NotDone(Refusal { command: "stop", why })),
            "CCW054E stop: 7: there is no such job; expected 1, 2",
        ),
        (
            console(ConsoleNews::Shutdown { jobs: 2, copies: 1 }),
            "CCW055I shutdown: 2 jobs and 1 copies are stopped",
        ),
    ]
}

/// Whether a text is what a pattern says, where anything but nothing stands for what is in braces.
fn fits(pattern: &str, text: &str) -> bool {
    let Some((before, rest)) = pattern.split_once('{') else {
        return pattern == text;
    };
    let (Some(text), Some((_, pattern))) = (text.strip_prefix(before), rest.split_once('}')) else {
        return false;
    };
    (1..=text.len()).any(|length| fits(pattern, &text[length..]))
}

#[test]
fn each_message_reads_as_it_should() {
    for (message, line) in samples() {
        assert_eq!(message.to_string(), line);
    }
}

#[test]
fn each_message_is_as_the_catalogue_says() {
    let mut seen = Vec::new();
    for (message, line) in samples() {
        let entry = message.entry().unwrap();
        let text = line.strip_prefix(entry.identifier).and_then(|text| text.strip_prefix(' '));
        let text = text.unwrap();
        let text = text.strip_prefix("job 2: ").unwrap_or(text);
        assert!(fits(entry.text, text), "{line:?} is not {:?}", entry.text);
        seen.push(entry.identifier);
    }
    let all: Vec<_> = CATALOGUE.iter().map(|entry| entry.identifier).collect();
    assert_eq!(seen, all, "a kind of message has no sample, or the catalogue is not in order");
}

#[test]
fn identifiers_are_of_their_form_and_in_order() {
    for entry in CATALOGUE.iter().chain(KERNEL) {
        let (number, severity) = entry.identifier.strip_prefix("CCW").unwrap().split_at(3);
        assert!(number.bytes().all(|byte| byte.is_ascii_digit()), "{}", entry.identifier);
        assert!(["I", "W", "E"].contains(&severity), "{}", entry.identifier);
        assert!(entry.meaning.ends_with('.') && entry.meaning.is_ascii());
    }
    for catalogue in [CATALOGUE, KERNEL] {
        let numbers: Vec<_> = catalogue.iter().map(|entry| &entry.identifier[..6]).collect();
        assert!(numbers.is_sorted_by(|one, other| one < other), "{numbers:?}");
    }
    let of_jobs = |entry: &&jobs::message::Entry| {
        KERNEL.iter().all(|other| other.identifier[..6] != entry.identifier[..6])
    };
    assert!(CATALOGUE.iter().all(|entry| of_jobs(&entry)), "a number is there twice");
}
