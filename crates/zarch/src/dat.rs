//! Identity translation with holes: the tables for dynamic address translation (DAT).
//!
//! The supervisor runs with every virtual address equal to the real one. DAT is on for two ends only:
//! a page without translation under each stack turns an overflow into a program check, and the
//! program's text is write-protected. [`IdentityMap`] says what is wanted, [`IdentityMap::build`] fills
//! the tables; whoever calls it loads the result into control register 1.
//!
//! The tables lie one behind the other: a region-third table of 512 entries (reaching 1 TiB), one
//! segment table for every 2 GiB, and page tables: one for every megabyte, or, where entries of the
//! segment table may stand for a whole megabyte (EDAT-1), only for the first ones.
//!
//! Source: PoP SA22-7832-13, ch. 3, "Dynamic Address Translation".

use core::fmt;
use core::ops::Range;

/// Bytes of a page.
pub const PAGE: u64 = PAGE_STEP as u64;
/// Bytes that an entry of a segment table stands for.
pub const SEGMENT: u64 = SEGMENT_STEP as u64;
/// Bytes that an entry of a region-third table stands for.
pub const REGION: u64 = 1 << 31;
/// Storage that the tables can reach.
pub const REACH: u64 = REGION * REGION_THIRD_ENTRIES as u64;

const PAGE_STEP: usize = 1 << 12;
const SEGMENT_STEP: usize = 1 << 20;

/// A region-third table of the least length, 4 KiB.
const REGION_THIRD_ENTRIES: usize = 512;
const SEGMENT_ENTRIES: usize = 2048;
const PAGE_ENTRIES: usize = 256;

/// Region-, segment- and page-table entry: DAT protection.
const PROTECTED: u64 = 0x200;
/// Region- and segment-table entry: invalid.
const TABLE_INVALID: u64 = 0x20;
/// Page-table entry: invalid.
const PAGE_INVALID: u64 = 0x400;
/// Segment-table entry: format control, the entry stands for a whole megabyte.
const FORMAT_CONTROL: u64 = 0x400;
/// Region-table entry and address-space-control element: this, or what it leads to, is a region-third table.
const REGION_THIRD: u64 = 0x04;
/// Region-table entry: the segment table has its full length, four times 4 KiB.
const FULL_LENGTH: u64 = 0x03;

/// Whether a segment-table entry may stand for a whole megabyte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Segments {
    /// EDAT-1 is installed and enabled: one entry a megabyte, and page tables up to `paged_end` alone.
    Large,
    /// Page tables for all of storage.
    Paged,
}

/// What the translation is to be.
#[derive(Clone, Debug)]
pub struct IdentityMap<'a> {
    /// Storage from zero to here is translated, in whole megabytes; at most [`REACH`].
    pub storage_end: u64,
    /// How a megabyte is described.
    pub segments: Segments,
    /// From zero to here there are page tables in any case, in whole megabytes.
    pub paged_end: u64,
    /// Pages without a translation, by their addresses; below `paged_end`.
    pub guard_pages: &'a [u64],
    /// Pages that cannot be stored into; whole pages, below `paged_end`.
    pub read_only: Range<u64>,
}

/// The tables cannot be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DatError {
    /// The space for the tables has another length than [`IdentityMap::words`] says.
    Space,
    /// The space for the tables does not begin on a page boundary.
    Boundary,
    /// Storage ends beyond [`REACH`], or not on a megabyte.
    StorageEnd,
}

impl fmt::Display for DatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Space => "the space for the translation tables has a wrong length",
            Self::Boundary => "the space for the translation tables is not on a page boundary",
            Self::StorageEnd => "storage does not end where the translation tables can reach",
        })
    }
}

impl core::error::Error for DatError {}

/// An address-space-control element: what control register 1 takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressSpace(pub u64);

