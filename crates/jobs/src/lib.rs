//! The I/O processes, and everything between the parameter line and the RESULT line.
//!
//! ```text
//! parameter line ──▶ ParameterLine::read ──▶ run: plan::establish (pairs) ──▶ plan ──▶ Process
//!                                                                                            │
//! RESULT line ◀── Report ◀── Done ◀── run_to_end: take_posted, ask for more, wait ◀──────────┘
//! ```
//!
//! [`run`] does all of it. The kernel reads the line first ([`ParameterLine`]), because it says whether
//! there is to be a trace, then finds the devices, then calls [`run`] and prints [`Report::line`]. What is said
//! on the way goes to the kernel's [`Messages`].
//!
//! A job is an I/O process ([`Process`]): [`CopyProcess`], [`ReplayProcess`],
//! [`CompareProcess`], [`BenchProcess`]. It knows the
//! supervisor and nothing of the mirror: whether its writes are mirrored it neither sees nor cares. The one
//! exception is [`ScrubProcess`], which compares the two devices of a pair. [`run_to_end`] drives one process;
//! the operator's console ([`run_console`]) drives as many as are started on it. Both see to the copies of pairs
//! (`copies`) that are to be made duplex.
//!
//! ```text
//! let line = ParameterLine::read(parameters);
//! // ... find the devices, with a trace if line.trace() says so ...
//! let report = jobs::run(&mut ios, &line, &mut console);
//! println!("{}", report.line());
//! ```
//!
//! Neighbours: `ios` takes the requests, `mirror` has the pairs. All of it runs on the host as it runs on the
//! machine.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod bench;
mod buffers;
mod compare;
pub mod console;
mod copies;
mod copy;
mod disk;
mod drive;
mod error;
mod json;
mod list;
pub mod message;
mod pairs;
pub mod parameters;
pub mod plan;
mod platform;
pub mod process;
mod replay;
mod report;
mod requests;
mod run;
mod scrub;

pub use bench::BenchProcess;
pub use compare::CompareProcess;
pub use console::{Terminal, run_console};
pub use copy::CopyProcess;
pub use disk::Disk;
pub use drive::run_to_end;
pub use error::{Difference, JobError};
pub use message::{Message, Messages};
pub use parameters::ParameterLine;
pub use platform::JobPlatform;
pub use process::Process;
pub use replay::{LogError, ReplayProcess};
pub use report::last_words::LastWords;
pub use report::{Extra, JobStatus, Latency, PairReport, Report, Value};
pub use requests::Counts;
pub use run::run;
pub use scrub::ScrubProcess;
