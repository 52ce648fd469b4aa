//! A subchannel: how it is set, how it stands, and what its functions do to it.
//!
//! The conditions of each instruction are those of PoP SA22-7832-13, ch. 14, I/O INSTRUCTIONS; what TEST
//! SUBCHANNEL takes away is its figure on the conditions cleared.

use super::inject::Injections;
use super::interpret::{Program, ProgramEnd};
use super::unit::Unit;
use channel_io::{
    ActivityControl, ConcurrentSense, CschCc, DeferredConditionCode, DeviceNumber, DeviceStatus,
    Enablement, ExtendedStatusWord, FunctionControl, HschCc, Irb, MschCc, Orb, OrbControl, Pmcw,
    RschCc, Schib, ScswContents, ScswFlags, SenseData, SschCc, StatusControl, TschCc, XschCc,
};

/// The channel-path identifier of every device.
const PATH: u8 = 0;

/// Whether something new has become pending, of which the program is to be interrupted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Pending {
    Nothing,
    Interruption,
}

/// A subchannel.
#[derive(Debug)]
pub(crate) struct Subchannel {
    pub(crate) pmcw: Pmcw,
    pub(crate) scsw: ScswContents,
    pub(crate) unit: Option<Unit>,
    pub(crate) sense: [u8; SenseData::MAX_LENGTH],
    /// Sense bytes that go into the extended-control word.
    concurrent: Option<[u8; SenseData::MAX_LENGTH]>,
    pub(crate) program: Option<Program>,
    /// Counts functions begun: what was scheduled for an earlier one is void.
    pub(crate) function_number: u64,
    /// Counts devices attached: what an earlier one had scheduled is void.
    pub(crate) unit_number: u64,
    pub(crate) injections: Injections,
}

const PENDING_ACTIVITY: ActivityControl = ActivityControl::RESUME_PENDING
    .union(ActivityControl::START_PENDING)
    .union(ActivityControl::HALT_PENDING)
    .union(ActivityControl::CLEAR_PENDING);

const INTERMEDIATE_ALONE: StatusControl =
    StatusControl::INTERMEDIATE.union(StatusControl::STATUS_PENDING);

impl Subchannel {
    /// A subchannel that leads to a device, not enabled.
    pub(crate) fn new(number: DeviceNumber, unit: Unit) -> Self {
        Self {
            pmcw: Pmcw::for_device(number, PATH),
            scsw: ScswContents::default(),
            unit: Some(unit),
            sense: [0; SenseData::MAX_LENGTH],
            concurrent: None,
            program: None,
            function_number: 0,
            unit_number: 0,
            injections: Injections::default(),
        }
    }

    /// A subchannel that leads to no device.
    pub(crate) fn empty() -> Self {
        let unit = Unit::Plain(super::PlainDevice::fixed_block());
        let mut subchannel = Self::new(DeviceNumber(0), unit);
        subchannel.pmcw = Pmcw::default();
        subchannel.unit = None;
        subchannel
    }

    /// Its device is gone; the subchannel stays, with no valid device number.
    pub(crate) fn remove_device(&mut self) {
        self.pmcw = Pmcw::default();
        self.scsw = ScswContents::default();
        self.unit = None;
        self.program = None;
        self.function_number += 1;
        self.unit_number += 1;
    }

    /// Whether I/O is possible: there is a device, the subchannel is enabled, and there is a path.
    fn is_operational(&self) -> bool {
        self.unit.is_some() && self.pmcw.enablement() == Enablement::Enabled
    }

    fn is_status_pending(&self) -> bool {
        self.scsw.status.contains(StatusControl::STATUS_PENDING)
    }

    fn begin_function(&mut self) {
        self.function_number += 1;
    }

