//! `cargo xtask run`: the kernel on the user's own disk images.
//!
//! The console is the user's terminal, both ways; the exit status is the kernel's. What may be written
//! is said before the machine starts: an image is attached for writing only when the parameters name its
//! device as something to write ([`writing`]), or its own options say so.

mod arguments;
mod disk;
mod format;
mod writing;

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::process::{Command, ExitCode};
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use qemu_tests::machine::ConsoleInput;
use qemu_tests::outcome::End;
use qemu_tests::{Machine, Outcome};

pub(crate) use arguments::options_first;
pub(crate) use format::{detect_format, virtual_size_bytes};

use crate::command::say;
use crate::setup::{self, Need};
use crate::{build, workspace};
use disk::{DiskArgument, Plan};

/// A machine without a stated limit may run this long: a person is there to end it.
const NO_LIMIT: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// The exit status of `timeout(1)` for a command that ran out of time.
const TIMED_OUT: u8 = 124;

/// Options of `run`.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  cargo xtask run
      lists what the machine has: no disks
  cargo xtask run --disk 0003=old.img --disk 0001=a.img --disk 0002=b.img \\
      -- mirror=0001:0002 run=copy from=0003 to=0001
      copies old.img to a.img and, mirrored, to b.img; old.img is attached read-only

Parameters (docs: README):
  mirror=0001:0002[,0004:0005...]   pairs of primary:secondary
  run=copy from=0003 to=0001        copy a whole disk to the start of another
  run=replay from=0003 to=0001      replay a write log on to a disk
  run=compare from=0001 to=0002     compare two disks
  run=bench to=0001 op=randwrite bs=4096 depth=32 seconds=5
  run=scrub to=0001 [rate=8M]       compare the disks of a pair in the background
  run=console                       the operator's console; help lists its commands
  trace=on                          show every I/O instruction, interruption and detour")]
pub(crate) struct Options {
    /// Attach a disk image (repeatable; also after `--`). DEVNO: 0001 or 0.0.0001, hexadecimal. FILE may be
    /// followed by `,readonly`, `,writable`, `,format=NAME` (else detected) and `,block=BYTES`
    #[arg(long = "disk", value_name = "DEVNO=FILE[,OPTION...]")]
    disks: Vec<DiskArgument>,

    /// Memory of the machine: mebibytes, or with a unit, as in 512M or 2G
    #[arg(long, value_name = "SIZE", default_value = "128M", value_parser = arguments::memory_mebibytes)]
    memory: u64,

    /// Add `trace=on` to the parameters
    #[arg(long)]
    trace: bool,

    /// Kill the machine after this many seconds; without, it runs until it ends
    #[arg(long, value_name = "SECONDS")]
    time_limit: Option<u64>,

    /// The kernel's parameters, after `--`
    #[arg(value_name = "PARAMETERS", allow_hyphen_values = true)]
    parameters: Vec<OsString>,
}

/// Boots the kernel; returns its exit status.
///
/// # Errors
/// A disk cannot be used as told, or the machine cannot be started.
pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    // What is wrong with the files is said before anything is installed or built.
    disk::check(&options.disks)?;
    setup::ensure(&[Need::Qemu])?;
    let parameters = arguments::parameter_line(options);
    let plans = disk::plan(&options.disks, &parameters.to_string_lossy())?;
    let kernel = build::run()?;
    announce(&plans);
    let limit = options.time_limit.map_or(NO_LIMIT, Duration::from_secs);
    let mut machine = Machine::new(kernel)
        .parameters(&parameters)
        .memory_mebibytes(options.memory)
        .time_limit(limit)
        .console_input(ConsoleInput::Inherited)
        .observe_output(show);
    for plan in &plans {
        machine = machine.attach(plan.attachment());
    }
    let running = machine.start()?;
    say(format!("{}", running.command()));
    if io::stdin().is_terminal() {
        say("the console is yours; Control-A x ends the machine");
    }
    let outcome = running.finish()?;
    Ok(conclude(&outcome))
}

/// Says which images may be written and which not.
fn announce(plans: &[Plan]) {
    for plan in plans {
        say(format!("disk {plan}"));
    }
}

/// Passes console output on at once.
fn show(output: &[u8]) {
    let mut standard = io::stdout().lock();
    // A closed standard output is no reason to stop a machine that writes disks.
    let _ = standard.write_all(output).and_then(|()| standard.flush());
}

/// Says what is worth saying at the end, and makes the exit status.
fn conclude(outcome: &Outcome) -> ExitCode {
    if !outcome.diagnostics.trim().is_empty() {
        eprintln!("{}", outcome.diagnostics.trim());
    }
    let backtrace = outcome.backtrace();
    if !backtrace.is_empty() {
        say("the calls that led there, innermost first:");
        for line in backtrace {
            eprintln!("  {line}");
        }
    }
    match outcome.end {
        End::Exited(status) => ExitCode::from(u8::try_from(status).unwrap_or(u8::MAX)),
        End::TimedOut => {
            mend_terminal();
            say(format!("the machine was {} ({})", outcome.end, workspace::shown(&outcome.kernel)));
            ExitCode::from(TIMED_OUT)
        }
        End::Signalled(_) | End::Killed => {
            mend_terminal();
            say(format!("QEMU: {}", outcome.end));
            ExitCode::FAILURE
        }
    }
}

/// QEMU reads single keys from a terminal; when it is killed, it cannot put that back.
fn mend_terminal() {
    if io::stdin().is_terminal() {
        // If there is no `stty`, the user types `reset`.
        let _ = Command::new("stty").arg("sane").status();
    }
}
