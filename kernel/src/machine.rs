//! The machine that the jobs run on: [`SupervisorMachine`].
//!
//! It is `zarch`'s, with trace lines on the console.

use crate::console;
use channel_io::TraceSink;
use core::fmt;
use jobs::parameters::Trace;
use zarch::{Clock, Machine};

/// The machine, as the jobs get it.
pub(crate) type SupervisorMachine = Machine<ConsoleTrace>;

/// Trace lines on the console: `TRACE <seconds>.<microseconds> <event>`.
#[derive(Debug)]
pub(crate) struct ConsoleTrace {
    clock: Clock,
    tracing: Trace,
}

impl ConsoleTrace {
    /// Turns tracing on or off.
    pub(crate) const fn set(&mut self, tracing: Trace) {
        self.tracing = tracing;
    }
}

impl TraceSink for ConsoleTrace {
    fn tracing(&self) -> bool {
        self.tracing == Trace::On
    }

    fn trace(&mut self, event: fmt::Arguments<'_>) {
        console::line(format_args!("TRACE {} {event}", self.clock.now()));
    }
}

/// The machine, with tracing off.
pub(crate) fn new(clock: Clock) -> SupervisorMachine {
    let sink = ConsoleTrace { clock, tracing: Trace::Off };
    Machine::new(clock, console::service_signal, sink)
}
