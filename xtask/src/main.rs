//! `cargo xtask`: everything that a person does with this repository.
//!
//! Each command does the set-up that it needs by itself and says what it does; see [`setup`]. What is
//! said about the work goes to standard error, results go to standard output.
//!
//! | module | command |
//! |---|---|
//! | [`setup`], [`toolchain`] | `setup`: QEMU, file-system tools, a compiler for the kernel |
//! | [`build`] | `build`: the kernel, at `target/ccw-mirror.elf` |
//! | [`run`] | `run`: the kernel on the user's disk images |
//! | [`demo`] | `demo`: the main job, from a real disk image to two identical disks |
//! | [`mod@test`] | `test`: every test |
//! | [`soak`] | `soak`: writes, faults and an operator at random, for as long as one likes |
//! | [`fuzz`] | `fuzz`: the fuzz targets, a million inputs each |
//! | [`mod@model`] | `model`, `mutants`: the model check's large worlds; the code broken on purpose |
//! | [`mod@bench`] | `bench`: how fast it is |

#![forbid(unsafe_code)]

mod bench;
mod build;
mod command;
mod demo;
mod fuzz;
mod model;
mod run;
mod setup;
mod soak;
mod test;
mod toolchain;
mod units;
mod workspace;

use std::env;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// ccw-mirror: builds, runs, tests and shows a supervisor that mirrors disk writes.
#[derive(Parser)]
#[command(bin_name = "cargo xtask", version, propagate_version = true)]
struct Arguments {
    #[command(subcommand)]
    command: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Check and install what the other commands need; does nothing the second time
    Setup,
    /// Build the kernel and leave it at target/ccw-mirror.elf
    Build,
    /// Copy a real disk image to a mirrored pair in QEMU, replay recorded writes on it, check both disks
    Demo(demo::Options),
    /// Boot the kernel on your own disk images; the exit status is the kernel's
    Run(run::Options),
    /// Run every test: formatting, lints, host tests, scenarios in QEMU
    Test(test::Options),
    /// Write to a mirrored pair while disks fail and come back and an operator changes it, at random
    Soak(soak::Options),
    /// Run the fuzz targets: arbitrary bytes for what reads bytes that nobody has checked
    Fuzz(fuzz::Options),
    /// Visit every state of the model check's large worlds
    Model(model::ModelOptions),
    /// Break the code in each way of a list, and see that the model check finds it
    Mutants(model::MutantsOptions),
    /// Measure mirrored and unmirrored I/O
    Bench(bench::Options),
}

fn main() -> ExitCode {
    let words = run::options_first(env::args_os().collect());
    let arguments = Arguments::parse_from(words);
    let done = match arguments.command {
        Task::Setup => setup::run().map(|()| ExitCode::SUCCESS),
        Task::Build => build::run().map(|_| ExitCode::SUCCESS),
        Task::Demo(options) => demo::run(&options),
        Task::Run(options) => run::run(&options),
        Task::Test(options) => test::run(&options),
        Task::Soak(options) => soak::run(&options),
        Task::Fuzz(options) => fuzz::run(&options),
        Task::Model(options) => model::model(&options),
        Task::Mutants(options) => model::mutants(&options),
        Task::Bench(options) => bench::run(&options),
    };
    done.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}
