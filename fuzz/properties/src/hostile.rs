//! A simulated machine whose one disk answers channel commands as it should, and whose queue nobody serves: the
//! test does, and writes what it likes.
//!
//! [`HostileMachine`] is [`SimMachine`] but for three things. Notifications go no further than to a counter, so that
//! the simulated disk never looks into the queue. Where the queue is, it learns from the channel program that sets
//! the queue ([`HostileMachine::ring`]). And it reaches every area by its address, as a device does
//! ([`DeviceMemory`]).

use crate::memory::DeviceMemory;
use crate::ring::DeviceRing;
use channel_io::{
    AbsoluteAddress, Area, ChannelSubsystem, ChscBlock, ChscCc, Crw, CschCc, DeviceNumber,
    HostCookie, HschCc, Irb, Microseconds, MschCc, NotifyOutcome, Orb, Reach, RschCc, Schib,
    SschCc, StcrwCc, Storage, StorageError, StschCc, SubchannelId, TpiCc, TraceSink, TschCc,
    WaitPoint, Wake, XschCc,
};
use channel_sim::SimMachine;
use channel_sim::machine::{SimArea, Timing};
use channel_sim::virtio::BlockSettings;
use std::cell::RefCell;
use std::fmt;
use std::rc::{Rc, Weak};

/// Commands by which a program says where its queue is, and that it has none (VIRTIO 1.2, 4.3.1.1 Channel Commands
/// for Virtio).
const SET_QUEUE: u8 = 0x13;
const RESET: u8 = 0x33;
/// Flag of a channel-command word: another one follows.
const CHAIN_COMMAND: u8 = 0x40;

/// Channel programs that are over when they are first asked for: of what is tested none is about their time.
pub(crate) const SHORT_PROGRAMS: Timing =
    Timing { instruction: 20, acceptance: 0, program: 1, device_end: 1, function: 1 };

/// An area of the machine that the test can reach too.
#[derive(Debug)]
pub(crate) struct SharedArea(Rc<RefCell<SimArea>>);

/// The machine.
#[derive(Debug)]
pub(crate) struct HostileMachine {
    sim: SimMachine,
    areas: Vec<Weak<RefCell<SimArea>>>,
    ring: Option<DeviceRing>,
    notifications: u64,
    /// What the next notification is refused with.
    refusal: Option<i64>,
}

impl HostileMachine {
    /// A machine with one disk; its subchannel.
    pub(crate) fn new(settings: BlockSettings) -> (Self, SubchannelId) {
        let mut sim = SimMachine::new(1);
        sim.set_timing(SHORT_PROGRAMS);
        let subchannel = sim.add_block(DeviceNumber(1), settings);
        let (areas, ring, notifications, refusal) = (Vec::new(), None, 0, None);
        (Self { sim, areas, ring, notifications, refusal }, subchannel)
    }

    /// The machine below.
    pub(crate) const fn sim(&self) -> &SimMachine {
        &self.sim
    }

    /// Where the queue is, once it is set.
    pub(crate) const fn ring(&self) -> Option<DeviceRing> {
        self.ring
    }

    /// How many notifications the device has been given.
    pub(crate) const fn notifications(&self) -> u64 {
        self.notifications
    }

    /// Has the next notification refused with this code of the host.
    pub(crate) const fn refuse_notification(&mut self, code: i64) {
        self.refusal = Some(code);
    }

    /// Whether the next notification is refused.
    pub(crate) const fn is_refusing(&self) -> bool {
        self.refusal.is_some()
    }

    fn with_area<R>(
        &self,
        address: u64,
        length: usize,
        act: impl FnOnce(&mut SimArea, usize) -> R,
    ) -> R {
        for area in self.areas.iter().filter_map(Weak::upgrade) {
            let mut area = area.borrow_mut();
            let offset = address.checked_sub(area.address().0).map(usize::try_from);
            if let Some(Ok(offset)) = offset
                && offset.checked_add(length).is_some_and(|end| end <= area.length())
            {
                return act(&mut area, offset);
            }
        }
        panic!("the device was told of {length} bytes at {address:#x}, which are nobody's")
    }

    /// Sees what a channel program says of the queue.
    fn read_program(&mut self, mut address: u64) {
        loop {
            let mut ccw = [0; 8];
            self.fetch(address, &mut ccw);
            let [command, flags, _, _, data @ ..] = ccw;
            match command {
                RESET => self.ring = None,
                SET_QUEUE => self.ring = Some(self.read_queue(u32::from_be_bytes(data).into())),
                _ => {}
            }
            if flags & CHAIN_COMMAND == 0 {
                return;
            }
            address += 8;
        }
    }

    fn read_queue(&self, at: u64) -> DeviceRing {
        let number = |offset| {
            let mut bytes = [0; 8];
            self.fetch(at + offset, &mut bytes);
            u64::from_be_bytes(bytes)
        };
        let [.., size_high, size_low] = number(8).to_be_bytes();
        DeviceRing {
            size: u16::from_be_bytes([size_high, size_low]),
            descriptors: number(0),
            available: number(16),
            used: number(24),
        }
    }
}

