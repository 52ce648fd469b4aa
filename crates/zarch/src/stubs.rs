//! What `boot/interruptions.s` must define: the interruption stubs and what goes with them.
//!
//! They are linked from outside, because what happens at a fault (which stack, which function) belongs to the
//! program as a whole and not to this crate.

use crate::psw::Psw;

unsafe extern "C" {
    /// The instruction addresses of the six new PSWs.
    pub(crate) safe static restart_interruption: u8;
    pub(crate) safe static external_interruption: u8;
    pub(crate) safe static svc_interruption: u8;
    pub(crate) safe static program_interruption: u8;
    pub(crate) safe static machine_check_interruption: u8;
    pub(crate) safe static io_interruption: u8;

    /// Loads the PSW and comes back with the class of the interruption that was taken
    /// ([`crate::interruption::class`]).
    pub(crate) fn wait_point(psw: *const Psw) -> u64;
    /// The instruction address that this PSW must have.
    pub(crate) safe static wait_point_open: u8;
    /// Where the CPU goes on when no interruption was pending.
    pub(crate) safe static wait_point_closed: u8;

    /// TEST PROTECTION of a real address: its condition code, or 4 if there is no such storage. While DAT is
    /// off.
    pub(crate) safe fn storage_probe(address: u64) -> u64;
    /// The instruction address after its TEST PROTECTION.
    pub(crate) safe static storage_probe_next: u8;
}

/// The address of a label.
pub(crate) fn address(label: &'static u8) -> u64 {
    core::ptr::from_ref(label).addr() as u64
}
