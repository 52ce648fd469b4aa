//! Comparisons: equal disks, planted differences, disks of different sizes.

use anyhow::Result;
use libtest_mimic::Trial;
use qemu_tests::{Attachment, Disk, Outcome, Verdict};
use serde_json::{Value, json};

use crate::kernel::Kernel;
use crate::support::{KIB, MIB, Unchanged, at, judge};

/// An odd number of sectors, and no multiple of what one request moves.
const BYTES: u64 = 2 * MIB + 512;

/// Where single bytes are planted: named, with the offsets, ascending.
const PLANTED: [(&str, &[u64]); 7] = [
    ("first_byte", &[0]),
    ("first_block_end", &[511]),
    ("middle", &[MIB + 300]),
    ("border_of_requests", &[256 * KIB - 1, 256 * KIB]),
    ("last_byte", &[BYTES - 1]),
    ("three_blocks", &[5 * 512 + 3, 700 * KIB, BYTES - 512]),
    ("twice_in_a_block", &[512, 1023]),
];

pub(crate) fn trials(kernel: &Kernel) -> Vec<Trial> {
    let mut trials = vec![
        kernel.trial("compare::equal", equal),
        kernel.trial("compare::all_different", all_different),
        kernel.trial("compare::first_is_longer", |kernel| sizes(kernel, BYTES + MIB, BYTES)),
        kernel.trial("compare::second_is_longer", |kernel| sizes(kernel, BYTES, BYTES + MIB)),
        kernel.trial("compare::difference_in_the_common_length", common_length),
        kernel.trial("compare::legs_of_a_pair", legs_of_a_pair),
        kernel.trial("compare::read_only_disks", read_only),
    ];
    for (name, offsets) in PLANTED {
        for block_bytes in [512, 4096] {
            let name = format!("compare::planted::{name}_in_blocks_of_{block_bytes}");
            trials.push(kernel.trial(name, move |kernel| planted(kernel, offsets, block_bytes)));
        }
    }
    trials
}

fn compare(kernel: &Kernel, left: Attachment, right: Attachment) -> Result<Outcome> {
    kernel.machine("run=compare from=0001 to=0002").attach(left).attach(right).run()
}

/// The fields that only a comparison has.
fn expect_fields(outcome: &Outcome, verdict: &Verdict, fields: &[(&str, Value)]) -> Result<()> {
    for (name, wanted) in fields {
        let found = verdict.other.get(*name);
        judge!(outcome, found == Some(wanted), "{name} should be {wanted}, but is {found:?}");
    }
    Ok(())
}

fn equal(kernel: &Kernel) -> Result<()> {
    let disks = [Disk::seeded(BYTES, 1)?, Disk::seeded(BYTES, 1)?];
    let unchanged = Unchanged::note(&disks)?;
    let outcome = compare(kernel, at(1, &disks[0]), at(2, &disks[1]))?;
    let verdict = outcome.expect_ok()?;
    judge!(outcome, verdict.bytes == BYTES, "{} bytes were compared", verdict.bytes);
    judge!(outcome, verdict.writes == 0 && verdict.flushes == 0, "a comparison writes nothing");
    let nothing = [("differing_blocks", json!(0)), ("first_difference", Value::Null)];
    expect_fields(&outcome, &verdict, &nothing)?;
    unchanged.check(&outcome)
}

