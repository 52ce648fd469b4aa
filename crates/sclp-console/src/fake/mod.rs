//! An SCLP on the host, for tests of the driver and of what is written over it: [`FakeSclp`].
//!
//! It is stricter than a machine: a block with a wrong length, a set reserved bit, an event type that
//! was not announced, or a command while another is outstanding is a mistake of the driver and
//! panics with what is wrong (`check.rs`). And it can do on purpose what machines do now and then:
//! be busy, refuse, take its time, take only short blocks.
//!
//! ```
//! use sclp_console::fake::FakeSclp;
//! use sclp_console::{Interface, SclpConsole};
//!
//! let mut sclp = FakeSclp::new();
//! sclp.be_busy(3);
//! sclp.type_ascii(b"help\r");
//!
//! let mut console = SclpConsole::new_with_backend(sclp);
//! console.initialise()?;
//! let mut command = [0; 80];
//! assert_eq!(console.try_read(&mut command), Ok(5));
//! # Ok::<(), sclp_console::InitialiseError>(())
//! ```

mod check;
mod events;

use std::boxed::Box;
use std::collections::VecDeque;
use std::vec::Vec;

use zerocopy::FromZeros;
use zerocopy::big_endian::{U16, U64};

use crate::backend::{Backend, EventPending, SccbAddressError, SccbInUse, ServcCc, TimedOut};
use crate::spec::{Command, EventMask, EventType, ReadScpInfo, ResponseCode, SCCB_SIZE, Sccb};
use events::{ascii_event, event, flat_command, nested_command};

/// A command that was issued, with its block as it was then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    /// The command.
    pub command: Command,
    /// The block, up to the length in its header.
    pub block: Vec<u8>,
}

/// What a refused command did all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing.
    None,
    /// All that it was to do; its event buffers are marked as accepted.
    Full,
}

/// The shape of an operator command's event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommandShape {
    /// GDS variables, one inside the other, with the lengths that they should have.
    Nested,
    /// As QEMU writes it, on a little-endian host.
    Flat,
}

/// Whether the fake tells of pending events as a machine does whose signals are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Signals {
    Taken,
    NotTaken,
}

/// Whether the length of a block of READ EVENT DATA becomes that of the events in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AnswerLength {
    Shortened,
    Full,
}

/// An SCLP. It offers the ASCII console and line mode, has 8 MiB of memory and takes masks of any
/// length, unless it is told otherwise.
#[derive(Debug)]
pub struct FakeSclp {
    sccb: Box<Sccb>,
    /// The block as the outstanding command leaves it.
    answer: Option<Box<Sccb>>,
    offered_output: EventMask,
    offered_input: EventMask,
    mask_lengths: Vec<u16>,
    largest_block: usize,
    scp_info: ReadScpInfo,
    signals: Signals,
    answer_length: AnswerLength,
    patience: u32,
    condition_code: ServcCc,
    busy: VecDeque<u32>,
    refusals: VecDeque<(Command, ResponseCode, Effect)>,
    lateness: VecDeque<u32>,
    program_receive: EventMask,
    program_send: EventMask,
    events: VecDeque<Vec<u8>>,
    later_events: VecDeque<Vec<u8>>,
    ascii: Vec<u8>,
    lines: Vec<Vec<u8>>,
    issued: Vec<Issued>,
}

impl FakeSclp {
    /// An SCLP as it is described above.
    #[must_use]
    pub fn new() -> Self {
        let mut scp_info = ReadScpInfo::new_zeroed();
        scp_info.rnmax = U16::new(8);
        scp_info.rnsize = 1;
        scp_info.rnmax2 = U64::new(8);
        scp_info.processor_count = U16::new(1);
        scp_info.processor_offset = U16::new(128);
        scp_info.load_parameter = [0x40; 8];
        Self {
            sccb: Box::default(),
            answer: None,
            offered_output: EventMask::ASCII_CONSOLE_DATA | EventMask::LINE_MODE_OUTPUT,
            offered_input: EventMask::ASCII_CONSOLE_DATA | EventMask::LINE_MODE_INPUT,
            mask_lengths: (1..=1021).collect(),
            largest_block: SCCB_SIZE,
            scp_info,
            signals: Signals::Taken,
            answer_length: AnswerLength::Shortened,
            patience: 1000,
            condition_code: ServcCc::Initiated,
            busy: VecDeque::new(),
            refusals: VecDeque::new(),
            lateness: VecDeque::new(),
            program_receive: EventMask::empty(),
            program_send: EventMask::empty(),
            events: VecDeque::new(),
            later_events: VecDeque::new(),
            ascii: Vec::new(),
            lines: Vec::new(),
            issued: Vec::new(),
        }
    }

    /// An SCLP that receives and sends these event types.
    #[must_use]
    pub fn offering(mut self, output: EventMask, input: EventMask) -> Self {
        self.offered_output = output;
        self.offered_input = input;
        self
    }

    /// An SCLP that takes masks of these lengths alone.
    #[must_use]
    pub fn taking_masks_of(mut self, lengths: &[u16]) -> Self {
        self.mask_lengths = lengths.to_vec();
        self
    }

    /// An SCLP that takes output in blocks of at most `bytes`, and refuses longer ones with
    /// [`ResponseCode::BufferTooLarge`].
    #[must_use]
    pub fn taking_blocks_of(mut self, bytes: usize) -> Self {
        self.largest_block = bytes;
        self
    }

    /// An SCLP that answers READ SCP INFO so.
    #[must_use]
    pub fn describing(mut self, scp_info: ReadScpInfo) -> Self {
        self.scp_info = scp_info;
        self
    }

