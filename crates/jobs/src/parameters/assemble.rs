//! From the line's words to [`Parameters`]: each word by itself in the order of the line, then all
//! together.

use super::value::{self, Mistake};
use super::{
    Amount, BENCH_BYTES, BENCH_DEPTH, BENCH_SECONDS, BenchOperation, DEADLINE_SECONDS, DEPTH,
    Given, Job, JobKind, Key, Measurement, PairNames, ParameterError, Parameters, Problem,
    Scrubbing, Shown, Trace, TwoDisks, copied, key,
};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use channel_io::DeviceId;
use mirror::{Initial, Leg, Policy};

/// The values given so far, and the words that gave them.
#[derive(Default)]
struct Values {
    words: Vec<(Key, String)>,
    mirror: Vec<Given<PairNames>>,
    run: Option<JobKind>,
    from: Option<DeviceId>,
    to: Option<DeviceId>,
    op: Option<BenchOperation>,
    bs: Option<u64>,
    depth: Option<u64>,
    count: Option<u64>,
    seconds: Option<u64>,
    seed: Option<u64>,
    trace: Trace,
    deadline: Option<u64>,
    initial: Option<Initial>,
    policy: Policy,
    rate: Option<u64>,
    right: Option<Leg>,
}

/// What is wrong and with which word.
struct Fault {
    word: String,
    problem: Problem,
}

impl Fault {
    #[cold]
    #[inline(never)]
    fn new(word: &str, problem: Problem) -> Self {
        Self { word: copied(word), problem }
    }
}

/// The words of a line.
fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let end = line.iter().position(|byte| *byte == 0).unwrap_or(line.len());
    let line = line.get(..end).unwrap_or_default();
    line.split(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')).filter(|word| !word.is_empty())
}

pub(super) fn parameters(line: &[u8]) -> Result<Parameters, ParameterError> {
    let read = || {
        let mut values = Values::default();
        for word in words(line) {
            values.take(word)?;
        }
        values.assemble()
    };
    read().map_err(|Fault { word, problem }| ParameterError { word, problem, job: job_of(line) })
}

/// Reads the words of one job: the keys that go with any are not of it.
pub(super) fn job(kind: JobKind, words: &[&[u8]]) -> Result<Job, ParameterError> {
    let read = || {
        let mut values = Values::default();
        for word in words {
            values.take(word)?;
        }
        for key in Key::ANY {
            if let Some(word) = values.word(*key) {
                return Err(Fault::new(word, Problem::NotOfJob(kind)));
            }
        }
        values.job(kind)
    };
    read().map_err(|Fault { word, problem }| ParameterError { word, problem, job: Some(kind) })
}

/// The job that a line asks for, as far as one can tell from a line with mistakes.
fn job_of(line: &[u8]) -> Option<JobKind> {
    words(line)
        .filter_map(|word| word.strip_prefix(b"run="))
        .find_map(|name| JobKind::NAMED.into_iter().find(|job| job.name().as_bytes() == name))
}

impl Values {
    /// One word.
    fn take(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        let word = &*Shown(bytes).to_string();
        let Some(equals) = bytes.iter().position(|byte| *byte == b'=') else {
            return Err(Fault::new(word, Problem::NoEquals(Key::named(bytes))));
        };
        let (name, value) = bytes.split_at(equals);
        let value = value.get(1..).unwrap_or_default();
        if name.is_empty() {
            return Err(Fault::new(word, Problem::NoKey));
        }
        let Some(key) = Key::named(name) else {
            let nearest = key::nearest(name, &Key::ALL.map(Key::name));
            let nearest = nearest.and_then(|name| Key::named(name.as_bytes()));
            return Err(Fault::new(word, Problem::UnknownKey { nearest }));
        };
        if let Some(first) = self.word(key) {
            return Err(Fault::new(word, Problem::Twice { first: copied(first) }));
        }
        self.set(key, value).map_err(|Mistake { word: part, problem }| Fault {
            word: part.unwrap_or_else(|| copied(word)),
            problem,
        })?;
        self.words.push((key, copied(word)));
        Ok(())
    }

    /// Reads the value of a key.
    fn set(&mut self, key: Key, value: &[u8]) -> Result<(), Mistake> {
        let number = |least, most| value::number(key, value, &(least..=most)).map(Some);
        match key {
            Key::Mirror => self.mirror = value::pairs(value)?,
            Key::Run => self.run = Some(value::job(value)?),
            Key::From => self.from = Some(value::device(value)?),
            Key::To => self.to = Some(value::device(value)?),
            Key::Op => self.op = Some(value::operation(value)?),
            Key::Bs => self.bs = Some(value::bytes(key, value, &(512..=16 << 20))?),
            Key::Depth => self.depth = number(1, 1024)?,
            Key::Count => self.count = number(1, COUNT_MOST)?,
            Key::Seconds => self.seconds = number(1, 86400)?,
            Key::Seed => self.seed = number(0, u64::MAX)?,
            Key::Trace => self.trace = value::trace(value)?,
            Key::Deadline => self.deadline = number(1, 3600)?,
            Key::Establish => self.initial = Some(value::initial(value)?),
            Key::OnSecondaryError => {
                self.policy.on_secondary_error = value::on_secondary_error(value)?;
            }
            Key::OnPrimaryError => self.policy.on_primary_error = value::on_primary_error(value)?,
            Key::Rate => self.rate = Some(value::bytes(key, value, &(1 << 10..=1_000_000 << 20))?),
            Key::Repair => self.right = Some(value::leg(value)?),
        }
        Ok(())
    }

