//! Copies of pairs, with little storage.

use crate::common::{FakeDisk, MIB, World, pattern};
use jobs::JobStatus;

fn world(seed: u64, room: usize) -> World {
    let disks = vec![FakeDisk::new(pattern(MIB, seed)), FakeDisk::zeros(MIB)];
    let world = World::new(seed, disks);
    world.ios.machine.room.set(room);
    world
}

#[test]
fn a_copy_takes_what_storage_there_is() {
    for room in [64 * MIB, 400 * 1024, 270 * 1024] {
        let mut world = world(1, room);
        let report = world.run("mirror=0001:0002 establish=copy");
        assert_eq!(report.status, JobStatus::Ok, "{:#?}", world.lines.0);
        assert_eq!(
            world.lines.with("CCW033I"),
            ["CCW033I pair 0.0.0001 -> 0.0.0002 duplex: 256 blocks of 4096 bytes were copied"]
        );
        assert!(world.disk(1).content == world.disk(2).content);
        assert_eq!(world.ios.machine.room.get(), room, "buffers were not given back");
    }
}

#[test]
fn without_storage_the_pair_is_suspended_and_it_is_said_why() {
    let mut world = world(2, 100 * 1024);
    let report = world.run("mirror=0001:0002 establish=copy");
    assert_eq!((report.status, report.pairs[0].state), (JobStatus::Degraded, "suspended"));
    let told = world.lines.with("CCW035E");
    assert_eq!(told.len(), 1);
    assert!(told[0].contains("-> 0.0.0002 cannot be copied: out of storage: "), "{told:?}");
    assert_eq!(world.lines.with("CCW030W").len(), 1);
    assert!(!world.disk(2).was_changed());
}