    /// An SCLP whose signals nobody takes, as before a kernel has an interruption handler.
    #[must_use]
    pub fn without_signals(mut self) -> Self {
        self.signals = Signals::NotTaken;
        self
    }

    /// An SCLP that leaves the length of a block of READ EVENT DATA as it is, and zeros after the
    /// events.
    #[must_use]
    pub fn with_answers_of_full_length(mut self) -> Self {
        self.answer_length = AnswerLength::Full;
        self
    }

    /// An SCLP that an earlier program has told these masks.
    #[must_use]
    pub fn with_masks(mut self, program_receive: EventMask, program_send: EventMask) -> Self {
        self.program_receive = program_receive;
        self.program_send = program_send;
        self
    }

    /// The next command is answered *busy* `times` times first. Calls add up: the second call
    /// concerns the command after the next.
    pub fn be_busy(&mut self, times: u32) {
        self.busy.push_back(times);
    }

    /// Gives up every wait after so many attempts.
    pub fn be_patient(&mut self, attempts: u32) {
        self.patience = attempts;
    }

    /// From now on SERVICE CALL answers *not operational*.
    pub fn break_down(&mut self) {
        self.condition_code = ServcCc::NotOperational;
    }

    /// The next `command` is answered with `code`. Calls add up.
    pub fn refuse(&mut self, command: Command, code: ResponseCode, effect: Effect) {
        self.refusals.push_back((command, code, effect));
    }

    /// The next command ends only after the driver has given up waiting for it `waits` times.
    /// Calls add up, as for [`Self::be_busy`].
    pub fn be_late(&mut self, waits: u32) {
        self.lateness.push_back(waits);
    }

    /// Someone types at the ASCII console.
    pub fn type_ascii(&mut self, typed: &[u8]) {
        let event = ascii_event(typed);
        self.events.push_back(event);
    }

    /// Someone types at the ASCII console, but only once the driver waits for it.
    pub fn type_ascii_later(&mut self, typed: &[u8]) {
        self.later_events.push_back(ascii_event(typed));
    }

    /// The operator enters a command, given in EBCDIC: at most 250 characters when nested.
    pub fn enter_command(&mut self, ebcdic: &[u8], shape: CommandShape) {
        let data = match shape {
            CommandShape::Nested => nested_command(ebcdic),
            CommandShape::Flat => flat_command(ebcdic),
        };
        self.raise_event(EventType::OperatorCommand, &data);
    }

    /// An event arrives with these data, whatever they are.
    pub fn raise_event(&mut self, event_type: EventType, data: &[u8]) {
        self.events.push_back(event(event_type, data));
    }

    /// All that was written to the ASCII console.
    #[must_use]
    pub fn ascii(&self) -> &[u8] {
        &self.ascii
    }

    /// All lines that were written in line mode, in EBCDIC.
    #[must_use]
    pub fn lines(&self) -> &[Vec<u8>] {
        &self.lines
    }

    /// All commands that were initiated.
    #[must_use]
    pub fn issued(&self) -> &[Issued] {
        &self.issued
    }

    /// How many commands of this kind were initiated.
    #[must_use]
    pub fn count(&self, command: Command) -> usize {
        let same = |issued: &&Issued| issued.command == command;
        self.issued.iter().filter(same).count()
    }

    /// The refusal that is due for `command`, if there is one.
    fn next_refusal(&mut self, command: Command) -> Option<(ResponseCode, Effect)> {
        match self.refusals.front() {
            Some((due, code, effect)) if *due == command => {
                let refusal = (*code, *effect);
                self.refusals.pop_front();
                Some(refusal)
            }
            Some(_) | None => None,
        }
    }
}

impl Default for FakeSclp {
    fn default() -> Self {
        Self::new()
    }
}

impl Backend for FakeSclp {
    fn sccb(&mut self) -> Result<&mut Sccb, SccbInUse> {
        match self.answer {
            Some(_) => Err(SccbInUse),
            None => Ok(&mut self.sccb),
        }
    }

    fn servc(&mut self, command: Command) -> Result<ServcCc, SccbAddressError> {
        assert!(
            self.answer.is_none(),
            "{command:?} was issued while another command was outstanding"
        );
        if self.condition_code != ServcCc::Initiated {
            return Ok(self.condition_code);
        }
        match self.busy.front_mut() {
            Some(0) => {
                self.busy.pop_front();
            }
            Some(times) => {
                *times -= 1;
                return Ok(ServcCc::Busy);
            }
            None => {}
        }
        let answer = check::carry_out(self, command);
        self.answer = Some(Box::new(answer));
        Ok(ServcCc::Initiated)
    }

    fn wait(&mut self) -> Result<(), TimedOut> {
        if self.answer.is_none() {
            return Ok(());
        }
        match self.lateness.front_mut() {
            Some(0) => {
                self.lateness.pop_front();
            }
            Some(waits) => {
                *waits -= 1;
                return Err(TimedOut);
            }
            None => {}
        }
        if let Some(answer) = self.answer.take() {
            self.sccb = answer;
        }
        Ok(())
    }

    fn wait_for_signal(&mut self, attempt: u32) -> Result<(), TimedOut> {
        if let Some(event) = self.later_events.pop_front() {
            self.events.push_back(event);
        }
        if attempt < self.patience { Ok(()) } else { Err(TimedOut) }
    }

    fn event_pending(&mut self) -> EventPending {
        match self.signals {
            Signals::NotTaken => EventPending::Unknown,
            Signals::Taken if self.events.is_empty() => EventPending::No,
            Signals::Taken => EventPending::Yes,
        }
    }
}
