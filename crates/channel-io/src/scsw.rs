//! The subchannel-status word: what a subchannel did, and how it ended.
//!
//! Most of its fields mean something only in some states of the subchannel (PoP SA22-7832-13, ch. 16,
//! SUBCHANNEL-STATUS WORD). So [`Scsw`] gives each of those as an `Option`; [`ScswContents`]
//! is the word taken apart with no such question asked, which is what a simulation fills in.

mod bits;

pub use bits::{
    ActivityControl, DeferredConditionCode, DeviceStatus, FunctionControl, ScswFlags,
    StatusControl, SubchannelStatus,
};

use core::fmt;
use core::mem::{align_of, offset_of, size_of};
use zerocopy::byteorder::big_endian::{U16, U32};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// A subchannel-status word taken apart, with no field questioned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScswContents {
    /// Storage key, 0 to 15.
    pub key: u8,
    /// Single-bit fields.
    pub flags: ScswFlags,
    /// Deferred condition code.
    pub deferred_condition_code: DeferredConditionCode,
    /// What was asked.
    pub function: FunctionControl,
    /// How far it has come.
    pub activity: ActivityControl,
    /// Whether and why status is pending.
    pub status: StatusControl,
    /// Address of a CCW, mostly 8 beyond the last one used.
    pub ccw_address: u32,
    /// What the device says.
    pub device_status: DeviceStatus,
    /// What the channel subsystem says.
    pub subchannel_status: SubchannelStatus,
    /// Residual count.
    pub count: u16,
}

/// The subchannel-status word: three words.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout,
)]
#[repr(C, align(4))]
pub struct Scsw {
    flags: U16,
    control: U16,
    ccw_address: U32,
    device_status: u8,
    subchannel_status: u8,
    count: U16,
}

const _: () = {
    assert!(size_of::<Scsw>() == 12 && align_of::<Scsw>() == 4);
    assert!(offset_of!(Scsw, flags) == 0);
    assert!(offset_of!(Scsw, control) == 2);
    assert!(offset_of!(Scsw, ccw_address) == 4);
    assert!(offset_of!(Scsw, device_status) == 8);
    assert!(offset_of!(Scsw, subchannel_status) == 9);
    assert!(offset_of!(Scsw, count) == 10);
};

impl From<ScswContents> for Scsw {
    fn from(from: ScswContents) -> Self {
        let key = u16::from(from.key & 0x0f) << 12;
        let code = u16::from(from.deferred_condition_code.number()) << 8;
        let control = from.function.bits() | from.activity.bits() | from.status.bits();
        Self {
            flags: (key | code | from.flags.bits()).into(),
            control: control.into(),
            ccw_address: from.ccw_address.into(),
            device_status: from.device_status.bits(),
            subchannel_status: from.subchannel_status.bits(),
            count: from.count.into(),
        }
    }
}

impl Scsw {
    /// The word taken apart, with no field questioned.
    #[must_use]
    pub fn contents(&self) -> ScswContents {
        let [high, _] = self.flags.get().to_be_bytes();
        ScswContents {
            key: high >> 4,
            flags: ScswFlags::from_bits_truncate(self.flags.get()),
            deferred_condition_code: match high & 3 {
                0 => DeferredConditionCode::Normal,
                1 => DeferredConditionCode::StatusPresent,
                3 => DeferredConditionCode::NotOperational,
                _ => DeferredConditionCode::Reserved,
            },
            function: self.function_control(),
            activity: self.activity_control(),
            status: self.status_control(),
            ccw_address: self.ccw_address.get(),
            device_status: DeviceStatus::from_bits_retain(self.device_status),
            subchannel_status: SubchannelStatus::from_bits_retain(self.subchannel_status),
            count: self.count.get(),
        }
    }

    /// What was asked of the subchannel. Always valid.
    #[must_use]
    pub fn function_control(&self) -> FunctionControl {
        FunctionControl::from_bits_truncate(self.control.get())
    }

    /// How far it has come. Always valid.
    #[must_use]
    pub fn activity_control(&self) -> ActivityControl {
        ActivityControl::from_bits_truncate(self.control.get())
    }

    /// Whether and why status is pending. Always valid.
    #[must_use]
    pub fn status_control(&self) -> StatusControl {
        StatusControl::from_bits_truncate(self.control.get())
    }

    /// Whether status is pending.
    #[must_use]
    pub fn is_status_pending(&self) -> bool {
        self.status_control().contains(StatusControl::STATUS_PENDING)
    }

    fn has_start_function(&self) -> bool {
        self.function_control().contains(FunctionControl::START)
    }

    /// The storage key of the ORB. Valid while the start function is indicated.
    #[must_use]
    pub fn key(&self) -> Option<u8> {
        self.has_start_function().then(|| self.contents().key)
    }

