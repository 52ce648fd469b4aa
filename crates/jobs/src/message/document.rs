//! The table of all messages, for people.

use super::{CATALOGUE, Entry, KERNEL};
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;

/// What stands above the table.
const HEAD: &str = "\
# Messages

Each message is one line on the console: an identifier, a space, the text. The identifier is `CCW`, three digits
and how serious it is: `I` information, `W` warning, `E` error. In the texts below, what stands in braces varies.

Lines that begin with `TRACE ` are no messages but trace lines (`trace=on`), and the last line of all begins with
`RESULT ` and is for programs.

A message of a job that was started on the console has `job ` and the job's number, as `display jobs` shows it, and a
colon before its text.

This table is made from the supervisor's own catalogue (`crates/jobs/src/message`); a test compares the two, and
writes the table anew when it is run with `WRITE_DOCUMENTS=1`.

| identifier | text | meaning |
|---|---|---|
";

/// The text of `docs/messages.md`.
#[must_use]
pub fn document() -> String {
    let mut entries: Vec<&Entry> = KERNEL.iter().chain(CATALOGUE).collect();
    entries.sort_by_key(|entry| entry.identifier);
    let mut document = String::from(HEAD);
    for Entry { identifier, text, meaning } in entries {
        // Writing to a string does not fail.
        let _ = writeln!(document, "| {identifier} | `{text}` | {meaning} |");
    }
    document
}
