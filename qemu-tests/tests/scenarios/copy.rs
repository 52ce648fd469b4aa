//! Copies of whole disks: what is written, where it ends, and what must not be touched.

use anyhow::Result;
use libtest_mimic::Trial;
use qemu_tests::{Disk, Outcome};

use crate::kernel::Kernel;
use crate::support::{
    KIB, MIB, Unchanged, at, expect_duplex, expect_image, in_set, judge, overlaid,
};

/// A size that is no multiple of what one request moves, and has an odd number of sectors.
const ODD_BYTES: u64 = 3 * MIB + 512;

/// What the trace must not show when nothing is mirrored.
const DETOUR_WORDS: [&str; 4] = ["FRONT-END", "BACK-END", "POST-STATUS", "-detour"];

pub(crate) fn trials(kernel: &Kernel) -> Vec<Trial> {
    let mut trials = vec![
        kernel.trial("copy::unmirrored_leaves_the_second_disk", unmirrored),
        kernel.trial("copy::unmirrored_beside_a_pair", unmirrored_beside_a_pair),
        kernel.trial("copy::to_a_pair", to_a_pair),
        kernel.trial("copy::smaller_than_its_target", smaller_than_its_target),
        kernel.trial("copy::secondary_larger_than_primary", secondary_larger),
        kernel.trial("copy::from_the_primary_of_another_pair", from_a_primary),
        kernel.trial("copy::one_sector", one_sector),
        kernel.trial("copy::again_is_the_same", again),
        kernel.trial("copy::other_subchannel_sets", other_subchannel_sets),
        kernel.trial("copy::a_lost_byte_would_be_seen", a_lost_byte_would_be_seen),
    ];
    for pairs in [1, 2, 16, 64] {
        let name = format!("copy::one_of_{pairs}_pairs");
        trials.push(kernel.trial(name, move |kernel| one_of_many_pairs(kernel, pairs)));
    }
    for depth in [1, 2, 7, 1024] {
        let name = format!("copy::depth_{depth}");
        trials.push(kernel.trial(name, move |kernel| with_depth(kernel, depth)));
    }
    trials
}

/// Without a pair there is no detour, and only the target is written.
fn unmirrored(kernel: &Kernel) -> Result<()> {
    let source = Disk::seeded(ODD_BYTES, 1)?;
    let target = Disk::seeded(ODD_BYTES, 2)?;
    let second = Disk::seeded(ODD_BYTES, 3)?;
    let unchanged = Unchanged::note([&source, &second])?;
    let outcome = kernel
        .machine("trace=on run=copy from=0003 to=0001")
        .attach(at(1, &target))
        .attach(at(2, &second))
        .attach(at(3, &source))
        .run()?;
    let verdict = outcome.expect_ok()?;
    judge!(outcome, verdict.bytes == ODD_BYTES, "{} bytes were copied", verdict.bytes);
    judge!(outcome, verdict.writes > 1, "one write only: the disk should take several");
    judge!(outcome, verdict.mirrored_writes == 0, "writes were mirrored without a pair");
    expect_no_detour(&outcome)?;
    unchanged.check(&outcome)?;
    expect_image(&outcome, &target, &source)
}

fn expect_no_detour(outcome: &Outcome) -> Result<()> {
    judge!(outcome, !outcome.lines_with("IOSVSSCH").is_empty(), "there is no trace to look at");
    for word in DETOUR_WORDS {
        judge!(outcome, outcome.lines_with(word).is_empty(), "{word} without a pair");
    }
    Ok(())
}

/// A pair stands by while a disk that is in none is written.
fn unmirrored_beside_a_pair(kernel: &Kernel) -> Result<()> {
    let source = Disk::seeded(MIB, 1)?;
    let target = Disk::blank(MIB)?;
    let legs = [Disk::seeded(MIB, 2)?, Disk::seeded(MIB, 3)?];
    let unchanged = Unchanged::note(legs.iter().chain([&source]))?;
    let outcome = kernel
        .machine("trace=on mirror=0001:0002 run=copy from=0003 to=0004")
        .attach(at(1, &legs[0]))
        .attach(at(2, &legs[1]))
        .attach(at(3, &source))
        .attach(at(4, &target))
        .run()?;
    let verdict = outcome.expect_ok()?;
    judge!(outcome, verdict.mirrored_writes == 0, "a write to no pair was mirrored");
    judge!(outcome, outcome.lines_with("second-created").is_empty(), "a second was created");
    expect_duplex(&outcome, &verdict, "0.0.0001")?;
    unchanged.check(&outcome)?;
    expect_image(&outcome, &target, &source)
}

