//! Control goes back by being passed to `ddtsio`, after the second request was created. (Claims 3 and 21.)

use anyhow::Result;
use libtest_mimic::Trial;
use qemu_tests::Disk;

use super::{Done, Slots, machine, next_of_request, record};
use crate::kernel::Kernel;
use crate::request_path::{Places, created};
use crate::support::{MIB, expect_image, judge};

pub(crate) fn trials(kernel: &Kernel) -> Vec<Trial> {
    vec![kernel.trial("claims::passed_on::to_ddtsio_after_the_second_is_there", to_ddtsio)]
}

/// The detour's record is followed by that of the real `ddtsio` for the same request, on the device that the
/// process named; the second request is there before, and `ddtsio` runs once for every time that the detour did.
fn to_ddtsio(kernel: &Kernel) -> Result<()> {
    const WRITES: usize = 80;
    let legs = [Disk::blank(MIB)?, Disk::blank(MIB)?];
    let job = format!("run=bench to=0001 op=write bs=4K depth=4 count={WRITES}");
    let done = Done::of(machine(kernel, &job, &legs, [Slots::Many; 2]).run()?)?;
    let (outcome, trace) = (&done.outcome, &done.trace);
    done.expect_all_mirrored(WRITES)?;
    let places = Places::of(trace);
    for one in created(trace)? {
        let next = next_of_request(trace, one.place)?;
        let passed = next.what == "DDTSIO" && next.has("device", "0.0.0001");
        judge!(outcome, passed, "after the detour comes {}", next.line);
        for request in [one.first, one.second] {
            let detour = places.all(request, "FRONT-END", |_| true).count();
            let routine = places.all(request, "DDTSIO", |_| true).count();
            judge!(outcome, detour == 1 && routine == 1, "{}", trace.following(one.first));
        }
        let second = record(trace, places.first(one.second, "FRONT-END")?)?;
        let then = next_of_request(trace, places.first(one.second, "FRONT-END")?)?;
        judge!(outcome, then.what == "DDTSIO", "{} is followed by {}", second.line, then.line);
    }
    expect_image(outcome, &legs[1], &legs[0])
}
