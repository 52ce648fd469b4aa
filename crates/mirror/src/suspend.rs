//! A pair is suspended: from now on its writes go to the primary alone, and the secondary is left as it is.
//!
//! What the secondary has cannot be taken back and is waited for. What it does not have yet is dropped, so
//! that nothing more is begun there.

use crate::pair::{PairIndex, PairState, SuspendReason};
use crate::post_status::{confirm, drop_second};
use crate::table::{MirrorAnchor, PairEvent};
use crate::track::Progress;
use ios::{Ios, Platform, RequestId, Status};

/// Suspends a duplex pair; one in another state stays as it is.
pub(crate) fn suspend<P: Platform>(ios: &mut Ios<P>, index: PairIndex, reason: SuspendReason)
where
    P::Anchor: MirrorAnchor<P>,
{
    let mirror = ios.anchor.mirror_mut();
    let Some(pair) = mirror.pairs.get_mut(index.0) else { return };
    match pair.state {
        PairState::Duplex => {}
        PairState::Suspended(_) | PairState::Simplex => return,
    }
    pair.state = PairState::Suspended(reason);
    mirror.events.push_back(PairEvent::Suspended(index, reason));
    ios.trace(format_args!("SUSPEND pair={} reason=\"{reason}\"", index.0));
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
    match track.first {
        Progress::Ended(_) => confirm(ios, first),
        Progress::NotStarted | Progress::Scheduled | Progress::Started => {}
    }
}
