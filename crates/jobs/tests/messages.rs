//! Messages: each is as the catalogue says, and the catalogue is in order.

use channel_io::{DeviceId, DeviceNumber, Microseconds, SubchannelSet};
use ios::{Extent, Operation, Status};
use jobs::message::{Access, CATALOGUE, Queue, Summary};
use jobs::parameters::JobKind;
use jobs::process::Unit;
use jobs::{JobError, Message};
use mirror::{Leg, SuspendReason};

fn device(number: u16) -> DeviceId {
    DeviceId::new(SubchannelSet::ZERO, DeviceNumber(number))
}

const WRITE: Operation = Operation::Write(Extent::new(2048, 8));

/// One message of each kind, and its line.
fn samples() -> Vec<(Message, &'static str)> {
    [about_devices(), about_a_job(), about_what_was_found()].concat()
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
            Message::Pair { primary: device(1), secondary: device(2), state: "duplex" },
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
        (
            Message::Suspended {
                primary: device(1),
                secondary: device(2),
                reason: SuspendReason {
                    leg: Leg::Secondary,
                    operation: WRITE,
                    status: Status::NotOperational,
                },
            },
            "CCW030W pair 0.0.0001 -> 0.0.0002 suspended: secondary: write of 8 sectors at sector 2048 \
             ended in not-operational",
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
        let entry = message.entry();
        let text = line.strip_prefix(entry.identifier).and_then(|text| text.strip_prefix(' '));
        assert!(fits(entry.text, text.unwrap()), "{line:?} is not {:?}", entry.text);
        seen.push(entry.identifier);
    }
    let all: Vec<_> = CATALOGUE.iter().map(|entry| entry.identifier).collect();
    assert_eq!(seen, all, "a kind of message has no sample, or the catalogue is not in order");
}

#[test]
fn identifiers_are_of_their_form_and_in_order() {
    for entry in CATALOGUE {
        let (number, severity) = entry.identifier.strip_prefix("CCW").unwrap().split_at(3);
        assert!(number.bytes().all(|byte| byte.is_ascii_digit()), "{}", entry.identifier);
        assert!(["I", "W", "E"].contains(&severity), "{}", entry.identifier);
        assert!(entry.meaning.ends_with('.') && entry.meaning.is_ascii());
    }
    let numbers = CATALOGUE.iter().map(|entry| &entry.identifier[..6]);
    assert!(numbers.is_sorted());
}
