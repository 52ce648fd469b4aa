//! The words of `cargo xtask run`.
//!
//! What stands after `--` are kernel parameters, except for our own options, which people put there too:
//! [`options_first`] moves them to the front before the command line is parsed.

use std::ffi::{OsStr, OsString};

use super::Options;

/// Options of `run` that take a value, and that may also stand after `--`.
const WITH_VALUE: [&str; 3] = ["--disk", "--memory", "--time-limit"];

/// Options of `run` without one.
const ALONE: [&str; 1] = ["--trace"];

/// For `run`, moves options that stand after `--` before it. Other words stay as they are.
pub(crate) fn options_first(words: Vec<OsString>) -> Vec<OsString> {
    let is_run = words.get(1).is_some_and(|word| word == "run");
    let Some(separator) = words.iter().position(|word| word == "--").filter(|_| is_run) else {
        return words;
    };
    let (before, after) = words.split_at(separator);
    let mut front = before.to_vec();
    let mut parameters = Vec::new();
    let mut rest = after.iter().skip(1).cloned();
    while let Some(word) = rest.next() {
        let text = word.to_string_lossy().into_owned();
        if WITH_VALUE.contains(&text.as_str()) {
            front.push(word);
            front.extend(rest.next());
        } else if is_option(&text) {
            front.push(word);
        } else {
            parameters.push(word);
        }
    }
    front.push(OsString::from("--"));
    front.extend(parameters);
    front
}

/// `--trace`, or `--disk=…` and its like.
fn is_option(word: &str) -> bool {
    let joined = word.split_once('=').map(|(name, _)| name);
    ALONE.contains(&word) || joined.is_some_and(|name| WITH_VALUE.contains(&name))
}

/// The kernel's parameter line.
pub(super) fn parameter_line(options: &Options) -> OsString {
    let mut line = options.parameters.join(OsStr::new(" "));
    if options.trace {
        if !line.is_empty() {
            line.push(" ");
        }
        line.push("trace=on");
    }
    line
}

/// A size of memory: `512`, `512M`, `2G`.
pub(super) fn memory_mebibytes(text: &str) -> Result<u64, String> {
    let expected = || format!("{text:?} is no size of memory: expected mebibytes, 512M or 2G");
    let (digits, factor) = match text.strip_suffix(['G', 'g']) {
        Some(digits) => (digits, 1024),
        None => (text.strip_suffix(['M', 'm']).unwrap_or(text), 1),
    };
    let number: u64 = digits.parse().map_err(|_| expected())?;
    number.checked_mul(factor).filter(|mebibytes| *mebibytes > 0).ok_or_else(expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reordered(line: &str) -> String {
        let words = line.split(' ').map(OsString::from).collect();
        let words = options_first(words);
        words.join(OsStr::new(" ")).to_string_lossy().into_owned()
    }

    #[test]
    fn options_may_stand_anywhere() {
        for (line, expected) in [
            ("x run --disk 1=a -- run=copy", "x run --disk 1=a -- run=copy"),
            (
                "x run -- run=copy --disk 1=a from=1 --disk=2=b",
                "x run --disk 1=a --disk=2=b -- run=copy from=1",
            ),
            (
                "x run --trace -- --memory 1G --trace a=b",
                "x run --trace --memory 1G --trace -- a=b",
            ),
            ("x run -- --colour=blue -x --", "x run -- --colour=blue -x --"),
            ("x run -- --disk", "x run --disk --"),
            ("x run", "x run"),
            ("x test -- --disk 1=a", "x test -- --disk 1=a"),
        ] {
            assert_eq!(reordered(line), expected);
        }
    }

    #[test]
    fn memory_has_units() {
        for (text, mebibytes) in [("512", 512), ("512M", 512), ("2G", 2048), ("8m", 8)] {
            assert_eq!(memory_mebibytes(text), Ok(mebibytes));
        }
        for text in ["", "M", "0", "-1", "1.5G", "1T", "18446744073709551615G"] {
            let error = memory_mebibytes(text).unwrap_err();
            assert!(error.contains(&format!("{text:?}")), "{error}");
        }
    }
}
