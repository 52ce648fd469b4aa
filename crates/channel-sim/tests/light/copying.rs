//! Copies: exactly what changed is copied, while writes go on, and nothing is lost however they are interrupted.

use crate::world::World;
use channel_sim::light::{Disk, Ending};
use ios::{Extent, Operation, Status};
use mirror::{ChangeError, Initial, PairEvent, PairIndex, PairState, Policy, Resync};

/// Ends everything that either disk has, until the copy is over.
fn finish(world: &mut World) {
    for _ in 0..200 {
        world.drive_copiers();
        for number in [1, 2] {
            while let Some(held) = world.started(number).first().copied() {
                world.end(number, held.id, Ending::Complete);
            }
        }
        if !world.is_copying() && world.ios.idle() {
            return;
        }
    }
    panic!("the copy never ends:\n{}", world.trace());
}

fn write_alone(world: &mut World, first: u64, values: &[u32]) {
    world.write(1, first, values);
    world.end_the_started(1, Ending::Complete);
}

/// The numbers of blocks that were to be copied, by the events.
fn resumed(world: &mut World) -> Vec<u64> {
    let events = core::iter::from_fn(|| world.ios.anchor.take_event());
    let blocks = events.filter_map(|event| match event {
        PairEvent::Resumed { blocks, .. } => Some(blocks),
        PairEvent::Established(_)
        | PairEvent::Suspended(..)
        | PairEvent::CopyEnded(_)
        | PairEvent::Swapped(..)
        | PairEvent::Removed(_)
        | PairEvent::ReadAnswered { .. } => None,
    });
    blocks.collect()
}

fn copies(world: &World) -> usize {
    world.trace().count("IOSVSSCH device=0.0.0002 op=write")
}

fn suspended() -> (World, PairIndex) {
    let mut world = World::pair();
    let pair = world.ios.anchor.pairs().next().expect("a pair").0;
    mirror::suspend(&mut world.ios, pair).expect("a duplex pair");
    (world, pair)
}

#[test]
fn only_what_changed_is_copied() {
    let (mut world, pair) = suspended();
    write_alone(&mut world, 0, &[1; 3]);
    write_alone(&mut world, 2, &[2; 1]);
    // Of two blocks.
    write_alone(&mut world, 23, &[3; 2]);
    let read = world.read(1, 40, 1);
    world.end(1, read, Ending::Complete);
    assert_eq!(world.ios.anchor.pair(pair).expect("it").changed_blocks(), 3);
    mirror::resume(&mut world.ios, pair, Resync::Changed).expect("a suspended pair");
    finish(&mut world);
    assert_eq!(resumed(&mut world), [3]);
    assert_eq!(world.the_state(), PairState::Duplex);
    world.assert_legs_equal(1, 2);
    let written: u64 = [0, 16, 24]
        .iter()
        .map(|sector| {
            world.trace().count(&format!("IOSVSSCH device=0.0.0002 op=write sector={sector}"))
                as u64
        })
        .sum();
    assert_eq!((copies(&world), written), (3, 3), "{}", world.trace());
    assert!(world.disk(2).is_durable(Extent::new(0, 64)), "the copy was not flushed");
    world.finished();
    world.assert_over();
}

#[test]
fn nothing_changed_is_nothing_copied() {
    let (mut world, pair) = suspended();
    mirror::resume(&mut world.ios, pair, Resync::Changed).expect("a suspended pair");
    finish(&mut world);
    assert_eq!(world.the_state(), PairState::Duplex);
    assert_eq!(copies(&world), 0);
    world.assert_over();
}

#[test]
fn everything_is_copied_when_the_operator_says_so_or_the_pair_begins_so() {
    let (mut world, pair) = suspended();
    mirror::resume(&mut world.ios, pair, Resync::All).expect("a suspended pair");
    finish(&mut world);
    assert_eq!(resumed(&mut world), [8]);

    let mut world = World::with_slots(&[4, 4]);
    world.write(1, 5, &[7]);
    world.end_the_started(1, Ending::Complete);
    let [one, two] = [1, 2].map(|number| world.device(number));
    mirror::establish(&mut world.ios, one, two, Initial::Copy, Policy::default()).expect("a pair");
    assert_eq!(world.the_state(), PairState::Copying);
    finish(&mut world);
    world.assert_legs_equal(1, 2);
    assert_eq!(world.disk(2).sectors()[5], 7);
    world.finished();
    world.assert_over();
}

