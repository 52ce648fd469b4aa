//! Looking for a toolchain that can build the kernel, without changing anything.

use std::env;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use qemu_tests::program;

use super::{Library, Linker, TARGET, Toolchain};
use crate::command;

/// GNU `ld` for s390x.
const GNU_LINKER: &str = "s390x-linux-gnu-ld";

/// The oldest version that compiles the workspace, as in its manifest.
const OLDEST: &str = env!("CARGO_PKG_RUST_VERSION");

/// How long a compiler may take to say its version.
const VERSION_LIMIT: Duration = Duration::from_secs(20);

/// What keeps a toolchain from building the kernel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Missing {
    /// No compiler with a core library for the target, compiled or as source.
    pub(crate) library: bool,
    /// No linker.
    pub(crate) linker: bool,
}

impl fmt::Display for Missing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.library, self.linker) {
            (true, true) => write!(formatter, "a core library for {TARGET} and a linker"),
            (true, false) => write!(formatter, "a core library for {TARGET}"),
            (false, true) => write!(formatter, "a linker for {TARGET}"),
            (false, false) => write!(formatter, "nothing"),
        }
    }
}

/// The first toolchain that can build the kernel: the one that runs us, then those of rustup, then the
/// system's; one with a compiled library before one with its source.
pub(crate) fn detect() -> Option<Toolchain> {
    compilers().into_iter().find_map(Compiler::toolchain)
}

/// What [`detect`] did not find.
pub(crate) fn missing() -> Missing {
    Missing {
        library: !compilers().iter().any(|compiler| compiler.version().is_some()),
        linker: linker().is_none(),
    }
}

/// A compiler with a core library for the target, of which nothing more is known yet.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Compiler {
    programs: PathBuf,
    library: Library,
}

impl Compiler {
    fn toolchain(self) -> Option<Toolchain> {
        let linker = match own_linker(&self.programs) {
            Some(_) => Linker::OfToolchain,
            None => linker()?,
        };
        let version = self.version()?;
        let Self { programs, library } = self;
        Some(Toolchain { programs, version, library, linker })
    }

    /// Its version; `None` if it does not run or is too old.
    fn version(&self) -> Option<String> {
        let mut rustc = command::foreign_cargo(self.programs.join("rustc").as_os_str());
        rustc.arg("--version");
        let finished = command::finish_within(rustc, VERSION_LIMIT).ok()?;
        let version = version_in(&finished.output)?;
        is_enough(&version, OLDEST).then_some(version)
    }
}

/// All compilers that have a core library for the target.
fn compilers() -> Vec<Compiler> {
    let places = places();
    let with = |library: Library, has: fn(&Path) -> bool| {
        let found = places.iter().filter(move |programs| has(&sysroot(programs)));
        found.map(move |programs| Compiler { programs: programs.clone(), library })
    };
    with(Library::Installed, has_library).chain(with(Library::FromSource, has_source)).collect()
}

/// Folders with a `cargo` and a `rustc`: of the toolchain that runs us, of rustup's, of the system.
fn places() -> Vec<PathBuf> {
    let own = env::var_os("CARGO").map(PathBuf::from);
    let own = own.and_then(|cargo| cargo.parent().map(Path::to_owned));
    let others = rustup_toolchains().into_iter().map(|toolchain| toolchain.join("bin"));
    let mut places: Vec<PathBuf> = Vec::new();
    for place in own.into_iter().chain(others).chain([PathBuf::from("/usr/bin")]) {
        let whole = place.join("cargo").is_file() && place.join("rustc").is_file();
        if whole && !is_proxy_folder(&place) && !places.contains(&place) {
            places.push(place);
        }
    }
    places
}

/// Whether the folder holds rustup's proxies, which only pass on to a toolchain.
fn is_proxy_folder(place: &Path) -> bool {
    place.join("rustup").exists()
}

/// The folders of rustup's toolchains, in the order of their names.
fn rustup_toolchains() -> Vec<PathBuf> {
    let named = env::var_os("RUSTUP_HOME").map(PathBuf::from);
    let usual = || env::var_os("HOME").map(|home| PathBuf::from(home).join(".rustup"));
    let Some(home) = named.or_else(usual) else { return Vec::new() };
    let entries = fs::read_dir(home.join("toolchains")).into_iter().flatten();
    let mut toolchains: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    toolchains.sort();
    toolchains
}

