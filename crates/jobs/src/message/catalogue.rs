//! Every kind of message: identifier, text, meaning.

use super::Message;

/// A kind of message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its identifier.
    pub identifier: &'static str,
    /// Its text; what stands in braces varies.
    pub text: &'static str,
    /// What it means, and what the operator should do.
    pub meaning: &'static str,
}

/// Defines the kinds of messages: a name, the identifier, the text, the meaning.
macro_rules! catalogue {
    ($($name:ident $identifier:literal $text:literal $meaning:literal)+) => {
        $(pub(super) const $name: Entry =
            Entry { identifier: $identifier, text: $text, meaning: $meaning };)+

        /// Every kind of message that jobs have, by identifier.
        pub const CATALOGUE: &[Entry] = &[$($name),+];
    };
}

catalogue! {
    DEVICE "CCW010I"
        "device {device}: {kind}, {bytes} bytes, block {bytes}, queue {requests}, {access}"
        "A device that was found. The queue is the number of requests that it takes at once, or not set up, \
         because only a device that is used is made ready; access is read-write, read-only, quiesced or not \
         operational."
    PAIR "CCW011I"
        "pair {primary} -> {secondary} {state}"
        "A pair was established, or is listed. Every write to the primary goes to the secondary too \
         while the state is duplex or copying."
    FOUND "CCW012I"
        "{number} devices, {number} pairs"
        "The end of the list of devices and pairs. With 0 devices no disk is attached to the machine, \
         or none that it can drive."
    PAIR_DETAILS "CCW013I"
        "pair {primary} -> {secondary} {state}: I/O goes to {device} first, {number} blocks of {bytes} bytes \
         to be copied, {number} writes in flight, reason: {reason}"
        "A pair, for display pairs. Primary and secondary are as it was established; after a swap I/O goes to the \
         secondary first. What is to be copied is what the other disk lacks. The reason is why the pair is suspended \
         or swapped, else none."
    VECTOR "CCW014I"
        "path {device}: {vector} -> {routine}"
        "A vector that every request to the device goes through, and the routine that it points to now, for \
         display path. Without pairs these are the supervisor's own routines; with pairs three of them are \
         detours."
    ROUTE "CCW015I"
        "path {device}: requests go to {device}"
        "The two devices of a pair have exchanged their places: what is addressed to the first goes to the \
         second."
    RUNNING "CCW016I"
        "{number} jobs running"
        "The end of the list of jobs, for display jobs. Each job is shown by how far it is."
    SENSED "CCW017I"
        "device {device}: {identification}"
        "What a device said that it is, for sense: the types and models of its control unit and of itself."
    NOT_SENSED "CCW018E"
        "device {device}: {error}"
        "A device was asked what it is, for sense, and did not say so. Its requests are not concerned."
    PROGRESS "CCW020I"
        "{job} {device}: {done} of {total} {unit}, {percent} percent"
        "How far a job is. It comes at most four times a second, and not in a job of less than a \
         quarter of a second; for jobs that were started on the console every five seconds, and for display jobs."
    STARTED "CCW021I"
        "{job} started: {disks}"
        "A job starts on these disks."
    ENDED "CCW022I"
        "{job} ended: {bytes} bytes in {seconds} seconds, {rate} MB/s, {reads} reads, {writes} writes \
         ({mirrored} mirrored), {flushes} flushes"
        "A job is at its end, and all of it was done. A megabyte is 1000000 bytes. Mirrored writes are those of \
         all jobs in this time."
    FAILED "CCW023E"
        "{job} failed: {error}"
        "A job was not done, or not all of it. The error names the word of the parameter line, or the \
         device and the request, that stood in the way."
    REQUEST_FAILED "CCW024E"
        "{error}"
        "A request ended in an error, as the device, the operation and its sectors say. The job starts \
         no more requests, waits for those under way, and fails."
    MARK "CCW025I"
        "mark in the log on {device}, entry {number}: {text}"
        "A write log has a mark here, which somebody put there while the log was made. Everything before \
         it was written, though not necessarily flushed."
    SIZES_DIFFER "CCW026W"
        "{device} has {bytes} bytes and {device} has {bytes}: the common length is compared"
        "Two disks of different sizes are compared over the length of the smaller."
    MEASURED "CCW027I"
        "bench {device}: {number} requests a second, {rate} kB/s, latency in microseconds {p50} (p50) \
         {p99} (p99) {max} (max)"
        "What a measurement found. A kilobyte is 1000 bytes. A latency is at most 1/32 more than it \
         truly was, the largest is exact."
    STOPPING "CCW028I"
        "{job} stopping"
        "A job asks for no more, as the operator wanted, and ends when nothing of it is in flight."
    STOPPED "CCW029W"
        "{job} stopped: {bytes} bytes in {seconds} seconds, {rate} MB/s, {reads} reads, {writes} writes \
         ({mirrored} mirrored), {flushes} flushes"
        "A job that the operator stopped is over. What it did before it was stopped is done; the rest is not."
    SUSPENDED "CCW030W"
        "pair {primary} -> {secondary} suspended: {reason}"
        "Writes go to one disk alone from here on, for the reason given; the other is as it was left. What it \
         lacks is kept in mind. Find out what is wrong with the leg that failed, then mirror resume."
    COPYING "CCW031I"
        "pair {primary} -> {secondary} copying: {number} blocks of {bytes} bytes"
        "The blocks that may differ are copied to the disk that lacks them, while I/O goes on."
    COPY_PROGRESS "CCW032I"
        "pair {primary} -> {secondary} copying: {done} of {total} blocks, {percent} percent"
        "How far the copy of a pair is. It comes at most once a second, and for display jobs."
    COPIED "CCW033I"
        "pair {primary} -> {secondary} duplex: {number} blocks of {bytes} bytes were copied"
        "Both disks hold the same again. The number is exact: blocks that were written to meanwhile may have been \
         copied twice, and count twice."
    COPY_STOPPED "CCW034W"
        "pair {primary} -> {secondary} {state}: the copy ended after {number} blocks"
        "The pair is not being copied any more, because of its state; what is still to be copied is kept in mind."
    NO_STORAGE "CCW035E"
        "pair {primary} -> {secondary} cannot be copied: {error}"
        "There is no main storage for the data of the copy, so the pair is suspended. Wait until other jobs are \
         over, then mirror resume."
    SWAPPED "CCW036W"
        "pair {primary} -> {secondary} swapped: {reason}; I/O goes to {device} first"
        "The two disks have exchanged their roles, for the reason given. What is addressed to the primary goes to \
         the device named."
    REMOVED "CCW037I"
        "pair {primary} -> {secondary} removed"
        "The two disks have no more to do with each other."
    READ_ANSWERED "CCW038W"
        "pair {primary} -> {secondary} {operation} ended in {status} on the {leg}, the other answered"
        "A read failed on one disk of a pair, and the job got its data from the other. The pair stays as it is; \
         the disk should be looked at."
    SCRUB_DIFFER "CCW040W"
        "scrub {primary} -> {secondary}: difference in {blocks}, from byte {byte} on"
        "The two disks of a duplex pair do not hold the same here. Find out which is right; then scrub again with \
         repair= and that leg."
    SCRUB_NOT_NAMED "CCW041W"
        "scrub {primary} -> {secondary}: more blocks differ; they are counted and not named"
        "A scrub names the first 100 runs of blocks that differ."
    SCRUB_REPAIRED "CCW042W"
        "scrub {primary} -> {secondary}: {blocks} repaired: copied from {device} to {device}"
        "Blocks that differed were written anew, from the disk that the operator said is right."
    SCRUB_TOTAL "CCW043I"
        "scrub {primary} -> {secondary}: {number} blocks of {bytes} bytes compared, {number} differ, \
         {number} repaired"
        "What a scrub found in all. Those that differ are counted before their repair."
    CONSOLE_READY "CCW050I"
        "console ready; help lists the commands"
        "The supervisor takes commands."
    HELP "CCW051I"
        "{command}: {text}"
        "What a command does. Words may be shortened, if no other begins so, and be of upper or lower case."
    NOT_UNDERSTOOD "CCW052E"
        "{word}: {error}"
        "A command was not understood. Nothing was done. The word at fault is named, and what was expected."
    CARRIED "CCW053I"
        "{command}: done"
        "A command was carried out."
    NOT_DONE "CCW054E"
        "{command}: {error}"
        "A command was understood and cannot be carried out as things are. Nothing was done."
    SHUTDOWN "CCW055I"
        "shutdown: {number} jobs and {number} copies are stopped"
        "The console ends. Jobs ask for no more, and copies of pairs are suspended; what is in flight is waited \
         for."
}

