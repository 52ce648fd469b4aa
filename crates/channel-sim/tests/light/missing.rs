//! Lost interruptions, requests that never end, and the time that each may take.

use crate::world::{LIMIT, World};
use channel_io::{Microseconds, WaitPoint};
use channel_sim::light::{AtClear, Ending, Telling};
use ios::{StartCc, Status, Waited};
use mirror::{Leg, PairState};

/// A limit and a quarter: within this time a request ends.
const IN_TIME: Microseconds = Microseconds(LIMIT.0 + LIMIT.0 / 4);

#[test]
fn an_end_whose_interruption_was_lost_is_found() {
    let mut world = World::with_slots(&[4]);
    let id = world.write(1, 0, &[1]);
    let disk = world.index(1);
    world.ios.machine.end(disk, id, Ending::Complete, Telling::Nothing);
    world.pass(IN_TIME);
    assert_eq!(world.statuses(), [(1, Status::Complete)]);
    let statistics = *world.ios.statistics();
    assert_eq!((statistics.lost_interruptions, statistics.clears), (1, 0));
    assert_eq!(world.trace().count("MISSING-INTERRUPTION found=1 next=none"), 1);
    world.assert_over();
}

#[test]
fn a_lost_interruption_on_either_leg_loses_nothing() {
    for number in [1, 2] {
        let mut world = World::pair();
        world.write(1, 0, &[1]);
        let (disk, id) = (world.index(number), world.the_started(number));
        world.ios.machine.end(disk, id, Ending::Complete, Telling::Nothing);
        world.end_the_started(3 - number, Ending::Complete);
        assert_eq!(world.statuses(), []);
        world.pass(IN_TIME);
        assert_eq!(world.statuses(), [(1, Status::Complete)]);
        assert_eq!(world.the_state(), PairState::Duplex);
        world.assert_legs_equal(1, 2);
        world.assert_over();
    }
}

#[test]
fn the_interruption_of_one_tells_of_all_that_have_ended() {
    let mut world = World::with_slots(&[4]);
    let disk = world.index(1);
    let lost = world.write(1, 0, &[1]);
    let told = world.write(1, 8, &[2]);
    world.ios.machine.end(disk, lost, Ending::Complete, Telling::Nothing);
    world.end(1, told, Ending::Complete);
    assert_eq!(world.statuses(), [(1, Status::Complete), (2, Status::Complete)]);
    assert_eq!(world.ios.statistics().lost_interruptions, 0);
    world.assert_over();
}

#[test]
fn a_spurious_interruption_does_no_harm() {
    let mut world = World::pair();
    world.write(1, 0, &[1]);
    for number in [1, 2, 1] {
        let disk = world.index(number);
        world.ios.machine.interrupt(disk);
        assert_eq!(world.ios.wait(None), Waited::Interruption);
    }
    assert_eq!(world.statuses(), []);
    world.end_the_started(2, Ending::Complete);
    world.end_the_started(1, Ending::Complete);
    assert_eq!(world.statuses(), [(1, Status::Complete)]);
    world.assert_over();
}

#[test]
fn a_request_that_never_ends_is_ended_in_time() {
    for at_clear in [AtClear::Dropped, AtClear::Done, AtClear::FailsReleased] {
        let mut world = World::with_slots(&[4]);
        world.disk(1).set_at_clear(at_clear);
        world.write(1, 0, &[1]);
        world.pass(Microseconds(LIMIT.0 - 1));
        assert_eq!(world.statuses(), []);
        world.pass(Microseconds(LIMIT.0 / 4 + 1));
        assert_eq!(world.statuses(), [(1, Status::TimedOut)]);
        let statistics = *world.ios.statistics();
        assert_eq!((statistics.timeouts, statistics.clears), (1, 1));
        world.assert_over();
    }
}

#[test]
fn the_device_is_used_again_after_a_clear() {
    let mut world = World::with_slots(&[2]);
    for sector in 0..3 {
        world.write(1, sector * 8, &[1]);
    }
    world.pass(IN_TIME);
    // The third waited for a slot: it is started on the device that was cleared, or ran out of time.
    for held in world.started(1) {
        world.end(1, held.id, Ending::Complete);
    }
    world.write(1, 32, &[4]);
    world.end_the_started(1, Ending::Complete);
    let statuses = world.statuses();
    assert_eq!(statuses.len(), 4, "{}", world.trace());
    assert!(statuses.contains(&(1, Status::TimedOut)) && statuses.contains(&(4, Status::Complete)));
    world.assert_over();
}

