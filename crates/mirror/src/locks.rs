//! Locks on extents of a pair: while one is granted, no write to its extent is in flight, and none starts.
//!
//! A copy and a scrub take them ([`lock`], [`is_granted`], [`unlock`]). They are in one order with the writes that
//! overlap them (`overlap`), so that nobody waits for longer than those before him take.

use crate::change::home;
use crate::install::settle_removed;
use crate::overlap::{Admission, Holder};
use crate::pair::PairIndex;
use crate::reads::read_again;
use crate::state::PairState;
use crate::table::MirrorAnchor;
use crate::track::Kind;
use alloc::vec::Vec;
use ios::{Extent, Ios, Platform, RequestId};

/// Names a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LockId(pub(crate) u32);

/// Whether a lock holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Standing {
    /// Others that came before have a part of its extent.
    Waiting,
    /// It holds.
    Granted,
}

/// All locks, by their number.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Locks {
    pub(crate) slots: Vec<Option<(PairIndex, Standing)>>,
}

impl Locks {
    pub(crate) const fn new() -> Self {
        Self { slots: Vec::new() }
    }

    fn insert(&mut self, pair: PairIndex) -> LockId {
        let free = self.slots.iter().position(Option::is_none);
        let place = free.unwrap_or_else(|| {
            self.slots.push(None);
            self.slots.len() - 1
        });
        if let Some(slot) = self.slots.get_mut(place) {
            *slot = Some((pair, Standing::Waiting));
        }
        LockId(u32::try_from(place).unwrap_or(u32::MAX))
    }

    fn get_mut(&mut self, id: LockId) -> Option<&mut Option<(PairIndex, Standing)>> {
        self.slots.get_mut(id.0 as usize)
    }

    fn grant(&mut self, id: LockId) {
        if let Some(Some((_, standing))) = self.get_mut(id) {
            *standing = Standing::Granted;
        }
    }
}

/// Asks for a lock on an extent of a pair. `None` if the pair is not there any more.
pub fn lock<P: Platform>(ios: &mut Ios<P>, index: PairIndex, extent: Extent) -> Option<LockId>
where
    P::Anchor: MirrorAnchor<P>,
{
    let mirror = ios.anchor.mirror_mut();
    let pair = mirror.pairs.get_mut(index.0).filter(|pair| pair.state != PairState::Simplex)?;
    let id = mirror.locks.insert(index);
    pair.locks += 1;
    match pair.overlap.admit(Holder::Lock(id), extent) {
        Admission::Admitted => mirror.locks.grant(id),
        Admission::HeldBehind(_) => {}
    }
    Some(id)
}

/// Whether a lock holds by now.
#[must_use]
pub fn is_granted<P: Platform>(ios: &Ios<P>, id: LockId) -> bool
where
    P::Anchor: MirrorAnchor<P>,
{
    let slot = ios.anchor.mirror().locks.slots.get(id.0 as usize);
    matches!(slot, Some(Some((_, Standing::Granted))))
}

/// Gives a lock up, granted or not, and lets go what waited for it.
pub fn unlock<P: Platform>(ios: &mut Ios<P>, id: LockId)
where
    P::Anchor: MirrorAnchor<P>,
{
    let mirror = ios.anchor.mirror_mut();
    let Some((index, _)) = mirror.locks.get_mut(id).and_then(Option::take) else { return };
    if let Some(pair) = mirror.pairs.get_mut(index.0) {
        pair.overlap.over(Holder::Lock(id));
        pair.locks -= 1;
    }
    release_held(ios, index);
    settle_removed(ios, index);
}

/// Lets go those that were held and overlap nothing before them any more. A request that ends at once
/// frees others: they are left to the call that is under way, so that a chain of them takes no stack.
pub(crate) fn release_held<P: Platform>(ios: &mut Ios<P>, pair: PairIndex)
where
    P::Anchor: MirrorAnchor<P>,
{
    let mirror = ios.anchor.mirror_mut();
    mirror.releases.push_back(pair);
    if mirror.releases.len() > 1 {
        return;
    }
    while let Some(pair) = ios.anchor.mirror().releases.front().copied() {
        while let Some(holder) = next_admitted(ios, pair) {
            match holder {
                Holder::Request(id) => release(ios, id),
                Holder::Lock(id) => ios.anchor.mirror_mut().locks.grant(id),
            }
        }
        ios.anchor.mirror_mut().releases.pop_front();
    }
}

fn next_admitted<P: Platform>(ios: &mut Ios<P>, pair: PairIndex) -> Option<Holder>
where
    P::Anchor: MirrorAnchor<P>,
{
    ios.anchor.mirror_mut().pairs.get_mut(pair.0)?.overlap.next_admitted()
}

/// A request that was held goes to where its address leads now.
fn release<P: Platform>(ios: &mut Ios<P>, id: RequestId)
where
    P::Anchor: MirrorAnchor<P>,
{
    ios.trace(format_args!("RELEASE request={id}"));
    let Some(track) = ios.anchor.mirror().tracks.get(id) else { return };
    match track.kind {
        Kind::ReadAgain { .. } => read_again(ios, id),
        Kind::Change => {
            if let Some(home) = home(ios, id) {
                ios.reroute(id, home);
            }
            ios.resume(id);
        }
    }
}
