//! The simulated machine by itself, and the real drivers, supervisor and mirror over it.
#![expect(
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "all of this is a test: a panic is a failure that is seen"
)]

mod bench;
mod console;
mod console_devices;
mod copies;
mod enumerate;
mod instructions;
#[path = "../light/model.rs"]
mod model;
mod operator;
mod probing;
mod programs;
mod protocol;
mod raw;
mod scrub;
#[path = "../light/steps.rs"]
mod steps;
mod storage;
mod supervisor;
mod trust;
mod world;
mod worlds;
