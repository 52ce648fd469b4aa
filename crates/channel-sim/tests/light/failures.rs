//! A leg fails: the pair is suspended first, then the write is posted; later writes go to the primary.

use crate::world::World;
use channel_sim::light::{AtClear, Ending};
use ios::{Extent, Operation, StartCc, Status, UcbState};
use mirror::{Leg, PairEvent, PairState};

/// A write after the suspension goes to the primary alone.
fn assert_primary_alone(world: &mut World) {
    let starts = world.disk(2).starts();
    let requests = world.disk(2).requests().to_vec();
    world.write(1, 40, &[77]);
    world.end_the_started(1, Ending::Complete);
    let posted = world.finished();
    assert_eq!(posted.len(), 1, "{posted:?}");
    assert_eq!(posted[0].status, Status::Complete);
    assert_eq!(world.disk(1).sectors()[40], 77);
    assert_eq!(world.disk(2).sectors()[40], 0);
    assert_eq!(world.disk(2).starts(), starts);
    assert_eq!(world.disk(2).requests(), requests);
}

#[test]
fn the_secondary_fails_before_the_first_ends() {
    for ending in [Ending::Failed { sectors_done: 1 }, Ending::Unsupported] {
        let mut world = World::pair();
        world.write(1, 0, &[1, 2]);
        world.end_the_started(2, ending);
        assert!(matches!(world.the_state(), PairState::Suspended(_)), "not suspended at once");
        assert_eq!(world.statuses(), []);
        world.end_the_started(1, Ending::Complete);
        assert_eq!(world.statuses(), [(1, Status::Complete)]);
        assert_primary_alone(&mut world);
        world.assert_over();
    }
}

#[test]
fn the_secondary_fails_after_the_first_ended() {
    let mut world = World::pair();
    world.write(1, 0, &[1, 2]);
    world.end_the_started(1, Ending::Complete);
    assert_eq!(world.statuses(), []);
    world.end_the_started(2, Ending::Failed { sectors_done: 0 });
    assert_eq!(world.statuses(), [(1, Status::Complete)]);
    world.assert_suspended(Leg::Secondary, Status::DeviceError);
    assert!(matches!(world.ios.anchor.take_event(), Some(PairEvent::Established(_))));
    let Some(PairEvent::Suspended(_, reason)) = world.ios.anchor.take_event() else {
        panic!("the operator was told nothing");
    };
    assert_eq!(
        reason.to_string(),
        "secondary: write of 2 sectors at sector 0 ended in device-error"
    );
    assert_eq!(world.ios.anchor.take_event(), None);
    assert_eq!(world.ios.anchor.statistics().mirrored_writes, 0);
    assert_primary_alone(&mut world);
    world.assert_over();
}

#[test]
fn the_secondary_is_not_operational_when_the_second_starts() {
    let mut world = World::pair();
    world.disk(2).refuse_start(StartCc::NotOperational);
    world.write(1, 0, &[1]);
    world.assert_suspended(Leg::Secondary, Status::NotOperational);
    assert_eq!(world.statuses(), []);
    world.end_the_started(1, Ending::Complete);
    assert_eq!(world.statuses(), [(1, Status::Complete)]);
    // Once it was not operational it is not tried again.
    let device = world.device(2);
    assert_eq!(world.ios.ucb(device).expect("it").state(), UcbState::NotOperational);
    assert_primary_alone(&mut world);
    world.assert_over();
}

#[test]
fn the_secondary_refuses_for_good_with_another_second_under_way() {
    // However the second of the later write came to be started: at once, or from the queue.
    for slots in [4, 1] {
        let mut world = World::with_slots(&[4, slots]);
        world.establish(1, 2);
        world.write(1, 0, &[1]);
        world.disk(2).refuse_start(StartCc::NotOperational);
        world.write(1, 8, &[2]);
        world.write(1, 16, &[3]);
        if slots == 1 {
            world.end_the_started(2, Ending::Complete);
        }
        world.assert_suspended(Leg::Secondary, Status::NotOperational);
        while let Some(held) = world.started(1).first().copied() {
            world.end(1, held.id, Ending::Complete);
        }
        let complete = [1, 2, 3].map(|token| (token, Status::Complete));
        assert_eq!(world.statuses(), complete);
        assert_primary_alone(&mut world);
        world.assert_over();
    }
}

