//! A write is over on every leg that had it: what its process is told, and what becomes of the pair.
//!
//! What counts is how it ended on the device that is the primary now, and on the other; the roles may have been
//! exchanged since it was started. Where the primary did not do it but could be replaced, it is driven again on
//! the device that takes the primary's place.

use crate::change::{apply, can_swap, leg_failed, start_over};
use crate::install::settle_removed;
use crate::locks::release_held;
use crate::overlap::Holder;
use crate::pair::{Leg, PairIndex};
use crate::post_status::onward;
use crate::state::{Cause, Event, OnPrimaryFailure, SuspendReason};
use crate::table::MirrorAnchor;
use crate::track::{Progress, Track};
use ios::{Access, Ios, Operation, Platform, RequestId, Status};

/// How a write ended on the devices of its pair, by their present roles; `None` on one that never had it.
#[derive(Clone, Copy, Debug)]
struct Ends {
    primary: Option<Status>,
    secondary: Option<Status>,
}

/// What becomes of a write.
#[derive(Clone, Copy, Debug)]
enum Conclusion {
    /// Its process is told this.
    Post(Status),
    /// It is driven again on the device that is the primary now.
    DriveAgain,
}

/// Concludes a write whose requests are both over.
pub(crate) fn conclude<P: Platform>(ios: &mut Ios<P>, first: RequestId)
where
    P::Anchor: MirrorAnchor<P>,
{
    let mirror = ios.anchor.mirror();
    let Some(track) = mirror.tracks.get(first) else { return };
    let (Some(pair), Some((device, _))) = (mirror.pair(track.pair), ios.request(first)) else {
        return;
    };
    let Progress::Ended(status) = track.first else { return };
    let second = match track.second_progress {
        Progress::Ended(Status::Cancelled) => None,
        Progress::Ended(second) => Some(second),
        Progress::NotStarted | Progress::Scheduled | Progress::Started => None,
    };
    let is_pair_s = ios.access(first) == Some(Access::Addressed(pair.address));
    let ends = match pair.leg(device) {
        // The other device of a pair that was removed belongs to whoever writes to it.
        _ if !is_pair_s => Ends { primary: Some(status), secondary: None },
        Leg::Primary => Ends { primary: Some(status), secondary: second },
        Leg::Secondary => Ends { primary: second, secondary: Some(status) },
    };
    match decide(ios, &track, ends) {
        Conclusion::Post(status) => post(ios, first, &track, status, ends),
        Conclusion::DriveAgain => {
            start_over(ios, first);
            ios.resume(first);
        }
    }
}

fn decide<P: Platform>(ios: &mut Ios<P>, track: &Track, ends: Ends) -> Conclusion
where
    P::Anchor: MirrorAnchor<P>,
{
    let index = track.pair;
    let Some(pair) = ios.anchor.mirror().pair(index) else {
        return Conclusion::Post(Status::Cancelled);
    };
    let (primary, secondary, mirrors) = (pair.primary, pair.secondary, pair.state.mirrors());
    match (ends.primary, ends.secondary) {
        (Some(Status::Complete), Some(Status::Complete)) => Conclusion::Post(Status::Complete),
        (Some(Status::Complete), Some(failed)) => {
            if mirrors {
                leg_failed(ios, index, secondary, (track.operation, failed));
            }
            mark(ios, track);
            Conclusion::Post(unless_refused(ios, index, failed))
        }
        (Some(Status::Complete), None) => match track.second_progress {
            // It was marked when its second request was dropped.
            Progress::Ended(_) => Conclusion::Post(unless_refused(ios, index, Status::Rejected)),
            Progress::NotStarted | Progress::Scheduled | Progress::Started => {
                Conclusion::Post(Status::Complete)
            }
        },
        (Some(failed), Some(Status::Complete)) => {
            if mirrors {
                leg_failed(ios, index, primary, (track.operation, failed));
            }
            mark(ios, track);
            let swapped =
                ios.anchor.mirror().pair(index).is_some_and(|pair| pair.primary != primary);
            Conclusion::Post(if swapped { Status::Complete } else { failed })
        }
        (Some(failed), Some(_)) => {
            if mirrors {
                both_failed(ios, index, (track.operation, failed));
            }
            mark(ios, track);
            Conclusion::Post(failed)
        }
        (Some(failed), None) => alone_failed(ios, track, failed),
        (None, _) => {
            mark(ios, track);
            Conclusion::DriveAgain
        }
    }
}

