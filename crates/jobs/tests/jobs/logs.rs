//! Write logs that cannot be right: what is said of them, and that nothing is written then.

use crate::common::log::{FLUSH, LogEntry, MARK, TARGET_BYTES, any_entry, bare, log, world, write};
use crate::common::{FakeDisk, World};
use jobs::JobStatus;
use proptest::prelude::*;

/// What is done to a good log.
enum Damage {
    /// The eight bytes at this place become this number.
    Set(usize, u64),
    /// It ends here.
    Cut(usize),
}

use Damage::{Cut, Set};

/// What is done to the good log of the test below (the superblock, a write of two sectors, a mark, a flush),
/// and what is said of it then.
const DAMAGED: &[(Damage, &str)] = &[
    (
        Set(0, 7),
        "no write log: the magic number is 0x0000000000000007, expected \
          0x006a736677736872",
    ),
    (Set(8, 2), "the write log is of version 2, expected 1"),
    (
        Set(24, 513),
        "the write log has sectors of 513 bytes, expected a power of two from 512 to \
          65536",
    ),
    (Set(24, 0), "the write log has sectors of 0 bytes, expected a power of two from 512 to 65536"),
    (Set(16, 6), "the write log has 6 entries, expected at most the 5 that the disk has room for"),
    (
        Set(16, 4),
        "the write log is truncated: entry 4 of 4 ends at byte 3584, expected to be \
          within the 3072 bytes of the disk",
    ),
    (
        Cut(1024),
        "the write log has 3 entries, expected at most the 1 that the disk has \
          room for",
    ),
    (
        Cut(2560),
        "the write log is truncated: entry 3 of 3 ends at byte 3072, expected \
          to be within the 2560 bytes of the disk",
    ),
    (
        Set(520, 600),
        "the write log is truncated: entry 1 of 3 ends at byte 308224, expected to \
          be within the 3072 bytes of the disk",
    ),
    (
        Set(520, u64::MAX),
        "the write log is truncated: entry 1 of 3 ends at byte \
          18446744073709551615, expected to be within the 3072 bytes of the disk",
    ),
    (
        Set(528, 32),
        "entry 1 has the flags 0x20, expected 1 (flush), 2 (FUA), 4 (discard), 8 \
          (mark), 16 (metadata), and not discard with mark",
    ),
    (
        Set(2064, 12),
        "entry 2 has the flags 0xc, expected 1 (flush), 2 (FUA), 4 (discard), 8 \
          (mark), 16 (metadata), and not discard with mark",
    ),
    (Set(536, 1025), "entry 1 has 1025 bytes of data, expected at most 1024"),
    (Set(2072, 481), "entry 2 has 481 bytes of data, expected at most 480"),
    (
        Set(2576, 0),
        "the write log is truncated: entry 3 of 3 is all zeros, expected a write, \
          flush, discard or mark",
    ),
    (
        Set(512, 511),
        "entry 1 has 2 sectors of 512 bytes at sector 511, expected to be within the \
          262144 bytes of the disk to replay on",
    ),
    (
        Set(512, u64::MAX),
        "entry 1 has 2 sectors of 512 bytes at sector 18446744073709551615, \
          expected to be within the 262144 bytes of the disk to replay on",
    ),
];

#[test]
fn a_log_that_cannot_be_right_writes_nothing() {
    let good = log(
        512,
        &[
            write(512, 4, 0, vec![1; 1024]),
            LogEntry { sector: 0, sectors: 0, flags: MARK, data: b"here".to_vec() },
            bare(0, 0, FLUSH),
        ],
    );
    for (damage, error) in DAMAGED {
        let mut bytes = good.clone();
        match damage {
            Set(place, number) => {
                bytes[*place..place + 8].copy_from_slice(&number.to_le_bytes());
            }
            Cut(length) => bytes.truncate(*length),
        }
        let mut world = world(8, bytes);
        let report = world.run("mirror=0001:0002 run=replay from=0003 to=0001");
        assert_eq!(
            (report.status, report.error),
            (JobStatus::Failed, format!("from=0003: {error}"))
        );
        assert!(!world.disk(1).was_changed() && !world.disk(2).was_changed());
    }
    let target = FakeDisk::zeros(TARGET_BYTES).block(4096);
    let mut world = World::new(8, vec![target, FakeDisk::new(good)]);
    let report = world.run("run=replay from=0002 to=0001");
    assert_eq!(
        report.error,
        "from=0002: entry 1 has 2 sectors of 512 bytes at sector 4, expected whole blocks of 4096 bytes \
         of the disk to replay on"
    );
}

#[test]
fn the_last_of_many_entries_is_checked_before_the_first_is_written() {
    let mut entries: Vec<_> =
        (0..3000).map(|number| write(512, number % 500, 0, vec![1; 512])).collect();
    entries.push(write(512, 512, 0, vec![1; 512]));
    let mut world = world(9, log(512, &entries));
    let report = world.run("run=replay from=0003 to=0001");
    assert!(report.error.starts_with("from=0003: entry 3001 has 1 sectors"), "{}", report.error);
    assert!(!world.disk(1).was_changed());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn no_log_makes_it_panic(
        seed in any::<u64>(),
        entries in proptest::collection::vec(any_entry(512, 48), 1..10),
        patches in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..4),
        cut in any::<proptest::sample::Index>(),
    ) {
        let mut bytes = log(512, &entries);
        for (place, byte) in patches {
            let places: Vec<_> = (0..bytes.len()).filter(|place| place % 512 < 32).collect();
            bytes[*place.get(&places)] = byte;
        }
        bytes.truncate((1 + cut.index(bytes.len() / 512)) * 512);
        let mut world = World::new(seed, vec![FakeDisk::zeros(48 * 512), FakeDisk::new(bytes)]);
        let report = world.run("run=replay from=0002 to=0001");
        if report.status == JobStatus::Failed {
            prop_assert!(report.error.starts_with("from=0002: "), "{}", report.error);
            prop_assert!(!world.disk(1).was_changed());
        }
    }
}
