//! The keys, what values they take, and which job takes them.

use super::JobKind;
use core::fmt;

/// A key of the parameter line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    /// Pairs to be established.
    Mirror,
    /// The job.
    Run,
    /// The disk that is read.
    From,
    /// The disk that is written, measured or compared with.
    To,
    /// What is measured.
    Op,
    /// Bytes a request.
    Bs,
    /// Requests in flight.
    Depth,
    /// How many requests.
    Count,
    /// How long.
    Seconds,
    /// Where the random numbers start.
    Seed,
    /// Trace lines.
    Trace,
    /// Time in which every request ends.
    Deadline,
    /// How the pairs begin.
    Establish,
    /// What a pair does when its second disk fails.
    OnSecondaryError,
    /// What a pair does when its first disk fails.
    OnPrimaryError,
    /// Bytes a second.
    Rate,
    /// The leg that is right.
    Repair,
}

impl Key {
    /// All keys.
    pub const ALL: [Self; 17] = [
        Self::Mirror,
        Self::Establish,
        Self::OnSecondaryError,
        Self::OnPrimaryError,
        Self::Run,
        Self::From,
        Self::To,
        Self::Op,
        Self::Bs,
        Self::Depth,
        Self::Count,
        Self::Seconds,
        Self::Seed,
        Self::Rate,
        Self::Repair,
        Self::Trace,
        Self::Deadline,
    ];

    /// The keys that go with any job.
    pub const ANY: &'static [Self] = &[
        Self::Mirror,
        Self::Establish,
        Self::OnSecondaryError,
        Self::OnPrimaryError,
        Self::Run,
        Self::Trace,
        Self::Deadline,
    ];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mirror => "mirror",
            Self::Run => "run",
            Self::From => "from",
            Self::To => "to",
            Self::Op => "op",
            Self::Bs => "bs",
            Self::Depth => "depth",
            Self::Count => "count",
            Self::Seconds => "seconds",
            Self::Seed => "seed",
            Self::Trace => "trace",
            Self::Deadline => "deadline",
            Self::Establish => "establish",
            Self::OnSecondaryError => "on-secondary-error",
            Self::OnPrimaryError => "on-primary-error",
            Self::Rate => "rate",
            Self::Repair => "repair",
        }
    }

    /// The key of this name.
    #[must_use]
    pub fn named(name: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|key| key.name().as_bytes() == name)
    }

    /// What its value must be, in words.
    #[must_use]
    pub const fn expected(self) -> &'static str {
        match self {
            Self::Mirror => "pairs primary:secondary, as in 0001:0002 or 0001:0002,0004:0005",
            Self::Run => "copy, replay, bench, compare, scrub or console",
            Self::From | Self::To => "a device, as in 0001 or 0.0.0001",
            Self::Op => "write, read, randwrite or randread",
            Self::Bs => "a number of bytes from 512 to 16M, as in 4096 or 4K",
            Self::Depth => "a number from 1 to 1024",
            Self::Count => "a number from 1 to 1000000000000",
            Self::Seconds => "a number from 1 to 86400",
            Self::Seed => "a number from 0 to 18446744073709551615",
            Self::Trace => "on or off",
            Self::Deadline => "a number of seconds from 1 to 3600",
            Self::Establish => "nocopy or copy",
            Self::OnSecondaryError => "suspend or fail",
            Self::OnPrimaryError => "swap or fail",
            Self::Rate => "a number of bytes a second from 1K to 1000000M, as in 512K or 8M",
            Self::Repair => "the leg that is right, primary or secondary",
        }
    }

    /// Whether it goes with any job, and with none.
    #[must_use]
    pub fn goes_with_any(self) -> bool {
        Self::ANY.contains(&self)
    }

    /// The keys of a job's own.
    #[must_use]
    pub const fn of(job: JobKind) -> &'static [Self] {
        match job {
            JobKind::List | JobKind::Console => &[],
            JobKind::Copy | JobKind::Replay | JobKind::Compare => {
                &[Self::From, Self::To, Self::Depth]
            }
            JobKind::Bench => {
                &[Self::To, Self::Op, Self::Bs, Self::Depth, Self::Count, Self::Seconds, Self::Seed]
            }
            JobKind::Scrub => &[Self::To, Self::Rate, Self::Repair],
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The name that is most like `word`, if any is alike enough: at most two letters, and at most half
/// of them, to be changed, added or left out. Upper and lower case are the same.
pub(crate) fn nearest(word: &[u8], names: &[&'static str]) -> Option<&'static str> {
    let mut nearest = None;
    for name in names {
        let distance = distance(word, name.as_bytes());
        let alike = distance <= 2 && distance * 2 <= name.len();
        if alike && nearest.is_none_or(|(least, _)| distance < least) {
            nearest = Some((distance, *name));
        }
    }
    nearest.map(|(_, name)| name)
}

/// The longest word that is compared with names.
const LONGEST: usize = 20;

/// How many letters must be changed, added or left out to make one word of the other (Levenshtein's
/// distance); large for a long word.
fn distance(word: &[u8], name: &[u8]) -> usize {
    if word.len() > LONGEST || name.len() > LONGEST {
        return usize::MAX;
    }
    // row[j]: the distance between what was seen of `word` and the first j letters of `name`.
    let mut row = [0; LONGEST + 1];
    for (place, cell) in row.iter_mut().enumerate() {
        *cell = place;
    }
    for (seen, letter) in (1..).zip(word) {
        let mut diagonal = seen - 1;
        let mut left = seen;
        for (place, cell) in row.iter_mut().enumerate() {
            let above = *cell;
            if place == 0 {
                *cell = seen;
                continue;
            }
            let same = name.get(place - 1).is_some_and(|other| other.eq_ignore_ascii_case(letter));
            *cell = (diagonal + usize::from(!same)).min(above + 1).min(left + 1);
            diagonal = above;
            left = *cell;
        }
    }
    row.get(name.len()).copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        let cases = [
            ("from", "from", 0),
            ("frm", "from", 1),
            ("form", "from", 2),
            ("FROM", "from", 0),
            ("", "from", 4),
            ("dept", "depth", 1),
            ("depths", "depth", 1),
            ("kitten", "sitting", 3),
        ];
        for (word, name, expected) in cases {
            assert_eq!(distance(word.as_bytes(), name.as_bytes()), expected, "{word} {name}");
        }
    }

    #[test]
    fn the_nearest_key() {
        let names = Key::ALL.map(Key::name);
        let cases = [
            ("frm", Some(Key::From)),
            ("form", Some(Key::From)),
            ("mirrors", Some(Key::Mirror)),
            ("Mirror", Some(Key::Mirror)),
            ("second", Some(Key::Seconds)),
            ("x", None),
            ("a-very-long-word-that-is-like-nothing", None),
        ];
        for (word, expected) in cases {
            assert_eq!(nearest(word.as_bytes(), &names), expected.map(Key::name), "{word}");
        }
    }

    #[test]
    fn every_key_is_a_job_s_or_every_job_s() {
        let jobs = JobKind::NAMED;
        for key in Key::ALL {
            let owned = jobs.into_iter().any(|job| Key::of(job).contains(&key));
            assert_ne!(owned, key.goes_with_any(), "{key}");
        }
    }
}
