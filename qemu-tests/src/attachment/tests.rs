//! Tests of [`super`]: the properties and nodes that QEMU gets.

use super::*;

fn address() -> DeviceAddress {
    DeviceAddress::new(0x1a)
}

#[test]
fn a_plain_disk_reports_errors() {
    let attachment = Attachment::file(address(), "a,b.img");
    assert_eq!(
        attachment.device_option(),
        "virtio-blk-ccw,id=disk-0-001a,devno=fe.0.001a,drive=disk-0-001a-image,\
         rerror=report,werror=report"
    );
    let node = attachment.block_node().unwrap();
    assert_eq!(node["driver"], "raw");
    assert_eq!(node["node-name"], "disk-0-001a-image");
    assert_eq!(node["read-only"], false);
    assert_eq!(node["file"]["driver"], "file");
    assert_eq!(node["file"]["filename"], "a,b.img");
}

#[test]
fn every_option_reaches_the_device() {
    let attachment = Attachment::image(address(), "a.qcow2", "qcow2")
        .access(Access::ReadOnly)
        .host_io(HostIo::IoUring)
        .logical_block_bytes(4096)
        .physical_block_bytes(8192)
        .queue_size(4)
        .discard(Switch::Off)
        .write_zeroes(Switch::On)
        .write_cache(Switch::Off)
        .iothread("io1")
        .on_read_error(OnHostError::Stop)
        .on_write_error(OnHostError::Ignore)
        .property("share-rw", "on");
    assert_eq!(
        attachment.device_option(),
        "virtio-blk-ccw,id=disk-0-001a,devno=fe.0.001a,drive=disk-0-001a-image,\
         rerror=stop,werror=ignore,iothread=io1,logical_block_size=4096,\
         physical_block_size=8192,queue-size=4,discard=off,write-zeroes=on,\
         write-cache=off,share-rw=on"
    );
    let node = attachment.block_node().unwrap();
    assert_eq!((&node["driver"], &node["read-only"]), (&json!("qcow2"), &json!(true)));
    assert_eq!(node["file"]["read-only"], true);
    assert_eq!(node["file"]["aio"], "io_uring");
    let added = attachment.device_add_arguments();
    assert_eq!(added["driver"], "virtio-blk-ccw");
    assert_eq!(added["queue-size"], 4);
    assert_eq!(added["share-rw"], true);
    assert_eq!(added["write-cache"], false);
    assert_eq!(added["devno"], "fe.0.001a");
}

#[test]
fn two_images_can_follow_each_other_at_one_address() {
    let other = Attachment::file(address(), "b.img").as_node("other");
    assert_eq!(other.block_node().unwrap()["node-name"], "other");
    assert!(other.device_option().contains(",drive=other,"));
    assert!(other.device_option().contains("id=disk-0-001a,"));
}

#[test]
fn a_node_of_the_callers_needs_no_other() {
    let attachment = Attachment::node(address(), "throttled");
    assert!(attachment.block_node().is_none());
    assert!(attachment.device_option().contains(",drive=throttled,"));
}
