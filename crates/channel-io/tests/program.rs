//! Channel programs against a scripted machine: what is started, and what follows from each status.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod fake;

use channel_io::program::{
    Arrival, ChannelProgram, Command, Elsewhere, IdentifyError, LengthCheck, ProgramError,
    SenseError, StartError,
};
use channel_io::{
    ActivityControl, CcwFlags, CommandCode, DeferredConditionCode, DeviceStatus, FunctionControl,
    Irb, ScswContents, SschCc, StatusControl, SubchannelStatus, TschCc,
};
use fake::*;

const READ: Command = Command { code: CommandCode(0x22), name: "read-configuration" };
const WRITE: Command = Command { code: CommandCode(0x31), name: "write-status" };
const RESET: Command = Command { code: CommandCode(0x33), name: "reset" };

fn sense(cc: SschCc, bytes: &[u8]) -> Step {
    let flags = CcwFlags::SUPPRESS_LENGTH_INDICATION;
    Step::Ssch { commands: vec![(0x04, flags, 32)], replies: vec![(0, bytes.to_vec())], cc }
}

#[test]
fn commands_are_chained_and_their_data_goes_both_ways() {
    let chained = CcwFlags::CHAIN_COMMAND;
    let last = CcwFlags::SUPPRESS_LENGTH_INDICATION;
    let script = vec![
        Step::Ssch {
            commands: vec![
                (0x33, chained, 0),
                (0x31, chained, 1),
                (0x12, chained, 5),
                (0x22, last, 9),
            ],
            replies: vec![(2, vec![1, 2, 3, 4]), (3, vec![9; 6])],
            cc: SschCc::Started,
        },
        wait(io(OWN)),
        tsch(ScswContents { count: 3, ccw_address: PROGRAM + 32, ..ended() }),
    ];
    let mut machine = Fake::new(OWN, script);
    let mut program: ChannelProgram<FakeArea> = ChannelProgram::new(&mut machine, 40).unwrap();
    program.control(RESET).unwrap();
    program.send(WRITE, &[0x0f]).unwrap();
    let exchange = Command { code: CommandCode(0x12), name: "read-features" };
    let features = program.exchange(exchange, &[0, 0, 0, 0, 1]).unwrap();
    let configuration = program.receive(READ, 9, LengthCheck::Suppressed).unwrap();

    let mut others = Elsewhere::default();
    let completion = CONVERSATION.run(&mut machine, &mut others, &mut program).unwrap();

    machine.finish();
    assert_eq!(completion.residual_count, 3);
    assert_eq!(completion.arrival, Arrival::InTime);
    assert_eq!(others, Elsewhere::default());
    let sent = &machine.data_sent[0];
    assert_eq!(sent[1], [0x0f]);
    assert_eq!(sent[2], [0, 0, 0, 0, 1]);
    let (mut five, mut nine) = ([0; 5], [0xff; 9]);
    program.copy_out(features, &mut five);
    program.copy_out(configuration, &mut nine);
    assert_eq!(five, [1, 2, 3, 4, 1]);
    assert_eq!(nine, [9, 9, 9, 9, 9, 9, 0, 0, 0]);
}

#[test]
fn a_program_has_its_limits() {
    let mut machine = Fake::new(OWN, []);
    let mut program = ChannelProgram::new(&mut machine, 16).unwrap();
    assert!(program.receive(READ, 17, LengthCheck::Exact).is_err());
    assert!(program.receive(READ, 65536, LengthCheck::Exact).is_err());
    program.receive(READ, 9, LengthCheck::Exact).unwrap();
    assert!(program.send(WRITE, &[0]).is_err(), "the next piece would begin at 16");
    program.begin();
    for _ in 0..ChannelProgram::<FakeArea>::MAX_COMMANDS {
        program.control(RESET).unwrap();
    }
    assert!(program.control(RESET).is_err());
    program.begin();
    let mut others = Elsewhere::default();
    let result = CONVERSATION.run(&mut machine, &mut others, &mut program);
    assert_eq!(result, Err(ProgramError::Start(StartError::Empty)));
}

