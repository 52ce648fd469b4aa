//! Disk images: making them, and comparing them whole.
//!
//! A [`Disk`] is a raw image in a file. Those made here for a test ([`Disk::blank`],
//! [`Disk::seeded`], [`Disk::from_bytes`], [`Disk::copy_of`]) live in a temporary directory
//! ([`crate::scratch`]) and go with the value; those at a path of the caller's ([`Disk::blank_at`],
//! [`Disk::open`]) stay. The comparisons read every byte and name the first block that differs.

use std::fmt;
use std::fs::{self, File};
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use oorandom::Rand64;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::scratch;

/// Bytes in the blocks by which differences are reported.
pub const BLOCK_BYTES: u64 = 512;

/// How much is read at once when images are compared.
const CHUNK_BYTES: usize = 1 << 20;

/// A raw disk image in a file.
#[derive(Clone, Debug)]
pub struct Disk {
    path: PathBuf,
    /// Deletes the image when the last clone is dropped.
    _directory: Option<Arc<TempDir>>,
}

/// The sha256 of a whole image.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// The fingerprint of bytes in memory.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.0 {
            write!(formatter, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// The first place where two images differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Offset of the first byte that differs.
    pub offset_bytes: u64,
    /// That byte on the left; `None` past its end.
    pub left: Option<u8>,
    /// That byte on the right; `None` past its end.
    pub right: Option<u8>,
}

impl Difference {
    /// The 512-byte block that holds the first difference.
    #[must_use]
    pub const fn block(&self) -> u64 {
        self.offset_bytes / BLOCK_BYTES
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let show =
            |byte: Option<u8>| byte.map_or("its end".to_owned(), |byte| format!("{byte:#04x}"));
        write!(
            formatter,
            "first difference in block {} (byte {}): {} against {}",
            self.block(),
            self.offset_bytes,
            show(self.left),
            show(self.right)
        )
    }
}

impl Disk {
    /// A temporary image of zeros.
    ///
    /// # Errors
    /// The file cannot be made.
    pub fn blank(length_bytes: u64) -> Result<Self> {
        Self::temporary(|path| make_blank(path, length_bytes))
    }

    /// A temporary image of pseudo-random bytes; the same `seed` gives the same bytes.
    ///
    /// # Errors
    /// The file cannot be made.
    pub fn seeded(length_bytes: u64, seed: u64) -> Result<Self> {
        Self::temporary(|path| {
            let mut output = BufWriter::with_capacity(CHUNK_BYTES, File::create(path)?);
            let mut generator = Rand64::new(u128::from(seed));
            let mut left = length_bytes;
            while left > 0 {
                let bytes = generator.rand_u64().to_le_bytes();
                let take = left.min(8);
                output.write_all(bytes.get(..usize::try_from(take)?).unwrap_or(&bytes))?;
                left -= take;
            }
            Ok(output.flush()?)
        })
    }

