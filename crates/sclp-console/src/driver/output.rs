//! Writing: bytes are held, and sent in as few blocks as they need.
//!
//! All output goes through the held bytes (`held.rs`): a write puts its bytes there and then sends
//! as much as the [`Buffering`] says; a byte leaves them only when the SCLP has accepted it. So an
//! error loses nothing and repeats nothing.

use core::fmt;

use super::call::{InFlight, Settled};
use super::compose::{self, Composed, Content, LineStyle};
use super::{Buffering, Interface, MIN_SCCB_LENGTH, SclpConsole};
use crate::backend::Backend;
use crate::error::{FlushError, SendError, WriteError};
use crate::spec::{Command, EventMask, EventType, ResponseCode};

/// How much of the held bytes is to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extent {
    /// Complete lines.
    Lines,
    /// Everything.
    All,
}

/// How often an output is tried again that the SCLP backed out of.
const RETRIES: u32 = 3;

impl<B: Backend> SclpConsole<B> {
    /// Writes `bytes`.
    ///
    /// On the ASCII interface they have all been accepted by the SCLP when this returns, unless the
    /// console is buffered by lines. In line mode, and when it is, complete lines have, and the
    /// start of a line is held until its end comes, or [`Self::flush`], or so much that it must be
    /// cut.
    ///
    /// # Errors
    ///
    /// [`WriteError`], with the number of bytes that the console has taken.
    pub fn write_bytes(&mut self, bytes: &[u8]) -> Result<(), WriteError> {
        let failed = |rest: &[u8], cause| WriteError { accepted: bytes.len() - rest.len(), cause };
        let Some(interface) = self.interface else {
            return Err(failed(bytes, SendError::NotInitialised));
        };
        let mut rest = bytes;
        loop {
            let taken = self.held.push(rest);
            rest = rest.get(taken..).unwrap_or_default();
            if rest.is_empty() {
                break;
            }
            self.make_room(interface).map_err(|cause| failed(rest, cause))?;
        }
        let extent = match (interface, self.settings.buffering) {
            (Interface::Ascii, Buffering::Immediate) => Extent::All,
            (Interface::Ascii, Buffering::Lines)
            | (Interface::LineMode, Buffering::Immediate | Buffering::Lines) => Extent::Lines,
        };
        self.drain(interface, extent).map_err(|cause| failed(rest, cause))
    }

    /// Sends what is held. In line mode this ends the line.
    ///
    /// # Errors
    ///
    /// [`FlushError`]; the bytes are still held.
    pub fn flush(&mut self) -> Result<(), FlushError> {
        let result = match self.interface {
            Some(interface) => self.drain(interface, Extent::All),
            None => Err(SendError::NotInitialised),
        };
        result.map_err(|cause| FlushError { held: self.held.len(), cause })
    }

    /// How many bytes are held: taken, and not yet seen accepted by the SCLP.
    #[must_use]
    pub const fn held_bytes(&self) -> usize {
        self.held.len()
    }

    /// Throws away what is held, should the SCLP refuse it for ever. Returns how many bytes that
    /// was.
    pub fn discard_held(&mut self) -> usize {
        let discarded = self.held.len();
        self.held.remove(discarded);
        if let InFlight::Write { covered, .. } = &mut self.in_flight {
            *covered = 0;
        }
        discarded
    }

    /// Makes the held bytes fewer when they leave no room: by all complete lines, or else by what
    /// there is of one.
    fn make_room(&mut self, interface: Interface) -> Result<(), SendError> {
        self.drain(interface, Extent::Lines)?;
        if self.held.is_full() {
            self.drain(interface, Extent::All)?;
        }
        Ok(())
    }

    /// Sends held bytes, block after block, until none are left in `extent`.
    fn drain(&mut self, interface: Interface, extent: Extent) -> Result<(), SendError> {
        let mut retries = 0;
        loop {
            match self.settle()? {
                Settled::WriteRefused(code) => {
                    self.after_refusal(code, retries)?;
                    retries += 1;
                }
                Settled::Written => retries = 0,
                Settled::Nothing | Settled::Fetched | Settled::FetchRefused(_) => {}
            }
            let composed = self.compose(interface, extent)?;
            match composed.content {
                Content::Some => self.issue(
                    Command::WriteEventData,
                    InFlight::Write { covered: composed.covered, after: composed.after },
                )?,
                Content::None if composed.covered == 0 => return Ok(()),
                Content::None => {
                    self.held.remove(composed.covered);
                    self.cursor = composed.after;
                }
            }
        }
    }

    /// Decides whether output that was refused is tried again. An SCLP that finds the block too
    /// large is given smaller ones from then on.
    fn after_refusal(&mut self, code: ResponseCode, retries: u32) -> Result<(), SendError> {
        let length = &mut self.settings.sccb_length;
        if code == ResponseCode::BufferTooLarge && *length > MIN_SCCB_LENGTH {
            *length = (*length / 2).max(MIN_SCCB_LENGTH);
            return Ok(());
        }
        if code.is_transient() && retries < RETRIES {
            return Ok(());
        }
        Err(SendError::Refused(code))
    }

    /// Fills the SCCB with what comes next of the held bytes in `extent`.
    fn compose(&mut self, interface: Interface, extent: Extent) -> Result<Composed, SendError> {
        let text = match extent {
            Extent::Lines => self.held.lines(),
            Extent::All => self.held.all(),
        };
        let settings = &self.settings;
        let sccb = self.backend.sccb()?;
        Ok(match interface {
            Interface::Ascii => {
                compose::ascii(sccb, settings.sccb_length, text, self.cursor, settings.line_feed)
            }
            Interface::LineMode => {
                let style = LineStyle {
                    event_type: line_mode_event(self.offered.output),
                    width: settings.line_width,
                    code_page: settings.code_pages.output,
                };
                compose::lines(sccb, settings.sccb_length, text, self.cursor, style)
            }
        })
    }
}

/// The event type of line-mode output: with priority only where the SCLP takes no other.
fn line_mode_event(sclp_receives: EventMask) -> EventType {
    let priority_alone =
        sclp_receives & EventMask::LINE_MODE_OUTPUT == EventMask::PRIORITY_MESSAGE_COMMAND;
    if priority_alone { EventType::PriorityMessageCommand } else { EventType::Message }
}

/// Writes as [`SclpConsole::write_bytes`] does. The cause of an error is not in [`fmt::Error`]; what
/// the console holds is sent with the next output.
impl<B: Backend> fmt::Write for SclpConsole<B> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.write_bytes(text.as_bytes()).map_err(|_| fmt::Error)
    }
}
