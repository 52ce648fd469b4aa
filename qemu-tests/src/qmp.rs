//! QEMU's control socket: QMP, the QEMU Machine Protocol.
//!
//! [`Qmp`] greets, negotiates, sends commands and matches replies by their `id`, while a thread reads
//! the socket and sorts events out, so that an event that arrives before a reply is lost for neither.
//! It may be used by several threads at once. Commands and replies are JSON values: the node chains of
//! [`crate::faults`] are JSON anyway, and bindings generated from QEMU's schema take longer to compile
//! than everything else here.
//!
//! ```no_run
//! # fn main() -> Result<(), qemu_tests::qmp::QmpError> {
//! use std::{path::Path, time::Duration};
//! use qemu_tests::qmp::Qmp;
//! use serde_json::json;
//!
//! let qmp = Qmp::connect(Path::new("qmp.sock"), Duration::from_secs(5))?;
//! let status = qmp.execute("query-status", json!({}))?;
//! println!("{}, {}", status["status"], qmp.human("info block")?);
//! # Ok(())
//! # }
//! ```

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// How long a command may take when nothing else is said.
pub const COMMAND_LIMIT: Duration = Duration::from_secs(20);

/// How often a socket that is not there yet is tried again.
const RETRY_INTERVAL: Duration = Duration::from_millis(2);

/// Why a command has no result.
#[derive(Debug)]
pub enum QmpError {
    /// QEMU refused it.
    Refused {
        /// The command.
        command: String,
        /// QEMU's class of the error, such as `DeviceNotFound` or `GenericError`.
        class: String,
        /// QEMU's description.
        description: String,
    },
    /// No answer, or no event, in time.
    TimedOut {
        /// What was waited for.
        wanted: String,
    },
    /// QEMU closed the socket: the machine has ended.
    Closed {
        /// What was waited for.
        wanted: String,
    },
    /// The socket failed.
    Io(io::Error),
}

impl fmt::Display for QmpError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { command, class, description } => {
                write!(formatter, "QEMU refused {command}: {description} ({class})")
            }
            Self::TimedOut { wanted } => write!(formatter, "QMP: no {wanted} in time"),
            Self::Closed { wanted } => {
                write!(formatter, "QMP: the machine ended before {wanted}")
            }
            Self::Io(error) => write!(formatter, "QMP: {error}"),
        }
    }
}

impl std::error::Error for QmpError {}

impl From<io::Error> for QmpError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Something that happened in QEMU.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Its name, such as `DEVICE_DELETED` or `GUEST_PANICKED`.
    pub name: String,
    /// Its data; null when it has none.
    pub data: Value,
}

#[derive(Debug, Default)]
struct State {
    replies: HashMap<u64, Value>,
    events: VecDeque<Event>,
    greeted: bool,
    closed: bool,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until `take` finds what is wanted.
    fn wait<T>(
        &self,
        wanted: &str,
        limit: Duration,
        mut take: impl FnMut(&mut State) -> Option<T>,
    ) -> Result<T, QmpError> {
        let deadline = Instant::now() + limit;
        let mut state = self.state();
        loop {
            if let Some(found) = take(&mut state) {
                return Ok(found);
            }
            let wanted = wanted.to_owned();
            if state.closed {
                return Err(QmpError::Closed { wanted });
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(QmpError::TimedOut { wanted });
            }
            let waited = self.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// A connection to one QEMU.
#[derive(Debug)]
pub struct Qmp {
    writer: Mutex<UnixStream>,
    shared: Arc<Shared>,
    next_id: AtomicU64,
}

impl Qmp {
    /// Connects, waiting for the socket to appear, and negotiates.
    ///
    /// # Errors
    /// The socket did not appear or QEMU did not greet within `limit`.
    pub fn connect(path: &Path, limit: Duration) -> Result<Self, QmpError> {
        let deadline = Instant::now() + limit;
        loop {
            match UnixStream::connect(path) {
                Ok(stream) => return Self::over(stream, limit),
                Err(error) if Instant::now() >= deadline => return Err(error.into()),
                Err(_) => thread::sleep(RETRY_INTERVAL),
            }
        }
    }

    /// Negotiates over a socket that is connected already.
    ///
    /// # Errors
    /// QEMU did not greet within `limit`, or the socket failed.
    pub fn over(stream: UnixStream, limit: Duration) -> Result<Self, QmpError> {
        let shared = Arc::new(Shared::default());
        let reader = stream.try_clone()?;
        let sorted = Arc::clone(&shared);
        thread::spawn(move || sort_messages(reader, &sorted));
        shared.wait("greeting", limit, |state| state.greeted.then_some(()))?;
        let qmp = Self { writer: Mutex::new(stream), shared, next_id: AtomicU64::new(1) };
        qmp.execute("qmp_capabilities", json!({}))?;
        Ok(qmp)
    }

    /// Executes a command and returns what QEMU returns.
    ///
    /// # Errors
    /// QEMU refused it, did not answer within [`COMMAND_LIMIT`], or has ended.
    pub fn execute(&self, command: &str, arguments: Value) -> Result<Value, QmpError> {
        self.execute_within(command, arguments, COMMAND_LIMIT)
    }

    /// Executes a command with another time limit.
    ///
    /// # Errors
    /// As [`Qmp::execute`].
    pub fn execute_within(
        &self,
        command: &str,
        arguments: Value,
        limit: Duration,
    ) -> Result<Value, QmpError> {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let mut message = json!({"execute": command, "arguments": arguments, "id": id}).to_string();
        message.push('\n');
        self.send(command, message.as_bytes())?;
        let reply = self
            .shared
            .wait(&format!("reply to {command}"), limit, |state| state.replies.remove(&id))?;
        match reply.get("error") {
            Some(error) => Err(QmpError::Refused {
                command: command.to_owned(),
                class: text_of(error, "class"),
                description: text_of(error, "desc"),
            }),
            None => Ok(reply.get("return").cloned().unwrap_or(Value::Null)),
        }
    }

    fn send(&self, command: &str, message: &[u8]) -> Result<(), QmpError> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        match writer.write_all(message) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                Err(QmpError::Closed { wanted: format!("{command} was sent") })
            }
            other => Ok(other?),
        }
    }

