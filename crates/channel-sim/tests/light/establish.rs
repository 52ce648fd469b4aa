//! Pairs come and go while other devices have I/O in flight.

use crate::world::World;
use channel_sim::light::{Disk, Ending};
use ios::{Characteristics, Extent, Operation, RefusalReason, Request, Status, Token};
use mirror::{ChangeError, EstablishError, Initial, Leg, PairState, Policy};

fn vector_names(world: &World) -> [&'static str; 3] {
    let vectors = world.ios.vectors();
    let forward = world.ios.ddt(world.ddt).expect("its table").ddtsio.name;
    [forward, vectors.iosvcp_return.name, vectors.post_status.name]
}

const OWN: [&str; 3] = ["ddtsio", "iosvssch-return", "post"];
const DETOURS: [&str; 3] = ["front-end-detour", "back-end-detour", "post-status-detour"];

#[test]
fn detours_come_with_the_first_pair_and_go_with_the_last() {
    let mut world = World::with_slots(&[4; 4]);
    assert_eq!(vector_names(&world), OWN);
    let one = world.establish(1, 2);
    assert_eq!(vector_names(&world), DETOURS);
    let two = world.establish(3, 4);
    assert_eq!(vector_names(&world), DETOURS);
    assert_eq!(mirror::remove(&mut world.ios, one), Ok(()));
    assert_eq!(vector_names(&world), DETOURS);
    assert!(world.ios.anchor.installed());
    assert_eq!(mirror::remove(&mut world.ios, two), Ok(()));
    assert_eq!(vector_names(&world), OWN);
    assert!(!world.ios.anchor.installed());
    assert_eq!(world.state(one), PairState::Simplex);
    assert_eq!(mirror::remove(&mut world.ios, one), Err(ChangeError::NoSuchPair));
    // And in again.
    world.establish(2, 1);
    assert_eq!(vector_names(&world), DETOURS);
    world.write(2, 0, &[5]);
    world.end_the_started(1, Ending::Complete);
    world.end_the_started(2, Ending::Complete);
    assert_eq!(world.statuses(), [(1, Status::Complete)]);
    world.assert_legs_equal(1, 2);
    world.assert_over();
}

#[test]
fn detours_come_and_go_while_other_devices_work() {
    let mut world = World::with_slots(&[2, 2, 2]);
    // Two in flight and one waiting on a disk that has nothing to do with the pair.
    for sector in 0..3 {
        world.write(3, sector * 8, &[1]);
    }
    let pair = world.establish(1, 2);
    world.end_the_started_any(3);
    world.write(1, 0, &[7]);
    world.end_the_started_any(3);
    assert_eq!(mirror::remove(&mut world.ios, pair), Ok(()));
    assert_eq!(mirror::remove(&mut world.ios, pair), Err(ChangeError::NoSuchPair));
    // What is under way keeps the detours until it is over on both legs.
    assert_eq!(vector_names(&world), DETOURS);
    world.end_the_started(1, Ending::Complete);
    assert_eq!(vector_names(&world), DETOURS);
    world.end_the_started(2, Ending::Complete);
    assert_eq!(vector_names(&world), OWN);
    // Started with the detours in the path, ended without them.
    world.end_the_started_any(3);
    let mut statuses = world.statuses();
    statuses.sort_unstable_by_key(|(token, _)| *token);
    assert_eq!(statuses, [1, 2, 3, 4].map(|token| (token, Status::Complete)));
    assert_eq!(world.disk(2).sectors()[0], 7);

    world.write(1, 1, &[8]);
    world.end_the_started(1, Ending::Complete);
    assert_eq!(world.statuses(), [(5, Status::Complete)]);
    assert_eq!((world.disk(1).sectors()[1], world.disk(2).sectors()[1]), (8, 0));
    world.assert_over();
}

#[test]
fn a_pair_is_removed_with_reads_in_flight() {
    let mut world = World::pair();
    let pair = world.ios.anchor.pairs().next().expect("a pair").0;
    world.read(1, 0, 1);
    assert_eq!(mirror::remove(&mut world.ios, pair), Ok(()));
    world.end_the_started(1, Ending::Complete);
    assert_eq!(world.statuses(), [(1, Status::Complete)]);
    world.assert_over();
}

#[test]
fn a_suspended_pair_can_be_removed() {
    let mut world = World::pair();
    let pair = world.ios.anchor.pairs().next().expect("a pair").0;
    world.write(1, 0, &[1]);
    world.end_the_started(1, Ending::Complete);
    world.end_the_started(2, Ending::Failed { sectors_done: 0 });
    world.write(1, 8, &[1]);
    // The pair is suspended; what goes to the primary alone does not keep it.
    assert_eq!(mirror::remove(&mut world.ios, pair), Ok(()));
    world.end_the_started(1, Ending::Complete);
    assert_eq!(world.statuses(), [(1, Status::Complete), (2, Status::Complete)]);
    world.write(2, 0, &[1]);
    world.end_the_started(2, Ending::Complete);
    assert_eq!(world.statuses(), [(3, Status::Complete)]);
    world.assert_over();
}

fn limits(capacity_sectors: u64, block_bytes: u32) -> Characteristics {
    let mut world = World::with_slots(&[1]);
    Characteristics { capacity_sectors, block_bytes, ..world.disk(1).characteristics() }
}

