//! A pair is established, with I/O under way.

use crate::changes::ChangeMap;
use crate::install::install;
use crate::overlap::{Holder, Overlap};
use crate::pair::{Leg, Pair, PairIndex, Policy};
use crate::state::PairState;
use crate::table::{MirrorAnchor, PairEvent, Role};
use crate::track::{Kind, Progress, Track};
use core::fmt;
use ios::{Access, Characteristics, Ios, Platform, SECTOR_BYTES, UcbIndex, UcbState};

/// What the disks of a pair hold when it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Initial {
    /// Anything: all of the primary is to be copied to the secondary.
    Copy,
    /// The same, as whoever says so knows.
    NoCopy,
}

/// Why a pair cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EstablishError {
    /// There is no such device.
    NoSuchDevice(Leg),
    /// The two are one.
    SameDevice,
    /// It is in a pair.
    InAPair(Leg),
    /// It was in a pair, of which something is still under way.
    Leaving(Leg),
    /// It is not operational.
    NotOperational(Leg),
    /// It is read-only.
    ReadOnly(Leg),
    /// The secondary is smaller than the primary; sectors of each.
    SecondaryTooSmall {
        /// The primary's.
        primary_sectors: u64,
        /// The secondary's.
        secondary_sectors: u64,
    },
    /// The secondary takes only larger blocks than the primary; bytes of each.
    SecondaryBlockTooLarge {
        /// The primary's.
        primary_bytes: u32,
        /// The secondary's.
        secondary_bytes: u32,
    },
    /// It has requests under way that are no business of the pair's.
    Busy(Leg),
    /// There is no room to note what changes.
    NoStorage,
}

impl fmt::Display for EstablishError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchDevice(leg) => write!(f, "the {leg} is not there"),
            Self::SameDevice => f.write_str("primary and secondary are the same device"),
            Self::InAPair(leg) => write!(f, "the {leg} is in another pair"),
            Self::Leaving(leg) => {
                write!(f, "the {leg} still has requests of the pair that it was in: try again")
            }
            Self::NotOperational(leg) => write!(f, "the {leg} is not operational"),
            Self::ReadOnly(leg) => write!(f, "the {leg} is read-only"),
            Self::SecondaryTooSmall { primary_sectors, secondary_sectors } => write!(
                f,
                "the secondary is smaller than the primary: {} bytes, {} are needed",
                secondary_sectors.saturating_mul(512),
                primary_sectors.saturating_mul(512)
            ),
            Self::SecondaryBlockTooLarge { primary_bytes, secondary_bytes } => write!(
                f,
                "the secondary's blocks of {secondary_bytes} bytes are larger than the primary's of \
                 {primary_bytes}"
            ),
            Self::Busy(leg) => write!(f, "the {leg} has requests under way"),
            Self::NoStorage => f.write_str("there is no room to note what changes"),
        }
    }
}

impl core::error::Error for EstablishError {}

/// Makes a pair of two devices, called by their addresses: from now on every write to the primary goes to both.
/// With the first pair the detours go into the vectors.
///
/// Requests under way on the primary go on. What its writes change is copied to the secondary, even with
/// [`Initial::NoCopy`]: the pair is then copying until that is done.
///
/// # Errors
/// [`EstablishError`]; nothing is changed then.
pub fn establish<P: Platform>(
    ios: &mut Ios<P>,
    primary: UcbIndex,
    secondary: UcbIndex,
    initial: Initial,
    policy: Policy,
) -> Result<PairIndex, EstablishError>
where
    P::Anchor: MirrorAnchor<P>,
{
    let (address, partner) = (primary, secondary);
    let (primary, secondary) = (ios.leads_to(address), ios.leads_to(partner));
    check(ios, primary, secondary)?;
    let Some((own, ddt)) = ios.ucb(primary).map(|ucb| (ucb.characteristics(), ucb.ddt())) else {
        return Err(EstablishError::NoSuchDevice(Leg::Primary));
    };
    let Some((others, other_ddt)) =
        ios.ucb(secondary).map(|ucb| (ucb.characteristics(), ucb.ddt()))
    else {
        return Err(EstablishError::NoSuchDevice(Leg::Secondary));
    };
    let limits = pair_limits(&own, &others);
    let under_way = ios.ucb(primary).is_some_and(|ucb| ucb.active() > 0 || ucb.queued() > 0);
    if under_way && limits != own {
        // Its processes were told that it takes more.
        return Err(EstablishError::Busy(Leg::Primary));
    }
    let mut changes = ChangeMap::new(limits.capacity_sectors, limits.block_bytes / SECTOR_BYTES)
        .map_err(|_| EstablishError::NoStorage)?;
    match initial {
        Initial::Copy => changes.mark_all(),
        Initial::NoCopy => {}
    }
    ios.set_limits(primary, limits);
    // The secondary's kind too: the front-end detour keeps a process's own writes off it.
    install(ios, ddt);
    install(ios, other_ddt);
    let mirror = ios.anchor.mirror_mut();
    let pair = Pair {
        primary,
        secondary,
        address,
        partner,
        established: [primary, secondary],
        state: PairState::Duplex,
        // Whoever knew the pair that was in this place before sees that it is another.
        epoch: mirror.next_epoch(),
        policy,
        limits,
        changes,
        overlap: Overlap::new(),
        in_flight: 0,
        locks: 0,
    };
    let index = mirror.put(pair);
    mirror.set_role(primary, Some(Role::Primary(index)));
    mirror.set_role(secondary, Some(Role::Secondary(index)));
    adopt(ios, index, primary);
    begin(ios, index);
    Ok(index)
}

