//! A virtio block device as the I/O supervisor drives it: [`BlockDevice`].

use super::buffer::Buffer;
use super::limits::Limits;
use super::online::{Online, Told};
use super::probe::{Agreement, ProbeError};
use crate::queue::{Geometry, Notification};
use crate::spec::Features;
use crate::spec::block::REQUEST_QUEUE;
use crate::spec::channel::CONTROL_UNIT_MODEL_BLOCK;
use crate::transport::{Settings, Transport};
use alloc::boxed::Box;
use channel_io::enumerate::{disable, find_device};
use channel_io::program::{Nowhere, WakeSink};
use channel_io::{Area, Enablement, Irb, Machine, SschCc, SubchannelId};
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use ios::{
    Built, Characteristics, ClearFailed, DataAfterClear, Device, Ended, Inquired, Operation,
    RequestId, Settled, StartCc,
};

/// How far a device is set up.
///
/// A device that is online has the addresses of its queue and slots until it is reset. So these are not
/// given back when this is dropped, but only after a reset.
#[derive(Debug)]
enum State<A> {
    /// It was reset: nothing is agreed on with it.
    Reset,
    /// Features are agreed on; it has no queue.
    Agreed,
    /// It is ready for requests.
    Online(ManuallyDrop<Box<Online<A>>>),
}

/// A virtio block device behind a subchannel, for data in buffers of type `B`.
#[derive(Debug)]
pub struct BlockDevice<A: Area, B = A> {
    transport: Transport<A>,
    agreement: Agreement,
    state: State<A>,
    configuration_changed: bool,
    last_error: Option<ProbeError>,
    buffers: PhantomData<fn(&B)>,
}

impl<A: Area, B: Buffer> BlockDevice<A, B> {
    /// Enables a subchannel, sees that a block device is behind it, agrees with it on features, and reads what it
    /// can take. It gets a queue only when it is varied online.
    ///
    /// What else is interrupted meanwhile goes to `others`. Afterwards the device only waits by
    /// TEST SUBCHANNEL when it waits at all, and takes no interruption from anyone.
    ///
    /// # Errors
    /// [`ProbeError`]. The subchannel is disabled again, if that can be done.
    pub fn probe<M: Machine<Area = A>>(
        machine: &mut M,
        others: &mut impl WakeSink,
        subchannel: SubchannelId,
        settings: &Settings,
    ) -> Result<Self, ProbeError> {
        let result = Self::try_probe(machine, others, subchannel, settings);
        if result.is_err() {
            // Why the device is of no use is said already; a subchannel that cannot be disabled adds nothing.
            let _ = disable(machine, others, subchannel);
        }
        result
    }

    fn try_probe<M: Machine<Area = A>>(
        machine: &mut M,
        others: &mut impl WakeSink,
        subchannel: SubchannelId,
        settings: &Settings,
    ) -> Result<Self, ProbeError> {
        let mut transport = Transport::open(machine, others, subchannel, settings)?;
        let identification = transport.identification();
        if identification.control_unit_model() != CONTROL_UNIT_MODEL_BLOCK {
            return Err(ProbeError::NotBlock(identification));
        }
        transport.reset(machine, others)?;
        let agreement = Agreement::make::<M, B>(machine, others, &mut transport)?;
        transport.wait_by_testing();
        Ok(Self {
            transport,
            agreement,
            state: State::Agreed,
            configuration_changed: false,
            last_error: None,
            buffers: PhantomData,
        })
    }

    /// The subchannel.
    #[must_use]
    pub const fn subchannel(&self) -> SubchannelId {
        self.transport.subchannel()
    }

    /// The transport, with the revision settled on.
    #[must_use]
    pub const fn transport(&self) -> &Transport<A> {
        &self.transport
    }

    /// The features agreed on.
    #[must_use]
    pub const fn features(&self) -> Features {
        self.agreement.features
    }

    /// What the device can take.
    #[must_use]
    pub const fn limits(&self) -> &Limits {
        &self.agreement.limits
    }

    /// How its queue is made up.
    #[must_use]
    pub const fn geometry(&self) -> &Geometry {
        &self.agreement.geometry
    }

    /// Why the device was last of no use, in full.
    #[must_use]
    pub const fn last_error(&self) -> Option<&ProbeError> {
        self.last_error.as_ref()
    }

    /// Whether the device has said, since this was last asked, that its configuration has changed.
    pub fn take_configuration_change(&mut self) -> bool {
        core::mem::take(&mut self.configuration_changed)
    }

