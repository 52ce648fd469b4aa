//! The supervisor's own text and stack, for the chain of calls in a report of a fault.

use crate::memory;
use crate::unwind::{Chain, Image};
use core::ops::Range;

/// Entries that a report shows at most.
pub(crate) const DEPTH: usize = 48;

/// The supervisor itself: text and main stack.
pub(crate) struct Supervisor;

impl Supervisor {
    /// The calls that led to an instruction, by return address, innermost first.
    pub(crate) const fn calls(
        &self,
        instruction: u64,
        link: u64,
        stack_pointer: u64,
    ) -> Chain<'_, Self> {
        Chain::new(self, instruction, link, stack_pointer)
    }
}

impl Image for Supervisor {
    fn text(&self) -> Range<u64> {
        memory::text()
    }

    fn stack(&self) -> Range<u64> {
        memory::main_stack()
    }

    fn halfword(&self, address: u64) -> u16 {
        let pointer = memory::pointer::<u16>(address);
        // SAFETY: `Chain` stays inside the text, at even addresses; the text is always there.
        unsafe { pointer.read_volatile() }
    }

    fn doubleword(&self, address: u64) -> u64 {
        let pointer = memory::pointer::<u64>(address);
        // SAFETY: `Chain` stays inside the stack, at multiples of eight; the stack is always there.
        unsafe { pointer.read_volatile() }
    }
}
