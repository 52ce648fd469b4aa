//! The I/O instructions.

use super::inject::Instruction;
use super::sim::{MultipleSets, SimMachine};
use super::subchannel::Subchannel;
use super::time::Event;
use super::unit::Unit;
use super::violation::Rule;
use channel_io::{
    ChannelSubsystem, ChscBlock, ChscCc, ChscResponse, Crw, CschCc, HostCookie, HschCc, Irb,
    Microseconds, MschCc, NotifyOutcome, Orb, RschCc, Schib, SschCc, StcrwCc, StschCc,
    SubchannelId, SubchannelSet, TpiCc, TschCc, XschCc,
};

/// The host's code for a notification that cannot be right.
const INVALID: i64 = -22;

impl SimMachine {
    /// An instruction is issued: time passes. The condition code that a test wants of it, if it does.
    fn issue(&mut self, id: SubchannelId, instruction: Instruction) -> Option<u8> {
        self.tick();
        if id.set() != SubchannelSet::ZERO && self.multiple_sets != MultipleSets::On {
            let what = "a subchannel set besides 0 while there is none: operand exception";
            self.violation(Rule::Operand, Some(id), what);
        }
        self.subchannels.get_mut(&id)?.injections.call(instruction)
    }

    fn find(&mut self, id: SubchannelId) -> Option<&mut Subchannel> {
        let addressable = id.set() == SubchannelSet::ZERO || self.multiple_sets == MultipleSets::On;
        self.subchannels.get_mut(&id).filter(|_| addressable)
    }

    /// The function just begun comes to `event` after a time.
    fn then(&mut self, id: SubchannelId, after: u64, event: impl FnOnce(u64) -> Event) {
        let number = self.subchannels.get(&id).map_or(0, |found| found.function_number);
        self.schedule(self.now.after(Microseconds(after)), event(number));
    }

    fn forget_interruption(&mut self, id: SubchannelId) {
        self.interruptions.retain(|other| *other != id);
    }
}

/// The code that was injected as the instruction's own; one that it never sets is the test's fault.
fn injected<C>(code: u8, convert: impl FnOnce(u8) -> Option<C>) -> C {
    match convert(code) {
        Some(cc) => cc,
        None => panic!("the instruction never sets condition code {code}"),
    }
}

impl ChannelSubsystem for SimMachine {
    fn ssch(&mut self, subchannel: SubchannelId, orb: &Orb) -> SschCc {
        if let Some(code) = self.issue(subchannel, Instruction::Ssch) {
            return injected(code, SschCc::from_condition_code);
        }
        let Some(found) = self.find(subchannel) else { return SschCc::NotOperational };
        let cc = found.ssch(orb);
        if cc == SschCc::Started {
            self.then(subchannel, self.timing.acceptance, |function_number| Event::Accepted {
                subchannel,
                function_number,
            });
        }
        cc
    }

    fn tsch(&mut self, subchannel: SubchannelId, irb: &mut Irb) -> TschCc {
        if let Some(code) = self.issue(subchannel, Instruction::Tsch) {
            return injected(code, TschCc::from_condition_code);
        }
        let Some(found) = self.find(subchannel) else { return TschCc::NotOperational };
        let cc = found.tsch(irb);
        if cc == TschCc::StatusWasPending {
            self.forget_interruption(subchannel);
        }
        cc
    }

    fn stsch(&mut self, subchannel: SubchannelId, schib: &mut Schib) -> StschCc {
        if let Some(code) = self.issue(subchannel, Instruction::Stsch) {
            return injected(code, StschCc::from_condition_code);
        }
        match self.find(subchannel) {
            None => StschCc::NotOperational,
            Some(found) => {
                *schib = found.stsch();
                StschCc::Stored
            }
        }
    }

    fn msch(&mut self, subchannel: SubchannelId, schib: &Schib) -> MschCc {
        if let Some(code) = self.issue(subchannel, Instruction::Msch) {
            return injected(code, MschCc::from_condition_code);
        }
        if !schib.pmcw.is_valid_operand() {
            let what = "MSCH with bits on that must be off: operand exception";
            self.violation(Rule::Operand, Some(subchannel), what);
        }
        match self.find(subchannel) {
            None => MschCc::NotOperational,
            Some(found) => found.msch(schib),
        }
    }

