//! A channel program of one command, and the scripts that it is run against.

use super::{Fake, Step};
use channel_io::program::{
    ChannelProgram, Command, Completion, Conversation, Elsewhere, ProgramError, Waiting,
};
use channel_io::{
    CcwFlags, DeviceStatus, FunctionControl, InterruptionCode, InterruptionSubclass, Irb,
    Microseconds, ScswContents, SschCc, StatusControl, SubchannelId, SubchannelSet, TschCc, Wake,
};

pub(crate) const OWN: SubchannelId = SubchannelId::new(SubchannelSet::ZERO, 7);
pub(crate) const OTHER: SubchannelId = SubchannelId::new(SubchannelSet::ZERO, 8);
pub(crate) const LIMIT: u64 = 1000;
pub(crate) const PROGRAM: u32 = 0x2000 + 8 + 32;

pub(crate) const CONVERSATION: Conversation = Conversation {
    subchannel: OWN,
    interruption_parameter: 0x1234_5678,
    time_limit: Microseconds(LIMIT),
    waiting: Waiting::AtWaitPoint,
};

pub(crate) fn io(subchannel: SubchannelId) -> Wake {
    let subclass = InterruptionSubclass::from_low_bits(3);
    Wake::Io(InterruptionCode { subchannel, interruption_parameter: 0x1234_5678, subclass })
}

pub(crate) fn wait(wake: Wake) -> Step {
    let now = if wake == Wake::Timeout { LIMIT } else { 10 };
    Step::Wait { until: LIMIT, now, wake }
}

pub(crate) fn ended() -> ScswContents {
    ScswContents {
        function: FunctionControl::START,
        status: StatusControl::PRIMARY | StatusControl::SECONDARY | StatusControl::STATUS_PENDING,
        device_status: DeviceStatus::CHANNEL_END | DeviceStatus::DEVICE_END,
        ccw_address: PROGRAM + 8,
        ..ScswContents::default()
    }
}

pub(crate) fn tsch(contents: ScswContents) -> Step {
    Step::Tsch(TschCc::StatusWasPending, Irb::new(contents.into()))
}

/// One command, NOP with nothing to transfer.
pub(crate) fn ssch(cc: SschCc) -> Step {
    Step::Ssch { commands: vec![(0x03, CcwFlags::empty(), 0)], replies: vec![], cc }
}

pub(crate) fn run_nop(script: Vec<Step>) -> (Result<Completion, ProgramError>, Elsewhere) {
    let mut machine = Fake::new(OWN, script);
    let mut program = ChannelProgram::new(&mut machine, 0).unwrap();
    program.control(Command::NO_OPERATION).unwrap();
    let mut others = Elsewhere::default();
    let result = CONVERSATION.run(&mut machine, &mut others, &mut program);
    machine.finish();
    (result, others)
}

pub(crate) fn failure(script: Vec<Step>) -> ProgramError {
    run_nop(script).0.unwrap_err()
}
