//! Service signals: the external interruptions by which the SCLP tells that a command is done or input is there.
//!
//! For the console, which waits for its own commands while I/O interruptions stay closed.
//! Those that come while the program waits for I/O are handed to the function that
//! [`crate::Machine::new`] was given.

use crate::clock::{self, Clock};
use crate::interruption::{Opening, Patience, Taken, open, wait_until};
use channel_io::Microseconds;

/// Takes a service signal that is pending, if there is one: its parameter.
#[must_use]
pub fn take_pending() -> Option<u32> {
    match open(Opening::External, Patience::Look) {
        // It comes first in the machine's order, and may be left over from an earlier wait.
        Taken::ClockComparator => {
            clock::set_comparator(clock::NEVER);
            signal(open(Opening::External, Patience::Look))
        }
        taken @ (Taken::ServiceSignal(_) | Taken::None | Taken::Io(_) | Taken::ChannelReport) => {
            signal(taken)
        }
    }
}

/// Waits for a service signal, at most for `limit`: its parameter.
#[must_use]
pub fn wait(limit: Microseconds) -> Option<u32> {
    signal(wait_until(Opening::External, Clock::starting_now().tod(limit)))
}

/// The signal, if it was one; I/O and machine checks are not open here.
const fn signal(taken: Taken) -> Option<u32> {
    match taken {
        Taken::ServiceSignal(parameter) => Some(parameter),
        Taken::None | Taken::ClockComparator | Taken::Io(_) | Taken::ChannelReport => None,
    }
}
