//! The lowcore: the first two pages of storage, where the machine and the supervisor meet.
//!
//! [`Lowcore`] gives every assigned location that the supervisor uses its place; the machine reads the new
//! PSWs and writes everything else. Locations 512 to 671 are not assigned: the interruption stubs keep
//! their few words there, because a program can address them without a base register.
//!
//! Source: PoP SA22-7832-13, ch. 3, "Assigned Storage Locations".

use crate::psw::Psw;
use core::mem::offset_of;

/// The sixteen general registers, or the sixteen control registers.
pub type Registers = [u64; 16];

/// The layout of locations 0 to 8191.
#[repr(C, align(8192))]
#[expect(missing_docs, reason = "the names are those of the assigned storage locations")]
pub struct Lowcore {
    _reserved_000: [u8; 128],
    pub external_interruption_parameter: u32,
    pub cpu_address: u16,
    pub external_interruption_code: u16,
    _reserved_088: u8,
    pub svc_instruction_length: u8,
    pub svc_interruption_code: u16,
    _reserved_08c: u8,
    pub program_instruction_length: u8,
    pub program_interruption_code: u16,
    pub data_exception_code: u32,
    _reserved_094: [u8; 20],
    pub translation_exception_identification: u64,
    _reserved_0b0: [u8; 8],
    /// Subsystem-identification word, interruption parameter, interruption-identification word.
    pub io_interruption_code: [u32; 3],
    _reserved_0c4: [u8; 36],
    pub machine_check_interruption_code: u64,
    _reserved_0f0: [u8; 8],
    pub failing_storage_address: u64,
    _reserved_100: [u8; 16],
    pub breaking_event_address: u64,
    _reserved_118: [u8; 8],
    pub restart_old_psw: Psw,
    pub external_old_psw: Psw,
    pub svc_old_psw: Psw,
    pub program_old_psw: Psw,
    pub machine_check_old_psw: Psw,
    pub io_old_psw: Psw,
    _reserved_180: [u8; 32],
    pub restart_new_psw: Psw,
    pub external_new_psw: Psw,
    pub svc_new_psw: Psw,
    pub program_new_psw: Psw,
    pub machine_check_new_psw: Psw,
    pub io_new_psw: Psw,

    /// The general registers at the time of the interruption that is being reported.
    pub fault_registers: Registers,
    /// The instruction address of the wait point: interruptions are expected there alone.
    pub wait_point_address: u64,
    /// The instruction address after the one instruction that may cause an addressing exception.
    pub probe_address: u64,
    /// What the wait point continues with when no interruption was pending.
    pub wait_point_closed_psw: Psw,
    /// The disabled wait for a fault while a fault is being reported.
    pub double_fault_psw: Psw,
    /// Not zero while a fault is being reported.
    pub fault_depth: u8,
    _reserved_2b1: [u8; 7503],
}

const _: () = {
    assert!(size_of::<Lowcore>() == 8192);
    assert!(offset_of!(Lowcore, external_interruption_parameter) == 128);
    assert!(offset_of!(Lowcore, cpu_address) == 132);
    assert!(offset_of!(Lowcore, external_interruption_code) == 134);
    assert!(offset_of!(Lowcore, svc_instruction_length) == 137);
    assert!(offset_of!(Lowcore, svc_interruption_code) == 138);
    assert!(offset_of!(Lowcore, program_instruction_length) == 141);
    assert!(offset_of!(Lowcore, program_interruption_code) == 142);
    assert!(offset_of!(Lowcore, data_exception_code) == 144);
    assert!(offset_of!(Lowcore, translation_exception_identification) == 168);
    assert!(offset_of!(Lowcore, io_interruption_code) == 184);
    assert!(offset_of!(Lowcore, machine_check_interruption_code) == 232);
    assert!(offset_of!(Lowcore, failing_storage_address) == 248);
    assert!(offset_of!(Lowcore, breaking_event_address) == 272);
    assert!(offset_of!(Lowcore, restart_old_psw) == 288);
    assert!(offset_of!(Lowcore, external_old_psw) == 304);
    assert!(offset_of!(Lowcore, svc_old_psw) == 320);
    assert!(offset_of!(Lowcore, program_old_psw) == 336);
    assert!(offset_of!(Lowcore, machine_check_old_psw) == 352);
    assert!(offset_of!(Lowcore, io_old_psw) == 368);
    assert!(offset_of!(Lowcore, restart_new_psw) == 416);
    assert!(offset_of!(Lowcore, external_new_psw) == 432);
    assert!(offset_of!(Lowcore, svc_new_psw) == 448);
    assert!(offset_of!(Lowcore, program_new_psw) == 464);
    assert!(offset_of!(Lowcore, machine_check_new_psw) == 480);
    assert!(offset_of!(Lowcore, io_new_psw) == 496);
    // The supervisor's own: in no page range that low-address protection closes, and within reach of a
    // 12-bit displacement.
    assert!(offset_of!(Lowcore, fault_registers) == 512);
    assert!(offset_of!(Lowcore, fault_depth) < 4096);
};

/// One location of the lowcore, as a pointer that volatile accesses may be made through.
///
/// Absolute address zero is where the lowcore is; a pointer to it would be null, one to a field is not.
#[cfg(target_arch = "s390x")]
macro_rules! location {
    ($field:ident) => {
        $crate::lowcore::at(
            core::mem::offset_of!($crate::lowcore::Lowcore, $field),
            |lowcore: &$crate::lowcore::Lowcore| &lowcore.$field,
        )
    };
}
#[cfg(target_arch = "s390x")]
pub(crate) use location;

/// The location at `offset`, of the type that `_field` shows.
#[cfg(target_arch = "s390x")]
pub(crate) const fn at<T>(offset: usize, _field: fn(&Lowcore) -> &T) -> *mut T {
    core::ptr::with_exposed_provenance_mut(offset)
}
