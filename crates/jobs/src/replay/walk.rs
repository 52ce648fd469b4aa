//! From header to header through a log.

use super::format::{Body, Disks, Entry, Geometry, HEADER_BYTES, LogError};
use super::reader::Reader;
use crate::parameters::Shown;
use alloc::string::{String, ToString};
use channel_io::Area;

/// Goes through a log once: what its superblock says, and which entry is next.
#[derive(Clone, Copy, Debug)]
pub(super) struct Walk {
    geometry: Geometry,
    /// The number of the next entry, from 1.
    next: u64,
}

/// What the walk finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// An entry. The reader stands behind its header.
    Entry {
        number: u64,
        entry: Entry,
        /// The text of a mark, as it can be shown.
        text: String,
    },
    /// The next header has not been read yet.
    Later,
    /// There are no more entries.
    End,
}

/// The bytes of a header that starts where the reader is.
fn header<A: Area>(reader: &Reader<A>) -> Option<[u8; HEADER_BYTES]> {
    let (area, offset, _) = reader.here().filter(|(_, _, bytes)| *bytes >= HEADER_BYTES)?;
    let mut header = [0; HEADER_BYTES];
    area.read(offset, &mut header);
    Some(header)
}

impl Walk {
    /// Reads the superblock, at which the reader must stand; `None` while it has not been read yet. The
    /// reader stands at the first entry then.
    pub(super) fn start<A: Area>(
        reader: &mut Reader<A>,
        disks: Disks,
    ) -> Result<Option<Self>, LogError> {
        let Some(header) = header(reader) else {
            return Ok(None);
        };
        let geometry = Geometry::read(&header, disks)?;
        reader.advance(geometry.first_entry());
        Ok(Some(Self { geometry, next: 1 }))
    }

    /// The same log from its first entry on.
    pub(super) fn again<A: Area>(&self, reader: &mut Reader<A>) -> Self {
        reader.rewind(self.geometry.first_entry());
        Self { geometry: self.geometry, next: 1 }
    }

    /// How many entries there are.
    pub(super) const fn entries(&self) -> u64 {
        self.geometry.entries
    }

    /// How many entries were found.
    pub(super) const fn found(&self) -> u64 {
        self.next - 1
    }

    /// The next entry, checked.
    #[inline(never)]
    pub(super) fn next<A: Area>(&mut self, reader: &mut Reader<A>) -> Result<Found, LogError> {
        let number = self.next;
        if number > self.geometry.entries {
            return Ok(Found::End);
        }
        let at = reader.position();
        let sector = self.geometry.first_entry();
        if at.saturating_add(sector) > self.geometry.log_bytes {
            return Err(LogError::Truncated {
                entry: number,
                entries: self.geometry.entries,
                needed: at.saturating_add(sector),
                bytes: self.geometry.log_bytes,
            });
        }
        let Some(header) = header(reader) else {
            return Ok(Found::Later);
        };
        let entry = Entry::read(&header, number, at, &self.geometry)?;
        let text = match entry.body {
            Body::Mark { text_bytes } => text(reader, text_bytes),
            Body::Nothing | Body::Write(_) | Body::Discard(_) => String::new(),
        };
        reader.advance(sector);
        self.next += 1;
        Ok(Found::Entry { number, entry, text })
    }
}

/// The text of the mark whose header starts where the reader is: its start, if it is long.
fn text<A: Area>(reader: &Reader<A>, text_bytes: u64) -> String {
    let mut bytes = [0; 64];
    let Some((area, offset, here)) = reader.here() else {
        return String::new();
    };
    let length = usize::try_from(text_bytes).unwrap_or(usize::MAX);
    let length = length.min(bytes.len()).min(here.saturating_sub(HEADER_BYTES));
    let Some(text) = bytes.get_mut(..length) else {
        return String::new();
    };
    area.read(offset + HEADER_BYTES, text);
    Shown(text).to_string()
}
