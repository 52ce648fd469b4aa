//! The channel commands of a virtio-ccw device (VIRTIO 1.2, 4.3.2 Device Initialization).

use super::block::VirtioBlock;
use super::ring::Ring;
use super::wire::{command, feature, status};
use crate::machine::{CommandEnd, Rule, Surroundings, Window};

impl VirtioBlock {
    /// Carries out a command.
    pub(crate) fn command(
        &mut self,
        code: u8,
        window: &mut Window,
        around: &mut Surroundings<'_>,
    ) -> CommandEnd {
        let Some(needed) = needed(code) else {
            if command::OTHERS.contains(&code) {
                around
                    .violation(Rule::Protocol, format!("command {code:#04x}, which is not known"));
            }
            return CommandEnd::Reject;
        };
        if window.count() < needed {
            around.violation(Rule::Protocol, format!("command {code:#04x} with too few bytes"));
            return CommandEnd::TooShort(needed);
        }
        if code != command::SET_REVISION && self.revision.is_none() {
            around.violation(Rule::Protocol, format!("command {code:#04x} before the revision"));
            return CommandEnd::Reject;
        }
        let result = match code {
            command::SET_REVISION => self.set_revision(window, around),
            command::RESET => {
                self.reset(around);
                Ok(CommandEnd::Done(0))
            }
            command::READ_FEATURES => self.read_features(window, around),
            command::WRITE_FEATURES => self.write_features(window, around),
            command::READ_CONFIGURATION => self.read_configuration(window, around),
            command::WRITE_STATUS => self.write_status(window, around),
            command::READ_STATUS => self.read_status(window, around),
            command::READ_QUEUE => self.read_queue(window, around),
            command::SET_QUEUE => self.set_queue(window, around),
            _ => self.set_indicators(code, window, around),
        };
        result.unwrap_or(CommandEnd::Unreachable)
    }

    /// Whether the driver is where this may be done; if not, that is noted.
    fn expect(&self, bits: u8, not: u8, what: &str, around: &mut Surroundings<'_>) {
        if self.status & bits != bits || self.status & not != 0 {
            around.violation(
                Rule::Protocol,
                format!("{what} with a device status of {:#04x}", self.status),
            );
        }
    }

    fn set_revision(&mut self, window: &Window, around: &mut Surroundings<'_>) -> Result {
        let [r0, r1, l0, l1] = window.read_array(around)?;
        let revision = u16::from_be_bytes([r0, r1]);
        if self.revision.is_some_and(|settled| settled != revision) {
            around.violation(Rule::Protocol, "another revision after one was settled on");
            return Ok(CommandEnd::Reject);
        }
        if !(1..=self.settings.revision).contains(&revision) || [l0, l1] != [0, 0] {
            return Ok(CommandEnd::Reject);
        }
        self.revision = Some(revision);
        Ok(CommandEnd::Done(4))
    }

    fn read_features(&mut self, window: &Window, around: &mut Surroundings<'_>) -> Result {
        self.expect(status::DRIVER, 0, "features read", around);
        let [_, _, _, _, index] = window.read_array(around)?;
        let shift = 32 * u32::from(index);
        let features = self.settings.features.checked_shr(shift).unwrap_or(0);
        let [a, b, c, d, _, _, _, _] = features.to_le_bytes();
        window.write(0, &[a, b, c, d], around)?;
        Ok(CommandEnd::Done(5))
    }

    fn write_features(&mut self, window: &Window, around: &mut Surroundings<'_>) -> Result {
        self.expect(status::DRIVER, status::FEATURES_OK, "features written", around);
        let [a, b, c, d, index] = window.read_array(around)?;
        let bits = u64::from(u32::from_le_bytes([a, b, c, d]));
        match index {
            0 => self.features = self.features >> 32 << 32 | bits,
            1 => self.features = self.features & u64::from(u32::MAX) | bits << 32,
            _ if bits != 0 => {
                around.violation(Rule::Protocol, "features that were not offered");
            }
            _ => {}
        }
        Ok(CommandEnd::Done(5))
    }

    fn read_configuration(&mut self, window: &Window, around: &mut Surroundings<'_>) -> Result {
        let configuration = self.settings.configuration();
        window.write(0, &configuration, around)?;
        Ok(CommandEnd::Done(configuration.len()))
    }

