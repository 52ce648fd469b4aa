//! The console's command line: any line is read, rightly, or refused with the word at fault.
//!
//! [`check`] reads the line once more with a reader of its own, written from what `help` says, and compares. Job
//! words are compared with what the parameter line makes of them, which [`crate::parameters`] tests. Asserted is:
//!
//! - a line is understood exactly when it should be, and means what it should;
//! - upper and lower case, and how many spaces there are, mean nothing; one more word makes it a line that is
//!   refused;
//! - a refusal is one line of printable ASCII of limited length, and names a word of the line.

use crate::parameters::reading::{self, Reading, shown};
use jobs::console::{Change, Command, CommandError};
use jobs::parameters::{Given, Job, JobKind, Key, Parameters, Trace};
use mirror::{Initial, Resync};

/// The longest message of a refusal.
const MESSAGE_BYTES: usize = 800;

/// Every first word.
const COMMANDS: [&str; 11] = [
    "help",
    "display",
    "mirror",
    "start",
    "stop",
    "scrub",
    "trace",
    "sense",
    "quiesce",
    "unquiesce",
    "shutdown",
];

/// Reads a command line and checks what came of it. Bytes that are no text are taken for characters that nobody
/// types.
///
/// # Panics
/// If something does not hold.
pub fn check(line: &[u8]) {
    let line = String::from_utf8_lossy(line);
    let lower = line.to_ascii_lowercase();
    let words: Vec<&[u8]> = lower
        .as_bytes()
        .split(|byte| b" \t\r\n\x0c\0".contains(byte))
        .filter(|word| !word.is_empty())
        .collect();
    let read = Command::parse(&line);
    match (&read, expected(&words)) {
        (Ok(command), Some(expected)) => assert_eq!(*command, expected, "{line:?}"),
        (Ok(command), None) => panic!("{line:?} was taken for {command:?}"),
        (Err(error), Some(expected)) => panic!("{line:?}: {error}, and means {expected:?}"),
        (Err(error), None) => refused(&words, error),
    }
    assert_eq!(read, Command::parse(&line.to_ascii_uppercase()), "in upper case");
    assert_eq!(read, Command::parse(&format!(" \t {} ", line.replace(' ', "   "))), "spaces");
    if let Ok(Some(command)) = &read {
        assert!(COMMANDS.iter().any(|name| command.name().starts_with(name)), "{command:?}");
        let more = Command::parse(&format!("{line} one-word-too-many"));
        assert!(more.is_err(), "{line:?} and a word");
    }
}

