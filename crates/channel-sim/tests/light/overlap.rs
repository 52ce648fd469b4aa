//! Writes in flight that overlap go in one order, the same on both legs.
//!
//! Disks here end their requests in any order, each leg in its own.

use crate::world::World;
use channel_sim::light::Ending;
use ios::Status;
use mirror::PairState;
use proptest::prelude::*;

#[test]
fn the_later_of_two_waits_for_both_legs_of_the_earlier() {
    let mut world = World::pair();
    world.write(1, 0, &[1, 1, 1, 1]);
    world.write(1, 2, &[2, 2, 2, 2]);
    assert_eq!((world.disk(1).starts(), world.disk(2).starts()), (1, 1));
    assert_eq!(world.trace().count("FRONT-END decision=held-for-overlap behind=1"), 1);
    world.end_the_started(1, Ending::Complete);
    assert_eq!(world.disk(1).starts(), 1, "the secondary still has the earlier one");
    world.end_the_started(2, Ending::Complete);
    assert_eq!((world.disk(1).starts(), world.disk(2).starts()), (2, 2));
    world.end_the_started(2, Ending::Complete);
    world.end_the_started(1, Ending::Complete);
    assert_eq!(world.statuses(), [(1, Status::Complete), (2, Status::Complete)]);
    assert_eq!(world.disk(1).sectors()[..6], [1, 1, 2, 2, 2, 2]);
    assert_eq!(world.ios.anchor.statistics().overlaps_held, 1);
    world.assert_legs_equal(1, 2);
    world.assert_over();
}

#[test]
fn writes_apart_are_in_flight_together() {
    let mut world = World::pair();
    for sector in 0..4 {
        world.write(1, sector * 2, &[1, 1]);
    }
    assert_eq!((world.disk(1).starts(), world.disk(2).starts()), (4, 4));
    for number in [2, 1] {
        while let Some(held) = world.started(number).last().copied() {
            world.end(number, held.id, Ending::Complete);
        }
    }
    assert_eq!(world.statuses().len(), 4);
    world.assert_legs_equal(1, 2);
    world.assert_over();
}

#[test]
fn a_failed_write_lets_those_behind_it_go() {
    let mut world = World::pair();
    world.write(1, 0, &[1]);
    world.write(1, 0, &[2]);
    world.write(1, 0, &[3]);
    world.end_the_started(2, Ending::Failed { sectors_done: 0 });
    world.end_the_started(1, Ending::Complete);
    // The pair is suspended: the primary alone has the others.
    for _ in 0..2 {
        while let Some(held) = world.started(1).first().copied() {
            world.end(1, held.id, Ending::Complete);
        }
    }
    let complete = [1, 2, 3].map(|token| (token, Status::Complete));
    assert_eq!(world.statuses(), complete);
    assert_eq!((world.disk(1).sectors()[0], world.disk(2).starts()), (3, 1));
    world.assert_over();
}

/// The kernel's stack is small: what a long chain of writes needs of it must not grow with its length.
#[test]
fn a_long_chain_of_held_writes_ends_on_a_small_stack() {
    fn chain() {
        const LENGTH: u64 = 2_000;
        let mut world = World::pair();
        for _ in 0..LENGTH {
            world.write(1, 0, &[1]);
        }
        assert_eq!(world.disk(1).starts(), 1);
        for number in [1, 2] {
            let disk = world.index(number);
            world.ios.machine.detach(disk);
        }
        let _ = world.ios.wait(None);
        let expected: Vec<_> = (1..=LENGTH).map(|token| (token, Status::NotOperational)).collect();
        assert_eq!(world.statuses(), expected);
        world.assert_over();
    }
    let small = std::thread::Builder::new().stack_size(128 * 1024).spawn(chain);
    small.expect("a thread").join().expect("the chain ends");
}

/// A write or the end of a request.
#[derive(Clone, Copy, Debug)]
enum Step {
    Write { first: u8, sectors: u8 },
    End { number: u16, which: u8 },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0u8..12, 1u8..5).prop_map(|(first, sectors)| Step::Write { first, sectors }),
        (1u16..=2, any::<u8>()).prop_map(|(number, which)| Step::End { number, which }),
    ]
}

fn end_any(world: &mut World, number: u16, which: u8) {
    let started = world.started(number);
    if let Some(place) = usize::from(which).checked_rem(started.len()) {
        world.end(number, started[place].id, Ending::Complete);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    /// Whatever order each leg ends its requests in, the legs are equal when all is over, and each
    /// sector holds the last of the writes that were not in flight together, or one of those that were.
    #[test]
    fn the_legs_are_equal_whatever_the_order(
        steps in proptest::collection::vec(step(), 1..60),
        slots in (1u32..6, 1u32..6),
        last in any::<[u8; 16]>(),
    ) {
        let mut world = World::with_slots(&[slots.0, slots.1]);
        world.establish(1, 2);
        let mut value = 0;
        for step in steps {
            match step {
                Step::Write { first, sectors } => {
                    value += 1;
                    world.write(1, u64::from(first), &vec![value; usize::from(sectors)]);
                }
                Step::End { number, which } => end_any(&mut world, number, which),
            }
        }
        let mut turn = 0;
        while !world.ios.idle() {
            let which = last[turn % last.len()];
            end_any(&mut world, 1 + u16::from(which & 1), which >> 1);
            end_any(&mut world, 2 - u16::from(which & 1), which >> 2);
            turn += 1;
            prop_assert!(turn < 10_000, "nothing moves:\n{}", world.trace());
        }
        let finished = world.finished();
        prop_assert_eq!(finished.len(), value as usize);
        prop_assert!(finished.iter().all(|finished| finished.status == Status::Complete));
        prop_assert_eq!(world.the_state(), PairState::Duplex);
        let legs = [1, 2].map(|number| world.disk(number).sectors().to_vec());
        prop_assert_eq!(&legs[0], &legs[1], "{}", world.trace());
        world.assert_over();
    }
}
