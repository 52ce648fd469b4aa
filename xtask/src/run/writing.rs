//! Which devices a parameter line may have written.
//!
//! This does not judge the line, the kernel does; it only errs to the side that keeps data. A device that
//! is not named as something to write is attached read-only, so that neither a slip in the line nor a
//! fault of the kernel can touch it.

use qemu_tests::DeviceAddress;

/// Jobs that write nothing but what `mirror=` and `to=` name.
const KNOWN_JOBS: [&str; 4] = ["copy", "replay", "compare", "bench"];

/// Whether the parameters name the device as one to write. With a job that is not known here, every
/// device may be written.
pub(super) fn may_be_written(device: DeviceAddress, parameters: &str) -> bool {
    let words = || parameters.split_whitespace();
    let job = words().find_map(|word| word.strip_prefix("run="));
    if job.is_some_and(|job| !KNOWN_JOBS.contains(&job)) {
        return true;
    }
    let reads_only = job == Some("compare");
    words().any(|word| match word.split_once('=') {
        Some(("mirror", pairs)) => pairs.split([',', ':']).any(|name| is(device, name)),
        Some(("to", name)) => !reads_only && is(device, name),
        Some(_) | None => false,
    })
}

fn is(device: DeviceAddress, name: &str) -> bool {
    name.parse() == Ok(device)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_named_is_written() {
        let cases: [(&str, &[u16]); 9] = [
            ("", &[]),
            ("run=copy from=0003 to=0001", &[1]),
            ("mirror=0001:0002 run=copy from=0003 to=0001", &[1, 2]),
            ("mirror=0001:0002,0.0.0004:5 run=replay from=3 to=1", &[1, 2, 4, 5]),
            ("mirror=0001:0002", &[1, 2]),
            ("run=compare from=0001 to=0002", &[]),
            ("run=bench to=0005 op=read", &[5]),
            ("run=console", &[1, 2, 3, 4, 5]),
            ("run=dance to=0001", &[1, 2, 3, 4, 5]),
        ];
        for (parameters, written) in cases {
            for number in 1..=5 {
                let device = DeviceAddress::new(number);
                assert_eq!(
                    may_be_written(device, parameters),
                    written.contains(&number),
                    "{number} in {parameters:?}"
                );
            }
        }
    }
}