#[test]
fn the_secondary_never_answers() {
    let mut world = World::pair();
    world.write(1, 0, &[1]);
    world.end_the_started(1, Ending::Complete);
    world.pass(IN_TIME);
    assert_eq!(world.statuses(), [(1, Status::Complete)]);
    world.assert_suspended(Leg::Secondary, Status::TimedOut);
    let position = |pattern: &str| world.trace().only(pattern);
    assert!(position("CLEAR device=0.0.0002") < position("POST request=1"));
    // Later writes are not delayed by it.
    let before = world.ios.machine.now();
    world.write(1, 8, &[2]);
    world.end_the_started(1, Ending::Complete);
    assert_eq!(world.statuses(), [(2, Status::Complete)]);
    assert_eq!(world.ios.machine.now(), before);
    assert_eq!(world.disk(2).starts(), 1);
    world.assert_over();
}

#[test]
fn the_primary_never_answers() {
    let mut world = World::pair_that_keeps_its_primary();
    world.write(1, 0, &[1]);
    world.end_the_started(2, Ending::Complete);
    world.pass(IN_TIME);
    assert_eq!(world.statuses(), [(1, Status::TimedOut)]);
    world.assert_suspended(Leg::Primary, Status::TimedOut);
    world.assert_over();
}

#[test]
fn neither_leg_answers() {
    let mut world = World::pair();
    for sector in 0..4 {
        world.write(1, sector * 8, &[1]);
    }
    world.pass(IN_TIME);
    let timed_out = [1, 2, 3, 4].map(|token| (token, Status::TimedOut));
    let mut statuses = world.statuses();
    statuses.sort_unstable_by_key(|(token, _)| *token);
    assert_eq!(statuses, timed_out);
    assert!(matches!(world.the_state(), PairState::Suspended(_)));
    world.assert_over();
}

#[test]
fn a_request_that_waits_on_a_queue_runs_out_of_time() {
    let mut world = World::with_slots(&[4]);
    let device = world.device(1);
    world.ios.quiesce(device);
    world.write(1, 0, &[1]);
    world.pass(Microseconds(LIMIT.0 - 1));
    assert_eq!(world.statuses(), []);
    world.pass(Microseconds(LIMIT.0 / 4 + 1));
    assert_eq!(world.statuses(), [(1, Status::TimedOut)]);
    assert_eq!(world.disk(1).starts(), 0);
    world.ios.unquiesce(device);
    assert_eq!(world.disk(1).starts(), 0, "started after its post");
    world.assert_over();
}

#[test]
fn a_second_that_waits_on_a_queue_runs_out_of_time() {
    let mut world = World::pair();
    let secondary = world.device(2);
    world.ios.quiesce(secondary);
    world.write(1, 0, &[1]);
    world.end_the_started(1, Ending::Complete);
    world.pass(IN_TIME);
    assert_eq!(world.statuses(), [(1, Status::Complete)]);
    world.assert_suspended(Leg::Secondary, Status::TimedOut);
    world.ios.unquiesce(secondary);
    assert_eq!(world.disk(2).starts(), 0, "started after the suspension");
    world.assert_over();
}

#[test]
fn a_primary_that_is_always_busy_runs_out_of_time() {
    let mut world = World::pair();
    for _ in 0..10_000 {
        world.disk(1).refuse_start(StartCc::Busy);
    }
    world.write(1, 0, &[1]);
    world.pass(IN_TIME);
    assert_eq!(world.statuses(), [(1, Status::TimedOut)]);
    assert_eq!(world.disk(2).starts(), 0);
    world.assert_over();
}

#[test]
fn a_wait_ends_at_the_time_that_was_asked_for_and_not_before() {
    let mut world = World::with_slots(&[4]);
    world.write(1, 0, &[1]);
    // Looks for missing interruptions fall into this time.
    let until = Microseconds(LIMIT.0 - 1);
    while world.ios.wait(Some(until)) != Waited::Timeout {
        assert!(world.ios.machine.now() < until);
    }
    assert_eq!(world.ios.machine.now(), until);
    world.end_the_started(1, Ending::Complete);
    assert_eq!(world.statuses(), [(1, Status::Complete)]);
    world.assert_over();
}
