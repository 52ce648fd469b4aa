//! Channel reports: STCRW says that a subchannel has changed; STSCH says how.

use crate::{Ios, Platform, UcbIndex, UcbState};
use alloc::vec::Vec;
use channel_io::{ChannelSubsystem, Crw, Schib, StcrwCc, StschCc};

impl<P: Platform> Ios<P> {
    /// Takes every channel report that is pending, then looks at every device.
    ///
    /// Reports can be lost (an overflow), so they are a reason to look and not the source of what is
    /// believed: a device is gone when its subchannel says so.
    pub(crate) fn channel_reports(&mut self) {
        let mut crw = Crw::default();
        while self.machine.stcrw(&mut crw) == StcrwCc::Stored {}
        let all = (0u32..).map(UcbIndex).take(self.ucbs.len());
        let known: Vec<_> = all.collect();
        for device in known {
            if self.is_gone(device) {
                self.device_gone(device);
            }
        }
    }

    /// Whether a device that was there is not any more: its subchannel is gone, has no valid device
    /// number, or has another device's.
    fn is_gone(&mut self, device: UcbIndex) -> bool {
        let Some(ucb) = self.ucb(device) else {
            return false;
        };
        if ucb.state == UcbState::NotOperational {
            return false;
        }
        let (subchannel, number) = (ucb.subchannel, ucb.id.number);
        let mut schib = Schib::default();
        match self.machine.stsch(subchannel, &mut schib) {
            StschCc::Stored => schib.pmcw.device_number() != Some(number),
            StschCc::NotOperational => true,
        }
    }
}
