//! The operator's console: sessions as scripts.

use crate::operator::{disks, fill, make_alike, script};
use jobs::JobStatus;
use jobs::parameters::Trace;

const SECTORS: u64 = 2048;
const BYTES: u64 = SECTORS * 512;

/// What `display path` shows of a device: each vector and its routine.
fn path(said: &[String]) -> Vec<(String, String)> {
    let steps = said.iter().filter_map(|line| line.strip_prefix("CCW014I path 0.0.0001: "));
    let pairs = steps.filter_map(|step| step.split_once(" -> "));
    pairs.map(|(vector, routine)| (vector.to_owned(), routine.to_owned())).collect()
}

#[test]
fn a_session_from_the_first_command_to_the_last() {
    let mut world = disks(1, &[SECTORS, SECTORS]);
    fill(&mut world, 1, 1);
    let session = script()
        .types("display devices")
        .types("")
        .types("DISPLAY PATH 0001")
        .types("mirror establish 0001 0002")
        .until("duplex: 256 blocks of 4096 bytes were copied")
        .types("display pairs")
        .types("display path 0001")
        .types("trace on")
        .types("trace off")
        .types("mirror remove 0001")
        .types("display path 0001")
        .types("display pairs")
        .run(&mut world, "");
    let said = session.said.lines();
    assert_eq!(said[0], "CCW050I console ready; help lists the commands");
    assert_eq!(
        said[1..4],
        [
            "CCW010I device 0.0.0001: virtio-blk, 1048576 bytes, block 512, queue 128, read-write",
            "CCW010I device 0.0.0002: virtio-blk, 1048576 bytes, block 512, queue 128, read-write",
            "CCW012I 2 devices, 0 pairs",
        ]
    );
    let paths = path(&said);
    let (plain, rest) = paths.split_at(paths.len() / 3);
    let (mirrored, plain_again) = rest.split_at(rest.len() / 2);
    let names = |path: &[(String, String)]| -> Vec<String> {
        path.iter().map(|(vector, _)| vector.clone()).collect()
    };
    assert_eq!(
        names(plain)[..6],
        ["iosvssch", "ddtsio", "iosvcp", "iosvcp-return", "interruption", "post-status"]
    );
    assert_eq!(names(plain), names(mirrored));
    assert_eq!(plain, plain_again);
    assert!(plain.iter().all(|(_, routine)| !routine.contains("detour")), "{plain:?}");
    for (vector, routine) in [
        ("ddtsio", "front-end-detour"),
        ("iosvcp-return", "back-end-detour"),
        ("post-status", "post-status-detour"),
    ] {
        assert!(mirrored.contains(&(vector.to_owned(), routine.to_owned())), "{mirrored:?}");
    }
    assert_eq!(
        session.said.the("CCW013I"),
        "CCW013I pair 0.0.0001 -> 0.0.0002 duplex: I/O goes to 0.0.0001 first, 0 blocks of 4096 bytes \
         to be copied, 0 writes in flight, reason: none"
    );
    assert_eq!(session.script.switched, [Trace::On, Trace::Off]);
    assert_eq!(session.said.with("CCW053I mirror remove 0.0.0001: done").len(), 1);
    assert_eq!(said.last().unwrap(), "CCW055I shutdown: 0 jobs and 0 copies are stopped");
    assert_eq!((session.report.job, session.report.status), ("console", JobStatus::Ok));
    assert_eq!((session.number("commands"), session.number("commands_refused")), (11, 0));
    world.assert_legs_equal(1, 2);
}

