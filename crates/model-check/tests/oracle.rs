//! The oracle in few bits knows what the whole history knows, by which the random worlds are judged.
#![expect(
    clippy::expect_used,
    clippy::cast_possible_truncation,
    reason = "all of this is a test: a panic is a failure that is seen"
)]

#[path = "../../channel-sim/tests/light/model.rs"]
#[expect(dead_code, reason = "the random worlds ask it more than this test does")]
mod model;

use ios::Extent;
use model::{Effect, History};
use model_check::bounds::{BOTH, FIRST, SECOND, WATCHED};
use model_check::oracle::{Found, Oracle};
use proptest::prelude::*;

/// A request, or the end of one.
#[derive(Clone, Copy, Debug)]
enum Step {
    Write { extent: Extent, zeros: bool },
    Read(Extent),
    End { which: u8, complete: bool },
}

fn extent() -> impl Strategy<Value = Extent> {
    prop_oneof![Just(FIRST), Just(SECOND), Just(BOTH)]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (extent(), any::<bool>()).prop_map(|(extent, zeros)| Step::Write { extent, zeros }),
        extent().prop_map(Step::Read),
        (any::<u8>(), any::<bool>()).prop_map(|(which, complete)| Step::End { which, complete }),
    ]
}

/// A request in flight: its token, and what it is.
#[derive(Clone, Copy, Debug)]
enum InFlight {
    Write(u8),
    Read(u8, Extent),
}

/// Both, told the same.
struct Both {
    history: History,
    oracle: Oracle,
    in_flight: Vec<InFlight>,
    next: u8,
}

impl Both {
    fn take(&mut self, step: Step) {
        match step {
            Step::Write { extent, zeros } => {
                let value = if zeros { 0 } else { u32::from(self.next) };
                self.history.asked(u64::from(self.next), Effect::Write { extent, value });
                self.oracle.write_asked(self.next, extent, value);
                self.in_flight.push(InFlight::Write(self.next));
                self.next += 1;
            }
            Step::Read(extent) => {
                self.history.asked(u64::from(self.next), Effect::None);
                self.oracle.read_asked(self.next);
                self.in_flight.push(InFlight::Read(self.next, extent));
                self.next += 1;
            }
            Step::End { which, complete } => {
                if let Some(place) = usize::from(which).checked_rem(self.in_flight.len()) {
                    let over = self.in_flight.remove(place);
                    self.end(over, complete);
                }
            }
        }
    }

    fn end(&mut self, over: InFlight, complete: bool) {
        match over {
            InFlight::Write(token) => {
                let _ = self.history.posted(u64::from(token), complete);
                assert!(self.oracle.write_posted(token, complete));
            }
            InFlight::Read(token, extent) => {
                let asked = self.history.posted(u64::from(token), true);
                for value in 0..=u32::from(self.next) {
                    self.compare_read(token, extent, value, asked);
                }
                // What was found would settle what a later read finds, which the history does not know.
                assert_eq!(self.oracle.read_posted(token, extent, None), Found::Explained);
            }
        }
    }

    fn compare_read(&self, token: u8, extent: Extent, value: u32, asked: u64) {
        let sectors =
            WATCHED.into_iter().filter(|sector| extent.overlaps(&Extent::new(*sector, 1)));
        let explained = sectors.clone().all(|sector| self.history.explains(sector, value, asked));
        let found = vec![value; sectors.count()];
        let verdict = self.oracle.clone().read_posted(token, extent, Some(&found));
        assert_eq!(verdict == Found::Explained, explained, "{value} in {extent}");
    }

    fn compare_now(&self) {
        for (place, sector) in WATCHED.into_iter().enumerate() {
            for value in 0..=u32::from(self.next) {
                let explained = self.history.explains(sector, value, self.history.now() + 1);
                assert_eq!(self.oracle.may_hold(place, value), explained, "{value} in {sector}");
            }
        }
    }
}

proptest! {
    #[test]
    fn both_explain_the_same(steps in proptest::collection::vec(step(), 0..40)) {
        let mut both = Both {
            history: History::new(WATCHED[1] as u32 + 1),
            oracle: Oracle::default(),
            in_flight: Vec::new(),
            next: 1,
        };
        for step in steps {
            if both.next < 15 || matches!(step, Step::End { .. }) {
                both.take(step);
                both.compare_now();
            }
        }
    }
}

#[test]
fn what_a_read_found_of_a_failed_write_the_next_one_finds() {
    let mut oracle = Oracle::default();
    oracle.write_asked(1, FIRST, 1);
    assert!(oracle.write_posted(1, false));
    assert!(oracle.may_hold(0, 0) && oracle.may_hold(0, 1));
    oracle.read_asked(2);
    assert_eq!(oracle.read_posted(2, FIRST, Some(&[1])), Found::Explained);
    assert!(!oracle.may_hold(0, 0) && oracle.may_hold(0, 1));
    oracle.read_asked(3);
    let found = oracle.read_posted(3, FIRST, Some(&[0]));
    assert_eq!(found, Found::Unexplained { sector: 7, value: 0 });
}

#[test]
fn a_flush_covers_what_was_posted_before_it() {
    let mut oracle = Oracle::default();
    oracle.write_asked(1, FIRST, 1);
    oracle.flush_asked(2);
    assert!(oracle.write_posted(1, true) && oracle.flush_posted(2, true));
    assert!(!oracle.is_flushed(0) && oracle.is_flushed(1));
    oracle.flush_asked(3);
    assert!(oracle.flush_posted(3, true));
    assert!(oracle.is_flushed(0));
    oracle.write_asked(4, FIRST, 4);
    assert!(!oracle.is_flushed(0) && oracle.is_flushed(1));
    assert!(!oracle.flush_posted(3, true), "it is over");
}
