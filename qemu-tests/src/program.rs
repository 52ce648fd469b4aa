//! Finding the host's programs.
//!
//! File-system tools such as `e2fsck` lie in `/usr/sbin`, which an ordinary user's `PATH` may leave
//! out, so those places are looked at too.

use std::env;
use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Places that are searched after those of `PATH`.
const SYSTEM_PLACES: [&str; 2] = ["/usr/sbin", "/sbin"];

/// Where a program is: a name is searched for, a path with a `/` in it is only looked at.
#[must_use]
pub fn find(program: impl AsRef<OsStr>) -> Option<PathBuf> {
    let program = Path::new(program.as_ref());
    if program.components().count() > 1 {
        return is_program(program).then(|| program.to_owned());
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let places = env::split_paths(&path).chain(SYSTEM_PLACES.map(PathBuf::from));
    let mut candidates = places.map(|place| place.join(program));
    candidates.find(|candidate| is_program(candidate))
}

fn is_program(path: &Path) -> bool {
    path.metadata()
        .is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_found_and_others_are_not() {
        assert!(find("sh").is_some_and(|path| path.ends_with("sh")));
        assert_eq!(find("/bin/sh"), Some(PathBuf::from("/bin/sh")));
        assert_eq!(find("no-such-program-anywhere"), None);
        assert_eq!(find("/bin"), None);
        assert_eq!(find("./Cargo.toml"), None);
        assert_eq!(find(""), None);
    }
}
