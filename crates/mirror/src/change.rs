//! A pair changes its state: what the table says ([`crate::state`]) is done here.
//!
//! When writes go to one leg alone from now on, what the secondary has cannot be taken back and is waited
//! for; what it does not have yet is dropped, so that nothing more is begun there. When the roles are
//! exchanged, what waits for the old primary goes to the new one.

use crate::conclude::conclude;
use crate::pair::{Leg, OnPrimaryError, PairIndex};
use crate::state::{
    Cause, ChangeError, Event, Next, OnPrimaryFailure, PairState, SuspendReason, next,
};
use crate::table::{MirrorAnchor, PairEvent, Role};
use crate::track::Progress;
use ios::{Access, Ios, Operation, Platform, RequestId, Status, UcbIndex, UcbState};

/// Does what the table says for an event.
pub(crate) fn apply<P: Platform>(
    ios: &mut Ios<P>,
    index: PairIndex,
    event: Event,
) -> Result<(), ChangeError>
where
    P::Anchor: MirrorAnchor<P>,
{
    let pair = ios.anchor.mirror().pair(index).ok_or(ChangeError::NoSuchPair)?;
    match next(pair.state, event) {
        Next::Stays => Ok(()),
        Next::Refused(error) => Err(error),
        Next::To(state) => {
            enter(ios, index, state, event);
            match state {
                PairState::Suspended(_) | PairState::Swapped(_) | PairState::Simplex => {
                    drop_all_not_begun(ios, index);
                }
                PairState::Duplex | PairState::Copying => {}
            }
            Ok(())
        }
        Next::Exchange(state) => {
            exchange(ios, index);
            enter(ios, index, state, event);
            move_waiting(ios, index);
            Ok(())
        }
    }
}

/// The state itself, and what the operator is told.
fn enter<P: Platform>(ios: &mut Ios<P>, index: PairIndex, state: PairState, event: Event)
where
    P::Anchor: MirrorAnchor<P>,
{
    let mirror = ios.anchor.mirror_mut();
    let epoch = mirror.next_epoch();
    let Some(pair) = mirror.pairs.get_mut(index.0) else { return };
    pair.state = state;
    pair.epoch = epoch;
    let blocks = pair.changes.marked();
    mirror.events.push_back(match (state, event) {
        (PairState::Suspended(cause), _) => PairEvent::Suspended(index, cause),
        (PairState::Swapped(cause), _) => PairEvent::Swapped(index, cause),
        (PairState::Duplex, Event::Swap) => PairEvent::Swapped(index, Cause::Operator),
        (PairState::Duplex, _) => PairEvent::CopyEnded(index),
        (PairState::Copying, _) => PairEvent::Resumed { pair: index, blocks },
        (PairState::Simplex, _) => PairEvent::Removed(index),
    });
    let name = state.name();
    match state.cause() {
        Some(cause) => {
            ios.trace(format_args!("PAIR pair={} state={name} reason=\"{cause}\"", index.0));
        }
        None => ios.trace(format_args!("PAIR pair={} state={name}", index.0)),
    }
}

/// A leg failed: what ended how on which device.
pub(crate) fn leg_failed<P: Platform>(
    ios: &mut Ios<P>,
    index: PairIndex,
    device: UcbIndex,
    (operation, status): (Operation, Status),
) where
    P::Anchor: MirrorAnchor<P>,
{
    let Some(leg) = ios.anchor.mirror().pair(index).map(|pair| pair.leg(device)) else { return };
    leg_lost(ios, index, leg, Cause::Failure(SuspendReason { leg, operation, status }));
}

/// A leg is of no use for this cause.
pub(crate) fn leg_lost<P: Platform>(ios: &mut Ios<P>, index: PairIndex, leg: Leg, cause: Cause)
where
    P::Anchor: MirrorAnchor<P>,
{
    let event = match leg {
        Leg::Secondary => Event::SecondaryFailed(cause),
        Leg::Primary if can_swap(ios, index) => Event::PrimaryFailed(cause, OnPrimaryFailure::Swap),
        Leg::Primary => Event::PrimaryFailed(cause, OnPrimaryFailure::GoOn),
    };
    // No failure is ever refused.
    let _ = apply(ios, index, event);
}

/// The routine that is told of devices gone: a pair takes notice of a leg that no request has met with.
pub(crate) fn device_gone<P: Platform>(ios: &mut Ios<P>, device: UcbIndex)
where
    P::Anchor: MirrorAnchor<P>,
{
    let mirror = ios.anchor.mirror();
    if let Some(Role::Primary(index) | Role::Secondary(index)) = mirror.role(device)
        && let Some(leg) = mirror.pair(index).map(|pair| pair.leg(device))
    {
        leg_lost(ios, index, leg, Cause::Gone(leg));
    }
    let onward = ios.anchor.mirror().saved.as_ref().map(|saved| saved.device_gone);
    if let Some(onward) = onward {
        (onward.entry)(ios, device);
    }
}

/// Whether I/O could go on with the secondary: it has everything, it is there, and the policy allows it.
pub(crate) fn can_swap<P: Platform>(ios: &Ios<P>, index: PairIndex) -> bool
where
    P::Anchor: MirrorAnchor<P>,
{
    let Some(pair) = ios.anchor.mirror().pair(index) else { return false };
    pair.state == PairState::Duplex
        && pair.policy.on_primary_error == OnPrimaryError::Swap
        && is_operational(ios, pair.secondary)
}

