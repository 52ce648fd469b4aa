//! The parameter line: any bytes are read, rightly, or refused with the word at fault.
//!
//! [`check`] reads the line once more with a reader of its own ([`reading`]), written from the table in
//! [`jobs::parameters`], and compares. What it asserts of a line that is accepted:
//!
//! - every word is `key=value` with a key that there is, belongs to the job and comes once;
//! - every value is what stands there, digit for digit; what does not stand there is as documented;
//! - no device is in two places that exclude each other;
//! - the order of the words, the separators and all behind a NUL byte mean nothing;
//! - one more word makes it a line that is refused, and the word that came too much is named.
//!
//! Of a line that is refused: the message is one line of printable ASCII of limited length, and names a word of
//! the line (a pair of `mirror=` by itself).

pub(crate) mod reading;

use jobs::ParameterLine;
use jobs::parameters::{
    Amount, BENCH_BYTES, BENCH_DEPTH, BENCH_SECONDS, DEADLINE_SECONDS, DEPTH, Given, Job, JobKind,
    Key, Measurement, ParameterError, Parameters, Problem, Scrubbing, Trace, TwoDisks,
};
use mirror::{Initial, Leg, OnPrimaryError, OnSecondaryError, Policy};
use reading::{Reading, shown};

/// The longest message of a refusal: two words at their longest, all keys, and some words of text.
const MESSAGE_BYTES: usize = 800;

/// Reads a parameter line and checks what came of it.
///
/// # Panics
/// If something does not hold.
pub fn check(line: &[u8]) {
    let reading = Reading::of(line);
    let read = ParameterLine::read(line);
    assert_eq!(read, ParameterLine::read(line), "twice the same line");
    match read.parameters() {
        Ok(parameters) => {
            accepted(&reading, parameters);
            assert_eq!(read.job_name(), parameters.job.kind().name());
            assert_eq!(read.trace(), parameters.trace);
            assert_eq!(read.deadline_seconds(), parameters.deadline_seconds);
            other_lines(&reading, parameters);
        }
        Err(error) => {
            refused(&reading, error);
            let job = error.job.map_or("parameters", JobKind::name);
            assert_eq!((read.job_name(), read.trace()), (job, Trace::Off));
            assert_eq!(read.deadline_seconds(), DEADLINE_SECONDS);
        }
    }
}

