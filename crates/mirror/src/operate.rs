//! What the operator does with a pair, with I/O under way: suspend, resume, swap, remove.

use crate::change::{apply, is_operational};
use crate::install::settle_removed;
use crate::pair::{Pair, PairIndex};
use crate::state::{ChangeError, Event, Next, PairState, next};
use crate::table::MirrorAnchor;
use ios::{Ios, Platform};

/// What a resume copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Resync {
    /// What was changed since the pair was suspended: the secondary is the disk that it was.
    Changed,
    /// Everything: the secondary may be another disk.
    All,
}

/// Suspends a pair: its writes go to the primary alone, and what they change is noted.
///
/// # Errors
/// [`ChangeError`]; nothing is changed then.
pub fn suspend<P: Platform>(ios: &mut Ios<P>, index: PairIndex) -> Result<(), ChangeError>
where
    P::Anchor: MirrorAnchor<P>,
{
    apply(ios, index, Event::Suspend)
}

/// Resumes a pair: its writes go to both again, and what the secondary lacks is copied ([`crate::Copier`]).
///
/// # Errors
/// [`ChangeError`]; nothing is changed then.
pub fn resume<P: Platform>(
    ios: &mut Ios<P>,
    index: PairIndex,
    resync: Resync,
) -> Result<(), ChangeError>
where
    P::Anchor: MirrorAnchor<P>,
{
    let pair = ios.anchor.mirror().pair(index).ok_or(ChangeError::NoSuchPair)?;
    if let Next::Refused(error) = next(pair.state, Event::Resume) {
        return Err(error);
    }
    if !is_operational(ios, pair.primary) {
        return Err(ChangeError::PrimaryNotOperational);
    }
    fits(ios, pair)?;
    let (primary, limits) = (pair.primary, pair.limits);
    // A primary that went and came again has its own.
    ios.set_limits(primary, limits);
    match (resync, ios.anchor.mirror_mut().pairs.get_mut(index.0)) {
        (Resync::All, Some(pair)) => pair.changes.mark_all(),
        (Resync::Changed, _) | (Resync::All, None) => {}
    }
    apply(ios, index, Event::Resume)
}

/// Whether the secondary that is there now can be the pair's. It may be another one than it was.
fn fits<P: Platform>(ios: &Ios<P>, pair: &Pair) -> Result<(), ChangeError>
where
    P::Anchor: MirrorAnchor<P>,
{
    let ucb = ios.ucb(pair.secondary).filter(|_| is_operational(ios, pair.secondary));
    let own = ucb.ok_or(ChangeError::SecondaryNotOperational)?.characteristics();
    let (pair_sectors, secondary_sectors) = (pair.limits.capacity_sectors, own.capacity_sectors);
    if secondary_sectors < pair_sectors {
        return Err(ChangeError::SecondaryTooSmall { pair_sectors, secondary_sectors });
    }
    let narrower = own.read_only
        || own.block_bytes > pair.limits.block_bytes
        || own.transfer_sectors < pair.limits.transfer_sectors
        || lacks(pair.limits.write_zeroes, own.write_zeroes);
    if narrower { Err(ChangeError::SecondaryUnfit) } else { Ok(()) }
}

/// Whether requests that the pair takes would be too much for a device.
fn lacks(pair: Option<ios::RangeLimits>, own: Option<ios::RangeLimits>) -> bool {
    pair.is_some_and(|pair| own.is_none_or(|own| own.sectors < pair.sectors))
}

/// Exchanges the roles of a duplex pair: I/O goes to the disk that was the secondary, and is mirrored to the one
/// that was the primary.
///
/// # Errors
/// [`ChangeError`]; nothing is changed then.
pub fn swap<P: Platform>(ios: &mut Ios<P>, index: PairIndex) -> Result<(), ChangeError>
where
    P::Anchor: MirrorAnchor<P>,
{
    let pair = ios.anchor.mirror().pair(index).ok_or(ChangeError::NoSuchPair)?;
    if pair.state == PairState::Duplex && !is_operational(ios, pair.secondary) {
        return Err(ChangeError::SecondaryNotOperational);
    }
    apply(ios, index, Event::Swap)
}

/// Takes a pair apart. I/O stays on the disk that is the primary now. What is under way goes on to its end;
/// with the last pair the detours leave the vectors then.
///
/// # Errors
/// [`ChangeError`]; nothing is changed then.
pub fn remove<P: Platform>(ios: &mut Ios<P>, index: PairIndex) -> Result<(), ChangeError>
where
    P::Anchor: MirrorAnchor<P>,
{
    apply(ios, index, Event::Remove)?;
    if let Some(primary) = ios.anchor.mirror().pair(index).map(Pair::primary)
        && let Some(own) = ios.ucb(primary).map(ios::Ucb::characteristics)
    {
        ios.set_limits(primary, own);
    }
    settle_removed(ios, index);
    Ok(())
}