#[test]
fn the_primary_refuses_for_good_with_other_writes_under_way() {
    for slots in [4, 1] {
        let mut world = World::with_slots(&[slots, 4]);
        world.establish_with(World::KEEP_THE_PRIMARY);
        world.write(1, 0, &[1]);
        world.disk(1).refuse_start(StartCc::NotOperational);
        world.write(1, 8, &[2]);
        world.write(1, 0, &[3]);
        if slots == 1 {
            world.end_the_started(1, Ending::Complete);
        }
        world.end_the_started(2, Ending::Complete);
        let mut statuses = world.statuses();
        statuses.sort_unstable_by_key(|(token, _)| *token);
        let first = if slots == 1 { Status::Complete } else { Status::NotOperational };
        let expected = [(1, first), (2, Status::NotOperational), (3, Status::NotOperational)];
        assert_eq!(statuses, expected, "{}", world.trace());
        world.assert_suspended(Leg::Primary, Status::NotOperational);
        assert_eq!(world.disk(2).starts(), 1);
        world.assert_over();
    }
}

#[test]
fn the_secondary_is_gone() {
    let mut world = World::pair();
    world.write(1, 0, &[1]);
    let secondary = world.index(2);
    world.ios.machine.detach(secondary);
    let _ = world.ios.wait(None);
    world.assert_suspended(Leg::Secondary, Status::NotOperational);
    assert_eq!(world.statuses(), []);
    world.end_the_started(1, Ending::Complete);
    assert_eq!(world.statuses(), [(1, Status::Complete)]);
    assert_primary_alone(&mut world);
    world.assert_over();
}

#[test]
fn the_secondary_is_gone_before_the_write_and_nobody_has_noticed() {
    let mut world = World::pair();
    let secondary = world.index(2);
    world.ios.machine.detach(secondary);
    world.write(1, 0, &[1]);
    world.assert_suspended(Leg::Secondary, Status::NotOperational);
    world.end_the_started(1, Ending::Complete);
    assert_eq!(world.statuses(), [(1, Status::Complete)]);
    assert_primary_alone(&mut world);
    world.assert_over();
}

#[test]
fn the_secondary_says_what_cannot_be_true() {
    let mut world = World::pair();
    world.write(1, 0, &[1]);
    world.disk(2).lie("used index", 9);
    let secondary = world.index(2);
    world.ios.machine.interrupt(secondary);
    let _ = world.ios.wait(None);
    world.assert_suspended(Leg::Secondary, Status::ProtocolError);
    world.end_the_started(1, Ending::Complete);
    assert_eq!(world.statuses(), [(1, Status::Complete)]);
    assert_primary_alone(&mut world);
    world.assert_over();
}

#[test]
fn the_primary_fails_before_and_after_the_second_ends() {
    for legs in [[1, 2], [2, 1]] {
        let mut world = World::pair_that_keeps_its_primary();
        world.write(1, 0, &[1, 2]);
        for number in legs {
            assert_eq!(world.statuses(), []);
            let failed = Ending::Failed { sectors_done: 0 };
            let ending = if number == 1 { failed } else { Ending::Complete };
            world.end_the_started(number, ending);
        }
        assert_eq!(world.statuses(), [(1, Status::DeviceError)]);
        world.assert_suspended(Leg::Primary, Status::DeviceError);
        world.assert_over();
    }
}

#[test]
fn the_primary_fails_while_the_second_is_only_scheduled() {
    let mut world = World::pair_that_keeps_its_primary();
    let secondary = world.device(2);
    world.ios.quiesce(secondary);
    world.write(1, 0, &[1, 2]);
    world.end_the_started(1, Ending::Failed { sectors_done: 1 });
    assert_eq!(world.statuses(), [(1, Status::DeviceError)]);
    world.assert_suspended(Leg::Primary, Status::DeviceError);
    world.ios.unquiesce(secondary);
    assert_eq!(world.disk(2).starts(), 0, "a write that failed was begun on the secondary");
    world.assert_over();
}

