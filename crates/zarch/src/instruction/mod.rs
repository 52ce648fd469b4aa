//! One thin wrapper an instruction; in assembler are besides only the interruption stubs and the entry
//! (`boot/`), and the console's SERVICE CALL.
//!
//! - [`io`]: the I/O instructions, with the condition code as a number.
//! - [`system`]: PSW, control registers, translation, facilities.
//! - [`time`]: the TOD clock and the clock comparator.
//!
//! They are inlined, and take what they need in registers. Those that can harm are `unsafe`; the safe
//! interfaces are [`crate::Machine`], [`crate::service`] and [`crate::system`].

pub(crate) mod io;
pub(crate) mod system;
pub(crate) mod time;
