//! Routes: an address leads to a device, at first its own.
//!
//! A process names a device by its UCB, and goes on doing so when the two devices of a pair have exchanged
//! their places. What leads where is looked up once, when a request comes.

use crate::{Characteristics, Ios, Platform, UcbIndex};

impl<P: Platform> Ios<P> {
    /// The device that requests to an address go to.
    #[must_use]
    #[inline]
    pub fn leads_to(&self, address: UcbIndex) -> UcbIndex {
        self.ucb(address).map_or(address, |ucb| ucb.leads_to)
    }

    /// What a request to an address may be.
    #[must_use]
    pub fn limits(&self, address: UcbIndex) -> Option<&Characteristics> {
        self.ucb(self.leads_to(address)).map(crate::Ucb::limits)
    }

    /// Exchanges where two addresses lead. Requests that came before stay with the device that they had.
    pub fn exchange(&mut self, one: UcbIndex, other: UcbIndex) {
        let (to_one, to_other) = (self.leads_to(one), self.leads_to(other));
        for (address, device) in [(one, to_other), (other, to_one)] {
            if let Some(ucb) = self.ucbs.get_mut(address.index()) {
                ucb.leads_to = device;
            }
        }
        let names = [one, other].map(|index| self.ucb(index).map(crate::Ucb::id));
        if let [Some(one), Some(other)] = names {
            self.trace(format_args!("EXCHANGE one={one} other={other}"));
        }
    }
}
