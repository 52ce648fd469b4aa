//! The I/O instructions (PoP SA22-7832-13, ch. 14, "I/O Instructions"), CHANNEL SUBSYSTEM CALL, and the
//! virtio notification.
//!
//! Each gives its condition code as a number, 0 to 3; `crate::channel` turns it into words.

use core::arch::asm;

/// The condition code that the instruction before left in the PSW, shifted to the right.
macro_rules! with_condition_code {
    ($instruction:expr, $code:ident, $($operands:tt)*) => {
        asm!(
            $instruction,
            "ipm {code}",
            "srl {code}, 28",
            code = lateout(reg) $code,
            $($operands)*
            options(nostack),
        )
    };
}

/// Instructions that name a subchannel in general register 1 and have an operand in storage.
macro_rules! with_operand {
    ($(#[$documentation:meta])* $name:ident, $mnemonic:literal) => {
        $(#[$documentation])*
        ///
        /// # Safety
        /// The operand lies on a word boundary, and as much as the instruction reads or stores of it is the
        /// caller's. What the instruction starts must not reach storage that is not meant for it.
        #[inline]
        pub(crate) unsafe fn $name(subchannel: u32, operand: *mut u8) -> u8 {
            let code: u64;
            // SAFETY: the caller's guarantee; the subchannel is one by its type, at the one caller.
            unsafe {
                with_condition_code!(
                    concat!($mnemonic, " 0({operand})"),
                    code,
                    operand = in(reg_addr) operand,
                    in("r1") u64::from(subchannel),
                );
            }
            code_of(code)
        }
    };
}

/// Instructions that only name a subchannel, in general register 1.
macro_rules! without_operand {
    ($(#[$documentation:meta])* $name:ident, $mnemonic:literal) => {
        $(#[$documentation])*
        #[inline]
        pub(crate) fn $name(subchannel: u32) -> u8 {
            let code: u64;
            // SAFETY: changes nothing but the state of the subchannel.
            unsafe { with_condition_code!($mnemonic, code, in("r1") u64::from(subchannel),) };
            code_of(code)
        }
    };
}

/// The condition code out of a register whose left half is not known.
#[inline]
const fn code_of(register: u64) -> u8 {
    (register & 3) as u8
}

with_operand!(
    /// START SUBCHANNEL. The operand is an ORB, eight words, read.
    ssch, "ssch"
);
with_operand!(
    /// TEST SUBCHANNEL. The operand is an IRB, stored: sixteen words, or twenty-four while the extended
    /// measurement word is enabled.
    tsch, "tsch"
);
with_operand!(
    /// STORE SUBCHANNEL. The operand is a SCHIB, thirteen words, stored.
    stsch, "stsch"
);
with_operand!(
    /// MODIFY SUBCHANNEL. The operand is a SCHIB, thirteen words, read.
    msch, "msch"
);
without_operand!(
    /// CLEAR SUBCHANNEL.
    csch, "csch"
);
without_operand!(
    /// HALT SUBCHANNEL.
    hsch, "hsch"
);
without_operand!(
    /// CANCEL SUBCHANNEL.
    xsch, "xsch"
);
without_operand!(
    /// RESUME SUBCHANNEL.
    rsch, "rsch"
);

/// TEST PENDING INTERRUPTION: the three words of the interruption code, if the condition code is 1.
#[inline]
pub(crate) fn tpi() -> (u8, [u32; 3]) {
    let mut words = [0; 3];
    let code: u64;
    // SAFETY: stores three words at an address that is not zero and on a word boundary.
    unsafe {
        with_condition_code!("tpi 0({operand})", code, operand = in(reg_addr) words.as_mut_ptr(),);
    }
    (code_of(code), words)
}

/// STORE CHANNEL REPORT WORD.
///
/// # Safety
/// The operand is a word on a word boundary, and the caller's.
#[inline]
pub(crate) unsafe fn stcrw(operand: *mut u8) -> u8 {
    let code: u64;
    // SAFETY: the caller's guarantee.
    unsafe { with_condition_code!("stcrw 0({operand})", code, operand = in(reg_addr) operand,) };
    code_of(code)
}

/// CHANNEL SUBSYSTEM CALL (operation code X'B25F', format RRE; the assembler has no name for it).
///
/// # Safety
/// The block is 4 KiB on a 4 KiB boundary and the caller's; its request reaches no other storage.
#[inline]
pub(crate) unsafe fn chsc(block: *mut u8) -> u8 {
    let code: u64;
    // SAFETY: the caller's guarantee.
    unsafe {
        with_condition_code!(
            ".insn rre, 0xb25f0000, {block}, %r0",
            code,
            block = in(reg) block,
        );
    }
    code_of(code)
}

/// DIAGNOSE X'500' subcode 3: notifies a virtio-ccw device (VIRTIO 1.2, 4.3.3.2 Guest->Host Notification).
/// Gives what the host leaves in general register 2.
#[inline]
pub(crate) fn notify(subchannel: u32, queue: u64, cookie: u64) -> i64 {
    const NOTIFY: u64 = 3;
    let answer: i64;
    // SAFETY: the host reads the queues that it was told of, whose storage their owner keeps.
    unsafe {
        asm!(
            "diag %r2, %r4, 0x500",
            in("r1") NOTIFY,
            inlateout("r2") u64::from(subchannel) => answer,
            in("r3") queue,
            in("r4") cookie,
            options(nostack),
        );
    }
    answer
}
