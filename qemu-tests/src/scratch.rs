//! Where temporary files live: images, sockets.
//!
//! Images of tests are small and written in full, so they belong in memory: `/dev/shm` where there is
//! one, else the system's temporary directory. `CCW_MIRROR_SCRATCH` names another place, and with
//! `CCW_MIRROR_KEEP=1` nothing is deleted, so that the images of a failed test can be looked at with
//! the command line that its message shows.

use std::env;
use std::path::PathBuf;

use anyhow::{Context, Result};
use tempfile::{Builder, TempDir};

/// The environment variable that names the directory for temporary files.
pub const SCRATCH_VARIABLE: &str = "CCW_MIRROR_SCRATCH";

/// The environment variable that, when set and not empty, keeps temporary files.
pub const KEEP_VARIABLE: &str = "CCW_MIRROR_KEEP";

/// Makes a new directory for images, deleted when dropped.
///
/// # Errors
/// The directory cannot be made.
pub fn directory() -> Result<TempDir> {
    make(parent())
}

/// Makes a new directory for sockets, deleted when dropped.
///
/// A socket's path must fit in 108 bytes (`unix(7)`), so this is always the system's temporary
/// directory, whose name is short.
///
/// # Errors
/// The directory cannot be made.
pub(crate) fn socket_directory() -> Result<TempDir> {
    make(env::temp_dir())
}

fn make(parent: PathBuf) -> Result<TempDir> {
    let mut directory =
        Builder::new().prefix("ccw-mirror-").tempdir_in(&parent).with_context(|| {
            format!(
                "cannot make a temporary directory in {} (set {SCRATCH_VARIABLE} to use another)",
                parent.display()
            )
        })?;
    directory.disable_cleanup(env::var_os(KEEP_VARIABLE).is_some_and(|value| !value.is_empty()));
    Ok(directory)
}

fn parent() -> PathBuf {
    if let Some(chosen) = env::var_os(SCRATCH_VARIABLE).filter(|value| !value.is_empty()) {
        return PathBuf::from(chosen);
    }
    let memory = PathBuf::from("/dev/shm");
    if memory.is_dir() { memory } else { env::temp_dir() }
}
