//! Programs that the commands call, and the packages that bring them.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use qemu_tests::program;

use super::apt;

/// The program that checks ext4 file systems.
pub(crate) const FILE_SYSTEM_CHECK: &str = "e2fsck";

/// Something that a command needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// The emulator, and the tools for its images.
    Qemu,
    /// The check of ext4 file systems.
    FileSystemTools,
}

impl Need {
    fn programs(self) -> &'static [&'static str] {
        match self {
            Self::Qemu => &["qemu-system-s390x", "qemu-img", "qemu-nbd"],
            Self::FileSystemTools => &[FILE_SYSTEM_CHECK],
        }
    }

    fn install(self) -> Result<()> {
        match self {
            Self::Qemu => apt::install_qemu(),
            Self::FileSystemTools => apt::install(&["e2fsprogs"]),
        }
    }

    fn missing(self) -> Vec<&'static str> {
        let programs = self.programs().iter().copied();
        programs.filter(|name| program::find(name).is_none()).collect()
    }
}

/// Sees to it that all of these are there, and returns where their programs are.
///
/// # Errors
/// Something is missing and cannot be installed; the message names the programs.
pub(crate) fn ensure(needs: &[Need]) -> Result<Vec<String>> {
    for need in needs {
        let missing = need.missing();
        if missing.is_empty() {
            continue;
        }
        need.install().with_context(|| format!("cannot do without {}", missing.join(", ")))?;
        let still = need.missing();
        if !still.is_empty() {
            bail!("{} is still not there after installing its package", still.join(", "));
        }
    }
    let programs = needs.iter().flat_map(|need| need.programs());
    let places: Vec<PathBuf> = programs.filter_map(program::find).collect();
    Ok(places.iter().map(|place| place.display().to_string()).collect())
}
