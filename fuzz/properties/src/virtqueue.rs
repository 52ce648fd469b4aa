//! The split virtqueue, against a device that writes what it likes into the rings.
//!
//! The input says what the driver asks of a [`SplitQueue`] and what the device writes, step by step: honest ends
//! of chains, indexes and entries of the used ring, single bytes anywhere in the queue's area, the
//! driver's own part included. Each answer is compared with that of a [`Model`] that reads the same bytes. What
//! is asserted after each step:
//!
//! - the answer is the right one, and a device that said what cannot be true is found out with the figures that
//!   it gave, once and for all;
//! - every chain is free, taken or with the device, as it should be: none lost, none twice;
//! - what the device is shown (available ring, descriptors) is what the driver described;
//! - a notification is wanted exactly when the device asked for it.
//!
//! A chain's use of what stands in storage is tested by `block_device`.

mod model;

use crate::input::Input;
use crate::memory::{DeviceMemory, OneArea};
use crate::ring::{DeviceRing, Segment};
use channel_io::AbsoluteAddress;
use model::{Chain, Model, half};
use virtio_ccw::queue::{
    Access, ChainIndex, Element, Geometry, GeometryError, Placement, Position, SplitQueue,
    Suppression, UsedChain,
};

/// The shortest chain.
const ONE_BYTE: Element = Element {
    address: AbsoluteAddress(0x5_0000_0000),
    length: 1,
    access: Access::Write,
    position: Position::Last,
};

/// Lets the input drive a queue and its device, and checks every answer.
///
/// # Panics
/// If something does not hold.
pub fn check(input: &[u8]) {
    let mut input = Input::new(input);
    if let Some(run) = Run::new(&mut input) {
        run.go(input);
    }
}

/// The same with a queue whose 16-bit indexes are about to wrap. It takes a hundred thousand times as long.
///
/// # Panics
/// If something does not hold.
pub fn check_where_indexes_wrap(input: &[u8]) {
    let mut input = Input::new(input);
    if let Some(mut run) = Run::new(&mut input) {
        run.go_to_the_end_of_the_indexes();
        run.go(input);
    }
}

/// A queue, its device, and what both must be.
struct Run {
    queue: SplitQueue<OneArea>,
    /// Every chain that was ever taken, by number.
    names: Vec<Option<ChainIndex>>,
    model: Model,
    memory: OneArea,
    ring: DeviceRing,
    /// Whether the device has written where only the driver may: what it is shown need not be right then.
    spoiled: bool,
}

impl Run {
    /// A queue of the geometry that the input asks for; none if there is none such.
    fn new(input: &mut Input<'_>) -> Option<Self> {
        let kind = input.byte()?;
        let placement = if kind & 1 == 0 { Placement::Indirect } else { Placement::InRing };
        let suppression = if kind & 2 == 0 { Suppression::EventIndex } else { Suppression::Flags };
        let size = 1u16 << (input.byte()? % 9) | u16::from(kind & 0x80 != 0);
        let chains = u16::from(input.byte()? % 24);
        let elements = u16::from(input.byte()? % 12);
        let geometry = match Geometry::fit(size, chains, elements, placement) {
            Ok(geometry) => geometry,
            Err(GeometryError::Size { .. }) if !size.is_power_of_two() => return None,
            Err(GeometryError::TooSmall { needed: 3, .. })
                if size < 3 && placement == Placement::InRing =>
            {
                return None;
            }
            Err(error) => panic!("a queue of {size}: {error}"),
        };
        check_geometry(&geometry, size);
        let mut memory = OneArea::default();
        let Ok(queue) = SplitQueue::new(&mut memory, &geometry, suppression) else {
            panic!("there is storage for a queue");
        };
        let information = queue.information(0);
        let ring = DeviceRing {
            size: information.size.get(),
            descriptors: information.descriptors.get(),
            available: information.available.get(),
            used: information.used.get(),
        };
        assert_eq!(ring.size, geometry.size);
        let names = vec![None; usize::from(geometry.chains)];
        let model = Model::new(geometry, suppression);
        Some(Self { queue, names, model, memory, ring, spoiled: false })
    }

    /// All steps of the input; what is left is in order in the end.
    fn go(mut self, mut input: Input<'_>) {
        while let Some(step) = input.byte() {
            self.step(step, &mut input);
            self.check();
        }
        self.clear();
        self.check();
        self.round_trip();
    }

