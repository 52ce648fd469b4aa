//! The I/O instructions for tests. The driver does without nearly all of them.

use super::machine::FakeMachine;
use channel_io::{
    ChannelSubsystem, ChscBlock, ChscCc, Crw, CschCc, DeviceNumber, Enablement, HostCookie, HschCc,
    Irb, MschCc, NotifyOutcome, Orb, Pmcw, RschCc, Schib, ScswContents, SschCc, StcrwCc, StschCc,
    SubchannelId, TpiCc, TschCc, XschCc,
};

impl ChannelSubsystem for FakeMachine {
    fn ssch(&mut self, _subchannel: SubchannelId, _orb: &Orb) -> SschCc {
        SschCc::NotOperational
    }

    fn tsch(&mut self, _subchannel: SubchannelId, _irb: &mut Irb) -> TschCc {
        TschCc::StatusWasPending
    }

    /// Every disk stays where it was put, as it was set up.
    fn stsch(&mut self, subchannel: SubchannelId, schib: &mut Schib) -> StschCc {
        if usize::from(subchannel.number()) >= self.disks.len() {
            return StschCc::NotOperational;
        }
        let number = subchannel.number() + 1;
        let mut pmcw = Pmcw::for_device(DeviceNumber(number), 0);
        pmcw.set_enablement(Enablement::Enabled);
        pmcw.set_interruption_parameter(u32::from(number));
        *schib = Schib::new(pmcw, ScswContents::default().into());
        StschCc::Stored
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
