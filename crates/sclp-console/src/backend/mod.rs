//! How the driver reaches the SCLP: the trait [`Backend`], and what implements it on the machine.
//!
//! - [`Backend`]: issue SERVICE CALL, wait for its end, ask whether events are pending.
//! - [`SccbBackend`]: a backend over an instruction ([`ServiceCall`]) and a source of service
//!   signals ([`SignalSource`]); with the machine's own instruction, [`Servc`], it is the
//!   `MachineBackend`.
//! - [`signal`]: the sources of signals that the crate brings, and [`SignalLatch`] for a kernel's
//!   own interruption handler.
//!
//! The driver is written against [`Backend`] alone; `fake::FakeSclp` (feature `fake`) implements it
//! on the host. All unsafe code of the crate is in this room, in `cell`, `sccb_backend` and the
//! two files for the machine.

#[expect(unsafe_code, reason = "shares a page with the SCLP")]
mod cell;
#[cfg(any(target_arch = "s390x", doc))]
#[expect(unsafe_code, reason = "executes SERVICE CALL")]
mod instruction;
#[expect(unsafe_code, reason = "hands a page to the SCLP and takes it back")]
mod sccb_backend;
pub mod signal;
#[cfg(any(target_arch = "s390x", doc))]
#[expect(unsafe_code, reason = "takes an interruption through the lowcore")]
mod window;

use core::error::Error;
use core::fmt;

pub use cell::SccbCell;
#[cfg(any(target_arch = "s390x", doc))]
pub use instruction::{MachineBackend, Servc};
pub use sccb_backend::{SccbBackend, ServiceCall};
pub use signal::{Polling, SignalLatch, SignalSource, Waited};
#[cfg(any(target_arch = "s390x", doc))]
pub use window::InterruptionWindow;

use crate::spec::{Command, Sccb};

/// The condition code of SERVICE CALL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[must_use]
pub enum ServcCc {
    /// 0: the command was initiated; a service signal will tell of its end.
    Initiated,
    /// 1: the command is complete already, and no signal will come. Only Hercules is known to
    /// answer so, and only to a block that asks for a synchronous command, which none of this crate's
    /// does.
    Completed,
    /// 2: the SCLP is busy: another command runs, or the signal of an earlier one is still pending.
    Busy,
    /// 3: there is no SCLP, or it is broken.
    NotOperational,
}

impl ServcCc {
    /// Decodes a condition code, the two rightmost bits of `raw`.
    pub const fn from_raw(raw: u8) -> Self {
        match raw & 0b11 {
            0 => Self::Initiated,
            1 => Self::Completed,
            2 => Self::Busy,
            _ => Self::NotOperational,
        }
    }
}

/// Whether the SCLP has events for the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventPending {
    /// A service signal said so, and they were not fetched since.
    Yes,
    /// None was signalled since the last fetch.
    No,
    /// No signals are being taken: only READ EVENT DATA can tell.
    Unknown,
}

/// The SCCB lies where SERVICE CALL cannot reach it: it must be below 2 GiB and not in the first
/// 8 KiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SccbAddressError {
    /// Where it lies.
    pub address: u64,
}

impl fmt::Display for SccbAddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the SCCB at {:#x} is not between 8 KiB and 2 GiB", self.address)
    }
}

impl Error for SccbAddressError {}

/// The backend waited as long as it is willing to, and nothing came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TimedOut;

impl fmt::Display for TimedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no service signal came within the time limit")
    }
}

impl Error for TimedOut {}

/// A command is outstanding: the SCCB is in the SCLP's hands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SccbInUse;

impl fmt::Display for SccbInUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the SCCB is in use by an outstanding command")
    }
}

impl Error for SccbInUse {}

/// Access to the SCLP, with one SCCB and one command at a time.
///
/// The backend owns the SCCB. While a command is outstanding (from [`ServcCc::Initiated`] to a
/// successful [`Backend::wait`]) the page belongs to the SCLP, and [`Backend::sccb`] does not give
/// it out. A command that was not seen to end stays outstanding, however many waits time out; it
/// may yet be carried out, and its answer is in the block when a later wait succeeds.
///
/// How long is waited is the backend's business: it knows the clock.
pub trait Backend {
    /// The SCCB, to fill for a command or to read after one.
    ///
    /// # Errors
    ///
    /// [`SccbInUse`] while a command is outstanding.
    fn sccb(&mut self) -> Result<&mut Sccb, SccbInUse>;

    /// Issues SERVICE CALL with `command` and the SCCB. After [`ServcCc::Initiated`] the command is
    /// outstanding, after [`ServcCc::Completed`] it has ended, after the others nothing happened.
    ///
    /// # Errors
    ///
    /// [`SccbAddressError`] when the SCCB lies where SERVICE CALL cannot reach it.
    fn servc(&mut self, command: Command) -> Result<ServcCc, SccbAddressError>;

    /// Waits until the outstanding command has ended; returns at once when none is outstanding.
    ///
    /// # Errors
    ///
    /// [`TimedOut`]; the command stays outstanding.
    fn wait(&mut self) -> Result<(), TimedOut>;

    /// Lets a service signal be taken, and waits for one when none is pending. Used while the SCLP
    /// is busy and while input is awaited. `attempt` counts the calls for one such purpose, from
    /// 0. `Ok` means: look again, something may have changed.
    ///
    /// # Errors
    ///
    /// [`TimedOut`] when it is no use to go on.
    fn wait_for_signal(&mut self, attempt: u32) -> Result<(), TimedOut>;

    /// Whether the SCLP has events for the program.
    fn event_pending(&mut self) -> EventPending;
}

impl<B: Backend + ?Sized> Backend for &mut B {
    fn sccb(&mut self) -> Result<&mut Sccb, SccbInUse> {
        (**self).sccb()
    }

    fn servc(&mut self, command: Command) -> Result<ServcCc, SccbAddressError> {
        (**self).servc(command)
    }

    fn wait(&mut self) -> Result<(), TimedOut> {
        (**self).wait()
    }

    fn wait_for_signal(&mut self, attempt: u32) -> Result<(), TimedOut> {
        (**self).wait_for_signal(attempt)
    }

    fn event_pending(&mut self) -> EventPending {
        (**self).event_pending()
    }
}
