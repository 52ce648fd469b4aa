//! Channel-command words: what a channel program is made of.
//!
//! [`Ccw1`] (31-bit data address) is what this project's programs use, [`Ccw0`] (24-bit) what old
//! programs and the IPL use (PoP SA22-7832-13, ch. 15, CHANNEL-COMMAND WORD). [`CommandCode`] and
//! [`CcwFlags`] are common to both. [`crate::program`] builds whole programs.

use crate::storage::AbsoluteAddress;
use bitflags::bitflags;
use core::fmt;
use core::mem::{align_of, offset_of, size_of};
use zerocopy::byteorder::big_endian::{U16, U32};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// The command code of a CCW: what the channel or the device is to do.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, FromBytes, IntoBytes, Immutable, KnownLayout,
)]
#[repr(transparent)]
pub struct CommandCode(pub u8);

impl CommandCode {
    /// Read the IPL record.
    pub const READ_IPL: Self = Self(0x02);
    /// No operation.
    pub const NO_OPERATION: Self = Self(0x03);
    /// Basic sense: the sense bytes of the last unit check.
    pub const SENSE: Self = Self(0x04);
    /// Transfer in channel: the program goes on at the data address.
    pub const TRANSFER_IN_CHANNEL: Self = Self(0x08);
    /// Sense identification: what the control unit and the device are.
    pub const SENSE_ID: Self = Self(0xe4);

    /// Whether the data goes from the device into main storage.
    #[must_use]
    pub const fn transfers_to_storage(self) -> bool {
        // The low bits give the class: 01 write, 10 read, 11 control; 0100 sense, 1100 read backward.
        matches!(self.0 & 0x03, 0x02) || matches!(self.0 & 0x0f, 0x04 | 0x0c)
    }
}

/// The command in words where every device knows it, else its class and its code.
impl fmt::Display for CommandCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = match *self {
            Self::READ_IPL => "read-ipl",
            Self::NO_OPERATION => "no-operation",
            Self::SENSE => "sense",
            Self::TRANSFER_IN_CHANNEL => "transfer-in-channel",
            Self::SENSE_ID => "sense-identification",
            Self(code) => {
                let class = match code & 0x0f {
                    0x04 => "sense",
                    0x0c => "read-backward",
                    0x01 | 0x05 | 0x09 | 0x0d => "write",
                    0x02 | 0x06 | 0x0a | 0x0e => "read",
                    0x03 | 0x07 | 0x0b | 0x0f => "control",
                    _ => "invalid",
                };
                return write!(f, "{class}-{code:02x}");
            }
        };
        f.write_str(words)
    }
}

bitflags! {
    /// The flags of a CCW (its bits 32 to 38 in format 0, 8 to 14 in format 1).
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct CcwFlags: u8 {
        /// CD: the data goes on in the area of the next CCW.
        const CHAIN_DATA = 0x80;
        /// CC: the next CCW is a new command.
        const CHAIN_COMMAND = 0x40;
        /// SLI: a length other than the device's is no incorrect length.
        const SUPPRESS_LENGTH_INDICATION = 0x20;
        /// SKIP: nothing is stored.
        const SKIP = 0x10;
        /// PCI: an interruption when this CCW takes control.
        const PROGRAM_CONTROLLED_INTERRUPTION = 0x08;
        /// IDA: the data address is that of a list of [`crate::idaw`]s.
        const INDIRECT_DATA_ADDRESS = 0x04;
        /// S: the channel program is suspended before this CCW.
        const SUSPEND = 0x02;
        /// MIDA: the data address is that of a list of modified indirect-data-address words.
        const MODIFIED_INDIRECT_DATA_ADDRESS = 0x01;
    }
}

/// The names of the flags that are on, joined by `+`; `-` when none is.
impl fmt::Display for CcwFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAMES: &[(u16, &str)] = &[
            (CcwFlags::CHAIN_DATA.bits() as u16, "chain-data"),
            (CcwFlags::CHAIN_COMMAND.bits() as u16, "chain-command"),
            (CcwFlags::SUPPRESS_LENGTH_INDICATION.bits() as u16, "suppress-length-indication"),
            (CcwFlags::SKIP.bits() as u16, "skip"),
            (
                CcwFlags::PROGRAM_CONTROLLED_INTERRUPTION.bits() as u16,
                "program-controlled-interruption",
            ),
            (CcwFlags::INDIRECT_DATA_ADDRESS.bits() as u16, "indirect-data-address"),
            (CcwFlags::SUSPEND.bits() as u16, "suspend"),
            (
                CcwFlags::MODIFIED_INDIRECT_DATA_ADDRESS.bits() as u16,
                "modified-indirect-data-address",
            ),
        ];
        crate::words::join_bits(f, u16::from(self.bits()), NAMES)
    }
}

/// An address that has no place in a CCW of the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressTooHigh {
    /// The address.
    pub address: AbsoluteAddress,
    /// The first address that is too high.
    pub limit: u64,
}

impl fmt::Display for AddressTooHigh {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "address {} is not below {:#x}", self.address, self.limit)
    }
}

impl core::error::Error for AddressTooHigh {}

