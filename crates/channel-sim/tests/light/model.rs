//! One disk as a process may take it to be: which values of a sector its own requests explain.
//!
//! Requests in flight together may take effect in any order; one that was posted before another was
//! asked for came before it. A write that failed may have taken effect, or not, before its post.

use core::fmt::Write;
use ios::Extent;

/// What a request does to a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Nothing.
    None,
    /// Sets each sector of the extent.
    Write {
        /// Which.
        extent: Extent,
        /// To what.
        value: u32,
    },
}

/// A request, with the times at which it was asked for and posted.
#[derive(Clone, Copy, Debug)]
struct Event {
    token: u64,
    effect: Effect,
    asked: u64,
    posted: Option<u64>,
    complete: bool,
}

impl Event {
    fn writes(&self, sector: u64) -> Option<u32> {
        match self.effect {
            Effect::None => None,
            Effect::Write { extent, value } => {
                (extent.first.0 <= sector && sector < extent.end()).then_some(value)
            }
        }
    }

    fn posted_before(&self, time: u64) -> bool {
        self.posted.is_some_and(|posted| posted < time)
    }
}

/// Everything that a process has asked of one disk of zeros.
#[derive(Debug)]
pub(crate) struct History {
    events: Vec<Event>,
    sectors: u64,
    /// Counts what is asked for and what is posted.
    clock: u64,
}

impl History {
    pub(crate) fn new(sectors: u32) -> Self {
        Self { events: Vec::new(), sectors: u64::from(sectors), clock: 1 }
    }

    /// The time.
    pub(crate) const fn now(&self) -> u64 {
        self.clock
    }

    pub(crate) fn asked(&mut self, token: u64, effect: Effect) {
        self.clock += 1;
        let asked = self.clock;
        self.events.push(Event { token, effect, asked, posted: None, complete: false });
    }

    /// A request is posted; when it was asked for.
    ///
    /// # Panics
    /// If it never was, or was posted before.
    pub(crate) fn posted(&mut self, token: u64, complete: bool) -> u64 {
        self.clock += 1;
        let event = self.events.iter_mut().find(|event| event.token == token);
        let event = event.expect("what is posted was asked for");
        assert_eq!(event.posted, None, "{event:?} was posted twice");
        event.posted = Some(self.clock);
        event.complete = complete;
        event.asked
    }

    pub(crate) fn all_posted(&self) -> bool {
        self.events.iter().all(|event| event.posted.is_some())
    }

    /// Whether a read that was asked for at `asked`, and ends now, may find `value` in a sector.
    pub(crate) fn explains(&self, sector: u64, value: u32, asked: u64) -> bool {
        let writes = || self.events.iter().filter(|event| event.writes(sector).is_some());
        // Hidden: another write that was done came wholly after it and wholly before the read.
        let hidden = |posted: Option<u64>| {
            posted.is_some_and(|posted| {
                writes().any(|other| {
                    other.complete && other.asked > posted && other.posted_before(asked)
                })
            })
        };
        let from_start = value == 0 && !hidden(Some(0));
        from_start
            || writes().any(|event| event.writes(sector) == Some(value) && !hidden(event.posted))
    }

    /// The sectors whose every write was posted before a time, one of them at least.
    pub(crate) fn settled(&self, time: u64) -> Vec<u64> {
        let settled = |sector: &u64| {
            let mut writes = self.events.iter().filter(|event| event.writes(*sector).is_some());
            let any = writes.clone().next().is_some();
            any && writes.all(|event| event.posted_before(time))
        };
        (0..self.sectors).filter(settled).collect()
    }

    /// What wrote to a sector, in words.
    pub(crate) fn of_sector(&self, sector: u64) -> String {
        let mut text = String::new();
        for event in self.events.iter().filter(|event| event.writes(sector).is_some()) {
            let _ = writeln!(text, "{event:?}");
        }
        text
    }
}

#[test]
fn a_read_finds_the_last_write_or_one_in_flight_with_it() {
    let extent = Extent::new(0, 1);
    let mut history = History::new(1);
    assert!(history.explains(0, 0, history.now()));
    history.asked(1, Effect::Write { extent, value: 1 });
    assert!(history.explains(0, 0, history.now()) && history.explains(0, 1, history.now()));
    let _ = history.posted(1, true);
    history.asked(2, Effect::None);
    let read = history.posted(2, true);
    assert!(!history.explains(0, 0, read) && history.explains(0, 1, read));
    history.asked(3, Effect::Write { extent, value: 3 });
    history.asked(4, Effect::Write { extent, value: 4 });
    let _ = history.posted(4, true);
    let _ = history.posted(3, true);
    history.asked(5, Effect::None);
    let read = history.posted(5, true);
    let found = [0, 1, 3, 4].map(|value| history.explains(0, value, read));
    assert_eq!(found, [false, false, true, true]);
}

#[test]
fn a_write_that_failed_may_have_taken_effect_or_not() {
    let extent = Extent::new(0, 1);
    let mut history = History::new(1);
    history.asked(1, Effect::Write { extent, value: 1 });
    let _ = history.posted(1, true);
    history.asked(2, Effect::Write { extent, value: 2 });
    let _ = history.posted(2, false);
    history.asked(3, Effect::None);
    let read = history.posted(3, true);
    let found = [0, 1, 2].map(|value| history.explains(0, value, read));
    assert_eq!(found, [false, true, true]);
}
