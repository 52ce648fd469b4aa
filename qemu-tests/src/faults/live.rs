//! What is done to a disk while its machine runs, over [`Qmp`]. See [`super`] for the nodes that it needs.

use std::time::Duration;

use serde_json::{Value, json};

#[cfg(doc)]
use super::Chain;
use super::ErrorInjection;
use crate::attachment::Attachment;
use crate::device::DeviceAddress;
use crate::qmp::{Event, Qmp, QmpError};

/// Switches failure on: a disk on a [`Chain::switchable`] node `name` over node `below` gets the
/// errors from now on.
///
/// # Errors
/// QEMU refused.
pub fn fail_now(
    qmp: &Qmp,
    name: &str,
    below: &str,
    injections: &[ErrorInjection],
) -> Result<(), QmpError> {
    let bad = format!("{name}-bad");
    let rules: Vec<Value> = injections.iter().map(ErrorInjection::rule).collect();
    let node = json!({
        "driver": "blkdebug", "node-name": bad, "image": below, "inject-error": rules,
    });
    qmp.execute("blockdev-add", node)?;
    reopen(qmp, name, &bad)
}

/// Switches a failure off again that [`fail_now`] switched on.
///
/// # Errors
/// QEMU refused.
pub fn heal_now(qmp: &Qmp, name: &str, below: &str) -> Result<(), QmpError> {
    reopen(qmp, name, below)?;
    qmp.execute("blockdev-del", json!({"node-name": format!("{name}-bad")}))?;
    Ok(())
}

fn reopen(qmp: &Qmp, name: &str, file: &str) -> Result<(), QmpError> {
    let node = json!({"driver": "raw", "node-name": name, "file": file});
    qmp.execute("blockdev-reopen", json!({"options": [node]}))?;
    Ok(())
}

/// A write that QEMU holds until it is let go: the disk must stand on a [`Chain::holdable`] node.
#[derive(Debug)]
pub struct HeldWrite<'a> {
    qmp: &'a Qmp,
    device: String,
    tag: String,
}

impl<'a> HeldWrite<'a> {
    /// Has the next write on the disk held, under a name of the caller's.
    ///
    /// # Errors
    /// QEMU refused.
    pub fn arm(qmp: &'a Qmp, address: DeviceAddress, tag: &str) -> Result<Self, QmpError> {
        let held = Self {
            qmp,
            device: format!("/machine/peripheral/{}/virtio-backend", address.qemu_id()),
            tag: tag.to_owned(),
        };
        held.command("break pwritev")?;
        Ok(held)
    }

    /// Waits until a write has come and is held. QEMU itself waits meanwhile: nothing else can be asked.
    ///
    /// # Errors
    /// None came in the time that a command may take.
    pub fn wait(&self) -> Result<(), QmpError> {
        self.command("wait_break")
    }

    /// Lets the held write go on.
    ///
    /// # Errors
    /// QEMU refused.
    pub fn release(self) -> Result<(), QmpError> {
        self.command("resume")
    }

    fn command(&self, words: &str) -> Result<(), QmpError> {
        let Self { qmp, device, tag } = self;
        // By device path: by node name the monitor deadlocks with the device (QEMU 7.2).
        let printed = qmp.human(&format!("qemu-io -d {device} \"{words} {tag}\""))?;
        if printed.trim().is_empty() {
            return Ok(());
        }
        Err(QmpError::Refused {
            command: format!("qemu-io {words} {tag}"),
            class: "HumanMonitor".to_owned(),
            description: printed.trim().to_owned(),
        })
    }
}

/// Changes how many writes a second a throttle group lets through; 0 is no limit.
///
/// # Errors
/// QEMU refused.
pub fn set_limit(qmp: &Qmp, group: &str, writes_a_second: u64) -> Result<(), QmpError> {
    let arguments = json!({
        "path": format!("/objects/{group}"),
        "property": "limits",
        "value": {"iops-write": writes_a_second},
    });
    qmp.execute("qom-set", arguments)?;
    Ok(())
}

/// Takes a disk away while the guest runs, and waits until it is gone.
///
/// # Errors
/// QEMU refused, or the device was not gone within `limit`.
pub fn remove_device(
    qmp: &Qmp,
    address: DeviceAddress,
    limit: Duration,
) -> Result<Event, QmpError> {
    let id = address.qemu_id();
    qmp.execute("device_del", json!({"id": id}))?;
    qmp.wait_for_event_where("DEVICE_DELETED", limit, |data| {
        data.get("device").and_then(Value::as_str) == Some(id.as_str())
    })
}

/// Attaches a disk while the guest runs: a new one, or one that [`remove_device`] took away.
///
/// # Errors
/// QEMU refused.
pub fn add_device(qmp: &Qmp, attachment: &Attachment) -> Result<(), QmpError> {
    if let Some(node) = attachment.block_node() {
        let name = node.get("node-name").cloned().unwrap_or_default();
        if !has_node(qmp, &name)? {
            qmp.execute("blockdev-add", node)?;
        }
    }
    qmp.execute("device_add", attachment.device_add_arguments())?;
    Ok(())
}

/// Whether a block node of this name exists: that of a removed device stays.
fn has_node(qmp: &Qmp, name: &Value) -> Result<bool, QmpError> {
    let nodes = qmp.execute("query-named-block-nodes", json!({"flat": true}))?;
    let mut nodes = nodes.as_array().into_iter().flatten();
    Ok(nodes.any(|node| node.get("node-name") == Some(name)))
}
