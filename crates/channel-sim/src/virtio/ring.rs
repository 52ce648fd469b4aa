//! The device's side of a split virtqueue (VIRTIO 1.2, 2.7 Split Virtqueues).

use super::wire::{descriptor, feature};
use crate::machine::{Rule, Surroundings};
use std::collections::BTreeSet;

/// A run of bytes that a descriptor names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) address: u64,
    pub(super) length: u32,
}

/// A chain of descriptors that the driver made available.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chain {
    pub(super) head: u16,
    pub(super) readable: Vec<Segment>,
    pub(super) writable: Vec<Segment>,
}

/// The queue cannot be used any further: the driver has broken a rule, which is noted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Broken;

impl From<crate::machine::Unreachable> for Broken {
    fn from(_: crate::machine::Unreachable) -> Self {
        Self
    }
}

/// Where a queue is, and how far the device has come in it.
#[derive(Clone, Debug)]
pub(super) struct Ring {
    size: u16,
    descriptors: u64,
    available: u64,
    used: u64,
    features: u64,
    last_available: u16,
    used_index: u16,
    /// Heads of the chains that the device has.
    outstanding: BTreeSet<u16>,
}

/// A descriptor as it lies in storage.
#[derive(Clone, Copy, Debug)]
struct Descriptor {
    segment: Segment,
    flags: u16,
    next: u16,
}

fn broken(around: &mut Surroundings<'_>, what: String) -> Broken {
    around.violation(Rule::Queue, what);
    Broken
}

impl Ring {
    pub(super) fn new(size: u16, [descriptors, available, used]: [u64; 3]) -> Self {
        Self {
            size,
            descriptors,
            available,
            used,
            features: 0,
            last_available: 0,
            used_index: 0,
            outstanding: BTreeSet::new(),
        }
    }

    /// Checks that all of it is where it may be; it is all zero then, or the driver forgot to see to it.
    pub(super) fn check(&self, around: &mut Surroundings<'_>) -> Result<(), Broken> {
        let size = usize::from(self.size);
        let parts = [
            ("descriptor table", self.descriptors, 16, 16 * size),
            ("available ring", self.available, 2, 6 + 2 * size),
            ("used ring", self.used, 4, 6 + 8 * size),
        ];
        for (what, address, alignment, length) in parts {
            if address % alignment != 0 {
                return Err(broken(around, format!("{what} at {address:#x}")));
            }
            around.read(address, &mut vec![0; length], what)?;
        }
        let indexes = [self.available + 2, self.used + 2];
        for address in indexes {
            let index = around.read_array::<2>(address, "index")?;
            if index != [0, 0] {
                return Err(broken(around, "a queue that does not begin at zero".into()));
            }
        }
        Ok(())
    }

    /// The features agreed on; known only when the queue is first used.
    pub(super) fn agree(&mut self, features: u64) {
        self.features = features;
    }

    fn has(&self, feature: u64) -> bool {
        self.features & feature != 0
    }

    fn available_index(&self, around: &mut Surroundings<'_>) -> Result<u16, Broken> {
        Ok(u16::from_le_bytes(around.read_array(self.available + 2, "available index")?))
    }

    /// How many chains are available that the device has not seen.
    pub(super) fn waiting(&self, around: &mut Surroundings<'_>) -> Result<u16, Broken> {
        let index = self.available_index(around)?;
        let waiting = index.wrapping_sub(self.last_available);
        if waiting > self.size {
            let last = self.last_available;
            let what = format!("the available index went from {last} to {index}");
            return Err(broken(around, what));
        }
        Ok(waiting)
    }

    /// The next chain that is available.
    pub(super) fn take(&mut self, around: &mut Surroundings<'_>) -> Result<Option<Chain>, Broken> {
        if self.waiting(around)? == 0 {
            return Ok(None);
        }
        let place = u64::from(self.last_available % self.size);
        let entry = around.read_array(self.available + 4 + 2 * place, "available entry")?;
        let head = u16::from_le_bytes(entry);
        self.last_available = self.last_available.wrapping_add(1);
        if head >= self.size {
            return Err(broken(around, format!("descriptor {head} of {}", self.size)));
        }
        if !self.outstanding.insert(head) {
            let what = format!("descriptor {head} is available again before it was used");
            return Err(broken(around, what));
        }
        self.walk(head, around).map(Some)
    }

