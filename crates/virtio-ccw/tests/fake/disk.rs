//! The disk as its channel commands see it: revision, status, features, configuration, queue.

use super::area::Memory;
use super::ring::{DeviceQueue, Misbehaviour, Request};
use channel_io::{Ccw1, SubchannelStatus};
use std::collections::BTreeMap;
use virtio_ccw::spec::channel::{
    FeatureDescriptor, QueueConfiguration, QueueInformation, RevisionInformation, command,
};
use virtio_ccw::spec::{DeviceStatus, Features};
use zerocopy::{FromBytes, IntoBytes};

/// What came of a channel command.
pub(crate) enum Reply {
    /// It is done, with so many bytes transferred.
    Done { transferred: u16 },
    /// Unit check, with this subchannel status.
    Check(SubchannelStatus),
    /// It never ends.
    Silence,
}

/// The disk.
pub(crate) struct Disk {
    pub(crate) identification: [u8; 7],
    pub(crate) max_revision: u16,
    pub(crate) offered: Features,
    pub(crate) configuration: Vec<u8>,
    pub(crate) max_queue_size: u16,
    pub(crate) content: Vec<u8>,
    /// Commands that are refused.
    pub(crate) reject: Vec<u8>,
    /// Commands that never end.
    pub(crate) silent: Vec<u8>,
    /// FEATURES_OK is not taken: the write is rejected.
    pub(crate) refuse_features: bool,
    /// FEATURES_OK is not taken: the write is ignored.
    pub(crate) forget_features: bool,
    /// The configuration is another one each time.
    pub(crate) restless: bool,
    /// Requests are not served when they come, but only by `Machine::serve`.
    pub(crate) hold: bool,
    /// Notifications are not asked for.
    pub(crate) polls: bool,
    /// What the next requests end with, by sector; all others end well.
    pub(crate) bad_sectors: BTreeMap<u64, u8>,
    pub(crate) misbehaviour: Option<Misbehaviour>,
    /// Everything that was done, in order.
    pub(crate) commands: Vec<&'static str>,
    pub(crate) requests: Vec<Request>,

    pub(crate) revision: Option<u16>,
    pub(crate) status: DeviceStatus,
    pub(crate) accepted: Features,
    pub(crate) queue: Option<DeviceQueue>,
    pub(crate) indicators: Option<u64>,
    pub(crate) configuration_indicators: Option<u64>,
    sense: u8,
}

const ALL: Features = Features::BLOCK_SEGMENTS_MAX
    .union(Features::BLOCK_BLOCK_SIZE)
    .union(Features::BLOCK_FLUSH)
    .union(Features::BLOCK_TOPOLOGY)
    .union(Features::BLOCK_CONFIGURE_CACHE)
    .union(Features::BLOCK_MULTIPLE_QUEUES)
    .union(Features::BLOCK_DISCARD)
    .union(Features::BLOCK_WRITE_ZEROES)
    .union(Features::INDIRECT_DESCRIPTORS)
    .union(Features::EVENT_INDEX)
    .union(Features::VERSION_1);

impl Disk {
    /// A disk such as QEMU's, of this many sectors.
    pub(crate) fn new(sectors: u64) -> Self {
        let mut disk = Self {
            identification: [0xff, 0x38, 0x32, 0x02, 0, 0, 0],
            max_revision: 2,
            offered: ALL | Features::from_bits_retain(1 << 24 | 1 << 27),
            configuration: vec![0; 60],
            max_queue_size: 256,
            content: vec![0; usize::try_from(sectors * 512).unwrap()],
            reject: vec![],
            silent: vec![],
            refuse_features: false,
            forget_features: false,
            restless: false,
            hold: false,
            polls: false,
            bad_sectors: BTreeMap::new(),
            misbehaviour: None,
            commands: vec![],
            requests: vec![],
            revision: None,
            status: DeviceStatus::empty(),
            accepted: Features::empty(),
            queue: None,
            indicators: None,
            configuration_indicators: None,
            sense: 0,
        };
        disk.configuration[..8].copy_from_slice(&sectors.to_le_bytes());
        disk.set(12, 254);
        disk.set(20, 512);
        disk.set(36, 0x003f_ffff);
        disk.set(40, 1);
        disk.set(44, 1);
        disk.set(48, 0x003f_ffff);
        disk.set(52, 1);
        disk
    }

