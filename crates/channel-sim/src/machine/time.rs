//! Time: what happens later, interruptions, and the wait point.

use super::inject::ProgramFault;
use super::interpret::{Behind, ProgramEnd, Stop};
use super::sim::SimMachine;
use super::subchannel::{Pending, Subchannel};
use super::unit::{Surroundings, Unit, Work};
use super::violation::Rule;
use crate::virtio::{BlockSettings, VirtioBlock};
use channel_io::{
    DeviceNumber, DeviceStatus, InterruptionCode, Microseconds, SubchannelId, SubchannelStatus,
    TraceSink, WaitPoint, Wake,
};
use core::fmt;

/// How long things take, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// One I/O instruction.
    pub instruction: u64,
    /// From START SUBCHANNEL until the device has the first command; so long a start can be cancelled.
    pub acceptance: u64,
    /// From there to the end of the program.
    pub program: u64,
    /// From channel end to device end, where they come apart.
    pub device_end: u64,
    /// A clear or halt function.
    pub function: u64,
}

impl Default for Timing {
    fn default() -> Self {
        Self { instruction: 1, acceptance: 2, program: 20, device_end: 30, function: 5 }
    }
}

/// Something that a test has happen.
#[derive(Debug)]
pub enum Action {
    /// A subchannel's device goes; so does the subchannel.
    Detach(SubchannelId),
    /// A subchannel's device goes; the subchannel stays, with no valid device number.
    Empty(SubchannelId),
    /// A disk comes, on a subchannel that leads to none.
    Attach(SubchannelId, DeviceNumber, Box<BlockSettings>),
    /// An interruption from a subchannel that has nothing to tell.
    Interrupt(SubchannelId),
    /// A channel report about a subchannel to which nothing has happened.
    Report(SubchannelId),
    /// A service signal.
    Service,
}

/// Something that happens later. What belongs to a function or a device that is no more is void.
#[derive(Debug)]
pub(super) enum Event {
    Accepted { subchannel: SubchannelId, function_number: u64 },
    ProgramEnds { subchannel: SubchannelId, function_number: u64 },
    DeviceEnds { subchannel: SubchannelId, function_number: u64 },
    Cleared { subchannel: SubchannelId, function_number: u64 },
    Halted { subchannel: SubchannelId, function_number: u64 },
    Work { subchannel: SubchannelId, unit_number: u64, work: Work },
    Action(Action),
}

impl SimMachine {
    /// Has something happen at a time.
    pub fn at(&mut self, time: Microseconds, action: Action) {
        self.schedule(time.max(self.now), Event::Action(action));
    }

    /// Has something happen now.
    pub fn now_do(&mut self, action: Action) {
        self.act(action);
    }

    /// An instruction takes its time.
    pub(super) fn tick(&mut self) {
        self.now = self.now.after(Microseconds(self.timing.instruction));
        while let Some((time, event)) = self.next_due(self.now) {
            self.now = self.now.max(time);
            self.happen(event);
        }
        self.look();
    }

    fn next_due(&mut self, until: Microseconds) -> Option<(Microseconds, Event)> {
        let (&(time, _), _) = self.events.first_key_value()?;
        if time > until {
            return None;
        }
        self.events.pop_first().map(|((time, _), event)| (time, event))
    }

    /// Devices that look by themselves do so.
    fn look(&mut self) {
        let all: Vec<_> = self.subchannels.keys().copied().collect();
        for subchannel in all {
            self.with_unit(subchannel, |unit, around| unit.look(around));
        }
    }

