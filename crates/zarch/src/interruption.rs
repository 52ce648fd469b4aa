//! The wait point, and what the interruption stubs tell it.
//!
//! Interruptions are closed everywhere but in [`open`]. It loads an enabled PSW, with or without the wait
//! bit, whose instruction address is the *wait point*; since only that PSW is enabled, every interruption
//! happens at that address, and the stubs (`boot/interruptions.s`) check that it did. A stub needs to save
//! nothing: it goes on where `open` returns, with the class of the interruption as its value. What arrives
//! between a check by the program and the wait stays pending until the PSW is loaded: it cannot be lost.
//!
//! The stubs are linked from outside ([`crate::stubs`]).

use crate::clock;
use crate::lowcore::location;
use crate::psw::{Psw, PswMask};
use crate::stubs;
use channel_io::{InterruptionCode, InterruptionCodeError};

/// What the stubs give back from the wait point.
pub mod class {
    /// No interruption was pending.
    pub const NONE: u64 = 0;
    /// An I/O interruption.
    pub const IO: u64 = 1;
    /// An external interruption.
    pub const EXTERNAL: u64 = 2;
    /// A machine-check interruption that reports a pending channel report and no damage.
    pub const CHANNEL_REPORT: u64 = 3;
}

/// An interruption that was taken at the wait point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// None was pending, and the PSW did not wait.
    None,
    /// An I/O interruption, with its code.
    Io(Result<InterruptionCode, InterruptionCodeError>),
    /// The TOD clock is beyond the clock comparator. It stays so until the comparator is set anew.
    ClockComparator,
    /// A service signal, with its parameter.
    ServiceSignal(u32),
    /// A channel report is pending.
    ChannelReport,
}

/// How the wait point waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Patience {
    /// Until an interruption is taken.
    Wait,
    /// Not at all: one that is pending is taken.
    Look,
}

/// Which interruptions the wait point opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opening {
    /// I/O, external and machine check.
    All,
    /// External alone.
    External,
}

/// External-interruption codes (PoP SA22-7832-13, ch. 6, "External Interruption").
const CLOCK_COMPARATOR: u16 = 0x1004;
const SERVICE_SIGNAL: u16 = 0x2401;

/// Tells the stubs where the wait point is, and with what PSW it is left; `mask` are the bits that the running
/// program has besides. To be done before [`open`], and again after DAT was turned on.
pub(crate) fn prepare(mask: PswMask) {
    let closed = Psw::closed(stubs::address(&stubs::wait_point_closed)).with(mask);
    // SAFETY: a location of the lowcore that is the supervisor's.
    unsafe {
        location!(wait_point_address).write_volatile(stubs::address(&stubs::wait_point_open))
    };
    // SAFETY: as above.
    unsafe { location!(wait_point_closed_psw).write_volatile(closed) };
}

/// Opens interruptions, takes at most one, and closes them again.
pub(crate) fn open(opening: Opening, patience: Patience) -> Taken {
    let interruptions = match opening {
        Opening::All => PswMask::IO.union(PswMask::EXTERNAL).union(PswMask::MACHINE_CHECK),
        Opening::External => PswMask::EXTERNAL,
    };
    let wait = match patience {
        Patience::Wait => PswMask::WAIT,
        Patience::Look => PswMask::empty(),
    };
    // SAFETY: a location of the lowcore that is the supervisor's.
    let closed = unsafe { location!(wait_point_closed_psw).read_volatile() };
    let psw = Psw {
        mask: closed.mask | interruptions | wait,
        address: stubs::address(&stubs::wait_point_open),
    };
    // SAFETY: the PSW has the address that the stubs expect, and `prepare` has told them.
    match unsafe { stubs::wait_point(&raw const psw) } {
        class::NONE => Taken::None,
        class::IO => {
            // SAFETY: a location of the lowcore; the interruption has stored it.
            let words = unsafe { location!(io_interruption_code).read_volatile() };
            Taken::Io(InterruptionCode::from_words(words))
        }
        class::EXTERNAL => external(),
        class::CHANNEL_REPORT => Taken::ChannelReport,
        other => panic!("the interruption stubs gave back class {other}"),
    }
}

/// Waits until an interruption is taken, or until the TOD clock has reached `deadline` and nothing else is
/// pending: then [`Taken::None`].
pub(crate) fn wait_until(opening: Opening, deadline: u64) -> Taken {
    let mut patience = if clock::has_reached(deadline) {
        Patience::Look
    } else {
        clock::arm(deadline.min(clock::heartbeat()));
        Patience::Wait
    };
    loop {
        match open(opening, patience) {
            // The heartbeat, or an earlier deadline.
            Taken::ClockComparator if !clock::has_reached(deadline) => {
                clock::set_comparator(deadline.min(clock::heartbeat()));
            }
            // The clock comes before the service signal and I/O in the machine's order, so look for those: a
            // time-out is only what is left when nothing is pending.
            Taken::ClockComparator => {
                clock::set_comparator(clock::NEVER);
                patience = Patience::Look;
            }
            taken @ (Taken::None
            | Taken::Io(_)
            | Taken::ServiceSignal(_)
            | Taken::ChannelReport) => {
                return taken;
            }
        }
    }
}

/// Which external interruption was taken.
fn external() -> Taken {
    // SAFETY: a location of the lowcore; the interruption has stored it.
    let code = unsafe { location!(external_interruption_code).read_volatile() };
    match code {
        CLOCK_COMPARATOR => Taken::ClockComparator,
        SERVICE_SIGNAL => {
            // SAFETY: as above.
            Taken::ServiceSignal(unsafe {
                location!(external_interruption_parameter).read_volatile()
            })
        }
        other => panic!("external interruption X'{other:04X}', which control register 0 closes"),
    }
}
