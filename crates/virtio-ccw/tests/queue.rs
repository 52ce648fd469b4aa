//! The queue by itself: how it is laid out, batches, and the structures on the wire byte by byte.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod fake;

use channel_io::AbsoluteAddress;
use fake::{Disk, Machine};
use proptest::prelude::*;
use virtio_ccw::queue::{
    Access, Element, Geometry, GeometryError, Notification, Placement, Position, QueueError,
    SplitQueue, Suppression,
};
use virtio_ccw::spec::block::Configuration;
use virtio_ccw::spec::channel::{
    FeatureDescriptor, QueueConfiguration, QueueInformation, RevisionInformation, command,
};
use virtio_ccw::spec::ring::{available, needs_event, used};
use virtio_ccw::spec::{DeviceStatus, Features};
use zerocopy::{FromBytes, IntoBytes};

#[test]
fn structures_on_the_wire() {
    let revision = RevisionInformation { revision: 2.into(), length: 0.into() };
    assert_eq!(revision.as_bytes(), [0, 2, 0, 0]);
    let features = FeatureDescriptor { features: 0x0102_0304.into(), index: 1 };
    assert_eq!(features.as_bytes(), [4, 3, 2, 1, 1]);
    let configuration = QueueConfiguration { index: 1.into(), max_queue_size: 0x0100.into() };
    assert_eq!(configuration.as_bytes(), [0, 1, 1, 0]);
    let queue = QueueInformation {
        descriptors: 0x0102_0304_0506_0708.into(),
        reserved: 0.into(),
        index: 0x1112.into(),
        size: 0x2122.into(),
        available: 0x3132_3334_3536_3738.into(),
        used: 0x4142_4344_4546_4748.into(),
    };
    assert_eq!(
        queue.as_bytes(),
        [
            1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 0x11, 0x12, 0x21, 0x22, 0x31, 0x32, 0x33, 0x34,
            0x35, 0x36, 0x37, 0x38, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48
        ]
    );
    let mut bytes = [0; 60];
    bytes[..8].copy_from_slice(&[8, 7, 6, 5, 4, 3, 2, 1]);
    bytes[20..24].copy_from_slice(&[0, 2, 0, 0]);
    bytes[52..56].copy_from_slice(&[1, 0, 0, 0]);
    let configuration = Configuration::read_from_bytes(&bytes).unwrap();
    assert_eq!(configuration.capacity.get(), 0x0102_0304_0506_0708);
    assert_eq!(configuration.block_size.get(), 512);
    assert_eq!(configuration.max_write_zeroes_segments.get(), 1);
}

#[test]
fn numbers_of_the_specification() {
    let codes = [
        (command::SET_QUEUE, 0x13),
        (command::RESET, 0x33),
        (command::SET_INDICATORS, 0x43),
        (command::SET_CONFIGURATION_INDICATORS, 0x53),
        (command::SET_ADAPTER_INDICATORS, 0x73),
        (command::READ_FEATURES, 0x12),
        (command::WRITE_FEATURES, 0x11),
        (command::READ_CONFIGURATION, 0x22),
        (command::WRITE_CONFIGURATION, 0x21),
        (command::WRITE_STATUS, 0x31),
        (command::READ_QUEUE_CONFIGURATION, 0x32),
        (command::SET_REVISION, 0x83),
        (command::READ_STATUS, 0x72),
    ];
    for (command, code) in codes {
        assert_eq!(command.code.0, code, "{command}");
    }
    let names = Features::VERSION_1 | Features::BLOCK_FLUSH | Features::from_bits_retain(1 << 27);
    assert_eq!(names.to_string(), "flush+bit-27+version-1");
    assert_eq!(Features::empty().to_string(), "-");
    assert_eq!(Features::VERSION_1.bits(), 0x1_0000_0000);
    assert_eq!(DeviceStatus::all().bits(), 0xff);
}

