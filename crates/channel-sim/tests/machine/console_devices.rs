//! Devices on the operator's console: quiesced, asked what they are, gone and come again.

use crate::operator::{disks, fill, make_alike, script};
use channel_sim::machine::Action;
use channel_sim::virtio::BlockSettings;
use jobs::JobStatus;

const SECTORS: u64 = 2048;

#[test]
fn a_disk_that_goes_and_comes_again_is_resumed_under_writes() {
    let mut world = disks(9, &[SECTORS, SECTORS]);
    fill(&mut world, 1, 9);
    make_alike(&mut world, 1, 2);
    let secondary = world.subchannel(2);
    let content = world.content(2);
    let number = channel_io::DeviceNumber(2);
    let session = script()
        .types("start bench to=0001 op=randwrite bs=4096 depth=8 count=6000")
        .deed(move |machine| machine.now_do(Action::Detach(secondary)))
        .until("CCW030W")
        .types("mirror resume 0001")
        .deed(move |machine| {
            let settings = Box::new(BlockSettings::new(SECTORS));
            machine.now_do(Action::Attach(secondary, number, settings));
        })
        .again(
            "display devices",
            "0.0.0002: virtio-blk, 1048576 bytes, block 512, queue 128, read-write",
        )
        .deed(move |machine| {
            let disk = machine.block_mut(secondary).content_mut();
            disk.bytes_mut().copy_from_slice(&content);
        })
        .types("mirror resume 0001 all")
        .until("CCW033I")
        .until("CCW022I job 1")
        .run(&mut world, "mirror=0001:0002");
    let said = &session.said;
    assert!(
        said.the("CCW054E").ends_with("0001: the other disk is not operational"),
        "{}",
        said.the("CCW054E")
    );
    assert_eq!((session.report.status, session.report.counts.writes), (JobStatus::Ok, 6000));
    world.assert_legs_equal(1, 2);
}

#[test]
fn writes_wait_for_a_device_that_is_quiesced() {
    let mut world = disks(6, &[SECTORS, SECTORS]);
    let session = script()
        .types("quiesce 0002")
        .types("start bench to=0001 op=write bs=4096 depth=4 count=100")
        .types("display devices")
        .types("display jobs")
        .until("CCW020I job 1: bench 0.0.0001: 0 of 100 requests, 0 percent")
        .types("unquiesce 0002")
        .until("CCW022I job 1")
        .run(&mut world, "mirror=0001:0002");
    assert!(session.said.the("CCW010I device 0.0.0002").ends_with("queue 128, quiesced"));
    assert_eq!(session.report.mirrored_writes, 100);
    assert!(session.report.deferred_starts >= 4, "{}", session.report.deferred_starts);
    world.assert_legs_equal(1, 2);
}

#[test]
fn a_device_at_work_says_what_it_is() {
    let mut world = disks(13, &[SECTORS, SECTORS]);
    let session = script()
        .types("start bench to=0001 op=randwrite bs=4096 depth=8 count=1000")
        .types("sense 0002")
        .types("sense 0002")
        .until("CCW017I")
        .types("sense 0001")
        .until("CCW017I device 0.0.0001")
        .ever("CCW022I job 1")
        .types("sense 0007")
        .run(&mut world, "mirror=0001:0002");
    let said = &session.said;
    assert_eq!(
        said.with("CCW017I"),
        [
            "CCW017I device 0.0.0002: control-unit=3832/02 device=0000/00",
            "CCW017I device 0.0.0001: control-unit=3832/02 device=0000/00",
        ]
    );
    assert_eq!(said.with("CCW053I sense 0.0.000").len(), 2);
    assert_eq!(
        said.with("CCW054E sense: "),
        [
            "CCW054E sense: 0002: its subchannel is busy; expected no other sense under way",
            "CCW054E sense: 0007: there is no device 0.0.0007; expected one of 0.0.0001, 0.0.0002",
        ]
    );
    assert_eq!(session.report.mirrored_writes, 1000);
    world.assert_legs_equal(1, 2);
}
