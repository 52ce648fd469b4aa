//! The path-management-control word and the subchannel-information block.
//!
//! STORE SUBCHANNEL stores a [`Schib`], MODIFY SUBCHANNEL takes one; its [`Pmcw`] says which device
//! the subchannel leads to, whether it is enabled, and by which paths (PoP SA22-7832-13, ch. 15,
//! SUBCHANNEL-INFORMATION BLOCK).

use crate::ids::DeviceNumber;
use crate::interruption::InterruptionSubclass;
use crate::scsw::Scsw;
use core::fmt;
use core::mem::{align_of, offset_of, size_of};
use zerocopy::byteorder::big_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Whether a subchannel is enabled for I/O.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enablement {
    /// I/O instructions other than MSCH, STSCH and TSCH give condition code 3.
    Disabled,
    /// I/O is possible.
    Enabled,
}

/// Whether sense bytes come with the interruption response block (concurrent sense).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConcurrentSense {
    /// A unit check leaves the sense bytes at the device, for SENSE.
    Off,
    /// A unit check brings them in the extended-control word, if the subchannel can do so.
    On,
}

/// What kind of subchannel it is (bits 8 to 10 of word 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubchannelType {
    /// 0: leads to a device.
    Io,
    /// 1: channel-subsystem call.
    Chsc,
    /// 2: message.
    Message,
    /// 3: asynchronous data mover.
    AsynchronousDataMover,
    /// Not assigned.
    Other(u8),
}

/// The path-management-control word: seven words.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout,
)]
#[repr(C, align(4))]
pub struct Pmcw {
    interruption_parameter: U32,
    flags: U16,
    device_number: U16,
    logical_path_mask: u8,
    path_not_operational_mask: u8,
    last_path_used_mask: u8,
    path_installed_mask: u8,
    measurement_block_index: U16,
    path_operational_mask: u8,
    path_available_mask: u8,
    channel_path_identifiers: [u8; 8],
    characteristics: U32,
}

const _: () = {
    assert!(size_of::<Pmcw>() == 28 && align_of::<Pmcw>() == 4);
    assert!(offset_of!(Pmcw, flags) == 4);
    assert!(offset_of!(Pmcw, device_number) == 6);
    assert!(offset_of!(Pmcw, logical_path_mask) == 8);
    assert!(offset_of!(Pmcw, path_installed_mask) == 11);
    assert!(offset_of!(Pmcw, measurement_block_index) == 12);
    assert!(offset_of!(Pmcw, path_operational_mask) == 14);
    assert!(offset_of!(Pmcw, path_available_mask) == 15);
    assert!(offset_of!(Pmcw, channel_path_identifiers) == 16);
    assert!(offset_of!(Pmcw, characteristics) == 24);
};

impl Pmcw {
    /// Bits 2 to 4 of word 1: interruption subclass.
    const SUBCLASS: u16 = 0x3800;
    const SUBCLASS_SHIFT: u32 = 11;
    /// Bit 8 of word 1 (E): enabled.
    const ENABLED: u16 = 0x0080;
    /// Bit 13 of word 1 (D): multipath mode.
    const MULTIPATH: u16 = 0x0004;
    /// Bit 15 of word 1 (V): the device number is valid.
    const DEVICE_NUMBER_VALID: u16 = 0x0001;
    /// Bits 8 to 10 of word 6: type of the subchannel.
    const TYPE: u32 = 0x00e0_0000;
    const TYPE_SHIFT: u32 = 21;
    /// Bit 31 of word 6 (S): concurrent sense.
    const CONCURRENT_SENSE: u32 = 0x0000_0001;

