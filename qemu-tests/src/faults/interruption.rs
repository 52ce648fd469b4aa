//! An interruption that does not come.
//!
//! A virtio device interrupts when its used index passes the `used_event` that the driver left in the available ring
//! (VIRTIO 1.2, 2.7.7.2 Device Requirements: Used Buffer Notification Suppression). The machine's storage is a file
//! here ([`SharedStorage`]), so a test can put another number there: the device then ends requests and says nothing,
//! as when an interruption is lost.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::json;
use tempfile::TempDir;

use crate::device::DeviceAddress;
use crate::machine::Machine;
use crate::qmp::Qmp;
use crate::scratch;

/// A driver that was about to wait does so within this time.
const SETTLE_TIME: Duration = Duration::from_millis(100);

/// The main storage of a machine, as a file that the test has open too.
#[derive(Debug)]
pub struct SharedStorage {
    file: File,
    directory: TempDir,
    mebibytes: u64,
}

impl SharedStorage {
    /// Storage of this size.
    ///
    /// # Errors
    /// The file cannot be made.
    pub fn new(mebibytes: u64) -> Result<Self> {
        let directory = scratch::directory()?;
        let path = directory.path().join("storage");
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create_new(true).open(&path)?;
        file.set_len(mebibytes << 20)?;
        Ok(Self { file, directory, mebibytes })
    }

    /// Gives it to a machine.
    pub fn attach_to(&self, machine: Machine) -> Machine {
        let mut backend = OsString::from(format!(
            "memory-backend-file,id=storage,size={}M,share=on,mem-path=",
            self.mebibytes
        ));
        backend.push(self.directory.path().join("storage"));
        machine
            .memory_mebibytes(self.mebibytes)
            .argument("-object")
            .argument(backend)
            .argument("-machine")
            .argument("memory-backend=storage")
    }

    /// Lets a device that has requests under way end them without an interruption: until the driver looks by itself,
    /// and asks for interruptions again.
    ///
    /// # Errors
    /// QEMU does not tell where the ring is, or the device has nothing under way.
    pub fn lose_interruption(&self, qmp: &Qmp, address: DeviceAddress) -> Result<()> {
        let path = format!("/machine/peripheral/{}/virtio-backend", address.qemu_id());
        let question = json!({"path": path, "queue": 0});
        let queue = qmp.execute("x-query-virtio-queue-status", question)?;
        let number = |key| {
            queue.get(key).and_then(serde_json::Value::as_u64).with_context(|| format!("no {key}"))
        };
        ensure!(number("inuse")? > 0, "the device has nothing that could end: {queue}");
        // The available ring: flags, index, one entry a descriptor, `used_event`; all of 16 bits, little-endian.
        let place = number("vring-avail")? + 4 + 2 * number("vring-num")?;
        // An index that the device has passed already comes round after 65,536 requests.
        let passed = u16::try_from(number("used-idx")? & 0xffff)?.wrapping_sub(2);
        self.hold_at(place, passed.to_le_bytes())
    }

    /// Writes two bytes until they stay: a driver that is not waiting yet writes its own there once more.
    fn hold_at(&self, place: u64, bytes: [u8; 2]) -> Result<()> {
        for _ in 0..100 {
            self.file.write_all_at(&bytes, place)?;
            thread::sleep(SETTLE_TIME);
            let mut found = [0; 2];
            self.file.read_exact_at(&mut found, place)?;
            if found == bytes {
                return Ok(());
            }
        }
        bail!("the driver does not wait: it changes its ring all the time");
    }
}
