//! The replay process: order, limits, errors.

use crate::common::log::{
    DISCARD, FLUSH, FUA, LogEntry, MARK, METADATA, TARGET_BYTES, any_entry, bare, log, replay,
    world, write,
};
use crate::common::{Action, Event, FakeDisk, Kind, World, number, pattern};
use ios::{Extent, Operation, Status};
use jobs::JobStatus;
use proptest::prelude::*;

#[test]
fn writes_flushes_and_marks() {
    let entries = [
        write(512, 8, 0, pattern(4096, 1)),
        LogEntry { sector: 0, sectors: 0, flags: MARK, data: b"after mkfs, \x1b".to_vec() },
        write(512, 12, METADATA, pattern(2048, 2)),
        bare(0, 0, FLUSH),
        write(512, 0, FUA, pattern(512, 3)),
        write(512, 500, FLUSH | FUA | METADATA, pattern(1024, 4)),
        write(512, 100, 0, pattern(512, 5)),
    ];
    let mut expected = vec![0; TARGET_BYTES];
    replay(512, &entries, &mut expected);
    let mut world = world(1, log(512, &entries));
    let report = world.run("mirror=0001:0002 run=replay from=0003 to=0001");
    assert_eq!((report.status, &*report.error), (JobStatus::Ok, ""));
    assert!(world.disk(1).content == expected && world.disk(2).content == expected);
    // A flush by itself, one after FUA, one before and one after FLUSH with FUA, one at the end.
    assert_eq!((report.counts.writes, report.counts.flushes), (5, 5));
    assert_eq!((report.mirrored_writes, report.bytes), (5, 4096 + 2048 + 512 + 1024 + 512));
    for (name, expected) in [("entries", 7), ("marks", 1), ("discards", 0)] {
        assert_eq!(number(&report, name), expected, "{name}");
    }
    assert_eq!(
        world.lines.with("CCW025I"),
        ["CCW025I mark in the log on 0.0.0003, entry 2: after mkfs, \\x1b"]
    );
    world.disk(1).assert_flushes_alone();
}

#[test]
fn the_order_is_the_log_s() {
    let writes = |sectors: &[u64]| {
        let writes = sectors.iter().map(|sector| write(512, *sector, 0, pattern(1024, *sector)));
        writes.collect::<Vec<_>>()
    };
    let mut entries = writes(&[0, 2, 4, 1, 6]);
    entries.push(bare(0, 0, FLUSH));
    entries.extend(writes(&[0, 8]));
    let mut world = world(2, log(512, &entries));
    let report = world.run("run=replay from=0003 to=0001");
    assert_eq!(report.status, JobStatus::Ok);
    let disk = world.disk(1);
    let on = |sector| Operation::Write(Extent::new(sector, 2));
    assert_eq!(
        disk.started(),
        [on(0), on(2), on(4), on(1), on(6), Operation::Flush, on(0), on(8), Operation::Flush]
    );
    let place = |event| disk.events.iter().position(|other| *other == event).unwrap();
    // Those that do not overlap are in flight together; the one that overlaps two waits for both.
    assert!(place(Event::Started(on(4))) < place(Event::Ended(on(0))));
    assert!(place(Event::Started(on(1))) > place(Event::Ended(on(0))));
    assert!(place(Event::Started(on(1))) > place(Event::Ended(on(2))));
    assert_eq!(disk.overlaps, 0);
    disk.assert_flushes_alone();
}

