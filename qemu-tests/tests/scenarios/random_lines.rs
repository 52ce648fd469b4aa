//! Parameter lines of any bytes: never worse than the clear error.
//!
//! Each line is made from a seed, which names the scenario, so that a failure can be seen again. All have at
//! least one word that cannot be right.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use anyhow::Result;
use libtest_mimic::Trial;
use oorandom::Rand32;
use qemu_tests::outcome::End;
use qemu_tests::verdict::Status;

use crate::kernel::Kernel;
use crate::parameters::Disks;
use crate::support::judge;

/// How many lines of each kind are tried.
const SEEDS: u32 = 10;

/// The longest line that is tried; QEMU and the kernel take a little more.
const LONGEST: usize = 8000;

/// Words that are right, so that a line gets deeper than its first word.
const WORDS: [&[u8]; 14] = [
    b"run=copy",
    b"run=bench",
    b"run=replay",
    b"from=0003",
    b"to=0001",
    b"mirror=0001:0002",
    b"mirror=0001:0002,0004:0005",
    b"op=randwrite",
    b"bs=4K",
    b"depth=32",
    b"count=100",
    b"seconds=1",
    b"trace=off",
    b"deadline=30",
];

/// Makes a line from random numbers.
type Maker = fn(&mut Rand32) -> Vec<u8>;

const KINDS: [(&str, Maker); 6] = [
    ("any_bytes", any_bytes),
    ("damaged_words", damaged_words),
    ("quotes_and_controls", quotes_and_controls),
    ("text_of_the_world", text_of_the_world),
    ("very_long_word", very_long_word),
    ("very_many_words", very_many_words),
];

pub(crate) fn trials(kernel: &Kernel) -> Vec<Trial> {
    let mut trials = Vec::new();
    for (name, make) in KINDS {
        for seed in 0..SEEDS {
            let name = format!("random_lines::{name}::seed_{seed}");
            trials.push(kernel.trial(name, move |kernel| refused(kernel, make, seed)));
        }
    }
    trials
}

fn refused(kernel: &Kernel, make: Maker, seed: u32) -> Result<()> {
    let mut line = make(&mut Rand32::new(u64::from(seed)));
    for byte in &mut line {
        // A zero byte would end QEMU's argument.
        *byte = (*byte).max(1);
    }
    line.truncate(LONGEST);
    let outcome = Disks::new()?.boot_unchanged(kernel, OsString::from_vec(line))?;
    let verdict = outcome.verdict()?;
    judge!(outcome, verdict.status == Status::Failed, "a line like that was taken");
    judge!(outcome, outcome.end == End::Exited(1), "{}", outcome.end);
    judge!(outcome, verdict.error.is_ascii(), "the error has more than ASCII");
    judge!(outcome, (3..400).contains(&verdict.error.len()), "the error is no clear line");
    judge!(outcome, verdict.error.contains(": "), "the error names no word");
    let plain = |line: &String| line.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    judge!(outcome, outcome.console.iter().all(plain), "the console has more than printable ASCII");
    Ok(())
}

fn pick<'a>(random: &mut Rand32, among: &[&'a [u8]]) -> &'a [u8] {
    let count = u32::try_from(among.len()).unwrap_or(1);
    let place = usize::try_from(random.rand_range(0..count)).unwrap_or(0);
    among.get(place).copied().unwrap_or_default()
}

fn pick_byte(random: &mut Rand32, among: &[u8]) -> u8 {
    let place = usize::from(byte(random)) % among.len().max(1);
    among.get(place).copied().unwrap_or_default()
}

fn byte(random: &mut Rand32) -> u8 {
    random.rand_u32().to_le_bytes()[1]
}

fn bytes(random: &mut Rand32, most: u32) -> Vec<u8> {
    let count = random.rand_range(1..most);
    (0..count).map(|_| byte(random)).collect()
}

/// Puts `word`, which cannot be right, somewhere among right ones.
fn among_right_words(random: &mut Rand32, word: &[u8]) -> Vec<u8> {
    let mut words: Vec<&[u8]> =
        (0..random.rand_range(0..4)).map(|_| pick(random, &WORDS)).collect();
    words.push(word);
    words.extend((0..random.rand_range(0..4)).map(|_| pick(random, &WORDS)));
    words.join(&b' ')
}

fn any_bytes(random: &mut Rand32) -> Vec<u8> {
    let mut line = bytes(random, 600);
    line.extend_from_slice(b"\xfe\xff");
    line
}

/// A right word with a byte changed, in front of `:` or `=` too, or cut, or doubled.
fn damaged_words(random: &mut Rand32) -> Vec<u8> {
    let mut word = pick(random, &WORDS).to_vec();
    let count = u32::try_from(word.len()).unwrap_or(1);
    let place = usize::try_from(random.rand_range(0..count)).unwrap_or(0);
    match random.rand_range(0..3) {
        0 => word.insert(place, pick_byte(random, b"=:,.\x7f")),
        1 => word.truncate(place),
        _ => word.extend_from_within(..),
    }
    word.push(b'~');
    among_right_words(random, &word)
}

fn quotes_and_controls(random: &mut Rand32) -> Vec<u8> {
    const MARKS: [&[u8]; 12] = [
        b"\"", b"'", b"\\", b"`", b"{", b"}", b"\x1b[2J", b"\x07", b"\x08", b"RESULT", b"%s%n",
        b"$(",
    ];
    let word: Vec<&[u8]> = (0..random.rand_range(3..40)).map(|_| pick(random, &MARKS)).collect();
    among_right_words(random, &word.concat())
}

fn text_of_the_world(random: &mut Rand32) -> Vec<u8> {
    const TEXTS: [&str; 6] = [
        "gr\u{fc}n=\u{df}",
        "\u{65e5}\u{672c}=1",
        "\u{1f600}",
        "\u{202e}=x",
        "run=\u{43a}",
        "\u{a0}",
    ];
    let words: Vec<&[u8]> = TEXTS.iter().map(|text| text.as_bytes()).collect();
    let word = pick(random, &words).to_vec();
    among_right_words(random, &word)
}

fn very_long_word(random: &mut Rand32) -> Vec<u8> {
    const STARTS: [&[u8]; 6] = [b"", b"run=", b"mirror=", b"from=", b"depth=", b"=="];
    let mut line = pick(random, &STARTS).to_vec();
    let fill = pick_byte(random, b"9x,:=\xc3");
    line.resize(LONGEST, fill);
    line
}

/// As many pairs as fit on a line, of disks that are not there; or a word again and again.
fn very_many_words(random: &mut Rand32) -> Vec<u8> {
    if random.rand_range(0..2) == 0 {
        let mut line = b"mirror=".to_vec();
        for pair in 0..790_u16 {
            line.extend_from_slice(
                format!("{:04x}:{:04x},", 0x1000 + pair, 0x8000 + pair).as_bytes(),
            );
        }
        line.pop();
        line
    } else {
        let word = pick(random, &WORDS);
        std::iter::repeat_n(word, LONGEST / (word.len() + 1)).collect::<Vec<_>>().join(&b' ')
    }
}
