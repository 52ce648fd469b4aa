//! What a block device's driver must answer, from what the device has written and what was asked of it before.

use crate::hostile::{HostileMachine, SharedArea};
use crate::memory::DeviceMemory;
use crate::ring::{DeviceRing, Segment};
use channel_io::Area;
use ios::{Broken, Characteristics, Ended, Operation, RequestId, Status};
use std::collections::BTreeMap;
use virtio_ccw::block::Limits;

/// What the status byte is before the device has written it.
const NOT_WRITTEN: u8 = 0xff;

/// How the device sees a request that it has.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shown {
    pub(super) head: u16,
    /// The most bytes that it can write.
    pub(super) writable: u32,
    /// The fewest that it has written when all went well.
    pub(super) least: u32,
    /// Where the status byte goes.
    pub(super) status_at: u64,
}

/// A request in a slot.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) operation: Operation,
    pub(super) data: Option<SharedArea>,
    /// Once it was started.
    pub(super) shown: Option<Shown>,
}

/// The driver and its queue.
#[derive(Debug, Default)]
pub(super) struct Model {
    pub(super) requests: BTreeMap<u32, Request>,
    /// Slots whose request the device has broken the rules with: they are of no use until a clear.
    pub(super) lost: usize,
    pub(super) published: u64,
    /// Up to here the device was told, or asked not to be.
    pub(super) settled: u64,
    pub(super) used: u64,
    pub(super) broken: Option<Broken>,
}

/// The low half of an index, as it lies in the rings.
pub(super) const fn half(index: u64) -> u16 {
    let [a, b, ..] = index.to_le_bytes();
    u16::from_le_bytes([a, b])
}

/// Whether a driver may send a request at all (VIRTIO 1.2, 5.2.6.1 Driver Requirements: Device Operation), by
/// what the device is and can take.
pub(super) fn is_allowed(it: &Characteristics, operation: &Operation, data_bytes: u64) -> bool {
    let most = match operation {
        Operation::Flush => return it.flush,
        Operation::Read(_) => u64::from(it.transfer_sectors),
        _ if it.read_only => return false,
        Operation::Write(_) => it.transfer_sectors.into(),
        Operation::Discard(_) => it.discard.map_or(0, |range| range.sectors.into()),
        Operation::WriteZeroes(_) => it.write_zeroes.map_or(0, |range| range.sectors.into()),
    };
    let needed = match operation {
        Operation::Read(extent) | Operation::Write(extent) => u64::from(extent.sectors) * 512,
        Operation::Flush | Operation::Discard(_) | Operation::WriteZeroes(_) => 0,
    };
    operation.extent().is_some_and(|extent| {
        let (first, sectors) = (u128::from(extent.first.0), u128::from(extent.sectors));
        let block = u128::from(it.block_bytes / 512);
        let aligned = first.is_multiple_of(block) && sectors.is_multiple_of(block);
        let inside = first + sectors <= u128::from(it.capacity_sectors);
        sectors > 0 && sectors <= u128::from(most) && aligned && inside && data_bytes >= needed
    })
}

impl Model {
    /// Whether a device that says this wants to be told of the indexes from `old` to before `new`.
    pub(super) fn wants(
        ring: &DeviceRing,
        machine: &HostileMachine,
        event_index: Suppressed,
        (old, new): (u64, u64),
    ) -> bool {
        match event_index {
            Suppressed::ByFlag => old != new && ring.used_flags(machine) & 1 == 0,
            Suppressed::ByIndex => {
                let event = ring.available_event(machine);
                (old..new).any(|index| half(index) == event)
            }
        }
    }

    /// The numbers of the requests that the device has.
    pub(super) fn shown(&self) -> Vec<u32> {
        self.numbers(|request| request.shown.is_some())
    }

    /// The numbers of the requests that are built and not started.
    pub(super) fn built(&self) -> Vec<u32> {
        self.numbers(|request| request.shown.is_none())
    }

    fn numbers(&self, which: impl Fn(&Request) -> bool) -> Vec<u32> {
        let requests = self.requests.iter().filter(|(_, request)| which(request));
        requests.map(|(number, _)| *number).collect()
    }

    /// What the driver must say has ended.
    pub(super) fn ended(&mut self, ring: &DeviceRing, machine: &HostileMachine) -> Ended {
        if let Some(broken) = self.broken {
            return Ended::Broken(broken);
        }
        match self.look(ring, machine) {
            Ok(None) => Ended::Nothing,
            Ok(Some((number, status))) => {
                self.requests.remove(&number);
                Ended::Request(RequestId::from_parts(number, number), status)
            }
            Err(broken) => {
                self.broken = Some(broken);
                Ended::Broken(broken)
            }
        }
    }

