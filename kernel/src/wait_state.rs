//! The disabled waits that the supervisor ends in: [`WaitState`].
//!
//! The number is the instruction address of the disabled-wait PSW, which an operator sees on the panel and
//! QEMU in its report of the end. `docs/wait-states.md` lists them for the operator; a test holds the two together.

/// Why the CPU stopped for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub(crate) enum WaitState {
    /// The machine has no z/Architecture mode.
    UnsupportedMachine = 0xe01,
    /// A fault before the supervisor had its own handlers.
    EarlyFault = 0xe02,
    /// There is less storage than the supervisor needs.
    StorageTooSmall = 0xe03,
    /// No console answers.
    NoConsole = 0xe04,
    /// The job failed, or its parameters were wrong.
    JobFailed = 0xf01,
    /// The supervisor found a fault in itself.
    Panic = 0xd01,
    /// A program check.
    ProgramCheck = 0xd02,
    /// A machine check that reports damage.
    MachineCheck = 0xd03,
    /// The main stack was used up.
    StackOverflow = 0xd04,
    /// An interruption that the supervisor does not expect.
    UnexpectedInterruption = 0xd05,
    /// A fault while a fault was being reported.
    DoubleFault = 0xd06,
    /// Everything was done. QEMU takes this one address for an orderly end.
    Success = 0xfff,
}

impl WaitState {
    /// The instruction address of the disabled-wait PSW.
    pub(crate) const fn code(self) -> u16 {
        self as u16
    }
}

#[cfg(test)]
mod tests {
    use super::WaitState;
    use std::collections::BTreeSet;

    const ALL: [WaitState; 12] = [
        WaitState::UnsupportedMachine,
        WaitState::EarlyFault,
        WaitState::StorageTooSmall,
        WaitState::NoConsole,
        WaitState::JobFailed,
        WaitState::Panic,
        WaitState::ProgramCheck,
        WaitState::MachineCheck,
        WaitState::StackOverflow,
        WaitState::UnexpectedInterruption,
        WaitState::DoubleFault,
        WaitState::Success,
    ];

    #[test]
    fn the_document_lists_exactly_these() {
        let document = include_str!("../../docs/wait-states.md");
        let listed: BTreeSet<_> = document
            .lines()
            .filter_map(|line| line.strip_prefix("| X'")?.split_once('\''))
            .map(|(code, _)| u16::from_str_radix(code, 16).unwrap())
            .collect();
        assert_eq!(listed, ALL.into_iter().map(WaitState::code).collect());
    }
}
