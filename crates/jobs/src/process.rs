//! An I/O process: [`Process`], and what there is to know of one.
//!
//! A process is a state machine: it is started once, then given everything that is posted to it, and each
//! time asks for more I/O as it sees fit. It never waits itself, so any number of them can run side by
//! side: whoever drives them (`drive`, `console`) takes what is posted to each ([`serve`]) and waits at one place.

use crate::error::JobError;
use crate::message::{Message, Messages};
use crate::parameters::JobKind;
use crate::platform::JobPlatform;
use crate::report::Extra;
use crate::requests::Counts;
use alloc::vec::Vec;
use channel_io::{DeviceId, Microseconds};
use core::fmt;
use ios::{Ios, Posted, ProcessId};

/// Of what there is progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Bytes moved.
    Bytes,
    /// Bytes of a log that were looked at before anything is written.
    BytesChecked,
    /// Bytes of a log that were replayed.
    BytesReplayed,
    /// Requests.
    Requests,
    /// Time.
    Milliseconds,
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bytes => "bytes",
            Self::BytesChecked => "bytes of the log checked",
            Self::BytesReplayed => "bytes of the log",
            Self::Requests => "requests",
            Self::Milliseconds => "milliseconds",
        })
    }
}

/// How far a process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// How much is done.
    pub done: u64,
    /// How much there is to do.
    pub total: u64,
    /// Of what.
    pub unit: Unit,
}

/// Whether a process has more to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum State {
    /// It has requests in flight.
    Running,
    /// It is over, well or not, and has nothing in flight.
    Over,
}

/// What came of a process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// What it did.
    pub counts: Counts,
    /// The bytes that it was about: copied, replayed, compared, or moved in a measurement.
    pub bytes: u64,
    /// How long the part took that a measurement is about; `None` where that is all of it.
    pub measured: Option<Microseconds>,
    /// What is to be known of this job alone.
    pub extra: Vec<Extra>,
    /// Why it failed.
    pub error: Option<JobError>,
}

impl Done {
    /// What came of one that was not begun.
    pub(crate) fn failed(error: impl Into<JobError>) -> Self {
        Self { error: Some(error.into()), ..Self::default() }
    }
}

/// An I/O process.
pub trait Process<P: JobPlatform> {
    /// Whom its requests are posted to.
    fn id(&self) -> ProcessId;

    /// What kind of job it is.
    fn kind(&self) -> JobKind;

    /// The disk that it works on.
    fn device(&self) -> DeviceId;

    /// Asks for the first requests.
    fn start(&mut self, ios: &mut Ios<P>);

    /// Takes one of its requests back, and asks for more.
    fn posted(&mut self, ios: &mut Ios<P>, posted: Posted<P::Data>);

    /// Gets on with what does not depend on a post: called after every wait.
    fn tend(&mut self, _ios: &mut Ios<P>) {}

    /// When it is to be tended at the latest, whatever else happens.
    fn wake_at(&self) -> Option<Microseconds> {
        None
    }

    /// Asks for no more; the process is over when nothing of it is in flight.
    fn stop(&mut self, ios: &mut Ios<P>);

    /// Whether it has more to do.
    fn state(&self) -> State;

    /// How far it is at a time.
    fn progress(&self, now: Microseconds) -> Progress;

    /// The next thing that it tells the operator.
    fn take_message(&mut self) -> Option<Message>;

    /// What came of it.
    fn done(&self) -> Done;
}

/// Gives a process all that was posted to it, and gets it on.
pub fn serve<P: JobPlatform>(ios: &mut Ios<P>, process: &mut dyn Process<P>) {
    while let Some(posted) = ios.take_posted(process.id()) {
        process.posted(ios, posted);
    }
    process.tend(ios);
}

/// Gives a process's messages to the operator.
pub fn tell<P: JobPlatform>(process: &mut dyn Process<P>, messages: &mut dyn Messages) {
    while let Some(message) = process.take_message() {
        messages.message(&message);
    }
}
