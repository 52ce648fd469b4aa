//! A machine with one virtio-ccw disk that is stricter than QEMU's.
//!
//! Whatever a driver must not do fails the test at once: a command in the wrong order or of the wrong length, a
//! queue touched before it may be, a descriptor that names storage which is not there, a request beyond a limit,
//! a notification that was not wanted. And every area that was given back is gone: a device that still
//! used it would fail.
#![allow(dead_code, unused_imports, reason = "each test file uses its own part of the fake")]

#[path = "../../../channel-io/tests/fake/area.rs"]
mod area;
mod disk;
mod drive;
mod probe;
mod ring;

pub(crate) use area::{FakeArea, Memory};
pub(crate) use disk::{Disk, Reply};
pub(crate) use drive::{area, every_kind_of_queue, id, online, run, start};
pub(crate) use probe::{AGREE_2, Case, FreeSlots, Probed, probe, probe_disk};
pub(crate) use ring::{Misbehaviour, Request};

use channel_io::{
    ActivityControl, Ccw1, CcwFlags, ChannelSubsystem, ChscBlock, ChscCc, Crw, CschCc,
    DeviceNumber, DeviceStatus, Enablement, FunctionControl, HostCookie, HschCc, InterruptionCode,
    Irb, Microseconds, MschCc, NotifyOutcome, Orb, Pmcw, Reach, RschCc, Schib, Scsw, ScswContents,
    SschCc, StatusControl, StcrwCc, Storage, StorageError, StschCc, SubchannelId, SubchannelSet,
    SubchannelStatus, TpiCc, TraceSink, TschCc, WaitPoint, Wake, XschCc,
};
use std::cell::Cell;
use std::fmt;
use virtio_ccw::{Settings, spec};
use zerocopy::FromBytes;

pub(crate) const OWN: SubchannelId = SubchannelId::new(SubchannelSet::ZERO, 3);

pub(crate) const SETTINGS: Settings = Settings {
    subclass: channel_io::InterruptionSubclass::from_low_bits(3),
    interruption_parameter: 0x77,
    time_limit: Microseconds(1000),
    waiting: channel_io::program::Waiting::AtWaitPoint,
};

/// The machine.
pub(crate) struct Machine {
    pub(crate) memory: Memory,
    pub(crate) disk: Disk,
    /// The subchannel is gone: condition code 3.
    pub(crate) gone: bool,
    /// Areas can no longer be had.
    pub(crate) out_of_storage: bool,
    /// What DIAGNOSE answers instead of notifying.
    pub(crate) refuse_notification: Option<i64>,
    pub(crate) trace: Option<Vec<String>>,
    /// Notifications that came.
    pub(crate) notifications: u64,
    /// Interruptions that became pending.
    pub(crate) interruptions: u64,
    pub(crate) csch_count: u64,
    /// CLEAR SUBCHANNEL has no effect.
    pub(crate) hang: bool,
    /// An interruption of another subchannel that comes first.
    pub(crate) foreign: Option<InterruptionCode>,
    pmcw: Pmcw,
    scsw: ScswContents,
    interrupting: bool,
    now: Cell<u64>,
    cookie: u64,
}

impl Machine {
    pub(crate) fn new(disk: Disk) -> Self {
        Self {
            memory: Memory::default(),
            disk,
            gone: false,
            out_of_storage: false,
            refuse_notification: None,
            trace: None,
            notifications: 0,
            interruptions: 0,
            csch_count: 0,
            hang: false,
            foreign: None,
            pmcw: Pmcw::for_device(DeviceNumber(1), 0),
            scsw: ScswContents::default(),
            interrupting: false,
            now: Cell::new(0),
            cookie: 0,
        }
    }

    /// Lets the disk do what it holds, and interrupt for it.
    pub(crate) fn serve(&mut self) {
        if self.disk.serve(&self.memory) {
            self.alert();
        }
    }

