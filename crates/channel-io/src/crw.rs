//! The channel-report word: what STORE CHANNEL REPORT WORD stores.
//!
//! The channel subsystem reports by it that subchannels or paths have come, gone or changed (PoP
//! SA22-7832-13, ch. 17, CHANNEL-REPORT WORD).

use crate::ids::{SubchannelId, SubchannelSet};
use core::fmt;
use core::mem::{align_of, size_of};
use zerocopy::byteorder::big_endian::U16;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// What a report is about (RSC).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportingSource {
    /// 2: the channel-subsystem monitoring facility.
    MonitoringFacility,
    /// 3: a subchannel.
    Subchannel,
    /// 4: a channel path.
    ChannelPath,
    /// 9: the configuration-alert facility.
    ConfigurationAlert,
    /// 11: the channel subsystem itself: event information is pending.
    ChannelSubsystem,
    /// Not assigned.
    Other(u8),
}

/// What has happened to it (ERC).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorRecovery {
    /// 0: nothing to be recovered; event information pending.
    EventInformationPending,
    /// 1: available.
    Available,
    /// 2: initialized, all settings lost.
    Initialized,
    /// 3: temporary error.
    TemporaryError,
    /// 4: installed parameters initialized: a device has come or gone or has other settings.
    InstalledParametersInitialized,
    /// 5: terminal.
    Terminal,
    /// 6: permanent error, facility not initialized.
    PermanentErrorNotInitialized,
    /// 7: permanent error, facility initialized.
    PermanentErrorInitialized,
    /// 8: installed parameters modified.
    InstalledParametersModified,
    /// Not assigned.
    Other(u8),
}

impl ErrorRecovery {
    /// What a code means; of a wider number the low six bits count.
    #[must_use]
    pub const fn from_code(code: u8) -> Self {
        match code & 0x3f {
            0 => Self::EventInformationPending,
            1 => Self::Available,
            2 => Self::Initialized,
            3 => Self::TemporaryError,
            4 => Self::InstalledParametersInitialized,
            5 => Self::Terminal,
            6 => Self::PermanentErrorNotInitialized,
            7 => Self::PermanentErrorInitialized,
            8 => Self::InstalledParametersModified,
            other => Self::Other(other),
        }
    }

    /// The code, 0 to 63.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::EventInformationPending => 0,
            Self::Available => 1,
            Self::Initialized => 2,
            Self::TemporaryError => 3,
            Self::InstalledParametersInitialized => 4,
            Self::Terminal => 5,
            Self::PermanentErrorNotInitialized => 6,
            Self::PermanentErrorInitialized => 7,
            Self::InstalledParametersModified => 8,
            Self::Other(code) => code & 0x3f,
        }
    }
}

/// The channel-report word: one word on a word boundary.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout,
)]
#[repr(C, align(4))]
pub struct Crw {
    flags: U16,
    source_id: U16,
}

const _: () = assert!(size_of::<Crw>() == 4 && align_of::<Crw>() == 4);

impl Crw {
    const SOLICITED: u16 = 0x4000;
    const OVERFLOW: u16 = 0x2000;
    const CHAINED: u16 = 0x1000;
    const ANCILLARY: u16 = 0x0080;
    /// Bits 26 and 27 of the second word of a report: the subchannel set.
    const SET_SHIFT: u32 = 4;

    /// A report about a subchannel: one word that can only mean set 0, as long as the
    /// multiple-subchannel-set facility is off.
    #[must_use]
    pub fn for_subchannel_number(number: u16, recovery: ErrorRecovery) -> Self {
        let flags = 0x0300 | u16::from(recovery.code());
        Self { flags: flags.into(), source_id: number.into() }
    }

    /// A report about a subchannel when the multiple-subchannel-set facility is on: two words, the
    /// first one chained, the second one with the set.
    #[must_use]
    pub fn for_subchannel(subchannel: SubchannelId, recovery: ErrorRecovery) -> [Self; 2] {
        let second = u16::from(subchannel.set().number()) << Self::SET_SHIFT;
        let first = Self::for_subchannel_number(subchannel.number(), recovery);
        let chained = Self { flags: (first.flags.get() | Self::CHAINED).into(), ..first };
        [chained, Self { source_id: second.into(), ..first }]
    }