    fn descriptor(
        &self,
        table: u64,
        index: u16,
        around: &mut Surroundings<'_>,
    ) -> Result<Descriptor, Broken> {
        let address = table + u64::from(index) * descriptor::LENGTH;
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] =
            around.read_array(address, "descriptor")?;
        Ok(Descriptor {
            segment: Segment {
                address: u64::from_le_bytes([a, b, c, d, e, f, g, h]),
                length: u32::from_le_bytes([i, j, k, l]),
            },
            flags: u16::from_le_bytes([m, n]),
            next: u16::from_le_bytes([o, p]),
        })
    }

    fn walk(&self, head: u16, around: &mut Surroundings<'_>) -> Result<Chain, Broken> {
        let mut chain = Chain { head, readable: Vec::new(), writable: Vec::new() };
        let (mut table, mut entries) = (self.descriptors, self.size);
        let mut next = head;
        // A chain is no longer than the queue, not counting the descriptor that names a table; in a queue of one
        // or two an indirect chain has a header, data and a status all the same.
        for _ in 0..=self.size.max(3) {
            if next >= entries {
                return Err(broken(around, format!("descriptor {next} of {entries} in a chain")));
            }
            let found = self.descriptor(table, next, around)?;
            if found.flags & descriptor::INDIRECT != 0 {
                entries = self.indirect(&found, table, around)?;
                (table, next) = (found.segment.address, 0);
                continue;
            }
            self.add(&mut chain, &found, around)?;
            if found.flags & descriptor::NEXT == 0 {
                return Ok(chain);
            }
            next = found.next;
        }
        Err(broken(around, format!("a chain from {head} that is longer than the queue")))
    }

    /// How many entries the table has that an indirect descriptor names.
    fn indirect(
        &self,
        found: &Descriptor,
        table: u64,
        around: &mut Surroundings<'_>,
    ) -> Result<u16, Broken> {
        let length = u64::from(found.segment.length);
        let entries = u16::try_from(length / descriptor::LENGTH).ok();
        let what = match entries {
            _ if !self.has(feature::INDIRECT) => "an indirect descriptor that was not agreed on",
            _ if table != self.descriptors => "an indirect descriptor in an indirect table",
            _ if found.flags != descriptor::INDIRECT => "an indirect descriptor with other flags",
            _ if length == 0 || !length.is_multiple_of(descriptor::LENGTH) => {
                "an indirect table of a broken length"
            }
            None => "an indirect table that is too long",
            Some(entries) => return Ok(entries),
        };
        Err(broken(around, what.into()))
    }

    fn add(
        &self,
        chain: &mut Chain,
        found: &Descriptor,
        around: &mut Surroundings<'_>,
    ) -> Result<(), Broken> {
        let segment = found.segment;
        let length = usize::try_from(segment.length).map_err(|_| Broken)?;
        around.read(segment.address, &mut vec![0; length], "data of a descriptor")?;
        if found.flags & !(descriptor::NEXT | descriptor::WRITE) != 0 {
            return Err(broken(around, format!("descriptor flags {:#x}", found.flags)));
        }
        if length == 0 {
            return Err(broken(around, "a descriptor of no bytes".into()));
        }
        if found.flags & descriptor::WRITE != 0 {
            chain.writable.push(segment);
        } else if chain.writable.is_empty() {
            chain.readable.push(segment);
        } else {
            return Err(broken(around, "a readable descriptor after a writable one".into()));
        }
        Ok(())
    }

    /// Says that it wants to be told of whatever comes next.
    pub(super) fn want_notification(&self, around: &mut Surroundings<'_>) {
        if self.has(feature::EVENT_INDEX) {
            let at = self.used + 4 + 8 * u64::from(self.size);
            let _ = around.write(at, &self.last_available.to_le_bytes(), "available event");
        }
    }

    /// Says that it wants to be told of nothing.
    pub(super) fn want_no_notification(&self, around: &mut Surroundings<'_>) {
        // With the event index it is enough to leave that as it is.
        if !self.has(feature::EVENT_INDEX) {
            let _ = around.write(self.used, &1u16.to_le_bytes(), "used flags");
        }
    }

    /// Gives a chain back, with the number of bytes written.
    pub(super) fn give_back(
        &mut self,
        head: u16,
        entry: (u32, u32),
        ahead: u16,
        around: &mut Surroundings<'_>,
    ) {
        self.outstanding.remove(&head);
        let at = self.used + 4 + 8 * u64::from(self.used_index % self.size);
        let [a, b, c, d] = entry.0.to_le_bytes();
        let [e, f, g, h] = entry.1.to_le_bytes();
        let _ = around.write(at, &[a, b, c, d, e, f, g, h], "used entry");
        self.used_index = self.used_index.wrapping_add(1);
        let shown = self.used_index.wrapping_add(ahead);
        let _ = around.write(self.used + 2, &shown.to_le_bytes(), "used index");
    }

    /// Where the driver asks to be told of an end, if it does so by index.
    pub(super) fn used_event(&self) -> Option<u64> {
        let at = self.available + 4 + 2 * u64::from(self.size);
        self.has(feature::EVENT_INDEX).then_some(at)
    }

    /// Whether the driver wants an interruption for what was given back last.
    pub(super) fn wants_interruption(&self, around: &mut Surroundings<'_>) -> bool {
        if !self.has(feature::EVENT_INDEX) {
            let flags = around.read_array(self.available, "available flags");
            return flags.is_ok_and(|flags| u16::from_le_bytes(flags) & 1 == 0);
        }
        let at = self.available + 4 + 2 * u64::from(self.size);
        let event = around.read_array(at, "used event");
        // Told when the entry that the driver named is among those given back: here the last one.
        event.is_ok_and(|event| u16::from_le_bytes(event) == self.used_index.wrapping_sub(1))
    }
}
