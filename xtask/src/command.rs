//! Running other programs: with a time limit, and without what cargo and rustup put into our environment.
//!
//! `cargo run` and rustup's proxies tell their children who they are (`CARGO`, `RUSTUP_TOOLCHAIN`,
//! `CARGO_PKG_NAME`, library paths …). A cargo that we start must not take these for its own: another
//! toolchain's would pair its compiler with ours, and the same one's would see other variables at every
//! call and build anew.

use std::env;
use std::ffi::OsStr;
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// Says on standard error what is being done.
pub(crate) fn say(text: impl AsRef<str>) {
    eprintln!("xtask: {}", text.as_ref());
}

/// The cargo that runs us, for work on the host.
pub(crate) fn host_cargo() -> Command {
    let cargo = env::var_os("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from);
    let mut command = Command::new(cargo);
    for (name, _) in env::vars_os() {
        if belongs_to_this_package(&name) {
            command.env_remove(name);
        }
    }
    command
}

/// A cargo, or a program like it, of another toolchain: it finds nothing of ours.
pub(crate) fn foreign_cargo(program: &OsStr) -> Command {
    let mut command = Command::new(program);
    for (name, _) in env::vars_os() {
        if belongs_to_this_package(&name) || belongs_to_this_toolchain(&name) {
            command.env_remove(name);
        }
    }
    command
}

/// Variables that `cargo run` sets for the program that it runs.
fn belongs_to_this_package(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    name.starts_with("CARGO_PKG_")
        || name.starts_with("CARGO_BIN_")
        || name.starts_with("CARGO_MANIFEST_")
        || ["LD_LIBRARY_PATH", "CARGO_PRIMARY_PACKAGE", "CARGO_CRATE_NAME"].contains(&&*name)
}

/// Variables that choose a compiler, its options or its output.
fn belongs_to_this_toolchain(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    name.starts_with("RUSTC")
        || name.starts_with("CARGO_BUILD_")
        || name.starts_with("CARGO_TARGET_")
        || [
            "CARGO",
            "CARGO_ENCODED_RUSTFLAGS",
            "RUSTDOC",
            "RUSTDOCFLAGS",
            "RUSTFLAGS",
            "RUSTUP_TOOLCHAIN",
            "RUST_RECURSION_COUNT",
        ]
        .contains(&&*name)
}

/// What a program printed, and how it ended.
#[derive(Clone, Debug)]
pub(crate) struct Finished {
    /// How it ended; `None` if it was killed at its time limit.
    pub(crate) status: Option<ExitStatus>,
    /// Its standard output.
    pub(crate) output: String,
    /// Its standard error.
    pub(crate) errors: String,
}

impl Finished {
    /// Whether it ended by itself with exit status 0.
    pub(crate) fn succeeded(&self) -> bool {
        self.status.is_some_and(|status| status.success())
    }

    /// How it failed, with the last lines of what it printed.
    pub(crate) fn problem(&self) -> String {
        let ending = match self.status {
            Some(status) => status.to_string(),
            None => "killed at its time limit".to_owned(),
        };
        let printed = format!("{}\n{}", self.output.trim(), self.errors.trim());
        let lines: Vec<&str> = printed.lines().filter(|line| !line.trim().is_empty()).collect();
        let first = lines.len().saturating_sub(15);
        let tail: Vec<&str> = lines.into_iter().skip(first).collect();
        format!("{ending}\n  {}", tail.join("\n  "))
    }
}

/// A program and its arguments, for a message.
pub(crate) fn shown(command: &Command) -> String {
    let mut text = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args() {
        text.push(' ');
        text.push_str(&argument.to_string_lossy());
    }
    text
}

/// Runs a program without input, keeps what it prints, and kills it when its time is over.
///
/// # Errors
/// It cannot be started. That it fails is for the caller to see.
pub(crate) fn finish_within(mut command: Command, limit: Duration) -> Result<Finished> {
    let name = shown(&command);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot run `{name}`"))?;
    let output = read_aside(child.stdout.take());
    let errors = read_aside(child.stderr.take());
    let status = wait_within(&mut child, limit).with_context(|| format!("`{name}`"))?;
    Ok(Finished {
        status,
        output: output.join().unwrap_or_default(),
        errors: errors.join().unwrap_or_default(),
    })
}

fn read_aside(input: Option<impl Read + Send + 'static>) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut content = Vec::new();
        if let Some(mut input) = input {
            // What was read before an error is still worth showing.
            let _ = input.read_to_end(&mut content);
        }
        String::from_utf8_lossy(&content).into_owned()
    })
}

