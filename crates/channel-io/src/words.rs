//! Lists of words as the trace shows them.

use core::fmt;

/// Writes `names` with `+` between them, or `-` when there are none: a value with no space in it.
pub(crate) fn join<'a>(
    f: &mut fmt::Formatter<'_>,
    names: impl Iterator<Item = &'a str>,
) -> fmt::Result {
    let mut first = true;
    for name in names {
        if !first {
            f.write_str("+")?;
        }
        f.write_str(name)?;
        first = false;
    }
    if first { f.write_str("-") } else { Ok(()) }
}
