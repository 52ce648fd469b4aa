//! The chain of calls, from a stack whose frames have no back chain: [`Chain`].
//!
//! A function that calls another allocates its frame in its prologue (`stmg %r6,%r15,48(%r15)`, then
//! `aghi %r15,-size`). So the frame of the function that an address lies in can be measured by reading the prologue
//! before that address. The registers that the prologue saved lie above the frame, where the ELF ABI for s390x has
//! them: register 14, the return address, 112 bytes above the caller's stack pointer, and register 15, that stack
//! pointer itself, 120 bytes above it; so each step can be checked. Where a prologue cannot be read, the next
//! place on the stack that looks like such a pair is taken: then an entry too many is possible.
//!
//! It reads storage by [`Image`], so that tests can give it one.

use core::ops::Range;

/// Where in the register save area registers 14 and 15 are.
const SAVED_14: u64 = 112;
const SAVED_15: u64 = 120;

/// How far before an address its function's prologue is looked for.
const LONGEST_FUNCTION: u64 = 64 << 10;

/// The text and the stack of the program.
pub(crate) trait Image {
    /// Where the instructions are.
    fn text(&self) -> Range<u64>;
    /// Where the stack is.
    fn stack(&self) -> Range<u64>;
    /// The halfword at an even address in the text.
    fn halfword(&self, address: u64) -> u16;
    /// The doubleword at an address in the stack that is a multiple of eight.
    fn doubleword(&self, address: u64) -> u64;
}

/// The return addresses of the calls that led to an instruction, innermost first.
pub(crate) struct Chain<'a, I> {
    image: &'a I,
    instruction: u64,
    stack_pointer: u64,
    link: Link,
}

/// Register 14: the innermost function may not have saved it, or not yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Link {
    /// Nothing was done with it yet.
    Untried(u64),
    /// It was taken for the return address of the innermost function.
    Used(u64),
    /// It does not count any more.
    Past,
}

impl<'a, I: Image> Chain<'a, I> {
    /// The chain from a CPU that has this instruction address, and these values in registers 14 and 15.
    pub(crate) const fn new(image: &'a I, instruction: u64, link: u64, stack_pointer: u64) -> Self {
        Self { image, instruction, stack_pointer, link: Link::Untried(link) }
    }

    /// The return address that a function saved in the save area at `frame`, if it is one.
    fn saved_at(&self, frame: u64) -> Option<u64> {
        let stack = self.image.stack();
        let inside = frame.is_multiple_of(8)
            && stack.start <= frame
            && frame.checked_add(SAVED_15 + 8).is_some_and(|end| end <= stack.end);
        if !inside || self.image.doubleword(frame + SAVED_15) != frame {
            return None;
        }
        Some(self.image.doubleword(frame + SAVED_14)).filter(|address| self.follows_call(*address))
    }

    /// Whether the instruction before `address` is a call: BRASL (six bytes, X'C0.5'), BRAS (four bytes, X'A7.5') or
    /// BASR (two bytes, X'0D').
    fn follows_call(&self, address: u64) -> bool {
        let text = self.image.text();
        if !address.is_multiple_of(2) || !(text.start + 6..=text.end).contains(&address) {
            return false;
        }
        let opcode = |before: u64| self.image.halfword(address - before);
        opcode(6) & 0xff0f == 0xc005 || opcode(4) & 0xff0f == 0xa705 || opcode(2) & 0xff00 == 0x0d00
    }

    /// The nearest prologue before the instruction, and how many bytes of stack it allocates.
    fn prologue(&self) -> Option<(u64, u64)> {
        let text = self.image.text();
        if !self.instruction.is_multiple_of(2) || !text.contains(&self.instruction) {
            return None;
        }
        let first = text.start.max(self.instruction.saturating_sub(LONGEST_FUNCTION));
        let mut place = self.instruction;
        while place >= first + 6 {
            place -= 2;
            if let Some(size) = self.allocated_from(place) {
                return Some((place, size));
            }
        }
        None
    }

    /// Whether the call before `link` (a BRASL) went to a function that begins between that prologue and the
    /// instruction, and so has none: then `link` is its return address.
    fn is_called_from(&self, link: u64, prologue: u64) -> bool {
        if !self.follows_call(link) || self.image.halfword(link - 6) & 0xff0f != 0xc005 {
            return false;
        }
        let [high, low] = [4, 2].map(|before| u32::from(self.image.halfword(link - before)));
        let halfwords = i64::from(((high << 16) | low).cast_signed());
        let target = (link - 6).wrapping_add_signed(halfwords * 2);
        prologue < target && target <= self.instruction
    }

