//! A world's every course, as stateright has it.

use crate::action::Action;
use crate::bounds::Bounds;
use crate::property::Property as Holds;
use crate::reached::Reached;
use crate::world::World;
use channel_sim::light::SimPlatform;
use ios::Ios;
use stateright::{Model, Property};

/// A world's every course.
#[derive(Clone, Debug)]
pub struct Courses {
    /// How large the world is.
    pub bounds: Bounds,
    /// What is done to the supervisor before anything happens: nothing, or what a test wants to be found.
    pub prepare: Prepare,
}

/// Something done to a supervisor.
pub type Prepare = fn(&mut Ios<SimPlatform>);

fn holds(world: &World, property: Holds) -> bool {
    world.broken.as_ref().is_none_or(|broken| broken.property != property)
}

/// stateright takes a condition as a plain function, so there is one for each.
fn always(property: Holds) -> Property<Courses> {
    let condition: fn(&Courses, &World) -> bool = match property {
        Holds::OneDisk => |_, world| holds(world, Holds::OneDisk),
        Holds::OnEveryLeg => |_, world| holds(world, Holds::OnEveryLeg),
        Holds::LegsEqual => |_, world| holds(world, Holds::LegsEqual),
        Holds::EndsOnce => |_, world| holds(world, Holds::EndsOnce),
        Holds::BehindIsNotRead => |_, world| holds(world, Holds::BehindIsNotRead),
        Holds::Memory => |_, world| holds(world, Holds::Memory),
        Holds::Durable => |_, world| holds(world, Holds::Durable),
        Holds::LockHolds => |_, world| holds(world, Holds::LockHolds),
        Holds::RefusedChangesNothing => |_, world| holds(world, Holds::RefusedChangesNothing),
        Holds::Detours => |_, world| holds(world, Holds::Detours),
        Holds::NoPanic => |_, world| holds(world, Holds::NoPanic),
    };
    Property::always(property.name(), condition)
}

fn sometimes(reached: Reached) -> Property<Courses> {
    let condition: fn(&Courses, &World) -> bool = match reached {
        Reached::Copying => |_, world| Reached::Copying.is_in(world),
        Reached::CopyEnded => |_, world| Reached::CopyEnded.is_in(world),
        Reached::Suspended => |_, world| Reached::Suspended.is_in(world),
        Reached::Swapped => |_, world| Reached::Swapped.is_in(world),
        Reached::Removed => |_, world| Reached::Removed.is_in(world),
        Reached::HeldForOverlap => |_, world| Reached::HeldForOverlap.is_in(world),
        Reached::Deferred => |_, world| Reached::Deferred.is_in(world),
        Reached::DrivenAgain => |_, world| Reached::DrivenAgain.is_in(world),
        Reached::ReadAnswered => |_, world| Reached::ReadAnswered.is_in(world),
        Reached::FoundLost => |_, world| Reached::FoundLost.is_in(world),
        Reached::TimedOut => |_, world| Reached::TimedOut.is_in(world),
        Reached::BothGone => |_, world| Reached::BothGone.is_in(world),
        Reached::LockGranted => |_, world| Reached::LockGranted.is_in(world),
    };
    Property::sometimes(reached.name(), condition)
}

impl Model for Courses {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        let mut world = World::new(&self.bounds);
        (self.prepare)(&mut world.ios);
        vec![world]
    }

    fn actions(&self, state: &World, actions: &mut Vec<Action>) {
        state.enabled(&self.bounds, actions);
    }

    fn next_state(&self, state: &World, action: Action) -> Option<World> {
        state.step(&self.bounds, action)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let must = Holds::ALL.into_iter().map(always);
        must.chain(Reached::ALL.into_iter().map(sometimes)).collect()
    }
}
