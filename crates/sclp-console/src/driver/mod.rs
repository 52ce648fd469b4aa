//! The console: [`SclpConsole`].
//!
//! - this file: making a console, choosing its interface, asking about the machine;
//! - `output.rs` writes, with `held.rs` (what is not yet accepted) and `compose.rs` (what goes into
//!   one block);
//! - `input.rs` reads, with `ring.rs` (what is not yet read);
//! - `call.rs` carries out commands, one after another.

mod call;
mod compose;
mod held;
mod input;
mod output;
mod ring;

use core::fmt;

use crate::backend::Backend;
use crate::error::{InitialiseError, ReadScpInfoError, ServiceCallError};
use crate::spec::message::{MESSAGE_TEXT_OBJECT_SIZE, WRITE_MESSAGE_SIZE};
use crate::spec::{
    CodePages, Command, EventMask, ReadScpInfo, ResponseClass, ResponseCode, SCCB_SIZE, ScpInfo,
    WriteEventMask,
};
use call::InFlight;
use compose::Cursor;
use held::Held;
use ring::Ring;

/// Most characters of a line-mode line: as many as fit into a block of their own.
pub const LINE_WIDTH_MAX: usize = SCCB_SIZE - WRITE_MESSAGE_SIZE - MESSAGE_TEXT_OBJECT_SIZE;

/// Shortest block that output can be limited to, in bytes.
pub const MIN_SCCB_LENGTH: usize = 128;

/// Bytes of input that are kept for the reader.
const INPUT_CAPACITY: usize = 4096;

/// How a console is reached through the SCLP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Interface {
    /// The ASCII console, a VT220: bytes both ways.
    Ascii,
    /// Line mode: messages to the operator, commands from him, in EBCDIC.
    LineMode,
}

impl fmt::Display for Interface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ascii => "ASCII console",
            Self::LineMode => "line-mode console",
        })
    }
}

/// What the SCLP offers, as its event masks say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Offered {
    /// Event types that the SCLP receives.
    pub output: EventMask,
    /// Event types that the SCLP sends.
    pub input: EventMask,
}

impl Offered {
    const NOTHING: Self = Self { output: EventMask::empty(), input: EventMask::empty() };

    /// Whether output can go to `interface`.
    #[must_use]
    pub const fn has(&self, interface: Interface) -> bool {
        let output = match interface {
            Interface::Ascii => EventMask::ASCII_CONSOLE_DATA,
            Interface::LineMode => EventMask::LINE_MODE_OUTPUT,
        };
        self.output.intersects(output)
    }
}

/// When output is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Buffering {
    /// At every write. (In line mode a line can only go out when it is complete.)
    Immediate,
    /// At the end of every line, so that a formatted line costs one service call however many
    /// pieces it is written in. What is held of an incomplete line goes out with
    /// [`SclpConsole::flush`].
    Lines,
}

/// What becomes of a newline on the ASCII interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LineFeed {
    /// It gets a carriage return before it, unless it has one.
    CarriageReturnLineFeed,
    /// It goes out as it is, and so does every other byte.
    AsItIs,
}

/// What can be set when a console is made.
#[derive(Clone, Copy, Debug)]
struct Settings {
    buffering: Buffering,
    line_feed: LineFeed,
    code_pages: CodePages,
    line_width: usize,
    sccb_length: usize,
}

/// A console over the SCLP.
///
/// Made by [`Self::new_with_backend`], in a constant where that is wanted, and given an interface
/// by [`Self::initialise`]. It allocates nothing; its buffers, some 8 KiB, are part of it.
///
/// # Example
///
/// ```
/// use core::fmt::Write;
///
/// use sclp_console::fake::FakeSclp;
/// use sclp_console::{Interface, SclpConsole};
///
/// let mut console = SclpConsole::new_with_backend(FakeSclp::new());
/// assert_eq!(console.initialise(), Ok(Interface::Ascii));
/// writeln!(console, "CCW001I started")?;
/// assert_eq!(console.backend_mut().ascii(), b"CCW001I started\r\n");
/// # Ok::<(), core::fmt::Error>(())
/// ```
#[derive(Debug)]
pub struct SclpConsole<B> {
    backend: B,
    interface: Option<Interface>,
    offered: Offered,
    settings: Settings,
    in_flight: InFlight,
    cursor: Cursor,
    held: Held,
    input: Ring<INPUT_CAPACITY>,
    dropped: u64,
}

