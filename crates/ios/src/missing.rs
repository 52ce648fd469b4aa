//! The missing-interruption handler: every request ends, in time.
//!
//! A request that a device has had for too long is first looked for: it may have ended with its
//! interruption lost. If it has not, the device is cleared, and every request that it had ends in
//! [`Status::TimedOut`]. A request that waits on a queue for too long ends without having been started.

use crate::device::DataAfterClear;
use crate::request::{DataAtPost, Origin};
use crate::{
    ClearFailed, Device, Ios, Platform, RequestId, RequestState, Status, UcbIndex, UcbState,
};
use alloc::vec::Vec;
use channel_io::{Microseconds, TraceSink, WaitPoint};

/// How soon a device that took nothing, and has nothing that could end, is tried again.
const RETRY_INTERVAL: Microseconds = Microseconds(2_000);

impl<P: Platform> Ios<P> {
    /// How often it is looked: often enough that a request ends within its limit and a quarter.
    fn check_interval(&self) -> Microseconds {
        Microseconds((self.time_limit.0 / 4).max(1))
    }

    /// When the next look is due, for what is overdue or what is to be tried again; none while no request
    /// is alive.
    pub(crate) fn next_look(&mut self) -> Option<Microseconds> {
        let check = self.next_check_time()?;
        Some(self.retry_at.map_or(check, |retry| retry.min(check)))
    }

    /// A device with nothing active did not take a request: no interruption will tell when it would.
    pub(crate) fn try_again_soon(&mut self) {
        self.retry_at = Some(self.machine.now().after(RETRY_INTERVAL));
    }

    fn next_check_time(&mut self) -> Option<Microseconds> {
        if self.idle() && self.hindered.is_empty() {
            self.next_check = None;
            self.retry_at = None;
            return None;
        }
        if self.next_check.is_none() {
            self.next_check = Some(self.machine.now().after(self.check_interval()));
        }
        self.next_check
    }

    /// Looks for requests that are overdue, if a look is due.
    pub(crate) fn check_missing(&mut self) {
        let Some(due) = self.next_check else { return };
        let now = self.machine.now();
        if self.retry_at.is_some_and(|retry| now >= retry) {
            self.retry_at = None;
            self.redrive_all();
        }
        if now < due {
            return;
        }
        self.next_check = Some(now.after(self.check_interval()));
        for device in self.devices_overdue(now) {
            self.look_then_clear(device, now);
        }
        self.look_for_programs(now);
        for id in self.overdue(now, RequestState::Queued) {
            self.end_queued(id, now);
        }
        self.redrive_all();
    }

    fn redrive_all(&mut self) {
        let waiting = self.ucbs().filter(|(_, ucb)| ucb.queued() > 0);
        let devices: Vec<_> = waiting.map(|(index, _)| index).collect();
        for device in devices {
            self.redrive(device);
        }
    }

    fn overdue(&self, now: Microseconds, state: RequestState) -> Vec<RequestId> {
        let limit = self.time_limit;
        let late = self
            .requests
            .iter()
            .filter(|(_, entry)| entry.state == state && now.since(entry.since) >= limit);
        late.map(|(id, _)| id).collect()
    }

    fn devices_overdue(&self, now: Microseconds) -> Vec<UcbIndex> {
        let mut devices = Vec::new();
        for id in self.overdue(now, RequestState::Active) {
            devices.extend(self.device_of(id).filter(|device| !devices.contains(device)));
        }
        devices
    }

    /// Looks for the status of channel programs beside requests whose interruption has not come, and clears a device
    /// that has none.
    fn look_for_programs(&mut self, now: Microseconds) {
        let late = self.hindered.iter().filter(|(_, since)| now.since(*since) >= self.time_limit);
        let late: Vec<_> = late.map(|(device, _)| *device).collect();
        for device in late {
            self.look(device);
            if self.hindered.iter().any(|(hindered, _)| *hindered == device) {
                self.clear(device, Status::TimedOut);
            }
            self.redrive(device);
        }
    }