    /// The word as a number.
    #[must_use]
    pub fn word(&self) -> u32 {
        u32::from(self.flags.get()) << 16 | u32::from(self.source_id.get())
    }

    /// Whether a program's own doing brought the report about.
    #[must_use]
    pub fn is_solicited(&self) -> bool {
        self.flags.get() & Self::SOLICITED != 0
    }

    /// Whether reports after this one were lost: everything must be looked at anew.
    #[must_use]
    pub fn is_overflow(&self) -> bool {
        self.flags.get() & Self::OVERFLOW != 0
    }

    /// Whether the next word belongs to the same report.
    #[must_use]
    pub fn is_chained(&self) -> bool {
        self.flags.get() & Self::CHAINED != 0
    }

    /// Ancillary report.
    #[must_use]
    pub fn is_ancillary(&self) -> bool {
        self.flags.get() & Self::ANCILLARY != 0
    }

    /// What it is about.
    #[must_use]
    pub fn source(&self) -> ReportingSource {
        let [high, _] = self.flags.get().to_be_bytes();
        match high & 0x0f {
            2 => ReportingSource::MonitoringFacility,
            3 => ReportingSource::Subchannel,
            4 => ReportingSource::ChannelPath,
            9 => ReportingSource::ConfigurationAlert,
            11 => ReportingSource::ChannelSubsystem,
            other => ReportingSource::Other(other),
        }
    }

    /// What has happened.
    #[must_use]
    pub fn recovery(&self) -> ErrorRecovery {
        let [_, low] = self.flags.get().to_be_bytes();
        ErrorRecovery::from_code(low)
    }

    /// The number of the subchannel or path that it is about.
    #[must_use]
    pub fn source_id(&self) -> u16 {
        self.source_id.get()
    }

    /// The subchannel that a report is about: this word, and the next one if it is chained. `None`
    /// when the report is about something else.
    #[must_use]
    pub fn reported_subchannel(&self, next: Option<&Self>) -> Option<SubchannelId> {
        if self.source() != ReportingSource::Subchannel {
            return None;
        }
        let set = match (self.is_chained(), next) {
            (false, _) => SubchannelSet::ZERO,
            (true, None) => return None,
            (true, Some(next)) => {
                let [_, low] = next.source_id().to_be_bytes();
                SubchannelSet::new((low >> Self::SET_SHIFT) & 3)?
            }
        };
        Some(SubchannelId::new(set, self.source_id()))
    }
}

impl fmt::Display for ReportingSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MonitoringFacility => f.write_str("monitoring-facility"),
            Self::Subchannel => f.write_str("subchannel"),
            Self::ChannelPath => f.write_str("channel-path"),
            Self::ConfigurationAlert => f.write_str("configuration-alert"),
            Self::ChannelSubsystem => f.write_str("channel-subsystem"),
            Self::Other(code) => write!(f, "other-{code}"),
        }
    }
}

impl fmt::Display for ErrorRecovery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EventInformationPending => f.write_str("event-information-pending"),
            Self::Available => f.write_str("available"),
            Self::Initialized => f.write_str("initialized"),
            Self::TemporaryError => f.write_str("temporary-error"),
            Self::InstalledParametersInitialized => f.write_str("installed-parameters-initialized"),
            Self::Terminal => f.write_str("terminal"),
            Self::PermanentErrorNotInitialized => f.write_str("permanent-error-not-initialized"),
            Self::PermanentErrorInitialized => f.write_str("permanent-error-initialized"),
            Self::InstalledParametersModified => f.write_str("installed-parameters-modified"),
            Self::Other(code) => write!(f, "other-{code}"),
        }
    }
}

/// `source=subchannel id=0003 recovery=installed-parameters-initialized flags=chained`.
impl fmt::Display for Crw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "source={} id={:04x} recovery={} flags=",
            self.source(),
            self.source_id,
            self.recovery()
        )?;
        let names = [
            (self.is_solicited(), "solicited"),
            (self.is_overflow(), "overflow"),
            (self.is_chained(), "chained"),
            (self.is_ancillary(), "ancillary"),
        ];
        crate::words::join(f, &mut names.into_iter().filter(|(on, _)| *on).map(|(_, name)| name))
    }
}
