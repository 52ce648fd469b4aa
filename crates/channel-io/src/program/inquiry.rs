//! SENSE ID on a device at work: started here, ended by an interruption like any other.
//!
//! While the program goes on and until its status is taken the subchannel is busy or status pending, as
//! for any start function (PoP SA22-7832-13, ch. 14, START SUBCHANNEL); what the device does otherwise is not
//! disturbed. [`Inquiry::start`] issues SSCH; whoever takes the subchannel's status shows it to
//! [`Inquiry::take`].

use super::run::{Arrival, Ended, Progress};
use super::{ChannelProgram, Command, Conversation, DataRange, IdentifyError, LengthCheck};
use crate::machine::Machine;
use crate::orb::Orb;
use crate::scsw::Scsw;
use crate::sense::SenseId;
use crate::storage::Area;
use crate::subsystem::SschCc;
use zerocopy::IntoBytes;

/// A SENSE ID under way.
#[derive(Clone, Copy, Debug)]
pub struct Inquiry {
    ended: Ended,
    range: DataRange,
}

impl Inquiry {
    /// Starts SENSE ID with a program that nothing else uses meanwhile.
    ///
    /// # Errors
    /// The condition code, when it was not started.
    pub fn start<M: Machine>(
        conversation: &Conversation,
        machine: &mut M,
        program: &mut ChannelProgram<M::Area>,
    ) -> Result<Self, SschCc> {
        program.begin();
        let range = program
            .receive(Command::SENSE_ID, size_of::<SenseId>(), LengthCheck::Suppressed)
            .map_err(|_| SschCc::NotOperational)?;
        let address = program.store();
        let orb = Orb::format_1(conversation.interruption_parameter, address)
            .map_err(|_| SschCc::NotOperational)?;
        match machine.ssch(conversation.subchannel, &orb) {
            SschCc::Started => Ok(Self { ended: Ended::default(), range }),
            refused @ (SschCc::StatusPending | SschCc::Busy | SschCc::NotOperational) => {
                Err(refused)
            }
        }
    }

    /// What status that was taken from the subchannel makes of it: `None` while it goes on.
    pub fn take<A: Area>(
        &mut self,
        scsw: &Scsw,
        program: &ChannelProgram<A>,
    ) -> Option<Result<SenseId, IdentifyError>> {
        if !self.ended.is_end_of_program(scsw) {
            return None;
        }
        match self.ended.add(scsw) {
            Progress::Going => None,
            Progress::Done => Some(self.identification(program)),
        }
    }

    fn identification<A: Area>(
        &self,
        program: &ChannelProgram<A>,
    ) -> Result<SenseId, IdentifyError> {
        let completion = self.ended.judge(None, Arrival::InTime)?;
        SenseId::received(usize::from(completion.residual_count), |bytes| {
            program.copy_out(self.range, bytes);
        })
    }
}

impl SenseId {
    /// What SENSE ID brought, by the residual count and the bytes.
    pub(super) fn received(
        residual_count: usize,
        copy: impl FnOnce(&mut [u8]),
    ) -> Result<Self, IdentifyError> {
        let length = size_of::<Self>().saturating_sub(residual_count);
        if length < 4 {
            return Err(IdentifyError::TooShort { length });
        }
        let mut identification = Self::default();
        copy(identification.as_mut_bytes());
        if !identification.is_valid() {
            return Err(IdentifyError::NotValid { marker: identification.marker });
        }
        Ok(identification)
    }
}
