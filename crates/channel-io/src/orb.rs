//! The operation-request block: the operand of START SUBCHANNEL.
//!
//! Eight words (PoP SA22-7832-13, ch. 15, OPERATION-REQUEST BLOCK). The last five count only when
//! the ORB-extension bit is on.

use crate::ccw::{AddressTooHigh, Ccw0, Ccw1, address_below};
use crate::idaw::IdawFormat;
use crate::storage::AbsoluteAddress;
use bitflags::bitflags;
use core::fmt;
use core::mem::{align_of, offset_of, size_of};
use zerocopy::byteorder::big_endian::{U16, U32};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

bitflags! {
    /// Bits 4 to 15 of word 1 of the ORB: how the channel program is to be run.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct OrbControl: u16 {
        /// S (bit 4): suspend is allowed.
        const SUSPEND = 0x0800;
        /// C (bit 5): streaming-mode control.
        const STREAMING_MODE = 0x0400;
        /// M (bit 6): modification control.
        const MODIFICATION = 0x0200;
        /// Y (bit 7): synchronization control.
        const SYNCHRONIZATION = 0x0100;
        /// F (bit 8): the CCWs are of format 1.
        const FORMAT_1 = 0x0080;
        /// P (bit 9): CCWs, IDAWs and data may be fetched ahead.
        const PREFETCH = 0x0040;
        /// I (bit 10): an intermediate interruption when the first command is accepted.
        const INITIAL_STATUS_INTERRUPTION = 0x0020;
        /// A (bit 11): address-limit checking.
        const ADDRESS_LIMIT_CHECKING = 0x0010;
        /// U (bit 12): no interruption when the program is suspended.
        const SUPPRESS_SUSPENDED_INTERRUPTION = 0x0008;
        /// B (bit 13): the program is a transport-control word, not CCWs.
        const TRANSPORT_MODE = 0x0004;
        /// H (bit 14): the IDAWs are of format 2.
        const FORMAT_2_IDAWS = 0x0002;
        /// T (bit 15): format-2 IDAWs name blocks of 2 KiB.
        const IDAW_BLOCKS_2K = 0x0001;
    }
}

bitflags! {
    /// Bits 24 to 31 of word 1 of the ORB.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct OrbControl1: u8 {
        /// L (bit 24): incorrect length is suppressed for immediate commands.
        const INCORRECT_LENGTH_SUPPRESSION = 0x80;
        /// D (bit 25): modified CCW-indirect-data-addressing is allowed.
        const MODIFIED_INDIRECT_DATA_ADDRESS = 0x40;
        /// X (bit 31): words 3 to 7 count.
        const EXTENSION = 0x01;
    }
}

/// The operation-request block: eight words on a word boundary.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout,
)]
#[repr(C, align(4))]
pub struct Orb {
    interruption_parameter: U32,
    control: U16,
    logical_path_mask: u8,
    control_1: u8,
    program_address: U32,
    extension: [U32; 5],
}

const _: () = {
    assert!(size_of::<Orb>() == 32 && align_of::<Orb>() == 4);
    assert!(offset_of!(Orb, interruption_parameter) == 0);
    assert!(offset_of!(Orb, control) == 4);
    assert!(offset_of!(Orb, logical_path_mask) == 6);
    assert!(offset_of!(Orb, control_1) == 7);
    assert!(offset_of!(Orb, program_address) == 8);
};

impl Orb {
    /// An ORB for a program of format-1 CCWs at `program`: storage key 0, every path, prefetch.
    ///
    /// # Errors
    /// [`AddressTooHigh`] if the program does not begin below 2 GiB.
    pub fn format_1(
        interruption_parameter: u32,
        program: AbsoluteAddress,
    ) -> Result<Self, AddressTooHigh> {
        let address = address_below(program, Ccw1::ADDRESS_LIMIT)?;
        let control = OrbControl::FORMAT_1 | OrbControl::PREFETCH;
        Ok(Self::with(interruption_parameter, control, address))
    }

    /// An ORB for a program of format-0 CCWs at `program`: storage key 0, every path, prefetch.
    ///
    /// # Errors
    /// [`AddressTooHigh`] if the program does not begin below 16 MiB.
    pub fn format_0(
        interruption_parameter: u32,
        program: AbsoluteAddress,
    ) -> Result<Self, AddressTooHigh> {
        let address = address_below(program, Ccw0::ADDRESS_LIMIT)?;
        Ok(Self::with(interruption_parameter, OrbControl::PREFETCH, address))
    }

