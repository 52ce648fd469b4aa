//! Virtio block devices over the channel subsystem.
//!
//! From the wire up:
//!
//! - [`spec`]: the numbers and structures of VIRTIO 1.2, as they go over the channel or lie in
//!   storage. Nothing but data; a simulated device is built from the same ones.
//! - [`transport`]: [`Transport`], a virtio device behind a subchannel: revision, features,
//!   configuration, queue set-up and status, each by a channel program.
//! - [`queue`]: [`queue::SplitQueue`], a split virtqueue; it trusts nothing that the device says.
//! - [`block`]: [`BlockDevice`], requests for a disk; it is an [`ios::Device`].
//!
//! A data request has no START SUBCHANNEL on this transport: it is started by being made available in
//! the queue, with DIAGNOSE X'500' where the device wants to be notified, and it ends with an I/O
//! interruption on the subchannel.
//!
//! ```text
//! let mut disk = BlockDevice::probe(&mut machine, &mut others, subchannel, &settings)?;
//! disk.vary_online(&mut machine)?;               // ios does this, and all that follows
//! disk.build(&mut machine, id, &Operation::Read(extent), Some(&area));
//! disk.start(&mut machine, id);
//! // … an interruption …
//! while let Ended::Request(id, status) = disk.ended(&mut machine) { … }
//! ```
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod block;
pub mod queue;
pub mod spec;
pub mod transport;

pub use block::{BlockDevice, Buffer, Gather, ProbeError};
pub use transport::{Settings, Transport, TransportError};
