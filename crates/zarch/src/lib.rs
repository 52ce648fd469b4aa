//! z/Architecture for bare-metal code: the only crate that speaks to the machine in its own instructions.
//!
//! Descriptions, which compile and are tested anywhere: [`psw`], [`lowcore`], [`control`], [`facility`],
//! [`program`], [`machine_check`], [`dat`]. Access, for s390x alone: [`system`] (the CPU from reset to its
//! end), [`fault`] (what it left behind), [`Machine`] (channel subsystem, storage, clock and wait point, by the
//! traits of `channel-io`). [`HeapArea`] is the storage that devices may know the address of.
//!
//! The interruption stubs come from outside: `stubs.rs` says what must be linked.
#![no_std]

extern crate alloc;

mod area;
mod bits;
pub mod control;
pub mod dat;
pub mod facility;
pub mod lowcore;
pub mod machine_check;
mod move_long;
pub mod program;
pub mod psw;

#[cfg(target_arch = "s390x")]
mod channel;
#[cfg(target_arch = "s390x")]
mod clock;
#[cfg(target_arch = "s390x")]
pub mod fault;
#[cfg(target_arch = "s390x")]
mod instruction;
#[cfg(target_arch = "s390x")]
pub mod interruption;
#[cfg(target_arch = "s390x")]
mod machine;
#[cfg(target_arch = "s390x")]
pub mod service;
#[cfg(target_arch = "s390x")]
mod stubs;
#[cfg(target_arch = "s390x")]
pub mod system;

pub use area::HeapArea;
#[cfg(target_arch = "s390x")]
pub use clock::Clock;
#[cfg(target_arch = "s390x")]
pub use machine::Machine;
