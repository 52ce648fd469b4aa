//! The bit fields of the subchannel-status word, and the words for them.

use bitflags::bitflags;
use core::fmt;

/// Writes the names of the bits of `$value` that are on, joined by `+`.
macro_rules! display_names {
    ($type:ty { $($flag:ident => $name:literal),+ $(,)? }) => {
        /// The names of the bits that are on, joined by `+`; `-` when none is.
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                const NAMES: &[(u16, &str)] = &[$((<$type>::$flag.bits() as u16, $name)),+];
                crate::words::join_bits(f, u16::from(self.bits()), NAMES)
            }
        }
    };
}

bitflags! {
    /// Bits 4, 5 and 8 to 15 of word 0: single-bit fields.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct ScswFlags: u16 {
        /// S (bit 4): suspend control of the ORB.
        const SUSPEND_CONTROL = 0x0800;
        /// L (bit 5): the extended-status word is of format 0.
        const EXTENDED_STATUS_WORD_FORMAT = 0x0400;
        /// F (bit 8): the CCWs are of format 1.
        const CCW_FORMAT = 0x0080;
        /// P (bit 9): prefetch was allowed.
        const PREFETCH = 0x0040;
        /// I (bit 10): initial-status interruption was asked for.
        const INITIAL_STATUS_INTERRUPTION_CONTROL = 0x0020;
        /// A (bit 11): address-limit checking was asked for.
        const ADDRESS_LIMIT_CHECKING_CONTROL = 0x0010;
        /// U (bit 12): suppress-suspended interruption.
        const SUPPRESS_SUSPENDED_INTERRUPTION = 0x0008;
        /// Z (bit 13): zero condition code, the first command was accepted.
        const ZERO_CONDITION_CODE = 0x0004;
        /// E (bit 14): the extended-control word has model-dependent or sense data.
        const EXTENDED_CONTROL = 0x0002;
        /// N (bit 15): a path was not operational.
        const PATH_NOT_OPERATIONAL = 0x0001;
    }
}

bitflags! {
    /// Function control (bits 17 to 19 of word 0): what was asked of the subchannel.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct FunctionControl: u16 {
        /// START SUBCHANNEL.
        const START = 0x4000;
        /// HALT SUBCHANNEL.
        const HALT = 0x2000;
        /// CLEAR SUBCHANNEL.
        const CLEAR = 0x1000;
    }
}
display_names!(FunctionControl { START => "start", HALT => "halt", CLEAR => "clear" });

bitflags! {
    /// Activity control (bits 20 to 26 of word 0): how far it has come.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct ActivityControl: u16 {
        /// A resume is pending.
        const RESUME_PENDING = 0x0800;
        /// A start is pending.
        const START_PENDING = 0x0400;
        /// A halt is pending.
        const HALT_PENDING = 0x0200;
        /// A clear is pending.
        const CLEAR_PENDING = 0x0100;
        /// The subchannel works on the program.
        const SUBCHANNEL_ACTIVE = 0x0080;
        /// The device works on the program.
        const DEVICE_ACTIVE = 0x0040;
        /// The program is suspended.
        const SUSPENDED = 0x0020;
    }
}
display_names!(ActivityControl {
    RESUME_PENDING => "resume-pending",
    START_PENDING => "start-pending",
    HALT_PENDING => "halt-pending",
    CLEAR_PENDING => "clear-pending",
    SUBCHANNEL_ACTIVE => "subchannel-active",
    DEVICE_ACTIVE => "device-active",
    SUSPENDED => "suspended",
});

