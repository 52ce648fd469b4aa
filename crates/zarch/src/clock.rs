//! The TOD clock and the clock comparator.
//!
//! [`Clock`] counts microseconds from the start of the program. The comparator is one register, which both the
//! wait point and the wait for a service signal use: whoever waits sets it first.

use crate::instruction::time;
use channel_io::Microseconds;
use core::sync::atomic::{AtomicU64, Ordering};

/// A clock comparator that the clock never exceeds.
pub(crate) const NEVER: u64 = u64::MAX;

/// Units of the TOD clock in a microsecond: bit 51 changes once in each (PoP SA22-7832-13, ch. 4,
/// "Time-of-Day Clock").
const UNITS_A_MICROSECOND: u64 = 1 << 12;

/// The longest time that a wait goes without an interruption, in units of the TOD clock.
///
/// QEMU 7.2 without KVM, on a loaded host, was seen to sleep in an enabled wait with an interruption pending (7
/// of 300 runs), until the next one came; with a clock comparator of 20 milliseconds, in none of 150.
const HEARTBEAT: u64 = 20_000 * UNITS_A_MICROSECOND;

/// What the clock comparator holds, once [`start`] has set it.
static COMPARATOR: AtomicU64 = AtomicU64::new(0);

/// Sets the clock comparator for the first time.
pub(crate) fn start() {
    COMPARATOR.store(NEVER, Ordering::Relaxed);
    time::sckc(NEVER);
}

/// Sets the clock comparator, if it does not hold the value already.
#[inline]
pub(crate) fn set_comparator(value: u64) {
    if COMPARATOR.load(Ordering::Relaxed) != value {
        COMPARATOR.store(value, Ordering::Relaxed);
        time::sckc(value);
    }
}

/// When a wait that begins now is interrupted at the latest.
#[inline]
pub(crate) fn heartbeat() -> u64 {
    time::stckf().saturating_add(HEARTBEAT)
}

/// Sees to it that the clock comparator interrupts at `deadline` or before.
///
/// Deadlines move on with every wait, and setting the register costs more than an interruption too many now and
/// then: so one that is set to an earlier time stays.
#[inline]
pub(crate) fn arm(deadline: u64) {
    if COMPARATOR.load(Ordering::Relaxed) > deadline {
        set_comparator(deadline);
    }
}

/// Whether the TOD clock has reached `deadline`.
#[inline]
pub(crate) fn has_reached(deadline: u64) -> bool {
    time::stckf() >= deadline
}

/// The TOD clock, counted from the time at which the supervisor started.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: u64,
}

impl Clock {
    /// A clock that shows zero now.
    #[must_use]
    pub fn starting_now() -> Self {
        Self { start: time::stckf() }
    }

    /// The time since the start.
    #[inline]
    #[must_use]
    pub fn now(self) -> Microseconds {
        Microseconds(time::stckf().wrapping_sub(self.start) / UNITS_A_MICROSECOND)
    }

    /// What the TOD clock shows at `time`, or the last value that it can have.
    pub(crate) const fn tod(self, time: Microseconds) -> u64 {
        self.start.saturating_add(time.0.saturating_mul(UNITS_A_MICROSECOND))
    }
}
