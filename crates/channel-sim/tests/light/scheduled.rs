//! A second request whose start is not permissible is scheduled, and started once when it is.

use crate::world::{SOON, World};
use channel_sim::light::Ending;
use ios::{StartCc, Status};
use mirror::PairState;

/// Lets the only request on the primary end, then the secondary's, oldest first, until none is left.
fn finish(world: &mut World) {
    for number in [1, 2, 1, 2] {
        while let Some(held) = world.started(number).first().copied() {
            world.end(number, held.id, Ending::Complete);
        }
    }
}

fn assert_all_mirrored(world: &mut World, count: u64) {
    let mut statuses = world.statuses();
    statuses.sort_unstable_by_key(|(token, _)| *token);
    let expected: Vec<_> = (1..=count).map(|token| (token, Status::Complete)).collect();
    assert_eq!(statuses, expected, "{}", world.trace());
    assert_eq!(world.the_state(), PairState::Duplex);
    assert_eq!(u64::from(world.disk(2).starts()), count, "{}", world.trace());
    assert_eq!(world.ios.anchor.statistics().mirrored_writes, count);
    world.assert_legs_equal(1, 2);
    world.assert_over();
}

#[test]
fn no_free_slot_on_the_secondary() {
    let mut world = World::with_slots(&[4, 1]);
    world.establish(1, 2);
    for sector in 0..4 {
        world.write(1, u64::from(sector) * 8, &[sector + 1]);
    }
    assert_eq!(world.started(1).len(), 4);
    assert_eq!(world.started(2).len(), 1);
    assert_eq!(world.ios.anchor.statistics().deferred_starts, 3);
    world.trace().assert_order(&[
        "BACK-END request=3 decision=schedule-second second=4 reason=no-free-slot",
        "BACK-END request=5 decision=schedule-second second=6 reason=queue-not-empty",
        "BACK-END request=7 decision=schedule-second second=8 reason=queue-not-empty",
    ]);

    // Those before it end; nothing is posted whose second waits.
    while let Some(held) = world.started(1).first().copied() {
        world.end(1, held.id, Ending::Complete);
    }
    assert_eq!(world.statuses(), []);
    // The order is kept: each starts when the one before it ends.
    for request in [2, 4, 6, 8] {
        let pattern = format!("IOSVCP request={request} device=0.0.0002 cc=0");
        assert_eq!(world.trace().count(&pattern), 1, "{}", world.trace());
        world.end_the_started(2, Ending::Complete);
    }
    assert_eq!(world.ios.anchor.statistics().deferred_starts, 3);
    assert_all_mirrored(&mut world, 4);
}

#[test]
fn the_secondary_is_quiesced() {
    let mut world = World::pair();
    let secondary = world.device(2);
    world.ios.quiesce(secondary);
    for sector in 0..3 {
        world.write(1, u64::from(sector) * 8, &[sector + 1]);
    }
    assert_eq!(world.disk(2).starts(), 0);
    assert_eq!(world.trace().count("BACK-END reason=quiesced"), 3, "{}", world.trace());
    assert_eq!(world.ios.anchor.statistics().deferred_starts, 3);
    while let Some(held) = world.started(1).first().copied() {
        world.end(1, held.id, Ending::Complete);
    }
    assert_eq!(world.statuses(), []);
    world.ios.unquiesce(secondary);
    world.trace().assert_order(&[
        "IOSVCP request=2 device=0.0.0002 cc=0",
        "IOSVCP request=4 device=0.0.0002 cc=0",
        "IOSVCP request=6 device=0.0.0002 cc=0",
    ]);
    finish(&mut world);
    assert_all_mirrored(&mut world, 3);
}

#[test]
fn the_secondary_refuses_and_accepts_later() {
    for cc in [StartCc::Busy, StartCc::StatusPending] {
        for refusals in 1..4 {
            let mut world = World::pair();
            for _ in 0..refusals {
                world.disk(2).refuse_start(cc);
            }
            world.write(1, 0, &[1]);
            // Behind the one that was refused, with slots free.
            world.write(1, 8, &[2]);
            assert_eq!(world.disk(2).starts(), 0);
            assert_eq!(world.disk(1).starts(), 2);
            assert_eq!(world.trace().count("BACK-END decision=second-not-accepted"), 1);
            for _ in 0..refusals {
                assert_eq!(world.disk(2).starts(), 0);
                world.pass(SOON);
            }
            assert_eq!(world.disk(2).starts(), 2, "{cc}: {}", world.trace());
            let order =
                ["IOSVCP request=2 device=0.0.0002 cc=0", "IOSVCP request=4 device=0.0.0002 cc=0"];
            world.trace().assert_order(&order);
            assert_eq!(world.ios.anchor.statistics().deferred_starts, 2);
            finish(&mut world);
            assert_all_mirrored(&mut world, 2);
        }
    }
}

#[test]
fn a_second_goes_behind_reads_that_wait_on_the_secondary() {
    let mut world = World::with_slots(&[4, 1]);
    world.establish(1, 2);
    world.read(2, 0, 1);
    world.read(2, 1, 1);
    world.write(1, 8, &[3]);
    assert_eq!(world.trace().count("BACK-END decision=schedule-second reason=queue-not-empty"), 1);
    world.end_the_started(1, Ending::Complete);
    for _ in 0..3 {
        world.end_the_started(2, Ending::Complete);
    }
    let complete = [1, 2, 3].map(|token| (token, Status::Complete));
    assert_eq!(world.statuses(), complete);
    assert_eq!(world.ios.anchor.statistics().deferred_starts, 1);
    world.assert_legs_equal(1, 2);
    world.assert_over();
}
