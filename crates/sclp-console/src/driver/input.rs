//! Reading: events from the SCLP become a stream of bytes.
//!
//! The ASCII console's bytes come as they were typed; each command of line mode is translated from
//! EBCDIC and ended by a newline. Events are fetched only when the ring can take all that a block
//! can hold, so what the reader has no room for stays with the SCLP, which keeps it.

use super::call::{InFlight, Settled};
use super::ring::Ring;
use super::{INPUT_CAPACITY, SclpConsole};
use crate::backend::{Backend, EventPending};
use crate::error::ReadError;
use crate::spec::event::{AsciiSession, EVENT_BUFFER_HEADER_SIZE};
use crate::spec::sccb::SCCB_HEADER_SIZE;
use crate::spec::{CodePage, Command, EventBufferHeader, EventType, SCCB_SIZE, SccbHeader, gds};
use zerocopy::FromBytes;

/// Most bytes of input that one block can hold.
const MOST_IN_A_BLOCK: usize = SCCB_SIZE - SCCB_HEADER_SIZE;

const _: () = assert!(INPUT_CAPACITY >= MOST_IN_A_BLOCK);

impl<B: Backend> SclpConsole<B> {
    /// Reads what input there is into `buffer`, without waiting for any. Returns how many bytes
    /// were read, 0 when there are none; what does not fit is kept for the next time.
    ///
    /// Input of the ASCII console comes byte for byte (the Enter key as `\r`), each command of line
    /// mode as a line with `\n` at its end.
    ///
    /// # Errors
    ///
    /// See [`ReadError`]. No input is lost by an error.
    pub fn try_read(&mut self, buffer: &mut [u8]) -> Result<usize, ReadError> {
        if self.interface.is_none() {
            return Err(ReadError::NotInitialised);
        }
        if self.input.len() == 0 && !buffer.is_empty() {
            self.fetch()?;
        }
        Ok(self.input.pop(buffer))
    }

    /// Reads one byte of input, if there is one. See [`Self::try_read`].
    ///
    /// # Errors
    ///
    /// See [`ReadError`].
    pub fn try_read_byte(&mut self) -> Result<Option<u8>, ReadError> {
        let mut byte = [0];
        Ok(match self.try_read(&mut byte)? {
            0 => None,
            _ => Some(byte[0]),
        })
    }

    /// Reads into `buffer`, and waits until there is something to read: the backend decides how
    /// long. Returns how many bytes were read: at least 1, unless `buffer` is empty.
    ///
    /// # Errors
    ///
    /// [`ReadError::TimedOut`] when no input came, and as for [`Self::try_read`].
    pub fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ReadError> {
        let mut attempt = 0_u32;
        loop {
            let count = self.try_read(buffer)?;
            if count != 0 || buffer.is_empty() {
                return Ok(count);
            }
            self.backend.wait_for_signal(attempt).map_err(|_| ReadError::TimedOut)?;
            attempt = attempt.saturating_add(1);
        }
    }

    /// How many bytes of events were thrown away since the console was made, because they were
    /// malformed or of a type that the console did not ask for. Input proper is never thrown away.
    #[must_use]
    pub const fn dropped_bytes(&self) -> u64 {
        self.dropped
    }

    /// Fetches events, if there may be any, into the ring.
    fn fetch(&mut self) -> Result<(), ReadError> {
        // An earlier fetch may have come late.
        let _ = self.settle()?;
        if self.input.room() < MOST_IN_A_BLOCK {
            return Ok(());
        }
        match self.backend.event_pending() {
            EventPending::No => return Ok(()),
            EventPending::Yes | EventPending::Unknown => {}
        }
        let request = SccbHeader::new(SCCB_SIZE).with_variable_length_response();
        self.backend.sccb().map_err(crate::error::ServiceCallError::from)?.write(&request);
        self.issue(Command::ReadEventData, InFlight::Read)?;
        match self.settle()? {
            Settled::FetchRefused(code) => Err(ReadError::Refused(code)),
            Settled::Fetched | Settled::Nothing | Settled::Written | Settled::WriteRefused(_) => {
                Ok(())
            }
        }
    }
}

/// Takes the input from all event buffers in `content`, what follows an SCCB's header. Returns how
/// many bytes were of no use.
pub(super) fn take_events<const CAPACITY: usize>(
    content: &[u8],
    code_page: CodePage,
    ring: &mut Ring<CAPACITY>,
) -> u64 {
    let mut dropped = 0;
    let mut rest = content;
    while let Ok((header, _)) = EventBufferHeader::read_from_prefix(rest) {
        let length = usize::from(header.length.get());
        // An SCLP that does not shorten the block leaves zeros after the last event.
        if length == 0 {
            return dropped;
        }
        let (Some(data), Some(following)) =
            (rest.get(EVENT_BUFFER_HEADER_SIZE..length), rest.get(length..))
        else {
            break;
        };
        dropped += take_event(header.event_type(), data, code_page, ring);
        rest = following;
    }
    dropped + rest.len() as u64
}

/// Takes the input from one event. Returns how many bytes were of no use.
fn take_event<const CAPACITY: usize>(
    event_type: EventType,
    data: &[u8],
    code_page: CodePage,
    ring: &mut Ring<CAPACITY>,
) -> u64 {
    let dropped = match event_type {
        EventType::AsciiConsoleData => match data.split_first() {
            None => 0,
            Some((kind, typed)) => match AsciiSession::from_raw(*kind) {
                AsciiSession::Data => ring.push(typed.iter().copied()),
                AsciiSession::Started | AsciiSession::Ended => 0,
                AsciiSession::Other(_) => data.len(),
            },
        },
        EventType::OperatorCommand | EventType::PriorityMessageCommand => {
            let mut left_over = 0;
            let texts = gds::for_each_text(data, |text| {
                let line = text.iter().map(|byte| code_page.decode(*byte));
                left_over += ring.push(line.chain([b'\n']));
            });
            if texts == 0 { data.len() } else { left_over }
        }
        EventType::Message | EventType::SignalQuiesce | EventType::Other(_) => data.len(),
    };
    dropped as u64
}

#[cfg(test)]
#[path = "input_tests.rs"]
mod tests;
