//! The worlds that are checked.
//!
//! Each is exhaustive within its bounds: whatever is in its menu, in any order and at any moment, with every
//! choice of what goes wrong that its budget allows. Many small worlds, each with its own kinds of trouble, reach
//! further than one large one with all kinds; the large set then puts the kinds together.

use crate::bounds::{BOTH, Bounds, Command, FIRST, Item, Left, SECOND, Search};
use channel_sim::light::AtClear;
use ios::{Operation, StartCc};
use mirror::{Initial, OnPrimaryError, OnSecondaryError, Policy, Resync};

const fn write(pair: u8, extent: ios::Extent) -> Item {
    Item { pair, operation: Operation::Write(extent) }
}

const fn read(pair: u8, extent: ios::Extent) -> Item {
    Item { pair, operation: Operation::Read(extent) }
}

const fn flush(pair: u8) -> Item {
    Item { pair, operation: Operation::Flush }
}

/// Every command.
const ALL_COMMANDS: [Command; 7] = [
    Command::Suspend,
    Command::Resume(Resync::Changed),
    Command::Resume(Resync::All),
    Command::Swap,
    Command::Remove,
    Command::Establish(Initial::NoCopy),
    Command::Establish(Initial::Copy),
];

/// Fail rather than go on with one disk.
const STRICT: Policy =
    Policy { on_secondary_error: OnSecondaryError::Fail, on_primary_error: OnPrimaryError::Fail };

/// One pair of disks with two slots each; three requests out of two writes that overlap, a read and a flush;
/// nothing goes wrong.
fn quiet(name: &'static str, about: &'static str) -> Bounds {
    Bounds {
        name,
        about,
        pairs: 1,
        slots: [2, 2],
        menu: vec![write(0, BOTH), write(0, SECOND), read(0, BOTH), flush(0)],
        left: Left { requests: 3, ..Left::default() },
        codes: vec![StartCc::Busy, StartCc::StatusPending, StartCc::NotOperational],
        at_clear: AtClear::Dropped,
        commands: ALL_COMMANDS.to_vec(),
        policy: Policy::default(),
        search: Search::Shortest,
    }
}

/// The menu of two pairs.
fn two_pairs() -> Vec<Item> {
    vec![write(0, BOTH), write(0, SECOND), read(0, BOTH), write(1, BOTH), read(1, BOTH)]
}

/// The worlds of the ordinary tests: a minute in all.
#[must_use]
pub fn small() -> Vec<Bounds> {
    let mut worlds = vec![Bounds {
        menu: vec![
            write(0, BOTH),
            write(0, FIRST),
            write(0, SECOND),
            read(0, BOTH),
            flush(0),
            Item { pair: 0, operation: Operation::Discard(BOTH) },
        ],
        left: Left { requests: 4, ..Left::default() },
        ..quiet("quiet", "four requests; nothing goes wrong")
    }];
    worlds.extend(small_troubles());
    worlds.extend(small_operator());
    worlds
}

fn small_troubles() -> Vec<Bounds> {
    let left = Left { requests: 2, ..Left::default() };
    vec![
        Bounds {
            left: Left { requests: 3, failures: 2, ..left },
            ..quiet("failures", "two requests that fail, with none or some of their sectors done")
        },
        Bounds {
            left: Left { failures: 2, ..left },
            policy: STRICT,
            ..quiet("strict-failures", "the same, where a pair must not go on with one disk")
        },
        Bounds {
            slots: [2, 1],
            left: Left { refusals: 2, quiesces: 1, ..left },
            ..quiet("refusals", "condition codes 1, 2 and 3, devices held back, one slot")
        },
        Bounds {
            left: Left { passes: 3, lost: 1, failures: 1, ..left },
            ..quiet("time", "interruptions lost, requests whose time is up")
        },
        Bounds {
            left: Left { passes: 2, lost: 1, ..left },
            at_clear: AtClear::Done,
            ..quiet("time-clear-done", "a clear after which everything turns out to be done")
        },
        Bounds {
            left: Left { passes: 2, ..left },
            at_clear: AtClear::FailsLost,
            ..quiet("time-clear-fails", "a clear that fails, and the disk goes on")
        },
        Bounds {
            left: Left { detaches: 2, returns: 1, failures: 1, ..left },
            ..quiet("gone", "disks go away and come back")
        },
        Bounds {
            left: Left { lies: 1, failures: 1, ..left },
            ..quiet("lies", "a disk says what cannot be true")
        },
    ]
}

