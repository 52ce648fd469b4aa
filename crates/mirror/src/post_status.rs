//! The post-status detour: stands where the status pointer pointed.
//!
//! It is called with the outcome of every request. The first request of a mirrored write goes on to the
//! post only when the second is over too, or when the pair was suspended before.

use crate::back_end::schedule_second;
use crate::pair::{Leg, PairIndex, SuspendReason};
use crate::suspend::suspend;
use crate::table::MirrorAnchor;
use crate::track::{Progress, Track};
use core::fmt;
use ios::{Ios, Operation, Platform, RequestId, Startable, Status};

/// What the detour made of an outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Decision {
    /// The request is no part of a mirrored write.
    NotMirrored,
    /// The first request is over, the second is not: not confirmed.
    Hold(RequestId),
    /// The second request is over, the first is not.
    WaitForFirst,
    /// The first request is over without a start, the second is yet to be started.
    StartSecond(RequestId, RequestId),
    /// Both are over: the first is confirmed.
    Confirm(RequestId),
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotMirrored => f.write_str("not-mirrored"),
            Self::Hold(second) => write!(f, "hold second={second}"),
            Self::StartSecond(_, second) => write!(f, "start-second second={second}"),
            Self::WaitForFirst => f.write_str("wait-for-first"),
            Self::Confirm(first) => write!(f, "confirm first={first}"),
        }
    }
}

/// The post-status detour.
pub(crate) fn post_status<P: Platform>(ios: &mut Ios<P>, id: RequestId, status: Status)
where
    P::Anchor: MirrorAnchor<P>,
{
    let tracks = &ios.anchor.mirror().tracks;
    let first_of_failed = tracks.first_of(id).filter(|_| !status.is_complete());
    let decision = match tracks.first_of(id) {
        Some(first) => second_ended(ios, first, id, status),
        None if tracks.get(id).is_some() => first_ended(ios, id, status),
        None => Decision::NotMirrored,
    };
    ios.trace(format_args!("POST-STATUS request={id} status={status} decision={decision}"));
    if let Some(first) = first_of_failed {
        secondary_failed(ios, first, status);
    }
    match decision {
        Decision::NotMirrored => onward(ios, id, status),
        Decision::Hold(_) | Decision::WaitForFirst => {}
        Decision::StartSecond(first, second) => start_second(ios, first, second),
        Decision::Confirm(first) => confirm(ios, first),
    }
}

/// On to the real status routine.
fn onward<P: Platform>(ios: &mut Ios<P>, id: RequestId, status: Status)
where
    P::Anchor: MirrorAnchor<P>,
{
    if let Some(saved) = ios.anchor.mirror().saved.as_ref() {
        let routine = saved.post_status;
        (routine.entry)(ios, id, status);
    }
}

fn first_ended<P: Platform>(ios: &mut Ios<P>, first: RequestId, status: Status) -> Decision
where
    P::Anchor: MirrorAnchor<P>,
{
    let Some(track) = ios.anchor.mirror_mut().tracks.get_mut(first) else {
        return Decision::NotMirrored;
    };
    track.first = Progress::Ended(status);
    let track = *track;
    let Some(second) = track.second else {
        return Decision::Confirm(first);
    };
    match track.second_progress {
        Progress::Started => Decision::Hold(second),
        // The primary needed no start for it (a flush, where every write is durable at once); the secondary
        // may.
        Progress::NotStarted if status.is_complete() => Decision::StartSecond(first, second),
        Progress::NotStarted => {
            drop_second(ios, first, second, Progress::NotStarted);
            Decision::Confirm(first)
        }
        // A write that failed on the primary is not begun on the secondary any more.
        Progress::Scheduled if !status.is_complete() && ios.withdraw(second) => {
            drop_second(ios, first, second, Progress::Ended(Status::Cancelled));
            Decision::Confirm(first)
        }
        Progress::Scheduled => Decision::Hold(second),
        Progress::Ended(_) => Decision::Confirm(first),
    }
}

