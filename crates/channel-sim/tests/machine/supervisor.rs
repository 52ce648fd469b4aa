//! `ios` and `mirror` with the real block driver.

use crate::world::{LIMIT, World};
use channel_io::{Microseconds, WaitPoint};
use channel_sim::machine::Action;
use channel_sim::virtio::wire::feature;
use channel_sim::virtio::{BlockSettings, Delay, Polling, RequestEnding, RequestPlan, Telling};
use ios::{Extent, Operation, RefusalReason, Request, Status, Token, UcbState};
use mirror::{EstablishError, Initial, Leg, PairState, Policy};

#[test]
fn one_write_can_be_followed_from_the_call_to_the_post_on_both_devices() {
    let mut world = World::pair(1);
    world.write(1, Extent::new(3, 2), 0x5a);
    world.run();
    assert_eq!(world.statuses(), [(1, Status::Complete)]);
    world.trace().assert_order(&[
        "IOSVSSCH request=1 device=0.0.0001",
        "FRONT-END request=1 decision=second-created second=2",
        "DDTSIO request=1 device=0.0.0001 built=ready",
        "VIRTQUEUE available request=1 notify=yes",
        "IOSVCP request=1 device=0.0.0001 cc=0",
        "BACK-END request=1 cc=0 decision=start-second second=2",
        "DDTSIO request=2 device=0.0.0002 built=ready",
        "VIRTQUEUE available request=2 notify=yes",
        "IOSVCP request=2 device=0.0.0002 cc=0",
        "POST request=1 status=complete",
    ]);
    assert_eq!(world.content(1)[3 * 512..5 * 512], [0x5a; 1024]);
    world.assert_legs_equal(1, 2);
    world.assert_over();
}

#[test]
fn every_operation_on_every_kind_of_disk() {
    let full = BlockSettings::new(4096);
    let kinds = [
        ("everything", full.clone()),
        ("flags, no event index", full.clone().without(feature::EVENT_INDEX)),
        ("direct descriptors", full.clone().without(feature::INDIRECT)),
        ("neither", full.clone().without(feature::INDIRECT | feature::EVENT_INDEX)),
        ("revision 1", BlockSettings { revision: 1, ..full.clone() }),
        ("queue of 2", BlockSettings { queue_size: 2, ..full.clone() }),
        ("queue of 4, direct", {
            BlockSettings { queue_size: 4, ..full.clone().without(feature::INDIRECT) }
        }),
        ("blocks of 4096", BlockSettings { block_bytes: 4096, ..full.clone() }),
        ("polling", BlockSettings { polling: Polling::On, ..full.clone() }),
        ("polling, flags", {
            BlockSettings { polling: Polling::On, ..full.clone() }.without(feature::EVENT_INDEX)
        }),
        ("short segments", {
            BlockSettings { segment_bytes: 1024, segments: 3, ..full.clone() }
                .with(feature::SIZE_MAX)
        }),
        ("no limits told", full.clone().without(feature::SEG_MAX | feature::BLOCK_SIZE)),
        ("short configuration", {
            BlockSettings { configuration_length: 24, ..full.clone() }
                .without(feature::DISCARD | feature::WRITE_ZEROES)
        }),
        ("nothing", full.clone().without(!feature::VERSION_1)),
    ];
    for (name, settings) in kinds {
        let mut world = World::new(7, vec![settings.clone(), settings]);
        world.establish(1, 2);
        let limits = *world.ios.ucb(world.device(1)).expect(name).limits();
        let block = limits.block_bytes / 512;
        let length = limits.transfer_sectors.min(64) / block * block;
        assert!(length > 0, "{name}: {limits:?}");
        let extent = Extent::new(u64::from(block), length);
        world.write(1, extent, 0x11);
        world.run();
        world.ask(1, Operation::Flush, None);
        world.read(1, extent);
        world.run();
        let finished = world.finished();
        let complete = finished.iter().all(|finished| finished.status == Status::Complete);
        assert!(complete, "{name}: {finished:?}\n{}", world.trace());
        let read = finished.iter().find(|finished| finished.token == 3).expect(name);
        let data = read.data.as_ref().expect(name).to_vec();
        assert!(data.iter().all(|byte| *byte == 0x11), "{name}");
        if limits.flush {
            let durable = [1, 2].map(|number| world.disk(number).content().is_durable(0, u64::MAX));
            assert_eq!(durable, [true, true], "{name}");
        }
        for operation in [Operation::Discard(extent), Operation::WriteZeroes(extent)] {
            let known = match operation {
                Operation::Discard(_) => limits.discard,
                Operation::Read(_)
                | Operation::Write(_)
                | Operation::Flush
                | Operation::WriteZeroes(_) => limits.write_zeroes,
            };
            if known.is_some() {
                world.ask(1, operation, None);
                world.run();
                assert_eq!(world.statuses()[0].1, Status::Complete, "{name} {operation}");
                assert!(world.content(2).iter().all(|byte| *byte == 0), "{name} {operation}");
                world.write(1, extent, 0x22);
                world.run();
                assert_eq!(world.statuses()[0].1, Status::Complete, "{name}");
            }
        }
        assert_eq!(world.the_state(), PairState::Duplex, "{name}:\n{}", world.trace());
        world.assert_legs_equal(1, 2);
        world.assert_over();
    }
}

