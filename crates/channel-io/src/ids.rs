//! Names of subchannels and of devices.
//!
//! A *subchannel* is what the I/O instructions address: [`SubchannelId`], the subsystem-identification
//! word in general register 1 (PoP SA22-7832-13, ch. 14, I/O-INSTRUCTION FORMATS). A *device number* is
//! what an operator calls a device by: [`DeviceNumber`], or in full [`DeviceId`], `0.0.0001`. The two
//! are not the same number: the path-management-control word of a subchannel ([`crate::Pmcw`])
//! says which device it leads to.

use core::fmt;
use core::str::FromStr;

/// One of the four sets of 65,536 subchannels of a channel subsystem image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubchannelSet(u8);

impl SubchannelSet {
    /// The set that is there even without the multiple-subchannel-set facility.
    pub const ZERO: Self = Self(0);

    /// All sets, in order. Those after the first need the multiple-subchannel-set facility.
    pub const ALL: [Self; 4] = [Self(0), Self(1), Self(2), Self(3)];

    /// The set of this number, if it is one of 0 to 3.
    #[must_use]
    pub const fn new(number: u8) -> Option<Self> {
        if number < 4 { Some(Self(number)) } else { None }
    }

    /// The number of the set, 0 to 3.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }
}

impl fmt::Display for SubchannelSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The name of a subchannel: its set, and its number in the set.
///
/// Shown as `0.<set>.<number>`, the number in four hexadecimal digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubchannelId {
    set: SubchannelSet,
    number: u16,
}

/// A word that names no subchannel of this image.
///
/// Bit 15 of a subsystem-identification word is one, and bits 0 to 12 (image number and its format)
/// are zero as long as the multiple-channel-subsystem facility is not in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SubchannelIdError {
    /// The word.
    pub word: u32,
}

impl fmt::Display for SubchannelIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#010x} is no subsystem-identification word", self.word)
    }
}

impl core::error::Error for SubchannelIdError {}

impl SubchannelId {
    const ONE: u32 = 0x0001_0000;
    const SET_SHIFT: u32 = 17;

    /// The subchannel of this number in `set`.
    #[must_use]
    pub const fn new(set: SubchannelSet, number: u16) -> Self {
        Self { set, number }
    }

    /// The subchannel set.
    #[must_use]
    pub const fn set(self) -> SubchannelSet {
        self.set
    }

    /// The number in the set.
    #[must_use]
    pub const fn number(self) -> u16 {
        self.number
    }

    /// The subsystem-identification word, as general register 1 holds it.
    #[must_use]
    pub const fn word(self) -> u32 {
        Self::ONE | ((self.set.0 as u32) << Self::SET_SHIFT) | self.number as u32
    }

    /// The subchannel that a subsystem-identification word names.
    ///
    /// # Errors
    /// [`SubchannelIdError`] if it does not name one of this image.
    pub const fn from_word(word: u32) -> Result<Self, SubchannelIdError> {
        let [high, low, n0, n1] = word.to_be_bytes();
        if high != 0 || low & 0xf9 != 0x01 {
            return Err(SubchannelIdError { word });
        }
        Ok(Self { set: SubchannelSet((low >> 1) & 3), number: u16::from_be_bytes([n0, n1]) })
    }
}

impl fmt::Display for SubchannelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0.{}.{:04x}", self.set, self.number)
    }
}

/// A device number: how a device is called within its subchannel set. Shown as four hexadecimal digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceNumber(pub u16);

impl fmt::Display for DeviceNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04x}", self.0)
    }
}

/// A device in full: image of the channel subsystem, subchannel set, device number.
///
/// Shown as `0.0.0001`, and read from that or from the device number alone, which then
/// stands for the one in image 0 and set 0. The digits are hexadecimal, with or without leading zeros.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceId {
    /// Image of the channel subsystem; 0 is the one that the program runs in.
    pub image: u8,
    /// Subchannel set.
    pub set: SubchannelSet,
    /// Device number.
    pub number: DeviceNumber,
}

