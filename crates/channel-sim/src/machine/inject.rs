//! Condition codes and endings that a test has a subchannel give, whatever its state.

use channel_io::{DeferredConditionCode, DeviceStatus, SubchannelStatus};
use std::collections::{BTreeMap, VecDeque};

/// An instruction that is addressed to a subchannel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Instruction {
    /// START SUBCHANNEL.
    Ssch,
    /// TEST SUBCHANNEL.
    Tsch,
    /// STORE SUBCHANNEL.
    Stsch,
    /// MODIFY SUBCHANNEL.
    Msch,
    /// CLEAR SUBCHANNEL.
    Csch,
    /// HALT SUBCHANNEL.
    Hsch,
    /// CANCEL SUBCHANNEL.
    Xsch,
    /// RESUME SUBCHANNEL.
    Rsch,
    /// DIAGNOSE X'500' subcode 3; its code is the negative number of a refusal, its sign changed.
    Notify,
}

/// How a channel program ends that a test interferes with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProgramFault {
    /// It does not begin: deferred condition code, with a status of the device.
    Deferred(DeferredConditionCode, DeviceStatus),
    /// It is carried out, and then this status is added to its own.
    Status(DeviceStatus, SubchannelStatus),
    /// The device refuses its first command; these are bytes 0 and 1 of the sense bytes.
    UnitCheck([u8; 2]),
    /// It never ends.
    Hangs,
    /// It ends well, but no interruption tells.
    InterruptionLost,
    /// Channel end and device end come apart.
    EndsApart,
}

/// What a test has planned for a subchannel.
#[derive(Debug, Default)]
pub(crate) struct Injections {
    /// How often each instruction was issued.
    calls: BTreeMap<Instruction, u32>,
    /// Condition codes by instruction and number of its call, from 1.
    codes: BTreeMap<(Instruction, u32), u8>,
    /// For the next programs, in order.
    pub(crate) programs: VecDeque<Option<ProgramFault>>,
}

impl Injections {
    /// The instruction is issued; the condition code that a test wants of it, if it does.
    pub(crate) fn call(&mut self, instruction: Instruction) -> Option<u8> {
        let count = self.calls.entry(instruction).or_default();
        *count += 1;
        self.codes.remove(&(instruction, *count))
    }

    pub(crate) fn calls(&self, instruction: Instruction) -> u32 {
        self.calls.get(&instruction).copied().unwrap_or(0)
    }

    /// Plans a condition code for the call that comes after `others` more.
    pub(crate) fn plan(&mut self, instruction: Instruction, others: u32, code: u8) {
        let call = self.calls(instruction) + others + 1;
        self.codes.insert((instruction, call), code);
    }
}
