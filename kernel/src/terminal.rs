//! The operator's terminal: [`OperatorTerminal`], what he types as command lines.
//!
//! On the ASCII interface his line is shown, with a prompt and under his hands (`line-editor`); messages go out
//! above it ([`hide`]). Line mode has editing of its own and sends whole lines: nothing is shown back there.
//!
//! Nothing is shown either before command lines are asked for. Without a terminal, when a program types through a
//! pipe, all is the same: lines end by a carriage return, a line feed or both, and what comes faster than it is
//! taken stays with the service processor.

use crate::console::{self, Console, message};
use crate::machine::SupervisorMachine;
use crate::supervisor::Native;
use alloc::string::String;
use channel_io::Traced;
use core::fmt::{self, Write};
use core::sync::atomic::{AtomicBool, Ordering};
use jobs::Terminal;
use jobs::parameters::Trace;
use line_editor::{Ended, LineEditor};
use sclp_console::Interface;
use spin::Mutex;
use static_cell::StaticCell;

/// Characters of a command line at most.
const LINE: usize = 512;
/// Bytes of command lines that are kept.
const HISTORY: usize = 4096;

type Editor = LineEditor<LINE, HISTORY>;

/// The editor with its storage, outside the program's file.
static STORAGE: StaticCell<Editor> = StaticCell::new();

/// The editor, once command lines are asked for.
static EDITOR: Mutex<Option<&'static mut Editor>> = Mutex::new(None);

/// Whether there may be input that was not looked at.
static INPUT: AtomicBool = AtomicBool::new(false);

/// What came of looking for input.
enum Found {
    /// A whole line.
    Line(String),
    /// A line that was too long.
    TooLong,
    /// No whole line. What there is of one stands on the screen.
    Nothing,
}

/// The operator, as a source of command lines.
pub(crate) struct OperatorTerminal(());

impl OperatorTerminal {
    /// To be called once: from now on command lines are taken.
    pub(crate) fn new() -> Self {
        *EDITOR.lock() = Some(STORAGE.init_with(|| Editor::new("ccw> ")));
        // It may have come at any time before.
        input_is_there();
        Self(())
    }
}

impl Terminal<Native> for OperatorTerminal {
    fn take_line(&mut self) -> Option<String> {
        loop {
            match console::with(look).unwrap_or(Found::Nothing) {
                Found::Line(line) => return Some(line),
                Found::TooLong => message!(
                    "CCW060W the command line has more than {LINE} characters, and is not carried out"
                ),
                Found::Nothing => return None,
            }
        }
    }

    fn switch_trace(&mut self, machine: &mut Traced<SupervisorMachine>, trace: Trace) {
        machine.inner_mut().sink_mut().set(trace);
    }
}

/// Takes note that there is input.
pub(crate) fn input_is_there() {
    INPUT.store(true, Ordering::Relaxed);
}

/// Takes the operator's line off the screen, for a message. It comes back when input is looked for.
pub(crate) fn hide(console: &mut Console) {
    if let Some(editor) = EDITOR.lock().as_mut() {
        let _ = editor.hide(console);
    }
}

/// Takes the operator's line off the screen in the midst of a fault, if it may stand there.
pub(crate) fn take_away(console: &mut Console) -> fmt::Result {
    let is_drawn = console.interface() == Some(Interface::Ascii);
    // Not waited for: who has locked it does not go on.
    let editor = EDITOR.try_lock();
    let may_stand = editor.is_none_or(|editor| editor.as_ref().is_some_and(|it| it.is_shown()));
    if is_drawn && may_stand { console.write_str("\r\x1b[K") } else { Ok(()) }
}

/// Looks for input, up to the end of a line, and shows what there is. Costs next to nothing when nothing came and
/// nothing was printed since the last time.
fn look(console: &mut Console) -> Found {
    let mut editor = EDITOR.lock();
    let Some(editor) = editor.as_mut() else {
        return Found::Nothing;
    };
    let is_drawn = console.interface() == Some(Interface::Ascii);
    loop {
        if INPUT.load(Ordering::Relaxed) {
            INPUT.store(false, Ordering::Relaxed);
            if let Some(found) = read(console, editor, is_drawn) {
                // There may be more, now or, if it could not be had, later.
                input_is_there();
                return found;
            }
        } else if editor.is_shown() || !is_drawn {
            return Found::Nothing;
        }
        if is_drawn {
            let _ = editor.show(console);
            // What the service processor does not accept is kept.
            let _ = console.flush();
        }
        // A signal that tells of input may have come with the one that told of the output's end.
    }
}

/// Reads until a line has ended, or nothing more can be had. None if there is no more input.
fn read(console: &mut Console, editor: &mut Editor, is_drawn: bool) -> Option<Found> {
    loop {
        let byte = match console.try_read_byte() {
            Ok(Some(byte)) => byte,
            Ok(None) => return None,
            Err(_) => return Some(Found::Nothing),
        };
        let Some(ended) = editor.feed(byte) else { continue };
        if is_drawn {
            let _ = editor.close(console);
        }
        match ended {
            Ended::Line if editor.line().trim_ascii().is_empty() => {}
            Ended::Line => return Some(Found::Line(editor.line().into())),
            Ended::TooLong => return Some(Found::TooLong),
            Ended::Abandoned => {}
        }
    }
}
