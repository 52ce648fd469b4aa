//! The address of a disk as the guest's operator writes it.
//!
//! A channel-attached device is named `cssid.ssid.devno` in hexadecimal. The kernel's parameters
//! take `0.0.0001` or the bare device number `0001`; QEMU's `devno` property wants the channel
//! subsystem that it keeps for virtual devices, `fe`: `fe.0.0001`. [`DeviceAddress`] reads the
//! first two and writes all three. Used by [`crate::attachment`] and by the command line of `xtask`.

use std::fmt;
use std::str::FromStr;

/// The subchannel set (0 to 3) and the device number of one disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceAddress {
    subchannel_set: u8,
    number: u16,
}

/// Subchannel sets are numbered 0 to 3.
const LAST_SUBCHANNEL_SET: u8 = 3;

impl DeviceAddress {
    /// A device in subchannel set 0.
    #[must_use]
    pub const fn new(number: u16) -> Self {
        Self { subchannel_set: 0, number }
    }

    /// A device in another subchannel set; `None` if there is no such set.
    #[must_use]
    pub const fn in_set(subchannel_set: u8, number: u16) -> Option<Self> {
        if subchannel_set > LAST_SUBCHANNEL_SET {
            return None;
        }
        Some(Self { subchannel_set, number })
    }

    /// The device number.
    #[must_use]
    pub const fn number(self) -> u16 {
        self.number
    }

    /// The subchannel set, 0 to 3.
    #[must_use]
    pub const fn subchannel_set(self) -> u8 {
        self.subchannel_set
    }

    /// The value of QEMU's `devno` property, such as `fe.0.0001`.
    #[must_use]
    pub fn qemu_devno(self) -> String {
        format!("fe.{:x}.{:04x}", self.subchannel_set, self.number)
    }

    /// The identifier that [`crate::attachment::Attachment`] gives the device in QEMU, such as
    /// `disk-0-0001`: for QMP's `device_del` and the like.
    #[must_use]
    pub fn qemu_id(self) -> String {
        format!("disk-{:x}-{:04x}", self.subchannel_set, self.number)
    }
}

impl fmt::Display for DeviceAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "0.{:x}.{:04x}", self.subchannel_set, self.number)
    }
}

/// What was wrong with the text of a device address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseDeviceAddressError {
    text: String,
}

impl fmt::Display for ParseDeviceAddressError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{:?} is no device: expected a device number of one to four hexadecimal digits \
             such as 0001, or with its subchannel set, 0.0.0001",
            self.text
        )
    }
}

impl std::error::Error for ParseDeviceAddressError {}

impl FromStr for DeviceAddress {
    type Err = ParseDeviceAddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text).ok_or_else(|| ParseDeviceAddressError { text: text.to_owned() })
    }
}

fn parse(text: &str) -> Option<DeviceAddress> {
    let parts: Vec<&str> = text.split('.').collect();
    match parts.as_slice() {
        [number] => Some(DeviceAddress::new(hexadecimal(number)?)),
        ["0", set, number] => {
            let set = u8::try_from(hexadecimal(set)?).ok()?;
            DeviceAddress::in_set(set, hexadecimal(number)?)
        }
        _ => None,
    }
}

/// One to four hexadecimal digits and nothing else (`from_str_radix` would take a sign).
fn hexadecimal(digits: &str) -> Option<u16> {
    let all_digits = digits.chars().all(|digit| digit.is_ascii_hexdigit());
    if digits.is_empty() || digits.len() > 4 || !all_digits {
        return None;
    }
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read() {
        for (text, set, number) in [
            ("0001", 0, 1),
            ("1", 0, 1),
            ("0.0.0001", 0, 1),
            ("0.3.ffFF", 3, 0xffff),
            ("abcd", 0, 0xabcd),
        ] {
            let address: DeviceAddress = text.parse().unwrap();
            assert_eq!(Some(address), DeviceAddress::in_set(set, number), "{text}");
        }
    }

    #[test]
    fn refusals() {
        for text in [
            "",
            ".",
            "0.0",
            "0.0.",
            "00001",
            "+001",
            "0x01",
            "g",
            "1.0.0001",
            "0.4.0001",
            "0.0.0001.0",
            " 0001",
            "fe.0.0001",
        ] {
            let error = text.parse::<DeviceAddress>().unwrap_err().to_string();
            assert!(error.contains(&format!("{text:?}")), "{error}");
        }
    }

    #[test]
    fn all_forms_are_written() {
        let address = DeviceAddress::in_set(1, 0xab).unwrap();
        assert_eq!(address.to_string(), "0.1.00ab");
        assert_eq!(address.qemu_devno(), "fe.1.00ab");
        assert_eq!(address.qemu_id(), "disk-1-00ab");
    }
}
