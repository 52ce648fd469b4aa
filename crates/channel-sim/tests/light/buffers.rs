//! A request's data is the supervisor's until the post: no device has it then.

use crate::world::{LIMIT, World};
use channel_sim::light::{AtClear, Ending, Violation};
use ios::{StartCc, Status};

#[test]
fn the_memory_finds_data_out_that_is_given_back_too_early() {
    // What the tests below rely on: the same data taken back behind the supervisor's back.
    let mut world = World::with_slots(&[4]);
    let request = world.write(1, 0, &[1]);
    let mut other = World::with_slots(&[4]);
    let buffer = other.ios.machine.buffer(&[1]);
    let _ = world.ios.machine.take_back(buffer);
    world.end(1, request, Ending::Complete);
    let disk = world.index(1);
    let held = |violation: &Violation| match violation {
        Violation::GivenBackUnderDevice { disk: found, request: id, .. }
        | Violation::AccessAfterGivingBack { disk: found, request: id, .. } => {
            (*found, *id) == (disk, request)
        }
        Violation::StartedTwice { .. }
        | Violation::TakenBackAfterStart { .. }
        | Violation::Impossible { .. }
        | Violation::Instruction(_)
        | Violation::WaitedForEver => false,
    };
    let violations = world.ios.machine.violations();
    assert_eq!(violations.len(), 2, "{violations:?}");
    assert!(violations.iter().all(held), "{violations:?}");
}

#[test]
fn the_second_still_uses_the_data_of_a_first_that_has_failed() {
    let mut world = World::pair_that_keeps_its_primary();
    world.write(1, 0, &[1, 2]);
    world.end_the_started(1, Ending::Failed { sectors_done: 0 });
    assert_eq!(world.statuses(), []);
    world.end_the_started(2, Ending::Complete);
    assert_eq!(world.statuses(), [(1, Status::DeviceError)]);
    assert_eq!(world.disk(2).sectors()[..2], [1, 2]);
    world.assert_over();
}

#[test]
fn the_first_still_uses_its_data_when_the_secondary_is_cleared() {
    for at_clear in [AtClear::Dropped, AtClear::Done, AtClear::FailsReleased] {
        let mut world = World::pair();
        world.disk(2).set_at_clear(at_clear);
        let first = world.write(1, 0, &[1, 2]);
        world.disk(2).lie("used index", 3);
        let secondary = world.index(2);
        world.ios.machine.interrupt(secondary);
        let _ = world.ios.wait(None);
        assert_eq!(world.statuses(), []);
        world.end(1, first, Ending::Complete);
        assert_eq!(world.statuses(), [(1, Status::Complete)]);
        assert_eq!(world.disk(1).sectors()[..2], [1, 2]);
        world.assert_over();
    }
}

#[test]
fn a_read_brings_its_data() {
    let mut world = World::pair();
    world.write(1, 4, &[1, 2, 3]);
    world.end_the_started(1, Ending::Complete);
    world.end_the_started(2, Ending::Complete);
    for number in [1, 2] {
        world.read(number, 3, 5);
        world.end_the_started(number, Ending::Complete);
        let posted = world.finished();
        let last = posted.last().expect("the read is over");
        assert_eq!(last.data.as_deref(), Some([0, 1, 2, 3, 0].as_slice()));
    }
    world.assert_over();
}

#[test]
fn data_that_a_device_may_still_use_is_never_given_back() {
    // Not mirrored, a primary, and a secondary that can be cleared no more.
    for (mirrored, lost) in [(0, 1), (1, 1), (1, 2)] {
        let mut world = World::with_slots(&[4, 4]);
        if mirrored == 1 {
            world.establish(1, 2);
        }
        world.disk(lost).set_at_clear(AtClear::FailsLost);
        world.write(1, 0, &[1]);
        let id = world.the_started(lost);
        if mirrored == 1 {
            world.end_the_started(3 - lost, Ending::Complete);
        }
        world.pass(LIMIT);
        let posted = world.finished();
        assert_eq!(posted.len(), 1);
        assert_eq!(posted[0].data, None);
        world.end(lost, id, Ending::Complete);
        assert_eq!(world.disk(lost).sectors()[0], 1);
        world.ios.machine.assert_clean();
        assert!(world.ios.idle());
    }
}

#[test]
fn a_second_that_was_refused_for_good_has_the_data_no_more() {
    let mut world = World::pair();
    world.disk(2).refuse_start(StartCc::NotOperational);
    world.write(1, 0, &[1]);
    world.end_the_started(1, Ending::Complete);
    assert_eq!(world.statuses(), [(1, Status::Complete)]);
    world.assert_over();
}
