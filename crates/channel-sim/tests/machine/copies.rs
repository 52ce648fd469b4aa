//! Copies of pairs beside jobs: exact counts, and equal disks at the end.

use crate::operator::{disks, fill, run, script};
use channel_io::Microseconds;
use channel_sim::virtio::{Delay, RequestEnding, RequestPlan};
use jobs::JobStatus;

const SECTORS: u64 = 2048;

#[test]
fn a_pair_is_copied_beside_a_job_and_the_result_waits_for_both() {
    for (seed, count) in [(1, 1), (2, 5000)] {
        let mut world = disks(seed, &[SECTORS, SECTORS]);
        fill(&mut world, 1, seed);
        let line = format!(
            "mirror=0001:0002 establish=copy run=bench to=0001 op=randwrite bs=4096 depth=8 count={count}"
        );
        let (report, said) = run(&mut world, &line);
        assert_eq!((report.status, report.counts.writes), (JobStatus::Ok, count));
        assert_eq!(report.pairs[0].state, "duplex");
        assert_eq!(said.lines()[0], "CCW011I pair 0.0.0001 -> 0.0.0002 copying");
        assert_eq!(said.with("CCW033I").len(), 1, "{:?}", said.lines());
        world.assert_legs_equal(1, 2);
        assert!(world.disk(2).content().is_durable(0, SECTORS));
    }
}

#[test]
fn without_a_job_the_copy_is_all_there_is_to_do() {
    let mut world = disks(3, &[SECTORS, SECTORS, 4000, 4096]);
    fill(&mut world, 1, 3);
    fill(&mut world, 3, 4);
    let (report, said) = run(&mut world, "mirror=0001:0002,0003:0004 establish=copy");
    assert_eq!((report.job, report.status), ("list", JobStatus::Ok));
    let mut told = said.with("CCW033I");
    told.sort_unstable();
    assert_eq!(
        told,
        [
            "CCW033I pair 0.0.0001 -> 0.0.0002 duplex: 256 blocks of 4096 bytes were copied",
            "CCW033I pair 0.0.0003 -> 0.0.0004 duplex: 500 blocks of 4096 bytes were copied",
        ]
    );
    assert_eq!(said.the("CCW012I"), "CCW012I 4 devices, 2 pairs");
    world.assert_legs_equal(1, 2);
    let (one, other) = (world.content(3), world.content(4));
    assert!(other.starts_with(&one));
}

#[test]
fn more_pairs_than_are_copied_at_a_time() {
    let mut world = disks(4, &[256; 20]);
    let mut pairs = Vec::new();
    for pair in 0..10 {
        let number = 2 * pair + 1;
        fill(&mut world, number, u64::from(number));
        pairs.push(format!("{:x}:{:x}", number, number + 1));
    }
    let (report, said) = run(&mut world, &format!("mirror={} establish=copy", pairs.join(",")));
    assert_eq!(report.status, JobStatus::Ok);
    assert_eq!(said.with("CCW033I").len(), 10);
    for pair in 0..10 {
        world.assert_legs_equal(2 * pair + 1, 2 * pair + 2);
    }
}

#[test]
fn a_secondary_that_fails_ends_the_copy_and_the_job_goes_on() {
    let mut world = disks(6, &[SECTORS, SECTORS]);
    fill(&mut world, 1, 6);
    world.disk(2).fail_sectors(1000..1001);
    let (report, said) = run(
        &mut world,
        "mirror=0001:0002 establish=copy run=bench to=0001 op=randread count=100 seed=1",
    );
    assert_eq!((report.status, report.counts.reads), (JobStatus::Degraded, 100));
    assert!(said.the("CCW034W").contains(" suspended: the copy ended after "));
    assert!(report.pairs[0].reason.starts_with("secondary: write of "), "{:?}", report.pairs);
}

#[test]
fn progress_is_told_and_a_copy_that_was_cut_short_is_taken_up_again() {
    let mut world = disks(7, &[SECTORS, SECTORS]);
    fill(&mut world, 1, 7);
    let slow = RequestPlan {
        delay: Delay::After(Microseconds(900_000)),
        ending: RequestEnding::Normal,
        ..RequestPlan::NORMAL
    };
    world.disk(2).plan_all(slow);
    let second = world.subchannel(2);
    let session = script()
        .types("mirror establish 0001 0002")
        .types("display jobs")
        .until("CCW016I 0 jobs running")
        .types("mirror suspend 0001")
        .types("mirror resume 0001")
        .until("CCW034W")
        .deed(move |machine| machine.block_mut(second).plan_all(RequestPlan::NORMAL))
        .until("CCW033I")
        .run(&mut world, "");
    let said = &session.said;
    assert_eq!(
        said.the("CCW032I"),
        "CCW032I pair 0.0.0001 -> 0.0.0002 copying: 0 of 256 blocks, 0 percent"
    );
    assert_eq!(session.report.status, JobStatus::Ok);
    world.assert_legs_equal(1, 2);
}