impl IdentityMap<'_> {
    fn segment_count(&self) -> usize {
        count(self.storage_end, SEGMENT)
    }

    fn segment_table_count(&self) -> usize {
        count(self.storage_end, REGION)
    }

    fn page_table_count(&self) -> usize {
        match self.segments {
            Segments::Large => count(self.paged_end, SEGMENT).min(self.segment_count()),
            Segments::Paged => self.segment_count(),
        }
    }

    /// How many doublewords the tables take.
    #[must_use]
    pub fn words(&self) -> usize {
        REGION_THIRD_ENTRIES
            + self.segment_table_count() * SEGMENT_ENTRIES
            + self.page_table_count() * PAGE_ENTRIES
    }

    /// Fills `tables`, which the machine knows by the real address `origin`.
    ///
    /// # Errors
    /// [`DatError`] if the map or the space for it is not as it must be; nothing is then to be used.
    pub fn build(&self, tables: &mut [u64], origin: u64) -> Result<AddressSpace, DatError> {
        if tables.len() != self.words() {
            return Err(DatError::Space);
        }
        if !origin.is_multiple_of(PAGE) {
            return Err(DatError::Boundary);
        }
        if !self.storage_end.is_multiple_of(SEGMENT) || self.storage_end > REACH {
            return Err(DatError::StorageEnd);
        }
        let (region_third, rest) = tables.split_at_mut(REGION_THIRD_ENTRIES);
        let (segments, pages) = rest.split_at_mut(self.segment_table_count() * SEGMENT_ENTRIES);
        let segments_origin = origin + byte_length(region_third);
        let pages_origin = segments_origin + byte_length(segments);

        region_third.fill(TABLE_INVALID | REGION_THIRD);
        for (entry, table) in region_third
            .iter_mut()
            .zip(places(segments_origin, SEGMENT_ENTRIES))
            .take(self.segment_table_count())
        {
            *entry = table | REGION_THIRD | FULL_LENGTH;
        }
        segments.fill(TABLE_INVALID);
        let frames = (0..self.storage_end).step_by(SEGMENT_STEP);
        for (entry, frame) in segments.iter_mut().zip(frames).skip(self.page_table_count()) {
            *entry = frame | FORMAT_CONTROL;
        }
        for (entry, table) in segments
            .iter_mut()
            .zip(places(pages_origin, PAGE_ENTRIES))
            .take(self.page_table_count())
        {
            *entry = table;
        }
        for (entry, page) in pages.iter_mut().zip((0..).step_by(PAGE_STEP)) {
            *entry = self.page_entry(page);
        }
        Ok(AddressSpace(origin | REGION_THIRD))
    }

    fn page_entry(&self, page: u64) -> u64 {
        if self.guard_pages.contains(&page) {
            page | PAGE_INVALID
        } else if self.read_only.contains(&page) {
            page | PROTECTED
        } else {
            page
        }
    }
}

/// How many units there are in `bytes`, a part counting as one.
fn count(bytes: u64, unit: u64) -> usize {
    usize::try_from(bytes.div_ceil(unit)).unwrap_or(usize::MAX)
}

/// Where tables of `entries` doublewords lie, one behind the other.
fn places(origin: u64, entries: usize) -> impl Iterator<Item = u64> {
    (origin..).step_by(entries * size_of::<u64>())
}

