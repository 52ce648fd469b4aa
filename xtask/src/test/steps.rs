//! The steps of `cargo xtask test`. Each says how many tests passed and failed in it.

use std::io::{self, IsTerminal};
use std::process::Command;

use anyhow::Result;
use qemu_tests::program;

use super::count::Count;
use crate::command::{self, host_cargo, say};
use crate::toolchain::Toolchain;
use crate::{build, workspace};

/// `cargo fmt --check`.
pub(super) fn formatting() -> Result<Count> {
    if program::find("cargo-fmt").is_none() {
        say("there is no rustfmt here (`rustup component add rustfmt`)");
        return Ok(Count::SKIPPED);
    }
    let mut cargo = cargo("fmt");
    cargo.args(["--all", "--check"]);
    Ok(check(cargo))
}

/// Clippy over everything that a host compiles.
pub(super) fn host_lints() -> Result<Count> {
    if program::find("cargo-clippy").is_none() {
        say("there is no clippy here (`rustup component add clippy`)");
        return Ok(Count::SKIPPED);
    }
    let lint = |selection: &[&str]| {
        let mut cargo = cargo("clippy");
        cargo.args(selection).args(["--", "-D", "warnings"]);
        check(cargo)
    };
    // The scenarios are no target of `--all-targets`: their manifest leaves them out of the host's tests.
    Ok(lint(&["--workspace", "--all-targets"])
        + lint(&["--package", "qemu-tests", "--test", "scenarios"]))
}

/// Clippy over the kernel and what it is made of, for its own target.
pub(super) fn kernel_lints(toolchain: &Toolchain) -> Result<Count> {
    let Some(mut clippy) = toolchain.clippy() else {
        say("there is no clippy for the kernel's target here");
        return Ok(Count::SKIPPED);
    };
    clippy.args(["--package", "ccw-mirror", "--", "-D", "warnings"]);
    Ok(check(clippy))
}

/// All tests of the host. The scenarios are left out by their manifest.
pub(super) fn host_tests(filter: Option<&str>) -> Result<Count> {
    let mut cargo = cargo("test");
    cargo.args(["--workspace", "--no-fail-fast"]);
    tests(cargo, filter)
}

/// Builds the kernels and runs the scenarios on them.
pub(super) fn scenarios(filter: Option<&str>) -> Result<Count> {
    let built = build::run_self_test().and_then(|self_test| Ok((self_test, build::run()?)));
    let (self_test, kernel) = match built {
        Ok(kernels) => kernels,
        Err(error) => {
            say(format!("{error:#}"));
            return Ok(Count::of_check(false));
        }
    };
    let mut cargo = cargo("test");
    cargo.args(["--package", "qemu-tests", "--test", "scenarios"]);
    cargo.env("CCW_MIRROR_ELF", kernel).env("CCW_MIRROR_SELF_TEST_ELF", self_test);
    tests(cargo, filter)
}

fn cargo(subcommand: &str) -> Command {
    let mut cargo = host_cargo();
    cargo.arg(subcommand).current_dir(workspace::root());
    if io::stdout().is_terminal() {
        // It would see that its output goes through us, and leave colours out.
        cargo.env("CARGO_TERM_COLOR", "always");
    }
    cargo
}

fn check(command: Command) -> Count {
    match command::run(command) {
        Ok(()) => Count::of_check(true),
        Err(error) => {
            say(format!("{error:#}"));
            Count::of_check(false)
        }
    }
}

/// Runs test programs, only the tests whose names contain the text if there is one.
fn tests(mut command: Command, filter: Option<&str>) -> Result<Count> {
    command.arg("--").args(filter);
    let mut count = Count::default();
    let succeeded = command::run_seeing(command, |line| count.see(line))?;
    Ok(count.judged(succeeded))
}
