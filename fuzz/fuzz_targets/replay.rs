//! The write log; see `fuzz_properties::replay`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_properties::replay::check(data));
