//! From the parameter line to the RESULT line: [`run`].

use crate::drive::run_to_end;
use crate::error::JobError;
use crate::list;
use crate::message::{Message, Messages, Summary};
use crate::parameters::{Job, JobKind, ParameterLine, Parameters};
use crate::plan;
use crate::platform::JobPlatform;
use crate::process::{Done, Process};
use crate::report::{self, JobStatus, Report};
use crate::{BenchProcess, CompareProcess, CopyProcess, ReplayProcess, ScrubProcess};
use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::string::ToString;
use channel_io::{Microseconds, WaitPoint};
use ios::Ios;
use mirror::{MirrorAnchor, MirrorStatistics};

/// Does what a parameter line says, with the devices that the supervisor has: establishes the pairs, runs
/// the job to its end, and reports. A line that is wrong in itself or does not go with the devices is
/// reported too, and no disk is written then. For a line that asks for the console there is
/// [`crate::run_console`].
///
/// It can be called again: the pairs that it established stay.
pub fn run<P: JobPlatform + 'static>(
    ios: &mut Ios<P>,
    line: &ParameterLine,
    messages: &mut dyn Messages,
) -> Report {
    let before = Before::now(ios);
    ios.set_time_limit(Microseconds::from_seconds(line.deadline_seconds()));
    let done = match line.parameters() {
        Ok(parameters) => execute(ios, parameters, messages),
        Err(error) => Done::failed(Rc::clone(error)),
    };
    before.finish(ios, line, done, messages)
}

/// The pairs, then the job.
fn execute<P: JobPlatform + 'static>(
    ios: &mut Ios<P>,
    parameters: &Parameters,
    messages: &mut dyn Messages,
) -> Done {
    let pairs = match plan::establish(ios, parameters) {
        Ok(pairs) => pairs,
        Err(error) => return Done::failed(error),
    };
    // They are listed, which tells the same.
    list::forget_events(ios);
    let mut process = match prepare(ios, &parameters.job) {
        Ok(process) => process,
        Err(error) => {
            plan::release(ios, &pairs);
            list::forget_events(ios);
            return Done::failed(error);
        }
    };
    if process.is_some() {
        list::pairs(ios, messages);
        tell_start(&parameters.job, messages);
    }
    let driven = run_to_end(ios, process.as_deref_mut(), messages);
    let mut done = match process {
        Some(process) => process.done(),
        None => {
            list::devices(ios, messages);
            list::pairs(ios, messages);
            list::found(ios, messages);
            Done::default()
        }
    };
    done.error = done.error.or(driven.err());
    done
}

/// The process for a job; none for a list.
pub(crate) fn prepare<P: JobPlatform + 'static>(
    ios: &mut Ios<P>,
    job: &Job,
) -> Result<Option<Box<dyn Process<P>>>, JobError> {
    Ok(Some(match job {
        Job::List => return Ok(None),
        Job::Console => return Err(JobError::NoTerminal),
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
        Job::Scrub(scrubbing) => {
            let plan = plan::scrub(ios, scrubbing)?;
            Box::new(ScrubProcess::new(ios, &plan)?)
        }
    }))
}

/// How things stood before the job.
#[derive(Clone, Copy)]
pub(crate) struct Before {
    at: Microseconds,
    mirror: MirrorStatistics,
}

impl Before {
    /// How things stand now.
    pub(crate) fn now<P: JobPlatform>(ios: &Ios<P>) -> Self {
        Self { at: ios.machine.now(), mirror: *ios.anchor.mirror().statistics() }
    }

    /// The report of what a line asked for, and the message that goes with it.
    pub(crate) fn finish<P: JobPlatform>(
        &self,
        ios: &Ios<P>,
        line: &ParameterLine,
        done: Done,
        messages: &mut dyn Messages,
    ) -> Report {
        let job = line.job_name();
        let kind = line.parameters().ok().map(|parameters| parameters.job.kind());
        let summary = kind.map(|kind| self.summary_of(ios, kind, &done));
        let (report, error) = self.report(ios, job, done);
        match (error, summary) {
            (Some(error), _) => messages.message(&Message::Failed { job, error }),
            (None, Some(summary)) => tell_summary(summary, messages),
            (None, None) => {}
        }
        report
    }

    /// What was done since then, in figures.
    pub(crate) fn summary_of<P: JobPlatform>(
        &self,
        ios: &Ios<P>,
        job: JobKind,
        done: &Done,
    ) -> Summary {
        let mirrored = ios.anchor.mirror().statistics().mirrored_writes;
        Summary {
            job,
            bytes: done.bytes,
            elapsed: self.elapsed(ios, done),
            reads: done.counts.reads,
            writes: done.counts.writes,
            mirrored_writes: mirrored - self.mirror.mirrored_writes,
            flushes: done.counts.flushes,
        }
    }

    fn elapsed<P: JobPlatform>(&self, ios: &Ios<P>, done: &Done) -> Microseconds {
        done.measured.unwrap_or_else(|| ios.machine.now().since(self.at))
    }

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
            elapsed: self.elapsed(ios, &done),
            pairs: report::pairs(ios),
            error: done.error.as_ref().map(ToString::to_string).unwrap_or_default(),
            extra: done.extra,
        };
        (report, done.error)
    }
}

/// Tells that a job starts.
pub(crate) fn tell_start(job: &Job, messages: &mut dyn Messages) {
    let (from, to) = match job {
        Job::List | Job::Console => return,
        Job::Copy(disks) | Job::Replay(disks) | Job::Compare(disks) => {
            (Some(disks.from.value), disks.to.value)
        }
        Job::Bench(measurement) => (None, measurement.to.value),
        Job::Scrub(scrubbing) => (None, scrubbing.to.value),
    };
    messages.message(&Message::Started { job: job.kind(), from, to });
}

fn tell_summary(summary: Summary, messages: &mut dyn Messages) {
    match summary.job {
        JobKind::List | JobKind::Console => {}
        JobKind::Copy | JobKind::Replay | JobKind::Compare | JobKind::Bench | JobKind::Scrub => {
            messages.message(&Message::Ended(summary))
        }
    }
}
