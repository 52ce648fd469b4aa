//! The path of a mirrored request through the trace: which detour comes when, what is started first, what has to
//! wait for what. [`check_mirrored`] holds every mirrored request of a run to the order that the design claims;
//! [`Places`] and [`created`] are for scenarios that ask about one step.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use qemu_tests::trace::{Record, Trace};

/// What the trace shows of a mirror's work.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Mirrored {
    pub(crate) writes: u64,
    pub(crate) flushes: u64,
    pub(crate) deferred: u64,
}

/// Where things happened in a trace, by what and to which request.
pub(crate) struct Places<'a> {
    records: &'a [Record],
    by_request: BTreeMap<&'a str, Vec<usize>>,
}

impl<'a> Places<'a> {
    pub(crate) fn of(trace: &'a Trace) -> Self {
        let mut by_request: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (place, record) in trace.records.iter().enumerate() {
            if let Some(request) = record.field("request") {
                by_request.entry(request).or_default().push(place);
            }
        }
        Self { records: &trace.records, by_request }
    }

    /// The records of a request that are of this kind, and for which `keep` is true.
    pub(crate) fn all(
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

    pub(crate) fn first(&self, request: &str, what: &str) -> Result<usize> {
        self.all(request, what, |_| true)
            .next()
            .with_context(|| format!("request {request} has no {what}"))
    }

    /// Where the device took a request: the one condition code 0.
    pub(crate) fn accepted(&self, request: &str) -> Result<usize> {
        let mut all = self.all(request, "IOSVCP", |record| record.has("cc", "0"));
        let accepted = all.next().with_context(|| format!("{request} was never accepted"))?;
        ensure!(all.next().is_none(), "request {request} was accepted twice");
        Ok(accepted)
    }

    /// The one POST of a request.
    pub(crate) fn posted(&self, request: &str) -> Result<usize> {
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

/// A request for which the front-end detour created a second one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Created<'a> {
    /// The record that says so.
    pub(crate) place: usize,
    pub(crate) first: &'a str,
    pub(crate) second: &'a str,
    pub(crate) operation: &'a str,
}

/// Every request for which a second one was created, in the order in which they were.
pub(crate) fn created(trace: &Trace) -> Result<Vec<Created<'_>>> {
    let places = trace.records.iter().enumerate();
    let told = places.filter(|(_, record)| {
        record.what == "FRONT-END" && record.has("decision", "second-created")
    });
    told.map(|(place, record)| {
        let field = |key| record.field(key).with_context(|| format!("no {key}: {}", record.line));
        let (first, second) = (field("request")?, field("second")?);
        Ok(Created { place, first, second, operation: field("op")? })
    })
    .collect()
}

/// Checks the order of every request for which a second one was created.
pub(crate) fn check_mirrored(trace: &Trace) -> Result<Mirrored> {
    let places = Places::of(trace);
    let mut found = Mirrored::default();
    for Created { place, first, second, operation } in created(trace)? {
        check_one(&places, place, first, second).with_context(|| {
            format!("request {first} and its second {second}:\n{}", trace.following(first))
        })?;
        match operation {
            "flush" => found.flushes += 1,
            _ => found.writes += 1,
        }
    }
    let deferred = trace.of("BACK-END").with("decision", "schedule-second");
    found.deferred = deferred.records.len() as u64;
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
