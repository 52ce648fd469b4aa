//! A virtio device behind a subchannel: everything that is set up by channel programs.
//!
//! The order is that of VIRTIO 1.2, 3.1.1 Driver Requirements: Device Initialization, in the form that 4.3.2
//! Device Initialization gives it:
//!
//! ```text
//! Transport::open           enable the subchannel, SENSE ID, SET_VIRTIO_REV
//! Transport::reset
//! Transport::begin          ACKNOWLEDGE, DRIVER, read the features offered
//! Transport::accept         write those chosen, FEATURES_OK, and see that it was taken
//! Transport::read_configuration
//! Transport::queue_size, Transport::set_queue
//! Transport::drive          DRIVER_OK
//! ```
//!
//! SET_VIRTIO_REV comes first of all virtio commands, even before a reset: any other one lets the device
//! settle on revision 0, which is not VIRTIO 1.0 (4.3.2.1 Setting the Virtio Revision). Disabling the
//! subchannel makes the device forget the revision, and so [`Transport::open`] begins with that.

mod commands;
mod error;
mod inquiry;

pub use error::TransportError;

use crate::spec::channel::{
    CONTROL_UNIT_TYPE, QueueConfiguration, QueueInformation, RevisionInformation, command,
};
use crate::spec::{DeviceStatus, Features};
use channel_io::enumerate::{disable, enable};
use channel_io::program::{
    ChannelProgram, ClearOutcome, Conversation, Inquiry, LengthCheck, ProgramError, StartError,
    Waiting, WakeSink,
};
use channel_io::{
    AbsoluteAddress, Area, InterruptionSubclass, Machine, Microseconds, SenseId, SubchannelId,
};
use zerocopy::IntoBytes;
use zerocopy::byteorder::big_endian::U64;

/// How a device's subchannel is to be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Subclass of its interruptions.
    pub subclass: InterruptionSubclass,
    /// What its interruption codes carry.
    pub interruption_parameter: u32,
    /// How long one channel program may take.
    pub time_limit: Microseconds,
    /// How the end of a channel program is waited for.
    pub waiting: Waiting,
}

/// The revision of the transport that driver and device agreed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Revision {
    /// 1: VIRTIO 1.0. The device status cannot be read.
    One,
    /// 2: the device status can be read.
    Two,
}

impl Revision {
    /// The number.
    #[must_use]
    pub const fn number(self) -> u16 {
        match self {
            Self::One => 1,
            Self::Two => 2,
        }
    }
}

/// Where the device puts its indicators: 64 bits each, on a doubleword boundary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Indicators {
    /// One bit a queue is turned on before the interruption for it.
    pub queues: AbsoluteAddress,
    /// The rightmost bit is turned on before the interruption for a change of the configuration.
    pub configuration: AbsoluteAddress,
}

/// A virtio device behind an enabled subchannel.
#[derive(Debug)]
pub struct Transport<A> {
    conversation: Conversation,
    program: ChannelProgram<A>,
    identification: SenseId,
    revision: Revision,
    status: DeviceStatus,
    inquiry: Option<Inquiry>,
}

/// Bytes for the data of the longest program: two configurations.
const PROGRAM_DATA: usize = 2 * 64;

/// How often a configuration is read that was not the same twice.
const CONFIGURATION_ATTEMPTS: u32 = 4;

impl<A: Area> Transport<A> {
    /// Enables the subchannel, sees that a virtio device is behind it, and settles on a revision.
    ///
    /// What else is interrupted meanwhile goes to `others`; see [`Transport::wait_by_testing`].
    ///
    /// # Errors
    /// [`TransportError`]. The subchannel may stay enabled; see [`channel_io::enumerate::disable`].
    pub fn open<M: Machine<Area = A>>(
        machine: &mut M,
        others: &mut impl WakeSink,
        subchannel: SubchannelId,
        settings: &Settings,
    ) -> Result<Self, TransportError> {
        disable(machine, others, subchannel)?;
        enable(machine, others, subchannel, settings.subclass, settings.interruption_parameter)?;
        let conversation = Conversation {
            subchannel,
            interruption_parameter: settings.interruption_parameter,
            time_limit: settings.time_limit,
            waiting: settings.waiting,
        };
        let mut program = ChannelProgram::new(machine, PROGRAM_DATA)?;
        let identification = conversation.identify(machine, others, &mut program)?;
        if identification.control_unit_type() != CONTROL_UNIT_TYPE {
            return Err(TransportError::NotVirtio(identification));
        }
        let status = DeviceStatus::empty();
        let revision = Revision::Two;
        let mut transport =
            Self { conversation, program, identification, revision, status, inquiry: None };
        transport.settle_revision(machine, others)?;
        Ok(transport)
    }

