//! The parameter line, as the loader left it: bytes of any kind, up to the first zero.

use crate::boot::PARAMETER_AREA_LENGTH;

unsafe extern "C" {
    /// Written by the loader before the supervisor starts (`boot/entry.s`), by nobody after.
    safe static parameter_area: [u8; PARAMETER_AREA_LENGTH];
}

/// The bytes of the parameter line, without the zero that ends it.
pub(crate) fn line() -> &'static [u8] {
    let area = &parameter_area;
    let end = area.iter().position(|byte| *byte == 0);
    area.get(..end.unwrap_or(area.len())).unwrap_or_default()
}
