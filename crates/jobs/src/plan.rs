//! What was asked for against the devices that are there, before any disk is written.
//!
//! First the pairs are established ([`establish`]: all or none), then the job is planned ([`copy`],
//! [`replay`], [`compare`], [`bench`]) within the limits that hold with them. Devices that are used are made ready
//! for requests, and no others. Every mistake names the word of the parameter line. What can only be known by
//! reading, the log of a replay, the process itself checks before it writes.

mod error;

pub use error::{PlanError, PlanProblem};

use crate::disk::Disk;
use crate::parameters::{Amount, BenchOperation, Given, Measurement, PairNames, TwoDisks, copied};
use crate::platform::JobPlatform;
use alloc::string::String;
use alloc::vec::Vec;
use channel_io::DeviceId;
use ios::{ClearFailed, Ios, UcbIndex, UcbState};
use mirror::{MirrorAnchor, PairIndex, Role};

/// A job on two disks, as it can be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// The disk that is read.
    pub from: Disk,
    /// The disk that is written, or compared with.
    pub to: Disk,
    /// Requests in flight.
    pub depth: u32,
    /// The word that named the first disk.
    pub from_word: String,
}

/// A measurement, as it can be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bench {
    /// The disk.
    pub to: Disk,
    /// What is done to it.
    pub operation: BenchOperation,
    /// Bytes a request.
    pub block_bytes: u32,
    /// Requests in flight.
    pub depth: u32,
    /// How much.
    pub amount: Amount,
    /// Where the random numbers start.
    pub seed: u64,
}

#[cold]
#[inline(never)]
fn problem(word: &str, problem: PlanProblem) -> PlanError {
    PlanError { word: copied(word), problem }
}

/// The UCB of a device that is there, made ready for requests.
fn online<P: JobPlatform>(
    ios: &mut Ios<P>,
    id: DeviceId,
    word: &str,
) -> Result<UcbIndex, PlanError> {
    let Some((index, ucb)) = ios.ucbs().find(|(_, ucb)| ucb.id() == id) else {
        if let Some(why) = ios.unusable(id) {
            return Err(problem(word, PlanProblem::Unusable { device: id, why }));
        }
        let found = ios.ucbs().map(|(_, ucb)| ucb.id()).collect();
        return Err(problem(word, PlanProblem::NoSuchDevice { device: id, found }));
    };
    match ucb.state() {
        UcbState::Online | UcbState::Quiesced => {}
        UcbState::NotOperational => {
            return Err(problem(word, PlanProblem::NotOperational { device: id }));
        }
    }
    let not_ready = |failed: ClearFailed| PlanProblem::NotReady { device: id, what: failed.what };
    ios.vary_online(index).map_err(|failed| problem(word, not_ready(failed)))?;
    Ok(index)
}

/// Establishes pairs, all of them or none.
///
/// # Errors
/// A device is not there, or two devices cannot be a pair; the word of that pair says which.
pub fn establish<P: JobPlatform>(
    ios: &mut Ios<P>,
    pairs: &[Given<PairNames>],
) -> Result<Vec<PairIndex>, PlanError> {
    let mut devices = Vec::new();
    for Given { value: pair, word } in pairs {
        let (primary, secondary) = (pair.primary, pair.secondary);
        devices.push((online(ios, primary, word)?, online(ios, secondary, word)?, word));
    }
    let mut established = Vec::new();
    for (primary, secondary, word) in devices {
        match mirror::establish(ios, primary, secondary) {
            Ok(index) => established.push(index),
            Err(error) => {
                release(ios, &established);
                return Err(problem(word, PlanProblem::Establish(error)));
            }
        }
    }
    Ok(established)
}

/// Takes pairs apart that were established for a job which then could not be planned. Nothing was written
/// to them, so nothing is under way that would stand against it.
pub fn release<P: JobPlatform>(ios: &mut Ios<P>, pairs: &[PairIndex]) {
    for index in pairs {
        if mirror::remove(ios, *index).is_err() {
            debug_assert!(false, "a pair without I/O was not removed");
        }
    }
}

/// A disk that can be read.
fn readable<P: JobPlatform>(ios: &mut Ios<P>, given: &Given<DeviceId>) -> Result<Disk, PlanError> {
    let Given { value: device, word } = given;
    online(ios, *device, word)?;
    let gone = PlanProblem::NotOperational { device: *device };
    let disk = Disk::find(ios, *device).ok_or_else(|| problem(word, gone))?;
    let (bytes, block) = (disk.bytes(), disk.block_bytes());
    if bytes == 0 {
        return Err(problem(word, PlanProblem::Empty));
    }
    if bytes % block != 0 {
        return Err(problem(word, PlanProblem::NotInBlocks { bytes, block, of: *device }));
    }
    if disk.transfer_bytes() == 0 {
        return Err(problem(word, PlanProblem::NoWholeBlock { block }));
    }
    Ok(disk)
}

