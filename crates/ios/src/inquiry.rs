//! Asking a device at work what it is: a channel program beside its requests.
//!
//! From SSCH until its status is taken the subchannel is busy, or status pending when there was status before: a
//! start on the device is not permissible, and requests wait on its queue.

use crate::ucb::Hindrance;
use crate::{Device, Inquired, Ios, Platform, UcbIndex, UcbState};
use channel_io::{SschCc, TraceSink, WaitPoint};

impl<P: Platform> Ios<P> {
    /// Starts SENSE ID on a device. Its answer comes by [`Ios::take_inquired`].
    ///
    /// Condition code 1 says that there is status to be taken first, which is done at the next wait; nothing was
    /// started then, and nothing with any other code but 0.
    pub fn inquire(&mut self, index: UcbIndex) -> SschCc {
        let Some(ucb) = self.ucbs.get_mut(index.index()) else { return SschCc::NotOperational };
        if ucb.state == UcbState::NotOperational {
            return SschCc::NotOperational;
        }
        if ucb.hindrance.is_some() {
            return SschCc::Busy;
        }
        let cc = ucb.device.inquire(&mut self.machine);
        ucb.hindrance = match cc {
            SschCc::Started => Some(Hindrance::SubchannelBusy),
            SschCc::StatusPending => Some(Hindrance::StatusPending),
            SschCc::Busy | SschCc::NotOperational => None,
        };
        if ucb.hindrance.is_some() {
            self.hindered.push((index, self.machine.now()));
        }
        let number = ucb.id;
        if self.machine.tracing() {
            self.machine.trace(format_args!("INQUIRE device={number} cc={cc}"));
        }
        cc
    }

    /// The next answer to [`Ios::inquire`].
    pub fn take_inquired(&mut self) -> Option<(UcbIndex, Inquired)> {
        self.inquired.pop_front()
    }

    /// Status was taken from a device's subchannel, and this is what it was the end of.
    pub(crate) fn status_taken(&mut self, device: UcbIndex, inquired: Option<Inquired>) {
        let Some(ucb) = self.ucbs.get_mut(device.index()) else { return };
        let over = match ucb.hindrance {
            Some(Hindrance::SubchannelBusy) => inquired.is_some(),
            Some(Hindrance::StatusPending) => true,
            Some(Hindrance::ReportPending) | None => false,
        };
        if over {
            ucb.hindrance = None;
        }
        if over || inquired.is_some() {
            self.hindered.retain(|(hindered, _)| *hindered != device);
        }
        self.inquired.extend(inquired.map(|inquired| (device, inquired)));
    }
}
