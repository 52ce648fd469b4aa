//! Tests of images and their comparison.

use super::*;

#[test]
fn a_difference_is_named_by_block_and_byte() {
    let length = 3 * CHUNK_BYTES as u64 + 700;
    let left = Disk::seeded(length, 7).unwrap();
    for place in [0, 511, 512, CHUNK_BYTES as u64, length - 1] {
        let right = Disk::copy_of(left.path()).unwrap();
        assert_eq!(left.first_difference(&right).unwrap(), None);
        let old = left.read_at(place, 1).unwrap()[0];
        right.write_at(place, &[!old]).unwrap();
        let difference = left.first_difference(&right).unwrap().unwrap();
        assert_eq!(difference.offset_bytes, place);
        assert_eq!(difference.block(), place / 512);
        assert_eq!((difference.left, difference.right), (Some(old), Some(!old)));
        let message = left.expect_same(&right).unwrap_err().to_string();
        assert!(message.contains(&format!("block {} (byte {place})", place / 512)));
        assert_eq!(left.first_difference_within(&right, place).unwrap(), None);
    }
}

#[test]
fn a_longer_image_differs_where_the_shorter_ends() {
    for length in [0, 512, CHUNK_BYTES as u64] {
        let short = Disk::blank(length).unwrap();
        let long = Disk::blank(length + 512).unwrap();
        let difference = short.first_difference(&long).unwrap().unwrap();
        assert_eq!(difference, Difference { offset_bytes: length, left: None, right: Some(0) });
        assert!(long.expect_same_within(&short, length).is_ok());
    }
}

#[test]
fn seeds_decide_the_content() {
    let first = Disk::seeded(1003, 1).unwrap();
    assert_eq!(first.length_bytes().unwrap(), 1003);
    assert_eq!(first.read().unwrap(), Disk::seeded(1003, 1).unwrap().read().unwrap());
    assert_ne!(first.read().unwrap(), Disk::seeded(1003, 2).unwrap().read().unwrap());
}

#[test]
fn changes_are_noticed() {
    let disk = Disk::blank(4096).unwrap();
    let before = disk.fingerprint().unwrap();
    assert_eq!(before, Fingerprint::of(&[0; 4096]));
    // sha256 of 4,096 zero bytes, as `sha256sum` prints it.
    assert_eq!(
        before.to_string(),
        "ad7facb2586fc6e966c004d7d1d16b024f5805ff7cb47c7a85dabd8b48892ca7"
    );
    disk.expect_unchanged(before).unwrap();
    disk.expect_zero_from(0).unwrap();
    disk.write_at(4095, &[1]).unwrap();
    assert!(disk.expect_unchanged(before).is_err());
    let message = disk.expect_zero_from(1).unwrap_err().to_string();
    assert!(message.contains("byte 4095 (block 7)"), "{message}");
    assert!(disk.expect_zero_from(4096).is_ok());
}

#[test]
fn temporary_images_go_and_others_stay() {
    let temporary = Disk::blank(512).unwrap();
    let path = temporary.path().to_owned();
    let clone = temporary.clone();
    drop(temporary);
    assert!(path.exists());
    drop(clone);
    assert!(!path.exists() || std::env::var_os(scratch::KEEP_VARIABLE).is_some());

    let directory = scratch::directory().unwrap();
    let kept = directory.path().join("kept.img");
    drop(Disk::blank_at(&kept, 1024).unwrap());
    assert_eq!(Disk::open(&kept).length_bytes().unwrap(), 1024);
}
