//! The steps of the path, in the order that the design claims.

use crate::world::World;
use channel_sim::light::Ending;
use ios::{Extent, Operation, Status};
use mirror::PairState;

#[test]
fn without_a_mirror_there_is_no_detour() {
    let mut world = World::with_slots(&[4, 4]);
    let vectors = world.ios.vectors();
    let names = [
        vectors.iosvssch.name,
        vectors.iosvcp.name,
        vectors.iosvcp_return.name,
        vectors.interruption.name,
        vectors.post_status.name,
        world.ios.ddt(world.ddt).expect("its table").ddtsio.name,
    ];
    assert_eq!(names, ["iosvssch", "iosvcp", "iosvssch-return", "interruption", "post", "ddtsio"]);

    world.write(1, 3, &[5, 6]);
    world.end_the_started(1, Ending::Complete);
    assert_eq!(world.statuses(), [(1, Status::Complete)]);

    assert_eq!(world.disk(2).starts(), 0);
    assert!(world.disk(2).sectors().iter().all(|sector| *sector == 0));
    for detour in ["FRONT-END", "BACK-END", "POST-STATUS", "VECTOR"] {
        assert_eq!(world.trace().count(detour), 0, "{}", world.trace());
    }
    let steps = [
        "IOSVSSCH request=1 device=0.0.0001 op=write sector=3 sectors=2",
        "DDTSIO request=1 device=0.0.0001 built=ready",
        "IOSVCP request=1 device=0.0.0001 cc=0",
        "POST request=1 status=complete",
    ];
    world.trace().assert_order(&steps);
    assert_eq!(world.trace().lines().len(), steps.len(), "{}", world.trace());
    world.assert_over();
}

/// Everything up to the start of the second request.
const START: [&str; 10] = [
    "IOSVSSCH request=1 device=0.0.0001",
    "FRONT-END request=1 decision=second-created second=2",
    "DDTSIO request=1 device=0.0.0001 built=ready",
    "IOSVCP request=1 device=0.0.0001 cc=0",
    "BACK-END request=1 cc=0 decision=start-second second=2",
    "FRONT-END request=2 decision=is-second",
    "DDTSIO request=2 device=0.0.0002 built=ready",
    "IOSVCP request=2 device=0.0.0002 cc=0",
    "BACK-END request=2 cc=0 decision=second-accepted",
    "POST request=1 status=complete",
];

#[test]
fn the_first_ends_first_and_is_held() {
    let mut world = World::pair();
    world.write(1, 3, &[5, 6]);
    world.end_the_started(1, Ending::Complete);
    assert_eq!(world.statuses(), [], "posted with the second under way");
    world.end_the_started(2, Ending::Complete);
    assert_eq!(world.statuses(), [(1, Status::Complete)]);

    world.trace().assert_order(&START);
    world.trace().assert_order(&[
        "IOSVCP request=2 device=0.0.0002 cc=0",
        "POST-STATUS request=1 status=complete decision=hold second=2",
        "POST-STATUS request=2 status=complete decision=confirm first=1",
        "POST request=1 status=complete",
    ]);
    assert_eq!(world.disk(2).sectors()[3..5], [5, 6]);
    world.assert_legs_equal(1, 2);
    world.assert_over();
}

#[test]
fn the_second_ends_first_and_nothing_is_posted() {
    let mut world = World::pair();
    world.write(1, 3, &[5, 6]);
    world.end_the_started(2, Ending::Complete);
    assert_eq!(world.statuses(), [], "posted with the first under way");
    world.end_the_started(1, Ending::Complete);
    assert_eq!(world.statuses(), [(1, Status::Complete)]);

    world.trace().assert_order(&START);
    world.trace().assert_order(&[
        "IOSVCP request=2 device=0.0.0002 cc=0",
        "POST-STATUS request=2 status=complete decision=wait-for-first",
        "POST-STATUS request=1 status=complete decision=confirm first=1",
        "POST request=1 status=complete",
    ]);
    world.assert_legs_equal(1, 2);
    world.assert_over();
}

