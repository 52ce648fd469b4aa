//! The page that is shared with the SCLP, as a static: [`SccbCell`].
//!
//! A kernel declares one cell for each console that it makes, and gives it to the backend:
//!
//! ```
//! use sclp_console::backend::SccbCell;
//!
//! static SCCB: SccbCell = SccbCell::new();
//! ```

use core::cell::UnsafeCell;
use core::fmt;

use crate::spec::Sccb;

/// An [`Sccb`] in memory that never moves, for one [`SccbBackend`](super::SccbBackend) to use.
///
/// It holds nothing but zeros before its first use, so a static cell costs no space in a kernel's
/// file.
#[repr(transparent)]
pub struct SccbCell(UnsafeCell<Sccb>);

// SAFETY: the content is reached only through `pointer`, which only the backend uses that was made
// with the cell; the caller of the backend's unsafe constructor promised that there is one alone.
unsafe impl Sync for SccbCell {}

impl SccbCell {
    /// A cell of zeros.
    #[must_use]
    pub const fn new() -> Self {
        Self(UnsafeCell::new(Sccb::new()))
    }

    /// Where the SCCB lies.
    pub(super) const fn pointer(&self) -> *mut Sccb {
        self.0.get()
    }
}

impl Default for SccbCell {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for SccbCell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SccbCell").field(&self.pointer()).finish()
    }
}
