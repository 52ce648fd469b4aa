//! The front-end detour: stands where the forward pointer to `ddtsio` pointed.
//!
//! It finds out whether the device is mirrored and by which other, creates the second request, and
//! passes control on to the real `ddtsio`.

use crate::overlap::Admission;
use crate::pair::{PairIndex, PairState};
use crate::table::{MirrorAnchor, Role};
use crate::track::{Progress, Track};
use core::fmt;
use ios::{Disposition, Ios, Operation, Platform, RequestId, Status, UcbIndex};

/// What the detour made of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Decision {
    /// The device is in no pair.
    NotMirrored,
    /// It changes nothing on the device.
    Read,
    /// It is itself a second request, on its way to the secondary.
    IsSecond,
    /// The pair is suspended: the primary alone has it.
    Suspended,
    /// It came before and has its second request already.
    HasSecond,
    /// A second request was created.
    Created(RequestId),
    /// It overlaps a write before it, and is held behind that.
    Held(RequestId),
    /// A process's own write to the secondary of a pair.
    Protected,
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotMirrored => f.write_str("not-mirrored"),
            Self::Read => f.write_str("read"),
            Self::IsSecond => f.write_str("is-second"),
            Self::Suspended => f.write_str("pair-suspended"),
            Self::HasSecond => f.write_str("has-second"),
            Self::Created(second) => write!(f, "second-created second={second}"),
            Self::Held(behind) => write!(f, "held-for-overlap behind={behind}"),
            Self::Protected => f.write_str("secondary-protected"),
        }
    }
}

/// The front-end detour.
pub(crate) fn front_end<P: Platform>(ios: &mut Ios<P>, id: RequestId) -> Disposition
where
    P::Anchor: MirrorAnchor<P>,
{
    let Some((device, operation)) = ios.request(id) else {
        return Disposition::End(Status::Cancelled);
    };
    let decision = decide(ios, id, device, operation);
    ios.trace(format_args!("FRONT-END request={id} {operation} decision={decision}"));
    match decision {
        Decision::Held(_) => Disposition::Held,
        Decision::Protected => Disposition::End(Status::Rejected),
        Decision::NotMirrored
        | Decision::Read
        | Decision::IsSecond
        | Decision::Suspended
        | Decision::HasSecond
        | Decision::Created(_) => pass_on(ios, id, device),
    }
}

/// On to the real `ddtsio`.
fn pass_on<P: Platform>(ios: &mut Ios<P>, id: RequestId, device: UcbIndex) -> Disposition
where
    P::Anchor: MirrorAnchor<P>,
{
    let ddt = ios.ucb(device).map(ios::Ucb::ddt);
    let saved = ios.anchor.mirror().saved.as_ref();
    let forward = saved.and_then(|saved| {
        saved.ddtsio.iter().find(|(index, _)| Some(*index) == ddt).map(|(_, vector)| *vector)
    });
    match forward {
        Some(forward) => (forward.entry)(ios, id),
        None => Disposition::End(Status::Cancelled),
    }
}

fn decide<P: Platform>(
    ios: &mut Ios<P>,
    id: RequestId,
    device: UcbIndex,
    operation: Operation,
) -> Decision
where
    P::Anchor: MirrorAnchor<P>,
{
    if !operation.changes_device() {
        return Decision::Read;
    }
    let mirror = ios.anchor.mirror();
    match mirror.role(device) {
        None => Decision::NotMirrored,
        Some(Role::Secondary(_)) if mirror.tracks.first_of(id).is_some() => Decision::IsSecond,
        Some(Role::Secondary(_)) => Decision::Protected,
        Some(Role::Primary(pair)) => decide_primary(ios, id, pair, operation),
    }
}

fn decide_primary<P: Platform>(
    ios: &mut Ios<P>,
    id: RequestId,
    index: PairIndex,
    operation: Operation,
) -> Decision
where
    P::Anchor: MirrorAnchor<P>,
{
    let mirror = ios.anchor.mirror_mut();
    let Some(pair) = mirror.pairs.get_mut(index.0) else {
        return Decision::NotMirrored;
    };
    if let Some(track) = mirror.tracks.get(id) {
        return match (track.second, pair.state) {
            (Some(_), _) => Decision::HasSecond,
            (None, PairState::Duplex) => create(ios, id, index),
            (None, PairState::Suspended(_) | PairState::Simplex) => Decision::Suspended,
        };
    }
    match pair.state {
        PairState::Duplex => {}
        PairState::Suspended(_) | PairState::Simplex => return Decision::Suspended,
    }
    pair.in_flight += 1;
    let admission = operation.extent().map(|extent| pair.overlap.admit(id, extent));
    mirror.tracks.insert(
        id,
        Track {
            pair: index,
            operation,
            first: Progress::NotStarted,
            second: None,
            second_progress: Progress::NotStarted,
        },
    );
    match admission {
        Some(Admission::HeldBehind(behind)) => {
            mirror.statistics.overlaps_held += 1;
            Decision::Held(behind)
        }
        Some(Admission::Admitted) | None => create(ios, id, index),
    }
}

/// Creates the second request.
fn create<P: Platform>(ios: &mut Ios<P>, id: RequestId, index: PairIndex) -> Decision
where
    P::Anchor: MirrorAnchor<P>,
{
    let Some(secondary) = ios.anchor.mirror().pair(index).map(crate::Pair::secondary) else {
        return Decision::NotMirrored;
    };
    if let Some((_, Operation::Discard(extent))) = ios.request(id) {
        // What a disk holds after a discard is its own choice, and the legs could choose differently.
        ios.replace_operation(id, Operation::WriteZeroes(extent));
    }
    let Some(second) = ios.create_second(id, secondary) else {
        return Decision::NotMirrored;
    };
    ios.anchor.mirror_mut().tracks.link(id, second);
    Decision::Created(second)
}
