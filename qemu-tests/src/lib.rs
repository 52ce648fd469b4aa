//! Boots a kernel in QEMU with disks of its own, and judges what it did.
//!
//! The library knows QEMU, disk images and the kernel's console contract; it knows nothing of the
//! kernel's inside. A test describes a [`Machine`], runs it to its end, and asks the [`Outcome`]:
//!
//! ```no_run
//! use qemu_tests::{Attachment, Disk, Machine};
//!
//! # fn main() -> anyhow::Result<()> {
//! let source = Disk::seeded(8 << 20, 1)?;
//! let primary = Disk::blank(8 << 20)?;
//! let secondary = Disk::blank(8 << 20)?;
//! let outcome = Machine::new("target/ccw-mirror.elf")
//!     .parameters("mirror=0001:0002 run=copy from=0003 to=0001")
//!     .attach(Attachment::disk("0001".parse()?, &primary))
//!     .attach(Attachment::disk("0002".parse()?, &secondary))
//!     .attach(Attachment::disk("0003".parse()?, &source))
//!     .run()?;
//! let verdict = outcome.expect_ok()?;
//! assert_eq!(verdict.bytes, 8 << 20);
//! primary.expect_same(&source)?;
//! secondary.expect_same(&source)?;
//! # Ok(())
//! # }
//! ```
//!
//! | module | holds |
//! |---|---|
//! | [`machine`] | the description of a machine, its command line, the running process |
//! | [`attachment`], [`device`] | one disk of a machine and the address that the guest sees |
//! | [`outcome`], [`verdict`] | how a run ended, and the kernel's own `RESULT` line |
//! | [`console`], [`screen`] | what the guest printed, line by line, while it prints |
//! | [`operator`] | the kernel's console: commands typed, messages awaited |
//! | [`qmp`] | QEMU's control socket |
//! | [`disk`] | images: making, comparing |
//! | [`faults`], [`nbd`] | disks that fail, stall, slow down or go away |
//! | [`trace`], [`symbols`] | the kernel's `TRACE` lines and its backtraces, decoded |
//! | [`log_writes`], [`fixture`] | write logs, and the real one that the project keeps |
//! | [`program`], [`scratch`] | the host's programs and temporary files |

#![forbid(unsafe_code)]

pub mod attachment;
pub mod console;
pub mod device;
pub mod disk;
pub mod faults;
pub mod fixture;
pub mod log_writes;
pub mod machine;
pub mod nbd;
pub mod operator;
pub mod outcome;
pub mod program;
pub mod qmp;
pub mod scratch;
pub mod screen;
pub mod symbols;
pub mod trace;
pub mod verdict;

pub use attachment::Attachment;
pub use device::DeviceAddress;
pub use disk::Disk;
pub use machine::{Machine, Running};
pub use operator::Operator;
pub use outcome::Outcome;
pub use verdict::{Status, Verdict};
