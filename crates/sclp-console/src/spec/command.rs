//! The command words of SERVICE CALL, and the parameter of the interruption that ends a call.
//!
//! A [`Command`] goes into SERVICE CALL's first operand, the absolute address of an
//! [`Sccb`](super::Sccb) into its second. The end of the command is told by a *service-signal*
//! external interruption (PoP SA22-7832-13, ch. 6, "Service Signal"), whose 32-bit parameter is
//! decoded by [`ServiceSignal`].

/// Interruption code of the service-signal external interruption, as stored at real address
/// X'86'.
pub const SERVICE_SIGNAL_INTERRUPTION_CODE: u16 = 0x2401;

/// A command to the SCLP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Command {
    /// READ SCP INFO: what the machine is made of; answered by
    /// [`ReadScpInfo`](super::ReadScpInfo).
    ReadScpInfo,
    /// READ SCP INFO, forced: the same answer, also where the plain command is reserved to
    /// another use. Not every SCLP knows it; one that does not answers
    /// [`ResponseCode::InvalidCommand`](super::ResponseCode::InvalidCommand).
    ReadScpInfoForced,
    /// WRITE EVENT DATA: the program gives event buffers to the SCLP, output among them.
    WriteEventData,
    /// READ EVENT DATA: the SCLP gives its pending event buffers to the program.
    ReadEventData,
    /// WRITE EVENT MASK: both sides say which event types they send and receive.
    WriteEventMask,
}

impl Command {
    /// The command word, 32 bits.
    #[must_use]
    pub const fn word(self) -> u32 {
        match self {
            Self::ReadScpInfo => 0x0002_0001,
            Self::ReadScpInfoForced => 0x0012_0001,
            Self::WriteEventData => 0x0076_0005,
            Self::ReadEventData => 0x0077_0005,
            Self::WriteEventMask => 0x0078_0005,
        }
    }
}

/// What a service-signal external interruption says, decoded from its parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ServiceSignal {
    /// Absolute address of the SCCB whose command ended; `None` when the signal only tells of
    /// events. Emulators merge signals that are pending together, so with two SCCBs in use this
    /// need not be the address of either: it proves that *a* command ended, and the response code
    /// in the block tells which.
    pub sccb: Option<u32>,
    /// Whether event buffers wait to be fetched with READ EVENT DATA.
    pub event_pending: bool,
}

impl ServiceSignal {
    const SCCB_ADDRESS: u32 = 0xFFFF_FFF8;
    const EVENT_PENDING: u32 = 0x0000_0003;

    /// Decodes the parameter of the interruption, the word at real address X'80'.
    #[must_use]
    pub const fn from_parameter(parameter: u32) -> Self {
        let address = parameter & Self::SCCB_ADDRESS;
        Self {
            sccb: if address == 0 { None } else { Some(address) },
            event_pending: parameter & Self::EVENT_PENDING != 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_decoded() {
        for (parameter, sccb, event_pending) in [
            (0x0000_0001, None, true),
            (0x0001_2000, Some(0x0001_2000), false),
            (0x0001_2001, Some(0x0001_2000), true),
            (0x7FFF_F002, Some(0x7FFF_F000), true),
            (0x0000_0004, None, false),
        ] {
            assert_eq!(
                ServiceSignal::from_parameter(parameter),
                ServiceSignal { sccb, event_pending },
                "{parameter:#010x}"
            );
        }
    }
}
