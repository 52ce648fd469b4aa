//! Main storage: areas that programs own, reached by devices through absolute addresses.
//!
//! An address is never used twice, and there is a gap behind every area: a device that was told of an
//! area which is gone, or of more than there is, reaches nothing, and that shows. Areas asked for
//! anywhere lie above 4 GiB, so that an address that was cut short shows too.

use channel_io::{AbsoluteAddress, Area, Reach, StorageError};
use core::fmt;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Where areas below 2 GiB begin: beyond what a kernel has for itself.
const LOW: u64 = 0x10_0000;
/// Where they end.
const LOW_END: u64 = 1 << 31;
/// Where the others begin.
const HIGH: u64 = 1 << 32;
/// At least so many bytes behind an area are nobody's.
const GAP: u64 = 256;

/// Whether devices may reach an area.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lending {
    Lent,
    Withheld,
}

#[derive(Debug)]
struct LiveArea {
    bytes: Vec<u8>,
    lending: Lending,
}

/// Why a device could not reach storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unreachable {
    /// It is not wholly in an area that is there.
    Nobodys,
    /// Its owner has withheld it.
    Withheld,
}

/// All areas.
#[derive(Debug)]
pub(crate) struct MainStorage {
    areas: BTreeMap<u64, LiveArea>,
    next_low: u64,
    next_high: u64,
    /// How many bytes may still be allocated.
    room: u64,
    races: Vec<Raced>,
    gathering: Gathering,
}

/// Whether what devices write is put off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gathering {
    Off,
    On,
}

/// What a device writes just before the program's next 16-bit store at an address: so a race between the two is
/// made to happen.
#[derive(Debug)]
struct Raced {
    store_at: u64,
    writes: Vec<(u64, Vec<u8>)>,
}

impl MainStorage {
    pub(crate) fn new() -> Self {
        Self {
            areas: BTreeMap::new(),
            next_low: LOW,
            next_high: HIGH,
            room: u64::MAX,
            races: Vec::new(),
            gathering: Gathering::Off,
        }
    }

    /// Sets how many bytes may still be allocated; those given back later do not count.
    pub(crate) fn set_room(&mut self, bytes: u64) {
        self.room = bytes;
    }

    pub(crate) fn live_areas(&self) -> usize {
        self.areas.len()
    }

    fn allocate(
        &mut self,
        length: usize,
        alignment: usize,
        reach: Reach,
    ) -> Result<u64, StorageError> {
        assert!(alignment.is_power_of_two(), "an alignment of {alignment} is no power of two");
        let error = StorageError { length, reach };
        let room = self.room.checked_sub(length as u64).ok_or(error)?;
        let (next, end) = match reach {
            Reach::Below2G => (&mut self.next_low, LOW_END),
            Reach::Anywhere => (&mut self.next_high, u64::MAX),
        };
        let address = next.next_multiple_of(alignment as u64);
        let behind = address.saturating_add(length as u64).saturating_add(GAP);
        if behind > end {
            return Err(error);
        }
        *next = behind;
        self.room = room;
        let area = LiveArea { bytes: vec![0; length], lending: Lending::Lent };
        self.areas.insert(address, area);
        Ok(address)
    }

    fn find(&self, address: u64, length: usize) -> Result<(u64, &LiveArea), Unreachable> {
        let (start, area) = self.areas.range(..=address).next_back().ok_or(Unreachable::Nobodys)?;
        let end = address.checked_add(length as u64).ok_or(Unreachable::Nobodys)?;
        if end > start + area.bytes.len() as u64 {
            return Err(Unreachable::Nobodys);
        }
        match area.lending {
            Lending::Lent => Ok((*start, area)),
            Lending::Withheld => Err(Unreachable::Withheld),
        }
    }

    /// A device reads.
    pub(crate) fn read(&self, address: u64, to: &mut [u8]) -> Result<(), Unreachable> {
        let (start, area) = self.find(address, to.len())?;
        to.copy_from_slice(part(&area.bytes, offset(address - start), to.len()));
        Ok(())
    }

    /// From now on, until [`MainStorage::race_gathered`], what devices write is put off: it comes just before the
    /// next 16-bit store of the program at an address.
    pub(crate) fn begin_race(&mut self, store_at: u64) {
        self.races.push(Raced { store_at, writes: Vec::new() });
        self.gathering = Gathering::On;
    }

    /// What devices write from now on comes at once again.
    pub(crate) fn race_gathered(&mut self) {
        self.gathering = Gathering::Off;
    }

    /// What was put off until a store at an address is written. Whether there was anything.
    pub(crate) fn end_race(&mut self, store_at: u64) -> bool {
        let mut ended = false;
        while let Some(place) = self.races.iter().position(|raced| raced.store_at == store_at) {
            for (address, bytes) in self.races.remove(place).writes {
                // That it can be reached was seen when it was put off.
                let _ = self.write(address, &bytes);
            }
            ended = true;
        }
        ended
    }

    /// A device writes.
    pub(crate) fn write(&mut self, address: u64, from: &[u8]) -> Result<(), Unreachable> {
        let (start, _) = self.find(address, from.len())?;
        if self.gathering == Gathering::On
            && let Some(raced) = self.races.last_mut()
        {
            raced.writes.push((address, from.to_vec()));
            return Ok(());
        }
        if let Some(area) = self.areas.get_mut(&start) {
            part_mut(&mut area.bytes, offset(address - start), from.len()).copy_from_slice(from);
        }
        Ok(())
    }
}

