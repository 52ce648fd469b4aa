//! The QEMU process: started, watched and ended by one thread of its own.
//!
//! The thread waits until the console closes (QEMU has ended), somebody asks for the end, or the time
//! is over; then it ends the process if need be and collects it. Because that thread also starts QEMU,
//! the kernel's parent-death signal (`setpriv --pdeathsig`, util-linux) can be tied to it: QEMU goes
//! even when the whole test process is killed.

use std::io::{self, Read};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};

use super::command::CommandLine;
use super::{ConsoleInput, OutputObserver};
use crate::console::Console;
use crate::outcome::End;
use crate::program;

/// How long QEMU may take to go after its console has closed.
const LINGER_LIMIT: Duration = Duration::from_secs(5);

const POLL_INTERVAL: Duration = Duration::from_millis(1);

/// Console output is read in pieces of at most this size.
const PIECE_BYTES: usize = 1 << 16;

/// A process and what comes out of it.
#[derive(Debug)]
pub(super) struct Process {
    shared: Arc<Shared>,
    watcher: Option<JoinHandle<()>>,
    input: Option<ChildStdin>,
    id: u32,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    console_closed: bool,
    kill_wanted: bool,
    ended: Option<Ended>,
}

/// How and when the process ended, and what it said.
#[derive(Clone, Debug)]
pub(super) struct Ended {
    pub(super) end: End,
    pub(super) elapsed: Duration,
    pub(super) diagnostics: String,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state());
        self.changed.notify_all();
    }
}

impl Process {
    /// Starts the process.
    pub(super) fn start(
        command: &CommandLine,
        input: ConsoleInput,
        limit: Duration,
        console: Console,
        observer: Option<OutputObserver>,
    ) -> Result<Self> {
        let name = command.program().to_string_lossy();
        if program::find(command.program()).is_none() {
            bail!("there is no program {name} (`cargo xtask setup` installs QEMU)");
        }
        let shared = Arc::new(Shared::default());
        let (report, started) = mpsc::channel();
        let watched = Arc::clone(&shared);
        let prepared = prepare(command, input);
        let watcher = thread::spawn(move || {
            watch(prepared, limit, &watched, console, observer, &report);
        });
        let started: io::Result<(u32, Option<ChildStdin>)> =
            started.recv().map_err(|_| anyhow!("the thread that starts QEMU has died"))?;
        let (id, input) = started.with_context(|| format!("cannot run {name}"))?;
        Ok(Self { shared, watcher: Some(watcher), input, id })
    }

    /// The process's number.
    pub(super) fn id(&self) -> u32 {
        self.id
    }

    /// What is written here the guest reads from its console.
    pub(super) fn input(&mut self) -> Option<&mut ChildStdin> {
        self.input.as_mut()
    }

    /// Lets the guest's console have no more input.
    pub(super) fn close_input(&mut self) {
        self.input = None;
    }

    /// Ends the process, if it still runs.
    pub(super) fn kill(&self) {
        self.shared.change(|state| state.kill_wanted = true);
    }

    /// Waits for the end; the time limit guarantees that there is one.
    pub(super) fn wait(mut self) -> Result<Ended> {
        self.join();
        let ended = self.shared.state().ended.clone();
        ended.ok_or_else(|| anyhow!("the thread that watches QEMU has died"))
    }

    fn join(&mut self) {
        if let Some(watcher) = self.watcher.take() {
            // A panic there shows as a missing `ended`.
            let _ = watcher.join();
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        self.join();
    }
}

fn prepare(command: &CommandLine, input: ConsoleInput) -> Command {
    let mut prepared = match parent_death_wrapper() {
        Some(wrapper) => {
            let mut wrapped = Command::new(wrapper);
            wrapped.args(["--pdeathsig", "KILL"]).arg(command.program());
            wrapped
        }
        None => Command::new(command.program()),
    };
    prepared
        .args(command.arguments())
        .stdin(match input {
            ConsoleInput::Piped => Stdio::piped(),
            ConsoleInput::Inherited => Stdio::inherit(),
        })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    prepared
}

/// `setpriv`, where it is installed. It replaces itself by its command, so the process is QEMU's own.
fn parent_death_wrapper() -> Option<&'static PathBuf> {
    static WRAPPER: OnceLock<Option<PathBuf>> = OnceLock::new();
    WRAPPER.get_or_init(|| program::find("setpriv")).as_ref()
}

fn watch(
    mut command: Command,
    limit: Duration,
    shared: &Arc<Shared>,
    console: Console,
    observer: Option<OutputObserver>,
    report: &mpsc::Sender<io::Result<(u32, Option<ChildStdin>)>>,
) {
    let begin = Instant::now();
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => {
            console.end();
            // If nobody listens any more, nobody needs the error.
            let _ = report.send(Err(error));
            return;
        }
    };
    let output = child.stdout.take();
    let errors = child.stderr.take();
    let _ = report.send(Ok((child.id(), child.stdin.take())));
    let closing = Arc::clone(shared);
    let reader = thread::spawn(move || {
        if let Some(output) = output {
            read_console(output, &console, observer);
        }
        closing.change(|state| state.console_closed = true);
        console
    });
    let diagnostics = thread::spawn(move || read_all(errors));

    let end = end_of(&mut child, begin + limit, shared);
    let elapsed = begin.elapsed();
    if let Ok(console) = reader.join() {
        console.end();
    }
    let ended = Ended { end, elapsed, diagnostics: diagnostics.join().unwrap_or_default() };
    shared.change(|state| state.ended = Some(ended));
}

/// Waits for one of the three reasons, ends the process if need be, and collects it.
fn end_of(child: &mut Child, deadline: Instant, shared: &Shared) -> End {
    let mut state = shared.state();
    let killed = loop {
        if state.kill_wanted {
            break Some(End::Killed);
        }
        if state.console_closed {
            break None;
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break Some(End::TimedOut);
        }
        let waited = shared.changed.wait_timeout(state, left);
        state = waited.unwrap_or_else(PoisonError::into_inner).0;
    };
    drop(state);
    if killed.is_none()
        && let Some(status) = wait_for_exit(child, Instant::now() + LINGER_LIMIT)
    {
        return end_from(status);
    }
    // It may have ended by itself just now; then its own status counts.
    if let Ok(Some(status)) = child.try_wait() {
        return end_from(status);
    }
    let _ = child.kill();
    let _ = child.wait();
    killed.unwrap_or(End::TimedOut)
}

fn wait_for_exit(child: &mut Child, deadline: Instant) -> Option<ExitStatus> {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if Instant::now() < deadline => thread::sleep(POLL_INTERVAL),
            Ok(None) | Err(_) => return None,
        }
    }
}

fn end_from(status: ExitStatus) -> End {
    match (status.code(), status.signal()) {
        (Some(code), _) => End::Exited(code),
        (None, signal) => End::Signalled(signal.unwrap_or_default()),
    }
}

fn read_console(mut output: impl Read, console: &Console, mut observer: Option<OutputObserver>) {
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let count = match output.read(&mut piece) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => break,
        };
        let content = piece.get(..count).unwrap_or_default();
        console.feed(content);
        if let Some(observer) = &mut observer {
            observer(content);
        }
    }
}

fn read_all(input: Option<impl Read>) -> String {
    let mut content = Vec::new();
    if let Some(mut input) = input {
        // What was read before an error is still worth showing.
        let _ = input.read_to_end(&mut content);
    }
    String::from_utf8_lossy(&content).into_owned()
}