impl<B> SclpConsole<B> {
    /// A console over `backend`, with nothing said to the SCLP yet: no interface, no buffering of
    /// lines, newlines with carriage returns, the code pages of the machine
    /// ([`CodePages::NATIVE`]), lines and blocks as long as they can be.
    #[must_use]
    pub const fn new_with_backend(backend: B) -> Self {
        Self {
            backend,
            interface: None,
            offered: Offered::NOTHING,
            settings: Settings {
                buffering: Buffering::Immediate,
                line_feed: LineFeed::CarriageReturnLineFeed,
                code_pages: CodePages::NATIVE,
                line_width: LINE_WIDTH_MAX,
                sccb_length: SCCB_SIZE,
            },
            in_flight: InFlight::None,
            cursor: Cursor::LineStart,
            held: Held::new(),
            input: Ring::new(),
            dropped: 0,
        }
    }

    /// The same console, with another [`Buffering`].
    #[must_use]
    pub const fn with_buffering(mut self, buffering: Buffering) -> Self {
        self.settings.buffering = buffering;
        self
    }

    /// The same console, with another treatment of newlines on the ASCII interface.
    #[must_use]
    pub const fn with_line_feed(mut self, line_feed: LineFeed) -> Self {
        self.settings.line_feed = line_feed;
        self
    }

    /// The same console, with other code pages for line mode.
    #[must_use]
    pub const fn with_code_pages(mut self, code_pages: CodePages) -> Self {
        self.settings.code_pages = code_pages;
        self
    }

    /// The same console, which cuts line-mode lines to at most `characters`, from 1 to
    /// [`LINE_WIDTH_MAX`]; a number outside counts as the nearest inside.
    #[must_use]
    pub const fn with_line_width(mut self, characters: usize) -> Self {
        self.settings.line_width = clamp(characters, 1, LINE_WIDTH_MAX);
        self
    }

    /// The same console, which sends blocks of at most `bytes`, from [`MIN_SCCB_LENGTH`] to
    /// [`SCCB_SIZE`]; a number outside counts as the nearest inside.
    #[must_use]
    pub const fn with_sccb_length(mut self, bytes: usize) -> Self {
        self.settings.sccb_length = clamp(bytes, MIN_SCCB_LENGTH, SCCB_SIZE);
        self
    }

    /// The same console, with `interface` taken for granted: it can write at once, without
    /// [`Self::initialise`]. For a panic, when an earlier console has set the event masks: nothing
    /// is asked that could fail.
    #[must_use]
    pub const fn assuming(mut self, interface: Interface) -> Self {
        self.interface = Some(interface);
        self
    }

    /// The interface in use; `None` before the console was initialised.
    #[must_use]
    pub const fn interface(&self) -> Option<Interface> {
        self.interface
    }

    /// What the SCLP offers; nothing before the console was initialised.
    #[must_use]
    pub const fn offered(&self) -> Offered {
        self.offered
    }

    /// The backend.
    pub const fn backend_mut(&mut self) -> &mut B {
        &mut self.backend
    }
}

const fn clamp(value: usize, least: usize, most: usize) -> usize {
    if value < least {
        least
    } else if value > most {
        most
    } else {
        value
    }
}

