//! What must hold whatever bytes come in: the bodies of the fuzz targets.
//!
//! Each module has one function `check`, which takes any bytes and panics if something does not hold. libFuzzer calls
//! it (`fuzz/fuzz_targets`, run by `cargo xtask fuzz`), and so does an ordinary test, for every file of the corpus
//! (`tests/corpus.rs`). None of them only looks for panics: each compares what the code under test says with
//! what a second, plainer piece of code, written from the documents, makes of the same bytes.
//!
//! | module | bytes are | under test |
//! |---|---|---|
//! | [`parameters`] | a parameter line | `jobs::ParameterLine` |
//! | [`console`] | a command line | `jobs::console::Command` |
//! | [`replay`] | a write log, and what the disks are like | `jobs`' replay, over all layers below it |
//! | [`virtqueue`] | what driver and device do, step by step | `virtio_ccw::queue::SplitQueue` |
//! | [`block_device`] | the same, one layer higher | `virtio_ccw::BlockDevice` |
//!
//! `docs/fuzzing.md` tells how to run them and what has been seen.
#![forbid(unsafe_code)]

pub mod block_device;
pub mod console;
mod hostile;
mod input;
mod memory;
pub mod parameters;
pub mod replay;
mod ring;
pub mod virtqueue;

/// A fuzz target.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name, which is that of its file, its corpus and its dictionary.
    pub name: &'static str,
    /// What it does with an input.
    pub check: fn(&[u8]),
}

/// All fuzz targets.
pub const TARGETS: [Target; 5] = [
    Target { name: "block_device", check: block_device::check },
    Target { name: "console", check: console::check },
    Target { name: "parameters", check: parameters::check },
    Target { name: "replay", check: replay::check },
    Target { name: "virtqueue", check: virtqueue::check },
];
