//! The roles of a pair are exchanged, by the operator or because the primary failed: no process notices.

use crate::world::{LIMIT, World};
use channel_sim::light::Ending;
use ios::{Extent, Operation, StartCc, Status};
use mirror::{ChangeError, Leg, PairEvent, PairIndex, PairState, Policy};

fn the_pair(world: &World) -> PairIndex {
    world.ios.anchor.pairs().next().expect("a pair").0
}

fn assert_swapped(world: &World, status: Status) {
    match world.the_state() {
        PairState::Swapped(mirror::Cause::Failure(reason)) => {
            assert_eq!((reason.leg, reason.status), (Leg::Primary, status), "{}", world.trace());
        }
        other => panic!("the pair is {other:?}:\n{}", world.trace()),
    }
}

/// A write after the swap is on the second disk alone, and a read comes from there.
fn assert_second_alone(world: &mut World) {
    let starts = world.disk(1).starts();
    world.write(1, 40, &[77]);
    world.end_the_started(2, Ending::Complete);
    world.read(1, 40, 1);
    world.end_the_started(2, Ending::Complete);
    let posted = world.finished();
    assert_eq!(posted.last().and_then(|read| read.data.clone()), Some(vec![77]));
    assert_eq!((world.disk(1).sectors()[40], world.disk(1).starts()), (0, starts));
}

#[test]
fn a_write_that_the_primary_fails_is_confirmed_by_the_secondary() {
    for legs in [[1, 2], [2, 1]] {
        let mut world = World::pair();
        world.write(1, 0, &[1, 2]);
        for number in legs {
            assert_eq!(world.statuses(), []);
            let failed = Ending::Failed { sectors_done: 1 };
            world.end_the_started(number, if number == 1 { failed } else { Ending::Complete });
        }
        assert_eq!(world.statuses(), [(1, Status::Complete)]);
        assert_swapped(&world, Status::DeviceError);
        let swapped = world.trace().only("PAIR state=swapped");
        assert!(swapped < world.trace().only("POST request=1"), "{}", world.trace());
        assert_second_alone(&mut world);
        world.assert_over();
    }
}

#[test]
fn a_primary_that_is_gone_is_replaced_and_everything_driven_again() {
    let mut world = World::with_slots(&[2, 8]);
    let pair = world.establish(1, 2);
    world.read(1, 0, 1);
    world.write(1, 8, &[1]);
    // They wait for a slot of the primary.
    world.write(1, 16, &[2]);
    world.read(1, 16, 1);
    let primary = world.index(1);
    world.ios.machine.detach(primary);
    let _ = world.ios.wait(None);
    assert_swapped(&world, Status::NotOperational);
    while let Some(held) = world.started(2).first().copied() {
        world.end(2, held.id, Ending::Complete);
    }
    let mut statuses = world.statuses();
    statuses.sort_unstable_by_key(|(token, _)| *token);
    assert_eq!(statuses, [1, 2, 3, 4].map(|token| (token, Status::Complete)));
    assert_eq!((world.disk(2).sectors()[8], world.disk(2).sectors()[16]), (1, 2));
    let changed = world.ios.anchor.pair(pair).expect("it").changed_blocks();
    assert_eq!(changed, 2, "the two blocks that the primary may lack");
    assert_second_alone(&mut world);
    world.assert_over();
}

#[test]
fn a_first_that_was_not_accepted_is_driven_again_and_has_no_second() {
    let mut world = World::pair();
    world.disk(1).refuse_start(StartCc::NotOperational);
    world.write(1, 0, &[5]);
    assert_swapped(&world, Status::NotOperational);
    world.end_the_started(2, Ending::Complete);
    assert_eq!(world.statuses(), [(1, Status::Complete)]);
    assert_eq!((world.disk(1).starts(), world.disk(2).starts()), (0, 1));
    // What went to the secondary is the first request itself.
    assert_eq!(world.trace().count("IOSVCP request=1 device=0.0.0002 cc=0"), 1);
    world.assert_over();
}

#[test]
fn a_primary_that_never_answers_is_replaced() {
    let mut world = World::pair();
    world.read(1, 0, 1);
    world.pass(LIMIT);
    assert_swapped(&world, Status::TimedOut);
    world.end_the_started(2, Ending::Complete);
    assert_eq!(world.statuses(), [(1, Status::Complete)]);
    world.assert_over();
}

#[test]
fn a_block_that_the_primary_cannot_read_is_read_from_the_secondary() {
    let mut world = World::pair();
    world.write(1, 0, &[9]);
    world.end_the_started(1, Ending::Complete);
    world.end_the_started(2, Ending::Complete);
    world.read(1, 0, 1);
    world.end_the_started(1, Ending::Failed { sectors_done: 0 });
    world.end_the_started(2, Ending::Complete);
    let posted = world.finished();
    assert_eq!((posted[1].status, posted[1].data.clone()), (Status::Complete, Some(vec![9])));
    assert_eq!(world.the_state(), PairState::Duplex);
    let events: Vec<_> = core::iter::from_fn(|| world.ios.anchor.take_event()).collect();
    let answered = PairEvent::ReadAnswered {
        pair: the_pair(&world),
        leg: Leg::Primary,
        operation: Operation::Read(Extent::new(0, 1)),
        status: Status::DeviceError,
    };
    assert_eq!(events.last(), Some(&answered));
    // Bad on both: the error of the first is told.
    world.read(1, 0, 1);
    world.end_the_started(1, Ending::Failed { sectors_done: 0 });
    world.end_the_started(2, Ending::Unsupported);
    assert_eq!(world.statuses(), [(3, Status::DeviceError)]);
    world.assert_over();
}

