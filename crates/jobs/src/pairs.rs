//! Pairs as the operator sees them: by the names that they were established under, and what becomes of them.

use crate::copies::Copies;
use crate::message::{Message, Messages, PairDetails, PairNews};
use crate::parameters::PairNames;
use crate::platform::JobPlatform;
use alloc::string::{String, ToString};
use channel_io::DeviceId;
use ios::{Ios, SECTOR_BYTES, Ucb, UcbIndex};
use mirror::{MirrorAnchor, Pair, PairEvent, PairIndex, PairState};

/// The name of a device; every UCB that a pair has is there.
fn name<P: JobPlatform>(ios: &Ios<P>, index: UcbIndex) -> Option<DeviceId> {
    ios.ucb(index).map(Ucb::id)
}

/// The devices of a pair, as it was established.
pub(crate) fn names<P: JobPlatform>(ios: &Ios<P>, pair: &Pair) -> Option<PairNames> {
    Some(PairNames { primary: name(ios, pair.address())?, secondary: name(ios, pair.partner())? })
}

/// The devices of a pair, as it was established.
pub(crate) fn names_of<P: JobPlatform>(ios: &Ios<P>, index: PairIndex) -> Option<PairNames> {
    names(ios, ios.anchor.mirror().pair(index)?)
}

/// Bytes a block of a pair's change map.
pub(crate) fn block_bytes(pair: &Pair) -> u64 {
    u64::from(pair.block_sectors()) * u64::from(SECTOR_BYTES)
}

/// Why a pair is not as it should be; empty if it is.
pub(crate) fn reason(state: PairState) -> String {
    state.cause().map(ToString::to_string).unwrap_or_default()
}

/// All that is to be known of a pair.
pub(crate) fn details<P: JobPlatform>(ios: &Ios<P>, pair: &Pair) -> Option<PairDetails> {
    Some(PairDetails {
        pair: names(ios, pair)?,
        state: pair.state().name(),
        active: name(ios, pair.primary())?,
        changed_blocks: pair.changed_blocks(),
        block_bytes: block_bytes(pair),
        in_flight: pair.in_flight(),
        reason: reason(pair.state()),
    })
}

/// Tells the operator what became of the pairs, and gets on with their copies, until only a wait helps. To be
/// called before a job tells what came of it, so that he hears first why.
pub(crate) fn tend<P: JobPlatform>(
    ios: &mut Ios<P>,
    copies: &mut Copies<P>,
    messages: &mut dyn Messages,
) {
    loop {
        tell_events(ios, copies, messages);
        copies.tend(ios, messages);
        tell_events(ios, copies, messages);
        if !copies.is_due() {
            return;
        }
    }
}

/// Tells the operator what became of the pairs, and notices those that are to be copied.
fn tell_events<P: JobPlatform>(
    ios: &mut Ios<P>,
    copies: &mut Copies<P>,
    messages: &mut dyn Messages,
) {
    while let Some(event) = ios.anchor.mirror_mut().take_event() {
        if let Some(message) = told(ios, copies, event) {
            messages.message(&message);
        }
    }
}

/// What the operator is told of an event.
#[inline(never)]
fn told<P: JobPlatform>(ios: &Ios<P>, copies: &mut Copies<P>, event: PairEvent) -> Option<Message> {
    let (index, news) = match event {
        PairEvent::Established(index) => {
            copies.notice(ios, index);
            let pair = ios.anchor.mirror().pair(index)?;
            return Some(Message::Pair { pair: names(ios, pair)?, state: pair.state().name() });
        }
        PairEvent::Resumed { pair, blocks } => {
            copies.notice(ios, pair);
            let block_bytes = block_bytes(ios.anchor.mirror().pair(pair)?);
            (pair, PairNews::Copying { blocks, block_bytes })
        }
        // Who drove the copy tells how much it was.
        PairEvent::CopyEnded(_) => return None,
        PairEvent::Suspended(pair, cause) => (pair, PairNews::Suspended(cause)),
        PairEvent::Swapped(pair, cause) => {
            let active = name(ios, ios.anchor.mirror().pair(pair)?.primary())?;
            (pair, PairNews::Swapped { cause, active })
        }
        PairEvent::Removed(pair) => (pair, PairNews::Removed),
        PairEvent::ReadAnswered { pair, leg, operation, status } => {
            (pair, PairNews::ReadAnswered { leg, operation, status })
        }
    };
    Some(Message::PairNews { pair: names_of(ios, index)?, news })
}