/// A disk that can be written.
fn writable<P: JobPlatform>(ios: &mut Ios<P>, given: &Given<DeviceId>) -> Result<Disk, PlanError> {
    let disk = readable(ios, given)?;
    if let Some(primary) = primary_of(ios, disk.index) {
        return Err(problem(&given.word, PlanProblem::IsSecondary { primary }));
    }
    if disk.limits.read_only {
        return Err(problem(&given.word, PlanProblem::ReadOnly));
    }
    Ok(disk)
}

/// The primary of the pair that a device is the secondary of.
fn primary_of<P: JobPlatform>(ios: &Ios<P>, device: UcbIndex) -> Option<DeviceId> {
    let mirror = ios.anchor.mirror();
    match mirror.role(device)? {
        Role::Primary(_) => None,
        Role::Secondary(pair) => Some(ios.ucb(mirror.pair(pair)?.primary())?.id()),
    }
}

/// Plans a comparison.
///
/// # Errors
/// What stands against it.
pub fn compare<P: JobPlatform>(ios: &mut Ios<P>, disks: &TwoDisks) -> Result<Transfer, PlanError> {
    let TwoDisks { from, to, depth } = disks;
    Ok(Transfer {
        from: readable(ios, from)?,
        to: readable(ios, to)?,
        depth: *depth,
        from_word: copied(&from.word),
    })
}

/// A job that writes to the second disk what it reads on the first.
fn moving<P: JobPlatform>(ios: &mut Ios<P>, disks: &TwoDisks) -> Result<Transfer, PlanError> {
    let transfer = compare(ios, disks)?;
    writable(ios, &disks.to)?;
    if primary_of(ios, transfer.from.index) == Some(transfer.to.id) {
        let to = copied(&disks.to.word);
        return Err(problem(&disks.from.word, PlanProblem::IsMirrorOfTarget { to }));
    }
    Ok(transfer)
}

/// Plans a copy.
///
/// # Errors
/// What stands against it.
pub fn copy<P: JobPlatform>(ios: &mut Ios<P>, disks: &TwoDisks) -> Result<Transfer, PlanError> {
    let transfer = moving(ios, disks)?;
    let (bytes, room) = (transfer.from.bytes(), transfer.to.bytes());
    let word = &disks.from.word;
    if bytes > room {
        let to = copied(&disks.to.word);
        return Err(problem(word, PlanProblem::LargerThanTarget { bytes, room, to }));
    }
    let block = transfer.to.block_bytes();
    if bytes % block != 0 {
        let of = transfer.to.id;
        return Err(problem(word, PlanProblem::NotInBlocks { bytes, block, of }));
    }
    Ok(transfer)
}

/// Plans a replay.
///
/// # Errors
/// What stands against it.
pub fn replay<P: JobPlatform>(ios: &mut Ios<P>, disks: &TwoDisks) -> Result<Transfer, PlanError> {
    moving(ios, disks)
}

/// Plans a measurement.
///
/// # Errors
/// What stands against it.
pub fn bench<P: JobPlatform>(
    ios: &mut Ios<P>,
    measurement: &Measurement,
) -> Result<Bench, PlanError> {
    let to = if measurement.operation.writes() {
        writable(ios, &measurement.to)?
    } else {
        readable(ios, &measurement.to)?
    };
    let Given { value: bytes, word } = &measurement.block;
    let (block, size) = (to.block_bytes(), u64::from(*bytes));
    if size % block != 0 || size == 0 {
        return Err(problem(word, PlanProblem::RequestNotInBlocks { block }));
    }
    for most in [to.transfer_bytes(), to.bytes()] {
        if size > most {
            return Err(problem(word, PlanProblem::RequestTooLarge { most }));
        }
    }
    let depth = match measurement.amount {
        Amount::Count(count) => measurement.depth.min(u32::try_from(count).unwrap_or(u32::MAX)),
        Amount::Seconds(_) => measurement.depth,
    };
    Ok(Bench {
        to,
        operation: measurement.operation,
        block_bytes: *bytes,
        depth,
        amount: measurement.amount,
        seed: measurement.seed,
    })
}