#[test]
fn a_read_that_is_driven_again_waits_for_a_write_in_flight_to_its_sectors() {
    let mut world = World::pair();
    let write = world.write(1, 0, &[9]);
    let read = world.read(1, 0, 1);
    world.end(1, read, Ending::Failed { sectors_done: 0 });
    // The write is not over on both legs: on one of them the read could find what the other does not have.
    assert_eq!(world.started(2).len(), 1, "{}", world.trace());
    world.end_the_started(2, Ending::Complete);
    world.end(1, write, Ending::Complete);
    world.end(2, read, Ending::Complete);
    assert_eq!(world.finished()[1].data, Some(vec![9]));
    world.assert_over();
}

#[test]
fn a_suspended_secondary_answers_no_read() {
    let mut world = World::pair();
    let pair = the_pair(&world);
    mirror::suspend(&mut world.ios, pair).expect("a duplex pair");
    world.read(1, 0, 1);
    world.end_the_started(1, Ending::Failed { sectors_done: 0 });
    assert_eq!(world.statuses(), [(1, Status::DeviceError)]);
    assert_eq!(world.disk(2).starts(), 0);
    world.assert_over();
}

#[test]
fn the_operator_swaps_with_writes_in_flight_and_waiting() {
    let mut world = World::with_slots(&[1, 4]);
    let pair = world.establish(1, 2);
    let first = world.write(1, 0, &[1]);
    world.write(1, 8, &[2]);
    world.write(1, 0, &[3]);
    mirror::swap(&mut world.ios, pair).expect("a duplex pair");
    assert_eq!(world.the_state(), PairState::Duplex);
    // The write that waited for the old primary went to the new one.
    world.end(1, first, Ending::Complete);
    for number in [2, 1, 2, 1, 2, 1] {
        while let Some(held) = world.started(number).first().copied() {
            world.end(number, held.id, Ending::Complete);
        }
    }
    let mut statuses = world.statuses();
    statuses.sort_unstable_by_key(|(token, _)| *token);
    assert_eq!(statuses, [1, 2, 3].map(|token| (token, Status::Complete)), "{}", world.trace());
    world.assert_legs_equal(1, 2);
    assert_eq!((world.disk(1).sectors()[0], world.disk(1).sectors()[8]), (3, 2));
    assert_eq!(world.ios.anchor.pair(pair).expect("it").changed_blocks(), 0);
    world.assert_over();
}

#[test]
fn the_secondary_is_behind_and_cannot_be_the_primary() {
    let mut world = World::pair();
    let pair = the_pair(&world);
    mirror::suspend(&mut world.ios, pair).expect("a duplex pair");
    assert_eq!(mirror::swap(&mut world.ios, pair), Err(ChangeError::SecondaryBehind));
    mirror::resume(&mut world.ios, pair, mirror::Resync::Changed).expect("a suspended pair");
    assert_eq!(mirror::swap(&mut world.ios, pair), Err(ChangeError::SecondaryBehind));
    world.drive_copiers();
    world.end_the_started(2, Ending::Complete);
    world.drive_copiers();
    assert_eq!(mirror::swap(&mut world.ios, pair), Ok(()));
    world.assert_over();
}

#[test]
fn nothing_is_written_to_one_disk_alone_if_the_policy_forbids_it() {
    let mut world = World::with_slots(&[4, 4]);
    let policy = Policy { on_secondary_error: mirror::OnSecondaryError::Fail, ..Policy::default() };
    let pair = world.establish_with(policy);
    world.write(1, 0, &[1]);
    world.end_the_started(1, Ending::Complete);
    world.end_the_started(2, Ending::Failed { sectors_done: 0 });
    assert_eq!(world.statuses(), [(1, Status::DeviceError)]);
    world.assert_suspended(Leg::Secondary, Status::DeviceError);
    let starts = world.disk(1).starts();
    world.write(1, 8, &[2]);
    assert_eq!(world.statuses(), [(2, Status::Rejected)]);
    assert_eq!(world.disk(1).starts(), starts);
    // The operator's own suspension is his will.
    mirror::resume(&mut world.ios, pair, mirror::Resync::Changed).expect("a suspended pair");
    mirror::suspend(&mut world.ios, pair).expect("a copying pair");
    world.write(1, 8, &[3]);
    world.end_the_started(1, Ending::Complete);
    assert_eq!(world.statuses(), [(3, Status::Complete)]);
    world.assert_over();
}
