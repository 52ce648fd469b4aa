//! What the machine left behind at a fault: [`Fault`].
//!
//! The stubs (`boot/interruptions.s`) save the general registers in the lowcore, take a stack of their own
//! and call the program's reporter with the class of the fault; [`Fault::of_class`] collects the rest.

use crate::instruction::system as instruction;
use crate::lowcore::{Registers, location};
use crate::machine_check::MachineCheck;
use crate::program::ProgramInterruption;
use crate::psw::Psw;
use core::fmt;

/// The class of a fault, as the stubs pass it on.
pub mod class {
    /// A program interruption.
    pub const PROGRAM: u64 = 1;
    /// A machine check that reports damage, or came elsewhere than at the wait point.
    pub const MACHINE_CHECK: u64 = 2;
    /// A restart interruption.
    pub const RESTART: u64 = 3;
    /// A supervisor call.
    pub const SVC: u64 = 4;
    /// An external interruption elsewhere than at the wait point.
    pub const EXTERNAL: u64 = 5;
    /// An I/O interruption elsewhere than at the wait point.
    pub const IO: u64 = 6;
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// A program interruption.
    Program {
        /// The code as stored.
        code: u16,
        /// The length of the instruction in bytes.
        instruction_length: u8,
        /// The address that could not be translated, or was protected: the page, with the low bits zero. Where
        /// the machine says which.
        translation_exception: Option<u64>,
    },
    /// A machine check.
    MachineCheck {
        /// The interruption code.
        code: MachineCheck,
        /// Where storage failed, if the machine says so.
        failing_storage: Option<u64>,
    },
    /// The operator's restart key (or, in QEMU, a non-maskable interruption).
    Restart,
    /// A supervisor call, and its number.
    Svc(u16),
    /// An external interruption where none can be, and its code.
    External(u16),
    /// An I/O interruption where none can be, and its code.
    Io([u32; 3]),
    /// A class that the stubs do not have.
    Unknown(u64),
}

/// A fault and the state of the CPU when it happened.
#[derive(Clone, Debug)]
pub struct Fault {
    /// What happened.
    pub kind: FaultKind,
    /// The old PSW.
    pub psw: Psw,
    /// The general registers.
    pub registers: Registers,
    /// The control registers.
    pub control_registers: Registers,
    /// The last instruction that branched, where the machine records it; zero otherwise.
    pub breaking_event: u64,
}

/// Bits of the translation-exception identification that are no address.
const NO_ADDRESS: u64 = 0xfff;
/// Bit 61: for a protection exception, whether the address is valid.
const PROTECTED_ADDRESS_VALID: u64 = 1 << 2;

macro_rules! load {
    ($field:ident) => {
        // SAFETY: a location of the lowcore that the machine or the stubs have stored into.
        unsafe { location!($field).read_volatile() }
    };
}

impl Fault {
    /// The fault of this class that the stubs have just come from.
    #[must_use]
    pub fn of_class(class: u64) -> Self {
        let (kind, psw) = match class {
            class::PROGRAM => (program(), load!(program_old_psw)),
            class::MACHINE_CHECK => (machine_check(), load!(machine_check_old_psw)),
            class::RESTART => (FaultKind::Restart, load!(restart_old_psw)),
            class::SVC => (FaultKind::Svc(load!(svc_interruption_code)), load!(svc_old_psw)),
            class::EXTERNAL => {
                (FaultKind::External(load!(external_interruption_code)), load!(external_old_psw))
            }
            class::IO => (FaultKind::Io(load!(io_interruption_code)), load!(io_old_psw)),
            other => (FaultKind::Unknown(other), Psw::closed(0)),
        };
        Self {
            kind,
            psw,
            registers: saved_registers(),
            control_registers: instruction::stctg(),
            breaking_event: load!(breaking_event_address),
        }
    }
}

impl Fault {
    /// The address behind the instruction that failed: for a call, its return address.
    ///
    /// The old PSW has it, unless the instruction was nullified, as it is when an address could not be translated (PoP
    /// SA22-7832-13, ch. 5, "Types of Instruction Ending").
    #[must_use]
    pub const fn next_instruction(&self) -> u64 {
        match self.kind {
            FaultKind::Program { code, instruction_length, .. }
                if ProgramInterruption::from_code(code).is_translation() =>
            {
                self.psw.address.wrapping_add(instruction_length as u64)
            }
            FaultKind::Program { .. }
            | FaultKind::MachineCheck { .. }
            | FaultKind::Restart
            | FaultKind::Svc(_)
            | FaultKind::External(_)
            | FaultKind::Io(_)
            | FaultKind::Unknown(_) => self.psw.address,
        }
    }
}

/// The general registers that the stubs saved at the fault, or at the panic.
#[must_use]
pub fn saved_registers() -> Registers {
    load!(fault_registers)
}

fn program() -> FaultKind {
    let code = load!(program_interruption_code);
    let identification: u64 = load!(translation_exception_identification);
    let interruption = ProgramInterruption::from_code(code);
    let valid = interruption.is_translation()
        || interruption == ProgramInterruption::Protection
            && identification & PROTECTED_ADDRESS_VALID != 0;
    FaultKind::Program {
        code,
        instruction_length: load!(program_instruction_length) & 0x6,
        translation_exception: valid.then_some(identification & !NO_ADDRESS),
    }
}

fn machine_check() -> FaultKind {
    let code = MachineCheck::from_bits_retain(load!(machine_check_interruption_code));
    let valid = code.contains(MachineCheck::FAILING_STORAGE_ADDRESS_VALID);
    FaultKind::MachineCheck { code, failing_storage: valid.then(|| load!(failing_storage_address)) }
}

/// One line, in words.
impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Program { code, .. } => {
                let interruption = ProgramInterruption::from_code(*code);
                write!(f, "program check X'{code:04X}', {interruption}")
            }
            Self::MachineCheck { code, .. } => {
                write!(f, "machine check X'{:016X}', {code}", code.bits())
            }
            Self::Restart => f.write_str("restart interruption"),
            Self::Svc(number) => write!(f, "supervisor call {number}, of which there are none"),
            Self::External(code) => {
                write!(f, "external interruption X'{code:04X}' outside the wait point")
            }
            Self::Io([identification, parameter, word]) => write!(
                f,
                "I/O interruption {identification:08x} {parameter:08x} {word:08x} outside the wait point"
            ),
            Self::Unknown(class) => write!(f, "fault of unknown class {class}"),
        }
    }
}
