//! The device's side of the virtqueue, and the requests that come through it.

use super::area::Memory;
use super::disk::Disk;
use virtio_ccw::spec::block::{SECTOR_BYTES, request_type, status};
use virtio_ccw::spec::channel::QueueInformation;
use virtio_ccw::spec::ring::{available, descriptor, needs_event, used};
use virtio_ccw::spec::{DeviceStatus, Features};

/// What the device does wrong, once, at the next request it serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Misbehaviour {
    /// The used index runs ahead by this much.
    RunAhead(u16),
    /// The used entry names this chain.
    WrongId(u32),
    /// The same chain is given back twice.
    Twice,
    /// The used entry says that this many bytes were written.
    Written(u32),
    /// The status byte is this.
    Status(u8),
    /// The status byte is not written.
    NoStatus,
}

/// A request as the device saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) kind: u32,
    pub(crate) sector: u64,
    /// Lengths of the data segments.
    pub(crate) segments: Vec<u32>,
}

/// The device's view of its queue.
pub(crate) struct DeviceQueue {
    size: u16,
    descriptors: u64,
    available: u64,
    used: u64,
    taken: u16,
    next_used: u16,
}

#[derive(Clone, Copy)]
struct Descriptor {
    address: u64,
    length: u32,
    flags: u16,
    next: u16,
}

fn number<const N: usize>(memory: &Memory, address: u64) -> [u8; N] {
    memory.access(address, N, |bytes| (&*bytes).try_into().unwrap())
}

fn read_u16(memory: &Memory, address: u64) -> u16 {
    u16::from_le_bytes(number(memory, address))
}

fn write(memory: &Memory, address: u64, from: &[u8]) {
    memory.access(address, from.len(), |bytes| bytes.copy_from_slice(from));
}

impl DeviceQueue {
    pub(super) fn new(information: &QueueInformation) -> Self {
        let queue = Self {
            size: information.size.get(),
            descriptors: information.descriptors.get(),
            available: information.available.get(),
            used: information.used.get(),
            taken: 0,
            next_used: 0,
        };
        assert!(queue.size.is_power_of_two());
        assert_eq!(queue.descriptors % 16, 0);
        assert_eq!(queue.available % 2, 0);
        assert_eq!(queue.used % 4, 0);
        queue
    }

    fn available_index(&self, memory: &Memory) -> u16 {
        read_u16(memory, self.available + available::INDEX as u64)
    }

    fn descriptor(memory: &Memory, table: u64, index: u16) -> Descriptor {
        let bytes: [u8; 16] = number(memory, table + 16 * u64::from(index));
        Descriptor {
            address: u64::from_le_bytes(bytes[..8].try_into().unwrap()),
            length: u32::from_le_bytes(bytes[8..12].try_into().unwrap()),
            flags: u16::from_le_bytes(bytes[12..14].try_into().unwrap()),
            next: u16::from_le_bytes(bytes[14..].try_into().unwrap()),
        }
    }

    /// The elements of a chain: address, length, whether the device writes.
    fn chain(&self, memory: &Memory, head: u16, features: Features) -> Vec<(u64, u32, bool)> {
        assert!(head < self.size, "head {head} of a queue of {}", self.size);
        let first = Self::descriptor(memory, self.descriptors, head);
        let (table, limit, start) = if first.flags & descriptor::FLAG_INDIRECT == 0 {
            (self.descriptors, self.size, head)
        } else {
            assert!(features.contains(Features::INDIRECT_DESCRIPTORS));
            assert_eq!(first.flags, descriptor::FLAG_INDIRECT);
            assert!(first.length > 0 && first.length.is_multiple_of(16));
            assert_eq!(first.address % 16, 0);
            (first.address, u16::try_from(first.length / 16).unwrap(), 0)
        };
        let mut elements = Vec::new();
        let mut index = start;
        loop {
            assert!(index < limit, "next is {index} of {limit}");
            let it = Self::descriptor(memory, table, index);
            assert_eq!(it.flags & !(descriptor::FLAG_NEXT | descriptor::FLAG_WRITE), 0);
            assert_ne!(it.length, 0);
            elements.push((it.address, it.length, it.flags & descriptor::FLAG_WRITE != 0));
            // A queue of two has no other way to a chain of three.
            assert!(
                elements.len() <= usize::from(self.size.max(3)),
                "a chain longer than the queue"
            );
            if it.flags & descriptor::FLAG_NEXT == 0 {
                return elements;
            }
            index = it.next;
        }
    }
}

