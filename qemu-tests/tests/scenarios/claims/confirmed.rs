//! Whether both are complete is determined; only then is the first confirmed, and until then its confirmation is
//! prevented (claims 16 and 34), by intercepting the status (17 and 35) at a status pointer that is made to point
//! to the post-status detour (18 and 36).

use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use libtest_mimic::Trial;
use qemu_tests::faults::{Chain, HeldWrite};
use qemu_tests::{Attachment, DeviceAddress, Disk, Running};

use super::{Done, LIMIT, Slots, machine, next_of_request, record};
use crate::kernel::Kernel;
use crate::request_path::{Places, check_mirrored, created};
use crate::support::{KIB, MIB, expect_image, judge};

/// How long a write is held: some hundred times as long as the job takes otherwise.
const HELD: Duration = Duration::from_secs(4);

pub(crate) fn trials(kernel: &Kernel) -> Vec<Trial> {
    vec![
        kernel.trial("claims::confirmed::not_while_the_second_has_not_ended", |kernel| {
            held(kernel, Held::Second)
        }),
        kernel.trial("claims::confirmed::not_while_the_first_has_not_ended", |kernel| {
            held(kernel, Held::First)
        }),
        kernel.trial("claims::confirmed::the_status_is_intercepted", intercepted),
        kernel.trial("claims::confirmed::at_the_status_pointer", at_the_pointer),
    ]
}

#[derive(Clone, Copy)]
enum Held {
    First,
    Second,
}

/// Four writes are asked for, and one leg keeps the first of them for seconds. Of the other three the process hears;
/// of this one it does not, though the other leg had it on its disk all the while, until it is let go.
fn held(kernel: &Kernel, which: Held) -> Result<()> {
    const LENGTH: u64 = 16 * KIB;
    let legs = [Disk::blank(LENGTH)?, Disk::blank(LENGTH)?];
    let (number, waits, other) = match which {
        Held::First => (1u16, "decision=wait-for-first", &legs[1]),
        Held::Second => (2, "decision=hold", &legs[0]),
    };
    let mut machine = kernel
        .machine("trace=on mirror=0001:0002 run=bench to=0001 op=write bs=4K depth=4 count=4")
        .time_limit(LIMIT)
        .held_at_start();
    for (device, disk) in (1u16..).zip(&legs) {
        let chain = Chain::file(&format!("f{device}"), disk.path()).holdable(&format!("b{device}"));
        // Writes that QEMU merges would be held together.
        let attachment = Attachment::node(DeviceAddress::new(device), chain.top());
        machine = machine.attach(attachment.property("request-merging", "off")).chain(chain);
    }
    let running = machine.start()?;
    let held = HeldWrite::arm(running.qmp()?, DeviceAddress::new(number), "w1")?;
    running.begin()?;
    let mut reader = running.console().reader();
    for _ in 0..3 {
        reader.wait_for(" POST request=", LIMIT)?;
    }
    running.wait_for(waits, LIMIT)?;
    thread::sleep(HELD);
    // Not before: QEMU stops the processor while it waits.
    held.wait()?;
    expect_posts(&running, 3)?;
    let block = usize::try_from(4 * KIB)?;
    anyhow::ensure!(other.read_at(0, block)? != vec![0; block], "the other leg does not have it");
    held.release()?;
    let done = Done::of(running.finish()?)?;
    done.expect_all_mirrored(4)?;
    let microseconds = u128::from(done.verdict.microseconds);
    judge!(done.outcome, microseconds >= HELD.as_micros(), "it was not held: {microseconds}");
    check_mirrored(&done.trace).with_context(|| done.outcome.report("a wrong order"))?;
    expect_image(&done.outcome, &legs[1], &legs[0])
}

fn expect_posts(running: &Running, count: usize) -> Result<()> {
    let lines = running.console().lines();
    let posts = lines.iter().filter(|line| line.contains(" POST request=")).count();
    let ended = lines.iter().any(|line| line.starts_with("RESULT"));
    anyhow::ensure!(
        posts == count && !ended,
        "{posts} writes were posted, of {count}:\n{}\n{}",
        running.command(),
        running.console().tail()
    );
    Ok(())
}

/// Whatever ends, on either device, the detour gets its status first; a post comes only from its decision, and the
/// decision to confirm only when there is a status of both.
fn intercepted(kernel: &Kernel) -> Result<()> {
    const WRITES: usize = 100;
    let legs = [Disk::blank(MIB)?, Disk::blank(MIB)?];
    let job = format!("run=bench to=0001 op=randwrite bs=4K depth=12 count={WRITES}");
    let done = Done::of(machine(kernel, &job, &legs, [Slots::Many; 2]).run()?)?;
    let (outcome, trace) = (&done.outcome, &done.trace);
    done.expect_all_mirrored(WRITES)?;
    for (place, one) in trace.records.iter().enumerate() {
        if one.what == "VIRTQUEUE used" {
            let next = next_of_request(trace, place)?;
            judge!(outcome, next.what == "POST-STATUS", "{} goes on to {}", one.line, next.line);
        }
    }
    let places = Places::of(trace);
    for one in created(trace)? {
        let status = [one.first, one.second].map(|id| places.first(id, "POST-STATUS"));
        let [Ok(first), Ok(second)] = status else {
            anyhow::bail!("{}", outcome.report("a status was not intercepted"));
        };
        let (earlier, later) = (first.min(second), first.max(second));
        let decisions = [record(trace, earlier)?, record(trace, later)?];
        let wanted = if first < second { "hold" } else { "wait-for-first" };
        judge!(outcome, decisions[0].has("decision", wanted), "{}", decisions[0].line);
        let confirms =
            decisions[1].has("decision", "confirm") && decisions[1].has("first", one.first);
        judge!(outcome, confirms, "{}", decisions[1].line);
        let post = record(trace, later + 1)?;
        let posted = post.what == "POST" && post.has("request", one.first);
        judge!(outcome, posted, "after the confirmation comes {}", post.line);
    }
    expect_image(outcome, &legs[1], &legs[0])
}

/// The status pointer pointed to the post and points to the detour from before the first request on.
fn at_the_pointer(kernel: &Kernel) -> Result<()> {
    super::expect_turned(kernel, "post-status", "post", "post-status-detour", "POST-STATUS")
}