#[test]
fn every_condition_code_of_the_start_is_an_outcome_of_its_own() {
    let pending = || tsch(ScswContents { function: FunctionControl::empty(), ..ended() });
    let nothing = || Step::Tsch(TschCc::NotStatusPending, Irb::default());
    let gone = || Step::Tsch(TschCc::NotOperational, Irb::default());
    let table = [
        (vec![ssch(SschCc::Busy)], StartError::Busy),
        (vec![ssch(SschCc::NotOperational)], StartError::NotOperational),
        (
            vec![
                ssch(SschCc::StatusPending),
                pending(),
                ssch(SschCc::StatusPending),
                nothing(),
                ssch(SschCc::StatusPending),
                pending(),
            ],
            StartError::StatusPending,
        ),
        (vec![ssch(SschCc::StatusPending), gone()], StartError::Vanished),
        (vec![ssch(SschCc::Started), wait(io(OWN)), gone()], StartError::Vanished),
    ];
    for (script, expected) in table {
        assert_eq!(failure(script), ProgramError::Start(expected));
    }
}

#[test]
fn intermediate_and_primary_status_are_not_the_end() {
    let intermediate = ScswContents {
        status: StatusControl::INTERMEDIATE | StatusControl::STATUS_PENDING,
        ..ended()
    };
    let primary = ScswContents {
        status: StatusControl::PRIMARY | StatusControl::STATUS_PENDING,
        activity: ActivityControl::DEVICE_ACTIVE,
        device_status: DeviceStatus::CHANNEL_END,
        count: 5,
        ..ended()
    };
    let secondary = ScswContents {
        status: StatusControl::SECONDARY | StatusControl::STATUS_PENDING,
        function: FunctionControl::empty(),
        device_status: DeviceStatus::DEVICE_END,
        ..ended()
    };
    let script = vec![
        ssch(SschCc::Started),
        wait(io(OWN)),
        tsch(intermediate),
        wait(io(OWN)),
        tsch(primary),
        wait(io(OWN)),
        tsch(secondary),
    ];
    let (result, others) = run_nop(script);
    let completion = result.unwrap();
    assert_eq!(completion.device_status, DeviceStatus::CHANNEL_END | DeviceStatus::DEVICE_END);
    assert_eq!(completion.residual_count, 5);
    assert!(others.statuses.is_empty());
}

#[test]
fn deferred_condition_codes_are_told_apart() {
    let table = [
        (
            DeferredConditionCode::StatusPresent,
            StartError::DeferredStatusPresent { device_status: DeviceStatus::BUSY },
        ),
        (DeferredConditionCode::NotOperational, StartError::DeferredNotOperational),
        (DeferredConditionCode::Reserved, StartError::DeferredReserved),
    ];
    for (deferred_condition_code, expected) in table {
        let contents = ScswContents {
            deferred_condition_code,
            status: StatusControl::ALERT | StatusControl::STATUS_PENDING,
            device_status: DeviceStatus::BUSY,
            ..ended()
        };
        let script = vec![ssch(SschCc::Started), wait(io(OWN)), tsch(contents)];
        assert_eq!(failure(script), ProgramError::Start(expected));
    }
}

#[test]
fn every_unhappy_status_is_an_error_of_its_own() {
    let command = Some("no-operation");
    let subchannel = |subchannel_status| ScswContents { subchannel_status, ..ended() };
    let device = |device_status| ScswContents { device_status, ..ended() };
    let both = DeviceStatus::CHANNEL_END | DeviceStatus::DEVICE_END;
    let table = [
        (subchannel(SubchannelStatus::PROGRAM_CHECK), ProgramError::ProgramCheck { command }),
        (subchannel(SubchannelStatus::PROTECTION_CHECK), ProgramError::ProtectionCheck { command }),
        (
            subchannel(SubchannelStatus::CHANNEL_DATA_CHECK),
            ProgramError::ChannelDataCheck { command },
        ),
        (subchannel(SubchannelStatus::CHANNEL_CONTROL_CHECK), ProgramError::ChannelControlCheck),
        (
            subchannel(SubchannelStatus::INTERFACE_CONTROL_CHECK),
            ProgramError::InterfaceControlCheck,
        ),
        (subchannel(SubchannelStatus::CHAINING_CHECK), ProgramError::ChainingCheck { command }),
        (
            ScswContents { count: 4, ..subchannel(SubchannelStatus::INCORRECT_LENGTH) },
            ProgramError::IncorrectLength { command, residual_count: Some(4) },
        ),
        (device(both | DeviceStatus::UNIT_EXCEPTION), ProgramError::UnitException { command }),
        (
            device(both | DeviceStatus::BUSY),
            ProgramError::DeviceStatus { command, device_status: both | DeviceStatus::BUSY },
        ),
        (
            device(DeviceStatus::CHANNEL_END),
            ProgramError::DeviceStatus { command, device_status: DeviceStatus::CHANNEL_END },
        ),
    ];
    for (contents, expected) in table {
        let script = vec![ssch(SschCc::Started), wait(io(OWN)), tsch(contents)];
        assert_eq!(failure(script), expected);
    }
}