    /// A word for a subchannel that leads to `device` by one path of identifier `path`, not enabled:
    /// what STORE SUBCHANNEL shows of a device after a reset.
    #[must_use]
    pub fn for_device(device: DeviceNumber, path: u8) -> Self {
        Self {
            flags: Self::DEVICE_NUMBER_VALID.into(),
            device_number: device.0.into(),
            logical_path_mask: 0x80,
            path_installed_mask: 0x80,
            path_operational_mask: 0xff,
            path_available_mask: 0x80,
            channel_path_identifiers: [path, 0, 0, 0, 0, 0, 0, 0],
            ..Self::default()
        }
    }

    /// What comes back in the interruption code when status is pending that no ORB asked for.
    #[must_use]
    pub fn interruption_parameter(&self) -> u32 {
        self.interruption_parameter.get()
    }

    /// Sets the interruption parameter.
    pub fn set_interruption_parameter(&mut self, parameter: u32) {
        self.interruption_parameter = parameter.into();
    }

    /// The interruption subclass.
    #[must_use]
    pub fn subclass(&self) -> InterruptionSubclass {
        let [bits, _] = self.flags.get().to_be_bytes();
        InterruptionSubclass::from_low_bits(bits >> (Self::SUBCLASS_SHIFT - 8))
    }

    /// Sets the interruption subclass.
    pub fn set_subclass(&mut self, subclass: InterruptionSubclass) {
        let bits = u16::from(subclass.number()) << Self::SUBCLASS_SHIFT;
        self.flags = ((self.flags.get() & !Self::SUBCLASS) | bits).into();
    }

    /// Whether the subchannel is enabled.
    #[must_use]
    pub fn enablement(&self) -> Enablement {
        if self.flags.get() & Self::ENABLED == 0 {
            Enablement::Disabled
        } else {
            Enablement::Enabled
        }
    }

    /// Enables or disables.
    pub fn set_enablement(&mut self, enablement: Enablement) {
        let bits = match enablement {
            Enablement::Disabled => 0,
            Enablement::Enabled => Self::ENABLED,
        };
        self.flags = ((self.flags.get() & !Self::ENABLED) | bits).into();
    }

    /// Whether the subchannel is in multipath mode (D).
    #[must_use]
    pub fn is_multipath(&self) -> bool {
        self.flags.get() & Self::MULTIPATH != 0
    }

    /// The device that the subchannel leads to; `None` when the device number is not valid.
    #[must_use]
    pub fn device_number(&self) -> Option<DeviceNumber> {
        (self.flags.get() & Self::DEVICE_NUMBER_VALID != 0)
            .then(|| DeviceNumber(self.device_number.get()))
    }

    /// Whether sense bytes come with the status.
    #[must_use]
    pub fn concurrent_sense(&self) -> ConcurrentSense {
        if self.characteristics.get() & Self::CONCURRENT_SENSE == 0 {
            ConcurrentSense::Off
        } else {
            ConcurrentSense::On
        }
    }

    /// Asks for sense bytes with the status, or no longer.
    pub fn set_concurrent_sense(&mut self, sense: ConcurrentSense) {
        let bits = match sense {
            ConcurrentSense::Off => 0,
            ConcurrentSense::On => Self::CONCURRENT_SENSE,
        };
        self.characteristics =
            ((self.characteristics.get() & !Self::CONCURRENT_SENSE) | bits).into();
    }

    /// What kind of subchannel it is.
    #[must_use]
    pub fn subchannel_type(&self) -> SubchannelType {
        let [_, bits, _, _] = (self.characteristics.get() & Self::TYPE).to_be_bytes();
        match bits >> (Self::TYPE_SHIFT - 16) {
            0 => SubchannelType::Io,
            1 => SubchannelType::Chsc,
            2 => SubchannelType::Message,
            3 => SubchannelType::AsynchronousDataMover,
            other => SubchannelType::Other(other),
        }
    }

    /// The paths that the program lets be used, leftmost bit first.
    #[must_use]
    pub const fn logical_path_mask(&self) -> u8 {
        self.logical_path_mask
    }

