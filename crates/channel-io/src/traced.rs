//! A machine that reports what is done with it: [`Traced`].
//!
//! It stands between the program and another [`Machine`], and while the trace sink of that one
//! listens, it reports every I/O instruction with its operands and its condition code, number and
//! words, and every interruption, one line each, in order:
//!
//! ```text
//! SSCH subchannel=0.0.0001 parameter=00000001 key=0 format=1 control=prefetch paths=ff program=0x2000 cc=0 started
//! INTERRUPTION class=io subchannel=0.0.0001 parameter=00000001 isc=3
//! TSCH subchannel=0.0.0001 function=start activity=- status=primary+secondary+status-pending device=channel-end+device-end subchannel-status=- residual=0 cc=0 status was pending
//! ```
//!
//! While nobody listens it costs one branch an instruction. The CCWs of a program are reported by
//! who knows them, [`crate::program`], just before SSCH.

use crate::chsc::ChscBlock;
use crate::crw::Crw;
use crate::ids::SubchannelId;
use crate::irb::Irb;
use crate::machine::{Machine, Microseconds, TraceSink, WaitPoint, Wake};
use crate::orb::Orb;
use crate::pmcw::Schib;
use crate::storage::{Reach, Storage, StorageError};
use crate::subsystem::{
    ChannelSubsystem, ChscCc, CschCc, HostCookie, HschCc, MschCc, NotifyOutcome, RschCc, SschCc,
    StcrwCc, StschCc, TpiCc, TschCc, XschCc,
};
use core::fmt;

/// A machine, and a report of every I/O instruction and interruption to its own trace sink.
#[derive(Debug)]
pub struct Traced<M> {
    machine: M,
}

impl<M> Traced<M> {
    /// Reports what is done with `machine`.
    pub const fn new(machine: M) -> Self {
        Self { machine }
    }

    /// The machine itself, for what is no I/O instruction.
    pub const fn inner(&self) -> &M {
        &self.machine
    }

    /// The machine itself, for what is no I/O instruction.
    pub const fn inner_mut(&mut self) -> &mut M {
        &mut self.machine
    }

    /// The machine, no longer reported on.
    pub fn into_inner(self) -> M {
        self.machine
    }
}

/// Reports an instruction whose only operand is the subchannel.
fn report_simple<M: Machine>(
    machine: &mut M,
    mnemonic: &str,
    subchannel: SubchannelId,
    code: u8,
    words: &dyn fmt::Display,
) {
    machine.trace(format_args!("{mnemonic} subchannel={subchannel} cc={code} {words}"));
}

impl<M: Machine> ChannelSubsystem for Traced<M> {
    fn ssch(&mut self, subchannel: SubchannelId, orb: &Orb) -> SschCc {
        let cc = self.machine.ssch(subchannel, orb);
        if self.machine.tracing() {
            let code = cc.condition_code();
            self.machine.trace(format_args!("SSCH subchannel={subchannel} {orb} cc={code} {cc}"));
        }
        cc
    }

    fn tsch(&mut self, subchannel: SubchannelId, irb: &mut Irb) -> TschCc {
        let cc = self.machine.tsch(subchannel, irb);
        if self.machine.tracing() {
            let code = cc.condition_code();
            match cc {
                TschCc::StatusWasPending | TschCc::NotStatusPending => self.machine.trace(
                    format_args!("TSCH subchannel={subchannel} {} cc={code} {cc}", irb.scsw),
                ),
                TschCc::NotOperational => {
                    report_simple(&mut self.machine, "TSCH", subchannel, code, &cc);
                }
            }
        }
        cc
    }

    fn stsch(&mut self, subchannel: SubchannelId, schib: &mut Schib) -> StschCc {
        let cc = self.machine.stsch(subchannel, schib);
        if self.machine.tracing() {
            let code = cc.condition_code();
            match cc {
                StschCc::Stored => self.machine.trace(format_args!(
                    "STSCH subchannel={subchannel} {} cc={code} {cc}",
                    schib.pmcw
                )),
                StschCc::NotOperational => {
                    report_simple(&mut self.machine, "STSCH", subchannel, code, &cc);
                }
            }
        }
        cc
    }

    fn msch(&mut self, subchannel: SubchannelId, schib: &Schib) -> MschCc {
        let cc = self.machine.msch(subchannel, schib);
        if self.machine.tracing() {
            let code = cc.condition_code();
            self.machine
                .trace(format_args!("MSCH subchannel={subchannel} {} cc={code} {cc}", schib.pmcw));
        }
        cc
    }

