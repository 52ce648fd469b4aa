//! The compare process.

use crate::common::{FakeDisk, MIB, World, number, pattern};
use jobs::JobStatus;

#[test]
fn compare_finds_every_block_that_differs() {
    let content = pattern(MIB, 10);
    let mut other = content.clone();
    for place in [300_001, 300_002, 300_600, 1_000_000] {
        other[place] ^= 1;
    }
    let disks = vec![FakeDisk::new(content.clone()), FakeDisk::new(other)];
    let mut world = World::new(10, disks);
    let report = world.run("run=compare from=0001 to=0002");
    assert_eq!(report.status, JobStatus::Failed);
    assert_eq!(
        report.error,
        "0.0.0001 and 0.0.0002 differ: block 585 first, from byte 300001 on; 3 of 2048 blocks of \
         512 bytes in all"
    );
    assert_eq!(number(&report, "differing_blocks"), 3);
    assert_eq!(number(&report, "first_difference"), 585);
    assert_eq!((report.counts.reads, report.bytes), (8, MIB as u64));

    let disks = vec![FakeDisk::new(content.clone()), FakeDisk::new(content).read_only()];
    let mut world = World::new(10, disks);
    let report = world.run("run=compare from=0001 to=0002 depth=1");
    assert_eq!((report.status, &*report.error), (JobStatus::Ok, ""));
    assert_eq!(number(&report, "differing_blocks"), 0);
    assert!(report.line().contains(r#""first_difference":null"#));
}

#[test]
fn compare_of_different_sizes_takes_the_smaller() {
    let content = pattern(40 * 512, 11);
    let mut longer = content.clone();
    longer.extend(pattern(24 * 512, 12));
    // The smaller ends within a block of the larger.
    let disks =
        vec![FakeDisk::new(content[..37 * 512].to_vec()), FakeDisk::new(longer).block(4096)];
    let mut world = World::new(11, disks);
    for line in ["run=compare from=0001 to=0002", "run=compare from=0002 to=0001"] {
        let report = world.run(line);
        assert_eq!((report.status, report.bytes), (JobStatus::Ok, 37 * 512), "{}", report.error);
    }
    assert_eq!(world.lines.with("CCW026W").len(), 2);
}
