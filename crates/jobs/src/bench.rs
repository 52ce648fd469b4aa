//! The bench process: many requests of one kind and size, and how long they took.
//!
//! A measurement that writes overwrites the disk: that is what it is for. Each area is filled once with bytes
//! from the seed, and its first eight bytes are set anew for every write, so that no two writes are alike. The
//! same seed gives the same requests in the same order. Random requests start at any multiple of the request
//! size; two of them in flight may hit the same blocks, and on a disk without a mirror the device decides
//! which of two such writes stays. A measurement that wrote ends with a flush, which is not measured.

mod histogram;

use crate::buffers::{Buffers, Wanted};
use crate::disk::{Disk, extent};
use crate::error::JobError;
use crate::message::Message;
use crate::parameters::{Amount, BenchOperation, JobKind};
use crate::plan::Bench as Plan;
use crate::platform::JobPlatform;
use crate::process::{Done, Process, Progress, State, Unit};
use crate::report::{Extra, Latency, Value};
use crate::requests::{Left, Outcome, Over, Requests};
use channel_io::{Area, DeviceId, Microseconds, WaitPoint};
use histogram::Histogram;
use ios::{Ios, Operation, Posted, ProcessId};
use oorandom::Rand64;

/// What a request is for.
#[derive(Clone, Copy, Debug)]
enum Purpose {
    /// It is measured.
    Measure,
    /// The last thing that is done.
    Flush,
}

/// What is left to be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// More requests to measure.
    Measuring,
    /// What is in flight ends; then, after writes, the flush.
    Ending,
    /// Nothing.
    Nothing,
}

/// The bench process.
pub struct BenchProcess<P: JobPlatform> {
    requests: Requests<Purpose>,
    buffers: Buffers<P::Data>,
    to: Disk,
    operation: BenchOperation,
    block: u64,
    /// How many places for a request the disk has.
    places: u64,
    amount: Amount,
    random: Rand64,
    asked: u64,
    stage: Stage,
    started: Microseconds,
    last: Microseconds,
    histogram: Histogram,
}

impl<P: JobPlatform> BenchProcess<P> {
    /// A measurement as planned.
    ///
    /// # Errors
    /// There is no room for the data.
    pub fn new(ios: &mut Ios<P>, plan: &Plan) -> Result<Self, JobError> {
        let block = u64::from(plan.block_bytes);
        let bytes = usize::try_from(block).unwrap_or(usize::MAX);
        let wanted = Wanted { count: plan.depth, bytes, least_bytes: bytes };
        let mut buffers = Buffers::new(&mut ios.machine, wanted)?;
        let mut random = Rand64::new(u128::from(plan.seed));
        if plan.operation.writes() {
            buffers.each().for_each(|area| fill(area, &mut random));
        }
        Ok(Self {
            requests: Requests::new(ios),
            buffers,
            to: plan.to,
            operation: plan.operation,
            block,
            places: plan.to.bytes() / block.max(1),
            amount: plan.amount,
            random,
            asked: 0,
            stage: Stage::Measuring,
            started: Microseconds(0),
            last: Microseconds(0),
            histogram: Histogram::new(),
        })
    }

    /// Where the next request goes, in bytes.
    fn next_place(&mut self) -> u64 {
        let place = match self.operation {
            BenchOperation::Write | BenchOperation::Read => self.asked % self.places.max(1),
            BenchOperation::RandomWrite | BenchOperation::RandomRead => {
                self.random.rand_range(0..self.places.max(1))
            }
        };
        place * self.block
    }

    /// Asks for one more request with a data area that is free.
    fn ask(&mut self, ios: &mut Ios<P>, mut data: P::Data) {
        let extent = extent(self.next_place(), self.block);
        let operation = if self.operation.writes() {
            data.store_le64(0, self.asked);
            Operation::Write(extent)
        } else {
            Operation::Read(extent)
        };
        self.asked += 1;
        self.requests.ask(ios, &self.to, operation, Some(data), Purpose::Measure);
    }

    /// Whether it is time to ask for no more.
    fn enough(&self, now: Microseconds) -> bool {
        match self.amount {
            Amount::Count(count) => self.asked >= count,
            Amount::Seconds(seconds) => {
                now.since(self.started) >= Microseconds::from_seconds(seconds)
            }
        }
    }

    fn pump(&mut self, ios: &mut Ios<P>, now: Microseconds) {
        while self.requests.error().is_none() {
            match self.stage {
                Stage::Measuring if self.enough(now) => self.stage = Stage::Ending,
                Stage::Measuring => {
                    let Some(data) = self.buffers.take() else { return };
                    self.ask(ios, data);
                }
                Stage::Ending if self.requests.in_flight() > 0 => return,
                Stage::Ending => {
                    self.stage = Stage::Nothing;
                    if self.operation.writes() && self.to.limits.flush {
                        self.requests.ask(ios, &self.to, Operation::Flush, None, Purpose::Flush);
                    }
                }
                Stage::Nothing => return,
            }
        }
    }

