//! Disks that fail, stall, slow down, log or go away.
//!
//! A [`Chain`] is the block nodes under one or more disks, from the file up, with what stands between:
//! each constructor puts a node on top of another chain. [`crate::Machine::chain`] takes it into the
//! machine and [`crate::Attachment::node`] attaches a disk to its top:
//!
//! ```no_run
//! # fn main() -> anyhow::Result<()> {
//! use qemu_tests::faults::{Chain, ErrorInjection, Operation};
//! use qemu_tests::{Attachment, Disk, Machine};
//!
//! let disk = Disk::blank(1 << 20)?;
//! let failing = Chain::file("a", disk.path())
//!     .inject_error("a-bad", &ErrorInjection::always(Operation::Write).at_sector(2048));
//! let machine = Machine::new("target/ccw-mirror.elf")
//!     .attach(Attachment::node("0001".parse()?, failing.top()))
//!     .chain(failing);
//! # Ok(())
//! # }
//! ```
//!
//! What happens while the machine runs goes over [`crate::qmp::Qmp`]: [`HeldWrite`], [`fail_now`], [`set_limit`],
//! [`remove_device`], [`add_device`]. Every one was seen working with QEMU 7.2.

mod interruption;
mod live;

use std::path::Path;

use serde_json::{Value, json};

pub use interruption::SharedStorage;
pub use live::{HeldWrite, add_device, fail_now, heal_now, remove_device, set_limit};

/// The errno of an I/O error on Linux.
pub const EIO: u32 = 5;

/// The errno of a full medium on Linux.
pub const ENOSPC: u32 = 28;

/// Block nodes, the lowest first, and objects that they need.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chain {
    top: String,
    nodes: Vec<Value>,
    objects: Vec<Value>,
}

/// An operation that is to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Reads.
    Read,
    /// Writes.
    Write,
    /// Writes of zeros.
    WriteZeroes,
    /// Discards.
    Discard,
    /// Flushes.
    Flush,
}

impl Operation {
    const fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::WriteZeroes => "write-zeroes",
            Self::Discard => "discard",
            Self::Flush => "flush",
        }
    }
}

/// How often an error occurs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recurrence {
    /// Every time.
    Always,
    /// The first time only.
    Once,
}

/// An error that QEMU gives instead of doing the operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorInjection {
    operation: Operation,
    errno: u32,
    sector: Option<u64>,
    recurrence: Recurrence,
}

impl ErrorInjection {
    /// An I/O error every time, anywhere on the disk.
    #[must_use]
    pub const fn always(operation: Operation) -> Self {
        Self { operation, errno: EIO, sector: None, recurrence: Recurrence::Always }
    }

    /// An I/O error the first time only, anywhere on the disk.
    #[must_use]
    pub const fn once(operation: Operation) -> Self {
        Self { recurrence: Recurrence::Once, ..Self::always(operation) }
    }

    /// Only for operations that touch this 512-byte sector.
    #[must_use]
    pub const fn at_sector(self, sector: u64) -> Self {
        Self { sector: Some(sector), ..self }
    }

    /// With another error number.
    #[must_use]
    pub const fn errno(self, errno: u32) -> Self {
        Self { errno, ..self }
    }

    fn rule(&self) -> Value {
        let mut rule = json!({
            "event": "none",
            "iotype": self.operation.word(),
            "errno": self.errno,
            "once": self.recurrence == Recurrence::Once,
        });
        if let (Some(sector), Some(object)) = (self.sector, rule.as_object_mut()) {
            object.insert("sector".to_owned(), json!(sector));
        }
        rule
    }
}

impl Chain {
    /// A raw image file.
    #[must_use]
    pub fn file(name: &str, path: &Path) -> Self {
        Self::from_node(json!({
            "driver": "file",
            "node-name": name,
            "filename": path,
            "discard": "unmap",
        }))
    }

    /// A disk that a `qemu-nbd` serves at a unix socket ([`crate::nbd::NbdServer`]). When the server
    /// goes, requests fail at once, or after they were held for `reconnect_seconds`.
    #[must_use]
    pub fn nbd(name: &str, socket: &Path, reconnect_seconds: u32) -> Self {
        Self::from_node(json!({
            "driver": "nbd",
            "node-name": name,
            "server": {"type": "unix", "path": socket},
            "reconnect-delay": reconnect_seconds,
        }))
    }

    /// Any node that stands on no other; it must have a `node-name`.
    #[must_use]
    pub fn from_node(node: Value) -> Self {
        Self::default().under(node)
    }

    /// The name of the highest node: what a device stands on.
    #[must_use]
    pub fn top(&self) -> &str {
        &self.top
    }

    /// The nodes, the lowest first: values of QEMU's `-blockdev`, or arguments of QMP's `blockdev-add`.
    #[must_use]
    pub fn nodes(&self) -> &[Value] {
        &self.nodes
    }