impl Disk {
    /// The driver has notified. Says whether to interrupt.
    pub(crate) fn notified(&mut self, memory: &Memory) -> bool {
        let queue = self.queue.as_ref().expect("notified without a queue");
        assert!(self.status.contains(DeviceStatus::DRIVER_OK));
        assert!(!self.polls, "a notification that was not wanted");
        assert_ne!(queue.available_index(memory), queue.taken, "a notification of nothing");
        if self.hold { self.look(memory) } else { self.serve(memory) }
    }

    /// Sees that there is something, and asks to be told of what comes next.
    fn look(&mut self, memory: &Memory) -> bool {
        let queue = self.queue.as_ref().unwrap();
        let index = queue.available_index(memory);
        self.ask_for_notification(memory, index);
        false
    }

    fn ask_for_notification(&self, memory: &Memory, index: u16) {
        let queue = self.queue.as_ref().unwrap();
        if self.accepted.contains(Features::EVENT_INDEX) {
            let event = if self.polls { index.wrapping_sub(1) } else { index };
            let address = queue.used + used::available_event(queue.size) as u64;
            write(memory, address, &event.to_le_bytes());
        } else {
            let flags = if self.polls { used::FLAG_NO_NOTIFY } else { 0 };
            write(memory, queue.used, &flags.to_le_bytes());
        }
    }

    /// Serves everything that is available. Says whether to interrupt.
    pub(crate) fn serve(&mut self, memory: &Memory) -> bool {
        let mut queue = self.queue.take().expect("no queue");
        let old = queue.next_used;
        let index = queue.available_index(memory);
        let waiting = index.wrapping_sub(queue.taken);
        assert!(waiting <= queue.size, "the available index runs ahead");
        let mut ahead = 0;
        for _ in 0..waiting {
            let entry = u64::from(queue.taken % queue.size) * 2 + available::RING as u64;
            let head = read_u16(memory, queue.available + entry);
            queue.taken = queue.taken.wrapping_add(1);
            if let Some(Misbehaviour::RunAhead(by)) = self.misbehaviour {
                ahead = by;
            }
            self.serve_one(memory, &mut queue, head);
        }
        queue.show_used(memory, ahead);
        let (new, size) = (queue.next_used, queue.size);
        let address = queue.available;
        self.queue = Some(queue);
        self.ask_for_notification(memory, index);
        if old == new {
            return false;
        }
        let wanted = if self.accepted.contains(Features::EVENT_INDEX) {
            assert_eq!(read_u16(memory, address), 0, "flags with event index");
            let event = read_u16(memory, address + available::used_event(size) as u64);
            needs_event(event, new, old)
        } else {
            read_u16(memory, address) == 0
        };
        if wanted {
            memory.access(self.indicators.unwrap(), 8, |bytes| bytes[7] |= 1);
        }
        wanted
    }

    /// Writes something over the used ring, somewhere.
    pub(crate) fn scribble(&mut self, memory: &Memory, at: u16, value: u64) {
        let queue = self.queue.as_ref().expect("no queue");
        let offset = u64::from(at) % (used::length(queue.size) as u64 / 2) * 2;
        write(memory, queue.used + offset, &value.to_le_bytes()[..2]);
    }

    fn serve_one(&mut self, memory: &Memory, queue: &mut DeviceQueue, head: u16) {
        let elements = queue.chain(memory, head, self.accepted);
        let writable: u32 =
            elements.iter().filter(|(_, _, write)| *write).map(|(_, length, _)| length).sum();
        let misbehaviour = self.misbehaviour.take();
        let outcome = self.request(memory, &elements);
        let (status_address, _, _) = *elements.last().unwrap();
        match misbehaviour {
            Some(Misbehaviour::NoStatus) => {}
            Some(Misbehaviour::Status(status)) => write(memory, status_address, &[status]),
            _ => write(memory, status_address, &[outcome]),
        }
        let (mut id, mut written) = (u32::from(head), writable);
        match misbehaviour {
            Some(Misbehaviour::WrongId(wrong)) => id = wrong,
            Some(Misbehaviour::Written(bytes)) => written = bytes,
            Some(Misbehaviour::Twice) => queue.put_used(memory, id, written),
            Some(Misbehaviour::Status(_) | Misbehaviour::NoStatus | Misbehaviour::RunAhead(_))
            | None => {}
        }
        queue.put_used(memory, id, written);
    }

