//! Machines that have nothing to do: the kernel comes up, says what it found, and ends.

use std::process::{Command, Stdio};

use anyhow::{Result, ensure};
use libtest_mimic::Trial;
use qemu_tests::machine::EMULATOR;
use qemu_tests::verdict::Status;
use qemu_tests::{Attachment, Disk, Verdict};

use crate::kernel::Kernel;

pub(crate) fn trials(kernel: &Kernel) -> Vec<Trial> {
    vec![
        kernel.trial("startup::no_disks", no_disks),
        kernel.trial("startup::two_disks_untouched", two_disks_untouched),
        kernel.trial("startup::by_hand", by_hand),
    ]
}

fn no_disks(kernel: &Kernel) -> Result<()> {
    let outcome = kernel.machine("").run()?;
    let verdict = outcome.expect_ok()?;
    ensure!(verdict.pairs.is_empty(), "{}", outcome.report("a pair without disks"));
    Ok(())
}

/// With no job, disks are listed and not written.
fn two_disks_untouched(kernel: &Kernel) -> Result<()> {
    let disks = [Disk::seeded(1 << 20, 1)?, Disk::seeded(1 << 20, 2)?];
    let before = [disks[0].fingerprint()?, disks[1].fingerprint()?];
    let outcome = kernel
        .machine("mirror=0001:00ab")
        .attach(Attachment::disk("0001".parse()?, &disks[0]))
        .attach(Attachment::disk("00ab".parse()?, &disks[1]))
        .run()?;
    let verdict = outcome.expect_ok()?;
    ensure!(
        verdict.pair("0.0.0001").is_some_and(|pair| pair.secondary == "0.0.00ab"),
        "{}",
        outcome.report("the pair is not in the RESULT")
    );
    for address in ["0.0.0001", "0.0.00ab"] {
        ensure!(
            !outcome.lines_with(address).is_empty(),
            "{}",
            outcome.report(&format!("{address} is not listed"))
        );
    }
    disks[0].expect_unchanged(before[0])?;
    disks[1].expect_unchanged(before[1])
}

/// QEMU as a person calls it, with none of the runner's options: the README's own command.
fn by_hand(kernel: &Kernel) -> Result<()> {
    let disks = [Disk::blank(1 << 20)?, Disk::blank(1 << 20)?, Disk::seeded(1 << 20, 1)?];
    let mut command = Command::new("timeout");
    command.args(["60", EMULATOR, "-M", "s390-ccw-virtio", "-nographic"]);
    command.args(["-action", "panic=exit-failure", "-kernel"]).arg(kernel.elf());
    command.args(["-append", "mirror=0001:0002 run=copy from=0003 to=0001"]);
    for (number, disk) in (1..).zip(&disks) {
        let file = disk.path().display();
        command.arg("-drive").arg(format!("if=none,format=raw,id=d{number},file={file}"));
        command
            .arg("-device")
            .arg(format!("virtio-blk-ccw,drive=d{number},devno=fe.0.{number:04x}"));
    }
    let output = command.stdin(Stdio::null()).output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    ensure!(output.status.success(), "{command:?}: {}\n{text}", output.status);
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let verdict = Verdict::from_console(&lines)?;
    ensure!(verdict.status == Status::Ok && verdict.mirrored_writes > 0, "{text}");
    disks[0].expect_same(&disks[2])?;
    disks[1].expect_same(&disks[2])
}
