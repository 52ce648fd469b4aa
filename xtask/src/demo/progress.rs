//! A bar on the terminal, fed from what the kernel prints.
//!
//! The kernel tells how far a job is in lines such as
//! `CCW020I copy 0.0.0001: 12582912 of 67108864 bytes, 18 percent`. [`Progress::of_line`] reads them
//! leniently: two numbers with `of` between them. Where standard error is no terminal there is no bar,
//! only a line for each step.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::command::say;

/// The message that tells how far a job is.
const IDENTIFIER: &str = "CCW020I";

/// How far a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Progress<'a> {
    done: u64,
    total: u64,
    /// Of what: `bytes`, `entries`.
    unit: &'a str,
}

impl<'a> Progress<'a> {
    fn of_line(line: &'a str) -> Option<Self> {
        let text = line.strip_prefix(IDENTIFIER)?;
        let words: Vec<&str> = text.split_whitespace().collect();
        let place = words.iter().position(|word| *word == "of")?;
        let done = words.get(place.checked_sub(1)?)?.parse().ok()?;
        let total = words.get(place + 1)?.trim_end_matches(',').parse().ok()?;
        let unit = words.get(place + 2).map_or("", |unit| unit.trim_end_matches(','));
        Some(Self { done, total, unit })
    }
}

/// One step of the demo, on the terminal.
#[derive(Clone, Debug)]
pub(super) struct Step {
    bar: ProgressBar,
}

impl Step {
    /// Shows that a step has begun.
    pub(super) fn begin(title: &str) -> Self {
        let bar = ProgressBar::new_spinner();
        bar.set_style(style("{spinner} {msg:24} {elapsed}"));
        bar.set_message(title.to_owned());
        if bar.is_hidden() {
            say(title);
        }
        bar.enable_steady_tick(Duration::from_millis(100));
        Self { bar }
    }

    /// Takes a line of the console.
    pub(super) fn see(&self, line: &str) {
        let Some(Progress { done, total, unit }) = Progress::of_line(line) else { return };
        if self.bar.length() != Some(total) {
            self.bar.set_length(total);
            self.bar.set_style(style(match unit {
                "bytes" => "  {msg:24} [{bar:36}] {bytes} of {total_bytes}, {eta} left",
                _ => "  {msg:24} [{bar:36}] {human_pos} of {human_len}, {eta} left",
            }));
        }
        self.bar.set_position(done);
    }

    /// Ends the step and says what came of it.
    pub(super) fn end(&self, result: &str) {
        let title = self.bar.message();
        let hidden = self.bar.is_hidden();
        self.bar.finish_and_clear();
        if hidden {
            say(format!("{title}: {result}"));
        } else {
            eprintln!("  {title:24} {result}");
        }
    }
}

/// A template's style; the default style if the template were wrong, which the tests rule out.
fn style(template: &str) -> ProgressStyle {
    let parsed = ProgressStyle::with_template(template);
    parsed.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_read_from_the_console() {
        let line = "CCW020I copy 0.0.0001: 12582912 of 67108864 bytes, 18 percent";
        let expected = Progress { done: 12_582_912, total: 67_108_864, unit: "bytes" };
        assert_eq!(Progress::of_line(line), Some(expected));
        let line = "CCW020I replay 0.0.0001: 7 of 3249 entries";
        let expected = Progress { done: 7, total: 3249, unit: "entries" };
        assert_eq!(Progress::of_line(line), Some(expected));
        assert!(Progress::of_line("CCW020I 7 of 9").is_some());
        for line in [
            "",
            "CCW020I",
            "CCW020I of",
            "CCW020I of 9",
            "CCW020I x of 9 bytes",
            "CCW020I 7 of many",
            "CCW022I copy 0.0.0001: 7 of 9 bytes",
        ] {
            assert_eq!(Progress::of_line(line), None, "{line}");
        }
    }

    #[test]
    fn templates_are_right() {
        for template in [
            "{spinner} {msg:24} {elapsed}",
            "  {msg:24} [{bar:36}] {bytes} of {total_bytes}, {eta} left",
            "  {msg:24} [{bar:36}] {human_pos} of {human_len}, {eta} left",
        ] {
            assert!(ProgressStyle::with_template(template).is_ok());
        }
    }

    #[test]
    fn a_bar_follows_the_lines() {
        let step = Step::begin("copying");
        step.see("CCW020I copy 0.0.0001: 5 of 10 bytes, 50 percent");
        assert_eq!((step.bar.position(), step.bar.length()), (5, Some(10)));
        step.see("anything else");
        assert_eq!(step.bar.position(), 5);
        step.end("done");
        assert!(step.bar.is_finished());
    }
}
