//! Names of subchannels and devices: words, texts, and what is refused.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use channel_io::{DeviceId, DeviceNumber, ParseDeviceIdError, SubchannelId, SubchannelSet};
use proptest::prelude::*;

fn device(image: u8, set: u8, number: u16) -> DeviceId {
    let set = SubchannelSet::new(set).unwrap();
    DeviceId { image, set, number: DeviceNumber(number) }
}

#[test]
fn subsystem_identification_words() {
    let last = SubchannelId::new(SubchannelSet::new(3).unwrap(), 0xffff);
    assert_eq!(SubchannelId::new(SubchannelSet::ZERO, 0).word(), 0x0001_0000);
    assert_eq!(last.word(), 0x0007_ffff);
    assert_eq!(last.to_string(), "0.3.ffff");
    for word in [0, 0x0000_0001, 0x0008_0000, 0x0009_0001, 0x0101_0000, 0x0011_0000, 0xffff_ffff] {
        assert_eq!(SubchannelId::from_word(word).map(SubchannelId::word).ok(), None, "{word:#x}");
    }
}

#[test]
fn devices_are_read_in_both_forms() {
    for (text, expected) in [
        ("0.0.0001", device(0, 0, 1)),
        ("0001", device(0, 0, 1)),
        ("1", device(0, 0, 1)),
        ("AbCd", device(0, 0, 0xabcd)),
        ("fe.3.ffff", device(0xfe, 3, 0xffff)),
    ] {
        assert_eq!(text.parse(), Ok(expected), "{text}");
    }
}

#[test]
fn what_is_no_device_is_refused_with_the_reason() {
    for (text, expected) in [
        ("", ParseDeviceIdError::Empty),
        ("0.1", ParseDeviceIdError::Parts(2)),
        ("0.0.0.1", ParseDeviceIdError::Parts(4)),
        ("....", ParseDeviceIdError::Parts(5)),
        ("ff.0.1", ParseDeviceIdError::Image),
        (".0.1", ParseDeviceIdError::Image),
        ("0.4.1", ParseDeviceIdError::Set),
        ("0..1", ParseDeviceIdError::Set),
        ("0.00.1", ParseDeviceIdError::Set),
        ("0.0.", ParseDeviceIdError::Number),
        ("00001", ParseDeviceIdError::Number),
        ("+1", ParseDeviceIdError::Number),
        ("0x1", ParseDeviceIdError::Number),
        (" 1", ParseDeviceIdError::Number),
        ("é", ParseDeviceIdError::Number),
    ] {
        assert_eq!(text.parse::<DeviceId>(), Err(expected), "{text:?}");
    }
    assert_eq!("".parse::<DeviceNumber>(), Err(ParseDeviceIdError::Empty));
    assert_eq!("0.0.1".parse::<DeviceNumber>(), Err(ParseDeviceIdError::Number));
    assert_eq!(
        ParseDeviceIdError::Parts(2).to_string(),
        "expected a device of one part or three, as in 0001 or 0.0.0001, not 2"
    );
}

proptest! {
    #[test]
    fn words_round_trip(set in 0u8..4, number: u16) {
        let id = SubchannelId::new(SubchannelSet::new(set).unwrap(), number);
        prop_assert_eq!(SubchannelId::from_word(id.word()), Ok(id));
    }

    #[test]
    fn any_word_is_one_name_or_none(word: u32) {
        if let Ok(id) = SubchannelId::from_word(word) {
            prop_assert_eq!(id.word(), word);
        }
    }

    #[test]
    fn device_texts_round_trip(image in 0u8..=0xfe, set in 0u8..4, number: u16) {
        let id = device(image, set, number);
        prop_assert_eq!(id.to_string().parse(), Ok(id));
        prop_assert_eq!(id.number.to_string().parse(), Ok(id.number));
    }

    #[test]
    fn no_text_is_worse_than_an_error(text in ".*") {
        let _ = text.parse::<DeviceId>();
    }
}
