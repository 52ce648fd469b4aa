//! Asking a device at work what it is: SENSE ID, a channel program beside its requests.

use super::Console;
use super::error::{Refusal, Why};
use crate::message::ConsoleNews;
use crate::parameters::Given;
use crate::plan::{self, PlanProblem};
use crate::platform::JobPlatform;
use alloc::string::ToString;
use channel_io::{DeviceId, SschCc};
use ios::{Ios, Ucb, UcbIndex};

impl<P: JobPlatform + 'static> Console<'_, P> {
    /// Asks a device what it is; the answer is told when it comes.
    pub(super) fn sense(&mut self, ios: &mut Ios<P>, device: &Given<DeviceId>) -> Result<(), Why> {
        let index = plan::found(ios, device.value, &device.word)?;
        match ios.inquire(index) {
            SschCc::Started => Ok(()),
            // It is taken at the next wait.
            SschCc::StatusPending => {
                self.to_inquire.push(index);
                Ok(())
            }
            SschCc::Busy => Err(Why::SubchannelBusy { word: device.word.clone() }),
            SschCc::NotOperational => {
                let gone = PlanProblem::NotOperational { device: device.value };
                Err(plan::problem(&device.word, gone).into())
            }
        }
    }

    /// Asks those that had status before: it has been taken.
    pub(super) fn inquire_again(&mut self, ios: &mut Ios<P>) {
        for index in core::mem::take(&mut self.to_inquire) {
            let Some(device) = ios.ucb(index).map(Ucb::id) else { continue };
            let given = Given { value: device, word: device.to_string() };
            if let Err(why) = self.sense(ios, &given) {
                self.tell(ConsoleNews::NotDone(Refusal { command: "sense", why }));
            }
        }
    }

    /// Tells the answers that have come.
    pub(super) fn tell_inquired(&mut self, ios: &mut Ios<P>) {
        while let Some((index, answer)) = ios.take_inquired() {
            self.tell_answer(ios, index, answer);
        }
    }

    #[inline(never)]
    fn tell_answer(&mut self, ios: &Ios<P>, index: UcbIndex, answer: ios::Inquired) {
        let Some(device) = ios.ucb(index).map(Ucb::id) else { return };
        self.tell(match answer {
            Ok(identification) => ConsoleNews::Sensed { device, identification },
            Err(error) => ConsoleNews::NotSensed { device, error: error.to_string() },
        });
    }
}
