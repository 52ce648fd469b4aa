//! Finding the devices, and making their subchannels ready for I/O.
//!
//! [`find_devices`] looks at every subchannel of every set with STORE SUBCHANNEL, after turning
//! the multiple-subchannel-set facility on. [`enable`] makes one of them ready with MODIFY
//! SUBCHANNEL, and reads back whether it is: the instruction's condition code does not say so.

use crate::chsc::{ChscBlock, ChscResponse};
use crate::ids::{DeviceId, SubchannelId, SubchannelSet};
use crate::interruption::InterruptionSubclass;
use crate::irb::Irb;
use crate::machine::{Machine, Microseconds, Wake};
use crate::pmcw::{ConcurrentSense, Enablement, Pmcw, Schib, SubchannelType};
use crate::program::WakeSink;
use crate::subsystem::{ChannelSubsystem, ChscCc, MschCc, StschCc, TschCc};
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

/// A subchannel that leads to a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FoundDevice {
    /// How instructions address it.
    pub subchannel: SubchannelId,
    /// How an operator calls it.
    pub device: DeviceId,
    /// How the subchannel was set when it was found.
    pub pmcw: Pmcw,
}

/// Why the multiple-subchannel-set facility could not be turned on. Then there is set 0 alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MultipleSetsError {
    /// CHANNEL SUBSYSTEM CALL gave condition code 2, again and again.
    Busy,
    /// CHANNEL SUBSYSTEM CALL gave condition code 3.
    NotOperational,
    /// The channel subsystem refused.
    Refused(ChscResponse),
    /// The channel subsystem stored no response.
    NoResponse,
}

impl fmt::Display for MultipleSetsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("multiple subchannel sets cannot be enabled: CHSC ")?;
        match self {
            Self::Busy => f.write_str("is busy"),
            Self::NotOperational => f.write_str("is not operational"),
            Self::Refused(response) => write!(f, "answered {response}"),
            Self::NoResponse => f.write_str("stored no response"),
        }
    }
}

impl core::error::Error for MultipleSetsError {}

/// How often an instruction is tried that is answered with busy or status pending.
const ATTEMPTS: u32 = 5;

/// How long to wait before an instruction that was answered with busy is tried again.
const BUSY_PAUSE: Microseconds = Microseconds(100);

/// Turns the multiple-subchannel-set facility on; sets 1 to 3 are there from then on.
///
/// # Errors
/// [`MultipleSetsError`] when it stays off.
pub fn enable_multiple_sets<C: ChannelSubsystem>(
    channels: &mut C,
) -> Result<(), MultipleSetsError> {
    let mut block: Box<ChscBlock> = Box::default();
    for _ in 0..ATTEMPTS {
        block.enable_multiple_subchannel_sets();
        match channels.chsc(&mut block) {
            ChscCc::Responded => {
                return match block.response() {
                    Some(ChscResponse::Done) => Ok(()),
                    Some(other) => Err(MultipleSetsError::Refused(other)),
                    None => Err(MultipleSetsError::NoResponse),
                };
            }
            ChscCc::Busy => {}
            ChscCc::NotOperational => return Err(MultipleSetsError::NotOperational),
        }
    }
    Err(MultipleSetsError::Busy)
}

/// All devices, in the order of their subchannels, and what became of the further sets.
#[derive(Clone, Debug)]
pub struct FoundDevices {
    /// The devices.
    pub devices: Vec<FoundDevice>,
    /// Whether sets 1 to 3 were looked at, or why not.
    pub multiple_sets: Result<(), MultipleSetsError>,
}

/// Finds every I/O subchannel with a valid device number, in every subchannel set.
///
/// A set ends at the first subchannel for which STORE SUBCHANNEL gives condition code 3; in QEMU
/// that is the one after the last there is, so that the work grows with the devices.
pub fn find_devices<C: ChannelSubsystem>(channels: &mut C) -> FoundDevices {
    let multiple_sets = enable_multiple_sets(channels);
    let sets = match multiple_sets {
        Ok(()) => SubchannelSet::ALL.as_slice(),
        Err(_) => &[SubchannelSet::ZERO],
    };
    let mut devices = Vec::new();
    for &set in sets {
        find_in_set(channels, set, &mut devices);
    }
    FoundDevices { devices, multiple_sets }
}

fn find_in_set<C: ChannelSubsystem>(
    channels: &mut C,
    set: SubchannelSet,
    devices: &mut Vec<FoundDevice>,
) {
    let mut schib = Schib::default();
    for number in 0..=u16::MAX {
        let subchannel = SubchannelId::new(set, number);
        match channels.stsch(subchannel, &mut schib) {
            StschCc::Stored => {}
            StschCc::NotOperational => return,
        }
        devices.extend(device_at(subchannel, &schib));
    }
}

/// What [`FoundDevice`] a subchannel is, if it leads to a device at all.
fn device_at(subchannel: SubchannelId, schib: &Schib) -> Option<FoundDevice> {
    let number = schib.pmcw.device_number()?;
    (schib.pmcw.subchannel_type() == SubchannelType::Io).then(|| FoundDevice {
        subchannel,
        device: DeviceId::new(subchannel.set(), number),
        pmcw: schib.pmcw,
    })
}

/// Looks at one subchannel; `None` when there is none, or none that leads to a device.
pub fn find_device<C: ChannelSubsystem>(
    channels: &mut C,
    subchannel: SubchannelId,
) -> Option<FoundDevice> {
    let mut schib = Schib::default();
    match channels.stsch(subchannel, &mut schib) {
        StschCc::Stored => device_at(subchannel, &schib),
        StschCc::NotOperational => None,
    }
}

