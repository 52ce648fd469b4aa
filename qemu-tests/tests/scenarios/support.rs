//! What the scenarios share: disks at their addresses, disks that must stay as they were, and the
//! images that are expected.

use anyhow::{Context, Result, ensure};
use qemu_tests::disk::Fingerprint;
use qemu_tests::verdict::Pair;
use qemu_tests::{Attachment, DeviceAddress, Disk, Outcome, Verdict};

/// Bytes in a KiB.
pub(crate) const KIB: u64 = 1 << 10;

/// Bytes in a MiB.
pub(crate) const MIB: u64 = 1 << 20;

/// A disk in subchannel set 0.
pub(crate) fn at(number: u16, disk: &Disk) -> Attachment {
    Attachment::disk(DeviceAddress::new(number), disk)
}

/// A disk in any subchannel set.
pub(crate) fn in_set(subchannel_set: u8, number: u16, disk: &Disk) -> Result<Attachment> {
    let address = DeviceAddress::in_set(subchannel_set, number);
    Ok(Attachment::disk(address.context("subchannel sets are numbered 0 to 3")?, disk))
}

/// Images that must be the same after a run as before it.
pub(crate) struct Unchanged(Vec<(Disk, Fingerprint)>);

impl Unchanged {
    /// Takes note of what these images hold.
    pub(crate) fn note<'a>(disks: impl IntoIterator<Item = &'a Disk>) -> Result<Self> {
        let noted = disks.into_iter().map(|disk| Ok((disk.clone(), disk.fingerprint()?)));
        Ok(Self(noted.collect::<Result<_>>()?))
    }

    /// Fails, with the whole report of the run, if a byte of one of them has changed.
    pub(crate) fn check(&self, outcome: &Outcome) -> Result<()> {
        for (disk, before) in &self.0 {
            disk.expect_unchanged(*before).with_context(|| outcome.report("a disk was written"))?;
        }
        Ok(())
    }
}

/// An image like `below`, with the whole of `above` at its start: what a copy must give.
pub(crate) fn overlaid(below: &Disk, above: &Disk) -> Result<Disk> {
    let expected = Disk::copy_of(below.path())?;
    expected.write_at(0, &above.read()?)?;
    Ok(expected)
}

/// Fails, with the whole report of the run, unless `disk` is byte for byte as expected.
pub(crate) fn expect_image(outcome: &Outcome, disk: &Disk, expected: &Disk) -> Result<()> {
    disk.expect_same(expected).with_context(|| outcome.report("a disk is not as expected"))
}

/// The pair of this primary, which must still be whole.
pub(crate) fn expect_duplex(outcome: &Outcome, verdict: &Verdict, primary: &str) -> Result<()> {
    let pair = expect_pair(outcome, verdict, primary)?;
    ensure!(
        pair.state == "duplex" && pair.reason.is_empty(),
        "{}",
        outcome.report(&format!("the pair of {primary} should be duplex"))
    );
    Ok(())
}

/// The pair of this primary, which must have lost a leg, and must say why: with these words.
pub(crate) fn expect_suspended(
    outcome: &Outcome,
    verdict: &Verdict,
    primary: &str,
    reason: &str,
) -> Result<()> {
    expect_state(outcome, verdict, primary, ["suspended", reason])
}

/// The pair of this primary, which must be alone on its other leg, and must say why: with these words.
pub(crate) fn expect_swapped(
    outcome: &Outcome,
    verdict: &Verdict,
    primary: &str,
    reason: &str,
) -> Result<()> {
    expect_state(outcome, verdict, primary, ["swapped", reason])
}

fn expect_state(
    outcome: &Outcome,
    verdict: &Verdict,
    primary: &str,
    [state, reason]: [&str; 2],
) -> Result<()> {
    let pair = expect_pair(outcome, verdict, primary)?;
    ensure!(
        pair.state == state && pair.reason.contains(reason),
        "{}",
        outcome.report(&format!("the pair of {primary} should be {state}, with {reason:?}"))
    );
    Ok(())
}

fn expect_pair<'a>(outcome: &Outcome, verdict: &'a Verdict, primary: &str) -> Result<&'a Pair> {
    let missing = || outcome.report(&format!("the RESULT has no pair of {primary}"));
    verdict.pair(primary).with_context(missing)
}

/// Fails, with the whole report of the run, unless `holds`.
macro_rules! judge {
    ($outcome:expr, $holds:expr, $($problem:tt)+) => {
        anyhow::ensure!($holds, "{}", $outcome.report(&format!($($problem)+)))
    };
}
pub(crate) use judge;
