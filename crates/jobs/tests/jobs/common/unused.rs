//! The I/O instructions for tests. The driver does without nearly all of them.

use super::machine::FakeMachine;
use channel_io::{
    ChannelSubsystem, ChscBlock, ChscCc, Crw, CschCc, HostCookie, HschCc, Irb, MschCc,
    NotifyOutcome, Orb, RschCc, Schib, SschCc, StcrwCc, StschCc, SubchannelId, TpiCc, TschCc,
    XschCc,
};

impl ChannelSubsystem for FakeMachine {
    fn ssch(&mut self, _subchannel: SubchannelId, _orb: &Orb) -> SschCc {
        SschCc::NotOperational
    }

    fn tsch(&mut self, _subchannel: SubchannelId, _irb: &mut Irb) -> TschCc {
        TschCc::StatusWasPending
    }

    fn stsch(&mut self, _subchannel: SubchannelId, _schib: &mut Schib) -> StschCc {
        StschCc::NotOperational
    }

    fn msch(&mut self, _subchannel: SubchannelId, _schib: &Schib) -> MschCc {
        MschCc::NotOperational
    }

    fn csch(&mut self, _subchannel: SubchannelId) -> CschCc {
        CschCc::NotOperational
    }

    fn hsch(&mut self, _subchannel: SubchannelId) -> HschCc {
        HschCc::NotOperational
    }

    fn xsch(&mut self, _subchannel: SubchannelId) -> XschCc {
        XschCc::NotOperational
    }

    fn rsch(&mut self, _subchannel: SubchannelId) -> RschCc {
        RschCc::NotOperational
    }

    fn tpi(&mut self) -> TpiCc {
        self.take_interruption().map_or(TpiCc::NonePending, TpiCc::Stored)
    }

    fn stcrw(&mut self, _crw: &mut Crw) -> StcrwCc {
        StcrwCc::NonePending
    }

    fn chsc(&mut self, _block: &mut ChscBlock) -> ChscCc {
        ChscCc::NotOperational
    }

    fn notify(
        &mut self,
        _subchannel: SubchannelId,
        _queue: u16,
        _cookie: HostCookie,
    ) -> NotifyOutcome {
        NotifyOutcome::Refused(-1)
    }
}
