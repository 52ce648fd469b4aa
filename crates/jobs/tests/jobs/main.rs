//! The jobs over the real supervisor and the real mirror, with disks in memory.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that panics has failed")]

mod bench;
mod common;
mod compare;
mod copies;
mod copy;
mod lines;
mod logs;
mod replay;
