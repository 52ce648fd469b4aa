//! The real `ios` and the real `mirror` over light disks, where every event is the test's to choose.
//!
//! Disk 1 (`0.0.0001`) and disk 2 (`0.0.0002`) are the pair of most tests: [`world::World::pair`].
#![expect(
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "all of this is a test: a panic is a failure that is seen"
)]

mod buffers;
mod copying;
mod establish;
mod failures;
mod missing;
mod model;
mod order;
mod overlap;
mod random;
mod refusals;
mod scheduled;
mod steps;
mod swap;
mod world;
mod worlds;