    pub(crate) fn ssch(&mut self, orb: &Orb) -> SschCc {
        let paths = self.pmcw.logical_path_mask()
            & self.pmcw.path_available_mask()
            & orb.logical_path_mask();
        if !self.is_operational() || paths == 0 {
            return SschCc::NotOperational;
        }
        if self.is_status_pending() {
            return SschCc::StatusPending;
        }
        if !self.scsw.function.is_empty()
            || self.scsw.activity.contains(ActivityControl::DEVICE_ACTIVE)
        {
            return SschCc::Busy;
        }
        self.begin_function();
        let control = orb.control();
        let mut flags = ScswFlags::empty();
        for (bit, flag) in [
            (OrbControl::SUSPEND, ScswFlags::SUSPEND_CONTROL),
            (OrbControl::FORMAT_1, ScswFlags::CCW_FORMAT),
            (OrbControl::PREFETCH, ScswFlags::PREFETCH),
            (
                OrbControl::INITIAL_STATUS_INTERRUPTION,
                ScswFlags::INITIAL_STATUS_INTERRUPTION_CONTROL,
            ),
            (OrbControl::ADDRESS_LIMIT_CHECKING, ScswFlags::ADDRESS_LIMIT_CHECKING_CONTROL),
            (
                OrbControl::SUPPRESS_SUSPENDED_INTERRUPTION,
                ScswFlags::SUPPRESS_SUSPENDED_INTERRUPTION,
            ),
        ] {
            flags.set(flag, control.contains(bit));
        }
        self.scsw = ScswContents {
            key: orb.key(),
            flags,
            function: FunctionControl::START,
            activity: ActivityControl::START_PENDING,
            ..ScswContents::default()
        };
        self.pmcw.set_interruption_parameter(orb.interruption_parameter());
        self.program = Some(Program::new(orb));
        SschCc::Started
    }

    pub(crate) fn tsch(&mut self, irb: &mut Irb) -> TschCc {
        if !self.is_operational() {
            return TschCc::NotOperational;
        }
        *irb = Irb::new(self.scsw.into());
        if !self.is_status_pending() {
            return TschCc::NotStatusPending;
        }
        if let Some(sense) = self.concurrent.take() {
            irb.extended_control = sense;
            irb.extended_status = ExtendedStatusWord::with_concurrent_sense(32);
        }
        self.take_status();
        TschCc::StatusWasPending
    }

    /// What TEST SUBCHANNEL takes away with the status.
    fn take_status(&mut self) {
        let scsw = &mut self.scsw;
        let intermediate_alone = scsw.status == INTERMEDIATE_ALONE;
        let suspended = scsw.activity.contains(ActivityControl::SUSPENDED);
        let halted = scsw.function.contains(FunctionControl::HALT);
        scsw.status = StatusControl::empty();
        scsw.deferred_condition_code = DeferredConditionCode::Normal;
        if !intermediate_alone || (halted && suspended) {
            scsw.function = FunctionControl::empty();
            scsw.activity -= PENDING_ACTIVITY | ActivityControl::SUSPENDED;
            scsw.flags -= ScswFlags::PATH_NOT_OPERATIONAL;
        } else if suspended {
            scsw.activity -= ActivityControl::RESUME_PENDING;
        }
        scsw.flags -= ScswFlags::ZERO_CONDITION_CODE | ScswFlags::EXTENDED_CONTROL;
        scsw.device_status = DeviceStatus::empty();
        scsw.subchannel_status = channel_io::SubchannelStatus::empty();
    }

    pub(crate) fn stsch(&self) -> Schib {
        Schib::new(self.pmcw, self.scsw.into())
    }

    pub(crate) fn msch(&mut self, schib: &Schib) -> MschCc {
        if self.unit.is_none() {
            // Without a valid device number nothing is modified (ch. 14, MODIFY SUBCHANNEL).
            return MschCc::Modified;
        }
        if self.is_status_pending() {
            return MschCc::StatusPending;
        }
        if !self.scsw.function.is_empty() {
            return MschCc::Busy;
        }
        let before = self.pmcw.enablement();
        self.pmcw.modify(&schib.pmcw);
        if let (Enablement::Enabled, Enablement::Disabled) = (before, self.pmcw.enablement())
            && let Some(unit) = self.unit.as_mut()
        {
            unit.disabled();
        }
        MschCc::Modified
    }