    /// The word that gave a key.
    fn word(&self, key: Key) -> Option<&str> {
        self.words.iter().find(|(given, _)| *given == key).map(|(_, word)| word.as_str())
    }

    /// A value with the word that gave its key.
    fn given<T>(&self, key: Key, value: T) -> Given<T> {
        Given { value, word: copied(self.word(key).unwrap_or_default()) }
    }

    fn assemble(self) -> Result<Parameters, Fault> {
        let kind = self.run.unwrap_or(JobKind::List);
        let job = self.job(kind)?;
        self.check_pairs(kind)?;
        Ok(Parameters {
            mirror: self.mirror,
            initial: self.initial.unwrap_or(Initial::NoCopy),
            policy: self.policy,
            job,
            trace: self.trace,
            deadline_seconds: self.deadline.unwrap_or(DEADLINE_SECONDS),
        })
    }

    /// What concerns pairs needs pairs; on the console some may come to be later.
    fn check_pairs(&self, kind: JobKind) -> Result<(), Fault> {
        if !self.mirror.is_empty() {
            return Ok(());
        }
        let policies = [Key::OnSecondaryError, Key::OnPrimaryError];
        let policies = if kind == JobKind::Console { &[][..] } else { &policies };
        for key in [Key::Establish].iter().chain(policies) {
            if let Some(word) = self.word(*key) {
                return Err(Fault::new(word, Problem::NeedsPairs));
            }
        }
        Ok(())
    }

    fn job(&self, kind: JobKind) -> Result<Job, Fault> {
        for key in Key::ALL {
            let allowed = key.goes_with_any() || Key::of(kind).contains(&key);
            if let (Some(word), false) = (self.word(key), allowed) {
                let problem = match kind {
                    JobKind::List => Problem::NeedsJob,
                    JobKind::Copy
                    | JobKind::Replay
                    | JobKind::Compare
                    | JobKind::Bench
                    | JobKind::Scrub
                    | JobKind::Console => Problem::NotOfJob(kind),
                };
                return Err(Fault::new(word, problem));
            }
        }
        Ok(match kind {
            JobKind::List => Job::List,
            JobKind::Copy => Job::Copy(self.two_disks(kind)?),
            JobKind::Replay => Job::Replay(self.two_disks(kind)?),
            JobKind::Compare => Job::Compare(self.two_disks(kind)?),
            JobKind::Bench => Job::Bench(self.measurement()?),
            JobKind::Scrub => Job::Scrub(self.scrubbing()?),
            JobKind::Console => Job::Console,
        })
    }

    fn scrubbing(&self) -> Result<Scrubbing, Fault> {
        let to = self.to.ok_or_else(|| self.missing(JobKind::Scrub, Key::To))?;
        Ok(Scrubbing { to: self.given(Key::To, to), rate: self.rate, right: self.right })
    }

    fn two_disks(&self, kind: JobKind) -> Result<TwoDisks, Fault> {
        let from = self.from.ok_or_else(|| self.missing(kind, Key::From))?;
        let to = self.to.ok_or_else(|| self.missing(kind, Key::To))?;
        let (from, to) = (self.given(Key::From, from), self.given(Key::To, to));
        if from.value == to.value {
            return Err(Fault { word: to.word, problem: Problem::SameDisk { other: from.word } });
        }
        Ok(TwoDisks { from, to, depth: self.depth(DEPTH) })
    }

    fn measurement(&self) -> Result<Measurement, Fault> {
        let to = self.to.ok_or_else(|| self.missing(JobKind::Bench, Key::To))?;
        let operation = self.op.ok_or_else(|| self.missing(JobKind::Bench, Key::Op))?;
        let amount = match (self.count, self.seconds) {
            (Some(_), Some(_)) => {
                let [count, seconds] = [Key::Count, Key::Seconds].map(|key| self.given(key, ()));
                let problem = Problem::Excludes { other: count.word };
                return Err(Fault { word: seconds.word, problem });
            }
            (Some(count), None) => Amount::Count(count),
            (None, seconds) => Amount::Seconds(seconds.unwrap_or(BENCH_SECONDS)),
        };
        let block = match self.bs {
            Some(bytes) => self.given(Key::Bs, u32::try_from(bytes).unwrap_or(u32::MAX)),
            None => Given { value: BENCH_BYTES, word: format!("{}={BENCH_BYTES}", Key::Bs) },
        };
        Ok(Measurement {
            to: self.given(Key::To, to),
            operation,
            block,
            depth: self.depth(BENCH_DEPTH),
            amount,
            seed: self.seed.unwrap_or(0),
        })
    }

    /// A job has no such word; the fault is the word's that names the job.
    fn missing(&self, job: JobKind, key: Key) -> Fault {
        Fault::new(self.word(Key::Run).unwrap_or_else(|| job.name()), Problem::Missing(key))
    }

    fn depth(&self, unless_given: u32) -> u32 {
        let given = self.depth.and_then(|depth| u32::try_from(depth).ok());
        given.unwrap_or(unless_given)
    }
}

/// The most requests that a measurement can be asked for.
const COUNT_MOST: u64 = 1_000_000_000_000;