    /// Objects that the nodes need: values of QEMU's `-object`.
    #[must_use]
    pub fn objects(&self) -> &[Value] {
        &self.objects
    }

    /// Puts any node on top. It must have a `node-name` and name the one below.
    #[must_use]
    pub fn under(mut self, node: Value) -> Self {
        let name = node.get("node-name").and_then(Value::as_str);
        self.top = name.unwrap_or_default().to_owned();
        self.nodes.push(node);
        self
    }

    /// Gives an error instead of the operations that `injection` names.
    #[must_use]
    pub fn inject_error(self, name: &str, injection: &ErrorInjection) -> Self {
        self.inject_errors(name, &[*injection])
    }

    /// Gives errors instead of several kinds of operations.
    #[must_use]
    pub fn inject_errors(self, name: &str, injections: &[ErrorInjection]) -> Self {
        let rules: Vec<Value> = injections.iter().map(ErrorInjection::rule).collect();
        let node = json!({
            "driver": "blkdebug",
            "node-name": name,
            "image": self.top,
            "inject-error": rules,
        });
        self.under(node)
    }

    /// Makes writes holdable: see [`HeldWrite`].
    #[must_use]
    pub fn holdable(self, name: &str) -> Self {
        let node = json!({"driver": "blkdebug", "node-name": name, "image": self.top});
        self.under(node)
    }

    /// Makes failure something that can be switched on: see [`fail_now`].
    #[must_use]
    pub fn switchable(self, name: &str) -> Self {
        let node = json!({"driver": "raw", "node-name": name, "file": self.top});
        self.under(node)
    }

    /// Lets through only so many writes a second: see also [`set_limit`].
    #[must_use]
    pub fn throttle(mut self, name: &str, group: &str, writes_a_second: u64) -> Self {
        self.objects.push(json!({
            "qom-type": "throttle-group",
            "id": group,
            "x-iops-write": writes_a_second,
        }));
        let node = json!({
            "driver": "throttle",
            "node-name": name,
            "throttle-group": group,
            "file": self.top,
        });
        self.under(node)
    }

    /// Logs every write and flush to a file in the layout of [`crate::log_writes`].
    ///
    /// With several disks on one chain ([`Chain::part`]), their writes come into one log in their
    /// order.
    #[must_use]
    pub fn log_writes(mut self, name: &str, log: &Path) -> Self {
        let log_name = format!("{name}-log");
        self.nodes.push(json!({"driver": "file", "node-name": log_name, "filename": log}));
        let node = json!({
            "driver": "blklogwrites",
            "node-name": name,
            "file": self.top,
            "log": log_name,
            "log-sector-size": 512,
        });
        self.under(node)
    }

    /// Adds a part of the chain's top as a node of its own and keeps the top what it was, so that
    /// several disks can share what is below. Devices on parts need the property `share-rw=on`.
    #[must_use]
    pub fn part(mut self, name: &str, offset_bytes: u64, length_bytes: u64) -> Self {
        self.nodes.push(json!({
            "driver": "raw",
            "node-name": name,
            "file": self.top,
            "offset": offset_bytes,
            "size": length_bytes,
        }));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_stand_on_each_other_in_order() {
        let chain = Chain::file("f", Path::new("a.raw"))
            .inject_error("bad", &ErrorInjection::once(Operation::Read).at_sector(7).errno(ENOSPC))
            .throttle("slow", "tg0", 50)
            .switchable("top");
        assert_eq!(chain.top(), "top");
        assert_eq!(
            chain.nodes(),
            [
                json!({"driver": "file", "node-name": "f", "filename": "a.raw", "discard": "unmap"}),
                json!({"driver": "blkdebug", "node-name": "bad", "image": "f", "inject-error": [
                    {"event": "none", "iotype": "read", "errno": 28, "once": true, "sector": 7}
                ]}),
                json!({"driver": "throttle", "node-name": "slow", "throttle-group": "tg0", "file": "bad"}),
                json!({"driver": "raw", "node-name": "top", "file": "slow"}),
            ]
        );
        assert_eq!(
            chain.objects(),
            [json!({"qom-type": "throttle-group", "id": "tg0", "x-iops-write": 50})]
        );
    }

    #[test]
    fn two_disks_can_share_one_log() {
        let chain = Chain::file("f", Path::new("both.raw"))
            .log_writes("lw", Path::new("log.raw"))
            .part("a", 0, 8 << 20)
            .part("b", 8 << 20, 8 << 20);
        assert_eq!(chain.top(), "lw");
        let names: Vec<_> = chain.nodes().iter().map(|node| &node["node-name"]).collect();
        assert_eq!(names, ["f", "lw-log", "lw", "a", "b"]);
        assert_eq!(chain.nodes()[2]["log"], "lw-log");
        assert_eq!(chain.nodes()[4]["offset"], 8 << 20);
        assert_eq!(chain.nodes()[4]["file"], "lw");
    }
}
