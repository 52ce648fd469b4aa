//! Making write logs, good ones and bad ones.
//!
//! [`LogBuilder`] collects entries and writes the superblock for them; what it says there can be
//! changed, so that a test can see how a reader takes a log that lies. See [`super`] for the layout.

use super::{Flags, HEADER_BYTES, MAGIC, SECTOR_BYTES, VERSION};

/// Collects entries; every method adds one or changes what the superblock says.
#[derive(Clone, Debug)]
pub struct LogBuilder {
    magic: u64,
    version: u64,
    sector_bytes: u32,
    /// What the superblock says; the true number when it is not set.
    stated_entries: Option<u64>,
    entries: u64,
    body: Vec<u8>,
}

impl Default for LogBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl LogBuilder {
    /// An empty log with sectors of 512 bytes.
    #[must_use]
    pub fn new() -> Self {
        Self::with_sector_bytes(SECTOR_BYTES)
    }

    /// An empty log with sectors of another size. A size in which no header fits is written into the
    /// superblock as it is, while the entries take [`SECTOR_BYTES`] each.
    #[must_use]
    pub fn with_sector_bytes(sector_bytes: u32) -> Self {
        Self {
            magic: MAGIC,
            version: VERSION,
            sector_bytes,
            stated_entries: None,
            entries: 0,
            body: Vec::new(),
        }
    }

    /// Adds a write. The last sector is filled up with zeros.
    #[must_use]
    pub fn write(self, sector: u64, data: &[u8]) -> Self {
        self.entry(sector, data, Flags::NONE)
    }

    /// Adds a write with flags.
    #[must_use]
    pub fn entry(self, sector: u64, data: &[u8], flags: Flags) -> Self {
        let sectors = data.len().div_ceil(self.sector_length()) as u64;
        self.header(sector, sectors, flags, &[]).sectors(data)
    }

    /// Adds a flush.
    #[must_use]
    pub fn flush(self) -> Self {
        self.header(0, 0, Flags::FLUSH, &[])
    }

    /// Adds a discard.
    #[must_use]
    pub fn discard(self, sector: u64, sectors: u64) -> Self {
        self.header(sector, sectors, Flags::DISCARD, &[])
    }

    /// Adds a mark. Text that does not fit in the entry's sector is cut off, its stated length is not.
    #[must_use]
    pub fn mark(self, text: &[u8]) -> Self {
        self.header(0, 0, Flags::MARK, text)
    }

    /// Adds the header of an entry without its data, true or not.
    #[must_use]
    pub fn header(mut self, sector: u64, sectors: u64, flags: Flags, text: &[u8]) -> Self {
        let mut header = Vec::with_capacity(self.sector_length());
        for number in [sector, sectors, flags.0, text.len() as u64] {
            header.extend_from_slice(&number.to_le_bytes());
        }
        header.extend_from_slice(text);
        header.resize(self.sector_length(), 0);
        self.body.extend_from_slice(&header);
        self.entries += 1;
        self
    }

    /// Adds bytes in whole sectors that belong to the header before.
    #[must_use]
    pub fn sectors(mut self, data: &[u8]) -> Self {
        self.body.extend_from_slice(data);
        let whole = self.body.len().next_multiple_of(self.sector_length());
        self.body.resize(whole, 0);
        self
    }

    /// Puts another magic number into the superblock.
    #[must_use]
    pub fn magic(mut self, magic: u64) -> Self {
        self.magic = magic;
        self
    }

    /// Puts another version into the superblock.
    #[must_use]
    pub fn version(mut self, version: u64) -> Self {
        self.version = version;
        self
    }

    /// Puts another number of entries into the superblock.
    #[must_use]
    pub fn stated_entries(mut self, entries: u64) -> Self {
        self.stated_entries = Some(entries);
        self
    }

    /// The log's bytes: superblock and entries, nothing after them.
    #[must_use]
    pub fn build(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.sector_length() + self.body.len());
        let stated = self.stated_entries.unwrap_or(self.entries);
        for number in [self.magic, self.version, stated] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        bytes.extend_from_slice(&self.sector_bytes.to_le_bytes());
        bytes.resize(self.sector_length(), 0);
        bytes.extend_from_slice(&self.body);
        bytes
    }

    fn sector_length(&self) -> usize {
        let stated = usize::try_from(self.sector_bytes).unwrap_or(0);
        let usual = usize::try_from(SECTOR_BYTES).unwrap_or(HEADER_BYTES);
        if (HEADER_BYTES..=1 << 16).contains(&stated) { stated } else { usual }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Log, LogError};
    use super::*;

    #[test]
    fn short_data_fill_their_sector() {
        let bytes = LogBuilder::with_sector_bytes(4096).write(3, &[1; 4097]).build();
        assert_eq!(bytes.len(), 4096 * 4);
        let log = Log::parse(&bytes).unwrap();
        assert_eq!((log.entries[0].sector, log.entries[0].sectors), (3, 2));
        assert_eq!(log.entries[0].data[..4097], [1; 4097]);
        assert_eq!(log.entries[0].data[4097..], [0; 4095]);
    }

    #[test]
    fn lies_are_written_as_told() {
        let log = || LogBuilder::new().flush();
        let cases = [
            (log().magic(3), LogError::BadMagic(3)),
            (log().version(7), LogError::BadVersion(7)),
            (log().stated_entries(2), LogError::Truncated { entry: 1 }),
            (log().header(0, 1, Flags::NONE, &[]), LogError::Truncated { entry: 1 }),
            (LogBuilder::with_sector_bytes(3), LogError::BadSectorSize(3)),
        ];
        for (builder, expected) in cases {
            assert_eq!(Log::parse(&builder.build()).unwrap_err(), expected);
        }
    }
}