    /// Resets the device and gives its storage back. It has no requests then; [`Device::vary_online`] makes it
    /// ready again.
    ///
    /// # Errors
    /// [`ClearFailed`]; its storage is given up for lost when the device may still use it.
    pub fn vary_offline<M: Machine<Area = A>>(
        &mut self,
        machine: &mut M,
    ) -> Result<(), ClearFailed> {
        self.reset(machine).map(drop)
    }

    /// Whether the subchannel says that the device is there no more: one condition code 3 is no proof, for the
    /// device needs no subchannel to go on with what is in its queue. A subchannel that was enabled and is not any
    /// more has been initialized since: it leads to another device, or to the same one after a reset.
    fn is_unplugged<M: Machine<Area = A>>(&self, machine: &mut M) -> bool {
        find_device(machine, self.subchannel())
            .is_none_or(|found| found.pmcw.enablement() == Enablement::Disabled)
    }

    /// Resets the device, and takes back what it had.
    fn reset<M: Machine<Area = A>>(
        &mut self,
        machine: &mut M,
    ) -> Result<Option<Box<Online<A>>>, ClearFailed> {
        let online = match core::mem::replace(&mut self.state, State::Reset) {
            State::Online(online) => Some(online),
            State::Agreed | State::Reset => None,
        };
        match self.transport.reset(machine, &mut Nowhere) {
            Ok(()) => Ok(online.map(ManuallyDrop::into_inner)),
            Err(error) if error.is_gone() && self.is_unplugged(machine) => {
                // A device that is gone uses nothing any more.
                drop(online.map(ManuallyDrop::into_inner));
                Err(self.failed(error.into(), DataAfterClear::Released))
            }
            // What it had is left where it is: dropping `online` gives nothing back.
            Err(error) => Err(self.failed(error.into(), DataAfterClear::Lost)),
        }
    }

    fn agree_again<M: Machine<Area = A>>(&mut self, machine: &mut M) -> Result<(), ProbeError> {
        let later = Agreement::make::<M, B>(machine, &mut Nowhere, &mut self.transport)?;
        if self.agreement.still_holds(&later) {
            self.state = State::Agreed;
            return Ok(());
        }
        let was = self.agreement.limits.characteristics;
        Err(ProbeError::Changed { was, is: later.limits.characteristics })
    }

    /// Tells the device where its queue is, and that it is driven.
    fn connect<M: Machine<Area = A>>(
        &mut self,
        machine: &mut M,
        online: Box<Online<A>>,
    ) -> Result<(), ProbeError> {
        let information = online.queue.information(REQUEST_QUEUE);
        let indicators = online.queue.indicators();
        // From here on the device may know the addresses, whatever it answers.
        self.state = State::Online(ManuallyDrop::new(online));
        self.transport.set_queue(machine, &mut Nowhere, &information, indicators)?;
        self.transport.drive(machine, &mut Nowhere)?;
        Ok(())
    }

    /// Makes a device ready that is not, with what it had before or with new storage.
    fn make_ready<M: Machine<Area = A>>(
        &mut self,
        machine: &mut M,
        online: Option<Box<Online<A>>>,
    ) -> Result<(), ClearFailed> {
        let agreed = match self.state {
            State::Reset => self.agree_again(machine),
            State::Agreed | State::Online(_) => Ok(()),
        };
        let online = agreed.and_then(|()| match online {
            Some(online) => Ok(online),
            None => Ok(Box::new(Online::new(machine, &self.agreement)?)),
        });
        let Err(error) = online.and_then(|online| self.connect(machine, online)) else {
            return Ok(());
        };
        // What the device may have been told of must be taken from it before it is given back.
        drop(self.reset(machine)?);
        Err(self.failed(error, DataAfterClear::Released))
    }

    /// Keeps the error in full, and says what the supervisor wants to know.
    fn failed(&mut self, error: ProbeError, data: DataAfterClear) -> ClearFailed {
        self.last_error = Some(error);
        ClearFailed { what: error.words(), data }
    }
}

impl<M: Machine, B: Buffer> Device<M> for BlockDevice<M::Area, B> {
    type Data = B;

    fn vary_online(&mut self, machine: &mut M) -> Result<(), ClearFailed> {
        match self.state {
            State::Online(_) => Ok(()),
            State::Agreed | State::Reset => self.make_ready(machine, None),
        }
    }

    fn characteristics(&self) -> Characteristics {
        self.agreement.limits.characteristics
    }

    fn data_bytes(data: &B) -> u64 {
        data.bytes()
    }

    fn free_slots(&self) -> u32 {
        match &self.state {
            State::Online(online) => u32::try_from(online.queue.free_chains()).unwrap_or(u32::MAX),
            State::Agreed | State::Reset => 0,
        }
    }

