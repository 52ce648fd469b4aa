//! The back-end detour: stands where the return pointer of `iosvcp` into `iosvssch` pointed.
//!
//! It sees the condition code of the first request. Only if that says that the device has it, the
//! second request goes to its device: at once when its start is permissible, else scheduled.

use crate::change::{drop_second, leg_failed};
use crate::table::MirrorAnchor;
use crate::track::{Progress, Track};
use core::fmt;
use ios::{Ios, NotStartable, Platform, RequestId, StartCc, Startable, Status};

/// What the detour made of a condition code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Decision {
    /// The request is no part of a mirrored write.
    NotMirrored,
    /// The first request was not accepted: no second one is started.
    NotAccepted,
    /// The first request was accepted; its second is started.
    Start(RequestId),
    /// The first request was accepted; the start of its second is not permissible now.
    Schedule(RequestId, NotStartable),
    /// The first request was accepted; its second can never be started.
    Suspend(RequestId),
    /// The first request was accepted; there is no second, the pair having been suspended.
    NoSecond,
    /// It is a second request, and its device has it.
    SecondAccepted,
    /// It is a second request, and its device does not have it.
    SecondNotAccepted,
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotMirrored => f.write_str("not-mirrored"),
            Self::NotAccepted => f.write_str("first-not-accepted"),
            Self::Start(second) => write!(f, "start-second second={second}"),
            Self::Schedule(second, why) => {
                write!(f, "schedule-second second={second} reason={why}")
            }
            Self::Suspend(second) => write!(f, "suspend second={second} reason=not-operational"),
            Self::NoSecond => f.write_str("no-second"),
            Self::SecondAccepted => f.write_str("second-accepted"),
            Self::SecondNotAccepted => f.write_str("second-not-accepted"),
        }
    }
}

/// The back-end detour.
pub(crate) fn back_end<P: Platform>(ios: &mut Ios<P>, id: RequestId, cc: StartCc)
where
    P::Anchor: MirrorAnchor<P>,
{
    // Read before anything is done, for what is done may take the detours out.
    let onward = match ios.anchor.mirror().saved.as_ref() {
        Some(saved) => saved.iosvcp_return,
        None => ios.vectors().iosvcp_return,
    };
    let decision = decide(ios, id, cc);
    ios.trace(format_args!("BACK-END request={id} cc={cc} decision={decision}"));
    match decision {
        Decision::NotMirrored
        | Decision::NotAccepted
        | Decision::NoSecond
        | Decision::SecondAccepted => {}
        Decision::Start(second) => ios.start(second),
        Decision::Schedule(second, _) => schedule_second(ios, id, second),
        Decision::Suspend(second) => never(ios, id, second),
        Decision::SecondNotAccepted => second_not_accepted(ios, id, cc),
    }
    (onward.entry)(ios, id, cc);
}

fn decide<P: Platform>(ios: &mut Ios<P>, id: RequestId, cc: StartCc) -> Decision
where
    P::Anchor: MirrorAnchor<P>,
{
    let mirror = ios.anchor.mirror_mut();
    if let Some(first) = mirror.tracks.first_of(id) {
        if cc != StartCc::Started {
            return Decision::SecondNotAccepted;
        }
        if let Some(track) = mirror.tracks.get_mut(first) {
            track.second_progress = Progress::Started;
        }
        return Decision::SecondAccepted;
    }
    let Some(track) = mirror.tracks.get_mut(id) else {
        return Decision::NotMirrored;
    };
    match cc {
        StartCc::StatusPending | StartCc::Busy | StartCc::NotOperational => {
            return Decision::NotAccepted;
        }
        StartCc::Started => track.first = Progress::Started,
    }
    let Some(second) = track.second else { return Decision::NoSecond };
    let Some((device, _)) = ios.request(second) else { return Decision::NoSecond };
    match ios.startable(device) {
        Startable::Now => Decision::Start(second),
        Startable::Later(why) => Decision::Schedule(second, why),
        Startable::Never => Decision::Suspend(second),
    }
}

/// The second request waits on its device's queue until its start is permissible.
pub(crate) fn schedule_second<P: Platform>(ios: &mut Ios<P>, first: RequestId, second: RequestId)
where
    P::Anchor: MirrorAnchor<P>,
{
    let mirror = ios.anchor.mirror_mut();
    mirror.statistics.deferred_starts += 1;
    if let Some(track) = mirror.tracks.get_mut(first) {
        track.second_progress = Progress::Scheduled;
    }
    ios.schedule(second);
}

/// The second request's device is not operational: the pair is suspended and the first request goes on alone.
fn never<P: Platform>(ios: &mut Ios<P>, first: RequestId, second: RequestId)
where
    P::Anchor: MirrorAnchor<P>,
{
    let Some(Track { pair, operation, .. }) = ios.anchor.mirror().tracks.get(first) else {
        return;
    };
    let Some((device, _)) = ios.request(second) else { return };
    let status = Status::NotOperational;
    drop_second(ios, first, second, Progress::Ended(status));
    leg_failed(ios, pair, device, (operation, status));
}

/// The secondary did not take it: the supervisor puts it on the device's queue (busy, status pending),
/// or clears the device and ends it with all else that is there (not operational).
fn second_not_accepted<P: Platform>(ios: &mut Ios<P>, second: RequestId, cc: StartCc)
where
    P::Anchor: MirrorAnchor<P>,
{
    let mirror = ios.anchor.mirror_mut();
    let Some(first) = mirror.tracks.first_of(second) else { return };
    let Some(track) = mirror.tracks.get_mut(first) else { return };
    match cc {
        StartCc::StatusPending | StartCc::Busy => {
            if track.second_progress == Progress::NotStarted {
                track.second_progress = Progress::Scheduled;
                mirror.statistics.deferred_starts += 1;
            }
        }
        // Its end is on its way, and nobody may take it back before.
        StartCc::NotOperational | StartCc::Started => track.second_progress = Progress::Started,
    }
}