#[test]
fn control_unit_end_is_no_harm() {
    let device_status = ended().device_status | DeviceStatus::CONTROL_UNIT_END;
    let contents = ScswContents { device_status, ..ended() };
    let (result, _) = run_nop(vec![ssch(SschCc::Started), wait(io(OWN)), tsch(contents)]);
    assert_eq!(result.unwrap().device_status, device_status);
}

fn unit_check() -> Vec<Step> {
    let contents = ScswContents { device_status: DeviceStatus::UNIT_CHECK, ..ended() };
    vec![ssch(SschCc::Started), wait(io(OWN)), tsch(contents)]
}

#[test]
fn a_unit_check_brings_the_sense_bytes() {
    let mut script = unit_check();
    script.push(sense(SschCc::Started, &[0x80, 0x01, 0x02]));
    script.push(Step::Wait { until: LIMIT + 10, now: 20, wake: io(OWN) });
    script.push(tsch(ScswContents { count: 29, ccw_address: 0x2008, ..ended() }));
    let error = failure(script);
    assert!(error.is_command_reject());
    let ProgramError::UnitCheck { command, sense } = error else { panic!("{error}") };
    assert_eq!(command, Some("no-operation"));
    assert_eq!(sense.bytes(), [0x80, 0x01, 0x02]);
    assert_eq!(error.to_string(), "unit check at no-operation: command-reject (800102)");
}

#[test]
fn sense_bytes_that_cannot_be_had_are_said_to_be_missing() {
    let mut script = unit_check();
    script.push(sense(SschCc::NotOperational, &[]));
    assert_eq!(
        failure(script),
        ProgramError::UnitCheckWithoutSense {
            command: Some("no-operation"),
            error: SenseError::Start(StartError::NotOperational),
        }
    );
    let mut script = unit_check();
    script.push(sense(SschCc::Started, &[]));
    script.push(Step::Wait { until: LIMIT + 10, now: 20, wake: io(OWN) });
    script.push(tsch(ScswContents { device_status: DeviceStatus::UNIT_CHECK, ..ended() }));
    assert_eq!(
        failure(script),
        ProgramError::UnitCheckWithoutSense {
            command: Some("no-operation"),
            error: SenseError::Status {
                device_status: DeviceStatus::UNIT_CHECK,
                subchannel_status: SubchannelStatus::empty(),
            },
        }
    );
}

fn identify(reply: &[u8], residual: u16) -> Result<channel_io::SenseId, IdentifyError> {
    let script = vec![
        Step::Ssch {
            commands: vec![(0xe4, CcwFlags::SUPPRESS_LENGTH_INDICATION, 7)],
            replies: vec![(0, reply.to_vec())],
            cc: SschCc::Started,
        },
        wait(io(OWN)),
        tsch(ScswContents { count: residual, ..ended() }),
    ];
    let mut machine = Fake::new(OWN, script);
    let mut program = ChannelProgram::new(&mut machine, 8).unwrap();
    let result = CONVERSATION.identify(&mut machine, &mut Elsewhere::default(), &mut program);
    machine.finish();
    result
}

#[test]
fn sense_identification_tells_control_unit_and_device() {
    let disk = identify(&[0xff, 0x38, 0x32, 0x02, 0, 0, 0], 0).unwrap();
    assert_eq!(disk.to_string(), "control-unit=3832/02 device=0000/00");
    let dasd = identify(&[0xff, 0x39, 0x90, 0xc2, 0x33, 0x90, 0x0a], 0).unwrap();
    assert_eq!((dasd.device_type(), dasd.device_model()), (0x3390, 0x0a));
    let short = identify(&[0xff, 0x37, 0x05, 0x03], 3).unwrap();
    assert_eq!((short.control_unit_type(), short.device_type()), (0x3705, 0));
}

#[test]
fn sense_identification_that_says_nothing_is_refused() {
    assert_eq!(identify(&[0xff, 0x38], 5), Err(IdentifyError::TooShort { length: 2 }));
    assert_eq!(identify(&[0; 7], 0), Err(IdentifyError::NotValid { marker: 0 }));
}