    fn with(interruption_parameter: u32, control: OrbControl, address: u32) -> Self {
        Self {
            interruption_parameter: interruption_parameter.into(),
            control: control.bits().into(),
            logical_path_mask: 0xff,
            control_1: 0,
            program_address: address.into(),
            extension: [U32::ZERO; 5],
        }
    }

    /// The same ORB with other IDAWs.
    #[must_use]
    pub fn with_idaws(self, format: IdawFormat) -> Self {
        let control = self.control() - OrbControl::FORMAT_2_IDAWS - OrbControl::IDAW_BLOCKS_2K;
        let idaws = match format {
            IdawFormat::Format1 => OrbControl::empty(),
            IdawFormat::Format2Blocks2K => OrbControl::FORMAT_2_IDAWS | OrbControl::IDAW_BLOCKS_2K,
            IdawFormat::Format2Blocks4K => OrbControl::FORMAT_2_IDAWS,
        };
        Self { control: (control | idaws).bits().into(), ..self }
    }

    /// The same ORB with other controls in bits 4 to 15 of word 1.
    #[must_use]
    pub fn with_control(self, control: OrbControl) -> Self {
        let key = self.control.get() & 0xf000;
        Self { control: (key | control.bits()).into(), ..self }
    }

    /// The same ORB for the paths of `mask` only.
    #[must_use]
    pub const fn with_logical_path_mask(self, mask: u8) -> Self {
        Self { logical_path_mask: mask, ..self }
    }

    /// The interruption parameter: comes back in the interruption code, whatever it is.
    #[must_use]
    pub fn interruption_parameter(&self) -> u32 {
        self.interruption_parameter.get()
    }

    /// The storage key that data and CCWs are reached with, 0 to 15.
    #[must_use]
    pub fn key(&self) -> u8 {
        let [high, _] = self.control.get().to_be_bytes();
        high >> 4
    }

    /// Bits 4 to 15 of word 1.
    #[must_use]
    pub fn control(&self) -> OrbControl {
        OrbControl::from_bits_truncate(self.control.get())
    }

    /// Bits 24 to 31 of word 1.
    #[must_use]
    pub const fn control_1(&self) -> OrbControl1 {
        OrbControl1::from_bits_retain(self.control_1)
    }

    /// Which IDAWs the program uses.
    #[must_use]
    pub fn idaws(&self) -> IdawFormat {
        let control = self.control();
        match (
            control.contains(OrbControl::FORMAT_2_IDAWS),
            control.contains(OrbControl::IDAW_BLOCKS_2K),
        ) {
            (false, false | true) => IdawFormat::Format1,
            (true, true) => IdawFormat::Format2Blocks2K,
            (true, false) => IdawFormat::Format2Blocks4K,
        }
    }

    /// The channel paths that may be used, leftmost bit first.
    #[must_use]
    pub const fn logical_path_mask(&self) -> u8 {
        self.logical_path_mask
    }

    /// The address of the channel program as it stands; bit 0 must be zero.
    #[must_use]
    pub fn program_address(&self) -> u32 {
        self.program_address.get()
    }
}

/// `parameter=0000002a key=0 format=1 control=prefetch paths=ff program=0x2000`.
impl fmt::Display for Orb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "parameter={:08x} key={:x} format={} control={} paths={:02x} program={:#x}",
            self.interruption_parameter,
            self.key(),
            u8::from(self.control().contains(OrbControl::FORMAT_1)),
            self.control(),
            self.logical_path_mask,
            self.program_address
        )
    }
}

/// The names of the controls that are on, but for the format, joined by `+`; `-` when none is.
impl fmt::Display for OrbControl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAMES: &[(u16, &str)] = &[
            (OrbControl::SUSPEND.bits(), "suspend"),
            (OrbControl::STREAMING_MODE.bits(), "streaming-mode"),
            (OrbControl::MODIFICATION.bits(), "modification"),
            (OrbControl::SYNCHRONIZATION.bits(), "synchronization"),
            (OrbControl::PREFETCH.bits(), "prefetch"),
            (OrbControl::INITIAL_STATUS_INTERRUPTION.bits(), "initial-status-interruption"),
            (OrbControl::ADDRESS_LIMIT_CHECKING.bits(), "address-limit-checking"),
            (OrbControl::SUPPRESS_SUSPENDED_INTERRUPTION.bits(), "suppress-suspended-interruption"),
            (OrbControl::TRANSPORT_MODE.bits(), "transport-mode"),
            (OrbControl::FORMAT_2_IDAWS.bits(), "format-2-idaws"),
            (OrbControl::IDAW_BLOCKS_2K.bits(), "idaw-blocks-2k"),
        ];
        crate::words::join_bits(f, self.bits(), NAMES)
    }
}
