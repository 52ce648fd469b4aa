//! The commands that several programs of the transport have in common.

use super::{Revision, Transport, TransportError};
use crate::spec::channel::{FeatureDescriptor, command};
use crate::spec::{DeviceStatus, Features};
use channel_io::program::{Command, Completion, DataRange, LengthCheck, ProgramError, WakeSink};
use channel_io::{Area, Machine};
use zerocopy::{FromBytes, IntoBytes};

impl<A: Area> Transport<A> {
    pub(super) fn run<M: Machine<Area = A>>(
        &mut self,
        machine: &mut M,
        others: &mut impl WakeSink,
    ) -> Result<Completion, ProgramError> {
        self.conversation.run(machine, others, &mut self.program)
    }

    /// Adds the command that turns bits of the device status on; a driver never turns one off.
    pub(super) fn add_status(&mut self, bits: DeviceStatus) -> Result<(), TransportError> {
        self.status |= bits;
        Ok(self.program.send(command::WRITE_STATUS, &[self.status.bits()])?)
    }

    /// Adds the command that reads the status, where the revision has it.
    pub(super) fn add_read_back(&mut self) -> Result<Option<DataRange>, TransportError> {
        Ok(match self.revision {
            Revision::One => None,
            Revision::Two => {
                Some(self.program.receive(command::READ_STATUS, 1, LengthCheck::Exact)?)
            }
        })
    }

    /// Whether the status that was read is the one that was written.
    pub(super) fn check_read_back(&self, range: Option<DataRange>) -> Result<(), TransportError> {
        let Some(range) = range else {
            return Ok(());
        };
        let mut byte = [0];
        self.program.copy_out(range, &mut byte);
        let (written, read) = (self.status, DeviceStatus::from_bits_retain(byte[0]));
        if read == written { Ok(()) } else { Err(TransportError::StatusNotTaken { written, read }) }
    }

    pub(super) fn add_features(
        &mut self,
        command: Command,
        features: Features,
        index: u8,
    ) -> Result<DataRange, TransportError> {
        let [a, b, c, d, e, f, g, h] = features.bits().to_le_bytes();
        let bits = if index == 0 { [a, b, c, d] } else { [e, f, g, h] };
        let descriptor = FeatureDescriptor { features: u32::from_le_bytes(bits).into(), index };
        Ok(self.program.exchange(command, descriptor.as_bytes())?)
    }

    pub(super) fn features_in(&self, range: DataRange) -> u64 {
        self.copy_of::<FeatureDescriptor>(range).features.get().into()
    }

    pub(super) fn copy_of<T: Default + FromBytes + IntoBytes>(&self, range: DataRange) -> T {
        let mut value = T::default();
        self.program.copy_out(range, value.as_mut_bytes());
        value
    }
}
