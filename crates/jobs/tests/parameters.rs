//! The parameter line: what good lines mean, what is said of bad ones, and that no bytes do worse than that.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that panics has failed")]

use channel_io::DeviceId;
use jobs::ParameterLine;
use jobs::parameters::{
    Amount, BenchOperation, Given, Job, JobKind, Parameters, Problem, Trace, TwoDisks,
};
use proptest::prelude::*;

fn parse(line: &str) -> Parameters {
    Parameters::parse(line.as_bytes()).unwrap_or_else(|error| panic!("{line}: {error}"))
}

fn device(text: &str) -> DeviceId {
    text.parse().unwrap()
}

fn given(text: &str, word: &str) -> Given<DeviceId> {
    Given { value: device(text), word: word.to_owned() }
}

#[test]
fn nothing_at_all() {
    for line in ["", " ", "\t\r\n ", "\0run=copy"] {
        let parameters = parse(line);
        assert_eq!(parameters.job, Job::List);
        assert!(parameters.mirror.is_empty());
        assert_eq!((parameters.trace, parameters.deadline_seconds), (Trace::Off, 30));
    }
}

#[test]
fn a_copy_to_a_pair() {
    let line =
        "  mirror=0001:0002,0.0.0004:5 run=copy\tfrom=0003 to=0.0.0001 trace=on deadline=7\n";
    let parameters = parse(line);
    let disks = TwoDisks {
        from: given("0003", "from=0003"),
        to: given("0.0.0001", "to=0.0.0001"),
        depth: 8,
    };
    assert_eq!(parameters.job, Job::Copy(disks));
    let pairs: Vec<_> = parameters
        .mirror
        .iter()
        .map(|pair| (&*pair.word, pair.value.primary, pair.value.secondary))
        .collect();
    assert_eq!(
        pairs,
        [
            ("mirror=0001:0002", device("0.0.0001"), device("0.0.0002")),
            ("mirror=0.0.0004:5", device("0.0.0004"), device("0.0.0005")),
        ]
    );
    assert_eq!((parameters.trace, parameters.deadline_seconds), (Trace::On, 7));
    let read = ParameterLine::read(line.as_bytes());
    assert_eq!((read.trace(), read.deadline_seconds()), (Trace::On, 7));
}

#[test]
fn the_other_jobs() {
    assert_eq!(parse("run=replay from=1 to=2 depth=1024").job.kind(), JobKind::Replay);
    assert_eq!(parse("run=compare from=1 to=2 trace=off").job.kind(), JobKind::Compare);
    let Job::Bench(bench) = parse("run=bench to=0001 op=randread").job else {
        panic!("no bench");
    };
    assert_eq!(bench.operation, BenchOperation::RandomRead);
    assert_eq!((bench.block.value, bench.depth, bench.seed), (4096, 32, 0));
    assert_eq!(bench.amount, Amount::Seconds(5));
    let line = "op=write count=10 to=0001 depth=4 bs=64k seed=18446744073709551615 run=bench";
    let Job::Bench(bench) = parse(line).job else {
        panic!("no bench");
    };
    assert_eq!((bench.block.value, bench.depth, bench.seed), (65536, 4, u64::MAX));
    assert_eq!(bench.amount, Amount::Count(10));
    for (bs, bytes) in [("512", 512), ("4K", 4096), ("1M", 1 << 20), ("16m", 16 << 20)] {
        let Job::Bench(bench) = parse(&format!("run=bench to=1 op=read bs={bs}")).job else {
            panic!("no bench");
        };
        assert_eq!(bench.block.value, bytes);
    }
}