    /// The disk changes its capacity and says so.
    pub(crate) fn change_configuration(&mut self, capacity: u64) {
        self.disk.configuration[..8].copy_from_slice(&capacity.to_le_bytes());
        let indicator = self.disk.configuration_indicators.expect("not set");
        self.memory.access(indicator, 8, |bytes| bytes[7] |= 1);
        self.alert();
    }

    /// The interruption that there may be, with its status, as the supervisor takes it.
    pub(crate) fn take_interruption(&mut self) -> Option<Irb> {
        if !std::mem::take(&mut self.interrupting) {
            return None;
        }
        let mut irb = Irb::default();
        (self.tsch(OWN, &mut irb) == TschCc::StatusWasPending).then_some(irb)
    }

    fn alert(&mut self) {
        if !self.scsw.status.contains(StatusControl::STATUS_PENDING) {
            self.scsw.status = StatusControl::ALERT | StatusControl::STATUS_PENDING;
            self.interrupt();
        }
    }

    fn interrupt(&mut self) {
        self.interrupting = true;
        self.interruptions += 1;
    }

    pub(crate) fn is_enabled(&self) -> bool {
        self.pmcw.enablement() == Enablement::Enabled
    }

    fn is_usable(&self) -> bool {
        !self.gone && self.is_enabled()
    }

    /// Runs the whole program at once.
    fn run(&mut self, orb: &Orb) {
        self.scsw.function = FunctionControl::START;
        self.scsw.activity = ActivityControl::empty();
        let mut address = orb.program_address();
        loop {
            assert_eq!(address % 8, 0);
            let ccw = self
                .memory
                .access(address.into(), 8, |bytes| Ccw1::read_from_bytes(bytes).unwrap());
            address += 8;
            match self.disk.command(&self.memory, &ccw) {
                Reply::Done { transferred } => {
                    if self.disk.queue.is_none() {
                        // A queue that is set up anew begins without a cookie.
                        self.cookie = 0;
                    }
                    let residual = ccw.count() - transferred;
                    let suppressed = ccw.flags().contains(CcwFlags::SUPPRESS_LENGTH_INDICATION);
                    assert!(residual == 0 || suppressed, "incorrect length: {ccw}");
                    if ccw.flags().contains(CcwFlags::CHAIN_COMMAND) {
                        continue;
                    }
                    let good = DeviceStatus::CHANNEL_END | DeviceStatus::DEVICE_END;
                    self.end(address, residual, good, SubchannelStatus::empty());
                }
                Reply::Check(status) => {
                    self.end(address, 0, DeviceStatus::UNIT_CHECK, status);
                }
                Reply::Silence => {
                    self.scsw.activity = ActivityControl::START_PENDING;
                }
            }
            return;
        }
    }

    fn end(&mut self, address: u32, count: u16, device: DeviceStatus, status: SubchannelStatus) {
        self.scsw = ScswContents {
            function: FunctionControl::START,
            status: StatusControl::PRIMARY
                | StatusControl::SECONDARY
                | StatusControl::STATUS_PENDING,
            ccw_address: address,
            device_status: device,
            subchannel_status: status,
            count,
            ..ScswContents::default()
        };
        self.interrupt();
    }
}

