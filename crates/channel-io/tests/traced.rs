//! The trace: every instruction, decoded, in order; and none when nobody listens.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod fake;

use channel_io::enumerate::find_devices;
use channel_io::program::{ChannelProgram, Command, Conversation, Elsewhere, LengthCheck, Waiting};
use channel_io::{
    CcwFlags, ChannelSubsystem, ChscCc, ChscResponse, Crw, CschCc, DeviceNumber, DeviceStatus,
    ErrorRecovery, FunctionControl, HostCookie, HschCc, InterruptionCode, InterruptionSubclass,
    Irb, Microseconds, MschCc, NotifyOutcome, Pmcw, RschCc, Schib, Scsw, ScswContents, SschCc,
    StatusControl, StcrwCc, StschCc, SubchannelId, SubchannelSet, TpiCc, Traced, TschCc, WaitPoint,
    Wake, XschCc,
};
use fake::{Fake, Step};

const OWN: SubchannelId = SubchannelId::new(SubchannelSet::ZERO, 1);

fn code() -> InterruptionCode {
    InterruptionCode {
        subchannel: OWN,
        interruption_parameter: 0x2a,
        subclass: InterruptionSubclass::from_low_bits(3),
    }
}

fn machine(trace: Option<Vec<String>>, script: Vec<Step>) -> Traced<Fake> {
    let mut fake = Fake::new(OWN, script);
    fake.trace = trace;
    Traced::new(fake)
}

fn identification() -> Vec<Step> {
    let ended = ScswContents {
        function: FunctionControl::START,
        status: StatusControl::PRIMARY | StatusControl::SECONDARY | StatusControl::STATUS_PENDING,
        device_status: DeviceStatus::CHANNEL_END | DeviceStatus::DEVICE_END,
        ccw_address: 0x2030,
        ..ScswContents::default()
    };
    vec![
        Step::Ssch {
            commands: vec![(0xe4, CcwFlags::SUPPRESS_LENGTH_INDICATION, 7)],
            replies: vec![],
            cc: SschCc::Started,
        },
        Step::Wait { until: 1000, now: 5, wake: Wake::Io(code()) },
        Step::Tsch(TschCc::StatusWasPending, Irb::new(ended.into())),
    ]
}

fn run_identification(machine: &mut Traced<Fake>) {
    let conversation = Conversation {
        subchannel: OWN,
        interruption_parameter: 0x2a,
        time_limit: Microseconds(1000),
        waiting: Waiting::AtWaitPoint,
    };
    let mut program = ChannelProgram::new(machine, 8).unwrap();
    program.receive(Command::SENSE_ID, 7, LengthCheck::Suppressed).unwrap();
    conversation.run(machine, &mut Elsewhere::default(), &mut program).unwrap();
    machine.inner().finish();
}

#[test]
fn a_program_can_be_followed_from_start_to_status() {
    let mut machine = machine(Some(vec![]), identification());
    run_identification(&mut machine);
    assert_eq!(
        machine.inner().trace.as_ref().unwrap()[..],
        [
            "CCW subchannel=0.0.0001 name=sense-identification command=sense-identification \
             count=7 flags=suppress-length-indication address=0x20a8",
            "SSCH subchannel=0.0.0001 parameter=0000002a key=0 format=1 control=prefetch paths=ff \
             program=0x2028 cc=0 started",
            "INTERRUPTION class=io subchannel=0.0.0001 parameter=0000002a isc=3",
            "TSCH subchannel=0.0.0001 function=start activity=- \
             status=primary+secondary+status-pending device=channel-end+device-end \
             subchannel-status=- residual=0 cc=0 status was pending",
        ]
    );
}

#[test]
fn nothing_is_traced_when_nobody_listens() {
    // The fake panics when something is traced while nobody listens.
    run_identification(&mut machine(None, identification()));
}

