//! Scrubs: what differs is found while writes run, and nothing else is.

use crate::operator::{disks, fill, make_alike, number, run, script};
use crate::world::World;
use channel_io::Microseconds;
use channel_sim::machine::Action;
use channel_sim::virtio::{Delay, RequestPlan};
use jobs::JobStatus;
use proptest::prelude::*;

const SECTORS: u64 = 4096;
const PAIR: &str = "mirror=0001:0002 ";

/// Two disks with the same content.
fn pair(seed: u64) -> World {
    let mut world = disks(seed, &[SECTORS, SECTORS]);
    fill(&mut world, 1, seed);
    make_alike(&mut world, 1, 2);
    world
}

/// Changes a byte of a disk.
fn plant(world: &mut World, disk: u16, byte: usize) {
    world.disk(disk).content_mut().bytes_mut()[byte] ^= 0x40;
}

#[test]
fn a_pair_that_is_alike_is_said_to_be() {
    let mut world = pair(1);
    let (report, said) = run(&mut world, &format!("{PAIR}run=scrub to=0001"));
    assert_eq!((report.job, report.status, &*report.error), ("scrub", JobStatus::Ok, ""));
    assert_eq!(report.bytes, SECTORS * 512);
    assert_eq!(
        said.lines()[1..3],
        [
            "CCW021I scrub started: 0.0.0001",
            "CCW043I scrub 0.0.0001 -> 0.0.0002: 4096 blocks of 512 bytes compared, 0 differ, 0 \
             repaired",
        ]
    );
    assert!(report.line().contains(
        r#""differing_blocks":0,"repaired_blocks":0,"first_difference":null,"unread_blocks":0,"block_bytes":512"#
    ));
}

#[test]
fn every_block_that_differs_is_named_and_the_job_fails() {
    let mut world = pair(2);
    // The first byte, two neighbours, either side of the end of a piece, the last byte.
    for byte in [0, 5120, 5700, 65_535, 65_536, 1_000_001, SECTORS as usize * 512 - 1] {
        plant(&mut world, 2, byte);
    }
    let before = world.content(2);
    let (report, said) = run(&mut world, &format!("{PAIR}run=scrub to=0002"));
    let told = said.with("CCW040W");
    let told: Vec<_> =
        told.iter().map(|line| line.split_once("difference in ").unwrap_or_default().1).collect();
    let mut expected = vec![
        "block 0, from byte 0 on",
        "blocks 10 to 11, from byte 5120 on",
        "block 127, from byte 65535 on",
        "block 128, from byte 65536 on",
        "block 1953, from byte 1000001 on",
        "block 4095, from byte 2097151 on",
    ];
    // Two pieces are read at a time and may end in either order.
    let mut sorted = told.clone();
    sorted.sort_unstable();
    expected.sort_unstable();
    assert_eq!(sorted, expected);
    assert_eq!(report.status, JobStatus::Failed);
    assert_eq!(report.error, "the disks of 0.0.0001 -> 0.0.0002 differ in 7 blocks, block 0 first");
    assert_eq!(number(&report, "differing_blocks"), 7);
    assert_eq!(number(&report, "first_difference"), 0);
    assert_eq!(report.counts.writes, 0);
    assert!(world.content(2) == before, "it repaired what it was not told to");
}

#[test]
fn the_leg_that_is_right_is_copied_to_the_other() {
    for (leg, right, wrong) in [("primary", 1, 2), ("secondary", 2, 1)] {
        let mut world = pair(3);
        let content = world.content(1);
        for byte in [70_000, 70_600, 1_500_000] {
            plant(&mut world, wrong, byte);
        }
        let (report, said) = run(&mut world, &format!("{PAIR}run=scrub to=0001 repair={leg}"));
        assert_eq!((report.status, &*report.error), (JobStatus::Ok, ""));
        assert_eq!(number(&report, "differing_blocks"), 3);
        assert_eq!(number(&report, "repaired_blocks"), 3);
        let mut told = said.with("CCW042W");
        told.sort_unstable();
        let pair = "CCW042W scrub 0.0.0001 -> 0.0.0002:";
        assert_eq!(
            told,
            [
                format!("{pair} block 2929 repaired: copied from 0.0.000{right} to 0.0.000{wrong}"),
                format!(
                    "{pair} blocks 136 to 137 repaired: copied from 0.0.000{right} to 0.0.000{wrong}"
                ),
            ]
        );
        assert!(world.content(1) == content && world.content(2) == content);
        assert!(world.disk(wrong).content().is_durable(0, SECTORS));
        assert_eq!(report.mirrored_writes, 0);
        let (report, _) = run(&mut world, "run=scrub to=0001");
        assert_eq!((report.status, number(&report, "differing_blocks")), (JobStatus::Ok, 0));
    }
}

#[test]
fn many_differences_are_all_counted_and_some_named() {
    let mut world = pair(4);
    for block in 0..300 {
        plant(&mut world, 1, block * 1024);
    }
    let (report, said) = run(&mut world, &format!("{PAIR}run=scrub to=0001 repair=secondary"));
    assert_eq!((report.status, number(&report, "repaired_blocks")), (JobStatus::Ok, 300));
    assert_eq!((said.with("CCW040W").len(), said.with("CCW042W").len()), (100, 100));
    assert_eq!(said.with("CCW041W").len(), 1);
    world.assert_legs_equal(1, 2);
}

