//! Parameter lines that the kernel must refuse: each names the word at fault and what was expected, and no disk
//! is written.
//!
//! One machine has disks of several kinds ([`Disks`]); each line of the tables is a boot of it.

use anyhow::Result;
use libtest_mimic::Trial;
use qemu_tests::attachment::Access;
use qemu_tests::{Disk, Outcome};

use crate::kernel::Kernel;
use crate::support::{KIB, MIB, Unchanged, at, in_set, judge};

/// A name, a parameter line, and words that the error must have.
type Refused = (&'static str, &'static str, &'static [&'static str]);

/// Lines that are wrong in themselves.
const LINES: [Refused; 47] = [
    ("unknown_key", "colour=blue", &["colour=blue", "mirror=", "expected"]),
    ("misspelt_key", "run=copy form=0003 to=0001", &["form=0003", "did you mean from="]),
    ("key_in_capitals", "RUN=copy from=0003 to=0001", &["RUN=copy", "run="]),
    ("no_equals_sign", "run=copy from=0003 to=0001 fast", &["fast", "expected key=value"]),
    ("key_without_value", "run=copy from to=0001", &["from", "expected"]),
    ("empty_value", "run=copy from= to=0001", &["from=", "expected"]),
    ("no_key", "=copy", &["=copy", "expected"]),
    ("equals_sign_alone", "run=copy = from=0003 to=0001", &["=", "expected"]),
    ("unknown_job", "run=dance from=0003 to=0001", &["run=dance", "copy, replay, bench, compare"]),
    ("misspelt_job", "run=copi from=0003 to=0001", &["run=copi", "did you mean copy"]),
    ("two_jobs", "run=copy run=compare from=0003 to=0001", &["run=compare", "run=copy", "once"]),
    ("given_twice", "run=copy from=0003 from=0003 to=0001", &["from=0003", "twice"]),
    ("mirror_twice", "mirror=0001:0002 mirror=0004:0005", &["mirror=0004:0005", "twice"]),
    ("no_source", "run=copy to=0001", &["run=copy", "from="]),
    ("no_target", "run=copy from=0003", &["run=copy", "to="]),
    ("no_operation", "run=bench to=0001", &["run=bench", "op="]),
    ("no_job", "from=0003 to=0001", &["from=0003", "run="]),
    ("key_of_another_job", "run=copy from=0003 to=0001 op=read", &["op=read", "copy", "from="]),
    ("source_of_a_bench", "run=bench from=0003 to=0001 op=read", &["from=0003", "bench", "op="]),
    (
        "operation",
        "run=bench to=0001 op=erase",
        &["op=erase", "write, read, randwrite or randread"],
    ),
    ("onto_itself", "run=copy from=0001 to=0001", &["to=0001", "from=0001", "different"]),
    ("onto_itself_by_long_name", "run=copy from=0001 to=0.0.0001", &["to=0.0.0001", "from=0001"]),
    ("compared_with_itself", "run=compare from=0001 to=0001", &["to=0001", "different"]),
    ("device_no_hexadecimal", "run=copy from=000g to=0001", &["from=000g", "hexadecimal digits"]),
    ("device_too_long", "run=copy from=00003 to=0001", &["from=00003", "hexadecimal digits"]),
    ("device_of_two_parts", "run=copy from=0.0003 to=0001", &["from=0.0003", "0.0.0001"]),
    ("device_of_a_set_too_high", "run=copy from=0.4.0003 to=0001", &["from=0.4.0003", "0 to 3"]),
    ("device_of_another_system", "run=copy from=1.0.0003 to=0001", &["from=1.0.0003", "expected"]),
    ("device_as_qemu_has_it", "run=copy from=fe.0.0003 to=0001", &["from=fe.0.0003", "expected"]),
    ("device_negative", "run=copy from=-003 to=0001", &["from=-003", "hexadecimal digits"]),
    ("pair_with_itself", "mirror=0001:0001", &["mirror=0001:0001", "itself", "expected"]),
    ("pair_with_itself_by_long_name", "mirror=0001:0.0.0001", &["mirror=0001:0.0.0001", "itself"]),
    ("disk_in_two_pairs", "mirror=0001:0002,0004:0001", &["mirror=0004:0001", "0.0.0001"]),
    (
        "one_secondary_for_two",
        "mirror=0001:0002,0004:0002",
        &["mirror=0004:0002", "mirror=0001:0002"],
    ),
    ("the_same_pair_twice", "mirror=0001:0002,0001:0002", &["mirror=0001:0002", "one pair only"]),
    ("pair_of_one", "mirror=0001", &["mirror=0001", "primary:secondary"]),
    ("pair_of_three", "mirror=0001:0002:0003", &["mirror=0001:0002:0003", "primary:secondary"]),
    ("pair_without_secondary", "mirror=0001:", &["mirror=0001:", "secondary", "expected"]),
    ("pair_without_primary", "mirror=:0002", &["mirror=:0002", "primary", "expected"]),
    ("comma_at_the_end", "mirror=0001:0002,", &["mirror=", "expected"]),
    ("no_number", "run=copy from=0003 to=0001 depth=many", &["depth=many", "1 to 1024"]),
    ("number_too_small", "run=copy from=0003 to=0001 depth=0", &["depth=0", "1 to 1024"]),
    ("number_too_large", "run=copy from=0003 to=0001 depth=1025", &["depth=1025", "1 to 1024"]),
    ("number_of_no_size", DEPTH_OF_NO_SIZE, &["depth=99999", "1 to 1024"]),
    (
        "count_and_seconds",
        "run=bench to=0001 op=write count=1 seconds=1",
        &["seconds=1", "count=1"],
    ),
    ("trace", "trace=maybe", &["trace=maybe", "on or off"]),
    ("deadline", "deadline=0 mirror=0001:0002", &["deadline=0", "1 to 3600"]),
];