    fn write_status(&mut self, window: &Window, around: &mut Surroundings<'_>) -> Result {
        let [new] = window.read_array(around)?;
        // A driver that gives up may not know which bits the device took: a program that failed does not say.
        if new & self.status != self.status && new & status::FAILED == 0 {
            around.violation(Rule::Protocol, format!("device status {new:#04x}: bits turned off"));
        }
        let turned_on = new & !self.status;
        if turned_on & status::DRIVER != 0 && new & status::ACKNOWLEDGE == 0 {
            around.violation(Rule::Protocol, "DRIVER before ACKNOWLEDGE");
        }
        if turned_on & status::FEATURES_OK != 0 && new & status::FAILED == 0 {
            self.expect(status::DRIVER, 0, "FEATURES_OK", around);
            if !self.accepts_features(around) {
                // The device status stays as it was (4.3.2.3 Communicating Status Information).
                return Ok(CommandEnd::Reject);
            }
        }
        if turned_on & status::DRIVER_OK != 0 {
            self.expect(status::FEATURES_OK, status::FAILED, "DRIVER_OK", around);
            let features = self.features;
            match self.ring.as_mut() {
                Some(ring) => ring.agree(features),
                None => around.violation(Rule::Protocol, "DRIVER_OK without a queue"),
            }
            if self.indicators.is_none() {
                around.violation(Rule::Protocol, "DRIVER_OK without indicators");
            }
        }
        self.status = new;
        Ok(CommandEnd::Done(1))
    }

    fn accepts_features(&self, around: &mut Surroundings<'_>) -> bool {
        let extra = self.features & !self.settings.features;
        if extra != 0 {
            around.violation(Rule::Protocol, format!("features {extra:#x} were not offered"));
        }
        // What is offered besides what the device can do is there to tempt.
        let unknown = self.features & !feature::KNOWN;
        if unknown != 0 {
            around
                .violation(Rule::Protocol, format!("features {unknown:#x}: unknown to the driver"));
        }
        extra == 0
            && self.features & self.settings.required == self.settings.required
            && self.features & self.settings.refused == 0
    }

    fn read_status(&mut self, window: &Window, around: &mut Surroundings<'_>) -> Result {
        if self.revision != Some(2) {
            around.violation(Rule::Protocol, "status read in revision 1");
            return Ok(CommandEnd::Reject);
        }
        window.write(0, &[self.status], around)?;
        Ok(CommandEnd::Done(1))
    }

    fn read_queue(&mut self, window: &Window, around: &mut Surroundings<'_>) -> Result {
        self.expect(status::DRIVER, 0, "queue size read", around);
        let [i0, i1, _, _] = window.read_array(around)?;
        let size = if [i0, i1] == [0, 0] { self.settings.queue_size } else { 0 };
        window.write(2, &size.to_be_bytes(), around)?;
        Ok(CommandEnd::Done(4))
    }

    fn set_queue(&mut self, window: &Window, around: &mut Surroundings<'_>) -> Result {
        self.expect(status::FEATURES_OK, status::DRIVER_OK, "queue set", around);
        let bytes: [u8; 32] = window.read_array(around)?;
        let number = |at: usize| {
            bytes.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |it| u64::from_be_bytes(*it))
        };
        // Reserved word, index and size lie between the first two addresses.
        let middle = number(8).to_be_bytes();
        let [_, _, _, _, i0, i1, s0, s1] = middle;
        let (index, size) = (u16::from_be_bytes([i0, i1]), u16::from_be_bytes([s0, s1]));
        let right = index == 0 && size.is_power_of_two() && size <= self.settings.queue_size;
        if !right {
            around.violation(Rule::Queue, format!("queue {index} with a size of {size}"));
            return Ok(CommandEnd::Reject);
        }
        let ring = Ring::new(size, [number(0), number(16), number(24)]);
        if ring.check(around).is_err() {
            return Ok(CommandEnd::Reject);
        }
        self.ring = Some(ring);
        Ok(CommandEnd::Done(32))
    }

    fn set_indicators(
        &mut self,
        code: u8,
        window: &Window,
        around: &mut Surroundings<'_>,
    ) -> Result {
        let address = u64::from_be_bytes(window.read_array(around)?);
        around.read_array::<8>(address, "indicators")?;
        let at = if code == command::SET_CONFIGURATION_INDICATORS {
            &mut self.configuration_indicators
        } else {
            &mut self.indicators
        };
        *at = Some(address);
        Ok(CommandEnd::Done(8))
    }
}

type Result = core::result::Result<CommandEnd, crate::machine::Unreachable>;

/// How many bytes a command needs; `None` for one that is not known.
fn needed(code: u8) -> Option<usize> {
    Some(match code {
        command::SET_REVISION | command::READ_QUEUE => 4,
        command::RESET | command::READ_CONFIGURATION => 0,
        command::READ_FEATURES | command::WRITE_FEATURES => 5,
        command::WRITE_STATUS | command::READ_STATUS => 1,
        command::SET_QUEUE => 32,
        command::SET_INDICATORS | command::SET_CONFIGURATION_INDICATORS => 8,
        _ => return None,
    })
}
