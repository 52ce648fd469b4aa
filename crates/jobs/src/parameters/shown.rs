//! Bytes of any kind as a short piece of printable ASCII.

use alloc::string::String;
use core::fmt;

/// How many bytes are shown before the rest is left out.
const MOST_BYTES: usize = 48;

/// Shows bytes so that they fit in a line of plain text: printable ASCII as it is, a backslash doubled,
/// anything else as `\xff`; of more than 48 bytes the first 48, and `...`.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a>(pub &'a [u8]);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.0.iter().take(MOST_BYTES) {
            match byte {
                b'\\' => f.write_str("\\\\")?,
                b' '..=b'~' => write!(f, "{}", char::from(*byte))?,
                _ => write!(f, "\\x{byte:02x}")?,
            }
        }
        if self.0.len() > MOST_BYTES {
            f.write_str("...")?;
        }
        Ok(())
    }
}

/// A copy of a word. Not inlined, for messages need one in many places, and seldom.
#[inline(never)]
pub(crate) fn copied(word: &str) -> String {
    word.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn shown_as_plain_text() {
        let cases: [(&[u8], &str); 5] = [
            (b"from=0001", "from=0001"),
            (b"a\\b", "a\\\\b"),
            (b"\x1b[2J\x7f", "\\x1b[2J\\x7f"),
            ("gr\u{fc}n".as_bytes(), "gr\\xc3\\xbcn"),
            (&[b'x'; 49], "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx..."),
        ];
        for (bytes, text) in cases {
            assert_eq!(Shown(bytes).to_string(), text);
        }
    }
}
