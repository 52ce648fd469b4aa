//! From the input to disks: what they are like, and the log.
//!
//! Four bytes come first: what the disks can do and how large the target is; the seed of what is random on the
//! machine; the depth; the most sectors that a disk takes in one request. The rest is the log, as it lies on its
//! disk or in the short form ([`unfold`]).

use crate::input::Input;
use channel_io::{DeviceNumber, SubchannelId};
use channel_sim::SimMachine;
use channel_sim::virtio::BlockSettings;
use channel_sim::virtio::wire::feature;

/// The largest log, in bytes.
const LOG_BYTES: usize = 256 * 1024;

/// The largest input that is looked at: what is behind it makes no other log.
const INPUT_BYTES: usize = 64 * 1024;

/// How many requests a disk takes at once: fewer than the greatest depth, so that some have to wait.
const QUEUE_SIZE: u16 = 16;

/// Whether the target is the first disk of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mirrored {
    Yes,
    No,
}

/// What is replayed on what.
#[derive(Debug)]
pub(super) struct Setup {
    pub(super) mirrored: Mirrored,
    /// Feature bits that the targets do not offer.
    lacking: u64,
    /// Bytes a block of the targets.
    pub(super) block_bytes: u32,
    pub(super) target_bytes: u64,
    pub(super) seed: u64,
    pub(super) depth: u32,
    /// The most bytes in a request of any disk, if there is such a limit.
    request_bytes: Option<u32>,
    pub(super) log: Vec<u8>,
}

impl Setup {
    pub(super) fn read(input: &[u8]) -> Option<Self> {
        let mut input = Input::new(input.get(..INPUT_BYTES).unwrap_or(input));
        let (kind, seed) = (input.byte()?, input.byte()?);
        let (depth, most) = (u32::from(input.byte()?) % 20 + 1, u32::from(input.byte()?));
        let mut lacking = 0;
        for (bit, feature) in [(2, feature::WRITE_ZEROES), (4, feature::FLUSH)] {
            if kind & bit != 0 {
                lacking |= feature;
            }
        }
        let mut log = if kind & 0x10 == 0 { input.rest().to_vec() } else { unfold(input) };
        log.truncate(LOG_BYTES);
        log.resize(log.len().max(1).next_multiple_of(512), 0);
        Some(Self {
            mirrored: if kind & 1 == 0 { Mirrored::No } else { Mirrored::Yes },
            lacking,
            block_bytes: if kind & 8 == 0 { 512 } else { 4096 },
            target_bytes: 512 << (4 + (kind >> 6)),
            seed: seed.into(),
            depth,
            request_bytes: (most > 0).then_some(most.next_multiple_of(8) * 512),
            log,
        })
    }

    pub(super) const fn mirror(&self) -> &'static str {
        match self.mirrored {
            Mirrored::Yes => "mirror=0001:0002 ",
            Mirrored::No => "",
        }
    }

    /// Places of the disks that are written to.
    pub(super) fn targets(&self) -> std::ops::Range<usize> {
        match self.mirrored {
            Mirrored::Yes => 0..2,
            Mirrored::No => 0..1,
        }
    }

    /// Whether the targets offer a feature.
    pub(super) const fn has(&self, feature: u64) -> bool {
        self.lacking & feature == 0
    }

    /// What is on the targets before: nowhere the same as what zeros or a short log would put there.
    pub(super) fn image(&self) -> Vec<u8> {
        let mut image = vec![0xa5; usize::try_from(self.target_bytes).unwrap_or(0)];
        for (number, sector) in (0u16..).zip(image.chunks_exact_mut(512)) {
            let [high, low] = number.to_be_bytes();
            if let Some(first) = sector.first_chunk_mut() {
                *first = [0xa5, high, low];
            }
        }
        image
    }

    /// Puts the targets and the log on a machine.
    pub(super) fn add_disks(&self, machine: &mut SimMachine) -> Vec<SubchannelId> {
        let image = self.image();
        let limited = |mut settings: BlockSettings| {
            settings.queue_size = QUEUE_SIZE;
            if let Some(bytes) = self.request_bytes {
                settings = settings.with(feature::SIZE_MAX);
                (settings.segment_bytes, settings.segments) = (bytes, 1);
            }
            settings
        };
        let mut disks = Vec::new();
        for (number, _) in (1..).zip(self.targets()) {
            let mut settings =
                limited(BlockSettings::new(self.target_bytes / 512)).without(self.lacking);
            settings.block_bytes = self.block_bytes;
            let subchannel = machine.add_block(DeviceNumber(number), settings);
            machine.block_mut(subchannel).content_mut().bytes_mut().copy_from_slice(&image);
            disks.push(subchannel);
        }
        let sectors = (self.log.len() / 512) as u64;
        let settings = limited(BlockSettings::new(sectors)).with(feature::READ_ONLY);
        let log = machine.add_block(DeviceNumber(3), settings);
        machine.block_mut(log).content_mut().bytes_mut().copy_from_slice(&self.log);
        disks.push(log);
        disks
    }
}

/// A log from its short form: a byte for the sector size, one for how many entries more or fewer it says there are
/// than there are, and then each entry in seven bytes: flags, first sector (16 bits), sectors, bytes of data (16
/// bits), and what is written. Bits that the flags of a log do not have stand for numbers that are out of all
/// reason.
fn unfold(mut input: Input<'_>) -> Vec<u8> {
    let sector = 512usize << (input.byte().unwrap_or(0) % 3);
    let more = input.byte().unwrap_or(0).cast_signed();
    let (mut log, mut entries) = (vec![0; sector], 0u64);
    while let Some(flags) = input.byte()
        && log.len() < LOG_BYTES
    {
        entries += 1;
        let (first, sectors) = (input.half(), input.byte().unwrap_or(0));
        let (data_bytes, fill) = (input.half(), input.byte().unwrap_or(0));
        let huge = |bit, number| if flags & bit == 0 { number } else { u64::MAX / 512 - number };
        let (first, sectors) = (huge(0x40, first.into()), huge(0x20, sectors.into()));
        let start = log.len();
        for number in [first, sectors, u64::from(flags & 0x9f), data_bytes.into()] {
            log.extend(number.to_le_bytes());
        }
        log.resize(start + 32 + usize::from(data_bytes % 64), fill);
        log.resize(start + sector, 0);
        if flags & 4 == 0 {
            let data = usize::try_from(sectors).unwrap_or(0).min(0xff) * sector;
            log.resize(start + sector + data, fill);
        }
    }
    let entries = entries.wrapping_add_signed(more.into());
    let numbers = [0x006a_7366_7773_6872, 1, entries, sector as u64];
    for (place, number) in log.chunks_exact_mut(8).zip(numbers) {
        place.copy_from_slice(&number.to_le_bytes());
    }
    log
}