    /// The subchannel of an event, if its function is the one that is in progress.
    fn current(&mut self, id: SubchannelId, number: u64) -> Option<&mut Subchannel> {
        self.subchannels.get_mut(&id).filter(|found| found.function_number == number)
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Accepted { subchannel, function_number } => {
                self.accepted(subchannel, function_number);
            }
            Event::ProgramEnds { subchannel, function_number } => {
                if self.current(subchannel, function_number).is_some() {
                    self.run_program(subchannel);
                }
            }
            Event::DeviceEnds { subchannel, function_number } => {
                if let Some(found) = self.current(subchannel, function_number) {
                    let pending = found.device_end();
                    self.pending(subchannel, pending);
                }
            }
            Event::Cleared { subchannel, function_number } => {
                if let Some(found) = self.current(subchannel, function_number) {
                    let pending = found.cleared();
                    self.pending(subchannel, pending);
                }
            }
            Event::Halted { subchannel, function_number } => {
                if let Some(found) = self.current(subchannel, function_number) {
                    let pending = found.halted();
                    self.pending(subchannel, pending);
                }
            }
            Event::Work { subchannel, unit_number, work } => {
                let there = self.subchannels.get(&subchannel);
                if there.is_some_and(|found| found.unit_number == unit_number) {
                    self.with_unit(subchannel, |unit, around| unit.work(work, around));
                }
            }
            Event::Action(action) => self.act(action),
        }
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Detach(subchannel) => {
                self.interruptions.retain(|other| *other != subchannel);
                if self.subchannels.remove(&subchannel).is_some() {
                    self.report(subchannel);
                }
            }
            Action::Empty(subchannel) => {
                self.interruptions.retain(|other| *other != subchannel);
                if let Some(found) = self.subchannels.get_mut(&subchannel) {
                    found.remove_device();
                    self.report(subchannel);
                }
            }
            Action::Attach(subchannel, number, settings) => {
                let unit = Unit::VirtioBlock(Box::new(VirtioBlock::new(*settings)));
                self.insert(subchannel, Subchannel::new(number, unit));
                self.report(subchannel);
            }
            Action::Interrupt(subchannel) => self.attention(subchannel),
            Action::Report(subchannel) => self.report(subchannel),
            Action::Service => self.service_pending = true,
        }
    }

    fn accepted(&mut self, id: SubchannelId, function_number: u64) {
        let program = Microseconds(self.timing.program);
        let Some(found) = self.current(id, function_number) else { return };
        let fault = found.injections.programs.front().copied().flatten();
        if let Some(ProgramFault::Deferred(code, status)) = fault {
            found.injections.programs.pop_front();
            let pending = found.deferred(code, status);
            return self.pending(id, pending);
        }
        let pending = found.accepted();
        self.pending(id, pending);
        if fault == Some(ProgramFault::Hangs) {
            if let Some(found) = self.subchannels.get_mut(&id) {
                found.injections.programs.pop_front();
            }
            return;
        }
        let event = Event::ProgramEnds { subchannel: id, function_number };
        self.schedule(self.now.after(program), event);
    }

    /// Runs a channel program on the device, and makes its status pending.
    fn run_program(&mut self, id: SubchannelId) {
        let Some(found) = self.subchannels.get_mut(&id) else { return };
        let fault = found.injections.programs.pop_front().flatten();
        let (Some(mut program), mut sense) = (found.program, found.sense) else { return };
        let stop = if let Some(ProgramFault::UnitCheck([first, second])) = fault {
            sense.fill(0);
            sense[..2].copy_from_slice(&[first, second]);
            let device_status =
                DeviceStatus::CHANNEL_END | DeviceStatus::DEVICE_END | DeviceStatus::UNIT_CHECK;
            let ccw_address = program.next().wrapping_add(8);
            Some(Stop::Ended(ProgramEnd { ccw_address, device_status, ..ProgramEnd::default() }))
        } else {
            self.with_unit(id, |unit, around: &mut Surroundings<'_>| {
                program.run(&mut Behind { unit, sense: &mut sense }, around)
            })
        };
        let (Some(stop), Some(found)) = (stop, self.subchannels.get_mut(&id)) else { return };
        (found.program, found.sense) = (Some(program), sense);
        match stop {
            Stop::Suspended => {
                let pending = found.suspended();
                self.pending(id, pending);
            }
            Stop::Ended(end) => self.program_ended(id, end, fault),
        }
    }

    fn program_ended(&mut self, id: SubchannelId, end: ProgramEnd, fault: Option<ProgramFault>) {
        let after = Microseconds(self.timing.device_end);
        let Some(found) = self.subchannels.get_mut(&id) else { return };
        let mut end = end;
        let mut told = true;
        match fault {
            Some(ProgramFault::Status(device, subchannel)) => {
                end.device_status |= device;
                end.subchannel_status |= subchannel;
            }
            Some(ProgramFault::InterruptionLost) => told = false,
            Some(ProgramFault::EndsApart) if end.subchannel_status == SubchannelStatus::empty() => {
                end.device_status -= DeviceStatus::DEVICE_END;
                let function_number = found.function_number;
                let event = Event::DeviceEnds { subchannel: id, function_number };
                let _ = found.ended(&end);
                self.schedule(self.now.after(after), event);
                return self.pending(id, Pending::Interruption);
            }
            Some(
                ProgramFault::EndsApart
                | ProgramFault::Deferred(..)
                | ProgramFault::UnitCheck(_)
                | ProgramFault::Hangs,
            )
            | None => {}
        }
        let pending = found.ended(&end);
        if told {
            self.pending(id, pending);
        }
    }

    /// A device has something to say of its own accord.
    pub(super) fn attention(&mut self, id: SubchannelId) {
        if let Some(found) = self.subchannels.get_mut(&id) {
            let pending = found.attention();
            self.pending(id, pending);
        }
    }

    fn pending(&mut self, id: SubchannelId, pending: Pending) {
        if pending == Pending::Interruption && !self.interruptions.contains(&id) {
            self.interruptions.push(id);
        }
    }

    /// Takes the interruption that comes first: of the lowest subclass let through, and of those the oldest.
    pub(super) fn take_interruption(&mut self) -> Option<InterruptionCode> {
        let mask = self.subclass_mask;
        let open = |id: &SubchannelId| {
            let subclass = self.subchannels.get(id)?.pmcw.subclass();
            (mask << subclass.number() & 0x80 != 0).then_some(subclass)
        };
        let first = self
            .interruptions
            .iter()
            .enumerate()
            .filter_map(|(place, id)| open(id).map(|subclass| (subclass, place)))
            .min()?;
        let id = self.interruptions.remove(first.1);
        let interruption_parameter = self.subchannels.get(&id)?.pmcw.interruption_parameter();
        Some(InterruptionCode { subchannel: id, interruption_parameter, subclass: first.0 })
    }

    /// What is pending at the wait point, if anything is.
    fn wake(&mut self) -> Option<Wake> {
        if !self.reports.is_empty() && !self.reports_told {
            self.reports_told = true;
            return Some(Wake::ChannelReport);
        }
        if let Some(code) = self.take_interruption() {
            return Some(Wake::Io(code));
        }
        core::mem::take(&mut self.service_pending).then_some(Wake::Service)
    }

    /// A device that was to be notified and was not would wait for ever: now, at the latest, that shows.
    fn check_notifications(&mut self) {
        let all: Vec<_> = self.subchannels.keys().copied().collect();
        for subchannel in all {
            self.with_unit(subchannel, |unit, around: &mut Surroundings<'_>| match unit {
                Unit::Plain(_) => {}
                Unit::VirtioBlock(device) => device.check_notified(around),
            });
        }
    }
}

impl WaitPoint for SimMachine {
    fn now(&self) -> Microseconds {
        self.now
    }

    fn wait(&mut self, until: Option<Microseconds>) -> Wake {
        self.look();
        self.check_notifications();
        loop {
            if let Some(wake) = self.wake() {
                return wake;
            }
            let limit = until.unwrap_or(Microseconds(u64::MAX));
            match self.next_due(limit) {
                Some((time, event)) => {
                    self.now = self.now.max(time);
                    self.happen(event);
                }
                None if until.is_none() => {
                    self.violation(Rule::Waiting, None, "the program waits for ever");
                    return Wake::Timeout;
                }
                None => {
                    self.now = self.now.max(limit);
                    return Wake::Timeout;
                }
            }
        }
    }
}

impl TraceSink for SimMachine {
    fn tracing(&self) -> bool {
        self.trace.is_some()
    }

    fn trace(&mut self, event: fmt::Arguments<'_>) {
        if let Some(log) = self.trace.as_mut() {
            log.push(self.now, event.to_string());
        }
    }
}
