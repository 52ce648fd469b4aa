//! Measurements: every operation, by count and by time, on a pair and on a single disk. What is judged is that
//! the figures can be true, and what became of the disks.

use anyhow::{Context, Result};
use libtest_mimic::Trial;
use qemu_tests::{Disk, Outcome, Verdict};

use crate::kernel::Kernel;
use crate::support::{MIB, Unchanged, at, expect_duplex, expect_image, judge};

const BYTES: u64 = 4 * MIB;

const OPERATIONS: [&str; 4] = ["write", "read", "randwrite", "randread"];

pub(crate) fn trials(kernel: &Kernel) -> Vec<Trial> {
    let mut trials = Vec::new();
    for operation in OPERATIONS {
        for (size, depth) in [(512, 1), (4096, 32), (65536, 8), (262_144, 4)] {
            let name = format!("bench::{operation}::{size}_bytes_depth_{depth}");
            trials.push(kernel.trial(name, move |kernel| counted(kernel, operation, size, depth)));
        }
        let name = format!("bench::{operation}::one_second");
        trials.push(kernel.trial(name, move |kernel| timed(kernel, operation)));
    }
    trials.push(kernel.trial("bench::write::single_disk", single_disk));
    trials.push(kernel.trial("bench::randwrite::seeds", seeds));
    trials.push(kernel.trial("bench::randwrite::one_block_disk", one_block_disk));
    trials
}

fn writes(operation: &str) -> bool {
    operation.ends_with("write")
}

/// The figures of a measurement must fit each other.
fn expect_figures(outcome: &Outcome, verdict: &Verdict, size: u64) -> Result<()> {
    let requests = verdict.reads + verdict.writes;
    judge!(outcome, verdict.job == "bench", "the job is called {}", verdict.job);
    judge!(outcome, verdict.bytes == requests * size, "{} bytes", verdict.bytes);
    let iops = verdict.iops.with_context(|| outcome.report("no iops"))?;
    let seconds = std::time::Duration::from_micros(verdict.microseconds).as_secs_f64();
    let expected = std::time::Duration::from_secs(requests).as_secs_f64() / seconds;
    judge!(outcome, (iops - expected).abs() <= expected / 50.0 + 1.0, "iops is not {expected}");
    let latency = verdict.latency_us.with_context(|| outcome.report("no latency_us"))?;
    judge!(
        outcome,
        0.0 < latency.p50 && latency.p50 <= latency.p99 && latency.p50 <= latency.max,
        "{latency:?}"
    );
    judge!(outcome, latency.max <= seconds * 1e6 + 1.0, "the longest took longer than all");
    Ok(())
}

fn counted(kernel: &Kernel, operation: &'static str, size: u64, depth: u32) -> Result<()> {
    const COUNT: u64 = 100;
    let disks = [Disk::seeded(BYTES, 1)?, Disk::seeded(BYTES, 1)?];
    let unchanged = Unchanged::note(&disks)?;
    let outcome = kernel
        .machine(&format!(
            "mirror=0001:0002 run=bench to=0001 op={operation} bs={size} depth={depth} count={COUNT}"
        ))
        .attach(at(1, &disks[0]))
        .attach(at(2, &disks[1]))
        .run()?;
    let verdict = outcome.expect_ok()?;
    expect_figures(&outcome, &verdict, size)?;
    expect_duplex(&outcome, &verdict, "0.0.0001")?;
    let counts = (verdict.reads, verdict.writes, verdict.mirrored_writes);
    if writes(operation) {
        judge!(outcome, counts == (0, COUNT, COUNT), "reads, writes, mirrored: {counts:?}");
        judge!(outcome, unchanged.check(&outcome).is_err(), "nothing was written");
        expect_image(&outcome, &disks[1], &disks[0])
    } else {
        judge!(outcome, counts == (COUNT, 0, 0), "reads, writes, mirrored: {counts:?}");
        unchanged.check(&outcome)
    }
}

fn timed(kernel: &Kernel, operation: &'static str) -> Result<()> {
    let disks = [Disk::seeded(BYTES, 1)?, Disk::seeded(BYTES, 1)?];
    let unchanged = Unchanged::note(&disks)?;
    let outcome = kernel
        .machine(&format!("mirror=0001:0002 run=bench to=0001 op={operation} seconds=1"))
        .attach(at(1, &disks[0]))
        .attach(at(2, &disks[1]))
        .run()?;
    let verdict = outcome.expect_ok()?;
    expect_figures(&outcome, &verdict, 4096)?;
    let range = 900_000..3_000_000;
    judge!(outcome, range.contains(&verdict.microseconds), "{} us", verdict.microseconds);
    judge!(outcome, verdict.reads + verdict.writes > 100, "too few requests in a second");
    if writes(operation) {
        expect_image(&outcome, &disks[1], &disks[0])
    } else {
        unchanged.check(&outcome)
    }
}

/// Writing goes from the start on, one block behind the other, and no further than asked.
fn single_disk(kernel: &Kernel) -> Result<()> {
    let disk = Disk::blank(BYTES)?;
    let outcome =
        kernel.machine("run=bench to=0001 op=write bs=4K count=10").attach(at(1, &disk)).run()?;
    let verdict = outcome.expect_ok()?;
    expect_figures(&outcome, &verdict, 4096)?;
    judge!(outcome, verdict.pairs.is_empty() && verdict.mirrored_writes == 0, "a mirror");
    for block in 0..10 {
        let content = disk.read_at(block * 4096, 4096)?;
        judge!(outcome, content.iter().any(|byte| *byte != 0), "block {block} was not written");
    }
    disk.expect_zero_from(10 * 4096)
}

/// The same seed writes the same places, another seed others.
fn seeds(kernel: &Kernel) -> Result<()> {
    let mut images = Vec::new();
    for seed in [7, 7, 8] {
        let disk = Disk::blank(BYTES)?;
        let parameters = format!("run=bench to=0001 op=randwrite depth=1 count=50 seed={seed}");
        kernel.machine(&parameters).attach(at(1, &disk)).run()?.expect_ok()?;
        let content = disk.read()?;
        let written: Vec<bool> =
            content.chunks(4096).map(|block| block.iter().any(|byte| *byte != 0)).collect();
        images.push(written);
    }
    anyhow::ensure!(images.first() == images.get(1), "the same seed, other places");
    anyhow::ensure!(images.first() != images.get(2), "another seed, the same places");
    Ok(())
}

/// All writes are to the same block: each overlaps all others, and the legs must still agree.
fn one_block_disk(kernel: &Kernel) -> Result<()> {
    let disks = [Disk::blank(4096)?, Disk::blank(4096)?];
    let outcome = kernel
        .machine("mirror=0001:0002 run=bench to=0001 op=randwrite depth=16 count=200")
        .attach(at(1, &disks[0]))
        .attach(at(2, &disks[1]))
        .run()?;
    let verdict = outcome.expect_ok()?;
    judge!(outcome, verdict.mirrored_writes == 200, "not every write was mirrored");
    expect_image(&outcome, &disks[1], &disks[0])
}
