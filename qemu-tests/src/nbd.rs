//! A disk behind a server that can be cut off.
//!
//! [`NbdServer`] runs `qemu-nbd` on an image and a unix socket. A disk on [`crate::faults::Chain::nbd`]
//! gets errors when the server is stopped, as from a controller whose cable was pulled.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use crate::scratch;

/// How long the server may take to open its socket.
const START_LIMIT: Duration = Duration::from_secs(10);

const POLL_INTERVAL: Duration = Duration::from_millis(2);

/// A running server, stopped when dropped.
#[derive(Debug)]
pub struct NbdServer {
    process: Child,
    image: PathBuf,
    directory: TempDir,
}

impl NbdServer {
    /// Serves a raw image.
    ///
    /// # Errors
    /// `qemu-nbd` is not there, or did not open its socket.
    pub fn start(image: &Path) -> Result<Self> {
        let directory = scratch::socket_directory()?;
        let process = spawn(image, &directory.path().join(SOCKET))?;
        let mut server = Self { process, image: image.to_owned(), directory };
        server.wait_for_socket()?;
        Ok(server)
    }

    /// Where a client connects.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.directory.path().join(SOCKET)
    }

    /// Cuts the disk off.
    ///
    /// # Errors
    /// The process cannot be ended.
    pub fn cut(&mut self) -> Result<()> {
        self.process.kill()?;
        self.process.wait()?;
        // A killed server leaves its socket, and its successor could not open one there.
        match std::fs::remove_file(self.socket()) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Serves the image again after a cut.
    ///
    /// # Errors
    /// As [`NbdServer::start`].
    pub fn restore(&mut self) -> Result<()> {
        self.process = spawn(&self.image, &self.socket())?;
        self.wait_for_socket()
    }

    fn wait_for_socket(&mut self) -> Result<()> {
        let deadline = Instant::now() + START_LIMIT;
        while !self.socket().exists() {
            if let Some(status) = self.process.try_wait()? {
                bail!("qemu-nbd ended before it served {} ({status})", self.image.display());
            }
            if Instant::now() >= deadline {
                bail!("qemu-nbd did not open {} in time", self.socket().display());
            }
            thread::sleep(POLL_INTERVAL);
        }
        Ok(())
    }
}

impl Drop for NbdServer {
    fn drop(&mut self) {
        // It may have been cut already; there is nobody to tell of a failure here.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

const SOCKET: &str = "nbd.sock";

fn spawn(image: &Path, socket: &Path) -> Result<Child> {
    Command::new("qemu-nbd")
        .arg("-k")
        .arg(socket)
        .args(["-f", "raw", "-t"])
        .arg(image)
        .stdin(Stdio::null())
        .spawn()
        .context("cannot run qemu-nbd (`cargo xtask setup` installs it)")
}
