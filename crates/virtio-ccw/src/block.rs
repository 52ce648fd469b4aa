//! A virtio block device: what it is, and requests for it.
//!
//! [`BlockDevice`] is found by [`BlockDevice::probe`], and from then on driven by the I/O supervisor as any
//! [`ios::Device`]. [`Limits`] is what its configuration says it can take, checked. [`Buffer`] is what goes with
//! reads and writes: an area, or several ([`Gather`]).

mod buffer;
mod device;
mod limits;
mod online;
mod probe;
mod slots;

pub use buffer::{Buffer, Gather};
pub use device::BlockDevice;
pub use limits::{LimitError, Limits, WANTED_FEATURES};
pub use probe::ProbeError;
