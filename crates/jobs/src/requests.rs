//! The requests of one process: what is in flight, what came of it, and the first thing that went wrong.
//!
//! Every process asks for its I/O through [`Requests`], which gives each request its token, knows what it
//! was for when it is posted, counts, and turns every status but *complete* into an error and a message.
//! Once there is an error nothing more should be asked for; the process is over when nothing is in flight.

use crate::disk::Disk;
use crate::error::JobError;
use crate::message::Message;
use crate::platform::JobPlatform;
use crate::process::State;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use channel_io::{DeviceId, Microseconds};
use ios::{
    Ios, Operation, Platform, Posted, ProcessId, Refused, Request, RequestId, Status, Token,
};

/// What a process has done: its own requests, not those that the mirror made of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Reads complete.
    pub reads: u64,
    /// Writes, discards and write-zeroes complete.
    pub writes: u64,
    /// Flushes complete.
    pub flushes: u64,
}

impl Counts {
    /// Counts what others did too.
    pub(crate) const fn add(&mut self, other: &Self) {
        self.reads += other.reads;
        self.writes += other.writes;
        self.flushes += other.flushes;
    }
}

/// A request that is over.
#[derive(Debug)]
pub(crate) struct Over<T, D> {
    /// What it was for.
    pub(crate) purpose: T,
    /// What was asked for.
    pub(crate) operation: Operation,
    /// How it went.
    pub(crate) outcome: Outcome,
    /// The data that came with it, if the supervisor gives it back.
    pub(crate) data: Option<D>,
    /// When it was asked for.
    pub(crate) asked: Microseconds,
    /// When it was posted.
    pub(crate) posted: Microseconds,
}

/// How a request went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// All of it was done.
    Complete,
    /// It was not; the error is taken down.
    Failed,
}

/// What a process still wants to ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Left {
    /// More I/O.
    Something,
    /// Nothing.
    Nothing,
}

#[derive(Clone, Copy, Debug)]
struct Asked<T> {
    device: DeviceId,
    purpose: T,
}

/// What is known of a process's requests, whatever they are for. Its functions are few and not inlined,
/// because every process has them and needs them seldom.
#[derive(Debug, Default)]
struct Record {
    counts: Counts,
    error: Option<JobError>,
    messages: VecDeque<Message>,
}

impl Record {
    #[inline(never)]
    fn tell(&mut self, message: Message) {
        self.messages.push_back(message);
    }

    #[cold]
    #[inline(never)]
    fn fail(&mut self, error: JobError) {
        self.error.get_or_insert(error);
    }

    /// A request went wrong: the operator is told of each, the job's error is the first.
    #[cold]
    #[inline(never)]
    fn wrong(&mut self, error: JobError) {
        self.tell(Message::RequestFailed { error: error.copied() });
        self.fail(error);
    }

    /// Counts a request that is complete.
    const fn count(&mut self, operation: &Operation) {
        match operation {
            Operation::Read(_) => self.counts.reads += 1,
            Operation::Write(_) | Operation::Discard(_) | Operation::WriteZeroes(_) => {
                self.counts.writes += 1;
            }
            Operation::Flush => self.counts.flushes += 1,
        }
    }
}

/// A way to ask the supervisor for I/O.
type Service<P> = fn(
    &mut Ios<P>,
    Request<<P as Platform>::Data>,
) -> Result<RequestId, Refused<<P as Platform>::Data>>;

/// The requests of one process. `T` is what a process knows its requests by.
#[derive(Debug)]
pub(crate) struct Requests<T> {
    process: ProcessId,
    asked: Vec<Option<Asked<T>>>,
    free: Vec<usize>,
    record: Record,
}

impl<T: Copy> Requests<T> {
    /// Of a new process.
    pub(crate) fn new<P: JobPlatform>(ios: &mut Ios<P>) -> Self {
        Self {
            process: ios.add_process(),
            asked: Vec::new(),
            free: Vec::new(),
            record: Record::default(),
        }
    }

    /// The process that requests are posted to.
    pub(crate) const fn process(&self) -> ProcessId {
        self.process
    }

    /// What was done so far.
    pub(crate) const fn counts(&self) -> Counts {
        self.record.counts
    }

    /// The first thing that went wrong.
    pub(crate) const fn error(&self) -> Option<&JobError> {
        self.record.error.as_ref()
    }

    /// Something went wrong.
    pub(crate) fn fail(&mut self, error: impl Into<JobError>) {
        self.record.fail(error.into());
    }

    /// Nothing more is to be asked for, because the operator wants so.
    pub(crate) fn stop(&mut self) {
        self.record.fail(JobError::Stopped);
    }

    /// How many requests are in flight.
    pub(crate) const fn in_flight(&self) -> usize {
        self.asked.len() - self.free.len()
    }

