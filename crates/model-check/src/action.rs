//! What can happen next.

use crate::bounds::{Bounds, Command};
use channel_sim::light::{Ending, Telling};
use ios::StartCc;

/// Something that happens. Disks and pairs go by their places, requests by their names ([`crate::names`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// The process asks for this item of the menu.
    Ask(u8),
    /// A disk ends a request.
    End {
        /// Which disk: 0 and 1 are the first pair's legs, 2 and 3 the second's.
        disk: u8,
        /// Which request.
        request: u32,
        /// How.
        ending: Ending,
        /// Whether an interruption tells of it.
        telling: Telling,
    },
    /// The supervisor takes what is pending.
    Wait,
    /// The driver of the copiers sees what was changed since the last wait.
    Drive,
    /// The next start on a disk gives this.
    Refuse(u8, StartCc),
    /// A disk says what cannot be true when it is next asked.
    Lie(u8),
    /// A disk goes away.
    Detach(u8),
    /// It comes back.
    Return(u8),
    /// Half of the time passes that a request may take.
    Pass,
    /// No disk works on anything: time passes until every request has ended.
    RunOut,
    /// The disks that work on something say nothing more: time passes until every request has ended.
    Starve,
    /// The operator holds back a device.
    Quiesce(u8),
    /// The operator lets it go on.
    Unquiesce(u8),
    /// The operator gives a command for a pair.
    Command(u8, Command),
    /// A scrub gives its lock up.
    Unlock(u8),
}

impl Action {
    /// What happens, in words, in a world of these bounds.
    #[must_use]
    pub fn words(&self, bounds: &Bounds) -> String {
        match self {
            Self::Ask(item) => match bounds.menu.get(usize::from(*item)) {
                Some(asked) => {
                    format!("the process asks for {} on pair {}", asked.operation, asked.pair)
                }
                None => format!("the process asks for item {item}"),
            },
            Self::End { disk, request, ending, telling } => {
                let whose = match request >> 16 {
                    0 => format!("item {}", (request >> 4 & 0xfff).wrapping_sub(1)),
                    copier => format!("copier {copier}'s request {}", request >> 4 & 0xfff),
                };
                format!("disk {disk} ends {whose}: {ending:?}, {telling:?}")
            }
            Self::Wait => "the supervisor takes what is pending".to_owned(),
            Self::Drive => "the copiers are driven".to_owned(),
            Self::Refuse(disk, cc) => format!("disk {disk} will answer the next start with {cc}"),
            Self::Lie(disk) => format!("disk {disk} will say what cannot be true"),
            Self::Detach(disk) => format!("disk {disk} goes away"),
            Self::Return(disk) => format!("disk {disk} comes back"),
            Self::Pass => "half of a request's time passes".to_owned(),
            Self::RunOut => "time passes until every request has ended".to_owned(),
            Self::Starve => "no disk answers, until every request has ended".to_owned(),
            Self::Quiesce(disk) => format!("the operator quiesces disk {disk}"),
            Self::Unquiesce(disk) => format!("the operator lets disk {disk} go on"),
            Self::Command(pair, command) => format!("the operator, for pair {pair}: {command:?}"),
            Self::Unlock(pair) => format!("the scrub of pair {pair} gives its lock up"),
        }
    }
}
