//! Every instruction in every state of a subchannel: its condition code, and what it leaves.

use crate::bench::{Bench, DATA, PARAMETER};
use channel_io::{
    ActivityControl, CcwFlags, ChannelSubsystem, Crw, CschCc, DeviceNumber, Enablement,
    ErrorRecovery, FunctionControl, HschCc, InterruptionSubclass, Irb, Microseconds, MschCc,
    RschCc, Schib, SschCc, StatusControl, StcrwCc, StschCc, SubchannelId, SubchannelSet, TpiCc,
    TschCc, WaitPoint, Wake, XschCc,
};
use channel_sim::SimMachine;
use channel_sim::machine::{
    Action, Instruction, MultipleSets, PlainDevice, ProgramFault, Rule, Timing,
};
use channel_sim::virtio::BlockSettings;

/// The states of a subchannel that condition codes depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// There is no such subchannel.
    None,
    /// It leads to no device.
    Empty,
    /// It is not enabled.
    Disabled,
    /// Nothing is going on.
    Idle,
    /// A start is accepted, and the device has nothing of it yet.
    StartPending,
    /// A program is running.
    Active,
    /// Status of a program is pending.
    StatusPending,
    /// Status is pending that nobody asked for.
    Alert,
    /// A clear function is in progress.
    Clearing,
    /// A halt function is in progress.
    Halting,
}

fn in_state(state: State) -> Bench {
    let mut bench = Bench::plain();
    bench.store(&[(0xe4, CcwFlags::empty(), 7, DATA)]);
    let slow = Timing { acceptance: 1_000, program: 1_000, function: 1_000, ..Timing::default() };
    match state {
        State::None => bench.machine.now_do(Action::Detach(bench.subchannel)),
        State::Empty => bench.machine.now_do(Action::Empty(bench.subchannel)),
        State::Disabled => bench.set(Enablement::Disabled),
        State::Idle => {}
        State::StartPending => {
            bench.machine.set_timing(slow);
            assert_eq!(bench.start(), SschCc::Started);
        }
        State::Active => {
            bench.machine.set_timing(Timing { acceptance: 0, ..slow });
            assert_eq!(bench.start(), SschCc::Started);
            let soon = bench.machine.now().after(Microseconds(5));
            assert_eq!(bench.machine.wait(Some(soon)), Wake::Timeout);
        }
        State::StatusPending => {
            assert_eq!(bench.start(), SschCc::Started);
            assert!(matches!(bench.machine.wait(None), Wake::Io(_)));
        }
        State::Alert => bench.machine.now_do(Action::Interrupt(bench.subchannel)),
        State::Clearing => {
            bench.machine.set_timing(slow);
            assert_eq!(bench.machine.csch(bench.subchannel), CschCc::Initiated);
        }
        State::Halting => {
            bench.machine.set_timing(slow);
            assert_eq!(bench.machine.hsch(bench.subchannel), HschCc::Initiated);
        }
    }
    bench
}

#[test]
fn condition_codes() {
    // SSCH, TSCH, STSCH, MSCH, CSCH, HSCH, XSCH, RSCH.
    let table = [
        (State::None, [3, 3, 3, 3, 3, 3, 3, 3]),
        (State::Empty, [3, 3, 0, 0, 3, 3, 3, 3]),
        (State::Disabled, [3, 3, 0, 0, 3, 3, 3, 3]),
        (State::Idle, [0, 1, 0, 0, 0, 0, 2, 2]),
        (State::StartPending, [2, 1, 0, 2, 0, 0, 0, 2]),
        (State::Active, [2, 1, 0, 2, 0, 0, 2, 2]),
        (State::StatusPending, [1, 0, 0, 1, 0, 1, 1, 1]),
        (State::Alert, [1, 0, 0, 1, 0, 1, 1, 1]),
        (State::Clearing, [2, 1, 0, 2, 0, 2, 2, 2]),
        (State::Halting, [2, 1, 0, 2, 0, 2, 2, 2]),
    ];
    for (state, expected) in table {
        let code = |number: usize| {
            let mut bench = in_state(state);
            let (subchannel, orb) = (bench.subchannel, bench.orb());
            let mut schib = Schib::default();
            let _ = bench.machine.stsch(subchannel, &mut schib);
            let machine = &mut bench.machine;
            match number {
                0 => machine.ssch(subchannel, &orb).condition_code(),
                1 => machine.tsch(subchannel, &mut Irb::default()).condition_code(),
                2 => machine.stsch(subchannel, &mut schib).condition_code(),
                3 => machine.msch(subchannel, &schib).condition_code(),
                4 => machine.csch(subchannel).condition_code(),
                5 => machine.hsch(subchannel).condition_code(),
                6 => machine.xsch(subchannel).condition_code(),
                _ => machine.rsch(subchannel).condition_code(),
            }
        };
        let found: Vec<_> = (0..8).map(code).collect();
        assert_eq!(found, expected, "{state:?}");
    }
}