/// What the primary has of processes' writes becomes known to the pair, so that nothing is copied under
/// them. The secondary will lack them.
fn adopt<P: Platform>(ios: &mut Ios<P>, index: PairIndex, primary: UcbIndex)
where
    P::Anchor: MirrorAnchor<P>,
{
    for id in ios.active_on(primary) {
        let addressed = matches!(ios.access(id), Some(Access::Addressed(_)));
        let Some((_, operation)) = ios.request(id) else { continue };
        if !addressed || !operation.changes_device() {
            continue;
        }
        let mirror = ios.anchor.mirror_mut();
        let Some(pair) = mirror.pairs.get_mut(index.0) else { return };
        pair.in_flight += 1;
        if let Some(extent) = operation.extent() {
            pair.changes.mark(extent);
            pair.overlap.adopt(Holder::Request(id), extent);
        }
        let track = Track::new(index, operation, Kind::Change);
        mirror.tracks.insert(id, Track { first: Progress::Started, ..track });
    }
}

/// The state that the pair begins in: duplex when there is nothing to be copied.
fn begin<P: Platform>(ios: &mut Ios<P>, index: PairIndex)
where
    P::Anchor: MirrorAnchor<P>,
{
    let mirror = ios.anchor.mirror_mut();
    let Some(pair) = mirror.pairs.get_mut(index.0) else { return };
    let blocks = pair.changes.marked();
    mirror.events.push_back(PairEvent::Established(index));
    if blocks > 0 {
        pair.state = PairState::Copying;
        mirror.events.push_back(PairEvent::Resumed { pair: index, blocks });
    }
    let name = pair.state.name();
    ios.trace(format_args!("PAIR pair={} state={name}", index.0));
}

/// What a pair takes: what both take. A discard is done as write-zeroes on both (see `front_end`), and
/// so must be one of those too.
fn pair_limits(primary: &Characteristics, secondary: &Characteristics) -> Characteristics {
    let both = primary.narrowed_by(secondary);
    let discard = both.discard.zip(both.write_zeroes).map(|(one, other)| one.common(other));
    Characteristics { discard, ..both }
}

/// Whether two devices can be a pair; changes nothing.
fn check<P: Platform>(
    ios: &Ios<P>,
    primary: UcbIndex,
    secondary: UcbIndex,
) -> Result<(), EstablishError>
where
    P::Anchor: MirrorAnchor<P>,
{
    let first = ios.ucb(primary).ok_or(EstablishError::NoSuchDevice(Leg::Primary))?;
    let second = ios.ucb(secondary).ok_or(EstablishError::NoSuchDevice(Leg::Secondary))?;
    if primary == secondary {
        return Err(EstablishError::SameDevice);
    }
    let mirror = ios.anchor.mirror();
    for (device, leg) in [(primary, Leg::Primary), (secondary, Leg::Secondary)] {
        let Some(Role::Primary(index) | Role::Secondary(index)) = mirror.role(device) else {
            continue;
        };
        let removed = mirror.pair(index).is_some_and(|pair| pair.state == PairState::Simplex);
        let error = if removed { EstablishError::Leaving } else { EstablishError::InAPair };
        return Err(error(leg));
    }
    let (one, two) = (first.characteristics(), second.characteristics());
    for (device, leg) in [(&one, Leg::Primary), (&two, Leg::Secondary)] {
        if device.read_only {
            return Err(EstablishError::ReadOnly(leg));
        }
    }
    if two.capacity_sectors < one.capacity_sectors {
        return Err(EstablishError::SecondaryTooSmall {
            primary_sectors: one.capacity_sectors,
            secondary_sectors: two.capacity_sectors,
        });
    }
    if two.block_bytes > one.block_bytes {
        return Err(EstablishError::SecondaryBlockTooLarge {
            primary_bytes: one.block_bytes,
            secondary_bytes: two.block_bytes,
        });
    }
    if second.active() > 0 || second.queued() > 0 {
        return Err(EstablishError::Busy(Leg::Secondary));
    }
    for (ucb, leg) in [(first, Leg::Primary), (second, Leg::Secondary)] {
        if ucb.state() == UcbState::NotOperational {
            return Err(EstablishError::NotOperational(leg));
        }
    }
    Ok(())
}
