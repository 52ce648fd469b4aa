//! Channel programs for control operations: built here, run to their end while the caller waits.
//!
//! A [`ChannelProgram`] holds CCWs and their data in one area below 2 GiB, and is used again and
//! again. [`Conversation::run`] starts it on one subchannel, waits at the wait point, takes the status,
//! asks for the sense bytes after a unit check, and clears the subchannel when the time is over.
//! [`Conversation::identify`] is the one program that every device knows, SENSE ID.
//!
//! ```text
//! program.begin();
//! program.send(SET_VIRTIO_REVISION, &[0, 1, 0, 0])?;
//! let features = program.exchange(READ_FEATURES, &[0, 0, 0, 0, 1])?;
//! let completion = conversation.run(&mut machine, &mut others, &mut program)?;
//! program.copy_out(features, &mut bytes);
//! ```
//!
//! This is for set-up and recovery, where the caller has nothing else to do. Data requests never wait.

mod error;
mod identify;
mod inquiry;
mod run;

pub use error::{ClearOutcome, ProgramError, SenseError, StartError};
pub use identify::IdentifyError;
pub use inquiry::Inquiry;
pub use run::{Arrival, Completion, Conversation, Elsewhere, Nowhere, Waiting, WakeSink};

use crate::ccw::{Ccw1, CcwFlags, CommandCode};
use crate::sense::SenseData;
use crate::storage::{AbsoluteAddress, Area, Reach, Storage, StorageError};
use alloc::vec::Vec;
use core::fmt;
use zerocopy::IntoBytes;

/// A command and what it is called, in traces and in errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Command {
    /// The code.
    pub code: CommandCode,
    /// The name, one word with hyphens.
    pub name: &'static str,
}

impl Command {
    /// SENSE ID.
    pub const SENSE_ID: Self = Self { code: CommandCode::SENSE_ID, name: "sense-identification" };
    /// SENSE.
    pub const SENSE: Self = Self { code: CommandCode::SENSE, name: "sense" };
    /// NO-OPERATION.
    pub const NO_OPERATION: Self = Self { code: CommandCode::NO_OPERATION, name: "no-operation" };
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// Whether the device must transfer as many bytes as the CCW counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LengthCheck {
    /// Another length is an incorrect length, and ends the program with an error.
    Exact,
    /// Any length is good (suppress-length indication); the residual count tells which it was.
    Suppressed,
}

/// Where the data of one command of a program is; good until [`ChannelProgram::begin`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataRange {
    offset: usize,
    length: usize,
}

impl DataRange {
    /// The length in bytes.
    #[must_use]
    pub const fn length(self) -> usize {
        self.length
    }
}

/// There is no room for a further command, or for its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProgramFull {
    /// The command.
    pub command: Command,
    /// How many bytes it was to transfer.
    pub length: usize,
}

impl fmt::Display for ProgramFull {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no room in the channel program for {} with {} bytes", self.command, self.length)
    }
}

impl core::error::Error for ProgramFull {}

#[derive(Clone, Copy, Debug)]
struct Step {
    name: &'static str,
    ccw: Ccw1,
}

const _: () = assert!(SenseData::MAX_LENGTH == 32);

/// A channel program of format-1 CCWs, command-chained, and its data.
///
/// The area holds, in this order: the CCW of SENSE and the bytes it brings, for unit checks; up to
/// [`ChannelProgram::MAX_COMMANDS`] CCWs; the data, each piece on a doubleword boundary.
#[derive(Debug)]
pub struct ChannelProgram<A> {
    area: A,
    steps: Vec<Step>,
    data_end: usize,
}

impl<A: Area> ChannelProgram<A> {
    /// The most commands in one program.
    pub const MAX_COMMANDS: usize = 16;

    const CCW_LENGTH: usize = size_of::<Ccw1>();
    const SENSE_COUNT: u16 = 32;
    const SENSE_DATA: usize = Self::CCW_LENGTH;
    const COMMANDS: usize = Self::SENSE_DATA + SenseData::MAX_LENGTH;
    const DATA: usize = Self::COMMANDS + Self::MAX_COMMANDS * Self::CCW_LENGTH;

    /// An empty program with room for `data_length` bytes of data.
    ///
    /// # Errors
    /// [`StorageError`] if there is no room for its area below 2 GiB.
    pub fn new<S>(storage: &mut S, data_length: usize) -> Result<Self, StorageError>
    where
        S: Storage<Area = A>,
    {
        let area = storage.allocate(Self::DATA + data_length, 8, Reach::Below2G)?;
        let steps = Vec::with_capacity(Self::MAX_COMMANDS);
        Ok(Self { area, steps, data_end: Self::DATA })
    }

    /// Begins anew, with no command.
    pub fn begin(&mut self) {
        self.steps.clear();
        self.data_end = Self::DATA;
    }

