//! After the interruption: TSCH, then every request that has ended, then those that wait.

use crate::{
    Broken, Device, Ended, Ios, Platform, RequestId, RequestState, Settled, Status, UcbIndex,
};
use channel_io::{ChannelSubsystem, InterruptionCode, Irb, TpiCc, TraceSink, TschCc};

/// The supervisor's own interruption routine.
pub(crate) fn interruption<P: Platform>(ios: &mut Ios<P>, code: InterruptionCode) {
    ios.statistics.interruptions += 1;
    let mut irb = Irb::default();
    let cc = ios.machine.tsch(code.subchannel, &mut irb);
    let Some(device) = ios.interrupted(code) else {
        ios.statistics.unsolicited += 1;
        return;
    };
    match cc {
        // Without status the interruption was for status that somebody took before; what has ended is
        // looked for all the same.
        TschCc::StatusWasPending | TschCc::NotStatusPending => {
            if let Some(ucb) = ios.ucbs.get_mut(device.index()) {
                let inquired = ucb.device.interruption(&mut ios.machine, &irb);
                ios.status_taken(device, inquired);
            }
            ios.drain(device);
        }
        TschCc::NotOperational => ios.device_gone(device),
    }
}

impl<P: Platform> Ios<P> {
    /// Takes the status of a device's subchannel, if any is pending, without an interruption that told of it.
    pub(crate) fn look(&mut self, device: UcbIndex) {
        let Some(ucb) = self.ucbs.get_mut(device.index()) else { return };
        let mut irb = Irb::default();
        match self.machine.tsch(ucb.subchannel, &mut irb) {
            TschCc::StatusWasPending | TschCc::NotStatusPending => {
                let inquired = ucb.device.interruption(&mut self.machine, &irb);
                self.status_taken(device, inquired);
            }
            TschCc::NotOperational => self.device_gone(device),
        }
    }

    /// The UCB that an interruption is for.
    fn interrupted(&self, code: InterruptionCode) -> Option<UcbIndex> {
        let index = UcbIndex::from_interruption_parameter(code.interruption_parameter)?;
        let ucb = self.ucb(index)?;
        (ucb.subchannel == code.subchannel).then_some(index)
    }

    /// Takes every interruption that is pending, without going back to the wait point. Says how many.
    pub(crate) fn drain_interruptions(&mut self) -> usize {
        let mut taken = 0;
        loop {
            match self.machine.tpi() {
                TpiCc::Stored(code) => (self.vectors.interruption.entry)(self, code),
                TpiCc::Foreign(_) => self.statistics.unsolicited += 1,
                TpiCc::NonePending => return taken,
            }
            taken += 1;
        }
    }

    /// The last look before a wait; whether there was anything to do.
    ///
    /// Device and program tell each other of new requests and of ended ones by each storing what it has
    /// and then looking at what the other wants (VIRTIO 1.2, 2.7.13.4 Notifying The Device). That is sound
    /// only with serialization between the store and the look, and QEMU 7.2 without KVM leaves the program's
    /// out on a machine that can have but one CPU: a notification or an interruption was missing in one in
    /// five measurements at depth 32. TEST PENDING INTERRUPTION serializes there too, because QEMU takes a
    /// lock for it. So everything is looked at once more behind it.
    pub(crate) fn settle(&mut self) -> bool {
        let mut found = self.drain_interruptions() > 0;
        let mut place = 0;
        while let Some(device) = self.busy.get(place).copied() {
            place += 1;
            let Some(ucb) = self.ucbs.get_mut(device.index()) else { continue };
            match ucb.device.settle(&mut self.machine) {
                Settled::Quiet => continue,
                Settled::Ended => {
                    self.statistics.settled += 1;
                    self.drain(device);
                }
                Settled::NotOperational => self.device_gone(device),
            }
            found = true;
        }
        found
    }

    /// A device has one more request.
    pub(crate) fn activate(&mut self, id: RequestId, device: UcbIndex) {
        self.set_state(id, RequestState::Active);
        let Some(ucb) = self.ucbs.get_mut(device.index()) else { return };
        ucb.active += 1;
        if ucb.active == 1 {
            self.busy.push(device);
        }
    }

    /// A device has one request less.
    fn deactivate(&mut self, device: UcbIndex) {
        let Some(ucb) = self.ucbs.get_mut(device.index()) else { return };
        ucb.active -= 1;
        if ucb.active == 0 {
            self.busy.retain(|busy| *busy != device);
        }
    }

    /// Ends every request that a device is done with, then starts what waits for it. Says how many
    /// ended.
    pub(crate) fn drain(&mut self, device: UcbIndex) -> usize {
        let mut count = 0;
        loop {
            let Some(ucb) = self.ucbs.get_mut(device.index()) else {
                return count;
            };
            match ucb.device.ended(&mut self.machine) {
                Ended::Request(id, status) => {
                    count += 1;
                    self.end(id, status);
                }
                Ended::Nothing => break,
                Ended::Broken(broken) => {
                    self.broken(device, &broken);
                    break;
                }
            }
        }
        self.redrive(device);
        count
    }

    /// A request that its device had is over: on to the status pointer.
    pub(crate) fn end(&mut self, id: RequestId, status: Status) {
        let Some(entry) = self.requests.get(id) else {
            return;
        };
        if entry.state != RequestState::Active {
            return;
        }
        let device = entry.device;
        self.deactivate(device);
        self.set_state(id, RequestState::Ended);
        (self.vectors.post_status.entry)(self, id, status);
    }

    /// A device said what cannot be true: it is cleared and used no more.
    fn broken(&mut self, device: UcbIndex, broken: &Broken) {
        if self.machine.tracing()
            && let Some(ucb) = self.ucbs.get(device.index())
        {
            let number = ucb.id;
            self.machine.trace(format_args!("BROKEN device={number} reason=\"{broken}\""));
        }
        self.not_operational(device);
        self.clear(device, Status::ProtocolError);
        self.redrive(device);
    }
}