fn offset(distance: u64) -> usize {
    usize::try_from(distance).unwrap_or(usize::MAX)
}

/// `length` bytes from `offset` on; the caller is at fault if they are not there.
fn part(bytes: &[u8], offset: usize, length: usize) -> &[u8] {
    match bytes.get(offset..offset.saturating_add(length)) {
        Some(part) => part,
        None => panic!("{length} bytes at {offset} of an area of {}", bytes.len()),
    }
}

fn part_mut(bytes: &mut [u8], offset: usize, length: usize) -> &mut [u8] {
    let all = bytes.len();
    match bytes.get_mut(offset..offset.saturating_add(length)) {
        Some(part) => part,
        None => panic!("{length} bytes at {offset} of an area of {all}"),
    }
}

/// An area of a simulated machine's main storage. It is gone when it is dropped.
pub struct SimArea {
    storage: Rc<RefCell<MainStorage>>,
    address: u64,
    length: usize,
}

impl SimArea {
    pub(crate) fn allocate(
        storage: &Rc<RefCell<MainStorage>>,
        length: usize,
        alignment: usize,
        reach: Reach,
    ) -> Result<Self, StorageError> {
        let address = storage.borrow_mut().allocate(length, alignment, reach)?;
        Ok(Self { storage: Rc::clone(storage), address, length })
    }

    /// From now on a device that reaches for the area breaks a rule: the area's owner has it back.
    pub fn withhold(&self) {
        self.set(Lending::Withheld);
    }

    /// From now on devices may reach the area again, as they may from the first.
    pub fn lend(&self) {
        self.set(Lending::Lent);
    }

    fn set(&self, lending: Lending) {
        if let Some(area) = self.storage.borrow_mut().areas.get_mut(&self.address) {
            area.lending = lending;
        }
    }

    /// A copy of the whole content.
    #[must_use]
    pub fn to_vec(&self) -> Vec<u8> {
        self.with(<[u8]>::to_vec)
    }

    fn with<R>(&self, act: impl FnOnce(&[u8]) -> R) -> R {
        match self.storage.borrow().areas.get(&self.address) {
            Some(area) => act(&area.bytes),
            None => panic!("an area is there as long as its handle is"),
        }
    }

    fn with_mut<R>(&self, act: impl FnOnce(&mut [u8]) -> R) -> R {
        match self.storage.borrow_mut().areas.get_mut(&self.address) {
            Some(area) => act(&mut area.bytes),
            None => panic!("an area is there as long as its handle is"),
        }
    }

    fn load<const N: usize>(&self, offset: usize) -> [u8; N] {
        assert!(offset.is_multiple_of(N), "an access of {N} bytes at {offset}");
        let mut bytes = [0; N];
        self.read(offset, &mut bytes);
        bytes
    }

    fn store<const N: usize>(&mut self, offset: usize, bytes: [u8; N]) {
        assert!(offset.is_multiple_of(N), "an access of {N} bytes at {offset}");
        self.write(offset, &bytes);
    }
}

impl fmt::Debug for SimArea {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SimArea({:#x}, {} bytes)", self.address, self.length)
    }
}

impl Drop for SimArea {
    fn drop(&mut self) {
        self.storage.borrow_mut().areas.remove(&self.address);
    }
}

impl Area for SimArea {
    fn address(&self) -> AbsoluteAddress {
        AbsoluteAddress(self.address)
    }

    fn length(&self) -> usize {
        self.length
    }

    fn read(&self, offset: usize, to: &mut [u8]) {
        self.with(|bytes| to.copy_from_slice(part(bytes, offset, to.len())));
    }

    fn write(&mut self, offset: usize, from: &[u8]) {
        self.with_mut(|bytes| part_mut(bytes, offset, from.len()).copy_from_slice(from));
    }

    fn fill(&mut self, offset: usize, length: usize, value: u8) {
        self.with_mut(|bytes| part_mut(bytes, offset, length).fill(value));
    }

    fn copy_from(&mut self, offset: usize, from: &Self, from_offset: usize, length: usize) {
        let copied = from.with(|bytes| part(bytes, from_offset, length).to_vec());
        self.write(offset, &copied);
    }

    fn first_difference(
        &self,
        offset: usize,
        other: &Self,
        other_offset: usize,
        length: usize,
    ) -> Option<usize> {
        let theirs = other.with(|bytes| part(bytes, other_offset, length).to_vec());
        self.with(|bytes| {
            let mine = part(bytes, offset, length);
            mine.iter().zip(&theirs).position(|(a, b)| a != b)
        })
    }

    fn load_le16(&self, offset: usize) -> u16 {
        u16::from_le_bytes(self.load(offset))
    }

    fn store_le16(&mut self, offset: usize, value: u16) {
        self.storage.borrow_mut().end_race(self.address + offset as u64);
        self.store(offset, value.to_le_bytes());
    }

    fn load_le32(&self, offset: usize) -> u32 {
        u32::from_le_bytes(self.load(offset))
    }

    fn store_le32(&mut self, offset: usize, value: u32) {
        self.store(offset, value.to_le_bytes());
    }

    fn load_le64(&self, offset: usize) -> u64 {
        u64::from_le_bytes(self.load(offset))
    }

    fn store_le64(&mut self, offset: usize, value: u64) {
        self.store(offset, value.to_le_bytes());
    }
}
