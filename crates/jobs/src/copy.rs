//! The copy process: all of one disk on to the start of another, then a flush.
//!
//! Each of its data areas goes round by itself: a read from the one disk, the write of the same bytes to
//! the other, then the next read. So reads and writes overlap in time, and there are as many requests in
//! flight as there are areas.

use crate::buffers::{Buffers, Wanted};
use crate::disk::{Disk, TRANSFER_BYTES, extent, round_down};
use crate::error::JobError;
use crate::message::Message;
use crate::parameters::JobKind;
use crate::plan::Transfer;
use crate::platform::JobPlatform;
use crate::process::{Done, Process, Progress, State, Unit};
use crate::requests::{Left, Outcome, Over, Requests};
use alloc::vec::Vec;
use channel_io::{DeviceId, Microseconds};
use ios::{Ios, Operation, Posted, ProcessId};

/// What a request is for.
#[derive(Clone, Copy, Debug)]
enum Purpose {
    /// Reads this many bytes from this byte on.
    Read { at: u64, bytes: u64 },
    /// Writes them.
    Write { bytes: u64 },
    /// The last thing that is done.
    Flush,
}

/// What is left to be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// From this byte on.
    Copying { next: u64 },
    /// Nothing but the flush.
    Flush,
    /// Nothing.
    Nothing,
}

/// The copy process.
pub struct CopyProcess<P: JobPlatform> {
    requests: Requests<Purpose>,
    buffers: Buffers<P::Data>,
    from: Disk,
    to: Disk,
    total: u64,
    transfer: u64,
    copied: u64,
    stage: Stage,
}

impl<P: JobPlatform> CopyProcess<P> {
    /// A copy as planned.
    ///
    /// # Errors
    /// There is no room for the data.
    pub fn new(ios: &mut Ios<P>, plan: &Transfer) -> Result<Self, JobError> {
        let Transfer { from, to, depth, .. } = *plan;
        let block = from.block_bytes().max(to.block_bytes());
        let most = from.transfer_bytes().min(to.transfer_bytes()).min(TRANSFER_BYTES);
        let wanted = Wanted::transfers(from.bytes(), depth, most, block);
        let buffers = Buffers::new(&mut ios.machine, wanted)?;
        let transfer = round_down(buffers.bytes() as u64, block);
        Ok(Self {
            requests: Requests::new(ios),
            buffers,
            from,
            to,
            total: from.bytes(),
            transfer,
            copied: 0,
            stage: Stage::Copying { next: 0 },
        })
    }

    /// Asks for all that can be asked for now.
    fn pump(&mut self, ios: &mut Ios<P>) {
        while self.requests.error().is_none() {
            match self.stage {
                Stage::Copying { next } if next < self.total => {
                    let Some(data) = self.buffers.take() else { return };
                    let bytes = self.transfer.min(self.total - next);
                    let read = Operation::Read(extent(next, bytes));
                    let purpose = Purpose::Read { at: next, bytes };
                    self.requests.ask(ios, &self.from, read, Some(data), purpose);
                    self.stage = Stage::Copying { next: next + bytes };
                }
                Stage::Copying { .. } if self.requests.in_flight() > 0 => return,
                Stage::Copying { .. } if self.to.limits.flush => self.stage = Stage::Flush,
                Stage::Copying { .. } => self.stage = Stage::Nothing,
                Stage::Flush => {
                    self.requests.ask(ios, &self.to, Operation::Flush, None, Purpose::Flush);
                    self.stage = Stage::Nothing;
                }
                Stage::Nothing => return,
            }
        }
    }

    fn over(&mut self, ios: &mut Ios<P>, over: Over<Purpose, P::Data>) {
        match (over.purpose, over.outcome) {
            (Purpose::Read { at, bytes }, Outcome::Complete) if self.requests.error().is_none() => {
                let write = Operation::Write(extent(at, bytes));
                self.requests.ask(ios, &self.to, write, over.data, Purpose::Write { bytes });
                return;
            }
            (Purpose::Write { bytes }, Outcome::Complete) => self.copied += bytes,
            (Purpose::Read { .. }, Outcome::Complete | Outcome::Failed)
            | (Purpose::Write { .. }, Outcome::Failed) => {}
            (Purpose::Flush, Outcome::Complete | Outcome::Failed) => return,
        }
        if let Err(error) = self.buffers.give_back(&mut ios.machine, over.data) {
            self.requests.fail(error);
        }
    }
}

impl<P: JobPlatform> Process<P> for CopyProcess<P> {
    fn id(&self) -> ProcessId {
        self.requests.process()
    }

    fn kind(&self) -> JobKind {
        JobKind::Copy
    }

    fn device(&self) -> DeviceId {
        self.to.id
    }

    fn start(&mut self, ios: &mut Ios<P>) {
        self.pump(ios);
    }

    fn posted(&mut self, ios: &mut Ios<P>, posted: Posted<P::Data>) {
        if let Some(over) = self.requests.take(posted) {
            self.over(ios, over);
        }
        self.pump(ios);
    }

    fn stop(&mut self, _ios: &mut Ios<P>) {
        self.requests.stop();
    }

    fn state(&self) -> State {
        self.requests.state(match self.stage {
            Stage::Copying { .. } | Stage::Flush => Left::Something,
            Stage::Nothing => Left::Nothing,
        })
    }

    fn progress(&self, _now: Microseconds) -> Progress {
        Progress { done: self.copied, total: self.total, unit: Unit::Bytes }
    }

    fn take_message(&mut self) -> Option<Message> {
        self.requests.take_message()
    }

    fn done(&self) -> Done {
        Done {
            counts: self.requests.counts(),
            bytes: self.copied,
            measured: None,
            extra: Vec::new(),
            error: self.requests.error().map(JobError::copied),
        }
    }
}
