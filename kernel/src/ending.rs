//! The end of the supervisor: the last line on the console, then a disabled wait.
//!
//! [`Ending`] is the handle that jobs end the machine with (`qemu_exit::QEMUExit`). A fault ends it through
//! [`fail`], which first speaks the *last words*: whoever knows how the job stands leaves a function with
//! [`set_last_words`], so that the last line is a RESULT line even then.

use crate::wait_state::WaitState;
use core::fmt;
use qemu_exit::QEMUExit;
use spin::Mutex;

/// Writes the last line of the console (`console::line`) for a job that failed with this error.
///
/// It must not allocate, nor lock what the supervisor may have locked when it failed.
pub(crate) type LastWords = fn(error: fmt::Arguments<'_>);

static LAST_WORDS: Mutex<Option<LastWords>> = Mutex::new(None);

/// Leaves the function that writes the last line when the supervisor fails.
pub(crate) fn set_last_words(last_words: LastWords) {
    *LAST_WORDS.lock() = Some(last_words);
}

/// Speaks the last words, and ends.
pub(crate) fn fail(wait_state: WaitState, error: fmt::Arguments<'_>) -> ! {
    // Not waited for: if it is locked, nobody will ever unlock it.
    let last_words = LAST_WORDS.try_lock().and_then(|last_words| *last_words);
    if let Some(last_words) = last_words {
        last_words(error);
    }
    end(wait_state)
}

/// Ends in a disabled wait.
pub(crate) fn end(wait_state: WaitState) -> ! {
    zarch::system::stop(u64::from(wait_state.code()))
}

/// Ends the machine as a job's outcome asks.
///
/// There is one wait state for success, which QEMU turns into exit status 0, and one for a failed
/// job, which it turns into 1 if told `-action panic=exit-failure`; other numbers cannot be given.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ending;

impl QEMUExit for Ending {
    fn exit(&self, code: u32) -> ! {
        match code {
            0 => self.exit_success(),
            _ => self.exit_failure(),
        }
    }

    fn exit_success(&self) -> ! {
        end(WaitState::Success)
    }

    fn exit_failure(&self) -> ! {
        end(WaitState::JobFailed)
    }
}
