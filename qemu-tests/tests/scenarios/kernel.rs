//! The kernel that the scenarios boot, and how a function becomes a scenario.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use libtest_mimic::Trial;
use qemu_tests::Machine;

/// The environment variable that names the kernel.
const VARIABLE: &str = "CCW_MIRROR_ELF";

/// The kernel's ELF file.
#[derive(Clone, Debug)]
pub(crate) struct Kernel {
    elf: PathBuf,
}

impl Kernel {
    /// The file that the environment names, or the one that `cargo xtask build` leaves.
    pub(crate) fn named() -> Self {
        let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/ccw-mirror.elf");
        let named = env::var_os(VARIABLE).filter(|name| !name.is_empty());
        Self { elf: named.map_or(built, PathBuf::from) }
    }

    /// Fails, saying what to do, if there is no such file.
    pub(crate) fn check(&self) -> Result<()> {
        if self.elf.is_file() {
            return Ok(());
        }
        bail!(
            "there is no kernel at {}: run `cargo xtask build`, or set {VARIABLE} to the ELF file",
            self.elf.display()
        );
    }

    /// Where the ELF file is.
    pub(crate) fn elf(&self) -> &Path {
        &self.elf
    }

    /// A machine that boots the kernel with these parameters.
    pub(crate) fn machine(&self, parameters: &str) -> Machine {
        Machine::new(&self.elf).parameters(parameters)
    }

    /// Makes a scenario of a function.
    pub(crate) fn trial(
        &self,
        name: impl Into<String>,
        scenario: impl FnOnce(&Self) -> Result<()> + Send + 'static,
    ) -> Trial {
        let kernel = self.clone();
        Trial::test(name, move || scenario(&kernel).map_err(|error| format!("{error:#}").into()))
    }
}
