//! Disks that go while writes run, and come back: the operator resumes, and what changed is copied, no more.

use std::time::Duration;

use anyhow::{Result, ensure};
use libtest_mimic::Trial;
use qemu_tests::faults::{self, Chain};
use qemu_tests::nbd::NbdServer;
use qemu_tests::{Attachment, DeviceAddress, Disk, Operator};

use super::{
    Legs, SMALL, carry_out, copy, number_before, operator, start_writing, stop_writing,
    wait_for_writes,
};
use crate::kernel::Kernel;
use crate::support::{MIB, at, judge};

const LIMIT: Duration = Duration::from_secs(10);

pub(crate) fn trials(kernel: &Kernel) -> Vec<Trial> {
    vec![
        kernel.trial("operator::returns::secondary_and_what_changed", secondary_exactly),
        kernel.trial("operator::returns::primary_and_what_changed", primary_exactly),
        kernel.trial("operator::returns::secondary_under_load", |kernel| under_load(kernel, 2)),
        kernel.trial("operator::returns::primary_under_load", |kernel| under_load(kernel, 1)),
        kernel.trial("operator::returns::one_after_the_other", one_after_the_other),
        kernel.trial("operator::returns::before_anybody_looked", before_anybody_looked),
        kernel.trial("operator::returns::another_image", another_image),
        kernel.trial("operator::returns::a_smaller_image", smaller_image),
        kernel.trial("operator::returns::a_disk_that_was_never_there", new_disk),
        kernel.trial("operator::returns::not_yet_there", not_yet_there),
        kernel.trial("operator::returns::server_cut_and_back", server_cut),
        kernel.trial("operator::returns::gone_during_its_copy", gone_during_its_copy),
        kernel.trial("operator::returns::primary_gone_during_the_copy", primary_gone_in_copy),
    ]
}

/// The messages with which a pair says that it lost its secondary, or its primary.
const LOST: [&str; 2] = ["CCW036W", "CCW030W"];

/// Takes a disk of the pair away, and waits until the pair says so.
fn take_away(operator: &mut Operator, number: u16) -> Result<()> {
    faults::remove_device(operator.qmp()?, DeviceAddress::new(number), LIMIT)?;
    let index = usize::from(number - 1);
    operator.expect(LOST.get(index).copied().unwrap_or_default())?;
    Ok(())
}

/// Brings a disk back, and waits until the kernel has found it.
fn bring_back(operator: &mut Operator, attachment: &Attachment) -> Result<()> {
    faults::add_device(operator.qmp()?, attachment)?;
    let address = format!("device {}", attachment.address());
    operator.expect(&address)?;
    Ok(())
}

/// Nothing is under way when the disk goes, so that what it lacks is known to the block.
fn exactly(kernel: &Kernel, gone: u16) -> Result<()> {
    let legs = Legs::alike(SMALL)?;
    let mut operator = operator(legs.machine(kernel, "mirror=0001:0002"))?;
    operator.ask("start bench to=0001 op=randwrite bs=4K depth=4 count=30 seed=1", "CCW022I")?;
    take_away(&mut operator, gone)?;
    let before = legs.disk(gone).fingerprint()?;
    operator.ask("start bench to=0001 op=randwrite bs=4K depth=4 count=30 seed=2", "CCW022I")?;
    legs.disk(gone).expect_unchanged(before)?;
    let shown = operator.ask("display pairs", "CCW013I")?;
    let block = number_before(&shown, " bytes to be copied")?;
    let differ = legs.differing_blocks(block)?;
    ensure!(differ >= 10, "{differ} blocks differ after 30 writes");
    ensure!(number_before(&shown, " blocks of ")? == differ, "{differ} blocks differ: {shown}");
    bring_back(&mut operator, &legs.attachment(gone))?;
    let (copied, _) = copy(&mut operator, "mirror resume 0001")?;
    ensure!(copied == differ, "{differ} blocks differed, {copied} were copied");
    let (outcome, verdict) = legs.end_duplex(operator)?;
    judge!(outcome, verdict.writes == 60, "{} writes", verdict.writes);
    Ok(())
}

fn secondary_exactly(kernel: &Kernel) -> Result<()> {
    exactly(kernel, 2)
}

/// The process writes to 0001 all the time; what it writes goes to 0002 while 0001 is away, and is copied back.
fn primary_exactly(kernel: &Kernel) -> Result<()> {
    exactly(kernel, 1)
}

/// The disk goes with eight writes in flight, and comes back while others are: three times.
fn under_load(kernel: &Kernel, gone: u16) -> Result<()> {
    let legs = Legs::alike(SMALL)?;
    let mut operator = operator(legs.machine(kernel, "mirror=0001:0002"))?;
    start_writing(&mut operator)?;
    for round in 0..3 {
        // After a swap the roles are exchanged until the operator exchanges them again.
        if gone == 1 && round > 0 {
            carry_out(&mut operator, "mirror swap 0001")?;
        }
        take_away(&mut operator, gone)?;
        wait_for_writes(&operator, 3 - gone, 20)?;
        bring_back(&mut operator, &legs.attachment(gone))?;
        wait_for_writes(&operator, 3 - gone, 20)?;
        copy(&mut operator, "mirror resume 0001")?;
        wait_for_writes(&operator, gone, 20)?;
    }
    stop_writing(&mut operator)?;
    let (outcome, verdict) = legs.end_duplex(operator)?;
    judge!(outcome, verdict.mirrored_writes > 20, "{} mirrored", verdict.mirrored_writes);
    Ok(())
}