bitflags! {
    /// Status control (bits 27 to 31 of word 0): whether, and why, status is pending.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct StatusControl: u16 {
        /// Something that the program did not ask for or expect.
        const ALERT = 0x0010;
        /// Not the end: a first status, a program-controlled interruption, a suspension.
        const INTERMEDIATE = 0x0008;
        /// The subchannel is done with the program.
        const PRIMARY = 0x0004;
        /// The device is done with the program.
        const SECONDARY = 0x0002;
        /// Status is pending: only then do the status fields mean something.
        const STATUS_PENDING = 0x0001;
    }
}
display_names!(StatusControl {
    ALERT => "alert",
    INTERMEDIATE => "intermediate",
    PRIMARY => "primary",
    SECONDARY => "secondary",
    STATUS_PENDING => "status-pending",
});

bitflags! {
    /// Device status (byte 0 of word 2): what the device says.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct DeviceStatus: u8 {
        /// Something at the device wants attention.
        const ATTENTION = 0x80;
        /// Modifies the other bits.
        const STATUS_MODIFIER = 0x40;
        /// The control unit is free again.
        const CONTROL_UNIT_END = 0x20;
        /// Busy.
        const BUSY = 0x10;
        /// The transfer over the channel is done.
        const CHANNEL_END = 0x08;
        /// The device is done.
        const DEVICE_END = 0x04;
        /// The sense bytes say what went wrong.
        const UNIT_CHECK = 0x02;
        /// An exception that the device's own manual describes.
        const UNIT_EXCEPTION = 0x01;
    }
}
display_names!(DeviceStatus {
    ATTENTION => "attention",
    STATUS_MODIFIER => "status-modifier",
    CONTROL_UNIT_END => "control-unit-end",
    BUSY => "busy",
    CHANNEL_END => "channel-end",
    DEVICE_END => "device-end",
    UNIT_CHECK => "unit-check",
    UNIT_EXCEPTION => "unit-exception",
});

bitflags! {
    /// Subchannel status (byte 1 of word 2): what the channel subsystem says.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct SubchannelStatus: u8 {
        /// A CCW with the program-controlled-interruption flag took control.
        const PROGRAM_CONTROLLED_INTERRUPTION = 0x80;
        /// The counts of program and device differ.
        const INCORRECT_LENGTH = 0x40;
        /// The channel program is wrong.
        const PROGRAM_CHECK = 0x20;
        /// Storage protection forbade an access.
        const PROTECTION_CHECK = 0x10;
        /// Data was in error.
        const CHANNEL_DATA_CHECK = 0x08;
        /// The channel subsystem failed.
        const CHANNEL_CONTROL_CHECK = 0x04;
        /// The interface to the control unit failed.
        const INTERFACE_CONTROL_CHECK = 0x02;
        /// Data chaining could not keep up.
        const CHAINING_CHECK = 0x01;
    }
}
display_names!(SubchannelStatus {
    PROGRAM_CONTROLLED_INTERRUPTION => "program-controlled-interruption",
    INCORRECT_LENGTH => "incorrect-length",
    PROGRAM_CHECK => "program-check",
    PROTECTION_CHECK => "protection-check",
    CHANNEL_DATA_CHECK => "channel-data-check",
    CHANNEL_CONTROL_CHECK => "channel-control-check",
    INTERFACE_CONTROL_CHECK => "interface-control-check",
    CHAINING_CHECK => "chaining-check",
});

/// The deferred condition code (bits 6 and 7 of word 0): what became of a start that SSCH accepted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeferredConditionCode {
    /// 0: the device took the first command.
    #[default]
    Normal,
    /// 1: the device had status already; the program was not run.
    StatusPresent,
    /// 3: no path to the device was operational; the program was not run.
    NotOperational,
    /// 2, which is not assigned.
    Reserved,
}

impl DeferredConditionCode {
    /// The code as a number, 0 to 3.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Normal => 0,
            Self::StatusPresent => 1,
            Self::Reserved => 2,
            Self::NotOperational => 3,
        }
    }
}

impl fmt::Display for DeferredConditionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Normal => "normal",
            Self::StatusPresent => "status-present",
            Self::Reserved => "reserved",
            Self::NotOperational => "not-operational",
        })
    }
}