#[test]
fn a_scrub_keeps_to_its_rate_and_does_not_spin() {
    let mut world = pair(5);
    let session =
        script().types("scrub 0001 rate=512K").until("CCW022I job 1").run(&mut world, PAIR);
    let elapsed = session.report.elapsed;
    // 2 MiB at 512 KiB a second: the last piece is begun an eighth of a second before the end.
    let (least, most) = (Microseconds(3_800_000), Microseconds(4_100_000));
    assert!((least..most).contains(&elapsed), "{elapsed}");
    // 32 pieces, each with a few interruptions: the console is not asked for a line much more often.
    assert!(session.script.asked < 500, "{}", session.script.asked);

    let mut world = pair(5);
    let (report, _) = run(&mut world, &format!("{PAIR}run=scrub to=0001"));
    assert!(report.elapsed < Microseconds(1_000_000), "{}", report.elapsed);
}

#[test]
fn a_scrub_that_cannot_keep_to_its_rate_waits_for_the_disks() {
    let mut world = pair(11);
    let slow = RequestPlan { delay: Delay::After(Microseconds(200_000)), ..RequestPlan::NORMAL };
    world.disk(2).plan_all(slow);
    let session =
        script().types("scrub 0001 rate=64M").until("CCW022I job 1").run(&mut world, PAIR);
    // 32 pieces, two at a time.
    assert!(session.report.elapsed >= Microseconds(3_200_000), "{}", session.report.elapsed);
    assert!(session.script.asked < 500, "{}", session.script.asked);
}

#[test]
fn only_a_duplex_pair_is_scrubbed() {
    let mut world = disks(6, &[SECTORS, SECTORS, SECTORS]);
    let (report, _) = run(&mut world, "run=scrub to=0001");
    assert_eq!(report.error, "to=0001: 0.0.0001 is in no pair; expected a device of a pair");
    let session = script()
        .types("mirror suspend 0001")
        .types("scrub 0001")
        .types("scrub 0003")
        .run(&mut world, PAIR);
    assert_eq!(
        session.said.with("CCW054E"),
        [
            "CCW054E scrub: 0001: the pair 0.0.0001 -> 0.0.0002 is suspended; expected one that is \
             duplex",
            "CCW054E scrub: 0003: 0.0.0003 is in no pair; expected a device of a pair",
        ]
    );
}

#[test]
fn a_scrub_ends_when_the_pair_leaves_duplex() {
    for command in ["mirror suspend 0001", "mirror remove 0001"] {
        let mut world = pair(7);
        let session = script()
            .types("start bench to=0001 op=randwrite bs=4096 depth=16 seconds=86400")
            .types("scrub 0001 rate=512K")
            .types("display jobs")
            .until("CCW016I")
            .types(command)
            .until("CCW023E job 2: scrub failed: the pair 0.0.0001 -> 0.0.0002 is ")
            .run(&mut world, PAIR);
        assert!(session.said.with("CCW040W").is_empty());
        assert!(session.said.the("CCW029W").starts_with("CCW029W job 1: bench stopped: "));
    }
}

#[test]
fn a_scrub_whose_reads_a_lost_leg_ends_says_that_the_pair_is_not_duplex() {
    for (number, state) in [(1, "swapped"), (2, "suspended")] {
        let mut world = pair(7);
        world.disk(number).plan_all(RequestPlan::HELD);
        let subchannel = world.subchannel(number);
        let session = script()
            .types("scrub 0001")
            .types("display jobs")
            .until("CCW016I")
            .deed(move |machine| machine.now_do(Action::Detach(subchannel)))
            .until("CCW023E")
            .run(&mut world, PAIR);
        let said = session.said.the("CCW023E");
        assert!(said.contains(&format!("is {state};")), "{said}");
        assert!(session.said.with("CCW024E").is_empty());
    }
}

#[test]
fn a_scrub_can_be_stopped() {
    let mut world = pair(8);
    plant(&mut world, 2, 10);
    let session = script()
        .types("scrub 0001 rate=64K")
        .until("CCW040W")
        .types("stop 1")
        .until("CCW029W job 1: scrub stopped")
        .types("start bench to=0001 op=write bs=64K count=32")
        .until("CCW022I job 2")
        .run(&mut world, PAIR);
    assert_eq!(
        session.said.the("CCW040W").split_once(": ").map(|(start, _)| start.len()),
        Some(13)
    );
    assert_eq!(session.report.mirrored_writes, 32);
    world.assert_legs_equal(1, 2);
}

