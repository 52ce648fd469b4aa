//! A world: the supervisor, the mirror and their disks, and what their process knows.

use crate::bounds::{Bounds, CAPACITY, Left};
use crate::names::Names;
use crate::oracle::Oracle;
use crate::property::Broken;
use crate::reached::EventKind;
use channel_io::Microseconds;
use channel_sim::light::{Buffer, Disk, DiskIndex, LightMachine, Names as ByName, SimPlatform};
use core::hash::{Hash, Hasher};
use ios::{Ios, ProcessId, UcbIndex};
use mirror::{Copier, Initial, LockId, Mirror, Pair, PairIndex, PairState};

/// How long a request may take: twice the time after which a start that was refused is tried again.
pub(crate) const LIMIT: Microseconds = Microseconds(4_000);

/// One pair, as its process and its operator call it.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// Its address and that of its other disk.
    pub(crate) legs: [UcbIndex; 2],
    pub(crate) oracle: Oracle,
    /// The process that copies.
    pub(crate) copying: ProcessId,
    pub(crate) copier: Option<Copier<Buffer>>,
    /// A scrub's lock.
    pub(crate) lock: Option<LockId>,
}

/// One state of a world.
#[derive(Clone)]
pub struct World {
    /// The supervisor, with all that it has.
    pub ios: Ios<SimPlatform>,
    pub(crate) process: ProcessId,
    pub(crate) places: Vec<Place>,
    /// By item of the menu.
    pub(crate) asked: Vec<bool>,
    pub(crate) left: Left,
    /// Something was done since the copiers were driven, and there is something to copy.
    pub(crate) undriven: bool,
    /// What the operator was told, as far as it says where the world has been.
    pub(crate) events: Vec<EventKind>,
    /// What did not hold, if anything; nothing happens after that.
    pub broken: Option<Broken>,
}

impl World {
    /// The world as it begins: its pairs are duplex, its disks are zeros.
    ///
    /// # Panics
    /// If no pairs can be made: the bounds are wrong.
    #[must_use]
    pub fn new(bounds: &Bounds) -> Self {
        let mut ios = Ios::<SimPlatform>::new(LightMachine::new(), Mirror::new());
        ios.set_time_limit(LIMIT);
        let ddt = ios.add_ddt("light");
        let process = ios.add_process();
        let place = |ios: &mut Ios<SimPlatform>| {
            let legs = bounds.slots.map(|slots| {
                let mut disk = Disk::new(CAPACITY, slots);
                disk.set_at_clear(bounds.at_clear);
                let disk = ios.machine.add_disk(disk);
                channel_sim::light::attach(ios, ddt, disk)
            });
            let [primary, secondary] = legs;
            mirror::establish(ios, primary, secondary, Initial::NoCopy, bounds.policy)
                .expect("a pair can be made of two such disks");
            let copying = ios.add_process();
            Place { legs, oracle: Oracle::default(), copying, copier: None, lock: None }
        };
        let places = (0..bounds.pairs).map(|_| place(&mut ios)).collect();
        let asked = vec![false; bounds.menu.len()];
        Self {
            ios,
            process,
            places,
            asked,
            left: bounds.left,
            undriven: false,
            events: Vec::new(),
            broken: None,
        }
    }

    /// The pair at a place, unless it was removed.
    #[must_use]
    pub fn pair(&self, place: usize) -> Option<(PairIndex, &Pair)> {
        let [address, _] = self.places[place].legs;
        let live = |pair: &Pair| pair.state() != PairState::Simplex && pair.address() == address;
        self.ios.anchor.pairs().find(|(_, pair)| live(pair))
    }

    /// The disk of a device.
    ///
    /// # Panics
    /// If the device is not one of this world.
    #[must_use]
    pub fn disk_of(&self, device: UcbIndex) -> DiskIndex {
        self.ios.ucb(device).expect("a device of this world").device().disk()
    }

    /// What a device's disk holds.
    #[must_use]
    pub fn held(&self, device: UcbIndex) -> &[u32] {
        self.ios.machine.disk(self.disk_of(device)).sectors()
    }

    /// A device, by its disk's number in an action.
    pub(crate) fn device(&self, disk: u8) -> UcbIndex {
        self.places[usize::from(disk / 2)].legs[usize::from(disk % 2)]
    }

    /// A disk, by its number in an action.
    pub(crate) fn index(&self, disk: u8) -> DiskIndex {
        self.disk_of(self.device(disk))
    }

    /// Whether a disk works on something.
    pub(crate) fn is_worked_on(&self) -> bool {
        self.ios.machine.disks().any(|(_, disk)| disk.started().next().is_some())
    }
}

/// Two worlds are one if nothing that happens from here on can tell them apart: see the `fingerprint` of each part
/// for what is left out.
impl Hash for World {
    fn hash<H: Hasher>(&self, to: &mut H) {
        let names = Names::new(&self.ios);
        let request = |id| names.request(id);
        let buffer = |id| names.buffer(id);
        self.ios.fingerprint(&request, to);
        self.ios.anchor.fingerprint(&request, to);
        self.ios.machine.fingerprint(ByName { request: &request, buffer: &buffer }, to);
        for place in &self.places {
            (&place.oracle, place.lock).hash(to);
            place.copier.is_some().hash(to);
            if let Some(copier) = &place.copier {
                copier.fingerprint(&self.ios.anchor, to);
            }
        }
        (&self.asked, &self.left, self.undriven, self.broken.is_some()).hash(to);
    }
}

/// As [`Hash`] has it.
impl PartialEq for World {
    fn eq(&self, other: &Self) -> bool {
        use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
        let build = BuildHasherDefault::<DefaultHasher>::default();
        build.hash_one(self) == build.hash_one(other)
    }
}
