//! Instructions for the CPU itself: PSW, control registers, translation, facilities.

use crate::facility::FacilityList;
use crate::lowcore::Registers;
use crate::psw::Psw;
use core::arch::asm;

/// LOAD PSW EXTENDED of a PSW that does not come back.
///
/// # Safety
/// The PSW is valid, and leaving everything as it is is what is meant.
#[inline]
pub(crate) unsafe fn lpswe(psw: &Psw) -> ! {
    // SAFETY: the caller's guarantee.
    unsafe { asm!("lpswe 0({psw})", psw = in(reg_addr) psw, options(noreturn)) }
}

/// STORE CONTROL, all sixteen.
#[inline]
pub(crate) fn stctg() -> Registers {
    let mut registers = [0; 16];
    // SAFETY: stores sixteen doublewords at the address given.
    unsafe {
        asm!(
            "stctg %c0, %c15, 0({registers})",
            registers = in(reg_addr) registers.as_mut_ptr(),
            options(nostack),
        );
    }
    registers
}

/// LOAD CONTROL, all sixteen.
///
/// # Safety
/// The values are valid together, and as the running program needs them.
#[inline]
pub(crate) unsafe fn lctlg(registers: &Registers) {
    // SAFETY: the caller's guarantee.
    unsafe {
        asm!(
            "lctlg %c0, %c15, 0({registers})",
            registers = in(reg_addr) registers.as_ptr(),
            options(nostack),
        );
    }
}

/// STORE THEN OR SYSTEM MASK with the DAT bit: translation is on from the next instruction.
///
/// # Safety
/// Control register 1 leads to tables that translate all that the program uses to itself.
#[inline]
pub(crate) unsafe fn dat_on() {
    let mut before = 0u8;
    // SAFETY: the caller's guarantee; one byte is stored.
    unsafe {
        asm!("stosm 0({before}), 0x04", before = in(reg_addr) &raw mut before, options(nostack));
    }
}

/// PURGE TLB: no translation made before is used again.
#[inline]
pub(crate) fn ptlb() {
    // SAFETY: only takes away what the tables can give again.
    unsafe { asm!("ptlb", options(nostack)) }
}

/// STORE FACILITY LIST EXTENDED, the first four doublewords.
#[inline]
pub(crate) fn stfle() -> FacilityList {
    let mut doublewords = [0u64; 4];
    // SAFETY: stores as many doublewords as the machine has, at most four, as register 0 says.
    unsafe {
        asm!(
            "stfle 0({list})",
            list = in(reg_addr) doublewords.as_mut_ptr(),
            inlateout("r0") 3u64 => _,
            options(nostack),
        );
    }
    FacilityList::new(doublewords)
}
