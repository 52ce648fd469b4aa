//! Devices that lie, refuse, hang or go away: nothing is believed that cannot be true, and no data is given back
//! that a device may still use.

use crate::world::{LIMIT, World};
use channel_io::Microseconds;
use channel_sim::machine::{Action, Instruction, ProgramFault};
use channel_sim::virtio::{BlockSettings, Lie, RequestEnding, RequestPlan};
use ios::{Extent, Status, UcbState};
use mirror::PairState;

#[test]
fn a_device_that_cannot_be_reset_keeps_the_data() {
    let mut world = World::new(5, vec![BlockSettings::new(64)]);
    world.disk(1).plan(RequestPlan::HELD);
    let subchannel = world.subchannel(1);
    world.sim().fault_next_program(subchannel, Some(ProgramFault::Hangs));
    world.write(1, Extent::new(0, 4), 9);
    world.run();
    let finished = world.finished();
    assert_eq!(finished[0].status, Status::TimedOut);
    assert!(finished[0].data.is_none(), "the device may still use it");
    let device = world.device(1);
    assert_eq!(world.ios.ucb(device).expect("it").state(), UcbState::NotOperational);
    // It does what it had after all.
    assert!(world.sim().let_go(subchannel, 0));
    world.pass(LIMIT);
    assert_eq!(world.content(1)[..2048], [9; 2048]);
    world.assert_over();
}

#[test]
fn a_notification_that_is_refused_leaves_no_data_with_the_device() {
    for number in [1, 2] {
        let mut world = World::pair(5);
        let subchannel = world.subchannel(number);
        world.sim().inject(subchannel, Instruction::Notify, 0, 22);
        world.write(1, Extent::new(0, 4), 9);
        world.run();
        assert_eq!(world.statuses(), [(1, Status::Complete)]);
        let swapped = matches!(world.the_state(), PairState::Swapped(_));
        assert_eq!(swapped, number == 1);
        let taken = [1, 2].map(|number| world.disk(number).requests_taken());
        assert_eq!(taken, if number == 1 { [0, 1] } else { [1, 0] });
        world.pass(LIMIT);
        world.assert_over();
    }
}

#[test]
fn a_device_that_lies_is_used_no_more() {
    let lies = [
        Lie::UsedIndexAhead(1),
        Lie::UsedIndexAhead(300),
        Lie::Id(77),
        Lie::Id(u32::MAX),
        Lie::Length(u32::MAX),
        Lie::Length(1 << 20),
        Lie::Twice,
        Lie::NoStatus,
    ];
    for lie in lies {
        for number in [1, 2] {
            let mut world = World::pair(5);
            world.disk(number).plan(RequestPlan::lie(lie));
            world.write(1, Extent::new(0, 4), 9);
            world.run();
            world.pass(LIMIT);
            let statuses = world.statuses();
            assert_eq!(statuses.len(), 1, "{lie:?}");
            let broken = match lie {
                Lie::UsedIndexAhead(_) => "BROKEN reason=\"used index:",
                Lie::Id(_) | Lie::Length(_) | Lie::Twice | Lie::NoStatus | Lie::ShortCount => {
                    "BROKEN"
                }
            };
            assert_eq!(world.trace().count(broken), 1, "{lie:?} on {number}:\n{}", world.trace());
            let device = world.device(number);
            let state = world.ios.ucb(device).expect("it").state();
            assert_eq!(state, UcbState::NotOperational, "{lie:?}");
            if number == 2 {
                assert_eq!(statuses, [(1, Status::Complete)], "{lie:?}:\n{}", world.trace());
            }
            world.assert_over();
        }
    }
}

#[test]
fn a_read_that_is_too_short_is_no_success() {
    let mut world = World::new(5, vec![BlockSettings::new(64)]);
    world.disk(1).content_mut().bytes_mut().fill(1);
    world.disk(1).plan(RequestPlan::lie(Lie::ShortCount));
    world.read(1, Extent::new(0, 4));
    world.run();
    assert_ne!(world.statuses()[0].1, Status::Complete);
    world.assert_over();
}

