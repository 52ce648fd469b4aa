//! `cargo xtask bench`: what mirroring costs, measured on this machine.
//!
//! Each workload runs unmirrored and mirrored, by turns, several times ([`measure`]); the table
//! ([`table`]) shows medians and how far apart the runs were. Images are raw files in memory, so that
//! the host's disks do not count.

mod measure;
mod table;

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use crate::build;
use crate::setup::{self, Need};
use measure::{Mode, Plan, WORKLOADS};
use table::Row;

/// Options of `bench`.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Fewer and shorter runs: half a minute, and less certain
    #[arg(long)]
    quick: bool,
}

/// Measures, and prints the table to standard output.
///
/// # Errors
/// A run failed.
pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    setup::ensure(&[Need::Qemu])?;
    let kernel = build::run()?;
    let plan = if options.quick { Plan::QUICK } else { Plan::FULL };
    let samples = measure::all(&kernel, &plan)?;
    let rows = WORKLOADS.iter().map(|workload| Row {
        workload: workload.name,
        plain: samples.of(workload, Mode::Unmirrored),
        mirrored: samples.of(workload, Mode::Mirrored),
    });
    println!("{}", table::rendered(&rows.collect::<Vec<_>>()));
    println!(
        "Medians of {} runs of {} s each, by turns; lowest to highest in brackets. Requests a second \
         in the guest.\nQEMU without KVM, raw images in memory, no I/O threads: only the ratio carries \
         to other machines.",
        plan.rounds, plan.seconds
    );
    Ok(ExitCode::SUCCESS)
}
