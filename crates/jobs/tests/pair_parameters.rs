//! The parameters that concern pairs, scrubs and the console: what good lines mean, and what is said of bad ones.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use jobs::ParameterLine;
use jobs::parameters::{Given, Job, Parameters, Trace};
use mirror::{Initial, Leg, OnPrimaryError, OnSecondaryError, Policy};

fn parse(line: &str) -> Parameters {
    Parameters::parse(line.as_bytes()).unwrap_or_else(|error| panic!("{line}: {error}"))
}

fn given(text: &str, word: &str) -> Given<channel_io::DeviceId> {
    Given { value: text.parse().unwrap(), word: word.to_owned() }
}

#[test]
fn pairs_and_their_policies() {
    let plain = parse("mirror=1:2");
    assert_eq!((plain.initial, plain.policy), (Initial::NoCopy, Policy::default()));
    assert_eq!(plain.policy.on_secondary_error, OnSecondaryError::Suspend);
    assert_eq!(plain.policy.on_primary_error, OnPrimaryError::Swap);
    let line = "on-primary-error=fail on-secondary-error=fail establish=copy mirror=1:2";
    let strict = parse(line);
    assert_eq!(strict.initial, Initial::Copy);
    assert_eq!(strict.policy.on_secondary_error, OnSecondaryError::Fail);
    assert_eq!(strict.policy.on_primary_error, OnPrimaryError::Fail);
    let line = "mirror=1:2 establish=nocopy on-secondary-error=suspend on-primary-error=swap";
    assert_eq!(parse(line), parse("mirror=1:2"));
}

#[test]
fn scrubs_and_the_console() {
    let scrub = |line: &str| {
        let Job::Scrub(scrubbing) = parse(line).job else { panic!("no scrub") };
        scrubbing
    };
    let plain = scrub("run=scrub to=0001");
    assert_eq!((plain.to, plain.rate, plain.right), (given("0001", "to=0001"), None, None));
    let full = scrub("run=scrub to=0001 rate=8M repair=secondary");
    assert_eq!((full.rate, full.right), (Some(8 << 20), Some(Leg::Secondary)));
    assert_eq!(scrub("run=scrub to=1 rate=4k repair=primary").right, Some(Leg::Primary));
    assert_eq!(scrub("run=scrub to=1 rate=4k").rate, Some(4096));

    let line = b"run=console mirror=1:2 on-secondary-error=fail trace=on deadline=3";
    let read = ParameterLine::read(line);
    assert!(read.wants_console());
    assert_eq!((read.job_name(), read.trace(), read.deadline_seconds()), ("console", Trace::On, 3));
    // On the console pairs may come to be later.
    assert!(ParameterLine::read(b"run=console on-primary-error=fail").wants_console());
    for other in ["", "run=console to=1", "run=scrub to=1"] {
        assert!(!ParameterLine::read(other.as_bytes()).wants_console(), "{other}");
    }
}

/// Bad lines and what is said of them, in full.
const MISTAKES: &[(&str, &str)] = &[
    (
        "run=scrub to=1 rate=fast",
        "rate=fast: not a number; expected a number of bytes a second from 1K to 1000000M, as in 512K \
             or 8M",
    ),
    (
        "run=scrub to=1 rate=1023",
        "rate=1023: too small; expected a number of bytes a second from 1K to 1000000M, as in 512K or \
             8M",
    ),
    (
        "run=scrub to=1 rate=1000001M",
        "rate=1000001M: too large; expected a number of bytes a second from 1K to 1000000M, as in 512K \
             or 8M",
    ),
    (
        "run=scrub to=1 repair=first",
        "repair=first: no such value; expected the leg that is right, primary or secondary",
    ),
    (
        "run=scrub to=1 repair=primay",
        "repair=primay: did you mean primary? expected the leg that is right, primary or secondary",
    ),
    ("run=scrub", "run=scrub: needs to=; expected a device, as in 0001 or 0.0.0001"),
    ("run=scrub to=1 from=2", "from=2: does not belong to scrub; expected to=, rate= or repair="),
    (
        "run=copy from=1 to=2 rate=8M",
        "rate=8M: does not belong to copy; expected from=, to= or depth=",
    ),
    (
        "run=console to=1",
        "to=1: does not belong to console; expected mirror=, establish=, on-secondary-error=, \
             on-primary-error=, run=, trace= or deadline=",
    ),
    ("mirror=1:2 establish=all", "establish=all: no such value; expected nocopy or copy"),
    (
        "mirror=1:2 on-secondary-error=ignore",
        "on-secondary-error=ignore: no such value; expected suspend or fail",
    ),
    (
        "mirror=1:2 on-primary-error=swop",
        "on-primary-error=swop: did you mean swap? expected swap or fail",
    ),
    (
        "on-secondary-errors=fail",
        "on-secondary-errors=fail: unknown parameter; did you mean on-secondary-error=?",
    ),
    (
        "run=bench to=1 op=read establish=copy",
        "establish=copy: there are no pairs that it concerns; expected mirror= as well",
    ),
    (
        "run=bench to=1 op=read on-primary-error=fail",
        "on-primary-error=fail: there are no pairs that it concerns; expected mirror= as well",
    ),
    (
        "run=console establish=copy",
        "establish=copy: there are no pairs that it concerns; expected mirror= as well",
    ),
];

#[test]
fn mistakes() {
    for (line, expected) in MISTAKES {
        let error = Parameters::parse(line.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), *expected, "{line}");
    }
}
