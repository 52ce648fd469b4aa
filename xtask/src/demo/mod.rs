//! `cargo xtask demo`: the main job on real input, from start to finish.
//!
//! Without more it is the ledger ([`ledger`]): a real file system is copied to a mirrored pair, the
//! recorded writes of a real guest are replayed on it, and both disks are checked. With `--input FILE`
//! ([`input`]) any disk image of the user's is copied and compared; FILE itself is only read. Images and
//! consoles are left in `target/demo/` and made anew each time.

mod boot;
mod checks;
mod input;
mod ledger;
mod progress;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use crate::workspace;

/// Options of `demo`.
#[derive(Args, Debug)]
#[command(after_help = "\
Without --input: copies the ledger's file system (64 MiB of ext4, kept in this repository) to a
mirrored pair of disks, boots again and replays 3,249 recorded writes and flushes of a Linux guest
on it, then compares the two disks with each other and with the known checksum, and checks their
file systems. The images stay in target/demo/.")]
pub(crate) struct Options {
    /// Copy and compare this disk image instead: any size, raw or any format that QEMU knows. It is
    /// opened read-only
    #[arg(long, value_name = "FILE")]
    input: Option<PathBuf>,
}

/// Runs the demo; its summary goes to standard output.
///
/// # Errors
/// Something failed, or did not come out as it must.
pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let directory = workspace::results().join("demo");
    let summary = match &options.input {
        None => ledger::run(&directory)?,
        Some(input) => input::run(input, &directory)?,
    };
    println!("{summary}");
    Ok(ExitCode::SUCCESS)
}

/// The images of the pair.
#[derive(Clone, Debug)]
struct Legs {
    primary: PathBuf,
    secondary: PathBuf,
}

impl Legs {
    fn in_directory(directory: &Path) -> Self {
        Self { primary: directory.join("primary.img"), secondary: directory.join("secondary.img") }
    }

    fn paths(&self) -> [&Path; 2] {
        [&self.primary, &self.secondary]
    }
}