fn refused(words: &[&[u8]], error: &CommandError) {
    let message = error.to_string();
    assert!(message.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{message:?}");
    assert!(message.len() <= MESSAGE_BYTES, "{} bytes: {message}", message.len());
    assert!(message.starts_with(&error.word), "{message}");
    assert!(!error.word.is_empty(), "{message}");
    // The name of a job may have been shortened.
    let job = JobKind::NAMED.map(JobKind::name).contains(&&*error.word)
        && words.get(1).is_some_and(|word| error.word.as_bytes().starts_with(word));
    let line = words.join(&b' ');
    assert!(job || Reading::of(&line).has(&error.word), "{:?} is no word of it", error.word);
}

/// What a line means: a command, or nothing where it is empty; `None` if it is to be refused.
fn expected(words: &[&[u8]]) -> Option<Option<Command>> {
    let Some((first, rest)) = words.split_first() else { return Some(None) };
    let command = match one_of(first, &COMMANDS)? {
        "help" => help(rest),
        "display" => display(rest),
        "mirror" => mirror(rest),
        "start" => start(rest),
        "stop" => number(rest).map(Command::Stop),
        "scrub" => scrub(rest),
        "trace" => trace(rest),
        "sense" => device_alone(rest).map(Command::Sense),
        "quiesce" => device_alone(rest).map(Command::Quiesce),
        "unquiesce" => device_alone(rest).map(Command::Unquiesce),
        _ => rest.is_empty().then_some(Command::Shutdown),
    };
    command.map(Some)
}

/// The name that a word is, or is the beginning of when it begins no other.
fn one_of(word: &[u8], names: &[&'static str]) -> Option<&'static str> {
    let begun = || names.iter().filter(|name| name.as_bytes().starts_with(word));
    let exact = names.iter().find(|name| name.as_bytes() == word);
    exact.or_else(|| begun().next().filter(|_| begun().count() == 1)).copied()
}

fn help(rest: &[&[u8]]) -> Option<Command> {
    match rest {
        [] => Some(Command::Help(None)),
        [word] => one_of(word, &COMMANDS).map(|name| Command::Help(Some(name))),
        _ => None,
    }
}

fn device(word: &[u8]) -> Option<Given<channel_io::DeviceId>> {
    reading::device_of(word).map(|value| Given { value, word: shown(word) })
}

fn device_alone(rest: &[&[u8]]) -> Option<Given<channel_io::DeviceId>> {
    match rest {
        [word] => device(word),
        _ => None,
    }
}

fn number(rest: &[&[u8]]) -> Option<u32> {
    match rest {
        [word] => reading::decimal(word).and_then(|number| u32::try_from(number).ok()),
        _ => None,
    }
}

fn trace(rest: &[&[u8]]) -> Option<Command> {
    match rest {
        [word] => match one_of(word, &["on", "off"])? {
            "on" => Some(Command::Trace(Trace::On)),
            _ => Some(Command::Trace(Trace::Off)),
        },
        _ => None,
    }
}

fn display(rest: &[&[u8]]) -> Option<Command> {
    let (what, rest) = rest.split_first()?;
    match (one_of(what, &["devices", "pairs", "path", "jobs"])?, rest) {
        ("devices", []) => Some(Command::DisplayDevices),
        ("pairs", []) => Some(Command::DisplayPairs),
        ("jobs", []) => Some(Command::DisplayJobs),
        ("path", _) => device_alone(rest).map(Command::DisplayPath),
        (_, _) => None,
    }
}

fn mirror(rest: &[&[u8]]) -> Option<Command> {
    let (what, rest) = rest.split_first()?;
    let what = one_of(what, &["establish", "suspend", "resume", "swap", "remove"])?;
    let (first, rest) = rest.split_first()?;
    let pair = device(first)?;
    let change = |change, rest: &[&[u8]]| {
        rest.is_empty().then(|| Command::Change { change, pair: pair.clone() })
    };
    match (what, rest) {
        ("establish", [second, initial @ ..]) => {
            let initial = match initial {
                [] => Initial::Copy,
                [word] if one_of(word, &["copy", "nocopy"])? == "nocopy" => Initial::NoCopy,
                [_] => Initial::Copy,
                _ => return None,
            };
            let (primary, secondary) = (pair, device(second)?);
            Some(Command::Establish { primary, secondary, initial })
        }
        ("suspend", _) => change(Change::Suspend, rest),
        ("resume", [word]) => match one_of(word, &["all", "changed"])? {
            "all" => change(Change::Resume(Resync::All), &[]),
            _ => change(Change::Resume(Resync::Changed), &[]),
        },
        ("resume", _) => change(Change::Resume(Resync::Changed), rest),
        ("swap", _) => change(Change::Swap, rest),
        ("remove", _) => change(Change::Remove, rest),
        (_, _) => None,
    }
}

fn start(rest: &[&[u8]]) -> Option<Command> {
    let (kind, words) = rest.split_first()?;
    let kind = one_of(kind, &["copy", "replay", "compare", "bench", "scrub"])?;
    job(kind, words).map(Command::Start)
}

fn scrub(rest: &[&[u8]]) -> Option<Command> {
    let (pair, words) = rest.split_first()?;
    let pair = device(pair)?;
    let to = format!("to={}", pair.value);
    let mut all = vec![to.as_bytes()];
    all.extend(words);
    match job("scrub", &all)? {
        Job::Scrub(mut scrubbing) => {
            scrubbing.to = pair;
            Some(Command::Start(Job::Scrub(scrubbing)))
        }
        Job::List
        | Job::Copy(_)
        | Job::Replay(_)
        | Job::Compare(_)
        | Job::Bench(_)
        | Job::Console => None,
    }
}

/// A job as the parameter line has it, with no word that is not the job's own.
fn job(kind: &str, words: &[&[u8]]) -> Option<Job> {
    let line = words.join(&b' ');
    let any =
        |word: &reading::Word<'_>| word.key().and_then(Key::named).is_some_and(Key::goes_with_any);
    if Reading::of(&line).words().iter().any(any) {
        return None;
    }
    let line = [format!("run={kind} ").as_bytes(), &line].concat();
    Parameters::parse(&line).ok().map(|parameters| parameters.job)
}
