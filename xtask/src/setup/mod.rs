//! `cargo xtask setup`, and the set-up that every other command does first.
//!
//! What is there is only looked at, so the second time costs nothing. What is missing is installed with
//! the distribution's package manager ([`apt`]) or, for the kernel's compiler, rustup
//! ([`crate::toolchain::install`]); where neither is there, the message says what to install.

pub(crate) mod apt;

mod programs;

use anyhow::Result;

use crate::command::say;
use crate::toolchain::{self, Toolchain};

pub(crate) use programs::{FILE_SYSTEM_CHECK, Need, ensure};

/// Sets up everything.
///
/// # Errors
/// Something is missing and cannot be installed.
pub(crate) fn run() -> Result<()> {
    for found in ensure(&[Need::Qemu, Need::FileSystemTools])? {
        say(format!("found {found}"));
    }
    let toolchain = kernel_toolchain()?;
    toolchain::install::ensure_clippy(&toolchain);
    say(format!("found {}", toolchain.description()));
    say("everything is there");
    Ok(())
}

/// The toolchain for the kernel, installed if need be.
///
/// # Errors
/// There is none and none can be installed.
pub(crate) fn kernel_toolchain() -> Result<Toolchain> {
    toolchain::install::ensure()
}