#[test]
fn many_requests_in_flight_in_any_order() {
    let slow = BlockSettings { queue_size: 8, latency: (1, 2000), ..BlockSettings::new(4096) };
    for seed in 0..20 {
        let mut world = World::new(seed, vec![slow.clone(), slow.clone()]);
        world.establish(1, 2);
        for number in 0..100u64 {
            let value = u8::try_from(number).expect("small");
            // Every third one overlaps the one before.
            let first = (number - u64::from(number % 3 == 0 && number > 0)) * 8;
            world.write(1, Extent::new(first, 8), value);
        }
        world.run();
        let statuses = world.statuses();
        assert_eq!(statuses.len(), 100);
        assert!(statuses.iter().all(|(_, status)| *status == Status::Complete));
        assert_eq!(world.the_state(), PairState::Duplex);
        assert!(world.ios.anchor.statistics().overlaps_held > 0);
        assert!(world.ios.anchor.statistics().deferred_starts > 0);
        world.assert_legs_equal(1, 2);
        world.assert_over();
    }
}

#[test]
fn the_secondary_has_an_error() {
    for ending in
        [RequestEnding::IoError, RequestEnding::Unsupported, RequestEnding::IoErrorAfter(1)]
    {
        let mut world = World::pair(3);
        world.disk(2).plan(RequestPlan::ending(ending));
        world.write(1, Extent::new(0, 4), 9);
        world.run();
        assert_eq!(world.statuses(), [(1, Status::Complete)]);
        let PairState::Suspended(reason) = world.the_state() else {
            panic!("not suspended:\n{}", world.trace());
        };
        assert_eq!(reason.leg(), Some(Leg::Secondary));
        let suspended = world.trace().only("PAIR state=suspended");
        assert!(suspended < world.trace().only("POST request=1"));
        let taken = world.disk(2).requests_taken();
        world.write(1, Extent::new(8, 4), 9);
        world.run();
        assert_eq!(world.statuses(), [(2, Status::Complete)]);
        assert_eq!(world.disk(2).requests_taken(), taken);
        world.assert_over();
    }
}

#[test]
fn bad_sectors_on_the_primary() {
    let mut world = World::pair(3);
    world.disk(1).fail_sectors(8..16);
    // A read is answered by the other disk, and the pair stays as it is.
    world.read(1, Extent::new(15, 8));
    world.run();
    assert_eq!(world.statuses(), [(1, Status::Complete)]);
    assert_eq!(world.the_state(), PairState::Duplex);
    // A write is done on the other, which takes the primary's place.
    world.write(1, Extent::new(4, 8), 9);
    world.run();
    assert_eq!(world.statuses(), [(2, Status::Complete)]);
    assert!(
        matches!(world.the_state(), PairState::Swapped(cause) if cause.leg() == Some(Leg::Primary))
    );
    world.read(1, Extent::new(4, 8));
    world.run();
    let finished = world.finished();
    assert_eq!(finished[0].status, Status::Complete);
    assert_eq!(finished[0].data.as_ref().expect("its data").to_vec(), [9; 4096]);
    world.assert_over();
}

