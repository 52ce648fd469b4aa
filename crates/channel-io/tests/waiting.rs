//! Waiting for a channel program: what else happens meanwhile, and what comes when the time is over.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod fake;

use channel_io::program::{
    Arrival, ChannelProgram, ClearOutcome, Command, Conversation, Elsewhere, ProgramError,
    StartError, Waiting,
};
use channel_io::{
    CschCc, FunctionControl, Irb, Microseconds, ScswContents, SschCc, StatusControl, TschCc, Wake,
};
use fake::*;

#[test]
fn status_that_stood_in_the_way_is_handed_on() {
    let alert = ScswContents {
        status: StatusControl::ALERT | StatusControl::STATUS_PENDING,
        ..ScswContents::default()
    };
    let script = vec![
        ssch(SschCc::StatusPending),
        tsch(alert),
        ssch(SschCc::Started),
        wait(io(OWN)),
        tsch(ended()),
    ];
    let (result, others) = run_nop(script);
    assert!(result.is_ok());
    assert_eq!(others.statuses, [(OWN, alert.into())]);
}

#[test]
fn what_happens_elsewhere_is_not_lost() {
    let alert = ScswContents {
        status: StatusControl::ALERT | StatusControl::STATUS_PENDING,
        ..ScswContents::default()
    };
    let script = vec![
        ssch(SschCc::Started),
        wait(io(OTHER)),
        wait(Wake::Service),
        wait(io(OWN)),
        tsch(alert),
        wait(io(OWN)),
        Step::Tsch(TschCc::NotStatusPending, Irb::default()),
        wait(Wake::ChannelReport),
        wait(io(OWN)),
        tsch(ended()),
    ];
    let (result, others) = run_nop(script);
    assert!(result.is_ok());
    assert_eq!(others.wakes, [io(OTHER), Wake::Service, Wake::ChannelReport]);
    assert_eq!(others.statuses, [(OWN, alert.into())]);
}

#[test]
fn a_lost_interruption_is_found_when_the_time_is_over() {
    let script = vec![ssch(SschCc::Started), wait(Wake::Timeout), tsch(ended())];
    assert_eq!(run_nop(script).0.unwrap().arrival, Arrival::FoundAtDeadline);
}

#[test]
fn a_storm_of_other_interruptions_does_not_hold_the_time() {
    let script = vec![
        ssch(SschCc::Started),
        Step::Wait { until: LIMIT, now: LIMIT, wake: io(OTHER) },
        tsch(ended()),
    ];
    assert_eq!(run_nop(script).0.unwrap().arrival, Arrival::FoundAtDeadline);
}

#[test]
fn a_program_that_does_not_end_is_cleared() {
    let nothing = || Step::Tsch(TschCc::NotStatusPending, Irb::default());
    let gone = || Step::Tsch(TschCc::NotOperational, Irb::default());
    let started = || vec![ssch(SschCc::Started), wait(Wake::Timeout), nothing()];
    let clear_wait = |wake| Step::Wait { until: 2 * LIMIT, now: LIMIT + 1, wake };
    let cleared = || {
        tsch(ScswContents {
            function: FunctionControl::CLEAR,
            status: StatusControl::STATUS_PENDING,
            ..ScswContents::default()
        })
    };
    let initiated = || Step::Csch(CschCc::Initiated);
    let table = [
        (vec![Step::Csch(CschCc::NotOperational)], ClearOutcome::NotOperational),
        (vec![initiated(), clear_wait(io(OWN)), cleared()], ClearOutcome::Cleared),
        (
            vec![initiated(), clear_wait(io(OWN)), nothing(), clear_wait(io(OWN)), cleared()],
            ClearOutcome::Cleared,
        ),
        (vec![initiated(), clear_wait(io(OWN)), gone()], ClearOutcome::NotOperational),
        (vec![initiated(), clear_wait(Wake::Timeout), cleared()], ClearOutcome::Cleared),
        (vec![initiated(), clear_wait(Wake::Timeout), nothing()], ClearOutcome::NoAnswer),
    ];
    for (rest, outcome) in table {
        let script = started().into_iter().chain(rest).collect();
        let error = failure(script);
        assert_eq!(error, ProgramError::Start(StartError::TimedOut(outcome)));
        assert_eq!(error.is_not_operational(), outcome == ClearOutcome::NotOperational);
    }
}

#[test]
fn waiting_by_testing_leaves_interruptions_alone() {
    let nothing = || Step::Tsch(TschCc::NotStatusPending, Irb::default());
    let waiting = Waiting::ByTesting;
    let run = |script: Vec<Step>, time_limit| {
        let mut machine = Fake::new(OWN, script);
        let mut program = ChannelProgram::new(&mut machine, 0).unwrap();
        program.control(Command::NO_OPERATION).unwrap();
        let conversation = Conversation { waiting, time_limit, ..CONVERSATION };
        let mut others = Elsewhere::default();
        let result = conversation.run(&mut machine, &mut others, &mut program);
        machine.finish();
        assert_eq!(others, Elsewhere::default());
        result
    };
    let script = vec![ssch(SschCc::Started), nothing(), nothing(), tsch(ended())];
    assert_eq!(run(script, Microseconds(1)).unwrap().arrival, Arrival::InTime);
    let script = vec![ssch(SschCc::Started), nothing(), Step::Csch(CschCc::Initiated), nothing()];
    let timed_out = StartError::TimedOut(ClearOutcome::NoAnswer);
    assert_eq!(run(script, Microseconds(0)), Err(ProgramError::Start(timed_out)));
}