#[test]
fn every_command_is_answered_and_no_mistake_stops_the_machine() {
    let mut world = disks(2, &[SECTORS, SECTORS, 64]);
    let session = script()
        .types("frobnicate")
        .types("mirror suspend 0001")
        .types("mirror establish 0001 0009")
        .types("mirror establish 0001 0003")
        .types("mirror establish 0001 0001")
        .types("start copy from=0009 to=0001")
        .types("start copy from=0001")
        .types("stop 1")
        .types("scrub 0001")
        .types("quiesce 0007")
        .types("\u{1b}[A\u{7f}\u{fffd}")
        .types("display")
        .types("help sto")
        .run(&mut world, "");
    let said = session.said.lines();
    let expected = [
        "CCW052E frobnicate: unknown; expected help, display, mirror, start, stop, scrub, trace, \
         sense, quiesce, unquiesce or shutdown",
        "CCW054E mirror suspend: 0001: 0.0.0001 is in no pair; expected a device of a pair",
        "CCW054E mirror establish: 0009: there is no device 0.0.0009; expected one of 0.0.0001, \
         0.0.0002, 0.0.0003",
        "CCW054E mirror establish: 0001 0003: the secondary is smaller than the primary: 32768 bytes, \
         1048576 are needed",
        "CCW054E mirror establish: 0001 0001: primary and secondary are the same device",
        "CCW054E start copy: from=0009: there is no device 0.0.0009; expected one of 0.0.0001, \
         0.0.0002, 0.0.0003",
        "CCW052E copy: needs to=; expected a device, as in 0001 or 0.0.0001",
        "CCW054E stop: 1: there is no such job; none is running",
        "CCW054E scrub: 0001: 0.0.0001 is in no pair; expected a device of a pair",
        "CCW054E quiesce: 0007: there is no device 0.0.0007; expected one of 0.0.0001, 0.0.0002, \
         0.0.0003",
    ];
    assert_eq!(said[1..=expected.len()], expected);
    assert!(said[11].starts_with("CCW052E \\x1b[a\\x7f\\xef\\xbf\\xbd: unknown; expected "));
    assert!(said[12].starts_with("CCW052E display: a word is missing behind it; expected devices"));
    assert!(said[13].starts_with("CCW051I stop 1: "), "{}", said[13]);
    assert_eq!(session.report.status, JobStatus::Ok);
    assert_eq!((session.number("commands"), session.number("commands_refused")), (14, 12));
}

#[test]
fn jobs_run_side_by_side_and_a_pair_is_made_under_them() {
    let mut world = disks(3, &[SECTORS, SECTORS, SECTORS, SECTORS]);
    fill(&mut world, 3, 3);
    let session = script()
        .types("start bench to=0001 op=randwrite bs=4096 depth=16 count=3000 seed=1")
        .types("start copy from=0003 to=0004")
        .types("mirror establish 0001 0002")
        .types("display jobs")
        .until("CCW016I")
        .types("start bench to=0001 op=randwrite bs=4096 depth=4 count=500 seed=2")
        .until("CCW033I")
        .until("CCW022I job 1")
        .until("CCW022I job 3")
        .run(&mut world, "");
    let said = &session.said;
    assert_eq!(said.the("CCW021I job 1"), "CCW021I job 1: bench started: 0.0.0001");
    assert_eq!(said.the("CCW021I job 2"), "CCW021I job 2: copy started: from 0.0.0003 to 0.0.0004");
    assert!(said.the("CCW020I job 1").starts_with("CCW020I job 1: bench 0.0.0001: "));
    assert!(said.the("CCW020I job 2").ends_with("of 1048576 bytes, 0 percent"));
    assert_eq!(said.the("CCW016I"), "CCW016I 2 jobs running");
    assert!(said.the("CCW022I job 2").contains("copy ended: 1048576 bytes"));
    assert_eq!(said.with("CCW027I job").len(), 2);
    assert_eq!((session.report.status, session.number("jobs")), (JobStatus::Ok, 3));
    assert_eq!(session.report.counts.writes, 3000 + 500 + BYTES / (256 * 1024));
    assert!(session.report.mirrored_writes > 500, "{}", session.report.mirrored_writes);
    let pairs = &session.report.pairs;
    assert_eq!((pairs.len(), pairs[0].state), (1, "duplex"));
    world.assert_legs_equal(1, 2);
    world.assert_legs_equal(3, 4);
}