impl<B: Backend> SclpConsole<B> {
    /// Agrees on the event types with the SCLP, and chooses an interface: the ASCII console if it
    /// is offered, line mode if not. Input is taken from either, wherever it is offered.
    ///
    /// # Errors
    ///
    /// See [`InitialiseError`].
    pub fn initialise(&mut self) -> Result<Interface, InitialiseError> {
        let receive = EventMask::ASCII_CONSOLE_DATA | EventMask::LINE_MODE_INPUT;
        let send = EventMask::ASCII_CONSOLE_DATA | EventMask::LINE_MODE_OUTPUT;
        let offered = self.exchange_masks(receive, send)?;
        let interface = [Interface::Ascii, Interface::LineMode]
            .into_iter()
            .find(|interface| offered.has(*interface))
            .ok_or(InitialiseError::NotOffered { wanted: None, offered })?;
        self.interface = Some(interface);
        Ok(interface)
    }

    /// Agrees on the event types of `interface` alone with the SCLP, for output and input.
    ///
    /// # Errors
    ///
    /// See [`InitialiseError`].
    pub fn initialise_as(&mut self, interface: Interface) -> Result<(), InitialiseError> {
        let (receive, send) = match interface {
            Interface::Ascii => (EventMask::ASCII_CONSOLE_DATA, EventMask::ASCII_CONSOLE_DATA),
            Interface::LineMode => (EventMask::LINE_MODE_INPUT, EventMask::LINE_MODE_OUTPUT),
        };
        let offered = self.exchange_masks(receive, send)?;
        if !offered.has(interface) {
            return Err(InitialiseError::NotOffered { wanted: Some(interface), offered });
        }
        self.interface = Some(interface);
        Ok(())
    }

    /// WRITE EVENT MASK: with masks of 4 bytes, which hold all event types of a console and which
    /// every SCLP is known to take; if not, with 8.
    fn exchange_masks(
        &mut self,
        receive: EventMask,
        send: EventMask,
    ) -> Result<Offered, InitialiseError> {
        self.interface = None;
        let result = match self.exchange_masks_of::<4>(receive, send)? {
            Err(ResponseCode::InvalidMaskLength) => self.exchange_masks_of::<8>(receive, send)?,
            result => result,
        };
        self.offered = result.map_err(InitialiseError::Refused)?;
        Ok(self.offered)
    }

    /// WRITE EVENT MASK with masks of `LENGTH` bytes. Returns what the SCLP offers, or its refusal.
    fn exchange_masks_of<const LENGTH: usize>(
        &mut self,
        receive: EventMask,
        send: EventMask,
    ) -> Result<Result<Offered, ResponseCode>, ServiceCallError> {
        let block = WriteEventMask::<LENGTH>::new(receive, send);
        let response = self.control(Command::WriteEventMask, &block)?;
        let answer: Option<WriteEventMask<LENGTH>> = self.backend.sccb()?.read();
        Ok(match (response, answer) {
            (ResponseCode::NormalCompletion, Some(answer)) => Ok(Offered {
                output: EventMask::from_field(&answer.sclp_receive),
                input: EventMask::from_field(&answer.sclp_send),
            }),
            (response, _) => Err(response),
        })
    }

    /// READ SCP INFO: asks what the machine is made of. Needs no interface.
    ///
    /// # Errors
    ///
    /// See [`ReadScpInfoError`].
    pub fn read_scp_info(&mut self) -> Result<ScpInfo, ReadScpInfoError> {
        let request = ReadScpInfo::request();
        let mut response = self.control(Command::ReadScpInfo, &request)?;
        if response.class() == ResponseClass::Refused {
            // The plain command can be withheld from a program that gets the forced one.
            response = self.control(Command::ReadScpInfoForced, &request)?;
        }
        let answer = self.backend.sccb().map_err(ServiceCallError::from)?.read::<ReadScpInfo>();
        match (response.class(), answer) {
            (ResponseClass::Information, Some(answer)) => {
                answer.decode().map_err(ReadScpInfoError::Implausible)
            }
            _ => Err(ReadScpInfoError::Refused(response)),
        }
    }
}
