//! SERVICE CALL itself: [`Servc`].

use core::arch::asm;

use super::{SccbAddressError, SccbBackend, SccbCell, ServcCc, ServiceCall, SignalSource};
use crate::spec::{Command, SCCB_SIZE, Sccb};

/// The machine's SERVICE CALL instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Servc(());

/// The backend of the machine, with service signals from `S`.
pub type MachineBackend<S> = SccbBackend<Servc, S>;

impl<S: SignalSource> MachineBackend<S> {
    /// A backend that uses the SCCB in `cell` and learns of service signals from `signals`.
    ///
    /// # Safety
    ///
    /// - No other backend, living or gone with a command outstanding, was made with `cell`.
    /// - The CPU is in the supervisor state whenever the backend is used.
    /// - `cell`'s virtual address is its absolute address.
    #[must_use]
    pub const unsafe fn new(cell: &'static SccbCell, signals: S) -> Self {
        // SAFETY: the caller promises the same of `cell`, and what `Servc` needs.
        unsafe { Self::with_instruction(cell, Servc(()), signals) }
    }
}

/// A console of the machine can be kept in a static behind a lock.
const _: () = {
    const fn can_be_sent<T: Send>() {}
    can_be_sent::<MachineBackend<super::InterruptionWindow>>();
};

/// The absolute address that SERVICE CALL is given, when it can reach the block: QEMU recognises a
/// specification exception for one in the first 8 KiB, where the prefix area is, or above 2 GiB.
fn absolute_address(sccb: *mut Sccb) -> Result<u64, SccbAddressError> {
    let address = sccb.expose_provenance() as u64;
    let last = (1 << 31) - SCCB_SIZE as u64;
    if (0x2000..=last).contains(&address) { Ok(address) } else { Err(SccbAddressError { address }) }
}

impl ServiceCall for Servc {
    unsafe fn servc(
        &mut self,
        command: Command,
        sccb: *mut Sccb,
    ) -> Result<ServcCc, SccbAddressError> {
        let address = absolute_address(sccb)?;
        let condition_code: u32;
        // LLVM's assembler has no mnemonic for SERVC, so its encoding stands here: RRE, X'B220'.
        // SAFETY: the block can be reached; the caller owns it and leaves it alone until the
        // command has ended; the maker of the backend promised the supervisor state.
        unsafe {
            asm!(
                ".insn  rre, 0xb2200000, {command}, {sccb}",
                "ipm   {cc}",
                "srl   {cc}, 28",
                command = in(reg) command.word(),
                sccb = in(reg_addr) address,
                cc = lateout(reg) condition_code,
                options(nostack),
            );
        }
        let [.., condition_code] = condition_code.to_be_bytes();
        Ok(ServcCc::from_raw(condition_code))
    }
}