    fn csch(&mut self, subchannel: SubchannelId) -> CschCc {
        if let Some(code) = self.issue(subchannel, Instruction::Csch) {
            return injected(code, CschCc::from_condition_code);
        }
        let Some(found) = self.find(subchannel) else { return CschCc::NotOperational };
        let cc = found.csch();
        if cc == CschCc::Initiated {
            self.forget_interruption(subchannel);
            self.then(subchannel, self.timing.function, |function_number| Event::Cleared {
                subchannel,
                function_number,
            });
        }
        cc
    }

    fn hsch(&mut self, subchannel: SubchannelId) -> HschCc {
        if let Some(code) = self.issue(subchannel, Instruction::Hsch) {
            return injected(code, HschCc::from_condition_code);
        }
        let Some(found) = self.find(subchannel) else { return HschCc::NotOperational };
        let cc = found.hsch();
        if cc == HschCc::Initiated {
            self.then(subchannel, self.timing.function, |function_number| Event::Halted {
                subchannel,
                function_number,
            });
        }
        cc
    }

    fn xsch(&mut self, subchannel: SubchannelId) -> XschCc {
        if let Some(code) = self.issue(subchannel, Instruction::Xsch) {
            return injected(code, XschCc::from_condition_code);
        }
        match self.find(subchannel) {
            None => XschCc::NotOperational,
            Some(found) => found.xsch(),
        }
    }

    fn rsch(&mut self, subchannel: SubchannelId) -> RschCc {
        if let Some(code) = self.issue(subchannel, Instruction::Rsch) {
            return injected(code, RschCc::from_condition_code);
        }
        let Some(found) = self.find(subchannel) else { return RschCc::NotOperational };
        let cc = found.rsch();
        if cc == RschCc::Initiated {
            self.then(subchannel, self.timing.acceptance, |function_number| Event::Accepted {
                subchannel,
                function_number,
            });
        }
        cc
    }

    fn tpi(&mut self) -> TpiCc {
        self.tick();
        match self.take_interruption() {
            None => TpiCc::NonePending,
            Some(code) => TpiCc::Stored(code),
        }
    }

    fn stcrw(&mut self, crw: &mut Crw) -> StcrwCc {
        self.tick();
        match self.reports.pop_front() {
            Some(report) => {
                *crw = report;
                StcrwCc::Stored
            }
            None => {
                self.reports_told = false;
                *crw = Crw::default();
                StcrwCc::NonePending
            }
        }
    }

    fn chsc(&mut self, block: &mut ChscBlock) -> ChscCc {
        self.tick();
        let known = block.request_length() == ChscBlock::SET_DOMAIN_ATTRIBUTES_LENGTH
            && block.command() == ChscBlock::SET_DOMAIN_ATTRIBUTES
            && block.operation() == ChscBlock::OPERATION_MULTIPLE_SUBCHANNEL_SETS;
        let response = match self.multiple_sets {
            _ if !known => ChscResponse::InvalidCommand,
            MultipleSets::NotProvided => ChscResponse::FacilityNotProvided,
            MultipleSets::Off | MultipleSets::On => {
                self.multiple_sets = MultipleSets::On;
                ChscResponse::Done
            }
        };
        block.respond(response);
        ChscCc::Responded
    }

    fn notify(
        &mut self,
        subchannel: SubchannelId,
        queue: u16,
        _cookie: HostCookie,
    ) -> NotifyOutcome {
        if let Some(code) = self.issue(subchannel, Instruction::Notify) {
            self.with_unit(subchannel, |unit, _| unit.notification_refused());
            return NotifyOutcome::Refused(-i64::from(code));
        }
        let notified = self.with_unit(subchannel, |unit, around| match unit {
            Unit::Plain(_) => None,
            Unit::VirtioBlock(device) => device.notify(queue, around),
        });
        match notified.flatten() {
            Some(cookie) => NotifyOutcome::Notified(HostCookie(cookie)),
            None => NotifyOutcome::Refused(INVALID),
        }
    }
}
