//! Running a channel program to its end: SSCH, wait, TSCH, and what follows from the status.
//!
//! [`Conversation::run`] waits for its own subchannel only. Whatever else ends the wait meanwhile goes
//! to a [`WakeSink`], and so does status of its own subchannel that does not belong to the program
//! (a virtio-ccw device presents such status when its queue has something): nothing is lost.

use super::{ChannelProgram, ClearOutcome, ProgramError, SenseError, StartError};
use crate::ccw::Ccw1;
use crate::ids::SubchannelId;
use crate::irb::Irb;
use crate::machine::{Machine, Microseconds, Wake};
use crate::orb::Orb;
use crate::scsw::{
    ActivityControl, DeferredConditionCode, DeviceStatus, FunctionControl, Scsw, StatusControl,
    SubchannelStatus,
};
use crate::sense::SenseData;
use crate::storage::AbsoluteAddress;
use crate::subsystem::{CschCc, SschCc, TschCc};
use alloc::vec::Vec;

/// Takes what happens while someone waits for something else.
pub trait WakeSink {
    /// An interruption that the one who waits does not wait for; for an I/O interruption the
    /// status is still pending at the subchannel. Never [`Wake::Timeout`].
    fn wake(&mut self, wake: Wake);

    /// Status that was taken by TEST SUBCHANNEL and belongs to no program of the one who waits.
    fn status(&mut self, subchannel: SubchannelId, status: Scsw);
}

/// A sink that keeps everything, in order, for later.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Elsewhere {
    /// Interruptions.
    pub wakes: Vec<Wake>,
    /// Status already taken.
    pub statuses: Vec<(SubchannelId, Scsw)>,
}

impl WakeSink for Elsewhere {
    fn wake(&mut self, wake: Wake) {
        self.wakes.push(wake);
    }

    fn status(&mut self, subchannel: SubchannelId, status: Scsw) {
        self.statuses.push((subchannel, status));
    }
}

/// How the end of a program became known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// In time.
    InTime,
    /// By looking when the time was over: its interruption was lost.
    FoundAtDeadline,
}

/// How a program ended well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Completion {
    /// What the device said: channel end and device end at least.
    pub device_status: DeviceStatus,
    /// What the channel subsystem said: nothing but, perhaps, a program-controlled interruption.
    pub subchannel_status: SubchannelStatus,
    /// How many bytes of the last command's count were not transferred.
    pub residual_count: u16,
    /// How this became known.
    pub arrival: Arrival,
}

/// How one who runs a program comes to know that there is status to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// By an interruption, at the wait point. Whatever else is interrupted goes to the [`WakeSink`].
    AtWaitPoint,
    /// By TEST SUBCHANNEL, again and again, with all interruptions left pending for whom they
    /// concern; the time must go on by itself. For who has no sink to hand interruptions to. The
    /// program's own interruption may be taken later, with no status to it.
    ByTesting,
}

/// A sink for who knows that nothing which could come would be missed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Nowhere;

impl WakeSink for Nowhere {
    fn wake(&mut self, _: Wake) {}

    fn status(&mut self, _: SubchannelId, _: Scsw) {}
}

/// How programs are run on one subchannel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conversation {
    /// The subchannel; it must be enabled.
    pub subchannel: SubchannelId,
    /// What the interruption codes of the programs carry.
    pub interruption_parameter: u32,
    /// How long each program may take, and how long clearing the subchannel may take after that.
    pub time_limit: Microseconds,
    /// How the status is waited for.
    pub waiting: Waiting,
}

/// The status of a program, put together from all status that was pending for it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ended {
    channel_end_seen: bool,
    device_status: DeviceStatus,
    subchannel_status: SubchannelStatus,
    ccw_address: Option<u32>,
    residual_count: Option<u16>,
}

pub(super) enum Progress {
    Going,
    Done,
}

/// How often SSCH is tried again after the status that stood in its way was taken.
const STATUS_PENDING_ATTEMPTS: u32 = 3;

impl Conversation {
    /// Runs `program` to its end and gives its status.
    ///
    /// # Errors
    /// [`ProgramError`] for anything but a good end.
    pub fn run<M: Machine>(
        &self,
        machine: &mut M,
        others: &mut impl WakeSink,
        program: &mut ChannelProgram<M::Area>,
    ) -> Result<Completion, ProgramError> {
        if program.steps.is_empty() {
            return Err(StartError::Empty.into());
        }
        let address = program.store();
        if machine.tracing() {
            for step in &program.steps {
                self.trace_ccw(machine, step.name, &step.ccw);
            }
        }
        let (ended, arrival) = self.start_and_wait(machine, others, address)?;
        let command = ended.ccw_address.and_then(|address| program.command_before(address));
        if ended.device_status.contains(DeviceStatus::UNIT_CHECK) {
            return Err(match self.sense(machine, others, program) {
                Ok(sense) => ProgramError::UnitCheck { command, sense },
                Err(error) => ProgramError::UnitCheckWithoutSense { command, error },
            });
        }
        ended.judge(command, arrival)
    }