/// Bad lines and what is said of them, in full.
const MISTAKES: &[(&str, &str)] = &[
    ("run=copy frm=0003", "frm=0003: unknown parameter; did you mean from=?"),
    ("Mirror=0001:0002", "Mirror=0001:0002: unknown parameter; did you mean mirror=?"),
    (
        "quiet=1",
        "quiet=1: unknown parameter; expected mirror=, establish=, on-secondary-error=, \
             on-primary-error=, run=, from=, to=, op=, bs=, depth=, count=, seconds=, seed=, rate=, \
             repair=, trace= or deadline=",
    ),
    ("copy", "copy: it has no =; expected key=value, as in run=copy"),
    ("trace", "trace: it has no value; expected trace= and on or off"),
    ("=5", "=5: it has no key before the =; expected key=value, as in run=copy"),
    (
        "run=copy from=0003 to=0001 from=0004",
        "from=0004: given twice, first as from=0003; expected it once",
    ),
    (
        "run=cpoy",
        "run=cpoy: did you mean copy? expected copy, replay, bench, compare, scrub or console",
    ),
    ("run=", "run=: no such value; expected copy, replay, bench, compare, scrub or console"),
    (
        "run=list",
        "run=list: no such value; expected copy, replay, bench, compare, scrub or console",
    ),
    ("trace=yes", "trace=yes: no such value; expected on or off"),
    ("run=copy from= to=1", "from=: expected a device, as in 0001 or 0.0.0001"),
    (
        "run=copy from=00zz to=1",
        "from=00zz: expected a device number of one to four hexadecimal digits",
    ),
    (
        "run=copy from=1 to=0.0.12345",
        "to=0.0.12345: expected a device number of one to four hexadecimal digits",
    ),
    (
        "run=copy from=1 to=0.7.0001",
        "to=0.7.0001: expected a subchannel set (second part) from 0 to 3",
    ),
    (
        "run=copy from=1.2 to=1",
        "from=1.2: expected a device of one part or three, as in 0001 or 0.0.0001, not 2",
    ),
    ("run=copy to=0001", "run=copy: needs from=; expected a device, as in 0001 or 0.0.0001"),
    ("run=replay from=0001", "run=replay: needs to=; expected a device, as in 0001 or 0.0.0001"),
    ("run=bench to=0001", "run=bench: needs op=; expected write, read, randwrite or randread"),
    (
        "run=copy from=0001 to=0.0.1",
        "to=0.0.1: the same disk as from=0001; expected two different \
          disks",
    ),
    ("run=copy from=1 to=2 depth=0", "depth=0: too small; expected a number from 1 to 1024"),
    ("run=copy from=1 to=2 depth=1025", "depth=1025: too large; expected a number from 1 to 1024"),
    (
        "run=copy from=1 to=2 depth=99999999999999999999999",
        "depth=99999999999999999999999: too large; expected a number from 1 to 1024",
    ),
    ("run=copy from=1 to=2 depth=-1", "depth=-1: not a number; expected a number from 1 to 1024"),
    ("run=copy from=1 to=2 depth=", "depth=: not a number; expected a number from 1 to 1024"),
    ("deadline=0x10", "deadline=0x10: not a number; expected a number of seconds from 1 to 3600"),
    (
        "run=bench to=1 op=read bs=4G",
        "bs=4G: not a number; expected a number of bytes from 512 to 16M, as in 4096 or 4K",
    ),
    (
        "run=bench to=1 op=read bs=17M",
        "bs=17M: too large; expected a number of bytes from 512 to 16M, as in 4096 or 4K",
    ),
    (
        "run=bench to=1 op=read seed=18446744073709551616",
        "seed=18446744073709551616: too large; expected a number from 0 to 18446744073709551615",
    ),
    (
        "run=bench to=1 op=read count=5 seconds=3",
        "seconds=3: there is count=5 as well; expected one of the two",
    ),
    (
        "run=copy from=1 to=2 bs=4096",
        "bs=4096: does not belong to copy; expected from=, to= or depth=",
    ),
    (
        "run=bench from=1 to=2 op=read",
        "from=1: does not belong to bench; expected to=, op=, bs=, depth=, count=, seconds= or \
             seed=",
    ),
    (
        "from=0003 to=0001",
        "from=0003: it belongs to a job, and there is no run=; expected run= and copy, replay, bench, \
             compare, scrub or console",
    ),
    (
        "mirror=0001",
        "mirror=0001: not a pair; expected pairs primary:secondary, as in 0001:0002 or \
             0001:0002,0004:0005",
    ),
    (
        "mirror=1:2,",
        "mirror=: not a pair; expected pairs primary:secondary, as in 0001:0002 or \
             0001:0002,0004:0005",
    ),
    (
        "mirror=1:2:3",
        "mirror=1:2:3: not a pair; expected pairs primary:secondary, as in 0001:0002 or \
             0001:0002,0004:0005",
    ),
    (
        "mirror=1:2,3:x",
        "mirror=3:x: the secondary: expected a device number of one to four hexadecimal digits",
    ),
    (
        "mirror=0001:0.0.0001",
        "mirror=0001:0.0.0001: a pair of a device with itself; expected two different devices, \
             primary:secondary",
    ),
    (
        "mirror=1:2,3:4,5:0002",
        "mirror=5:0002: 0.0.0002 is in mirror=1:2 as well; expected each device in one pair only",
    ),
    (
        "run=\u{1b}[2J",
        "run=\\x1b[2J: no such value; expected copy, replay, bench, compare, scrub or console",
    ),
    (
        "gr\u{fc}n=1",
        "gr\\xc3\\xbcn=1: unknown parameter; expected mirror=, establish=, on-secondary-error=, \
             on-primary-error=, run=, from=, to=, op=, bs=, depth=, count=, seconds=, seed=, rate=, \
             repair=, trace= or deadline=",
    ),
    (
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...: it has no =; expected key=value, as \
             in run=copy",
    ),
];

