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
//! [`MirrorAnchor`]), [`Pair`], [`PairState`]. Each detour has a file of its own; `overlap` keeps writes
//! that overlap in one order on both legs.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod back_end;
mod establish;
mod front_end;
mod overlap;
mod pair;
mod post_status;
mod suspend;
mod table;
mod track;

pub use establish::{EstablishError, RemoveError, establish, remove};
pub use pair::{Leg, Pair, PairIndex, PairState, SuspendReason};
pub use table::{Mirror, MirrorAnchor, MirrorStatistics, PairEvent, Role};
