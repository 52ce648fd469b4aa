//! The console's command line: what good lines mean, what is said of bad ones, and that no bytes do worse than that.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that panics has failed")]

use jobs::console::{Change, Command};
use jobs::parameters::{Given, Job, JobKind, Trace};
use mirror::{Initial, Leg, Resync};
use proptest::prelude::*;

fn parse(line: &str) -> Command {
    Command::parse(line).unwrap_or_else(|error| panic!("{line}: {error}")).unwrap()
}

fn device(word: &str) -> Given<channel_io::DeviceId> {
    Given { value: word.parse().unwrap(), word: word.to_owned() }
}

fn change(change: Change) -> Command {
    Command::Change { change, pair: device("0001") }
}

#[test]
fn nothing_at_all_is_no_command() {
    for line in ["", " ", "\t \0 \r"] {
        assert_eq!(Command::parse(line), Ok(None), "{line:?}");
    }
}

#[test]
fn each_command() {
    let establish = |initial| Command::Establish {
        primary: device("0001"),
        secondary: device("0.0.0002"),
        initial,
    };
    let cases = [
        ("help", Command::Help(None)),
        ("help mirror", Command::Help(Some("mirror"))),
        ("help disp", Command::Help(Some("display"))),
        ("display devices", Command::DisplayDevices),
        ("display pairs", Command::DisplayPairs),
        ("display path 0001", Command::DisplayPath(device("0001"))),
        ("display jobs", Command::DisplayJobs),
        ("mirror establish 0001 0.0.0002", establish(Initial::Copy)),
        ("mirror establish 0001 0.0.0002 copy", establish(Initial::Copy)),
        ("mirror establish 0001 0.0.0002 nocopy", establish(Initial::NoCopy)),
        ("mirror suspend 0001", change(Change::Suspend)),
        ("mirror resume 0001", change(Change::Resume(Resync::Changed))),
        ("mirror resume 0001 changed", change(Change::Resume(Resync::Changed))),
        ("mirror resume 0001 all", change(Change::Resume(Resync::All))),
        ("mirror swap 0001", change(Change::Swap)),
        ("mirror remove 0001", change(Change::Remove)),
        ("stop 12", Command::Stop(12)),
        ("trace on", Command::Trace(Trace::On)),
        ("trace off", Command::Trace(Trace::Off)),
        ("sense 0001", Command::Sense(device("0001"))),
        ("quiesce 0001", Command::Quiesce(device("0001"))),
        ("unquiesce 0001", Command::Unquiesce(device("0001"))),
        ("shutdown", Command::Shutdown),
    ];
    for (line, command) in cases {
        assert_eq!(parse(line), command, "{line}");
        assert_eq!(parse(&line.to_ascii_uppercase()), command, "{line}");
        let spaced = line.replace(' ', " \t ");
        assert_eq!(parse(&format!("  {spaced}\r\n")), command, "{line}");
        assert!(line.starts_with(command.name().split(' ').next().unwrap()), "{line}");
    }
}

#[test]
fn words_may_be_shortened_if_they_mean_one_thing() {
    let cases = [
        ("h", "help"),
        ("d de", "display devices"),
        ("dis pai", "display pairs"),
        ("D PAT 1", "display path 1"),
        ("d j", "display jobs"),
        ("m sus 1", "mirror suspend 1"),
        ("m e 1 2 n", "mirror establish 1 2 nocopy"),
        ("m res 1 a", "mirror resume 1 all"),
        ("sto 3", "stop 3"),
        ("sh", "shutdown"),
        ("sc 1", "scrub 1"),
        ("t on", "trace on"),
        ("u 2", "unquiesce 2"),
        ("sta b to=1 op=read", "start bench to=1 op=read"),
    ];
    for (short, long) in cases {
        assert_eq!(parse(short), parse(long), "{short}");
    }
}

#[test]
fn jobs_take_the_words_of_the_parameter_line() {
    let job = |line: &str| {
        let Command::Start(job) = parse(line) else { panic!("{line} starts nothing") };
        job
    };
    for (line, kind) in [
        ("start copy from=0003 to=0001 depth=4", JobKind::Copy),
        ("start replay from=0003 to=0001", JobKind::Replay),
        ("start compare from=0001 to=0002", JobKind::Compare),
        ("start bench to=0001 op=randwrite bs=4096 count=10 seed=3", JobKind::Bench),
        ("start scrub to=0001 rate=8m repair=primary", JobKind::Scrub),
    ] {
        let started = job(line);
        assert_eq!(started.kind(), kind);
        let words: Vec<_> = line.split(' ').skip(2).map(str::as_bytes).collect();
        assert_eq!(Job::parse(kind, &words), Ok(started), "{line}");
    }
    let Job::Scrub(scrub) = job("scrub 0001 RATE=8M repair=secondary") else { panic!("no scrub") };
    assert_eq!((scrub.to, scrub.rate), (device("0001"), Some(8 << 20)));
    assert_eq!(scrub.right, Some(Leg::Secondary));
}

