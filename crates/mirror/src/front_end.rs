//! The front-end detour: stands where the forward pointer to `ddtsio` pointed.
//!
//! It finds out whether the device is mirrored and by which other, creates the second request, and
//! passes control on to the real `ddtsio`.

use crate::overlap::{Admission, Holder};
use crate::pair::PairIndex;
use crate::state::PairState;
use crate::table::{MirrorAnchor, Role};
use crate::track::{Kind, Track};
use core::fmt;
use ios::{Access, Ddtsio, Disposition, Ios, Operation, Platform, RequestId, Status, UcbIndex};

/// What the detour made of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Decision {
    /// The device is in no pair.
    NotMirrored,
    /// It goes to the device itself, whatever pair that is in.
    Direct,
    /// It changes nothing on the device.
    Read,
    /// It is itself a second request, on its way to its device.
    IsSecond,
    /// Writes go to the primary alone.
    Alone(&'static str),
    /// It came before and has its second request already.
    HasSecond,
    /// A second request was created.
    Created(RequestId),
    /// It overlaps a write or a lock before it, and is held behind that.
    Held(Holder),
    /// A process's own write to the secondary of a pair.
    Protected,
    /// It would not be on two disks, and the policy wants that.
    Refused,
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotMirrored => f.write_str("not-mirrored"),
            Self::Direct => f.write_str("direct"),
            Self::Read => f.write_str("read"),
            Self::IsSecond => f.write_str("is-second"),
            Self::Alone(state) => write!(f, "pair-{state}"),
            Self::HasSecond => f.write_str("has-second"),
            Self::Created(second) => write!(f, "second-created second={second}"),
            Self::Held(behind) => write!(f, "held-for-overlap behind={behind}"),
            Self::Protected => f.write_str("secondary-protected"),
            Self::Refused => f.write_str("refused-by-policy"),
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
    let forward = forward(ios, device);
    let decision = decide(ios, id, device, operation);
    ios.trace(format_args!("FRONT-END request={id} {operation} decision={decision}"));
    match decision {
        Decision::Held(_) => Disposition::Held,
        Decision::Protected | Decision::Refused => Disposition::End(Status::Rejected),
        Decision::NotMirrored
        | Decision::Direct
        | Decision::Read
        | Decision::IsSecond
        | Decision::Alone(_)
        | Decision::HasSecond
        | Decision::Created(_) => match forward {
            // On to the real `ddtsio`.
            Some(forward) => forward(ios, id),
            None => Disposition::End(Status::Cancelled),
        },
    }
}

/// Where the forward pointer of a device's kind pointed.
fn forward<P: Platform>(ios: &Ios<P>, device: UcbIndex) -> Option<Ddtsio<P>>
where
    P::Anchor: MirrorAnchor<P>,
{
    let ddt = ios.ucb(device).map(ios::Ucb::ddt)?;
    let saved = ios.anchor.mirror().saved.as_ref()?;
    saved.ddtsio.iter().find(|(index, _)| *index == ddt).map(|(_, vector)| vector.entry)
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
    let Some(Access::Addressed(address)) = ios.access(id) else { return Decision::Direct };
    if !operation.changes_device() {
        return Decision::Read;
    }
    let mirror = ios.anchor.mirror();
    if mirror.tracks.first_of(id).is_some() {
        return Decision::IsSecond;
    }
    let Some(Role::Primary(index) | Role::Secondary(index)) = mirror.role(device) else {
        return Decision::NotMirrored;
    };
    let Some(pair) = mirror.pair(index) else { return Decision::NotMirrored };
    if address != pair.address && pair.state != PairState::Simplex {
        return Decision::Protected;
    }
    if pair.refuses_writes() {
        return Decision::Refused;
    }
    match mirror.tracks.get(id) {
        Some(Track { second: Some(_), .. }) => Decision::HasSecond,
        Some(_) => go(ios, id, index, operation),
        // What is left of a pair that was removed is in nobody's way but of what overlaps it.
        None if pair.state == PairState::Simplex && !pair.overlap.touches(operation.extent()) => {
            Decision::NotMirrored
        }
        None => admit(ios, id, index, operation),
    }
}

/// A write comes that the pair does not know yet.
fn admit<P: Platform>(
    ios: &mut Ios<P>,
    id: RequestId,
    index: PairIndex,
    operation: Operation,
) -> Decision
where
    P::Anchor: MirrorAnchor<P>,
{
    let mirror = ios.anchor.mirror_mut();
    let Some(pair) = mirror.pairs.get_mut(index.0) else { return Decision::NotMirrored };
    pair.in_flight += 1;
    let holder = Holder::Request(id);
    let admission = operation.extent().map(|extent| pair.overlap.admit(holder, extent));
    mirror.tracks.insert(id, Track::new(index, operation, Kind::Change));
    match admission {
        Some(Admission::HeldBehind(behind)) => {
            mirror.statistics.overlaps_held += 1;
            Decision::Held(behind)
        }
        Some(Admission::Admitted) | None => go(ios, id, index, operation),
    }
}

/// A write that waits for no other goes on: with a second request, or alone.
fn go<P: Platform>(
    ios: &mut Ios<P>,
    id: RequestId,
    index: PairIndex,
    operation: Operation,
) -> Decision
where
    P::Anchor: MirrorAnchor<P>,
{
    let Some(pair) = ios.anchor.mirror_mut().pairs.get_mut(index.0) else {
        return Decision::NotMirrored;
    };
    let (state, secondary) = (pair.state, pair.secondary);
    match state {
        PairState::Duplex | PairState::Copying => {}
        PairState::Suspended(_) | PairState::Swapped(_) => {
            pair.mark(operation.extent());
            return Decision::Alone(state.name());
        }
        PairState::Simplex => return Decision::Alone(state.name()),
    }
    if let Operation::Discard(extent) = operation {
        // What a disk holds after a discard is its own choice, and the legs could choose differently.
        ios.replace_operation(id, Operation::WriteZeroes(extent));
    }
    match ios.create_second(id, secondary) {
        Some(second) => {
            ios.anchor.mirror_mut().tracks.link(id, second);
            Decision::Created(second)
        }
        None => Decision::NotMirrored,
    }
}
