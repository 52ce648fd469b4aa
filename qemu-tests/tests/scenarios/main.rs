//! The scenarios: what the kernel must do on a machine, each with disks of its own.
//!
//! `cargo xtask test` builds the kernel and runs them; `cargo xtask test --qemu-only --filter TEXT` runs
//! those whose names contain a text. By hand: `cargo test -p qemu-tests --test scenarios -- TEXT`, with the
//! kernel in `target/ccw-mirror.elf` or where `CCW_MIRROR_ELF` says, and the one with faults built in (module
//! `self_test`) in `target/ccw-mirror-self-test.elf` or where `CCW_MIRROR_SELF_TEST_ELF` says.
//!
//! A module holds scenarios about one thing and lists them in its `trials`; a scenario is a function
//! that takes the [`Kernel`] and returns an error whose text is the whole report. Two run at a time.

#![forbid(unsafe_code)]

mod bad_blocks;
mod bad_logs;
mod bench;
mod claims;
mod compare;
mod console;
mod copy;
mod deferred;
mod devices;
mod failures;
mod hold;
mod kernel;
mod large;
mod lost;
mod operator;
mod order;
mod parameters;
mod random_lines;
mod replay;
mod request_path;
mod runner;
mod self_test;
mod startup;
mod support;
mod swap;
mod variants;
mod written;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

use kernel::Kernel;

/// Scenarios run at a time when the command line does not say: every machine takes a processor.
const THREADS: usize = 2;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(THREADS);
    let kernel = Kernel::named();
    if !arguments.list
        && let Err(problem) = kernel.check()
    {
        eprintln!("{problem}");
        return ExitCode::FAILURE;
    }
    libtest_mimic::run(&arguments, trials(&kernel)).exit_code()
}

fn trials(kernel: &Kernel) -> Vec<Trial> {
    let themes = [
        runner::trials,
        startup::trials,
        parameters::trials,
        random_lines::trials,
        copy::trials,
        variants::trials,
        order::trials,
        claims::trials,
        deferred::trials,
        hold::trials,
        failures::trials,
        lost::trials,
        swap::trials,
        bad_blocks::trials,
        operator::trials,
        compare::trials,
        bench::trials,
        replay::trials,
        written::trials,
        bad_logs::trials,
        devices::trials,
        large::trials,
        console::trials,
        self_test::trials,
    ];
    themes.into_iter().flat_map(|trials| trials(kernel)).collect()
}
