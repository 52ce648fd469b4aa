//! Channel programs: fetched CCW by CCW, carried out by the device, ended with a status.

use super::data::Window;
use super::unit::{CommandEnd, Surroundings, Unit};
use super::violation::Rule;
use channel_io::{
    Ccw0, Ccw1, CcwFlags, CommandCode, DeviceStatus, Orb, OrbControl, SenseData, SubchannelStatus,
};
use zerocopy::{FromBytes, IntoBytes};

/// A channel program, and where it is to go on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Program {
    pub(crate) orb: Orb,
    /// The address of the next CCW.
    next: u32,
    /// Whether a command was carried out already.
    begun: bool,
    /// Whether the next CCW is the one that the program was suspended at, and RSCH was issued.
    resumed: bool,
}

/// How a program came to a stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// It is over.
    Ended(ProgramEnd),
    /// It is suspended.
    Suspended,
}

/// What the status of a program that is over says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ProgramEnd {
    /// Eight beyond the last CCW used.
    pub(crate) ccw_address: u32,
    pub(crate) count: u16,
    pub(crate) device_status: DeviceStatus,
    pub(crate) subchannel_status: SubchannelStatus,
}

/// How many transfers in channel a program may make without doing anything.
const TRANSFERS: u32 = 256;

/// A program, or what it names, is wrong: program check.
struct ProgramCheck;

/// The device behind a subchannel, with its sense bytes.
pub(crate) struct Behind<'a> {
    pub(crate) unit: &'a mut Unit,
    pub(crate) sense: &'a mut [u8; SenseData::MAX_LENGTH],
}

impl Program {
    pub(crate) fn new(orb: &Orb) -> Self {
        Self { orb: *orb, next: orb.program_address(), begun: false, resumed: false }
    }

    /// RSCH: the CCW that it stopped at is carried out, suspend flag or not.
    pub(crate) fn resume(&mut self) {
        self.resumed = true;
    }

    pub(crate) const fn next(&self) -> u32 {
        self.next
    }

    /// Runs the program until it is over or suspended.
    pub(crate) fn run(&mut self, behind: &mut Behind<'_>, around: &mut Surroundings<'_>) -> Stop {
        let mut interruption = SubchannelStatus::empty();
        loop {
            let ccw = match self.fetch(around) {
                Ok(ccw) => ccw,
                Err(ProgramCheck) => return self.program_check(interruption, 0),
            };
            let flags = ccw.flags();
            let may_suspend = self.orb.control().contains(OrbControl::SUSPEND);
            if flags.contains(CcwFlags::SUSPEND) && !core::mem::take(&mut self.resumed) {
                if !may_suspend {
                    return self.program_check(interruption, ccw.count());
                }
                self.next = self.next.wrapping_sub(8);
                return Stop::Suspended;
            }
            if flags.contains(CcwFlags::PROGRAM_CONTROLLED_INTERRUPTION) {
                interruption |= SubchannelStatus::PROGRAM_CONTROLLED_INTERRUPTION;
            }
            self.begun = true;
            match self.command(&ccw, behind, around) {
                Ok(Step::Chained) => {}
                Ok(Step::Ended(mut end)) => {
                    end.subchannel_status |= interruption;
                    return Stop::Ended(end);
                }
                Err(ProgramCheck) => return self.program_check(interruption, ccw.count()),
            }
        }
    }

    fn program_check(&self, other: SubchannelStatus, count: u16) -> Stop {
        // The device had a command of it: it ends.
        let device_status = if self.begun {
            DeviceStatus::CHANNEL_END | DeviceStatus::DEVICE_END
        } else {
            DeviceStatus::empty()
        };
        Stop::Ended(ProgramEnd {
            ccw_address: self.next,
            count,
            device_status,
            subchannel_status: other | SubchannelStatus::PROGRAM_CHECK,
        })
    }

    /// The next CCW that is no transfer in channel, in format 1.
    fn fetch(&mut self, around: &mut Surroundings<'_>) -> Result<Ccw1, ProgramCheck> {
        let format_1 = self.orb.control().contains(OrbControl::FORMAT_1);
        let limit = if format_1 { Ccw1::ADDRESS_LIMIT } else { Ccw0::ADDRESS_LIMIT };
        for transfers in 0..TRANSFERS {
            let address = self.next;
            if u64::from(address) >= limit || !address.is_multiple_of(8) {
                around.violation(Rule::Operand, format!("a CCW at {address:#x}"));
                return Err(ProgramCheck);
            }
            let bytes: [u8; 8] =
                around.read_array(u64::from(address), "CCW").map_err(|_| ProgramCheck)?;
            self.next = address.wrapping_add(8);
            let ccw = if format_1 {
                Ccw1::read_from_bytes(&bytes).map_err(|_| ProgramCheck)?
            } else {
                Ccw0::read_from_bytes(&bytes).map_err(|_| ProgramCheck)?.to_format_1()
            };
            if ccw.command() != CommandCode::TRANSFER_IN_CHANNEL {
                self.check(&ccw, around)?;
                return Ok(ccw);
            }
            // A program must not begin with one, nor may one lead to another.
            if !self.begun || transfers > 0 {
                around.violation(Rule::Operand, format!("a transfer in channel at {address:#x}"));
                return Err(ProgramCheck);
            }
            self.next = ccw.address();
        }
        Err(ProgramCheck)
    }

