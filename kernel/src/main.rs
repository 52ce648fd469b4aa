//! The supervisor that boots: from the first instruction to the job, and to the end.
//!
//! In the order of a run: `boot/entry.s`, `boot` (the order of the boot), `console`, `memory` (storage, translation,
//! heap), `parameters`, `machine` (what the jobs run on), `supervisor` (from the parameters to the RESULT line),
//! `devices` (the disks), `terminal` (what the operator types), `ending`. When something goes wrong:
//! `boot/interruptions.s`, `traps` (the report), `backtrace` over `unwind` (the chain of calls), `wait_state` (the
//! codes of `docs/wait-states.md`). `self_test` causes faults on purpose, with the feature of that name alone.
//!
//! On a host only what does not touch the machine is compiled, for its tests.
#![cfg_attr(target_os = "none", no_std, no_main)]

#[cfg(target_os = "none")]
extern crate alloc;

#[cfg(target_os = "none")]
mod backtrace;
#[cfg(target_os = "none")]
mod boot;
#[cfg(target_os = "none")]
mod console;
#[cfg(target_os = "none")]
mod devices;
#[cfg(target_os = "none")]
mod ending;
#[cfg(target_os = "none")]
mod machine;
#[cfg(target_os = "none")]
mod memory;
#[cfg(target_os = "none")]
mod parameters;
#[cfg(all(target_os = "none", feature = "self-test"))]
mod self_test;
#[cfg(target_os = "none")]
mod supervisor;
#[cfg(target_os = "none")]
mod terminal;
#[cfg(target_os = "none")]
mod traps;
#[cfg(any(target_os = "none", test))]
mod unwind;
#[cfg(any(target_os = "none", test))]
mod wait_state;

/// Says what the program is for; it runs where there is no operating system.
#[cfg(not(target_os = "none"))]
fn main() {
    eprintln!("ccw-mirror runs on s390x without an operating system: see `cargo xtask`");
}
