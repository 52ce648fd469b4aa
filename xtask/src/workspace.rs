//! Where things are in this repository.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    // Cargo says where the package is at run time; the place at compile time is only a stand-in for a
    // program that was started without cargo.
    let package = env::var_os("CARGO_MANIFEST_DIR").unwrap_or(env!("CARGO_MANIFEST_DIR").into());
    let package = PathBuf::from(package);
    package.parent().map_or_else(|| package.clone(), Path::to_owned)
}

/// Where the kernel, the demo's images and other results are left: `target/`, wherever cargo builds.
pub(crate) fn results() -> PathBuf {
    root().join("target")
}

/// Where cargo builds.
pub(crate) fn build_directory() -> PathBuf {
    match env::var_os("CARGO_TARGET_DIR").filter(|directory| !directory.is_empty()) {
        Some(directory) => root().join(directory),
        None => results(),
    }
}

/// The kernel that `cargo xtask build` leaves.
pub(crate) fn kernel_elf() -> PathBuf {
    results().join("ccw-mirror.elf")
}

/// The kernel with faults on purpose that the tests build.
pub(crate) fn self_test_elf() -> PathBuf {
    results().join("ccw-mirror-self-test.elf")
}

/// Makes a directory and those above it.
///
/// # Errors
/// It cannot be made.
pub(crate) fn make_directory(path: &Path) -> Result<()> {
    fs::create_dir_all(path)
        .with_context(|| format!("cannot make the directory {}", path.display()))
}

/// A path as short as it can be said: relative to the working directory where it lies below it.
pub(crate) fn shown(path: &Path) -> String {
    let below =
        env::current_dir().ok().and_then(|here| path.strip_prefix(here).ok().map(Path::to_owned));
    below.unwrap_or_else(|| path.to_owned()).display().to_string()
}
