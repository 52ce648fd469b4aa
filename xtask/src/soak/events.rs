//! What may happen to a pair, chosen at random.
//!
//! A write that was confirmed must never be lost, so at any time one disk is left alone that has everything: a fault
//! hits a disk only while the other one is whole and well.

use std::thread;
use std::time::Duration;

use anyhow::Result;
use oorandom::Rand64;
use qemu_tests::Operator;

use super::machine::{DEADLINE_SECONDS, Disks, Leg, Trouble};
use super::mend::{Seen, attempt, look, mend};
use super::tally::Tally;

/// Something that the operator does, or that happens to a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    SuspendAndResume,
    SuspendForAWhile,
    Swap,
    TakeApartAndMakeAgain,
    Scrub,
    Quiesce,
    Display,
    TraceForAMoment,
    DiskGoes,
    DiskFails,
    DiskStalls,
    DiskGoesAndComesUnseen,
    Mend,
}

/// Each event, as often as its share.
const SHARES: [(Event, u64); 13] = [
    (Event::SuspendAndResume, 6),
    (Event::SuspendForAWhile, 3),
    (Event::Swap, 6),
    (Event::TakeApartAndMakeAgain, 2),
    (Event::Scrub, 2),
    (Event::Quiesce, 3),
    (Event::Display, 3),
    (Event::TraceForAMoment, 1),
    (Event::DiskGoes, 5),
    (Event::DiskFails, 5),
    (Event::DiskStalls, 1),
    (Event::DiskGoesAndComesUnseen, 2),
    (Event::Mend, 6),
];

impl Event {
    fn any(random: &mut Rand64) -> Self {
        let all = SHARES.iter().map(|(_, share)| share).sum();
        let mut place = random.rand_range(0..all);
        for (event, share) in SHARES {
            match place.checked_sub(share) {
                Some(rest) => place = rest,
                None => return event,
            }
        }
        Self::Mend
    }

    const fn name(self) -> &'static str {
        match self {
            Self::SuspendAndResume => "suspended and resumed at once",
            Self::SuspendForAWhile => "suspended for a while",
            Self::Swap => "swaps",
            Self::TakeApartAndMakeAgain => "pairs taken apart and made again",
            Self::Scrub => "scrubs begun",
            Self::Quiesce => "second disk quiesced for a moment",
            Self::Display => "displays",
            Self::TraceForAMoment => "trace on for a moment",
            Self::DiskGoes => "disks taken away",
            Self::DiskFails => "disks that failed",
            Self::DiskStalls => "disks that stalled past a deadline",
            Self::DiskGoesAndComesUnseen => "disks gone and back while stopped",
            Self::Mend => "pairs mended",
        }
    }
}

/// Lets one thing happen, if it may as the pair is.
pub(super) fn happen(
    disks: &mut Disks,
    operator: &mut Operator,
    random: &mut Rand64,
    tally: &mut Tally,
) -> Result<()> {
    let event = Event::any(random);
    let leg = if random.rand_range(0..2) == 0 { Leg::One } else { Leg::Two };
    let pause = Duration::from_millis(random.rand_range(0..300));
    if apply(event, leg, pause, (disks, operator, tally))? {
        tally.count(event.name());
    }
    thread::sleep(pause);
    Ok(())
}

