//! The machine level: everything that is behind `channel-io`, simulated.
//!
//! [`SimMachine`] implements [`channel_io::ChannelSubsystem`], [`channel_io::Storage`],
//! [`channel_io::WaitPoint`] and [`channel_io::TraceSink`]. Its clock moves by itself only a little with each
//! instruction; at the wait point it jumps to the next thing that happens. What is random comes from a seed: the
//! same seed and the same program give the same trace.
//!
//! ```
//! use channel_io::enumerate::find_devices;
//! use channel_io::DeviceNumber;
//! use channel_sim::SimMachine;
//! use channel_sim::virtio::BlockSettings;
//!
//! let mut machine = SimMachine::new(1);
//! machine.add_block(DeviceNumber(0x0001), BlockSettings::new(2048));
//! let found = find_devices(&mut machine);
//! assert_eq!(found.devices.len(), 1);
//! machine.assert_clean();
//! ```
//!
//! A test interferes by [`SimMachine::inject`] (a condition code of any instruction at any call),
//! [`SimMachine::fault_next_program`] (how a channel program ends), [`SimMachine::at`] (disks that come and go, spurious
//! interruptions) and, for the requests of a disk, [`crate::virtio::RequestPlan`].
//!
//! - `storage`: areas, and devices that reach them by address.
//! - `subchannel`: the functions of a subchannel and its status; `instructions` issues them.
//! - `interpret`, `data`: channel programs.
//! - `time`: events, interruptions, the wait point.

mod data;
mod inject;
mod instructions;
mod interpret;
mod sim;
mod storage;
mod subchannel;
mod time;
mod unit;
mod violation;

pub use inject::{Instruction, ProgramFault};
pub use sim::{MultipleSets, SimMachine};
pub use storage::SimArea;
pub use time::{Action, Timing};
pub use unit::PlainDevice;
pub use violation::{Rule, Violation};

pub(crate) use data::Window;
pub(crate) use storage::Unreachable;
pub(crate) use unit::{Attention, CommandEnd, Surroundings, Work};
