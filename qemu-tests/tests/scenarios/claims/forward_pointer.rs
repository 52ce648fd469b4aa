//! Control is taken by finding a forward pointer and making it point to the front-end detour (claims 8 and 26):
//! the pointer by which `iosvssch` calls `ddtsio` (9 and 27, 10 and 28).

use anyhow::Result;
use libtest_mimic::Trial;
use qemu_tests::Disk;

use super::{Done, Slots, machine, next_of_request};
use crate::kernel::Kernel;
use crate::support::{MIB, expect_image, judge};

pub(crate) fn trials(kernel: &Kernel) -> Vec<Trial> {
    vec![
        kernel.trial("claims::forward_pointer::is_found_and_turned", |kernel| {
            super::expect_turned(kernel, "ddtsio", "ddtsio", "front-end-detour", "FRONT-END")
        }),
        kernel.trial("claims::forward_pointer::is_that_from_iosvssch_to_ddtsio", on_the_call),
    ]
}

/// Each call of `iosvssch` for a device of the kind whose pointer was turned comes first to the detour, and from
/// there to `ddtsio`: for reads and for devices in no pair as well, for they share the pointer.
fn on_the_call(kernel: &Kernel) -> Result<()> {
    let legs = [Disk::blank(MIB)?, Disk::blank(MIB)?];
    for (operation, least) in [("write", 40), ("read", 40)] {
        let job = format!("run=bench to=0001 op={operation} bs=4K depth=4 count=40");
        let done = Done::of(machine(kernel, &job, &legs, [Slots::Many; 2]).run()?)?;
        let (outcome, trace) = (&done.outcome, &done.trace);
        let calls = trace.records.iter().enumerate().filter(|(_, one)| one.what == "IOSVSSCH");
        let mut count = 0;
        for (place, call) in calls {
            let path = trace.with("request", call.field("request").unwrap_or_default());
            let start = path.kinds().starts_with(&["IOSVSSCH", "FRONT-END", "DDTSIO"]);
            judge!(outcome, start, "the way from iosvssch is\n{path}");
            let next = next_of_request(trace, place)?;
            judge!(outcome, next.what == "FRONT-END", "{} leads to {}", call.line, next.line);
            count += 1;
        }
        judge!(outcome, count >= least, "{count} calls only");
        expect_image(outcome, &legs[1], &legs[0])?;
    }
    Ok(())
}