#[test]
fn no_path_is_not_operational() {
    let mut bench = Bench::plain();
    let orb = bench.orb().with_logical_path_mask(0x7f);
    assert_eq!(bench.machine.ssch(bench.subchannel, &orb), SschCc::NotOperational);
}

#[test]
fn the_subchannel_tells_how_far_a_start_has_come() {
    let mut bench = in_state(State::StartPending);
    assert_eq!(bench.scsw().activity, ActivityControl::START_PENDING);
    assert_eq!(bench.schib().pmcw.interruption_parameter(), PARAMETER);
    let mut bench = in_state(State::Active);
    let active = ActivityControl::SUBCHANNEL_ACTIVE | ActivityControl::DEVICE_ACTIVE;
    assert_eq!(bench.scsw().activity, active);
    assert_eq!(bench.scsw().function, FunctionControl::START);
    let mut bench = in_state(State::StatusPending);
    assert_eq!(bench.scsw().activity, ActivityControl::empty());
    // Taking the status takes the function away with it.
    let mut irb = Irb::default();
    assert_eq!(bench.machine.tsch(bench.subchannel, &mut irb), TschCc::StatusWasPending);
    assert_eq!(bench.scsw().function, FunctionControl::empty());
    assert_eq!(bench.machine.tsch(bench.subchannel, &mut irb), TschCc::NotStatusPending);
}

#[test]
fn a_clear_ends_whatever_goes_on() {
    let states =
        [State::StartPending, State::Active, State::StatusPending, State::Alert, State::Halting];
    for state in states {
        let mut bench = in_state(state);
        assert_eq!(bench.machine.csch(bench.subchannel), CschCc::Initiated);
        assert_eq!(bench.machine.tpi(), TpiCc::NonePending, "{state:?}");
        assert!(matches!(bench.machine.wait(None), Wake::Io(_)), "{state:?}");
        let mut irb = Irb::default();
        assert_eq!(bench.machine.tsch(bench.subchannel, &mut irb), TschCc::StatusWasPending);
        let scsw = irb.scsw.contents();
        assert_eq!(scsw.function, FunctionControl::CLEAR, "{state:?}");
        assert_eq!(scsw.status, StatusControl::STATUS_PENDING, "{state:?}");
        // What went on does not come to an end afterwards.
        let later = bench.machine.now().after(Microseconds(10_000));
        assert_eq!(bench.machine.wait(Some(later)), Wake::Timeout, "{state:?}");
        assert_eq!(bench.start(), SschCc::Started, "{state:?}");
    }
}

#[test]
fn a_halt_ends_a_program() {
    let mut bench = in_state(State::Active);
    assert_eq!(bench.machine.hsch(bench.subchannel), HschCc::Initiated);
    let scsw = bench.status().scsw.contents();
    assert_eq!(scsw.function, FunctionControl::START | FunctionControl::HALT);
    assert!(scsw.status.contains(StatusControl::PRIMARY));
    assert_eq!(bench.data(DATA, 7), [0; 7]);
    assert_eq!(bench.start(), SschCc::Started);
}