#[test]
fn events_are_between_old_and_new() {
    for (event, new, old, expected) in [
        (0, 1, 0, true),
        (1, 1, 0, false),
        (5, 8, 4, true),
        (4, 8, 4, true),
        (3, 8, 4, false),
        (8, 8, 4, false),
        (0xffff, 0, 0xffff, true),
        (0xfffe, 1, 0xffff, false),
        (0, 1, 0xfff0, true),
        (7, 7, 7, false),
    ] {
        assert_eq!(needs_event(event, new, old), expected, "{event} {new} {old}");
    }
}

#[test]
fn geometries_fit_the_queue_of_the_device() {
    use Placement::{InRing, Indirect};
    let fit = |max, chains, elements, placement| {
        Geometry::fit(max, chains, elements, placement).map(|g| (g.size, g.chains, g.elements))
    };
    assert_eq!(fit(256, 128, 3, Indirect), Ok((128, 128, 3)));
    assert_eq!(fit(64, 128, 3, Indirect), Ok((64, 64, 3)));
    assert_eq!(fit(256, 4, 18, Indirect), Ok((32, 4, 18)));
    assert_eq!(fit(8, 128, 18, Indirect), Ok((8, 8, 8)));
    assert_eq!(fit(2, 128, 18, Indirect), Ok((2, 2, 3)));
    assert_eq!(fit(1, 0, 0, Indirect), Ok((1, 1, 3)));
    assert_eq!(fit(256, 128, 3, InRing), Ok((256, 85, 3)));
    assert_eq!(fit(1024, 128, 3, InRing), Ok((512, 128, 3)));
    assert_eq!(fit(32768, 40000, 18, InRing), Ok((32768, 1820, 18)));
    assert_eq!(fit(4, 128, 18, InRing), Ok((4, 1, 4)));
    assert_eq!(fit(2, 1, 3, InRing), Err(GeometryError::TooSmall { size: 2, needed: 3 }));
    for size in [0, 3, 100, 0x8001, 0xffff] {
        assert_eq!(fit(size, 1, 3, Indirect), Err(GeometryError::Size { size }));
    }
}

fn queue(machine: &mut Machine, suppression: Suppression) -> SplitQueue<fake::FakeArea> {
    let geometry = Geometry::fit(8, 8, 3, Placement::Indirect).unwrap();
    SplitQueue::new(machine, &geometry, suppression).unwrap()
}

fn element(address: u64) -> Element {
    Element {
        address: AbsoluteAddress(address),
        length: 1,
        access: Access::Write,
        position: Position::Last,
    }
}

#[test]
fn a_batch_is_published_and_notified_once() {
    for suppression in [Suppression::Flags, Suppression::EventIndex] {
        let mut machine = Machine::new(Disk::new(1));
        let mut queue = queue(&mut machine, suppression);
        let memory = machine.memory.clone();
        let information = queue.information(0);
        let index = || {
            let address = information.available.get() + available::INDEX as u64;
            memory.access(address, 2, |bytes| u16::from_le_bytes([bytes[0], bytes[1]]))
        };
        assert_eq!(queue.publish(), Notification::NotWanted, "there is nothing");
        for _ in 0..3 {
            let chain = queue.take_free().unwrap();
            queue.describe(chain, 0, &element(0x2000));
            queue.offer(chain, 1);
            queue.offer(chain, 1);
        }
        assert_eq!((index(), queue.outstanding()), (0, 0), "not before it is published");
        assert_eq!(queue.publish(), Notification::Wanted);
        assert_eq!((index(), queue.outstanding()), (3, 3));
        assert_eq!(queue.publish(), Notification::NotWanted);
        assert_eq!(queue.free_chains(), 5);
    }
}

#[test]
fn a_chain_is_free_taken_or_offered() {
    let mut machine = Machine::new(Disk::new(1));
    let mut queue = queue(&mut machine, Suppression::EventIndex);
    let chain = queue.take_free().unwrap();
    queue.release(chain);
    queue.release(chain);
    assert_eq!(queue.free_chains(), 8);
    queue.offer(chain, 1);
    assert_eq!(queue.publish(), Notification::NotWanted, "a free chain cannot be offered");
    let chain = queue.take_free().unwrap();
    queue.offer(chain, 1);
    queue.release(chain);
    assert_eq!(queue.free_chains(), 7, "the device has it");
    assert_eq!(queue.publish(), Notification::Wanted);
    assert_eq!(queue.next_used(), Ok(None));
    assert!(!queue.arm());
}

