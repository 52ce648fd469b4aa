//! One command after another: issuing, waiting, and what became of each.
//!
//! A command that does not end within the backend's time limit stays in flight, and what it was for
//! is remembered ([`InFlight`]). Whatever the console does next, it first settles it: output that
//! was accepted late is not sent again, input that came late is not lost.

use zerocopy::{Immutable, IntoBytes};

use super::compose::Cursor;
use super::{SclpConsole, input};
use crate::backend::{Backend, ServcCc};
use crate::error::ServiceCallError;
use crate::spec::{Command, EventBufferFlags, ResponseClass, ResponseCode, Sccb, WriteEventData};

/// What the outstanding command is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum InFlight {
    /// None is outstanding.
    None,
    /// Something whose answer nobody waits for any more.
    Control,
    /// It writes the first `covered` held bytes, after which the text stands at `after`.
    Write { covered: usize, after: Cursor },
    /// It fetches events.
    Read,
}

/// What became of the command that was outstanding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(super) enum Settled {
    /// There was none, or nobody waits for its answer.
    Nothing,
    /// It wrote.
    Written,
    /// It was to write, and was refused. The bytes are still held.
    WriteRefused(ResponseCode),
    /// It fetched what there was.
    Fetched,
    /// It was to fetch, and was refused.
    FetchRefused(ResponseCode),
}

impl<B: Backend> SclpConsole<B> {
    /// Issues `command` with the SCCB as it is, as soon as the SCLP is not busy.
    #[inline(never)]
    pub(super) fn issue(
        &mut self,
        command: Command,
        in_flight: InFlight,
    ) -> Result<(), ServiceCallError> {
        let mut attempt = 0;
        loop {
            match self.backend.servc(command)? {
                ServcCc::Initiated | ServcCc::Completed => {
                    self.in_flight = in_flight;
                    return Ok(());
                }
                ServcCc::NotOperational => return Err(ServiceCallError::NotOperational),
                ServcCc::Busy => {}
            }
            let busy = ServiceCallError::Busy { attempts: attempt + 1 };
            self.backend.wait_for_signal(attempt).map_err(|_| busy)?;
            attempt = attempt.saturating_add(1).min(u32::MAX - 1);
        }
    }

    /// Waits for the outstanding command, if there is one, and acts on its outcome.
    pub(super) fn settle(&mut self) -> Result<Settled, ServiceCallError> {
        if self.in_flight == InFlight::None {
            return Ok(Settled::Nothing);
        }
        self.backend.wait()?;
        let sccb = self.backend.sccb()?;
        let response = sccb.response_code();
        let settled = match self.in_flight {
            InFlight::None | InFlight::Control => Settled::Nothing,
            InFlight::Write { covered, after } => match write_outcome(sccb) {
                Ok(()) => {
                    self.held.remove(covered);
                    self.cursor = after;
                    Settled::Written
                }
                Err(code) => Settled::WriteRefused(code),
            },
            InFlight::Read if response.class() == ResponseClass::Completion => {
                let code_page = self.settings.code_pages.input;
                let dropped = input::take_events(sccb.content(), code_page, &mut self.input);
                self.dropped = self.dropped.saturating_add(dropped);
                Settled::Fetched
            }
            InFlight::Read if response == ResponseCode::NoEventBuffersStored => Settled::Fetched,
            InFlight::Read => Settled::FetchRefused(response),
        };
        self.in_flight = InFlight::None;
        Ok(settled)
    }

    /// Carries out `command` with `block`, and returns the SCLP's response. The answer is in the
    /// SCCB.
    pub(super) fn control(
        &mut self,
        command: Command,
        block: &(impl IntoBytes + Immutable),
    ) -> Result<ResponseCode, ServiceCallError> {
        // What became of an earlier command is no concern of this one; bytes that were refused are
        // still held, input is in the ring.
        let _ = self.settle()?;
        self.backend.sccb()?.write(block);
        self.issue(command, InFlight::Control)?;
        self.backend.wait()?;
        self.in_flight = InFlight::None;
        Ok(self.backend.sccb()?.response_code())
    }
}

/// Whether the one event buffer in the block was processed.
///
/// After a contained equipment check the header of each event buffer says whether it was: one that
/// was must not be sent again.
fn write_outcome(sccb: &Sccb) -> Result<(), ResponseCode> {
    let accepted = || {
        sccb.read::<WriteEventData>()
            .is_some_and(|block| block.event.flags().contains(EventBufferFlags::ACCEPTED))
    };
    let response = sccb.response_code();
    let processed = response == ResponseCode::NormalCompletion
        || (response == ResponseCode::ContainedEquipmentCheck && accepted());
    if processed { Ok(()) } else { Err(response) }
}
