//! The machine as the rest of the project knows it: [`Machine`].

use crate::area::HeapArea;
use crate::channel::MachineChannels;
use crate::clock::{self, Clock};
use crate::interruption::{Opening, Taken, wait_until};
use channel_io::{
    ChannelSubsystem, ChscBlock, ChscCc, Crw, CschCc, HostCookie, HschCc, Irb, Microseconds,
    MschCc, NotifyOutcome, Orb, Reach, RschCc, Schib, SschCc, StcrwCc, Storage, StorageError,
    StschCc, SubchannelId, TpiCc, TraceSink, TschCc, WaitPoint, Wake, XschCc,
};
use core::fmt;

/// The machine: channel subsystem, storage, clock and wait point, with a place for trace lines.
#[derive(Debug)]
pub struct Machine<S> {
    channels: MachineChannels,
    clock: Clock,
    /// Told the parameter of each service signal that is taken at the wait point.
    on_service_signal: fn(u32),
    sink: S,
}

impl<S: TraceSink> Machine<S> {
    /// The machine that the program runs on; [`crate::system::install_interruption_stubs`] has been called.
    /// `on_service_signal` is told the parameter of each service signal.
    #[must_use]
    pub const fn new(clock: Clock, on_service_signal: fn(u32), sink: S) -> Self {
        Self { channels: MachineChannels, clock, on_service_signal, sink }
    }

    /// Where trace lines go.
    pub const fn sink_mut(&mut self) -> &mut S {
        &mut self.sink
    }
}

impl<S> WaitPoint for Machine<S> {
    #[inline]
    fn now(&self) -> Microseconds {
        self.clock.now()
    }

    fn wait(&mut self, until: Option<Microseconds>) -> Wake {
        let deadline = until.map_or(clock::NEVER, |time| self.clock.tod(time));
        loop {
            match wait_until(Opening::All, deadline) {
                Taken::Io(Ok(code)) => return Wake::Io(code),
                // An adapter interruption: no adapter was ever enabled, and nothing waits for it.
                Taken::Io(Err(_)) => {}
                Taken::ServiceSignal(parameter) => {
                    (self.on_service_signal)(parameter);
                    return Wake::Service;
                }
                Taken::ChannelReport => return Wake::ChannelReport,
                Taken::ClockComparator | Taken::None => return Wake::Timeout,
            }
        }
    }
}

impl<S> Storage for Machine<S> {
    type Area = HeapArea;

    fn allocate(
        &mut self,
        length: usize,
        alignment: usize,
        reach: Reach,
    ) -> Result<HeapArea, StorageError> {
        HeapArea::new(length, alignment, reach)
    }
}

impl<S: TraceSink> TraceSink for Machine<S> {
    #[inline]
    fn tracing(&self) -> bool {
        self.sink.tracing()
    }

    fn trace(&mut self, event: fmt::Arguments<'_>) {
        self.sink.trace(event);
    }
}

/// Hands every I/O instruction on to the channel subsystem.
macro_rules! handed_on {
    ($($instruction:ident ( $($operand:ident : $kind:ty),* ) -> $code:ty;)*) => {
        impl<S> ChannelSubsystem for Machine<S> {
            $(
                #[inline]
                fn $instruction(&mut self, $($operand: $kind),*) -> $code {
                    self.channels.$instruction($($operand),*)
                }
            )*
        }
    };
}

handed_on! {
    ssch(subchannel: SubchannelId, orb: &Orb) -> SschCc;
    tsch(subchannel: SubchannelId, irb: &mut Irb) -> TschCc;
    stsch(subchannel: SubchannelId, schib: &mut Schib) -> StschCc;
    msch(subchannel: SubchannelId, schib: &Schib) -> MschCc;
    csch(subchannel: SubchannelId) -> CschCc;
    hsch(subchannel: SubchannelId) -> HschCc;
    xsch(subchannel: SubchannelId) -> XschCc;
    rsch(subchannel: SubchannelId) -> RschCc;
    tpi() -> TpiCc;
    stcrw(crw: &mut Crw) -> StcrwCc;
    chsc(block: &mut ChscBlock) -> ChscCc;
    notify(subchannel: SubchannelId, queue: u16, cookie: HostCookie) -> NotifyOutcome;
}
