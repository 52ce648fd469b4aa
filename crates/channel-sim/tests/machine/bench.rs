//! One subchannel and a channel program built by hand, for the tests of the simulation itself.

use channel_io::{
    AbsoluteAddress, Area, Ccw1, CcwFlags, ChannelSubsystem, CommandCode, DeviceNumber, Enablement,
    InterruptionSubclass, Irb, MschCc, Orb, Reach, Schib, ScswContents, SschCc, Storage, StschCc,
    SubchannelId, TschCc, WaitPoint, Wake,
};
use channel_sim::SimMachine;
use channel_sim::machine::{PlainDevice, SimArea};
use channel_sim::virtio::BlockSettings;
use zerocopy::IntoBytes;

/// What every interruption code of the bench carries.
pub(crate) const PARAMETER: u32 = 0x1234_5678;

/// A machine with a device on an enabled subchannel, and an area below 2 GiB for programs.
pub(crate) struct Bench {
    pub(crate) machine: SimMachine,
    pub(crate) subchannel: SubchannelId,
    pub(crate) area: SimArea,
}

/// Where data may lie in the area, behind the program.
pub(crate) const DATA: usize = 0x400;

impl Bench {
    /// With a device that only says what it is.
    pub(crate) fn plain() -> Self {
        let mut machine = SimMachine::new(1);
        let subchannel = machine.add_plain(DeviceNumber(1), PlainDevice::fixed_block());
        Self::with(machine, subchannel)
    }

    /// With a disk.
    pub(crate) fn block(settings: BlockSettings) -> Self {
        let mut machine = SimMachine::new(1);
        let subchannel = machine.add_block(DeviceNumber(1), settings);
        Self::with(machine, subchannel)
    }

    fn with(mut machine: SimMachine, subchannel: SubchannelId) -> Self {
        let area = machine.allocate(0x1000, 8, Reach::Below2G).expect("room");
        let mut bench = Self { machine, subchannel, area };
        bench.set(Enablement::Enabled);
        bench
    }

    pub(crate) fn schib(&mut self) -> Schib {
        let mut schib = Schib::default();
        assert_eq!(self.machine.stsch(self.subchannel, &mut schib), StschCc::Stored);
        schib
    }

    pub(crate) fn scsw(&mut self) -> ScswContents {
        self.schib().scsw.contents()
    }

    pub(crate) fn set(&mut self, enablement: Enablement) {
        let mut schib = self.schib();
        schib.pmcw.set_enablement(enablement);
        schib.pmcw.set_subclass(InterruptionSubclass::new(3).expect("a subclass"));
        assert_eq!(self.machine.msch(self.subchannel, &schib), MschCc::Modified);
    }

    pub(crate) fn address(&self, offset: usize) -> AbsoluteAddress {
        self.area.address().plus(offset)
    }

    /// Stores CCWs: command, flags, count, offset of the data in the area.
    pub(crate) fn store(&mut self, ccws: &[(u8, CcwFlags, u16, usize)]) {
        for (place, (command, flags, count, offset)) in ccws.iter().enumerate() {
            let address = self.address(*offset);
            let ccw = Ccw1::new(CommandCode(*command), *flags, *count, address).expect("low");
            self.area.write(place * 8, ccw.as_bytes());
        }
    }

    pub(crate) fn orb(&self) -> Orb {
        Orb::format_1(PARAMETER, self.area.address()).expect("low")
    }

    pub(crate) fn start(&mut self) -> SschCc {
        let orb = self.orb();
        self.machine.ssch(self.subchannel, &orb)
    }

    /// Waits for the interruption from the subchannel and takes the status.
    pub(crate) fn status(&mut self) -> Irb {
        match self.machine.wait(None) {
            Wake::Io(code) => {
                assert_eq!(code.subchannel, self.subchannel);
                assert_eq!(code.interruption_parameter, PARAMETER);
            }
            other => panic!("{other:?}"),
        }
        let mut irb = Irb::default();
        assert_eq!(self.machine.tsch(self.subchannel, &mut irb), TschCc::StatusWasPending);
        irb
    }

    /// Runs the program that is stored.
    pub(crate) fn run(&mut self) -> ScswContents {
        assert_eq!(self.start(), SschCc::Started);
        self.status().scsw.contents()
    }

    /// Bytes of the area.
    pub(crate) fn data(&self, offset: usize, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.area.read(offset, &mut bytes);
        bytes
    }
}
