//! A device's own half of the path: what stands below `ddtsio` and `iosvcp`.
//!
//! The supervisor drives every device through [`Device`] and does not know what kind it is: on one
//! transport a start makes a request available in a virtqueue, on another it is START SUBCHANNEL.

use crate::{Operation, RequestId, Status};
use channel_io::program::IdentifyError;
use channel_io::{Irb, SenseId, SschCc};
use core::fmt;

/// What a device is and what it can take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Characteristics {
    /// Bytes a block: every extent starts and ends at a block. A power of two, at least 512.
    pub block_bytes: u32,
    /// Sectors of 512 bytes on the whole device.
    pub capacity_sectors: u64,
    /// Writes are refused.
    pub read_only: bool,
    /// The most sectors that a read or a write may have.
    pub transfer_sectors: u32,
    /// Flush is known. Without it every write is durable when it is done, and a flush never reaches the
    /// device.
    pub flush: bool,
    /// Discard is known, within these limits.
    pub discard: Option<RangeLimits>,
    /// Write-zeroes is known, within these limits.
    pub write_zeroes: Option<RangeLimits>,
}

/// What a discard or a write-zeroes may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RangeLimits {
    /// The most sectors.
    pub sectors: u32,
    /// Extents should start at a multiple of this many sectors.
    pub alignment_sectors: u32,
}

impl RangeLimits {
    /// What both take.
    #[must_use]
    pub fn common(self, other: Self) -> Self {
        Self {
            sectors: self.sectors.min(other.sectors),
            alignment_sectors: self.alignment_sectors.max(other.alignment_sectors),
        }
    }
}

impl Characteristics {
    /// What a request may be that both this device and another must take: the narrower of each
    /// limit, this device's own capacity.
    #[must_use]
    pub fn narrowed_by(self, other: &Self) -> Self {
        let both = |a: Option<RangeLimits>, b: Option<RangeLimits>| Some(a?.common(b?));
        Self {
            block_bytes: self.block_bytes.max(other.block_bytes),
            capacity_sectors: self.capacity_sectors,
            read_only: self.read_only || other.read_only,
            transfer_sectors: self.transfer_sectors.min(other.transfer_sectors),
            flush: self.flush || other.flush,
            discard: both(self.discard, other.discard),
            write_zeroes: both(self.write_zeroes, other.write_zeroes),
        }
    }
}

/// Whether a request could be put into the device's own form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Built {
    /// It stands in a slot of the device and can be started.
    Ready,
    /// The device has no free slot: a start will give [`StartCc::Busy`].
    NoFreeSlot,
    /// The device does not know the operation, or cannot take it as it is.
    Unsupported,
}

/// The condition code of a start, on any transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[must_use]
pub enum StartCc {
    /// 0: the device has it.
    Started,
    /// 1: the subchannel has status that must be taken first.
    StatusPending,
    /// 2: no free slot, or another function is in progress.
    Busy,
    /// 3: the device is not there or refuses.
    NotOperational,
}

impl StartCc {
    /// The number of the condition code.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Started => 0,
            Self::StatusPending => 1,
            Self::Busy => 2,
            Self::NotOperational => 3,
        }
    }
}

/// The number and what it means: `0 started`.
impl fmt::Display for StartCc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = match self {
            Self::Started => "started",
            Self::StatusPending => "status-pending",
            Self::Busy => "busy",
            Self::NotOperational => "not-operational",
        };
        write!(f, "{} {words}", self.code())
    }
}

/// What a device has to say when it is asked for ended requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Ended {
    /// This request is over, and its slot is free.
    Request(RequestId, Status),
    /// No request has ended since the last time.
    Nothing,
    /// The device said what cannot be true. Nothing more can be had of it before it is cleared.
    Broken(Broken),
}

/// What a device answered when it was asked what it is.
pub type Inquired = Result<SenseId, IdentifyError>;

