//! Main storage: areas, and what a device may reach.

use channel_io::{Area, Reach, Storage};
use channel_sim::SimMachine;

#[test]
fn areas_lie_where_they_may_and_are_zero() {
    let mut machine = SimMachine::new(1);
    let low = machine.allocate(100, 8, Reach::Below2G).expect("room");
    let high = machine.allocate(100, 4096, Reach::Anywhere).expect("room");
    assert!(low.address().0 + 100 <= 1 << 31);
    assert!(high.address().0 >= 1 << 32, "an address that was cut short must show");
    assert_eq!(high.address().0 % 4096, 0);
    assert_eq!(low.to_vec(), [0; 100]);
    assert_eq!(machine.live_areas(), 2);
    let before = low.address();
    drop(low);
    assert_eq!(machine.live_areas(), 1);
    let other = machine.allocate(100, 8, Reach::Below2G).expect("room");
    assert_ne!(other.address(), before, "an address is used once");
}

#[test]
fn storage_can_be_short() {
    let mut machine = SimMachine::new(1);
    machine.set_storage_room(1000);
    let area = machine.allocate(600, 8, Reach::Anywhere).expect("room");
    let error = machine.allocate(600, 8, Reach::Anywhere).expect_err("no room");
    assert_eq!((error.length, error.reach), (600, Reach::Anywhere));
    assert_eq!(area.length(), 600);
    assert!(machine.allocate(1 << 31, 8, Reach::Below2G).is_err());
}

#[test]
fn numbers_are_little_endian() {
    let mut machine = SimMachine::new(1);
    let mut area = machine.allocate(16, 8, Reach::Anywhere).expect("room");
    area.store_le64(0, 0x0102_0304_0506_0708);
    area.store_le32(8, 0x0a0b_0c0d);
    area.store_le16(12, 0x0e0f);
    let expected = [8, 7, 6, 5, 4, 3, 2, 1, 0x0d, 0x0c, 0x0b, 0x0a, 0x0f, 0x0e, 0, 0];
    assert_eq!(area.to_vec(), expected);
    assert_eq!(area.load_le64(0), 0x0102_0304_0506_0708);
    assert_eq!(area.load_le32(8), 0x0a0b_0c0d);
    assert_eq!(area.load_le16(12), 0x0e0f);
}

#[test]
fn areas_are_copied_filled_and_compared() {
    let mut machine = SimMachine::new(1);
    let mut one = machine.allocate(16, 8, Reach::Anywhere).expect("room");
    let mut two = machine.allocate(16, 8, Reach::Below2G).expect("room");
    one.fill(4, 8, 7);
    two.copy_from(0, &one, 4, 8);
    assert_eq!(two.to_vec(), [[7; 8], [0; 8]].concat());
    assert_eq!(one.first_difference(4, &two, 0, 8), None);
    assert_eq!(one.first_difference(4, &two, 0, 12), None);
    assert_eq!(one.first_difference(0, &two, 0, 16), Some(0));
    two.write(3, &[8]);
    assert_eq!(one.first_difference(4, &two, 0, 8), Some(3));
}

#[test]
#[should_panic(expected = "of an area of 16")]
fn an_access_beyond_the_end_is_the_programs_fault() {
    let mut machine = SimMachine::new(1);
    let area = machine.allocate(16, 8, Reach::Anywhere).expect("room");
    area.read(9, &mut [0; 8]);
}

#[test]
#[should_panic(expected = "an access of 4 bytes at 2")]
fn an_access_that_would_be_torn_is_the_programs_fault() {
    let mut machine = SimMachine::new(1);
    let area = machine.allocate(16, 8, Reach::Anywhere).expect("room");
    let _ = area.load_le32(2);
}