/// What the primary did not do, and the secondary never had.
fn alone_failed<P: Platform>(ios: &mut Ios<P>, track: &Track, failed: Status) -> Conclusion
where
    P::Anchor: MirrorAnchor<P>,
{
    let index = track.pair;
    let Some(pair) = ios.anchor.mirror().pair(index) else {
        return Conclusion::Post(failed);
    };
    let (primary, mirrors) = (pair.primary, pair.state.mirrors());
    let never_begun = track.second_progress == Progress::NotStarted;
    let primary_is_gone = match failed {
        Status::NotOperational | Status::ProtocolError => true,
        // What no device ever had leaves the disks as they were, and tells nothing of them.
        Status::Complete
        | Status::DeviceError
        | Status::Unsupported
        | Status::TimedOut
        | Status::Cancelled
        | Status::Rejected => false,
    };
    if never_begun && !primary_is_gone {
        if !mirrors {
            mark(ios, track);
        }
        return Conclusion::Post(failed);
    }
    if mirrors {
        let swaps = can_swap(ios, index);
        leg_failed(ios, index, primary, (track.operation, failed));
        mark(ios, track);
        return if swaps { Conclusion::DriveAgain } else { Conclusion::Post(failed) };
    }
    mark(ios, track);
    Conclusion::Post(failed)
}

/// Both legs failed a write: neither is better than the other, and the pair stays with the primary.
fn both_failed<P: Platform>(
    ios: &mut Ios<P>,
    index: PairIndex,
    (operation, status): (Operation, Status),
) where
    P::Anchor: MirrorAnchor<P>,
{
    let cause = Cause::Failure(SuspendReason { leg: Leg::Primary, operation, status });
    // No failure is ever refused.
    let _ = apply(ios, index, Event::PrimaryFailed(cause, OnPrimaryFailure::GoOn));
}

fn mark<P: Platform>(ios: &mut Ios<P>, track: &Track)
where
    P::Anchor: MirrorAnchor<P>,
{
    if let Some(pair) = ios.anchor.mirror_mut().pairs.get_mut(track.pair.0) {
        pair.mark(track.operation.extent());
    }
}

/// Complete, unless the policy wants every write on two disks.
fn unless_refused<P: Platform>(ios: &Ios<P>, index: PairIndex, otherwise: Status) -> Status
where
    P::Anchor: MirrorAnchor<P>,
{
    let refused = ios.anchor.mirror().pair(index).is_some_and(crate::Pair::refuses_writes);
    if refused { otherwise } else { Status::Complete }
}

/// The write is over: its process is told, and what was held behind it may start.
fn post<P: Platform>(ios: &mut Ios<P>, first: RequestId, track: &Track, status: Status, ends: Ends)
where
    P::Anchor: MirrorAnchor<P>,
{
    let mirror = ios.anchor.mirror_mut();
    if ends.primary == Some(Status::Complete) && ends.secondary == Some(Status::Complete) {
        match track.operation {
            Operation::Flush => mirror.statistics.mirrored_flushes += 1,
            Operation::Write(_) | Operation::Discard(_) | Operation::WriteZeroes(_) => {
                mirror.statistics.mirrored_writes += 1;
            }
            Operation::Read(_) => {}
        }
    }
    finish(ios, first, track.pair, status);
}

/// A tracked request is over: on to the post, and those held behind it may go.
pub(crate) fn finish<P: Platform>(
    ios: &mut Ios<P>,
    first: RequestId,
    index: PairIndex,
    status: Status,
) where
    P::Anchor: MirrorAnchor<P>,
{
    let mirror = ios.anchor.mirror_mut();
    mirror.tracks.remove(first);
    if let Some(pair) = mirror.pairs.get_mut(index.0) {
        pair.in_flight -= 1;
        pair.overlap.over(Holder::Request(first));
    }
    onward(ios, first, status);
    release_held(ios, index);
    settle_removed(ios, index);
}
