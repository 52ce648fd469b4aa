//! The machine of a round: a pair of disks on nodes that can be made to fail, with or without I/O threads, with long or
//! short queues.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use oorandom::Rand64;
use qemu_tests::faults::{Chain, ErrorInjection, Operation, add_device, fail_now, heal_now};
use qemu_tests::faults::{remove_device, set_limit};
use qemu_tests::{Attachment, DeviceAddress, Disk, Machine, Operator};

/// No round takes longer, whatever happens.
const LIMIT: Duration = Duration::from_secs(180);

/// How long QEMU may take to let a device go.
const REMOVAL_LIMIT: Duration = Duration::from_secs(20);

/// A request must end within so many seconds.
pub(super) const DEADLINE_SECONDS: u64 = 2;

/// One of the two disks, by its device number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leg {
    /// 0001.
    One,
    /// 0002.
    Two,
}

impl Leg {
    pub(super) const BOTH: [Self; 2] = [Self::One, Self::Two];

    const fn number(self) -> u16 {
        match self {
            Self::One => 1,
            Self::Two => 2,
        }
    }

    /// The name of something that belongs to this leg.
    fn name(self, what: &str) -> String {
        format!("{what}{}", self.number())
    }

    /// As the kernel names it.
    pub(super) fn address(self) -> DeviceAddress {
        DeviceAddress::new(self.number())
    }
}

/// What is wrong with a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// It was taken away.
    Gone,
    /// Its writes fail.
    Failing,
    /// It does one write a second.
    Stalled,
}

/// A disk of the pair, as it is now.
#[derive(Debug)]
struct Attached {
    attachment: Attachment,
    trouble: Option<Trouble>,
}

/// The disks of a round and what is wrong with them.
#[derive(Debug)]
pub(super) struct Disks {
    images: [Disk; 2],
    attached: [Attached; 2],
    /// Writes a second that a disk lets through when it is well; 0 is no limit.
    rate: u64,
}

/// How a round's machine is made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    /// Bytes of each disk.
    pub(super) bytes: u64,
    /// Writes a second that a disk lets through; 0 is no limit.
    pub(super) rate: u64,
    /// Whether devices have I/O threads: 0 none, 1 one for both, 2 one for each.
    pub(super) iothreads: u64,
    /// Descriptors of the second disk's queue.
    pub(super) queue_size: u16,
}

impl Shape {
    /// Any shape.
    pub(super) fn any(random: &mut Rand64) -> Self {
        const MIB: u64 = 1 << 20;
        let one_of = |random: &mut Rand64, all: &[u64]| {
            let place = usize::try_from(random.rand_range(0..all.len() as u64)).unwrap_or(0);
            all.get(place).copied().unwrap_or_default()
        };
        Self {
            bytes: one_of(random, &[2 * MIB, 4 * MIB, 16 * MIB]),
            rate: one_of(random, &[0, 0, 300, 2000]),
            iothreads: random.rand_range(0..3),
            queue_size: u16::try_from(one_of(random, &[4, 16, 256, 256])).unwrap_or(256),
        }
    }

    fn iothread(self, leg: Leg) -> Option<String> {
        match self.iothreads {
            0 => None,
            1 => Some("shared".to_owned()),
            _ => Some(leg.name("own")),
        }
    }
}

impl Disks {
    /// Two disks that hold the same.
    pub(super) fn new(shape: Shape, seed: u64) -> Result<Self> {
        let attached = Leg::BOTH.map(|leg| {
            let node = Attachment::node(leg.address(), leg.name("slow"));
            let node = node.property("request-merging", "off");
            let node = match shape.iothread(leg) {
                Some(name) => node.iothread(name),
                None => node,
            };
            let attachment = match leg {
                Leg::One => node,
                Leg::Two => node.queue_size(shape.queue_size),
            };
            Attached { attachment, trouble: None }
        });
        let image = Disk::seeded(shape.bytes, seed)?;
        let images = [Disk::copy_of(image.path())?, image];
        Ok(Self { images, attached, rate: shape.rate })
    }

    /// A machine with these disks and an operator's console.
    pub(super) fn machine(&self, kernel: &Path) -> Machine {
        let line = format!("run=console mirror=0001:0002 deadline={DEADLINE_SECONDS}");
        let mut machine = Machine::new(kernel).parameters(line).with_qmp().time_limit(LIMIT);
        for ((leg, disk), attached) in Leg::BOTH.iter().zip(&self.images).zip(&self.attached) {
            let chain = Chain::file(&leg.name("below"), disk.path())
                .switchable(&leg.name("top"))
                .throttle(&leg.name("slow"), &leg.name("group"), self.rate);
            machine = machine.chain(chain).attach(attached.attachment.clone());
        }
        machine
    }

    /// The images.
    pub(super) const fn images(&self) -> &[Disk; 2] {
        &self.images
    }

    fn of(&self, leg: Leg) -> &Attached {
        let [one, two] = &self.attached;
        match leg {
            Leg::One => one,
            Leg::Two => two,
        }
    }

    /// What is wrong with a disk.
    pub(super) fn trouble(&self, leg: Leg) -> Option<Trouble> {
        self.of(leg).trouble
    }

    fn set_trouble(&mut self, leg: Leg, trouble: Option<Trouble>) {
        let [one, two] = &mut self.attached;
        match leg {
            Leg::One => one.trouble = trouble,
            Leg::Two => two.trouble = trouble,
        }
    }

    /// Makes trouble for a disk that has none.
    pub(super) fn hurt(&mut self, operator: &Operator, leg: Leg, trouble: Trouble) -> Result<()> {
        let qmp = operator.qmp()?;
        match trouble {
            Trouble::Gone => drop(remove_device(qmp, leg.address(), REMOVAL_LIMIT)?),
            Trouble::Failing => {
                let every = ErrorInjection::always(Operation::Write);
                fail_now(qmp, &leg.name("top"), &leg.name("below"), &[every])?;
            }
            Trouble::Stalled => set_limit(qmp, &leg.name("group"), 1)?,
        }
        self.set_trouble(leg, Some(trouble));
        Ok(())
    }

    /// Takes a disk's trouble away; whether there was any.
    pub(super) fn heal(&mut self, operator: &mut Operator, leg: Leg) -> Result<bool> {
        let Some(trouble) = self.trouble(leg) else { return Ok(false) };
        let qmp = operator.qmp()?;
        match trouble {
            Trouble::Gone => {
                add_device(qmp, &self.of(leg).attachment)?;
                operator.expect(&format!("device {} has come", leg.address()))?;
            }
            Trouble::Failing => heal_now(qmp, &leg.name("top"), &leg.name("below"))?,
            Trouble::Stalled => set_limit(qmp, &leg.name("group"), self.rate)?,
        }
        self.set_trouble(leg, None);
        Ok(true)
    }

    /// Brings a disk back that was taken away, while the processor stands still and nobody can say that it has come.
    pub(super) fn bring_back_unseen(&mut self, operator: &Operator, leg: Leg) -> Result<()> {
        add_device(operator.qmp()?, &self.of(leg).attachment)?;
        self.set_trouble(leg, None);
        Ok(())
    }

    /// Lets the disks be as fast as they are.
    pub(super) fn hurry(&mut self, operator: &Operator) -> Result<()> {
        self.rate = 0;
        for leg in Leg::BOTH.into_iter().filter(|leg| self.trouble(*leg).is_none()) {
            set_limit(operator.qmp()?, &leg.name("group"), 0)?;
        }
        Ok(())
    }
}
