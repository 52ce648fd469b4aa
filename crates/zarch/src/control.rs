//! The control registers that the supervisor sets, bit by bit.
//!
//! | register | value while the supervisor runs |
//! |---|---|
//! | 0 | [`ControlRegister0`]: low-address protection, EDAT where installed, clock comparator and service signal |
//! | 1 | the primary address-space-control element: region-third table of the identity translation ([`crate::dat`]) |
//! | 6 | all eight I/O-interruption subclasses ([`ALL_IO_SUBCLASSES`]) |
//! | 14 | [`ControlRegister14`]: channel reports, and of the machine checks those that no mask closes |
//! | others | zero: no tracing, no access registers, no program-event recording |
//!
//! Source: PoP SA22-7832-13, ch. 4, "Control Registers".

use crate::bits::bit;
use bitflags::bitflags;

bitflags! {
    /// Control register 0.
    #[repr(transparent)]
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct ControlRegister0: u64 {
        /// Stores to locations 0 to 511 and 4096 to 4607 cause a protection exception.
        const LOW_ADDRESS_PROTECTION = bit(35);
        /// Enhanced DAT: segment-table entries may stand for a whole megabyte.
        const ENHANCED_DAT = bit(40);
        /// External interruptions of the clock comparator are open.
        const CLOCK_COMPARATOR = bit(52);
        /// External interruptions of the service signal (SCLP) are open.
        const SERVICE_SIGNAL = bit(54);
    }
}

bitflags! {
    /// Control register 14.
    #[repr(transparent)]
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct ControlRegister14: u64 {
        /// Machine-check interruptions for pending channel reports are open.
        const CHANNEL_REPORT = bit(35);
    }
}

/// Control register 6 with all eight I/O-interruption subclasses open.
pub const ALL_IO_SUBCLASSES: u64 = 0xff00_0000;

const _: () = assert!(ControlRegister0::LOW_ADDRESS_PROTECTION.bits() == 0x1000_0000);
const _: () = assert!(ControlRegister0::ENHANCED_DAT.bits() == 0x0080_0000);
const _: () = assert!(ControlRegister0::CLOCK_COMPARATOR.bits() == 0x800);
const _: () = assert!(ControlRegister0::SERVICE_SIGNAL.bits() == 0x200);
const _: () = assert!(ControlRegister14::CHANNEL_REPORT.bits() == 0x1000_0000);