/// A toolchain's root: `rustc --print sysroot` says the same, but takes longer.
fn sysroot(programs: &Path) -> PathBuf {
    programs.parent().unwrap_or(programs).to_owned()
}

fn has_library(sysroot: &Path) -> bool {
    let entries = fs::read_dir(sysroot.join("lib/rustlib").join(TARGET).join("lib"));
    let mut names = entries.into_iter().flatten().flatten().map(|entry| entry.file_name());
    names.any(|name| name.to_string_lossy().starts_with("libcore-"))
}

fn has_source(sysroot: &Path) -> bool {
    sysroot.join("lib/rustlib/src/rust/library/core/src/lib.rs").is_file()
}

/// A linker for whoever has none of its own.
fn linker() -> Option<Linker> {
    let gnu = program::find(GNU_LINKER);
    let of_rustup = || {
        let toolchains = rustup_toolchains();
        toolchains.iter().find_map(|toolchain| own_linker(&toolchain.join("bin")))
    };
    gnu.or_else(of_rustup).map(Linker::Program)
}

/// The `rust-lld` that comes with a toolchain.
fn own_linker(programs: &Path) -> Option<PathBuf> {
    let entries = fs::read_dir(sysroot(programs).join("lib/rustlib")).ok()?;
    let mut candidates = entries.flatten().map(|entry| entry.path().join("bin/rust-lld"));
    candidates.find(|candidate| candidate.is_file())
}

/// `1.96.0` in `rustc 1.96.0 (ac68faa20 2026-05-25)`.
fn version_in(text: &str) -> Option<String> {
    let mut words = text.split_whitespace();
    (words.next() == Some("rustc")).then(|| words.next().map(str::to_owned)).flatten()
}

/// Whether a version is no older than another: `1.96.0` than `1.95`.
pub(super) fn is_enough(version: &str, oldest: &str) -> bool {
    match (numbers(version), numbers(oldest)) {
        (Some(version), Some(oldest)) => version >= oldest,
        _ => false,
    }
}

/// Major and minor number.
fn numbers(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.split(['.', '-', '+', '~']);
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// The oldest version that compiles the workspace.
pub(super) fn oldest() -> &'static str {
    OLDEST
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_and_compared() {
        let version = version_in("rustc 1.96.0 (ac68faa20 2026-05-25) (built from a source)\n");
        assert_eq!(version.as_deref(), Some("1.96.0"));
        assert_eq!(version_in("cargo 1.96.0"), None);
        assert_eq!(version_in(""), None);
        for (version, enough) in [
            ("1.95.0", true),
            ("1.96.0+dfsg1-1~deb12u2", true),
            ("1.100.0", true),
            ("2.0.0", true),
            ("1.98.0-nightly", true),
            ("1.63.0", false),
            ("1.9.5", false),
            ("x", false),
            ("", false),
        ] {
            assert_eq!(is_enough(version, "1.95"), enough, "{version}");
        }
    }

    #[test]
    fn what_is_missing_is_said() {
        let both = Missing { library: true, linker: true };
        assert!(both.to_string().contains("core library") && both.to_string().contains("linker"));
        let linker = Missing { library: false, linker: true };
        assert_eq!(linker.to_string(), "a linker for s390x-unknown-none-softfloat");
    }

    #[test]
    fn a_toolchain_is_known_by_its_files() {
        let root = tempfile::tempdir().unwrap();
        let programs = root.path().join("bin");
        assert!(!has_library(root.path()) && !has_source(root.path()));
        assert_eq!(own_linker(&programs), None);

        let library = root.path().join("lib/rustlib").join(TARGET).join("lib");
        fs::create_dir_all(&library).unwrap();
        assert!(!has_library(root.path()), "an empty folder is no library");
        fs::write(library.join("libcore-1234.rlib"), "").unwrap();
        assert!(has_library(root.path()));

        let source = root.path().join("lib/rustlib/src/rust/library/core/src");
        fs::create_dir_all(&source).unwrap();
        fs::write(source.join("lib.rs"), "").unwrap();
        assert!(has_source(root.path()));

        let linker = root.path().join("lib/rustlib/x86_64-unknown-linux-gnu/bin/rust-lld");
        fs::create_dir_all(linker.parent().unwrap()).unwrap();
        fs::write(&linker, "").unwrap();
        assert_eq!(own_linker(&programs), Some(linker));
    }
}