#[test]
fn a_suspended_pair_is_resumed_with_what_has_changed_and_no_more() {
    let mut world = disks(4, &[SECTORS, SECTORS]);
    fill(&mut world, 1, 4);
    make_alike(&mut world, 1, 2);
    let session = script()
        .types("mirror suspend 0001")
        .until("suspended: by the operator")
        .types("start bench to=0001 op=write bs=4096 depth=4 count=10")
        .until("CCW022I job 1")
        .types("display pairs")
        .types("mirror resume 0001")
        .until("CCW033I")
        .types("mirror resume 0001")
        .types("mirror suspend 0001")
        .types("mirror resume 0001 all")
        .until("CCW033I pair 0.0.0001 -> 0.0.0002 duplex: 256 blocks")
        .run(&mut world, "mirror=0001:0002");
    let said = &session.said;
    assert_eq!(said.lines()[0], "CCW011I pair 0.0.0001 -> 0.0.0002 duplex");
    assert_eq!(
        said.the("CCW013I"),
        "CCW013I pair 0.0.0001 -> 0.0.0002 suspended: I/O goes to 0.0.0001 first, 10 blocks of 4096 \
         bytes to be copied, 0 writes in flight, reason: by the operator"
    );
    assert_eq!(
        said.with("CCW031I"),
        [
            "CCW031I pair 0.0.0001 -> 0.0.0002 copying: 10 blocks of 4096 bytes",
            "CCW031I pair 0.0.0001 -> 0.0.0002 copying: 256 blocks of 4096 bytes",
        ]
    );
    assert_eq!(
        said.with("CCW033I"),
        [
            "CCW033I pair 0.0.0001 -> 0.0.0002 duplex: 10 blocks of 4096 bytes were copied",
            "CCW033I pair 0.0.0001 -> 0.0.0002 duplex: 256 blocks of 4096 bytes were copied",
        ]
    );
    assert_eq!(said.the("CCW054E"), "CCW054E mirror resume: 0001: it is duplex already");
    assert_eq!(session.report.status, JobStatus::Ok);
    world.assert_legs_equal(1, 2);
}

#[test]
fn a_swap_is_shown_and_i_o_goes_on() {
    let mut world = disks(5, &[SECTORS, SECTORS, SECTORS]);
    fill(&mut world, 3, 5);
    let session = script()
        .types("start bench to=0001 op=randwrite bs=4096 depth=8 count=1000")
        .types("mirror swap 0001")
        .types("display path 0001")
        .until("CCW022I job 1")
        .types("start copy from=0003 to=0001")
        .until("CCW022I job 2")
        .run(&mut world, "mirror=0001:0002");
    let said = &session.said;
    assert_eq!(said.the("CCW015I"), "CCW015I path 0.0.0001: requests go to 0.0.0002");
    assert_eq!(
        said.the("CCW036W"),
        "CCW036W pair 0.0.0001 -> 0.0.0002 swapped: by the operator; I/O goes to 0.0.0002 first"
    );
    let pair = &session.report.pairs[0];
    assert_eq!(
        pair.to_string(),
        r#"{"primary":"0.0.0001","secondary":"0.0.0002","state":"duplex","reason":"","active":"0.0.0002"}"#
    );
    assert_eq!(session.report.status, JobStatus::Ok);
    world.assert_legs_equal(1, 2);
    world.assert_legs_equal(1, 3);
}

