//! The kernel's own messages: those that have nothing to do with a job. The kernel prints them itself; they are
//! here for documentation, and a test compares them with the identifiers that stand in the kernel's source.

use super::Entry;

const fn entry(identifier: &'static str, text: &'static str, meaning: &'static str) -> Entry {
    Entry { identifier, text, meaning }
}

/// Every kind of message that the kernel itself has, by identifier.
pub const KERNEL: &[Entry] = &[
    entry(
        "CCW000I",
        "ccw-mirror {version}, {number} MiB of storage, {number} KiB free, {translation}",
        "The supervisor is running. Translated in segments or in pages says how the guard page under the stack is \
         made.",
    ),
    entry("CCW001I", "parameters: {line}", "The parameter line, as the machine gave it."),
    entry(
        "CCW003E",
        "main storage is too small: {reason}",
        "The supervisor cannot run in so little storage, and ends. Give the machine more.",
    ),
    entry(
        "CCW005W",
        "only subchannel set 0 is looked at: {reason}",
        "The machine has more than one subchannel set and would not give them. Devices in the others are not found.",
    ),
    entry(
        "CCW006I",
        "device {device}: {identification}, not a disk that can be driven",
        "A device that is left alone.",
    ),
    entry(
        "CCW007W",
        "device {device} cannot be used: {reason}",
        "A disk that could not be set up, and is left alone. The reason says what it answered.",
    ),
    entry(
        "CCW060W",
        "the command line has more than {number} characters, and is not carried out",
        "More was typed than a command line can have. Nothing of it is done, because what is missing could change what \
         it means.",
    ),
    entry(
        "CCW061W",
        "device {device} is not operational any more: {reason}",
        "The device is gone, or could not be brought back. What it had was ended; a pair goes on without it. When it \
         comes again, CCW062I says so.",
    ),
    entry(
        "CCW062I",
        "device {device} has come again",
        "A disk that was gone is there again and takes requests. A pair that it belongs to stays as it is until \
         the operator resumes it.",
    ),
    entry(
        "CCW063I",
        "device {device} has come",
        "A disk that was not there before can be used now.",
    ),
    entry(
        "CCW064W",
        "device {device} has come, and another one has its number: it is left alone",
        "Two devices have one number. The one that was there first is used.",
    ),
    entry(
        "CCW900E",
        "{panic}",
        "The supervisor found a fault in itself and ends. Report it, with the whole console.",
    ),
    entry(
        "CCW901E",
        "{fault}",
        "A program check, a machine check or an interruption that nobody expects; the \
         supervisor ends. What follows tells where it was.",
    ),
    entry("CCW902E", "PSW {psw}", "The program status word at the fault."),
    entry("CCW903E", "instruction length {bytes}", "How long the instruction was that failed."),
    entry("CCW904E", "no access to page {address}", "The page that could not be accessed."),
    entry(
        "CCW905E",
        "storage failed at {address}",
        "The address at which the machine found storage to have failed.",
    ),
    entry(
        "CCW906E",
        "last branch from {address}",
        "Where the last branch before the fault came from.",
    ),
    entry(
        "CCW907E",
        "general registers",
        "The general registers at the fault follow, four a line.",
    ),
    entry(
        "CCW908E",
        "control registers",
        "The control registers at the fault follow, four a line.",
    ),
    entry(
        "CCW909E",
        "chain of calls, innermost first",
        "The calls that led to the fault follow; docs/wait-states.md tells how to read them.",
    ),
    entry(
        "CCW990I",
        "self-test {name}",
        "A self-test begins. Only a kernel made for tests has any.",
    ),
    entry("CCW991I", "self-test {name} done", "A self-test is at its end."),
    entry("CCW992E", "self-test {name} is not known", "There is no self-test of this name."),
    entry("CCW993I", "{text}", "What a self-test saw."),
];