    /// From now on, waits for its programs by TEST SUBCHANNEL, and leaves all interruptions to others.
    pub fn wait_by_testing(&mut self) {
        self.conversation.waiting = Waiting::ByTesting;
    }

    /// What SENSE ID told.
    #[must_use]
    pub const fn identification(&self) -> SenseId {
        self.identification
    }

    /// The revision settled on.
    #[must_use]
    pub const fn revision(&self) -> Revision {
        self.revision
    }

    /// The subchannel.
    #[must_use]
    pub const fn subchannel(&self) -> SubchannelId {
        self.conversation.subchannel
    }

    /// Tries revision 2, then 1.
    fn settle_revision<M: Machine<Area = A>>(
        &mut self,
        machine: &mut M,
        others: &mut impl WakeSink,
    ) -> Result<(), TransportError> {
        for revision in [Revision::Two, Revision::One] {
            let information =
                RevisionInformation { revision: revision.number().into(), length: 0.into() };
            self.program.begin();
            self.program.send(command::SET_REVISION, information.as_bytes())?;
            match self.run(machine, others) {
                Ok(_) => {
                    self.revision = revision;
                    return Ok(());
                }
                Err(error) if error.is_command_reject() => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(TransportError::NoRevision)
    }

    /// Tells a device that was reset that it was found, and reads the features that it offers.
    ///
    /// # Errors
    /// [`TransportError`]; without VIRTIO_F_VERSION_1 among them the device is refused.
    pub fn begin<M: Machine<Area = A>>(
        &mut self,
        machine: &mut M,
        others: &mut impl WakeSink,
    ) -> Result<Features, TransportError> {
        self.program.begin();
        self.add_status(DeviceStatus::ACKNOWLEDGE)?;
        self.add_status(DeviceStatus::DRIVER)?;
        let low = self.add_features(command::READ_FEATURES, Features::empty(), 0)?;
        let high = self.add_features(command::READ_FEATURES, Features::empty(), 1)?;
        self.run(machine, others)?;
        let offered = self.features_in(low) | self.features_in(high) << 32;
        let offered = Features::from_bits_retain(offered);
        if !offered.contains(Features::VERSION_1) {
            self.give_up(machine, others);
            return Err(TransportError::NoVersion1 { offered });
        }
        Ok(offered)
    }

    /// Resets the device. When that is done it uses no queue and no address any more.
    ///
    /// # Errors
    /// [`TransportError`]: then it may still use them.
    pub fn reset<M: Machine<Area = A>>(
        &mut self,
        machine: &mut M,
        others: &mut impl WakeSink,
    ) -> Result<(), TransportError> {
        self.inquiry = None;
        match self.try_reset(machine, others) {
            // Another function hangs on the subchannel: clear it, then once more.
            Err(TransportError::Program(ProgramError::Start(StartError::Busy)))
                if self.conversation.clear(machine, others) == ClearOutcome::Cleared =>
            {
                self.try_reset(machine, others)
            }
            result => result,
        }
    }

    fn try_reset<M: Machine<Area = A>>(
        &mut self,
        machine: &mut M,
        others: &mut impl WakeSink,
    ) -> Result<(), TransportError> {
        self.program.begin();
        self.program.control(command::RESET)?;
        let read_back = self.add_read_back()?;
        self.run(machine, others)?;
        self.status = DeviceStatus::empty();
        self.check_read_back(read_back)
    }

    /// Chooses features. The device has the last word: it may refuse the choice as a whole.
    ///
    /// In revision 2 the device status is read back. In revision 1 it cannot be read; there a device that
    /// does not take a status must answer the command with a command reject (VIRTIO 1.2, 4.3.2.3
    /// Communicating Status Information), and so no reject is the answer.
    ///
    /// # Errors
    /// [`TransportError::FeaturesRefused`], or another [`TransportError`].
    pub fn accept<M: Machine<Area = A>>(
        &mut self,
        machine: &mut M,
        others: &mut impl WakeSink,
        chosen: Features,
    ) -> Result<(), TransportError> {
        self.program.begin();
        self.add_features(command::WRITE_FEATURES, chosen, 0)?;
        self.add_features(command::WRITE_FEATURES, chosen, 1)?;
        self.add_status(DeviceStatus::FEATURES_OK)?;
        let read_back = self.add_read_back()?;
        let result = match self.run(machine, others) {
            Ok(_) => self.check_read_back(read_back),
            Err(error) if error.is_command_reject() => {
                Err(TransportError::FeaturesRefused { chosen })
            }
            Err(error) => Err(error.into()),
        };
        let result = match result {
            Err(TransportError::StatusNotTaken { read, .. })
                if !read.contains(DeviceStatus::FEATURES_OK) =>
            {
                Err(TransportError::FeaturesRefused { chosen })
            }
            other => other,
        };
        if result.is_err() {
            self.status.remove(DeviceStatus::FEATURES_OK);
            self.give_up(machine, others);
        }
        result
    }

    /// Reads the first bytes of the configuration space into `configuration`, and says how many there
    /// are. What the device does not have is zero.
    ///
    /// There is no generation count on this transport, but each command transfers the whole
    /// (VIRTIO 1.2, 4.3.2.5 Device Configuration); so it is read until it is the same twice.
    ///
    /// # Errors
    /// [`TransportError`].
    pub fn read_configuration<M: Machine<Area = A>>(
        &mut self,
        machine: &mut M,
        others: &mut impl WakeSink,
        configuration: &mut [u8; 64],
    ) -> Result<usize, TransportError> {
        let length = configuration.len();
        for _ in 0..CONFIGURATION_ATTEMPTS {
            let mut again = [0; 64];
            self.program.begin();
            let read = command::READ_CONFIGURATION;
            let first = self.program.receive(read, length, LengthCheck::Suppressed)?;
            let second = self.program.receive(read, length, LengthCheck::Suppressed)?;
            let completion = self.run(machine, others)?;
            self.program.copy_out(first, configuration);
            self.program.copy_out(second, &mut again);
            if *configuration == again {
                return Ok(length.saturating_sub(usize::from(completion.residual_count)));
            }
        }
        Err(TransportError::ConfigurationChanges)
    }

    /// The most buffers that a queue can have.
    ///
    /// # Errors
    /// [`TransportError::NoQueue`], or another [`TransportError`].
    pub fn queue_size<M: Machine<Area = A>>(
        &mut self,
        machine: &mut M,
        others: &mut impl WakeSink,
        queue: u16,
    ) -> Result<u16, TransportError> {
        let asked = QueueConfiguration { index: queue.into(), ..QueueConfiguration::default() };
        self.program.begin();
        let range = self.program.exchange(command::READ_QUEUE_CONFIGURATION, asked.as_bytes())?;
        self.run(machine, others)?;
        match self.copy_of::<QueueConfiguration>(range).max_queue_size.get() {
            0 => Err(TransportError::NoQueue { queue }),
            size => Ok(size),
        }
    }

    /// Tells the device where a queue is, and where it is to put its indicators. All of it must stay in
    /// place until the device is reset.
    ///
    /// # Errors
    /// [`TransportError`].
    pub fn set_queue<M: Machine<Area = A>>(
        &mut self,
        machine: &mut M,
        others: &mut impl WakeSink,
        queue: &QueueInformation,
        indicators: Indicators,
    ) -> Result<(), TransportError> {
        let program = &mut self.program;
        program.begin();
        program.send(command::SET_QUEUE, queue.as_bytes())?;
        let address = |address: AbsoluteAddress| U64::new(address.0);
        program.send(command::SET_INDICATORS, address(indicators.queues).as_bytes())?;
        program.send(
            command::SET_CONFIGURATION_INDICATORS,
            address(indicators.configuration).as_bytes(),
        )?;
        self.run(machine, others)?;
        Ok(())
    }

    /// Tells the device that it is driven from now on.
    ///
    /// # Errors
    /// [`TransportError`].
    pub fn drive<M: Machine<Area = A>>(
        &mut self,
        machine: &mut M,
        others: &mut impl WakeSink,
    ) -> Result<(), TransportError> {
        self.program.begin();
        self.add_status(DeviceStatus::DRIVER_OK)?;
        let read_back = self.add_read_back()?;
        self.run(machine, others)?;
        self.check_read_back(read_back)
    }

    /// Tells the device that the driver has given up on it. What comes of that is of no interest.
    pub fn give_up<M: Machine<Area = A>>(&mut self, machine: &mut M, others: &mut impl WakeSink) {
        self.program.begin();
        if self.add_status(DeviceStatus::FAILED).is_ok() {
            let _ = self.run(machine, others);
        }
    }
}