/// Bad lines and what is said of them, in full.
const MISTAKES: &[(&str, &str)] = &[
    (
        "frobnicate 1",
        "frobnicate: unknown; expected help, display, mirror, start, stop, scrub, trace, sense, quiesce, \
         unquiesce or shutdown",
    ),
    ("mirrro suspend 1", "mirrro: unknown; did you mean mirror?"),
    ("s", "s: ambiguous; expected start, stop, scrub, sense or shutdown"),
    ("mirror r 1", "r: ambiguous; expected resume or remove"),
    (
        "mirror",
        "mirror: a word is missing behind it; expected establish, suspend, resume, swap or remove",
    ),
    ("display disks", "disks: unknown; expected devices, pairs, path or jobs"),
    ("display path", "path: a device is missing behind it; expected one, as in 0001 or 0.0.0001"),
    (
        "mirror establish 0001",
        "0001: a device is missing behind it; expected one, as in 0001 or 0.0.0001",
    ),
    ("mirror establish 0001 0002 nocpy", "nocpy: unknown; did you mean nocopy?"),
    ("mirror suspend 00zz", "00zz: expected a device number of one to four hexadecimal digits"),
    ("mirror suspend 1 now", "now: one word too many; expected the end of the command"),
    ("shutdown now please", "now: one word too many; expected the end of the command"),
    ("stop", "stop: a number is missing behind it; expected the number of a job"),
    ("stop one", "one: not a number; expected the number of a job"),
    ("stop +1", "+1: not a number; expected the number of a job"),
    ("stop 99999999999", "99999999999: not a number; expected the number of a job"),
    ("trace", "trace: a word is missing behind it; expected on or off"),
    ("trace maybe", "maybe: unknown; expected on or off"),
    ("start", "start: a word is missing behind it; expected copy, replay, compare, bench or scrub"),
    ("start copy from=3", "copy: needs to=; expected a device, as in 0001 or 0.0.0001"),
    ("start copy from=3 to=x", "to=x: expected a device number of one to four hexadecimal digits"),
    (
        "start copy from=3 to=1 op=read",
        "op=read: does not belong to copy; expected from=, to= or depth=",
    ),
    (
        "start copy from=3 to=1 trace=on",
        "trace=on: does not belong to copy; expected from=, to= or depth=",
    ),
    (
        "start copy from=3 to=1 run=copy",
        "run=copy: does not belong to copy; expected from=, to= or depth=",
    ),
    ("start copy frm=3 to=1", "frm=3: unknown parameter; did you mean from=?"),
    ("start copy from=3 to=3", "to=3: the same disk as from=3; expected two different disks"),
    ("scrub", "scrub: a device is missing behind it; expected one, as in 0001 or 0.0.0001"),
    (
        "scrub 1 repair=both",
        "repair=both: no such value; expected the leg that is right, primary or secondary",
    ),
    ("scrub 1 to=2", "to=2: given twice, first as to=0.0.0001; expected it once"),
    (
        "\u{1b}[2J",
        "\\x1b[2j: unknown; expected help, display, mirror, start, stop, scrub, trace, sense, quiesce, \
      unquiesce or shutdown",
    ),
];

#[test]
fn mistakes() {
    for (line, expected) in MISTAKES {
        let error = Command::parse(line).unwrap_err();
        assert_eq!(error.to_string(), *expected, "{line}");
    }
    // A shortened word is no mistake.
    assert_eq!(parse("display device"), Command::DisplayDevices);
}

fn any_piece() -> impl Strategy<Value = String> {
    let piece = |text: &'static str| Just(text.to_owned());
    prop_oneof![
        piece(" "),
        piece("mirror "),
        piece("establish "),
        piece("resume "),
        piece("start "),
        piece("copy "),
        piece("scrub "),
        piece("display "),
        piece("path "),
        piece("0001 "),
        piece("to=0001 "),
        piece("rate="),
        piece("8M "),
        "\\PC{0,5}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_line(pieces in proptest::collection::vec(any_piece(), 0..8)) {
        if let Err(error) = Command::parse(&pieces.concat()) {
            let text = error.to_string();
            prop_assert!(text.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{:?}", text);
            prop_assert!(text.len() < 400, "{}", text);
            prop_assert!(!error.word.is_empty());
        }
    }
}
