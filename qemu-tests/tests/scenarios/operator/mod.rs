//! The operator's console, while writes run: pairs made, suspended, resumed, swapped and removed; disks that go and come
//! back; scrubs. Judged by the disks: whenever a pair says duplex and nothing is under way, its legs are equal.

mod changes;
mod failing;
mod pairs;
mod returns;
mod scrub;
mod typing;

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use libtest_mimic::Trial;
use qemu_tests::{Attachment, DeviceAddress, Disk, Machine, Operator, Outcome, Verdict};

use crate::kernel::Kernel;
use crate::support::{MIB, at, expect_duplex, judge};

/// These scenarios take a few seconds.
const LIMIT: Duration = Duration::from_secs(60);

/// The message with which the console begins.
const READY: &str = "CCW050I";

/// The message of a copy's end, with the number of blocks and their size.
const COPIED: &str = "CCW033I";

/// The name of the job that all of these scenarios start first, in its messages.
const JOB: &str = "job 1";

pub(crate) fn trials(kernel: &Kernel) -> Vec<Trial> {
    let modules = [
        pairs::trials,
        changes::trials,
        failing::trials,
        returns::trials,
        scrub::trials,
        typing::trials,
    ];
    modules.into_iter().flat_map(|trials| trials(kernel)).collect()
}

/// Boots a machine with `run=console` and sits down at it.
pub(crate) fn operator(machine: Machine) -> Result<Operator> {
    Operator::at(machine.with_qmp().time_limit(LIMIT).start()?, READY)
}

/// The legs of a pair at 0001 and 0002.
pub(crate) struct Legs([Disk; 2]);

impl Legs {
    /// Legs that hold the same.
    pub(crate) fn alike(bytes: u64) -> Result<Self> {
        Ok(Self([Disk::seeded(bytes, 1)?, Disk::seeded(bytes, 1)?]))
    }

    /// Legs of zeros.
    pub(crate) fn blank(bytes: u64) -> Result<Self> {
        Ok(Self([Disk::blank(bytes)?, Disk::blank(bytes)?]))
    }

    /// Legs that differ in every block.
    pub(crate) fn unlike(bytes: u64) -> Result<Self> {
        Ok(Self([Disk::seeded(bytes, 1)?, Disk::seeded(bytes, 2)?]))
    }

    /// A machine with the legs, plain. More of a parameter line follows `run=console`.
    pub(crate) fn machine(&self, kernel: &Kernel, more: &str) -> Machine {
        let line = format!("run=console {more}");
        kernel.machine(&line).attach(at(1, &self.0[0])).attach(at(2, &self.0[1]))
    }

    /// The leg at an address, as it is attached when it comes back.
    fn attachment(&self, number: u16) -> Attachment {
        at(number, self.disk(number))
    }

    pub(crate) fn disk(&self, number: u16) -> &Disk {
        if number == 1 { &self.0[0] } else { &self.0[1] }
    }

    /// How many blocks differ.
    fn differing_blocks(&self, block_bytes: u64) -> Result<u64> {
        let legs = [self.0[0].read()?, self.0[1].read()?];
        let block = usize::try_from(block_bytes)?;
        let blocks = legs[0].chunks(block).zip(legs[1].chunks(block));
        Ok(blocks.filter(|(one, other)| one != other).count() as u64)
    }

    /// Ends the console, with a pair that must be duplex, and legs that must be equal byte for byte.
    pub(crate) fn end_duplex(&self, operator: Operator) -> Result<(Outcome, Verdict)> {
        let outcome = operator.end("shutdown")?;
        let verdict = outcome.expect_ok()?;
        expect_duplex(&outcome, &verdict, "0.0.0001")?;
        let difference = self.0[0].first_difference(&self.0[1])?;
        judge!(outcome, difference.is_none(), "duplex, and the legs differ: {difference:?}");
        Ok((outcome, verdict))
    }
}

/// Types a command, and waits until it is said that it was carried out.
pub(crate) fn carry_out(operator: &mut Operator, command: &str) -> Result<()> {
    operator.command(command)?;
    loop {
        let line = operator.expect("CCW05").with_context(|| format!("after {command:?}"))?;
        let first = command.split(' ').next().unwrap_or_default();
        ensure!(
            !line.starts_with("CCW052E") && !line.starts_with("CCW054E"),
            "{command:?}: {line}"
        );
        if line.starts_with("CCW053I") && line.contains(first) {
            return Ok(());
        }
    }
}

/// Types a command by which a pair is copied, waits until it is duplex, and returns how many blocks were copied,
/// and their size.
pub(crate) fn copy(operator: &mut Operator, command: &str) -> Result<(u64, u64)> {
    carry_out(operator, command)?;
    let line = operator.expect(COPIED)?;
    Ok((number_before(&line, " blocks of ")?, number_before(&line, " bytes were copied")?))
}

/// The number before these words in a line.
pub(crate) fn number_before(line: &str, words: &str) -> Result<u64> {
    let number = line.split(words).next().and_then(|before| before.rsplit(' ').next());
    let number = number.filter(|_| line.contains(words)).and_then(|digits| digits.parse().ok());
    number.with_context(|| format!("no number before {words:?} in {line:?}"))
}

/// The number after these words in a line.
fn number_after(line: &str, words: &str) -> Result<u64> {
    let rest = line.split(words).nth(1).unwrap_or_default();
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().with_context(|| format!("no number after {words:?} in {line:?}"))
}

/// Waits until a job that writes has written: until its device has had this many writes of 512 bytes or more.
fn wait_for_writes(operator: &Operator, number: u16, writes: u64) -> Result<()> {
    let id = DeviceAddress::new(number).qemu_id();
    let start = written(operator, &id)?;
    let deadline = std::time::Instant::now() + Duration::from_secs(20);
    while written(operator, &id)? < start + writes {
        ensure!(
            std::time::Instant::now() < deadline,
            "no {writes} writes on {id}: is the job dead?"
        );
        std::thread::sleep(Duration::from_millis(2));
    }
    Ok(())
}

/// How many writes QEMU has done for a device.
fn written(operator: &Operator, id: &str) -> Result<u64> {
    let stats = operator.qmp()?.execute("query-blockstats", serde_json::json!({}))?;
    let mut all = stats.as_array().into_iter().flatten();
    let path = format!("/machine/peripheral/{id}/virtio-backend");
    let ours = all.find(|one| one.get("qdev").and_then(serde_json::Value::as_str) == Some(&path));
    let count = ours.and_then(|one| one.pointer("/stats/wr_operations"));
    count
        .and_then(serde_json::Value::as_u64)
        .with_context(|| format!("no figures of {id}: {stats}"))
}

/// Starts a job that writes at random places until it is stopped.
fn start_writing(operator: &mut Operator) -> Result<()> {
    operator.ask("start bench to=0001 op=randwrite bs=4K depth=8 seconds=50", "CCW021I")?;
    wait_for_writes(operator, 1, 20)
}

/// Stops that job, and waits for its end.
fn stop_writing(operator: &mut Operator) -> Result<()> {
    let line = operator.ask("stop 1", "CCW029W")?;
    ensure!(line.contains(JOB), "another job was stopped: {line}");
    ensure!(
        !operator.has_seen("CCW023E"),
        "the job had an error:\n{}",
        operator.running().console().tail()
    );
    Ok(())
}

/// So much, where a pair is to be copied in no time.
const SMALL: u64 = 2 * MIB;