    /// The size of the frame that a prologue at `place` allocates: `stmg`, then instructions that lower register 15.
    fn allocated_from(&self, place: u64) -> Option<u64> {
        let end = self.image.text().end;
        let at = |address: u64| if address + 2 <= end { self.image.halfword(address) } else { 0 };
        // stmg %rN,%r15,8*N(%r15): EB Nf f DDD 00 24.
        let [operation, registers] = at(place).to_be_bytes();
        let first_register = u16::from(registers >> 4);
        let stores_to = 0xf000 | (first_register * 8);
        if operation != 0xeb
            || registers & 0xf != 0xf
            || at(place + 2) != stores_to
            || at(place + 4) != 0x0024
        {
            return None;
        }
        let word = |address: u64| (u32::from(at(address)) << 16) | u32::from(at(address + 2));
        let mut place = place + 6;
        let mut size = 0;
        loop {
            match at(place) {
                // aghi %r15,i: the frame, or a page of it.
                0xa7fb => {
                    size += u64::from(at(place + 2).wrapping_neg());
                    place += 4;
                }
                // agfi %r15,i.
                0xc2f8 => {
                    size += u64::from(word(place + 2).wrapping_neg());
                    place += 6;
                }
                // lgr %r0,%r15; agfi %r0,i; and a loop that lowers register 15 to it by pages: aghi, cg, clgrjh.
                0xb904 if at(place + 4) == 0xc208 => {
                    size += u64::from(word(place + 6).wrapping_neg());
                    place += 4 + 6 + 4 + 6 + 6;
                }
                // cg %r0,d(%r15): touches a page.
                0xe300 => place += 6,
                _ => return (size >= 160).then_some(size),
            }
        }
    }

    /// The frame that the prologue measures, and the return address saved there.
    fn measured(&self) -> Option<(u64, u64)> {
        let (prologue, size) = self.prologue()?;
        if let Link::Untried(link) = self.link
            && self.is_called_from(link, prologue)
        {
            return None;
        }
        let frame = self.stack_pointer.checked_add(size)?;
        Some((frame, self.saved_at(frame)?))
    }

    /// The next place on the stack that looks like a frame's save area, and the return address saved there.
    fn found(&self) -> Option<(u64, u64)> {
        let stack = self.image.stack();
        let start = self.stack_pointer.max(stack.start).checked_next_multiple_of(8)?;
        let frames = (start..stack.end).step_by(8);
        frames
            .filter(|frame| *frame > self.stack_pointer)
            .find_map(|frame| Some((frame, self.saved_at(frame)?)))
    }
}

impl<I: Image> Iterator for Chain<'_, I> {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        let step = self.measured();
        if step.is_none()
            && let Link::Untried(link) = self.link
            && self.follows_call(link)
        {
            // A function that saves nothing, or one that was still in its prologue.
            self.link = Link::Used(link);
            self.instruction = link;
            return Some(link);
        }
        let mut step = step.or_else(|| self.found())?;
        if self.link == Link::Used(step.1) {
            // It was in its prologue, and had saved register 14 already: that call is known.
            self.link = Link::Past;
            (self.stack_pointer, self.instruction) = step;
            step = self.measured().or_else(|| self.found())?;
        }
        self.link = Link::Past;
        (self.stack_pointer, self.instruction) = step;
        Some(step.1)
    }
}

#[cfg(test)]
mod tests {
    use super::{Chain, Image};
    use std::collections::BTreeMap;
    use std::ops::Range;

    const TEXT: u64 = 0x1000;
    const STACK: Range<u64> = 0x8000..0xa000;
    const OUTER: u64 = 0x1000;
    const MIDDLE: u64 = 0x1100;
    const LARGE: u64 = 0x1200;
    const LEAF: u64 = 0x1300;

    #[derive(Default)]
    struct Fake {
        text: BTreeMap<u64, u16>,
        stack: BTreeMap<u64, u64>,
    }

    impl Image for Fake {
        fn text(&self) -> Range<u64> {
            TEXT..TEXT + 0x1000
        }
        fn stack(&self) -> Range<u64> {
            STACK
        }
        fn halfword(&self, address: u64) -> u16 {
            assert!(self.text().contains(&address) && address.is_multiple_of(2));
            self.text.get(&address).copied().unwrap_or(0x0700)
        }
        fn doubleword(&self, address: u64) -> u64 {
            assert!(STACK.contains(&address) && address.is_multiple_of(8));
            self.stack.get(&address).copied().unwrap_or(0)
        }
    }