/// The primary goes, comes back and is made alike; then the other goes: no write is lost by either.
fn one_after_the_other(kernel: &Kernel) -> Result<()> {
    let legs = Legs::alike(SMALL)?;
    let mut operator = operator(legs.machine(kernel, "mirror=0001:0002"))?;
    start_writing(&mut operator)?;
    // Each is the first of the pair when it goes: the swap makes the other the first.
    for gone in [1, 2, 1] {
        faults::remove_device(operator.qmp()?, DeviceAddress::new(gone), LIMIT)?;
        operator.expect("CCW036W")?;
        wait_for_writes(&operator, 3 - gone, 20)?;
        bring_back(&mut operator, &legs.attachment(gone))?;
        copy(&mut operator, "mirror resume 0001")?;
        wait_for_writes(&operator, gone, 20)?;
    }
    stop_writing(&mut operator)?;
    legs.end_duplex(operator)?;
    Ok(())
}

/// The secondary goes and comes back while the processor stands still, with writes on their way: two channel reports are
/// pending for it when the next writes are asked for. It is the same disk, but what it had under way is lost.
fn before_anybody_looked(kernel: &Kernel) -> Result<()> {
    let legs = Legs::alike(SMALL)?;
    let mut operator = operator(legs.machine(kernel, "mirror=0001:0002"))?;
    start_writing(&mut operator)?;
    operator.running().pause()?;
    faults::remove_device(operator.qmp()?, DeviceAddress::new(2), LIMIT)?;
    faults::add_device(operator.qmp()?, &legs.attachment(2))?;
    operator.running().begin()?;
    operator.expect("CCW030W")?;
    wait_for_writes(&operator, 1, 20)?;
    copy(&mut operator, "mirror resume 0001")?;
    wait_for_writes(&operator, 2, 20)?;
    stop_writing(&mut operator)?;
    legs.end_duplex(operator)?;
    Ok(())
}

/// Another disk comes to the address: it lacks everything, and `resume … all` copies everything.
fn another_image(kernel: &Kernel) -> Result<()> {
    let legs = Legs::alike(SMALL)?;
    let other = Disk::seeded(SMALL, 77)?;
    let mut operator = operator(legs.machine(kernel, "mirror=0001:0002"))?;
    take_away(&mut operator, 2)?;
    bring_back(&mut operator, &at(2, &other).as_node("other"))?;
    let (blocks, bytes) = copy(&mut operator, "mirror resume 0001 all")?;
    ensure!(blocks * bytes == SMALL, "{blocks} of {bytes} bytes: not all of {SMALL}");
    operator.ask("start bench to=0001 op=randwrite bs=4K count=30", "CCW022I")?;
    let outcome = operator.end("shutdown")?;
    outcome.expect_ok()?;
    crate::support::expect_image(&outcome, &other, &legs.0[0])
}

/// What comes back is smaller than the pair: it cannot be its leg, and the pair goes on with the other. When the right one
/// comes, all is well.
fn smaller_image(kernel: &Kernel) -> Result<()> {
    let legs = Legs::alike(SMALL)?;
    let smaller = Disk::seeded(SMALL / 2, 5)?;
    let mut operator = operator(legs.machine(kernel, "mirror=0001:0002"))?;
    take_away(&mut operator, 2)?;
    let before = smaller.fingerprint()?;
    bring_back(&mut operator, &at(2, &smaller).as_node("smaller"))?;
    for command in ["mirror resume 0001", "mirror resume 0001 all"] {
        operator.ask(command, "CCW054E")?;
    }
    operator.ask("start bench to=0001 op=randwrite bs=4K count=20", "CCW022I")?;
    smaller.expect_unchanged(before)?;
    faults::remove_device(operator.qmp()?, DeviceAddress::new(2), LIMIT)?;
    bring_back(&mut operator, &legs.attachment(2))?;
    copy(&mut operator, "mirror resume 0001")?;
    legs.end_duplex(operator)?;
    Ok(())
}

/// A disk that nobody knew comes while the machine runs: it is found, and can be the leg of a pair and a job's target.
fn new_disk(kernel: &Kernel) -> Result<()> {
    let legs = Legs::alike(SMALL)?;
    let new = Disk::blank(SMALL)?;
    let mut operator = operator(legs.machine(kernel, ""))?;
    start_writing(&mut operator)?;
    bring_back(&mut operator, &at(0x0b0b, &new))?;
    operator.ask("display devices", "device 0.0.0b0b")?;
    let (blocks, bytes) = copy(&mut operator, "mirror establish 0001 0b0b")?;
    ensure!(blocks * bytes >= SMALL, "{blocks} of {bytes} bytes: not all of {SMALL}");
    wait_for_writes(&operator, 0x0b0b, 20)?;
    stop_writing(&mut operator)?;
    let outcome = operator.end("shutdown")?;
    outcome.expect_ok()?;
    crate::support::expect_image(&outcome, &new, &legs.0[0])
}

