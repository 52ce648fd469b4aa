//! What QEMU says of an image file: its format and the size of the disk in it.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use qemu_tests::program;
use serde_json::Value;

use crate::command::finish_within;

/// How long the question may take.
const LIMIT: Duration = Duration::from_secs(60);

/// What `qemu-img info` says of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Information {
    /// The format.
    format: String,
    /// The size of the disk in it.
    virtual_size_bytes: u64,
}

/// The format that an image's content shows, in QEMU's words; `raw` if it shows none.
///
/// # Errors
/// `qemu-img` is not there, or cannot read the file.
pub(crate) fn detect_format(path: &Path) -> Result<String> {
    Ok(ask(path, None)?.format)
}

/// The size in bytes of the disk in an image of this format.
///
/// # Errors
/// `qemu-img` is not there, or cannot read the file.
pub(crate) fn virtual_size_bytes(path: &Path, format: &str) -> Result<u64> {
    Ok(ask(path, Some(format))?.virtual_size_bytes)
}

fn ask(path: &Path, format: Option<&str>) -> Result<Information> {
    let tool = program::find("qemu-img").context("there is no qemu-img")?;
    let mut command = Command::new(tool);
    // `-U`: another machine may have the image open; nothing is written here.
    command.args(["info", "-U", "--output=json"]);
    if let Some(format) = format {
        command.args(["-f", format]);
    }
    command.arg("--").arg(path);
    let finished = finish_within(command, LIMIT)?;
    if !finished.succeeded() {
        bail!("{} cannot be used as a disk: {}", path.display(), finished.errors.trim());
    }
    read(&finished.output).with_context(|| format!("what qemu-img says of {}", path.display()))
}

fn read(output: &str) -> Result<Information> {
    let said: Value = serde_json::from_str(output)?;
    let format = said.get("format").and_then(Value::as_str);
    let size = said.get("virtual-size").and_then(Value::as_u64);
    Ok(Information {
        format: format.context("there is no format")?.to_owned(),
        virtual_size_bytes: size.context("there is no size")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn format_and_size_are_read() {
        let output = r#"{"virtual-size": 1048576, "filename": "a", "format": "qcow2"}"#;
        let expected = Information { format: "qcow2".to_owned(), virtual_size_bytes: 1 << 20 };
        assert_eq!(read(output).unwrap(), expected);
        for output in ["", "{}", r#"{"format": "raw"}"#] {
            assert!(read(output).is_err(), "{output}");
        }
    }
}