    /// Sets a 32-bit field of the configuration.
    pub(crate) fn set(&mut self, offset: usize, value: u32) {
        self.configuration[offset..offset + 4].copy_from_slice(&value.to_le_bytes());
    }

    pub(crate) fn field(&self, offset: usize) -> u32 {
        u32::from_le_bytes(self.configuration[offset..offset + 4].try_into().unwrap())
    }

    pub(crate) fn block_bytes(&self) -> usize {
        if self.accepted.contains(Features::BLOCK_BLOCK_SIZE) {
            usize::try_from(self.field(20)).unwrap()
        } else {
            512
        }
    }

    /// Carries out one channel command.
    pub(crate) fn command(&mut self, memory: &Memory, ccw: &Ccw1) -> Reply {
        let code = ccw.command().0;
        let count = usize::from(ccw.count());
        let mut data = vec![0; count];
        if count > 0 {
            memory.access(ccw.address().into(), count, |bytes| data.copy_from_slice(bytes));
        }
        if self.silent.contains(&code) {
            return Reply::Silence;
        }
        if self.reject.contains(&code) {
            return self.refuse();
        }
        let reply = match code {
            0x04 => {
                let mut bytes = vec![0; 32];
                bytes[0] = std::mem::take(&mut self.sense);
                Some(bytes)
            }
            0xe4 => Some(self.identification.to_vec()),
            _ => match self.virtio(code, &data) {
                Some(reply) => reply,
                None => return self.refuse(),
            },
        };
        match reply {
            None => Reply::Done { transferred: ccw.count() },
            Some(reply) => {
                let length = reply.len().min(count);
                memory.access(ccw.address().into(), length, |bytes| {
                    bytes.copy_from_slice(&reply[..length]);
                });
                Reply::Done { transferred: length.try_into().unwrap() }
            }
        }
    }

    fn refuse(&mut self) -> Reply {
        self.sense = 0x80;
        Reply::Check(SubchannelStatus::empty())
    }

    /// A virtio command: `None` when it is refused, else the bytes to be stored, if any.
    #[expect(clippy::option_option, reason = "refused, or done with or without bytes to store")]
    fn virtio(&mut self, code: u8, data: &[u8]) -> Option<Option<Vec<u8>>> {
        let set_revision = command::SET_REVISION.code.0;
        assert!(
            self.revision.is_some() || code == set_revision,
            "a virtio command ({code:#x}) before the revision is set"
        );
        if code == set_revision {
            self.commands.push(command::SET_REVISION.name);
            return self.set_revision(data).then_some(None);
        }
        let (name, reply) = self.set_up_command(code, data)?;
        self.commands.push(name);
        Some(reply)
    }

    fn set_revision(&mut self, data: &[u8]) -> bool {
        let wanted = RevisionInformation::read_from_bytes(data).unwrap();
        assert_eq!(wanted.length.get(), 0);
        let revision = wanted.revision.get();
        let good = self.revision.is_none() && revision <= self.max_revision && revision > 0;
        if good {
            self.revision = Some(revision);
        }
        good
    }

