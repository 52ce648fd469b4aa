//! The copy process.

use crate::common::{Action, Clear, FakeDisk, Kind, MIB, World, pattern};
use ios::{Operation, Status};
use jobs::JobStatus;
use proptest::prelude::*;

#[test]
fn a_copy_fills_the_start_of_the_other_disk() {
    let content = pattern(2 * MIB + 512, 1);
    let disks = vec![FakeDisk::zeros(3 * MIB), FakeDisk::new(content.clone()).read_only()];
    let mut world = World::new(1, disks);
    let report = world.run("run=copy from=0002 to=0001");
    assert_eq!((report.status, &*report.error), (JobStatus::Ok, ""));
    assert_eq!(report.bytes, content.len() as u64);
    assert_eq!((report.counts.reads, report.counts.writes, report.counts.flushes), (9, 9, 1));
    assert!(world.disk(1).content[..content.len()] == content[..]);
    assert!(world.disk(1).content[content.len()..].iter().all(|byte| *byte == 0));
    assert_eq!(world.disk(1).started().last(), Some(&Operation::Flush));
    world.disk(1).assert_flushes_alone();
}

#[test]
fn a_mirrored_copy_fills_both_legs_and_an_unmirrored_one_does_not() {
    let content = pattern(MIB, 2);
    let disks = || vec![FakeDisk::zeros(MIB), FakeDisk::zeros(MIB), FakeDisk::new(content.clone())];
    let mut world = World::new(2, disks());
    let report = world.run("mirror=0001:0002 run=copy from=0003 to=0001");
    assert_eq!(report.status, JobStatus::Ok);
    assert_eq!((report.counts.writes, report.mirrored_writes), (4, 4));
    assert_eq!(report.pairs.len(), 1);
    assert_eq!(report.pairs[0].state, "duplex");
    assert!(world.disk(1).content == content && world.disk(2).content == content);
    assert!(world.lines.with("CCW011I") == ["CCW011I pair 0.0.0001 -> 0.0.0002 duplex"]);

    let mut world = World::new(2, disks());
    let report = world.run("run=copy from=0003 to=0001");
    assert_eq!((report.status, report.mirrored_writes), (JobStatus::Ok, 0));
    assert!(world.disk(1).content == content);
    assert!(world.disk(2).events.is_empty());
}

#[test]
fn the_depth_is_what_is_in_flight() {
    for depth in [1, 3, 16] {
        let disks = vec![FakeDisk::zeros(MIB), FakeDisk::new(pattern(MIB, 3)).transfer(16)];
        let mut world = World::new(depth, disks);
        let report = world.run(&format!("run=copy from=0002 to=0001 depth={depth}"));
        assert_eq!(report.status, JobStatus::Ok);
        let most = world.disk(1).most_in_flight.max(world.disk(2).most_in_flight);
        assert_eq!(most as u64, depth);
        assert!(world.disk(1).content == world.disk(2).content);
    }
}

#[test]
fn a_copy_takes_what_storage_there_is() {
    let content = pattern(2 * MIB, 4);
    let disks = vec![FakeDisk::zeros(2 * MIB), FakeDisk::new(content.clone())];
    let mut world = World::new(4, disks);
    world.ios.machine.room.set(600 * 1024);
    let report = world.run("run=copy from=0002 to=0001");
    assert_eq!(report.status, JobStatus::Ok);
    assert!(world.disk(1).content == content);
    assert_eq!(world.ios.machine.room.get(), 600 * 1024, "all areas were given back");

    world.ios.machine.room.set(100 * 1024);
    let changed = world.disk(1).events.len();
    let report = world.run("run=copy from=0002 to=0001");
    assert_eq!(report.status, JobStatus::Failed);
    assert!(report.error.starts_with("out of storage"), "{}", report.error);
    assert_eq!(world.disk(1).events.len(), changed);
}

#[test]
fn a_read_error_ends_the_copy_and_is_named() {
    let source = FakeDisk::new(pattern(4 * MIB, 5)).fault(
        Kind::Read,
        Some(2048),
        Action::End(Status::DeviceError),
    );
    let mut world = World::new(5, vec![FakeDisk::zeros(4 * MIB), source]);
    let report = world.run("run=copy from=0002 to=0001");
    assert_eq!(report.status, JobStatus::Failed);
    assert_eq!(report.error, "0.0.0002: read of 512 sectors at sector 2048 ended in device-error");
    assert_eq!(
        world.lines.with("CCW024E"),
        ["CCW024E 0.0.0002: read of 512 sectors at sector 2048 ended in device-error"]
    );
    assert_eq!(world.lines.0.last().unwrap(), &format!("CCW023E copy failed: {}", report.error));
}

#[test]
fn a_secondary_that_fails_degrades_the_copy() {
    let content = pattern(MIB, 6);
    let secondary =
        FakeDisk::zeros(MIB).fault(Kind::Write, Some(600), Action::End(Status::DeviceError));
    let disks = vec![FakeDisk::zeros(MIB), secondary, FakeDisk::new(content.clone())];
    let mut world = World::new(6, disks);
    let report = world.run("mirror=0001:0002 run=copy from=0003 to=0001");
    assert_eq!((report.status, &*report.error), (JobStatus::Degraded, ""));
    assert_eq!(report.pairs[0].state, "suspended");
    assert_eq!(
        report.pairs[0].reason,
        "secondary: write of 512 sectors at sector 512 ended in device-error"
    );
    assert!(world.disk(1).content == content);
    assert_eq!(world.lines.with("CCW030W").len(), 1);
    let json: serde_json::Value =
        serde_json::from_str(report.line().strip_prefix("RESULT ").unwrap()).unwrap();
    assert_eq!(json["status"], "degraded");
    assert_eq!(json["pairs"][0]["primary"], "0.0.0001");
}