impl DeviceId {
    /// The device of this number in `set` of the program's own image.
    #[must_use]
    pub const fn new(set: SubchannelSet, number: DeviceNumber) -> Self {
        Self { image: 0, set, number }
    }
}

impl fmt::Display for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}.{}.{}", self.image, self.set, self.number)
    }
}

/// Why a text names no device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParseDeviceIdError {
    /// Nothing there at all.
    Empty,
    /// Neither one part nor three parts with dots between them; how many there were.
    Parts(usize),
    /// The image of the channel subsystem is not 0 to fe in one or two hexadecimal digits.
    Image,
    /// The subchannel set is not 0 to 3.
    Set,
    /// The device number is not one to four hexadecimal digits.
    Number,
}

impl fmt::Display for ParseDeviceIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("expected a device, as in 0001 or 0.0.0001"),
            Self::Parts(parts) => {
                write!(
                    f,
                    "expected a device of one part or three, as in 0001 or 0.0.0001, not {parts}"
                )
            }
            Self::Image => {
                f.write_str("expected a channel subsystem (first part) in hexadecimal, 0 to fe")
            }
            Self::Set => f.write_str("expected a subchannel set (second part) from 0 to 3"),
            Self::Number => {
                f.write_str("expected a device number of one to four hexadecimal digits")
            }
        }
    }
}

impl core::error::Error for ParseDeviceIdError {}

/// Reads `text` as 1 to `max_digits` hexadecimal digits and nothing else (no sign, no prefix); at most four.
fn hexadecimal(text: &[u8], max_digits: usize) -> Option<u16> {
    if text.is_empty() || text.len() > max_digits {
        return None;
    }
    text.iter().try_fold(0u16, |number, digit| {
        let digit = char::from(*digit).to_digit(16)?;
        number.checked_mul(16)?.checked_add(u16::try_from(digit).ok()?)
    })
}

impl FromStr for DeviceNumber {
    type Err = ParseDeviceIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() {
            return Err(ParseDeviceIdError::Empty);
        }
        hexadecimal(text.as_bytes(), 4).map(Self).ok_or(ParseDeviceIdError::Number)
    }
}

impl DeviceId {
    /// Reads a device from ASCII; any other byte is no digit.
    ///
    /// # Errors
    /// [`ParseDeviceIdError`] if it names none.
    #[inline(never)]
    pub fn from_ascii(text: &[u8]) -> Result<Self, ParseDeviceIdError> {
        let mut parts = text.split(|byte| *byte == b'.');
        let (first, second, third) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
        let number =
            |text| hexadecimal(text, 4).map(DeviceNumber).ok_or(ParseDeviceIdError::Number);
        match (second, third, parts.count()) {
            (None, None, 0) if first.is_empty() => Err(ParseDeviceIdError::Empty),
            (None, None, 0) => Ok(Self::new(SubchannelSet::ZERO, number(first)?)),
            (Some(set), Some(last), 0) => {
                let image = hexadecimal(first, 2)
                    .and_then(|image| u8::try_from(image).ok())
                    .filter(|image| *image <= 0xfe)
                    .ok_or(ParseDeviceIdError::Image)?;
                let set = hexadecimal(set, 1)
                    .and_then(|set| u8::try_from(set).ok())
                    .and_then(SubchannelSet::new)
                    .ok_or(ParseDeviceIdError::Set)?;
                Ok(Self { image, set, number: number(last)? })
            }
            (_, _, more) => {
                let parts = 1 + usize::from(second.is_some()) + usize::from(third.is_some()) + more;
                Err(ParseDeviceIdError::Parts(parts))
            }
        }
    }
}

impl FromStr for DeviceId {
    type Err = ParseDeviceIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::from_ascii(text.as_bytes())
    }
}