/// A resume with a disk that is not there is refused in words, and the pair goes on as it was.
fn not_yet_there(kernel: &Kernel) -> Result<()> {
    let legs = Legs::alike(SMALL)?;
    let mut operator = operator(legs.machine(kernel, "mirror=0001:0002"))?;
    take_away(&mut operator, 2)?;
    operator.ask("mirror resume 0001", "CCW054E")?;
    operator.ask("start bench to=0001 op=randwrite bs=4K count=10", "CCW022I")?;
    bring_back(&mut operator, &legs.attachment(2))?;
    copy(&mut operator, "mirror resume 0001")?;
    legs.end_duplex(operator)?;
    Ok(())
}

/// The secondary's server is cut off under load, and comes back: the device itself never went.
fn server_cut(kernel: &Kernel) -> Result<()> {
    let legs = Legs::alike(SMALL)?;
    let mut server = NbdServer::start(legs.0[1].path())?;
    let chain = Chain::nbd("remote", &server.socket(), 0);
    let machine = kernel
        .machine("run=console mirror=0001:0002")
        .attach(at(1, &legs.0[0]))
        .attach(Attachment::node(DeviceAddress::new(2), chain.top()))
        .chain(chain);
    let mut operator = operator(machine)?;
    start_writing(&mut operator)?;
    server.cut()?;
    operator.expect("CCW030W")?;
    wait_for_writes(&operator, 1, 20)?;
    server.restore()?;
    // Requests that find the connection gone fail once more each, until QEMU has made a new one.
    let mut attempts = 0;
    loop {
        carry_out(&mut operator, "mirror resume 0001")?;
        if operator.expect("CCW03")?.contains("CCW031I") {
            let ended = operator.expect("CCW03")?;
            if ended.contains("CCW033I") {
                break;
            }
        }
        attempts += 1;
        ensure!(attempts < 50, "the pair was not duplex after {attempts} attempts");
        std::thread::sleep(Duration::from_millis(50));
    }
    stop_writing(&mut operator)?;
    legs.end_duplex(operator)?;
    Ok(())
}

/// The disk goes again while it is being copied to: what it lacks is not forgotten.
fn gone_during_its_copy(kernel: &Kernel) -> Result<()> {
    let legs = Legs::unlike(8 * MIB)?;
    let machine = slowed_pair(kernel, &legs, 2);
    let mut operator = operator(machine)?;
    operator.ask("mirror establish 0001 0002", "CCW031I")?;
    take_away(&mut operator, 2)?;
    let chain_top = Attachment::node(DeviceAddress::new(2), "slow2");
    faults::set_limit(operator.qmp()?, "tg2", 0)?;
    bring_back(&mut operator, &chain_top)?;
    copy(&mut operator, "mirror resume 0001")?;
    legs.end_duplex(operator)?;
    Ok(())
}

/// The disk that is copied from goes before the other has everything: there is no swap to what is not whole, and
/// no job is started on it. When it comes back, the copy is carried on.
fn primary_gone_in_copy(kernel: &Kernel) -> Result<()> {
    let legs = Legs::unlike(8 * MIB)?;
    let original = Disk::copy_of(legs.0[0].path())?;
    let mut operator = operator(slowed_pair(kernel, &legs, 2))?;
    operator.ask("mirror establish 0001 0002", "CCW031I")?;
    faults::remove_device(operator.qmp()?, DeviceAddress::new(1), LIMIT)?;
    operator.expect("CCW030W")?;
    faults::set_limit(operator.qmp()?, "tg2", 0)?;
    operator.ask("start bench to=0001 op=read bs=4K count=1", "CCW054E")?;
    bring_back(&mut operator, &legs.attachment(1))?;
    copy(&mut operator, "mirror resume 0001")?;
    let (outcome, _) = legs.end_duplex(operator)?;
    crate::support::expect_image(&outcome, &legs.0[1], &original)
}

/// The legs, in no pair yet, one of them slow enough that a copy takes seconds.
fn slowed_pair(kernel: &Kernel, legs: &Legs, slow: u16) -> qemu_tests::Machine {
    let mut machine = kernel.machine("run=console");
    for number in [1, 2] {
        if number == slow {
            let below = Chain::file(&format!("below{number}"), legs.disk(number).path());
            let chain = below.throttle(&format!("slow{number}"), &format!("tg{number}"), 10);
            machine = machine
                .attach(Attachment::node(DeviceAddress::new(number), chain.top()))
                .chain(chain);
        } else {
            machine = machine.attach(legs.attachment(number));
        }
    }
    machine
}
