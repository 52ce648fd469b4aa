//! How large a world is: what may be asked for in it, and how often each thing may happen.

use channel_sim::light::AtClear;
use ios::{Extent, Operation, StartCc};
use mirror::{Initial, Policy, Resync};

/// Sectors of every disk: two blocks of the mirror's change map.
pub const CAPACITY: u32 = 16;

/// The sectors that the worlds write to: the last of the first block, and the first of the second.
pub const WATCHED: [u64; 2] = [7, 8];

/// How many sectors are watched.
pub const SECTORS: usize = WATCHED.len();

/// The first watched sector alone.
pub const FIRST: Extent = Extent::new(7, 1);
/// The second watched sector alone.
pub const SECOND: Extent = Extent::new(8, 1);
/// A whole disk.
pub const ALL: Extent = Extent::new(0, CAPACITY);
/// Both watched sectors.
pub const BOTH: Extent = Extent::new(7, 2);

/// Something that a process may ask for, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Item {
    /// Of which pair, by its address.
    pub pair: u8,
    /// What.
    pub operation: Operation,
}

/// What an operator may do to a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Command {
    /// `mirror suspend`.
    Suspend,
    /// `mirror resume`.
    Resume(Resync),
    /// `mirror swap`.
    Swap,
    /// `mirror remove`.
    Remove,
    /// `mirror establish`; with [`Initial::NoCopy`] only of disks that do hold the same.
    Establish(Initial),
    /// A scrub asks for a lock on both sectors.
    Lock,
}

/// How many of each are left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Left {
    /// Requests of the process.
    pub requests: u8,
    /// Requests that a disk fails.
    pub failures: u8,
    /// Interruptions that are lost.
    pub lost: u8,
    /// Starts that give another condition code than 0.
    pub refusals: u8,
    /// Disks that go away.
    pub detaches: u8,
    /// Disks that come back, with what they held.
    pub returns: u8,
    /// Disks that say what cannot be true.
    pub lies: u8,
    /// Times that half of a request's time passes.
    pub passes: u8,
    /// Devices that the operator holds back.
    pub quiesces: u8,
    /// Operator's commands.
    pub commands: u8,
}

/// In which order states are visited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Search {
    /// Those first that take the fewest actions: what breaks something is found by a shortest course. Takes storage
    /// for all states on the edge.
    Shortest,
    /// Those first that come next: takes little storage.
    Lean,
}

/// A world.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// Its name.
    pub name: &'static str,
    /// What it is for, in words.
    pub about: &'static str,
    /// How many pairs.
    pub pairs: u8,
    /// How many requests a primary and a secondary take at once.
    pub slots: [u32; 2],
    /// What may be asked for, each once, in any order; 15 items at most.
    pub menu: Vec<Item>,
    /// How often each thing may happen.
    pub left: Left,
    /// The condition codes of starts that are refused.
    pub codes: Vec<StartCc>,
    /// What a clear does, on every disk.
    pub at_clear: AtClear,
    /// What the operator may do.
    pub commands: Vec<Command>,
    /// The pairs' policy.
    pub policy: Policy,
    /// In which order its states are visited.
    pub search: Search,
}
