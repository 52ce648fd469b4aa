//! After the first request was made available control is taken again and its status obtained (claims 11 and 29): a
//! return pointer into `iosvssch` is made to point to the back-end detour (12, 13, 30 and 31).

use anyhow::Result;
use libtest_mimic::Trial;
use qemu_tests::Disk;

use super::{Done, Slots, machine, record};
use crate::kernel::Kernel;
use crate::request_path::{Places, created};
use crate::support::{MIB, expect_image, judge};

pub(crate) fn trials(kernel: &Kernel) -> Vec<Trial> {
    vec![
        kernel.trial("claims::return_pointer::is_turned", |kernel| {
            let (pointer, routine) = ("iosvcp-return", "iosvssch-return");
            super::expect_turned(kernel, pointer, routine, "back-end-detour", "BACK-END")
        }),
        kernel.trial("claims::return_pointer::control_is_taken_again", taken_again),
        kernel.trial("claims::return_pointer::iosvssch_goes_on_afterwards", goes_on),
    ]
}

/// The first request is in the ring and its device was told; then the detour has control, with its status.
fn taken_again(kernel: &Kernel) -> Result<()> {
    const WRITES: usize = 70;
    let legs = [Disk::blank(MIB)?, Disk::blank(MIB)?];
    let job = format!("run=bench to=0001 op=write bs=4K depth=3 count={WRITES}");
    let done = Done::of(machine(kernel, &job, &legs, [Slots::Many; 2]).run()?)?;
    let (outcome, trace) = (&done.outcome, &done.trace);
    done.expect_all_mirrored(WRITES)?;
    let places = Places::of(trace);
    for one in created(trace)? {
        let available = places.first(one.first, "VIRTQUEUE available")?;
        let back = places.first(one.first, "BACK-END")?;
        let seen = record(trace, back)?;
        let with_status = seen.has("cc", "0") && seen.meaning("cc") == Some("started");
        judge!(outcome, available < back && with_status, "{}", trace.following(one.first));
        let told = record(trace, available)?.has("notify", "yes");
        let diagnose = record(trace, available + 1)?;
        judge!(outcome, !told || diagnose.what == "DIAGNOSE", "not told: {}", diagnose.line);
        judge!(outcome, seen.has("second", one.second), "{} names another second", seen.line);
    }
    expect_image(outcome, &legs[1], &legs[0])
}

/// What stood at the return pointer still gets the condition code: a first that was refused is on its device's
/// queue afterwards, and is started from there; one that was accepted is not, and is posted when it ends.
fn goes_on(kernel: &Kernel) -> Result<()> {
    const WRITES: usize = 40;
    let legs = [Disk::blank(MIB)?, Disk::blank(MIB)?];
    let job = format!("run=bench to=0001 op=write bs=4K depth=2 count={WRITES}");
    let done = Done::of(machine(kernel, &job, &legs, [Slots::One, Slots::Many]).run()?)?;
    let (outcome, trace) = (&done.outcome, &done.trace);
    done.expect_all_mirrored(WRITES)?;
    let places = Places::of(trace);
    let mut refused = 0;
    for one in created(trace)? {
        for seen in places.all(one.first, "BACK-END", |record| !record.has("cc", "0")) {
            let next = record(trace, seen + 1)?;
            let queued = next.what == "QUEUE" && next.has("request", one.first);
            judge!(outcome, queued, "a refused first goes on to {}", next.line);
            refused += 1;
        }
        let accepted = places.accepted(one.first)?;
        judge!(outcome, places.posted(one.first)? > accepted, "posted before it was accepted");
    }
    judge!(outcome, refused >= WRITES / 4, "{refused} refusals only");
    expect_image(outcome, &legs[1], &legs[0])
}