    fn trace_ccw<M: Machine>(&self, machine: &mut M, name: &str, ccw: &Ccw1) {
        machine.trace(format_args!("CCW subchannel={} name={name} {ccw}", self.subchannel));
    }

    /// Asks the device for its sense bytes.
    fn sense<M: Machine>(
        &self,
        machine: &mut M,
        others: &mut impl WakeSink,
        program: &mut ChannelProgram<M::Area>,
    ) -> Result<SenseData, SenseError> {
        let (address, ccw) = program.store_sense();
        if machine.tracing() {
            self.trace_ccw(machine, "sense", &ccw);
        }
        let (ended, _) =
            self.start_and_wait(machine, others, address).map_err(SenseError::Start)?;
        match ended.judge(None, Arrival::InTime) {
            Ok(completion) => Ok(program.sense_data(completion.residual_count)),
            Err(_) => Err(SenseError::Status {
                device_status: ended.device_status,
                subchannel_status: ended.subchannel_status,
            }),
        }
    }

    fn start_and_wait<M: Machine>(
        &self,
        machine: &mut M,
        others: &mut impl WakeSink,
        address: AbsoluteAddress,
    ) -> Result<(Ended, Arrival), StartError> {
        let orb = Orb::format_1(self.interruption_parameter, address)
            .map_err(|_| StartError::Unreachable)?;
        self.start(machine, others, &orb)?;
        let until = machine.now().after(self.time_limit);
        let mut ended = Ended::default();
        while self.wait_for_own(machine, others, until) {
            match self.take(machine, others, &mut ended)? {
                Progress::Going => {}
                Progress::Done => return Ok((ended, Arrival::InTime)),
            }
        }
        // The interruption may have been lost: look before anything is thrown away.
        match self.take(machine, others, &mut ended)? {
            Progress::Done => Ok((ended, Arrival::FoundAtDeadline)),
            Progress::Going => Err(StartError::TimedOut(self.clear(machine, others))),
        }
    }

    /// SSCH, again after taking status that stood in the way.
    fn start<M: Machine>(
        &self,
        machine: &mut M,
        others: &mut impl WakeSink,
        orb: &Orb,
    ) -> Result<(), StartError> {
        for _ in 0..STATUS_PENDING_ATTEMPTS {
            match machine.ssch(self.subchannel, orb) {
                SschCc::Started => return Ok(()),
                SschCc::Busy => return Err(StartError::Busy),
                SschCc::NotOperational => return Err(StartError::NotOperational),
                SschCc::StatusPending => {}
            }
            let mut irb = Irb::default();
            match machine.tsch(self.subchannel, &mut irb) {
                TschCc::StatusWasPending => others.status(self.subchannel, irb.scsw),
                TschCc::NotStatusPending => {}
                TschCc::NotOperational => return Err(StartError::Vanished),
            }
        }
        Err(StartError::StatusPending)
    }

    /// Waits until there may be status of this subchannel; false when the time is over.
    fn wait_for_own<M: Machine>(
        &self,
        machine: &mut M,
        others: &mut impl WakeSink,
        until: Microseconds,
    ) -> bool {
        match self.waiting {
            Waiting::AtWaitPoint => self.wait_for_interruption(machine, others, until),
            Waiting::ByTesting => machine.now() < until,
        }
    }

    fn wait_for_interruption<M: Machine>(
        &self,
        machine: &mut M,
        others: &mut impl WakeSink,
        until: Microseconds,
    ) -> bool {
        loop {
            match machine.wait(Some(until)) {
                Wake::Io(code) if code.subchannel == self.subchannel => return true,
                Wake::Timeout => return false,
                other @ (Wake::Io(_) | Wake::ChannelReport | Wake::Service) => others.wake(other),
            }
            // A storm of other interruptions must not keep the time from being over.
            if machine.now() >= until {
                return false;
            }
        }
    }