impl DeviceMemory for HostileMachine {
    fn fetch(&self, address: u64, to: &mut [u8]) {
        self.with_area(address, to.len(), |area, offset| area.read(offset, to));
    }

    fn put(&mut self, address: u64, from: &[u8]) {
        self.with_area(address, from.len(), |area, offset| area.write(offset, from));
    }
}

impl Storage for HostileMachine {
    type Area = SharedArea;

    fn allocate(
        &mut self,
        length: usize,
        alignment: usize,
        reach: Reach,
    ) -> Result<SharedArea, StorageError> {
        let area = Rc::new(RefCell::new(self.sim.allocate(length, alignment, reach)?));
        self.areas.retain(|area| area.strong_count() > 0);
        self.areas.push(Rc::downgrade(&area));
        Ok(SharedArea(area))
    }
}

impl ChannelSubsystem for HostileMachine {
    fn ssch(&mut self, subchannel: SubchannelId, orb: &Orb) -> SschCc {
        let cc = self.sim.ssch(subchannel, orb);
        if cc == SschCc::Started {
            self.read_program(orb.program_address().into());
        }
        cc
    }

    fn notify(&mut self, _: SubchannelId, queue: u16, _: HostCookie) -> NotifyOutcome {
        assert!(queue == 0 && self.ring.is_some(), "a notification for no queue");
        if let Some(code) = self.refusal.take() {
            return NotifyOutcome::Refused(code);
        }
        self.notifications += 1;
        NotifyOutcome::Notified(HostCookie(self.notifications))
    }

    fn tsch(&mut self, subchannel: SubchannelId, irb: &mut Irb) -> TschCc {
        self.sim.tsch(subchannel, irb)
    }

    fn stsch(&mut self, subchannel: SubchannelId, schib: &mut Schib) -> StschCc {
        self.sim.stsch(subchannel, schib)
    }

    fn msch(&mut self, subchannel: SubchannelId, schib: &Schib) -> MschCc {
        self.sim.msch(subchannel, schib)
    }

    fn csch(&mut self, subchannel: SubchannelId) -> CschCc {
        self.sim.csch(subchannel)
    }

    fn hsch(&mut self, subchannel: SubchannelId) -> HschCc {
        self.sim.hsch(subchannel)
    }

    fn xsch(&mut self, subchannel: SubchannelId) -> XschCc {
        self.sim.xsch(subchannel)
    }

    fn rsch(&mut self, subchannel: SubchannelId) -> RschCc {
        self.sim.rsch(subchannel)
    }

    fn tpi(&mut self) -> TpiCc {
        self.sim.tpi()
    }

    fn stcrw(&mut self, crw: &mut Crw) -> StcrwCc {
        self.sim.stcrw(crw)
    }

    fn chsc(&mut self, block: &mut ChscBlock) -> ChscCc {
        self.sim.chsc(block)
    }
}

impl WaitPoint for HostileMachine {
    fn now(&self) -> Microseconds {
        self.sim.now()
    }

    fn wait(&mut self, until: Option<Microseconds>) -> Wake {
        self.sim.wait(until)
    }
}

impl TraceSink for HostileMachine {
    fn tracing(&self) -> bool {
        self.sim.tracing()
    }

    fn trace(&mut self, event: fmt::Arguments<'_>) {
        self.sim.trace(event);
    }
}

impl Area for SharedArea {
    fn address(&self) -> AbsoluteAddress {
        self.0.borrow().address()
    }

    fn length(&self) -> usize {
        self.0.borrow().length()
    }

    fn read(&self, offset: usize, to: &mut [u8]) {
        self.0.borrow().read(offset, to);
    }

    fn write(&mut self, offset: usize, from: &[u8]) {
        self.0.borrow_mut().write(offset, from);
    }

    fn fill(&mut self, offset: usize, length: usize, value: u8) {
        self.0.borrow_mut().fill(offset, length, value);
    }

    fn copy_from(&mut self, offset: usize, from: &Self, from_offset: usize, length: usize) {
        self.0.borrow_mut().copy_from(offset, &from.0.borrow(), from_offset, length);
    }

    fn first_difference(
        &self,
        offset: usize,
        other: &Self,
        other_offset: usize,
        length: usize,
    ) -> Option<usize> {
        self.0.borrow().first_difference(offset, &other.0.borrow(), other_offset, length)
    }

    fn load_le16(&self, offset: usize) -> u16 {
        self.0.borrow().load_le16(offset)
    }

    fn store_le16(&mut self, offset: usize, value: u16) {
        self.0.borrow_mut().store_le16(offset, value);
    }

    fn load_le32(&self, offset: usize) -> u32 {
        self.0.borrow().load_le32(offset)
    }

    fn store_le32(&mut self, offset: usize, value: u32) {
        self.0.borrow_mut().store_le32(offset, value);
    }

    fn load_le64(&self, offset: usize) -> u64 {
        self.0.borrow().load_le64(offset)
    }

    fn store_le64(&mut self, offset: usize, value: u64) {
        self.0.borrow_mut().store_le64(offset, value);
    }
}
