//! Writes that a device keeps: the process must not hear of the end before both legs have it.

use std::thread;
use std::time::Duration;

use anyhow::Result;
use libtest_mimic::Trial;
use qemu_tests::faults::{Chain, HeldWrite};
use qemu_tests::{Attachment, DeviceAddress, Disk, Outcome, Running};

use crate::kernel::Kernel;
use crate::support::{KIB, at, expect_duplex, expect_image, judge};

/// The machine boots and copies in a fraction of this.
const LIMIT: Duration = Duration::from_secs(20);

/// How long a held write is held; everything else is over long before.
const HELD: Duration = Duration::from_millis(300);

/// So much is one write.
const BYTES: u64 = 64 * KIB;

pub(crate) fn trials(kernel: &Kernel) -> Vec<Trial> {
    vec![
        kernel.trial("hold::secondary", |kernel| hold(kernel, Leg::Secondary)),
        kernel.trial("hold::primary", |kernel| hold(kernel, Leg::Primary)),
    ]
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Leg {
    Primary,
    Secondary,
}

/// While a leg keeps the write, it is over on the other leg and not posted; when the leg lets go, it is.
fn hold(kernel: &Kernel, leg: Leg) -> Result<()> {
    let source = Disk::seeded(BYTES, 1)?;
    let legs = [Disk::blank(BYTES)?, Disk::blank(BYTES)?];
    let (held_number, other) = match leg {
        Leg::Primary => (1, &legs[1]),
        Leg::Secondary => (2, &legs[0]),
    };
    let chains = [
        Chain::file("f1", legs[0].path()).holdable("b1"),
        Chain::file("f2", legs[1].path()).holdable("b2"),
    ];
    let mut machine = kernel
        .machine("trace=on mirror=0001:0002 run=copy from=0003 to=0001")
        .attach(at(3, &source))
        .time_limit(LIMIT)
        .held_at_start();
    for (number, chain) in (1..).zip(chains) {
        machine = machine.attach(Attachment::node(DeviceAddress::new(number), chain.top()));
        machine = machine.chain(chain);
    }
    let running = machine.start()?;
    let held = HeldWrite::arm(running.qmp()?, DeviceAddress::new(held_number), "w1")?;
    running.begin()?;
    let decision = match leg {
        Leg::Primary => "decision=wait-for-first",
        Leg::Secondary => "decision=hold",
    };
    running.wait_for(decision, LIMIT)?;
    thread::sleep(HELD);
    // Not before: QEMU stops the processor while it waits, and the guest would never get to the write.
    held.wait()?;
    expect_not_posted(&running)?;
    other.expect_same(&source)?;
    held.release()?;
    let outcome = running.finish()?;
    let verdict = outcome.expect_ok()?;
    judge!(outcome, verdict.microseconds >= 300_000, "the hold is not in the time of the job");
    expect_duplex(&outcome, &verdict, "0.0.0001")?;
    expect_posted_last(&outcome)?;
    for disk in &legs {
        expect_image(&outcome, disk, &source)?;
    }
    Ok(())
}

/// The write that is held is the first of the job, so that the only POST is that of the read.
fn expect_not_posted(running: &Running) -> Result<()> {
    let lines = running.console().lines();
    let posts = lines.iter().filter(|line| line.contains(" POST request=")).count();
    let results = lines.iter().filter(|line| line.starts_with("RESULT")).count();
    anyhow::ensure!(
        posts == 1 && results == 0,
        "the write was posted while a leg had it:\n{}\n{}",
        running.command(),
        running.console().tail()
    );
    Ok(())
}

/// The write's POST comes after both its ends, and by about as much as it was held.
fn expect_posted_last(outcome: &Outcome) -> Result<()> {
    let trace = outcome.trace()?;
    let write = trace.of("IOSVSSCH").with("op", "write");
    let request = write.records.first().and_then(|record| record.field("request"));
    let path = trace.following(request.unwrap_or_default());
    let used: Vec<u64> =
        path.of("VIRTQUEUE used").records.iter().map(|one| one.microseconds).collect();
    let posted = path.of("POST").records.first().map(|one| one.microseconds);
    let (Some(first), Some(last)) = (used.iter().min(), used.iter().max()) else {
        anyhow::bail!("{}", outcome.report("the write is not in the trace"));
    };
    judge!(outcome, used.len() == 2 && last - first >= 200_000, "it was not held: {used:?}");
    judge!(outcome, posted >= Some(*last), "posted at {posted:?}, over at {used:?}");
    Ok(())
}