    fn look(
        &mut self,
        ring: &DeviceRing,
        machine: &HostileMachine,
    ) -> Result<Option<(u32, Status)>, Broken> {
        let index = ring.used_index(machine);
        let mut possible = self.used..=self.published;
        let Some(ahead) = possible.position(|possible| half(possible) == index) else {
            return broken("used index", index.into(), half(self.published).into());
        };
        if ahead == 0 {
            return Ok(None);
        }
        let (id, written) = ring.used(machine, half(self.used));
        let found = self.requests.iter().find_map(|(number, request)| {
            let shown = request.shown.filter(|shown| u32::from(shown.head) == id)?;
            Some((*number, shown))
        });
        let Some((number, shown)) = found else {
            return broken("used chain", id.into(), ring.size.into());
        };
        if written > shown.writable {
            return broken("bytes written", written.into(), shown.writable.into());
        }
        // From here on the entry is taken, whatever comes of it.
        self.used += 1;
        let mut status = [0];
        machine.fetch(shown.status_at, &mut status);
        let [status] = status;
        let status = match status {
            0 if written >= shown.least => Ok(Status::Complete),
            0 => {
                broken("bytes written by a read that went well", written.into(), shown.least.into())
            }
            1 => Ok(Status::DeviceError),
            2 => Ok(Status::Unsupported),
            NOT_WRITTEN => broken("status byte, not written", status.into(), 0),
            _ => broken("status byte", status.into(), 0),
        };
        if status.is_err() {
            self.requests.remove(&number);
            self.lost += 1;
        }
        status.map(|status| Some((number, status)))
    }
}

fn broken<T>(what: &'static str, value: u64, expected: u64) -> Result<T, Broken> {
    Err(Broken { what, value, expected })
}

/// By what the device says that it wants no notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Suppressed {
    ByFlag,
    ByIndex,
}

/// Checks that a chain is the request that it should be (VIRTIO 1.2, 5.2.6 Device Operation); what the device
/// can do with it.
pub(super) fn check_chain(
    ring: &DeviceRing,
    machine: &HostileMachine,
    head: u16,
    request: &Request,
    limits: &Limits,
) -> Shown {
    let chain = ring.chain(machine, head);
    let [header, middle @ .., status] = chain.as_slice() else { panic!("a chain of {chain:?}") };
    assert!(header.length == 16 && !header.write, "{header:?}");
    assert!(status.length == 1 && status.write, "{status:?}");
    let (kind, sector, data) = match request.operation {
        Operation::Read(extent) => (0, extent.first.0, extent.bytes()),
        Operation::Write(extent) => (1, extent.first.0, extent.bytes()),
        Operation::Flush => (4, 0, 0),
        Operation::Discard(_) => (11, 0, 0),
        Operation::WriteZeroes(_) => (13, 0, 0),
    };
    assert_eq!(machine.load32(header.address), kind);
    assert_eq!(machine.load64(header.address + 8), sector);
    let mut byte = [0];
    machine.fetch(status.address, &mut byte);
    assert_eq!(byte, [NOT_WRITTEN], "a status of another request");
    match request.operation {
        Operation::Read(_) | Operation::Write(_) => {
            assert!(middle.len() <= usize::from(limits.segments), "{middle:?}");
            check_data(middle, request, data, limits.segment_bytes);
        }
        Operation::Flush => assert!(middle.is_empty(), "{middle:?}"),
        Operation::Discard(extent) | Operation::WriteZeroes(extent) => {
            let [range] = middle else { panic!("{middle:?}") };
            assert!(range.length == 16 && !range.write, "{range:?}");
            assert_eq!(machine.load64(range.address), extent.first.0);
            assert_eq!(machine.load32(range.address + 8), extent.sectors);
            assert_eq!(machine.load32(range.address + 12), 0, "flags");
        }
    }
    let reads = matches!(request.operation, Operation::Read(_));
    let writable = chain.iter().filter(|segment| segment.write).map(|segment| segment.length).sum();
    let least = if reads { writable } else { 0 };
    Shown { head, writable, least, status_at: status.address }
}

/// Checks that segments are the request's data from its start, without a gap.
fn check_data(segments: &[Segment], request: &Request, bytes: u64, most: u32) {
    let mut next = request.data.as_ref().map_or(0, |data| data.address().0);
    let mut left = bytes;
    for segment in segments {
        assert_eq!(segment.address, next);
        assert_eq!(segment.write, matches!(request.operation, Operation::Read(_)));
        assert!(segment.length > 0 && segment.length <= most, "{segment:?}");
        next += u64::from(segment.length);
        left = left.checked_sub(segment.length.into()).unwrap_or_else(|| panic!("{segments:?}"));
    }
    assert_eq!(left, 0, "{segments:?} for {bytes} bytes");
}
