//! What writes to the pair while all else happens.

use anyhow::{Context, Result};
use oorandom::Rand64;
use qemu_tests::log_writes::{Discarded, Log, LogBuilder};
use qemu_tests::{Attachment, DeviceAddress, Disk, Machine, Operator};

/// Where the log is that a replay reads.
const LOG: DeviceAddress = DeviceAddress::new(3);

/// Writes in a log.
const WRITES: u64 = 4000;

/// What writes.
#[derive(Debug)]
pub(super) enum Workload {
    /// Measurements at random places; what they write is known to nobody, but both disks must have it.
    Bench {
        /// The commands that start them.
        commands: Vec<String>,
    },
    /// The replay of a log, again and again: the pair must hold what the log says in the end.
    Replay {
        /// The log's disk.
        log: Disk,
        /// What the pair must hold.
        expected: Disk,
    },
}

impl Workload {
    /// Any workload for disks that hold what `image` does.
    pub(super) fn any(random: &mut Rand64, image: &Disk) -> Result<Self> {
        if random.rand_range(0..5) < 2 {
            return Self::replay(random, image);
        }
        let count = random.rand_range(1..4);
        let commands = (0..count).map(|_| {
            let depth = 1 << random.rand_range(0..6);
            let kibibytes = 4 << random.rand_range(0..4);
            let operation = if random.rand_range(0..4) == 0 { "write" } else { "randwrite" };
            let seed = random.rand_range(0..1000);
            format!("start bench to=0001 op={operation} bs={kibibytes}K depth={depth} seconds=600 seed={seed}")
        });
        Ok(Self::Bench { commands: commands.collect() })
    }

    fn replay(random: &mut Rand64, image: &Disk) -> Result<Self> {
        let sectors = image.length_bytes()? / 512;
        let mut builder = LogBuilder::new();
        for number in 0..WRITES {
            let length = random.rand_range(1..33);
            let first = random.rand_range(0..sectors - length);
            let bytes = usize::try_from(length * 512)?;
            let byte = random.rand_range(0..256);
            let mut data = vec![u8::try_from(byte)?; bytes];
            // No two writes are alike.
            data.iter_mut().zip(number.to_le_bytes()).for_each(|(to, from)| *to = from);
            builder = builder.write(first, &data);
            if number % 50 == 49 {
                builder = builder.flush();
            }
        }
        let bytes = builder.build();
        let mut expected = image.read()?;
        let log = Log::parse(&bytes).context("a log of our own")?;
        log.replay(&mut expected, Discarded::BecomesZero).context("a log of our own")?;
        Ok(Self::Replay { log: Disk::from_bytes(&bytes)?, expected: Disk::from_bytes(&expected)? })
    }

    /// For the tally.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Bench { .. } => "rounds with measurements",
            Self::Replay { .. } => "rounds with replays",
        }
    }

    /// Gives the machine what it needs.
    pub(super) fn attach_to(&self, machine: Machine) -> Machine {
        match self {
            Self::Bench { .. } => machine,
            Self::Replay { log, .. } => machine.attach(Attachment::disk(LOG, log)),
        }
    }

    /// Starts.
    pub(super) fn start(&self, operator: &mut Operator) -> Result<()> {
        match self {
            Self::Bench { commands } => {
                for command in commands {
                    operator.ask(command, "CCW021I")?;
                }
            }
            Self::Replay { .. } => drop(operator.ask("start replay from=0003 to=0001", "CCW021I")?),
        }
        Ok(())
    }

    /// Ends; a replay with its last write.
    pub(super) fn end(&self, operator: &mut Operator) -> Result<()> {
        match self {
            Self::Bench { commands } => {
                for number in 1..=commands.len() {
                    operator.ask(&format!("stop {number}"), "CCW029W")?;
                }
            }
            // It may be over already.
            Self::Replay { .. } => {
                while !operator.ask("display jobs", "CCW016I")?.contains(" 0 jobs") {
                    std::thread::sleep(std::time::Duration::from_millis(100));
                }
            }
        }
        Ok(())
    }

    /// What the disks must hold, if that is known.
    pub(super) const fn expected(&self) -> Option<&Disk> {
        match self {
            Self::Bench { .. } => None,
            Self::Replay { expected, .. } => Some(expected),
        }
    }
}