impl Message {
    /// Its identifier. By itself, so that a program which only shows messages need not have the texts of all.
    #[must_use]
    pub const fn identifier(&self) -> &'static str {
        match self {
            Self::Device { .. } => DEVICE.identifier,
            Self::Pair { .. } => PAIR.identifier,
            Self::Found { .. } => FOUND.identifier,
            Self::Progress { .. } => PROGRESS.identifier,
            Self::Started { .. } => STARTED.identifier,
            Self::Ended(_) => ENDED.identifier,
            Self::Failed { .. } => FAILED.identifier,
            Self::Stopping { .. } => STOPPING.identifier,
            Self::Stopped(_) => STOPPED.identifier,
            Self::RequestFailed { .. } => REQUEST_FAILED.identifier,
            Self::Mark { .. } => MARK.identifier,
            Self::SizesDiffer { .. } => SIZES_DIFFER.identifier,
            Self::Measured { .. } => MEASURED.identifier,
            Self::PairNews { news, .. } => news.identifier(),
            Self::ScrubNews { news, .. } => news.identifier(),
            Self::OfJob { identifier, .. } => identifier,
            Self::Console(news) => news.identifier(),
        }
    }

    /// What kind of message it is.
    #[must_use]
    pub fn entry(&self) -> Option<&'static Entry> {
        CATALOGUE.iter().find(|entry| entry.identifier == self.identifier())
    }
}