#[test]
fn discards_as_the_disk_knows_them() {
    let entries =
        [write(512, 0, 0, pattern(8192, 3)), bare(2, 12, DISCARD), write(512, 4, 0, vec![7; 512])];
    let mut expected = vec![0; TARGET_BYTES];
    replay(512, &entries, &mut expected);
    let at = Extent::new;
    let cases = [
        (
            FakeDisk::zeros(TARGET_BYTES).discard(64).write_zeroes(64),
            "write-zeroes",
            vec![Operation::WriteZeroes(at(2, 12))],
        ),
        (
            // What it would hold after a discard is its own choice.
            FakeDisk::zeros(TARGET_BYTES).discard(64).transfer(8),
            "zeros",
            vec![Operation::Write(at(2, 8)), Operation::Write(at(10, 4))],
        ),
        (
            FakeDisk::zeros(TARGET_BYTES).write_zeroes(5),
            "write-zeroes",
            vec![
                Operation::WriteZeroes(at(2, 5)),
                Operation::WriteZeroes(at(7, 5)),
                Operation::WriteZeroes(at(12, 2)),
            ],
        ),
        (
            FakeDisk::zeros(TARGET_BYTES).transfer(8),
            "zeros",
            vec![Operation::Write(at(2, 8)), Operation::Write(at(10, 4))],
        ),
    ];
    for (target, name, operations) in cases {
        let mut world = World::new(3, vec![target, FakeDisk::new(log(512, &entries))]);
        let report = world.run("run=replay from=0002 to=0001");
        assert_eq!(report.status, JobStatus::Ok, "{}", report.error);
        assert!(world.disk(1).content == expected, "{name}");
        assert_eq!((number(&report, "discards"), report.bytes), (1, 8192 + 512));
        assert!(report.line().contains(&format!(r#""discarded_by":"{name}""#)));
        let started = world.disk(1).started();
        assert!(operations.iter().all(|operation| started.contains(operation)), "{started:?}");
        assert_eq!(world.disk(1).overlaps, 0);
    }
}

#[test]
fn the_depth_holds_for_discards_too() {
    let entries: Vec<_> = (0..50).map(|number| bare(10 * number, 4, DISCARD)).collect();
    let target = FakeDisk::zeros(TARGET_BYTES).write_zeroes(1);
    let mut world = World::new(3, vec![target, FakeDisk::new(log(512, &entries))]);
    let report = world.run("run=replay from=0002 to=0001 depth=3");
    assert_eq!((report.status, report.counts.writes), (JobStatus::Ok, 200));
    assert_eq!(world.disk(1).most_in_flight, 3);
}

#[test]
fn sectors_of_4096_bytes() {
    let entries = [write(4096, 3, 0, pattern(8192, 4)), bare(60, 2, DISCARD), bare(0, 0, FLUSH)];
    let mut expected = vec![0; TARGET_BYTES];
    replay(4096, &entries, &mut expected);
    for block in [512, 4096] {
        let target = FakeDisk::zeros(TARGET_BYTES).block(4096);
        let source = FakeDisk::new(log(4096, &entries)).block(block);
        let mut world = World::new(4, vec![target, source]);
        let report = world.run("run=replay from=0002 to=0001");
        assert_eq!((report.status, &*report.error), (JobStatus::Ok, ""));
        assert!(world.disk(1).content == expected);
    }
}

#[test]
fn long_entries_are_split() {
    let entries = [write(512, 8, FLUSH, pattern(100 * 1024, 5)), write(512, 0, 0, vec![1; 512])];
    let mut expected = vec![0; TARGET_BYTES];
    replay(512, &entries, &mut expected);
    let target = FakeDisk::zeros(TARGET_BYTES).transfer(64);
    let source = FakeDisk::new(log(512, &entries)).transfer(3);
    let mut world = World::new(5, vec![target, source]);
    let report = world.run("run=replay from=0002 to=0001 depth=2");
    assert_eq!((report.status, report.counts.writes), (JobStatus::Ok, 5));
    assert!(world.disk(1).content == expected);
    assert_eq!(world.disk(1).most_in_flight, 2);
}

#[test]
fn a_disk_that_knows_no_flush() {
    let entries =
        [write(512, 0, FUA, vec![1; 512]), bare(0, 0, FLUSH), write(512, 0, 0, vec![2; 512])];
    let target = FakeDisk::zeros(TARGET_BYTES).no_flush();
    let mut world = World::new(6, vec![target, FakeDisk::new(log(512, &entries))]);
    let report = world.run("run=replay from=0002 to=0001");
    assert_eq!((report.status, report.counts.flushes), (JobStatus::Ok, 0));
    assert_eq!(world.disk(1).content[..512], [2; 512]);
}

#[test]
fn a_log_with_nothing_in_it() {
    let mut world = world(7, log(512, &[]));
    let report = world.run("run=replay from=0003 to=0001");
    assert_eq!((report.status, number(&report, "entries")), (JobStatus::Ok, 0));
    assert!(!world.disk(1).was_changed());
}

/// Sets eight bytes of a log.

#[test]
fn errors_of_either_disk_end_it() {
    let entries: Vec<_> =
        (0..200).map(|number| write(512, number, 0, pattern(512, number))).collect();
    let bytes = log(512, &entries);
    let failing = Action::End(Status::DeviceError);
    let target = FakeDisk::zeros(TARGET_BYTES).fault(Kind::Write, Some(100), failing);
    let mut world = World::new(10, vec![target, FakeDisk::new(bytes.clone())]);
    let report = world.run("run=replay from=0002 to=0001");
    assert_eq!(report.error, "0.0.0001: write of 1 sectors at sector 100 ended in device-error");
    // What was in flight with it ends; nothing more is started.
    assert!(world.disk(1).started().len() <= 100 + 16);

    let source = FakeDisk::new(bytes).transfer(8).fault(Kind::Read, Some(300), failing);
    let mut world = World::new(10, vec![FakeDisk::zeros(TARGET_BYTES), source]);
    let report = world.run("run=replay from=0002 to=0001");
    assert_eq!(report.error, "0.0.0002: read of 8 sectors at sector 296 ended in device-error");
    assert!(!world.disk(1).was_changed());

    let source = FakeDisk::new(log(512, &[bare(0, 0, FLUSH)]));
    let target = FakeDisk::zeros(TARGET_BYTES).fault(Kind::Flush, None, failing);
    let mut world = World::new(10, vec![target, source]);
    let report = world.run("run=replay from=0002 to=0001");
    assert_eq!(report.error, "0.0.0001: flush ended in device-error");
}

#[test]
fn the_ledger_of_a_linux_guest() {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/../../qemu-tests/fixtures/");
    let unpacked = |name: &str| {
        let packed = std::fs::read(format!("{directory}{name}")).unwrap();
        let mut bytes = Vec::new();
        let mut decoder = ruzstd::decoding::StreamingDecoder::new(&*packed).unwrap();
        std::io::Read::read_to_end(&mut decoder, &mut bytes).unwrap();
        bytes
    };
    let base = unpacked("ledger.base.zst");
    let disks = vec![
        FakeDisk::new(base.clone()),
        FakeDisk::new(base),
        FakeDisk::new(unpacked("ledger.log.zst")),
    ];
    let mut world = World::new(11, disks);
    let report = world.run("mirror=0001:0002 run=replay from=0003 to=0001");
    assert_eq!((report.status, &*report.error), (JobStatus::Ok, ""));
    let counts = report.counts;
    assert_eq!((counts.writes, counts.flushes, report.mirrored_writes), (2049, 1200, 2049));
    assert!(world.disk(1).content == world.disk(2).content);
    let sum = <sha2::Sha256 as sha2::Digest>::digest(&world.disk(1).content);
    let sum: String = sum.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(sum, "ec70e9902317752952671d28f7a0174ca88fa792861f0984bfa0a71349b0bb32");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_log_gives_what_one_entry_after_the_other_gives(
        seed in any::<u64>(),
        large in any::<bool>(),
        entries in proptest::collection::vec(any_entry(512, 48), 0..60),
        mirrored in any::<bool>(),
        (depth, slots) in (1u32..12, 1u32..6),
        (target_transfer, source_transfer) in (1u32..50, 1u32..50),
        zeroing in 0..3,
    ) {
        // The same entries in sectors of 512 or of 4096 bytes.
        let sector_bytes = if large { 4096 } else { 512 };
        let scale = u32::try_from(sector_bytes / 512).unwrap();
        let entries: Vec<_> = entries
            .into_iter()
            .map(|entry| match entry.flags & (MARK | DISCARD) {
                0 => LogEntry { data: entry.data.repeat(sector_bytes / 512), ..entry },
                _ => entry,
            })
            .collect();
        let target = || {
            let disk = FakeDisk::new(pattern(48 * sector_bytes, 99));
            let disk = disk.transfer(target_transfer * scale).slots(slots);
            let disk = disk.block(u32::try_from(sector_bytes).unwrap());
            match zeroing {
                0 => disk,
                1 => disk.write_zeroes(7 * scale),
                _ => disk.discard(5 * scale),
            }
        };
        let mut expected = target().content;
        replay(sector_bytes, &entries, &mut expected);
        let source = FakeDisk::new(log(sector_bytes, &entries)).transfer(source_transfer);
        let mut world = World::new(seed, vec![target(), target(), source]);
        let mirror = if mirrored { "mirror=0001:0002 " } else { "" };
        let report = world.run(&format!("{mirror}run=replay from=0003 to=0001 depth={depth}"));
        prop_assert_eq!(report.status, JobStatus::Ok, "{}", report.error);
        prop_assert!(world.disk(1).content == expected);
        prop_assert_eq!(world.disk(1).overlaps, 0);
        world.disk(1).assert_flushes_alone();
        if mirrored {
            prop_assert!(world.disk(2).content == expected);
            prop_assert_eq!(report.mirrored_writes, report.counts.writes);
        }
    }
}
