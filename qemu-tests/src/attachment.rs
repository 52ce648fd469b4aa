//! One disk as it is attached to a machine.
//!
//! An [`Attachment`] joins what holds the data (an image file, or the name of a block node that
//! [`crate::faults`] built) to a `virtio-blk-ccw` device with an address and its properties. It writes
//! its part of QEMU's command line; [`crate::Machine`] puts the parts together.

use std::fs;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::device::DeviceAddress;
use crate::disk::Disk;

/// Whether the guest may write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// It may.
    ReadWrite,
    /// QEMU opens the file for reading, and the device says that it is read-only.
    ReadOnly,
}

/// A property that is on or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Switch {
    /// On.
    On,
    /// Off.
    Off,
}

impl Switch {
    const fn word(self) -> &'static str {
        match self {
            Self::On => "on",
            Self::Off => "off",
        }
    }
}

/// What QEMU does when the host cannot read or write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnHostError {
    /// Tells the guest: a disk that fails is what is tested.
    Report,
    /// Stops the machine.
    Stop,
    /// Says nothing, as if it had worked.
    Ignore,
}

impl OnHostError {
    const fn word(self) -> &'static str {
        match self {
            Self::Report => "report",
            Self::Stop => "stop",
            Self::Ignore => "ignore",
        }
    }
}

/// How QEMU does its own I/O on an image file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostIo {
    /// With a pool of threads, QEMU's default.
    Threads,
    /// With Linux's `io_uring`.
    IoUring,
}

