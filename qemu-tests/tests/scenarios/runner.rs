//! The runner itself, on the real QEMU: the control socket, and every fault that a scenario may ask for.
//!
//! The guest is held before its first instruction, so these tell whether QEMU takes what the library
//! says; the kernel's answer to a fault is told elsewhere.

use std::fs;
use std::thread;
use std::time::Duration;

use anyhow::{Result, bail, ensure};
use libtest_mimic::Trial;
use qemu_tests::faults::{self, Chain, ErrorInjection, HeldWrite, Operation};
use qemu_tests::nbd::NbdServer;
use qemu_tests::outcome::End;
use qemu_tests::qmp::{Qmp, QmpError};
use qemu_tests::{Attachment, DeviceAddress, Disk};
use serde_json::json;

use crate::kernel::Kernel;

const LIMIT: Duration = Duration::from_secs(10);
const BYTES: u64 = 1 << 20;

pub(crate) fn trials(kernel: &Kernel) -> Vec<Trial> {
    vec![
        kernel.trial("runner::control_socket", control_socket),
        kernel.trial("runner::device_options", device_options),
        kernel.trial("runner::error_injection", error_injection),
        kernel.trial("runner::switch_failure_on_and_off", switch_failure),
        kernel.trial("runner::throttle", throttle),
        kernel.trial("runner::hold_a_write", hold_a_write),
        kernel.trial("runner::log_of_two_disks", log_of_two_disks),
        kernel.trial("runner::nbd", nbd),
        kernel.trial("runner::remove_and_add_a_disk", remove_and_add),
    ]
}

fn control_socket(kernel: &Kernel) -> Result<()> {
    let running = kernel.machine("").held_at_start().start()?;
    let status = running.qmp()?.execute("query-status", json!({}))?;
    ensure!(status.get("status") == Some(&json!("prelaunch")), "the guest was not held: {status}");
    ensure!(running.qmp()?.human("info status")?.contains("paused"));
    let refused = running.qmp()?.execute("device_del", json!({"id": "nothing"}));
    ensure!(
        matches!(&refused, Err(QmpError::Refused { class, .. }) if class == "DeviceNotFound"),
        "{refused:?}"
    );
    ensure!(running.console().lines().is_empty(), "a held guest has printed");
    running.begin()?;
    running.qmp()?.wait_for_event("RESUME", LIMIT)?;
    let outcome = running.finish()?;
    ensure!(outcome.end == End::Exited(0), "{}", outcome.report("the run did not succeed"));
    Ok(())
}

fn device_options(kernel: &Kernel) -> Result<()> {
    use qemu_tests::attachment::{Access, Switch};
    let disk = Disk::blank(BYTES)?;
    let attachment =
        Attachment::disk(DeviceAddress::in_set(1, 0xabcd).unwrap_or(DeviceAddress::new(1)), &disk)
            .access(Access::ReadOnly)
            .logical_block_bytes(4096)
            .physical_block_bytes(4096)
            .queue_size(4)
            .discard(Switch::Off)
            .write_zeroes(Switch::Off)
            .write_cache(Switch::Off)
            .iothread("io");
    let running = kernel.machine("").attach(attachment).held_at_start().start()?;
    for (property, wanted) in [
        ("devno", json!("fe.1.abcd")),
        ("logical_block_size", json!(4096)),
        ("physical_block_size", json!(4096)),
        ("queue-size", json!(4)),
        ("discard", json!(false)),
        ("write-zeroes", json!(false)),
        ("write-cache", json!("off")),
        ("werror", json!("report")),
    ] {
        let question = json!({"path": "/machine/peripheral/disk-1-abcd", "property": property});
        let value = running.qmp()?.execute("qom-get", question)?;
        ensure!(value == wanted, "{property} is {value}, expected {wanted}");
    }
    Ok(())
}

fn error_injection(kernel: &Kernel) -> Result<()> {
    let disk = Disk::blank(BYTES)?;
    let operations = [
        Operation::Read,
        Operation::Write,
        Operation::WriteZeroes,
        Operation::Discard,
        Operation::Flush,
    ];
    let injections = operations.map(|operation| ErrorInjection::once(operation).at_sector(8));
    let chain = Chain::file("f", disk.path()).inject_errors("bad", &injections);
    held_with(kernel, chain, |_| Ok(()))
}

fn switch_failure(kernel: &Kernel) -> Result<()> {
    let disk = Disk::blank(BYTES)?;
    let chain = Chain::file("f", disk.path()).switchable("top");
    held_with(kernel, chain, |qmp| {
        for _ in 0..2 {
            faults::fail_now(qmp, "top", "f", &[ErrorInjection::always(Operation::Write)])?;
            faults::heal_now(qmp, "top", "f")?;
        }
        Ok(())
    })
}

fn throttle(kernel: &Kernel) -> Result<()> {
    let disk = Disk::blank(BYTES)?;
    let chain = Chain::file("f", disk.path()).throttle("slow", "tg0", 50);
    held_with(kernel, chain, |qmp| {
        faults::set_limit(qmp, "tg0", 7)?;
        let limits =
            qmp.execute("qom-get", json!({"path": "/objects/tg0", "property": "limits"}))?;
        ensure!(limits.get("iops-write") == Some(&json!(7)), "{limits}");
        Ok(())
    })
}

