//! Every course of the small worlds; of the large ones on demand (`cargo xtask model`).

use model_check::bounds::{Bounds, Left};
use model_check::{Reached, check, worlds};
use std::collections::BTreeSet;

/// Checks worlds, and that what may happen in them did happen in one of them.
fn all_hold(worlds: Vec<Bounds>) {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut reached = BTreeSet::new();
    let mut states = 0;
    for world in worlds {
        let report = check(&world, threads);
        println!("{report}");
        assert!(report.counterexample.is_none(), "{report}");
        reached.extend(report.reached.iter().map(|reached| reached.name()));
        states += report.unique;
    }
    println!("{states} states in all");
    let never: Vec<_> = Reached::ALL.iter().filter(|one| !reached.contains(one.name())).collect();
    assert!(never.is_empty(), "never: {never:?}");
}

#[test]
fn every_property_holds_in_every_small_world() {
    all_hold(worlds::small());
}

#[test]
#[ignore = "takes many minutes: `cargo xtask model`"]
fn every_property_holds_in_every_large_world() {
    all_hold(worlds::large());
}

#[test]
fn worlds_have_names_of_their_own_and_fit_the_oracle() {
    let all: Vec<_> = worlds::small().into_iter().chain(worlds::large()).collect();
    let names: BTreeSet<_> = all.iter().map(|world| world.name).collect();
    assert_eq!(names.len(), all.len());
    for Bounds { name, menu, left: Left { requests, .. }, pairs, .. } in all {
        assert!(menu.len() < 16 && usize::from(requests) <= menu.len(), "{name}");
        assert!(menu.iter().all(|item| item.pair < pairs), "{name}");
    }
}

/// A state is told from another by what can happen next, not by how it was come to.
#[test]
fn the_count_of_states_is_the_same_every_time() {
    let world = worlds::small().remove(2);
    let [one, other] = [1, 2].map(|threads| check(&world, threads));
    assert_eq!(one.unique, other.unique);
    assert_eq!(one.generated, other.generated);
}
