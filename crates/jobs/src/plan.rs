//! What was asked for against the devices that are there, before any disk is written.
//!
//! First the pairs are established ([`establish`]: all or none), then the job is planned ([`copy`],
//! [`replay`], [`compare`], [`bench`]) within the limits that hold with them. Devices that are used are made ready
//! for requests, and no others. Every mistake names the word of the parameter line. What can only be known by
//! reading, the log of a replay, the process itself checks before it writes.

mod error;

pub use error::{PlanError, PlanProblem};

use crate::disk::Disk;
use crate::pairs::names_of;
use crate::parameters::{
    Amount, BenchOperation, Given, Measurement, PairNames, Parameters, Scrubbing, TwoDisks, copied,
};
use crate::platform::JobPlatform;
use alloc::string::String;
use alloc::vec::Vec;
use channel_io::DeviceId;
use ios::{ClearFailed, Ios, Ucb, UcbIndex, UcbState};
use mirror::{Leg, MirrorAnchor, Pair, PairIndex, PairState};

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

/// A scrub, as it can be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scrub {
    /// The pair.
    pub pair: PairIndex,
    /// What its devices are called.
    pub names: PairNames,
    /// Its devices themselves, primary and secondary as it was established.
    pub legs: [Disk; 2],
    /// Bytes compared a second, at most.
    pub rate: Option<u64>,
    /// The leg whose blocks are right.
    pub right: Option<Leg>,
}

#[cold]
#[inline(never)]
pub(crate) fn problem(word: &str, problem: PlanProblem) -> PlanError {
    PlanError { word: copied(word), problem }
}

/// The UCB of a device that was found.
///
/// # Errors
/// There is no such device.
pub(crate) fn found<P: JobPlatform>(
    ios: &Ios<P>,
    id: DeviceId,
    word: &str,
) -> Result<UcbIndex, PlanError> {
    if let Some(index) = ios.find(id) {
        return Ok(index);
    }
    if let Some(why) = ios.unusable(id) {
        return Err(problem(word, PlanProblem::Unusable { device: id, why }));
    }
    let found = ios.ucbs().map(|(_, ucb)| ucb.id()).collect();
    Err(problem(word, PlanProblem::NoSuchDevice { device: id, found }))
}

/// Makes a device ready for requests.
fn ready<P: JobPlatform>(
    ios: &mut Ios<P>,
    index: UcbIndex,
    device: DeviceId,
    word: &str,
) -> Result<(), PlanError> {
    match ios.ucb(index).map(Ucb::state) {
        Some(UcbState::Online | UcbState::Quiesced) => {}
        Some(UcbState::NotOperational) | None => {
            return Err(problem(word, PlanProblem::NotOperational { device }));
        }
    }
    let not_ready = |failed: ClearFailed| PlanProblem::NotReady { device, what: failed.what };
    ios.vary_online(index).map_err(|failed| problem(word, not_ready(failed)))
}

/// The UCB of a device that is there, made ready for requests.
///
/// # Errors
/// The device is not there, or of no use.
pub(crate) fn online<P: JobPlatform>(
    ios: &mut Ios<P>,
    id: DeviceId,
    word: &str,
) -> Result<UcbIndex, PlanError> {
    let index = found(ios, id, word)?;
    ready(ios, index, id, word)?;
    Ok(index)
}

/// The UCB of a device whose requests go where they can be answered, made ready for them.
fn addressed<P: JobPlatform>(
    ios: &mut Ios<P>,
    id: DeviceId,
    word: &str,
) -> Result<UcbIndex, PlanError> {
    let index = found(ios, id, word)?;
    let leads_to = ios.leads_to(index);
    ready(ios, leads_to, id, word)?;
    Ok(index)
}

/// Establishes pairs, all of them or none.
///
/// # Errors
/// A device is not there, or two devices cannot be a pair; the word of that pair says which.
pub fn establish<P: JobPlatform>(
    ios: &mut Ios<P>,
    parameters: &Parameters,
) -> Result<Vec<PairIndex>, PlanError> {
    let Parameters { mirror: pairs, initial, policy, .. } = parameters;
    let mut devices = Vec::new();
    for Given { value: pair, word } in pairs {
        let (primary, secondary) = (pair.primary, pair.secondary);
        devices.push((online(ios, primary, word)?, online(ios, secondary, word)?, word));
    }
    let mut established = Vec::new();
    for (primary, secondary, word) in devices {
        match mirror::establish(ios, primary, secondary, *initial, *policy) {
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
    addressed(ios, *device, word)?;
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

/// The pair that a device is in.
///
/// # Errors
/// There is no such device, or it is in no pair.
pub(crate) fn pair_of<P: JobPlatform>(
    ios: &Ios<P>,
    id: DeviceId,
    word: &str,
) -> Result<PairIndex, PlanError> {
    let index = found(ios, id, word)?;
    match called(ios, index) {
        Some((pair, _)) => Ok(pair),
        None => Err(problem(word, PlanProblem::InNoPair { device: id })),
    }
}

/// The pair that the operator calls by an address, which need not lead to the device that had it at first.
fn called<P: JobPlatform>(ios: &Ios<P>, address: UcbIndex) -> Option<(PairIndex, &Pair)> {
    let mut pairs = ios.anchor.mirror().pairs();
    pairs.find(|(_, pair)| {
        pair.state() != PairState::Simplex && [pair.address(), pair.partner()].contains(&address)
    })
}

/// What processes call the pair that a device is in, if they do not call it by this device.
fn primary_of<P: JobPlatform>(ios: &Ios<P>, device: UcbIndex) -> Option<DeviceId> {
    let address = called(ios, device)?.1.address();
    if address == device { None } else { Some(ios.ucb(address)?.id()) }
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

/// Plans a scrub.
///
/// # Errors
/// What stands against it.
pub fn scrub<P: JobPlatform>(ios: &mut Ios<P>, scrubbing: &Scrubbing) -> Result<Scrub, PlanError> {
    let Scrubbing { to: Given { value: device, word }, rate, right } = scrubbing;
    let pair = pair_of(ios, *device, word)?;
    let in_no_pair = || problem(word, PlanProblem::InNoPair { device: *device });
    let names = names_of(ios, pair).ok_or_else(in_no_pair)?;
    let known = ios.anchor.mirror().pair(pair).ok_or_else(in_no_pair)?;
    if known.state() != PairState::Duplex {
        let state = known.state().name();
        return Err(problem(word, PlanProblem::PairNotDuplex { pair: names, state }));
    }
    let [primary, secondary] = known.established().map(|leg| Disk::itself(ios, leg));
    let legs = [primary.ok_or_else(in_no_pair)?, secondary.ok_or_else(in_no_pair)?];
    Ok(Scrub { pair, names, legs, rate: *rate, right: *right })
}