fn refused(reading: &Reading<'_>, error: &ParameterError) {
    let message = error.to_string();
    assert!(message.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{message:?}");
    assert!(message.len() <= MESSAGE_BYTES, "{} bytes: {message}", message.len());
    assert!(message.starts_with(&error.word), "{message}");
    assert!(reading.has(&error.word), "{:?} is no word of the line", error.word);
    assert_eq!(error.job.map(JobKind::name), reading.job(), "{message}");
}

/// What of an accepted line can be checked word by word.
fn accepted(reading: &Reading<'_>, parameters: &Parameters) {
    let kind = parameters.job.kind();
    assert_eq!((kind != JobKind::List).then_some(kind.name()), reading.job());
    for (place, word) in reading.words().iter().enumerate() {
        let key = word.key().and_then(Key::named);
        let Some(key) = key else { panic!("{} was accepted", shown(word.bytes())) };
        assert!(key.goes_with_any() || Key::of(kind).contains(&key), "{key} with {kind}");
        let earlier = reading.words().iter().take(place);
        assert!(earlier.filter(|other| other.key() == word.key()).count() == 0, "{key} twice");
    }
    let trace = match reading.value("trace") {
        Some(b"on") => Trace::On,
        Some(b"off") | None => Trace::Off,
        Some(other) => panic!("trace={} was accepted", shown(other)),
    };
    assert_eq!(parameters.trace, trace);
    let deadline = reading.number("deadline").unwrap_or(DEADLINE_SECONDS);
    assert_eq!(parameters.deadline_seconds, deadline);
    assert!((1..=3600).contains(&deadline));
    pairs(reading, parameters);
    policies(reading, parameters);
    match &parameters.job {
        Job::List => {}
        Job::Copy(disks) | Job::Replay(disks) | Job::Compare(disks) => two_disks(reading, disks),
        Job::Bench(measurement) => bench(reading, measurement),
        Job::Scrub(scrubbing) => scrub(reading, scrubbing),
        Job::Console => {}
    }
}

/// The value of a key that has a few names, by its name; the first of them where the key is not given.
fn named<T: Copy>(reading: &Reading<'_>, key: &str, names: &[(&str, T)]) -> Option<T> {
    match reading.value(key) {
        None => names.first().map(|(_, value)| *value),
        Some(text) => match names.iter().find(|(name, _)| name.as_bytes() == text) {
            Some((_, value)) => Some(*value),
            None => panic!("{key}={} was accepted", shown(text)),
        },
    }
}

fn scrub(reading: &Reading<'_>, scrubbing: &Scrubbing) {
    assert_given(reading, "to", &scrubbing.to, reading.value("to").map(reading::device));
    assert_eq!(scrubbing.rate, reading.bytes("rate"));
    assert!(scrubbing.rate.is_none_or(|rate| (1 << 10..=1_000_000 << 20).contains(&rate)));
    let legs = [("", None), ("primary", Some(Leg::Primary)), ("secondary", Some(Leg::Secondary))];
    assert!(reading.value("repair") != Some(b""), "no leg is right");
    assert_eq!(Some(scrubbing.right), named(reading, "repair", &legs));
}

/// How pairs begin and what they do when a disk fails; said only where there can be pairs.
fn policies(reading: &Reading<'_>, parameters: &Parameters) {
    let initial = [("nocopy", Initial::NoCopy), ("copy", Initial::Copy)];
    assert_eq!(Some(parameters.initial), named(reading, "establish", &initial));
    let secondary = [("suspend", OnSecondaryError::Suspend), ("fail", OnSecondaryError::Fail)];
    let primary = [("swap", OnPrimaryError::Swap), ("fail", OnPrimaryError::Fail)];
    let policy = named(reading, "on-secondary-error", &secondary)
        .zip(named(reading, "on-primary-error", &primary))
        .map(|(on_secondary_error, on_primary_error)| Policy {
            on_secondary_error,
            on_primary_error,
        });
    assert_eq!(Some(parameters.policy), policy);
    if parameters.mirror.is_empty() {
        assert_eq!(reading.value("establish"), None, "no pair to be established");
        if parameters.job != Job::Console {
            for key in ["on-secondary-error", "on-primary-error"] {
                assert_eq!(reading.value(key), None, "{key}= with no pair");
            }
        }
    }
}

fn pairs(reading: &Reading<'_>, parameters: &Parameters) {
    let texts = reading.value("mirror").map(|text| text.split(|byte| *byte == b','));
    let texts: Vec<_> = texts.into_iter().flatten().collect();
    assert_eq!(parameters.mirror.len(), texts.len());
    let mut devices = Vec::new();
    for (Given { value: pair, word }, text) in parameters.mirror.iter().zip(texts) {
        let named: Vec<_> = text.split(|byte| *byte == b':').map(reading::device).collect();
        assert_eq!(named, [pair.primary, pair.secondary], "{}", shown(text));
        assert_eq!(*word, format!("mirror={}", shown(text)));
        devices.extend([pair.primary, pair.secondary]);
    }
    for (place, device) in devices.iter().enumerate() {
        assert!(!devices.iter().skip(place + 1).any(|other| other == device), "{device} twice");
    }
}

/// That a value is that of its word, and the word is kept as it can be shown.
fn assert_given<T: PartialEq + std::fmt::Debug>(
    reading: &Reading<'_>,
    key: &str,
    given: &Given<T>,
    value: Option<T>,
) {
    assert_eq!(Some(&given.value), value.as_ref(), "{key}");
    let mut word = format!("{key}=").into_bytes();
    word.extend(reading.value(key).unwrap_or_default());
    assert_eq!(given.word, shown(&word));
}

fn two_disks(reading: &Reading<'_>, disks: &TwoDisks) {
    for (key, given) in [("from", &disks.from), ("to", &disks.to)] {
        assert_given(reading, key, given, reading.value(key).map(reading::device));
    }
    assert_ne!(disks.from.value, disks.to.value);
    depth(reading, disks.depth, DEPTH);
}

fn depth(reading: &Reading<'_>, depth: u32, unless_given: u32) {
    assert_eq!(u64::from(depth), reading.number("depth").unwrap_or(unless_given.into()));
    assert!((1..=1024).contains(&depth));
}

fn bench(reading: &Reading<'_>, measurement: &Measurement) {
    let to = reading.value("to").map(reading::device);
    assert_given(reading, "to", &measurement.to, to);
    assert_eq!(Some(measurement.operation.name().as_bytes()), reading.value("op"));
    depth(reading, measurement.depth, BENCH_DEPTH);
    match reading.bytes("bs") {
        Some(bytes) => {
            assert_given(reading, "bs", &measurement.block, u32::try_from(bytes).ok());
            assert!((512..=16 << 20).contains(&bytes));
        }
        None => assert_eq!(measurement.block.value, BENCH_BYTES),
    }
    let amount = match (reading.number("count"), reading.number("seconds")) {
        (Some(_), Some(_)) => panic!("count= and seconds= were accepted"),
        (Some(count), None) => Amount::Count(count),
        (None, seconds) => Amount::Seconds(seconds.unwrap_or(BENCH_SECONDS)),
    };
    assert_eq!(measurement.amount, amount);
    match amount {
        Amount::Count(count) => assert!((1..=1_000_000_000_000).contains(&count)),
        Amount::Seconds(seconds) => assert!((1..=86400).contains(&seconds)),
    }
    assert_eq!(measurement.seed, reading.number("seed").unwrap_or(0));
}

/// Lines that say the same as one that was accepted, and lines with a word too much.
fn other_lines(reading: &Reading<'_>, parameters: &Parameters) {
    let mut words: Vec<&[u8]> = reading.words().iter().map(|word| word.bytes()).collect();
    words.reverse();
    let mut same = words.join(&b"\r\n\t "[..]);
    same.extend(b" \0no such=word");
    let same = ParameterLine::read(&same);
    assert_eq!(same.parameters(), Ok(parameters), "the same words in another order");

    let with = |word: &[u8]| ParameterLine::read(&[&words.join(&b' '), word].join(&b' '));
    let fault = |line: &ParameterLine| match line.parameters() {
        Ok(_) => panic!("a word too much was accepted"),
        Err(error) => (error.word.clone(), error.problem.clone()),
    };
    let unknown = fault(&with(b"colour=red"));
    assert_eq!(unknown, ("colour=red".to_owned(), Problem::UnknownKey { nearest: None }));
    if let Some(first) = words.first() {
        let word = shown(first);
        assert_eq!(fault(&with(first)), (word.clone(), Problem::Twice { first: word }));
    }
}
