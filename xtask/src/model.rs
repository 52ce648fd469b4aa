//! `cargo xtask model` and `cargo xtask mutants`: the model check's large worlds, and the code broken on purpose.
//!
//! The small worlds are checked by the ordinary tests. Both programs are `crates/model-check`'s own; see
//! `docs/proof.md`.

use std::process::ExitCode;

use anyhow::Result;

use crate::{command, workspace};

/// What `cargo xtask model` takes.
#[derive(clap::Args)]
pub(crate) struct ModelOptions {
    /// `small`, `large`, or the names of worlds
    #[arg(default_value = "large")]
    worlds: Vec<String>,
}

/// What `cargo xtask mutants` takes.
#[derive(clap::Args)]
pub(crate) struct MutantsOptions {
    /// Only these mutations of crates/model-check/mutations.txt
    names: Vec<String>,
}

/// Checks worlds.
pub(crate) fn model(options: &ModelOptions) -> Result<ExitCode> {
    run("model-check", &options.worlds)
}

/// Checks that every mutation is found.
pub(crate) fn mutants(options: &MutantsOptions) -> Result<ExitCode> {
    run("mutants", &options.names)
}

fn run(program: &str, words: &[String]) -> Result<ExitCode> {
    let mut cargo = command::host_cargo();
    cargo.args(["run", "--quiet", "--package", "model-check", "--bin", program, "--"]);
    cargo.args(words).current_dir(workspace::root());
    command::run(cargo)?;
    Ok(ExitCode::SUCCESS)
}
