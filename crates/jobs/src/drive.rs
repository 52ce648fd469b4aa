//! The loop that drives a job to its end, and the copies of pairs beside it: [`run_to_end`].

use crate::copies::Copies;
use crate::error::JobError;
use crate::message::{Message, Messages};
use crate::pairs;
use crate::platform::JobPlatform;
use crate::process::{Process, Progress, State, serve, tell};
use channel_io::{Microseconds, WaitPoint};
use ios::Ios;

/// When progress of a job is told: at most so often.
const PROGRESS_INTERVAL: Microseconds = Microseconds(250_000);

/// When progress of a copy is told: at most so often.
const COPY_PROGRESS_INTERVAL: Microseconds = Microseconds(1_000_000);

/// What a process is doing, as a message.
pub(crate) fn progress<P: JobPlatform>(process: &dyn Process<P>, now: Microseconds) -> Message {
    let Progress { done, total, unit } = process.progress(now);
    Message::Progress { job: process.kind(), device: process.device(), done, total, unit }
}

/// Starts a process, if there is one, and drives it to its end, and every pair that is copying until it is
/// not.
///
/// # Errors
/// [`JobError::Stuck`] if there is nothing in flight and it is not the end; what the process did otherwise is in
/// [`Process::done`].
pub fn run_to_end<P: JobPlatform>(
    ios: &mut Ios<P>,
    mut process: Option<&mut (dyn Process<P> + '_)>,
    messages: &mut dyn Messages,
) -> Result<(), JobError> {
    let mut copies = Copies::new(COPY_PROGRESS_INTERVAL);
    let mut tell_at = ios.machine.now().after(PROGRESS_INTERVAL);
    copies.notice_all(ios);
    if let Some(process) = &mut process {
        process.start(ios);
    }
    loop {
        let mut over = true;
        let mut until = None;
        if let Some(process) = &mut process {
            serve(ios, &mut **process);
            over = process.state() == State::Over;
            until = process.wake_at();
        }
        pairs::tend(ios, &mut copies, messages);
        if let Some(process) = &mut process {
            tell(&mut **process, messages);
        }
        if over && copies.count() == 0 {
            return Ok(());
        }
        let now = ios.machine.now();
        if let (Some(process), false) = (&process, over)
            && now >= tell_at
        {
            tell_at = now.after(PROGRESS_INTERVAL);
            messages.message(&progress(&**process, now));
        }
        copies.tell_progress(ios, messages);
        if ios.idle() && until.is_none() {
            return Err(JobError::Stuck);
        }
        ios.wait(until);
    }
}
