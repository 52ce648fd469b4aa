//! The split virtqueue against its device; see `fuzz_properties::virtqueue`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_properties::virtqueue::check(data));
