//! What the commands are and do, for `help`.

/// Each command with its words, and what it does; in the order of the first words.
pub(super) const HELP: &[(&str, &str)] = &[
    ("help [command]", "lists the commands, or those that begin with this word"),
    ("display devices", "every device: kind, size, block size, queue, whether it can be used"),
    ("display pairs", "every pair: state, where I/O goes, what is to be copied, writes in flight"),
    (
        "display path 0001",
        "the vectors that a request to the device goes through, and the routine that each points to now",
    ),
    ("display jobs", "the jobs that are running and the copies of pairs, and how far each is"),
    (
        "mirror establish 0001 0002 [copy|nocopy]",
        "makes a pair: what is written to 0001 goes to 0002 too; all of 0001 is copied first, or the disks are \
         taken to hold the same",
    ),
    (
        "mirror suspend 0001",
        "writes go to one disk of the pair alone; what changes is kept in mind",
    ),
    (
        "mirror resume 0001 [changed|all]",
        "the disks are made alike again: what has changed is copied, or everything",
    ),
    ("mirror swap 0001", "the two disks of the pair exchange their roles"),
    ("mirror remove 0001", "the two disks have no more to do with each other"),
    (
        "start copy from=0003 to=0001 [depth=]",
        "copies all of one disk to the start of another, in the background",
    ),
    (
        "start replay from=0003 to=0001 [depth=]",
        "replays a write log that is on one disk on to another",
    ),
    ("start compare from=0001 to=0002 [depth=]", "compares two disks"),
    (
        "start bench to=0001 op=write|read|randwrite|randread [bs=] [depth=] [count=|seconds=] [seed=]",
        "measures a disk; writes destroy what is on it",
    ),
    ("start scrub to=0001 [rate=] [repair=primary|secondary]", "the same as scrub 0001"),
    ("stop 1", "the job of this number asks for no more, and ends"),
    (
        "scrub 0001 [rate=8M] [repair=primary|secondary]",
        "compares the two disks of a pair while I/O goes on, at most so many bytes a second, and repairs what \
         differs if told which is right",
    ),
    ("trace on|off", "a line for every I/O instruction, interruption and detour, or none"),
    ("sense 0002", "asks the device what it is, by a channel program beside its requests"),
    ("quiesce 0002", "no more requests start on the device; they wait"),
    ("unquiesce 0002", "requests start on the device again"),
    ("shutdown", "stops what is running, waits for what is in flight, and ends"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::command::COMMANDS;
    use alloc::vec::Vec;

    #[test]
    fn every_command_has_its_help_in_their_order() {
        let mut first_words: Vec<_> =
            HELP.iter().filter_map(|(command, _)| command.split(' ').next()).collect();
        first_words.dedup();
        let commands: Vec<_> = COMMANDS.iter().map(|(name, _)| *name).collect();
        assert_eq!(first_words, commands);
    }
}