#[test]
fn a_start_that_is_cancelled_does_nothing() {
    let mut bench = in_state(State::StartPending);
    assert_eq!(bench.machine.xsch(bench.subchannel), XschCc::Canceled);
    let later = bench.machine.now().after(Microseconds(10_000));
    assert_eq!(bench.machine.wait(Some(later)), Wake::Timeout);
    assert_eq!(bench.data(DATA, 7), [0; 7]);
    assert_eq!(bench.machine.xsch(bench.subchannel), XschCc::NotApplicable);
    assert_eq!(bench.machine.rsch(bench.subchannel), RschCc::NotApplicable);
    assert_eq!(bench.start(), SschCc::Started);
}

#[test]
fn a_clear_takes_a_program_that_hangs() {
    let mut bench = Bench::plain();
    bench.store(&[(0xe4, CcwFlags::empty(), 7, DATA)]);
    bench.machine.fault_next_program(bench.subchannel, Some(ProgramFault::Hangs));
    assert_eq!(bench.start(), SschCc::Started);
    let later = bench.machine.now().after(Microseconds(1_000_000));
    assert_eq!(bench.machine.wait(Some(later)), Wake::Timeout);
    assert_eq!(bench.start(), SschCc::Busy);
    assert_eq!(bench.machine.csch(bench.subchannel), CschCc::Initiated);
    assert_eq!(bench.status().scsw.contents().function, FunctionControl::CLEAR);
    assert_eq!(bench.start(), SschCc::Started);
    bench.status();
    bench.machine.assert_clean();
}

#[test]
fn a_program_whose_interruption_was_lost_is_found_by_looking() {
    let mut bench = Bench::plain();
    bench.store(&[(0xe4, CcwFlags::empty(), 7, DATA)]);
    bench.machine.fault_next_program(bench.subchannel, Some(ProgramFault::InterruptionLost));
    assert_eq!(bench.start(), SschCc::Started);
    let later = bench.machine.now().after(Microseconds(1_000));
    assert_eq!(bench.machine.wait(Some(later)), Wake::Timeout);
    let mut irb = Irb::default();
    assert_eq!(bench.machine.tsch(bench.subchannel, &mut irb), TschCc::StatusWasPending);
}

#[test]
fn interruptions_come_by_subclass_and_by_age() {
    let mut machine = SimMachine::new(1);
    let subchannels: Vec<_> = (1..=4)
        .map(|number| machine.add_plain(DeviceNumber(number), PlainDevice::fixed_block()))
        .collect();
    for (subchannel, subclass) in subchannels.iter().zip([5, 3, 5, 7]) {
        let mut schib = Schib::default();
        assert_eq!(machine.stsch(*subchannel, &mut schib), StschCc::Stored);
        schib.pmcw.set_enablement(Enablement::Enabled);
        schib.pmcw.set_subclass(InterruptionSubclass::new(subclass).expect("a subclass"));
        schib.pmcw.set_interruption_parameter(u32::from(subclass));
        assert_eq!(machine.msch(*subchannel, &schib), MschCc::Modified);
        machine.now_do(Action::Interrupt(*subchannel));
    }
    // Subclass 7 is not let through.
    machine.set_subclass_mask(0xfe);
    let mut order = Vec::new();
    while let TpiCc::Stored(code) = machine.tpi() {
        assert_eq!(code.interruption_parameter, u32::from(code.subclass.number()));
        order.push(code.subchannel);
    }
    assert_eq!(order, [subchannels[1], subchannels[0], subchannels[2]]);
    let soon = machine.now().after(Microseconds(10));
    assert_eq!(machine.wait(Some(soon)), Wake::Timeout);
    machine.set_subclass_mask(0xff);
    let Wake::Io(code) = machine.wait(None) else { panic!("subclass 7 is let through now") };
    assert_eq!(code.subchannel, subchannels[3]);
    // The interruptions were taken, the status was not.
    let mut irb = Irb::default();
    assert_eq!(machine.tsch(subchannels[0], &mut irb), TschCc::StatusWasPending);
}

