//! The kernel's own word on its run: the `RESULT` line.
//!
//! The last line that the kernel prints is `RESULT ` and one JSON object. [`Verdict::from_console`]
//! reads it and insists that it is the last line and the only one of its kind. Fields that this
//! version does not know are kept in [`Verdict::other`].

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

/// What the line starts with.
pub const PREFIX: &str = "RESULT ";

/// How the job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Everything was done, on every leg.
    Ok,
    /// The job's own work is complete and safe on at least one leg.
    Degraded,
    /// The job was not done, or not begun.
    Failed,
}

impl fmt::Display for Status {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Ok => "ok",
            Self::Degraded => "degraded",
            Self::Failed => "failed",
        })
    }
}

/// One mirrored pair as it was at the end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pair {
    /// The primary's address, such as `0.0.0001`.
    pub primary: String,
    /// The secondary's address.
    pub secondary: String,
    /// `duplex`, `suspended`, `simplex` or another state of the pair.
    pub state: String,
    /// Why it is in that state; empty when there is nothing to say.
    #[serde(default, deserialize_with = "null_as_default")]
    pub reason: String,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// How long requests took, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    /// The median.
    pub p50: f64,
    /// 99 of 100 requests took no longer.
    pub p99: f64,
    /// The longest.
    pub max: f64,
}

/// The `RESULT` line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// The job that ran.
    #[serde(default, deserialize_with = "null_as_default")]
    pub job: String,
    /// How it ended.
    pub status: Status,
    /// Read requests of the job.
    #[serde(default)]
    pub reads: u64,
    /// Write requests of the job.
    #[serde(default)]
    pub writes: u64,
    /// Flush requests of the job.
    #[serde(default)]
    pub flushes: u64,
    /// Bytes that the job moved.
    #[serde(default)]
    pub bytes: u64,
    /// Second requests that the mirror made.
    #[serde(default)]
    pub mirrored_writes: u64,
    /// Second requests whose start was put off.
    #[serde(default)]
    pub deferred_starts: u64,
    /// How long the job took.
    #[serde(default)]
    pub microseconds: u64,
    /// Every pair.
    #[serde(default)]
    pub pairs: Vec<Pair>,
    /// What went wrong; empty when nothing did.
    #[serde(default, deserialize_with = "null_as_default")]
    pub error: String,
    /// Requests a second (`run=bench`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iops: Option<f64>,
    /// How long requests took (`run=bench`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_us: Option<Latency>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Why the console of a run holds no verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VerdictError {
    /// No line starts with `RESULT `.
    Missing,
    /// More than one line does.
    Several {
        /// How many.
        count: usize,
    },
    /// Something was printed after it.
    NotLast {
        /// The first line after it.
        follower: String,
    },
    /// What follows the word is not the object that it should be.
    Malformed {
        /// The line.
        line: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl fmt::Display for VerdictError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => write!(formatter, "the console has no RESULT line"),
            Self::Several { count } => {
                write!(formatter, "the console has {count} RESULT lines; there must be one")
            }
            Self::NotLast { follower } => {
                write!(formatter, "the RESULT line is not the last one; {follower:?} follows")
            }
            Self::Malformed { line, reason } => {
                write!(formatter, "the RESULT line cannot be read ({reason}): {line}")
            }
        }
    }
}

impl std::error::Error for VerdictError {}

impl Verdict {
    /// Reads the verdict from all lines of a console.
    ///
    /// # Errors
    /// The line is missing, there are several, it is not the last, or it is malformed.
    pub fn from_console<S: AsRef<str>>(lines: &[S]) -> Result<Self, VerdictError> {
        let mut results =
            lines.iter().enumerate().filter(|(_, line)| line.as_ref().starts_with(PREFIX));
        let Some((place, line)) = results.next() else {
            return Err(VerdictError::Missing);
        };
        let count = 1 + results.count();
        if count > 1 {
            return Err(VerdictError::Several { count });
        }
        if let Some(follower) = lines.get(place + 1) {
            return Err(VerdictError::NotLast { follower: follower.as_ref().to_owned() });
        }
        Self::from_line(line.as_ref())
    }

