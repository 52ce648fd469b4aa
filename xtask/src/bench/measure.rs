//! Taking the measurements.

use std::io::{self, IsTerminal};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use qemu_tests::verdict::Latency;
use qemu_tests::{Attachment, DeviceAddress, Disk, Machine};

/// The size of the disks.
const DISK_BYTES: u64 = 64 << 20;

/// What a run may take beyond the time in which it measures.
const OVERHEAD_LIMIT: Duration = Duration::from_secs(60);

/// What is done to a disk.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Workload {
    /// What the table calls it.
    pub(super) name: &'static str,
    /// The kernel's parameters for it.
    parameters: &'static str,
}

/// Everything that is measured.
pub(super) const WORKLOADS: [Workload; 3] = [
    Workload { name: "random 4 KiB, depth 1", parameters: "op=randwrite bs=4096 depth=1" },
    Workload { name: "random 4 KiB, depth 32", parameters: "op=randwrite bs=4096 depth=32" },
    Workload { name: "sequential 256 KiB, depth 4", parameters: "op=write bs=262144 depth=4" },
];

/// With or without a second disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// One disk, no detour installed.
    Unmirrored,
    /// A pair.
    Mirrored,
}

/// How much is measured.
#[derive(Debug)]
pub(super) struct Plan {
    /// Runs of each workload in each mode.
    pub(super) rounds: usize,
    /// Seconds of each run.
    pub(super) seconds: u64,
}

impl Plan {
    pub(super) const FULL: Self = Self { rounds: 5, seconds: 3 };
    pub(super) const QUICK: Self = Self { rounds: 3, seconds: 1 };

    fn runs(&self) -> usize {
        self.rounds * WORKLOADS.len() * 2
    }
}

/// One run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Sample {
    pub(super) requests_a_second: f64,
    pub(super) latency: Latency,
}

/// All runs.
pub(super) struct Samples {
    taken: Vec<(&'static Workload, Mode, Sample)>,
}

impl Samples {
    /// The runs of one workload in one mode.
    pub(super) fn of(&self, workload: &Workload, mode: Mode) -> Vec<Sample> {
        let taken = self.taken.iter();
        let wanted = taken.filter(|(one, other, _)| **one == *workload && *other == mode);
        wanted.map(|(_, _, sample)| *sample).collect()
    }
}

/// Takes all measurements, by turns, so that a slow moment of the host falls on all alike.
pub(super) fn all(kernel: &Path, plan: &Plan) -> Result<Samples> {
    let disks = [Disk::blank(DISK_BYTES)?, Disk::blank(DISK_BYTES)?];
    let bar = ProgressBar::new(plan.runs() as u64);
    bar.set_style(ProgressStyle::with_template("  {msg:44} [{bar:24}] {pos} of {len}")?);
    if !io::stderr().is_terminal() {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    let mut taken = Vec::new();
    for _ in 0..plan.rounds {
        for workload in &WORKLOADS {
            for mode in [Mode::Unmirrored, Mode::Mirrored] {
                bar.set_message(format!("{}, {mode:?}", workload.name));
                taken.push((workload, mode, one(kernel, workload, mode, plan.seconds, &disks)?));
                bar.inc(1);
            }
        }
    }
    bar.finish_and_clear();
    Ok(Samples { taken })
}

fn one(
    kernel: &Path,
    workload: &Workload,
    mode: Mode,
    seconds: u64,
    disks: &[Disk; 2],
) -> Result<Sample> {
    let mirror = match mode {
        Mode::Unmirrored => "",
        Mode::Mirrored => "mirror=0001:0002 ",
    };
    let [primary, secondary] = disks;
    let parameters = workload.parameters;
    let outcome = Machine::new(kernel)
        .parameters(format!("{mirror}run=bench to=0001 {parameters} seconds={seconds}"))
        .time_limit(OVERHEAD_LIMIT + Duration::from_secs(seconds))
        .attach(Attachment::disk(DeviceAddress::new(1), primary))
        .attach(Attachment::disk(DeviceAddress::new(2), secondary))
        .run()?;
    let verdict = outcome.expect_ok()?;
    let missing = |what| outcome.report(&format!("the RESULT has no {what}"));
    Ok(Sample {
        requests_a_second: verdict.iops.with_context(|| missing("iops"))?,
        latency: verdict.latency_us.with_context(|| missing("latency_us"))?,
    })
}