    /// Carries out a request; gives its status.
    fn request(&mut self, memory: &Memory, elements: &[(u64, u32, bool)]) -> u8 {
        let [(header, header_length, false), data @ .., (_, 1, true)] = elements else {
            panic!("no header and status byte: {elements:?}");
        };
        assert_eq!(*header_length, 16);
        let header: [u8; 16] = number(memory, *header);
        let kind = u32::from_le_bytes(header[..4].try_into().unwrap());
        assert_eq!(header[4..8], [0; 4]);
        let sector = u64::from_le_bytes(header[8..].try_into().unwrap());
        let segments: Vec<u32> = data.iter().map(|(_, length, _)| *length).collect();
        if self.accepted.contains(Features::BLOCK_SEGMENTS_MAX) {
            assert!(segments.len() as u64 <= u64::from(self.field(12).max(1)));
        }
        if self.accepted.contains(Features::BLOCK_SIZE_MAX) {
            assert!(segments.iter().all(|length| *length <= self.field(8)));
        }
        let to_storage = kind == request_type::IN;
        assert!(data.iter().all(|(_, _, write)| *write == to_storage));
        self.requests.push(Request { kind, sector, segments });
        match kind {
            request_type::IN | request_type::OUT => self.transfer(memory, kind, sector, data),
            request_type::FLUSH => {
                assert!(self.accepted.contains(Features::BLOCK_FLUSH));
                assert!(data.is_empty() && sector == 0);
                self.bad_sectors.get(&u64::MAX).copied().unwrap_or(status::OK)
            }
            request_type::DISCARD => self.range(memory, kind, sector, data),
            request_type::WRITE_ZEROES => self.range(memory, kind, sector, data),
            _ => status::UNSUPPORTED,
        }
    }

    fn span(&self, sector: u64, bytes: u64) -> std::ops::Range<usize> {
        let block = self.block_bytes() as u64;
        let start = sector * u64::from(SECTOR_BYTES);
        assert!(
            bytes > 0 && start.is_multiple_of(block) && bytes.is_multiple_of(block),
            "not whole blocks"
        );
        let span = usize::try_from(start).unwrap()..usize::try_from(start + bytes).unwrap();
        assert!(span.end <= self.content.len(), "beyond the capacity");
        span
    }

    fn is_writable(&self) -> bool {
        !self.accepted.contains(Features::BLOCK_READ_ONLY)
    }

    fn transfer(
        &mut self,
        memory: &Memory,
        kind: u32,
        sector: u64,
        data: &[(u64, u32, bool)],
    ) -> u8 {
        let bytes = data.iter().map(|(_, length, _)| u64::from(*length)).sum();
        let span = self.span(sector, bytes);
        assert!(kind == request_type::IN || self.is_writable(), "a write to a read-only disk");
        if let Some(status) = self.bad_sectors.get(&sector) {
            return *status;
        }
        let mut rest = &mut self.content[span];
        for (address, length, _) in data {
            let (here, behind) = rest.split_at_mut(usize::try_from(*length).unwrap());
            memory.access(*address, here.len(), |bytes| {
                if kind == request_type::IN {
                    bytes.copy_from_slice(here);
                } else {
                    here.copy_from_slice(bytes);
                }
            });
            rest = behind;
        }
        status::OK
    }

    fn range(&mut self, memory: &Memory, kind: u32, sector: u64, data: &[(u64, u32, bool)]) -> u8 {
        let (feature, limit) = if kind == request_type::DISCARD {
            (Features::BLOCK_DISCARD, self.field(36))
        } else {
            (Features::BLOCK_WRITE_ZEROES, self.field(48))
        };
        assert!(self.accepted.contains(feature) && self.is_writable());
        let [(address, 16, false)] = data else { panic!("not one range: {data:?}") };
        assert_eq!(sector, 0);
        let range: [u8; 16] = number(memory, *address);
        let first = u64::from_le_bytes(range[..8].try_into().unwrap());
        let sectors = u32::from_le_bytes(range[8..12].try_into().unwrap());
        assert_eq!(range[12..], [0; 4]);
        assert!(sectors <= limit);
        let span = self.span(first, u64::from(sectors) * u64::from(SECTOR_BYTES));
        if let Some(status) = self.bad_sectors.get(&first) {
            return *status;
        }
        self.content[span].fill(if kind == request_type::DISCARD { 0xdd } else { 0 });
        status::OK
    }
}

impl DeviceQueue {
    fn put_used(&mut self, memory: &Memory, id: u32, written: u32) {
        let index = u64::from(self.next_used % self.size);
        let entry = self.used + used::RING as u64 + index * used::ENTRY_LENGTH as u64;
        write(memory, entry, &id.to_le_bytes());
        write(memory, entry + used::ENTRY_BYTES as u64, &written.to_le_bytes());
        self.next_used = self.next_used.wrapping_add(1);
    }

    fn show_used(&self, memory: &Memory, ahead: u16) {
        let index = self.next_used.wrapping_add(ahead);
        write(memory, self.used + used::INDEX as u64, &index.to_le_bytes());
    }
}
