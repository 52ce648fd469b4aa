//! The replay process: applies a write log that lies on one disk to another disk.
//!
//! The whole log is walked first, headers only, and every entry is checked: a log that is bad anywhere is
//! refused before anything is written. Then it is walked again, and each entry is applied in the order that
//! the log asks for (`target`): writes between two flushes go together except where they overlap; an entry
//! with the flush flag is applied after a flush, one with the FUA flag is followed by one. The replay ends
//! with a flush if the log does not. Flushes are left out where the disk knows none. A discard is done
//! by write-zeroes if the disk knows that, else by writes of zeros, so that the same log gives the same image on
//! every disk; `discarded_by` in the RESULT line says which. Marks are told to the operator.
//!
//! Files: `format` (what a log is), `reader` (reads it ahead), `walk` (from entry to entry), `target`
//! (applies entries).

mod format;
mod reader;
mod target;
mod walk;

pub use format::LogError;

use crate::buffers::{Buffers, Wanted};
use crate::disk::{Disk, round_down};
use crate::error::JobError;
use crate::message::Message;
use crate::parameters::{JobKind, copied};
use crate::plan::Transfer;
use crate::platform::JobPlatform;
use crate::process::{Done, Process, Progress, State, Unit};
use crate::report::{Extra, Value};
use crate::requests::{Left, Outcome, Over, Requests};
use alloc::boxed::Box;
use alloc::string::String;
use channel_io::{DeviceId, Microseconds};
use format::{Body, Disks};
use ios::{Ios, Operation, Posted, ProcessId};
use reader::Reader;
use target::{Method, Next, Target};
use walk::{Found, Walk};

/// The most bytes that are written in one request: a longer entry is split.
const WRITE_BYTES: u64 = 1024 * 1024;

/// What a request is for.
#[derive(Clone, Copy, Debug)]
enum Purpose {
    /// Reads this window of the log.
    Log(u64),
    /// Applies an entry, or a piece of it, with so many bytes from the log.
    Target { log_bytes: u64 },
}

/// Where the process is.
#[derive(Debug)]
enum Phase<A> {
    /// The superblock is on its way.
    Superblock,
    /// The log is walked and checked. `largest` is the most bytes that an entry writes, so far.
    Checking { walk: Walk, largest: u64 },
    /// The log is good; reads that are in flight are waited for.
    Checked { walk: Walk, largest: u64 },
    /// The log is walked and applied.
    Replaying { walk: Walk, target: Box<Target<A>> },
    /// The last flush.
    Finishing { target: Box<Target<A>> },
    /// Nothing is left.
    Nothing,
}

/// Whether the process got on.
enum Step {
    /// It did: try again.
    On,
    /// It has to wait for something in flight.
    Wait,
}

/// What was found in the log, for the RESULT line.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    bytes: u64,
    entries: u64,
    marks: u64,
    discards: u64,
}

/// The replay process.
pub struct ReplayProcess<P: JobPlatform> {
    requests: Requests<Purpose>,
    reader: Reader<P::Data>,
    from: Disk,
    to: Disk,
    word: String,
    depth: u32,
    phase: Phase<P::Data>,
    /// Where the log ends, once it is known.
    log_end: u64,
    tally: Tally,
}

impl<P: JobPlatform> ReplayProcess<P> {
    /// A replay as planned.
    ///
    /// # Errors
    /// There is no room for the data.
    pub fn new(ios: &mut Ios<P>, plan: &Transfer) -> Result<Self, JobError> {
        let Transfer { from, to, depth, from_word } = plan;
        Ok(Self {
            reader: Reader::new(&mut ios.machine, from)?,
            requests: Requests::new(ios),
            from: *from,
            to: *to,
            word: copied(from_word),
            depth: *depth,
            phase: Phase::Superblock,
            log_end: 0,
            tally: Tally::default(),
        })
    }

    fn pump(&mut self, ios: &mut Ios<P>) {
        while self.requests.error().is_none() {
            match self.step(ios) {
                Ok(Step::On) => {}
                Ok(Step::Wait) => break,
                Err(error) => self.requests.fail(error),
            }
        }
        self.read_ahead(ios);
    }

    /// Asks for as much of the log as there is room for, while it is walked.
    fn read_ahead(&mut self, ios: &mut Ios<P>) {
        match self.phase {
            Phase::Superblock | Phase::Checking { .. } | Phase::Replaying { .. } => {}
            Phase::Checked { .. } | Phase::Finishing { .. } | Phase::Nothing => return,
        }
        while self.requests.error().is_none()
            && let Some(wanted) = self.reader.wanted()
        {
            let read = Operation::Read(wanted.extent);
            let purpose = Purpose::Log(wanted.number);
            self.requests.ask(ios, &self.from, read, Some(wanted.data), purpose);
        }
    }