#[test]
fn a_block_that_cannot_be_read_is_told_and_the_others_are_compared() {
    let mut world = pair(9);
    world.disk(2).fail_sectors(700..701);
    plant(&mut world, 2, 1_500_000);
    let (report, said) = run(&mut world, &format!("{PAIR}run=scrub to=0001 repair=primary"));
    assert_eq!(report.status, JobStatus::Failed);
    assert_eq!(
        report.error,
        "128 blocks of 0.0.0001 -> 0.0.0002 could not be compared because a read failed, block 640 \
         first; 0 of the others differ"
    );
    assert_eq!(
        said.the("CCW024E"),
        "CCW024E 0.0.0002: read of 128 sectors at sector 640 ended in device-error"
    );
    assert_eq!(number(&report, "unread_blocks"), 128);
    assert_eq!((number(&report, "differing_blocks"), number(&report, "repaired_blocks")), (1, 1));
    assert!(
        said.the("CCW043I").contains(": 3968 blocks of 512 bytes compared, 1 differ, 1 repaired")
    );
    assert_eq!(report.pairs[0].state, "duplex");
    world.assert_legs_equal(1, 2);
}

#[test]
fn the_disks_themselves_are_compared_whatever_their_roles() {
    let mut world = pair(10);
    let content = world.content(1);
    plant(&mut world, 2, 1_000_000);
    let session = script()
        .types("mirror swap 0001")
        .types("scrub 0001")
        .until("CCW023E job 1: scrub failed")
        .types("scrub 0001 repair=primary")
        .until("CCW022I job 2")
        .run(&mut world, PAIR);
    assert_eq!(
        session.said.the("CCW042W"),
        "CCW042W job 2: scrub 0.0.0001 -> 0.0.0002: block 1953 repaired: copied from 0.0.0001 to \
         0.0.0002"
    );
    assert!(world.content(1) == content && world.content(2) == content);
}

#[test]
fn a_pair_made_of_exchanged_disks_is_called_and_scrubbed_as_what_it_is() {
    let mut world = disks(10, &[SECTORS, SECTORS, SECTORS]);
    fill(&mut world, 1, 10);
    make_alike(&mut world, 1, 2);
    let outsider = world.content(1);
    let session = script()
        .types("mirror swap 0001")
        .types("mirror remove 0001")
        .types("start bench to=0001 op=write bs=64K count=8")
        .until("CCW022I job 1")
        .types("mirror establish 0001 0003")
        .until("CCW033I")
        .types("scrub 0003 repair=primary")
        .until("CCW022I job 2")
        .types("mirror suspend 0001")
        .until("CCW030W")
        .run(&mut world, PAIR);
    // Address 0001 leads to disk 2: disk 1 is in no pair, and neither read nor written.
    assert!(session.said.with("CCW042W").is_empty() && session.said.with("CCW040W").is_empty());
    assert!(world.content(1) == outsider);
    world.assert_legs_equal(2, 3);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Writes run over the first half all the time; the second half has differences.
    #[test]
    fn under_writes_what_differs_is_found_and_nothing_else(
        seed in any::<u64>(),
        planted in proptest::collection::btree_set(2048u64..4096, 0..6),
        depth in 1u32..32,
        block_kib in 1u32..16,
        rate in prop_oneof![Just(""), Just(" rate=8M"), Just(" rate=1M")],
    ) {
        let mut world = pair(seed);
        for block in &planted {
            plant(&mut world, 2, *block as usize * 512 + 100);
        }
        let count = 1024 / block_kib;
        let bench = |seed| {
            format!("start bench to=0001 op=write bs={block_kib}K depth={depth} count={count} seed={seed}")
        };
        let session = script()
            .types(&bench(1))
            .types(&format!("scrub 0001{rate}"))
            .until("CCW022I job 1")
            .types(&bench(2))
            .types(&bench(3))
            .until("CCW022I job 4")
            .types(&bench(4))
            .ever("CCW043I job 2: scrub ")
            .run(&mut world, PAIR);
        let mut found = Vec::new();
        for line in session.said.with("CCW040W") {
            let blocks = line.split_once("difference in block").unwrap_or_default().1;
            let blocks = blocks.split_once(',').unwrap_or_default().0.trim_start_matches('s');
            let ends: Vec<u64> =
                blocks.trim().split(" to ").map(|number| number.parse().unwrap_or(0)).collect();
            found.extend(ends[0]..=*ends.last().unwrap_or(&0));
        }
        found.sort_unstable();
        prop_assert_eq!(found, planted.into_iter().collect::<Vec<_>>());
    }

    /// Repairs and writes go to the same blocks: none undoes the other.
    #[test]
    fn a_repair_under_writes_leaves_the_legs_alike(
        seed in any::<u64>(),
        depth in 1u32..32,
        block_kib in 1u32..8,
        right in prop_oneof![Just("primary"), Just("secondary")],
    ) {
        let mut world = pair(seed);
        for block in 0..SECTORS as usize / 3 {
            plant(&mut world, 2, block * 3 * 512 + 7);
        }
        let bench = format!("start bench to=0001 op=randwrite bs={block_kib}K depth={depth} seconds=9");
        let session = script()
            .types(&bench)
            .types(&format!("scrub 0001 repair={right}"))
            .until("CCW022I job 2")
            .run(&mut world, PAIR);
        prop_assert!(session.number("jobs_failed") == 0, "{:#?}", session.said.lines());
        world.assert_legs_equal(1, 2);
    }
}
