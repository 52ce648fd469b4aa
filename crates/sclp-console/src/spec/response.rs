//! The response code that the SCLP leaves in an SCCB's header.
//!
//! Its left byte is a reason, its right byte a class ([`ResponseClass`]); [`ResponseCode`] names
//! the combinations that the commands of this crate can meet.

use core::fmt;

/// The class of a response code, its right byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ResponseClass {
    /// X'00': the block itself is wrong (or the response code was not stored yet).
    BlockError,
    /// X'1n': information was returned. (Hercules uses the right half for its licence setting.)
    Information,
    /// X'20': the command is complete.
    Completion,
    /// X'40': equipment check; the command was backed out.
    EquipmentCheck,
    /// X'F0': the command was refused.
    Refused,
    /// Any other class.
    Other(u8),
}

macro_rules! response_codes {
    ($($(#[$doc:meta])* $name:ident = $raw:literal, $text:literal;)*) => {
        /// The response code of a command.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum ResponseCode {
            $($(#[$doc])* $name,)*
            /// A code that this crate has no name for.
            Other(u16),
        }

        impl ResponseCode {
            /// The code that stands in the header as `raw`.
            #[must_use]
            pub const fn from_raw(raw: u16) -> Self {
                match raw {
                    $($raw => Self::$name,)*
                    other => Self::Other(other),
                }
            }

            /// The code as it stands in the header.
            #[must_use]
            pub const fn raw(self) -> u16 {
                match self {
                    $(Self::$name => $raw,)*
                    Self::Other(raw) => raw,
                }
            }

            const fn text(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                    Self::Other(_) => "a response code without a name here",
                }
            }

            #[cfg(test)]
            const NAMED: &'static [Self] = &[$(Self::$name,)*];
        }
    };
}

response_codes! {
    /// X'0000': none stored yet.
    NotStored = 0x0000, "none stored yet";
    /// X'0010': information was read.
    NormalReadCompletion = 0x0010, "normal read completion";
    /// X'0020': the command is complete.
    NormalCompletion = 0x0020, "normal completion";
    /// X'0040': the SCLP had an equipment check.
    EquipmentCheck = 0x0040, "SCLP equipment check";
    /// X'0100': the block crosses a page boundary.
    BoundaryViolation = 0x0100, "SCCB boundary violation";
    /// X'01F0': there is no such command here.
    InvalidCommand = 0x01F0, "invalid SCLP command";
    /// X'0220': complete. Linux takes event buffers from such a block as from any complete one.
    CompletionWithReason2 = 0x0220, "completion, reason 2";
    /// X'0300': the block is too short for the answer.
    InsufficientLength = 0x0300, "insufficient SCCB length";
    /// X'0340': an equipment check that concerns some event buffers alone; those that were
    /// accepted are marked in their headers.
    ContainedEquipmentCheck = 0x0340, "contained SCLP equipment check";
    /// X'05F0': the target is in an improper state.
    ImproperState = 0x05F0, "target resource in improper state";
    /// X'40F0': the function code is wrong, or no one takes this event type.
    InvalidFunction = 0x40F0, "invalid function code";
    /// X'60F0': there are no events to read.
    NoEventBuffersStored = 0x60F0, "no event buffers stored";
    /// X'62F0': the program receives no events: its mask is zero.
    EventsSuppressed = 0x62F0, "all events suppressed";
    /// X'70F0': the selection mask asks for events that the program does not receive.
    InvalidSelectionMask = 0x70F0, "invalid selection mask";
    /// X'71F0': an event buffer is larger than the SCLP takes.
    BufferTooLarge = 0x71F0, "event buffer exceeds the maximum";
    /// X'72F0': lengths in the block contradict each other.
    InconsistentLengths = 0x72F0, "inconsistent lengths";
    /// X'73F0': an event buffer is malformed.
    SyntaxError = 0x73F0, "event buffer syntax error";
    /// X'74F0': the SCLP does not take masks of this length.
    InvalidMaskLength = 0x74F0, "invalid mask length";
    /// X'75F0': an event does not fit into the block.
    EventExceedsSccb = 0x75F0, "event buffer exceeds the SCCB";
}

impl ResponseCode {
    /// Whether the same command may well succeed when it is tried again.
    #[must_use]
    pub const fn is_transient(self) -> bool {
        matches!(self, Self::EquipmentCheck | Self::ContainedEquipmentCheck | Self::ImproperState)
    }

    /// The class of the code, its right byte.
    #[must_use]
    pub const fn class(self) -> ResponseClass {
        let [_, class] = self.raw().to_be_bytes();
        match class {
            0x00 => ResponseClass::BlockError,
            0x10..=0x1F => ResponseClass::Information,
            0x20 => ResponseClass::Completion,
            0x40 => ResponseClass::EquipmentCheck,
            0xF0 => ResponseClass::Refused,
            other => ResponseClass::Other(other),
        }
    }
}

impl fmt::Display for ResponseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "response code {:04X} ({})", self.raw(), self.text())
    }
}

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use super::*;

    #[test]
    fn every_code_survives_the_round_trip() {
        for raw in 0..=u16::MAX {
            assert_eq!(ResponseCode::from_raw(raw).raw(), raw);
        }
        for code in ResponseCode::NAMED {
            assert_eq!(ResponseCode::from_raw(code.raw()), *code);
        }
    }

    #[test]
    fn classes() {
        for (raw, class) in [
            (0x0100, ResponseClass::BlockError),
            (0x0010, ResponseClass::Information),
            (0x0014, ResponseClass::Information),
            (0x0120, ResponseClass::Completion),
            (0x0340, ResponseClass::EquipmentCheck),
            (0x74F0, ResponseClass::Refused),
            (0x0088, ResponseClass::Other(0x88)),
        ] {
            assert_eq!(ResponseCode::from_raw(raw).class(), class, "{raw:04X}");
        }
    }

    #[test]
    fn display_gives_number_and_words() {
        assert_eq!(
            ResponseCode::InvalidMaskLength.to_string(),
            "response code 74F0 (invalid mask length)"
        );
    }
}
