//! The live vectors: every step of the path is called through a pointer that stands here.
//!
//! A detour is put in by [`crate::Ios::set_ddtsio`] and its fellows, which give back the pointer that
//! stood there, and is taken out by setting that pointer again. Both may be done at any time, with
//! I/O under way: a pointer is read anew at every call.

use crate::{Ios, Platform, RequestId, StartCc, Status, UcbIndex};
use channel_io::InterruptionCode;

/// What a routine at the forward pointer tells `iosvssch`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Disposition {
    /// Go on to `iosvcp`.
    Start,
    /// The routine keeps the request and brings it back by [`Ios::resume`].
    Held,
    /// The request is over before it was started.
    End(Status),
}

/// The start-subchannel service.
pub type Iosvssch<P> = fn(&mut Ios<P>, RequestId);
/// The device-dependent start-I/O routine: what a forward pointer points to.
pub type Ddtsio<P> = fn(&mut Ios<P>, RequestId) -> Disposition;
/// The module that starts the I/O.
pub type Iosvcp<P> = fn(&mut Ios<P>, RequestId);
/// Where `iosvcp` returns to, with the condition code: what the return pointer points to.
pub type IosvcpReturn<P> = fn(&mut Ios<P>, RequestId, StartCc);
/// The routine that takes an I/O interruption.
pub type Interruption<P> = fn(&mut Ios<P>, InterruptionCode);
/// The routine called with the outcome of a request: what the status pointer points to.
pub type PostStatus<P> = fn(&mut Ios<P>, RequestId, Status);

/// The routine called when a device has become not operational and all that it had has ended.
pub type DeviceGone<P> = fn(&mut Ios<P>, UcbIndex);

/// A pointer and the name of what it points to.
#[derive(Debug)]
pub struct Vector<F> {
    /// The routine's name, for the operator and the trace.
    pub name: &'static str,
    /// The routine.
    pub entry: F,
}

impl<F: Copy> Clone for Vector<F> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<F: Copy> Copy for Vector<F> {}

/// The vectors that all devices share.
pub struct Vectors<P: Platform> {
    /// Called by whoever asks for I/O.
    pub iosvssch: Vector<Iosvssch<P>>,
    /// Called by `iosvssch` when the request is built.
    pub iosvcp: Vector<Iosvcp<P>>,
    /// The return pointer: called by `iosvcp` with the condition code.
    pub iosvcp_return: Vector<IosvcpReturn<P>>,
    /// Called from the wait point for each I/O interruption.
    pub interruption: Vector<Interruption<P>>,
    /// The status pointer: called with the outcome of each request.
    pub post_status: Vector<PostStatus<P>>,
    /// Called for each device that is of no use any more.
    pub device_gone: Vector<DeviceGone<P>>,
}

impl<P: Platform> Vectors<P> {
    /// The supervisor's own routines, with no detour.
    pub(crate) fn supervisor() -> Self {
        Self {
            iosvssch: Vector { name: "iosvssch", entry: crate::start::iosvssch },
            iosvcp: Vector { name: "iosvcp", entry: crate::start::iosvcp },
            iosvcp_return: Vector { name: "iosvssch-return", entry: crate::start::iosvcp_return },
            interruption: Vector { name: "interruption", entry: crate::interruption::interruption },
            post_status: Vector { name: "post", entry: crate::post::post },
            device_gone: Vector { name: "none", entry: |_, _| {} },
        }
    }
}

/// The device descriptor table: what is the same for all devices of a kind.
pub struct Ddt<P: Platform> {
    /// The kind of device, as in `virtio-blk`.
    pub name: &'static str,
    /// The forward pointer: called by `iosvssch` for a device of this kind.
    pub ddtsio: Vector<Ddtsio<P>>,
}
