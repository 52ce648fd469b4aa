//! A machine that follows a script: each call that a test expects, in order, with its answer.
//!
//! It is stricter than QEMU: any other call, in any other order, fails the test; the operands of SSCH are
//! checked as the architecture has them (boundaries, addresses in live areas below 2 GiB, flags that
//! fit each other), and a script that was not followed to its end fails too.
#![allow(dead_code, unused_imports, reason = "each test file uses its own part of the fake")]

mod area;
mod conversation;

pub(crate) use area::{FakeArea, Memory};
pub(crate) use conversation::{
    CONVERSATION, LIMIT, OTHER, OWN, PROGRAM, ended, failure, io, run_nop, ssch, tsch, wait,
};

use channel_io::{
    Ccw1, CcwFlags, ChannelSubsystem, ChscBlock, ChscCc, Crw, CschCc, HostCookie, HschCc, Irb,
    Microseconds, MschCc, NotifyOutcome, Orb, OrbControl, Reach, RschCc, Schib, SschCc, StcrwCc,
    Storage, StorageError, StschCc, SubchannelId, TpiCc, TraceSink, TschCc, WaitPoint, Wake,
    XschCc,
};
use std::collections::VecDeque;
use std::fmt;
use zerocopy::{FromBytes, IntoBytes};

/// One expected call and its answer.
#[derive(Debug)]
pub(crate) enum Step {
    /// SSCH with these commands (code, flags, count, data before); the replies (number of the
    /// command, bytes) are stored as data of the program.
    Ssch {
        commands: Vec<(u8, CcwFlags, u16)>,
        replies: Vec<(usize, Vec<u8>)>,
        cc: SschCc,
    },
    Tsch(TschCc, Irb),
    Stsch(SubchannelId, StschCc, Schib),
    Msch(MschCc),
    Csch(CschCc),
    Chsc(ChscCc, Option<channel_io::ChscResponse>),
    /// A wait that may last until this time, ends at that time with this.
    Wait {
        until: u64,
        now: u64,
        wake: Wake,
    },
    Tpi(TpiCc),
    Stcrw(StcrwCc, Crw),
    Notify(NotifyOutcome),
    Hsch(HschCc),
    Xsch(XschCc),
    Rsch(RschCc),
}

/// The scripted machine.
#[derive(Default)]
pub(crate) struct Fake {
    pub(crate) script: VecDeque<Step>,
    pub(crate) subchannel: SubchannelId,
    pub(crate) now: u64,
    /// The data that each command of each program had when it was started.
    pub(crate) data_sent: Vec<Vec<Vec<u8>>>,
    /// The operands of MSCH.
    pub(crate) modified: Vec<Schib>,
    pub(crate) trace: Option<Vec<String>>,
    memory: Memory,
}

impl Fake {
    pub(crate) fn new(subchannel: SubchannelId, script: impl IntoIterator<Item = Step>) -> Self {
        let script = script.into_iter().collect();
        Self { script, subchannel, ..Self::default() }
    }

    pub(crate) fn finish(&self) {
        assert!(self.script.is_empty(), "never called: {:?}", self.script);
    }

    fn next(&mut self, call: &str) -> Step {
        self.script.pop_front().unwrap_or_else(|| panic!("{call} after the end of the script"))
    }

    /// Reads the program that an ORB names, as strictly as the architecture allows.
    fn program(&self, orb: &Orb) -> Vec<Ccw1> {
        assert_eq!(orb.key(), 0);
        assert!(orb.control().contains(OrbControl::FORMAT_1));
        assert_ne!(orb.logical_path_mask(), 0);
        let mut address = u64::from(orb.program_address());
        let mut program = Vec::new();
        loop {
            assert!(address % 8 == 0 && address < 1 << 31, "CCW at {address:#x}");
            let mut ccw = Ccw1::default();
            self.memory.access(address, 8, |bytes| ccw = Ccw1::read_from_bytes(bytes).unwrap());
            assert!(ccw.address() < 1 << 31, "data address with bit 0 on");
            assert!(!ccw.flags().contains(CcwFlags::CHAIN_DATA), "no data chaining is expected");
            if ccw.count() == 0 {
                assert_eq!(ccw.address(), 0);
            } else {
                self.memory.access(u64::from(ccw.address()), usize::from(ccw.count()), |_| ());
            }
            program.push(ccw);
            if !ccw.flags().contains(CcwFlags::CHAIN_COMMAND) {
                return program;
            }
            address += 8;
        }
    }
}

