//! The kernel's trace lines, decoded.
//!
//! With `trace=on` the kernel prints a line for every I/O instruction, interruption and detour:
//! `TRACE <seconds>.<microseconds> <WHAT> key=value …`; words after a value say what it means, as in
//! `cc=0 started`. A [`Trace`] holds the lines in order; a [`Record`] is one. [`Trace::with`] picks the
//! records of one device, [`Trace::following`] those of one request and of the second request that the
//! mirror made for it, [`Trace::expect_in_order`] checks that steps happened in an order: so the
//! scenarios judge the path of a mirrored write.

use std::fmt;

use anyhow::{Result, bail};

/// What a trace line starts with.
pub const PREFIX: &str = "TRACE ";

/// One trace line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its time, since the kernel's start.
    pub microseconds: u64,
    /// What happened: the words before the first `key=value`.
    pub what: String,
    /// The pairs, in their order.
    pub fields: Vec<Field>,
    /// The line itself.
    pub line: String,
}

/// A `key=value` of a trace line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The key.
    pub key: String,
    /// The value, without quotation marks.
    pub value: String,
    /// The words that follow it, such as `started` after `cc=0`; empty if none do.
    pub meaning: String,
}

impl Record {
    /// The value of a field; the first, if there are several of the name.
    #[must_use]
    pub fn field(&self, key: &str) -> Option<&str> {
        self.find(key).map(|field| field.value.as_str())
    }

    fn find(&self, key: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.key == key)
    }

    /// The value of a field as a number: decimal, or hexadecimal after `0x`.
    #[must_use]
    pub fn number(&self, key: &str) -> Option<u64> {
        let value = self.field(key)?;
        match value.strip_prefix("0x") {
            Some(digits) => u64::from_str_radix(digits, 16).ok(),
            None => value.parse().ok(),
        }
    }

    /// The words that say what the value of a field means: `started` of `cc=0 started`; `None` if it
    /// stands alone.
    #[must_use]
    pub fn meaning(&self, key: &str) -> Option<&str> {
        self.find(key).map(|field| field.meaning.as_str()).filter(|words| !words.is_empty())
    }

    /// Whether the record has this field with this value.
    #[must_use]
    pub fn has(&self, key: &str, value: &str) -> bool {
        self.field(key) == Some(value)
    }
}

/// A line that starts like a trace line but is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MalformedTrace {
    line: String,
    expected: &'static str,
}

impl fmt::Display for MalformedTrace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "expected {} in the trace line {:?}", self.expected, self.line)
    }
}

impl std::error::Error for MalformedTrace {}

/// All trace lines of a console, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// The records.
    pub records: Vec<Record>,
}

impl Trace {
    /// Decodes the trace lines among the lines of a console.
    ///
    /// # Errors
    /// A line that starts with `TRACE ` is malformed.
    pub fn from_console<S: AsRef<str>>(lines: &[S]) -> Result<Self, MalformedTrace> {
        let traced = lines.iter().map(AsRef::as_ref).filter(|line| line.starts_with(PREFIX));
        Ok(Self { records: traced.map(parse).collect::<Result<_, _>>()? })
    }

    /// The records in which `key` has this value: one request, or one device.
    #[must_use]
    pub fn with(&self, key: &str, value: &str) -> Self {
        self.filter(|record| record.has(key, value))
    }

    /// The records of one request, and of the second request that the mirror made for it if it did: the
    /// front-end detour names it in the field `second`.
    #[must_use]
    pub fn following(&self, request: &str) -> Self {
        let first = self.with("request", request);
        let second = first.records.iter().find_map(|record| record.field("second"));
        self.filter(|record| {
            record.field("request").is_some_and(|one| one == request || Some(one) == second)
        })
    }

    /// The records of this kind.
    #[must_use]
    pub fn of(&self, what: &str) -> Self {
        self.filter(|record| record.what == what)
    }

    /// The records for which `keep` is true.
    #[must_use]
    pub fn filter(&self, keep: impl Fn(&Record) -> bool) -> Self {
        let records = self.records.iter().filter(|record| keep(record));
        Self { records: records.cloned().collect() }
    }

    /// The kinds of the records, in order: for comparing a whole path at once.
    #[must_use]
    pub fn kinds(&self) -> Vec<&str> {
        self.records.iter().map(|record| record.what.as_str()).collect()
    }

    /// Checks that records of these kinds occur in this order; others may come between them.
    ///
    /// # Errors
    /// A step is missing after the one before it; the message shows the trace.
    pub fn expect_in_order(&self, steps: &[&str]) -> Result<()> {
        let mut rest = self.records.iter();
        for (number, step) in steps.iter().enumerate() {
            if !rest.any(|record| record.what == *step) {
                bail!("step {} ({step}) of {steps:?} is missing in:\n{self}", number + 1);
            }
        }
        Ok(())
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for record in &self.records {
            writeln!(formatter, "    {}", record.line)?;
        }
        Ok(())
    }
}

