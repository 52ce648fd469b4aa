//! A parameter line as it is meant to be read: an independent reader, slow and plain.

use channel_io::{DeviceId, DeviceNumber, SubchannelSet};

/// A word of a line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Word<'a>(&'a [u8]);

impl<'a> Word<'a> {
    /// All of it.
    pub(crate) const fn bytes(&self) -> &'a [u8] {
        self.0
    }

    fn halves(&self) -> Option<(&'a [u8], &'a [u8])> {
        let equals = self.0.iter().position(|byte| *byte == b'=')?;
        Some((self.0.get(..equals)?, self.0.get(equals + 1..)?))
    }

    /// What stands before the first `=`.
    pub(crate) fn key(&self) -> Option<&'a [u8]> {
        self.halves().map(|(key, _)| key)
    }
}

/// The words of a line.
#[derive(Debug)]
pub(crate) struct Reading<'a> {
    words: Vec<Word<'a>>,
}

impl<'a> Reading<'a> {
    pub(crate) fn of(line: &'a [u8]) -> Self {
        let line = line.split(|byte| *byte == 0).next().unwrap_or_default();
        let words = line.split(|byte| b" \t\r\n".contains(byte));
        Self { words: words.filter(|word| !word.is_empty()).map(Word).collect() }
    }

    pub(crate) fn words(&self) -> &[Word<'a>] {
        &self.words
    }

    /// The value of the first word with a key.
    pub(crate) fn value(&self, key: &str) -> Option<&'a [u8]> {
        let halves = self.words.iter().filter_map(Word::halves);
        halves.filter(|(name, _)| *name == key.as_bytes()).map(|(_, value)| value).next()
    }

    /// The first job that is named, if it is one.
    pub(crate) fn job(&self) -> Option<&'static str> {
        let halves = self.words.iter().filter_map(Word::halves);
        let mut named = halves.filter(|(key, _)| *key == b"run").map(|(_, value)| value);
        named.find_map(|value| {
            let jobs = jobs::parameters::JobKind::NAMED.map(jobs::parameters::JobKind::name);
            jobs.into_iter().find(|job| job.as_bytes() == value)
        })
    }

    /// Whether this is a word of the line, or a pair of its `mirror=` words, as it can be shown.
    pub(crate) fn has(&self, text: &str) -> bool {
        self.words.iter().any(|word| {
            let pairs = match word.halves() {
                Some((b"mirror", pairs)) => pairs,
                Some(_) | None => &[],
            };
            let mut pairs = pairs.split(|byte| *byte == b',');
            shown(word.0) == text || pairs.any(|pair| format!("mirror={}", shown(pair)) == text)
        })
    }

    /// The decimal number that a key has.
    pub(crate) fn number(&self, key: &str) -> Option<u64> {
        self.value(key).map(|text| match decimal(text) {
            Some(number) => number,
            None => panic!("{key}={} was accepted as a number", shown(text)),
        })
    }

    /// The number of bytes that a key has.
    pub(crate) fn bytes(&self, key: &str) -> Option<u64> {
        let text = self.value(key)?;
        let (digits, unit) = match text {
            [digits @ .., b'K' | b'k'] => (digits, 1024),
            [digits @ .., b'M' | b'm'] => (digits, 1024 * 1024),
            _ => (text, 1),
        };
        match decimal(digits).and_then(|number| number.checked_mul(unit)) {
            Some(number) => Some(number),
            None => panic!("{key}={} was accepted as a number of bytes", shown(text)),
        }
    }
}

/// A number that is nothing but digits and has room in 64 bits.
pub(crate) fn decimal(text: &[u8]) -> Option<u64> {
    let digits = text.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(text).ok().filter(|_| digits)?.parse().ok()
}

/// A device that was accepted.
pub(crate) fn device(text: &[u8]) -> DeviceId {
    match device_of(text) {
        Some(device) => device,
        None => panic!("{} was accepted as a device", shown(text)),
    }
}

/// The device that a text names.
pub(crate) fn device_of(text: &[u8]) -> Option<DeviceId> {
    let parts: Vec<_> = text.split(|byte| *byte == b'.').collect();
    let (image, set, number) = match parts.as_slice() {
        [number] => (0, 0, number),
        [image, set, number] => (hexadecimal(image, 2)?, hexadecimal(set, 1)?, number),
        _ => return None,
    };
    let set = SubchannelSet::new(u8::try_from(set).ok()?)?;
    let image = u8::try_from(image).ok().filter(|image| *image != 0xff)?;
    Some(DeviceId { image, set, number: DeviceNumber(hexadecimal(number, 4)?) })
}

fn hexadecimal(text: &[u8], most_digits: usize) -> Option<u16> {
    let digits = text.iter().all(u8::is_ascii_hexdigit) && text.len() <= most_digits;
    let text = std::str::from_utf8(text).ok().filter(|_| digits)?;
    u16::from_str_radix(text, 16).ok()
}

/// Bytes as messages show them: printable ASCII, a backslash doubled, all else as `\xff`, 48 bytes at most.
pub(crate) fn shown(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes.iter().take(48) {
        match byte {
            b'\\' => text.push_str(r"\\"),
            0x20..=0x7e => text.push(char::from(*byte)),
            _ => text.push_str(&format!(r"\x{byte:02x}")),
        }
    }
    if bytes.len() > 48 {
        text.push_str("...");
    }
    text
}