    /// What the ORB asked for: suspend, format, prefetch and the other control bits.
    /// Valid while the start function is indicated.
    #[must_use]
    pub fn orb_controls(&self) -> Option<ScswFlags> {
        let from_orb = ScswFlags::SUSPEND_CONTROL
            | ScswFlags::CCW_FORMAT
            | ScswFlags::PREFETCH
            | ScswFlags::INITIAL_STATUS_INTERRUPTION_CONTROL
            | ScswFlags::ADDRESS_LIMIT_CHECKING_CONTROL
            | ScswFlags::SUPPRESS_SUSPENDED_INTERRUPTION;
        self.has_start_function().then(|| self.contents().flags & from_orb)
    }

    /// The deferred condition code. Valid while status is pending for the start function.
    #[must_use]
    pub fn deferred_condition_code(&self) -> Option<DeferredConditionCode> {
        (self.has_start_function() && self.is_status_pending())
            .then(|| self.contents().deferred_condition_code)
    }

    /// Whether the extended-status word is of format 0. Valid while status is pending.
    #[must_use]
    pub fn is_extended_status_word_format_0(&self) -> Option<bool> {
        self.is_status_pending()
            .then(|| self.contents().flags.contains(ScswFlags::EXTENDED_STATUS_WORD_FORMAT))
    }

    /// Whether the first command was accepted (Z). Valid with intermediate status of a start function.
    #[must_use]
    pub fn is_zero_condition_code(&self) -> Option<bool> {
        (self.has_start_function() && self.status_control().contains(StatusControl::INTERMEDIATE))
            .then(|| self.contents().flags.contains(ScswFlags::ZERO_CONDITION_CODE))
    }

    /// Whether the extended-control word is stored (E). Valid with alert status.
    #[must_use]
    pub fn has_extended_control(&self) -> Option<bool> {
        (self.is_status_pending() && self.status_control().contains(StatusControl::ALERT))
            .then(|| self.contents().flags.contains(ScswFlags::EXTENDED_CONTROL))
    }

    /// Whether a path was not operational (N). Valid with a function indicated and status pending,
    /// but not for an intermediate status alone, unless the program is suspended.
    #[must_use]
    pub fn has_path_not_operational(&self) -> Option<bool> {
        let ended = !self.status_control().contains(StatusControl::INTERMEDIATE)
            || self.activity_control().contains(ActivityControl::SUSPENDED);
        (!self.function_control().is_empty() && self.is_status_pending() && ended)
            .then(|| self.contents().flags.contains(ScswFlags::PATH_NOT_OPERATIONAL))
    }

    /// Whether device and subchannel status mean something: status pending, and the device was reached.
    fn has_status(&self) -> bool {
        self.is_status_pending()
            && self.contents().deferred_condition_code != DeferredConditionCode::NotOperational
    }

    /// What the device says. Valid while status is pending, unless no path to it was operational.
    #[must_use]
    pub fn device_status(&self) -> Option<DeviceStatus> {
        self.has_status().then(|| DeviceStatus::from_bits_retain(self.device_status))
    }

    /// What the channel subsystem says. Valid as [`Self::device_status`] is.
    #[must_use]
    pub fn subchannel_status(&self) -> Option<SubchannelStatus> {
        self.has_status().then(|| SubchannelStatus::from_bits_retain(self.subchannel_status))
    }

    /// Whether the start function has come to where address and count of a CCW are stored.
    fn has_program_ended(&self) -> bool {
        self.has_start_function()
            && self.is_status_pending()
            && self.status_control().contains(StatusControl::PRIMARY)
            && self.contents().deferred_condition_code == DeferredConditionCode::Normal
    }

    /// The address of the CCW after the last one used. Valid with primary status of a start function
    /// that the device took, unless a check of the channel or interface makes it unpredictable.
    #[must_use]
    pub fn ccw_address(&self) -> Option<u32> {
        let unpredictable =
            SubchannelStatus::CHANNEL_CONTROL_CHECK | SubchannelStatus::INTERFACE_CONTROL_CHECK;
        (self.has_program_ended() && !self.contents().subchannel_status.intersects(unpredictable))
            .then(|| self.ccw_address.get())
    }

    /// How many bytes of the last CCW used were not transferred. Valid as [`Self::ccw_address`] is,
    /// and without a channel-data check.
    #[must_use]
    pub fn residual_count(&self) -> Option<u16> {
        let data_check =
            self.contents().subchannel_status.contains(SubchannelStatus::CHANNEL_DATA_CHECK);
        self.ccw_address().filter(|_| !data_check).map(|_| self.count.get())
    }
}

/// The valid fields in words:
/// `function=start activity=- status=primary+secondary+status-pending device=channel-end+device-end
/// subchannel=- residual=0`.
impl fmt::Display for Scsw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "function={} activity={} status={}",
            self.function_control(),
            self.activity_control(),
            self.status_control()
        )?;
        match self.deferred_condition_code() {
            None | Some(DeferredConditionCode::Normal) => {}
            Some(code) => write!(f, " deferred-cc={} {code}", code.number())?,
        }
        if let (Some(device), Some(subchannel)) = (self.device_status(), self.subchannel_status()) {
            write!(f, " device={device} subchannel-status={subchannel}")?;
        }
        if let Some(residual) = self.residual_count() {
            write!(f, " residual={residual}")?;
        }
        Ok(())
    }
}
