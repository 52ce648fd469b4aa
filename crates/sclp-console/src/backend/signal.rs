//! Where service signals come from: the hook by which the crate leaves the taking of interruptions
//! to the kernel.
//!
//! A command's end, and the arrival of input, are told by an external interruption. Its new PSW, the
//! enabling of the CPU and the wait point are the kernel's, so a backend is made with a
//! [`SignalSource`], of which there are three kinds:
//!
//! - [`Polling`] takes no interruption at all and goes by the response code in the SCCB. It needs
//!   nothing, so it works from the first instruction on and in a panic, but only where the SCLP does
//!   not insist on its signals being taken: QEMU does not; Hercules (and, it must be supposed,
//!   machines) answer *busy* to the next command while the last one's signal is pending.
//! - `InterruptionWindow` (on the machine) takes the interruption itself, through an external-new
//!   PSW that it puts in place for the moment. It works before the kernel has a handler and
//!   everywhere.
//! - A kernel's own, over its handler and its wait point. The handler gives the interruption's
//!   parameter to a [`SignalLatch`], and the source takes it from there. It should wait with a
//!   deadline (a clock comparator): emulated by QEMU 7.2 on a loaded host, a CPU that enters the
//!   wait state just as a signal becomes pending was seen to sleep on, some three times in a
//!   hundred, until the next interruption of any kind.
//!
//! ```
//! use sclp_console::backend::{SignalLatch, SignalSource, Waited};
//! use sclp_console::spec::ServiceSignal;
//! # fn enabled_wait_at_most_one_second() {}
//!
//! /// Filled by the external-interruption handler, for interruption code X'2401', with the
//! /// parameter at real address X'80': `SERVICE_SIGNALS.record(parameter)`.
//! static SERVICE_SIGNALS: SignalLatch = SignalLatch::new();
//!
//! struct KernelSignals;
//!
//! impl SignalSource for KernelSignals {
//!     fn take_pending(&mut self) -> Option<ServiceSignal> {
//!         SERVICE_SIGNALS.take()
//!     }
//!
//!     fn wait(&mut self, attempt: u32) -> Waited {
//!         if attempt == 10 {
//!             return Waited::GaveUp;
//!         }
//!         enabled_wait_at_most_one_second();
//!         SERVICE_SIGNALS.take().map_or(Waited::Nothing, Waited::Taken)
//!     }
//! }
//! ```

use core::hint;
use core::sync::atomic::{AtomicU32, Ordering};

use crate::spec::ServiceSignal;

/// What came of waiting for a service signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[must_use]
pub enum Waited {
    /// This signal was taken.
    Taken(ServiceSignal),
    /// None came yet; ask again.
    Nothing,
    /// This source takes no signals; look at the SCCB, then ask again.
    Poll,
    /// None came for as long as the source is willing to wait.
    GaveUp,
}

/// Where a backend learns of service signals.
pub trait SignalSource {
    /// A signal that was taken already, or that is pending and can be taken now, without waiting.
    /// Each signal is given out once.
    fn take_pending(&mut self) -> Option<ServiceSignal>;

    /// Waits a while for a signal. `attempt` counts the calls for one purpose, from 0; the time
    /// limit is the source's to keep, by this count or by a clock.
    fn wait(&mut self, attempt: u32) -> Waited;
}

/// A source without signals: the backend polls the response code in the SCCB.
///
/// Read the [module's description](self) for where this suffices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Polling {
    attempts: u32,
}

impl Polling {
    /// Looks that are taken at one SCCB unless another number is chosen: more than any SCLP needs.
    pub const DEFAULT_ATTEMPTS: u32 = 10_000_000;

    /// Polls with the default bound.
    #[must_use]
    pub const fn new() -> Self {
        Self::with_attempts(Self::DEFAULT_ATTEMPTS)
    }

    /// Polls at most `attempts` times for one command.
    #[must_use]
    pub const fn with_attempts(attempts: u32) -> Self {
        Self { attempts }
    }
}

impl Default for Polling {
    fn default() -> Self {
        Self::new()
    }
}

impl SignalSource for Polling {
    fn take_pending(&mut self) -> Option<ServiceSignal> {
        None
    }

    fn wait(&mut self, attempt: u32) -> Waited {
        if attempt >= self.attempts {
            return Waited::GaveUp;
        }
        hint::spin_loop();
        Waited::Poll
    }
}

/// Keeps service signals from the interruption handler that takes them until a [`SignalSource`]
/// asks for them.
///
/// Signals that come before the first is asked for are merged, as the machine merges those that
/// are pending together.
#[derive(Debug)]
pub struct SignalLatch(AtomicU32);

impl SignalLatch {
    /// An empty latch.
    #[must_use]
    pub const fn new() -> Self {
        Self(AtomicU32::new(0))
    }

    /// Records a signal, by the parameter of its interruption.
    pub fn record(&self, parameter: u32) {
        self.0.fetch_or(parameter, Ordering::Release);
    }

    /// Takes what was recorded since the last time.
    pub fn take(&self) -> Option<ServiceSignal> {
        match self.0.swap(0, Ordering::Acquire) {
            0 => None,
            parameter => Some(ServiceSignal::from_parameter(parameter)),
        }
    }
}

impl Default for SignalLatch {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_latch_merges_and_gives_once() {
        let latch = SignalLatch::new();
        assert_eq!(latch.take(), None);
        latch.record(0x0001_2000);
        latch.record(1);
        assert_eq!(
            latch.take(),
            Some(ServiceSignal { sccb: Some(0x0001_2000), event_pending: true })
        );
        assert_eq!(latch.take(), None);
    }

    #[test]
    fn polling_is_bounded() {
        let mut polling = Polling::with_attempts(2);
        assert_eq!(polling.take_pending(), None);
        assert_eq!(polling.wait(0), Waited::Poll);
        assert_eq!(polling.wait(1), Waited::Poll);
        assert_eq!(polling.wait(2), Waited::GaveUp);
    }
}