#[test]
fn a_status_that_is_taken_interrupts_no_more() {
    let mut bench = in_state(State::Alert);
    let mut irb = Irb::default();
    assert_eq!(bench.machine.tsch(bench.subchannel, &mut irb), TschCc::StatusWasPending);
    assert_eq!(bench.machine.tpi(), TpiCc::NonePending);
}

#[test]
fn condition_codes_are_injected_at_the_call_that_was_named() {
    let mut bench = Bench::plain();
    bench.store(&[(0xe4, CcwFlags::empty(), 7, DATA)]);
    bench.machine.inject(bench.subchannel, Instruction::Ssch, 1, 2);
    bench.machine.inject(bench.subchannel, Instruction::Tsch, 0, 3);
    assert_eq!(bench.start(), SschCc::Started);
    assert_eq!(bench.start(), SschCc::Busy);
    assert_eq!(bench.start(), SschCc::Busy, "by itself");
    let mut irb = Irb::default();
    assert_eq!(bench.machine.tsch(bench.subchannel, &mut irb), TschCc::NotOperational);
    bench.status();
    assert_eq!(bench.start(), SschCc::Started);
    assert_eq!(bench.machine.calls(bench.subchannel, Instruction::Ssch), 4);
}

#[test]
fn devices_that_come_and_go_are_reported() {
    for (sets, words) in [(MultipleSets::NotProvided, 1), (MultipleSets::On, 2)] {
        let mut machine = SimMachine::new(1);
        machine.set_multiple_sets(sets);
        let subchannel = machine.add_block(DeviceNumber(7), BlockSettings::new(8));
        let settings = Box::new(BlockSettings::new(8));
        machine.at(Microseconds(50), Action::Detach(subchannel));
        machine.at(Microseconds(90), Action::Attach(subchannel, DeviceNumber(9), settings));
        for device in [None, Some(DeviceNumber(9))] {
            assert_eq!(machine.wait(None), Wake::ChannelReport);
            let mut reports = Vec::new();
            let mut crw = Crw::default();
            while machine.stcrw(&mut crw) == StcrwCc::Stored {
                reports.push(crw);
            }
            assert_eq!(reports.len(), words);
            assert_eq!(reports[0].reported_subchannel(reports.get(1)), Some(subchannel));
            assert_eq!(reports[0].recovery(), ErrorRecovery::InstalledParametersInitialized);
            let mut schib = Schib::default();
            let cc = machine.stsch(subchannel, &mut schib);
            assert_eq!(cc == StschCc::Stored, device.is_some());
            assert_eq!(schib.pmcw.device_number(), device);
            assert_eq!(schib.pmcw.enablement(), Enablement::Disabled);
        }
        machine.assert_clean();
    }
}

#[test]
fn reports_that_nobody_takes_overflow() {
    let mut machine = SimMachine::new(1);
    let subchannel = machine.add_block(DeviceNumber(7), BlockSettings::new(8));
    for _ in 0..100 {
        machine.now_do(Action::Report(subchannel));
    }
    let mut crw = Crw::default();
    let mut last = crw;
    while machine.stcrw(&mut crw) == StcrwCc::Stored {
        last = crw;
    }
    assert!(last.is_overflow());
}

#[test]
fn what_an_instruction_must_not_be_given_is_found_out() {
    let mut bench = Bench::plain();
    let outside = SubchannelId::new(SubchannelSet::new(1).expect("a set"), 0);
    assert_eq!(bench.machine.stsch(outside, &mut Schib::default()), StschCc::NotOperational);
    let rules: Vec<_> = bench.machine.violations().iter().map(|found| found.rule).collect();
    assert_eq!(rules, [Rule::Operand]);
}

#[test]
fn a_wait_for_nothing_is_found_out() {
    let mut machine = SimMachine::new(1);
    assert_eq!(machine.wait(Some(Microseconds(70))), Wake::Timeout);
    assert_eq!(machine.now(), Microseconds(70));
    machine.assert_clean();
    let _ = machine.wait(None);
    assert_eq!(machine.violations()[0].rule, Rule::Waiting);
}
