//! SENSE ID: what control unit and what device a subchannel leads to.

use super::{ChannelProgram, Command, Conversation, LengthCheck, ProgramError, WakeSink};
use crate::machine::Machine;
use crate::sense::SenseId;
use core::fmt;

/// Why a device could not be identified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdentifyError {
    /// The program for it failed; with a command reject the device does not know SENSE ID.
    Program(ProgramError),
    /// Fewer than the four bytes that every device gives.
    TooShort {
        /// How many bytes came.
        length: usize,
    },
    /// Byte 0 is not X'FF'.
    NotValid {
        /// Byte 0.
        marker: u8,
    },
}

impl fmt::Display for IdentifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Program(error) => write!(f, "sense identification failed: {error}"),
            Self::TooShort { length } => {
                write!(f, "sense identification brought {length} bytes instead of 7")
            }
            Self::NotValid { marker } => {
                write!(f, "sense identification begins with {marker:#04x} instead of 0xff")
            }
        }
    }
}

impl core::error::Error for IdentifyError {}

impl From<ProgramError> for IdentifyError {
    fn from(error: ProgramError) -> Self {
        Self::Program(error)
    }
}

impl Conversation {
    /// Asks the device what it is. A device with no identification of its own gives four bytes; its
    /// type and model are zero then.
    ///
    /// # Errors
    /// [`IdentifyError`].
    pub fn identify<M: Machine>(
        &self,
        machine: &mut M,
        others: &mut impl WakeSink,
        program: &mut ChannelProgram<M::Area>,
    ) -> Result<SenseId, IdentifyError> {
        const LENGTH: usize = size_of::<SenseId>();
        program.begin();
        let range = program
            .receive(Command::SENSE_ID, LENGTH, LengthCheck::Suppressed)
            .map_err(|_| IdentifyError::TooShort { length: 0 })?;
        let completion = self.run(machine, others, program)?;
        SenseId::received(usize::from(completion.residual_count), |bytes| {
            program.copy_out(range, bytes);
        })
    }
}