    /// Gets on by one step. The phase is taken out and put back, or another in its place.
    fn step(&mut self, ios: &mut Ios<P>) -> Result<Step, JobError> {
        let (phase, step) = match core::mem::replace(&mut self.phase, Phase::Nothing) {
            Phase::Superblock => self.superblock()?,
            Phase::Checking { walk, largest } => self.check(walk, largest)?,
            Phase::Checked { walk, largest } => self.begin(ios, walk, largest)?,
            Phase::Replaying { walk, target } => self.apply(ios, walk, target)?,
            Phase::Finishing { target } => self.finish(ios, target),
            Phase::Nothing => (Phase::Nothing, Step::Wait),
        };
        self.phase = phase;
        Ok(step)
    }

    #[cold]
    #[inline(never)]
    fn wrong(&self, error: LogError) -> JobError {
        JobError::Log { word: copied(&self.word), error }
    }

    fn superblock(&mut self) -> Result<(Phase<P::Data>, Step), JobError> {
        let disks = Disks {
            log_bytes: self.from.bytes(),
            target_bytes: self.to.bytes(),
            target_block_bytes: self.to.block_bytes(),
        };
        let walk = Walk::start(&mut self.reader, disks).map_err(|error| self.wrong(error))?;
        Ok(match walk {
            Some(walk) => (Phase::Checking { walk, largest: 0 }, Step::On),
            None => (Phase::Superblock, Step::Wait),
        })
    }

    fn check(
        &mut self,
        mut walk: Walk,
        mut largest: u64,
    ) -> Result<(Phase<P::Data>, Step), JobError> {
        Ok(match walk.next(&mut self.reader).map_err(|error| self.wrong(error))? {
            Found::Entry { entry, .. } => {
                self.reader.advance(entry.log_bytes);
                match (entry.body, Method::of(&self.to)) {
                    (Body::Write(span), _) | (Body::Discard(span), Method::Zeros) => {
                        largest = largest.max(span.bytes);
                    }
                    (Body::Discard(_), Method::WriteZeroes(_))
                    | (Body::Nothing | Body::Mark { .. }, _) => {}
                }
                (Phase::Checking { walk, largest }, Step::On)
            }
            Found::Later => (Phase::Checking { walk, largest }, Step::Wait),
            Found::End => {
                self.log_end = self.reader.position();
                (Phase::Checked { walk, largest }, Step::On)
            }
        })
    }

    /// The log is good: makes the areas for writing, and starts over.
    fn begin(
        &mut self,
        ios: &mut Ios<P>,
        walk: Walk,
        largest: u64,
    ) -> Result<(Phase<P::Data>, Step), JobError> {
        if self.requests.in_flight() > 0 {
            return Ok((Phase::Checked { walk, largest }, Step::Wait));
        }
        let block = self.to.block_bytes();
        let most = self.to.transfer_bytes().min(round_down(WRITE_BYTES, block)).min(largest);
        let entries = u32::try_from(walk.entries()).unwrap_or(u32::MAX);
        let size = |bytes| usize::try_from(bytes).unwrap_or(usize::MAX);
        let wanted = Wanted {
            count: self.depth.min(entries.max(1)),
            bytes: size(most.max(block)),
            least_bytes: size(block),
        };
        let buffers = Buffers::new(&mut ios.machine, wanted)?;
        let transfer = round_down(buffers.bytes() as u64, block);
        let target = Box::new(Target::new(&self.to, buffers, transfer, self.depth));
        let walk = walk.again(&mut self.reader);
        Ok((Phase::Replaying { walk, target }, Step::On))
    }

    /// The next piece of the entry in hand, or the next entry.
    fn apply(
        &mut self,
        ios: &mut Ios<P>,
        mut walk: Walk,
        mut target: Box<Target<P::Data>>,
    ) -> Result<(Phase<P::Data>, Step), JobError> {
        match target.next(&mut self.reader) {
            Next::Ask { operation, data, log_bytes } => {
                let purpose = Purpose::Target { log_bytes };
                self.requests.ask(ios, &self.to, operation, data, purpose);
                return Ok((Phase::Replaying { walk, target }, Step::On));
            }
            Next::Later => return Ok((Phase::Replaying { walk, target }, Step::Wait)),
            Next::Applied => self.tally.entries = walk.found(),
        }
        Ok(match walk.next(&mut self.reader).map_err(|error| self.wrong(error))? {
            Found::Entry { number, entry, text } => {
                match entry.body {
                    Body::Nothing | Body::Write(_) => {}
                    Body::Discard(_) => self.tally.discards += 1,
                    Body::Mark { .. } => {
                        self.reader.advance(entry.log_bytes);
                        self.tally.marks += 1;
                        let device = self.from.id;
                        self.requests.tell(Message::Mark { device, entry: number, text });
                    }
                }
                target.take(entry);
                (Phase::Replaying { walk, target }, Step::On)
            }
            Found::Later => (Phase::Replaying { walk, target }, Step::Wait),
            Found::End => {
                target.finish();
                (Phase::Finishing { target }, Step::On)
            }
        })
    }

