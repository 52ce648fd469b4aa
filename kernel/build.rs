//! Gives the linker its script when the kernel is built for the machine itself.
//!
//! On a host the kernel is an ordinary program that only says what it is for, and is linked as such.

use std::env;
use std::path::Path;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=../linker.ld");
    if env::var("CARGO_CFG_TARGET_OS").as_deref() != Ok("none") {
        return;
    }
    let package = env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    let script = Path::new(&package).join("../linker.ld");
    println!("cargo::rustc-link-arg-bins=-T{}", script.display());
}
