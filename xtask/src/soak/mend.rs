//! The pair as its operator sees it, and what he does to make it whole.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use qemu_tests::Operator;

use super::machine::{Disks, Leg};
use super::tally::Tally;

/// How long it may take until a pair is duplex that is well.
const LIMIT: Duration = Duration::from_secs(60);

/// How often the operator looks.
const LOOK_INTERVAL: Duration = Duration::from_millis(20);

/// How long an answer may take.
const ANSWER_LIMIT: Duration = Duration::from_secs(30);

/// What the operator sees of the pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    /// `duplex`, `copying`, `suspended` or `swapped`.
    pub(super) state: String,
    /// The disk that I/O goes to first.
    pub(super) first: Leg,
}

/// Looks at the pair; `None` if there is none.
pub(super) fn look(operator: &mut Operator) -> Result<Option<Seen>> {
    operator.command("display pairs")?;
    let line = operator.expect_any(&["CCW013I", "CCW012I"], ANSWER_LIMIT)?;
    if line.contains("CCW012I") {
        return Ok(None);
    }
    operator.expect("CCW012I")?;
    Seen::of(&line).map(Some)
}

impl Seen {
    /// Reads the message that shows a pair.
    fn of(line: &str) -> Result<Self> {
        let after = line.split("-> ").nth(1).and_then(|rest| rest.split(' ').nth(1));
        let state = after.with_context(|| format!("no state in {line:?}"))?.trim_end_matches(':');
        let first = Leg::BOTH.into_iter().find(|leg| {
            let words = format!("I/O goes to {} first", leg.address());
            line.contains(&words)
        });
        let first = first.with_context(|| format!("no disk that I/O goes to in {line:?}"))?;
        Ok(Self { state: state.to_owned(), first })
    }
}

/// Types a command; whether it was carried out. That it is refused is no error: the pair may have changed since the
/// operator looked.
pub(super) fn attempt(operator: &mut Operator, tally: &mut Tally, command: &str) -> Result<bool> {
    operator.command(command)?;
    let answer = operator.expect_any(&["CCW052E", "CCW053I", "CCW054E"], ANSWER_LIMIT)?;
    if answer.contains("CCW052E") {
        bail!("{command:?} was not understood: {answer}");
    }
    let done = answer.contains("CCW053I");
    tally.count(if done { "commands carried out" } else { "commands refused" });
    Ok(done)
}

/// Heals both disks, and resumes the pair until it is duplex.
pub(super) fn mend(disks: &mut Disks, operator: &mut Operator, tally: &mut Tally) -> Result<()> {
    for leg in Leg::BOTH {
        if disks.heal(operator, leg)? {
            tally.count("disks healed or brought back");
        }
    }
    let deadline = Instant::now() + LIMIT;
    loop {
        let seen = look(operator)?;
        match seen.as_ref().map(|seen| seen.state.as_str()) {
            Some("duplex") => return Ok(()),
            Some("copying") => thread::sleep(LOOK_INTERVAL),
            Some(_) => drop(attempt(operator, tally, "mirror resume 0001")?),
            None => drop(attempt(operator, tally, "mirror establish 0001 0002")?),
        }
        if Instant::now() >= deadline {
            bail!(
                "the pair is {seen:?}, and not duplex, {} s after all was mended",
                LIMIT.as_secs()
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_and_the_first_disk_are_read() {
        for (state, number, first) in [("duplex", 1, Leg::One), ("swapped", 2, Leg::Two)] {
            let line = format!(
                "CCW013I pair 0.0.0001 -> 0.0.0002 {state}: I/O goes to 0.0.000{number} first, 3 blocks of 4096 \
                 bytes to be copied, 1 writes in flight, reason: none"
            );
            assert_eq!(Seen::of(&line).unwrap(), Seen { state: state.to_owned(), first });
        }
        assert!(Seen::of("CCW013I pair 0.0.0001 -> 0.0.0002 duplex: no more").is_err());
        assert!(Seen::of("CCW013I").is_err());
    }
}