/// How a subchannel is to be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SubchannelSettings {
    /// Enabled or not.
    pub enablement: Enablement,
    /// Subclass of its interruptions.
    pub subclass: InterruptionSubclass,
    /// What its interruption codes carry when no ORB gave anything else.
    pub interruption_parameter: u32,
}

/// Why a subchannel could not be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettingError {
    /// STORE SUBCHANNEL gave condition code 3: there is no such subchannel.
    NoSubchannel,
    /// Its device number is not valid: it leads to no device.
    NoDevice,
    /// MODIFY SUBCHANNEL gave condition code 1, however often the status was taken.
    StatusPending,
    /// MODIFY SUBCHANNEL gave condition code 2, however often it was tried.
    Busy,
    /// MODIFY SUBCHANNEL or TEST SUBCHANNEL gave condition code 3.
    NotOperational,
    /// MODIFY SUBCHANNEL gave condition code 0, and the settings read back are others.
    NotTaken,
}

impl fmt::Display for SettingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoSubchannel => "there is no such subchannel",
            Self::NoDevice => "the subchannel leads to no device",
            Self::StatusPending => "the subchannel stays status pending",
            Self::Busy => "the subchannel stays busy",
            Self::NotOperational => "the subchannel is not operational",
            Self::NotTaken => "the subchannel did not take the settings",
        })
    }
}

impl core::error::Error for SettingError {}

/// Sets a subchannel and gives back how it is set then.
///
/// Interruptions that are taken meanwhile go to `others`.
///
/// # Errors
/// [`SettingError`]; the subchannel may have been set in part then.
pub fn set_subchannel<M: Machine>(
    machine: &mut M,
    others: &mut impl WakeSink,
    subchannel: SubchannelId,
    settings: &SubchannelSettings,
) -> Result<Pmcw, SettingError> {
    let mut last = SettingError::NotTaken;
    for _ in 0..ATTEMPTS {
        let mut schib = stored(machine, subchannel)?;
        if matches(&schib.pmcw, settings) {
            return Ok(schib.pmcw);
        }
        schib.pmcw.set_enablement(settings.enablement);
        schib.pmcw.set_subclass(settings.subclass);
        schib.pmcw.set_interruption_parameter(settings.interruption_parameter);
        schib.pmcw.set_concurrent_sense(ConcurrentSense::Off);
        last = match machine.msch(subchannel, &schib) {
            MschCc::Modified => SettingError::NotTaken,
            MschCc::StatusPending => {
                take_status(machine, subchannel)?;
                SettingError::StatusPending
            }
            MschCc::Busy => {
                pause(machine, others);
                SettingError::Busy
            }
            MschCc::NotOperational => return Err(SettingError::NotOperational),
        };
        if last == SettingError::NotTaken {
            // Modified: whether it was taken shows in what is stored now.
            let pmcw = stored(machine, subchannel)?.pmcw;
            if matches(&pmcw, settings) {
                return Ok(pmcw);
            }
        }
    }
    Err(last)
}

/// Enables a subchannel for I/O; see [`set_subchannel`].
///
/// # Errors
/// [`SettingError`].
pub fn enable<M: Machine>(
    machine: &mut M,
    others: &mut impl WakeSink,
    subchannel: SubchannelId,
    subclass: InterruptionSubclass,
    interruption_parameter: u32,
) -> Result<Pmcw, SettingError> {
    let enablement = Enablement::Enabled;
    let settings = SubchannelSettings { enablement, subclass, interruption_parameter };
    set_subchannel(machine, others, subchannel, &settings)
}

/// Disables a subchannel; see [`set_subchannel`]. A virtio-ccw device forgets its revision by it.
///
/// # Errors
/// [`SettingError`].
pub fn disable<M: Machine>(
    machine: &mut M,
    others: &mut impl WakeSink,
    subchannel: SubchannelId,
) -> Result<Pmcw, SettingError> {
    let settings = SubchannelSettings {
        enablement: Enablement::Disabled,
        subclass: InterruptionSubclass::default(),
        interruption_parameter: 0,
    };
    set_subchannel(machine, others, subchannel, &settings)
}

fn stored<M: Machine>(machine: &mut M, subchannel: SubchannelId) -> Result<Schib, SettingError> {
    let mut schib = Schib::default();
    match machine.stsch(subchannel, &mut schib) {
        StschCc::Stored if schib.pmcw.device_number().is_some() => Ok(schib),
        StschCc::Stored => Err(SettingError::NoDevice),
        StschCc::NotOperational => Err(SettingError::NoSubchannel),
    }
}

fn matches(pmcw: &Pmcw, settings: &SubchannelSettings) -> bool {
    pmcw.enablement() == settings.enablement
        && pmcw.subclass() == settings.subclass
        && pmcw.interruption_parameter() == settings.interruption_parameter
        && pmcw.concurrent_sense() == ConcurrentSense::Off
}

/// Takes the status that stands in the way.
fn take_status<M: Machine>(machine: &mut M, subchannel: SubchannelId) -> Result<(), SettingError> {
    match machine.tsch(subchannel, &mut Irb::default()) {
        TschCc::StatusWasPending | TschCc::NotStatusPending => Ok(()),
        TschCc::NotOperational => Err(SettingError::NotOperational),
    }
}

/// Lets a busy subchannel get on; whatever is interrupted meanwhile goes to `others`.
fn pause<M: Machine>(machine: &mut M, others: &mut impl WakeSink) {
    let until = machine.now().after(BUSY_PAUSE);
    loop {
        match machine.wait(Some(until)) {
            Wake::Timeout => return,
            other @ (Wake::Io(_) | Wake::ChannelReport | Wake::Service) => others.wake(other),
        }
    }
}
