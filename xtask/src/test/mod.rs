//! `cargo xtask test`: every test, in the order in which a failure is told soonest.
//!
//! Formatting and lints first, then the tests of the host, then the kernel and the scenarios in QEMU. A
//! step that fails does not keep the others from running. The last line is the sum, alone on its line:
//! `N passed, N failed`, with `, N skipped` where something could not be run or was left out.

mod count;
mod steps;

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use count::Count;

use crate::command::say;
use crate::setup::{self, Need};
use crate::toolchain::{self, Toolchain};

/// Options of `test`.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Only run tests whose names contain this text; formatting and lints are left out
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,

    /// Only what needs no QEMU and no kernel
    #[arg(long, conflicts_with = "qemu_only")]
    host_only: bool,

    /// Only the scenarios in QEMU
    #[arg(long)]
    qemu_only: bool,
}

/// Runs the tests; fails if one fails.
///
/// # Errors
/// Something that the tests need cannot be installed, or a step not be started.
pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let toolchain = prepare(options)?;
    let mut total = Count::default();
    let mut failures: Vec<&str> = Vec::new();
    let mut step = |name: &'static str, act: &dyn Fn() -> Result<Count>| -> Result<()> {
        say(format!("test: {name}"));
        let count = act()?;
        if count.failed > 0 {
            failures.push(name);
        }
        total = total + count;
        Ok(())
    };

    let lints = options.filter.is_none() && !options.qemu_only;
    if lints {
        step("formatting", &steps::formatting)?;
        step("lints for the host", &steps::host_lints)?;
    }
    if let Some(toolchain) = toolchain.as_ref().filter(|_| lints) {
        step("lints for the kernel", &|| steps::kernel_lints(toolchain))?;
    }
    if !options.qemu_only {
        step("tests on the host", &|| steps::host_tests(options.filter.as_deref()))?;
    }
    if !options.host_only {
        step("scenarios in QEMU", &|| steps::scenarios(options.filter.as_deref()))?;
    }
    for name in &failures {
        say(format!("failed: {name}"));
    }
    println!("{total}");
    Ok(if total.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Installs what the tests need. The toolchain for the kernel is not needed on the host alone.
fn prepare(options: &Options) -> Result<Option<Toolchain>> {
    if options.host_only {
        return Ok(None);
    }
    setup::ensure(&[Need::Qemu, Need::FileSystemTools])?;
    let toolchain = setup::kernel_toolchain()?;
    toolchain::install::ensure_clippy(&toolchain);
    Ok(Some(toolchain))
}
