//! A block that cannot be read on one leg: the other answers, and that is said.

use anyhow::Result;
use libtest_mimic::Trial;
use qemu_tests::faults::{Chain, ErrorInjection, Operation};
use qemu_tests::{Attachment, DeviceAddress, Disk, Outcome};

use crate::kernel::Kernel;
use crate::support::{MIB, Unchanged, at, expect_duplex, expect_image, judge};

pub(crate) fn trials(kernel: &Kernel) -> Vec<Trial> {
    vec![
        kernel.trial("bad_blocks::answered_by_the_secondary", answered),
        kernel.trial("bad_blocks::bad_on_both_legs", on_both),
        kernel.trial("bad_blocks::on_a_disk_in_no_pair", in_no_pair),
    ]
}

/// Reads that touch this sector fail.
const BAD: u64 = 3000;

fn bad(number: u16, disk: &Disk) -> (Attachment, Chain) {
    let injection = ErrorInjection::always(Operation::Read).at_sector(BAD);
    let chain = Chain::file(&format!("below{number}"), disk.path())
        .inject_error(&format!("bad{number}"), &injection);
    let attachment = Attachment::node(DeviceAddress::new(number), chain.top());
    (attachment.property("request-merging", "off"), chain)
}

/// The pair is read, and copied elsewhere: what its first leg cannot read comes from the second.
fn answered(kernel: &Kernel) -> Result<()> {
    let original = Disk::seeded(4 * MIB, 1)?;
    let legs = [Disk::copy_of(original.path())?, Disk::copy_of(original.path())?];
    let target = Disk::blank(4 * MIB)?;
    let unchanged = Unchanged::note(&legs)?;
    let (attachment, chain) = bad(1, &legs[0]);
    let outcome = kernel
        .machine("mirror=0001:0002 run=copy from=0001 to=0003")
        .attach(attachment)
        .chain(chain)
        .attach(at(2, &legs[1]))
        .attach(at(3, &target))
        .run()?;
    let verdict = outcome.verdict()?;
    judge!(outcome, verdict.error.is_empty(), "the process had an error: {}", verdict.error);
    expect_duplex(&outcome, &verdict, "0.0.0001")?;
    expect_image(&outcome, &target, &original)?;
    expect_said(&outcome, 1)?;
    unchanged.check(&outcome)
}

/// One message names the leg that could not be read, and where.
fn expect_said(outcome: &Outcome, count: usize) -> Result<()> {
    let said: Vec<_> = outcome
        .console
        .iter()
        .filter(|line| {
            line.starts_with("CCW0") && line.contains("primary") && line.contains("read")
        })
        .collect();
    judge!(outcome, said.len() == count, "said {} times, not {count}: {said:?}", said.len());
    Ok(())
}

fn on_both(kernel: &Kernel) -> Result<()> {
    let legs = [Disk::seeded(4 * MIB, 1)?, Disk::seeded(4 * MIB, 1)?];
    let target = Disk::blank(4 * MIB)?;
    let unchanged = Unchanged::note(&legs)?;
    let mut machine = kernel
        .machine("mirror=0001:0002 run=copy from=0001 to=0003 depth=1")
        .attach(at(3, &target));
    for (number, disk) in (1u16..).zip(&legs) {
        let (attachment, chain) = bad(number, disk);
        machine = machine.attach(attachment).chain(chain);
    }
    let outcome = machine.run()?;
    outcome.expect_failed("read of ")?;
    unchanged.check(&outcome)
}

fn in_no_pair(kernel: &Kernel) -> Result<()> {
    let disks = [Disk::seeded(4 * MIB, 1)?, Disk::seeded(4 * MIB, 1)?];
    let target = Disk::blank(4 * MIB)?;
    let unchanged = Unchanged::note(&disks)?;
    let (attachment, chain) = bad(1, &disks[0]);
    let outcome = kernel
        .machine("run=copy from=0001 to=0003")
        .attach(attachment)
        .chain(chain)
        .attach(at(2, &disks[1]))
        .attach(at(3, &target))
        .run()?;
    outcome.expect_failed("0.0.0001: read of ")?;
    unchanged.check(&outcome)
}