const fn byte_length(table: &[u64]) -> u64 {
    size_of_val(table) as u64
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::vec;
    use std::vec::Vec;

    const ORIGIN: u64 = 0x8_0000;

    fn map(megabytes: u64, segments: Segments) -> IdentityMap<'static> {
        IdentityMap {
            storage_end: megabytes * SEGMENT,
            segments,
            paged_end: SEGMENT,
            guard_pages: &[0x3_0000, 0x5_0000],
            read_only: 0x1_5000..0x2_0000,
        }
    }

    fn built(map: &IdentityMap<'_>) -> (Vec<u64>, AddressSpace) {
        let mut tables = vec![0xdead_beef; map.words()];
        let space = map.build(&mut tables, ORIGIN).unwrap();
        (tables, space)
    }

    #[derive(Debug, PartialEq)]
    enum Walk {
        Writable(u64),
        ReadOnly(u64),
        NoRegion,
        NoSegment,
        NoPage,
    }

    /// Translates as the machine does, from the address-space-control element down.
    fn walk(tables: &[u64], space: AddressSpace, address: u64) -> Walk {
        let load = |at: u64| tables[usize::try_from((at - ORIGIN) / 8).unwrap()];
        assert_eq!(space.0 & 0xc, 4, "designation type: region-third");
        assert_eq!(space.0 & 3, 0, "table length: 512 entries");
        let region = address >> 31;
        assert!(region < 512);
        let region_entry = load((space.0 & !0xfff) + region * 8);
        assert_eq!(region_entry & 0xc, 4, "table type");
        if region_entry & 0x20 != 0 {
            return Walk::NoRegion;
        }
        assert_eq!(region_entry & 0xc3, 3, "offset 0, full length");
        let segment_entry = load((region_entry & !0xfff) + (address >> 20 & 0x7ff) * 8);
        assert_eq!(segment_entry & 0xc, 0, "table type");
        if segment_entry & 0x20 != 0 {
            return Walk::NoSegment;
        }
        if segment_entry & 0x400 != 0 {
            return Walk::Writable((segment_entry & !0xf_ffff) | address & 0xf_ffff);
        }
        let page_entry = load((segment_entry & !0x7ff) + (address >> 12 & 0xff) * 8);
        let real = (page_entry & !0xfff) | address & 0xfff;
        match (page_entry & 0x400, page_entry & 0x200) {
            (0, 0) => Walk::Writable(real),
            (0, _) => Walk::ReadOnly(real),
            (_, _) => Walk::NoPage,
        }
    }

    #[test]
    fn every_size_translates_to_itself() {
        for segments in [Segments::Large, Segments::Paged] {
            for megabytes in [1, 2, 8, 64, 512, 2047, 2048, 2049, 3072, 4096, 16384] {
                let (tables, space) = built(&map(megabytes, segments));
                for address in (0..megabytes).flat_map(|m| [m * SEGMENT, m * SEGMENT + 0xf_fff8]) {
                    assert_eq!(walk(&tables, space, address), Walk::Writable(address));
                }
                let beyond = walk(&tables, space, megabytes * SEGMENT);
                let expected = if megabytes % 2048 == 0 { Walk::NoRegion } else { Walk::NoSegment };
                assert_eq!(beyond, expected, "{megabytes} MiB, {segments:?}");
            }
        }
    }

    #[test]
    fn guards_and_text_in_the_first_megabyte() {
        for segments in [Segments::Large, Segments::Paged] {
            let (tables, space) = built(&map(8, segments));
            let cases = [
                (0x1_4fff, Walk::Writable(0x1_4fff)),
                (0x1_5000, Walk::ReadOnly(0x1_5000)),
                (0x1_ffff, Walk::ReadOnly(0x1_ffff)),
                (0x2_0000, Walk::Writable(0x2_0000)),
                (0x2_ffff, Walk::Writable(0x2_ffff)),
                (0x3_0000, Walk::NoPage),
                (0x3_0fff, Walk::NoPage),
                (0x3_1000, Walk::Writable(0x3_1000)),
                (0x5_0800, Walk::NoPage),
            ];
            for (address, expected) in cases {
                assert_eq!(walk(&tables, space, address), expected, "{address:#x}");
            }
        }
    }

    #[test]
    fn guards_and_text_beyond_the_first_megabyte() {
        for segments in [Segments::Large, Segments::Paged] {
            let map = IdentityMap {
                paged_end: SEGMENT + 1,
                guard_pages: &[0x13_0000],
                read_only: 0xf_f000..0x10_1000,
                ..map(8, segments)
            };
            let (tables, space) = built(&map);
            let cases = [
                (0xf_f000, Walk::ReadOnly(0xf_f000)),
                (0x10_0ff8, Walk::ReadOnly(0x10_0ff8)),
                (0x10_1000, Walk::Writable(0x10_1000)),
                (0x13_0000, Walk::NoPage),
                (0x1f_f000, Walk::Writable(0x1f_f000)),
                (0x20_0000, Walk::Writable(0x20_0000)),
            ];
            for (address, expected) in cases {
                assert_eq!(walk(&tables, space, address), expected, "{address:#x}");
            }
        }
    }

    #[test]
    fn refusals() {
        let good = map(8, Segments::Large);
        let mut tables = vec![0; good.words()];
        assert_eq!(good.build(&mut tables, ORIGIN + 8), Err(DatError::Boundary));
        assert_eq!(good.build(&mut tables[1..], ORIGIN), Err(DatError::Space));
        let odd = IdentityMap { storage_end: 8 * SEGMENT + PAGE, ..good.clone() };
        assert_eq!(odd.build(&mut vec![0; odd.words()], ORIGIN), Err(DatError::StorageEnd));
        let huge = IdentityMap { storage_end: REACH + SEGMENT, ..good };
        assert_eq!(huge.build(&mut vec![0; huge.words()], ORIGIN), Err(DatError::StorageEnd));
    }
}