fn to_a_pair(kernel: &Kernel) -> Result<()> {
    let source = Disk::seeded(ODD_BYTES, 1)?;
    let legs = [Disk::seeded(ODD_BYTES, 2)?, Disk::seeded(ODD_BYTES, 3)?];
    let other = Disk::seeded(MIB, 4)?;
    let unchanged = Unchanged::note([&source, &other])?;
    let outcome = kernel
        .machine("mirror=0001:0002 run=copy from=0003 to=0001")
        .attach(at(1, &legs[0]))
        .attach(at(2, &legs[1]))
        .attach(at(3, &source))
        .attach(at(4, &other))
        .run()?;
    let verdict = outcome.expect_ok()?;
    judge!(outcome, verdict.job == "copy", "the job is called {}", verdict.job);
    judge!(outcome, verdict.bytes == ODD_BYTES, "{} bytes were copied", verdict.bytes);
    judge!(outcome, verdict.reads == verdict.writes, "each write has one read");
    judge!(outcome, verdict.mirrored_writes == verdict.writes, "not every write was mirrored");
    judge!(outcome, verdict.flushes == 1, "a copy ends with one flush");
    judge!(outcome, verdict.error.is_empty(), "an error without a failure");
    expect_duplex(&outcome, &verdict, "0.0.0001")?;
    unchanged.check(&outcome)?;
    expect_image(&outcome, &legs[0], &source)?;
    expect_image(&outcome, &legs[1], &source)
}

/// Where the source ends, both legs stay as each of them was.
fn smaller_than_its_target(kernel: &Kernel) -> Result<()> {
    let source = Disk::seeded(ODD_BYTES, 1)?;
    let legs = [Disk::seeded(5 * MIB, 2)?, Disk::seeded(5 * MIB, 3)?];
    let expected = [overlaid(&legs[0], &source)?, overlaid(&legs[1], &source)?];
    let outcome = copy_to_pair(kernel, &source, &legs)?;
    outcome.expect_ok()?;
    expect_image(&outcome, &legs[0], &expected[0])?;
    expect_image(&outcome, &legs[1], &expected[1])
}

/// What the secondary has beyond the primary's end stays.
fn secondary_larger(kernel: &Kernel) -> Result<()> {
    let source = Disk::seeded(2 * MIB, 1)?;
    let legs = [Disk::blank(2 * MIB)?, Disk::seeded(2 * MIB + 1536, 3)?];
    let expected = overlaid(&legs[1], &source)?;
    let outcome = copy_to_pair(kernel, &source, &legs)?;
    let verdict = outcome.expect_ok()?;
    expect_duplex(&outcome, &verdict, "0.0.0001")?;
    expect_image(&outcome, &legs[0], &source)?;
    expect_image(&outcome, &legs[1], &expected)
}

/// What is read on a primary is read there alone, and its pair is not written.
fn from_a_primary(kernel: &Kernel) -> Result<()> {
    let from = [Disk::seeded(MIB, 1)?, Disk::seeded(MIB, 2)?];
    let to = [Disk::blank(MIB)?, Disk::seeded(MIB, 3)?];
    let unchanged = Unchanged::note(&from)?;
    let outcome = kernel
        .machine("mirror=0001:0002,0003:0004 run=copy from=0001 to=0003")
        .attach(at(1, &from[0]))
        .attach(at(2, &from[1]))
        .attach(at(3, &to[0]))
        .attach(at(4, &to[1]))
        .run()?;
    let verdict = outcome.expect_ok()?;
    judge!(outcome, verdict.mirrored_writes == verdict.writes, "not every write was mirrored");
    unchanged.check(&outcome)?;
    expect_image(&outcome, &to[0], &from[0])?;
    expect_image(&outcome, &to[1], &from[0])
}

fn one_sector(kernel: &Kernel) -> Result<()> {
    let source = Disk::seeded(512, 1)?;
    let legs = [Disk::seeded(512, 2)?, Disk::seeded(1024, 3)?];
    let expected = overlaid(&legs[1], &source)?;
    let outcome = copy_to_pair(kernel, &source, &legs)?;
    let verdict = outcome.expect_ok()?;
    judge!(outcome, (verdict.writes, verdict.bytes) == (1, 512), "one sector is one write");
    expect_image(&outcome, &legs[0], &source)?;
    expect_image(&outcome, &legs[1], &expected)
}

/// A second boot finds the disks as the first left them.
fn again(kernel: &Kernel) -> Result<()> {
    let source = Disk::seeded(MIB, 1)?;
    let legs = [Disk::blank(MIB)?, Disk::blank(MIB)?];
    for _ in 0..2 {
        let outcome = copy_to_pair(kernel, &source, &legs)?;
        outcome.expect_ok()?;
        expect_image(&outcome, &legs[0], &source)?;
        expect_image(&outcome, &legs[1], &source)?;
    }
    Ok(())
}

