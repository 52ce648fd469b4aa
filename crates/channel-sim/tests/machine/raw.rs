//! A driver built by hand, that can leave any step out or do it wrong.

use crate::bench::{Bench, DATA};
use channel_io::{
    Area, CcwFlags, ChannelSubsystem, DeviceStatus, HostCookie, NotifyOutcome, Reach, Storage,
};
use channel_sim::machine::{Rule, SimArea};
use channel_sim::virtio::BlockSettings;
use channel_sim::virtio::wire::feature;

/// Size of the queue.
pub(crate) const SIZE: u16 = 8;
const AVAILABLE: usize = 256;
const USED: usize = 512;
const INDICATORS: usize = 1024;
const TABLE: usize = 2048;

/// A device, and the storage of its queue and of one request.
pub(crate) struct Raw {
    pub(crate) bench: Bench,
    pub(crate) queue: SimArea,
    /// Header at 0, data at 512, status at 2048.
    pub(crate) request: SimArea,
    pub(crate) features: u64,
    next: u16,
}

/// Where the parts of a request lie in its area.
pub(crate) const HEADER: u64 = 0;
pub(crate) const BODY: u64 = 512;
pub(crate) const STATUS: u64 = 2048;

/// A descriptor to be: offset in the request's area, length, flags, next.
pub(crate) type Descriptor = (u64, u32, u16, u16);

/// The usual write of a sector.
pub(crate) const WRITE_CHAIN: [Descriptor; 3] =
    [(HEADER, 16, 1, 1), (BODY, 512, 1, 2), (STATUS, 1, 2, 0)];

impl Raw {
    pub(crate) fn new(settings: BlockSettings) -> Self {
        let features = settings.features;
        let mut bench = Bench::block(settings);
        let queue = bench.machine.allocate(4096, 4096, Reach::Anywhere).expect("room");
        let request = bench.machine.allocate(2560, 512, Reach::Anywhere).expect("room");
        Self { bench, queue, request, features, next: 0 }
    }

    /// One command; its device status, and what is in its data then.
    pub(crate) fn command(&mut self, code: u8, data: &[u8]) -> (DeviceStatus, Vec<u8>) {
        self.bench.area.write(DATA, data);
        let count = u16::try_from(data.len()).expect("short");
        let sli = CcwFlags::SUPPRESS_LENGTH_INDICATION;
        self.bench.store(&[(code, sli, count, DATA)]);
        let scsw = self.bench.run();
        (scsw.device_status, self.bench.data(DATA, data.len()))
    }

    pub(crate) fn is_rejected(&mut self, code: u8, data: &[u8]) -> bool {
        self.command(code, data).0.contains(DeviceStatus::UNIT_CHECK)
    }

    pub(crate) fn revision(&mut self) {
        assert!(!self.is_rejected(0x83, &[0, 2, 0, 0]));
    }

    pub(crate) fn write_features(&mut self, features: u64) {
        let [a, b, c, d, e, f, g, h] = features.to_le_bytes();
        self.command(0x11, &[a, b, c, d, 0]);
        self.command(0x11, &[e, f, g, h, 1]);
    }

    /// As far as FEATURES_OK.
    pub(crate) fn agree(&mut self) {
        self.revision();
        self.command(0x33, &[]);
        self.command(0x31, &[1]);
        self.command(0x31, &[3]);
        self.write_features(self.features);
        assert!(!self.is_rejected(0x31, &[11]));
    }

    /// What SET_VQ transfers for the queue's area.
    pub(crate) fn queue_information(&self) -> [u8; 32] {
        let base = self.queue.address().0;
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&base.to_be_bytes());
        bytes[14..16].copy_from_slice(&SIZE.to_be_bytes());
        bytes[16..24].copy_from_slice(&(base + AVAILABLE as u64).to_be_bytes());
        bytes[24..].copy_from_slice(&(base + USED as u64).to_be_bytes());
        bytes
    }

    pub(crate) fn set_queue(&mut self) {
        let information = self.queue_information();
        assert!(!self.is_rejected(0x13, &information));
    }

    pub(crate) fn set_indicators(&mut self) {
        let at = self.queue.address().plus(INDICATORS).0;
        self.command(0x43, &at.to_be_bytes());
        self.command(0x53, &(at + 8).to_be_bytes());
    }

    /// All of the set-up.
    pub(crate) fn ready(settings: BlockSettings) -> Self {
        let mut raw = Self::new(settings);
        raw.agree();
        raw.set_queue();
        raw.set_indicators();
        assert!(!raw.is_rejected(0x31, &[15]));
        raw
    }

    /// Puts descriptors at their places in the table at an offset of the queue's area.
    pub(crate) fn describe(&mut self, table: usize, descriptors: &[Descriptor]) {
        let base = self.request.address().0;
        for (place, (offset, length, flags, next)) in descriptors.iter().enumerate() {
            self.put(table + place * 16, base + offset, *length, *flags, *next);
        }
    }

    pub(crate) fn put(&mut self, at: usize, address: u64, length: u32, flags: u16, next: u16) {
        self.queue.store_le64(at, address);
        self.queue.store_le32(at + 8, length);
        self.queue.store_le16(at + 12, flags);
        self.queue.store_le16(at + 14, next);
    }

    /// Descriptors in an indirect table, and descriptor 0 of the ring naming it.
    pub(crate) fn describe_indirect(&mut self, descriptors: &[Descriptor]) {
        self.describe(TABLE, descriptors);
        let length = u32::try_from(descriptors.len()).expect("few") * 16;
        let at = self.queue.address().plus(TABLE).0;
        self.put(0, at, length, 4, 0);
    }

    pub(crate) fn header(&mut self, kind: u32, sector: u64) {
        self.request.store_le32(0, kind);
        self.request.store_le64(8, sector);
    }

    /// Makes a chain available.
    pub(crate) fn offer(&mut self, head: u16) {
        let place = usize::from(self.next % SIZE);
        self.queue.store_le16(AVAILABLE + 4 + 2 * place, head);
        self.next += 1;
        self.queue.store_le16(AVAILABLE + 2, self.next);
    }

    /// Sets the available index.
    pub(crate) fn set_available_index(&mut self, index: u16) {
        self.queue.store_le16(AVAILABLE + 2, index);
    }

    pub(crate) fn notify(&mut self) -> NotifyOutcome {
        self.bench.machine.notify(self.bench.subchannel, 0, HostCookie(0))
    }

    /// The used index and the entry of a place.
    pub(crate) fn used(&self, place: usize) -> (u16, u32, u32) {
        let at = USED + 4 + 8 * place;
        let index = self.queue.load_le16(USED + 2);
        (index, self.queue.load_le32(at), self.queue.load_le32(at + 4))
    }

    /// The indicators: queues, configuration.
    pub(crate) fn indicators(&self) -> [u64; 2] {
        [0, 8].map(|at| self.queue.load_le64(INDICATORS + at).swap_bytes())
    }

    /// The rules broken so far.
    pub(crate) fn rules(&self) -> Vec<Rule> {
        self.bench.machine.violations().iter().map(|found| found.rule).collect()
    }
}

/// A disk that knows everything but indirect descriptors and the event index.
pub(crate) fn simple() -> BlockSettings {
    BlockSettings::new(64).without(feature::INDIRECT | feature::EVENT_INDEX)
}
