//! The channel subsystem as types: what channel I/O is made of, and the traits by which it is reached.
//!
//! - [`subsystem`]: the I/O instructions as a trait, [`ChannelSubsystem`], with one condition-code
//!   enum an instruction.
//! - [`storage`]: memory that the channel subsystem and its devices read and write, [`Storage`] and
//!   [`Area`].
//! - [`machine`]: time and the wait point, [`WaitPoint`], and [`Machine`], all of them together.
//! - The architecture's structures, each with its size and offsets asserted: [`ccw`], [`idaw`],
//!   [`orb`], [`pmcw`], [`scsw`], [`irb`], [`sense`], [`crw`], [`chsc`], [`ids`], [`interruption`].
//!
//! - What is done with them: [`enumerate`] finds the devices and enables their subchannels,
//!   [`program`] runs channel programs for control operations, [`traced`] reports every instruction.
//!
//! `zarch` implements the traits with the machine's own instructions, `channel-sim` with a simulated
//! channel subsystem on the host. All else in the project is written against the traits alone.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod ccw;
pub mod chsc;
pub mod crw;
pub mod enumerate;
pub mod idaw;
pub mod ids;
pub mod interruption;
pub mod irb;
pub mod machine;
pub mod orb;
pub mod pmcw;
pub mod program;
pub mod scsw;
pub mod sense;
pub mod storage;
pub mod subsystem;
pub mod traced;
mod words;

pub use ccw::{AddressTooHigh, Ccw0, Ccw1, CcwFlags, CommandCode};
pub use chsc::{ChscBlock, ChscResponse};
pub use crw::{Crw, ErrorRecovery, ReportingSource};
pub use idaw::{Idaw1, Idaw2, IdawFormat};
pub use ids::{
    DeviceId, DeviceNumber, ParseDeviceIdError, SubchannelId, SubchannelIdError, SubchannelSet,
};
pub use interruption::{InterruptionCode, InterruptionCodeError, InterruptionSubclass};
pub use irb::{ExtendedStatusWord, Irb};
pub use machine::{Machine, Microseconds, TraceSink, WaitPoint, Wake};
pub use orb::{Orb, OrbControl, OrbControl1};
pub use pmcw::{ConcurrentSense, Enablement, Pmcw, Schib, SubchannelType};
pub use scsw::{
    ActivityControl, DeferredConditionCode, DeviceStatus, FunctionControl, Scsw, ScswContents,
    ScswFlags, StatusControl, SubchannelStatus,
};
pub use sense::{SenseData, SenseId};
pub use storage::{AbsoluteAddress, Area, Reach, Storage, StorageError};
pub use subsystem::{
    ChannelSubsystem, ChscCc, CschCc, HostCookie, HschCc, MschCc, NotifyOutcome, RschCc, SschCc,
    StcrwCc, StschCc, TpiCc, TschCc, XschCc,
};
pub use traced::Traced;
