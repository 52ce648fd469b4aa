//! Installing packages on Debian and distributions like it.
//!
//! As root, or through `sudo`; where that asks for a password and nobody is there to type it, the error
//! is the command that a person must run.

use std::env;
use std::fs;
use std::io::{self, IsTerminal};
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, bail};
use qemu_tests::program;

use crate::command::{self, Finished, finish_within, say};

/// How long packages may take to come and be unpacked. Killing the installer does harm, so it is long.
const INSTALL_LIMIT: Duration = Duration::from_secs(30 * 60);

/// How long a question about packages may take.
const QUERY_LIMIT: Duration = Duration::from_secs(60);

/// What every installation says: no questions, nothing that was not asked for, and patience while
/// another installer works.
const INSTALL: [&str; 5] =
    ["install", "-y", "-q", "--no-install-recommends", "-oDPkg::Lock::Timeout=300"];

/// The emulator and its tools. They go together: the one needs a version of the other.
const QEMU: [&str; 2] = ["qemu-system-misc", "qemu-utils"];

/// Installs packages; fetches the lists of packages first if they do not have them.
///
/// # Errors
/// There is no `apt-get`, no right to use it, or it failed.
pub(crate) fn install(packages: &[&str]) -> Result<()> {
    refresh_lists_without(packages)?;
    let finished = attempt(&[], packages)?;
    if finished.succeeded() {
        return Ok(());
    }
    // The lists may be older than what the servers still offer.
    update()?;
    let finished = attempt(&[], packages)?;
    if !finished.succeeded() {
        bail!("apt-get could not install {}: {}", packages.join(", "), finished.problem());
    }
    Ok(())
}

/// Installs QEMU.
///
/// Where a newer `qemu-utils` came from elsewhere (backports), the emulator on offer breaks it, and the
/// two have no common version but the emulator's: the tools are then taken back to that, and this is
/// said.
///
/// # Errors
/// As [`install`].
pub(crate) fn install_qemu() -> Result<()> {
    refresh_lists_without(&QEMU)?;
    let finished = attempt(&[], &QEMU)?;
    if finished.succeeded() {
        return Ok(());
    }
    let [emulator, tools] = QEMU;
    let Some(version) = candidate_version(emulator)? else {
        bail!("the package {emulator} is not on offer here: {}", finished.problem());
    };
    if !finished.problem().contains("unmet dependencies") {
        return install(&QEMU);
    }
    say(format!("{tools} is taken to version {version}, which {emulator} needs"));
    let tools = format!("{tools}={version}");
    let finished = attempt(&["--allow-downgrades"], &[emulator, &tools])?;
    if !finished.succeeded() {
        bail!("apt-get could not install {emulator} and {tools}: {}", finished.problem());
    }
    Ok(())
}

/// Fetches the lists of packages if they do not have all of these.
fn refresh_lists_without(packages: &[&str]) -> Result<()> {
    for package in packages {
        if candidate_version(package)?.is_none() {
            return update();
        }
    }
    Ok(())
}

/// The version of a package that would be installed; `None` if it is not on offer.
///
/// # Errors
/// There is no `apt-cache`, or it failed.
pub(crate) fn candidate_version(package: &str) -> Result<Option<String>> {
    let Some(cache) = program::find("apt-cache") else {
        bail!(
            "there is no apt-get here: install {package}, or what has it on your system, by hand"
        );
    };
    let mut command = Command::new(cache);
    command.args(["policy", package]).env("LC_ALL", "C");
    Ok(candidate_in(&finish_within(command, QUERY_LIMIT)?.output))
}

/// The line `Candidate:` of `apt-cache policy`.
fn candidate_in(policy: &str) -> Option<String> {
    let mut lines = policy.lines().map(str::trim);
    let version = lines.find_map(|line| line.strip_prefix("Candidate:"))?.trim();
    (version != "(none)" && !version.is_empty()).then(|| version.to_owned())
}

/// Fetches the lists of packages.
///
/// # Errors
/// As [`install`].
pub(crate) fn update() -> Result<()> {
    say("apt-get update");
    let finished = apt_get(&["update", "-q"])?;
    if !finished.succeeded() {
        bail!("apt-get update failed: {}", finished.problem());
    }
    Ok(())
}

fn attempt(options: &[&str], packages: &[&str]) -> Result<Finished> {
    say(format!("apt-get install {} (this may take a minute)", packages.join(" ")));
    let words: Vec<&str> = INSTALL.iter().chain(options).chain(packages).copied().collect();
    apt_get(&words)
}

fn apt_get(words: &[&str]) -> Result<Finished> {
    let mut command = privileged(words)?;
    command.args(words).env("LC_ALL", "C");
    finish_within(command, INSTALL_LIMIT)
}

/// `apt-get`, as root.
fn privileged(words: &[&str]) -> Result<Command> {
    let by_hand = format!("apt-get {}", words.join(" "));
    let Some(apt_get) = program::find("apt-get") else {
        bail!("there is no apt-get here, so this cannot be done: {by_hand}");
    };
    if is_root() {
        let mut command = Command::new(apt_get);
        command.env("DEBIAN_FRONTEND", "noninteractive");
        return Ok(command);
    }
    let Some(sudo) = program::find("sudo") else {
        bail!("this must be done as root, and there is no sudo: {by_hand}");
    };
    if !may_without_password(&sudo) {
        if env::var_os("CI").is_some() || !io::stdin().is_terminal() {
            bail!("sudo asks for a password, so please do this yourself: sudo {by_hand}");
        }
        say(format!("sudo may ask for your password, for: {by_hand}"));
        // Asked for now, on the terminal; the command itself then runs without input.
        let mut ask = Command::new(&sudo);
        if !ask.arg("-v").status()?.success() {
            bail!("sudo was refused, so please do this yourself: sudo {by_hand}");
        }
    }
    let mut command = Command::new(sudo);
    command.args(["-n", "env", "DEBIAN_FRONTEND=noninteractive"]).arg(apt_get);
    Ok(command)
}

fn may_without_password(sudo: &std::path::Path) -> bool {
    let mut command = Command::new(sudo);
    command.args(["-n", "true"]);
    command::finish_within(command, QUERY_LIMIT).is_ok_and(|finished| finished.succeeded())
}

/// Whether the effective user is root, as Linux says in `proc(5)`.
fn is_root() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    effective_user(&status) == Some("0")
}

/// The second number of the line `Uid:`.
fn effective_user(status: &str) -> Option<&str> {
    let line = status.lines().find_map(|line| line.strip_prefix("Uid:"))?;
    line.split_whitespace().nth(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candidates_are_read() {
        let policy =
            "rustc-web:\n  Installed: (none)\n  Candidate: 1.96.0+dfsg1-1~deb12u2\n  Version";
        assert_eq!(candidate_in(policy).as_deref(), Some("1.96.0+dfsg1-1~deb12u2"));
        assert_eq!(candidate_in("x:\n  Installed: (none)\n  Candidate: (none)\n"), None);
        assert_eq!(candidate_in(""), None);
    }

    #[test]
    fn the_effective_user_counts() {
        assert_eq!(effective_user("Name:\tx\nUid:\t1000\t0\t0\t0\nGid:\t1 2"), Some("0"));
        assert_eq!(effective_user("Uid:\t0\t1000\t0\t0\n"), Some("1000"));
        assert_eq!(effective_user(""), None);
    }
}
