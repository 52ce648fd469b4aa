//! Input that was fetched and not yet read: [`Ring`].

use core::fmt;

/// A ring of bytes.
pub(super) struct Ring<const CAPACITY: usize> {
    bytes: [u8; CAPACITY],
    start: usize,
    length: usize,
}

impl<const CAPACITY: usize> Ring<CAPACITY> {
    pub(super) const fn new() -> Self {
        Self { bytes: [0; CAPACITY], start: 0, length: 0 }
    }

    pub(super) const fn len(&self) -> usize {
        self.length
    }

    pub(super) const fn room(&self) -> usize {
        CAPACITY - self.length
    }

    /// Appends as many bytes as fit. Returns how many did not.
    pub(super) fn push(&mut self, bytes: impl IntoIterator<Item = u8>) -> usize {
        let mut left_over = 0;
        for byte in bytes {
            let at = (self.start + self.length) % CAPACITY;
            match self.bytes.get_mut(at) {
                Some(to) if self.length < CAPACITY => {
                    *to = byte;
                    self.length += 1;
                }
                Some(_) | None => left_over += 1,
            }
        }
        left_over
    }

    /// Moves the oldest bytes to `buffer`. Returns how many.
    pub(super) fn pop(&mut self, buffer: &mut [u8]) -> usize {
        let count = buffer.len().min(self.length);
        for to in buffer.iter_mut().take(count) {
            if let Some(from) = self.bytes.get(self.start) {
                *to = *from;
            }
            self.start = (self.start + 1) % CAPACITY;
        }
        self.length -= count;
        count
    }
}

impl<const CAPACITY: usize> fmt::Debug for Ring<CAPACITY> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ring({} of {CAPACITY} bytes)", self.length)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// A ring behaves as a queue that takes no more than it has room for.
        #[test]
        fn behaves_as_a_queue(steps in prop::collection::vec(
            prop_oneof![
                prop::collection::vec(any::<u8>(), 0..12).prop_map(Ok),
                (0_usize..12).prop_map(Err),
            ],
            0..40,
        )) {
            let mut ring = Ring::<10>::new();
            let mut model = VecDeque::new();
            for step in steps {
                match step {
                    Ok(bytes) => {
                        let taken = bytes.len().min(10 - model.len());
                        model.extend(&bytes[..taken]);
                        prop_assert_eq!(ring.push(bytes.clone()), bytes.len() - taken);
                    }
                    Err(count) => {
                        let mut buffer = std::vec![0; count];
                        let popped = ring.pop(&mut buffer);
                        let expected: Vec<u8> = model.drain(..count.min(model.len())).collect();
                        prop_assert_eq!(&buffer[..popped], &expected[..]);
                    }
                }
                prop_assert_eq!((ring.len(), ring.room()), (model.len(), 10 - model.len()));
            }
        }
    }
}