    /// So many honest round trips that the 16-bit indexes are about to wrap.
    fn go_to_the_end_of_the_indexes(&mut self) {
        const END: u16 = 0xfffc;
        for index in 0..END {
            let Some(chain) = self.queue.take_free() else { panic!("no chain is free") };
            self.queue.describe(chain, 0, &ONE_BYTE);
            self.queue.offer(chain, 1);
            let _ = self.queue.publish();
            let _ = self.queue.settle();
            let entry = (self.model.head(chain.number()), 1);
            self.ring.set_used(&mut self.memory, index, entry);
            self.ring.set_used_index(&mut self.memory, index + 1);
            assert_eq!(self.queue.next_used(), Ok(Some(UsedChain { chain, written: 1 })));
            self.queue.release(chain);
        }
        self.model.begin_at(END.into());
    }

    /// Takes a chain, shows it to an honest device and has it back.
    fn round_trip(&mut self) {
        let Some(number) = self.take() else { panic!("no chain is free") };
        self.describe(number, 2);
        self.offer(number, 9);
        self.publish();
        self.end_honestly(number, 9);
        assert_eq!(self.next_used(), Some(number));
        self.release(number);
    }

    fn step(&mut self, step: u8, input: &mut Input<'_>) {
        match step % 16 {
            0 => {
                let elements = input.byte().unwrap_or(0);
                if let Some(number) = self.take() {
                    self.describe(number, elements);
                }
            }
            1 => self.with_chain(input, |run, number, input| run.offer(number, input.word())),
            2 => self.with_chain(input, |run, number, input| {
                run.offer(number, u32::from(input.byte().unwrap_or(0)));
                run.publish();
            }),
            3 => self.publish(),
            4 => self.with_chain(input, |run, number, _| run.release(number)),
            5 => drop(self.next_used()),
            6 => self.settle(),
            7 => self.arm(),
            8 => {
                if let Some(number) = input.pick(&self.model.shown()).copied() {
                    self.end_honestly(number, u32::from(input.byte().unwrap_or(0)));
                }
            }
            9..=14 => self.lie(step, input),
            _ => self.clear(),
        }
    }

    /// The device writes something that need not be true.
    fn lie(&mut self, step: u8, input: &mut Input<'_>) {
        let memory = &mut self.memory;
        match step % 16 {
            9 => {
                let ahead = i16::from(input.byte().unwrap_or(0).cast_signed());
                let index = self.ring.used_index(memory).wrapping_add_signed(ahead);
                self.ring.set_used_index(memory, index);
            }
            10 => self.ring.set_used_index(memory, input.half()),
            11 => {
                let index = half(self.model.used).wrapping_add(u16::from(step >> 4));
                self.ring.set_used(memory, index, (input.word(), input.word()));
            }
            12 => {
                // The name of a chain that may or may not be with the device, one entry further on.
                let number = input.place(self.model.chains.len()).unwrap_or(0);
                let index = self.ring.used_index(memory);
                let written = u32::from(input.byte().unwrap_or(0));
                self.ring.set_used(memory, index, (self.model.head(number), written));
                self.ring.set_used_index(memory, index.wrapping_add(1));
            }
            13 if step & 0x10 == 0 => self.ring.set_available_event(memory, input.half()),
            13 => self.ring.set_used_flags(memory, input.half()),
            _ => {
                let place = u64::from(input.half()) % (memory.length() as u64);
                let byte = input.byte().unwrap_or(0);
                let address = OneArea::start() + place;
                memory.put(address, &[byte]);
                let used = self.ring.used..self.ring.used + self.ring.used_bytes();
                self.spoiled |= !used.contains(&address);
            }
        }
    }