fn parse(line: &str) -> Result<Record, MalformedTrace> {
    let malformed = |expected| MalformedTrace { line: line.to_owned(), expected };
    let text = line.strip_prefix(PREFIX).ok_or_else(|| malformed("TRACE"))?;
    let (time, rest) = text.split_once(' ').unwrap_or((text, ""));
    let microseconds = time_of(time).ok_or_else(|| malformed("<seconds>.<6 digits>"))?;
    let words = split_words(rest).ok_or_else(|| malformed("a closing quotation mark"))?;
    let mut what: Vec<&str> = Vec::new();
    let mut fields: Vec<Field> = Vec::new();
    for word in &words {
        match (word.split_once('='), fields.last_mut()) {
            (Some((key, value)), _) => fields.push(Field {
                key: key.to_owned(),
                value: value.trim_matches('"').to_owned(),
                meaning: String::new(),
            }),
            (None, Some(field)) => {
                let gap = if field.meaning.is_empty() { "" } else { " " };
                field.meaning.extend([gap, word]);
            }
            (None, None) => what.push(word),
        }
    }
    if what.is_empty() {
        return Err(malformed("what happened, after the time,"));
    }
    Ok(Record { microseconds, what: what.join(" "), fields, line: line.to_owned() })
}

/// `12.000345` as microseconds.
fn time_of(text: &str) -> Option<u64> {
    let (seconds, fraction) = text.split_once('.')?;
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if fraction.len() != 6 || !digits(seconds) || !digits(fraction) {
        return None;
    }
    let seconds: u64 = seconds.parse().ok()?;
    let fraction: u64 = fraction.parse().ok()?;
    seconds.checked_mul(1_000_000)?.checked_add(fraction)
}

/// Splits at spaces that are not between quotation marks; `None` if one is left open.
fn split_words(text: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quoted = false;
    for character in text.chars() {
        match character {
            ' ' if !quoted => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            '"' => {
                quoted = !quoted;
                word.push(character);
            }
            other => word.push(other),
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    (!quoted).then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINES: [&str; 8] = [
        "CCW001I hello",
        "TRACE 0.000017 SSCH device=0.0.0001 orb=0x2000 cc=0 started at once",
        "TRACE 1.000002 FRONT-END request=7 op=write second=8",
        "TRACE 1.000003 VIRTQUEUE available request=7 decided=\"second request made\"",
        "TRACE 1.000005 FRONT-END request=8 op=write",
        "TRACE 1.000007 POST request=8",
        "TRACE 1.000009 POST request=7",
        "TRACE 1.000010 POST request=9",
    ];

    #[test]
    fn lines_become_records() {
        let trace = Trace::from_console(&LINES).unwrap();
        assert_eq!(trace.records.len(), 7);
        let first = &trace.records[0];
        assert_eq!((first.microseconds, first.what.as_str()), (17, "SSCH"));
        assert_eq!(first.field("device"), Some("0.0.0001"));
        assert_eq!((first.number("cc"), first.number("orb")), (Some(0), Some(0x2000)));
        assert_eq!((first.number("device"), first.number("none")), (None, None));
        assert_eq!(first.meaning("cc"), Some("started at once"));
        assert_eq!((first.meaning("orb"), first.meaning("none")), (None, None));
        assert_eq!(trace.records[1].microseconds, 1_000_002);
        assert_eq!(trace.records[2].what, "VIRTQUEUE available");
        assert_eq!(trace.records[2].field("decided"), Some("second request made"));
    }

    #[test]
    fn one_request_can_be_followed() {
        let trace = Trace::from_console(&LINES).unwrap();
        let request = trace.with("request", "7");
        assert_eq!(request.kinds(), ["FRONT-END", "VIRTQUEUE available", "POST"]);
        let both = trace.following("7");
        assert_eq!(both.kinds(), ["FRONT-END", "VIRTQUEUE available", "FRONT-END", "POST", "POST"]);
        both.expect_in_order(&["FRONT-END", "FRONT-END", "POST"]).unwrap();
        assert_eq!(trace.following("9").kinds(), ["POST"]);
        assert_eq!(trace.of("POST").records.len(), 3);
    }

    #[test]
    fn a_wrong_order_is_reported() {
        let trace = Trace::from_console(&LINES).unwrap();
        let error = trace.expect_in_order(&["POST", "SSCH"]).unwrap_err().to_string();
        assert!(error.contains("step 2 (SSCH)") && error.contains(LINES[1]), "{error}");
        assert!(trace.with("request", "7").expect_in_order(&["POST", "POST"]).is_err());
    }

    #[test]
    fn malformed_lines_are_refused() {
        for line in [
            "TRACE ",
            "TRACE 1 SSCH",
            "TRACE 1.0 SSCH",
            "TRACE -1.000000 SSCH",
            "TRACE 1.000000",
            "TRACE 1.000000 key=value",
            "TRACE 1.000000 SSCH a=\"open",
        ] {
            assert!(Trace::from_console(&[line]).is_err(), "{line}");
        }
    }
}
