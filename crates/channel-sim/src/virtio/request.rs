//! Block requests (VIRTIO 1.2, 5.2.6 Device Operation): taken apart, checked, carried out.

use super::content::Content;
use super::ring::{Chain, Segment};
use super::settings::BlockSettings;
use super::wire::{feature, kind, outcome};
use crate::machine::{Rule, Surroundings, Unreachable};

const SECTOR: u64 = 512;

/// A request that has nothing wrong with it.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) head: u16,
    kind: u32,
    sector: u64,
    data: Vec<Segment>,
    status: u64,
    /// For a flush: the changes before it.
    changes: u64,
    /// Ranges of a discard or a write-zeroes: first sector, sectors.
    ranges: Vec<(u64, u64)>,
}

/// What a device agreed on, and has.
pub(super) struct Terms<'a> {
    pub(super) settings: &'a BlockSettings,
    pub(super) features: u64,
    pub(super) content: &'a Content,
}

/// What is left of segments behind their first `bytes`.
fn behind(segments: &[Segment], bytes: u64) -> Vec<Segment> {
    let mut skip = bytes;
    let mut rest = Vec::new();
    for segment in segments {
        let length = u64::from(segment.length);
        let skipped = skip.min(length);
        skip -= skipped;
        if skipped < length {
            let length = u32::try_from(length - skipped).unwrap_or(0);
            rest.push(Segment { address: segment.address + skipped, length });
        }
    }
    rest
}

fn total(segments: &[Segment]) -> u64 {
    segments.iter().map(|segment| u64::from(segment.length)).sum()
}

fn read_all(segments: &[Segment], around: &mut Surroundings<'_>) -> Result<Vec<u8>, Unreachable> {
    let mut all = Vec::new();
    for segment in segments {
        let mut bytes = vec![0; usize::try_from(segment.length).unwrap_or(0)];
        around.read(segment.address, &mut bytes, "data of a request")?;
        all.extend(bytes);
    }
    Ok(all)
}

impl Request {
    /// Takes a chain apart. `None` when it is wrong, which is noted.
    pub(super) fn parse(
        chain: &Chain,
        terms: &Terms<'_>,
        around: &mut Surroundings<'_>,
    ) -> Option<Self> {
        match Self::try_parse(chain, terms, around) {
            Ok(request) => Some(request),
            Err(what) => {
                around.violation(Rule::Request, what);
                None
            }
        }
    }

    fn try_parse(
        chain: &Chain,
        terms: &Terms<'_>,
        around: &mut Surroundings<'_>,
    ) -> Result<Self, String> {
        let header = read_all(&chain.readable, around).map_err(|_| "header out of reach")?;
        let header: &[u8; 16] = header.first_chunk().ok_or("a header of less than 16 bytes")?;
        let [k0, k1, k2, k3, _, _, _, _, sector @ ..] = header;
        let kind = u32::from_le_bytes([*k0, *k1, *k2, *k3]);
        let sector = u64::from_le_bytes(*sector);
        let last = chain.writable.last().ok_or("no room for the status")?;
        let status = last.address + u64::from(last.length) - 1;
        let out = behind(&chain.readable, 16);
        let mut room = chain.writable.clone();
        if let Some(last) = room.last_mut() {
            last.length -= 1;
        }
        room.retain(|segment| segment.length > 0);
        let data = if kind == kind::READ { room.clone() } else { out.clone() };
        let mut request = Self {
            head: chain.head,
            kind,
            sector,
            data,
            status,
            changes: terms.content.changes(),
            ranges: Vec::new(),
        };
        let other = if kind == kind::READ { total(&out) } else { total(&room) };
        if other != 0 {
            return Err(format!("{other} bytes that go the wrong way"));
        }
        request.check(terms, around)?;
        Ok(request)
    }

    fn check(&mut self, terms: &Terms<'_>, around: &mut Surroundings<'_>) -> Result<(), String> {
        let bytes = total(&self.data);
        self.check_segments(terms)?;
        let agreed = |bit: u64| terms.features & bit != 0;
        let changes = self.kind != kind::READ;
        if changes && agreed(feature::READ_ONLY) && self.kind != kind::FLUSH {
            return Err("a change of a read-only disk".into());
        }
        match self.kind {
            kind::READ | kind::WRITE => {
                if bytes == 0 || !bytes.is_multiple_of(u64::from(terms.settings.block_bytes)) {
                    return Err(format!("{bytes} bytes of data"));
                }
                inside(self.sector, bytes / SECTOR, terms)
            }
            kind::FLUSH if !agreed(feature::FLUSH) => Err("a flush that was not agreed on".into()),
            kind::FLUSH if bytes != 0 || self.sector != 0 => {
                Err(format!("a flush with {bytes} bytes for sector {}", self.sector))
            }
            kind::FLUSH => Ok(()),
            kind::DISCARD if agreed(feature::DISCARD) => {
                self.check_ranges(terms, terms.settings.discard, 0, around)
            }
            kind::WRITE_ZEROES if agreed(feature::WRITE_ZEROES) => {
                // Bit 0, unmap, is allowed here.
                self.check_ranges(terms, terms.settings.write_zeroes, 1, around)
            }
            other => Err(format!("type {other}, which was not agreed on")),
        }
    }