#[test]
fn a_status_byte_that_means_nothing_is_no_success() {
    for byte in [3, 0x80, 0xff] {
        let mut world = World::new(5, vec![BlockSettings::new(64)]);
        world.disk(1).plan(RequestPlan::ending(RequestEnding::Status(byte)));
        world.read(1, Extent::new(0, 4));
        world.run();
        assert_ne!(world.statuses()[0].1, Status::Complete, "{byte}");
        world.assert_over();
    }
}

#[test]
fn a_leg_goes_away() {
    let gone: [fn(channel_io::SubchannelId) -> Action; 2] = [Action::Detach, Action::Empty];
    for action in gone {
        for number in [1, 2] {
            let mut world = World::pair(5);
            world.disk(number).plan_all(RequestPlan::HELD);
            for place in 0..3 {
                world.write(1, Extent::new(place * 8, 4), 9);
            }
            let subchannel = world.subchannel(number);
            world.sim().at(Microseconds(5_000), action(subchannel));
            world.run();
            assert_eq!(world.statuses(), [1, 2, 3].map(|token| (token, Status::Complete)));
            let swapped = matches!(world.the_state(), PairState::Swapped(_));
            assert_eq!(swapped, number == 1);
            let device = world.device(number);
            let state = world.ios.ucb(device).expect("it").state();
            assert_eq!(state, UcbState::NotOperational);
            world.assert_over();
        }
    }
}

/// A device is gone when its subchannel says so, and not when one instruction was answered with condition
/// code 3: it may be there, and go on with what it has.
#[test]
fn one_condition_code_3_is_no_proof_that_the_device_has_let_go_of_the_data() {
    let instructions =
        [Instruction::Tsch, Instruction::Stsch, Instruction::Ssch, Instruction::Csch];
    for instruction in instructions {
        let mut world = World::new(5, vec![BlockSettings::new(64)]);
        world.disk(1).plan(RequestPlan::HELD);
        world.write(1, Extent::new(0, 4), 9);
        let subchannel = world.subchannel(1);
        match instruction {
            // Asked when an interruption comes, and when a report does.
            Instruction::Tsch => world.sim().now_do(Action::Interrupt(subchannel)),
            Instruction::Stsch => world.sim().now_do(Action::Report(subchannel)),
            // Asked when the request has had its time: for the reset, and where that hangs.
            Instruction::Csch => {
                world.sim().fault_next_program(subchannel, Some(ProgramFault::Hangs));
            }
            Instruction::Ssch
            | Instruction::Msch
            | Instruction::Hsch
            | Instruction::Xsch
            | Instruction::Rsch
            | Instruction::Notify => {}
        }
        world.sim().inject(subchannel, instruction, 0, 3);
        world.run();
        let finished = world.finished();
        assert_eq!(finished.len(), 1, "{instruction:?}");
        assert_ne!(finished[0].status, Status::Complete, "{instruction:?}");
        let _ = world.sim().let_go(subchannel, 0);
        world.pass(LIMIT);
        world.assert_over();
    }
}

#[test]
fn a_disk_comes_back_before_anybody_looks() {
    // The same number on the same subchannel: nothing but the requests it had shows that it is another.
    let mut world = World::new(5, vec![BlockSettings::new(64)]);
    world.disk(1).plan(RequestPlan::HELD);
    world.write(1, Extent::new(0, 4), 9);
    let subchannel = world.subchannel(1);
    world.sim().now_do(Action::Detach(subchannel));
    let settings = Box::new(BlockSettings::new(64));
    let number = channel_io::DeviceNumber(1);
    world.sim().now_do(Action::Attach(subchannel, number, settings));
    world.run();
    assert_eq!(world.statuses().len(), 1);
    let device = world.device(1);
    if world.ios.ucb(device).expect("it").state() == UcbState::Online {
        world.write(1, Extent::new(0, 4), 9);
        world.run();
        assert_eq!(world.statuses(), [(2, Status::Complete)], "{}", world.trace());
    }
    world.assert_over();
}
