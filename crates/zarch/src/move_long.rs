//! Long moves and fills with the machine's own instruction.
//!
//! MOVE LONG EXTENDED moves a page or more in one step, on the machine and in an emulator alike; a loop of
//! loads and stores costs many times that when emulated. On another architecture (tests) the same
//! functions are ordinary moves.

/// Copies `length` bytes. Devices may change the source or the destination meanwhile.
///
/// # Safety
/// Both places have `length` bytes, and they do not overlap.
#[inline]
pub(crate) unsafe fn copy(to: *mut u8, from: *const u8, length: usize) {
    // SAFETY: the caller's guarantee.
    unsafe { extended(to, length, from, length, 0) }
}

/// Sets `length` bytes to `value`.
///
/// # Safety
/// The place has `length` bytes.
#[inline]
pub(crate) unsafe fn fill(to: *mut u8, value: u8, length: usize) {
    // SAFETY: the caller's guarantee; of a source of length zero nothing is read.
    unsafe { extended(to, length, to, 0, value) }
}

/// MOVE LONG EXTENDED (PoP SA22-7832-13, ch. 7): moves, and fills up with `padding`.
///
/// # Safety
/// Both places have as many bytes as is said, and they do not overlap.
#[cfg(target_arch = "s390x")]
#[inline]
unsafe fn extended(
    to: *mut u8,
    to_length: usize,
    from: *const u8,
    from_length: usize,
    padding: u8,
) {
    // SAFETY: reads and writes what the caller names and nothing else. Condition code 3 means that a part
    // was moved and the registers were advanced: again.
    unsafe {
        core::arch::asm!(
            "0: mvcle %r2, %r4, 0({padding})",
            "jo 0b",
            padding = in(reg_addr) u64::from(padding),
            inout("r2") to => _,
            inout("r3") to_length => _,
            inout("r4") from => _,
            inout("r5") from_length => _,
            options(nostack),
        );
    }
}

/// The same on a host.
///
/// # Safety
/// Both places have as many bytes as is said, and they do not overlap.
#[cfg(not(target_arch = "s390x"))]
unsafe fn extended(
    to: *mut u8,
    to_length: usize,
    from: *const u8,
    from_length: usize,
    padding: u8,
) {
    let moved = to_length.min(from_length);
    // SAFETY: the caller's guarantee.
    unsafe { core::ptr::copy_nonoverlapping(from, to, moved) };
    // SAFETY: the caller's guarantee: the rest of the destination.
    unsafe { core::ptr::write_bytes(to.wrapping_add(moved), padding, to_length - moved) };
}
