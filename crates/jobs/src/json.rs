//! Writing JSON, as much of it as the RESULT line needs: objects, lists, numbers and texts, in ASCII.

use core::fmt::{self, Write as _};

/// Escapes what goes through it: everything that is not printable ASCII, and what a JSON string may not
/// have as it is.
struct Escaper<'a, 'b>(&'a mut fmt::Formatter<'b>);

impl fmt::Write for Escaper<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars().try_for_each(|character| self.write_char(character))
    }

    fn write_char(&mut self, character: char) -> fmt::Result {
        match character {
            '"' | '\\' => write!(self.0, "\\{character}"),
            ' '..='~' => self.0.write_char(character),
            _ => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    write!(self.0, "\\u{unit:04x}")?;
                }
                Ok(())
            }
        }
    }
}

/// Whatever can be shown, as a JSON string.
pub(crate) struct Escaped<'a>(pub(crate) &'a dyn fmt::Display);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        write!(Escaper(f), "{}", self.0)?;
        f.write_char('"')
    }
}

/// Writes one object: each field in turn, then [`Object::end`].
pub(crate) struct Object<'a, 'b> {
    to: &'a mut fmt::Formatter<'b>,
    separator: char,
}

impl<'a, 'b> Object<'a, 'b> {
    pub(crate) const fn new(to: &'a mut fmt::Formatter<'b>) -> Self {
        Self { to, separator: '{' }
    }

    /// A field whose value is JSON as it stands: a number, or something written before.
    pub(crate) fn field(
        &mut self,
        name: &str,
        value: &dyn fmt::Display,
    ) -> Result<&mut Self, fmt::Error> {
        write!(self.to, "{}{}:{value}", self.separator, Escaped(&name))?;
        self.separator = ',';
        Ok(self)
    }

    /// A field whose value is a text.
    pub(crate) fn text(&mut self, name: &str, value: &str) -> Result<&mut Self, fmt::Error> {
        self.field(name, &Escaped(&value))
    }

    pub(crate) fn end(&mut self) -> fmt::Result {
        self.to.write_char('}')
    }
}

/// A list of what can be shown as JSON.
pub(crate) struct List<'a, T>(pub(crate) &'a [T]);

impl<T: fmt::Display> fmt::Display for List<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('[')?;
        for (place, item) in self.0.iter().enumerate() {
            if place > 0 {
                f.write_char(',')?;
            }
            item.fmt(f)?;
        }
        f.write_char(']')
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use proptest::prelude::*;

    #[test]
    fn texts() {
        let cases = [
            ("", r#""""#),
            (r#"a "b" \c"#, r#""a \"b\" \\c""#),
            ("line\nend\t\u{1b}\u{7f}\0", r#""line\u000aend\u0009\u001b\u007f\u0000""#),
            ("gr\u{fc}n \u{1f600}", r#""gr\u00fcn \ud83d\ude00""#),
        ];
        for (text, expected) in cases {
            assert_eq!(Escaped(&text).to_string(), expected);
        }
    }

    proptest! {
        #[test]
        fn every_text_reads_back(text in any::<std::string::String>()) {
            let json = Escaped(&text).to_string();
            prop_assert!(json.is_ascii() && !json.contains('\n'));
            let back: std::string::String = serde_json::from_str(&json).unwrap();
            prop_assert_eq!(back, text);
        }
    }
}
