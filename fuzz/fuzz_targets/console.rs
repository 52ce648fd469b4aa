//! The console's command line; see `fuzz_properties::console`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_properties::console::check(data));
