//! The order of the boot, from the first Rust function on.

use crate::console::{self, message};
use crate::ending::set_last_words;
use crate::machine::{self, SupervisorMachine};
use crate::wait_state::WaitState;
use crate::{memory, parameters, supervisor};
use core::arch::global_asm;
use zarch::dat::Segments;
use zarch::{Clock, system};

/// Bytes of the parameter area, with the zero that ends the text.
pub(crate) const PARAMETER_AREA_LENGTH: usize = 8 * 1024;

global_asm!(
    include_str!("../../boot/entry.s"),
    unsupported_machine = const WaitState::UnsupportedMachine.code(),
    early_fault = const WaitState::EarlyFault.code(),
    parameter_area_length = const PARAMETER_AREA_LENGTH,
    main = sym main,
);

/// Called by `boot/entry.s`, once, on the main stack: z/Architecture, DAT off, interruptions closed.
extern "C" fn main() -> ! {
    // SAFETY: the first of all, as it must be.
    unsafe { system::install_interruption_stubs(u64::from(WaitState::DoubleFault.code())) };
    let clock = Clock::starting_now();
    console::start();
    set_last_words(supervisor::last_words);
    // SAFETY: once; the stubs are in place, and DAT is off.
    let storage = unsafe { memory::start() };
    message!(
        "CCW000I ccw-mirror {}, {} MiB of storage, {} KiB free, {}",
        env!("CARGO_PKG_VERSION"),
        storage.size >> 20,
        storage.heap >> 10,
        match storage.segments {
            Segments::Large => "translated in segments",
            Segments::Paged => "translated in pages",
        }
    );
    run(parameters::line(), machine::new(clock))
}

/// Does what the parameter line says, and ends.
fn run(line: &[u8], machine: SupervisorMachine) -> ! {
    message!("CCW001I parameters: {}", line.escape_ascii());
    #[cfg(feature = "self-test")]
    let machine = crate::self_test::run(line, machine);
    supervisor::run(line, machine)
}