    fn look_then_clear(&mut self, device: UcbIndex, now: Microseconds) {
        let found = self.drain(device) as u64;
        self.statistics.lost_interruptions += found;
        let late = self.overdue(now, RequestState::Active);
        let still_late = late.iter().any(|id| self.device_of(*id) == Some(device));
        if self.machine.tracing()
            && let Some(ucb) = self.ucbs.get(device.index())
        {
            let number = ucb.id;
            let next = if still_late { "clear" } else { "none" };
            self.machine.trace(format_args!(
                "MISSING-INTERRUPTION device={number} found={found} next={next}"
            ));
        }
        if still_late {
            self.clear(device, Status::TimedOut);
            self.redrive(device);
        }
    }

    /// Ends a request that has waited too long. What became of those before it may have sent it to another queue.
    fn end_queued(&mut self, id: RequestId, now: Microseconds) {
        let still_late =
            self.requests.get(id).is_some_and(|entry| now.since(entry.since) >= self.time_limit);
        if still_late && self.withdraw(id) {
            self.statistics.timeouts += 1;
            self.set_state(id, RequestState::Ended);
            (self.vectors.post_status.entry)(self, id, Status::TimedOut);
        }
    }

    /// Clears a device: every request that it had ends with `status`. A device that cannot be cleared
    /// is not operational from then on.
    pub(crate) fn clear(&mut self, device: UcbIndex, status: Status) {
        let Some(ucb) = self.ucbs.get_mut(device.index()) else {
            return;
        };
        let cleared = ucb.device.clear(&mut self.machine);
        ucb.hindrance = None;
        self.hindered.retain(|(hindered, _)| *hindered != device);
        self.statistics.clears += 1;
        if self.machine.tracing() {
            let number = ucb.id;
            let words = match &cleared {
                Ok(()) => "set-up-anew",
                Err(failed) => failed.what,
            };
            self.machine.trace(format_args!("CLEAR device={number} result=\"{words}\""));
        }
        if let Err(failed) = cleared {
            self.box_device(device, failed);
        }
        for id in self.active_on(device) {
            // What became of those before it may have sent it to another device.
            if self.device_of(id) != Some(device) {
                continue;
            }
            if status == Status::TimedOut {
                self.statistics.timeouts += 1;
            }
            self.end(id, status);
        }
        if self.ucb(device).is_some_and(|ucb| ucb.state == UcbState::NotOperational) {
            (self.vectors.device_gone.entry)(self, device);
        }
    }

    fn box_device(&mut self, device: UcbIndex, failed: ClearFailed) {
        self.not_operational(device);
        match failed.data {
            DataAfterClear::Released => {}
            DataAfterClear::Lost => {
                for id in self.active_on(device) {
                    self.keep_data_of(id);
                }
            }
        }
    }

    fn keep_data_of(&mut self, id: RequestId) {
        let owner = match self.requests.get(id).map(|entry| entry.origin) {
            Some(Origin::MadeFrom(first)) => first,
            Some(Origin::Process) | None => id,
        };
        if let Some(entry) = self.requests.get_mut(owner) {
            entry.at_post = DataAtPost::Keep;
        }
    }

    /// Marks a device as not operational.
    pub(crate) fn not_operational(&mut self, device: UcbIndex) {
        if let Some(ucb) = self.ucbs.get_mut(device.index()) {
            ucb.state = UcbState::NotOperational;
            ucb.hindrance = None;
        }
    }

    /// A device does not answer any more: what it had, and what waits for it, ends in
    /// [`Status::NotOperational`]. That its subchannel is not operational does not say that the device has let
    /// go of the data of its requests: it is cleared, and its driver says so.
    pub(crate) fn device_gone(&mut self, device: UcbIndex) {
        self.not_operational(device);
        self.drain(device);
        self.clear(device, Status::NotOperational);
        self.redrive(device);
    }
}
