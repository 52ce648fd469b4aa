//! SENSE ID beside the requests of the queue.

use super::Transport;
use channel_io::program::{IdentifyError, Inquiry};
use channel_io::{Area, Irb, Machine, SenseId, SschCc};

impl<A: Area> Transport<A> {
    /// Starts SENSE ID, whose end an interruption tells.
    pub fn start_inquiry<M: Machine<Area = A>>(&mut self, machine: &mut M) -> SschCc {
        match Inquiry::start(&self.conversation, machine, &mut self.program) {
            Ok(inquiry) => {
                self.inquiry = Some(inquiry);
                SschCc::Started
            }
            Err(refused) => refused,
        }
    }

    /// What status that was taken from the subchannel makes of a SENSE ID under way.
    pub fn inquired(&mut self, irb: &Irb) -> Option<Result<SenseId, IdentifyError>> {
        let inquired = self.inquiry.as_mut()?.take(&irb.scsw, &self.program)?;
        self.inquiry = None;
        Some(inquired)
    }
}
