//! Getting a toolchain for the kernel: by rustup where it can, by Debian's packages where it cannot.
//!
//! With rustup the target's library is one small download. Where its servers are not reached, Debian
//! offers a compiler with its library's source (`rustc-web`, kept current for Debian's browsers) and a
//! linker; the kernel uses no unstable feature, only its library must be compiled along.

use std::env;
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, bail};
use qemu_tests::program;

use super::search::{Missing, detect, is_enough, missing, oldest};
use super::{TARGET, Toolchain};
use crate::command::{finish_within, say};
use crate::setup::apt;

/// Debian's compiler, its cargo and the library's source.
const DEBIAN_COMPILER: [&str; 3] = ["rustc-web", "cargo-web", "rust-web-src"];

/// Debian's clippy for that compiler.
const DEBIAN_CLIPPY: &str = "rust-web-clippy";

/// Debian's linker for s390x.
const DEBIAN_LINKER: &str = "binutils-s390x-linux-gnu";

/// How long rustup may try. The library is some 10 MB.
const RUSTUP_LIMIT: Duration = Duration::from_secs(120);

/// The toolchain that builds the kernel, installed now if there is none.
///
/// # Errors
/// There is none and none can be had; the message says what a person can do.
pub(crate) fn ensure() -> Result<Toolchain> {
    if let Some(toolchain) = detect() {
        return Ok(toolchain);
    }
    say(format!("the kernel needs {}", missing()));
    if missing().library {
        add_by_rustup();
    }
    if let Some(toolchain) = detect() {
        return Ok(toolchain);
    }
    let problem = match add_by_debian(&missing()) {
        Ok(()) => match detect() {
            Some(toolchain) => return Ok(toolchain),
            None => format!("after installing Debian's packages, {} is still missing", missing()),
        },
        Err(error) => format!("{error:#}"),
    };
    bail!(
        "{problem}\nTo get a compiler for the kernel, either run \
         `rustup target add {TARGET}` (rustup, stable {} or later), or install the packages {} and \
         {DEBIAN_LINKER} of Debian or a distribution like it",
        oldest(),
        DEBIAN_COMPILER.join(", "),
    );
}

/// Has rustup add the target to the toolchain that runs us. That it cannot is no error yet.
fn add_by_rustup() {
    let (Some(rustup), Some(toolchain)) =
        (program::find("rustup"), env::var_os("RUSTUP_TOOLCHAIN"))
    else {
        return;
    };
    say(format!("rustup target add {TARGET}"));
    let mut command = Command::new(rustup);
    command.args(["target", "add", TARGET, "--toolchain"]).arg(toolchain);
    // A backtrace of rustup's would hide its message.
    command.env_remove("RUST_BACKTRACE");
    let problem = match finish_within(command, RUSTUP_LIMIT) {
        Ok(finished) if finished.succeeded() => return,
        Ok(finished) => first_error(&finished.problem()),
        Err(error) => error.to_string(),
    };
    say(format!("rustup could not: {problem}"));
}

/// The line that tells what went wrong.
fn first_error(printed: &str) -> String {
    let mut lines = printed.lines().map(str::trim);
    let error = lines.clone().find(|line| line.starts_with("error"));
    error.or_else(|| lines.next()).unwrap_or_default().to_owned()
}

fn add_by_debian(missing: &Missing) -> Result<()> {
    let mut packages = Vec::new();
    if missing.library {
        require_compiler_on_offer()?;
        packages.extend(DEBIAN_COMPILER);
    }
    if missing.linker {
        packages.push(DEBIAN_LINKER);
    }
    apt::install(&packages)
}

/// Fails unless Debian's compiler is on offer, new enough; asks the servers if the lists at hand are older.
fn require_compiler_on_offer() -> Result<()> {
    let [compiler, ..] = DEBIAN_COMPILER;
    let enough = |version: &Option<String>| {
        version.as_ref().is_some_and(|version| is_enough(version, oldest()))
    };
    let mut version = apt::candidate_version(compiler)?;
    if !enough(&version) {
        apt::update()?;
        version = apt::candidate_version(compiler)?;
    }
    match &version {
        None => bail!("Debian's package {compiler} is not on offer here"),
        Some(old) if !enough(&version) => {
            bail!("Debian's {compiler} is {old}; the kernel needs {} or later", oldest())
        }
        Some(_) => Ok(()),
    }
}

/// Adds clippy for the kernel where that is a matter of one package; it is no error if it cannot.
pub(crate) fn ensure_clippy(toolchain: &Toolchain) {
    let of_debian = toolchain.programs.as_os_str() == "/usr/bin";
    if toolchain.clippy().is_some() || !of_debian {
        return;
    }
    let installed = apt::candidate_version(DEBIAN_CLIPPY).and_then(|version| match version {
        Some(version) if version.starts_with(&toolchain.version) => apt::install(&[DEBIAN_CLIPPY]),
        Some(version) => bail!("{DEBIAN_CLIPPY} is {version}, the compiler {}", toolchain.version),
        None => bail!("the package {DEBIAN_CLIPPY} is not on offer here"),
    });
    if let Err(error) = installed {
        say(format!("no lints for the kernel's target: {error:#}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_telling_line_is_picked() {
        let printed = "exit status: 1\n  info: downloading\n  error: could not download\n  at x";
        assert_eq!(first_error(printed), "error: could not download");
        assert_eq!(first_error("killed at its time limit\n"), "killed at its time limit");
        assert_eq!(first_error(""), "");
    }
}