    fn check_segments(&self, terms: &Terms<'_>) -> Result<(), String> {
        let count = self.data.len();
        let limit = |bit, limit: u32| if terms.features & bit != 0 { limit } else { u32::MAX };
        let most = limit(feature::SEG_MAX, terms.settings.segments);
        if u32::try_from(count).map_or(true, |count| count > most.max(1)) {
            return Err(format!("{count} segments, not {most}"));
        }
        let longest = limit(feature::SIZE_MAX, terms.settings.segment_bytes);
        match self.data.iter().find(|segment| segment.length > longest) {
            Some(segment) => Err(format!("a segment of {} bytes", segment.length)),
            None => Ok(()),
        }
    }

    fn check_ranges(
        &mut self,
        terms: &Terms<'_>,
        limits: super::RangeSettings,
        flags_allowed: u32,
        around: &mut Surroundings<'_>,
    ) -> Result<(), String> {
        if self.sector != 0 {
            return Err(format!("a range request for sector {}", self.sector));
        }
        let bytes = read_all(&self.data, around).map_err(|_| "ranges out of reach")?;
        let (ranges, rest) = bytes.as_chunks::<16>();
        let most = usize::try_from(limits.segments).unwrap_or(usize::MAX);
        if ranges.is_empty() || !rest.is_empty() || ranges.len() > most {
            return Err(format!("{} bytes of ranges", bytes.len()));
        }
        for [a, b, c, d, e, f, g, h, i, j, k, l, flags @ ..] in ranges {
            let first = u64::from_le_bytes([*a, *b, *c, *d, *e, *f, *g, *h]);
            let sectors = u32::from_le_bytes([*i, *j, *k, *l]);
            let flags = u32::from_le_bytes(*flags);
            let block = u64::from(terms.settings.block_bytes) / SECTOR;
            if flags & !flags_allowed != 0 {
                return Err(format!("a range with flags {flags:#x}"));
            }
            if sectors == 0 || sectors > limits.sectors {
                return Err(format!("a range of {sectors} sectors"));
            }
            if !first.is_multiple_of(block) || !u64::from(sectors).is_multiple_of(block) {
                return Err(format!("a range from {first}, not in whole blocks"));
            }
            inside(first, u64::from(sectors), terms)?;
            self.ranges.push((first, u64::from(sectors)));
        }
        Ok(())
    }

    /// The sectors that it concerns.
    pub(super) fn sectors(&self) -> Vec<(u64, u64)> {
        match self.kind {
            kind::READ | kind::WRITE => vec![(self.sector, total(&self.data) / SECTOR)],
            _ => self.ranges.clone(),
        }
    }

    /// Whether it is a read.
    pub(super) const fn is_read(&self) -> bool {
        self.kind == kind::READ
    }

    /// Does it, as far as so many sectors; gives the status byte and how many bytes of data were written to
    /// storage.
    pub(super) fn carry_out(
        &self,
        content: &mut Content,
        most_sectors: u64,
        around: &mut Surroundings<'_>,
    ) -> (u8, u32) {
        let bytes = total(&self.data).min(most_sectors.saturating_mul(SECTOR));
        let length = usize::try_from(bytes).unwrap_or(0);
        match self.kind {
            kind::READ => {
                let mut from = vec![0; length];
                content.read(self.sector, &mut from);
                let written = write_all(&self.data, &from, around);
                (outcome::OK, written)
            }
            kind::WRITE => match read_all(&self.data, around) {
                Ok(data) => {
                    content.write(self.sector, data.get(..length).unwrap_or(&data));
                    (outcome::OK, 0)
                }
                Err(_) => (outcome::IO_ERROR, 0),
            },
            kind::FLUSH => {
                content.flush(self.changes);
                (outcome::OK, 0)
            }
            _ => {
                for (first, sectors) in &self.ranges {
                    let sectors = usize::try_from((*sectors).min(most_sectors)).unwrap_or(0);
                    content.write(*first, &vec![0; sectors * 512]);
                }
                (outcome::OK, 0)
            }
        }
    }

    /// Stores the status byte.
    pub(super) fn put_status(&self, status: u8, around: &mut Surroundings<'_>) {
        let _ = around.write(self.status, &[status], "status of a request");
    }
}

fn write_all(segments: &[Segment], from: &[u8], around: &mut Surroundings<'_>) -> u32 {
    let mut rest = from;
    for segment in segments {
        let length = usize::try_from(segment.length).unwrap_or(0).min(rest.len());
        let (this, others) = rest.split_at(length);
        if !this.is_empty() {
            let _ = around.write(segment.address, this, "data of a request");
        }
        rest = others;
    }
    u32::try_from(from.len()).unwrap_or(u32::MAX)
}

fn inside(first: u64, sectors: u64, terms: &Terms<'_>) -> Result<(), String> {
    let end = first.checked_add(sectors);
    let block = u64::from(terms.settings.block_bytes) / SECTOR;
    if end.is_none_or(|end| end > terms.settings.capacity) {
        return Err(format!("{sectors} sectors from {first}, beyond the end"));
    }
    if !first.is_multiple_of(block) {
        return Err(format!("sector {first} is not where a block begins"));
    }
    Ok(())
}
