//! The I/O instructions as a trait, and what they answer.
//!
//! [`ChannelSubsystem`] has one method an instruction; the method does nothing but issue it and
//! hand back its condition code in words (PoP SA22-7832-13, ch. 14, I/O INSTRUCTIONS). Each
//! instruction has an enum of its own, for the same number means different things: 2 is *busy* for
//! SSCH, *not applicable* for RSCH.
//!
//! `zarch` implements the trait with the instructions themselves, `channel-sim` with a simulation.
//! [`crate::Traced`] stands in between and reports each of them.

use crate::chsc::ChscBlock;
use crate::crw::Crw;
use crate::ids::SubchannelId;
use crate::interruption::{InterruptionCode, InterruptionCodeError};
use crate::irb::Irb;
use crate::orb::Orb;
use crate::pmcw::Schib;
use core::fmt;

/// Defines the condition codes of one instruction, with their numbers and their words.
macro_rules! condition_codes {
    (
        $(#[$attribute:meta])*
        $name:ident { $($(#[$variant_attribute:meta])* $variant:ident = $code:literal $words:literal),+ $(,)? }
    ) => {
        $(#[$attribute])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[must_use]
        pub enum $name { $($(#[$variant_attribute])* $variant),+ }

        impl $name {
            /// What a condition code means; `None` for a code that the instruction never sets.
            #[must_use]
            pub const fn from_condition_code(code: u8) -> Option<Self> {
                match code {
                    $($code => Some(Self::$variant),)+
                    _ => None,
                }
            }

            /// The condition code as a number.
            #[must_use]
            pub const fn condition_code(self) -> u8 {
                match self { $(Self::$variant => $code),+ }
            }
        }

        /// The meaning in words.
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $(Self::$variant => $words),+ })
            }
        }
    };
}

condition_codes! {
    /// Condition code of START SUBCHANNEL.
    SschCc {
        /// The start function was accepted.
        Started = 0 "started",
        /// Status is pending and must be taken first (TSCH).
        StatusPending = 1 "status pending",
        /// A start, halt or clear function is in progress.
        Busy = 2 "busy",
        /// No such device, not enabled, or no path to it.
        NotOperational = 3 "not operational",
    }
}

condition_codes! {
    /// Condition code of TEST SUBCHANNEL.
    TschCc {
        /// Status was pending; it is stored, and taken from the subchannel.
        StatusWasPending = 0 "status was pending",
        /// No status was pending; what is stored is the state at present.
        NotStatusPending = 1 "status was not pending",
        /// No such subchannel; nothing is stored.
        NotOperational = 3 "not operational",
    }
}

condition_codes! {
    /// Condition code of STORE SUBCHANNEL.
    StschCc {
        /// The subchannel-information block is stored.
        Stored = 0 "stored",
        /// No such subchannel, and none of a higher number in the set.
        NotOperational = 3 "not operational",
    }
}

condition_codes! {
    /// Condition code of MODIFY SUBCHANNEL.
    MschCc {
        /// The subchannel is modified as asked, as far as it can be: read it back.
        Modified = 0 "modified",
        /// Status is pending and must be taken first (TSCH).
        StatusPending = 1 "status pending",
        /// A function is in progress.
        Busy = 2 "busy",
        /// No such subchannel.
        NotOperational = 3 "not operational",
    }
}

condition_codes! {
    /// Condition code of CLEAR SUBCHANNEL.
    CschCc {
        /// The clear function was accepted; its end is told by an interruption.
        Initiated = 0 "clear initiated",
        /// No such device, or not enabled.
        NotOperational = 3 "not operational",
    }
}

condition_codes! {
    /// Condition code of HALT SUBCHANNEL.
    HschCc {
        /// The halt function was accepted; its end is told by an interruption.
        Initiated = 0 "halt initiated",
        /// Status other than intermediate is pending and must be taken first (TSCH).
        StatusPending = 1 "status pending",
        /// A halt or clear function is in progress.
        Busy = 2 "busy",
        /// No such device, or not enabled.
        NotOperational = 3 "not operational",
    }
}

condition_codes! {
    /// Condition code of CANCEL SUBCHANNEL.
    XschCc {
        /// The start function was taken back before the device had anything of it.
        Canceled = 0 "canceled",
        /// Status is pending and must be taken first (TSCH).
        StatusPending = 1 "status pending",
        /// There is nothing that could be taken back any more.
        NotApplicable = 2 "not applicable",
        /// No such device, or not enabled.
        NotOperational = 3 "not operational",
    }
}

condition_codes! {
    /// Condition code of RESUME SUBCHANNEL.
    RschCc {
        /// The resume function was accepted.
        Initiated = 0 "resume initiated",
        /// Status is pending and must be taken first (TSCH).
        StatusPending = 1 "status pending",
        /// There is no suspended program.
        NotApplicable = 2 "not applicable",
        /// No such device, or not enabled.
        NotOperational = 3 "not operational",
    }
}

condition_codes! {
    /// Condition code of STORE CHANNEL REPORT WORD.
    StcrwCc {
        /// A report is stored, and taken from the queue of reports.
        Stored = 0 "report stored",
        /// There was none: zeros are stored.
        NonePending = 1 "no report pending",
    }
}

condition_codes! {
    /// Condition code of CHANNEL SUBSYSTEM CALL.
    ChscCc {
        /// The request was looked at: the response says what came of it.
        Responded = 0 "response stored",
        /// The channel subsystem is busy; ask again.
        Busy = 2 "busy",
        /// The instruction has no use here.
        NotOperational = 3 "not operational",
    }
}

/// Condition code of TEST PENDING INTERRUPTION, with what it stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum TpiCc {
    /// 0: no interruption of an allowed subclass is pending.
    NonePending,
    /// 1: an interruption was taken away from the subchannel; status is still pending there (TSCH).
    Stored(InterruptionCode),
    /// 1: an interruption was taken away that comes from no subchannel of this image.
    Foreign(InterruptionCodeError),
}

impl TpiCc {
    /// The condition code as a number.
    #[must_use]
    pub const fn condition_code(self) -> u8 {
        match self {
            Self::NonePending => 0,
            Self::Stored(_) | Self::Foreign(_) => 1,
        }
    }
}

/// The meaning in words, with the interruption code.
impl fmt::Display for TpiCc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NonePending => f.write_str("no interruption pending"),
            Self::Stored(code) => write!(f, "interruption code stored {code}"),
            Self::Foreign(error) => write!(f, "foreign interruption: {error}"),
        }
    }
}