#[test]
fn nothing_of_the_second_comes_before_the_condition_code_of_the_first() {
    let mut world = World::pair();
    world.write(1, 0, &[1]);
    let accepted = world.trace().only("IOSVCP request=1 cc=0");
    let started = world.trace().only("FRONT-END request=1");
    assert!(started < world.trace().only("DDTSIO request=1"));
    for step in ["FRONT-END request=2", "DDTSIO request=2", "IOSVCP request=2"] {
        assert!(accepted < world.trace().only(step), "{}", world.trace());
    }
    world.end_the_started(2, Ending::Complete);
    world.end_the_started(1, Ending::Complete);
    assert_eq!(world.statuses(), [(1, Status::Complete)]);
    world.assert_over();
}

#[test]
fn a_read_goes_to_the_primary_alone() {
    let mut world = World::pair();
    world.read(1, 0, 4);
    world.end_the_started(1, Ending::Complete);
    assert_eq!(world.statuses(), [(1, Status::Complete)]);
    assert_eq!(world.disk(2).starts(), 0);
    assert_eq!(world.trace().count("FRONT-END request=1 decision=read"), 1);
    world.assert_over();
}

#[test]
fn a_write_to_a_disk_in_no_pair_goes_to_it_alone() {
    let mut world = World::with_slots(&[4, 4, 4]);
    world.establish(1, 2);
    world.write(3, 0, &[9]);
    assert_eq!(world.disk(1).starts() + world.disk(2).starts(), 0);
    world.end_the_started(3, Ending::Complete);
    assert_eq!(world.statuses(), [(1, Status::Complete)]);
    assert_eq!(world.trace().count("FRONT-END request=1 decision=not-mirrored"), 1);
    world.assert_over();
}

#[test]
fn flush_discard_and_write_zeroes_are_mirrored_as_writes_are() {
    let extent = Extent::new(8, 8);
    let zeroes = Operation::WriteZeroes(extent);
    let operations = [
        (Operation::Write(extent), Operation::Write(extent)),
        (Operation::Flush, Operation::Flush),
        // After a discard each disk holds what it likes: the legs of a pair get zeros.
        (Operation::Discard(extent), zeroes),
        (zeroes, zeroes),
    ];
    for (operation, done) in operations {
        let mut world = World::pair();
        let data = (operation.data_bytes() > 0).then_some([7; 8].as_slice());
        world.ask(1, operation, data);
        let second = world.the_started(2);
        assert_eq!(world.ios.request(second), Some((world.device(2), done)));
        let first = world.the_started(1);
        assert_eq!(world.ios.request(first), Some((world.device(1), done)));
        world.end_the_started(1, Ending::Complete);
        assert_eq!(world.statuses(), [], "{operation} was posted too early");
        world.end_the_started(2, Ending::Complete);
        assert_eq!(world.statuses(), [(1, Status::Complete)], "{operation}");
        assert_eq!(world.the_state(), PairState::Duplex);
        let counted = *world.ios.anchor.statistics();
        let flushes = u64::from(operation == Operation::Flush);
        assert_eq!((counted.mirrored_writes, counted.mirrored_flushes), (1 - flushes, flushes));
        world.assert_legs_equal(1, 2);
        world.assert_over();
    }
}

#[test]
fn a_flush_makes_the_writes_before_it_durable_on_both_legs() {
    let mut world = World::pair();
    let extent = Extent::new(0, 2);
    world.write(1, 0, &[1, 2]);
    world.end_the_started(1, Ending::Complete);
    world.end_the_started(2, Ending::Complete);
    assert!(!world.disk(1).is_durable(extent) && !world.disk(2).is_durable(extent));
    world.ask(1, Operation::Flush, None);
    world.end_the_started(2, Ending::Complete);
    world.end_the_started(1, Ending::Complete);
    assert_eq!(world.statuses(), [(1, Status::Complete), (2, Status::Complete)]);
    assert!(world.disk(1).is_durable(extent) && world.disk(2).is_durable(extent));
    world.assert_over();
}

#[test]
fn a_process_may_not_write_to_a_secondary() {
    let mut world = World::pair();
    world.write(2, 0, &[1]);
    assert_eq!(world.statuses(), [(1, Status::Rejected)]);
    assert_eq!(world.disk(2).starts(), 0);
    world.read(2, 0, 1);
    world.end_the_started(2, Ending::Complete);
    assert_eq!(world.statuses(), [(2, Status::Complete)]);
    assert_eq!(world.the_state(), PairState::Duplex);
    world.assert_over();
}
