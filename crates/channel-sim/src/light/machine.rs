//! The machine of the light level: its disks and their subchannels, its memory, its clock.
//!
//! Of the I/O instructions only those are there that `ios` itself issues: TSCH, TPI, STSCH, STCRW.
//! Time passes only at the wait point, and only when nothing is pending.

use super::Violation;
use super::disk::{Disk, DiskIndex, Presence};
use super::memory::{Buffer, Memory, SectorValue};
use super::request::Ending;
use crate::TraceLog;
use channel_io::{
    ChannelSubsystem, ChscBlock, ChscCc, Crw, CschCc, DeviceId, DeviceNumber, DeviceStatus,
    Enablement, ErrorRecovery, FunctionControl, HostCookie, HschCc, InterruptionCode,
    InterruptionSubclass, Irb, Microseconds, MschCc, NotifyOutcome, Orb, Pmcw, RschCc, Schib,
    ScswContents, SschCc, StatusControl, StcrwCc, StschCc, SubchannelId, SubchannelSet, TpiCc,
    TraceSink, TschCc, WaitPoint, Wake, XschCc,
};
use core::fmt;
use ios::{ClearFailed, RequestId};
use std::collections::VecDeque;

/// Whether an interruption tells of the end of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Telling {
    /// It does.
    Interruption,
    /// It was lost.
    Nothing,
}

/// A disk's subchannel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Subchannel {
    pub(super) interruption_parameter: u32,
    pub(super) enabled: bool,
    status_pending: bool,
}

/// Everything that a program can get an effect from: to be cloned, compared and hashed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Hardware {
    pub(super) now: Microseconds,
    pub(super) memory: Memory,
    pub(super) disks: Vec<Disk>,
    pub(super) subchannels: Vec<Subchannel>,
    /// Interruptions not taken yet, oldest first; at most one a disk.
    pub(super) interruptions: VecDeque<DiskIndex>,
    pub(super) reports: VecDeque<DiskIndex>,
    pub(super) violations: Vec<Violation>,
}

/// The machine.
#[derive(Clone, Debug, Default)]
pub struct LightMachine {
    pub(super) hardware: Hardware,
    trace: Option<TraceLog>,
}

impl LightMachine {
    /// A machine with no disks, at time 0, that traces nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What the machine is and has, without what was traced.
    #[must_use]
    pub const fn hardware(&self) -> &Hardware {
        &self.hardware
    }

    /// Keeps what is traced from now on.
    pub fn trace_on(&mut self) {
        self.trace.get_or_insert_default();
    }

    /// What was traced.
    ///
    /// # Panics
    /// If nothing was to be.
    #[must_use]
    pub fn trace_log(&self) -> &TraceLog {
        match &self.trace {
            Some(log) => log,
            None => panic!("nothing is traced"),
        }
    }

    /// Puts a disk in. It is known to the supervisor only after [`super::attach`].
    pub fn add_disk(&mut self, disk: Disk) -> DiskIndex {
        let index = DiskIndex(u16::try_from(self.hardware.disks.len()).unwrap_or(u16::MAX));
        self.hardware.disks.push(disk);
        self.hardware.subchannels.push(Subchannel::default());
        index
    }

    /// The name of a disk: its device number is one more than its index.
    #[must_use]
    pub const fn device_id(disk: DiskIndex) -> DeviceId {
        DeviceId::new(SubchannelSet::ZERO, DeviceNumber(disk.0 + 1))
    }

    /// The subchannel of a disk.
    #[must_use]
    pub const fn subchannel(disk: DiskIndex) -> SubchannelId {
        SubchannelId::new(SubchannelSet::ZERO, disk.0)
    }

    /// A disk.
    ///
    /// # Panics
    /// If it is another machine's.
    #[must_use]
    pub fn disk(&self, disk: DiskIndex) -> &Disk {
        match self.hardware.disks.get(disk.index()) {
            Some(disk) => disk,
            None => panic!("{disk} is no disk of this machine"),
        }
    }

    /// A disk.
    ///
    /// # Panics
    /// If it is another machine's.
    pub fn disk_mut(&mut self, disk: DiskIndex) -> &mut Disk {
        match self.hardware.disks.get_mut(disk.index()) {
            Some(disk) => disk,
            None => panic!("{disk} is no disk of this machine"),
        }
    }

