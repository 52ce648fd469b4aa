//! The block device's driver against its device; see `fuzz_properties::block_device`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_properties::block_device::check(data));
