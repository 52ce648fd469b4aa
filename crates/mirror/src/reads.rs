//! A read that one leg fails is answered by the other, if that has everything.
//!
//! A bad block does not change the pair. A primary that is gone or gives no answer is replaced first, where
//! the policy allows it. A read that is driven again waits for writes in flight that overlap it: what it finds on
//! the other leg, a later read on this one finds too.

use crate::change::{can_swap, is_operational, leg_failed};
use crate::conclude::finish;
use crate::overlap::{Admission, Holder};
use crate::pair::{Leg, PairIndex};
use crate::post_status::onward;
use crate::state::PairState;
use crate::table::{MirrorAnchor, PairEvent, Role};
use crate::track::{Kind, Progress, Track};
use ios::{Access, Extent, Ios, Operation, Platform, RequestId, Status, UcbIndex};

/// Where a read that ended badly can be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Elsewhere {
    /// By the other device.
    Other,
    /// By the secondary, once that is the primary.
    OtherOnceSwapped,
}

/// A read of a pair that ended badly, and that the other device can answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FailedRead {
    pair: PairIndex,
    device: UcbIndex,
    extent: Extent,
    status: Status,
    elsewhere: Elsewhere,
}

/// Whether a request that ended badly is a read of a pair that can be answered all the same.
pub(crate) fn failed_read<P: Platform>(
    ios: &Ios<P>,
    id: RequestId,
    status: Status,
) -> Option<FailedRead>
where
    P::Anchor: MirrorAnchor<P>,
{
    let (device, Operation::Read(extent)) = ios.request(id)? else { return None };
    let mirror = ios.anchor.mirror();
    let (Role::Primary(index) | Role::Secondary(index)) = mirror.role(device)?;
    let pair = mirror.pair(index)?;
    let is_pair_s = ios.access(id) == Some(Access::Addressed(pair.address));
    if !is_pair_s || pair.state == PairState::Simplex || ios.keeps_data(id) {
        return None;
    }
    let device_lost = match status {
        Status::NotOperational | Status::TimedOut | Status::ProtocolError => true,
        Status::DeviceError | Status::Unsupported => false,
        Status::Complete | Status::Cancelled | Status::Rejected => return None,
    };
    let elsewhere = match pair.leg(device) {
        Leg::Primary if device_lost && can_swap(ios, index) => Elsewhere::OtherOnceSwapped,
        Leg::Primary if pair.secondary_has(extent) && is_operational(ios, pair.secondary) => {
            Elsewhere::Other
        }
        Leg::Primary => return None,
        // The roles were exchanged since: the primary has everything.
        Leg::Secondary => Elsewhere::Other,
    };
    Some(FailedRead { pair: index, device, extent, status, elsewhere })
}

/// Drives a read again, on the other device.
pub(crate) fn drive_again<P: Platform>(ios: &mut Ios<P>, id: RequestId, read: FailedRead)
where
    P::Anchor: MirrorAnchor<P>,
{
    let FailedRead { pair: index, device, extent, status, elsewhere } = read;
    match elsewhere {
        Elsewhere::OtherOnceSwapped => {
            leg_failed(ios, index, device, (Operation::Read(extent), status));
        }
        Elsewhere::Other => {}
    }
    let mirror = ios.anchor.mirror_mut();
    let Some(pair) = mirror.pairs.get_mut(index.0) else { return };
    pair.in_flight += 1;
    let admission = pair.overlap.admit(Holder::Request(id), extent);
    let kind = Kind::ReadAgain { status, failed_on: device };
    mirror.tracks.insert(id, Track::new(index, Operation::Read(extent), kind));
    mirror.statistics.driven_again += 1;
    match admission {
        Admission::Admitted => read_again(ios, id),
        Admission::HeldBehind(_) => mirror.statistics.overlaps_held += 1,
    }
}

/// A read that was to wait for nothing more goes to the other device; or ends as it did, if that lacks something
/// by now.
pub(crate) fn read_again<P: Platform>(ios: &mut Ios<P>, id: RequestId)
where
    P::Anchor: MirrorAnchor<P>,
{
    let mirror = ios.anchor.mirror();
    let Some(Track { pair: index, kind: Kind::ReadAgain { status, failed_on }, operation, .. }) =
        mirror.tracks.get(id)
    else {
        return;
    };
    let Some(pair) = mirror.pair(index) else { return };
    let has = match (pair.leg(failed_on), operation.extent()) {
        (Leg::Primary, Some(extent)) => pair.secondary_has(extent),
        (Leg::Secondary, _) => pair.state != PairState::Simplex,
        (Leg::Primary, None) => false,
    };
    let other = pair.other(failed_on);
    if !has {
        finish(ios, id, index, status);
        return;
    }
    if let Some(track) = ios.anchor.mirror_mut().tracks.get_mut(id) {
        track.first = Progress::NotStarted;
    }
    ios.reroute(id, other);
    ios.trace(format_args!("REDRIVE request={id}"));
    ios.resume(id);
}

/// A read that was driven again is over.
pub(crate) fn again_ended<P: Platform>(ios: &mut Ios<P>, id: RequestId, now: Status)
where
    P::Anchor: MirrorAnchor<P>,
{
    let mirror = ios.anchor.mirror_mut();
    let Some(Track { pair: index, kind: Kind::ReadAgain { status, failed_on }, operation, .. }) =
        mirror.tracks.get(id)
    else {
        onward(ios, id, now);
        return;
    };
    if now.is_complete() {
        if let Some(leg) = mirror.pair(index).map(|pair| pair.leg(failed_on)) {
            mirror.events.push_back(PairEvent::ReadAnswered {
                pair: index,
                leg,
                operation,
                status,
            });
        }
        finish(ios, id, index, now);
    } else {
        finish(ios, id, index, status);
    }
}
