//! The devices and the pairs that there are, told to the operator.

use crate::message::{Access, Message, Messages, Queue};
use crate::pairs::names;
use crate::platform::JobPlatform;
use ios::{Device, Ios, SECTOR_BYTES, Ucb, UcbState};
use mirror::{MirrorAnchor, PairState};

/// Tells of every device.
pub(crate) fn devices<P: JobPlatform>(ios: &Ios<P>, messages: &mut dyn Messages) {
    for (_, ucb) in ios.ucbs() {
        messages.message(&device(ios, ucb));
    }
}

fn device<P: JobPlatform>(ios: &Ios<P>, ucb: &Ucb<P>) -> Message {
    let limits = ucb.characteristics();
    Message::Device {
        device: ucb.id(),
        kind: ios.ddt(ucb.ddt()).map_or("", |ddt| ddt.name),
        bytes: limits.capacity_sectors.saturating_mul(u64::from(SECTOR_BYTES)),
        block_bytes: limits.block_bytes,
        queue: match ucb.device().free_slots() {
            0 if ucb.active() == 0 => Queue::NotSetUp,
            slots => Queue::Slots(slots.saturating_add(ucb.active())),
        },
        access: match (ucb.state(), limits.read_only) {
            (UcbState::NotOperational, _) => Access::NotOperational,
            (UcbState::Quiesced, _) => Access::Quiesced,
            (UcbState::Online, true) => Access::ReadOnly,
            (UcbState::Online, false) => Access::ReadWrite,
        },
    }
}

/// Tells of every pair.
pub(crate) fn pairs<P: JobPlatform>(ios: &Ios<P>, messages: &mut dyn Messages) {
    for (_, pair) in ios.anchor.mirror().pairs() {
        if let Some(names) = names(ios, pair) {
            messages.message(&Message::Pair { pair: names, state: pair.state().name() });
        }
    }
}

/// Tells how many devices there are, and how many pairs that were not removed.
pub(crate) fn found<P: JobPlatform>(ios: &Ios<P>, messages: &mut dyn Messages) {
    let devices = ios.ucbs().count();
    let pairs = ios.anchor.mirror().pairs().filter(|(_, pair)| pair.state() != PairState::Simplex);
    messages.message(&Message::Found { devices, pairs: pairs.count() });
}

/// Takes away what happened to pairs and is told in another way.
pub(crate) fn forget_events<P: JobPlatform>(ios: &mut Ios<P>) {
    while ios.anchor.mirror_mut().take_event().is_some() {}
}