    fn over(&mut self, ios: &mut Ios<P>, over: Over<Purpose, P::Data>) {
        match over.purpose {
            Purpose::Flush => return,
            Purpose::Measure => self.last = over.posted,
        }
        match over.outcome {
            Outcome::Complete => self.histogram.add(over.posted.since(over.asked)),
            Outcome::Failed => {}
        }
        if let Err(error) = self.buffers.give_back(&mut ios.machine, over.data) {
            self.requests.fail(error);
        }
    }

    fn measured(&self) -> Microseconds {
        self.last.since(self.started)
    }

    fn bytes(&self) -> u64 {
        self.histogram.total().saturating_mul(self.block)
    }

    /// `figure` in one second, as it was `figure` in the time measured.
    #[inline(never)]
    fn per_second(&self, figure: u64) -> u64 {
        let microseconds = self.measured().0.max(1);
        let in_seconds = |figure: u64| figure.saturating_mul(1_000_000);
        in_seconds(figure / microseconds)
            .saturating_add(in_seconds(figure % microseconds) / microseconds)
    }

    fn tell_figures(&mut self) {
        let Latency { p50, p99, max } = self.histogram.latency();
        self.requests.tell(Message::Measured {
            device: self.to.id,
            iops: self.per_second(self.histogram.total()),
            kilobytes_per_second: self.per_second(self.bytes()) / 1000,
            p50: Microseconds(p50),
            p99: Microseconds(p99),
            max: Microseconds(max),
        });
    }
}

/// Fills an area with bytes that compress badly, made from `random`.
fn fill<A: Area>(area: &mut A, random: &mut Rand64) {
    const PATTERN_BYTES: usize = 512;
    let mut pattern = [0; PATTERN_BYTES];
    for piece in pattern.chunks_exact_mut(8) {
        piece.copy_from_slice(&random.rand_u64().to_le_bytes());
    }
    for offset in (0..area.length()).step_by(PATTERN_BYTES) {
        let bytes = PATTERN_BYTES.min(area.length() - offset);
        if let Some(piece) = pattern.get(..bytes) {
            area.write(offset, piece);
        }
    }
}

impl<P: JobPlatform> Process<P> for BenchProcess<P> {
    fn id(&self) -> ProcessId {
        self.requests.process()
    }

    fn kind(&self) -> JobKind {
        JobKind::Bench
    }

    fn device(&self) -> DeviceId {
        self.to.id
    }

    fn start(&mut self, ios: &mut Ios<P>) {
        self.started = ios.machine.now();
        self.last = self.started;
        self.pump(ios, self.started);
    }

    fn posted(&mut self, ios: &mut Ios<P>, posted: Posted<P::Data>) {
        let now = posted.posted;
        if let Some(over) = self.requests.take(posted) {
            self.over(ios, over);
        }
        self.pump(ios, now);
        if self.stage == Stage::Nothing && self.state() == State::Over {
            self.tell_figures();
        }
    }

    fn stop(&mut self, _ios: &mut Ios<P>) {
        self.requests.stop();
    }

    fn state(&self) -> State {
        self.requests.state(match self.stage {
            Stage::Measuring | Stage::Ending => Left::Something,
            Stage::Nothing => Left::Nothing,
        })
    }

    fn progress(&self, now: Microseconds) -> Progress {
        match self.amount {
            Amount::Count(count) => {
                Progress { done: self.histogram.total(), total: count, unit: Unit::Requests }
            }
            Amount::Seconds(seconds) => {
                let total = seconds.saturating_mul(1000);
                let done = (now.since(self.started).0 / 1000).min(total);
                Progress { done, total, unit: Unit::Milliseconds }
            }
        }
    }

    fn take_message(&mut self) -> Option<Message> {
        self.requests.take_message()
    }

    fn done(&self) -> Done {
        Done {
            counts: self.requests.counts(),
            bytes: self.bytes(),
            measured: Some(self.measured()),
            extra: alloc::vec![
                Extra {
                    name: "iops",
                    value: Value::Number(self.per_second(self.histogram.total())),
                },
                Extra { name: "latency_us", value: Value::Latency(self.histogram.latency()) },
                Extra {
                    name: "bytes_per_second",
                    value: Value::Number(self.per_second(self.bytes())),
                },
                Extra { name: "op", value: Value::Word(self.operation.name()) },
                Extra { name: "block_bytes", value: Value::Number(self.block) },
            ],
            error: self.requests.error().map(JobError::copied),
        }
    }
}