    /// Executes a command of the human monitor (HMP) and returns what it prints.
    ///
    /// # Errors
    /// As [`Qmp::execute`]; note that HMP tells its own errors only in the text.
    pub fn human(&self, command_line: &str) -> Result<String, QmpError> {
        let arguments = json!({"command-line": command_line});
        let printed = self.execute("human-monitor-command", arguments)?;
        Ok(printed.as_str().unwrap_or_default().to_owned())
    }

    /// Takes the events that have arrived and that nobody waited for.
    #[must_use]
    pub fn take_events(&self) -> Vec<Event> {
        self.shared.state().events.drain(..).collect()
    }

    /// Waits for an event of this name, takes it, and leaves the others.
    ///
    /// # Errors
    /// It did not come within `limit`, or QEMU ended without it.
    pub fn wait_for_event(&self, name: &str, limit: Duration) -> Result<Event, QmpError> {
        self.wait_for_event_where(name, limit, |_| true)
    }

    /// Waits for an event of this name for whose data `accept` is true.
    ///
    /// # Errors
    /// As [`Qmp::wait_for_event`].
    pub fn wait_for_event_where(
        &self,
        name: &str,
        limit: Duration,
        accept: impl Fn(&Value) -> bool,
    ) -> Result<Event, QmpError> {
        self.shared.wait(&format!("event {name}"), limit, |state| {
            let wanted = |event: &Event| event.name == name && accept(&event.data);
            let place = state.events.iter().position(wanted)?;
            state.events.remove(place)
        })
    }
}

impl Drop for Qmp {
    fn drop(&mut self) {
        // Ends the reading thread. The other side may have gone already.
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = writer.shutdown(std::net::Shutdown::Both);
    }
}

/// Reads messages until the socket closes. A line that is no JSON is none of the protocol's.
fn sort_messages(stream: UnixStream, shared: &Shared) {
    for line in BufReader::new(stream).lines() {
        let Ok(line) = line else { break };
        if let Ok(message) = serde_json::from_str::<Value>(&line) {
            sort_message(message, &mut shared.state());
            shared.changed.notify_all();
        }
    }
    shared.state().closed = true;
    shared.changed.notify_all();
}

fn sort_message(message: Value, state: &mut State) {
    if message.get("QMP").is_some() {
        state.greeted = true;
    } else if message.get("event").is_some() {
        state.events.push_back(Event {
            name: text_of(&message, "event"),
            data: message.get("data").cloned().unwrap_or(Value::Null),
        });
    } else if let Some(id) = message.get("id").and_then(Value::as_u64) {
        state.replies.insert(id, message);
    }
}

fn text_of(object: &Value, key: &str) -> String {
    let text = object.get(key).and_then(Value::as_str);
    text.unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests;
