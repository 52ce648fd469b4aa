//! The mirror: pairs of devices, and three detours in the I/O supervisor's live vectors.
//!
//! ```text
//! forward pointer ──▶ front-end detour: is the device mirrored, and by which?  creates the second request
//!                          └──▶ ddtsio, as ever
//! return pointer  ──▶ back-end detour: was the first request accepted?  starts the second, or schedules it
//!                          └──▶ iosvssch, as ever
//! status pointer  ──▶ post-status detour: are both complete?  until then the first is not confirmed
//!                          └──▶ post, as ever
//! ```
//!
//! The detours stand in the path only while there is a pair ([`establish`], [`remove`]). The process
//! that writes does not know of them, and the supervisor does not either: this crate uses nothing of
//! `ios` but its public interface.
//!
//! Key types: [`Mirror`] (all pairs; it lives in the supervisor's anchor, reached through
//! [`MirrorAnchor`]), [`Pair`], [`PairState`], [`Copier`].
//!
//! Where things are: each detour has a file of its own (`front_end`, `back_end`, `post_status`); `conclude` says
//! what becomes of a write that is over, `reads` of a read that failed. `state` is the table of states and events,
//! `change` does what it says, `operate` and `establish` are what an operator asks for. `overlap` and `locks` keep
//! what overlaps in one order, `changes` is the change map, `copier` copies what it says.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod back_end;
mod change;
mod changes;
mod conclude;
mod copier;
mod establish;
mod fingerprint;
mod front_end;
mod install;
mod locks;
mod operate;
mod overlap;
mod pair;
mod post_status;
mod reads;
mod state;
mod table;
mod track;

pub use copier::{Copier, CopyEnd, CopyProgress};
pub use establish::{EstablishError, Initial, establish};
pub use locks::{LockId, is_granted, lock, unlock};
pub use operate::{Resync, remove, resume, suspend, swap};
pub use pair::{Leg, OnPrimaryError, OnSecondaryError, Pair, PairIndex, Policy};
pub use state::{Cause, ChangeError, PairState, SuspendReason};
pub use table::{Mirror, MirrorAnchor, MirrorStatistics, PairEvent, Role};
