//! `--disk DEVNO=FILE`: what the user wrote, and what becomes of it.
//!
//! A [`DiskArgument`] is the parsed text; [`check`] refuses what would do harm (a file or a device given
//! twice), [`plan`] finds formats and decides what is attached for writing.

use std::fmt;
use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context, Result, bail};
use qemu_tests::attachment::Access;
use qemu_tests::{Attachment, DeviceAddress};

use super::{format, writing};
use crate::workspace;

/// Block sizes that a disk may have.
const BLOCK_SIZES: [u32; 4] = [512, 1024, 2048, 4096];

/// The text of a `--disk` option, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DiskArgument {
    device: DeviceAddress,
    file: PathBuf,
    format: Option<String>,
    access: Option<Access>,
    block_bytes: Option<u32>,
}

impl FromStr for DiskArgument {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some((device, rest)) = text.split_once('=') else {
            return Err(format!("expected DEVNO=FILE, such as 0001=disk.img; got {text:?}"));
        };
        let device = device.parse().map_err(|error| format!("{error}"))?;
        let mut words: Vec<&str> = rest.split(',').collect();
        let mut argument =
            Self { device, file: PathBuf::new(), format: None, access: None, block_bytes: None };
        // Options stand at the end; a comma before them belongs to the file's name.
        while let Some(word) = words.last()
            && words.len() > 1
            && argument.take_option(word)?
        {
            words.pop();
        }
        argument.file = PathBuf::from(words.join(","));
        if argument.file.as_os_str().is_empty() {
            return Err(format!("expected a file after `=` in {text:?}"));
        }
        Ok(argument)
    }
}

impl DiskArgument {
    /// Whether the word is an option; if so, it is taken.
    fn take_option(&mut self, word: &str) -> Result<bool, String> {
        match word.split_once('=') {
            None if word == "readonly" => self.access = Some(Access::ReadOnly),
            None if word == "writable" => self.access = Some(Access::ReadWrite),
            Some(("format", name)) if !name.is_empty() => self.format = Some(name.to_owned()),
            Some(("block", bytes)) => {
                let bytes = bytes.parse().ok().filter(|bytes| BLOCK_SIZES.contains(bytes));
                let expected = || format!("expected one of {BLOCK_SIZES:?} in {word:?}");
                self.block_bytes = Some(bytes.ok_or_else(expected)?);
            }
            Some(_) | None => return Ok(false),
        }
        Ok(true)
    }
}

/// A disk as it will be attached.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    device: DeviceAddress,
    file: PathBuf,
    format: String,
    access: Access,
    block_bytes: Option<u32>,
}

impl Plan {
    /// The disk for the machine.
    pub(super) fn attachment(&self) -> Attachment {
        let attachment =
            Attachment::image(self.device, &self.file, &self.format).access(self.access);
        match self.block_bytes {
            Some(bytes) => {
                attachment.logical_block_bytes(bytes).physical_block_bytes(bytes.max(512))
            }
            None => attachment,
        }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let access = match self.access {
            Access::ReadWrite => "MAY BE WRITTEN",
            Access::ReadOnly => "read-only",
        };
        let Self { device, format, .. } = self;
        write!(formatter, "{device}: {} ({format}), {access}", workspace::shown(&self.file))
    }
}

/// Looks at the files, without asking QEMU about them.
///
/// # Errors
/// A device or a file is given twice, or a file is not there or is no disk.
pub(super) fn check(arguments: &[DiskArgument]) -> Result<()> {
    let mut seen: Vec<(DeviceAddress, (u64, u64))> = Vec::new();
    for DiskArgument { device, file, .. } in arguments {
        if seen.iter().any(|(other, _)| other == device) {
            bail!("device {device} is given twice");
        }
        let identity = identity(file).with_context(|| format!("disk {device}"))?;
        if let Some((other, _)) = seen.iter().find(|(_, other)| *other == identity) {
            bail!(
                "{} is given twice, as {other} and as {device}: two disks on one file would overwrite \
                 each other",
                file.display()
            );
        }
        seen.push((*device, identity));
    }
    Ok(())
}

/// Decides how each disk is attached.
///
/// # Errors
/// QEMU cannot use a file, or it may not be written although it must.
pub(super) fn plan(arguments: &[DiskArgument], parameters: &str) -> Result<Vec<Plan>> {
    arguments.iter().map(|argument| plan_one(argument, parameters)).collect()
}