#[test]
fn what_is_used_while_the_queue_is_armed_is_not_missed() {
    for suppression in [Suppression::Flags, Suppression::EventIndex] {
        let mut machine = Machine::new(Disk::new(1));
        let mut queue = queue(&mut machine, suppression);
        let chain = queue.take_free().unwrap();
        queue.offer(chain, 1);
        assert_eq!(queue.publish(), Notification::Wanted);
        assert_eq!(queue.next_used(), Ok(None));
        assert!(!queue.arm());
        // The device is done after the driver has looked and before it has asked to be told.
        let used_index = queue.information(0).used.get() + used::INDEX as u64;
        machine.memory.access(used_index, 2, |bytes| bytes[0] = 1);
        assert!(queue.arm());
        assert_eq!(queue.next_used().unwrap().map(|used| used.chain), Some(chain));
        assert!(!queue.arm());
    }
}

/// Device and driver each look before the other's store is there, as on a machine whose fences do not
/// serialize.
#[test]
fn what_both_sides_missed_is_found_when_the_queue_is_settled() {
    for suppression in [Suppression::Flags, Suppression::EventIndex] {
        let mut machine = Machine::new(Disk::new(1));
        let mut queue = queue(&mut machine, suppression);
        let information = queue.information(0);
        let used_index = information.used.get() + used::INDEX as u64;
        let no_notify = information.used.get() + used::FLAGS as u64;
        let event = information.used.get() + used::available_event(8) as u64;
        let says = |address: u64, value: u8| {
            machine.memory.access(address, 2, |bytes| bytes.copy_from_slice(&[value, 0]));
        };
        assert_eq!(queue.settle(), Notification::NotWanted, "there is nothing");
        let chain = queue.take_free().unwrap();
        queue.offer(chain, 1);
        assert_eq!(queue.publish(), Notification::Wanted);
        assert_eq!(queue.settle(), Notification::NotWanted, "it was told");
        // The device is at work, and wants to be told only of what comes later.
        says(no_notify, 1);
        let chain = queue.take_free().unwrap();
        queue.offer(chain, 1);
        says(event, 5);
        assert_eq!(queue.publish(), Notification::NotWanted);
        // It went to sleep before it saw the second chain.
        says(no_notify, 0);
        says(event, 1);
        assert_eq!(queue.settle(), Notification::Wanted);
        assert_eq!(queue.settle(), Notification::NotWanted, "once is enough");
        // And its end came before it saw that an interruption was asked for.
        assert_eq!(queue.next_used(), Ok(None));
        assert!(!queue.arm() && !queue.has_used());
        says(used_index, 1);
        assert!(queue.has_used());
    }
}

#[test]
fn an_error_stays_until_the_queue_is_cleared() {
    let mut machine = Machine::new(Disk::new(1));
    let mut queue = queue(&mut machine, Suppression::EventIndex);
    let used_index = queue.information(0).used.get() + used::INDEX as u64;
    machine.memory.access(used_index, 2, |bytes| bytes[0] = 1);
    let error = QueueError::UsedIndex { index: 1, limit: 0 };
    assert_eq!(queue.next_used(), Err(error));
    machine.memory.access(used_index, 2, |bytes| bytes[0] = 0);
    assert_eq!(queue.next_used(), Err(error));
    assert_eq!(queue.error(), Some(error));
    assert_eq!(error.to_string(), "the used index is 1, and cannot be beyond 0");
    queue.clear();
    assert_eq!(queue.next_used(), Ok(None));
}

