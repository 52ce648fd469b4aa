//! `cargo xtask build`: the kernel, left at `target/ccw-mirror.elf` with its debug information.

mod size;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::command::{self, say};
use crate::{setup, units, workspace};

/// Builds the kernel, with a toolchain that is installed if there is none, and returns where it is.
///
/// # Errors
/// There is no toolchain and none can be installed, or the kernel does not compile.
pub(crate) fn run() -> Result<PathBuf> {
    build(workspace::kernel_elf(), &[])
}

/// Builds the kernel that causes faults on purpose, for the scenarios about them, and returns where it is.
///
/// # Errors
/// As [`run`].
pub(crate) fn run_self_test() -> Result<PathBuf> {
    build(workspace::self_test_elf(), &["--features", "self-test"])
}

fn build(elf: PathBuf, features: &[&str]) -> Result<PathBuf> {
    let toolchain = setup::kernel_toolchain()?;
    let mut cargo = toolchain.cargo("build");
    cargo.args(["--package", "ccw-mirror", "--profile", "kernel"]).args(features);
    command::run(cargo)?;
    leave(&toolchain.artifact(), &elf)?;
    let content = fs::read(&elf).with_context(|| format!("cannot read {}", elf.display()))?;
    say(format!(
        "kernel: {}, {} stripped ({} with debug information)",
        workspace::shown(&elf),
        units::bytes(size::stripped(&content)?),
        units::bytes(content.len() as u64),
    ));
    Ok(elf)
}

/// Puts a copy of `built` at `place`, in one step: who boots it meanwhile sees the old or the new one.
fn leave(built: &Path, place: &Path) -> Result<()> {
    let failed = || format!("cannot copy {} to {}", built.display(), place.display());
    let directory = place.parent().unwrap_or(place);
    workspace::make_directory(directory)?;
    let copy = tempfile::NamedTempFile::new_in(directory).with_context(failed)?;
    fs::copy(built, copy.path()).with_context(failed)?;
    copy.persist(place).with_context(failed)?;
    Ok(())
}