    /// All disks.
    pub fn disks(&self) -> impl Iterator<Item = (DiskIndex, &Disk)> {
        (0u16..).map(DiskIndex).zip(&self.hardware.disks)
    }

    /// A buffer with this content, one number a sector, to go with a request.
    pub fn buffer(&mut self, content: &[SectorValue]) -> Buffer {
        self.hardware.memory.new_buffer(content)
    }

    /// The buffers that were handed over and have not been taken back.
    #[must_use]
    pub const fn memory(&self) -> &Memory {
        &self.hardware.memory
    }

    /// Takes a buffer back that came with a post; its content. From here on no device may reach it.
    pub fn take_back(&mut self, buffer: Buffer) -> Vec<SectorValue> {
        let id = buffer.id();
        let held: Vec<_> = self
            .disks()
            .flat_map(|(name, disk)| disk.requests().iter().map(move |held| (name, *held)))
            .filter(|(_, held)| held.buffer == Some(id))
            .collect();
        for (disk, held) in held {
            self.violation(Violation::GivenBackUnderDevice { buffer: id, disk, request: held.id });
        }
        self.hardware.memory.remove(id).unwrap_or_default()
    }

    pub(crate) fn violation(&mut self, violation: Violation) {
        if let Some(log) = self.trace.as_mut() {
            log.push(self.hardware.now, format!("VIOLATION {violation}"));
        }
        self.hardware.violations.push(violation);
    }

    /// What was done that must never be done.
    #[must_use]
    pub fn violations(&self) -> &[Violation] {
        &self.hardware.violations
    }

    /// Checks that nothing was done that must never be done.
    ///
    /// # Panics
    /// If something was.
    pub fn assert_clean(&self) {
        let violations = self.violations();
        let words: Vec<_> = violations.iter().map(ToString::to_string).collect();
        assert!(words.is_empty(), "{words:#?}");
    }

    /// Ends a request that a disk works on.
    ///
    /// # Panics
    /// If the disk does not work on it.
    pub fn end(&mut self, disk: DiskIndex, request: RequestId, ending: Ending, telling: Telling) {
        let Hardware { disks, memory, .. } = &mut self.hardware;
        let Some(found) = disks.get_mut(disk.index()) else {
            panic!("{disk} is no disk of this machine");
        };
        if let Err(violation) = found.end(disk, request, ending, memory) {
            self.violation(violation);
        }
        match telling {
            Telling::Interruption => self.interrupt(disk),
            Telling::Nothing => {}
        }
    }

    /// An interruption from a disk, whether or not it has anything to tell.
    pub fn interrupt(&mut self, disk: DiskIndex) {
        if let Some(subchannel) = self.hardware.subchannels.get_mut(disk.index()) {
            subchannel.status_pending = true;
        }
        if !self.hardware.interruptions.contains(&disk) {
            self.hardware.interruptions.push_back(disk);
        }
    }

    /// Whether an interruption or a channel report is pending.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        !self.hardware.interruptions.is_empty() || !self.hardware.reports.is_empty()
    }

    pub(crate) fn clear(&mut self, name: DiskIndex) -> Result<(), ClearFailed> {
        let Hardware { disks, memory, .. } = &mut self.hardware;
        let Some(disk) = disks.get_mut(name.index()) else {
            panic!("{name} is no disk of this machine");
        };
        let (result, violations) = disk.clear(name, memory);
        violations.into_iter().for_each(|found| self.violation(found));
        result
    }

    fn next_interruption(&mut self) -> Option<InterruptionCode> {
        let disk = self.hardware.interruptions.pop_front()?;
        let subchannel = self.hardware.subchannels.get(disk.index())?;
        Some(InterruptionCode {
            subchannel: Self::subchannel(disk),
            interruption_parameter: subchannel.interruption_parameter,
            subclass: InterruptionSubclass::default(),
        })
    }

    /// The disk that a subchannel leads to, if it is there.
    pub(super) fn attached(&self, subchannel: SubchannelId) -> Option<DiskIndex> {
        let mut disks = self.disks();
        disks
            .find(|(name, disk)| {
                Self::subchannel(*name) == subchannel && disk.presence != Presence::Detached
            })
            .map(|(name, _)| name)
    }

    fn no_such_instruction(&mut self, name: &'static str) {
        self.violation(Violation::Instruction(name));
    }
}