#[test]
fn mistakes() {
    for (line, expected) in MISTAKES {
        let error = Parameters::parse(line.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), *expected, "{line}");
    }
}

#[test]
fn the_job_of_a_bad_line_is_known_if_it_says_so() {
    let job = |line: &str| Parameters::parse(line.as_bytes()).unwrap_err().job;
    assert_eq!(job("nonsense run=replay"), Some(JobKind::Replay));
    assert_eq!(job("run=copy"), Some(JobKind::Copy));
    assert_eq!(job("nonsense"), None);
    assert_eq!(job("run=nonsense"), None);
    let line = ParameterLine::read(b"trace=on deadline=5 nonsense");
    assert_eq!((line.trace(), line.deadline_seconds()), (Trace::Off, 30));
}

#[test]
fn many_pairs() {
    let pairs = |count: u32| {
        let pairs: Vec<_> =
            (0..count).map(|pair| format!("{:x}:{:x}", 2 * pair, 2 * pair + 1)).collect();
        format!("mirror={}", pairs.join(","))
    };
    assert_eq!(parse(&pairs(500)).mirror.len(), 500);
    let error = Parameters::parse(format!("{},3:4000", pairs(500)).as_bytes()).unwrap_err();
    assert_eq!(error.word, "mirror=3:4000");
    assert!(matches!(error.problem, Problem::InTwoPairs { .. }));
}

/// Pieces that lines are made of, good and bad.
fn any_piece() -> impl Strategy<Value = Vec<u8>> {
    let piece = |text: &'static [u8]| Just(text.to_vec());
    prop_oneof![
        piece(b" "),
        piece(b"="),
        piece(b":"),
        piece(b","),
        piece(b"mirror="),
        piece(b"run=copy "),
        piece(b"run=bench "),
        piece(b"from=0001 "),
        piece(b"to=0.0.0002 "),
        piece(b"op=randwrite "),
        piece(b"bs="),
        piece(b"4K"),
        piece(b"count="),
        piece(b"0001:0002"),
        piece(b"trace=on "),
        piece(b"run=scrub "),
        piece(b"run=console "),
        piece(b"rate="),
        piece(b"establish=copy "),
        proptest::collection::vec(any::<u8>(), 0..6),
    ]
}

fn check(line: &[u8]) -> Result<(), TestCaseError> {
    if let Err(error) = Parameters::parse(line) {
        let text = error.to_string();
        prop_assert!(text.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{:?}", text);
        prop_assert!(text.len() < 400, "{}", text);
        prop_assert!(!error.word.is_empty());
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_bytes(line in proptest::collection::vec(any::<u8>(), 0..300)) {
        check(&line)?;
    }

    #[test]
    fn any_pieces(pieces in proptest::collection::vec(any_piece(), 0..30)) {
        check(&pieces.concat())?;
    }
}
