//! Pairs come and go, and with the first and the last of them the detours.

use crate::overlap::Overlap;
use crate::table::{MirrorAnchor, Role, Saved};
use crate::{Leg, Pair, PairIndex, PairState, back_end, front_end, post_status};
use alloc::vec::Vec;
use core::fmt;
use ios::{Characteristics, Ddtsio, Ios, IosvcpReturn, Platform, PostStatus, UcbIndex, Vector};

/// Why a pair cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EstablishError {
    /// There is no such device.
    NoSuchDevice(Leg),
    /// The two are one.
    SameDevice,
    /// It is in a pair.
    InAPair(Leg),
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
    /// It has requests under way, which the other would miss.
    Busy(Leg),
}

impl fmt::Display for EstablishError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchDevice(leg) => write!(f, "the {leg} is not there"),
            Self::SameDevice => f.write_str("primary and secondary are the same device"),
            Self::InAPair(leg) => write!(f, "the {leg} is in another pair"),
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
        }
    }
}

/// Why a pair cannot be removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RemoveError {
    /// There is no such pair, or no longer.
    NoSuchPair,
    /// Writes of it are under way; how many.
    InFlight(usize),
}

impl fmt::Display for RemoveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchPair => f.write_str("there is no such pair"),
            Self::InFlight(count) => write!(f, "{count} of its writes are under way"),
        }
    }
}

/// Makes a pair of two devices that are taken to hold the same: from now on every write to the
/// primary goes to both. With the first pair the detours go into the vectors.
///
/// # Errors
/// [`EstablishError`]; nothing is changed then.
pub fn establish<P: Platform>(
    ios: &mut Ios<P>,
    primary: UcbIndex,
    secondary: UcbIndex,
) -> Result<PairIndex, EstablishError>
where
    P::Anchor: MirrorAnchor<P>,
{
    check(ios, primary, secondary)?;
    let Some((limits, ddt)) = ios.ucb(primary).map(|ucb| (*ucb.limits(), ucb.ddt())) else {
        return Err(EstablishError::NoSuchDevice(Leg::Primary));
    };
    let Some((others, other_ddt)) = ios.ucb(secondary).map(|ucb| (*ucb.limits(), ucb.ddt())) else {
        return Err(EstablishError::NoSuchDevice(Leg::Secondary));
    };
    ios.set_limits(primary, pair_limits(&limits, &others));
    // The secondary's kind too: the front-end detour keeps a process's own writes off it.
    install(ios, ddt);
    install(ios, other_ddt);
    let mirror = ios.anchor.mirror_mut();
    let index = PairIndex(mirror.pairs.len());
    mirror.pairs.push(Pair {
        primary,
        secondary,
        state: PairState::Duplex,
        overlap: Overlap::new(),
        in_flight: 0,
    });
    mirror.set_role(primary, Some(Role::Primary(index)));
    mirror.set_role(secondary, Some(Role::Secondary(index)));
    Ok(index)
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
        if mirror.role(device).is_some() {
            return Err(EstablishError::InAPair(leg));
        }
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
    for (ucb, leg) in [(first, Leg::Primary), (second, Leg::Secondary)] {
        if ucb.active() > 0 || ucb.queued() > 0 {
            return Err(EstablishError::Busy(leg));
        }
    }
    Ok(())
}

/// Puts the detours in, as far as they are not in yet.
fn install<P: Platform>(ios: &mut Ios<P>, ddt: ios::DdtIndex)
where
    P::Anchor: MirrorAnchor<P>,
{
    if ios.anchor.mirror().saved.is_none() {
        let back_end =
            Vector { name: "back-end-detour", entry: back_end::back_end as IosvcpReturn<P> };
        let post_status =
            Vector { name: "post-status-detour", entry: post_status::post_status as PostStatus<P> };
        let iosvcp_return = ios.set_iosvcp_return(back_end);
        let post_status = ios.set_post_status(post_status);
        ios.anchor.mirror_mut().saved =
            Some(Saved { ddtsio: Vec::new(), iosvcp_return, post_status });
    }
    let mirror = ios.anchor.mirror();
    let known =
        mirror.saved.as_ref().is_some_and(|saved| saved.ddtsio.iter().any(|(d, _)| *d == ddt));
    if known {
        return;
    }
    let front_end = Vector { name: "front-end-detour", entry: front_end::front_end as Ddtsio<P> };
    if let Some(old) = ios.set_ddtsio(ddt, front_end)
        && let Some(saved) = ios.anchor.mirror_mut().saved.as_mut()
    {
        saved.ddtsio.push((ddt, old));
    }
}

/// Takes a pair apart. With the last pair the detours leave the vectors.
///
/// # Errors
/// [`RemoveError`]; nothing is changed then.
pub fn remove<P: Platform>(ios: &mut Ios<P>, index: PairIndex) -> Result<(), RemoveError>
where
    P::Anchor: MirrorAnchor<P>,
{
    let mirror = ios.anchor.mirror_mut();
    let pair = mirror.pairs.get_mut(index.0).ok_or(RemoveError::NoSuchPair)?;
    if pair.state == PairState::Simplex {
        return Err(RemoveError::NoSuchPair);
    }
    if pair.in_flight > 0 {
        return Err(RemoveError::InFlight(pair.in_flight));
    }
    pair.state = PairState::Simplex;
    let (primary, secondary) = (pair.primary, pair.secondary);
    mirror.set_role(primary, None);
    mirror.set_role(secondary, None);
    let last = mirror.pairs.iter().all(|pair| pair.state == PairState::Simplex);
    if let Some(limits) = ios.ucb(primary).map(ios::Ucb::characteristics) {
        ios.set_limits(primary, limits);
    }
    if last {
        uninstall(ios);
    }
    Ok(())
}

/// Takes the detours out.
fn uninstall<P: Platform>(ios: &mut Ios<P>)
where
    P::Anchor: MirrorAnchor<P>,
{
    let Some(saved) = ios.anchor.mirror_mut().saved.take() else {
        return;
    };
    for (ddt, old) in saved.ddtsio {
        ios.set_ddtsio(ddt, old);
    }
    ios.set_iosvcp_return(saved.iosvcp_return);
    ios.set_post_status(saved.post_status);
}