#[test]
fn lost_late_and_early_interruptions_lose_nothing() {
    let tellings = [
        Telling::Lost,
        Telling::Late(Microseconds(700)),
        Telling::Late(Microseconds(2 * LIMIT.0)),
        Telling::Early(Microseconds(50)),
        Telling::Early(Microseconds(LIMIT.0 / 2)),
    ];
    for telling in tellings {
        for number in [1, 2] {
            let mut world = World::pair(5);
            world.disk(number).plan(RequestPlan::telling(telling));
            world.write(1, Extent::new(0, 4), 9);
            world.run();
            let finished = world.finished();
            assert_eq!(finished.len(), 1, "{telling:?}");
            assert_eq!(finished[0].status, Status::Complete, "{telling:?}:\n{}", world.trace());
            assert!(finished[0].took.0 <= LIMIT.0 * 5 / 4, "{telling:?}: {:?}", finished[0].took);
            assert_eq!(world.the_state(), PairState::Duplex);
            assert_eq!(world.ios.statistics().clears, 0);
            world.assert_legs_equal(1, 2);
            world.pass(Microseconds(3 * LIMIT.0));
            world.assert_over();
        }
    }
}

/// The last look into the used ring, then the end, then the asking for an interruption at the next end.
#[test]
fn an_end_between_the_last_look_and_the_asking_is_not_overlooked() {
    let mut world = World::new(5, vec![BlockSettings::new(64)]);
    let delay = Delay::After(Microseconds(100));
    world.disk(1).plan(RequestPlan { delay, ..RequestPlan::telling(Telling::Race) });
    world.write(1, Extent::new(0, 8), 1);
    // Something else makes the driver look, just after the end that it cannot see yet.
    let (now, subchannel) = (world.ios.machine.now(), world.subchannel(1));
    world.sim().at(now.after(Microseconds(150)), Action::Interrupt(subchannel));
    world.run();
    let finished = world.finished();
    assert_eq!(finished[0].status, Status::Complete);
    assert!(finished[0].took < Microseconds(1_000), "{finished:?}");
    assert_eq!(world.ios.statistics().lost_interruptions, 0);
    world.assert_over();
}

#[test]
fn a_device_that_looks_by_itself_is_left_alone() {
    for features in [0, feature::EVENT_INDEX] {
        let settings = BlockSettings { polling: Polling::On, ..BlockSettings::new(4096) };
        let mut world = World::new(5, vec![settings.without(features)]);
        for number in 0..50 {
            world.write(1, Extent::new(number * 8, 8), 1);
        }
        world.run();
        assert_eq!(world.statuses().len(), 50);
        assert!(world.disk(1).notifications() <= 1, "it wanted none after the first");
        world.assert_over();
    }
}

#[test]
fn no_more_of_the_data_is_used_than_the_request_has_sectors() {
    let mut world = World::new(5, vec![BlockSettings::new(64)]);
    let data = world.area(&[0xee; 8 * 512]);
    world.ask(1, Operation::Read(Extent::new(0, 4)), Some(data));
    let data = world.area(&[0x11; 8 * 512]);
    world.ask(1, Operation::Write(Extent::new(8, 4)), Some(data));
    world.run();
    let finished = world.finished();
    assert!(finished.iter().all(|finished| finished.status == Status::Complete));
    let read = finished.iter().find(|finished| finished.token == 1).expect("the read");
    let data = read.data.as_ref().expect("its data").to_vec();
    assert_eq!(data, [[0; 4 * 512], [0xee; 4 * 512]].concat());
    assert_eq!(world.content(1)[8 * 512..16 * 512], [[0x11; 4 * 512], [0; 4 * 512]].concat());
    world.assert_over();
}

