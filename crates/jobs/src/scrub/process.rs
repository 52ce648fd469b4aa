//! A scrub as every other process: what whoever drives it asks of it.

use super::{ScrubProcess, Stage};
use crate::error::JobError;
use crate::message::Message;
use crate::parameters::JobKind;
use crate::platform::JobPlatform;
use crate::process::{Done, Process, Progress, State, Unit};
use crate::requests::Left;
use channel_io::{DeviceId, Microseconds};
use ios::{Ios, Posted, ProcessId};

impl<P: JobPlatform> Process<P> for ScrubProcess<P> {
    fn id(&self) -> ProcessId {
        self.requests.process()
    }

    fn kind(&self) -> JobKind {
        JobKind::Scrub
    }

    fn device(&self) -> DeviceId {
        self.names.primary
    }

    fn start(&mut self, ios: &mut Ios<P>) {
        self.tend(ios);
    }

    fn posted(&mut self, ios: &mut Ios<P>, posted: Posted<P::Data>) {
        let over = if posted.status.is_complete() || self.is_duplex(ios) {
            // A block that cannot be read is told, and the others are compared all the same.
            self.requests.take_going_on(posted)
        } else {
            // A leg was lost, which ended the pair as a duplex pair, and the scrub with it.
            self.requests.take_in_vain(posted)
        };
        if let Some(over) = over {
            self.over(ios, over);
        }
    }

    fn tend(&mut self, ios: &mut Ios<P>) {
        match self.stage {
            Stage::Comparing { .. } => {
                for place in 0..self.places.len() {
                    self.tend_place(ios, place);
                }
            }
            // What becomes of the pair now does not concern it.
            Stage::Ending | Stage::Nothing => {}
        }
        self.end(ios);
    }

    fn wake_at(&self) -> Option<Microseconds> {
        match self.stage {
            Stage::Comparing { next } if next < self.total && self.has_free_place() => {
                self.pace.due()
            }
            Stage::Comparing { .. } | Stage::Ending | Stage::Nothing => None,
        }
    }

    fn stop(&mut self, ios: &mut Ios<P>) {
        self.requests.stop();
        self.tend(ios);
    }

    fn state(&self) -> State {
        match self.stage {
            Stage::Comparing { .. } | Stage::Ending => State::Running,
            Stage::Nothing => self.requests.state(Left::Nothing),
        }
    }

    fn progress(&self, _now: Microseconds) -> Progress {
        Progress { done: self.tally.compared_bytes, total: self.total, unit: Unit::Bytes }
    }

    fn take_message(&mut self) -> Option<Message> {
        self.requests.take_message()
    }

    fn done(&self) -> Done {
        let found = self.tally.error().filter(|_| self.requests.error().is_none());
        Done {
            counts: self.requests.counts(),
            bytes: self.tally.compared_bytes,
            measured: None,
            extra: self.tally.extra(self.block),
            error: self.requests.error().map(JobError::copied).or(found),
        }
    }
}
