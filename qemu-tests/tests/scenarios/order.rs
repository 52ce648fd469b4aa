//! The order of a mirrored write, judged by the trace: which detour comes when, what is started first, what
//! has to wait for what.
//!
//! The claims are those of the design: the second request exists before control goes on to the start
//! routine of the first; it is started only after the first was accepted; the first is posted only when both
//! are over. They must hold for every mirrored request of a run, whatever the run does.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use libtest_mimic::Trial;
use qemu_tests::trace::{Record, Trace};
use qemu_tests::{Disk, Outcome, fixture};

use crate::kernel::Kernel;
use crate::request_path::check_mirrored;
use crate::support::{MIB, at, expect_image, judge};

/// The vectors that a pair turns, and the detours that stand there then.
const DETOURS: [(&str, &str); 3] = [
    ("ddtsio", "front-end-detour"),
    ("iosvcp-return", "back-end-detour"),
    ("post-status", "post-status-detour"),
];

/// Every instruction, interruption and step that a job with a mirror uses.
const KINDS: [&str; 20] = [
    "CHSC",
    "STSCH",
    "MSCH",
    "CCW",
    "SSCH",
    "TSCH",
    "TPI",
    "INTERRUPTION",
    "DIAGNOSE",
    "VECTOR",
    "IOSVSSCH",
    "FRONT-END",
    "DDTSIO",
    "IOSVCP",
    "BACK-END",
    "VIRTQUEUE available",
    "VIRTQUEUE used",
    "POST-STATUS",
    "POST",
    "QUEUE",
];

pub(crate) fn trials(kernel: &Kernel) -> Vec<Trial> {
    vec![
        kernel.trial("order::the_path_of_one_write", path_of_one_write),
        kernel.trial("order::every_write_of_a_copy", every_write_of_a_copy),
        kernel.trial("order::every_write_of_a_bench", every_write_of_a_bench),
        kernel.trial("order::every_write_with_short_queues", every_write_with_short_queues),
        kernel.trial("order::every_write_of_a_replay", every_write_of_a_replay),
        kernel.trial("order::detours_before_any_write", detours_before_any_write),
        kernel.trial("order::no_detour_without_a_pair", no_detour_without_a_pair),
        kernel.trial("order::data_requests_have_no_ssch", data_requests_have_no_ssch),
        kernel.trial("order::a_wrong_order_would_be_seen", a_wrong_order_would_be_seen),
    ]
}

/// A traced run on a pair, its target 0001, with another disk at 0003; queues as long as `queue_size`.
fn traced(kernel: &Kernel, job: &str, source: &Disk, queue_size: u16) -> Result<Traced> {
    let length = source.length_bytes()?.max(MIB);
    let legs = [Disk::blank(length)?, Disk::blank(length)?];
    let outcome = kernel
        .machine(&format!("trace=on mirror=0001:0002 {job}"))
        .attach(at(1, &legs[0]).queue_size(queue_size))
        .attach(at(2, &legs[1]).queue_size(queue_size))
        .attach(at(3, source))
        .run()?;
    let verdict = outcome.expect_ok()?;
    expect_image(&outcome, &legs[1], &legs[0])?;
    let trace = outcome.trace()?;
    let times: Vec<u64> = trace.records.iter().map(|record| record.microseconds).collect();
    judge!(outcome, times.is_sorted(), "time goes back in the trace");
    let mirrored = check_mirrored(&trace).with_context(|| outcome.report("a wrong order"))?;
    judge!(outcome, mirrored.writes == verdict.mirrored_writes, "{mirrored:?} by the trace");
    judge!(outcome, mirrored.flushes == verdict.flushes, "{mirrored:?} by the trace");
    judge!(outcome, verdict.mirrored_writes == verdict.writes, "not every write was mirrored");
    judge!(outcome, mirrored.deferred == verdict.deferred_starts, "{mirrored:?} by the trace");
    Ok(Traced { outcome, trace })
}

struct Traced {
    outcome: Outcome,
    trace: Trace,
}