#[test]
fn every_instruction_has_its_line() {
    let schib = Schib::new(Pmcw::for_device(DeviceNumber(1), 0), Scsw::default());
    let report = Crw::for_subchannel_number(7, ErrorRecovery::InstalledParametersInitialized);
    let mut machine = machine(
        Some(vec![]),
        vec![
            Step::Chsc(ChscCc::Responded, Some(ChscResponse::FacilityNotProvided)),
            Step::Stsch(
                SubchannelId::new(SubchannelSet::ZERO, 0),
                StschCc::NotOperational,
                Schib::default(),
            ),
            Step::Stsch(OWN, StschCc::Stored, schib),
            Step::Msch(MschCc::Busy),
            Step::Csch(CschCc::Initiated),
            Step::Hsch(HschCc::StatusPending),
            Step::Xsch(XschCc::NotApplicable),
            Step::Rsch(RschCc::NotOperational),
            Step::Tsch(TschCc::NotOperational, Irb::default()),
            Step::Tsch(TschCc::NotStatusPending, Irb::default()),
            Step::Tpi(TpiCc::NonePending),
            Step::Tpi(TpiCc::Stored(code())),
            Step::Stcrw(StcrwCc::Stored, report),
            Step::Stcrw(StcrwCc::NonePending, Crw::default()),
            Step::Notify(NotifyOutcome::Notified(HostCookie(0x10))),
            Step::Notify(NotifyOutcome::from_register(-22)),
            Step::Wait { until: 9, now: 9, wake: Wake::Timeout },
            Step::Wait { until: 9, now: 9, wake: Wake::Service },
            Step::Wait { until: 9, now: 9, wake: Wake::ChannelReport },
        ],
    );
    assert!(find_devices(&mut machine).devices.is_empty());
    let mut stored = Schib::default();
    let _ = machine.stsch(OWN, &mut stored);
    let _ = machine.msch(OWN, &stored);
    let _ = machine.csch(OWN);
    let _ = machine.hsch(OWN);
    let _ = machine.xsch(OWN);
    let _ = machine.rsch(OWN);
    let _ = machine.tsch(OWN, &mut Irb::default());
    let _ = machine.tsch(OWN, &mut Irb::default());
    let _ = machine.tpi();
    let _ = machine.tpi();
    let _ = machine.stcrw(&mut Crw::default());
    let _ = machine.stcrw(&mut Crw::default());
    let _ = machine.notify(OWN, 0, HostCookie::default());
    let _ = machine.notify(OWN, 0, HostCookie(0x10));
    for _ in 0..3 {
        let _ = machine.wait(Some(Microseconds(9)));
    }
    machine.inner().finish();
    assert_eq!(machine.into_inner().trace.unwrap(), LINES);
}

const LINES: [&str; 19] = [
    "CHSC command=0031 operation=0002 response=0101 cc=0 response stored: \
     facility not provided (0x0101)",
    "STSCH subchannel=0.0.0000 cc=3 not operational",
    "STSCH subchannel=0.0.0001 device=0001 state=disabled isc=0 parameter=00000000 paths=80 \
     sense=basic cc=0 stored",
    "MSCH subchannel=0.0.0001 device=0001 state=disabled isc=0 parameter=00000000 paths=80 \
     sense=basic cc=2 busy",
    "CSCH subchannel=0.0.0001 cc=0 clear initiated",
    "HSCH subchannel=0.0.0001 cc=1 status pending",
    "XSCH subchannel=0.0.0001 cc=2 not applicable",
    "RSCH subchannel=0.0.0001 cc=3 not operational",
    "TSCH subchannel=0.0.0001 cc=3 not operational",
    "TSCH subchannel=0.0.0001 function=- activity=- status=- cc=1 status was not pending",
    "TPI cc=0 no interruption pending",
    "TPI cc=1 interruption code stored subchannel=0.0.0001 parameter=0000002a isc=3",
    "STCRW source=subchannel id=0007 recovery=installed-parameters-initialized flags=- cc=0 \
     report stored",
    "STCRW cc=1 no report pending",
    "DIAGNOSE code=0500 subcode=3 subchannel=0.0.0001 queue=0 cookie=0x0 outcome=notified next-cookie=0x10",
    "DIAGNOSE code=0500 subcode=3 subchannel=0.0.0001 queue=0 cookie=0x10 outcome=refused reason=-22",
    "WAIT ended=time-reached",
    "INTERRUPTION class=external pending=service-signal",
    "INTERRUPTION class=machine-check pending=channel-report",
];

#[test]
fn condition_codes_and_their_numbers() {
    for code in 0..=4 {
        assert_eq!(
            SschCc::from_condition_code(code).map(SschCc::condition_code),
            Some(code).filter(|c| *c < 4)
        );
        assert_eq!(
            TschCc::from_condition_code(code).map(TschCc::condition_code),
            [0, 1, 3].into_iter().find(|c| *c == code)
        );
        assert_eq!(
            StschCc::from_condition_code(code).map(StschCc::condition_code),
            [0, 3].into_iter().find(|c| *c == code)
        );
        assert_eq!(
            CschCc::from_condition_code(code).map(CschCc::condition_code),
            [0, 3].into_iter().find(|c| *c == code)
        );
        assert_eq!(
            StcrwCc::from_condition_code(code).map(StcrwCc::condition_code),
            [0, 1].into_iter().find(|c| *c == code)
        );
        assert_eq!(
            ChscCc::from_condition_code(code).map(ChscCc::condition_code),
            [0, 2, 3].into_iter().find(|c| *c == code)
        );
    }
    assert_eq!(NotifyOutcome::from_register(0), NotifyOutcome::Notified(HostCookie(0)));
    assert_eq!(NotifyOutcome::from_register(-1), NotifyOutcome::Refused(-1));
}