    /// Sets the paths that may be used.
    pub fn set_logical_path_mask(&mut self, mask: u8) {
        self.logical_path_mask = mask;
    }

    /// The paths that there are.
    #[must_use]
    pub const fn path_installed_mask(&self) -> u8 {
        self.path_installed_mask
    }

    /// The paths over which the device was operational when last used.
    #[must_use]
    pub const fn path_operational_mask(&self) -> u8 {
        self.path_operational_mask
    }

    /// The paths that are physically available.
    #[must_use]
    pub const fn path_available_mask(&self) -> u8 {
        self.path_available_mask
    }

    /// The channel-path identifiers, one for each bit of the masks.
    #[must_use]
    pub const fn channel_path_identifiers(&self) -> [u8; 8] {
        self.channel_path_identifiers
    }

    /// Takes from `requested` what MODIFY SUBCHANNEL lets a program change; what a simulation of
    /// that instruction does.
    pub fn modify(&mut self, requested: &Self) {
        // Word 1: subclass, enabled, limit mode, measurement mode, multipath; not timing facility
        // and device number valid.
        let flags = Self::SUBCLASS | Self::ENABLED | 0x0060 | 0x0018 | Self::MULTIPATH;
        self.interruption_parameter = requested.interruption_parameter;
        self.flags = ((self.flags.get() & !flags) | (requested.flags.get() & flags)).into();
        self.logical_path_mask = requested.logical_path_mask;
        self.path_operational_mask = requested.path_operational_mask;
        self.measurement_block_index = requested.measurement_block_index;
        let characteristics = Self::CONCURRENT_SENSE | 0x0000_0004;
        self.characteristics = ((self.characteristics.get() & !characteristics)
            | (requested.characteristics.get() & characteristics))
            .into();
    }

    /// Whether the bits that must be zero in the operand of MODIFY SUBCHANNEL are zero; otherwise
    /// the instruction is ended by an operand exception.
    #[must_use]
    pub fn is_valid_operand(&self) -> bool {
        self.flags.get() & 0x0700 == 0 && self.characteristics.get() & 0xff1f_fff8 == 0
    }
}

/// `device=0001 enabled isc=3 parameter=00000000 paths=80 sense=concurrent`.
impl fmt::Display for Pmcw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.device_number() {
            None => f.write_str("device=-")?,
            Some(number) => write!(f, "device={number}")?,
        }
        let state = match self.enablement() {
            Enablement::Disabled => "disabled",
            Enablement::Enabled => "enabled",
        };
        let sense = match self.concurrent_sense() {
            ConcurrentSense::Off => "basic",
            ConcurrentSense::On => "concurrent",
        };
        write!(
            f,
            " state={state} isc={} parameter={:08x} paths={:02x} sense={sense}",
            self.subclass(),
            self.interruption_parameter,
            self.logical_path_mask
        )
    }
}

/// The subchannel-information block: thirteen words on a word boundary.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout,
)]
#[repr(C, align(4))]
pub struct Schib {
    /// Path-management-control word.
    pub pmcw: Pmcw,
    /// Subchannel-status word as it stands now; MODIFY SUBCHANNEL does not look at it.
    pub scsw: Scsw,
    measurement_block_address: U64,
    model_dependent: [u8; 4],
}

const _: () = {
    assert!(size_of::<Schib>() == 52 && align_of::<Schib>() == 4);
    assert!(offset_of!(Schib, pmcw) == 0);
    assert!(offset_of!(Schib, scsw) == 28);
    assert!(offset_of!(Schib, measurement_block_address) == 40);
    assert!(offset_of!(Schib, model_dependent) == 48);
};

impl Schib {
    /// A block with these two words and zeros in the rest.
    #[must_use]
    pub fn new(pmcw: Pmcw, scsw: Scsw) -> Self {
        Self { pmcw, scsw, ..Self::default() }
    }
}

impl fmt::Display for Schib {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.pmcw, self.scsw)
    }
}