    /// What is wrong with a CCW by itself.
    fn check(&self, ccw: &Ccw1, around: &mut Surroundings<'_>) -> Result<(), ProgramCheck> {
        let flags = ccw.flags();
        let format_1 = self.orb.control().contains(OrbControl::FORMAT_1);
        let needs_count = !format_1 || flags.contains(CcwFlags::CHAIN_DATA);
        let what = if ccw.command().0 & 0x0f == 0 {
            "a command code of X'x0'"
        } else if needs_count && ccw.count() == 0 {
            "a count of zero"
        } else if u64::from(ccw.address()) >= Ccw1::ADDRESS_LIMIT {
            "a data address above 2 GiB"
        } else if flags.contains(CcwFlags::MODIFIED_INDIRECT_DATA_ADDRESS) {
            "modified indirect data addresses"
        } else {
            return Ok(());
        };
        around.violation(Rule::Operand, format!("{what}: {ccw}"));
        Err(ProgramCheck)
    }

    /// Carries out one command, with all the CCWs that its data is chained over.
    fn command(
        &mut self,
        first: &Ccw1,
        behind: &mut Behind<'_>,
        around: &mut Surroundings<'_>,
    ) -> Result<Step, ProgramCheck> {
        let mut window = Window::default();
        let mut last = *first;
        window.add(&last, self.orb.idaws(), around).map_err(|_| ProgramCheck)?;
        while last.flags().contains(CcwFlags::CHAIN_DATA) {
            last = self.fetch(around)?;
            window.add(&last, self.orb.idaws(), around).map_err(|_| ProgramCheck)?;
        }
        let command = first.command();
        let end = behind.carry_out(command, &mut window, around);
        let count = window.count();
        let suppressed = last.flags().contains(CcwFlags::SUPPRESS_LENGTH_INDICATION);
        let normal = DeviceStatus::CHANNEL_END | DeviceStatus::DEVICE_END;
        let (wanted, device_status) = match end {
            CommandEnd::Unreachable => return Err(ProgramCheck),
            CommandEnd::Done(wanted) => (wanted, normal),
            CommandEnd::TooShort(wanted) if !suppressed => (wanted, normal),
            CommandEnd::TooShort(_) | CommandEnd::Reject => {
                behind.sense.fill(0);
                behind.sense[0] = SenseData::COMMAND_REJECT;
                (count, normal | DeviceStatus::UNIT_CHECK)
            }
        };
        let incorrect = wanted != count && !suppressed;
        let subchannel_status =
            if incorrect { SubchannelStatus::INCORRECT_LENGTH } else { SubchannelStatus::empty() };
        let chained = last.flags().contains(CcwFlags::CHAIN_COMMAND);
        if chained && !incorrect && device_status == normal {
            return Ok(Step::Chained);
        }
        let residual = count.saturating_sub(wanted);
        Ok(Step::Ended(ProgramEnd {
            ccw_address: self.next,
            count: u16::try_from(residual).unwrap_or(u16::MAX),
            device_status,
            subchannel_status,
        }))
    }
}

enum Step {
    /// Another command follows.
    Chained,
    Ended(ProgramEnd),
}

impl Behind<'_> {
    /// The commands that every device knows, and the device's own.
    fn carry_out(
        &mut self,
        command: CommandCode,
        window: &mut Window,
        around: &mut Surroundings<'_>,
    ) -> CommandEnd {
        match command {
            CommandCode::NO_OPERATION => CommandEnd::Done(0),
            CommandCode::SENSE => {
                let sense = core::mem::take(self.sense);
                match window.write(0, &sense, around) {
                    Ok(()) => CommandEnd::Done(sense.len()),
                    Err(error) => error.into(),
                }
            }
            CommandCode::SENSE_ID => {
                let identification = self.unit.identification();
                match window.write(0, identification.as_bytes(), around) {
                    Ok(()) => CommandEnd::Done(identification.as_bytes().len()),
                    Err(error) => error.into(),
                }
            }
            CommandCode(code) => self.unit.command(code, window, around),
        }
    }
}
