//! The operator's console: commands, and the jobs that are started by them.
//!
//! ```text
//! > start copy from=0003 to=0001
//! CCW021I job 1: copy started: from 0.0.0003 to 0.0.0001
//! > mirror establish 0001 0002
//! CCW053I mirror establish 0001: done
//! CCW011I pair 0.0.0001 -> 0.0.0002 copying
//! ```
//!
//! [`run_console`] is the loop: it waits at the supervisor's one wait point, drives every job that was started and
//! every copy of a pair, and takes a line from the [`Terminal`] when there is one. Nothing that is typed stops the
//! machine, but `shutdown`. Who prints the messages, edits the line and shows a prompt is the kernel.
//!
//! Files: `command` (from a line to a [`Command`]), `words`, `error`, `help`, `jobs` (those that are running), `act`
//! (what is done for a command), `display` (what is shown for one), `sense` (asking a device what it is).

mod act;
mod command;
mod display;
mod error;
mod help;
mod jobs;
mod sense;
mod words;

pub use command::{Change, Command};
pub use error::{CommandError, CommandProblem, Refusal, Why};

use crate::copies::Copies;
use crate::error::JobError;
use crate::list;
use crate::message::{ConsoleNews, Message, Messages};
use crate::pairs;
use crate::parameters::{ParameterLine, Parameters, Trace};
use crate::plan;
use crate::platform::JobPlatform;
use crate::process::Done;
use crate::report::{Extra, Report, Value};
use crate::run::Before;
use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;
use channel_io::{Microseconds, WaitPoint};
use ios::{Ios, UcbIndex};
use jobs::{Jobs, PROGRESS_INTERVAL};
use mirror::Policy;

/// The console never waits longer at a time: input of which no interruption told is found then.
const WAIT_MOST: Microseconds = Microseconds::from_seconds(1);

/// The operator's terminal.
pub trait Terminal<P: JobPlatform> {
    /// A whole command line without its end, if the operator has finished one. It never waits, and is
    /// asked before every wait: it must cost next to nothing when nothing came.
    fn take_line(&mut self) -> Option<String>;

    /// Turns trace lines on or off.
    fn switch_trace(&mut self, machine: &mut P::Machine, trace: Trace);
}

/// Whether the console goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// It does.
    Serving,
    /// It ends when what is running is over.
    Ending,
}

/// The console.
struct Console<'a, P: JobPlatform> {
    terminal: &'a mut dyn Terminal<P>,
    messages: &'a mut dyn Messages,
    policy: Policy,
    jobs: Jobs<P>,
    copies: Copies<P>,
    phase: Phase,
    /// Devices that are to be asked what they are once their status is taken.
    to_inquire: Vec<UcbIndex>,
    commands: u64,
    /// Commands that were not understood or not carried out.
    refused: u64,
}

/// Does what an operator says, for a parameter line that asks for it ([`ParameterLine::wants_console`]):
/// establishes the line's pairs, then takes commands until `shutdown`, and reports.
///
/// The report counts what all jobs did together, and is `ok` unless a pair is not duplex at the end; jobs that failed
/// are told when they do, and counted (`jobs_failed`).
pub fn run_console<P: JobPlatform + 'static>(
    ios: &mut Ios<P>,
    line: &ParameterLine,
    terminal: &mut dyn Terminal<P>,
    messages: &mut dyn Messages,
) -> Report {
    let before = Before::now(ios);
    ios.set_time_limit(Microseconds::from_seconds(line.deadline_seconds()));
    let done = match line.parameters() {
        Ok(parameters) => serve(ios, parameters, terminal, messages),
        Err(error) => Done::failed(JobError::from(Rc::clone(error))),
    };
    before.finish(ios, line, done, messages)
}

/// The pairs, then the commands.
fn serve<P: JobPlatform + 'static>(
    ios: &mut Ios<P>,
    parameters: &Parameters,
    terminal: &mut dyn Terminal<P>,
    messages: &mut dyn Messages,
) -> Done {
    if let Err(error) = plan::establish(ios, parameters) {
        return Done::failed(error);
    }
    list::forget_events(ios);
    list::pairs(ios, messages);
    let mut console = Console {
        terminal,
        messages,
        policy: parameters.policy,
        jobs: Jobs::new(),
        copies: Copies::new(PROGRESS_INTERVAL),
        phase: Phase::Serving,
        to_inquire: Vec::new(),
        commands: 0,
        refused: 0,
    };
    console.tell(ConsoleNews::ConsoleReady);
    console.copies.notice_all(ios);
    console.run(ios);
    console.done()
}

impl<P: JobPlatform + 'static> Console<'_, P> {
    fn tell(&mut self, news: ConsoleNews) {
        self.messages.message(&Message::Console(news));
    }

    fn run(&mut self, ios: &mut Ios<P>) {
        loop {
            self.tend(ios);
            if self.phase == Phase::Ending && self.jobs.count() == 0 && self.copies.count() == 0 {
                return;
            }
            // One line at a time: what it did is seen to before the next.
            if let Some(line) = self.terminal.take_line() {
                self.take(ios, &line);
                continue;
            }
            self.jobs.tell_progress(ios, self.messages);
            self.copies.tell_progress(ios, self.messages);
            let latest = ios.machine.now().after(WAIT_MOST);
            let until = self.jobs.wake_at().map_or(latest, |due| due.min(latest));
            ios.wait(Some(until));
            self.inquire_again(ios);
        }
    }

    /// Gets on with jobs and copies, until only a wait helps.
    fn tend(&mut self, ios: &mut Ios<P>) {
        self.jobs.serve(ios);
        pairs::tend(ios, &mut self.copies, self.messages);
        self.tell_inquired(ios);
        self.jobs.conclude(ios, self.messages);
    }

    /// Takes a command line.
    #[inline(never)]
    fn take(&mut self, ios: &mut Ios<P>, line: &str) {
        let command = match Command::parse(line) {
            Ok(Some(command)) => command,
            Ok(None) => return,
            Err(error) => {
                self.commands += 1;
                self.refused += 1;
                return self.tell(ConsoleNews::NotUnderstood(error));
            }
        };
        self.commands += 1;
        if let Err(why) = self.execute(ios, &command) {
            self.refused += 1;
            self.tell(ConsoleNews::NotDone(Refusal { command: command.name(), why }));
        }
    }

    fn done(&self) -> Done {
        let mut done = self.jobs.total();
        let number = |name, number| Extra { name, value: Value::Number(number) };
        done.extra.push(number("commands", self.commands));
        done.extra.push(number("commands_refused", self.refused));
        done
    }
}