    fn set_up_command(&mut self, code: u8, data: &[u8]) -> Option<(&'static str, Option<Vec<u8>>)> {
        Some(match code {
            0x33 => {
                assert!(data.is_empty());
                self.reset();
                (command::RESET.name, None)
            }
            0x12 => {
                let asked = FeatureDescriptor::read_from_bytes(data).unwrap();
                let features = self.offered.bits() >> (32 * u32::from(asked.index)) & 0xffff_ffff;
                let features = u32::try_from(features).unwrap();
                (command::READ_FEATURES.name, Some(features.to_le_bytes().to_vec()))
                    .map_transfer(5, data)
            }
            0x11 => {
                let written = FeatureDescriptor::read_from_bytes(data).unwrap();
                assert!(!self.status.contains(DeviceStatus::FEATURES_OK));
                let bits = u64::from(written.features.get()) << (32 * u32::from(written.index));
                self.accepted |= Features::from_bits_retain(bits);
                (command::WRITE_FEATURES.name, None)
            }
            0x31 => return self.write_status(data).then_some((command::WRITE_STATUS.name, None)),
            0x72 => {
                assert_eq!(self.revision, Some(2), "the status cannot be read in revision 1");
                assert_eq!(data.len(), 1);
                (command::READ_STATUS.name, Some(vec![self.status.bits()]))
            }
            0x22 => {
                assert!(self.status.contains(DeviceStatus::FEATURES_OK));
                if self.restless {
                    self.configuration[0] = self.configuration[0].wrapping_add(1);
                }
                (command::READ_CONFIGURATION.name, Some(self.configuration.clone()))
            }
            0x32 => {
                let mut asked = QueueConfiguration::read_from_bytes(data).unwrap();
                asked.max_queue_size =
                    if asked.index.get() == 0 { self.max_queue_size } else { 0 }.into();
                let reply = asked.as_bytes().to_vec();
                (command::READ_QUEUE_CONFIGURATION.name, Some(reply))
            }
            0x13 => {
                self.set_queue(&QueueInformation::read_from_bytes(data).unwrap());
                (command::SET_QUEUE.name, None)
            }
            0x43 => {
                self.indicators = Some(Self::address(data));
                (command::SET_INDICATORS.name, None)
            }
            0x53 => {
                self.configuration_indicators = Some(Self::address(data));
                (command::SET_CONFIGURATION_INDICATORS.name, None)
            }
            _ => return None,
        })
    }

    fn address(data: &[u8]) -> u64 {
        let address = u64::from_be_bytes(data.try_into().unwrap());
        assert_eq!(address % 8, 0);
        address
    }

    fn reset(&mut self) {
        self.status = DeviceStatus::empty();
        self.accepted = Features::empty();
        self.queue = None;
        self.indicators = None;
        self.configuration_indicators = None;
    }

    fn write_status(&mut self, data: &[u8]) -> bool {
        let [byte] = data else { panic!("status of {} bytes", data.len()) };
        let status = DeviceStatus::from_bits_retain(*byte);
        assert!(status.contains(self.status), "a bit of the status was turned off");
        let new = status - self.status;
        assert_eq!(new.bits().count_ones(), 1, "more than one step at once");
        if new == DeviceStatus::FEATURES_OK {
            assert!(self.status == DeviceStatus::ACKNOWLEDGE | DeviceStatus::DRIVER);
            assert!(self.offered.contains(self.accepted), "features that were not offered");
            assert!(self.accepted.contains(Features::VERSION_1));
            if self.refuse_features {
                return false;
            }
            if self.forget_features {
                return true;
            }
        }
        if new == DeviceStatus::DRIVER_OK {
            assert!(self.status.contains(DeviceStatus::FEATURES_OK));
            assert!(self.queue.is_some() && self.indicators.is_some());
        }
        self.status = status;
        true
    }

    fn set_queue(&mut self, information: &QueueInformation) {
        assert!(self.status.contains(DeviceStatus::FEATURES_OK));
        assert!(!self.status.contains(DeviceStatus::DRIVER_OK));
        assert_eq!(information.index.get(), 0);
        assert_eq!(information.reserved.get(), 0);
        assert!(information.size.get() <= self.max_queue_size);
        self.queue = Some(DeviceQueue::new(information));
    }
}

/// A command that reads an operand and stores a shorter answer has transferred all of its operand.
trait MapTransfer {
    fn map_transfer(self, length: usize, data: &[u8]) -> Self;
}

impl MapTransfer for (&'static str, Option<Vec<u8>>) {
    fn map_transfer(self, length: usize, data: &[u8]) -> Self {
        assert_eq!(data.len(), length);
        let mut whole = data.to_vec();
        let reply = self.1.unwrap();
        whole[..reply.len()].copy_from_slice(&reply);
        (self.0, Some(whole))
    }
}
