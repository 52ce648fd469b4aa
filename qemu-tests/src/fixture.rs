//! The real input that the project keeps: a ledger's file system and the log of its writes.
//!
//! A 64 MiB ext4 image ([`base`]) and the log of what a Linux guest then wrote on it ([`log`]),
//! compressed into this library (240 KB); see `fixtures/README.md`. `cargo xtask demo` and the
//! scenarios copy the one and replay the other; the result is known: [`REPLAYED_SHA256`].

use std::io::Read;

use anyhow::{Context, Result};
use ruzstd::decoding::StreamingDecoder;

/// The length of the base image.
pub const BASE_BYTES: u64 = 64 << 20;

/// The number of entries in the log.
pub const LOG_ENTRIES: u64 = 3249;

/// Those that are writes.
pub const LOG_WRITES: u64 = 2049;

/// Those that are flushes.
pub const LOG_FLUSHES: u64 = 1200;

/// The bytes that the writes write.
pub const LOG_BYTES: u64 = 15_980_544;

/// The sha256 of the base image after the whole log was replayed on it.
pub const REPLAYED_SHA256: &str =
    "ec70e9902317752952671d28f7a0174ca88fa792861f0984bfa0a71349b0bb32";

const BASE: &[u8] = include_bytes!("../fixtures/ledger.base.zst");
const LOG: &[u8] = include_bytes!("../fixtures/ledger.log.zst");

/// The ext4 image before the writes.
///
/// # Errors
/// The compressed data are damaged.
pub fn base() -> Result<Vec<u8>> {
    decompress(BASE).context("the fixture ledger.base.zst is damaged")
}

/// The log of the writes and flushes.
///
/// # Errors
/// The compressed data are damaged.
pub fn log() -> Result<Vec<u8>> {
    decompress(LOG).context("the fixture ledger.log.zst is damaged")
}

fn decompress(mut compressed: &[u8]) -> Result<Vec<u8>> {
    let mut content = Vec::new();
    let mut decoder = StreamingDecoder::new(&mut compressed)?;
    decoder.read_to_end(&mut content)?;
    Ok(content)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::Fingerprint;
    use crate::log_writes::{Discarded, Log};

    #[test]
    fn the_log_replays_to_the_known_image() {
        let mut image = base().unwrap();
        assert_eq!(image.len() as u64, BASE_BYTES);
        let bytes = log().unwrap();
        let log = Log::parse(&bytes).unwrap();
        assert_eq!(log.entries.len() as u64, LOG_ENTRIES);
        let done = log.replay(&mut image, Discarded::BecomesZero).unwrap();
        assert_eq!((done.writes, done.flushes, done.bytes), (LOG_WRITES, LOG_FLUSHES, LOG_BYTES));
        assert_eq!((done.forced, done.discards, done.marks), (0, 0, 0));
        assert_eq!(Fingerprint::of(&image).to_string(), REPLAYED_SHA256);
    }

    #[test]
    fn damage_is_noticed() {
        assert!(decompress(&LOG[..LOG.len() / 2]).is_err());
        assert!(decompress(b"no zstd").is_err());
    }
}