    /// Whether the process is over: nothing is in flight, and there is an error or `left` says that nothing
    /// is left to be asked for.
    pub(crate) const fn state(&self, left: Left) -> State {
        match (self.in_flight(), &self.record.error, left) {
            (0, Some(_), _) | (0, None, Left::Nothing) => State::Over,
            (0, None, Left::Something) | (1.., _, _) => State::Running,
        }
    }

    /// Tells the operator something.
    pub(crate) fn tell(&mut self, message: Message) {
        self.record.tell(message);
    }

    /// The next thing to tell the operator.
    pub(crate) fn take_message(&mut self) -> Option<Message> {
        self.record.messages.pop_front()
    }

    /// Asks for I/O. A request that the supervisor does not take is an error, and its data is lost.
    #[inline(never)]
    pub(crate) fn ask<P: JobPlatform>(
        &mut self,
        ios: &mut Ios<P>,
        disk: &Disk,
        operation: Operation,
        data: Option<P::Data>,
        purpose: T,
    ) {
        let service = Ios::iosvssch;
        let _ = self.ask_by(service, ios, disk, operation, data, purpose);
    }

    /// Asks the device itself, past all that is installed in the path; whether the supervisor took it.
    #[inline(never)]
    pub(crate) fn ask_direct<P: JobPlatform>(
        &mut self,
        ios: &mut Ios<P>,
        disk: &Disk,
        operation: Operation,
        data: Option<P::Data>,
        purpose: T,
    ) -> bool {
        let service = Ios::iosvssch_direct;
        self.ask_by(service, ios, disk, operation, data, purpose)
    }

    fn ask_by<P: JobPlatform>(
        &mut self,
        service: Service<P>,
        ios: &mut Ios<P>,
        disk: &Disk,
        operation: Operation,
        data: Option<P::Data>,
        purpose: T,
    ) -> bool {
        let asked = Some(Asked { device: disk.id, purpose });
        let place = self.free.pop().unwrap_or(self.asked.len());
        match self.asked.get_mut(place) {
            Some(free) => *free = asked,
            None => self.asked.push(asked),
        }
        let request = Request {
            device: disk.index,
            operation,
            data,
            process: self.process,
            token: Token(place as u64),
        };
        if let Err(refused) = service(ios, request) {
            self.forget(place);
            self.record.wrong(JobError::Refused {
                device: disk.id,
                operation,
                reason: refused.reason,
            });
            return false;
        }
        true
    }

    fn forget(&mut self, place: usize) -> Option<Asked<T>> {
        let asked = self.asked.get_mut(place)?.take()?;
        self.free.push(place);
        Some(asked)
    }

    /// Takes what was posted; `None` if it was never asked for.
    pub(crate) fn take<D>(&mut self, posted: Posted<D>) -> Option<Over<T, D>> {
        self.take_unless(posted, Status::is_complete)
    }

    /// The same for a process that goes on where a device could not do what it was asked: the operator is told,
    /// and that is all.
    pub(crate) fn take_going_on<D>(&mut self, posted: Posted<D>) -> Option<Over<T, D>> {
        self.take_unless(posted, |status| matches!(status, Status::Complete | Status::DeviceError))
    }

    /// The same for a request that does not matter any more, however it ended.
    pub(crate) fn take_in_vain<D>(&mut self, posted: Posted<D>) -> Option<Over<T, D>> {
        let place = usize::try_from(posted.token.0).ok()?;
        let Asked { purpose, .. } = self.forget(place)?;
        let Posted { operation, data, asked, posted, .. } = posted;
        Some(Over { purpose, operation, outcome: Outcome::Failed, data, asked, posted })
    }

    /// `is_no_error`: with what status the process goes on.
    fn take_unless<D>(
        &mut self,
        posted: Posted<D>,
        is_no_error: fn(Status) -> bool,
    ) -> Option<Over<T, D>> {
        let place = usize::try_from(posted.token.0).ok()?;
        let Asked { device, purpose } = self.forget(place)?;
        let Posted { operation, status, data, asked, posted, .. } = posted;
        let outcome = match (status.is_complete(), operation, &data) {
            (true, Operation::Read(_), None) => {
                self.record.wrong(JobError::DataKept { device, operation });
                Outcome::Failed
            }
            (true, _, _) => {
                self.record.count(&operation);
                Outcome::Complete
            }
            (false, _, _) if is_no_error(status) => {
                let error = JobError::Request { device, operation, status };
                self.record.tell(Message::RequestFailed { error });
                Outcome::Failed
            }
            (false, _, _) => {
                self.record.wrong(JobError::Request { device, operation, status });
                Outcome::Failed
            }
        };
        Some(Over { purpose, operation, outcome, data, asked, posted })
    }
}
