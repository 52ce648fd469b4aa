//! The values: from bytes to what they mean, each with its own mistakes.

use super::key::nearest;
use super::{BenchOperation, Given, JobKind, Key, PairNames, Problem, Trace};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use channel_io::DeviceId;
use core::ops::RangeInclusive;
use mirror::Leg;

use super::{Shown, copied};

/// What is wrong, and with which word where that is not the whole one.
pub(super) struct Mistake {
    pub(super) word: Option<String>,
    pub(super) problem: Problem,
}

impl From<Problem> for Mistake {
    fn from(problem: Problem) -> Self {
        Self { word: None, problem }
    }
}

/// A whole decimal number in `range`.
#[inline(never)]
pub(super) fn number(key: Key, value: &[u8], range: &RangeInclusive<u64>) -> Result<u64, Mistake> {
    let number = decimal(value).ok_or(Problem::NotANumber(key))?;
    in_range(key, number, range)
}

/// A number of bytes, with K or M for 1024 and 1024².
pub(super) fn bytes(key: Key, value: &[u8], range: &RangeInclusive<u64>) -> Result<u64, Mistake> {
    let (digits, unit) = match value.split_last() {
        Some((b'k' | b'K', digits)) => (digits, 1024),
        Some((b'm' | b'M', digits)) => (digits, 1024 * 1024),
        Some(_) | None => (value, 1),
    };
    let number = decimal(digits).ok_or(Problem::NotANumber(key))?;
    in_range(key, number.saturating_mul(unit), range)
}

/// A decimal number; one that is too large for 64 bits is the largest that is not.
fn decimal(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0u64, |number, digit| {
        let digit = char::from(*digit).to_digit(10)?;
        Some(number.saturating_mul(10).saturating_add(u64::from(digit)))
    })
}

fn in_range(key: Key, number: u64, range: &RangeInclusive<u64>) -> Result<u64, Mistake> {
    if number < *range.start() {
        return Err(Problem::TooSmall(key).into());
    }
    // A number that was too large for 64 bits is at their end: no range but the whole reaches there.
    if number > *range.end() {
        return Err(Problem::TooLarge(key).into());
    }
    Ok(number)
}

/// What no value of a key is called; `names` are those that there are.
fn unknown(key: Key, value: &[u8], names: &[&'static str]) -> Mistake {
    Problem::UnknownValue { key, nearest: nearest(value, names) }.into()
}

pub(super) fn job(value: &[u8]) -> Result<JobKind, Mistake> {
    let job = JobKind::NAMED.into_iter().find(|job| job.name().as_bytes() == value);
    job.ok_or_else(|| unknown(Key::Run, value, &JobKind::NAMED.map(JobKind::name)))
}

pub(super) fn operation(value: &[u8]) -> Result<BenchOperation, Mistake> {
    let all = BenchOperation::ALL;
    let operation = all.into_iter().find(|operation| operation.name().as_bytes() == value);
    operation.ok_or_else(|| unknown(Key::Op, value, &all.map(BenchOperation::name)))
}

pub(super) fn trace(value: &[u8]) -> Result<Trace, Mistake> {
    match value {
        b"on" => Ok(Trace::On),
        b"off" => Ok(Trace::Off),
        _ => Err(unknown(Key::Trace, value, &["on", "off"])),
    }
}

pub(super) fn device(value: &[u8]) -> Result<DeviceId, Mistake> {
    DeviceId::from_ascii(value).map_err(|error| Problem::Device(error).into())
}

/// The pairs of `mirror=`, no device in two places.
pub(super) fn pairs(value: &[u8]) -> Result<Vec<Given<PairNames>>, Mistake> {
    let mut pairs: Vec<Given<PairNames>> = Vec::new();
    for text in value.split(|byte| *byte == b',') {
        let word = format!("{}={}", Key::Mirror, Shown(text));
        let fault = |problem| Mistake { word: Some(copied(&word)), problem };
        let pair = pair(text).map_err(fault)?;
        if pair.primary == pair.secondary {
            return Err(fault(Problem::PairWithItself));
        }
        for device in [pair.primary, pair.secondary] {
            if let Some(other) = pairs.iter().find(|given| given.value.has(device)) {
                let other = copied(&other.word);
                return Err(fault(Problem::InTwoPairs { device, other }));
            }
        }
        pairs.push(Given { value: pair, word });
    }
    Ok(pairs)
}

fn pair(text: &[u8]) -> Result<PairNames, Problem> {
    let mut parts = text.split(|byte| *byte == b':');
    let (Some(primary), Some(secondary), None) = (parts.next(), parts.next(), parts.next()) else {
        return Err(Problem::NotAPair);
    };
    let of =
        |leg, text| DeviceId::from_ascii(text).map_err(|error| Problem::PairDevice { leg, error });
    Ok(PairNames { primary: of(Leg::Primary, primary)?, secondary: of(Leg::Secondary, secondary)? })
}