    /// Does something with a chain that was taken at some time, in whatever state it is.
    fn with_chain(
        &mut self,
        input: &mut Input<'_>,
        act: impl FnOnce(&mut Self, usize, &mut Input<'_>),
    ) {
        let known: Vec<_> = (0..).zip(&self.names).filter(|(_, name)| name.is_some()).collect();
        let number = input.pick(&known).map(|(number, _)| *number);
        if let Some(number) = number {
            act(self, number, input);
        }
    }

    fn name(&self, number: usize) -> ChainIndex {
        match self.names.get(number) {
            Some(Some(name)) => *name,
            Some(None) | None => panic!("chain {number} was never taken"),
        }
    }

    fn take(&mut self) -> Option<usize> {
        let free = self.model.free();
        let taken = self.queue.take_free();
        assert_eq!(taken.is_some(), free > 0, "{free} chains are free");
        let name = taken?;
        let number = name.number();
        let chain = self.model.chain(number);
        assert_eq!(*chain, Chain::Free, "chain {number} was taken");
        *chain = Chain::Taken(Vec::new());
        if let Some(known) = self.names.get_mut(number) {
            *known = Some(name);
        }
        Some(number)
    }

    /// Describes a chain that was taken, with as many elements as it can have or fewer.
    fn describe(&mut self, number: usize, elements: u8) {
        let name = self.name(number);
        let count = 1 + u16::from(elements) % self.queue.elements_per_chain();
        let described: Vec<_> = (0..count)
            .map(|index| Segment {
                address: 0x5_0000_0000 + (number as u64) * 0x1_0000 + u64::from(index) * 0x100,
                length: u32::from(elements) + u32::from(index) + 1,
                write: index > count / 2,
            })
            .collect();
        for (index, segment) in (0..).zip(&described) {
            let access = if segment.write { Access::Write } else { Access::Read };
            let position = if index + 1 == count { Position::Last } else { Position::Inner };
            let address = AbsoluteAddress(segment.address);
            let element = Element { address, length: segment.length, access, position };
            self.queue.describe(name, index, &element);
        }
        *self.model.chain(number) = Chain::Taken(described);
    }

    fn offer(&mut self, number: usize, writable: u32) {
        self.queue.offer(self.name(number), writable);
        self.model.offer(number, writable);
    }

    fn publish(&mut self) {
        let news = self.model.published..self.model.next_available;
        let expected = self.model.publish(&self.ring, &self.memory);
        assert_eq!(self.queue.publish(), expected);
        if self.spoiled {
            return;
        }
        assert_eq!(self.ring.available_index(&self.memory), half(self.model.published));
        for index in news {
            let head = self.ring.head(&self.memory, half(index));
            let chains = self.model.chains.iter().enumerate();
            let mut shown = chains.filter_map(|(number, chain)| match chain {
                Chain::Offered { index: at, segments, .. } if *at == index => {
                    Some((self.model.head(number), segments))
                }
                Chain::Offered { .. } | Chain::Free | Chain::Taken(_) => None,
            });
            let Some((expected, segments)) = shown.next() else {
                panic!("no chain is known under available index {index}");
            };
            assert_eq!(u32::from(head), expected, "the head under available index {index}");
            assert_eq!(self.ring.chain(&self.memory, head), *segments);
        }
    }

    fn release(&mut self, number: usize) {
        self.queue.release(self.name(number));
        self.model.release(number);
    }

    fn next_used(&mut self) -> Option<usize> {
        let expected = self.model.next_used(&self.ring, &self.memory);
        let answer = self.queue.next_used();
        let answer = answer.map(|used| used.map(|used| (used.chain.number(), used.written)));
        assert_eq!(answer, expected);
        answer.ok().flatten().map(|(number, _)| number)
    }

    fn settle(&mut self) {
        let expected = self.model.settle(&self.ring, &self.memory);
        assert_eq!(self.queue.settle(), expected);
    }

    fn arm(&mut self) {
        let more = self.ring.used_index(&self.memory) != half(self.model.used);
        assert_eq!(self.queue.arm(), more);
        if self.model.suppression == Suppression::EventIndex {
            assert_eq!(self.ring.used_event(&self.memory), half(self.model.used));
        }
    }

    /// The device ends a chain that it has, and says no more than is true.
    fn end_honestly(&mut self, number: usize, written: u32) {
        let writable = self.model.chains.get(number).and_then(|chain| self.model.is_shown(chain));
        let entry = (self.model.head(number), written.min(writable.unwrap_or(0)));
        let index = self.ring.used_index(&self.memory);
        self.ring.set_used(&mut self.memory, index, entry);
        self.ring.set_used_index(&mut self.memory, index.wrapping_add(1));
    }

    fn clear(&mut self) {
        self.queue.clear();
        self.model = Model::new(self.model.geometry, self.model.suppression);
        self.spoiled = false;
    }

    /// What holds after every step.
    fn check(&self) {
        assert_eq!(self.queue.free_chains(), self.model.free());
        let outstanding = self.model.published - self.model.used;
        assert_eq!(u64::from(self.queue.outstanding()), outstanding);
        assert_eq!(self.queue.error(), self.model.error);
        let has_used = self.ring.used_index(&self.memory) != half(self.model.used);
        assert_eq!(self.queue.has_used(), has_used);
    }
}

/// What holds of every geometry that was found to fit.
fn check_geometry(geometry: &Geometry, max_size: u16) {
    let Geometry { size, chains, elements, placement } = *geometry;
    assert!(size.is_power_of_two() && size <= max_size && chains > 0 && chains <= size);
    assert!(elements >= Geometry::MIN_ELEMENTS && elements <= max_size.max(3));
    match placement {
        Placement::Indirect => {}
        Placement::InRing => assert!(u32::from(chains) * u32::from(elements) <= u32::from(size)),
    }
}