#[test]
fn a_primary_that_fails_ends_the_copy() {
    let primary = FakeDisk::zeros(MIB).fault(Kind::Write, None, Action::End(Status::DeviceError));
    let disks = vec![primary, FakeDisk::new(pattern(MIB, 6))];
    let mut world = World::new(7, disks);
    let report = world.run("run=copy from=0002 to=0001 depth=4");
    assert_eq!(report.status, JobStatus::Failed);
    assert!(report.error.starts_with("0.0.0001: write of 512 sectors at sector "));
    // Each request that failed is told; the job's error is the first.
    let told = world.lines.with("CCW024E");
    assert!(told.len() > 1);
    assert_eq!(told[0], format!("CCW024E {}", report.error));
}

#[test]
fn a_request_that_never_ends_is_ended_within_the_deadline() {
    for (clear, state) in [(Clear::Works, 1), (Clear::FailsLost, 2)] {
        let mut target = FakeDisk::zeros(MIB).fault(Kind::Write, Some(600), Action::Lose);
        target.clear = clear;
        let mut world = World::new(state, vec![target, FakeDisk::new(pattern(MIB, 7))]);
        let report = world.run("run=copy from=0002 to=0001 deadline=2");
        assert_eq!(report.status, JobStatus::Failed);
        assert_eq!(report.error, "0.0.0001: write of 512 sectors at sector 512 ended in timed-out");
        assert!((2_000_000..3_000_000).contains(&report.elapsed.0), "{}", report.elapsed);
    }
}

#[test]
fn data_that_a_lost_secondary_keeps_is_replaced() {
    let content = pattern(4 * MIB, 8);
    let mut secondary = FakeDisk::zeros(4 * MIB).fault(Kind::Write, Some(600), Action::Lose);
    secondary.clear = Clear::FailsLost;
    let disks = vec![FakeDisk::zeros(4 * MIB), secondary, FakeDisk::new(content.clone())];
    let mut world = World::new(8, disks);
    let report = world.run("mirror=0001:0002 run=copy from=0003 to=0001 deadline=1");
    assert_eq!(report.status, JobStatus::Degraded, "{}", report.error);
    assert!(world.disk(1).content == content);
}

#[test]
fn block_sizes_may_differ_if_the_size_allows() {
    let content = pattern(64 * 1024, 9);
    let target = FakeDisk::zeros(128 * 1024).block(4096);
    let mut world = World::new(9, vec![target, FakeDisk::new(content.clone())]);
    assert_eq!(world.run("run=copy from=0002 to=0001").status, JobStatus::Ok);
    assert!(world.disk(1).content[..64 * 1024] == content);

    let target = FakeDisk::zeros(128 * 1024).block(4096);
    let mut world = World::new(9, vec![target, FakeDisk::new(pattern(65 * 1024, 9))]);
    let report = world.run("run=copy from=0002 to=0001");
    assert_eq!(
        report.error,
        "from=0002: its 66560 bytes are not a multiple of 4096, the block size of 0.0.0001; \
         expected a multiple"
    );
    assert!(!world.disk(1).was_changed());
}

#[test]
fn progress_is_told_four_times_a_second() {
    let mut source = FakeDisk::new(pattern(MIB, 14)).transfer(8);
    source.delay = 2000..2001;
    let mut target = FakeDisk::zeros(MIB);
    target.delay = 2000..2001;
    let mut world = World::new(14, vec![target, source]);
    let report = world.run("run=copy from=0002 to=0001 depth=1");
    // 256 reads and as many writes of 2 milliseconds each.
    assert!((1_020_000..1_100_000).contains(&report.elapsed.0), "{}", report.elapsed);
    let progress = world.lines.with("CCW020I");
    assert_eq!(progress.len(), 4, "{progress:?}");
    assert!(progress[0].starts_with("CCW020I copy 0.0.0001: "), "{}", progress[0]);
    assert!(progress[0].ends_with(" of 1048576 bytes, 24 percent"), "{}", progress[0]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_copy_is_whole(
        seed in any::<u64>(),
        sectors in 1usize..600,
        more in 0usize..100,
        source_transfer in 1u32..100,
        target_transfer in 1u32..100,
        depth in 1u32..20,
        slots in 1u32..5,
        mirrored in any::<bool>(),
    ) {
        let content = pattern(sectors * 512, seed);
        let disks = vec![
            FakeDisk::zeros((sectors + more) * 512).transfer(target_transfer).slots(slots),
            FakeDisk::zeros((sectors + more) * 512).slots(1),
            FakeDisk::new(content.clone()).transfer(source_transfer).slots(slots),
        ];
        let mut world = World::new(seed, disks);
        let mirror = if mirrored { "mirror=0001:0002 " } else { "" };
        let report = world.run(&format!("{mirror}run=copy from=0003 to=0001 depth={depth}"));
        prop_assert_eq!(report.status, JobStatus::Ok, "{}", report.error);
        prop_assert!(world.disk(1).content[..content.len()] == content[..]);
        if mirrored {
            prop_assert!(world.disk(1).content == world.disk(2).content);
            prop_assert_eq!(report.mirrored_writes, report.counts.writes);
        }
    }
}