/// One write, step by step, on both devices.
fn path_of_one_write(kernel: &Kernel) -> Result<()> {
    let source = Disk::seeded(64 * 1024, 1)?;
    let Traced { outcome, trace } = traced(kernel, "run=copy from=0003 to=0001", &source, 256)?;
    let write = trace.of("IOSVSSCH").with("op", "write");
    let request = write.records.first().and_then(|record| record.field("request"));
    let request = request.with_context(|| outcome.report("there is no write"))?;
    let path = trace.following(request);
    let kinds = path.kinds();
    let start = [
        "IOSVSSCH",
        "FRONT-END",
        "DDTSIO",
        "VIRTQUEUE available",
        "IOSVCP",
        "BACK-END",
        "FRONT-END",
        "DDTSIO",
        "VIRTQUEUE available",
        "IOSVCP",
        "BACK-END",
    ];
    judge!(outcome, kinds.starts_with(&start), "the start is\n{path}");
    judge!(outcome, kinds.last() == Some(&"POST"), "the end is\n{path}");
    let decisions: Vec<_> = path.records.iter().filter_map(|one| one.field("decision")).collect();
    let begin = ["second-created", "start-second", "is-second", "second-accepted"];
    judge!(outcome, decisions.starts_with(&begin), "the decisions are {decisions:?}");
    judge!(
        outcome,
        decisions.ends_with(&["hold", "confirm"])
            || decisions.ends_with(&["wait-for-first", "confirm"]),
        "the decisions are {decisions:?}"
    );
    for (what, device) in [("IOSVSSCH", "0.0.0001"), ("DDTSIO", "0.0.0001"), ("DDTSIO", "0.0.0002")]
    {
        let there = path.of(what).with("device", device);
        judge!(outcome, there.records.len() == 1, "{what} on {device}:\n{path}");
    }
    Ok(())
}

fn every_write_of_a_copy(kernel: &Kernel) -> Result<()> {
    let source = Disk::seeded(6 * MIB + 512, 1)?;
    let job = "run=copy from=0003 to=0001 depth=16";
    let Traced { outcome, trace } = traced(kernel, job, &source, 256)?;
    let kinds = trace.kinds();
    for kind in KINDS.into_iter().filter(|kind| *kind != "QUEUE") {
        judge!(outcome, kinds.contains(&kind), "there is no {kind} in the trace");
    }
    Ok(())
}

fn every_write_of_a_bench(kernel: &Kernel) -> Result<()> {
    let other = Disk::blank(MIB)?;
    let job = "run=bench to=0001 op=randwrite bs=4K depth=32 count=300";
    let Traced { outcome, trace } = traced(kernel, job, &other, 256)?;
    let writes = trace.of("IOSVSSCH").with("op", "write");
    let requests: BTreeSet<_> = writes.records.iter().map(|one| one.field("request")).collect();
    judge!(outcome, requests.len() == 300, "{} writes are in the trace", requests.len());
    Ok(())
}

/// With four descriptors a device soon has no free slot: requests are queued, and seconds deferred.
fn every_write_with_short_queues(kernel: &Kernel) -> Result<()> {
    let other = Disk::blank(MIB)?;
    let job = "run=bench to=0001 op=write bs=4K depth=32 count=200";
    let Traced { outcome, trace } = traced(kernel, job, &other, 4)?;
    judge!(outcome, !trace.of("QUEUE").records.is_empty(), "nothing was queued");
    let busy = trace.of("IOSVCP").filter(|record| !record.has("cc", "0"));
    let queued = trace.of("QUEUE").records.len() + busy.records.len();
    judge!(outcome, queued > 10, "the queues were not short enough to matter");
    Ok(())
}

/// The first entries of the real log: writes and flushes in a file system's own order.
fn every_write_of_a_replay(kernel: &Kernel) -> Result<()> {
    let bytes = fixture::log()?;
    let log = qemu_tests::log_writes::Log::parse(&bytes)?;
    let mut builder = qemu_tests::log_writes::LogBuilder::new();
    for entry in log.entries.iter().take(120) {
        builder = builder.entry(entry.sector % 1000, entry.data, entry.flags);
    }
    let source = Disk::from_bytes(&builder.build())?;
    let job = "run=replay from=0003 to=0001";
    let Traced { outcome, trace } = traced(kernel, job, &source, 256)?;
    let flushes = trace.of("IOSVSSCH").with("op", "flush").records.len();
    judge!(outcome, flushes > 20, "{flushes} flushes only");
    Ok(())
}