/// The same device number in every set; the one in set 0 has nothing to do with the job.
fn other_subchannel_sets(kernel: &Kernel) -> Result<()> {
    let source = Disk::seeded(MIB, 1)?;
    let legs = [Disk::blank(MIB)?, Disk::blank(MIB)?];
    let namesake = Disk::seeded(MIB, 2)?;
    let unchanged = Unchanged::note([&source, &namesake])?;
    let outcome = kernel
        .machine("mirror=0.1.0005:0.3.0005 run=copy from=0.2.0005 to=0.1.0005")
        .attach(at(5, &namesake))
        .attach(in_set(1, 5, &legs[0])?)
        .attach(in_set(2, 5, &source)?)
        .attach(in_set(3, 5, &legs[1])?)
        .run()?;
    let verdict = outcome.expect_ok()?;
    expect_duplex(&outcome, &verdict, "0.1.0005")?;
    unchanged.check(&outcome)?;
    expect_image(&outcome, &legs[0], &source)?;
    expect_image(&outcome, &legs[1], &source)
}

/// The other scenarios can fail: one byte beneath the mirror, and the comparison names its block.
fn a_lost_byte_would_be_seen(kernel: &Kernel) -> Result<()> {
    let source = Disk::seeded(MIB, 1)?;
    let legs = [Disk::blank(MIB)?, Disk::blank(MIB)?];
    let outcome = copy_to_pair(kernel, &source, &legs)?;
    outcome.expect_ok()?;
    let place = 700 * KIB + 3;
    let flipped = legs[1].read_at(place, 1)?.first().map(|byte| !byte).unwrap_or_default();
    legs[1].write_at(place, &[flipped])?;
    judge!(outcome, expect_image(&outcome, &legs[0], &source).is_ok(), "the primary has it");
    let difference = legs[1].first_difference(&source)?;
    let offset = difference.map(|difference| difference.offset_bytes);
    judge!(outcome, offset == Some(place), "the planted byte is not seen: {difference:?}");
    Ok(())
}

/// A job on the one in the middle; every other disk stays.
fn one_of_many_pairs(kernel: &Kernel, pairs: u16) -> Result<()> {
    const PRIMARIES: u16 = 0x1000;
    const SECONDARIES: u16 = 0x2000;
    const SOURCE: u16 = 0x3000;
    let source = Disk::seeded(300 * KIB, 1)?;
    let mut machine = kernel.machine("").attach(at(SOURCE, &source));
    let mut words = Vec::new();
    let mut disks = Vec::new();
    for number in 0..pairs {
        let (primary, secondary) = (PRIMARIES + number, SECONDARIES + number);
        words.push(format!("{primary:04x}:{secondary:04x}"));
        for device in [primary, secondary] {
            let disk = Disk::seeded(300 * KIB, u64::from(device))?;
            machine = machine.attach(at(device, &disk));
            disks.push((device, disk));
        }
    }
    let chosen = pairs / 2;
    let is_chosen = |device: u16| [PRIMARIES + chosen, SECONDARIES + chosen].contains(&device);
    let others = disks.iter().filter(|(device, _)| !is_chosen(*device)).map(|(_, disk)| disk);
    let unchanged = Unchanged::note(others.chain([&source]))?;
    let parameters = format!(
        "mirror={} run=copy from={SOURCE:04x} to={:04x}",
        words.join(","),
        PRIMARIES + chosen
    );
    let outcome = machine.parameters(parameters).run()?;
    let verdict = outcome.expect_ok()?;
    judge!(
        outcome,
        verdict.pairs.len() == usize::from(pairs),
        "{} pairs are in the RESULT",
        verdict.pairs.len()
    );
    for number in 0..pairs {
        expect_duplex(&outcome, &verdict, &format!("0.0.{:04x}", PRIMARIES + number))?;
    }
    judge!(outcome, verdict.mirrored_writes == verdict.writes, "not every write was mirrored");
    unchanged.check(&outcome)?;
    for (_, disk) in disks.iter().filter(|(device, _)| is_chosen(*device)) {
        expect_image(&outcome, disk, &source)?;
    }
    Ok(())
}

fn with_depth(kernel: &Kernel, depth: u32) -> Result<()> {
    let source = Disk::seeded(ODD_BYTES, 1)?;
    let legs = [Disk::blank(ODD_BYTES)?, Disk::blank(ODD_BYTES)?];
    let outcome = kernel
        .machine(&format!("mirror=0001:0002 run=copy from=0003 to=0001 depth={depth}"))
        .attach(at(1, &legs[0]))
        .attach(at(2, &legs[1]))
        .attach(at(3, &source))
        .run()?;
    let verdict = outcome.expect_ok()?;
    judge!(outcome, verdict.mirrored_writes == verdict.writes, "not every write was mirrored");
    expect_image(&outcome, &legs[0], &source)?;
    expect_image(&outcome, &legs[1], &source)
}

fn copy_to_pair(kernel: &Kernel, source: &Disk, legs: &[Disk; 2]) -> Result<Outcome> {
    let unchanged = Unchanged::note([source])?;
    let outcome = kernel
        .machine("mirror=0001:0002 run=copy from=0003 to=0001")
        .attach(at(1, &legs[0]))
        .attach(at(2, &legs[1]))
        .attach(at(3, source))
        .run()?;
    unchanged.check(&outcome)?;
    Ok(outcome)
}