impl ChannelSubsystem for LightMachine {
    fn tsch(&mut self, subchannel: SubchannelId, irb: &mut Irb) -> TschCc {
        let Some(disk) = self.attached(subchannel) else {
            return TschCc::NotOperational;
        };
        self.hardware.interruptions.retain(|other| *other != disk);
        let pending = self.hardware.subchannels.get_mut(disk.index());
        let was_pending = pending.is_some_and(|state| core::mem::take(&mut state.status_pending));
        if !was_pending {
            *irb = Irb::default();
            return TschCc::NotStatusPending;
        }
        let contents = ScswContents {
            function: FunctionControl::empty(),
            status: StatusControl::STATUS_PENDING | StatusControl::ALERT,
            device_status: DeviceStatus::ATTENTION,
            ..ScswContents::default()
        };
        *irb = Irb::new(contents.into());
        TschCc::StatusWasPending
    }

    fn stsch(&mut self, subchannel: SubchannelId, schib: &mut Schib) -> StschCc {
        match self.attached(subchannel) {
            None => StschCc::NotOperational,
            Some(disk) => {
                let mut pmcw = Pmcw::for_device(Self::device_id(disk).number, 0);
                if let Some(subchannel) = self.hardware.subchannels.get(disk.index())
                    && subchannel.enabled
                {
                    pmcw.set_enablement(Enablement::Enabled);
                    pmcw.set_interruption_parameter(subchannel.interruption_parameter);
                }
                *schib = Schib::new(pmcw, ScswContents::default().into());
                StschCc::Stored
            }
        }
    }

    fn tpi(&mut self) -> TpiCc {
        match self.next_interruption() {
            None => TpiCc::NonePending,
            Some(code) => TpiCc::Stored(code),
        }
    }

    fn stcrw(&mut self, crw: &mut Crw) -> StcrwCc {
        let Some(disk) = self.hardware.reports.pop_front() else {
            *crw = Crw::default();
            return StcrwCc::NonePending;
        };
        let number = Self::subchannel(disk).number();
        *crw = Crw::for_subchannel_number(number, ErrorRecovery::InstalledParametersInitialized);
        StcrwCc::Stored
    }

    fn ssch(&mut self, _subchannel: SubchannelId, _orb: &Orb) -> SschCc {
        self.no_such_instruction("SSCH");
        SschCc::NotOperational
    }

    fn msch(&mut self, _subchannel: SubchannelId, _schib: &Schib) -> MschCc {
        self.no_such_instruction("MSCH");
        MschCc::NotOperational
    }

    fn csch(&mut self, _subchannel: SubchannelId) -> CschCc {
        self.no_such_instruction("CSCH");
        CschCc::NotOperational
    }

    fn hsch(&mut self, _subchannel: SubchannelId) -> HschCc {
        self.no_such_instruction("HSCH");
        HschCc::NotOperational
    }

    fn xsch(&mut self, _subchannel: SubchannelId) -> XschCc {
        self.no_such_instruction("XSCH");
        XschCc::NotOperational
    }

    fn rsch(&mut self, _subchannel: SubchannelId) -> RschCc {
        self.no_such_instruction("RSCH");
        RschCc::NotOperational
    }

    fn chsc(&mut self, _block: &mut ChscBlock) -> ChscCc {
        self.no_such_instruction("CHSC");
        ChscCc::NotOperational
    }

    fn notify(
        &mut self,
        _subchannel: SubchannelId,
        _queue: u16,
        _cookie: HostCookie,
    ) -> NotifyOutcome {
        self.no_such_instruction("DIAGNOSE");
        NotifyOutcome::Refused(-22)
    }
}

impl WaitPoint for LightMachine {
    fn now(&self) -> Microseconds {
        self.hardware.now
    }

    fn wait(&mut self, until: Option<Microseconds>) -> Wake {
        if let Some(code) = self.next_interruption() {
            return Wake::Io(code);
        }
        if !self.hardware.reports.is_empty() {
            return Wake::ChannelReport;
        }
        match until {
            Some(until) => self.hardware.now = self.hardware.now.max(until),
            None => self.violation(Violation::WaitedForEver),
        }
        Wake::Timeout
    }
}

impl TraceSink for LightMachine {
    fn tracing(&self) -> bool {
        self.trace.is_some()
    }

    fn trace(&mut self, event: fmt::Arguments<'_>) {
        if let Some(log) = self.trace.as_mut() {
            log.push(self.hardware.now, event.to_string());
        }
    }
}