/// What a last look at a device before a wait has found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Settled {
    /// Nothing: the device has what it is to do, and interrupts at the next end.
    Quiet,
    /// A request has ended, and there may be no interruption for it.
    Ended,
    /// The device is not there or refuses the notification.
    NotOperational,
}

/// What a device said that cannot be true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken {
    /// What it is, in words, as in `used index`.
    pub what: &'static str,
    /// The figure at fault.
    pub value: u64,
    /// The bound it breaks, or what was expected.
    pub expected: u64,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} (expected {})", self.what, self.value, self.expected)
    }
}

/// The device could not be brought back after a clear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClearFailed {
    /// What did not work, in words.
    pub what: &'static str,
    /// Whether the device may still read and write the data of the requests it had.
    pub data: DataAfterClear,
}

/// Who has the data of a device's requests once it was cleared in vain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataAfterClear {
    /// The device is certainly done with it.
    Released,
    /// The device may still use it: it must never be given back.
    Lost,
}

/// One device, as its driver drives it.
///
/// `M` is the machine, which every function that acts is given. A request is built, then started,
/// then ended, under its [`RequestId`] all along; the driver keeps no data of its own but the
/// addresses, and the supervisor keeps the data in place until the request has ended or
/// [`Device::clear`] has returned.
pub trait Device<M> {
    /// What goes with reads and writes.
    type Data;

    /// Makes the device ready for requests, with all the storage that it needs for them; again when it
    /// is ready changes nothing. Until then it only has [`Device::characteristics`].
    ///
    /// # Errors
    /// [`ClearFailed`]: the device cannot be used.
    fn vary_online(&mut self, machine: &mut M) -> Result<(), ClearFailed>;

    /// What the device is and can take. It does not change while the device is in use.
    fn characteristics(&self) -> Characteristics;

    /// How many bytes `data` holds.
    fn data_bytes(data: &Self::Data) -> u64;

    /// How many requests could be built now.
    fn free_slots(&self) -> u32;

    /// Puts a request into the device's own form: virtqueue descriptors or a channel program.
    /// Building a request again that is built changes nothing.
    fn build(
        &mut self,
        machine: &mut M,
        request: RequestId,
        operation: &Operation,
        data: Option<&Self::Data>,
    ) -> Built;

    /// Starts a built request. One that is not built gives [`StartCc::Busy`]. After
    /// [`StartCc::NotOperational`] the device is cleared before anything that it had is given back.
    fn start(&mut self, machine: &mut M, request: RequestId) -> StartCc;

    /// Takes back a built request that was not started.
    fn unbuild(&mut self, machine: &mut M, request: RequestId);

    /// Tells the device what TSCH stored for its subchannel. What it answers is the end of a program that
    /// [`Device::inquire`] started.
    fn interruption(&mut self, machine: &mut M, irb: &Irb) -> Option<Inquired>;

    /// The next request that has ended, with or without an interruption. Asked until it has
    /// [`Ended::Nothing`] to say; from then on the device interrupts at the next end.
    fn ended(&mut self, machine: &mut M) -> Ended;

    /// Starts a channel program that asks the device what it is, with whatever requests it has going on. What
    /// becomes of it is told by [`Device::interruption`]. A device on a transport that has no such program is
    /// not operational for it.
    fn inquire(&mut self, _machine: &mut M) -> SschCc {
        SschCc::NotOperational
    }

    /// Looks again at what device and program may have told each other at the same moment, each before it saw
    /// what the other said. Called before the supervisor waits, after an instruction that serializes; a
    /// notification that the device still wants is given here. A device whose start and end are
    /// instructions has nothing to look at.
    fn settle(&mut self, _machine: &mut M) -> Settled {
        Settled::Quiet
    }

    /// Ends everything that the device has, and sets it up anew: afterwards it holds no request, built
    /// or started, and no address.
    ///
    /// # Errors
    /// [`ClearFailed`]: the device is of no more use.
    fn clear(&mut self, machine: &mut M) -> Result<(), ClearFailed>;
}
