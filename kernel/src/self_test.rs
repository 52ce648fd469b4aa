//! Faults on purpose, for the scenarios that boot the supervisor: parameter `self-test=NAME`.
//!
//! Compiled only with the feature `self-test`, which the product is built without. Each test either ends
//! the machine by the fault that it is named after, or says on the console what it saw and goes on.

use crate::console::message;
use crate::ending::{Ending, set_last_words};
use crate::machine::SupervisorMachine;
use alloc::vec::Vec;
use channel_io::{
    ChannelSubsystem, Crw, Irb, Microseconds, Reach, Schib, StcrwCc, Storage, SubchannelId,
    SubchannelSet, WaitPoint, Wake,
};
use core::arch::asm;
use core::hint::black_box;
use qemu_exit::QEMUExit;

/// What a test does.
type Test = fn(&mut SupervisorMachine);

/// What can be asked for.
const TESTS: [(&str, Test); 14] = [
    ("program-check", |_| operation_exception()),
    ("supervisor-call", |_| supervisor_call()),
    ("panic", |_| panic!("a panic that \"was asked for\"\nin two lines")),
    ("stack-overflow", |_| _ = recurse(black_box(1))),
    ("low-address", |_| store_to(0x1f0)),
    ("read-only", |_| store_to(crate::memory::text().start)),
    ("beyond-storage", |_| store_to(1 << 45)),
    ("double-fault", |_| double_fault()),
    ("heap-exhaustion", |_| exhaust_heap()),
    ("storage-refused", refuse_storage),
    ("wait-timeout", wait_timeout),
    ("wait-forever", wait_forever),
    ("wait-io", wait_io),
    ("channel-report", channel_report),
];

/// Runs the test that the parameter line asks for, if it asks for one.
pub(crate) fn run(line: &[u8], mut machine: SupervisorMachine) -> SupervisorMachine {
    let asked =
        line.split(u8::is_ascii_whitespace).find_map(|word| word.strip_prefix(b"self-test="));
    let Some(asked) = asked else { return machine };
    match TESTS.iter().find(|(name, _)| name.as_bytes() == asked) {
        Some((name, test)) => {
            message!("CCW990I self-test {name}");
            test(&mut machine);
            message!("CCW991I self-test {name} done");
            Ending.exit_success()
        }
        None => {
            message!("CCW992E self-test {} is not known", asked.escape_ascii());
            Ending.exit_failure()
        }
    }
}

fn operation_exception() {
    // SAFETY: operation code X'0000' is an operation exception on every machine; it does not go on.
    unsafe { asm!(".short 0") }
}

fn supervisor_call() {
    // SAFETY: an interruption that the supervisor reports; it does not go on.
    unsafe { asm!("svc 42") }
}

fn store_to(address: u64) {
    let pointer = crate::memory::pointer::<u64>(address);
    // SAFETY: not sound, and meant not to be: the machine is to refuse it.
    unsafe { pointer.write_volatile(0) }
}

/// Uses up the stack.
#[expect(unconditional_recursion, reason = "it ends at the guard page")]
fn recurse(depth: u64) -> u64 {
    let frame = black_box([depth; 64]);
    let deeper = recurse(depth + 1);
    deeper.wrapping_add(black_box(frame).iter().sum())
}

/// Fails while the failure is being reported.
fn double_fault() {
    set_last_words(|_| operation_exception());
    operation_exception();
}

fn exhaust_heap() {
    let mut pieces: Vec<Vec<u8>> = Vec::new();
    loop {
        let mut piece = Vec::new();
        match piece.try_reserve_exact(1 << 20) {
            Ok(()) if pieces.try_reserve(1).is_ok() => pieces.push(piece),
            Ok(()) | Err(_) => break,
        }
    }
    message!("CCW993I heap exhausted after {} MiB", pieces.len());
    black_box(Vec::<u8>::with_capacity(1 << 20));
}

fn refuse_storage(machine: &mut SupervisorMachine) {
    for (length, reach) in
        [(1 << 40, Reach::Anywhere), (1 << 31, Reach::Below2G), (4096, Reach::Below2G)]
    {
        match machine.allocate(length, 4096, reach) {
            Ok(area) => message!("CCW993I given: {area:?}"),
            Err(error) => message!("CCW993I refused: {error}"),
        }
    }
}

fn wait_timeout(machine: &mut SupervisorMachine) {
    for milliseconds in [0, 1, 50] {
        let start = machine.now();
        let until = start.after(Microseconds(milliseconds * 1000));
        let wake = machine.wait(Some(until));
        let late = machine.now().since(until);
        let kept = machine.now() >= until && late < Microseconds(20_000);
        message!(
            "CCW993I {milliseconds} ms: {wake:?}, {}",
            if kept { "in time" } else { "not in time" }
        );
    }
}

fn wait_forever(machine: &mut SupervisorMachine) {
    loop {
        let wake = machine.wait(None);
        message!("CCW993I {wake:?}");
    }
}

/// Makes the first subchannel interrupt, by a clear function, and takes the status.
fn wait_io(machine: &mut SupervisorMachine) {
    let subchannel = SubchannelId::new(SubchannelSet::ZERO, 0);
    let mut schib = Schib::default();
    message!("CCW993I STSCH {}", machine.stsch(subchannel, &mut schib));
    message!("CCW993I TPI {}", machine.tpi());
    schib.pmcw.set_enablement(channel_io::Enablement::Enabled);
    message!("CCW993I MSCH {}", machine.msch(subchannel, &schib));
    message!("CCW993I CSCH {}", machine.csch(subchannel));
    let deadline = machine.now().after(Microseconds::from_seconds(5));
    message!("CCW993I {:?}", machine.wait(Some(deadline)));
    let mut irb = Irb::default();
    message!("CCW993I TSCH {}", machine.tsch(subchannel, &mut irb));
    message!("CCW993I TSCH {}", machine.tsch(subchannel, &mut irb));
    message!("CCW993I CSCH {}", machine.csch(subchannel));
    message!("CCW993I TPI {}", machine.tpi());
    message!("CCW993I TPI {}", machine.tpi());
    // The interruption was taken by TPI: status is there, and no interruption comes.
    message!("CCW993I {:?}", machine.wait(Some(machine.now().after(Microseconds(1000)))));
    message!("CCW993I TSCH {}", machine.tsch(subchannel, &mut irb));
}

/// Waits for a channel report, and reads all reports.
fn channel_report(machine: &mut SupervisorMachine) {
    let deadline = machine.now().after(Microseconds::from_seconds(10));
    loop {
        let wake = machine.wait(Some(deadline));
        message!("CCW993I {wake:?}");
        match wake {
            Wake::ChannelReport => break,
            Wake::Timeout => return,
            Wake::Io(_) | Wake::Service => {}
        }
    }
    let mut crw = Crw::default();
    while machine.stcrw(&mut crw) == StcrwCc::Stored {
        message!("CCW993I {crw}");
    }
}