#[test]
fn a_request_that_never_ends_is_ended_and_its_data_safe() {
    for number in [1, 2] {
        let mut world = World::pair(5);
        world.disk(number).plan(RequestPlan::HELD);
        world.write(1, Extent::new(0, 4), 9);
        world.run();
        let finished = world.finished();
        // The other leg has it.
        assert_eq!(finished[0].status, Status::Complete, "\n{}", world.trace());
        let swapped = matches!(world.the_state(), PairState::Swapped(_));
        assert_eq!(swapped, number == 1);
        assert!(finished[0].took.0 <= LIMIT.0 * 5 / 4 + 100_000, "{:?}", finished[0].took);
        assert!(finished[0].data.is_some());
        let device = world.device(number);
        assert_eq!(world.ios.ucb(device).expect("it").state(), UcbState::Online);
        // The device was reset and set up anew: it can be used again, and nothing comes of what it had.
        world.read(number, Extent::new(0, 4));
        world.run();
        assert_eq!(world.statuses(), [(2, Status::Complete)]);
        world.assert_over();
    }
}

#[test]
fn spurious_interruptions_and_reports_do_no_harm() {
    let mut world = World::pair(5);
    let subchannels = [1, 2].map(|number| world.subchannel(number));
    for time in 0..50 {
        let subchannel = subchannels[time as usize % 2];
        let time = Microseconds(time * 37);
        world.sim().at(time, Action::Interrupt(subchannel));
        world.sim().at(time, Action::Report(subchannel));
        world.sim().at(time, Action::Service);
    }
    for place in 0..8 {
        world.write(1, Extent::new(place * 8, 8), 9);
    }
    world.run();
    assert!(world.statuses().iter().all(|(_, status)| *status == Status::Complete));
    world.pass(LIMIT);
    world.assert_legs_equal(1, 2);
    world.assert_over();
}

#[test]
fn a_slow_secondary_delays_the_post_and_nothing_else() {
    let mut world = World::pair(5);
    let late = RequestPlan { delay: Delay::After(Microseconds(200_000)), ..RequestPlan::NORMAL };
    world.disk(2).plan(late);
    world.write(1, Extent::new(0, 8), 1);
    world.read(1, Extent::new(32, 8));
    world.pass(Microseconds(100_000));
    assert_eq!(world.statuses(), [(2, Status::Complete)]);
    world.run();
    assert_eq!(world.statuses(), [(1, Status::Complete)]);
    world.assert_over();
}

#[test]
fn a_capacity_that_grows_is_noticed_and_does_no_harm() {
    let mut world = World::new(5, vec![BlockSettings::new(64)]);
    let subchannel = world.subchannel(1);
    world.sim().change_capacity(subchannel, 128);
    world.write(1, Extent::new(0, 8), 1);
    world.run();
    assert_eq!(world.statuses(), [(1, Status::Complete)]);
    world.assert_over();
}

#[test]
fn a_read_only_disk_is_read_and_never_written() {
    let settings = BlockSettings::new(64).with(feature::READ_ONLY);
    let mut world = World::new(5, vec![settings, BlockSettings::new(64)]);
    world.disk(1).content_mut().bytes_mut().fill(0x33);
    let devices = [1, 2].map(|number| world.device(number));
    for [primary, secondary] in [devices, [devices[1], devices[0]]] {
        let refused = {
            let policy = Policy::default();
            mirror::establish(&mut world.ios, primary, secondary, Initial::NoCopy, policy)
        };
        assert!(matches!(refused, Err(EstablishError::ReadOnly(_))), "{refused:?}");
    }
    let data = Some(world.area(&[0; 512]));
    let operation = Operation::Write(Extent::new(0, 1));
    let (device, process) = (devices[0], world.process);
    let request = Request { device, operation, data, process, token: Token(0) };
    let refused = world.ios.iosvssch(request).expect_err("it is read-only");
    assert_eq!(refused.reason, RefusalReason::ReadOnly);
    world.read(1, Extent::new(0, 1));
    world.run();
    let finished = world.finished();
    assert_eq!(finished[0].data.as_ref().expect("its data").to_vec(), [0x33; 512]);
    assert_eq!(world.disk(1).requests_taken(), 1);
    world.assert_over();
}