/// A device that guesses the name of a chain which is offered and not published does not have it; one that is
/// with the device however long is not taken for such a one.
#[test]
fn a_chain_that_was_not_shown_is_not_outstanding() {
    let mut machine = Machine::new(Disk::new(1));
    let mut queue = queue(&mut machine, Suppression::EventIndex);
    let used = queue.information(0).used.get();
    let says = |index: u8, id: u8| {
        let entry = used + (used::RING + used::ENTRY_LENGTH * usize::from((index - 1) % 8)) as u64;
        machine.memory.access(entry, 8, |bytes| bytes.copy_from_slice(&[id, 0, 0, 0, 0, 0, 0, 0]));
        machine.memory.access(used + used::INDEX as u64, 2, |bytes| bytes[0] = index);
    };
    let long = queue.take_free().unwrap();
    queue.offer(long, 1);
    assert_eq!(queue.publish(), Notification::Wanted);
    for index in 1..=20 {
        let chain = queue.take_free().unwrap();
        queue.offer(chain, 1);
        let _ = queue.publish();
        says(index, 1);
        assert_eq!(queue.next_used().unwrap().map(|used| used.chain), Some(chain));
        queue.release(chain);
    }
    let hidden = queue.take_free().unwrap();
    queue.offer(hidden, 1);
    says(21, 0);
    assert_eq!(queue.next_used().unwrap().map(|used| used.chain), Some(long));
    let shown = queue.take_free().unwrap();
    queue.offer(shown, 1);
    let _ = queue.publish();
    let hidden = queue.take_free().unwrap();
    queue.offer(hidden, 1);
    says(22, 3);
    let error = QueueError::ChainNotOutstanding { id: 3, descriptors: 8 };
    assert_eq!(queue.next_used(), Err(error));
}

#[test]
#[should_panic(expected = "a chain has no element 3")]
fn an_element_that_a_chain_does_not_have_is_a_fault_of_the_program() {
    let mut machine = Machine::new(Disk::new(1));
    let mut queue = queue(&mut machine, Suppression::EventIndex);
    let chain = queue.take_free().unwrap();
    queue.describe(chain, 3, &element(0x2000));
}

proptest! {
    #[test]
    fn the_parts_of_a_queue_do_not_overlap(
        exponent in 0u32..=15,
        chains in 0u16..300,
        elements in 0u16..140,
        indirect: bool,
    ) {
        let placement = if indirect { Placement::Indirect } else { Placement::InRing };
        let Ok(geometry) = Geometry::fit(1 << exponent, chains, elements, placement) else {
            prop_assert!(!indirect && exponent < 2);
            return Ok(());
        };
        prop_assert!(geometry.chains >= 1 && geometry.elements >= 3);
        let mut machine = Machine::new(Disk::new(1));
        let mut queue = SplitQueue::new(&mut machine, &geometry, Suppression::EventIndex).unwrap();
        let information = queue.information(0);
        let size = geometry.size;
        let mut parts = vec![
            (information.descriptors.get(), 16 * usize::from(size)),
            (information.available.get(), available::length(size)),
            (information.used.get(), used::length(size)),
            (queue.indicators().queues.0, 8),
            (queue.indicators().configuration.0, 8),
        ];
        prop_assert_eq!(information.descriptors.get() % 16, 0);
        prop_assert_eq!(information.available.get() % 2, 0);
        prop_assert_eq!(information.used.get() % 8, 4);
        prop_assert_eq!(queue.indicators().queues.0 % 8, 0);
        if indirect {
            for chain in 0..u64::from(geometry.chains) {
                let head = information.descriptors.get() + 16 * chain;
                let table = machine.memory.access(head, 8, |bytes| {
                    u64::from_le_bytes((&*bytes).try_into().unwrap())
                });
                prop_assert_eq!(table % 16, 0);
                parts.push((table, 16 * usize::from(geometry.elements)));
            }
        } else {
            prop_assert!(u32::from(geometry.chains) * u32::from(geometry.elements) <= size.into());
        }
        parts.sort_unstable();
        for pair in parts.windows(2) {
            prop_assert!(pair[0].0 + pair[0].1 as u64 <= pair[1].0, "{:?}", pair);
        }
        // The last part must lie in the area: the fake fails otherwise.
        let (last, length) = *parts.last().unwrap();
        machine.memory.access(last, length, |_| ());
        for _ in 0..geometry.chains {
            let chain = queue.take_free().unwrap();
            for index in 0..geometry.elements {
                queue.describe(chain, index, &element(0x2000));
            }
            queue.offer(chain, 1);
        }
        prop_assert!(queue.take_free().is_none());
        prop_assert_eq!(queue.publish(), Notification::Wanted);
    }
}
