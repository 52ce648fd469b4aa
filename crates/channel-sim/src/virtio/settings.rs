//! What a simulated disk offers.

use super::wire::feature;

/// What a discard or a write-zeroes may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RangeSettings {
    /// The most sectors in a segment.
    pub sectors: u32,
    /// The most segments.
    pub segments: u32,
    /// The alignment that the configuration tells, in sectors.
    pub alignment: u32,
}

/// What a simulated disk offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockSettings {
    /// Capacity in sectors of 512 bytes.
    pub capacity: u64,
    /// Bytes in a block.
    pub block_bytes: u32,
    /// The most buffers in the queue; 0 for no queue at all.
    pub queue_size: u16,
    /// The most data segments in a request.
    pub segments: u32,
    /// The most bytes in a data segment.
    pub segment_bytes: u32,
    /// Discard.
    pub discard: RangeSettings,
    /// Write-zeroes.
    pub write_zeroes: RangeSettings,
    /// Feature bits offered.
    pub features: u64,
    /// Feature bits without which the device does not take FEATURES_OK.
    pub required: u64,
    /// Feature bits with which it does not.
    pub refused: u64,
    /// Bytes of the configuration space that there are.
    pub configuration_length: usize,
    /// The highest revision of the transport; below 1 there is none.
    pub revision: u16,
    /// Least and most microseconds that a request takes.
    pub latency: (u64, u64),
    /// Whether the device looks into its queue by itself and wants no notification after the first.
    pub polling: Polling,
}

/// How a device comes to know that its queue has something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Polling {
    /// It is notified.
    Off,
    /// It looks by itself.
    On,
}

impl BlockSettings {
    /// A disk of this many sectors with blocks of 512 bytes that knows everything, as QEMU has it: queue of
    /// 256, 254 segments.
    #[must_use]
    pub const fn new(capacity: u64) -> Self {
        let ranges = RangeSettings { sectors: 0x003f_ffff, segments: 1, alignment: 1 };
        Self {
            capacity,
            block_bytes: 512,
            queue_size: 256,
            segments: 254,
            segment_bytes: 1 << 20,
            discard: ranges,
            write_zeroes: ranges,
            features: feature::SEG_MAX
                | feature::BLOCK_SIZE
                | feature::FLUSH
                | feature::DISCARD
                | feature::WRITE_ZEROES
                | feature::INDIRECT
                | feature::EVENT_INDEX
                | feature::VERSION_1,
            required: feature::VERSION_1,
            refused: 0,
            configuration_length: 60,
            revision: 2,
            latency: (40, 400),
            polling: Polling::Off,
        }
    }

    /// The same with further features.
    #[must_use]
    pub const fn with(mut self, features: u64) -> Self {
        self.features |= features;
        self
    }

    /// The same without some features.
    #[must_use]
    pub const fn without(mut self, features: u64) -> Self {
        self.features &= !features;
        self
    }

    /// The configuration space (5.2.4 Device configuration layout), little-endian.
    pub(super) fn configuration(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend(self.capacity.to_le_bytes());
        bytes.extend(self.segment_bytes.to_le_bytes());
        bytes.extend(self.segments.to_le_bytes());
        bytes.extend([0; 4]); // geometry
        bytes.extend(self.block_bytes.to_le_bytes());
        bytes.extend([0; 8]); // topology
        bytes.extend([0, 0, 1, 0]); // writeback, unused, one queue
        bytes.extend(self.discard.sectors.to_le_bytes());
        bytes.extend(self.discard.segments.to_le_bytes());
        bytes.extend(self.discard.alignment.to_le_bytes());
        bytes.extend(self.write_zeroes.sectors.to_le_bytes());
        bytes.extend(self.write_zeroes.segments.to_le_bytes());
        bytes.extend([0; 4]);
        bytes.resize(self.configuration_length, 0);
        bytes
    }
}