/// What a notification gives back to be handed over with the next one for the same queue, so that
/// the host finds the queue faster. It means nothing to the program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HostCookie(pub u64);

/// What a notification (DIAGNOSE X'500' subcode 3) gave back in general register 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum NotifyOutcome {
    /// The device was notified.
    Notified(HostCookie),
    /// It was not; the negative number says why, in the host's own code.
    Refused(i64),
}

impl NotifyOutcome {
    /// The outcome that general register 2 tells.
    pub const fn from_register(value: i64) -> Self {
        if value < 0 {
            Self::Refused(value)
        } else {
            Self::Notified(HostCookie(value.cast_unsigned()))
        }
    }
}

impl fmt::Display for NotifyOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Notified(cookie) => write!(f, "outcome=notified next-cookie={:#x}", cookie.0),
            Self::Refused(code) => write!(f, "outcome=refused reason={code}"),
        }
    }
}

/// The I/O instructions.
///
/// What is passed by reference is an operand in main storage. An operand that the architecture
/// forbids would be a program interruption; the types leave little room for one.
pub trait ChannelSubsystem {
    /// START SUBCHANNEL: starts the channel program of `orb`.
    fn ssch(&mut self, subchannel: SubchannelId, orb: &Orb) -> SschCc;

    /// TEST SUBCHANNEL: takes the status, if any is pending, into `irb`.
    fn tsch(&mut self, subchannel: SubchannelId, irb: &mut Irb) -> TschCc;

    /// STORE SUBCHANNEL: reads how the subchannel is set and how it stands.
    fn stsch(&mut self, subchannel: SubchannelId, schib: &mut Schib) -> StschCc;

    /// MODIFY SUBCHANNEL: sets what a program may set.
    fn msch(&mut self, subchannel: SubchannelId, schib: &Schib) -> MschCc;

    /// CLEAR SUBCHANNEL: ends whatever goes on.
    fn csch(&mut self, subchannel: SubchannelId) -> CschCc;

    /// HALT SUBCHANNEL: ends what goes on in an orderly manner.
    fn hsch(&mut self, subchannel: SubchannelId) -> HschCc;

    /// CANCEL SUBCHANNEL: takes a start back that is still pending.
    fn xsch(&mut self, subchannel: SubchannelId) -> XschCc;

    /// RESUME SUBCHANNEL: goes on with a suspended program.
    fn rsch(&mut self, subchannel: SubchannelId) -> RschCc;

    /// TEST PENDING INTERRUPTION: takes an interruption without being interrupted.
    fn tpi(&mut self) -> TpiCc;

    /// STORE CHANNEL REPORT WORD: takes the next channel report.
    fn stcrw(&mut self, crw: &mut Crw) -> StcrwCc;

    /// CHANNEL SUBSYSTEM CALL: carries out the request in `block` and puts the response behind it.
    fn chsc(&mut self, block: &mut ChscBlock) -> ChscCc;

    /// DIAGNOSE X'500' subcode 3: tells a virtio-ccw device that there is something in its queue
    /// (VIRTIO 1.2, 4.3.3.2 Guest->Host Notification). `cookie` is what the last one for this queue
    /// gave back, the default at first.
    fn notify(&mut self, subchannel: SubchannelId, queue: u16, cookie: HostCookie)
    -> NotifyOutcome;
}
