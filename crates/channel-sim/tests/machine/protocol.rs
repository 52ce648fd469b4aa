//! The disk's own side of VIRTIO: what it does for a driver that does everything right, and that each
//! thing done wrong is found out.

use crate::raw::{BODY, Descriptor, HEADER, Raw, STATUS, WRITE_CHAIN, simple};
use channel_io::{Area, DeviceStatus, Enablement, Microseconds, NotifyOutcome, WaitPoint, Wake};
use channel_sim::machine::Rule;
use channel_sim::virtio::wire::feature;
use channel_sim::virtio::{BlockSettings, RequestPlan};

#[test]
fn a_driver_that_does_everything_right() {
    let kinds = [simple(), BlockSettings::new(64), simple().with(feature::EVENT_INDEX)];
    for settings in kinds {
        let indirect = settings.features & feature::INDIRECT != 0;
        let mut raw = Raw::ready(settings);
        raw.header(1, 5);
        raw.request.fill(512, 512, 0x77);
        raw.request.fill(2048, 1, 0xff);
        if indirect {
            raw.describe_indirect(&WRITE_CHAIN);
        } else {
            raw.describe(0, &WRITE_CHAIN);
        }
        raw.offer(0);
        assert!(matches!(raw.notify(), NotifyOutcome::Notified(_)));
        assert!(matches!(raw.bench.machine.wait(None), Wake::Io(_)));
        assert_eq!(raw.used(0), (1, 0, 1));
        assert_eq!(raw.request.to_vec()[2048], 0);
        assert_eq!(raw.indicators(), [1, 0]);
        let disk = raw.bench.machine.block(raw.bench.subchannel);
        assert_eq!(disk.content().bytes()[5 * 512..6 * 512], [0x77; 512]);
        assert!(!disk.content().is_durable(5, 1));
        raw.bench.machine.assert_clean();
    }
}

#[test]
fn a_read_and_a_flush_by_hand() {
    let mut raw = Raw::ready(simple());
    let subchannel = raw.bench.subchannel;
    raw.bench.machine.block_mut(subchannel).content_mut().bytes_mut()[512..1024].fill(0x42);
    raw.header(0, 1);
    raw.describe(0, &[(HEADER, 16, 1, 1), (BODY, 512, 3, 2), (STATUS, 1, 2, 0)]);
    raw.offer(0);
    let _ = raw.notify();
    let _ = raw.bench.machine.wait(None);
    assert_eq!(raw.used(0), (1, 0, 513));
    assert_eq!(raw.request.to_vec()[512..1024], [0x42; 512]);
    raw.header(4, 0);
    raw.describe(0, &[(HEADER, 16, 1, 1), (STATUS, 1, 2, 0)]);
    raw.offer(0);
    let _ = raw.notify();
    let later = raw.bench.machine.now().after(Microseconds(1_000));
    let _ = raw.bench.machine.wait(Some(later));
    assert_eq!(raw.used(1), (2, 0, 1));
    raw.bench.machine.assert_clean();
}

