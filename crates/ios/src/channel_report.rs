//! Channel reports: STCRW says that a subchannel has changed; STSCH says how.

use crate::ucb::Hindrance;
use crate::{Ios, Platform, Ucb, UcbIndex, UcbState};
use alloc::vec::Vec;
use channel_io::enumerate::{FoundDevice, find_device, find_devices};
use channel_io::{ChannelSubsystem, Crw, Enablement, Schib, StcrwCc, StschCc, SubchannelId};

/// What the reports that were pending are about.
#[derive(Debug, Default)]
struct Reported {
    reports: usize,
    subchannels: Vec<SubchannelId>,
    /// Others were lost.
    overflow: bool,
}

impl<P: Platform> Ios<P> {
    /// Takes every channel report that is pending, then looks at every device, and at every subchannel
    /// reported. Says how many reports there were.
    ///
    /// Reports can be lost (an overflow), so they are a reason to look and not the source of what is
    /// believed: a device is gone when its subchannel says so. Until a device that a report is about has been
    /// looked at, nothing is started on it.
    pub(crate) fn channel_reports(&mut self) -> usize {
        let reported = self.take_reports();
        for subchannel in &reported.subchannels {
            self.hinder(*subchannel);
        }
        let all = (0u32..).map(UcbIndex).take(self.ucbs.len());
        let known: Vec<_> = all.collect();
        for device in known {
            if self.is_gone(device) {
                self.device_gone(device);
            } else {
                self.looked_at(device);
            }
        }
        for found in self.reported_devices(&reported) {
            if !self.in_use(&found) {
                P::arrived(self, &found);
                // Whoever waited for the answers of the device took notice of nothing else.
                self.reports_due = true;
            }
        }
        reported.reports
    }

    /// The devices at the subchannels reported; all there are, if reports were lost.
    fn reported_devices(&mut self, reported: &Reported) -> Vec<FoundDevice> {
        if reported.overflow {
            return find_devices(&mut self.machine).devices;
        }
        let subchannels = reported.subchannels.iter();
        subchannels.filter_map(|subchannel| find_device(&mut self.machine, *subchannel)).collect()
    }

    /// Reads all reports. Two that are chained are one about a subchannel of a set other than 0.
    fn take_reports(&mut self) -> Reported {
        let mut reported = Reported::default();
        let mut crw = Crw::default();
        while self.machine.stcrw(&mut crw) == StcrwCc::Stored {
            reported.reports += 1;
            reported.overflow |= crw.is_overflow();
            let mut next = None;
            if crw.is_chained() {
                let mut second = Crw::default();
                match self.machine.stcrw(&mut second) {
                    StcrwCc::Stored => next = Some(second),
                    StcrwCc::NonePending => {}
                }
            }
            let subchannel = crw.reported_subchannel(next.as_ref());
            reported
                .subchannels
                .extend(subchannel.filter(|subchannel| !reported.subchannels.contains(subchannel)));
        }
        reported
    }

    fn hinder(&mut self, subchannel: SubchannelId) {
        let reported = |ucb: &&mut Ucb<P>| {
            ucb.subchannel == subchannel && ucb.state != UcbState::NotOperational
        };
        if let Some(ucb) = self.ucbs.iter_mut().find(reported) {
            // Whatever hinders it already goes on until its own end.
            ucb.hindrance.get_or_insert(Hindrance::ReportPending);
        }
    }

    fn looked_at(&mut self, device: UcbIndex) {
        if let Some(ucb) = self.ucbs.get_mut(device.index())
            && ucb.hindrance == Some(Hindrance::ReportPending)
        {
            ucb.hindrance = None;
            self.redrive(device);
        }
    }

    /// Whether a UCB has this very device and can use it.
    fn in_use(&self, found: &FoundDevice) -> bool {
        self.ucbs.iter().any(|ucb| {
            ucb.state != UcbState::NotOperational
                && ucb.subchannel == found.subchannel
                && ucb.id == found.device
        })
    }

    /// Whether a device that was there is not any more: its subchannel is gone, has no valid device
    /// number or another device's, or is not as it was left, so that the device has gone and come again.
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
            StschCc::Stored => {
                let pmcw = &schib.pmcw;
                pmcw.device_number() != Some(number)
                    || pmcw.interruption_parameter() != device.interruption_parameter()
                    || pmcw.enablement() != Enablement::Enabled
            }
            StschCc::NotOperational => true,
        }
    }
}
