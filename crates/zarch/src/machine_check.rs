//! The machine-check interruption code: [`MachineCheck`].
//!
//! Source: PoP SA22-7832-13, ch. 11, "Machine-Check-Interruption Code".

use crate::bits::bit;
use bitflags::bitflags;
use core::fmt;

bitflags! {
    /// The conditions that a machine-check interruption reports. The other bits say which of the
    /// registers and clocks that were stored are valid.
    #[repr(transparent)]
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct MachineCheck: u64 {
        /// System damage.
        const SYSTEM_DAMAGE = bit(0);
        /// Instruction-processing damage.
        const INSTRUCTION_PROCESSING_DAMAGE = bit(1);
        /// System recovery.
        const SYSTEM_RECOVERY = bit(2);
        /// Timing-facility damage.
        const TIMING_FACILITY_DAMAGE = bit(4);
        /// External damage.
        const EXTERNAL_DAMAGE = bit(5);
        /// Degradation.
        const DEGRADATION = bit(7);
        /// Warning.
        const WARNING = bit(8);
        /// Channel report pending.
        const CHANNEL_REPORT_PENDING = bit(9);
        /// Service-processor damage.
        const SERVICE_PROCESSOR_DAMAGE = bit(10);
        /// Channel-subsystem damage.
        const CHANNEL_SUBSYSTEM_DAMAGE = bit(11);
        /// The failing-storage address was stored.
        const FAILING_STORAGE_ADDRESS_VALID = bit(24);
        /// Which parts of what was stored are valid, and all that has no name here.
        const _ = !0;
    }
}

impl MachineCheck {
    /// The name of each condition.
    const NAMES: [(Self, &'static str); 10] = [
        (Self::SYSTEM_DAMAGE, "system damage"),
        (Self::INSTRUCTION_PROCESSING_DAMAGE, "instruction-processing damage"),
        (Self::SYSTEM_RECOVERY, "system recovery"),
        (Self::TIMING_FACILITY_DAMAGE, "timing-facility damage"),
        (Self::EXTERNAL_DAMAGE, "external damage"),
        (Self::DEGRADATION, "degradation"),
        (Self::WARNING, "warning"),
        (Self::CHANNEL_REPORT_PENDING, "channel report pending"),
        (Self::SERVICE_PROCESSOR_DAMAGE, "service-processor damage"),
        (Self::CHANNEL_SUBSYSTEM_DAMAGE, "channel-subsystem damage"),
    ];
}

/// The conditions in words, with commas between them.
impl fmt::Display for MachineCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for (condition, name) in Self::NAMES {
            if self.contains(condition) {
                write!(f, "{separator}{name}")?;
                separator = ", ";
            }
        }
        if separator.is_empty() {
            f.write_str("no condition that is known")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::MachineCheck;
    use std::string::ToString;

    #[test]
    fn conditions_in_words() {
        let cases = [
            (0x0040_0000_0000_0000, "channel report pending"),
            (0x8000_0000_0000_0000, "system damage"),
            (0x4400_0000_0000_0000, "instruction-processing damage, external damage"),
            (0x0000_0f0f_0000_0000, "no condition that is known"),
        ];
        for (code, text) in cases {
            assert_eq!(MachineCheck::from_bits_retain(code).to_string(), text);
        }
    }
}