/// The pointers are turned before the first request, each by a line of its own.
fn detours_before_any_write(kernel: &Kernel) -> Result<()> {
    let source = Disk::seeded(MIB, 1)?;
    let Traced { outcome, trace } = traced(kernel, "run=copy from=0003 to=0001", &source, 256)?;
    let place = |wanted: &dyn Fn(&Record) -> bool| trace.records.iter().position(wanted);
    let write = place(&|record| record.what == "IOSVSSCH" && record.has("op", "write"));
    for (vector, detour) in DETOURS {
        let installed = place(&|record| {
            record.what == "VECTOR" && record.has("name", vector) && record.has("to", detour)
        });
        judge!(outcome, installed.is_some(), "{detour} was not installed");
        judge!(outcome, installed < write, "{detour} was installed after the first write");
    }
    for (vector, _) in DETOURS {
        let turned = trace.of("VECTOR").with("name", vector).records.len();
        judge!(outcome, turned == 1, "{vector} was turned {turned} times");
    }
    Ok(())
}

fn no_detour_without_a_pair(kernel: &Kernel) -> Result<()> {
    let disk = Disk::blank(MIB)?;
    let outcome = kernel
        .machine("trace=on run=bench to=0001 op=write count=10")
        .attach(at(1, &disk))
        .run()?;
    outcome.expect_ok()?;
    let trace = outcome.trace()?;
    let kinds = trace.kinds();
    judge!(outcome, kinds.iter().filter(|kind| **kind == "DDTSIO").count() >= 10, "no ddtsio");
    for kind in ["FRONT-END", "BACK-END", "POST-STATUS"] {
        judge!(outcome, !kinds.contains(&kind), "{kind} without a pair");
    }
    for (vector, _) in DETOURS {
        let turned = trace.of("VECTOR").with("name", vector);
        judge!(outcome, turned.records.is_empty(), "turned without a pair:\n{turned}");
    }
    Ok(())
}

/// On this transport a channel program sets a device up, and a data request is none.
fn data_requests_have_no_ssch(kernel: &Kernel) -> Result<()> {
    let source = Disk::seeded(MIB, 1)?;
    let Traced { outcome, trace } = traced(kernel, "run=copy from=0003 to=0001", &source, 256)?;
    let kinds = trace.kinds();
    let begin = kinds.iter().position(|kind| *kind == "IOSVSSCH");
    let (set_up, job) = kinds.split_at(begin.with_context(|| outcome.report("no request"))?);
    judge!(outcome, set_up.contains(&"SSCH"), "devices were set up without a channel program");
    judge!(outcome, !job.contains(&"SSCH"), "a data request with an SSCH");
    judge!(outcome, job.contains(&"DIAGNOSE"), "no device was notified");
    judge!(outcome, job.contains(&"TSCH"), "no interruption was cleared");
    Ok(())
}

/// The check above can fail: a trace in which the second is accepted first, or posted early, is refused.
fn a_wrong_order_would_be_seen(kernel: &Kernel) -> Result<()> {
    let source = Disk::seeded(64 * 1024, 1)?;
    let Traced { trace, .. } = traced(kernel, "run=copy from=0003 to=0001", &source, 256)?;
    let count = trace.records.len();
    for what in ["IOSVCP", "POST", "FRONT-END", "DDTSIO"] {
        let mut refused = 0;
        for place in
            (0..count).filter(|place| trace.records.get(*place).is_some_and(|one| one.what == what))
        {
            let mut moved = trace.clone();
            let record = moved.records.remove(place);
            moved.records.insert(if what == "POST" { 0 } else { count - 1 }, record);
            refused += usize::from(check_mirrored(&moved).is_err());
        }
        ensure!(refused > 0, "a {what} at another place was not noticed");
    }
    Ok(())
}