#[test]
fn both_legs_fail() {
    for legs in [[1, 2], [2, 1]] {
        let mut world = World::pair();
        world.write(1, 0, &[1, 2]);
        for number in legs {
            world.end_the_started(number, Ending::Failed { sectors_done: 0 });
        }
        assert_eq!(world.statuses(), [(1, Status::DeviceError)]);
        assert!(matches!(world.the_state(), PairState::Suspended(_)));
        world.assert_over();
    }
}

#[test]
fn the_primary_is_gone_with_writes_in_flight_and_waiting() {
    let mut world = World::with_slots(&[2, 4]);
    world.establish_with(World::KEEP_THE_PRIMARY);
    for sector in 0..4 {
        world.write(1, sector * 8, &[1]);
    }
    let primary = world.index(1);
    world.ios.machine.detach(primary);
    let _ = world.ios.wait(None);
    // The secondary still has two.
    assert_eq!(world.started(2).len(), 2);
    let waiting = [3, 4].map(|token| (token, Status::NotOperational));
    assert_eq!(world.statuses(), waiting);
    while let Some(held) = world.started(2).first().copied() {
        world.end(2, held.id, Ending::Complete);
    }
    let in_flight = [1, 2].map(|token| (token, Status::NotOperational));
    assert_eq!(world.statuses(), in_flight);
    assert_eq!(world.disk(2).starts(), 2, "{}", world.trace());
    world.assert_suspended(Leg::Primary, Status::NotOperational);
    world.assert_over();
}

#[test]
fn a_device_that_was_found_broken_is_started_no_more() {
    let mut world = World::with_slots(&[1]);
    world.write(1, 0, &[1]);
    // One waits for the slot that the clear sets free.
    world.write(1, 8, &[1]);
    world.disk(1).lie("used index", 9);
    let disk = world.index(1);
    world.ios.machine.interrupt(disk);
    let _ = world.ios.wait(None);
    assert_eq!(world.disk(1).starts(), 1, "{}", world.trace());
    world.pass(crate::world::LIMIT);
    let mut statuses = world.statuses();
    statuses.sort_unstable_by_key(|(token, _)| *token);
    assert_eq!(statuses[0], (1, Status::ProtocolError));
    assert_eq!(statuses[1].0, 2);
    assert_ne!(statuses[1].1, Status::Complete);
    world.assert_over();
}

#[test]
fn a_mirrored_write_held_for_overlap_is_not_started_on_a_broken_primary() {
    let mut world = World::pair_that_keeps_its_primary();
    world.write(1, 0, &[1]);
    world.write(1, 0, &[2]);
    world.end_the_started(2, Ending::Complete);
    world.disk(1).lie("used index", 9);
    let disk = world.index(1);
    world.ios.machine.interrupt(disk);
    let _ = world.ios.wait(None);
    assert_eq!(world.disk(1).starts(), 1, "{}", world.trace());
    let expected = [(1, Status::ProtocolError), (2, Status::NotOperational)];
    assert_eq!(world.statuses(), expected);
    world.assert_over();
}

#[test]
fn what_is_not_on_the_secondary_when_the_pair_is_suspended_stays_away_from_it() {
    // The secondary has one slot: the second requests of the later writes wait for it.
    let mut world = World::with_slots(&[4, 1]);
    world.establish(1, 2);
    for sector in 0..3 {
        world.write(1, sector * 8, &[1]);
    }
    world.end_the_started(2, Ending::Failed { sectors_done: 0 });
    world.assert_suspended(Leg::Secondary, Status::DeviceError);
    while let Some(held) = world.started(1).first().copied() {
        world.end(1, held.id, Ending::Complete);
    }
    assert_eq!(world.disk(2).starts(), 1, "{}", world.trace());
    let complete = [1, 2, 3].map(|token| (token, Status::Complete));
    assert_eq!(world.statuses(), complete);
    world.assert_over();
}

