//! The supervisor's console: one message a line, over `sclp-console`.
//!
//! [`start`] chooses the interface; [`message!`] and [`line()`] write. It needs no heap. A line goes out whole
//! with one service call, whatever it is put together from.
//!
//! What the operator types is taken by `terminal`; while his line stands on the screen, a message goes out above it.
//!
//! While a fault is being reported ([`enter_fault_mode`]), lines go through a console of their own, with its own
//! block and without the wait point, because the fault may have left the other one in the middle of anything.

use crate::ending::end;
use crate::terminal;
use crate::wait_state::WaitState;
use channel_io::Microseconds;
use core::fmt::{self, Write};
use core::sync::atomic::{AtomicBool, Ordering};
use sclp_console::backend::{
    InterruptionWindow, MachineBackend, SccbCell, SignalLatch, SignalSource, Waited,
};
use sclp_console::spec::ServiceSignal;
use sclp_console::{Buffering, Interface, LineFeed, SclpConsole};
use spin::{Mutex, Once};
use static_cell::StaticCell;
use zarch::service;

/// The console, in either use.
pub(crate) type Console = SclpConsole<MachineBackend<Signals>>;

/// Where service signals come from. One type for both uses of the console, so that its code is there once.
#[derive(Debug)]
pub(crate) enum Signals {
    /// The wait point.
    WaitPoint,
    /// A window of the console's own, in the midst of a fault.
    Window(InterruptionWindow),
}

/// Newlines go out as they are: QEMU leaves it to the terminal to return the carriage, and whoever reads the
/// console from a pipe gets ordinary lines.
const fn console(backend: MachineBackend<Signals>) -> Console {
    SclpConsole::new_with_backend(backend)
        .with_buffering(Buffering::Lines)
        .with_line_feed(LineFeed::AsItIs)
}

/// A console with the storage that it needs, all of it outside the program's file.
struct Place {
    block: SccbCell,
    console: StaticCell<Console>,
    /// The console, once it is made.
    current: Mutex<Option<&'static mut Console>>,
}

impl Place {
    const fn new() -> Self {
        Self { block: SccbCell::new(), console: StaticCell::new(), current: Mutex::new(None) }
    }

    /// Makes the console, with an interface that was agreed upon before, if one was. To be called once.
    #[expect(clippy::mut_from_ref, reason = "the cell gives it out once")]
    fn make(&'static self, signals: Signals, interface: Option<Interface>) -> &'static mut Console {
        self.console.init_with(|| {
            // SAFETY: the block is this console's alone, of which `init_with` makes no second one; the supervisor
            // never leaves the supervisor state, and its addresses are absolute.
            let backend = unsafe { MachineBackend::new(&self.block, signals) };
            let console = console(backend);
            match interface {
                Some(interface) => console.assuming(interface),
                None => console,
            }
        })
    }

    /// Does something with the console, if it has been made.
    fn with<R>(&self, action: impl FnOnce(&mut Console) -> R) -> Option<R> {
        self.current.lock().as_mut().map(|console| action(console))
    }
}

static CONSOLE: Place = Place::new();
static FAULT_CONSOLE: Place = Place::new();

/// Whether a fault is being reported.
static FAULT_MODE: AtomicBool = AtomicBool::new(false);

/// The interface that was agreed upon.
static INTERFACE: Once<Interface> = Once::new();

/// Service signals that were taken at the wait point, for whoever asks next.
static SIGNALS: SignalLatch = SignalLatch::new();

impl Signals {
    /// How long one wait lasts at most.
    const PATIENCE: Microseconds = Microseconds::from_seconds(1);
    /// How many waits there are for one purpose.
    const ATTEMPTS: u32 = 10;
}

impl SignalSource for Signals {
    fn take_pending(&mut self) -> Option<ServiceSignal> {
        match self {
            Self::Window(window) => return window.take_pending(),
            Self::WaitPoint => {}
        }
        if let Some(parameter) = service::take_pending() {
            service_signal(parameter);
        }
        SIGNALS.take()
    }

    fn wait(&mut self, attempt: u32) -> Waited {
        match self {
            Self::Window(window) => return window.wait(attempt),
            Self::WaitPoint if attempt >= Self::ATTEMPTS => return Waited::GaveUp,
            Self::WaitPoint => {}
        }
        if let Some(parameter) = service::wait(Self::PATIENCE) {
            service_signal(parameter);
        }
        SIGNALS.take().map_or(Waited::Nothing, Waited::Taken)
    }
}

/// Takes note of a service signal, whoever waited for what when it was taken.
pub(crate) fn service_signal(parameter: u32) {
    SIGNALS.record(parameter);
    if ServiceSignal::from_parameter(parameter).event_pending {
        terminal::input_is_there();
    }
}

/// Makes the console ready. Without one, the supervisor cannot say anything: it ends.
pub(crate) fn start() {
    let console = CONSOLE.make(Signals::WaitPoint, None);
    match console.initialise() {
        Ok(interface) => _ = INTERFACE.call_once(|| interface),
        Err(_) => end(WaitState::NoConsole),
    }
    *CONSOLE.current.lock() = Some(console);
}

/// Writes one line, above the one that the operator types.
///
/// Not inlined: there are many messages, and the time that one takes is the service processor's. A line that the
/// service processor does not accept is kept, and tried again with the next one; more cannot be done about it here.
#[inline(never)]
pub(crate) fn line(text: fmt::Arguments<'_>) {
    let written = if FAULT_MODE.load(Ordering::Relaxed) {
        FAULT_CONSOLE.with(|console| writeln!(console, "{text}"))
    } else {
        CONSOLE.with(|console| {
            terminal::hide(console);
            writeln!(console, "{text}")
        })
    };
    let _ = written;
}

/// Does something with the console, if there is one; a fault's is not meant.
pub(crate) fn with<R>(action: impl FnOnce(&mut Console) -> R) -> Option<R> {
    CONSOLE.with(action)
}

/// From now on a fault is being reported, and nothing else goes on. To be called once.
pub(crate) fn enter_fault_mode() {
    FAULT_MODE.store(true, Ordering::Relaxed);
    // SAFETY: nothing else changes the lowcore: there is one CPU, and a fault within a fault is not reported.
    let window = unsafe { InterruptionWindow::new() };
    let interface = INTERFACE.get().copied();
    let console = FAULT_CONSOLE.make(Signals::Window(window), interface);
    if interface.is_none() {
        // The fault came before the console was ready. If it cannot be had now either, the report is lost, but the
        // wait state still tells the kind of the fault.
        let _ = console.initialise();
    }
    // Kept until the first line of the report goes out.
    let _ = terminal::take_away(console);
    *FAULT_CONSOLE.current.lock() = Some(console);
}

/// Writes one line to the console, formatted as `println!` does.
macro_rules! message {
    ($($text:tt)*) => { $crate::console::line(format_args!($($text)*)) };
}
pub(crate) use message;
