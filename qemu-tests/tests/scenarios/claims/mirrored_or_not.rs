//! Whether the first device is mirrored, and by which other, is determined. (Claims 2 and 20.)

use anyhow::Result;
use libtest_mimic::Trial;
use qemu_tests::Disk;

use super::{Done, LIMIT, record};
use crate::kernel::Kernel;
use crate::request_path::{Places, created};
use crate::support::{MIB, Unchanged, at, expect_image, judge};

pub(crate) fn trials(kernel: &Kernel) -> Vec<Trial> {
    vec![
        kernel.trial("claims::mirrored_or_not::by_the_right_other", |kernel| {
            copied(kernel, 1, Some(2))?;
            copied(kernel, 4, Some(5))
        }),
        kernel.trial("claims::mirrored_or_not::in_no_pair", |kernel| copied(kernel, 6, None)),
        kernel.trial("claims::mirrored_or_not::what_only_reads", what_only_reads),
    ]
}

/// Two pairs, 0001:0002 and 0004:0005, and 0006 in none.
struct Setting {
    source: Disk,
    /// By device number.
    targets: Vec<(u16, Disk)>,
}

impl Setting {
    fn new() -> Result<Self> {
        let numbers = [1u16, 2, 4, 5, 6];
        let disks =
            numbers.map(|number| Ok((number, Disk::seeded(4 * MIB, u64::from(number) % 3)?)));
        let targets = disks.into_iter().collect::<Result<_>>()?;
        Ok(Self { source: Disk::seeded(4 * MIB, 9)?, targets })
    }

    fn run(&self, kernel: &Kernel, job: &str) -> Result<Done> {
        let line = format!("trace=on mirror=0001:0002,0004:0005 {job}");
        let mut machine = kernel.machine(&line).time_limit(LIMIT).attach(at(3, &self.source));
        for (number, disk) in &self.targets {
            machine = machine.attach(at(*number, disk));
        }
        Done::of(machine.run()?)
    }
}

/// A copy to one of the disks: it and the other of its pair, if it is in one, are written, and nothing else.
fn copied(kernel: &Kernel, target: u16, other: Option<u16>) -> Result<()> {
    let setting = Setting::new()?;
    let written = |number: &u16| *number == target || Some(*number) == other;
    let rest = setting.targets.iter().filter(|(number, _)| !written(number));
    let unchanged = Unchanged::note(rest.map(|(_, disk)| disk).chain([&setting.source]))?;
    let done = setting.run(kernel, &format!("run=copy from=0003 to={target:04x}"))?;
    let (outcome, trace) = (&done.outcome, &done.trace);
    judge!(outcome, done.verdict.writes == 16, "{} writes", done.verdict.writes);
    let mirrored = if other.is_some() { 16 } else { 0 };
    judge!(outcome, done.verdict.mirrored_writes == mirrored, "not {mirrored} were mirrored");
    let places = Places::of(trace);
    for one in created(trace)? {
        let device = record(trace, places.first(one.second, "DDTSIO")?)?.field("device");
        let wanted = other.map(|number| format!("0.0.{number:04x}"));
        judge!(outcome, device == wanted.as_deref(), "the second goes to {device:?}");
    }
    let decided = trace.of("FRONT-END").with("op", "write").with("decision", "not-mirrored");
    let alone = if other.is_some() { 0 } else { 16 };
    judge!(outcome, decided.records.len() == alone, "not {alone} were found not mirrored");
    unchanged.check(outcome)?;
    for (_, disk) in setting.targets.iter().filter(|(number, _)| written(number)) {
        expect_image(outcome, disk, &setting.source)?;
    }
    Ok(())
}

/// A read of a first device is for it alone: the second device hears nothing of it.
fn what_only_reads(kernel: &Kernel) -> Result<()> {
    let setting = Setting::new()?;
    let all = setting.targets.iter().map(|(_, disk)| disk).chain([&setting.source]);
    let unchanged = Unchanged::note(all)?;
    // The same seed made 0001 and 0004, so that the comparison reads them whole.
    let done = setting.run(kernel, "run=compare from=0001 to=0004")?;
    let (outcome, trace) = (&done.outcome, &done.trace);
    judge!(outcome, created(trace)?.is_empty(), "a read has a second request");
    let read = trace.of("FRONT-END").with("decision", "read").records.len();
    judge!(
        outcome,
        read as u64 == done.verdict.reads && read > 0,
        "{read} reads were seen as such"
    );
    for other in ["0.0.0002", "0.0.0005"] {
        let heard = trace.of("DDTSIO").with("device", other);
        judge!(outcome, heard.records.is_empty(), "{other} got a request:\n{heard}");
    }
    unchanged.check(outcome)
}