    pub(crate) fn csch(&mut self) -> CschCc {
        if !self.is_operational() {
            return CschCc::NotOperational;
        }
        self.begin_function();
        self.program = None;
        self.concurrent = None;
        self.scsw = ScswContents {
            function: FunctionControl::CLEAR,
            activity: ActivityControl::CLEAR_PENDING,
            ..ScswContents::default()
        };
        CschCc::Initiated
    }

    pub(crate) fn hsch(&mut self) -> HschCc {
        if !self.is_operational() {
            return HschCc::NotOperational;
        }
        if self.is_status_pending() && self.scsw.status != INTERMEDIATE_ALONE {
            return HschCc::StatusPending;
        }
        if self.scsw.function.intersects(FunctionControl::HALT | FunctionControl::CLEAR) {
            return HschCc::Busy;
        }
        self.begin_function();
        self.scsw.function |= FunctionControl::HALT;
        self.scsw.activity |= ActivityControl::HALT_PENDING;
        self.scsw.activity -= ActivityControl::START_PENDING;
        HschCc::Initiated
    }

    pub(crate) fn xsch(&mut self) -> XschCc {
        if !self.is_operational() {
            return XschCc::NotOperational;
        }
        if self.is_status_pending() {
            return XschCc::StatusPending;
        }
        let pending = ActivityControl::START_PENDING | ActivityControl::RESUME_PENDING;
        let cancelable = self.scsw.function == FunctionControl::START
            && self.scsw.activity.intersects(pending | ActivityControl::SUSPENDED)
            && !self.scsw.activity.contains(ActivityControl::SUBCHANNEL_ACTIVE);
        if !cancelable {
            return XschCc::NotApplicable;
        }
        self.begin_function();
        self.program = None;
        self.scsw.function = FunctionControl::empty();
        self.scsw.activity = ActivityControl::empty();
        XschCc::Canceled
    }

    pub(crate) fn rsch(&mut self) -> RschCc {
        if !self.is_operational() {
            return RschCc::NotOperational;
        }
        if self.is_status_pending() {
            return RschCc::StatusPending;
        }
        let resumable = self.scsw.function == FunctionControl::START
            && self.scsw.activity.contains(ActivityControl::SUSPENDED)
            && !self.scsw.activity.contains(ActivityControl::RESUME_PENDING);
        if !resumable {
            return RschCc::NotApplicable;
        }
        self.begin_function();
        self.scsw.activity |= ActivityControl::RESUME_PENDING;
        if let Some(program) = self.program.as_mut() {
            program.resume();
        }
        RschCc::Initiated
    }

    /// The device takes the first command, or goes on.
    pub(crate) fn accepted(&mut self) -> Pending {
        let pending = ActivityControl::START_PENDING | ActivityControl::RESUME_PENDING;
        self.scsw.activity -= pending | ActivityControl::SUSPENDED;
        self.scsw.activity |= ActivityControl::SUBCHANNEL_ACTIVE | ActivityControl::DEVICE_ACTIVE;
        if !self.scsw.flags.contains(ScswFlags::INITIAL_STATUS_INTERRUPTION_CONTROL) {
            return Pending::Nothing;
        }
        self.scsw.flags |= ScswFlags::ZERO_CONDITION_CODE;
        self.scsw.status |= INTERMEDIATE_ALONE;
        Pending::Interruption
    }

    /// The program is suspended.
    pub(crate) fn suspended(&mut self) -> Pending {
        self.scsw.activity = ActivityControl::SUSPENDED;
        self.scsw.ccw_address = self.program.map_or(0, |program| program.next());
        if self.scsw.flags.contains(ScswFlags::SUPPRESS_SUSPENDED_INTERRUPTION) {
            return Pending::Nothing;
        }
        self.scsw.status |= INTERMEDIATE_ALONE;
        Pending::Interruption
    }