    /// Reads the verdict from the line itself.
    ///
    /// # Errors
    /// The line does not start with `RESULT `, or what follows is not the object that it should be.
    pub fn from_line(line: &str) -> Result<Self, VerdictError> {
        let object = line.strip_prefix(PREFIX).ok_or(VerdictError::Missing)?;
        serde_json::from_str(object).map_err(|error| VerdictError::Malformed {
            line: line.to_owned(),
            reason: error.to_string(),
        })
    }

    /// The pair with this primary, such as `0.0.0001`; the last, if there were several one after the other.
    #[must_use]
    pub fn pair(&self, primary: &str) -> Option<&Pair> {
        self.pairs.iter().rfind(|pair| pair.primary == primary)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COPY: &str = r#"RESULT {"job":"copy","status":"ok","reads":3,"writes":2,"flushes":1,"bytes":1024,"mirrored_writes":2,"deferred_starts":0,"microseconds":77,"pairs":[{"primary":"0.0.0001","secondary":"0.0.0002","state":"duplex","reason":"","changed_blocks":5}],"error":"","extra":{"a":1}}"#;

    #[test]
    fn the_whole_line_is_read_and_unknown_fields_are_kept() {
        let verdict = Verdict::from_console(&["CCW001I hello", COPY]).unwrap();
        assert_eq!(verdict.job, "copy");
        assert_eq!(verdict.status, Status::Ok);
        assert_eq!((verdict.reads, verdict.writes, verdict.flushes), (3, 2, 1));
        assert_eq!((verdict.bytes, verdict.mirrored_writes), (1024, 2));
        assert_eq!((verdict.deferred_starts, verdict.microseconds), (0, 77));
        let pair = verdict.pair("0.0.0001").unwrap();
        assert_eq!(pair.secondary, "0.0.0002");
        assert_eq!(pair.state, "duplex");
        assert_eq!(pair.other["changed_blocks"], 5);
        assert_eq!(verdict.other["extra"]["a"], 1);
        assert!(verdict.pair("0.0.0002").is_none());
    }

    #[test]
    fn bench_adds_its_figures() {
        let line = r#"RESULT {"job":"bench","status":"ok","iops":1200,"latency_us":{"p50":1,"p99":2.5,"max":9},"error":null}"#;
        let verdict = Verdict::from_line(line).unwrap();
        assert_eq!(verdict.iops, Some(1200.0));
        let latency = verdict.latency_us.unwrap();
        assert_eq!((latency.p50, latency.p99, latency.max), (1.0, 2.5, 9.0));
        assert_eq!(verdict.error, "");
    }

    #[test]
    fn refusals() {
        let cases: [(&[&str], VerdictError); 4] = [
            (&[], VerdictError::Missing),
            (&["CCW001I RESULT {}"], VerdictError::Missing),
            (&[COPY, COPY], VerdictError::Several { count: 2 }),
            (
                &[COPY, "CCW002I and one more"],
                VerdictError::NotLast { follower: "CCW002I and one more".to_owned() },
            ),
        ];
        for (lines, expected) in cases {
            assert_eq!(Verdict::from_console(lines).unwrap_err(), expected);
        }
        for line in [
            "RESULT ",
            "RESULT {",
            "RESULT []",
            r#"RESULT {"job":"copy"}"#,
            r#"RESULT {"status":"fine"}"#,
            r#"RESULT {"status":"ok","reads":-1}"#,
            r#"RESULT {"status":"ok"} tail"#,
        ] {
            let error = Verdict::from_console(&[line]).unwrap_err();
            assert!(matches!(error, VerdictError::Malformed { .. }), "{line}: {error}");
        }
    }
}
