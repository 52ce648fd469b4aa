//! A source of service signals that needs no handler: [`InterruptionWindow`].

use core::arch::asm;

use super::signal::{SignalSource, Waited};
use crate::spec::ServiceSignal;
use crate::spec::command::SERVICE_SIGNAL_INTERRUPTION_CODE;

/// Takes service signals itself: puts an external-new PSW of its own in place, enables the CPU for
/// service signals alone for the length of one instruction, and puts everything back.
///
/// For the time before a kernel has an interruption handler, and for its panics. It changes the
/// external-old PSW and the external-interruption fields of the prefix area, as any interruption
/// does, and leaves the CPU disabled for external interruptions. No other external interruption is
/// taken, and whether I/O and machine-check interruptions are is left as it is.
///
/// The CPU is to be disabled for external interruptions between two uses, too; otherwise a handler
/// of the kernel's takes the signals, and each command ends a little later, by its response code.
///
/// Opening the window reloads control register 0, which costs an emulated CPU some 10
/// microseconds: a kernel's own source is the better one once there is one.
///
/// ```no_run
/// # #[cfg(target_arch = "s390x")]
/// # fn f() {
/// use sclp_console::backend::{InterruptionWindow, MachineBackend, SccbCell};
///
/// static SCCB: SccbCell = SccbCell::new();
/// // SAFETY: early in the boot: supervisor state, z/Architecture, DAT off, one CPU.
/// let signals = unsafe { InterruptionWindow::new() };
/// // SAFETY: as above, and `SCCB` is used here alone.
/// let backend = unsafe { MachineBackend::new(&SCCB, signals) };
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct InterruptionWindow {
    attempts: u32,
}

impl InterruptionWindow {
    /// Times that the window is opened for one command unless another number is chosen:
    /// seconds, on any CPU.
    pub const DEFAULT_ATTEMPTS: u32 = 10_000_000;

    /// A source with the default bound.
    ///
    /// # Safety
    ///
    /// Whenever it is used: the CPU is in the supervisor state, in z/Architecture and the 64-bit
    /// addressing mode; real addresses X'80' to X'1C0' can be reached at the same virtual
    /// addresses; and nothing else changes the prefix area or control register 0 meanwhile.
    #[must_use]
    pub const unsafe fn new() -> Self {
        Self { attempts: Self::DEFAULT_ATTEMPTS }
    }

    /// The same source, which opens the window at most `attempts` times for one command.
    #[must_use]
    pub const fn with_attempts(self, attempts: u32) -> Self {
        Self { attempts }
    }
}

/// The subclass masks of external interruptions in control register 0, and low-address protection,
/// which would forbid to store the new PSW (PoP SA22-7832-13, ch. 4, "Control Registers"; bit 63
/// is the rightmost).
mod control_register_0 {
    const fn bit(number: u32) -> u64 {
        1 << (63 - number)
    }

    /// Warning track, malfunction alert, emergency signal, external call, clock comparator, CPU
    /// timer, service signal, interrupt key, measurement alert, timing alert.
    const EXTERNAL_SUBCLASSES: u64 = bit(30)
        | bit(48)
        | bit(49)
        | bit(50)
        | bit(52)
        | bit(53)
        | bit(54)
        | bit(57)
        | bit(58)
        | bit(59);

    pub(super) const LOW_ADDRESS_PROTECTION: u64 = bit(35);
    pub(super) const CLEARED: u64 = EXTERNAL_SUBCLASSES | LOW_ADDRESS_PROTECTION;
    pub(super) const SERVICE_SIGNAL: u64 = bit(54);
}

/// Opens the window once. Returns the parameter of the signal, if one was taken.
///
/// # Safety
///
/// As for [`InterruptionWindow::new`].
unsafe fn open() -> Option<u32> {
    let mut saved_control: u64 = 0;
    let mut window_control: u64 = 0;
    let mut saved_new_psw = [0_u64; 2];
    let mut system_mask = 0_u8;
    let code: u32;
    let parameter: u32;
    // SAFETY: the caller promised the state of the CPU. Whether the interruption is taken or not,
    // the CPU goes on at label 2, disabled for external interruptions, with all general registers as
    // they were; control register 0 and the new PSW are put back before the end.
    unsafe {
        asm!(
            "stctg  %c0, %c0, 0({saved_control})",
            // The window's control register 0.
            "lg     {scratch}, 0({saved_control})",
            "ngr    {scratch}, {clear}",
            "ogr    {scratch}, {enable}",
            "stg    {scratch}, 0({window_control})",
            // No external interruption until all is in place.
            "stnsm  0({system_mask}), 0xfe",
            "lctlg  %c0, %c0, 0({window_control})",
            // The external-new PSW: this PSW, disabled, at label 2.
            "mvc    0(16, {saved_new_psw}), 0x1b0",
            "epsw   {scratch}, {code}",
            "st     {scratch}, 0x1b0",
            "st     {code}, 0x1b4",
            "larl   {scratch}, 2f",
            "stg    {scratch}, 0x1b8",
            // The CPU address and the interruption code: none yet.
            "lghi   {scratch}, 0",
            "st     {scratch}, 0x84",
            // The window.
            "stosm  0({system_mask}), 0x01",
            "stnsm  0({system_mask}), 0xfe",
            "2:",
            "llgh   {code}, 0x86",
            "llgf   {parameter}, 0x80",
            "mvc    0x1b0(16), 0({saved_new_psw})",
            "lctlg  %c0, %c0, 0({saved_control})",
            saved_control = in(reg_addr) &raw mut saved_control,
            window_control = in(reg_addr) &raw mut window_control,
            system_mask = in(reg_addr) &raw mut system_mask,
            saved_new_psw = in(reg_addr) &raw mut saved_new_psw,
            clear = in(reg) !control_register_0::CLEARED,
            enable = in(reg) control_register_0::SERVICE_SIGNAL,
            scratch = out(reg) _,
            code = out(reg) code,
            parameter = out(reg) parameter,
        );
    }
    (code == u32::from(SERVICE_SIGNAL_INTERRUPTION_CODE)).then_some(parameter)
}

impl SignalSource for InterruptionWindow {
    fn take_pending(&mut self) -> Option<ServiceSignal> {
        // SAFETY: the maker of this source promised it.
        unsafe { open() }.map(ServiceSignal::from_parameter)
    }

    fn wait(&mut self, attempt: u32) -> Waited {
        if attempt >= self.attempts {
            return Waited::GaveUp;
        }
        self.take_pending().map_or(Waited::Nothing, Waited::Taken)
    }
}
