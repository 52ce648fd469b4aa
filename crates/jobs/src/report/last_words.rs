//! The RESULT line of a supervisor that cannot go on: written without storage of its own.

use crate::json::{Escaped, List, Object};
use crate::report::{JobStatus, PairReport};
use core::fmt;

/// What is left to be said when a job ends by a fault of the supervisor. Shown as a whole RESULT line,
/// without its end; nothing is counted in it, for what was done is not known.
#[derive(Clone, Copy, Debug)]
pub struct LastWords<'a> {
    /// The job, as [`crate::Report::job`] has it.
    pub job: &'static str,
    /// What happened.
    pub error: fmt::Arguments<'a>,
}

impl fmt::Display for LastWords<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RESULT ")?;
        let mut object = Object::new(f);
        object.text("job", self.job)?.text("status", JobStatus::Failed.name())?;
        for count in [
            "reads",
            "writes",
            "flushes",
            "bytes",
            "mirrored_writes",
            "deferred_starts",
            "microseconds",
        ] {
            object.field(count, &0)?;
        }
        object.field("pairs", &List::<PairReport>(&[]))?.field("error", &Escaped(&self.error))?;
        object.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn they_are_a_result_line() {
        let words = LastWords { job: "copy", error: format_args!("panic at \"x\"\n{}", 5) };
        let line = words.to_string();
        let json = line.strip_prefix("RESULT ").unwrap();
        let value: serde_json::Value = serde_json::from_str(json).unwrap();
        assert_eq!(value["job"], "copy");
        assert_eq!(value["status"], "failed");
        assert_eq!(value["error"], "panic at \"x\"\n5");
        assert_eq!(value["pairs"], serde_json::json!([]));
        assert!(!line.contains('\n'));
    }
}
