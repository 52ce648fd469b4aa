//! What the supervisor is made of on this machine, and its one job: from the parameter line to the
//! RESULT line.

use crate::console::{self, message};
use crate::devices;
use crate::ending::Ending;
use crate::machine::SupervisorMachine;
use crate::terminal::OperatorTerminal;
use channel_io::Traced;
use channel_io::enumerate::FoundDevice;
use core::fmt;
use ios::{Ios, Platform};
use jobs::{LastWords, Message, Messages, ParameterLine};
use mirror::Mirror;
use qemu_exit::QEMUExit;
use spin::Mutex;
use virtio_ccw::BlockDevice;
use zarch::HeapArea;

/// The machine, virtio disks, and a mirror.
pub(crate) struct Native;

impl Platform for Native {
    type Machine = Traced<SupervisorMachine>;
    type Device = BlockDevice<HeapArea>;
    type Data = HeapArea;
    type Anchor = Mirror<Self>;

    fn arrived(ios: &mut Ios<Self>, found: &FoundDevice) {
        devices::arrived(ios, found);
    }
}

/// The I/O supervisor of this machine.
pub(crate) type Supervisor = Ios<Native>;

/// What the job is called, for the last words of a supervisor that fails.
static JOB: Mutex<Option<&'static str>> = Mutex::new(None);

/// Messages of the jobs, on the console.
struct Operator;

impl Messages for Operator {
    fn message(&mut self, message: &Message) {
        console::line(format_args!("{message}"));
    }
}

/// Does what the parameter line says, and ends the machine.
pub(crate) fn run(line: &[u8], mut machine: SupervisorMachine) -> ! {
    let line = ParameterLine::read(line);
    *JOB.lock() = Some(line.job_name());
    machine.sink_mut().set(line.trace());
    let mut ios = Supervisor::new(Traced::new(machine), Mirror::new());
    devices::find(&mut ios);
    let report = if line.wants_console() {
        jobs::run_console(&mut ios, &line, &mut OperatorTerminal::new(), &mut Operator)
    } else {
        jobs::run(&mut ios, &line, &mut Operator)
    };
    message!("{}", report.line());
    Ending.exit(u32::from(!report.status.is_success()))
}

/// The RESULT line of a supervisor that found a fault in itself.
pub(crate) fn last_words(error: fmt::Arguments<'_>) {
    // Not waited for: who may have locked it does not go on.
    let job = JOB.try_lock().and_then(|job| *job).unwrap_or("boot");
    message!("{}", LastWords { job, error });
}
