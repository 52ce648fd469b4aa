//! What fuzzing needs: cargo-fuzz, and a C++ compiler for libFuzzer, which is built from its source.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use qemu_tests::program;

use crate::command::{self, finish_within, host_cargo, say};
use crate::setup::apt;

/// The versions of cargo-fuzz that are like the one that the targets were run with.
const VERSION: &str = "^0.13";

/// C++ compilers, any of which will do.
const COMPILERS: [&str; 3] = ["c++", "g++", "clang++"];

/// How long cargo-fuzz may take to say its version.
const LIMIT: Duration = Duration::from_secs(60);

/// Sees to it that everything is there.
///
/// # Errors
/// Something cannot be installed; the message says what a person can do.
pub(super) fn ensure() -> Result<()> {
    if !COMPILERS.iter().any(|name| program::find(name).is_some()) {
        say("libFuzzer needs a C++ compiler");
        apt::install(&["g++"]).context("cannot do without a C++ compiler")?;
    }
    if has_cargo_fuzz()? {
        return Ok(());
    }
    say("cargo-fuzz is missing: cargo install cargo-fuzz --locked");
    let mut cargo = host_cargo();
    cargo.args(["install", "cargo-fuzz", "--locked", "--version", VERSION]);
    command::run(cargo).context(
        "cargo-fuzz cannot be installed; with a network, `cargo install cargo-fuzz --locked` does it. \
         The corpus is run without it by `cargo test -p fuzz-properties`",
    )?;
    if !has_cargo_fuzz()? {
        bail!("cargo-fuzz was installed, and `cargo fuzz --version` fails all the same");
    }
    Ok(())
}

fn has_cargo_fuzz() -> Result<bool> {
    let mut cargo = host_cargo();
    cargo.args(["fuzz", "--version"]);
    Ok(finish_within(cargo, LIMIT)?.succeeded())
}
