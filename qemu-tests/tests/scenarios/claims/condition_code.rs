//! That the first was made available is detected by intercepting a response that tells its status (claims 5 and
//! 23): a condition code (6 and 24), on the return from `iosvcp` to `iosvssch` (7 and 25).

use anyhow::Result;
use libtest_mimic::Trial;
use qemu_tests::Disk;
use qemu_tests::trace::Record;

use super::{Done, Slots, machine, record};
use crate::kernel::Kernel;
use crate::request_path::created;
use crate::support::{MIB, expect_image, judge};

const WRITES: usize = 60;

pub(crate) fn trials(kernel: &Kernel) -> Vec<Trial> {
    vec![
        kernel.trial("claims::condition_code::is_the_response_that_decides", decides),
        kernel.trial("claims::condition_code::is_seen_on_the_return_from_iosvcp", on_the_return),
    ]
}

/// A job whose first device takes one request at a time, so that both condition codes 0 and 2 occur.
fn with_refusals(kernel: &Kernel) -> Result<Done> {
    let legs = [Disk::blank(MIB)?, Disk::blank(MIB)?];
    let job = format!("run=bench to=0001 op=write bs=4K depth=2 count={WRITES}");
    let done = Done::of(machine(kernel, &job, &legs, [Slots::One, Slots::Many]).run()?)?;
    done.expect_all_mirrored(WRITES)?;
    expect_image(&done.outcome, &legs[1], &legs[0])?;
    Ok(done)
}

/// For each condition code that a first request got, the one decision that follows from it; both codes occur.
fn decides(kernel: &Kernel) -> Result<()> {
    let done = with_refusals(kernel)?;
    let (outcome, trace) = (&done.outcome, &done.trace);
    let mut counts = [0usize; 2];
    for one in created(trace)? {
        for seen in trace.of("BACK-END").with("request", one.first).records {
            let (count, decision) = match seen.field("cc") {
                Some("0") => (&mut counts[0], "start-second"),
                _ => (&mut counts[1], "first-not-accepted"),
            };
            judge!(outcome, seen.has("decision", decision), "{} is not {decision}", seen.line);
            *count += 1;
        }
    }
    judge!(outcome, counts[0] >= WRITES && counts[1] >= WRITES / 4, "codes 0 and 2: {counts:?}");
    Ok(())
}

/// Each return of `iosvcp`, whatever the request, leads to the detour: with the same request and the same
/// condition code, and with nothing in between. And nothing else leads there.
fn on_the_return(kernel: &Kernel) -> Result<()> {
    let done = with_refusals(kernel)?;
    let (outcome, trace) = (&done.outcome, &done.trace);
    let same = |one: &Record, other: &Record| {
        ["request", "cc"].iter().all(|key| one.field(key) == other.field(key))
    };
    let mut returns = 0;
    for (place, one) in trace.records.iter().enumerate().filter(|(_, one)| one.what == "IOSVCP") {
        let next = record(trace, place + 1)?;
        let intercepted = next.what == "BACK-END" && same(one, next);
        judge!(outcome, intercepted, "{} is followed by {}", one.line, next.line);
        returns += 1;
    }
    let detours = trace.of("BACK-END").records.len();
    judge!(outcome, returns == detours, "{detours} times in the detour, {returns} returns");
    judge!(outcome, returns > 2 * WRITES, "{returns} returns only");
    Ok(())
}