    impl Fake {
        fn code(&mut self, address: u64, halfwords: &[u16]) {
            for (halfword, address) in halfwords.iter().zip((address..).step_by(2)) {
                self.text.insert(address, *halfword);
            }
        }

        /// A function's save area at its caller's stack pointer.
        fn save(&mut self, frame: u64, link: u64) {
            self.stack.insert(frame + 112, link);
            self.stack.insert(frame + 120, frame);
        }
    }

    /// OUTER (frame of 160) calls MIDDLE (256, from register 6 on) by BRASL, which calls LARGE (one
    /// page and 360, by a loop) by BASR, which calls LEAF, which has no frame.
    fn program() -> Fake {
        let mut fake = Fake::default();
        fake.code(OUTER, &[0xebef, 0xf070, 0x0024, 0xa7fb, 0xff60, 0xc0e5, 0, 0x78]);
        fake.code(MIDDLE, &[0xeb6f, 0xf030, 0x0024, 0xa7fb, 0xff00, 0x0de1]);
        fake.code(
            LARGE,
            &[
                0xeb6f, 0xf030, 0x0024, 0xb904, 0x000f, 0xc208, 0xffff, 0xf000, 0xa7fb, 0xf000,
                0xe300, 0xfff8, 0x0020, 0xecf0, 0xfffb, 0x2065, 0xa7fb, 0xfe98, 0xe300, 0xf160,
                0x0020, 0xc0e5, 0, 0x6b,
            ],
        );
        fake
    }

    const IN_OUTER: u64 = OUTER + 16;
    const IN_MIDDLE: u64 = MIDDLE + 12;
    const IN_LARGE: u64 = LARGE + 48;
    const TOP: u64 = 0x9f00;
    const OUTER_FRAME: u64 = TOP - 160;
    const MIDDLE_FRAME: u64 = OUTER_FRAME - 256;
    const LARGE_FRAME: u64 = MIDDLE_FRAME - 4096 - 360;

    fn in_large() -> Fake {
        let mut fake = program();
        // What called OUTER lies outside the text.
        fake.save(TOP, 0x10);
        fake.save(OUTER_FRAME, IN_OUTER);
        fake.save(MIDDLE_FRAME, IN_MIDDLE);
        // Left over from a call that is long over, inside the large frame.
        fake.save(LARGE_FRAME + 400, IN_OUTER);
        fake.stack.insert(LARGE_FRAME + 800, IN_MIDDLE);
        fake
    }

    fn chain(fake: &Fake, instruction: u64, link: u64, stack_pointer: u64) -> Vec<u64> {
        Chain::new(fake, instruction, link, stack_pointer).collect()
    }

    #[test]
    fn frames_are_measured_and_what_is_left_over_is_not_seen() {
        let calls = chain(&in_large(), IN_LARGE + 2, 0, LARGE_FRAME);
        assert_eq!(calls, [IN_MIDDLE, IN_OUTER]);
    }

    #[test]
    fn a_function_without_a_frame_has_its_caller_in_register_14() {
        let calls = chain(&in_large(), LEAF, IN_LARGE, LARGE_FRAME);
        assert_eq!(calls, [IN_LARGE, IN_MIDDLE, IN_OUTER]);
    }

    #[test]
    fn a_fault_in_a_prologue_names_each_call_once() {
        let mut fake = program();
        fake.save(OUTER_FRAME, IN_OUTER);
        fake.save(MIDDLE_FRAME, IN_MIDDLE);
        let calls = chain(&fake, LARGE + 26, IN_MIDDLE, MIDDLE_FRAME - 4096);
        assert_eq!(calls, [IN_MIDDLE, IN_OUTER]);
    }

    #[test]
    fn a_jump_to_nowhere_still_has_its_callers() {
        for nowhere in [0, 1, 0x4444, u64::MAX - 1] {
            let calls = chain(&in_large(), nowhere, IN_MIDDLE, MIDDLE_FRAME);
            assert_eq!(calls, [IN_MIDDLE, IN_OUTER], "{nowhere:#x}");
        }
    }

    #[test]
    fn any_stack_pointer_comes_to_an_end() {
        let fake = in_large();
        for stack_pointer in [0, 3, STACK.start, STACK.end - 8, STACK.end, u64::MAX - 7, u64::MAX] {
            assert!(chain(&fake, IN_LARGE, 0x77, stack_pointer).len() <= 4, "{stack_pointer:#x}");
        }
    }
}