    fn csch(&mut self, subchannel: SubchannelId) -> CschCc {
        let cc = self.machine.csch(subchannel);
        if self.machine.tracing() {
            report_simple(&mut self.machine, "CSCH", subchannel, cc.condition_code(), &cc);
        }
        cc
    }

    fn hsch(&mut self, subchannel: SubchannelId) -> HschCc {
        let cc = self.machine.hsch(subchannel);
        if self.machine.tracing() {
            report_simple(&mut self.machine, "HSCH", subchannel, cc.condition_code(), &cc);
        }
        cc
    }

    fn xsch(&mut self, subchannel: SubchannelId) -> XschCc {
        let cc = self.machine.xsch(subchannel);
        if self.machine.tracing() {
            report_simple(&mut self.machine, "XSCH", subchannel, cc.condition_code(), &cc);
        }
        cc
    }

    fn rsch(&mut self, subchannel: SubchannelId) -> RschCc {
        let cc = self.machine.rsch(subchannel);
        if self.machine.tracing() {
            report_simple(&mut self.machine, "RSCH", subchannel, cc.condition_code(), &cc);
        }
        cc
    }

    fn tpi(&mut self) -> TpiCc {
        let cc = self.machine.tpi();
        if self.machine.tracing() {
            self.machine.trace(format_args!("TPI cc={} {cc}", cc.condition_code()));
        }
        cc
    }

    fn stcrw(&mut self, crw: &mut Crw) -> StcrwCc {
        let cc = self.machine.stcrw(crw);
        if self.machine.tracing() {
            let code = cc.condition_code();
            match cc {
                StcrwCc::Stored => self.machine.trace(format_args!("STCRW {crw} cc={code} {cc}")),
                StcrwCc::NonePending => self.machine.trace(format_args!("STCRW cc={code} {cc}")),
            }
        }
        cc
    }

    fn chsc(&mut self, block: &mut ChscBlock) -> ChscCc {
        let cc = self.machine.chsc(block);
        if self.machine.tracing() {
            let (command, operation) = (block.command(), block.operation());
            let code = cc.condition_code();
            match block.response() {
                Some(response) => self.machine.trace(format_args!(
                    "CHSC command={command:04x} operation={operation:04x} \
                     response={:04x} cc={code} {cc}: {response}",
                    response.code()
                )),
                None => self.machine.trace(format_args!(
                    "CHSC command={command:04x} operation={operation:04x} response=- cc={code} {cc}"
                )),
            }
        }
        cc
    }

    fn notify(
        &mut self,
        subchannel: SubchannelId,
        queue: u16,
        cookie: HostCookie,
    ) -> NotifyOutcome {
        let outcome = self.machine.notify(subchannel, queue, cookie);
        if self.machine.tracing() {
            self.machine.trace(format_args!(
                "DIAGNOSE code=0500 subcode=3 subchannel={subchannel} queue={queue} \
                 cookie={:#x} {outcome}",
                cookie.0
            ));
        }
        outcome
    }
}

impl<M: Machine> Storage for Traced<M> {
    type Area = M::Area;

    fn allocate(
        &mut self,
        length: usize,
        alignment: usize,
        reach: Reach,
    ) -> Result<Self::Area, StorageError> {
        self.machine.allocate(length, alignment, reach)
    }
}

impl<M: Machine> WaitPoint for Traced<M> {
    fn now(&self) -> Microseconds {
        self.machine.now()
    }

    fn wait(&mut self, until: Option<Microseconds>) -> Wake {
        let wake = self.machine.wait(until);
        if self.machine.tracing() {
            match wake {
                Wake::Io(code) => self.machine.trace(format_args!("INTERRUPTION class=io {code}")),
                Wake::ChannelReport => self
                    .machine
                    .trace(format_args!("INTERRUPTION class=machine-check pending=channel-report")),
                Wake::Service => {
                    self.machine
                        .trace(format_args!("INTERRUPTION class=external pending=service-signal"));
                }
                Wake::Timeout => self.machine.trace(format_args!("WAIT ended=time-reached")),
            }
        }
        wake
    }
}

impl<M: Machine> TraceSink for Traced<M> {
    fn tracing(&self) -> bool {
        self.machine.tracing()
    }

    fn trace(&mut self, event: fmt::Arguments<'_>) {
        self.machine.trace(event);
    }
}
