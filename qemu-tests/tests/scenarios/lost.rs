//! Requests whose end nobody tells: the interruption is lost, and the request is found all the same.

use std::time::Duration;

use anyhow::{Context, Result};
use libtest_mimic::Trial;
use qemu_tests::faults::{Chain, HeldWrite, SharedStorage};
use qemu_tests::{Attachment, DeviceAddress, Disk};

use crate::kernel::Kernel;
use crate::request_path::check_mirrored;
use crate::support::{MIB, expect_duplex, expect_image, judge};

const LIMIT: Duration = Duration::from_secs(30);

/// What a request has, so that the job's time shows when it was looked for: within a quarter more.
const DEADLINE_SECONDS: u64 = 2;

pub(crate) fn trials(kernel: &Kernel) -> Vec<Trial> {
    vec![
        kernel.trial("lost::interruption_of_the_secondary", |kernel| interruption(kernel, 2)),
        kernel.trial("lost::interruption_of_the_primary", |kernel| interruption(kernel, 1)),
    ]
}

/// One leg ends a write without an interruption, with nothing else going on that would wake anybody. The write is
/// found, the pair stays whole, and the job goes on.
fn interruption(kernel: &Kernel, silent: u16) -> Result<()> {
    let legs = [Disk::blank(MIB)?, Disk::blank(MIB)?];
    let line = format!(
        "trace=on deadline={DEADLINE_SECONDS} mirror=0001:0002 run=bench to=0001 op=write depth=1 count=4"
    );
    let storage = SharedStorage::new(64)?;
    let mut machine = storage.attach_to(kernel.machine(&line)).time_limit(LIMIT).held_at_start();
    for (number, disk) in (1u16..).zip(&legs) {
        let chain = Chain::file(&format!("f{number}"), disk.path()).holdable(&format!("b{number}"));
        machine = machine.attach(Attachment::node(DeviceAddress::new(number), chain.top()));
        machine = machine.chain(chain);
    }
    let running = machine.start()?;
    let qmp = running.qmp()?;
    let held = HeldWrite::arm(qmp, DeviceAddress::new(silent), "w1")?;
    running.begin()?;
    let other = if silent == 2 { "decision=hold" } else { "decision=wait-for-first" };
    let mut reader = running.console().reader();
    reader.wait_for(other, LIMIT)?;
    held.wait()?;
    // A device's first interruption comes in any case; the second is the one to lose.
    let second = HeldWrite::arm(qmp, DeviceAddress::new(silent), "w2")?;
    held.release()?;
    reader.wait_for(" POST request=", LIMIT)?;
    reader.wait_for(other, LIMIT)?;
    second.wait()?;
    storage.lose_interruption(qmp, DeviceAddress::new(silent))?;
    second.release()?;
    let outcome = running.finish()?;
    let verdict = outcome.expect_ok()?;
    expect_duplex(&outcome, &verdict, "0.0.0001")?;
    judge!(outcome, verdict.mirrored_writes == 4, "{} mirrored", verdict.mirrored_writes);
    let longest = DEADLINE_SECONDS * 1_250_000 + 500_000;
    let took = verdict.microseconds;
    judge!(outcome, took <= longest, "{took} microseconds: it was found too late");
    // Less than a quarter of the deadline would mean that somebody was told.
    let shortest = DEADLINE_SECONDS * 250_000 * 3 / 4;
    judge!(outcome, took >= shortest, "{took} microseconds: no interruption was lost");
    // It was not told: the last look or the missing-interruption handler has it, without the device being cleared.
    let trace = outcome.trace()?;
    judge!(outcome, trace.of("CLEAR").records.is_empty(), "a device that was done was cleared");
    check_mirrored(&trace).with_context(|| outcome.report("a wrong order"))?;
    expect_image(&outcome, &legs[1], &legs[0])
}