/// The error names the first block, the RESULT how many there are; the host's own comparison agrees.
fn planted(kernel: &Kernel, offsets: &[u64], block_bytes: u32) -> Result<()> {
    let length = BYTES.next_multiple_of(u64::from(block_bytes));
    let left = Disk::seeded(length, 1)?;
    let right = Disk::copy_of(left.path())?;
    for offset in offsets {
        let flipped: Vec<u8> = left.read_at(*offset, 1)?.iter().map(|byte| byte ^ 0x40).collect();
        right.write_at(*offset, &flipped)?;
    }
    let difference = left.first_difference(&right)?.map(|difference| difference.offset_bytes);
    let disks = [left, right];
    let unchanged = Unchanged::note(&disks)?;
    let in_blocks = |attachment: Attachment| {
        attachment.logical_block_bytes(block_bytes).physical_block_bytes(block_bytes)
    };
    let outcome = compare(kernel, in_blocks(at(1, &disks[0])), in_blocks(at(2, &disks[1])))?;
    let mut blocks: Vec<u64> =
        offsets.iter().map(|offset| offset / u64::from(block_bytes)).collect();
    blocks.dedup();
    let first = blocks.first().copied().unwrap_or_default();
    let verdict = outcome.expect_failed(&format!("block {first} first"))?;
    for words in ["0.0.0001 and 0.0.0002 differ".to_owned(), format!("{} of ", blocks.len())] {
        outcome.expect_failed(&words)?;
    }
    let fields = [
        ("differing_blocks", json!(blocks.len())),
        ("first_difference", json!(first)),
        ("first_difference_byte", json!(difference)),
        ("block_bytes", json!(block_bytes)),
    ];
    expect_fields(&outcome, &verdict, &fields)?;
    unchanged.check(&outcome)
}

fn all_different(kernel: &Kernel) -> Result<()> {
    let disks = [Disk::blank(MIB)?, Disk::from_bytes(&vec![0xff; usize::try_from(MIB)?])?];
    let outcome = compare(kernel, at(1, &disks[0]), at(2, &disks[1]))?;
    let verdict = outcome.expect_failed("block 0 first")?;
    let fields = [("differing_blocks", json!(MIB / 512)), ("first_difference", json!(0))];
    expect_fields(&outcome, &verdict, &fields)
}

/// Only the length that both have is compared, and that is said.
fn sizes(kernel: &Kernel, left: u64, right: u64) -> Result<()> {
    let disks = [Disk::seeded(left, 1)?, Disk::seeded(right, 1)?];
    let outcome = compare(kernel, at(1, &disks[0]), at(2, &disks[1]))?;
    let verdict = outcome.expect_ok()?;
    judge!(outcome, verdict.bytes == left.min(right), "{} bytes were compared", verdict.bytes);
    let fields = [("from_bytes", json!(left)), ("to_bytes", json!(right))];
    expect_fields(&outcome, &verdict, &fields)?;
    let warned = outcome.lines_with("CCW026W");
    judge!(outcome, warned.len() == 1, "that the sizes differ is not said once");
    Ok(())
}

fn common_length(kernel: &Kernel) -> Result<()> {
    let disks = [Disk::seeded(BYTES, 1)?, Disk::seeded(BYTES + MIB, 1)?];
    let last = disks[0].read_at(BYTES - 1, 1)?.iter().map(|byte| !byte).collect::<Vec<_>>();
    disks[0].write_at(BYTES - 1, &last)?;
    let outcome = compare(kernel, at(1, &disks[0]), at(2, &disks[1]))?;
    outcome.expect_failed(&format!("block {} first", (BYTES - 1) / 512))?;
    Ok(())
}

/// A pair's legs may be compared while the pair is there; a difference is said and not repaired.
fn legs_of_a_pair(kernel: &Kernel) -> Result<()> {
    let legs = [Disk::seeded(MIB, 1)?, Disk::seeded(MIB, 1)?];
    for status in ["same", "different"] {
        let unchanged = Unchanged::note(&legs)?;
        let outcome = kernel
            .machine("mirror=0001:0002 run=compare from=0001 to=0002")
            .attach(at(1, &legs[0]))
            .attach(at(2, &legs[1]))
            .run()?;
        if status == "same" {
            outcome.expect_ok()?;
        } else {
            outcome.expect_failed("block 2000 first")?;
        }
        unchanged.check(&outcome)?;
        legs[1].write_at(2000 * 512, &[0; 512])?;
    }
    Ok(())
}

fn read_only(kernel: &Kernel) -> Result<()> {
    use qemu_tests::attachment::Access;
    let disks = [Disk::seeded(MIB, 1)?, Disk::seeded(MIB, 1)?];
    let [left, right] = [(1, &disks[0]), (2, &disks[1])]
        .map(|(number, disk)| at(number, disk).access(Access::ReadOnly));
    compare(kernel, left, right)?.expect_ok()?;
    Ok(())
}