const DEPTH_OF_NO_SIZE: &str = "run=copy from=0003 to=0001 depth=99999999999999999999999999999999";

/// Lines that do not go with the disks that there are.
const DISKS: [Refused; 31] = [
    ("no_such_source", "run=copy from=0099 to=0001", &["from=0099", "0.0.0099", "0.0.0001"]),
    ("no_such_target", "run=copy from=0003 to=0099", &["to=0099", "expected one of"]),
    ("no_such_primary", "mirror=0099:0002", &["mirror=0099:0002", "0.0.0099"]),
    ("no_such_secondary", "mirror=0001:0099", &["mirror=0001:0099", "0.0.0099"]),
    (
        "no_such_disk_of_a_second_pair",
        "mirror=0001:0002,0004:0099",
        &["mirror=0004:0099", "0.0.0099"],
    ),
    ("other_subchannel_set", "run=copy from=0.1.0003 to=0001", &["from=0.1.0003", "0.1.0003"]),
    ("in_set_1_only", "run=copy from=0008 to=0001", &["from=0008", "0.1.0008"]),
    ("secondary_smaller", "mirror=0006:0001", &["mirror=0006:0001", "smaller", "2097152"]),
    (
        "secondary_smaller_with_a_job",
        SMALLER_WITH_A_JOB,
        &["mirror=0001:0003", "524288", "1048576"],
    ),
    ("secondary_read_only", "mirror=0001:0004", &["mirror=0001:0004", "read-only"]),
    ("primary_read_only", "mirror=0004:0001", &["mirror=0004:0001", "read-only"]),
    ("target_read_only", "run=copy from=0003 to=0004", &["to=0004", "read-only", "expected"]),
    ("bench_writes_read_only", "run=bench to=0004 op=write count=1", &["to=0004", "read-only"]),
    ("replay_on_read_only", "run=replay from=0003 to=0004", &["to=0004", "read-only"]),
    ("source_larger", "run=copy from=0006 to=0001", &["from=0006", "2097152", "1048576"]),
    ("source_larger_than_the_pair", LARGER_THAN_THE_PAIR, &["from=0006", "2097152", "1048576"]),
    ("source_empty", "run=copy from=0007 to=0001", &["from=0007", "expected"]),
    ("target_empty", "run=copy from=0003 to=0007", &["to=0007", "expected"]),
    ("bench_empty", "run=bench to=0007 op=read count=1", &["to=0007", "expected"]),
    (
        "target_is_a_secondary",
        "mirror=0001:0002 run=copy from=0003 to=0002",
        &["to=0002", "0.0.0001"],
    ),
    ("bench_writes_a_secondary", BENCH_SECONDARY, &["to=0002", "0.0.0001"]),
    ("replay_on_a_secondary", "mirror=0001:0002 run=replay from=0003 to=0002", &["to=0002"]),
    ("source_is_the_targets_mirror", "mirror=0001:0002 run=copy from=0002 to=0001", &["from=0002"]),
    ("log_on_the_targets_mirror", "mirror=0001:0002 run=replay from=0002 to=0001", &["from=0002"]),
    ("request_not_in_blocks", "run=bench to=0005 op=write bs=512 count=1", &["bs=512", "4096"]),
    ("request_of_1000", "run=bench to=0001 op=write bs=1000 count=1", &["bs=1000", "512"]),
    ("request_too_small", "run=bench to=0001 op=write bs=511 count=1", &["bs=511", "512 to 16M"]),
    ("request_too_large", "run=bench to=0001 op=write bs=17M count=1", &["bs=17M", "512 to 16M"]),
    ("request_larger_than_disk", "run=bench to=0003 op=read bs=1M count=1", &["bs=1M", "524288"]),
    ("secondary_blocks_larger", "mirror=0001:0005", &["mirror=0001:0005", "4096", "512"]),
    ("no_log", "run=replay from=0003 to=0001", &["from=0003", "magic", "expected"]),
];

