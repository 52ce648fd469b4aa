//! The end of a request: what is done, what is written back, and who is told.

use super::block::{END_RACE, INTERRUPT, InFlight, RACE, VirtioBlock};
use super::plan::{Lie, RequestEnding, RequestPlan, Telling};
use super::request::Request;
use super::ring::Ring;
use super::wire::outcome;
use crate::machine::{Attention, Surroundings};

impl VirtioBlock {
    fn is_bad(&self, request: &Request) -> bool {
        let sectors = request.sectors();
        let mut concerned = sectors.iter().map(|(first, count)| *first..first + count);
        concerned.any(|range| {
            self.bad_sectors.iter().any(|bad| range.start < bad.end && bad.start < range.end)
        })
    }

    pub(super) fn end(&mut self, held: &InFlight, around: &mut Surroundings<'_>) {
        let InFlight { request, plan } = held;
        let event = self.ring.as_ref().and_then(Ring::used_event);
        if let (Telling::Race, Some(event)) = (plan.telling, event) {
            around.storage.borrow_mut().begin_race(event);
            around.schedule(RACE, END_RACE);
        }
        let ending = if self.is_bad(request) { RequestEnding::IoError } else { plan.ending };
        let most = match ending {
            _ if plan.lie == Some(Lie::ShortCount) && request.is_read() => 0,
            RequestEnding::Normal | RequestEnding::Status(_) => u64::MAX,
            RequestEnding::IoErrorAfter(sectors) => u64::from(sectors),
            RequestEnding::IoError | RequestEnding::Unsupported => 0,
        };
        let (done, written) = if most == 0 {
            (outcome::OK, 0)
        } else {
            request.carry_out(&mut self.content, most, around)
        };
        let byte = match ending {
            RequestEnding::Normal => done,
            RequestEnding::Status(byte) => byte,
            RequestEnding::IoError | RequestEnding::IoErrorAfter(_) => outcome::IO_ERROR,
            RequestEnding::Unsupported => outcome::UNSUPPORTED,
        };
        if plan.lie != Some(Lie::NoStatus) {
            request.put_status(byte, around);
        }
        self.give_back(request.head, written.saturating_add(1), plan, around);
        around.storage.borrow_mut().race_gathered();
    }

    fn give_back(
        &mut self,
        head: u16,
        written: u32,
        plan: &RequestPlan,
        around: &mut Surroundings<'_>,
    ) {
        let Some(ring) = self.ring.as_mut() else { return };
        let truth = (u32::from(head), written);
        let (entry, ahead) = match plan.lie {
            Some(Lie::UsedIndexAhead(ahead)) => (truth, ahead),
            Some(Lie::Id(id)) => ((id, written), 0),
            Some(Lie::Length(length)) => ((truth.0, length), 0),
            Some(Lie::Twice) => {
                ring.give_back(head, truth, 0, around);
                (truth, 0)
            }
            Some(Lie::NoStatus | Lie::ShortCount) | None => (truth, 0),
        };
        ring.give_back(head, entry, ahead, around);
        if !ring.wants_interruption(around) && plan.lie.is_none() {
            return;
        }
        match plan.telling {
            Telling::Race if self.ring.as_ref().and_then(Ring::used_event).is_some() => {}
            Telling::Interruption | Telling::Race => self.interrupt(around),
            Telling::Late(after) => around.schedule(after, INTERRUPT),
            Telling::Lost | Telling::Early(_) => {}
        }
    }

    /// The indicator of the queue is turned on, and then the driver interrupted (4.3.3.1.1 Notification via
    /// Classic I/O Interrupts).
    pub(super) fn interrupt(&self, around: &mut Surroundings<'_>) {
        if let Some(at) = self.indicators {
            turn_on(at, around);
        }
        around.attention = Attention::Wanted;
    }
}

/// Turns on the indicator of number 0: the rightmost bit of 64.
pub(super) fn turn_on(at: u64, around: &mut Surroundings<'_>) {
    if let Ok(bits) = around.read_array(at, "indicators") {
        let bits = u64::from_be_bytes(bits) | 1;
        let _ = around.write(at, &bits.to_be_bytes(), "indicators");
    }
}