#[test]
fn a_pair_established_under_a_write_copies_what_that_changes() {
    let mut world = World::with_slots(&[4, 4]);
    let write = world.write(1, 9, &[7]);
    let [one, two] = [1, 2].map(|number| world.device(number));
    let policy = Policy::default();
    mirror::establish(&mut world.ios, one, two, Initial::NoCopy, policy).expect("a pair");
    assert_eq!(world.the_state(), PairState::Copying);
    world.drive_copiers();
    // Nothing is read from under the write.
    assert_eq!(world.started(1).len(), 1, "{}", world.trace());
    world.end(1, write, Ending::Complete);
    finish(&mut world);
    assert_eq!((world.the_state(), resumed(&mut world)), (PairState::Duplex, vec![1]));
    world.assert_legs_equal(1, 2);
    world.finished();
    world.assert_over();
}

#[test]
fn a_write_waits_for_the_block_that_is_being_copied_and_for_no_other() {
    let (mut world, pair) = suspended();
    write_alone(&mut world, 0, &[1]);
    mirror::resume(&mut world.ios, pair, Resync::Changed).expect("a suspended pair");
    world.drive_copiers();
    let before = world.started(1).len();
    world.write(1, 4, &[2]);
    world.write(1, 8, &[3]);
    assert_eq!(world.started(1).len(), before + 1, "{}", world.trace());
    finish(&mut world);
    world.assert_legs_equal(1, 2);
    assert_eq!((world.disk(2).sectors()[4], world.disk(2).sectors()[8]), (2, 3));
    world.finished();
    world.assert_over();
}

#[test]
fn a_copy_that_is_interrupted_at_any_step_loses_nothing() {
    for steps in 0..12 {
        let (mut world, pair) = suspended();
        for block in 0..4 {
            write_alone(&mut world, block * 16, &[1]);
        }
        mirror::resume(&mut world.ios, pair, Resync::Changed).expect("a suspended pair");
        world.drive_copiers();
        for _ in 0..steps {
            let busy = [1, 2].into_iter().find(|number| !world.started(*number).is_empty());
            if let Some(number) = busy {
                world.end_the_started_any(number);
                world.drive_copiers();
            }
        }
        if mirror::suspend(&mut world.ios, pair).is_err() {
            assert_eq!(world.the_state(), PairState::Suspended(mirror::Cause::Operator));
        }
        world.write(1, 0, &[9]);
        finish(&mut world);
        mirror::resume(&mut world.ios, pair, Resync::Changed).expect("a suspended pair");
        finish(&mut world);
        assert_eq!(world.the_state(), PairState::Duplex);
        world.assert_legs_equal(1, 2);
        assert_eq!(world.disk(2).sectors()[0], 9);
        world.finished();
        world.assert_over();
    }
}

#[test]
fn a_leg_that_fails_the_copy_suspends_the_pair() {
    for number in [1, 2] {
        let (mut world, pair) = suspended();
        write_alone(&mut world, 0, &[1]);
        mirror::resume(&mut world.ios, pair, Resync::Changed).expect("a suspended pair");
        world.drive_copiers();
        if number == 2 {
            world.end_the_started(1, Ending::Complete);
            world.drive_copiers();
        }
        world.end_the_started(number, Ending::Failed { sectors_done: 0 });
        world.drive_copiers();
        let leg = [mirror::Leg::Primary, mirror::Leg::Secondary][usize::from(number) - 1];
        world.assert_suspended(leg, Status::DeviceError);
        assert_eq!(world.ios.anchor.pair(pair).expect("it").changed_blocks(), 1);
        assert!(!world.is_copying());
        world.finished();
        world.assert_over();
    }
}

