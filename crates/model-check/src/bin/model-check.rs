//! `model-check [small|large|NAME…]`: checks worlds and prints a line for each. The exit status is 1 if a property
//! was broken, 2 if no world has the name given.

#![forbid(unsafe_code)]

use model_check::{check, worlds};
use std::process::ExitCode;

fn main() -> ExitCode {
    let words: Vec<_> = std::env::args().skip(1).collect();
    let (small, large) = (worlds::small(), worlds::large());
    let chosen: Vec<_> = match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] | ["small"] => small,
        ["large"] => large,
        names => {
            let all = small.into_iter().chain(large);
            all.filter(|world| names.contains(&world.name)).collect()
        }
    };
    if chosen.is_empty() {
        eprintln!("no such world: {}", words.join(" "));
        return ExitCode::from(2);
    }
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut unique = 0;
    for bounds in &chosen {
        let report = check(bounds, threads);
        println!("{report}");
        unique += report.unique;
        if report.counterexample.is_some() {
            return ExitCode::FAILURE;
        }
    }
    println!("{} worlds, {unique} states, every property held", chosen.len());
    ExitCode::SUCCESS
}
