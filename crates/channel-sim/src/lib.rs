//! A channel subsystem with disks, simulated on the host: `ios`, `mirror` and the drivers run over it
//! as they run on the machine.
//!
//! There are two levels:
//!
//! - [`light`]: below `ios` alone. A disk takes requests as they are, with no channel program and
//!   no virtqueue, and does nothing by itself: when a request ends, how, and whether an interruption
//!   tells of it is said by the test, step by step. The state is small, can be cloned and hashed, so
//!   that every order of events can be tried.
//! - [`machine`]: below everything that is written against `channel-io`. [`SimMachine`] has main
//!   storage, subchannels with channel programs, interruptions, channel reports, and a clock of its
//!   own; its disks ([`virtio`]) are virtio-ccw devices with their whole protocol.
//!
//! Both are stricter than a machine: what a program or a driver does wrong (data given back under a
//! device that has it, a request started twice, a step of the protocol left out) is recorded as a
//! violation, and a test that asks for them in the end misses none.
//!
//! [`TraceLog`] keeps what is traced, and answers questions of order.
#![forbid(unsafe_code)]

pub mod light;
pub mod machine;
mod trace;
pub mod virtio;

pub use machine::SimMachine;
pub use trace::{TraceLine, TraceLog};