fn wait_within(child: &mut Child, limit: Duration) -> io::Result<Option<ExitStatus>> {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() >= deadline {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(POLL_INTERVAL);
    }
}

/// Runs a program without input, lets it print, and fails if it fails.
///
/// # Errors
/// It cannot be started, or did not succeed.
pub(crate) fn run(mut command: Command) -> Result<()> {
    let name = shown(&command);
    let status =
        command.stdin(Stdio::null()).status().with_context(|| format!("cannot run `{name}`"))?;
    if !status.success() {
        bail!("`{name}` failed ({status})");
    }
    Ok(())
}

/// Runs a program without input, passes its standard output on line by line and gives every line to
/// `see`. Returns whether it succeeded.
///
/// # Errors
/// It cannot be started, or its output not be read.
pub(crate) fn run_seeing(mut command: Command, mut see: impl FnMut(&str)) -> Result<bool> {
    let name = shown(&command);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot run `{name}`"))?;
    if let Some(output) = child.stdout.take() {
        pass_on(output, &mut io::stdout().lock(), &mut see)
            .with_context(|| format!("cannot read what `{name}` prints"))?;
    }
    Ok(child.wait()?.success())
}

/// Passes bytes on as they come, so that an unfinished line is seen at once, and lines to `see`.
fn pass_on(
    mut output: impl Read,
    passed: &mut impl Write,
    see: &mut impl FnMut(&str),
) -> io::Result<()> {
    let mut piece = [0; 4096];
    let mut partial = Vec::new();
    loop {
        let count = output.read(&mut piece)?;
        let content = piece.get(..count).unwrap_or_default();
        if content.is_empty() {
            break;
        }
        passed.write_all(content)?;
        passed.flush()?;
        for byte in content {
            if *byte == b'\n' {
                see(&String::from_utf8_lossy(&partial));
                partial.clear();
            } else {
                partial.push(*byte);
            }
        }
    }
    if !partial.is_empty() {
        see(&String::from_utf8_lossy(&partial));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn a_time_limit_is_kept() {
        let begin = Instant::now();
        let finished =
            finish_within(shell("echo a; exec sleep 100"), Duration::from_millis(100)).unwrap();
        assert!(begin.elapsed() < Duration::from_secs(50));
        assert!(!finished.succeeded());
        assert_eq!(finished.output, "a\n");
        assert!(finished.problem().contains("time limit"));
    }

    #[test]
    fn output_and_status_are_kept() {
        let limit = Duration::from_secs(50);
        let finished = finish_within(shell("echo a; echo b >&2; exit 3"), limit).unwrap();
        assert_eq!((finished.output.as_str(), finished.errors.as_str()), ("a\n", "b\n"));
        assert!(finished.problem().contains("exit status: 3"));
        assert!(finish_within(shell("true"), limit).unwrap().succeeded());
        assert!(finish_within(Command::new("no-such-program"), limit).is_err());
    }

    #[test]
    fn lines_are_passed_on_and_seen() {
        let (mut lines, mut passed) = (Vec::new(), Vec::new());
        let printed = &b"one\ntwo"[..];
        pass_on(printed, &mut passed, &mut |line| lines.push(line.to_owned())).unwrap();
        assert_eq!(passed, printed);
        assert_eq!(lines, ["one", "two"]);
        assert!(run_seeing(shell("exit 0"), |_| ()).unwrap());
        assert!(!run_seeing(shell("exit 1"), |_| ()).unwrap());
    }

    #[test]
    fn what_belongs_to_us_is_known() {
        for name in ["CARGO_PKG_NAME", "CARGO_MANIFEST_DIR", "LD_LIBRARY_PATH"] {
            assert!(belongs_to_this_package(OsStr::new(name)), "{name}");
        }
        for name in ["RUSTUP_TOOLCHAIN", "RUSTC", "CARGO", "CARGO_TARGET_DIR", "RUSTFLAGS"] {
            assert!(belongs_to_this_toolchain(OsStr::new(name)), "{name}");
        }
        for name in ["PATH", "CARGO_HOME", "RUSTUP_HOME", "CARGO_NET_OFFLINE", "RUST_BACKTRACE"] {
            let name = OsStr::new(name);
            assert!(!belongs_to_this_package(name) && !belongs_to_this_toolchain(name), "{name:?}");
        }
    }
}
