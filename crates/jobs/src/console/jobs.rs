//! The jobs that were started on the console, side by side.

use super::error::Why;
use crate::drive::progress;
use crate::error::JobError;
use crate::message::{Message, Messages};
use crate::parameters::Job;
use crate::platform::JobPlatform;
use crate::process::{Done, Process, State, serve, tell};
use crate::report::{Extra, Value};
use crate::run::{Before, prepare, tell_start};
use alloc::boxed::Box;
use alloc::vec::Vec;
use channel_io::{Microseconds, WaitPoint};
use ios::Ios;

/// Progress of a job is told at most so often: an operator can ask for it.
pub(super) const PROGRESS_INTERVAL: Microseconds = Microseconds::from_seconds(5);

/// A job that is running.
struct Running<P: JobPlatform> {
    number: u32,
    process: Box<dyn Process<P>>,
    before: Before,
    tell_at: Microseconds,
}

/// The jobs that are running, and what became of the others.
pub(super) struct Jobs<P: JobPlatform> {
    running: Vec<Running<P>>,
    started: u32,
    failed: u64,
    stopped: u64,
    /// What all of those did that are over.
    total: Done,
}

/// Messages of one job, each with its number.
struct OfJob<'a> {
    number: u32,
    to: &'a mut dyn Messages,
}

impl Messages for OfJob<'_> {
    fn message(&mut self, message: &Message) {
        self.to.message(&message.of_job(self.number));
    }
}

impl<P: JobPlatform + 'static> Jobs<P> {
    pub(super) fn new() -> Self {
        Self { running: Vec::new(), started: 0, failed: 0, stopped: 0, total: Done::default() }
    }

    /// How many are running.
    pub(super) fn count(&self) -> usize {
        self.running.len()
    }

    /// Starts a job.
    pub(super) fn start(
        &mut self,
        ios: &mut Ios<P>,
        job: &Job,
        messages: &mut dyn Messages,
    ) -> Result<(), Why> {
        let before = Before::now(ios);
        let process = prepare(ios, job).map_err(Why::Job)?;
        let Some(mut process) = process else { return Ok(()) };
        self.started += 1;
        let number = self.started;
        tell_start(job, &mut OfJob { number, to: messages });
        process.start(ios);
        let tell_at = ios.machine.now().after(PROGRESS_INTERVAL);
        self.running.push(Running { number, process, before, tell_at });
        Ok(())
    }

    /// Lets a job ask for no more.
    pub(super) fn stop(
        &mut self,
        ios: &mut Ios<P>,
        number: u32,
        messages: &mut dyn Messages,
    ) -> Result<(), Why> {
        match self.running.iter_mut().find(|job| job.number == number) {
            Some(job) => {
                job.stop(ios, messages);
                Ok(())
            }
            None => {
                let running = self.running.iter().map(|job| job.number).collect();
                Err(Why::NoSuchJob { number, running })
            }
        }
    }

    /// Lets all of them ask for no more.
    pub(super) fn stop_all(&mut self, ios: &mut Ios<P>, messages: &mut dyn Messages) {
        for job in &mut self.running {
            job.stop(ios, messages);
        }
    }

    /// Gives each what was posted to it.
    pub(super) fn serve(&mut self, ios: &mut Ios<P>) {
        for job in &mut self.running {
            serve(ios, &mut *job.process);
        }
    }

    /// Tells what each has to tell, and takes those away that are over.
    pub(super) fn conclude(&mut self, ios: &mut Ios<P>, messages: &mut dyn Messages) {
        let mut place = 0;
        while let Some(job) = self.running.get_mut(place) {
            job.look_again(ios);
            tell(&mut *job.process, &mut OfJob { number: job.number, to: messages });
            if let Some(done) = job.done(ios) {
                let job = self.running.remove(place);
                self.ended(ios, &job, done, messages);
            } else {
                place += 1;
            }
        }
    }

    #[inline(never)]
    fn ended(&mut self, ios: &Ios<P>, job: &Running<P>, done: Done, messages: &mut dyn Messages) {
        let summary = job.before.summary_of(ios, job.process.kind(), &done);
        let message = match done.error {
            None => Message::Ended(summary),
            Some(JobError::Stopped) => {
                self.stopped += 1;
                Message::Stopped(summary)
            }
            Some(error) => {
                self.failed += 1;
                Message::Failed { job: summary.job.name(), error }
            }
        };
        OfJob { number: job.number, to: messages }.message(&message);
        self.total.counts.add(&done.counts);
        self.total.bytes += done.bytes;
    }

    /// Tells how far each job is, if it is time.
    pub(super) fn tell_progress(&mut self, ios: &Ios<P>, messages: &mut dyn Messages) {
        let now = ios.machine.now();
        for job in &mut self.running {
            if now >= job.tell_at {
                job.tell_at = now.after(PROGRESS_INTERVAL);
                job.tell(now, messages);
            }
        }
    }

    /// Tells how far each job is.
    pub(super) fn tell(&self, now: Microseconds, messages: &mut dyn Messages) {
        for job in &self.running {
            job.tell(now, messages);
        }
    }

    /// When one of them is to be tended at the latest.
    pub(super) fn wake_at(&self) -> Option<Microseconds> {
        self.running.iter().filter_map(|job| job.process.wake_at()).min()
    }

    /// What all of them did.
    pub(super) fn total(&self) -> Done {
        let number = |name, number| Extra { name, value: Value::Number(number) };
        Done {
            counts: self.total.counts,
            bytes: self.total.bytes,
            measured: None,
            extra: alloc::vec![
                number("jobs", u64::from(self.started)),
                number("jobs_failed", self.failed),
                number("jobs_stopped", self.stopped),
            ],
            error: None,
        }
    }
}

impl<P: JobPlatform> Running<P> {
    fn stop(&mut self, ios: &mut Ios<P>, messages: &mut dyn Messages) {
        let message = Message::Stopping { job: self.process.kind() };
        OfJob { number: self.number, to: messages }.message(&message);
        self.process.stop(ios);
    }

    fn tell(&self, now: Microseconds, messages: &mut dyn Messages) {
        OfJob { number: self.number, to: messages }.message(&progress(&*self.process, now));
    }

    /// Whether it waits for nothing that will ever come.
    fn is_stuck(&self, ios: &Ios<P>) -> bool {
        self.process.state() == State::Running && ios.idle() && self.process.wake_at().is_none()
    }

    /// One that seems to be stuck may have got what it waited for from another one in the same round. One that is
    /// gives up what it holds.
    fn look_again(&mut self, ios: &mut Ios<P>) {
        if self.is_stuck(ios) {
            self.process.tend(ios);
        }
        if self.is_stuck(ios) {
            self.process.stop(ios);
        }
    }

    /// What came of it, if it is over, or can never be.
    fn done(&self, ios: &Ios<P>) -> Option<Done> {
        match self.process.state() {
            State::Over => Some(self.process.done()),
            State::Running if self.is_stuck(ios) => {
                let done = self.process.done();
                Some(Done { error: done.error.or(Some(JobError::Stuck)), ..done })
            }
            State::Running => None,
        }
    }
}
