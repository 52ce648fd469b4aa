//! The values: from bytes to what they mean, each with its own mistakes.

use super::key::nearest;
use super::{BenchOperation, Given, JobKind, Key, PairNames, Problem, Trace};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use channel_io::DeviceId;
use core::ops::RangeInclusive;
use mirror::{Initial, Leg, OnPrimaryError, OnSecondaryError};

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
    in_range(key, decimal(key, value)?, range)
}

/// A number of bytes, with K or M for 1024 and 1024².
pub(super) fn bytes(key: Key, value: &[u8], range: &RangeInclusive<u64>) -> Result<u64, Mistake> {
    let (digits, unit) = match value.split_last() {
        Some((b'k' | b'K', digits)) => (digits, 1024),
        Some((b'm' | b'M', digits)) => (digits, 1024 * 1024),
        Some(_) | None => (value, 1),
    };
    let number = decimal(key, digits)?.checked_mul(unit).ok_or(Problem::TooLarge(key))?;
    in_range(key, number, range)
}

/// A decimal number. One that has no room in 64 bits is too large for every key.
fn decimal(key: Key, digits: &[u8]) -> Result<u64, Problem> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(Problem::NotANumber(key));
    }
    let number = digits.iter().try_fold(0u64, |number, digit| {
        number.checked_mul(10)?.checked_add(u64::from(digit - b'0'))
    });
    number.ok_or(Problem::TooLarge(key))
}

fn in_range(key: Key, number: u64, range: &RangeInclusive<u64>) -> Result<u64, Mistake> {
    if number < *range.start() {
        return Err(Problem::TooSmall(key).into());
    }
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

/// One of the words that there are for a key, each with what it stands for.
#[inline(never)]
fn one_of<T: Copy>(
    key: Key,
    value: &[u8],
    [one, other]: [(&'static str, T); 2],
) -> Result<T, Mistake> {
    for (name, meaning) in [one, other] {
        if name.as_bytes() == value {
            return Ok(meaning);
        }
    }
    Err(unknown(key, value, &[one.0, other.0]))
}

pub(super) fn trace(value: &[u8]) -> Result<Trace, Mistake> {
    one_of(Key::Trace, value, [("on", Trace::On), ("off", Trace::Off)])
}

pub(super) fn initial(value: &[u8]) -> Result<Initial, Mistake> {
    one_of(Key::Establish, value, [("nocopy", Initial::NoCopy), ("copy", Initial::Copy)])
}

pub(super) fn on_secondary_error(value: &[u8]) -> Result<OnSecondaryError, Mistake> {
    let values = [("suspend", OnSecondaryError::Suspend), ("fail", OnSecondaryError::Fail)];
    one_of(Key::OnSecondaryError, value, values)
}

pub(super) fn on_primary_error(value: &[u8]) -> Result<OnPrimaryError, Mistake> {
    let values = [("swap", OnPrimaryError::Swap), ("fail", OnPrimaryError::Fail)];
    one_of(Key::OnPrimaryError, value, values)
}

pub(super) fn leg(value: &[u8]) -> Result<Leg, Mistake> {
    one_of(Key::Repair, value, [("primary", Leg::Primary), ("secondary", Leg::Secondary)])
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
