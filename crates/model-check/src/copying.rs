//! The driver of the copy engine, as the jobs have it: one copier for each pair that is being copied, driven after each
//! wait; and at some moment after everything else, so that commands may come one after another before it.

use crate::property::{Broken, Property};
use crate::world::World;
use mirror::{Copier, PairState};

/// How often the copiers are driven in a row before it is said that they do not come to rest.
const PATIENCE: u32 = 100;

/// Sectors that a copier's buffer holds: one block.
const BLOCK: usize = 8;

impl World {
    /// Whether there is a copier, or should be one.
    pub(crate) fn is_copying(&self) -> bool {
        (0..self.places.len()).any(|place| {
            let state = self.pair(place).map(|(_, pair)| pair.state());
            state == Some(PairState::Copying) || self.places[place].copier.is_some()
        })
    }

    /// Drives every copier as far as it goes.
    pub(crate) fn drive_copiers(&mut self) -> Result<(), Broken> {
        self.undriven = false;
        for place in 0..self.places.len() {
            let mut turns = 0;
            while self.drive(place) {
                turns += 1;
                if turns > PATIENCE {
                    return Broken::new(Property::EndsOnce, "the copier does not come to rest");
                }
            }
        }
        Ok(())
    }

    /// Drives the copier at a place; whether that is to be done again.
    fn drive(&mut self, number: usize) -> bool {
        let copied = self.pair(number).filter(|(_, pair)| pair.state() == PairState::Copying);
        let copied = copied.map(|(pair, _)| pair);
        let place = &mut self.places[number];
        let process = place.copying;
        let Some(copier) = place.copier.as_mut() else {
            let Some(pair) = copied else { return false };
            let buffers = vec![self.ios.machine.buffer(&[0; BLOCK])];
            let mut copier = Copier::new(pair, process, buffers);
            copier.advance(&mut self.ios);
            self.places[number].copier = Some(copier);
            return true;
        };
        copier.advance(&mut self.ios);
        let posted = self.ios.take_posted(process);
        let moved = posted.is_some();
        if let Some(posted) = posted {
            copier.posted(&mut self.ios, posted);
        }
        if copier.over().is_some()
            && let Some(copier) = place.copier.take()
        {
            for buffer in copier.into_buffers() {
                self.ios.machine.take_back(buffer);
            }
            return true;
        }
        moved
    }
}
