//! A backend over an instruction and a source of signals: [`SccbBackend`].
//!
//! It holds the one rule about the shared page: from the moment a command was initiated until its
//! end was seen, nobody but the SCLP touches it.

use core::ptr;
use core::sync::atomic::{Ordering, fence};

use zerocopy::big_endian::U16;

use super::{
    Backend, EventPending, SccbAddressError, SccbCell, SccbInUse, ServcCc, SignalSource, TimedOut,
    Waited,
};
use crate::spec::{Command, Sccb, SccbHeader, ServiceSignal};

/// How many times more a source is asked for the signal of a command whose response code is there
/// already. A signal can be lost, or taken by someone else; the response code cannot.
const SIGNAL_GRACE: u32 = 16;

/// The instruction SERVICE CALL, or what stands for it.
pub trait ServiceCall {
    /// Issues `command` with the block at `sccb`.
    ///
    /// # Errors
    ///
    /// [`SccbAddressError`] when the block lies where the instruction cannot reach it.
    ///
    /// # Safety
    ///
    /// `sccb` points to a block that, after [`ServcCc::Initiated`] or [`ServcCc::Completed`], nobody
    /// but the SCLP touches (other than to look at the response code) until the command has ended.
    unsafe fn servc(
        &mut self,
        command: Command,
        sccb: *mut Sccb,
    ) -> Result<ServcCc, SccbAddressError>;
}

/// A [`Backend`] with one SCCB, the instruction `I`, and service signals from `S`.
#[derive(Debug)]
pub struct SccbBackend<I, S> {
    cell: &'static SccbCell,
    instruction: I,
    signals: S,
    /// A command was initiated and not seen to end.
    outstanding: bool,
    /// A signal was taken at some time, so `S` does take them.
    signals_come: bool,
    events: EventPending,
}

impl<I: ServiceCall, S: SignalSource> SccbBackend<I, S> {
    /// A backend that uses the SCCB in `cell`, issues commands with `instruction` and learns of
    /// service signals from `signals`.
    ///
    /// # Safety
    ///
    /// - No other backend, living or gone with a command outstanding, was made with `cell`.
    /// - Whatever else `instruction` needs to be sound.
    #[must_use]
    pub const unsafe fn with_instruction(
        cell: &'static SccbCell,
        instruction: I,
        signals: S,
    ) -> Self {
        Self {
            cell,
            instruction,
            signals,
            outstanding: false,
            signals_come: false,
            events: EventPending::Unknown,
        }
    }

    /// The source of signals.
    pub const fn signals_mut(&mut self) -> &mut S {
        &mut self.signals
    }

    /// Whether the SCLP has stored a response code.
    fn response_stored(&self) -> bool {
        let sccb = self.cell.pointer();
        // SAFETY: a place inside the cell, which is valid for as long as the program runs.
        let response = unsafe { &raw const (*sccb.cast::<SccbHeader>()).response_code };
        // SAFETY: as above; the SCLP may store into it at the same time, which a volatile read
        // allows for, and any two bytes are a `U16`.
        let response: U16 = unsafe { ptr::read_volatile(response) };
        let stored = response != U16::ZERO;
        // What the SCLP stored before the response code is read after it.
        fence(Ordering::Acquire);
        stored
    }

    fn note(&mut self, signal: ServiceSignal) {
        self.signals_come = true;
        if signal.event_pending {
            self.events = EventPending::Yes;
        }
    }

    /// Takes note of a signal that is there already. Returns whether it told of a command's end.
    fn take_pending(&mut self) -> bool {
        let Some(signal) = self.signals.take_pending() else {
            return false;
        };
        self.note(signal);
        signal.sccb.is_some()
    }
}

impl<I: ServiceCall, S: SignalSource> Backend for SccbBackend<I, S> {
    fn sccb(&mut self) -> Result<&mut Sccb, SccbInUse> {
        if self.outstanding {
            return Err(SccbInUse);
        }
        // SAFETY: valid for as long as the program runs, and initialised; the SCLP is through with
        // it, and this backend, borrowed for as long as the reference lives, is the only one that
        // uses the cell (promised to the constructor).
        Ok(unsafe { &mut *self.cell.pointer() })
    }

    fn servc(&mut self, command: Command) -> Result<ServcCc, SccbAddressError> {
        if self.outstanding {
            return Ok(ServcCc::Busy);
        }
        // SAFETY: the block is not given out, nor looked at but for the response code, while
        // `outstanding` is set.
        let condition_code = unsafe { self.instruction.servc(command, self.cell.pointer()) }?;
        match condition_code {
            ServcCc::Initiated | ServcCc::Completed => {
                self.outstanding = condition_code == ServcCc::Initiated;
                if command == Command::ReadEventData && self.signals_come {
                    // This fetches all there is; what comes later is signalled anew.
                    self.events = EventPending::No;
                }
            }
            ServcCc::Busy | ServcCc::NotOperational => {}
        }
        Ok(condition_code)
    }

    fn wait(&mut self) -> Result<(), TimedOut> {
        if !self.outstanding {
            return Ok(());
        }
        let mut signalled = self.take_pending();
        let mut attempt: u32 = 0;
        let mut unsignalled_looks = 0;
        loop {
            // A signal alone may be that of an earlier command, or a merged one; the response code
            // says whether this command has ended.
            if self.response_stored() {
                if signalled || unsignalled_looks == SIGNAL_GRACE {
                    break;
                }
                unsignalled_looks += 1;
            }
            signalled = match self.signals.wait(attempt) {
                Waited::Taken(signal) => {
                    self.note(signal);
                    signal.sccb.is_some()
                }
                Waited::Nothing => false,
                Waited::Poll => true,
                Waited::GaveUp if self.response_stored() => break,
                Waited::GaveUp => return Err(TimedOut),
            };
            attempt = attempt.saturating_add(1);
        }
        self.outstanding = false;
        Ok(())
    }

    fn wait_for_signal(&mut self, attempt: u32) -> Result<(), TimedOut> {
        if let Some(signal) = self.signals.take_pending() {
            self.note(signal);
            return Ok(());
        }
        match self.signals.wait(attempt) {
            Waited::Taken(signal) => {
                self.note(signal);
                Ok(())
            }
            Waited::Nothing | Waited::Poll => Ok(()),
            Waited::GaveUp => Err(TimedOut),
        }
    }

    fn event_pending(&mut self) -> EventPending {
        self.take_pending();
        self.events
    }
}

#[cfg(test)]
#[path = "sccb_backend_tests.rs"]
mod tests;