    fn build(
        &mut self,
        _: &mut M,
        request: RequestId,
        operation: &Operation,
        data: Option<&B>,
    ) -> Built {
        let limits = &self.agreement.limits;
        if !limits.allow(operation, data.map_or(0, B::bytes)) {
            return Built::Unsupported;
        }
        let State::Online(online) = &mut self.state else {
            return Built::NoFreeSlot;
        };
        let online = &mut ***online;
        if online.built(request).is_some() {
            return Built::Ready;
        }
        let Some(chain) = online.queue.take_free() else {
            return Built::NoFreeSlot;
        };
        let what = (request, operation, data);
        if !online.slots.build(&mut online.queue, chain, limits, what) {
            online.queue.release(chain);
            return Built::Unsupported;
        }
        online.built.push(chain);
        Built::Ready
    }

    fn start(&mut self, machine: &mut M, request: RequestId) -> StartCc {
        let State::Online(online) = &mut self.state else {
            return StartCc::NotOperational;
        };
        let online = &mut ***online;
        if online.broken.is_some() {
            return StartCc::NotOperational;
        }
        let Some((place, chain)) = online.built(request) else {
            return StartCc::Busy;
        };
        let writable = online.slots.get(chain).map_or(0, |slot| slot.writable);
        online.built.swap_remove(place);
        online.queue.offer(chain, writable);
        let notification = online.queue.publish();
        let subchannel = self.transport.subchannel();
        if machine.tracing() {
            let notify = match notification {
                Notification::Wanted => "yes",
                Notification::NotWanted => "no",
            };
            machine.trace(format_args!(
                "VIRTQUEUE available subchannel={subchannel} request={request} chain={} \
                 outstanding={} notify={notify}",
                chain.number(),
                online.queue.outstanding()
            ));
        }
        match online.notify(machine, subchannel, notification) {
            Told::Yes | Told::NotWanted => StartCc::Started,
            Told::Refused => StartCc::NotOperational,
        }
    }

    fn settle(&mut self, machine: &mut M) -> Settled {
        let State::Online(online) = &mut self.state else {
            return Settled::Quiet;
        };
        let online = &mut ***online;
        let notification = online.queue.settle();
        match online.notify(machine, self.transport.subchannel(), notification) {
            Told::Refused => Settled::NotOperational,
            Told::Yes | Told::NotWanted if online.queue.has_used() => Settled::Ended,
            Told::Yes | Told::NotWanted => Settled::Quiet,
        }
    }

    fn unbuild(&mut self, _: &mut M, request: RequestId) {
        let State::Online(online) = &mut self.state else {
            return;
        };
        if let Some((place, chain)) = online.built(request) {
            online.built.swap_remove(place);
            online.queue.release(chain);
        }
    }

    /// The status is that of a virtio interruption: alert, with nothing more in it. What it is about
    /// stands in the queue and in the indicators.
    fn inquire(&mut self, machine: &mut M) -> SschCc {
        self.transport.start_inquiry(machine)
    }

    fn interruption(&mut self, _: &mut M, irb: &Irb) -> Option<Inquired> {
        if let State::Online(online) = &mut self.state {
            self.configuration_changed |= online.queue.take_configuration_change();
        }
        self.transport.inquired(irb)
    }

    fn ended(&mut self, machine: &mut M) -> Ended {
        let State::Online(online) = &mut self.state else {
            return Ended::Nothing;
        };
        let online = &mut ***online;
        if let Some(broken) = online.broken {
            return Ended::Broken(broken);
        }
        let ended = match online.take_used() {
            Ok(None) => return Ended::Nothing,
            Ok(Some(used)) => online.end(used).map(|(request, status)| (request, status, used)),
            Err(broken) => Err(broken),
        };
        match ended {
            Ok((request, status, used)) => {
                if machine.tracing() {
                    machine.trace(format_args!(
                        "VIRTQUEUE used subchannel={} request={request} chain={} written={} \
                         status={status}",
                        self.transport.subchannel(),
                        used.chain.number(),
                        used.written
                    ));
                }
                Ended::Request(request, status)
            }
            Err(broken) => {
                online.broken = Some(broken);
                Ended::Broken(broken)
            }
        }
    }

    fn clear(&mut self, machine: &mut M) -> Result<(), ClearFailed> {
        match self.reset(machine)? {
            None => Ok(()),
            Some(mut online) => {
                online.clear();
                self.make_ready(machine, Some(online))
            }
        }
    }
}
