//! Writes in flight that overlap go in one order, the same on both legs.
//!
//! Devices may do the requests that they have in any order, each leg in its own. So of two writes that
//! overlap only the earlier is let through; the later is held until the earlier is over on both
//! legs. Writes are let through in the order in which they came; one that is held holds those behind
//! it that overlap it. Locks on extents, which a copy or a scrub takes, are in the same order.

use crate::locks::LockId;
use alloc::vec::Vec;
use core::fmt;
use ios::{Extent, RequestId};

/// Who has an extent, or waits for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Holder {
    /// A request of a process.
    Request(RequestId),
    /// A lock.
    Lock(LockId),
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request(id) => id.fmt(f),
            Self::Lock(_) => f.write_str("lock"),
        }
    }
}

/// Who of one pair has extents, and who waits for some.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Overlap {
    pub(crate) in_flight: Vec<(Holder, Extent)>,
    pub(crate) held: Vec<(Holder, Extent)>,
}

/// What becomes of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Admission {
    /// It overlaps nothing that came before it, and is in flight now.
    Admitted,
    /// It is held behind this one.
    HeldBehind(Holder),
}

impl Overlap {
    pub(crate) const fn new() -> Self {
        Self { in_flight: Vec::new(), held: Vec::new() }
    }

    /// A write comes, or a lock is asked for.
    pub(crate) fn admit(&mut self, id: Holder, extent: Extent) -> Admission {
        let mut before = self.in_flight.iter().chain(&self.held);
        let conflict = before.rfind(|(_, other)| other.overlaps(&extent));
        match conflict {
            Some(&(behind, _)) => {
                self.held.push((id, extent));
                Admission::HeldBehind(behind)
            }
            None => {
                self.in_flight.push((id, extent));
                Admission::Admitted
            }
        }
    }

    /// Whether an extent overlaps one that somebody has or waits for.
    pub(crate) fn touches(&self, extent: Option<Extent>) -> bool {
        let mut others = self.in_flight.iter().chain(&self.held);
        extent.is_some_and(|extent| others.any(|(_, other)| other.overlaps(&extent)))
    }

    /// A write that its device has already, whatever else is in flight.
    pub(crate) fn adopt(&mut self, id: Holder, extent: Extent) {
        self.in_flight.push((id, extent));
    }

    /// A write is over on both legs, or a lock is given up. Afterwards [`Overlap::next_admitted`] has those that
    /// may go.
    pub(crate) fn over(&mut self, id: Holder) {
        if let Some(place) = self.in_flight.iter().position(|(other, _)| *other == id) {
            self.in_flight.swap_remove(place);
        } else {
            self.held.retain(|(other, _)| *other != id);
        }
    }

    /// The oldest held write that overlaps nothing before it any more; it is in flight now.
    pub(crate) fn next_admitted(&mut self) -> Option<Holder> {
        let place = (0..self.held.len()).find(|place| self.is_free(*place))?;
        let admitted = self.held.remove(place);
        self.in_flight.push(admitted);
        Some(admitted.0)
    }

    fn is_free(&self, place: usize) -> bool {
        let Some((_, extent)) = self.held.get(place) else {
            return false;
        };
        let before = self.in_flight.iter().chain(self.held.iter().take(place));
        !before.into_iter().any(|(_, other)| other.overlaps(extent))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u32) -> Holder {
        Holder::Request(RequestId::from_parts(n, n))
    }

    #[test]
    fn writes_apart_go_at_once() {
        let mut overlap = Overlap::new();
        assert_eq!(overlap.admit(id(1), Extent::new(0, 8)), Admission::Admitted);
        assert_eq!(overlap.admit(id(2), Extent::new(8, 8)), Admission::Admitted);
    }

    #[test]
    fn a_chain_goes_in_the_order_in_which_it_came() {
        let mut overlap = Overlap::new();
        assert_eq!(overlap.admit(id(1), Extent::new(0, 8)), Admission::Admitted);
        assert_eq!(overlap.admit(id(2), Extent::new(4, 8)), Admission::HeldBehind(id(1)));
        // It overlaps only the one that is held, and must not pass it.
        assert_eq!(overlap.admit(id(3), Extent::new(10, 4)), Admission::HeldBehind(id(2)));
        assert_eq!(overlap.next_admitted(), None);
        overlap.over(id(1));
        assert_eq!(overlap.next_admitted(), Some(id(2)));
        assert_eq!(overlap.next_admitted(), None);
        overlap.over(id(2));
        assert_eq!(overlap.next_admitted(), Some(id(3)));
    }
}
