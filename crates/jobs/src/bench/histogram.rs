//! Latencies in a histogram of fixed size, log-linear.
//!
//! Values below 64 have a bucket each. From there on every power of two is divided into 32 buckets of equal
//! width, so a bucket is never wider than 1/32 of the values in it. A percentile is told as the largest value of
//! its bucket: never less than it truly was, and at most 1/32 (3.2 percent) more. The largest value of all is kept
//! beside and is exact; no percentile is told as more than it.

use crate::report::Latency;
use alloc::boxed::Box;
use channel_io::Microseconds;

/// Each power of two has 2 to this power of buckets.
const SUBDIVISION_BITS: u32 = 5;
const SUBDIVISION: usize = 1 << SUBDIVISION_BITS;
/// Values from 2 to this power on (over an hour, in microseconds) all go into the last bucket.
const VALUE_BITS: u32 = 32;
const BUCKETS: usize = SUBDIVISION * (VALUE_BITS - SUBDIVISION_BITS + 1) as usize;

/// How often each latency occurred.
#[derive(Debug)]
pub(super) struct Histogram {
    counts: Box<[u64]>,
    total: u64,
    largest: u64,
}

impl Histogram {
    pub(super) fn new() -> Self {
        Self { counts: alloc::vec![0; BUCKETS].into_boxed_slice(), total: 0, largest: 0 }
    }

    /// Takes one latency.
    pub(super) fn add(&mut self, latency: Microseconds) {
        if let Some(count) = self.counts.get_mut(bucket(latency.0)) {
            *count += 1;
        }
        self.total += 1;
        self.largest = self.largest.max(latency.0);
    }

    /// How many latencies were taken.
    pub(super) const fn total(&self) -> u64 {
        self.total
    }

    /// A value that `percent` in 100 of those taken do not exceed; 0 if none was.
    fn percentile(&self, percent: u64) -> u64 {
        let rank = self.total.saturating_mul(percent).div_ceil(100);
        let mut seen = 0;
        for (place, count) in self.counts.iter().enumerate() {
            seen += *count;
            if seen >= rank && seen > 0 {
                return largest_of(place).min(self.largest);
            }
        }
        self.largest
    }

    pub(super) fn latency(&self) -> Latency {
        Latency { p50: self.percentile(50), p99: self.percentile(99), max: self.largest }
    }
}

/// The bucket of a value.
fn bucket(value: u64) -> usize {
    // The position of the leftmost one bit beyond those that the linear part has.
    let bits = (u64::BITS - value.leading_zeros()).max(SUBDIVISION_BITS + 1);
    let shift = bits - (SUBDIVISION_BITS + 1);
    let within = usize::try_from(value >> shift).unwrap_or(usize::MAX);
    let place = (shift as usize * SUBDIVISION).saturating_add(within);
    place.min(BUCKETS - 1)
}

/// The largest value of a bucket; of the last one, there is none.
fn largest_of(bucket: usize) -> u64 {
    if bucket >= BUCKETS - 1 {
        return u64::MAX;
    }
    let shift = (bucket / SUBDIVISION).saturating_sub(1);
    let within = bucket - shift * SUBDIVISION;
    ((within as u64 + 1) << shift) - 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    #[test]
    fn buckets_are_without_gap() {
        let mut next = 0;
        for place in 0..BUCKETS - 1 {
            assert_eq!(bucket(next), place);
            assert_eq!(bucket(largest_of(place)), place);
            next = largest_of(place) + 1;
        }
        assert_eq!(bucket(next), BUCKETS - 1);
        assert_eq!(bucket(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn nothing_was_taken() {
        assert_eq!(Histogram::new().latency(), Latency { p50: 0, p99: 0, max: 0 });
    }

    #[test]
    fn few_values() {
        let mut histogram = Histogram::new();
        for value in [7, 1, 5, 3] {
            histogram.add(Microseconds(value));
        }
        assert_eq!(histogram.latency(), Latency { p50: 3, p99: 7, max: 7 });
    }

    proptest! {
        #[test]
        fn close_to_the_truth(values in proptest::collection::vec(0u64..1 << 31, 1..500)) {
            let mut histogram = Histogram::new();
            for value in &values {
                histogram.add(Microseconds(*value));
            }
            let mut sorted: Vec<u64> = values;
            sorted.sort_unstable();
            let truly = |percent: usize| sorted[(sorted.len() * percent).div_ceil(100) - 1];
            let Latency { p50, p99, max } = histogram.latency();
            prop_assert_eq!(max, sorted[sorted.len() - 1]);
            for (told, truth) in [(p50, truly(50)), (p99, truly(99))] {
                prop_assert!(told >= truth && told <= truth + truth / 32, "{} for {}", told, truth);
            }
        }
    }
}
