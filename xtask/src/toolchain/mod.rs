//! The compiler for the kernel.
//!
//! The kernel is for `s390x-unknown-none-softfloat`. A [`Toolchain`] that can build it has the core
//! library for that target, either compiled ([`Library::Installed`]: rustup's `target add`) or as
//! source ([`Library::FromSource`]: cargo's `-Zbuild-std`, which needs `RUSTC_BOOTSTRAP`), and a
//! linker: its own `rust-lld` or GNU `ld` for s390x. [`search`] looks at what is installed;
//! [`install`] adds what is missing.

pub(crate) mod install;

mod search;

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::process::Command;

use crate::{command, workspace};

/// The kernel's target.
pub(crate) const TARGET: &str = "s390x-unknown-none-softfloat";

/// The environment variable by which cargo takes another linker for that target.
const LINKER_VARIABLE: &str = "CARGO_TARGET_S390X_UNKNOWN_NONE_SOFTFLOAT_LINKER";

/// Where the core library for the target comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Library {
    /// Compiled, beside the compiler's own.
    Installed,
    /// Compiled by us from the source that belongs to the compiler.
    FromSource,
}

/// What links the kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Linker {
    /// The compiler's own, which it finds by itself.
    OfToolchain,
    /// Another program.
    Program(PathBuf),
}

/// A compiler that can build the kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Toolchain {
    /// Its folder of programs: `cargo`, `rustc`, perhaps `cargo-clippy`.
    pub(crate) programs: PathBuf,
    /// Its version, such as `1.96.0`.
    pub(crate) version: String,
    pub(crate) library: Library,
    pub(crate) linker: Linker,
}

impl Toolchain {
    /// Cargo with this subcommand, set up to build for the kernel's target.
    pub(crate) fn cargo(&self, subcommand: &str) -> Command {
        self.prepare(self.programs.join("cargo").as_os_str(), subcommand)
    }

    /// Clippy for the kernel's target; `None` if the toolchain has none.
    ///
    /// Its program is called by itself: `cargo clippy` would look for one in cargo's home first, where
    /// rustup's may lie, which is another compiler's.
    pub(crate) fn clippy(&self) -> Option<Command> {
        let driver = self.programs.join("clippy-driver");
        let program = self.programs.join("cargo-clippy");
        (driver.is_file() && program.is_file()).then(|| self.prepare(program.as_os_str(), "clippy"))
    }

    fn prepare(&self, program: &OsStr, subcommand: &str) -> Command {
        let mut command = command::foreign_cargo(program);
        command
            .arg(subcommand)
            .args(["--target", TARGET])
            .env("CARGO", self.programs.join("cargo"))
            .env("RUSTC", self.programs.join("rustc"))
            .env("CARGO_TARGET_DIR", self.target_directory())
            .env("PATH", self.search_path())
            .current_dir(workspace::root());
        if self.library == Library::FromSource {
            command.arg("-Zbuild-std=core,alloc").env("RUSTC_BOOTSTRAP", "1");
        }
        if let Linker::Program(linker) = &self.linker {
            command.env(LINKER_VARIABLE, linker);
        }
        command
    }

    /// Each toolchain builds in a folder of its own, so that changing it does not build all anew, and
    /// away from the host's, so that neither waits for the other's lock.
    fn target_directory(&self) -> PathBuf {
        let kind = match self.library {
            Library::Installed => "installed",
            Library::FromSource => "from-source",
        };
        workspace::build_directory().join("kernel").join(format!("{}-{kind}", self.version))
    }

    /// Where the kernel's ELF file lies after a build.
    pub(crate) fn artifact(&self) -> PathBuf {
        self.target_directory().join(TARGET).join("kernel").join("ccw-mirror")
    }

    /// The search path with this toolchain's programs first.
    fn search_path(&self) -> OsString {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let places = std::iter::once(self.programs.clone()).chain(std::env::split_paths(&path));
        // A place with a colon in its name cannot be put first; cargo and rustc are called by path.
        std::env::join_paths(places).unwrap_or(path)
    }

    /// One line about it.
    pub(crate) fn description(&self) -> String {
        let library = match self.library {
            Library::Installed => "core library installed",
            Library::FromSource => "core library built from source",
        };
        let linker = match &self.linker {
            Linker::OfToolchain => "its own linker".to_owned(),
            Linker::Program(program) => program.display().to_string(),
        };
        let programs = self.programs.display();
        format!("Rust {} in {programs}, {library}, linked by {linker}", self.version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn toolchain(library: Library, linker: Linker) -> Toolchain {
        let programs = PathBuf::from("/opt/rust/bin");
        Toolchain { programs, version: "1.96.0".to_owned(), library, linker }
    }

    fn variable(command: &Command, name: &str) -> Option<String> {
        let found = command.get_envs().find(|(key, _)| *key == name)?;
        found.1.map(|value| value.to_string_lossy().into_owned())
    }

    #[test]
    fn a_source_library_needs_the_bootstrap_variable() {
        let linker = Linker::Program(PathBuf::from("/usr/bin/ld.s390x"));
        let command = toolchain(Library::FromSource, linker).cargo("build");
        let arguments: Vec<_> = command.get_args().collect();
        assert_eq!(arguments, ["build", "--target", TARGET, "-Zbuild-std=core,alloc"]);
        assert_eq!(command.get_program(), "/opt/rust/bin/cargo");
        assert_eq!(variable(&command, "RUSTC").unwrap(), "/opt/rust/bin/rustc");
        assert_eq!(variable(&command, "RUSTC_BOOTSTRAP").unwrap(), "1");
        assert_eq!(variable(&command, LINKER_VARIABLE).unwrap(), "/usr/bin/ld.s390x");
        assert!(variable(&command, "PATH").unwrap().starts_with("/opt/rust/bin:"));
    }

    #[test]
    fn an_installed_library_needs_nothing() {
        let toolchain = toolchain(Library::Installed, Linker::OfToolchain);
        let command = toolchain.cargo("build");
        assert_eq!(command.get_args().collect::<Vec<_>>(), ["build", "--target", TARGET]);
        assert_eq!(variable(&command, "RUSTC_BOOTSTRAP"), None);
        assert_eq!(variable(&command, LINKER_VARIABLE), None);
        assert!(
            toolchain.artifact().ends_with(
                "kernel/1.96.0-installed/s390x-unknown-none-softfloat/kernel/ccw-mirror"
            )
        );
        assert!(toolchain.clippy().is_none());
    }
}