    /// The program is over; the device is too, unless its end is to come by itself.
    pub(crate) fn ended(&mut self, end: &ProgramEnd) -> Pending {
        self.program = None;
        let device_end =
            end.device_status.contains(DeviceStatus::DEVICE_END) || end.device_status.is_empty();
        let scsw = &mut self.scsw;
        scsw.activity =
            if device_end { ActivityControl::empty() } else { ActivityControl::DEVICE_ACTIVE };
        scsw.status |= StatusControl::PRIMARY | StatusControl::STATUS_PENDING;
        scsw.status.set(StatusControl::SECONDARY, device_end);
        let unusual = end.device_status - (DeviceStatus::CHANNEL_END | DeviceStatus::DEVICE_END);
        if !unusual.is_empty() || !end.subchannel_status.is_empty() {
            scsw.status |= StatusControl::ALERT;
        }
        scsw.ccw_address = end.ccw_address;
        scsw.count = end.count;
        scsw.device_status = end.device_status;
        scsw.subchannel_status = end.subchannel_status;
        let concurrent = self.pmcw.concurrent_sense() == ConcurrentSense::On;
        if concurrent && end.device_status.contains(DeviceStatus::UNIT_CHECK) {
            scsw.flags |= ScswFlags::EXTENDED_CONTROL;
            self.concurrent = Some(core::mem::take(&mut self.sense));
        }
        Pending::Interruption
    }

    /// The program never began.
    pub(crate) fn deferred(
        &mut self,
        code: DeferredConditionCode,
        status: DeviceStatus,
    ) -> Pending {
        self.program = None;
        self.scsw.activity = ActivityControl::empty();
        self.scsw.status |=
            StatusControl::ALERT | StatusControl::PRIMARY | StatusControl::STATUS_PENDING;
        self.scsw.deferred_condition_code = code;
        self.scsw.device_status = status;
        if code == DeferredConditionCode::NotOperational {
            self.scsw.flags |= ScswFlags::PATH_NOT_OPERATIONAL;
        }
        Pending::Interruption
    }

    /// The device ends after the program has.
    pub(crate) fn device_end(&mut self) -> Pending {
        self.scsw.activity -= ActivityControl::DEVICE_ACTIVE;
        self.scsw.status |= StatusControl::SECONDARY | StatusControl::STATUS_PENDING;
        self.scsw.device_status |= DeviceStatus::DEVICE_END;
        Pending::Interruption
    }

    /// The clear function is carried out.
    pub(crate) fn cleared(&mut self) -> Pending {
        self.scsw.activity = ActivityControl::empty();
        self.scsw.status = StatusControl::STATUS_PENDING;
        Pending::Interruption
    }

    /// The halt function is carried out.
    pub(crate) fn halted(&mut self) -> Pending {
        let was_active = self
            .scsw
            .activity
            .intersects(ActivityControl::SUBCHANNEL_ACTIVE | ActivityControl::DEVICE_ACTIVE);
        let next = self.program.take().map(|program| program.next());
        self.scsw.activity = ActivityControl::empty();
        self.scsw.status = StatusControl::STATUS_PENDING;
        if was_active {
            self.scsw.status |= StatusControl::PRIMARY | StatusControl::SECONDARY;
            self.scsw.device_status = DeviceStatus::CHANNEL_END | DeviceStatus::DEVICE_END;
            self.scsw.ccw_address = next.unwrap_or(0);
        }
        Pending::Interruption
    }

    /// The device has something to say of its own accord. While other status is pending, or a function is in
    /// progress, that is not told: the device's indicators have it (VIRTIO 1.2, 4.3.3.1.1 Notification via
    /// Classic I/O Interrupts).
    pub(crate) fn attention(&mut self) -> Pending {
        if !self.is_operational() || self.is_status_pending() || !self.scsw.function.is_empty() {
            return Pending::Nothing;
        }
        self.scsw.status = StatusControl::ALERT | StatusControl::STATUS_PENDING;
        Pending::Interruption
    }
}