impl ChannelSubsystem for Fake {
    fn ssch(&mut self, subchannel: SubchannelId, orb: &Orb) -> SschCc {
        let Step::Ssch { commands, replies, cc } = self.next("ssch") else { panic!("ssch") };
        assert_eq!(subchannel, self.subchannel);
        let program = self.program(orb);
        let seen: Vec<_> = program.iter().map(|c| (c.command().0, c.flags(), c.count())).collect();
        assert_eq!(seen, commands);
        let mut sent = Vec::new();
        for ccw in &program {
            let mut data = Vec::new();
            if ccw.count() > 0 {
                let length = usize::from(ccw.count());
                self.memory.access(u64::from(ccw.address()), length, |bytes| data = bytes.to_vec());
            }
            sent.push(data);
        }
        self.data_sent.push(sent);
        for (index, reply) in replies {
            let ccw = &program[index];
            assert!(reply.len() <= usize::from(ccw.count()));
            self.memory.access(u64::from(ccw.address()), reply.len(), |bytes| {
                bytes.copy_from_slice(&reply);
            });
        }
        cc
    }
    fn tsch(&mut self, subchannel: SubchannelId, irb: &mut Irb) -> TschCc {
        let Step::Tsch(cc, answer) = self.next("tsch") else { panic!("tsch") };
        assert_eq!(subchannel, self.subchannel);
        if cc != TschCc::NotOperational {
            *irb = answer;
        }
        cc
    }
    fn stsch(&mut self, subchannel: SubchannelId, schib: &mut Schib) -> StschCc {
        let Step::Stsch(expected, cc, answer) = self.next("stsch") else { panic!("stsch") };
        assert_eq!(subchannel, expected);
        if cc == StschCc::Stored {
            *schib = answer;
        }
        cc
    }
    fn msch(&mut self, subchannel: SubchannelId, schib: &Schib) -> MschCc {
        let Step::Msch(cc) = self.next("msch") else { panic!("msch") };
        assert_eq!(subchannel, self.subchannel);
        assert!(schib.pmcw.is_valid_operand(), "operand exception");
        self.modified.push(*schib);
        cc
    }
    fn csch(&mut self, subchannel: SubchannelId) -> CschCc {
        let Step::Csch(cc) = self.next("csch") else { panic!("csch") };
        assert_eq!(subchannel, self.subchannel);
        cc
    }
    fn hsch(&mut self, _: SubchannelId) -> HschCc {
        let Step::Hsch(cc) = self.next("hsch") else { panic!("hsch") };
        cc
    }
    fn xsch(&mut self, _: SubchannelId) -> XschCc {
        let Step::Xsch(cc) = self.next("xsch") else { panic!("xsch") };
        cc
    }
    fn rsch(&mut self, _: SubchannelId) -> RschCc {
        let Step::Rsch(cc) = self.next("rsch") else { panic!("rsch") };
        cc
    }
    fn tpi(&mut self) -> TpiCc {
        let Step::Tpi(cc) = self.next("tpi") else { panic!("tpi") };
        cc
    }
    fn stcrw(&mut self, crw: &mut Crw) -> StcrwCc {
        let Step::Stcrw(cc, answer) = self.next("stcrw") else { panic!("stcrw") };
        *crw = answer;
        cc
    }
    fn chsc(&mut self, block: &mut ChscBlock) -> ChscCc {
        let Step::Chsc(cc, response) = self.next("chsc") else { panic!("chsc") };
        assert_eq!(block.as_bytes()[..8], [0x04, 0x00, 0x00, 0x31, 0, 0, 0, 2]);
        assert!(block.as_bytes()[8..].iter().all(|byte| *byte == 0), "not all zeros");
        if let Some(response) = response {
            block.respond(response);
        }
        cc
    }
    fn notify(&mut self, _: SubchannelId, _: u16, _: HostCookie) -> NotifyOutcome {
        let Step::Notify(outcome) = self.next("notify") else { panic!("notify") };
        outcome
    }
}

impl Storage for Fake {
    type Area = FakeArea;
    fn allocate(
        &mut self,
        length: usize,
        alignment: usize,
        _: Reach,
    ) -> Result<FakeArea, StorageError> {
        Ok(self.memory.allocate(length, alignment))
    }
}

impl WaitPoint for Fake {
    fn now(&self) -> Microseconds {
        Microseconds(self.now)
    }
    fn wait(&mut self, until: Option<Microseconds>) -> Wake {
        let Step::Wait { until: expected, now, wake } = self.next("wait") else { panic!("wait") };
        assert_eq!(until, Some(Microseconds(expected)));
        self.now = now;
        wake
    }
}

impl TraceSink for Fake {
    fn tracing(&self) -> bool {
        self.trace.is_some()
    }
    fn trace(&mut self, event: fmt::Arguments<'_>) {
        self.trace.as_mut().expect("nobody listens").push(event.to_string());
    }
}