impl ChannelSubsystem for Machine {
    fn ssch(&mut self, subchannel: SubchannelId, orb: &Orb) -> SschCc {
        assert_eq!(subchannel, OWN);
        if !self.is_usable() {
            return SschCc::NotOperational;
        }
        if self.scsw.status.contains(StatusControl::STATUS_PENDING) {
            return SschCc::StatusPending;
        }
        if !self.scsw.function.is_empty() {
            return SschCc::Busy;
        }
        self.run(orb);
        SschCc::Started
    }
    fn tsch(&mut self, subchannel: SubchannelId, irb: &mut Irb) -> TschCc {
        assert_eq!(subchannel, OWN);
        if self.gone {
            return TschCc::NotOperational;
        }
        *irb = Irb::new(Scsw::from(self.scsw));
        if !self.scsw.status.contains(StatusControl::STATUS_PENDING) {
            return TschCc::NotStatusPending;
        }
        self.scsw = ScswContents::default();
        self.interrupting = false;
        TschCc::StatusWasPending
    }
    fn stsch(&mut self, subchannel: SubchannelId, schib: &mut Schib) -> StschCc {
        assert_eq!(subchannel, OWN);
        if self.gone {
            return StschCc::NotOperational;
        }
        *schib = Schib::new(self.pmcw, self.scsw.into());
        StschCc::Stored
    }
    fn msch(&mut self, subchannel: SubchannelId, schib: &Schib) -> MschCc {
        assert_eq!(subchannel, OWN);
        if self.gone {
            return MschCc::NotOperational;
        }
        self.pmcw.modify(&schib.pmcw);
        if self.pmcw.enablement() == Enablement::Disabled {
            self.disk.revision = None;
        }
        MschCc::Modified
    }
    fn csch(&mut self, subchannel: SubchannelId) -> CschCc {
        assert_eq!(subchannel, OWN);
        self.csch_count += 1;
        if self.gone {
            return CschCc::NotOperational;
        }
        if self.hang {
            return CschCc::Initiated;
        }
        self.scsw = ScswContents {
            function: FunctionControl::CLEAR,
            status: StatusControl::STATUS_PENDING,
            ..ScswContents::default()
        };
        self.interrupt();
        CschCc::Initiated
    }
    fn hsch(&mut self, _: SubchannelId) -> HschCc {
        panic!("hsch")
    }
    fn xsch(&mut self, _: SubchannelId) -> XschCc {
        panic!("xsch")
    }
    fn rsch(&mut self, _: SubchannelId) -> RschCc {
        panic!("rsch")
    }
    fn tpi(&mut self) -> TpiCc {
        panic!("a driver takes no interruption")
    }
    fn stcrw(&mut self, _: &mut Crw) -> StcrwCc {
        panic!("stcrw")
    }
    fn chsc(&mut self, _: &mut ChscBlock) -> ChscCc {
        panic!("chsc")
    }
    fn notify(
        &mut self,
        subchannel: SubchannelId,
        queue: u16,
        cookie: HostCookie,
    ) -> NotifyOutcome {
        assert_eq!((subchannel, queue), (OWN, spec::block::REQUEST_QUEUE));
        assert_eq!(cookie.0, self.cookie, "not the cookie of the last notification");
        if let Some(code) = self.refuse_notification {
            return NotifyOutcome::from_register(code);
        }
        self.notifications += 1;
        if self.disk.notified(&self.memory) {
            self.alert();
        }
        self.cookie = self.notifications;
        NotifyOutcome::Notified(HostCookie(self.cookie))
    }
}

impl Storage for Machine {
    type Area = FakeArea;
    fn allocate(
        &mut self,
        length: usize,
        alignment: usize,
        reach: Reach,
    ) -> Result<FakeArea, StorageError> {
        if self.out_of_storage {
            return Err(StorageError { length, reach });
        }
        Ok(self.memory.allocate(length, alignment))
    }
}

impl WaitPoint for Machine {
    fn now(&self) -> Microseconds {
        // Time goes on by itself, as it does for who looks at a clock.
        self.now.set(self.now.get() + 1);
        Microseconds(self.now.get())
    }
    fn wait(&mut self, until: Option<Microseconds>) -> Wake {
        if let Some(code) = self.foreign.take() {
            return Wake::Io(code);
        }
        if std::mem::take(&mut self.interrupting) {
            return Wake::Io(InterruptionCode {
                subchannel: OWN,
                interruption_parameter: SETTINGS.interruption_parameter,
                subclass: SETTINGS.subclass,
            });
        }
        self.now.set(until.expect("for ever").0);
        Wake::Timeout
    }
}

impl TraceSink for Machine {
    fn tracing(&self) -> bool {
        self.trace.is_some()
    }
    fn trace(&mut self, event: fmt::Arguments<'_>) {
        self.trace.as_mut().expect("nobody listens").push(event.to_string());
    }
}