/// `address` as a 32-bit number, if it is below `limit`.
pub(crate) fn address_below(address: AbsoluteAddress, limit: u64) -> Result<u32, AddressTooHigh> {
    match u32::try_from(address.0) {
        Ok(low) if address.0 < limit => Ok(low),
        Ok(_) | Err(_) => Err(AddressTooHigh { address, limit }),
    }
}

/// A format-1 channel-command word: 31-bit data address, eight bytes on a doubleword boundary.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout,
)]
#[repr(C, align(8))]
pub struct Ccw1 {
    command: CommandCode,
    flags: u8,
    count: U16,
    address: U32,
}

const _: () = {
    assert!(size_of::<Ccw1>() == 8 && align_of::<Ccw1>() == 8);
    assert!(offset_of!(Ccw1, command) == 0);
    assert!(offset_of!(Ccw1, flags) == 1);
    assert!(offset_of!(Ccw1, count) == 2);
    assert!(offset_of!(Ccw1, address) == 4);
};

impl Ccw1 {
    /// The first address that a format-1 CCW cannot name: 2 GiB.
    pub const ADDRESS_LIMIT: u64 = 1 << 31;

    /// A CCW that transfers `count` bytes at `address`.
    ///
    /// # Errors
    /// [`AddressTooHigh`] if the address needs more than 31 bits.
    pub fn new(
        command: CommandCode,
        flags: CcwFlags,
        count: u16,
        address: AbsoluteAddress,
    ) -> Result<Self, AddressTooHigh> {
        let address = address_below(address, Self::ADDRESS_LIMIT)?;
        Ok(Self { command, flags: flags.bits(), count: count.into(), address: address.into() })
    }

    /// The command code.
    #[must_use]
    pub const fn command(&self) -> CommandCode {
        self.command
    }

    /// The flags.
    #[must_use]
    pub const fn flags(&self) -> CcwFlags {
        CcwFlags::from_bits_retain(self.flags)
    }

    /// The same CCW with other flags.
    #[must_use]
    pub const fn with_flags(self, flags: CcwFlags) -> Self {
        Self { flags: flags.bits(), ..self }
    }

    /// The count of bytes.
    #[must_use]
    pub fn count(&self) -> u16 {
        self.count.get()
    }

    /// The data address as it stands; bit 0 must be zero, or there is a program check.
    #[must_use]
    pub fn address(&self) -> u32 {
        self.address.get()
    }
}

/// `command=sense count=32 flags=suppress-length-indication address=0x2000`.
impl fmt::Display for Ccw1 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "command={} count={} flags={} address={:#x}",
            self.command,
            self.count,
            self.flags(),
            self.address
        )
    }
}

/// A format-0 channel-command word: 24-bit data address, eight bytes on a doubleword boundary.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout,
)]
#[repr(C, align(8))]
pub struct Ccw0 {
    command: CommandCode,
    address: [u8; 3],
    flags: u8,
    reserved: u8,
    count: U16,
}

const _: () = {
    assert!(size_of::<Ccw0>() == 8 && align_of::<Ccw0>() == 8);
    assert!(offset_of!(Ccw0, command) == 0);
    assert!(offset_of!(Ccw0, address) == 1);
    assert!(offset_of!(Ccw0, flags) == 4);
    assert!(offset_of!(Ccw0, count) == 6);
};

impl Ccw0 {
    /// The first address that a format-0 CCW cannot name: 16 MiB.
    pub const ADDRESS_LIMIT: u64 = 1 << 24;

    /// A CCW that transfers `count` bytes at `address`.
    ///
    /// # Errors
    /// [`AddressTooHigh`] if the address needs more than 24 bits.
    pub fn new(
        command: CommandCode,
        flags: CcwFlags,
        count: u16,
        address: AbsoluteAddress,
    ) -> Result<Self, AddressTooHigh> {
        let [_, a, b, c] = address_below(address, Self::ADDRESS_LIMIT)?.to_be_bytes();
        Ok(Self {
            command,
            address: [a, b, c],
            flags: flags.bits(),
            reserved: 0,
            count: count.into(),
        })
    }

    /// The command code.
    #[must_use]
    pub const fn command(&self) -> CommandCode {
        self.command
    }

    /// The flags.
    #[must_use]
    pub const fn flags(&self) -> CcwFlags {
        CcwFlags::from_bits_retain(self.flags)
    }

    /// The count of bytes.
    #[must_use]
    pub fn count(&self) -> u16 {
        self.count.get()
    }

    /// The data address.
    #[must_use]
    pub const fn address(&self) -> u32 {
        let [a, b, c] = self.address;
        u32::from_be_bytes([0, a, b, c])
    }

    /// The same command in format 1. A transfer in channel has any low four bits in format 0.
    #[must_use]
    pub fn to_format_1(self) -> Ccw1 {
        let transfer = self.command.0 & 0x0f == CommandCode::TRANSFER_IN_CHANNEL.0;
        Ccw1 {
            command: if transfer { CommandCode::TRANSFER_IN_CHANNEL } else { self.command },
            flags: if transfer { 0 } else { self.flags },
            count: if transfer { 0.into() } else { self.count },
            address: self.address().into(),
        }
    }
}

/// As for [`Ccw1`].
impl fmt::Display for Ccw0 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "command={} count={} flags={} address={:#x}",
            self.command,
            self.count,
            self.flags(),
            self.address()
        )
    }
}