fn small_operator() -> Vec<Bounds> {
    let left = Left { requests: 2, ..Left::default() };
    vec![
        Bounds {
            left: Left { commands: 3, ..left },
            ..quiet("operator", "three commands, and the copies that they start")
        },
        Bounds {
            menu: vec![write(0, BOTH)],
            left: Left { requests: 1, commands: 3, failures: 2, ..left },
            ..quiet("operator-copy", "three commands, and failures of the copies that they start")
        },
        Bounds {
            menu: vec![write(0, FIRST), write(0, SECOND)],
            left: Left { commands: 4, ..left },
            commands: vec![Command::Suspend, Command::Resume(Resync::Changed)],
            ..quiet("operator-stale", "suspended and resumed again while a copy is under way")
        },
        Bounds {
            left: Left { commands: 2, failures: 1, ..left },
            ..quiet("operator-failures", "two commands and a failure, of a copy too")
        },
        Bounds {
            slots: [2, 1],
            menu: vec![write(0, FIRST), write(0, SECOND), flush(0)],
            left: Left { commands: 2, quiesces: 1, ..left },
            ..quiet("operator-deferred", "two commands, among second starts that are put off")
        },
        Bounds {
            left: Left { commands: 2, detaches: 1, returns: 1, ..left },
            menu: vec![write(0, BOTH), write(0, SECOND), read(0, BOTH)],
            ..quiet("operator-gone", "two commands, and a disk that goes away and comes back")
        },
        Bounds {
            left: Left { commands: 2, failures: 1, ..left },
            commands: vec![Command::Lock, Command::Suspend, Command::Swap, Command::Remove],
            ..quiet("lock", "a scrub's lock among writes and commands")
        },
        Bounds {
            pairs: 2,
            menu: two_pairs(),
            left: Left { commands: 1, failures: 1, ..left },
            commands: vec![Command::Suspend, Command::Swap, Command::Remove],
            ..quiet("two-pairs", "two pairs, a command and a failure")
        },
    ]
}

/// The large set, for a run on demand (`cargo xtask model`): the kinds of trouble together, and three requests where
/// the small set has two.
#[must_use]
pub fn large() -> Vec<Bounds> {
    let left = Left { requests: 3, ..Left::default() };
    let mut worlds = vec![
        Bounds {
            left: Left { failures: 2, lost: 1, passes: 2, ..left },
            ..quiet(
                "large-failures",
                "three requests, two fail, one interruption lost, time passes",
            )
        },
        Bounds {
            slots: [2, 1],
            left: Left { refusals: 2, quiesces: 1, failures: 1, ..left },
            codes: vec![StartCc::Busy, StartCc::NotOperational],
            ..quiet("large-refusals", "three requests, two refused, a device held back, a failure")
        },
        Bounds {
            left: Left { detaches: 2, returns: 2, failures: 1, passes: 1, ..left },
            ..quiet("large-gone", "three requests, two disks gone and back, a failure, time passes")
        },
        Bounds {
            left: Left { commands: 3, failures: 1, ..left },
            ..quiet("large-operator", "three requests, three commands, a failure")
        },
        Bounds {
            left: Left { commands: 3, detaches: 1, returns: 1, ..left },
            menu: vec![write(0, BOTH), write(0, SECOND), read(0, BOTH)],
            ..quiet("large-operator-gone", "three requests, three commands, a disk gone and back")
        },
        Bounds {
            left: Left { commands: 2, failures: 1, refusals: 1, ..left },
            policy: STRICT,
            codes: vec![StartCc::Busy, StartCc::NotOperational],
            ..quiet("large-strict", "as the operator's, where a pair must not go on with one disk")
        },
        Bounds {
            pairs: 2,
            menu: two_pairs(),
            left: Left { commands: 2, failures: 1, ..left },
            commands: vec![
                Command::Suspend,
                Command::Resume(Resync::Changed),
                Command::Swap,
                Command::Remove,
            ],
            ..quiet("large-two-pairs", "two pairs, three requests, two commands, a failure")
        },
    ];
    worlds.iter_mut().for_each(|world| world.search = Search::Lean);
    worlds
}
