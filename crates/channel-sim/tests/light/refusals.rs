//! A first request that its device does not accept starts no second one.

use crate::world::{SOON, World};
use channel_sim::light::Ending;
use ios::{StartCc, Status};
use mirror::{Leg, PairState};

#[test]
fn no_second_is_started_for_a_first_that_was_not_accepted() {
    for cc in [StartCc::Busy, StartCc::StatusPending, StartCc::NotOperational] {
        let mut world = World::pair_that_keeps_its_primary();
        world.disk(1).refuse_start(cc);
        world.write(1, 0, &[1]);
        assert_eq!(world.disk(1).starts(), 0, "{cc}");
        assert_eq!(world.disk(2).starts(), 0, "{cc}: {}", world.trace());
        assert!(world.disk(2).requests().is_empty(), "{cc}");
        assert_eq!(world.trace().count("BACK-END request=1 decision=first-not-accepted"), 1);
        assert_eq!(world.trace().count("DDTSIO request=2"), 0, "{cc}: {}", world.trace());
    }
}

#[test]
fn a_first_accepted_after_refusals_has_one_second() {
    for cc in [StartCc::Busy, StartCc::StatusPending] {
        for refusals in 1..4 {
            let mut world = World::pair();
            for _ in 0..refusals {
                world.disk(1).refuse_start(cc);
            }
            world.write(1, 0, &[1]);
            // Nothing else is under way that could end: the supervisor itself tries again.
            for _ in 0..refusals {
                assert_eq!(world.disk(2).starts(), 0);
                world.pass(SOON);
            }
            assert_eq!((world.disk(1).starts(), world.disk(2).starts()), (1, 1));
            world.end_the_started(1, Ending::Complete);
            world.end_the_started(2, Ending::Complete);
            assert_eq!(world.statuses(), [(1, Status::Complete)]);
            assert_eq!(world.the_state(), PairState::Duplex);
            assert_eq!(world.trace().count("FRONT-END request=1"), refusals + 1);
            assert_eq!(world.trace().count("IOSVCP request=2"), 1);
            world.assert_legs_equal(1, 2);
            world.assert_over();
        }
    }
}

#[test]
fn a_refused_first_is_started_when_another_ends() {
    let mut world = World::pair();
    world.write(1, 0, &[1]);
    world.disk(1).refuse_start(StartCc::Busy);
    world.write(1, 8, &[2]);
    assert_eq!((world.disk(1).starts(), world.disk(2).starts()), (1, 1));
    world.end_the_started(1, Ending::Complete);
    assert_eq!((world.disk(1).starts(), world.disk(2).starts()), (2, 2));
    world.end_the_started(1, Ending::Complete);
    while let Some(second) = world.started(2).first().copied() {
        world.end(2, second.id, Ending::Complete);
    }
    assert_eq!(world.statuses(), [(1, Status::Complete), (2, Status::Complete)]);
    world.assert_legs_equal(1, 2);
    world.assert_over();
}

#[test]
fn a_new_request_goes_behind_those_that_wait() {
    // The device has free slots again, but nothing has told of it.
    let mut world = World::with_slots(&[4]);
    world.write(1, 0, &[1]);
    world.disk(1).refuse_start(StartCc::Busy);
    world.write(1, 8, &[2]);
    world.write(1, 16, &[3]);
    assert_eq!(world.disk(1).starts(), 1);
    world.end_the_started(1, Ending::Complete);
    world.trace().assert_order(&["IOSVCP request=2 cc=0", "IOSVCP request=3 cc=0"]);
    world.end_the_started_any(1);
    world.end_the_started_any(1);
    assert_eq!(world.statuses(), [1, 2, 3].map(|token| (token, Status::Complete)));
    world.assert_over();
}

#[test]
fn a_first_refused_for_good_is_posted_and_its_data_given_back() {
    let mut world = World::pair_that_keeps_its_primary();
    world.disk(1).refuse_start(StartCc::NotOperational);
    world.write(1, 0, &[1]);
    assert_eq!(world.statuses(), [(1, Status::NotOperational)]);
    world.assert_suspended(Leg::Primary, Status::NotOperational);
    world.assert_over();
}

#[test]
fn a_process_has_no_data_back_that_a_device_has_in_a_slot() {
    // With no mirror at all.
    let mut world = World::with_slots(&[4]);
    world.disk(1).refuse_start(StartCc::NotOperational);
    world.write(1, 0, &[1]);
    assert_eq!(world.statuses(), [(1, Status::NotOperational)]);
    world.assert_over();
}

#[test]
fn a_full_primary_takes_its_requests_one_after_the_other() {
    let mut world = World::with_slots(&[1, 4]);
    world.establish(1, 2);
    for token in 0..3 {
        world.write(1, token * 8, &[u32::try_from(token).expect("small") + 1]);
    }
    // Those that wait have not been to the secondary.
    assert_eq!((world.disk(1).starts(), world.disk(2).starts()), (1, 1));
    for started in 1..=3 {
        assert_eq!((world.disk(1).starts(), world.disk(2).starts()), (started, started));
        world.end_the_started(2, Ending::Complete);
        world.end_the_started(1, Ending::Complete);
    }
    let complete = [1, 2, 3].map(|token| (token, Status::Complete));
    assert_eq!(world.statuses(), complete);
    world.assert_legs_equal(1, 2);
    world.assert_over();
}
