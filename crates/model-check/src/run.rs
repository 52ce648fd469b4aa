//! Checks a world, and says what came of it.

use crate::bounds::{Bounds, Search};
use crate::model::{Courses, Prepare};
use crate::property::{Broken, Property};
use crate::reached::Reached;
use crate::step::quiet_panics;
use core::fmt;
use stateright::{Checker, HasDiscoveries, Model};
use std::time::{Duration, Instant};

/// How a property was broken.
#[derive(Clone, Debug)]
pub struct Counterexample {
    /// What did not hold.
    pub broken: Broken,
    /// What happened before, in words.
    pub steps: Vec<String>,
}

/// What came of a check.
#[derive(Clone, Debug)]
pub struct Report {
    /// The world's name.
    pub name: &'static str,
    /// States generated, the same ones again and again.
    pub generated: usize,
    /// Different states visited.
    pub unique: usize,
    /// The most actions in a row, and the state at the beginning.
    pub depth: usize,
    /// How long it took.
    pub took: Duration,
    /// What the world has come to.
    pub reached: Vec<Reached>,
    /// A course that breaks something, the shortest of those found.
    pub counterexample: Option<Counterexample>,
}

/// Visits every state of a world, up to the first that breaks something.
#[must_use]
pub fn check(bounds: &Bounds, threads: usize) -> Report {
    check_prepared(bounds, threads, |_| ())
}

/// As [`check`], with something done to the supervisor before.
#[must_use]
pub fn check_prepared(bounds: &Bounds, threads: usize, prepare: Prepare) -> Report {
    quiet_panics();
    let begun = Instant::now();
    let model = Courses { bounds: bounds.clone(), prepare };
    let checker = model.checker().threads(threads).finish_when(HasDiscoveries::AnyFailures);
    match bounds.search {
        Search::Shortest => report(bounds, begun, &checker.spawn_bfs().join()),
        Search::Lean => report(bounds, begun, &checker.spawn_dfs().join()),
    }
}

fn report(bounds: &Bounds, begun: Instant, checker: &impl Checker<Courses>) -> Report {
    let mut discoveries = checker.discoveries();
    let reached =
        Reached::ALL.into_iter().filter(|reached| discoveries.contains_key(reached.name()));
    let reached = reached.collect();
    let found = Property::ALL.iter().filter_map(|property| discoveries.remove(property.name()));
    let counterexample = found.min_by_key(|path| path.clone().into_actions().len()).map(|path| {
        let broken = path.last_state().broken.clone();
        let steps = path.into_actions().iter().map(|action| action.words(bounds)).collect();
        Counterexample { broken: broken.expect("the path ends in a state that is broken"), steps }
    });
    Report {
        name: bounds.name,
        generated: checker.state_count(),
        unique: checker.unique_state_count(),
        depth: checker.max_depth(),
        took: begun.elapsed(),
        reached,
        counterexample,
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, generated, unique, depth, took, reached, counterexample } = self;
        let seconds = took.as_secs_f64();
        write!(f, "{name:22} {unique:>10} states {generated:>11} steps  depth {depth:>3}  ")?;
        write!(f, "{seconds:>7.1} s  reached:")?;
        reached.iter().try_for_each(|reached| write!(f, " {}", reached.name()))?;
        if let Some(Counterexample { broken, steps }) = counterexample {
            write!(f, "\n  {broken}")?;
            steps.iter().try_for_each(|step| write!(f, "\n    {step}"))?;
        }
        Ok(())
    }
}