#[test]
fn a_job_can_be_stopped_and_shutdown_stops_the_rest() {
    let mut world = disks(7, &[SECTORS, SECTORS, SECTORS]);
    fill(&mut world, 3, 7);
    let session = script()
        .types("start bench to=0001 op=randwrite bs=4096 depth=32 seconds=86400")
        .types("start bench to=0002 op=randread bs=512 depth=4 seconds=86400")
        .types("stop 1")
        .until("CCW029W job 1: bench stopped")
        .types("stop 1")
        .until("CCW054E stop: 1: there is no such job; expected 2")
        .types("mirror establish 0003 0001")
        .run(&mut world, "");
    let said = &session.said;
    assert_eq!(said.the("CCW028I job 1"), "CCW028I job 1: bench stopping");
    assert_eq!(said.the("CCW055I"), "CCW055I shutdown: 1 jobs and 1 copies are stopped");
    assert!(said.the("CCW029W job 2").starts_with("CCW029W job 2: bench stopped: "));
    assert!(said.the("CCW034W").starts_with("CCW034W pair 0.0.0003 -> 0.0.0001 suspended: "));
    assert_eq!(session.report.status, JobStatus::Degraded);
    assert_eq!(session.report.pairs[0].reason, "by the operator");
    assert_eq!((session.number("jobs_stopped"), session.number("jobs_failed")), (2, 0));
}

#[test]
fn a_job_that_fails_is_told_by_its_number_and_the_others_go_on() {
    let mut world = disks(8, &[SECTORS, SECTORS, SECTORS]);
    world.disk(3).fail_sectors(1024..1025);
    let session = script()
        .types("start copy from=0003 to=0001")
        .types("start bench to=0002 op=write bs=4096 count=2000")
        .until("CCW023E job 1")
        .until("CCW022I job 2")
        .run(&mut world, "");
    assert_eq!(
        session.said.the("CCW023E"),
        "CCW023E job 1: copy failed: 0.0.0003: read of 512 sectors at sector 1024 ended in \
         device-error"
    );
    assert_eq!((session.number("jobs"), session.number("jobs_failed")), (2, 1));
    assert_eq!(session.report.status, JobStatus::Ok);
}

#[test]
fn the_policy_of_the_parameter_line_holds_for_pairs_made_later() {
    for (parameters, command, failed) in [
        ("", "mirror establish 0001 0002 nocopy", 0),
        ("on-secondary-error=fail", "mirror establish 0001 0002 nocopy", 1),
        ("mirror=0001:0002 on-secondary-error=fail", "display pairs", 1),
    ] {
        let mut world = disks(11, &[SECTORS, SECTORS]);
        world.disk(2).fail_sectors(100..101);
        let session = script()
            .types(command)
            .types("start bench to=0001 op=write bs=4096 count=100")
            .ever(if failed == 0 { "CCW022I job 1" } else { "CCW023E job 1" })
            .run(&mut world, parameters);
        assert_eq!(
            session.number("jobs_failed"),
            failed,
            "{parameters} {:#?}",
            session.said.lines()
        );
        assert_eq!(session.report.pairs[0].state, "suspended");
    }
}

#[test]
fn a_pair_made_without_a_copy_is_taken_as_it_is() {
    let mut world = disks(12, &[SECTORS, SECTORS]);
    fill(&mut world, 1, 12);
    let session = script().types("mirror establish 0001 0002 nocopy").run(&mut world, "");
    assert_eq!(session.said.the("CCW011I"), "CCW011I pair 0.0.0001 -> 0.0.0002 duplex");
    assert!(world.content(2).iter().all(|byte| *byte == 0));
}

#[test]
fn what_becomes_of_a_pair_is_told_before_what_came_of_the_job() {
    let mut world = disks(14, &[SECTORS, SECTORS]);
    world.disk(2).fail_sectors(0..1);
    let session = script()
        .types("start bench to=0001 op=write bs=4096 depth=1 count=1")
        .ever("CCW023E job 1")
        .run(&mut world, "mirror=0001:0002 on-secondary-error=fail");
    let said = session.said.lines();
    let place = |start: &str| said.iter().position(|line| line.starts_with(start));
    let places = [place("CCW030W"), place("CCW024E job 1"), place("CCW023E job 1")];
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{said:#?}");
}
