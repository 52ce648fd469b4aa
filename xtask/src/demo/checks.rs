//! What the demo checks of the two disks when the machine has ended.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use qemu_tests::{Disk, program};

use super::Legs;
use super::progress::Step;
use crate::command::{Finished, finish_within};
use crate::setup::FILE_SYSTEM_CHECK;
use crate::workspace;

/// How long checking a file system may take.
const CHECK_LIMIT: Duration = Duration::from_secs(600);

/// How long comparing images in QEMU's formats may take.
const COMPARE_LIMIT: Duration = Duration::from_secs(24 * 60 * 60);

/// The two disks must be the same in every byte.
pub(super) fn legs_are_the_same(legs: &Legs) -> Result<()> {
    let step = Step::begin("comparing the disks");
    Disk::open(&legs.primary).expect_same(&Disk::open(&legs.secondary))?;
    step.end("the same in every byte");
    Ok(())
}

/// A disk must have the sha256 that is known.
pub(super) fn has_checksum(disk: &Path, known: &str) -> Result<()> {
    let step = Step::begin("computing the checksum");
    let found = Disk::open(disk).fingerprint()?.to_string();
    if found != known {
        bail!("{} should have the sha256 {known}, but has {found}", disk.display());
    }
    step.end("sha256 as known");
    Ok(())
}

/// `e2fsck -fn` must find nothing on either disk. It changes nothing.
pub(super) fn file_systems_are_clean(legs: &Legs) -> Result<()> {
    let step = Step::begin("checking file systems");
    let checker = program::find(FILE_SYSTEM_CHECK).context("there is no e2fsck")?;
    for disk in legs.paths() {
        let mut command = Command::new(&checker);
        command.arg("-fn").arg(disk);
        let finished = finish_within(command, CHECK_LIMIT)?;
        if !finished.succeeded() {
            bail!("e2fsck finds errors on {}: {}", disk.display(), finished.problem());
        }
    }
    step.end("e2fsck finds nothing on either");
    Ok(())
}

/// Each disk must be what the raw image is, followed by zeros.
pub(super) fn legs_are_copies_of_raw(legs: &Legs, source: &Path) -> Result<()> {
    let step = Step::begin("comparing with the input");
    let source = Disk::open(source);
    let length_bytes = source.length_bytes()?;
    for leg in legs.paths() {
        let leg = Disk::open(leg);
        leg.expect_same_within(&source, length_bytes)?;
        leg.expect_zero_from(length_bytes)?;
    }
    step.end("both disks are the same as the input");
    Ok(())
}

/// Each disk must be what the disk in the image is.
pub(super) fn legs_are_copies_of(legs: &Legs, source: &Path, format: &str) -> Result<()> {
    let step = Step::begin("comparing with the input");
    let tool = program::find("qemu-img").context("there is no qemu-img")?;
    for leg in legs.paths() {
        let mut command = Command::new(&tool);
        command.args(["compare", "-U", "-f", format, "-F", "raw", "--"]).arg(source).arg(leg);
        judge_comparison(&finish_within(command, COMPARE_LIMIT)?, source, leg)?;
    }
    step.end("both disks are the same as the input");
    Ok(())
}

fn judge_comparison(finished: &Finished, source: &Path, leg: &Path) -> Result<()> {
    if finished.succeeded() {
        return Ok(());
    }
    let [source, leg] = [source, leg].map(workspace::shown);
    bail!("{leg} is not the same as {source}: {}", finished.problem());
}
