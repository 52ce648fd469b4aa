//! What can happen in a random world.

use crate::world::LIMIT;
use channel_sim::light::{AtClear, Ending, Telling};
use ios::StartCc;
use proptest::prelude::*;

/// Sectors of every disk.
pub(crate) const SECTORS: u32 = 16;

/// Something that happens. Numbers stand for one of what there is, taken modulo their count.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    Ask { device: u8, kind: u8, first: u8, sectors: u8 },
    End { disk: u8, which: u8, ending: Ending, telling: Telling },
    Wait,
    Pass(u32),
    Refuse(u8, StartCc),
    Interrupt(u8),
    Lie(u8),
    Detach(u8),
    AtClear(u8, AtClear),
    Quiesce(u8),
    Unquiesce(u8),
    Return(u8),
    Suspend(u8),
    Resume(u8),
    Swap(u8),
    Remove(u8),
    Establish { pair: u8, policy: u8, copy: bool },
}

fn ending() -> impl Strategy<Value = Ending> {
    prop_oneof![
        12 => Just(Ending::Complete),
        1 => (0u32..4).prop_map(|sectors_done| Ending::Failed { sectors_done }),
        1 => Just(Ending::Unsupported),
    ]
}

fn telling() -> impl Strategy<Value = Telling> {
    prop_oneof![5 => Just(Telling::Interruption), 1 => Just(Telling::Nothing)]
}

fn cc() -> impl Strategy<Value = StartCc> {
    prop_oneof![
        3 => Just(StartCc::Busy),
        3 => Just(StartCc::StatusPending),
        1 => Just(StartCc::NotOperational),
    ]
}

fn at_clear() -> impl Strategy<Value = AtClear> {
    prop_oneof![
        Just(AtClear::Dropped),
        Just(AtClear::Done),
        Just(AtClear::FailsReleased),
        Just(AtClear::FailsLost),
    ]
}

pub(crate) fn step() -> impl Strategy<Value = Step> {
    let any = any::<u8>;
    prop_oneof![
        30 => (any(), any(), 0..SECTORS as u8, 1u8..5).prop_map(|(device, kind, first, sectors)| {
            Step::Ask { device, kind, first, sectors }
        }),
        30 => (any(), any(), ending(), telling()).prop_map(|(disk, which, ending, telling)| {
            Step::End { disk, which, ending, telling }
        }),
        15 => Just(Step::Wait),
        4 => (0..2 * LIMIT.0 as u32).prop_map(Step::Pass),
        4 => (any(), cc()).prop_map(|(disk, cc)| Step::Refuse(disk, cc)),
        1 => any().prop_map(Step::Interrupt),
        1 => any().prop_map(Step::Lie),
        1 => any().prop_map(Step::Detach),
        1 => (any(), at_clear()).prop_map(|(disk, at_clear)| Step::AtClear(disk, at_clear)),
        2 => any().prop_map(Step::Quiesce),
        3 => any().prop_map(Step::Unquiesce),
        2 => any().prop_map(Step::Return),
        2 => any().prop_map(Step::Suspend),
        4 => any().prop_map(Step::Resume),
        2 => any().prop_map(Step::Swap),
        1 => any().prop_map(Step::Remove),
        2 => (any(), any(), proptest::bool::ANY).prop_map(|(pair, policy, copy)| {
            Step::Establish { pair, policy, copy }
        }),
    ]
}
