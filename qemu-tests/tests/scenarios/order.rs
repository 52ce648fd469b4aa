//! The order of a mirrored write, judged by the trace: which detour comes when, what is started first, what
//! has to wait for what.
//!
//! The claims are those of the design: the second request exists before control goes on to the start
//! routine of the first; it is started only after the first was accepted; the first is posted only when both
//! are over. They must hold for every mirrored request of a run, whatever the run does.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use libtest_mimic::Trial;
use qemu_tests::trace::{Record, Trace};
use qemu_tests::{Disk, Outcome, fixture};

use crate::kernel::Kernel;
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

/// What the trace shows of a mirror's work.
#[derive(Debug, Default, PartialEq, Eq)]
struct Mirrored {
    writes: u64,
    flushes: u64,
    deferred: u64,
}

/// Where things happened in a trace, by what and to which request.
struct Places<'a> {
    records: &'a [Record],
    by_request: BTreeMap<&'a str, Vec<usize>>,
}

impl<'a> Places<'a> {
    fn of(trace: &'a Trace) -> Self {
        let mut by_request: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (place, record) in trace.records.iter().enumerate() {
            if let Some(request) = record.field("request") {
                by_request.entry(request).or_default().push(place);
            }
        }
        Self { records: &trace.records, by_request }
    }

    /// The records of a request that are of this kind, and for which `keep` is true.
    fn all(
        &self,
        request: &str,
        what: &str,
        keep: impl Fn(&Record) -> bool,
    ) -> impl DoubleEndedIterator<Item = usize> {
        let places = self.by_request.get(request).into_iter().flatten().copied();
        let wanted = |place: &usize| {
            self.records.get(*place).is_some_and(|record| record.what == what && keep(record))
        };
        places.filter(wanted).collect::<Vec<_>>().into_iter()
    }

    fn first(&self, request: &str, what: &str) -> Result<usize> {
        self.all(request, what, |_| true)
            .next()
            .with_context(|| format!("request {request} has no {what}"))
    }

    /// Where the device took a request: the one condition code 0.
    fn accepted(&self, request: &str) -> Result<usize> {
        let mut all = self.all(request, "IOSVCP", |record| record.has("cc", "0"));
        let accepted = all.next().with_context(|| format!("{request} was never accepted"))?;
        ensure!(all.next().is_none(), "request {request} was accepted twice");
        Ok(accepted)
    }

    /// The one POST of a request.
    fn posted(&self, request: &str) -> Result<usize> {
        let mut all = self.all(request, "POST", |_| true);
        let posted = all.next().with_context(|| format!("request {request} was never posted"))?;
        ensure!(all.next().is_none(), "request {request} was posted twice");
        Ok(posted)
    }

    /// Where the device was told of a request, if it was: the DIAGNOSE that follows.
    fn notified(&self, request: &str) -> Result<Option<usize>> {
        let available = self.all(request, "VIRTQUEUE available", |_| true).next_back();
        let available = available.with_context(|| format!("{request} was not made available"))?;
        let record = self.records.get(available).context("a place that exists")?;
        if !record.has("notify", "yes") {
            return Ok(None);
        }
        let next = self.records.get(available + 1).context("the trace ends too early")?;
        let same = next.field("subchannel") == record.field("subchannel");
        ensure!(next.what == "DIAGNOSE" && same, "no DIAGNOSE after {}", record.line);
        ensure!(next.has("code", "0500") && next.has("subcode", "3"), "{}", next.line);
        Ok(Some(available + 1))
    }
}

/// Checks the order of every request for which a second one was created.
fn check_mirrored(trace: &Trace) -> Result<Mirrored> {
    let places = Places::of(trace);
    let mut found = Mirrored::default();
    for (place, record) in trace.records.iter().enumerate() {
        if record.what == "FRONT-END" && record.has("decision", "second-created") {
            let pair = record.field("request").zip(record.field("second"));
            let (first, second) = pair.with_context(|| format!("no request: {}", record.line))?;
            check_one(&places, place, first, second).with_context(|| {
                format!("request {first} and its second {second}:\n{}", trace.following(first))
            })?;
            match record.field("op") {
                Some("flush") => found.flushes += 1,
                _ => found.writes += 1,
            }
        }
        if record.what == "BACK-END" && record.has("decision", "schedule-second") {
            found.deferred += 1;
        }
    }
    Ok(found)
}

fn check_one(places: &Places<'_>, created: usize, first: &str, second: &str) -> Result<()> {
    let accepted = [places.accepted(first)?, places.accepted(second)?];
    let back = places.all(first, "BACK-END", |record| record.has("cc", "0")).next();
    let back = back.context("no back-end detour saw that the first was accepted")?;
    let start = [places.first(first, "DDTSIO")?, places.first(second, "DDTSIO")?];
    let used = [places.first(first, "VIRTQUEUE used")?, places.first(second, "VIRTQUEUE used")?];
    let status = [places.first(first, "POST-STATUS")?, places.first(second, "POST-STATUS")?];
    let posted = places.posted(first)?;
    let order = [
        ("the request, before its front-end detour", places.first(first, "IOSVSSCH")?, created),
        ("the second's creation, before the first's ddtsio", created, start[0]),
        ("ddtsio, before iosvcp", start[0], accepted[0]),
        ("iosvcp of the first, before its back-end detour", accepted[0], back),
        ("the back-end detour of the first, before the second's ddtsio", back, start[1]),
        ("the first accepted, before the second is", accepted[0], accepted[1]),
        ("the second accepted, before the first is posted", accepted[1], posted),
        ("the first over, before it is posted", used[0], posted),
        ("the second over, before the first is posted", used[1], posted),
        ("the first's status, before it is posted", status[0], posted),
        ("the second's status, before the first is posted", status[1], posted),
    ];
    for (what, before, after) in order {
        ensure!(before < after, "{what}: record {before} is not before {after}");
    }
    let told = [places.notified(first)?, places.notified(second)?];
    if let [Some(first_told), Some(second_told)] = told {
        ensure!(first_told < second_told, "the secondary was notified before the primary");
        ensure!(first_told < accepted[0], "accepted before it was notified");
    }
    ensure!(places.posted(second).is_err(), "the second request was posted to a process");
    ensure!(places.first(second, "IOSVSSCH").is_err(), "the second request came from a process");
    Ok(())
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
    judge!(outcome, trace.of("VECTOR").records.len() == DETOURS.len(), "more vectors were turned");
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
    for kind in ["VECTOR", "FRONT-END", "BACK-END", "POST-STATUS"] {
        judge!(outcome, !kinds.contains(&kind), "{kind} without a pair");
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
