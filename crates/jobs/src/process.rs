//! An I/O process, and the loop that drives it: [`Process`], [`run_to_end`].
//!
//! A process is a state machine: it is started once, then given everything that is posted to it, and each
//! time asks for more I/O as it sees fit. It never waits itself, so any number of them can run side by
//! side: whoever drives them takes what is posted to each ([`serve`]) and waits at one place.

use crate::error::JobError;
use crate::message::{Message, Messages};
use crate::parameters::JobKind;
use crate::platform::JobPlatform;
use crate::report::Extra;
use crate::requests::Counts;
use alloc::vec::Vec;
use channel_io::{DeviceId, Microseconds, WaitPoint};
use core::fmt;
use ios::{Ios, Posted, ProcessId};
use mirror::{MirrorAnchor, PairEvent};

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

    /// Whether it has more to do.
    fn state(&self) -> State;

    /// How far it is at a time.
    fn progress(&self, now: Microseconds) -> Progress;

    /// The next thing that it tells the operator.
    fn take_message(&mut self) -> Option<Message>;

    /// What came of it.
    fn done(&self) -> Done;
}

/// Gives a process all that was posted to it, and its messages to the operator.
pub fn serve<P: JobPlatform>(
    ios: &mut Ios<P>,
    process: &mut dyn Process<P>,
    messages: &mut dyn Messages,
) {
    while let Some(posted) = ios.take_posted(process.id()) {
        process.posted(ios, posted);
    }
    while let Some(message) = process.take_message() {
        messages.message(&message);
    }
}

/// Tells the operator what became of the pairs.
pub fn tell_pair_events<P: JobPlatform>(ios: &mut Ios<P>, messages: &mut dyn Messages) {
    while let Some(event) = ios.anchor.mirror_mut().take_event() {
        let PairEvent::Suspended(index, reason) = event;
        let pair = ios.anchor.mirror().pair(index).map(|pair| (pair.primary(), pair.secondary()));
        let name = |index| ios.ucb(index).map(ios::Ucb::id);
        if let Some((primary, secondary)) = pair
            && let (Some(primary), Some(secondary)) = (name(primary), name(secondary))
        {
            messages.message(&Message::Suspended { primary, secondary, reason });
        }
    }
}

/// When progress is told: at most so often.
const PROGRESS_INTERVAL: Microseconds = Microseconds(250_000);

/// Starts a process and drives it to its end.
///
/// # Errors
/// [`JobError::Stuck`] if it has nothing in flight and is not at its end; what it did otherwise is in
/// [`Process::done`].
pub fn run_to_end<P: JobPlatform>(
    ios: &mut Ios<P>,
    process: &mut dyn Process<P>,
    messages: &mut dyn Messages,
) -> Result<(), JobError> {
    let mut tell_at = ios.machine.now().after(PROGRESS_INTERVAL);
    process.start(ios);
    loop {
        serve(ios, process, messages);
        tell_pair_events(ios, messages);
        if process.state() == State::Over {
            return Ok(());
        }
        let now = ios.machine.now();
        if now >= tell_at {
            tell_at = now.after(PROGRESS_INTERVAL);
            let Progress { done, total, unit } = process.progress(now);
            let (job, device) = (process.kind(), process.device());
            messages.message(&Message::Progress { job, device, done, total, unit });
        }
        if ios.idle() {
            return Err(JobError::Stuck);
        }
        ios.wait(None);
    }
}