impl HostIo {
    const fn word(self) -> &'static str {
        match self {
            Self::Threads => "threads",
            Self::IoUring => "io_uring",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Source {
    File { path: PathBuf, format: String },
    Node { name: String },
}

/// One disk of a machine.
#[derive(Clone, Debug)]
pub struct Attachment {
    address: DeviceAddress,
    source: Source,
    /// Keeps a temporary image until the machine has gone.
    _disk: Option<Disk>,
    /// The name of the block node, where it is not made from the address.
    node: Option<String>,
    access: Access,
    host_io: HostIo,
    iothread: Option<String>,
    on_read_error: OnHostError,
    on_write_error: OnHostError,
    properties: Vec<(String, String)>,
}

impl Attachment {
    /// A raw image.
    #[must_use]
    pub fn disk(address: DeviceAddress, disk: &Disk) -> Self {
        let mut attachment = Self::file(address, disk.path());
        attachment._disk = Some(disk.clone());
        attachment
    }

    /// A raw image file of the caller's, or a block device.
    #[must_use]
    pub fn file(address: DeviceAddress, path: impl Into<PathBuf>) -> Self {
        Self::image(address, path, "raw")
    }

    /// An image file in one of QEMU's formats, such as `qcow2`.
    #[must_use]
    pub fn image(
        address: DeviceAddress,
        path: impl Into<PathBuf>,
        format: impl Into<String>,
    ) -> Self {
        Self::of(address, Source::File { path: path.into(), format: format.into() })
    }

    /// A block node that [`crate::Machine::block_node`] defines, by its name. Several devices may stand
    /// on nodes that share a chain.
    #[must_use]
    pub fn node(address: DeviceAddress, name: impl Into<String>) -> Self {
        Self::of(address, Source::Node { name: name.into() })
    }

    fn of(address: DeviceAddress, source: Source) -> Self {
        Self {
            address,
            source,
            _disk: None,
            node: None,
            access: Access::ReadWrite,
            host_io: HostIo::Threads,
            iothread: None,
            on_read_error: OnHostError::Report,
            on_write_error: OnHostError::Report,
            properties: Vec::new(),
        }
    }

    /// Where the guest finds the disk.
    #[must_use]
    pub fn address(&self) -> DeviceAddress {
        self.address
    }

    /// Names the block node of the image. Without a name it is made from the address, so an image that comes while
    /// the machine runs to an address where another was must have one.
    #[must_use]
    pub fn as_node(mut self, name: impl Into<String>) -> Self {
        self.node = Some(name.into());
        self
    }

    /// Whether the guest may write; it may unless this says otherwise.
    #[must_use]
    pub fn access(mut self, access: Access) -> Self {
        self.access = access;
        self
    }

    /// How QEMU does its own I/O on the image file.
    #[must_use]
    pub fn host_io(mut self, host_io: HostIo) -> Self {
        self.host_io = host_io;
        self
    }

    /// The size of the blocks in which the guest must read and write, in bytes.
    #[must_use]
    pub fn logical_block_bytes(self, bytes: u32) -> Self {
        self.property("logical_block_size", bytes.to_string())
    }

    /// The size of the blocks that the medium prefers, in bytes.
    #[must_use]
    pub fn physical_block_bytes(self, bytes: u32) -> Self {
        self.property("physical_block_size", bytes.to_string())
    }

    /// The number of descriptors in the device's queue: a power of two, at least 4 (QEMU 7.2 refuses 2).
    #[must_use]
    pub fn queue_size(self, descriptors: u16) -> Self {
        self.property("queue-size", descriptors.to_string())
    }

    /// Whether the device offers discard.
    #[must_use]
    pub fn discard(self, switch: Switch) -> Self {
        self.property("discard", switch.word())
    }

    /// Whether the device offers write-zeroes.
    #[must_use]
    pub fn write_zeroes(self, switch: Switch) -> Self {
        self.property("write-zeroes", switch.word())
    }

    /// Whether the device has a volatile write cache, which makes flushes matter.
    #[must_use]
    pub fn write_cache(self, switch: Switch) -> Self {
        self.property("write-cache", switch.word())
    }

    /// Lets the device's requests run in an I/O thread of this name. Devices that name the same share
    /// it; the machine makes it.
    #[must_use]
    pub fn iothread(mut self, name: impl Into<String>) -> Self {
        self.iothread = Some(name.into());
        self
    }

    /// What QEMU does when the host cannot read; it reports unless this says otherwise.
    #[must_use]
    pub fn on_read_error(mut self, policy: OnHostError) -> Self {
        self.on_read_error = policy;
        self
    }

    /// What QEMU does when the host cannot write; it reports unless this says otherwise.
    #[must_use]
    pub fn on_write_error(mut self, policy: OnHostError) -> Self {
        self.on_write_error = policy;
        self
    }

    /// Any other property of `virtio-blk-ccw`, such as `share-rw`.
    #[must_use]
    pub fn property(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.properties.push((name.into(), value.into()));
        self
    }

    /// The I/O thread that the device names.
    pub(crate) fn iothread_name(&self) -> Option<&str> {
        self.iothread.as_deref()
    }

    /// The block node that must be made for the device; none when it stands on one that exists.
    #[must_use]
    pub fn block_node(&self) -> Option<Value> {
        match &self.source {
            Source::File { path, format } => Some(self.file_node(path, format)),
            Source::Node { .. } => None,
        }
    }

    fn file_node(&self, path: &Path, format: &str) -> Value {
        let read_only = self.access == Access::ReadOnly;
        json!({
            "driver": format,
            "node-name": self.node_name(),
            "read-only": read_only,
            "discard": "unmap",
            "file": {
                "driver": file_driver(path),
                "filename": path,
                "read-only": read_only,
                "discard": "unmap",
                "aio": self.host_io.word(),
            },
        })
    }

    fn node_name(&self) -> String {
        match (&self.source, &self.node) {
            (Source::File { .. }, None) => format!("{}-image", self.address.qemu_id()),
            (Source::File { .. }, Some(name)) | (Source::Node { name }, _) => name.clone(),
        }
    }

    /// The value of QEMU's `-device` option.
    #[must_use]
    pub fn device_option(&self) -> String {
        let mut text = "virtio-blk-ccw".to_owned();
        for (name, value) in self.device_properties() {
            text.push_str(&format!(",{name}={value}"));
        }
        text
    }

    /// The arguments of QMP's `device_add`, for a disk that comes while the machine runs.
    #[must_use]
    pub fn device_add_arguments(&self) -> Value {
        let mut arguments = json!({"driver": "virtio-blk-ccw"});
        for (name, value) in self.device_properties() {
            // Numbers and switches are strings on a command line, but typed in JSON.
            let typed = match value.as_str() {
                "on" => Value::Bool(true),
                "off" => Value::Bool(false),
                text => text.parse::<u64>().map_or_else(|_| json!(text), |number| json!(number)),
            };
            if let Some(object) = arguments.as_object_mut() {
                object.insert(name, typed);
            }
        }
        arguments
    }

    fn device_properties(&self) -> Vec<(String, String)> {
        let mut properties = vec![
            ("id", self.address.qemu_id()),
            ("devno", self.address.qemu_devno()),
            ("drive", self.node_name()),
            ("rerror", self.on_read_error.word().to_owned()),
            ("werror", self.on_write_error.word().to_owned()),
        ];
        if let Some(iothread) = &self.iothread {
            properties.push(("iothread", iothread.clone()));
        }
        let named = properties.into_iter().map(|(name, value)| (name.to_owned(), value));
        named.chain(self.properties.iter().cloned()).collect()
    }
}

/// QEMU's driver for the file: a block device needs another than a regular file.
fn file_driver(path: &Path) -> &'static str {
    match fs::metadata(path) {
        Ok(metadata) if metadata.file_type().is_block_device() => "host_device",
        Ok(_) | Err(_) => "file",
    }
}

#[cfg(test)]
mod tests;