    /// Adds a command that transfers nothing.
    ///
    /// # Errors
    /// [`ProgramFull`].
    pub fn control(&mut self, command: Command) -> Result<(), ProgramFull> {
        self.add(command, 0, LengthCheck::Exact).map(|_| ())
    }

    /// Adds a command that transfers `data` to the device.
    ///
    /// # Errors
    /// [`ProgramFull`].
    pub fn send(&mut self, command: Command, data: &[u8]) -> Result<(), ProgramFull> {
        self.exchange(command, data).map(|_| ())
    }

    /// Adds a command for which the device first reads `data` and then overwrites some or all of it.
    ///
    /// # Errors
    /// [`ProgramFull`].
    pub fn exchange(&mut self, command: Command, data: &[u8]) -> Result<DataRange, ProgramFull> {
        let range = self.add(command, data.len(), LengthCheck::Exact)?;
        self.area.write(range.offset, data);
        Ok(range)
    }

    /// Adds a command that transfers `length` bytes from the device, or up to that many.
    ///
    /// # Errors
    /// [`ProgramFull`].
    pub fn receive(
        &mut self,
        command: Command,
        length: usize,
        check: LengthCheck,
    ) -> Result<DataRange, ProgramFull> {
        let range = self.add(command, length, check)?;
        self.area.fill(range.offset, range.length, 0);
        Ok(range)
    }

    /// Copies data out of the program into `to`, as much as there is of the shorter one.
    pub fn copy_out(&self, range: DataRange, to: &mut [u8]) {
        let length = range.length.min(to.len());
        if let Some(to) = to.get_mut(..length) {
            self.area.read(range.offset, to);
        }
    }

    #[inline(never)]
    fn add(
        &mut self,
        command: Command,
        length: usize,
        check: LengthCheck,
    ) -> Result<DataRange, ProgramFull> {
        let full = ProgramFull { command, length };
        let count = u16::try_from(length).map_err(|_| full)?;
        let offset = self.data_end;
        let end = offset + length.next_multiple_of(8);
        if self.steps.len() == Self::MAX_COMMANDS || offset + length > self.area.length() {
            return Err(full);
        }
        let flags = match check {
            LengthCheck::Exact => CcwFlags::empty(),
            LengthCheck::Suppressed => CcwFlags::SUPPRESS_LENGTH_INDICATION,
        };
        // No data, no address: 0 is good for any command.
        let address =
            if length == 0 { AbsoluteAddress(0) } else { self.area.address().plus(offset) };
        let ccw = Ccw1::new(command.code, flags, count, address).map_err(|_| full)?;
        if let Some(last) = self.steps.last_mut() {
            last.ccw = last.ccw.with_flags(last.ccw.flags() | CcwFlags::CHAIN_COMMAND);
        }
        self.steps.push(Step { name: command.name, ccw });
        self.data_end = end;
        Ok(DataRange { offset, length })
    }

    /// Stores the CCWs, and gives the address of the first one.
    fn store(&mut self) -> AbsoluteAddress {
        for (index, step) in self.steps.iter().enumerate() {
            let offset = Self::COMMANDS + index * Self::CCW_LENGTH;
            self.area.write(offset, step.ccw.as_bytes());
        }
        self.area.address().plus(Self::COMMANDS)
    }

    /// Stores the CCW that asks for the sense bytes; gives its address, and itself for the trace.
    fn store_sense(&mut self) -> (AbsoluteAddress, Ccw1) {
        let address = self.area.address();
        let flags = CcwFlags::SUPPRESS_LENGTH_INDICATION;
        // The area lies below 2 GiB, as it was asked to: the address fits.
        let ccw =
            Ccw1::new(CommandCode::SENSE, flags, Self::SENSE_COUNT, address.plus(Self::SENSE_DATA))
                .unwrap_or_default();
        self.area.fill(Self::SENSE_DATA, SenseData::MAX_LENGTH, 0);
        self.area.write(0, ccw.as_bytes());
        (address, ccw)
    }

    /// The sense bytes that came, all but the last `residual` ones.
    fn sense_data(&self, residual: u16) -> SenseData {
        let mut bytes = [0; SenseData::MAX_LENGTH];
        self.area.read(Self::SENSE_DATA, &mut bytes);
        SenseData::new(&bytes, SenseData::MAX_LENGTH.saturating_sub(usize::from(residual)))
    }

    /// The name of the command before the CCW at `ccw_address`, which is how status names the last one.
    fn command_before(&self, ccw_address: u32) -> Option<&'static str> {
        let first = self.area.address().plus(Self::COMMANDS).0;
        let beyond = u64::from(ccw_address).checked_sub(first)?;
        let index = usize::try_from(beyond).ok()?.checked_div(Self::CCW_LENGTH)?.checked_sub(1)?;
        self.steps.get(index).map(|step| step.name)
    }
}
