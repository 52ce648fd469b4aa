//! The demo on a disk image of the user's: copied to a mirrored pair, and compared.
//!
//! The image is attached read-only, and refused if it is one of the images that the demo itself writes.

use std::fs::{self, Metadata};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use qemu_tests::{Disk, Verdict};

use super::boot::Boot;
use super::{Legs, checks};
use crate::command::{finish_within, say};
use crate::run::{detect_format, virtual_size_bytes};
use crate::setup::{self, Need};
use crate::{build, units, workspace};

/// Disks are made of blocks of this size at least.
const BLOCK_BYTES: u64 = 512;

/// How long the question for free space may take.
const SPACE_LIMIT: Duration = Duration::from_secs(60);

/// The user's image, looked at.
struct Input<'a> {
    path: &'a Path,
    format: String,
    /// The size of the disk in it, in whole blocks.
    disk_bytes: u64,
}

/// Copies and compares the image, and returns the summary.
pub(super) fn run(path: &Path, directory: &Path) -> Result<String> {
    let metadata = readable(path)?;
    let legs = Legs::in_directory(directory);
    refuse_own_images(&metadata, &legs)?;
    setup::ensure(&[Need::Qemu])?;
    let input = look_at(path)?;
    let kernel = build::run()?;
    workspace::make_directory(directory)?;
    make_legs(&input, &legs, directory)?;

    say(format!("{} is only read", path.display()));
    let copied = Boot {
        title: "copying to the pair",
        job: "copy",
        kernel: &kernel,
        source: path,
        source_format: &input.format,
        legs: &legs,
        directory,
        moved_bytes: input.disk_bytes,
    }
    .run()?;
    checks::legs_are_the_same(&legs)?;
    match input.format.as_str() {
        "raw" => checks::legs_are_copies_of_raw(&legs, path)?,
        format => checks::legs_are_copies_of(&legs, path, format)?,
    }
    Ok(summary(&input, &copied, &legs, directory))
}

fn readable(path: &Path) -> Result<Metadata> {
    let problem = || format!("--input: {} cannot be read", path.display());
    let metadata = fs::metadata(path).with_context(problem)?;
    let kind = metadata.file_type();
    if !kind.is_file() && !kind.is_block_device() {
        bail!("--input: {} is neither a file nor a block device", path.display());
    }
    fs::File::open(path).with_context(problem)?;
    Ok(metadata)
}

/// The demo makes its own images anew, which must not be the end of the user's.
fn refuse_own_images(input: &Metadata, legs: &Legs) -> Result<()> {
    for leg in legs.paths() {
        let Ok(own) = fs::metadata(leg) else { continue };
        if (own.dev(), own.ino()) == (input.dev(), input.ino()) {
            bail!(
                "--input: {} is written by the demo itself; copy it elsewhere first",
                workspace::shown(leg)
            );
        }
    }
    Ok(())
}

fn look_at(path: &Path) -> Result<Input<'_>> {
    let format = match detect_format(path)?.as_str() {
        // Its content cannot be opened without a secret; it is copied as it lies there.
        "luks" => "raw".to_owned(),
        format => format.to_owned(),
    };
    let length = match format.as_str() {
        "raw" => Disk::open(path).length_bytes()?,
        format => virtual_size_bytes(path, format)?,
    };
    let disk_bytes = length.next_multiple_of(BLOCK_BYTES);
    if length == 0 {
        bail!("--input: {} is empty: there is no disk in it", path.display());
    }
    if disk_bytes != length {
        say(format!(
            "{} has {}; the disks are longer by {}, in zeros, to make whole blocks of {BLOCK_BYTES}",
            path.display(),
            units::counted(length, "byte", "bytes"),
            units::counted(disk_bytes - length, "byte", "bytes"),
        ));
    }
    Ok(Input { path, format, disk_bytes })
}

/// Makes two empty disks, if there is room for them.
fn make_legs(input: &Input<'_>, legs: &Legs, directory: &Path) -> Result<()> {
    for leg in legs.paths() {
        // Those of the last run free their space first.
        Disk::blank_at(leg, 0)?;
    }
    let needed = input.disk_bytes.saturating_mul(2);
    if let Some(free) = free_bytes(directory)?
        && free < needed
    {
        bail!(
            "two copies of {} take {}, but {} has only {} free",
            input.path.display(),
            units::bytes(needed),
            workspace::shown(directory),
            units::bytes(free)
        );
    }
    for leg in legs.paths() {
        Disk::blank_at(leg, input.disk_bytes)?;
    }
    Ok(())
}

/// What `df` says is free; `None` if it says nothing that can be read.
fn free_bytes(directory: &Path) -> Result<Option<u64>> {
    let mut command = Command::new("df");
    command.args(["--output=avail", "-B1"]).arg(directory);
    let finished = finish_within(command, SPACE_LIMIT)?;
    Ok(finished.output.lines().nth(1).and_then(|line| line.trim().parse().ok()))
}

fn summary(input: &Input<'_>, copied: &Verdict, legs: &Legs, directory: &Path) -> String {
    format!(
        "
What happened
  1. A machine booted and copied {input} ({format}, {size}) to disk 0.0.0001, which was
     mirrored to disk 0.0.0002: {writes}, {mirrored} of them mirrored, in {time} ({rate}).
     Second writes that had to wait for a later start: {deferred}.
  2. The two disks are the same in every byte, and the same as the input.

Where things are
  disks     {primary}
            {secondary}
  console   {directory}/copy.console.txt",
        input = input.path.display(),
        format = input.format,
        size = units::bytes(input.disk_bytes),
        writes = units::counted(copied.writes, "write", "writes"),
        mirrored = units::grouped(copied.mirrored_writes),
        time = units::microseconds(copied.microseconds),
        rate = units::bytes_a_second(copied.bytes, copied.microseconds),
        deferred = units::grouped(copied.deferred_starts),
        primary = workspace::shown(&legs.primary),
        secondary = workspace::shown(&legs.secondary),
        directory = workspace::shown(directory),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_copied_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let missing = readable(&folder.path().join("none")).unwrap_err();
        assert!(format!("{missing:#}").contains("No such file"), "{missing:#}");
        assert!(readable(folder.path()).unwrap_err().to_string().contains("neither a file"));
    }

    #[test]
    fn the_demos_own_images_are_no_input() {
        let folder = tempfile::tempdir().unwrap();
        let legs = Legs::in_directory(folder.path());
        let other = folder.path().join("other.img");
        fs::write(&other, "x").unwrap();
        refuse_own_images(&fs::metadata(&other).unwrap(), &legs).unwrap();
        fs::hard_link(&other, &legs.secondary).unwrap();
        assert!(refuse_own_images(&fs::metadata(&other).unwrap(), &legs).is_err());
    }

    #[test]
    fn free_space_is_known() {
        let folder = tempfile::tempdir().unwrap();
        assert!(free_bytes(folder.path()).unwrap().is_some_and(|bytes| bytes > 0));
    }
}