    /// A temporary image with the given content.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn from_bytes(content: &[u8]) -> Result<Self> {
        Self::temporary(|path| Ok(fs::write(path, content)?))
    }

    /// A temporary copy of another image.
    ///
    /// # Errors
    /// The other cannot be read, or the copy not written.
    pub fn copy_of(original: impl AsRef<Path>) -> Result<Self> {
        Self::temporary(|path| fs::copy(original.as_ref(), path).map(drop).map_err(Into::into))
    }

    /// An image of zeros at a path of the caller's, which stays; what was there is replaced.
    ///
    /// # Errors
    /// The file cannot be made.
    pub fn blank_at(path: impl Into<PathBuf>, length_bytes: u64) -> Result<Self> {
        let path = path.into();
        make_blank(&path, length_bytes)
            .with_context(|| format!("cannot make the disk image {}", path.display()))?;
        Ok(Self::open(path))
    }

    /// An image that exists already, and stays.
    #[must_use]
    pub fn open(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), _directory: None }
    }

    fn temporary(make: impl FnOnce(&Path) -> Result<()>) -> Result<Self> {
        let directory = scratch::directory()?;
        let path = directory.path().join("disk.img");
        make(&path).with_context(|| format!("cannot make the disk image {}", path.display()))?;
        Ok(Self { path, _directory: Some(Arc::new(directory)) })
    }

    /// Where the image is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its length in bytes; of a block device, its capacity.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub fn length_bytes(&self) -> Result<u64> {
        // A block device has a length of zero in its metadata; its end tells.
        Ok(self.file()?.seek(SeekFrom::End(0))?)
    }

    /// The whole content.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn read(&self) -> Result<Vec<u8>> {
        fs::read(&self.path).with_context(|| format!("cannot read {}", self.path.display()))
    }

    /// `length_bytes` bytes from `offset_bytes` on.
    ///
    /// # Errors
    /// The file cannot be read, or ends before.
    pub fn read_at(&self, offset_bytes: u64, length_bytes: usize) -> Result<Vec<u8>> {
        let mut file = self.file()?;
        file.seek(SeekFrom::Start(offset_bytes))?;
        let mut content = vec![0; length_bytes];
        file.read_exact(&mut content).with_context(|| {
            format!("cannot read {length_bytes} bytes at {offset_bytes} of {}", self.path.display())
        })?;
        Ok(content)
    }

    /// Overwrites part of the image, beneath whoever uses it: for planting differences.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write_at(&self, offset_bytes: u64, content: &[u8]) -> Result<()> {
        let mut file = File::options()
            .write(true)
            .open(&self.path)
            .with_context(|| format!("cannot open {}", self.path.display()))?;
        file.seek(SeekFrom::Start(offset_bytes))?;
        file.write_all(content).with_context(|| format!("cannot write {}", self.path.display()))
    }

    /// The sha256 of the whole image.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn fingerprint(&self) -> Result<Fingerprint> {
        let mut file = self.file()?;
        let mut hash = Sha256::new();
        let mut chunk = vec![0; CHUNK_BYTES];
        loop {
            let count = fill(&mut file, &mut chunk)?;
            if count == 0 {
                return Ok(Fingerprint(hash.finalize().into()));
            }
            hash.update(chunk.get(..count).unwrap_or(&chunk));
        }
    }

    /// Where this image first differs from `other`, which counts as differing when one is longer.
    ///
    /// # Errors
    /// One of the files cannot be read.
    pub fn first_difference(&self, other: &Self) -> Result<Option<Difference>> {
        self.compare(other, u64::MAX)
    }

    /// Where the first `length_bytes` of this image and of `other` first differ.
    ///
    /// # Errors
    /// One of the files cannot be read.
    pub fn first_difference_within(
        &self,
        other: &Self,
        length_bytes: u64,
    ) -> Result<Option<Difference>> {
        self.compare(other, length_bytes)
    }

    fn compare(&self, other: &Self, length_bytes: u64) -> Result<Option<Difference>> {
        let mut left_file = self.file()?.take(length_bytes);
        let mut right_file = other.file()?.take(length_bytes);
        let mut left_chunk = vec![0; CHUNK_BYTES];
        let mut right_chunk = vec![0; CHUNK_BYTES];
        let mut offset_bytes = 0;
        loop {
            let left_count = fill(&mut left_file, &mut left_chunk)?;
            let right_count = fill(&mut right_file, &mut right_chunk)?;
            let left = left_chunk.get(..left_count).unwrap_or(&[]);
            let right = right_chunk.get(..right_count).unwrap_or(&[]);
            if let Some(place) = first_differing_byte(left, right) {
                return Ok(Some(Difference {
                    offset_bytes: offset_bytes + place as u64,
                    left: left.get(place).copied(),
                    right: right.get(place).copied(),
                }));
            }
            if left.is_empty() {
                return Ok(None);
            }
            offset_bytes += left.len() as u64;
        }
    }

    /// Fails, naming the first difference, unless the two images are the same in every byte.
    ///
    /// # Errors
    /// They differ, or one cannot be read.
    pub fn expect_same(&self, other: &Self) -> Result<()> {
        self.report(other, self.first_difference(other)?)
    }

    /// Fails, naming the first difference, unless the first `length_bytes` bytes are the same.
    ///
    /// # Errors
    /// They differ, or one cannot be read.
    pub fn expect_same_within(&self, other: &Self, length_bytes: u64) -> Result<()> {
        self.report(other, self.first_difference_within(other, length_bytes)?)
    }

    fn report(&self, other: &Self, difference: Option<Difference>) -> Result<()> {
        if let Some(difference) = difference {
            bail!(
                "{} and {} are not the same: {difference}",
                self.path.display(),
                other.path.display()
            );
        }
        Ok(())
    }

    /// Fails unless every byte from `offset_bytes` to the end is zero.
    ///
    /// # Errors
    /// A byte is not zero (the message says which), or the file cannot be read.
    pub fn expect_zero_from(&self, offset_bytes: u64) -> Result<()> {
        let mut file = self.file()?;
        file.seek(SeekFrom::Start(offset_bytes))?;
        let mut chunk = vec![0; CHUNK_BYTES];
        let mut start = offset_bytes;
        loop {
            let count = fill(&mut file, &mut chunk)?;
            let content = chunk.get(..count).unwrap_or(&chunk);
            if let Some(place) = content.iter().position(|byte| *byte != 0) {
                let at = start + place as u64;
                bail!(
                    "{} should be zero from byte {offset_bytes} on, but byte {at} (block {}) is not",
                    self.path.display(),
                    at / BLOCK_BYTES
                );
            }
            if count == 0 {
                return Ok(());
            }
            start += count as u64;
        }
    }

    /// Fails unless the image is still what it was when `before` was taken with
    /// [`Disk::fingerprint`].
    ///
    /// # Errors
    /// It has changed, or cannot be read.
    pub fn expect_unchanged(&self, before: Fingerprint) -> Result<()> {
        let now = self.fingerprint()?;
        if now != before {
            bail!("{} was changed: its sha256 was {before} and is {now}", self.path.display());
        }
        Ok(())
    }

    fn file(&self) -> Result<File> {
        File::open(&self.path).with_context(|| format!("cannot open {}", self.path.display()))
    }
}

fn make_blank(path: &Path, length_bytes: u64) -> Result<()> {
    Ok(File::create(path)?.set_len(length_bytes)?)
}

/// Reads until the chunk is full or the input ends; returns the number of bytes read.
fn fill(input: &mut impl Read, chunk: &mut [u8]) -> Result<usize> {
    let mut count = 0;
    while let Some(rest) = chunk.get_mut(count..).filter(|rest| !rest.is_empty()) {
        match input.read(rest)? {
            0 => break,
            read => count += read,
        }
    }
    Ok(count)
}

/// The index of the first byte that differs, or where the shorter of the two ends.
fn first_differing_byte(left: &[u8], right: &[u8]) -> Option<usize> {
    if left == right {
        return None;
    }
    let common = left.len().min(right.len());
    let differing = left.iter().zip(right).position(|(left, right)| left != right);
    Some(differing.unwrap_or(common))
}

#[cfg(test)]
mod tests;