/// Whether it happened.
fn apply(
    event: Event,
    leg: Leg,
    pause: Duration,
    (disks, operator, tally): (&mut Disks, &mut Operator, &mut Tally),
) -> Result<bool> {
    match event {
        // Of a disk that fails the pair may not know yet: suspended, it would go on with that one alone.
        Event::SuspendAndResume | Event::SuspendForAWhile if is_troubled(disks) => Ok(false),
        Event::SuspendAndResume => {
            let done = attempt(operator, tally, "mirror suspend 0001")?;
            Ok(done && attempt(operator, tally, "mirror resume 0001")?)
        }
        Event::SuspendForAWhile => attempt(operator, tally, "mirror suspend 0001"),
        Event::Swap => attempt(operator, tally, "mirror swap 0001"),
        Event::TakeApartAndMakeAgain => {
            if !is_whole(disks, operator)?
                || look(operator)?.is_none_or(|seen| seen.first != Leg::One)
            {
                return Ok(false);
            }
            let done = attempt(operator, tally, "mirror remove 0001")?;
            mend(disks, operator, tally)?;
            Ok(done)
        }
        Event::Scrub => {
            operator.command("scrub 0001")?;
            let answer = operator.expect_any(&["CCW021I", "CCW054E"], Duration::from_secs(30))?;
            Ok(answer.contains("CCW021I"))
        }
        Event::Quiesce => {
            // Shorter than a deadline, or the requests that wait would end in errors.
            let done = attempt(operator, tally, "quiesce 0002")?;
            thread::sleep(pause.min(Duration::from_secs(DEADLINE_SECONDS) / 4));
            attempt(operator, tally, "unquiesce 0002")?;
            Ok(done)
        }
        Event::Display => {
            operator.ask("display path 0001", "device-gone")?;
            operator.ask("display jobs", "CCW016I")?;
            operator.ask("display devices", "CCW012I").map(|_| true)
        }
        Event::TraceForAMoment => {
            attempt(operator, tally, "trace on")?;
            attempt(operator, tally, "trace off")
        }
        Event::DiskGoes => hurt(disks, operator, leg, Trouble::Gone),
        Event::DiskFails => hurt(disks, operator, leg, Trouble::Failing),
        Event::DiskStalls => {
            let done = hurt(disks, operator, leg, Trouble::Stalled)?;
            if done {
                thread::sleep(Duration::from_secs(DEADLINE_SECONDS) * 2);
                mend(disks, operator, tally)?;
            }
            Ok(done)
        }
        Event::DiskGoesAndComesUnseen => gone_and_back(disks, operator, leg),
        Event::Mend => mend(disks, operator, tally).map(|()| true),
    }
}

/// Whether something is wrong with a disk.
fn is_troubled(disks: &Disks) -> bool {
    Leg::BOTH.iter().any(|leg| disks.trouble(*leg).is_some())
}

/// Whether both disks are well and hold the same, but for what is under way.
fn is_whole(disks: &Disks, operator: &mut Operator) -> Result<bool> {
    Ok(!is_troubled(disks) && look(operator)?.is_some_and(|seen| seen.state == "duplex"))
}

/// Whether this disk may have trouble: the other one must have everything, and be well.
fn may_be_hurt(disks: &Disks, operator: &mut Operator, leg: Leg) -> Result<bool> {
    if is_troubled(disks) {
        return Ok(false);
    }
    Ok(match look(operator)? {
        Some(Seen { state, first }) => state == "duplex" || first != leg,
        None => false,
    })
}

fn hurt(disks: &mut Disks, operator: &mut Operator, leg: Leg, trouble: Trouble) -> Result<bool> {
    let may = may_be_hurt(disks, operator, leg)?;
    if may {
        disks.hurt(operator, leg, trouble)?;
    }
    Ok(may)
}

/// The guest sees neither go nor come, but two reports afterwards.
fn gone_and_back(disks: &mut Disks, operator: &mut Operator, leg: Leg) -> Result<bool> {
    if !may_be_hurt(disks, operator, leg)? {
        return Ok(false);
    }
    operator.running().pause()?;
    disks.hurt(operator, leg, Trouble::Gone)?;
    disks.bring_back_unseen(operator, leg)?;
    operator.running().begin()?;
    operator.expect(&format!("device {} has come", leg.address()))?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_has_its_share() {
        let mut random = Rand64::new(1);
        let mut counts = SHARES.map(|(event, share)| (event, share, 0u64));
        for _ in 0..45_000 {
            let event = Event::any(&mut random);
            let place = counts.iter_mut().find(|(one, ..)| *one == event).unwrap();
            place.2 += 1;
        }
        // 45 shares in all.
        for (event, share, count) in counts {
            let wanted = share * 1000;
            assert!(count.abs_diff(wanted) < wanted / 5, "{event:?}: {count}, not about {wanted}");
        }
    }
}