#[test]
fn a_first_that_waits_while_the_pair_is_suspended_goes_to_the_primary_alone() {
    let mut world = World::pair();
    world.write(1, 0, &[1]);
    // Its second request has been created by now.
    world.disk(1).refuse_start(StartCc::Busy);
    world.write(1, 8, &[2]);
    world.end_the_started(2, Ending::Failed { sectors_done: 0 });
    world.assert_suspended(Leg::Secondary, Status::DeviceError);
    world.end_the_started(1, Ending::Complete);
    world.end_the_started(1, Ending::Complete);
    assert_eq!(world.disk(2).starts(), 1, "{}", world.trace());
    assert_eq!(world.statuses(), [(1, Status::Complete), (2, Status::Complete)]);
    world.assert_over();
}

#[test]
fn a_write_that_never_began_leaves_the_pair_as_it_was() {
    // Busy for longer than a request may take: neither leg was touched, both hold the same.
    let mut world = World::pair();
    let primary = world.device(1);
    world.ios.quiesce(primary);
    world.write(1, 0, &[1]);
    world.pass(crate::world::LIMIT);
    assert_eq!(world.statuses(), [(1, Status::TimedOut)]);
    assert_eq!((world.disk(1).starts(), world.disk(2).starts()), (0, 0));
    assert_eq!(world.the_state(), PairState::Duplex);
    world.assert_over();
}

#[test]
fn a_leg_that_does_not_know_flush_needs_none() {
    let with_flush = World::pair().disk(1).characteristics();
    let without = ios::Characteristics { flush: false, ..with_flush };
    let disks = [(with_flush, without), (without, with_flush)];
    for (first, second) in disks {
        let disk = |limits| channel_sim::light::Disk::with_characteristics(limits, 4);
        let mut world = World::with_disks(vec![disk(first), disk(second)]);
        world.establish(1, 2);
        let limits = *world.ios.ucb(world.device(1)).expect("the primary").limits();
        assert!(limits.flush, "one of the legs needs it");
        world.ask(1, Operation::Flush, None);
        for number in [1, 2] {
            while let Some(held) = world.started(number).first().copied() {
                world.end(number, held.id, Ending::Complete);
            }
        }
        assert_eq!(world.statuses(), [(1, Status::Complete)], "{}", world.trace());
        assert_eq!(world.the_state(), PairState::Duplex, "{}", world.trace());
        world.assert_over();
    }
}

#[test]
fn both_legs_go_in_one_stroke_and_the_trace_says_so_in_order() {
    // The end of one second suspends the pair; that lets a held write go; and that finds the primary
    // gone, whose clear ends the first request of the very second that all began with.
    let mut world = World::with_slots(&[4, 1]);
    world.establish_with(World::KEEP_THE_PRIMARY);
    world.write(1, 0, &[1]);
    let first = world.write(1, 8, &[2]);
    world.write(1, 8, &[3]);
    world.end(1, first, Ending::Complete);
    world.disk(1).refuse_start(StartCc::NotOperational);
    world.disk(2).lie("used index", 9);
    let secondary = world.index(2);
    world.ios.machine.interrupt(secondary);
    let _ = world.ios.wait(None);
    let mut statuses = world.statuses();
    statuses.sort_unstable_by_key(|(token, _)| *token);
    let expected =
        [(1, Status::NotOperational), (2, Status::Complete), (3, Status::NotOperational)];
    assert_eq!(statuses, expected);
    world.assert_over();
}

#[test]
fn the_secondary_cannot_be_cleared() {
    for at_clear in [AtClear::FailsReleased, AtClear::FailsLost] {
        let mut world = World::pair();
        world.disk(2).set_at_clear(at_clear);
        world.write(1, 0, &[1]);
        let second = world.the_started(2);
        world.end_the_started(1, Ending::Complete);
        world.pass(crate::world::LIMIT);
        world.assert_suspended(Leg::Secondary, Status::TimedOut);
        let posted = world.finished();
        assert_eq!((posted.len(), posted[0].status), (1, Status::Complete));
        // A disk that goes on with the request must find its data in place.
        assert_eq!(posted[0].data.is_none(), at_clear == AtClear::FailsLost);
        if at_clear == AtClear::FailsLost {
            world.end(2, second, Ending::Complete);
            assert_eq!(world.disk(2).sectors()[0], 1);
        }
        assert_eq!(world.statuses(), []);
        assert_eq!(world.disk(1).sectors()[Extent::new(0, 1).first.0 as usize], 1);
        world.ios.machine.assert_clean();
        assert!(world.ios.idle());
    }
}
