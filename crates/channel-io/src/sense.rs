//! What SENSE and SENSE ID bring: [`SenseData`], [`SenseId`].

use core::fmt;
use core::mem::{offset_of, size_of};
use zerocopy::byteorder::big_endian::U16;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Sense bytes: what a device says about a unit check. Up to 32 of them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SenseData {
    bytes: [u8; Self::MAX_LENGTH],
    length: u8,
}

impl SenseData {
    /// The most bytes that SENSE can bring.
    pub const MAX_LENGTH: usize = 32;

    /// Byte 0: the device does not know the command, or not now.
    pub const COMMAND_REJECT: u8 = 0x80;
    /// Byte 0: someone has to do something at the device.
    pub const INTERVENTION_REQUIRED: u8 = 0x40;
    /// Byte 0: parity error on the channel's side.
    pub const BUS_OUT_CHECK: u8 = 0x20;
    /// Byte 0: the device itself failed.
    pub const EQUIPMENT_CHECK: u8 = 0x10;
    /// Byte 0: data is in error.
    pub const DATA_CHECK: u8 = 0x08;

    /// The first `length` of `bytes`.
    #[must_use]
    pub fn new(bytes: &[u8; Self::MAX_LENGTH], length: usize) -> Self {
        let length = length.min(Self::MAX_LENGTH);
        let mut kept = [0; Self::MAX_LENGTH];
        for (to, from) in kept.iter_mut().zip(bytes.iter().take(length)) {
            *to = *from;
        }
        Self { bytes: kept, length: u8::try_from(length).unwrap_or(0) }
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.length)).unwrap_or(&[])
    }

    /// Whether the device refused the command: byte 0, bit 0.
    #[must_use]
    pub fn is_command_reject(&self) -> bool {
        self.bytes().first().is_some_and(|byte| byte & Self::COMMAND_REJECT != 0)
    }
}

/// The bits of byte 0 in words, then all bytes in hexadecimal: `command-reject (80000000)`.
impl fmt::Display for SenseData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAMES: &[(u16, &str)] = &[
            (SenseData::COMMAND_REJECT as u16, "command-reject"),
            (SenseData::INTERVENTION_REQUIRED as u16, "intervention-required"),
            (SenseData::BUS_OUT_CHECK as u16, "bus-out-check"),
            (SenseData::EQUIPMENT_CHECK as u16, "equipment-check"),
            (SenseData::DATA_CHECK as u16, "data-check"),
        ];
        let first = self.bytes().first().copied().unwrap_or(0);
        crate::words::join_bits(f, u16::from(first), NAMES)?;
        f.write_str(" (")?;
        for byte in self.bytes() {
            write!(f, "{byte:02x}")?;
        }
        f.write_str(")")
    }
}

impl fmt::Debug for SenseData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SenseData({self})")
    }
}

/// What SENSE ID brings at least: which control unit and which device it is.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout,
)]
#[repr(C)]
pub struct SenseId {
    /// X'FF' when the rest is valid.
    pub marker: u8,
    control_unit_type: U16,
    control_unit_model: u8,
    device_type: U16,
    device_model: u8,
}

const _: () = {
    assert!(size_of::<SenseId>() == 7);
    assert!(offset_of!(SenseId, control_unit_type) == 1);
    assert!(offset_of!(SenseId, control_unit_model) == 3);
    assert!(offset_of!(SenseId, device_type) == 4);
    assert!(offset_of!(SenseId, device_model) == 6);
};

impl SenseId {
    /// What byte 0 must be.
    pub const MARKER: u8 = 0xff;

    /// The identification of these types and models.
    #[must_use]
    pub fn new(control_unit: (u16, u8), device: (u16, u8)) -> Self {
        Self {
            marker: Self::MARKER,
            control_unit_type: control_unit.0.into(),
            control_unit_model: control_unit.1,
            device_type: device.0.into(),
            device_model: device.1,
        }
    }

    /// Whether byte 0 says that the rest is valid.
    #[must_use]
    pub const fn is_valid(&self) -> bool {
        self.marker == Self::MARKER
    }

    /// The control unit's type, four hexadecimal digits by custom: `3990`.
    #[must_use]
    pub fn control_unit_type(&self) -> u16 {
        self.control_unit_type.get()
    }

    /// The control unit's model.
    #[must_use]
    pub const fn control_unit_model(&self) -> u8 {
        self.control_unit_model
    }

    /// The device's type, as `3390`; zero if the device has none of its own.
    #[must_use]
    pub fn device_type(&self) -> u16 {
        self.device_type.get()
    }

    /// The device's model.
    #[must_use]
    pub const fn device_model(&self) -> u8 {
        self.device_model
    }
}

/// `control-unit=3832/02 device=0000/00`.
impl fmt::Display for SenseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "control-unit={:04x}/{:02x} device={:04x}/{:02x}",
            self.control_unit_type, self.control_unit_model, self.device_type, self.device_model
        )
    }
}
