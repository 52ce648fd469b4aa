//! What is shown for a command.

use super::Console;
use super::error::Why;
use super::help::HELP;
use crate::list;
use crate::message::ConsoleNews;
use crate::pairs::details;
use crate::parameters::Given;
use crate::plan;
use crate::platform::JobPlatform;
use alloc::boxed::Box;
use channel_io::{DeviceId, WaitPoint};
use ios::{Ios, Ucb, UcbIndex};
use mirror::{MirrorAnchor, PairState};

impl<P: JobPlatform + 'static> Console<'_, P> {
    pub(super) fn help(&mut self, word: Option<&'static str>) -> Result<(), Why> {
        for (command, does) in HELP {
            let first = command.split(' ').next();
            if word.is_none() || word == first {
                self.tell(ConsoleNews::Help { command, does });
            }
        }
        Ok(())
    }

    pub(super) fn display_devices(&mut self, ios: &Ios<P>) -> Result<(), Why> {
        list::devices(ios, self.messages);
        list::found(ios, self.messages);
        Ok(())
    }

    pub(super) fn display_pairs(&mut self, ios: &Ios<P>) -> Result<(), Why> {
        for (_, pair) in ios.anchor.mirror().pairs() {
            if pair.state() != PairState::Simplex
                && let Some(details) = details(ios, pair)
            {
                self.tell(ConsoleNews::PairDetails(Box::new(details)));
            }
        }
        list::found(ios, self.messages);
        Ok(())
    }

    pub(super) fn display_jobs(&mut self, ios: &Ios<P>) -> Result<(), Why> {
        self.jobs.tell(ios.machine.now(), self.messages);
        self.copies.tell(ios, self.messages);
        self.tell(ConsoleNews::Running(self.jobs.count()));
        Ok(())
    }

    pub(super) fn display_path(
        &mut self,
        ios: &Ios<P>,
        given: &Given<DeviceId>,
    ) -> Result<(), Why> {
        let index = plan::found(ios, given.value, &given.word)?;
        let device = given.value;
        let leads_to = ios.leads_to(index);
        if leads_to != index
            && let Some(to) = ios.ucb(leads_to).map(Ucb::id)
        {
            self.tell(ConsoleNews::Route { device, to });
        }
        for (vector, routine) in path(ios, leads_to) {
            self.tell(ConsoleNews::Vector { device, vector, routine });
        }
        Ok(())
    }
}

/// The vectors that a request to a device goes through, in this order, and the routine that each points to.
fn path<P: JobPlatform>(ios: &Ios<P>, device: UcbIndex) -> [(&'static str, &'static str); 7] {
    let vectors = ios.vectors();
    let ddt = ios.ucb(device).and_then(|ucb| ios.ddt(ucb.ddt()));
    [
        ("iosvssch", vectors.iosvssch.name),
        ("ddtsio", ddt.map_or("", |ddt| ddt.ddtsio.name)),
        ("iosvcp", vectors.iosvcp.name),
        ("iosvcp-return", vectors.iosvcp_return.name),
        ("interruption", vectors.interruption.name),
        ("post-status", vectors.post_status.name),
        ("device-gone", vectors.device_gone.name),
    ]
}
