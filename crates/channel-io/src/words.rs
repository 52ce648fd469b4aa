//! Lists of words as the trace shows them.

use core::fmt;

/// Writes the names of the bits that are on in `bits`, each given with its bit, as [`join`] does.
#[inline(never)]
pub(crate) fn join_bits(
    f: &mut fmt::Formatter<'_>,
    bits: u16,
    names: &[(u16, &'static str)],
) -> fmt::Result {
    join(f, &mut names.iter().filter(|(bit, _)| bits & bit != 0).map(|(_, name)| *name))
}

/// Writes `names` with `+` between them, or `-` when there are none: a value with no space in it.
#[inline(never)]
pub(crate) fn join(
    f: &mut fmt::Formatter<'_>,
    names: &mut dyn Iterator<Item = &'static str>,
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
