//! The post-status detour: stands where the status pointer pointed.
//!
//! It is called with the outcome of every request. The first request of a mirrored write goes on to the
//! post only when the second is over too, or when the pair's state was changed before.

use crate::back_end::schedule_second;
use crate::change::{can_swap, drop_second, leg_failed};
use crate::conclude::conclude;
use crate::pair::Leg;
use crate::reads::{FailedRead, again_ended, drive_again, failed_read};
use crate::table::MirrorAnchor;
use crate::track::{Kind, Progress, Track};
use core::fmt;
use ios::{Ios, Platform, RequestId, Startable, Status, UcbIndex};

/// What the detour made of an outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Decision {
    /// The request is no part of a mirrored write.
    NotMirrored,
    /// The first request is over, the second is not: not confirmed.
    Hold(RequestId),
    /// The second request is over, the first is not.
    WaitForFirst,
    /// The second request failed on the secondary, and the first is not over: the pair is suspended before anything
    /// more is confirmed.
    SecondFailed(Track, UcbIndex),
    /// The first request is over without a start, the second is yet to be started.
    StartSecond(RequestId, RequestId),
    /// Both are over: the first is confirmed.
    Confirm(RequestId),
    /// It is a read that the other leg can answer.
    DriveAgain(FailedRead),
    /// It is a read that was driven again.
    ReadAgain,
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotMirrored => f.write_str("not-mirrored"),
            Self::Hold(second) => write!(f, "hold second={second}"),
            Self::StartSecond(_, second) => write!(f, "start-second second={second}"),
            Self::WaitForFirst | Self::SecondFailed(..) => f.write_str("wait-for-first"),
            Self::Confirm(first) => write!(f, "confirm first={first}"),
            Self::DriveAgain(_) => f.write_str("drive-again"),
            Self::ReadAgain => f.write_str("was-driven-again"),
        }
    }
}

/// The post-status detour.
pub(crate) fn post_status<P: Platform>(ios: &mut Ios<P>, id: RequestId, status: Status)
where
    P::Anchor: MirrorAnchor<P>,
{
    let decision = decide(ios, id, status);
    ios.trace(format_args!("POST-STATUS request={id} status={status} decision={decision}"));
    match decision {
        Decision::NotMirrored => onward(ios, id, status),
        Decision::Hold(_) | Decision::WaitForFirst => {}
        Decision::SecondFailed(track, device) => {
            leg_failed(ios, track.pair, device, (track.operation, status));
        }
        Decision::StartSecond(first, second) => start_second(ios, first, second),
        Decision::Confirm(first) => conclude(ios, first),
        Decision::DriveAgain(read) => drive_again(ios, id, read),
        Decision::ReadAgain => again_ended(ios, id, status),
    }
}

fn decide<P: Platform>(ios: &mut Ios<P>, id: RequestId, status: Status) -> Decision
where
    P::Anchor: MirrorAnchor<P>,
{
    let tracks = &ios.anchor.mirror().tracks;
    if let Some(first) = tracks.first_of(id) {
        return second_ended(ios, first, id, status);
    }
    match tracks.get(id).map(|track| track.kind) {
        Some(Kind::Change) => return first_ended(ios, id, status),
        Some(Kind::ReadAgain { .. }) => return Decision::ReadAgain,
        None if status.is_complete() => return Decision::NotMirrored,
        None => {}
    }
    match failed_read(ios, id, status) {
        Some(read) => Decision::DriveAgain(read),
        None => Decision::NotMirrored,
    }
}

/// On to the real status routine.
pub(crate) fn onward<P: Platform>(ios: &mut Ios<P>, id: RequestId, status: Status)
where
    P::Anchor: MirrorAnchor<P>,
{
    let routine = match ios.anchor.mirror().saved.as_ref() {
        Some(saved) => saved.post_status,
        None => ios.vectors().post_status,
    };
    (routine.entry)(ios, id, status);
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
        Progress::Scheduled if status.is_complete() || may_take_over(ios, first, &track) => {
            Decision::Hold(second)
        }
        // A write that failed on the primary is not begun on the secondary any more.
        Progress::Scheduled if ios.withdraw(second) => {
            drop_second(ios, first, second, Progress::Ended(Status::Cancelled));
            Decision::Confirm(first)
        }
        Progress::Scheduled => Decision::Hold(second),
        Progress::Ended(_) => Decision::Confirm(first),
    }
}

/// Whether the device that is yet to have a write's second request is the primary, or could be.
fn may_take_over<P: Platform>(ios: &Ios<P>, first: RequestId, track: &Track) -> bool
where
    P::Anchor: MirrorAnchor<P>,
{
    let Some((device, _)) = ios.request(first) else { return false };
    let leg = ios.anchor.mirror().pair(track.pair).map(|pair| pair.leg(device));
    leg == Some(Leg::Secondary) || can_swap(ios, track.pair)
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
    let device = ios.request(second).map(|(device, _)| device);
    drop_second(ios, first, second, Progress::Ended(status));
    let mirror = ios.anchor.mirror();
    let Some(track) = mirror.tracks.get(first) else {
        return Decision::NotMirrored;
    };
    if let Progress::Ended(_) = track.first {
        return Decision::Confirm(first);
    }
    match device {
        Some(device)
            if !status.is_complete()
                && mirror.pair(track.pair).is_some_and(|pair| device == pair.secondary) =>
        {
            Decision::SecondFailed(track, device)
        }
        Some(_) | None => Decision::WaitForFirst,
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
