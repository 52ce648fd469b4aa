//! Every course that small worlds can take, over the real supervisor and the real mirror.
//!
//! A world is a supervisor with light disks ([`channel_sim::light`]), pairs of them, one process that asks for
//! I/O and an operator. What can happen next is an [`Action`]: a request is asked for, a disk ends one (well, or
//! badly after some sectors, with its interruption or without), a start gives another condition code, a
//! disk goes away or comes back, time passes, the operator gives a command. [`check`] has `stateright` visit every
//! state that can be reached within a world's [`bounds`], and holds each against every [`Property`].
//!
//! ```
//! use model_check::{check, worlds};
//!
//! let world = worlds::small().remove(2);
//! let report = check(&world, 1);
//! assert!(report.counterexample.is_none(), "{report}");
//! ```
//!
//! - [`worlds`]: which worlds there are; [`bounds`]: what makes one.
//! - [`World`]: a state; what it is made of, and by what two states are told apart (`names`, and the
//!   `fingerprint` of each crate).
//! - `enabled`: what can happen; `step`, `copying`: what it does; `check`, [`oracle`]: what must hold then.
//! - [`Reached`]: what a world has come to, so that nobody takes for proved what never happened.
//!
//! `docs/proof.md` says what this proves and what it does not.
#![forbid(unsafe_code)]
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "all of this is a test: a panic is a failure that is seen"
)]

mod action;
pub mod bounds;
mod check;
mod copying;
mod enabled;
mod model;
pub mod mutations;
mod names;
pub mod oracle;
mod property;
mod reached;
mod run;
mod step;
mod world;
pub mod worlds;

pub use action::Action;
pub use model::{Courses, Prepare};
pub use property::{Broken, Property};
pub use reached::Reached;
pub use run::{Counterexample, Report, check, check_prepared};
pub use step::quiet_panics;
pub use world::World;
