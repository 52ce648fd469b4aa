//! Finding out what a block device is and can take, and agreeing with it on how it is used.

use super::buffer::Buffer;
use super::limits::{LimitError, Limits, WANTED_FEATURES};
use crate::queue::{Geometry, GeometryError, Placement, Suppression};
use crate::spec::Features;
use crate::spec::block::{Configuration, REQUEST_QUEUE};
use crate::transport::{Transport, TransportError};
use channel_io::program::WakeSink;
use channel_io::{Machine, SenseId, StorageError};
use core::fmt;
use ios::Characteristics;
use zerocopy::FromBytes;

/// The most requests that a device has at once, whatever more its queue would take.
const REQUESTS: u16 = 128;

/// Why a device cannot be driven as a block device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProbeError {
    /// It is a virtio device of another kind.
    NotBlock(SenseId),
    /// Setting it up failed.
    Transport(TransportError),
    /// Its configuration cannot be true, or leaves nothing to be done.
    Limits(LimitError),
    /// Its queue cannot be used.
    Queue(GeometryError),
    /// There is no storage for its queue and slots.
    Storage(StorageError),
    /// It is not what it was when it was found: another capacity, block size, or ability.
    Changed {
        /// What it was.
        was: Characteristics,
        /// What it is.
        is: Characteristics,
    },
}

impl ProbeError {
    /// Whether there is no such device any more.
    #[must_use]
    pub const fn is_gone(&self) -> bool {
        matches!(self, Self::Transport(error) if error.is_gone())
    }

    /// What it is in a few fixed words, without its figures.
    #[must_use]
    pub const fn words(&self) -> &'static str {
        match self {
            Self::NotBlock(_) => "the device is no block device",
            Self::Transport(error) => error.words(),
            Self::Limits(_) => "the device has a configuration that cannot be true",
            Self::Queue(_) => "the queue of the device cannot be used",
            Self::Storage(_) => "there is no storage for the queue",
            Self::Changed { .. } => "the device has changed",
        }
    }
}

impl fmt::Display for ProbeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transport(error) => return error.fmt(f),
            Self::NotBlock(_)
            | Self::Limits(_)
            | Self::Queue(_)
            | Self::Storage(_)
            | Self::Changed { .. } => f.write_str(self.words())?,
        }
        match self {
            Self::NotBlock(identification) => write!(f, ": {identification}"),
            Self::Limits(error) => write!(f, ": {error}"),
            Self::Queue(error) => write!(f, ": {error}"),
            Self::Storage(error) => write!(f, ": {error}"),
            Self::Changed { was, is } => write!(
                f,
                ": {} sectors in blocks of {} before, {} in blocks of {} now",
                was.capacity_sectors, was.block_bytes, is.capacity_sectors, is.block_bytes
            ),
            Self::Transport(_) => Ok(()),
        }
    }
}

impl core::error::Error for ProbeError {}

impl From<TransportError> for ProbeError {
    fn from(error: TransportError) -> Self {
        Self::Transport(error)
    }
}

impl From<StorageError> for ProbeError {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}

/// Elements of a chain besides the data segments: the header before them, the status byte behind.
const ENDS: u16 = 2;

/// What driver and device have agreed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Agreement {
    pub(super) features: Features,
    pub(super) limits: Limits,
    pub(super) geometry: Geometry,
}

impl Agreement {
    /// Agrees on features with a device that was reset, and reads what it can take.
    pub(super) fn make<M: Machine, B: Buffer>(
        machine: &mut M,
        others: &mut impl WakeSink,
        transport: &mut Transport<M::Area>,
    ) -> Result<Self, ProbeError> {
        let features = transport.begin(machine, others)? & WANTED_FEATURES;
        transport.accept(machine, others, features)?;
        let result = Self::read::<M, B>(machine, others, transport, features);
        if result.is_err() {
            transport.give_up(machine, others);
        }
        result
    }

    fn read<M: Machine, B: Buffer>(
        machine: &mut M,
        others: &mut impl WakeSink,
        transport: &mut Transport<M::Area>,
        features: Features,
    ) -> Result<Self, ProbeError> {
        let mut bytes = [0; 64];
        let length = transport.read_configuration(machine, others, &mut bytes)?;
        let Ok((configuration, _)) = Configuration::read_from_prefix(&bytes) else {
            let needed = size_of::<Configuration>();
            return Err(ProbeError::Limits(LimitError::Short { length, needed }));
        };
        let max_size = transport.queue_size(machine, others, REQUEST_QUEUE)?;
        let placement = if features.contains(Features::INDIRECT_DESCRIPTORS) {
            Placement::Indirect
        } else {
            Placement::InRing
        };
        let room = max_size.saturating_sub(ENDS);
        let limits = Limits::new(&configuration, length, features, B::MAX_PIECES, room)
            .map_err(ProbeError::Limits)?;
        let geometry = Geometry::fit(max_size, REQUESTS, limits.segments + ENDS, placement)
            .map_err(ProbeError::Queue)?;
        Ok(Self { features, limits, geometry })
    }

    /// Whether a device with which this was agreed later can be used as if it were still this one. A disk that has
    /// grown can; it is not known to be larger.
    pub(super) fn still_holds(&self, later: &Self) -> bool {
        let capacity_sectors = self.limits.characteristics.capacity_sectors;
        let mut shrunk = *later;
        shrunk.limits.characteristics.capacity_sectors = capacity_sectors;
        shrunk == *self && later.limits.characteristics.capacity_sectors >= capacity_sectors
    }

    /// How driver and device tell each other of something new.
    pub(super) fn suppression(&self) -> Suppression {
        if self.features.contains(Features::EVENT_INDEX) {
            Suppression::EventIndex
        } else {
            Suppression::Flags
        }
    }
}
