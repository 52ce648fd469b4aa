//! The CPU itself: from reset to a running program, and to its end.
//!
//! In the order of a boot: [`install_interruption_stubs`], [`storage_end`], [`facilities`],
//! [`start_translation`]. At the end, [`stop`].

use crate::control::{ALL_IO_SUBCLASSES, ControlRegister0, ControlRegister14};
use crate::dat::{AddressSpace, SEGMENT, Segments};
use crate::facility::FacilityList;
use crate::instruction::system as instruction;
use crate::lowcore::{Registers, location};
use crate::psw::{Psw, PswMask};
use crate::{clock, interruption, stubs};

/// The external interruptions that the wait point opens.
const EXTERNAL: ControlRegister0 =
    ControlRegister0::CLOCK_COMPARATOR.union(ControlRegister0::SERVICE_SIGNAL);

/// Gives all six classes of interruptions their new PSWs, and the control registers their values; DAT and
/// low-address protection stay off. `double_fault_code` is the address of the disabled wait for a fault while
/// a fault is being reported.
///
/// # Safety
/// To be called once, first of all, with DAT off and interruptions closed.
pub unsafe fn install_interruption_stubs(double_fault_code: u64) {
    // SAFETY: the caller's guarantee: nothing depends on the new PSWs yet.
    unsafe { set_new_psws(PswMask::empty()) };
    let probe = stubs::address(&stubs::storage_probe_next);
    // SAFETY: a location of the lowcore that is the supervisor's.
    unsafe { location!(probe_address).write_volatile(probe) };
    let double_fault = Psw::disabled_wait(double_fault_code);
    // SAFETY: as above.
    unsafe { location!(double_fault_psw).write_volatile(double_fault) };
    // SAFETY: as above.
    unsafe { location!(fault_depth).write_volatile(0) };
    clock::start();
    // SAFETY: opens only what the stubs are prepared for.
    unsafe { instruction::lctlg(&control_registers(EXTERNAL, 0)) };
}

/// Stores the new PSWs. What happens at the wait point goes on with `mask`; faults are handled with DAT off.
///
/// # Safety
/// Low-address protection is off, and `mask` is what the running program has.
unsafe fn set_new_psws(mask: PswMask) {
    let fault = |stub: &'static u8| Psw::closed(stubs::address(stub));
    let wait = |stub: &'static u8| fault(stub).with(mask);
    let new_psws = [
        (location!(restart_new_psw), fault(&stubs::restart_interruption)),
        (location!(svc_new_psw), fault(&stubs::svc_interruption)),
        (location!(program_new_psw), fault(&stubs::program_interruption)),
        (location!(external_new_psw), wait(&stubs::external_interruption)),
        (location!(machine_check_new_psw), wait(&stubs::machine_check_interruption)),
        (location!(io_new_psw), wait(&stubs::io_interruption)),
    ];
    for (location, psw) in new_psws {
        // SAFETY: the caller's guarantee.
        unsafe { location.write_volatile(psw) };
    }
    interruption::prepare(mask);
}

/// The table of [`crate::control`].
fn control_registers(zero: ControlRegister0, address_space: u64) -> Registers {
    let mut registers = [0; 16];
    let [r0, r1, _, _, _, _, r6, .., r14, _] = &mut registers;
    *r0 = zero.bits();
    *r1 = address_space;
    *r6 = ALL_IO_SUBCLASSES;
    *r14 = ControlRegister14::CHANNEL_REPORT.bits();
    registers
}

/// Where main storage ends, in whole megabytes; storage is taken to be in one piece from zero on.
///
/// Found by TEST PROTECTION, which touches nothing: doubling until there is no storage, then halving.
/// At most `limit`. To be called while DAT is off.
#[must_use]
pub fn storage_end(limit: u64) -> u64 {
    let is_there = |megabyte: u64| stubs::storage_probe(megabyte * SEGMENT) < 3;
    let limit = limit / SEGMENT;
    // `there` is the number of a megabyte that is there, `beyond` of one that is not or does not count.
    let (mut there, mut beyond) = (0, 1);
    while beyond < limit && is_there(beyond) {
        there = beyond;
        beyond *= 2;
    }
    beyond = beyond.min(limit);
    while beyond - there > 1 {
        let middle = there.midpoint(beyond);
        if is_there(middle) {
            there = middle;
        } else {
            beyond = middle;
        }
    }
    beyond * SEGMENT
}

/// Which facilities are installed.
#[must_use]
pub fn facilities() -> FacilityList {
    instruction::stfle()
}

/// Turns on DAT, with `space` as the primary address space, and low-address protection.
///
/// # Safety
/// The tables that `space` leads to translate every address in use to itself, are laid out as `segments`
/// says (for large ones EDAT-1 is installed), and stay where they are.
pub unsafe fn start_translation(space: AddressSpace, segments: Segments) {
    let enhanced = match segments {
        Segments::Large => ControlRegister0::ENHANCED_DAT,
        Segments::Paged => ControlRegister0::empty(),
    };
    // SAFETY: low-address protection is still off, and DAT is on before the next interruption.
    unsafe { set_new_psws(PswMask::DAT) };
    let zero = EXTERNAL | enhanced | ControlRegister0::LOW_ADDRESS_PROTECTION;
    // SAFETY: the tables are as they must be, says the caller.
    unsafe { instruction::lctlg(&control_registers(zero, space.0)) };
    instruction::ptlb();
    // SAFETY: as above.
    unsafe { instruction::dat_on() };
}

/// Stops the CPU for good, in a disabled wait whose instruction address is `code`.
pub fn stop(code: u64) -> ! {
    // SAFETY: a valid PSW; to stop is what is asked for.
    unsafe { instruction::lpswe(&Psw::disabled_wait(code)) }
}