fn plan_one(argument: &DiskArgument, parameters: &str) -> Result<Plan> {
    let DiskArgument { device, file, .. } = argument;
    let format = match &argument.format {
        Some(format) => format.clone(),
        None => format::detect_format(file)?,
    };
    let access =
        argument.access.unwrap_or_else(|| match writing::may_be_written(*device, parameters) {
            true => Access::ReadWrite,
            false => Access::ReadOnly,
        });
    if access == Access::ReadWrite {
        let opened = fs::OpenOptions::new().write(true).open(file);
        opened.with_context(|| format!("disk {device}: {} cannot be written", file.display()))?;
    }
    Ok(Plan {
        device: *device,
        file: file.clone(),
        format,
        access,
        block_bytes: argument.block_bytes,
    })
}

/// What tells a file from every other, whatever names it has.
fn identity(file: &Path) -> Result<(u64, u64)> {
    let metadata = fs::metadata(file)
        .with_context(|| format!("{} cannot be used as a disk", file.display()))?;
    let kind = metadata.file_type();
    if !kind.is_file() && !kind.is_block_device() {
        bail!("{} is neither a file nor a block device", file.display());
    }
    if kind.is_block_device() {
        // Several names, in several file systems, may stand for one device.
        return Ok((u64::MAX, metadata.rdev()));
    }
    Ok((metadata.dev(), metadata.ino()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> DiskArgument {
        text.parse().unwrap()
    }

    #[test]
    fn the_text_is_taken_apart() {
        let plain = parsed("0001=a.img");
        assert_eq!(plain.device, DeviceAddress::new(1));
        assert_eq!(plain.file, Path::new("a.img"));
        assert_eq!((plain.format, plain.access, plain.block_bytes), (None, None, None));

        let full = parsed("0.0.00ab=a,b=c.img,readonly,format=qcow2,block=4096");
        assert_eq!(full.device, DeviceAddress::new(0xab));
        assert_eq!(full.file, Path::new("a,b=c.img"));
        assert_eq!(full.format.as_deref(), Some("qcow2"));
        assert_eq!(full.access, Some(Access::ReadOnly));
        assert_eq!(full.block_bytes, Some(4096));

        assert_eq!(parsed("1=x,writable").access, Some(Access::ReadWrite));
        assert_eq!(parsed("1=readonly").file, Path::new("readonly"));
    }

    #[test]
    fn refusals_of_text() {
        for (text, part) in [
            ("a.img", "DEVNO=FILE"),
            ("xyz=a.img", "xyz"),
            ("0001=", "expected a file"),
            ("0001=a,block=100", "block=100"),
            ("0001=a,block=", "4096"),
        ] {
            let error = text.parse::<DiskArgument>().unwrap_err();
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn what_would_do_harm_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("a"), [0; 512]).unwrap();
        fs::write(path("b"), [0; 512]).unwrap();
        fs::hard_link(path("a"), path("hard")).unwrap();
        std::os::unix::fs::symlink(path("a"), path("soft")).unwrap();
        let disk = |device: &str, name: &str| {
            parsed(&format!("{device}={},format=raw", path(name).display()))
        };
        let refused = |disks: &[DiskArgument]| format!("{:#}", check(disks).unwrap_err());

        check(&[disk("1", "a"), disk("2", "b")]).unwrap();
        assert!(
            refused(&[disk("1", "a"), disk("0.0.0001", "b")]).contains("0.0.0001 is given twice")
        );
        for other in ["a", "hard", "soft"] {
            let message = refused(&[disk("1", "a"), disk("2", other)]);
            assert!(message.contains("is given twice, as 0.0.0001 and as 0.0.0002"), "{message}");
        }
        assert!(refused(&[disk("1", "none")]).contains("No such file"));
        assert!(refused(&[disk("1", ".")]).contains("neither a file nor"));
    }

    #[test]
    fn only_what_must_be_written_may_be() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a");
        fs::write(&file, [0; 512]).unwrap();
        let access = |options: &str, parameters: &str| {
            let text = format!("1={},format=raw{options}", file.display());
            plan(&[parsed(&text)], parameters).unwrap()[0].access
        };
        assert_eq!(access("", "run=copy from=1 to=2"), Access::ReadOnly);
        assert_eq!(access("", "run=copy from=2 to=1"), Access::ReadWrite);
        assert_eq!(access(",readonly", "run=copy from=2 to=1"), Access::ReadOnly);
        assert_eq!(access(",writable", ""), Access::ReadWrite);
        let shown = plan(&[parsed(&format!("1={},format=raw", file.display()))], "to=1");
        assert!(shown.unwrap()[0].to_string().ends_with("a (raw), MAY BE WRITTEN"));
    }
}
