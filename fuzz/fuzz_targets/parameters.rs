//! The parameter line; see `fuzz_properties::parameters`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_properties::parameters::check(data));
