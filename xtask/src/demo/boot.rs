//! One boot of the kernel in the demo: with a bar, a console that is kept, and a verdict that must be right.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use qemu_tests::attachment::Access;
use qemu_tests::{Attachment, DeviceAddress, Disk, Machine, Verdict};

use super::Legs;
use super::progress::Step;
use crate::units;

/// The pair, and the device of the source or the log, in the demo's machines.
const PRIMARY: DeviceAddress = DeviceAddress::new(1);
const SECONDARY: DeviceAddress = DeviceAddress::new(2);
const SOURCE: DeviceAddress = DeviceAddress::new(3);

/// What a boot of some megabytes may take at most, on a very slow host.
const LEAST_LIMIT: Duration = Duration::from_secs(600);

/// No host is slower than this at moving bytes.
const LEAST_BYTES_A_SECOND: u64 = 2 << 20;

/// A boot that reads one disk and writes a mirrored pair.
pub(super) struct Boot<'a> {
    /// What it is called on the terminal.
    pub(super) title: &'a str,
    /// The job: `copy` or `replay`.
    pub(super) job: &'a str,
    pub(super) kernel: &'a Path,
    /// What is read: never written.
    pub(super) source: &'a Path,
    /// Its format, in QEMU's words.
    pub(super) source_format: &'a str,
    pub(super) legs: &'a Legs,
    /// Where the console is kept.
    pub(super) directory: &'a Path,
    /// How much is to be moved, for the time limit.
    pub(super) moved_bytes: u64,
}

impl Boot<'_> {
    /// Boots, waits for the end, and checks that all was done and all of it mirrored.
    pub(super) fn run(&self) -> Result<Verdict> {
        let step = Step::begin(self.title);
        let seen = step.clone();
        let slow = Duration::from_secs(self.moved_bytes / LEAST_BYTES_A_SECOND);
        let outcome = Machine::new(self.kernel)
            .parameters(format!("mirror=0001:0002 run={} from=0003 to=0001", self.job))
            .time_limit(LEAST_LIMIT + slow)
            .attach(Attachment::disk(PRIMARY, &Disk::open(&self.legs.primary)))
            .attach(Attachment::disk(SECONDARY, &Disk::open(&self.legs.secondary)))
            .attach(
                Attachment::image(SOURCE, self.source, self.source_format).access(Access::ReadOnly),
            )
            .observe_lines(move |line| seen.see(line))
            .run()?;
        let console = self.console();
        let text = format!("{}\n\n{}\n", outcome.command, outcome.console.join("\n"));
        fs::write(&console, text).with_context(|| format!("cannot write {}", console.display()))?;
        let verdict = outcome.expect_ok()?;
        if let Err(problem) = all_mirrored(&verdict) {
            bail!("{}", outcome.report(&problem.to_string()));
        }
        step.end(&format!(
            "{} written in {}, {} mirrored",
            units::bytes(verdict.bytes),
            units::microseconds(verdict.microseconds),
            units::counted(verdict.mirrored_writes, "write", "writes"),
        ));
        Ok(verdict)
    }

    fn console(&self) -> PathBuf {
        self.directory.join(format!("{}.console.txt", self.job))
    }
}

/// The pair must have been whole to the end, and every write doubled.
fn all_mirrored(verdict: &Verdict) -> Result<()> {
    let primary = PRIMARY.to_string();
    let pair = verdict.pair(&primary).context("the pair is not in the RESULT")?;
    ensure!(pair.secondary == SECONDARY.to_string(), "the secondary is {}", pair.secondary);
    ensure!(pair.state == "duplex", "the pair is {} ({}), not duplex", pair.state, pair.reason);
    ensure!(verdict.writes > 0, "nothing was written");
    ensure!(
        verdict.mirrored_writes >= verdict.writes,
        "of {} writes only {} were mirrored",
        verdict.writes,
        verdict.mirrored_writes
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(writes: u64, mirrored: u64, state: &str) -> Verdict {
        Verdict::from_line(&format!(
            r#"RESULT {{"status":"ok","writes":{writes},"mirrored_writes":{mirrored},"pairs":[{{"primary":"0.0.0001","secondary":"0.0.0002","state":"{state}"}}]}}"#
        ))
        .unwrap()
    }

    #[test]
    fn half_a_mirror_is_no_success() {
        assert!(all_mirrored(&verdict(5, 5, "duplex")).is_ok());
        for (bad, part) in [
            (verdict(5, 4, "duplex"), "only 4"),
            (verdict(0, 0, "duplex"), "nothing"),
            (verdict(5, 5, "suspended"), "suspended"),
            (Verdict::from_line(r#"RESULT {"status":"ok"}"#).unwrap(), "not in the RESULT"),
        ] {
            let problem = all_mirrored(&bad).unwrap_err().to_string();
            assert!(problem.contains(part), "{problem}");
        }
    }
}