    fn finish(
        &mut self,
        ios: &mut Ios<P>,
        mut target: Box<Target<P::Data>>,
    ) -> (Phase<P::Data>, Step) {
        match target.next(&mut self.reader) {
            Next::Ask { operation, data, log_bytes } => {
                let purpose = Purpose::Target { log_bytes };
                self.requests.ask(ios, &self.to, operation, data, purpose);
                (Phase::Finishing { target }, Step::On)
            }
            Next::Later => (Phase::Finishing { target }, Step::Wait),
            Next::Applied if target.idle() => (Phase::Nothing, Step::Wait),
            Next::Applied => (Phase::Finishing { target }, Step::Wait),
        }
    }

    fn over(&mut self, ios: &mut Ios<P>, over: Over<Purpose, P::Data>) {
        match (over.purpose, over.outcome, over.data) {
            (Purpose::Log(number), Outcome::Complete, Some(data)) => {
                self.reader.arrived(number, data);
            }
            // The log is not read any further.
            (Purpose::Log(_), _, _) => {}
            (Purpose::Target { log_bytes }, outcome, data) => {
                self.target_over(ios, &over.operation, data);
                match outcome {
                    Outcome::Complete => self.tally.bytes += log_bytes,
                    Outcome::Failed => {}
                }
            }
        }
    }

    fn target_over(&mut self, ios: &mut Ios<P>, operation: &Operation, data: Option<P::Data>) {
        let target = match &mut self.phase {
            Phase::Replaying { target, .. } | Phase::Finishing { target } => target,
            Phase::Superblock | Phase::Checking { .. } | Phase::Checked { .. } | Phase::Nothing => {
                return;
            }
        };
        target.over(operation);
        let given_back = match operation {
            Operation::Write(_) => target.buffers().give_back(&mut ios.machine, data),
            Operation::Read(_)
            | Operation::Flush
            | Operation::Discard(_)
            | Operation::WriteZeroes(_) => Ok(()),
        };
        if let Err(error) = given_back {
            self.requests.fail(error);
        }
    }
}

impl<P: JobPlatform> Process<P> for ReplayProcess<P> {
    fn id(&self) -> ProcessId {
        self.requests.process()
    }

    fn kind(&self) -> JobKind {
        JobKind::Replay
    }

    fn device(&self) -> DeviceId {
        self.to.id
    }

    fn start(&mut self, ios: &mut Ios<P>) {
        self.pump(ios);
    }

    fn posted(&mut self, ios: &mut Ios<P>, posted: Posted<P::Data>) {
        if let Some(over) = self.requests.take(posted) {
            self.over(ios, over);
        }
        self.pump(ios);
    }

    fn stop(&mut self, _ios: &mut Ios<P>) {
        self.requests.stop();
    }

    fn state(&self) -> State {
        self.requests.state(match self.phase {
            Phase::Superblock
            | Phase::Checking { .. }
            | Phase::Checked { .. }
            | Phase::Replaying { .. }
            | Phase::Finishing { .. } => Left::Something,
            Phase::Nothing => Left::Nothing,
        })
    }

    fn progress(&self, _now: Microseconds) -> Progress {
        let done = self.reader.position();
        match self.phase {
            Phase::Superblock | Phase::Checking { .. } | Phase::Checked { .. } => {
                Progress { done, total: self.from.bytes(), unit: Unit::BytesChecked }
            }
            Phase::Replaying { .. } | Phase::Finishing { .. } | Phase::Nothing => {
                Progress { done, total: self.log_end, unit: Unit::BytesReplayed }
            }
        }
    }

    fn take_message(&mut self) -> Option<Message> {
        self.requests.take_message()
    }

    fn done(&self) -> Done {
        let Tally { bytes, entries, marks, discards } = self.tally;
        let number = |name, number| Extra { name, value: Value::Number(number) };
        let method = Method::of(&self.to).name();
        Done {
            counts: self.requests.counts(),
            bytes,
            measured: None,
            extra: alloc::vec![
                number("entries", entries),
                number("marks", marks),
                number("discards", discards),
                Extra { name: "discarded_by", value: Value::Word(method) },
            ],
            error: self.requests.error().map(JobError::copied),
        }
    }
}
