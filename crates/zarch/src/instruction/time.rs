//! The TOD clock and the clock comparator (PoP SA22-7832-13, ch. 4, "Timing").

use core::arch::asm;

/// STORE CLOCK FAST: the TOD clock. Two of them may give the same value.
#[inline]
pub(crate) fn stckf() -> u64 {
    let mut clock = 0u64;
    // SAFETY: stores a doubleword at the address given. The condition code, which tells whether the clock
    // runs, is not kept: a machine whose clock is in error shows a clock that stands.
    unsafe {
        asm!("stckf 0({clock})", clock = in(reg_addr) &raw mut clock, options(nostack));
    }
    clock
}

/// SET CLOCK COMPARATOR: an interruption is pending while the TOD clock is greater than `value`.
#[inline]
pub(crate) fn sckc(value: u64) {
    // SAFETY: reads a doubleword at the address given; the interruption is open at the wait point alone.
    unsafe {
        asm!("sckc 0({value})", value = in(reg_addr) &raw const value, options(nostack, readonly));
    }
}
