//! The bench process.

use crate::common::{FakeDisk, MIB, World, number};
use jobs::JobStatus;

#[test]
fn a_bench_of_each_kind() {
    for (op, reads, writes, flushes) in [
        ("write", 0, 100, 1),
        ("read", 100, 0, 0),
        ("randwrite", 0, 100, 1),
        ("randread", 100, 0, 0),
    ] {
        let mut world = World::new(12, vec![FakeDisk::zeros(MIB), FakeDisk::zeros(MIB)]);
        let line = format!("mirror=0001:0002 run=bench to=0001 op={op} bs=4K depth=7 count=100");
        let report = world.run(&line);
        assert_eq!(report.status, JobStatus::Ok, "{}", report.error);
        let counts = report.counts;
        assert_eq!((counts.reads, counts.writes, counts.flushes), (reads, writes, flushes));
        assert_eq!((report.bytes, report.mirrored_writes), (100 * 4096, writes));
        assert_eq!(world.disk(1).most_in_flight, 7);
        assert!(world.disk(1).content == world.disk(2).content);
        let iops = 100 * 1_000_000 / report.elapsed.0;
        assert_eq!(number(&report, "iops"), iops);
        let json: serde_json::Value =
            serde_json::from_str(report.line().strip_prefix("RESULT ").unwrap()).unwrap();
        assert_eq!(json["iops"], iops);
        let latency = &json["latency_us"];
        assert!(latency["p50"].as_u64() <= latency["p99"].as_u64());
        assert!(latency["p99"].as_u64() <= latency["max"].as_u64());
        assert!(latency["max"].as_u64().unwrap() >= 10);
        assert_eq!(world.lines.with("CCW027I").len(), 1);
    }
}

#[test]
fn no_two_writes_of_a_bench_are_alike() {
    let mut world = World::new(12, vec![FakeDisk::zeros(8 * 512)]);
    let report = world.run("run=bench to=0001 op=write bs=512 depth=1 count=21");
    assert_eq!(report.status, JobStatus::Ok);
    let numbers: Vec<_> = world.disk(1).content.chunks(512).map(|block| block[0]).collect();
    assert_eq!(numbers, [16, 17, 18, 19, 20, 13, 14, 15]);
}

#[test]
fn a_bench_of_seconds_ends_in_time_and_a_seed_repeats_it() {
    let run = |seed| {
        let mut world = World::new(13, vec![FakeDisk::zeros(MIB)]);
        let line = format!("run=bench to=0001 op=randwrite bs=512 depth=4 seconds=1 seed={seed}");
        let report = world.run(&line);
        assert_eq!(report.status, JobStatus::Ok);
        assert!((1_000_000..1_001_000).contains(&report.elapsed.0), "{}", report.elapsed);
        let told = world.lines.with("CCW020I").len();
        assert!((3..=4).contains(&told), "{:?}", world.lines.0);
        world.disk(1).started()
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}