    /// Takes the status, if any is pending, and adds it to `ended`.
    fn take<M: Machine>(
        &self,
        machine: &mut M,
        others: &mut impl WakeSink,
        ended: &mut Ended,
    ) -> Result<Progress, StartError> {
        let mut irb = Irb::default();
        match machine.tsch(self.subchannel, &mut irb) {
            TschCc::StatusWasPending => {}
            TschCc::NotStatusPending => return Ok(Progress::Going),
            TschCc::NotOperational => return Err(StartError::Vanished),
        }
        let scsw = irb.scsw;
        match scsw.deferred_condition_code() {
            None | Some(DeferredConditionCode::Normal) => {}
            Some(DeferredConditionCode::StatusPresent) => {
                let device_status = scsw.device_status().unwrap_or_default();
                return Err(StartError::DeferredStatusPresent { device_status });
            }
            Some(DeferredConditionCode::NotOperational) => {
                return Err(StartError::DeferredNotOperational);
            }
            Some(DeferredConditionCode::Reserved) => return Err(StartError::DeferredReserved),
        }
        if ended.is_end_of_program(&scsw) {
            return Ok(ended.add(&scsw));
        }
        if !scsw.status_control().contains(StatusControl::INTERMEDIATE) {
            others.status(self.subchannel, scsw);
        }
        Ok(Progress::Going)
    }

    /// Clears the subchannel, whatever it is at, and waits until that is done.
    pub fn clear<M: Machine>(&self, machine: &mut M, others: &mut impl WakeSink) -> ClearOutcome {
        match machine.csch(self.subchannel) {
            CschCc::Initiated => {}
            CschCc::NotOperational => return ClearOutcome::NotOperational,
        }
        let until = machine.now().after(self.time_limit);
        loop {
            let in_time = self.wait_for_own(machine, others, until);
            let mut irb = Irb::default();
            match machine.tsch(self.subchannel, &mut irb) {
                TschCc::StatusWasPending
                    if irb.scsw.function_control().contains(FunctionControl::CLEAR) =>
                {
                    return ClearOutcome::Cleared;
                }
                TschCc::StatusWasPending | TschCc::NotStatusPending => {}
                TschCc::NotOperational => return ClearOutcome::NotOperational,
            }
            if !in_time {
                return ClearOutcome::NoAnswer;
            }
        }
    }
}

impl Ended {
    /// Whether this status is an end of the program: primary status of the start function, or the
    /// secondary status that follows a primary one.
    pub(super) fn is_end_of_program(&self, scsw: &Scsw) -> bool {
        let status = scsw.status_control();
        let started = scsw.function_control().contains(FunctionControl::START);
        (started && status.intersects(StatusControl::PRIMARY | StatusControl::SECONDARY))
            || (self.channel_end_seen && status.contains(StatusControl::SECONDARY))
    }

    /// Adds status of the program; done when the device is, too.
    pub(super) fn add(&mut self, scsw: &Scsw) -> Progress {
        let status = scsw.status_control();
        self.device_status |= scsw.device_status().unwrap_or_default();
        self.subchannel_status |= scsw.subchannel_status().unwrap_or_default();
        if status.contains(StatusControl::PRIMARY) {
            self.channel_end_seen = true;
            self.ccw_address = scsw.ccw_address();
            self.residual_count = scsw.residual_count();
        }
        let device_active = scsw.activity_control().contains(ActivityControl::DEVICE_ACTIVE);
        if status.contains(StatusControl::SECONDARY) || !device_active {
            Progress::Done
        } else {
            Progress::Going
        }
    }

    /// What the status means, but for a unit check, which needs the sense bytes.
    pub(super) fn judge(
        &self,
        command: Option<&'static str>,
        arrival: Arrival,
    ) -> Result<Completion, ProgramError> {
        let checks = [
            (SubchannelStatus::CHANNEL_CONTROL_CHECK, ProgramError::ChannelControlCheck),
            (SubchannelStatus::INTERFACE_CONTROL_CHECK, ProgramError::InterfaceControlCheck),
            (SubchannelStatus::PROGRAM_CHECK, ProgramError::ProgramCheck { command }),
            (SubchannelStatus::PROTECTION_CHECK, ProgramError::ProtectionCheck { command }),
            (SubchannelStatus::CHANNEL_DATA_CHECK, ProgramError::ChannelDataCheck { command }),
            (SubchannelStatus::CHAINING_CHECK, ProgramError::ChainingCheck { command }),
            (
                SubchannelStatus::INCORRECT_LENGTH,
                ProgramError::IncorrectLength { command, residual_count: self.residual_count },
            ),
        ];
        for (check, error) in checks {
            if self.subchannel_status.contains(check) {
                return Err(error);
            }
        }
        if self.device_status.contains(DeviceStatus::UNIT_EXCEPTION) {
            return Err(ProgramError::UnitException { command });
        }
        let device_status = self.device_status;
        let end = DeviceStatus::CHANNEL_END | DeviceStatus::DEVICE_END;
        // The control unit may say in passing that it is free again.
        if device_status - DeviceStatus::CONTROL_UNIT_END != end {
            return Err(ProgramError::DeviceStatus { command, device_status });
        }
        Ok(Completion {
            device_status,
            subchannel_status: self.subchannel_status,
            residual_count: self.residual_count.unwrap_or(0),
            arrival,
        })
    }
}
