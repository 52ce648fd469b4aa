//! Faults: the report of a program check, a machine check, an interruption out of place, or a panic.
//!
//! The stubs (`boot/interruptions.s`) come here on the fault stack, with the registers saved. The report
//! goes to the console, then the last words (`ending`), then a disabled wait that tells the kind. Whatever goes
//! wrong meanwhile ends in the wait state for a double fault, without another report.

use crate::backtrace::{self, Supervisor};
use crate::console::message;
use crate::ending::fail;
use crate::wait_state::WaitState;
use crate::{console, memory};
use core::arch::global_asm;
use core::fmt::{self, Write};
use core::iter;
use core::mem::offset_of;
use core::panic::PanicInfo;
use zarch::fault::{self, Fault, FaultKind};
use zarch::interruption::class as taken;
use zarch::lowcore::{Lowcore, Registers};

global_asm!(
    include_str!("../../boot/interruptions.s"),
    external_old_psw = const offset_of!(Lowcore, external_old_psw),
    program_old_psw = const offset_of!(Lowcore, program_old_psw),
    machine_check_old_psw = const offset_of!(Lowcore, machine_check_old_psw),
    machine_check_interruption_code = const offset_of!(Lowcore, machine_check_interruption_code),
    io_old_psw = const offset_of!(Lowcore, io_old_psw),
    fault_registers = const offset_of!(Lowcore, fault_registers),
    fault_depth = const offset_of!(Lowcore, fault_depth),
    wait_point_address = const offset_of!(Lowcore, wait_point_address),
    wait_point_closed_psw = const offset_of!(Lowcore, wait_point_closed_psw),
    probe_address = const offset_of!(Lowcore, probe_address),
    double_fault_psw = const offset_of!(Lowcore, double_fault_psw),
    taken_none = const taken::NONE,
    taken_io = const taken::IO,
    taken_external = const taken::EXTERNAL,
    taken_channel_report = const taken::CHANNEL_REPORT,
    fault_program = const fault::class::PROGRAM,
    fault_machine_check = const fault::class::MACHINE_CHECK,
    fault_restart = const fault::class::RESTART,
    fault_svc = const fault::class::SVC,
    fault_external = const fault::class::EXTERNAL,
    fault_io = const fault::class::IO,
    report_fault = sym report_fault,
    report_panic = sym report_panic,
);

#[expect(improper_ctypes, reason = "the stub only hands the reference on, from Rust to Rust")]
unsafe extern "C" {
    /// Saves the registers, goes over to the fault stack, and calls [`report_panic`].
    safe fn panic_on_fault_stack(information: &PanicInfo<'_>) -> !;
}

#[panic_handler]
fn panic(information: &PanicInfo<'_>) -> ! {
    panic_on_fault_stack(information)
}

/// Reports a panic. Called on the fault stack.
extern "C" fn report_panic(information: &PanicInfo<'_>) -> ! {
    console::enter_fault_mode();
    let registers = fault::saved_registers();
    let [.., link, _] = registers;
    message!("CCW900E {}", OneLine(information));
    // The caller has saved its own return address: register 14 leads back into it.
    report_calls(link, &registers);
    fail(WaitState::Panic, format_args!("{}", OneLine(information)))
}

/// Reports a fault. Called on the fault stack, with a class of `zarch::fault::class`.
extern "C" fn report_fault(class: u64) -> ! {
    console::enter_fault_mode();
    let fault = Fault::of_class(class);
    let (wait_state, is_overflow) = judge(&fault.kind);
    let what = if is_overflow { "stack overflow: " } else { "" };
    message!("CCW901E {what}{}", fault.kind);
    report_state(&fault);
    report_calls(fault.next_instruction(), &fault.registers);
    fail(wait_state, format_args!("{what}{} at {:#x}", fault.kind, fault.psw.address))
}

/// The wait state for a fault, and whether it is the main stack's overflow.
fn judge(kind: &FaultKind) -> (WaitState, bool) {
    match kind {
        FaultKind::Program { translation_exception: Some(page), .. }
            if memory::is_main_stack_guard(*page) =>
        {
            (WaitState::StackOverflow, true)
        }
        FaultKind::Program { .. } => (WaitState::ProgramCheck, false),
        FaultKind::MachineCheck { .. } => (WaitState::MachineCheck, false),
        FaultKind::Restart
        | FaultKind::Svc(_)
        | FaultKind::External(_)
        | FaultKind::Io(_)
        | FaultKind::Unknown(_) => (WaitState::UnexpectedInterruption, false),
    }
}

/// The state of the CPU.
fn report_state(fault: &Fault) {
    message!("CCW902E PSW {}", fault.psw);
    match &fault.kind {
        FaultKind::Program { instruction_length, translation_exception, .. } => {
            message!("CCW903E instruction length {instruction_length}");
            if let Some(page) = translation_exception {
                message!("CCW904E no access to page {page:#018x}");
            }
        }
        FaultKind::MachineCheck { failing_storage: Some(address), .. } => {
            message!("CCW905E storage failed at {address:#018x}");
        }
        FaultKind::MachineCheck { failing_storage: None, .. }
        | FaultKind::Restart
        | FaultKind::Svc(_)
        | FaultKind::External(_)
        | FaultKind::Io(_)
        | FaultKind::Unknown(_) => {}
    }
    message!("CCW906E last branch from {:#018x}", fault.breaking_event);
    message!("CCW907E general registers");
    report_registers(&fault.registers);
    message!("CCW908E control registers");
    report_registers(&fault.control_registers);
}

/// Sixteen registers, four a line.
fn report_registers(registers: &Registers) {
    for (line, four) in registers.chunks_exact(4).enumerate() {
        if let [first, second, third, fourth] = four {
            let number = line * 4;
            message!("  {number:>2}: {first:016x} {second:016x} {third:016x} {fourth:016x}");
        }
    }
}

/// The chain of calls: the address behind the instruction itself, then the return addresses.
fn report_calls(instruction: u64, registers: &Registers) {
    let [.., link, stack_pointer] = *registers;
    message!("CCW909E chain of calls, innermost first");
    let calls = Supervisor.calls(instruction, link, stack_pointer);
    let chain = iter::once(instruction).chain(calls);
    for (number, address) in chain.take(backtrace::DEPTH).enumerate() {
        message!("  #{number} {address:#018x}");
    }
}

/// A panic's message and place, on one line whatever the message is.
struct OneLine<'a>(&'a PanicInfo<'a>);

impl fmt::Display for OneLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(WithoutControls(f), "panic: {}", self.0.message())?;
        match self.0.location() {
            Some(location) => write!(f, " ({location})"),
            None => Ok(()),
        }
    }
}

/// Writes a space in the place of each control character.
struct WithoutControls<'a, 'f>(&'a mut fmt::Formatter<'f>);

impl Write for WithoutControls<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars().try_for_each(|character| self.write_char(character))
    }

    fn write_char(&mut self, character: char) -> fmt::Result {
        self.0.write_char(if character.is_control() { ' ' } else { character })
    }
}
