//! From the parameter line to the RESULT line: [`run`].

use crate::error::JobError;
use crate::message::{Access, Message, Messages, Queue, Summary};
use crate::parameters::{Job, JobKind, ParameterLine, Parameters};
use crate::plan;
use crate::platform::JobPlatform;
use crate::process::{self, Done, Process};
use crate::report::{self, JobStatus, Report};
use crate::{BenchProcess, CompareProcess, CopyProcess, ReplayProcess};
use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::string::ToString;
use channel_io::{Microseconds, WaitPoint};
use ios::{Device, Ios, SECTOR_BYTES, Ucb, UcbState};
use mirror::{MirrorAnchor, MirrorStatistics};

/// Does what a parameter line says, with the devices that the supervisor has: establishes the pairs, runs
/// the job to its end, and reports. A line that is wrong in itself or does not go with the devices is
/// reported too, and no disk is written then.
///
/// It can be called again: the pairs that it established stay.
pub fn run<P: JobPlatform>(
    ios: &mut Ios<P>,
    line: &ParameterLine,
    messages: &mut dyn Messages,
) -> Report {
    let before = Before { at: ios.machine.now(), mirror: *ios.anchor.mirror().statistics() };
    ios.set_time_limit(Microseconds::from_seconds(line.deadline_seconds()));
    let job = line.job_name();
    let done = match line.parameters() {
        Ok(parameters) => execute(ios, parameters, messages),
        Err(error) => Done::failed(Rc::clone(error)),
    };
    let (report, error) = before.report(ios, job, done);
    match (error, line.parameters()) {
        (Some(error), _) => messages.message(&Message::Failed { job, error }),
        (None, Ok(Parameters { job, .. })) => tell_summary(job.kind(), &report, messages),
        (None, Err(_)) => {}
    }
    report
}

/// The pairs, then the job.
fn execute<P: JobPlatform>(
    ios: &mut Ios<P>,
    parameters: &Parameters,
    messages: &mut dyn Messages,
) -> Done {
    let pairs = match plan::establish(ios, &parameters.mirror) {
        Ok(pairs) => pairs,
        Err(error) => return Done::failed(error),
    };
    match prepare(ios, &parameters.job) {
        Ok(Some(mut process)) => {
            list_pairs(ios, messages);
            tell_start(&parameters.job, messages);
            let driven = process::run_to_end(ios, &mut *process, messages);
            let mut done = process.done();
            done.error = done.error.or(driven.err());
            done
        }
        Ok(None) => {
            list(ios, messages);
            Done::default()
        }
        Err(error) => {
            plan::release(ios, &pairs);
            Done::failed(error)
        }
    }
}

/// The process for a job; none for a list.
fn prepare<'a, P: JobPlatform + 'a>(
    ios: &mut Ios<P>,
    job: &Job,
) -> Result<Option<Box<dyn Process<P> + 'a>>, JobError> {
    Ok(Some(match job {
        Job::List => return Ok(None),
        Job::Copy(disks) => {
            let plan = plan::copy(ios, disks)?;
            Box::new(CopyProcess::new(ios, &plan)?)
        }
        Job::Replay(disks) => {
            let plan = plan::replay(ios, disks)?;
            Box::new(ReplayProcess::new(ios, &plan)?)
        }
        Job::Compare(disks) => {
            let plan = plan::compare(ios, disks)?;
            Box::new(CompareProcess::new(ios, &plan)?)
        }
        Job::Bench(measurement) => {
            let plan = plan::bench(ios, measurement)?;
            Box::new(BenchProcess::new(ios, &plan)?)
        }
    }))
}

/// How things stood before the job.
struct Before {
    at: Microseconds,
    mirror: MirrorStatistics,
}

impl Before {
    /// The report of a job, and its error as it is.
    fn report<P: JobPlatform>(
        &self,
        ios: &Ios<P>,
        job: &'static str,
        done: Done,
    ) -> (Report, Option<JobError>) {
        let status = match (&done.error, report::all_duplex(ios)) {
            (Some(_), _) => JobStatus::Failed,
            (None, true) => JobStatus::Ok,
            (None, false) => JobStatus::Degraded,
        };
        let mirror = ios.anchor.mirror().statistics();
        let report = Report {
            job,
            status,
            counts: done.counts,
            bytes: done.bytes,
            mirrored_writes: mirror.mirrored_writes - self.mirror.mirrored_writes,
            deferred_starts: mirror.deferred_starts - self.mirror.deferred_starts,
            elapsed: done.measured.unwrap_or_else(|| ios.machine.now().since(self.at)),
            pairs: report::pairs(ios),
            error: done.error.as_ref().map(ToString::to_string).unwrap_or_default(),
            extra: done.extra,
        };
        (report, done.error)
    }
}

fn tell_start(job: &Job, messages: &mut dyn Messages) {
    let (from, to) = match job {
        Job::List => return,
        Job::Copy(disks) | Job::Replay(disks) | Job::Compare(disks) => {
            (Some(disks.from.value), disks.to.value)
        }
        Job::Bench(measurement) => (None, measurement.to.value),
    };
    messages.message(&Message::Started { job: job.kind(), from, to });
}

fn tell_summary(job: JobKind, report: &Report, messages: &mut dyn Messages) {
    match job {
        JobKind::List => {}
        JobKind::Copy | JobKind::Replay | JobKind::Compare | JobKind::Bench => {
            messages.message(&Message::Ended(Summary {
                job,
                bytes: report.bytes,
                elapsed: report.elapsed,
                reads: report.counts.reads,
                writes: report.counts.writes,
                mirrored_writes: report.mirrored_writes,
                flushes: report.counts.flushes,
            }));
        }
    }
}

/// Tells the operator of every device and every pair.
fn list<P: JobPlatform>(ios: &Ios<P>, messages: &mut dyn Messages) {
    let mut devices = 0;
    for (_, ucb) in ios.ucbs() {
        devices += 1;
        messages.message(&device(ios, ucb));
    }
    let pairs = list_pairs(ios, messages);
    messages.message(&Message::Found { devices, pairs });
}

fn device<P: JobPlatform>(ios: &Ios<P>, ucb: &Ucb<P>) -> Message {
    let limits = ucb.characteristics();
    Message::Device {
        device: ucb.id(),
        kind: ios.ddt(ucb.ddt()).map_or("", |ddt| ddt.name),
        bytes: limits.capacity_sectors.saturating_mul(u64::from(SECTOR_BYTES)),
        block_bytes: limits.block_bytes,
        queue: match ucb.device().free_slots() {
            0 => Queue::NotSetUp,
            slots => Queue::Slots(slots),
        },
        access: match (ucb.state(), limits.read_only) {
            (UcbState::NotOperational, _) => Access::NotOperational,
            (UcbState::Online | UcbState::Quiesced, true) => Access::ReadOnly,
            (UcbState::Online | UcbState::Quiesced, false) => Access::ReadWrite,
        },
    }
}

/// Tells the operator of every pair; how many there are.
fn list_pairs<P: JobPlatform>(ios: &Ios<P>, messages: &mut dyn Messages) -> usize {
    let pairs = report::pairs(ios);
    for pair in &pairs {
        let (primary, secondary) = (pair.primary, pair.secondary);
        messages.message(&Message::Pair { primary, secondary, state: pair.state });
    }
    pairs.len()
}
