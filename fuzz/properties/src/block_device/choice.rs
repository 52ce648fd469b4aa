//! What the input chooses: what the disk offers, and what is asked of it.

use crate::input::Input;
use channel_sim::virtio::wire::feature;
use channel_sim::virtio::{BlockSettings, RangeSettings};
use ios::{Extent, Operation};

/// The largest disk, in sectors.
const CAPACITY: u64 = 64;
/// The largest area for data, in sectors.
pub(super) const DATA_SECTORS: u32 = 24;

/// What the disk offers: mostly what makes sense.
pub(super) fn settings(input: &mut Input<'_>) -> Option<BlockSettings> {
    let (kind, more) = (input.byte()?, input.byte()?);
    let mut settings = BlockSettings::new(CAPACITY - u64::from(more >> 6));
    let optional = [
        feature::INDIRECT,
        feature::EVENT_INDEX,
        feature::FLUSH,
        feature::DISCARD,
        feature::WRITE_ZEROES,
        feature::SEG_MAX,
        feature::BLOCK_SIZE,
    ];
    for (bit, feature) in optional.into_iter().enumerate() {
        if kind >> bit & 1 != 0 {
            settings = settings.without(feature);
        }
    }
    if kind & 0x80 != 0 {
        settings = settings.with(feature::READ_ONLY);
    }
    settings.queue_size = 1 << (more % 8);
    if more & 8 != 0 {
        settings = settings.with(feature::SIZE_MAX);
        settings.segment_bytes = u32::from(input.half()) << 4;
        settings.segments = input.byte()?.into();
    }
    if more & 16 != 0 {
        settings.block_bytes = 256 << (input.byte()? % 5);
    }
    if more & 32 != 0 {
        let limits = [input.byte()?, input.byte()?, input.byte()?].map(u32::from);
        let [sectors, segments, alignment] = limits;
        settings.discard = RangeSettings { sectors, segments, alignment };
        settings.write_zeroes = settings.discard;
    }
    Some(settings)
}

/// What is asked of the disk: mostly what it can do.
pub(super) fn operation(input: &mut Input<'_>) -> Operation {
    let kind = input.byte().unwrap_or(0);
    if kind % 5 == 2 {
        return Operation::Flush;
    }
    let extent = if kind & 0x80 == 0 {
        let (first, sectors) = (input.byte().unwrap_or(0), input.byte().unwrap_or(0));
        Extent::new(u64::from(first % 64), u32::from(sectors) % DATA_SECTORS)
    } else {
        let (low, high) = (input.word(), input.word());
        Extent::new(u64::from(high) << 32 | u64::from(low), input.word())
    };
    match kind % 5 {
        0 => Operation::Read(extent),
        1 => Operation::Write(extent),
        3 => Operation::Discard(extent),
        _ => Operation::WriteZeroes(extent),
    }
}
