//! What passes between a program and the SCLP: commands, the service-call control block (SCCB),
//! and the event buffers in it. Types and constants alone: nothing here touches the machine.
//!
//! - [`command`]: the command words, and the signal that tells of a command's end.
//! - [`sccb`]: the 4-KiB block itself and its header, [`Sccb`] and [`SccbHeader`].
//! - [`response`]: the [`ResponseCode`] that the SCLP leaves in the header.
//! - [`event`]: event types, event-buffer headers and the masks by which the two sides say
//!   which types they send and receive.
//! - [`message`]: line-mode output, a message data block with its objects.
//! - [`gds`]: line-mode input, the vectors that wrap an operator's command.
//! - [`scp_info`]: the answer to READ SCP INFO.
//! - [`ebcdic`]: the code pages of line mode.
//!
//! The SCLP's interface is not in the *Principles of Operation*. Every number here was taken from
//! the observable behaviour that QEMU, Hercules and Linux agree on; where they differ, the item
//! says so.

pub mod command;
pub mod ebcdic;
pub mod event;
pub mod gds;
pub mod message;
pub mod response;
pub mod sccb;
pub mod scp_info;

pub use command::{Command, ServiceSignal};
pub use ebcdic::{CodePage, CodePages};
pub use event::{
    EventBufferFlags, EventBufferHeader, EventMask, EventType, WriteEventData, WriteEventMask,
};
pub use message::{GeneralObject, MessageHeader, MessageTextObject, WriteMessage};
pub use response::{ResponseClass, ResponseCode};
pub use sccb::{SCCB_SIZE, Sccb, SccbHeader};
pub use scp_info::{LoadParameter, ReadScpInfo, ScpInfo};