#[test]
fn a_disk_that_comes_back_lacks_what_changed_and_gets_that_alone() {
    let mut world = World::pair();
    let pair = world.ios.anchor.pairs().next().expect("a pair").0;
    let secondary = world.index(2);
    world.ios.machine.detach(secondary);
    let _ = world.ios.wait(None);
    assert_eq!(
        world.the_state(),
        PairState::Suspended(mirror::Cause::Gone(mirror::Leg::Secondary))
    );
    let refused = mirror::resume(&mut world.ios, pair, Resync::Changed);
    assert_eq!(refused, Err(ChangeError::SecondaryNotOperational));
    write_alone(&mut world, 32, &[4]);
    world.ios.machine.attach_again(secondary);
    let _ = world.ios.wait(None);
    mirror::resume(&mut world.ios, pair, Resync::Changed).expect("it is back");
    finish(&mut world);
    assert_eq!(resumed(&mut world), [1]);
    world.assert_legs_equal(1, 2);
    world.finished();
    world.assert_over();
}

#[test]
fn a_disk_that_goes_and_comes_between_two_looks_is_not_taken_for_the_same() {
    let mut world = World::pair();
    let secondary = world.index(2);
    world.ios.machine.detach(secondary);
    world.ios.machine.attach_again(secondary);
    let _ = world.ios.wait(None);
    assert_eq!(
        world.the_state(),
        PairState::Suspended(mirror::Cause::Gone(mirror::Leg::Secondary))
    );
    world.assert_over();
}

#[test]
fn two_reports_at_once_and_nothing_goes_to_a_disk_that_was_not_looked_at() {
    let mut world = World::pair();
    world.write(1, 0, &[1]);
    world.read(1, 8, 1);
    for number in [1, 2] {
        let disk = world.index(number);
        world.ios.machine.detach(disk);
    }
    let _ = world.ios.wait(None);
    let mut statuses = world.statuses();
    statuses.sort_unstable_by_key(|(token, _)| *token);
    assert_eq!(statuses, [1, 2].map(|token| (token, Status::NotOperational)), "{}", world.trace());
    // The read was to be driven again on the second disk, and had to wait.
    assert_eq!(world.trace().count("DDTSIO request=3 device=0.0.0002"), 0);
    assert_eq!(world.trace().count("QUEUE request=3"), 1, "{}", world.trace());
    world.assert_over();
}

#[test]
fn a_disk_whose_block_is_larger_than_the_copier_s_buffers_is_copied_in_parts() {
    // Blocks of the change map are 8 sectors; the disks take 2 at once.
    let limits = Disk::new(64, 4).characteristics();
    let narrow = ios::Characteristics { transfer_sectors: 2, ..limits };
    let disks = [narrow, narrow].map(|limits| Disk::with_characteristics(limits, 4));
    let mut world = World::with_disks(disks.into());
    let pair = world.establish(1, 2);
    mirror::suspend(&mut world.ios, pair).expect("a duplex pair");
    write_alone(&mut world, 6, &[5, 6]);
    mirror::resume(&mut world.ios, pair, Resync::Changed).expect("a suspended pair");
    finish(&mut world);
    world.assert_legs_equal(1, 2);
    assert_eq!((copies(&world), resumed(&mut world)), (4, vec![1]));
    world.finished();
    world.assert_over();
}

#[test]
fn a_locked_extent_is_left_alone() {
    let mut world = World::pair();
    let pair = world.ios.anchor.pairs().next().expect("a pair").0;
    let lock = mirror::lock(&mut world.ios, pair, Extent::new(0, 8)).expect("a pair");
    assert!(mirror::is_granted(&world.ios, lock));
    let write = world.write(1, 4, &[1]);
    let other = mirror::lock(&mut world.ios, pair, Extent::new(7, 8)).expect("a pair");
    assert!(!mirror::is_granted(&world.ios, other));
    assert_eq!(world.started(1).len(), 0);
    mirror::unlock(&mut world.ios, lock);
    assert!(mirror::is_granted(&world.ios, other));
    world.end(1, write, Ending::Complete);
    world.end_the_started(2, Ending::Complete);
    mirror::unlock(&mut world.ios, other);
    assert_eq!(world.finished()[0].operation, Operation::Write(Extent::new(4, 1)));
    world.assert_over();
}
