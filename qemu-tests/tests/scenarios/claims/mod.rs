//! The 36 claims, each shown on the machine: `docs/claims.md` says which scenario shows which claim, and
//! with which line of the kernel broken it was seen to fail.
//!
//! One module a statement of the design. They judge by the trace (what came before what, and what did not
//! come at all) and by the disks, those included that must not change.

mod condition_code;
mod confirmed;
mod forward_pointer;
mod in_response;
mod live;
mod mirrored_or_not;
mod passed_on;
mod permissible;
mod return_pointer;
mod second_request;

use std::time::Duration;

use anyhow::{Context, Result};
use libtest_mimic::Trial;
use qemu_tests::trace::{Record, Trace};
use qemu_tests::{Attachment, Disk, Machine, Outcome, Verdict};

use crate::kernel::Kernel;
use crate::support::{MIB, Unchanged, at, expect_image, judge};

/// Every job here ends in a fraction of this, unless it is held.
const LIMIT: Duration = Duration::from_secs(30);

pub(crate) fn trials(kernel: &Kernel) -> Vec<Trial> {
    let statements = [
        second_request::trials,
        mirrored_or_not::trials,
        passed_on::trials,
        in_response::trials,
        condition_code::trials,
        forward_pointer::trials,
        return_pointer::trials,
        live::trials,
        permissible::trials,
        confirmed::trials,
    ];
    statements.into_iter().flat_map(|trials| trials(kernel)).collect()
}

/// How many requests a leg takes at a time.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Slots {
    /// As many as these jobs ask for.
    Many,
    /// One: with indirect descriptors off, a request takes three of the four descriptors. QEMU 7.2 refuses
    /// a queue of two.
    One,
}

impl Slots {
    fn of(self, attachment: Attachment) -> Attachment {
        match self {
            Self::Many => attachment,
            Self::One => attachment.queue_size(4).property("indirect_desc", "off"),
        }
    }
}

/// A machine that traces, with the legs of a pair at 0001 and 0002.
fn machine(kernel: &Kernel, job: &str, legs: &[Disk; 2], slots: [Slots; 2]) -> Machine {
    kernel
        .machine(&format!("trace=on mirror=0001:0002 {job}"))
        .attach(slots[0].of(at(1, &legs[0])))
        .attach(slots[1].of(at(2, &legs[1])))
        .time_limit(LIMIT)
}

/// What a job left that did all that it should.
struct Done {
    outcome: Outcome,
    verdict: Verdict,
    trace: Trace,
}

impl Done {
    fn of(outcome: Outcome) -> Result<Self> {
        let verdict = outcome.expect_ok()?;
        let trace = outcome.trace()?;
        Ok(Self { outcome, verdict, trace })
    }

    /// Fails unless the trace shows as many mirrored writes as the RESULT counts, all of them.
    fn expect_all_mirrored(&self, writes: usize) -> Result<()> {
        let counted = (self.verdict.writes, self.verdict.mirrored_writes);
        let wanted = (writes as u64, writes as u64);
        judge!(
            self.outcome,
            counted == wanted,
            "{counted:?} writes and mirrored ones, of {writes}"
        );
        Ok(())
    }
}

/// The record at a place of a trace.
fn record(trace: &Trace, place: usize) -> Result<&Record> {
    trace.records.get(place).context("the trace ends too early")
}

/// The next record about the same request.
fn next_of_request(trace: &Trace, place: usize) -> Result<&Record> {
    let this = record(trace, place)?;
    let mut later = trace.records.iter().skip(place + 1);
    let next = later.find(|one| one.field("request") == this.field("request"));
    next.with_context(|| format!("nothing follows for the request of {}", this.line))
}

/// A pointer, which pointed to a routine of the supervisor, points to a detour from before the first request on; the
/// detour's work shows in the trace then. Without a pair the pointer is left alone, and nothing of the detour shows.
fn expect_turned(
    kernel: &Kernel,
    pointer: &str,
    routine: &str,
    detour: &str,
    shows: &str,
) -> Result<()> {
    let legs = [Disk::blank(MIB)?, Disk::blank(MIB)?];
    let job = "run=bench to=0001 op=write bs=4K count=20";
    let done = Done::of(machine(kernel, job, &legs, [Slots::Many; 2]).run()?)?;
    let turned = |one: &Record| one.what == "VECTOR" && one.has("name", pointer);
    let changes = done.trace.filter(turned);
    let [change] = changes.records.as_slice() else {
        anyhow::bail!("{}", done.outcome.report(&format!("turned not once:\n{changes}")));
    };
    let right = change.has("from", routine) && change.has("to", detour);
    judge!(done.outcome, right, "{} is not from {routine} to {detour}", change.line);
    let place = |what: &dyn Fn(&Record) -> bool| done.trace.records.iter().position(what);
    let first = place(&|one| one.what == shows);
    judge!(done.outcome, place(&turned) < first, "the detour had control before");
    judge!(done.outcome, done.trace.of(shows).records.len() >= 40, "the detour had no control");
    expect_image(&done.outcome, &legs[1], &legs[0])?;

    let unchanged = Unchanged::note([&legs[1]])?;
    let alone = kernel.machine(&format!("trace=on {job}")).time_limit(LIMIT);
    let done = Done::of(alone.attach(at(1, &legs[0])).attach(at(2, &legs[1])).run()?)?;
    judge!(done.outcome, done.trace.filter(turned).records.is_empty(), "turned without a pair");
    judge!(done.outcome, done.trace.of(shows).records.is_empty(), "{shows} without a pair");
    judge!(done.outcome, done.verdict.writes == 20, "{} writes", done.verdict.writes);
    unchanged.check(&done.outcome)
}