const SMALLER_WITH_A_JOB: &str = "mirror=0001:0003 run=copy from=0005 to=0001";
const LARGER_THAN_THE_PAIR: &str = "mirror=0001:0002 run=copy from=0006 to=0001";
const BENCH_SECONDARY: &str = "mirror=0001:0002 run=bench to=0002 op=write count=1";

/// Lines that look odd and are right, with what the RESULT calls the job.
const ACCEPTED: [(&str, &str, &str); 9] = [
    ("empty", "", "list"),
    ("spaces", "   \t  ", "list"),
    ("lines", "run=copy\nfrom=0003\r\n\tto=0001 ", "copy"),
    ("any_order", "to=0001 depth=3 from=0003 run=copy mirror=0001:0002", "copy"),
    ("hexadecimal_in_capitals", "run=copy from=0.1.00AB to=0001", "copy"),
    ("short_device_number", "run=copy from=3 to=1", "copy"),
    ("trace_off", "trace=off", "list"),
    ("read_a_secondary", "mirror=0001:0002 run=copy from=0002 to=0005", "copy"),
    ("copy_from_read_only", "run=copy from=0004 to=0001", "copy"),
];

pub(crate) fn trials(kernel: &Kernel) -> Vec<Trial> {
    let mut trials = Vec::new();
    for (kind, table) in [("lines", LINES.as_slice()), ("disks", DISKS.as_slice())] {
        for (name, line, words) in table {
            let name = format!("parameters::{kind}::{name}");
            trials.push(kernel.trial(name, move |kernel| refused(kernel, line, words)));
        }
    }
    for (name, line, job) in ACCEPTED {
        let name = format!("parameters::accepted::{name}");
        trials.push(kernel.trial(name, move |kernel| accepted(kernel, line, job)));
    }
    trials
}

/// Disks of every kind that the lines speak of.
pub(crate) struct Disks(Vec<Disk>);

impl Disks {
    pub(crate) fn new() -> Result<Self> {
        let sizes = [MIB, MIB, 512 * KIB, MIB, MIB, 2 * MIB, 0, MIB, 512 * KIB];
        let disks = (1..).zip(sizes).map(|(seed, bytes)| Disk::seeded(bytes, seed));
        Ok(Self(disks.collect::<Result<_>>()?))
    }

    /// Boots a machine that has them, and checks that it wrote none of them.
    pub(crate) fn boot_unchanged(
        &self,
        kernel: &Kernel,
        line: impl AsRef<std::ffi::OsStr>,
    ) -> Result<Outcome> {
        let unchanged = Unchanged::note(&self.0)?;
        let outcome = self.boot(kernel, line)?;
        unchanged.check(&outcome)?;
        Ok(outcome)
    }

    fn boot(&self, kernel: &Kernel, line: impl AsRef<std::ffi::OsStr>) -> Result<Outcome> {
        let mut machine = kernel.machine("").parameters(line);
        for (number, disk) in (1..).zip(&self.0) {
            machine = machine.attach(match number {
                4 => at(4, disk).access(Access::ReadOnly),
                5 => at(5, disk).logical_block_bytes(4096).physical_block_bytes(4096),
                8 => in_set(1, 8, disk)?,
                9 => in_set(1, 0xab, disk)?,
                number => at(number, disk),
            });
        }
        machine.run()
    }
}

fn refused(kernel: &Kernel, line: &str, words: &[&str]) -> Result<()> {
    let outcome = Disks::new()?.boot_unchanged(kernel, line)?;
    let verdict = outcome.expect_failed("")?;
    let fault = words.first().copied().unwrap_or_default();
    judge!(outcome, verdict.error.starts_with(fault), "the error does not begin with {fault:?}");
    for word in words {
        outcome.expect_failed(word)?;
    }
    let clear = verdict.error.is_ascii() && verdict.error.len() < 300;
    judge!(outcome, clear, "the error is no clear line");
    judge!(outcome, (verdict.writes, verdict.bytes) == (0, 0), "something was done");
    judge!(outcome, !outcome.lines_with("CCW023E").is_empty(), "the operator was not told");
    Ok(())
}

fn accepted(kernel: &Kernel, line: &str, job: &str) -> Result<()> {
    let outcome = Disks::new()?.boot(kernel, line)?;
    let verdict = outcome.expect_ok()?;
    judge!(outcome, verdict.job == job, "the job is called {}", verdict.job);
    Ok(())
}
