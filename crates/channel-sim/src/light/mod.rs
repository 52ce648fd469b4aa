//! The light level: disks below `ios` that do only what the test says.
//!
//! ```
//! use channel_sim::light::{Disk, Ending, LightMachine, SimPlatform, Telling};
//! use ios::{Extent, Ios, Operation, Request, Status, Token};
//! use mirror::Mirror;
//!
//! let mut ios = Ios::<SimPlatform>::new(LightMachine::new(), Mirror::new());
//! let ddt = ios.add_ddt("light");
//! let disk = ios.machine.add_disk(Disk::new(64, 4));
//! let device = channel_sim::light::attach(&mut ios, ddt, disk);
//! let process = ios.add_process();
//!
//! let data = Some(ios.machine.buffer(&[7, 8]));
//! let operation = Operation::Write(Extent::new(10, 2));
//! let request = Request { device, operation, data, process, token: Token(1) };
//! let id = ios.iosvssch(request).expect("a right request");
//! ios.machine.end(disk, id, Ending::Complete, Telling::Interruption);
//! ios.wait(None);
//! let posted = ios.take_posted(process).expect("it is over");
//! assert_eq!(posted.status, Status::Complete);
//! assert_eq!(ios.machine.take_back(posted.data.expect("its own data")), [7, 8]);
//! assert_eq!(ios.machine.disk(disk).sectors()[10..12], [7, 8]);
//! ios.machine.assert_clean();
//! ```
//!
//! - [`Disk`]: content, requests, and what the test has it do.
//! - [`Memory`]: data of requests; a sector of data is one number.
//! - [`LightMachine`]: all disks, the memory, the clock and the wait point; the hardware in it
//!   ([`Hardware`]) can be cloned, compared and hashed.
//! - [`LightDevice`]: the driver, [`ios::Device`] over a disk.
//! - [`SimPlatform`]: all of these for [`ios::Ios`], with a [`mirror::Mirror`] in the anchor.

mod device;
mod disk;
mod fingerprint;
mod machine;
mod memory;
mod platform;
mod plug;
mod request;
mod violation;

pub use device::LightDevice;
pub use disk::{Disk, DiskIndex};
pub use fingerprint::Names;
pub use machine::{Hardware, LightMachine, Telling};
pub use memory::{Buffer, BufferId, Memory, POISON, SectorValue};
pub use platform::{SimPlatform, attach};
pub use request::{AtClear, Ending, HeldRequest, Stage};
pub use violation::Violation;
