//! Control is taken from a process that writes; a second request for the same data is created; control goes
//! back and the first request goes to the first device. (Claims 1 and 19.)

use anyhow::{Context, Result};
use libtest_mimic::Trial;
use qemu_tests::Disk;
use qemu_tests::trace::Record;

use super::{Done, Slots, machine, record};
use crate::kernel::Kernel;
use crate::request_path::{Places, check_mirrored, created};
use crate::support::{MIB, at, expect_image, judge};

pub(crate) fn trials(kernel: &Kernel) -> Vec<Trial> {
    vec![
        kernel.trial("claims::second_request::writes_the_same_data", writes_the_same_data),
        kernel.trial("claims::second_request::control_goes_back", control_goes_back),
        kernel.trial("claims::second_request::for_every_kind_of_write", for_every_kind_of_write),
    ]
}

/// What a request asks of its device.
fn asks(record: &Record) -> [Option<&str>; 3] {
    ["op", "sector", "sectors"].map(|key| record.field(key))
}

/// Every write of a copy has one second, for the same sectors, that goes to the second device with what the
/// process wrote: both disks hold the source in the end.
fn writes_the_same_data(kernel: &Kernel) -> Result<()> {
    let source = Disk::seeded(3 * MIB, 11)?;
    let legs = [Disk::seeded(4 * MIB, 12)?, Disk::seeded(4 * MIB, 13)?];
    let job = "run=copy from=0003 to=0001 depth=8";
    let machine = machine(kernel, job, &legs, [Slots::Many; 2]).attach(at(3, &source));
    let done = Done::of(machine.run()?)?;
    let (outcome, trace) = (&done.outcome, &done.trace);
    done.expect_all_mirrored(12)?;
    let places = Places::of(trace);
    for one in created(trace)? {
        let first = record(trace, one.place)?;
        let second = record(trace, places.first(one.second, "FRONT-END")?)?;
        judge!(outcome, asks(first) == asks(second), "{}\n{}", first.line, second.line);
        let started = record(trace, places.first(one.second, "DDTSIO")?)?;
        judge!(outcome, started.has("device", "0.0.0002"), "a second goes to {}", started.line);
        judge!(outcome, places.all(one.second, "VIRTQUEUE used", |_| true).count() == 1, "twice");
    }
    let length = 3 * MIB;
    for leg in &legs {
        let found = leg.first_difference_within(&source, length)?;
        judge!(outcome, found.is_none(), "a disk does not hold the source: {found:?}");
    }
    Ok(())
}

/// The process that asked gets each of its writes done on the first device, and hears of each once; the
/// detour's work lies between its call and the start of its request.
fn control_goes_back(kernel: &Kernel) -> Result<()> {
    let legs = [Disk::blank(MIB)?, Disk::blank(MIB)?];
    let job = "run=bench to=0001 op=randwrite bs=4K depth=6 count=90 seed=5";
    let done = Done::of(machine(kernel, job, &legs, [Slots::Many; 2]).run()?)?;
    let (outcome, trace) = (&done.outcome, &done.trace);
    done.expect_all_mirrored(90)?;
    let checked = check_mirrored(trace).with_context(|| outcome.report("a wrong order"))?;
    judge!(outcome, checked.writes == 90, "{} writes in the trace", checked.writes);
    let places = Places::of(trace);
    for one in created(trace)? {
        let asked = places.first(one.first, "IOSVSSCH")?;
        let built = places.first(one.first, "DDTSIO")?;
        let available = places.first(one.first, "VIRTQUEUE available")?;
        let order = asked < one.place && one.place < built && built < available;
        judge!(outcome, order, "the first request's way is\n{}", trace.following(one.first));
        let device = record(trace, built)?;
        judge!(outcome, device.has("device", "0.0.0001"), "a first goes to {}", device.line);
        places
            .posted(one.first)
            .with_context(|| outcome.report("the process was not told once"))?;
    }
    expect_image(outcome, &legs[1], &legs[0])
}

/// Writes of zeros and flushes change what a disk holds as well: each has its second.
fn for_every_kind_of_write(kernel: &Kernel) -> Result<()> {
    let builder = qemu_tests::log_writes::LogBuilder::new()
        .write(0, &[1; 4096])
        .flush()
        .discard(64, 64)
        .write(512, &[2; 512])
        .flush();
    let log = Disk::from_bytes(&builder.build())?;
    let legs = [Disk::seeded(MIB, 1)?, Disk::seeded(MIB, 1)?];
    let expected = Disk::copy_of(legs[0].path())?;
    expected.write_at(0, &[1; 4096])?;
    expected.write_at(64 * 512, &[0; 64 * 512])?;
    expected.write_at(512 * 512, &[2; 512])?;
    let job = "run=replay from=0003 to=0001";
    let machine = machine(kernel, job, &legs, [Slots::Many; 2]).attach(at(3, &log));
    let done = Done::of(machine.run()?)?;
    let (outcome, trace) = (&done.outcome, &done.trace);
    let mirrored = created(trace)?;
    for (operation, least) in [("write", 2), ("write-zeroes", 1), ("flush", 2)] {
        let found = mirrored.iter().filter(|one| one.operation == operation).count();
        judge!(outcome, found >= least, "{found} seconds for {operation}, of {least}");
    }
    check_mirrored(trace).with_context(|| outcome.report("a wrong order"))?;
    expect_image(outcome, &legs[0], &expected)?;
    expect_image(outcome, &legs[1], &expected)
}
