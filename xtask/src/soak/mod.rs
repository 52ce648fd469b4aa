//! `cargo xtask soak`: mirrored writes for as long as one likes, with faults and operator's commands at random.
//!
//! Round after round a machine is booted with a pair of disks of its own ([`machine`]) and an operator at its console.
//! Something writes to the pair all the time ([`workload`]) while disks fail, stall, go and come back, and the pair is
//! suspended, resumed, swapped, taken apart and made again ([`events`]). At the round's end everything is mended, the
//! pair must be duplex, a scrub must find nothing, and the two images must be equal byte for byte ([`round`]); where
//! the writes are known, they must also be exactly what was written. What happened is counted ([`tally`]).
//!
//! All choices come from one number, which is printed; the same number makes the same choices. When they meet with what
//! the machine does is up to the host, so a failure may take several attempts to come again.

mod events;
mod machine;
mod mend;
mod round;
mod tally;
mod workload;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use clap::Args;

use crate::build;
use crate::setup::{self, Need};
use tally::Tally;

/// Options of `soak`.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// How long; a round that has begun is finished
    #[arg(long, default_value_t = 10)]
    minutes: u64,
    /// The number from which all choices come; another one each time, unless it is given
    #[arg(long)]
    seed: Option<u64>,
    /// Only this round of the seed, again
    #[arg(long)]
    round: Option<u64>,
    /// Use this kernel, and build none
    #[arg(long, value_name = "ELF")]
    kernel: Option<PathBuf>,
}

/// Runs rounds until the time is over, or one fails.
///
/// # Errors
/// A round did not come out as it must; the message has the seed, the round, and the end of its console.
pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    setup::ensure(&[Need::Qemu])?;
    let kernel = match &options.kernel {
        Some(kernel) => kernel.clone(),
        None => build::run()?,
    };
    let seed = options.seed.unwrap_or_else(seed_of_the_clock);
    let begin = Instant::now();
    let limit = Duration::from_secs(options.minutes * 60);
    eprintln!("soak: {} minutes, seed {seed}", options.minutes);
    let mut tally = Tally::default();
    let mut number = options.round.unwrap_or(0);
    loop {
        let done = round::run(&kernel, seed, number, &mut tally);
        if let Err(error) = done {
            println!("{tally}");
            return Err(error).with_context(|| {
                format!("round {number} of seed {seed}: `cargo xtask soak --seed {seed} --round {number}`")
            });
        }
        number += 1;
        if options.round.is_some() || begin.elapsed() >= limit {
            break;
        }
    }
    println!("{tally}");
    println!(
        "{} in {} s: no difference, no write lost, seed {seed}",
        tally.rounds(),
        begin.elapsed().as_secs()
    );
    Ok(ExitCode::SUCCESS)
}

fn seed_of_the_clock() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    now.as_secs().wrapping_mul(1_000_000_007).wrapping_add(u64::from(now.subsec_nanos()))
        % 1_000_000_000
}