#[test]
fn what_cannot_be_a_pair_is_refused_and_nothing_changed() {
    let normal = limits(64, 512);
    let read_only = Characteristics { read_only: true, ..normal };
    let table = [
        ("read-only primary", read_only, normal, EstablishError::ReadOnly(Leg::Primary)),
        ("read-only secondary", normal, read_only, EstablishError::ReadOnly(Leg::Secondary)),
        (
            "secondary too small",
            normal,
            limits(63, 512),
            EstablishError::SecondaryTooSmall { primary_sectors: 64, secondary_sectors: 63 },
        ),
        (
            "secondary with larger blocks",
            normal,
            limits(64, 4096),
            EstablishError::SecondaryBlockTooLarge { primary_bytes: 512, secondary_bytes: 4096 },
        ),
    ];
    for (name, primary, secondary, expected) in table {
        let disks = [primary, secondary].map(|limits| Disk::with_characteristics(limits, 4));
        let mut world = World::with_disks(disks.into());
        let (one, two) = (world.device(1), world.device(2));
        assert_eq!(
            mirror::establish(&mut world.ios, one, two, Initial::NoCopy, Policy::default()),
            Err(expected),
            "{name}"
        );
        assert_eq!(vector_names(&world), OWN, "{name}");
        assert_eq!(world.ios.anchor.pairs().count(), 0, "{name}");
    }
}

#[test]
fn a_disk_is_in_one_pair_at_most() {
    let mut world = World::with_slots(&[4; 4]);
    world.establish(1, 2);
    let devices = world.devices.clone();
    let table = [
        (1, 3, EstablishError::InAPair(Leg::Primary)),
        (2, 3, EstablishError::InAPair(Leg::Primary)),
        (3, 1, EstablishError::InAPair(Leg::Secondary)),
        (3, 2, EstablishError::InAPair(Leg::Secondary)),
        (3, 3, EstablishError::SameDevice),
    ];
    for (primary, secondary, expected) in table {
        let (one, two) = (devices[primary - 1], devices[secondary - 1]);
        assert_eq!(
            mirror::establish(&mut world.ios, one, two, Initial::NoCopy, Policy::default()),
            Err(expected)
        );
    }
}

#[test]
fn a_primary_with_requests_under_way_that_the_pair_could_not_take_is_refused() {
    let narrow = Characteristics { transfer_sectors: 8, ..limits(64, 512) };
    let disks = [limits(64, 512), narrow].map(|limits| Disk::with_characteristics(limits, 1));
    let mut world = World::with_disks(disks.into());
    let (one, two) = (world.device(1), world.device(2));
    let establish = |world: &mut World| {
        mirror::establish(&mut world.ios, one, two, Initial::NoCopy, Policy::default())
    };
    world.write(1, 0, &[1]);
    assert_eq!(establish(&mut world), Err(EstablishError::Busy(Leg::Primary)));
    world.end_the_started(1, Ending::Complete);
    world.ios.quiesce(one);
    world.write(1, 0, &[1]);
    assert_eq!(establish(&mut world), Err(EstablishError::Busy(Leg::Primary)));
    world.ios.unquiesce(one);
    world.end_the_started(1, Ending::Complete);
    assert_eq!(world.statuses(), [(1, Status::Complete), (2, Status::Complete)]);
    assert!(establish(&mut world).is_ok());
    world.assert_over();
}

#[test]
fn a_secondary_with_a_write_under_way_does_not_make_the_legs_differ() {
    let mut world = World::with_slots(&[4, 4]);
    world.write(2, 0, &[1]);
    let (one, two) = (world.device(1), world.device(2));
    let established =
        mirror::establish(&mut world.ios, one, two, Initial::NoCopy, Policy::default());
    world.end_the_started(2, Ending::Complete);
    assert_eq!(world.statuses(), [(1, Status::Complete)]);
    // Either the pair is refused, or its legs hold the same.
    if established.is_ok() {
        world.assert_legs_equal(1, 2);
    }
    world.assert_over();
}

#[test]
fn a_request_to_a_primary_may_be_what_both_legs_take() {
    let primary = Characteristics { transfer_sectors: 16, ..limits(64, 4096) };
    let secondary = Characteristics { transfer_sectors: 8, discard: None, ..limits(128, 512) };
    let disks = [primary, secondary].map(|limits| Disk::with_characteristics(limits, 4));
    let mut world = World::with_disks(disks.into());
    let pair = world.establish(1, 2);
    let table = [
        (Operation::Write(Extent::new(0, 16)), RefusalReason::TooLong(8)),
        (Operation::Write(Extent::new(0, 1)), RefusalReason::Misaligned(4096)),
        (Operation::Write(Extent::new(64, 8)), RefusalReason::BeyondEnd(64)),
        (Operation::Discard(Extent::new(0, 8)), RefusalReason::Unsupported),
    ];
    for (operation, expected) in table {
        let (device, process) = (world.device(1), world.process);
        let sectors = usize::try_from(operation.data_bytes() / 512).expect("small");
        let content = vec![0; sectors];
        let data = (sectors > 0).then(|| world.ios.machine.buffer(&content));
        let request = Request { device, operation, data, process, token: Token(0) };
        let refused = world.ios.iosvssch(request).expect_err("it cannot be right");
        assert_eq!(refused.reason, expected, "{operation}");
        if let Some(data) = refused.data {
            assert_eq!(world.ios.machine.take_back(data).len(), sectors);
        }
    }
    world.write(1, 0, &[3; 8]);
    world.end_the_started(1, Ending::Complete);
    world.end_the_started(2, Ending::Complete);
    assert_eq!(world.statuses(), [(1, Status::Complete)]);
    // Alone, the primary takes what it took before.
    assert_eq!(mirror::remove(&mut world.ios, pair), Ok(()));
    world.write(1, 0, &[4; 16]);
    world.end_the_started(1, Ending::Complete);
    assert_eq!(world.statuses(), [(2, Status::Complete)]);
    world.assert_over();
}
