//! That the first request was made available is detected, and only in response does the second one go to its
//! device. (Claims 4 and 22.)
//!
//! So a first request that its device does not accept starts no second one: neither when the device is busy
//! (the second follows when the first is accepted in the end) nor when the device is gone (it never follows).

use std::time::Duration;

use anyhow::{Context, Result};
use libtest_mimic::Trial;
use qemu_tests::faults::{self, Chain, HeldWrite};
use qemu_tests::{Attachment, DeviceAddress, Disk, Outcome};

use super::{Done, LIMIT, Slots, machine, record};
use crate::kernel::Kernel;
use crate::request_path::{Places, created};
use crate::support::{KIB, MIB, at, expect_image, judge};

/// The length of a write of the job on a device that goes.
const BLOCK: u64 = 4 * KIB;

/// That job.
const JOB: &str = "mirror=0001:0002 run=bench to=0001 op=write bs=4K depth=1 count=2";

pub(crate) fn trials(kernel: &Kernel) -> Vec<Trial> {
    vec![
        kernel.trial("claims::in_response::a_second_only_after_its_first", second_after_first),
        kernel.trial("claims::in_response::no_second_while_the_first_is_refused", first_refused),
        kernel.trial("claims::in_response::no_second_for_a_device_that_is_gone", first_gone),
    ]
}

/// Nothing of a second request, not even its way into its device's own form, comes before the record that
/// the first was accepted.
fn second_after_first(kernel: &Kernel) -> Result<()> {
    const WRITES: usize = 120;
    let legs = [Disk::blank(MIB)?, Disk::blank(MIB)?];
    let job = format!("run=bench to=0001 op=randwrite bs=4K depth=16 count={WRITES}");
    let done = Done::of(machine(kernel, &job, &legs, [Slots::Many; 2]).run()?)?;
    done.expect_all_mirrored(WRITES)?;
    expect_none_early(&done.outcome)?;
    expect_image(&done.outcome, &legs[1], &legs[0])
}

/// For each first request: it was accepted, a detour saw that, and only later does a record of the second come.
fn expect_none_early(outcome: &Outcome) -> Result<()> {
    let trace = outcome.trace()?;
    let places = Places::of(&trace);
    for one in created(&trace)? {
        let path = || outcome.report(&format!("the path is\n{}", trace.following(one.first)));
        let accepted = places.accepted(one.first).with_context(path)?;
        let seen = places.all(one.first, "BACK-END", |record| record.has("cc", "0")).next();
        judge!(outcome, seen > Some(accepted), "it was not seen that the first was accepted");
        let second = trace.records.iter().position(|record| record.has("request", one.second));
        judge!(outcome, second > seen, "the second comes first:\n{}", trace.following(one.first));
    }
    Ok(())
}

/// The first device has one slot: firsts are refused with condition code 2, and then accepted. The second device,
/// which could take many, gets none of the refused ones before.
fn first_refused(kernel: &Kernel) -> Result<()> {
    const WRITES: usize = 60;
    let legs = [Disk::blank(MIB)?, Disk::blank(MIB)?];
    let job = format!("run=bench to=0001 op=write bs=4K depth=2 count={WRITES}");
    let done = Done::of(machine(kernel, &job, &legs, [Slots::One, Slots::Many]).run()?)?;
    let (outcome, trace) = (&done.outcome, &done.trace);
    done.expect_all_mirrored(WRITES)?;
    expect_none_early(outcome)?;
    let places = Places::of(trace);
    let mut refused = 0;
    for one in created(trace)? {
        for refusal in places.all(one.first, "IOSVCP", |record| !record.has("cc", "0")) {
            let said = record(trace, refusal + 1)?;
            let seen = said.what == "BACK-END" && said.has("decision", "first-not-accepted");
            judge!(outcome, seen, "after a refusal comes {}", said.line);
            refused += 1;
        }
    }
    judge!(outcome, refused >= WRITES / 4, "{refused} refusals only: the slot was not the matter");
    judge!(outcome, done.verdict.deferred_starts == 0, "a second of a refused first was deferred");
    expect_image(outcome, &legs[1], &legs[0])
}

/// The first device goes while the first of two writes is held on the second device: when it is let go, the
/// process asks for the other write, which the first device refuses with condition code 3. The second device
/// must not have it. (The policy keeps the pair from going on with the second device alone.)
fn first_gone(kernel: &Kernel) -> Result<()> {
    let legs = [Disk::blank(MIB)?, Disk::blank(MIB)?];
    let chain = Chain::file("f2", legs[1].path()).holdable("b2");
    let running = kernel
        .machine(&format!("trace=on on-primary-error=fail {JOB}"))
        .attach(at(1, &legs[0]))
        .attach(Attachment::node(DeviceAddress::new(2), chain.top()))
        .chain(chain)
        .time_limit(LIMIT)
        .held_at_start()
        .start()?;
    let held = HeldWrite::arm(running.qmp()?, DeviceAddress::new(2), "w1")?;
    running.begin()?;
    running.wait_for("decision=hold", LIMIT)?;
    held.wait()?;
    faults::remove_device(running.qmp()?, DeviceAddress::new(1), Duration::from_secs(5))?;
    running.wait_for("TRACE", LIMIT)?;
    held.release()?;
    let outcome = running.finish()?;
    outcome.expect_failed("0.0.0001")?;
    let trace = outcome.trace()?;
    let writes = trace.of("IOSVSSCH").with("op", "write");
    let [_, other] = writes.records.as_slice() else {
        anyhow::bail!("{}", outcome.report("the process asked for more or less than two writes"));
    };
    let path = trace.following(other.field("request").unwrap_or_default());
    let refused = path.of("BACK-END").with("decision", "first-not-accepted").with("cc", "3");
    judge!(outcome, refused.records.len() == 1, "the refusal was not seen:\n{path}");
    let there = path.with("device", "0.0.0002");
    judge!(outcome, there.records.is_empty(), "the second went to its device:\n{path}");
    let written = usize::try_from(BLOCK)?;
    judge!(outcome, legs[1].read_at(0, written)? != vec![0; written], "the held write is missing");
    legs[1].expect_zero_from(BLOCK).with_context(|| outcome.report("the second disk was written"))
}
