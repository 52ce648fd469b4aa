//! Virtio over channel I/O: commands and what they transfer.

use channel_io::CommandCode;
use channel_io::program::Command;
use core::mem::{offset_of, size_of};
use zerocopy::byteorder::big_endian::{U16, U32, U64};
use zerocopy::byteorder::little_endian;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Control-unit type of every virtio device in SENSE ID (VIRTIO 1.2, 4.3.1 Basic Concepts).
pub const CONTROL_UNIT_TYPE: u16 = 0x3832;

/// Control-unit model of a block device: its virtio device ID (5.2.1 Device ID).
pub const CONTROL_UNIT_MODEL_BLOCK: u8 = 2;

/// The channel commands (4.3.1.1 Channel Commands for Virtio).
pub mod command {
    use super::{Command, CommandCode};

    const fn command(code: u8, name: &'static str) -> Command {
        Command { code: CommandCode(code), name }
    }

    /// Selects the revision of the transport: [`super::RevisionInformation`].
    pub const SET_REVISION: Command = command(0x83, "set-virtio-revision");
    /// Resets the device.
    pub const RESET: Command = command(0x33, "reset-device");
    /// Reads 32 feature bits: [`super::FeatureDescriptor`].
    pub const READ_FEATURES: Command = command(0x12, "read-features");
    /// Writes 32 feature bits: [`super::FeatureDescriptor`].
    pub const WRITE_FEATURES: Command = command(0x11, "write-features");
    /// Reads the configuration space.
    pub const READ_CONFIGURATION: Command = command(0x22, "read-configuration");
    /// Writes the configuration space.
    pub const WRITE_CONFIGURATION: Command = command(0x21, "write-configuration");
    /// Reads the device status, one byte; revision 2.
    pub const READ_STATUS: Command = command(0x72, "read-status");
    /// Writes the device status, one byte.
    pub const WRITE_STATUS: Command = command(0x31, "write-status");
    /// Reads the size of a queue: [`super::QueueConfiguration`].
    pub const READ_QUEUE_CONFIGURATION: Command = command(0x32, "read-queue-configuration");
    /// Says where a queue is: [`super::QueueInformation`].
    pub const SET_QUEUE: Command = command(0x13, "set-queue");
    /// Says where the queue indicators are: a 64-bit address.
    pub const SET_INDICATORS: Command = command(0x43, "set-indicators");
    /// Says where the indicators of configuration changes are: a 64-bit address.
    pub const SET_CONFIGURATION_INDICATORS: Command = command(0x53, "set-configuration-indicators");
    /// Says where adapter-interruption indicators are.
    pub const SET_ADAPTER_INDICATORS: Command = command(0x73, "set-adapter-indicators");
}

/// What SET_REVISION transfers (4.3.2.1 Setting the Virtio Revision).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout,
)]
#[repr(C)]
pub struct RevisionInformation {
    /// The revision.
    pub revision: U16,
    /// Length of further data, 0 for every revision that there is.
    pub length: U16,
}

/// What READ_FEATURES and WRITE_FEATURES transfer (4.3.2.4 Handling Device Features): 5 bytes.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout,
)]
#[repr(C)]
pub struct FeatureDescriptor {
    /// The 32 bits, little-endian.
    pub features: little_endian::U32,
    /// Which ones: bits 32 × index and up.
    pub index: u8,
}

/// What READ_QUEUE_CONFIGURATION transfers (4.3.2.2 Configuring a Virtqueue): the number out, the size in.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout,
)]
#[repr(C)]
pub struct QueueConfiguration {
    /// Number of the queue.
    pub index: U16,
    /// The most buffers that it can have; 0 when there is no such queue.
    pub max_queue_size: U16,
}

/// What SET_QUEUE transfers in revision 1 and later (4.3.2.2 Configuring a Virtqueue).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout,
)]
#[repr(C)]
pub struct QueueInformation {
    /// Address of the descriptor table.
    pub descriptors: U64,
    /// Zero.
    pub reserved: U32,
    /// Number of the queue.
    pub index: U16,
    /// How many buffers it has.
    pub size: U16,
    /// Address of the available ring.
    pub available: U64,
    /// Address of the used ring.
    pub used: U64,
}

const _: () = {
    assert!(size_of::<RevisionInformation>() == 4);
    assert!(size_of::<FeatureDescriptor>() == 5);
    assert!(size_of::<QueueConfiguration>() == 4);
    assert!(size_of::<QueueInformation>() == 32);
    assert!(offset_of!(QueueInformation, index) == 12);
    assert!(offset_of!(QueueInformation, size) == 14);
    assert!(offset_of!(QueueInformation, available) == 16);
};