/// A step of the set-up that is left out or done wrong.
type Breach = (&'static str, Rule, fn(&mut Raw));

#[test]
fn breaches_of_the_protocol_are_found_out() {
    let table: [Breach; 19] = [
        ("reset before the revision", Rule::Protocol, |raw| {
            assert!(raw.is_rejected(0x33, &[]));
        }),
        ("another revision", Rule::Protocol, |raw| {
            raw.revision();
            assert!(raw.is_rejected(0x83, &[0, 1, 0, 0]));
        }),
        ("the revision is forgotten when disabled", Rule::Protocol, |raw| {
            raw.revision();
            raw.bench.set(Enablement::Disabled);
            raw.bench.set(Enablement::Enabled);
            assert!(raw.is_rejected(0x33, &[]));
        }),
        ("features before DRIVER", Rule::Protocol, |raw| {
            raw.revision();
            raw.command(0x12, &[0; 5]);
        }),
        ("DRIVER before ACKNOWLEDGE", Rule::Protocol, |raw| {
            raw.revision();
            raw.command(0x31, &[2]);
        }),
        ("a feature not offered", Rule::Protocol, |raw| {
            raw.revision();
            raw.command(0x31, &[1]);
            raw.command(0x31, &[3]);
            raw.write_features(raw.features | feature::INDIRECT);
            assert!(raw.is_rejected(0x31, &[11]));
            assert_eq!(raw.command(0x72, &[0]).1, [3]);
        }),
        ("features after FEATURES_OK", Rule::Protocol, |raw| {
            raw.agree();
            raw.write_features(raw.features);
        }),
        ("a status bit turned off", Rule::Protocol, |raw| {
            raw.agree();
            raw.command(0x31, &[3]);
        }),
        ("a queue before FEATURES_OK", Rule::Protocol, |raw| {
            raw.revision();
            raw.command(0x31, &[1]);
            raw.command(0x31, &[3]);
            raw.set_queue();
        }),
        ("DRIVER_OK before the queue", Rule::Protocol, |raw| {
            raw.agree();
            raw.set_indicators();
            raw.command(0x31, &[15]);
        }),
        ("DRIVER_OK before the indicators", Rule::Protocol, |raw| {
            raw.agree();
            raw.set_queue();
            raw.command(0x31, &[15]);
        }),
        ("DRIVER_OK before FEATURES_OK", Rule::Protocol, |raw| {
            raw.revision();
            raw.command(0x31, &[7]);
        }),
        ("a command that is too short", Rule::Protocol, |raw| {
            raw.revision();
            assert!(raw.is_rejected(0x12, &[0; 4]));
        }),
        ("adapter indicators, which are not there", Rule::Protocol, |raw| {
            raw.revision();
            assert!(raw.is_rejected(0x73, &[0; 25]));
        }),
        ("a notification before DRIVER_OK", Rule::Protocol, |raw| {
            raw.agree();
            assert!(matches!(raw.notify(), NotifyOutcome::Refused(_)));
        }),
        ("a queue that is too large", Rule::Queue, |raw| {
            raw.agree();
            let mut information = raw.queue_information();
            information[14..16].copy_from_slice(&512u16.to_be_bytes());
            assert!(raw.is_rejected(0x13, &information));
        }),
        ("a queue on no boundary", Rule::Queue, |raw| {
            raw.agree();
            let mut information = raw.queue_information();
            information[7] += 8;
            assert!(raw.is_rejected(0x13, &information));
        }),
        ("a queue that does not begin at zero", Rule::Queue, |raw| {
            raw.agree();
            raw.set_available_index(1);
            let information = raw.queue_information();
            assert!(raw.is_rejected(0x13, &information));
        }),
        ("indicators in nobody's storage", Rule::Storage, |raw| {
            raw.agree();
            raw.command(0x43, &0x7000_0000_u64.to_be_bytes());
        }),
    ];
    for (name, rule, breach) in table {
        let mut raw = Raw::new(simple());
        breach(&mut raw);
        assert!(raw.rules().contains(&rule), "{name}: {:?}", raw.bench.machine.violations());
    }
}

/// A request that is wrong, offered to a device that is ready for it.
fn offered(settings: BlockSettings, kind: u32, sector: u64, chain: &[Descriptor]) -> Vec<Rule> {
    let mut raw = Raw::ready(settings);
    raw.header(kind, sector);
    raw.describe(0, chain);
    raw.offer(0);
    let _ = raw.notify();
    let later = raw.bench.machine.now().after(Microseconds(10_000));
    let _ = raw.bench.machine.wait(Some(later));
    assert_eq!(raw.used(0).0, 0, "the device gave it back");
    raw.rules()
}

#[test]
fn chains_that_are_wrong_are_found_out() {
    let table: [(&str, Rule, &[Descriptor]); 9] = [
        (
            "writable, then readable",
            Rule::Queue,
            &[(HEADER, 16, 1, 1), (STATUS, 1, 3, 2), (BODY, 512, 0, 0)],
        ),
        ("a loop", Rule::Queue, &[(HEADER, 16, 1, 1), (BODY, 512, 1, 0)]),
        ("a next that is not there", Rule::Queue, &[(HEADER, 16, 1, 99)]),
        ("indirect, not agreed on", Rule::Queue, &[(HEADER, 16, 4, 0)]),
        ("unknown flags", Rule::Queue, &[(HEADER, 16, 0x8000, 0)]),
        ("no bytes", Rule::Queue, &[(HEADER, 16, 1, 1), (BODY, 0, 1, 2), (STATUS, 1, 2, 0)]),
        (
            "nobody's storage",
            Rule::Storage,
            &[(HEADER, 16, 1, 1), (BODY, 4096, 1, 2), (STATUS, 1, 2, 0)],
        ),
        ("no status", Rule::Request, &[(HEADER, 16, 1, 1), (BODY, 512, 0, 0)]),
        ("half a header", Rule::Request, &[(HEADER, 8, 1, 1), (STATUS, 1, 2, 0)]),
    ];
    for (name, rule, chain) in table {
        let rules = offered(simple(), 1, 0, chain);
        assert_eq!(rules, [rule], "{name}");
    }
}

#[test]
fn requests_that_are_wrong_are_found_out() {
    let read: &[Descriptor] = &[(HEADER, 16, 1, 1), (BODY, 512, 3, 2), (STATUS, 1, 2, 0)];
    let odd: &[Descriptor] = &[(HEADER, 16, 1, 1), (BODY, 100, 1, 2), (STATUS, 1, 2, 0)];
    let read_only = simple().with(feature::READ_ONLY);
    let large = BlockSettings { block_bytes: 1024, ..simple() };
    let one = BlockSettings { segments: 1, ..simple() };
    let two: &[Descriptor] =
        &[(HEADER, 16, 1, 1), (BODY, 512, 1, 2), (BODY, 512, 1, 3), (STATUS, 1, 2, 0)];
    let short = BlockSettings { segment_bytes: 256, ..simple() }.with(feature::SIZE_MAX);
    let table: [(&str, BlockSettings, u32, u64, &[Descriptor]); 11] = [
        ("beyond the end", simple(), 1, 64, &WRITE_CHAIN),
        ("far beyond the end", simple(), 1, u64::MAX, &WRITE_CHAIN),
        ("no whole sectors", simple(), 1, 0, odd),
        ("no whole blocks", large, 1, 0, &WRITE_CHAIN),
        ("a write to a read-only disk", read_only, 1, 0, &WRITE_CHAIN),
        ("a read that is a write", simple(), 1, 0, read),
        ("too many segments", one, 1, 0, two),
        ("too long a segment", short, 1, 0, &WRITE_CHAIN),
        ("a type that is not known", simple(), 8, 0, &WRITE_CHAIN),
        ("a flush for a sector", simple(), 4, 7, &[(HEADER, 16, 1, 1), (STATUS, 1, 2, 0)]),
        (
            "a flush that was not agreed on",
            simple().without(feature::FLUSH),
            4,
            0,
            &[(HEADER, 16, 1, 1), (STATUS, 1, 2, 0)],
        ),
    ];
    for (name, settings, kind, sector, chain) in table {
        assert_eq!(offered(settings, kind, sector, chain), [Rule::Request], "{name}");
    }
}

#[test]
fn ranges_that_are_wrong_are_found_out() {
    const DISCARD: u32 = 11;
    const WRITE_ZEROES: u32 = 13;
    let chain: &[Descriptor] = &[(HEADER, 16, 1, 1), (BODY, 16, 1, 2), (STATUS, 1, 2, 0)];
    // Type, first sector, sectors, flags; whether it is right.
    let table = [
        (DISCARD, 0u64, 8u32, 0u32, true),
        (WRITE_ZEROES, 0, 8, 0, true),
        (WRITE_ZEROES, 0, 8, 1, true),
        (DISCARD, 0, 8, 1, false),
        (DISCARD, 0, 0, 0, false),
        (DISCARD, 60, 8, 0, false),
        (WRITE_ZEROES, u64::MAX, 8, 0, false),
        (WRITE_ZEROES, 0, 8, 2, false),
        (WRITE_ZEROES, 0, u32::MAX, 0, false),
    ];
    for (kind, first, sectors, flags, right) in table {
        let mut raw = Raw::ready(simple());
        raw.header(kind, 0);
        raw.request.store_le64(512, first);
        raw.request.store_le32(520, sectors);
        raw.request.store_le32(524, flags);
        raw.describe(0, chain);
        raw.offer(0);
        let _ = raw.notify();
        let later = raw.bench.machine.now().after(Microseconds(10_000));
        let _ = raw.bench.machine.wait(Some(later));
        let expected = if right { vec![] } else { vec![Rule::Request] };
        assert_eq!(raw.rules(), expected, "{kind} {first} {sectors} {flags}");
    }
}

#[test]
fn a_descriptor_in_use_is_not_to_be_used_again() {
    let mut raw = Raw::ready(simple());
    let subchannel = raw.bench.subchannel;
    raw.bench.machine.block_mut(subchannel).plan(RequestPlan::HELD);
    raw.header(1, 0);
    raw.describe(0, &WRITE_CHAIN);
    raw.offer(0);
    raw.offer(0);
    let _ = raw.notify();
    assert_eq!(raw.rules(), [Rule::Queue]);
}

#[test]
fn an_available_index_that_jumps_is_found_out() {
    let mut raw = Raw::ready(simple());
    raw.set_available_index(9);
    let _ = raw.notify();
    assert_eq!(raw.rules(), [Rule::Queue]);
}

#[test]
fn a_notification_that_is_forgotten_is_found_out() {
    let mut raw = Raw::ready(simple());
    raw.header(1, 0);
    raw.describe(0, &WRITE_CHAIN);
    raw.offer(0);
    let soon = raw.bench.machine.now().after(Microseconds(10));
    let _ = raw.bench.machine.wait(Some(soon));
    assert_eq!(raw.rules(), [Rule::Notification]);
}

#[test]
fn a_request_whose_storage_is_gone_is_found_out_when_it_ends() {
    let mut raw = Raw::ready(simple());
    raw.header(1, 0);
    raw.describe(0, &WRITE_CHAIN);
    raw.offer(0);
    let _ = raw.notify();
    raw.request.withhold();
    let _ = raw.bench.machine.wait(None);
    assert!(raw.rules().iter().all(|rule| *rule == Rule::Withheld));
    assert!(!raw.rules().is_empty());
}

#[test]
fn nothing_is_done_after_a_reset() {
    let mut raw = Raw::ready(simple());
    raw.header(1, 0);
    raw.request.fill(512, 512, 0x77);
    raw.describe(0, &WRITE_CHAIN);
    raw.offer(0);
    let _ = raw.notify();
    let (status, _) = raw.command(0x33, &[]);
    assert_eq!(status, DeviceStatus::CHANNEL_END | DeviceStatus::DEVICE_END);
    raw.queue.withhold();
    raw.request.withhold();
    let later = raw.bench.machine.now().after(Microseconds(10_000));
    assert_eq!(raw.bench.machine.wait(Some(later)), Wake::Timeout);
    let disk = raw.bench.machine.block(raw.bench.subchannel);
    assert!(disk.content().bytes().iter().all(|byte| *byte == 0));
    raw.bench.machine.assert_clean();
}