/// The write comes from the monitor here, through the same node as the guest's.
fn hold_a_write(kernel: &Kernel) -> Result<()> {
    let disk = Disk::blank(BYTES)?;
    let chain = Chain::file("f", disk.path()).holdable("held");
    held_with(kernel, chain, |qmp| {
        let held = HeldWrite::arm(qmp, DeviceAddress::new(1), "w1")?;
        let device = "/machine/peripheral/disk-0-0001/virtio-backend";
        qmp.human(&format!("qemu-io -d {device} \"aio_write 0 512\""))?;
        held.wait()?;
        disk.expect_zero_from(0)?;
        held.release()?;
        qmp.human(&format!("qemu-io -d {device} \"aio_flush\""))?;
        ensure!(disk.expect_zero_from(0).is_err(), "the write was let go, but not done");
        Ok(())
    })
}

fn log_of_two_disks(kernel: &Kernel) -> Result<()> {
    let both = Disk::blank(2 * BYTES)?;
    let log = Disk::blank(0)?;
    let chain = Chain::file("f", both.path())
        .log_writes("lw", log.path())
        .part("a", 0, BYTES)
        .part("b", BYTES, BYTES);
    let part = |number, name| {
        Attachment::node(DeviceAddress::new(number), name).property("share-rw", "on")
    };
    let machine = kernel.machine("").chain(chain).attach(part(1, "a")).attach(part(2, "b"));
    let running = machine.held_at_start().start()?;
    for device in ["disk-0-0001", "disk-0-0002"] {
        let path = format!("/machine/peripheral/{device}/virtio-backend");
        running.qmp()?.human(&format!("qemu-io -d {path} \"write -P 7 512 512\""))?;
        running.qmp()?.human(&format!("qemu-io -d {path} \"flush\""))?;
    }
    running.qmp()?.execute("quit", json!({}))?;
    running.finish()?;
    let bytes = fs::read(log.path())?;
    let log = qemu_tests::log_writes::Log::parse(&bytes)?;
    let writes: Vec<_> = log.entries.iter().filter(|entry| entry.sectors > 0).collect();
    let sectors: Vec<_> = writes.iter().map(|entry| entry.sector).collect();
    ensure!(sectors == [1, 1 + BYTES / 512], "{sectors:?}");
    ensure!(writes.iter().all(|entry| entry.data == [7; 512]));
    let mut image = vec![0; usize::try_from(2 * BYTES)?];
    log.replay(&mut image, qemu_tests::log_writes::Discarded::BecomesZero)?;
    ensure!(image == both.read()?, "the log does not replay to what was written");
    Ok(())
}

fn nbd(kernel: &Kernel) -> Result<()> {
    let disk = Disk::blank(BYTES)?;
    let mut server = NbdServer::start(disk.path())?;
    let chain = Chain::nbd("remote", &server.socket(), 0);
    held_with(kernel, chain, |qmp| {
        write_by_monitor(qmp, 1)?;
        ensure!(disk.read_at(0, 512)? == [1; 512], "the write did not reach the image");
        server.cut()?;
        write_by_monitor(qmp, 2)?;
        ensure!(disk.read_at(0, 512)? == [1; 512], "a disk that was cut off was written");
        server.restore()?;
        // A request that finds the connection gone fails, and has a new one made meanwhile.
        for _ in 0..100 {
            write_by_monitor(qmp, 3)?;
            if disk.read_at(0, 512)? == [3; 512] {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(10));
        }
        bail!("a disk that came back was not written");
    })
}

fn remove_and_add(kernel: &Kernel) -> Result<()> {
    let disk = Disk::blank(BYTES)?;
    let attachment = Attachment::disk(DeviceAddress::new(1), &disk).queue_size(4);
    let running = kernel.machine("").attach(attachment.clone()).held_at_start().start()?;
    for _ in 0..2 {
        faults::remove_device(running.qmp()?, DeviceAddress::new(1), LIMIT)?;
        faults::add_device(running.qmp()?, &attachment)?;
    }
    faults::remove_device(running.qmp()?, DeviceAddress::new(1), LIMIT)?;
    let other = Disk::from_bytes(&[7; 4096])?;
    let attachment = Attachment::disk(DeviceAddress::new(1), &other).as_node("other");
    faults::add_device(running.qmp()?, &attachment)?;
    write_by_monitor(running.qmp()?, 9)?;
    ensure!(other.read_at(0, 513)? == [&[9; 512][..], &[7]].concat(), "it is not the other image");
    disk.expect_zero_from(0)
}

/// Writes the disk's first sector through its device, as the guest would.
fn write_by_monitor(qmp: &Qmp, byte: u8) -> Result<()> {
    let device = "/machine/peripheral/disk-0-0001/virtio-backend";
    // The outcome is printed on QEMU's own output, not here; the image tells.
    qmp.human(&format!("qemu-io -d {device} \"write -P {byte} 0 512\""))?;
    Ok(())
}

/// Holds a machine with one disk on `chain` at its start and does something to it.
fn held_with(kernel: &Kernel, chain: Chain, act: impl FnOnce(&Qmp) -> Result<()>) -> Result<()> {
    let attachment = Attachment::node(DeviceAddress::new(1), chain.top());
    let running = kernel.machine("").chain(chain).attach(attachment).held_at_start().start()?;
    act(running.qmp()?)
}
