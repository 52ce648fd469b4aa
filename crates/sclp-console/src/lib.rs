//! A console over the Service-Call Logical Processor (SCLP), the service processor of s390x
//! machines, for kernels, boot loaders and whatever else has nothing beneath it.
//!
//! Every s390x machine has an SCLP, and the console that it offers is there before anything else
//! is: before memory is managed, before an interruption can be taken, and still in a panic. This
//! crate speaks both of its dialects, the **ASCII console** (a VT220) and **line mode** (messages
//! to the operator and commands from him, in EBCDIC), in both directions. It needs no allocator.
//!
//! # Overview
//!
//! Three rooms, in the manner of a driver that is to be trusted:
//!
//! - [`spec`]: what passes between a program and the SCLP, as types whose sizes and offsets are
//!   asserted at compile time.
//! - [`backend`]: access to the machine, behind the trait [`Backend`]; all unsafe code is here. How
//!   interruptions are taken is the kernel's business: [`backend::signal`] says how the two are
//!   brought together.
//! - [`SclpConsole`]: the driver, pure logic over a [`Backend`]. It writes, reads, and asks what the
//!   machine is made of ([`SclpConsole::read_scp_info`]).
//!
//! With the feature `fake` there is also `fake::FakeSclp`, a strict SCLP for tests on the host.
//!
//! # Example
//!
//! On the machine, a console can be a static; the first use initialises it. Here it takes service
//! signals itself; a kernel that has an interruption handler puts a [`backend::SignalSource`] of
//! its own in the place of `InterruptionWindow`.
//!
//! ```no_run
//! # #[cfg(target_arch = "s390x")]
//! # fn kernel() -> Result<(), Box<dyn core::error::Error>> {
//! use core::fmt::Write;
//!
//! use sclp_console::backend::{InterruptionWindow, MachineBackend, SccbCell};
//! use sclp_console::{Buffering, SclpConsole};
//!
//! static SCCB: SccbCell = SccbCell::new();
//!
//! // SAFETY: supervisor state, z/Architecture, DAT off, one CPU.
//! let signals = unsafe { InterruptionWindow::new() };
//! // SAFETY: as above, and `SCCB` is used by this backend alone.
//! let backend = unsafe { MachineBackend::new(&SCCB, signals) };
//! let mut console = SclpConsole::new_with_backend(backend).with_buffering(Buffering::Lines);
//!
//! let interface = console.initialise()?;
//! let memory = console.read_scp_info()?.memory_size;
//! writeln!(console, "CCW001I {interface}, {} MiB of memory", memory >> 20)?;
//! # Ok(())
//! # }
//! ```
//!
//! # What is promised
//!
//! - Output arrives once and in order, whatever its length, or an error says how much the console has
//!   taken. Busy answers and passing errors are tried again; an output that ends late, after the
//!   driver gave up waiting, is not sent twice.
//! - Input is never dropped: what the reader has no room for stays with the SCLP. Bytes in events
//!   that are malformed, or are no input, are counted ([`SclpConsole::dropped_bytes`]).
//! - Nothing that the SCLP answers makes the driver panic.
//!
//! # In a panic
//!
//! A console that was interrupted in the middle of a command must not be used again. A panic makes a
//! second one, over an [`backend::SccbCell`] of its own, which takes the interface for granted:
//! [`SclpConsole::assuming`]. A command of the first console that is still outstanding does no harm
//! to it.
#![no_std]
#![deny(unsafe_code)]

#[cfg(any(test, feature = "fake"))]
extern crate std;

pub mod backend;
mod driver;
mod error;
#[cfg(any(test, feature = "fake"))]
pub mod fake;
pub mod spec;

pub use backend::Backend;
pub use driver::{
    Buffering, Interface, LINE_WIDTH_MAX, LineFeed, MIN_SCCB_LENGTH, Offered, SclpConsole,
};
pub use error::{
    FlushError, InitialiseError, ReadError, ReadScpInfoError, SendError, ServiceCallError,
    WriteError,
};
pub use spec::{CodePage, CodePages, ScpInfo};

/// The examples of the README are tests, too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
