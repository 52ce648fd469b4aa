//! The I/O supervisor: from a request to its post, through vectors that can be changed while I/O runs.
//!
//! ```text
//! I/O process            I/O supervisor                                      device
//!
//! Ios::iosvssch ──▶ iosvssch ──forward pointer──▶ ddtsio   (builds what the device understands)
//!                       │
//!                       └─────▶ iosvcp ──────────────────────▶ started, condition code
//!                       ┌──return pointer──┘
//!                    iosvssch acts on the condition code: active, queued on the UCB, or ended
//!
//!                   interruption ──▶ TSCH ──▶ drain ──status pointer──▶ post ──▶ Ios::take_posted
//! ```
//!
//! The three pointers named are what a detour changes: the forward pointer stands in the device
//! descriptor table ([`Ddt`]), the return and the status pointer in [`Vectors`]. The supervisor runs
//! whole without any detour and knows of none.
//!
//! Key types: [`Ios`] (the supervisor), [`Platform`] (what it runs on), [`Device`] (one device's own
//! half of it), [`Ucb`] (a device as the supervisor sees it), [`Operation`] and [`Request`].
//! Neighbours: `virtio-ccw` implements [`Device`]; `mirror` puts detours in; `jobs` asks for I/O.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod channel_report;
mod device;
mod exits;
mod fingerprint;
mod inquiry;
mod interruption;
mod missing;
mod operation;
mod post;
mod request;
mod routes;
mod snapshot;
mod start;
mod status;
mod supervisor;
mod ucb;
mod vectors;

pub use device::{
    Broken, Built, Characteristics, ClearFailed, DataAfterClear, Device, Ended, Inquired,
    RangeLimits, Settled, StartCc,
};
pub use exits::{NotStartable, Startable};
pub use fingerprint::Alive;
pub use operation::{Extent, Operation, SECTOR_BYTES, SectorNumber};
pub use request::{Access, Posted, ProcessId, Request, RequestId, RequestState, Token};
pub use start::{RefusalReason, Refused};
pub use status::Status;
pub use supervisor::{Ios, Platform, Statistics, Waited};
pub use ucb::{DdtIndex, Ucb, UcbIndex, UcbState};
pub use vectors::{
    Ddt, Ddtsio, DeviceGone, Disposition, Interruption, Iosvcp, IosvcpReturn, Iosvssch, PostStatus,
    Vector, Vectors,
};