fn second_ended<P: Platform>(
    ios: &mut Ios<P>,
    first: RequestId,
    second: RequestId,
    status: Status,
) -> Decision
where
    P::Anchor: MirrorAnchor<P>,
{
    drop_second(ios, first, second, Progress::Ended(status));
    let Some(track) = ios.anchor.mirror().tracks.get(first) else {
        return Decision::NotMirrored;
    };
    match track.first {
        Progress::Ended(_) => Decision::Confirm(first),
        Progress::NotStarted | Progress::Scheduled | Progress::Started => Decision::WaitForFirst,
    }
}

/// A second request failed: the pair is suspended before anything is confirmed.
fn secondary_failed<P: Platform>(ios: &mut Ios<P>, first: RequestId, status: Status)
where
    P::Anchor: MirrorAnchor<P>,
{
    if let Some(Track { pair, operation, .. }) = ios.anchor.mirror().tracks.get(first) {
        suspend(ios, pair, SuspendReason { leg: Leg::Secondary, operation, status });
    }
}

/// The second request of a write that the primary is done with goes its way.
fn start_second<P: Platform>(ios: &mut Ios<P>, first: RequestId, second: RequestId)
where
    P::Anchor: MirrorAnchor<P>,
{
    let secondary = ios.request(second).map(|(device, _)| device);
    match secondary.map(|device| ios.startable(device)) {
        Some(Startable::Later(_)) => schedule_second(ios, first, second),
        Some(Startable::Now | Startable::Never) | None => ios.start(second),
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

/// Both are over: the first goes on to the post, and writes held behind it may start.
pub(crate) fn confirm<P: Platform>(ios: &mut Ios<P>, first: RequestId)
where
    P::Anchor: MirrorAnchor<P>,
{
    let Some(track) = ios.anchor.mirror_mut().tracks.remove(first) else {
        return;
    };
    let Progress::Ended(status) = track.first else {
        return;
    };
    if legs_may_differ(&track, status) {
        let Track { pair, operation, .. } = track;
        suspend(ios, pair, SuspendReason { leg: Leg::Primary, operation, status });
    }
    let mirror = ios.anchor.mirror_mut();
    if status.is_complete() && track.second_progress == Progress::Ended(Status::Complete) {
        match track.operation {
            Operation::Flush => mirror.statistics.mirrored_flushes += 1,
            Operation::Write(_) | Operation::Discard(_) | Operation::WriteZeroes(_) => {
                mirror.statistics.mirrored_writes += 1;
            }
            Operation::Read(_) => {}
        }
    }
    if let Some(pair) = mirror.pairs.get_mut(track.pair.0) {
        pair.in_flight -= 1;
        pair.overlap.over(first);
    }
    onward(ios, first, status);
    release_held(ios, track.pair);
}

/// Whether a write that ended so on the primary leaves the legs unlike: the primary had it, or is gone.
/// One that no device ever had leaves them as they were.
fn legs_may_differ(track: &Track, status: Status) -> bool {
    match status {
        Status::Complete => false,
        Status::NotOperational => true,
        Status::DeviceError
        | Status::Unsupported
        | Status::TimedOut
        | Status::ProtocolError
        | Status::Cancelled
        | Status::Rejected => track.second_progress != Progress::NotStarted,
    }
}

/// Starts the writes that were held and overlap nothing before them any more. One that ends at once
/// frees others: they are left to the call that is under way, so that a chain of them takes no stack.
fn release_held<P: Platform>(ios: &mut Ios<P>, pair: PairIndex)
where
    P::Anchor: MirrorAnchor<P>,
{
    let mirror = ios.anchor.mirror_mut();
    mirror.releases.push_back(pair);
    if mirror.releases.len() > 1 {
        return;
    }
    while let Some(pair) = ios.anchor.mirror().releases.front().copied() {
        while let Some(id) = next_admitted(ios, pair) {
            ios.trace(format_args!("RELEASE request={id}"));
            ios.resume(id);
        }
        ios.anchor.mirror_mut().releases.pop_front();
    }
}

fn next_admitted<P: Platform>(ios: &mut Ios<P>, pair: PairIndex) -> Option<RequestId>
where
    P::Anchor: MirrorAnchor<P>,
{
    ios.anchor.mirror_mut().pairs.get_mut(pair.0)?.overlap.next_admitted()
}
