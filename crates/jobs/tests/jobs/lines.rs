//! From the parameter line to the RESULT line, with devices that go with it and devices that do not.

use crate::common::{FakeDisk, MIB, World, pattern};
use jobs::JobStatus;

#[test]
fn the_list_names_devices_and_pairs() {
    let disks = vec![FakeDisk::zeros(MIB), FakeDisk::zeros(2 * MIB).slots(8)];
    let mut world = World::new(15, disks);
    let report = world.run("mirror=0001:0002");
    assert_eq!(
        world.lines.0,
        [
            "CCW010I device 0.0.0001: fake-disk, 1048576 bytes, block 512, queue 64, read-write",
            "CCW010I device 0.0.0002: fake-disk, 2097152 bytes, block 512, queue 8, read-write",
            "CCW011I pair 0.0.0001 -> 0.0.0002 duplex",
            "CCW012I 2 devices, 1 pairs",
        ]
    );
    assert!(report.line().starts_with(
        r#"RESULT {"job":"list","status":"ok","reads":0,"writes":0,"flushes":0,"bytes":0,"mirrored_writes":0,"deferred_starts":0,"microseconds":"#
    ));
    assert!(report.line().ends_with(
        r#","pairs":[{"primary":"0.0.0001","secondary":"0.0.0002","state":"duplex","reason":"","active":"0.0.0001"}],"error":""}"#
    ));
    let report = World::new(15, Vec::new()).run("");
    assert_eq!((report.job, report.status), ("list", JobStatus::Ok));
}

#[test]
fn a_pair_stays_for_the_next_line() {
    let content = pattern(MIB, 16);
    let disks = vec![FakeDisk::zeros(MIB), FakeDisk::zeros(MIB), FakeDisk::new(content.clone())];
    let mut world = World::new(16, disks);
    assert_eq!(world.run("mirror=0001:0002").status, JobStatus::Ok);
    let report = world.run("run=copy from=0003 to=0001");
    assert_eq!((report.status, report.mirrored_writes), (JobStatus::Ok, 4));
    let report = world.run("run=compare from=0001 to=0002");
    assert_eq!((report.status, report.mirrored_writes), (JobStatus::Ok, 0));
    let report = world.run("mirror=0001:0002 run=compare from=0001 to=0002");
    assert_eq!(report.error, "mirror=0001:0002: the primary is in another pair");
}

/// Lines that do not go with the devices of the test below, and what is said of them.
const MISFITS: &[(&str, &str)] = &[
    (
        "run=copy from=0009 to=0001",
        "from=0009: there is no device 0.0.0009; expected one of 0.0.0001, 0.0.0002, 0.0.0003, \
             0.0.0004, 0.0.0005",
    ),
    (
        "run=copy from=0003 to=0001",
        "from=0003: its 2097152 bytes do not fit on to=0001; expected at most 1048576 bytes",
    ),
    (
        "run=copy from=0001 to=0004",
        "to=0004: the disk is read-only; expected one that can be \
          written",
    ),
    (
        "mirror=0003:0001 run=copy from=0002 to=0003",
        "mirror=0003:0001: the secondary is smaller than the primary: 1048576 bytes, 2097152 are \
             needed",
    ),
    (
        "mirror=0001:0002,0004:0003 run=copy from=0003 to=0001",
        "mirror=0004:0003: the primary is read-only",
    ),
    (
        "mirror=0001:0005",
        "mirror=0001:0005: the secondary's blocks of 4096 bytes are larger than the primary's of \
             512",
    ),
    (
        "mirror=0001:0002 run=copy from=0004 to=0002",
        "to=0002: the disk is the secondary of 0.0.0001; expected to=0.0.0001, which writes to \
             both",
    ),
    (
        "mirror=0001:0002 run=replay from=0002 to=0001",
        "from=0002: the disk is the secondary of to=0001 and would be written while it is read; \
             expected a disk that is not in the same pair",
    ),
    (
        "run=bench to=0005 op=write bs=512",
        "bs=512: expected a multiple of 4096, the block size of the disk",
    ),
    (
        "run=bench to=0001 op=write bs=1M",
        "bs=1M: expected at most 524288, which is what the disk takes in a request",
    ),
    (
        "run=bench to=0004 op=randwrite",
        "to=0004: the disk is read-only; expected one that can be \
          written",
    ),
];

#[test]
fn what_does_not_go_with_the_devices_writes_nothing() {
    for (line, error) in MISFITS {
        let disks = vec![
            FakeDisk::zeros(MIB),
            FakeDisk::zeros(MIB),
            FakeDisk::zeros(2 * MIB),
            FakeDisk::zeros(MIB).read_only(),
            FakeDisk::zeros(4 * MIB).block(4096),
        ];
        let mut world = World::new(17, disks);
        let report = world.run(line);
        assert_eq!((report.status, &*report.error), (JobStatus::Failed, *error), "{line}");
        for disk in 1..=5 {
            assert!(!world.disk(disk).was_changed(), "{line}");
        }
        assert!(report.pairs.iter().all(|pair| pair.state == "simplex"), "{line}");
        assert_eq!(world.lines.with("CCW023E").len(), 1, "{line}");
    }
}

#[test]
fn a_line_that_is_wrong_in_itself_is_reported_too() {
    for (line, job) in [("nonsense", "parameters"), ("run=copy from=0001", "copy")] {
        let mut world = World::new(18, vec![FakeDisk::zeros(MIB)]);
        let report = world.run(line);
        assert_eq!((report.job, report.status), (job, JobStatus::Failed));
        assert!(!report.status.is_success() && report.error.contains("expected"));
        assert_eq!(world.lines.0, [format!("CCW023E {job} failed: {}", report.error)]);
        assert!(world.disk(1).events.is_empty());
    }
}

#[test]
fn devices_that_cannot_be_made_ready() {
    let mut broken = FakeDisk::zeros(MIB);
    broken.vary_online = Err("its queue is too small");
    let mut world = World::new(19, vec![FakeDisk::zeros(MIB), broken]);
    let not_ready = "0.0.0002 could not be made ready (its queue is too small); expected a device that \
                     can be used";
    let report = world.run("run=copy from=0001 to=0002");
    assert_eq!(report.error, format!("to=0002: {not_ready}"));
    // It is known to be of no use from then on.
    let report = world.run("mirror=0001:0002");
    assert_eq!(
        report.error,
        "mirror=0001:0002: 0.0.0002 is not operational; expected a device that answers"
    );
    world.lines.0.clear();
    assert_eq!(world.run("").status, JobStatus::Ok);
    assert_eq!(
        world.lines.0[..2],
        [
            "CCW010I device 0.0.0001: fake-disk, 1048576 bytes, block 512, queue 64, read-write",
            "CCW010I device 0.0.0002: fake-disk, 1048576 bytes, block 512, queue not set up, \
             not operational",
        ]
    );
}
