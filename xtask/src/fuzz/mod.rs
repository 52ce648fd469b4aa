//! `cargo xtask fuzz`: the fuzz targets, each for a number of inputs.
//!
//! The targets are in `fuzz/`, a workspace of its own; what they check is in `fuzz/properties`, whose ordinary tests
//! run the committed corpus. Here libFuzzer makes more inputs of it, by cargo-fuzz, which is installed if it is
//! missing. What is found on the way is kept under `target/fuzz`, so that the next run goes on from there, and never
//! in the repository; `docs/fuzzing.md` tells how a find comes into the corpus.

mod needs;

use std::fs;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::Instant;

use anyhow::Result;
use clap::{Args, ValueEnum};

use crate::command::{self, host_cargo, say};
use crate::workspace;

/// A fuzz target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
enum Target {
    Parameters,
    Console,
    Replay,
    Virtqueue,
    BlockDevice,
}

impl Target {
    /// Its name, which is that of its program, its corpus and its dictionary.
    const fn name(self) -> &'static str {
        match self {
            Self::Parameters => "parameters",
            Self::Console => "console",
            Self::Replay => "replay",
            Self::Virtqueue => "virtqueue",
            Self::BlockDevice => "block_device",
        }
    }

    /// The most bytes of an input. Longer ones say nothing new and take longer.
    const fn input_bytes(self) -> u32 {
        match self {
            Self::Parameters | Self::Console => 512,
            Self::Replay => 4096,
            Self::Virtqueue | Self::BlockDevice => 256,
        }
    }
}

/// What the compiler adds to find what the program itself does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Sanitizer {
    /// Nothing but overflow checks and debug assertions; up to ten times as fast
    None,
    /// AddressSanitizer
    Address,
}

/// Options of `fuzz`.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Only this target
    target: Option<Target>,
    /// How many inputs each target gets
    #[arg(long, default_value_t = 1_000_000)]
    runs: u64,
    /// All targets are safe code, and so is nearly all that they call
    #[arg(long, value_enum, default_value_t = Sanitizer::None)]
    sanitizer: Sanitizer,
}

/// Runs the targets, one after the other; fails if an input failed.
///
/// # Errors
/// Something that it needs is missing and cannot be installed, or a directory cannot be made.
pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    needs::ensure()?;
    let targets = match &options.target {
        Some(target) => std::slice::from_ref(target),
        None => Target::value_variants(),
    };
    let mut failures = Vec::new();
    for target in targets {
        let begin = Instant::now();
        say(format!("fuzz: {} for {} inputs", target.name(), options.runs));
        match command::run(fuzzer(*target, options)?) {
            Ok(()) => say(format!(
                "fuzz: {}: nothing found in {} s",
                target.name(),
                begin.elapsed().as_secs()
            )),
            Err(error) => {
                say(format!("{error:#}"));
                failures.push(target.name());
            }
        }
    }
    for name in &failures {
        say(format!(
            "failed: {name}; the input is in {}",
            workspace::shown(&fuzz_directory().join("artifacts").join(name))
        ));
    }
    Ok(if failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn fuzz_directory() -> PathBuf {
    workspace::root().join("fuzz")
}

/// The command that builds a target and runs it.
fn fuzzer(target: Target, options: &Options) -> Result<Command> {
    let (name, fuzz) = (target.name(), fuzz_directory());
    let kept = workspace::results().join("fuzz").join(name);
    workspace::make_directory(&kept)?;
    let sanitizer = match options.sanitizer {
        Sanitizer::None => "none",
        Sanitizer::Address => "address",
    };
    let mut cargo = host_cargo();
    // libFuzzer's coverage is an unstable option; the compiler at hand does as well as a nightly one.
    cargo.env("RUSTC_BOOTSTRAP", "1").current_dir(workspace::root());
    let build = workspace::build_directory().join("fuzz-build").join(sanitizer);
    cargo.args(["fuzz", "run", "--sanitizer", sanitizer, "--target-dir"]).arg(build);
    if options.sanitizer == Sanitizer::None {
        // Noting every comparison costs more than it finds where the corpus knows the magic numbers.
        cargo.arg("--no-trace-compares");
    }
    cargo.arg("--fuzz-dir").arg(&fuzz).arg(name);
    // New inputs go into the first directory.
    cargo.arg(kept).arg(fuzz.join("corpus").join(name)).arg("--");
    cargo.arg(format!("-runs={}", options.runs));
    cargo.arg(format!("-max_len={}", target.input_bytes()));
    cargo.args(["-timeout=60", "-print_final_stats=1", "-verbosity=1"]);
    let dictionary = fuzz.join("dictionaries").join(format!("{name}.dict"));
    if fs::exists(&dictionary)? {
        cargo.arg(format!("-dict={}", dictionary.display()));
    }
    Ok(cargo)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_target_is_there() {
        let directory = fs::read_dir(fuzz_directory().join("fuzz_targets")).unwrap();
        let files = directory.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let known = Target::value_variants().iter().map(|target| format!("{}.rs", target.name()));
        assert_eq!(files.collect::<BTreeSet<_>>(), known.collect());
    }

    #[test]
    fn the_repository_is_not_written_to() {
        let options = Options { target: None, runs: 3, sanitizer: Sanitizer::None };
        let command = fuzzer(Target::Parameters, &options).unwrap();
        let words: Vec<_> = command.get_args().map(|word| word.to_string_lossy()).collect();
        let first = words.iter().position(|word| word == "parameters").unwrap() + 1;
        assert!(words.get(first).unwrap().ends_with("target/fuzz/parameters"), "{words:?}");
        assert!(words.get(first + 1).unwrap().ends_with("fuzz/corpus/parameters"), "{words:?}");
        assert!(words.contains(&"-runs=3".into()) && words.contains(&"none".into()), "{words:?}");
    }
}