pub(crate) fn is_operational<P: Platform>(ios: &Ios<P>, device: UcbIndex) -> bool {
    ios.ucb(device).is_some_and(|ucb| ucb.state() != UcbState::NotOperational)
}

/// The devices of a pair exchange their roles, and what processes call the one leads to the other.
fn exchange<P: Platform>(ios: &mut Ios<P>, index: PairIndex)
where
    P::Anchor: MirrorAnchor<P>,
{
    let mirror = ios.anchor.mirror_mut();
    let Some(pair) = mirror.pairs.get_mut(index.0) else { return };
    core::mem::swap(&mut pair.primary, &mut pair.secondary);
    let (primary, secondary) = (pair.primary, pair.secondary);
    let (address, partner, limits) = (pair.address, pair.partner, pair.limits);
    mirror.set_role(primary, Some(Role::Primary(index)));
    mirror.set_role(secondary, Some(Role::Secondary(index)));
    ios.exchange(address, partner);
    ios.set_limits(primary, limits);
    if let Some(own) = ios.ucb(secondary).map(ios::Ucb::characteristics) {
        ios.set_limits(secondary, own);
    }
}

/// What waits on the queue of either device goes to where its address leads now. Second requests stay: they are for
/// the device itself.
fn move_waiting<P: Platform>(ios: &mut Ios<P>, index: PairIndex)
where
    P::Anchor: MirrorAnchor<P>,
{
    let Some(devices) = ios.anchor.mirror().pair(index).map(|pair| [pair.primary, pair.secondary])
    else {
        return;
    };
    for device in devices {
        let mut moved = ios.queued_on(device);
        moved.retain(|id| {
            let is_second = ios.anchor.mirror().tracks.first_of(*id).is_some();
            !is_second && home(ios, *id).is_some_and(|home| home != device) && ios.withdraw(*id)
        });
        for id in &moved {
            start_over(ios, *id);
        }
        for id in moved {
            ios.resume(id);
        }
    }
}

/// Where a request goes by what it names.
pub(crate) fn home<P: Platform>(ios: &Ios<P>, id: RequestId) -> Option<UcbIndex> {
    match ios.access(id)? {
        Access::Addressed(address) => Some(ios.leads_to(address)),
        Access::Direct => None,
    }
}

/// A request is made ready to go to where its address leads now, as if it came new.
pub(crate) fn start_over<P: Platform>(ios: &mut Ios<P>, id: RequestId)
where
    P::Anchor: MirrorAnchor<P>,
{
    let Some(home) = home(ios, id) else { return };
    if let Some(second) = ios.anchor.mirror().tracks.get(id).and_then(|track| track.second) {
        drop_second(ios, id, second, Progress::NotStarted);
    }
    let mirror = ios.anchor.mirror_mut();
    mirror.statistics.driven_again += 1;
    if let Some(track) = mirror.tracks.get_mut(id) {
        track.first = Progress::NotStarted;
        track.second_progress = Progress::NotStarted;
    }
    ios.reroute(id, home);
    ios.trace(format_args!("REDRIVE request={id}"));
}

/// Does away with every second request that its device does not have.
fn drop_all_not_begun<P: Platform>(ios: &mut Ios<P>, index: PairIndex)
where
    P::Anchor: MirrorAnchor<P>,
{
    for (first, second) in ios.anchor.mirror().tracks.not_begun(index) {
        drop_not_begun(ios, first, second);
    }
}

/// Does away with a second request that its device does not have. A first request that waited for it
/// alone is confirmed: the pair's state was changed before.
fn drop_not_begun<P: Platform>(ios: &mut Ios<P>, first: RequestId, second: RequestId)
where
    P::Anchor: MirrorAnchor<P>,
{
    let tracks = &ios.anchor.mirror().tracks;
    let Some(track) = tracks.get(first).filter(|track| track.second == Some(second)) else {
        return;
    };
    let progress = match track.second_progress {
        Progress::Scheduled if !ios.withdraw(second) => return,
        Progress::Scheduled => Progress::Ended(Status::Cancelled),
        unchanged @ (Progress::NotStarted | Progress::Started | Progress::Ended(_)) => unchanged,
    };
    drop_second(ios, first, second, progress);
    if let Some(pair) = ios.anchor.mirror_mut().pairs.get_mut(track.pair.0) {
        pair.mark(track.operation.extent());
    }
    match track.first {
        Progress::Ended(_) => conclude(ios, first),
        Progress::NotStarted | Progress::Scheduled | Progress::Started => {}
    }
}

/// The second request is gone; what is known of it stays.
pub(crate) fn drop_second<P: Platform>(
    ios: &mut Ios<P>,
    first: RequestId,
    second: RequestId,
    progress: Progress,
) where
    P::Anchor: MirrorAnchor<P>,
{
    let mirror = ios.anchor.mirror_mut();
    mirror.tracks.unlink(second);
    if let Some(track) = mirror.tracks.get_mut(first) {
        track.second_progress = progress;
    }
    ios.discard(second);
}
