//! A virtio-ccw block device, from its own side.
//!
//! It keeps to VIRTIO 1.2 (4.3 Virtio Over Channel I/O, 2.7 Split Virtqueues, 5.2 Block Device), and is stricter than it must be: a
//! driver that leaves a step out, or names storage, descriptors or requests that cannot be right, has broken a rule
//! ([`crate::machine::Rule`]), whether or not it gets away with it. Its numbers are its own and not the driver's, so
//! that a slip in one of them shows.
//!
//! - [`BlockSettings`]: what it offers.
//! - [`RequestPlan`]: when and how a request ends, and what is said of it, true or not.
//! - [`VirtioBlock`]: the device; [`Content`] is what is on its disk.

mod block;
mod content;
mod control;
mod ending;
mod plan;
mod request;
mod ring;
mod settings;
pub mod wire;

pub use block::{AtReset, VirtioBlock};
pub use content::Content;
pub use plan::{Delay, Lie, RequestEnding, RequestPlan, Telling};
pub use settings::{BlockSettings, Polling, RangeSettings};
