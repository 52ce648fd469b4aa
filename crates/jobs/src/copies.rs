//! The copies of pairs: whoever makes a pair copying, here it is driven until it is duplex.
//!
//! A copy goes on beside the jobs, on buffers and a process of its own. Only so many run at a time; the pairs
//! whose copy has not begun have every new write on both disks already, and wait.

use crate::buffers::{Buffers, Wanted};
use crate::message::{Message, Messages, PairNews};
use crate::pairs::{block_bytes, names_of};
use crate::platform::JobPlatform;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use channel_io::{Microseconds, StorageError, WaitPoint};
use ios::{Ios, ProcessId};
use mirror::{Copier, CopyEnd, CopyProgress, MirrorAnchor, PairIndex, PairState};

/// How many pairs are copied at a time: enough to keep several disks busy, and few enough for a small machine.
const COPIES_MOST: usize = 4;

/// Pieces of one pair in flight at a time.
const BUFFERS: u32 = 8;

/// Bytes a piece, where there is room.
const BUFFER_BYTES: u64 = 128 * 1024;

/// A copy that is running.
struct Running<P: JobPlatform> {
    pair: PairIndex,
    process: ProcessId,
    copier: Copier<P::Data>,
    tell_at: Microseconds,
}

/// The copies of all pairs.
pub(crate) struct Copies<P: JobPlatform> {
    running: Vec<Running<P>>,
    waiting: VecDeque<PairIndex>,
    /// Processes of copies that are over.
    processes: Vec<ProcessId>,
    /// Progress is told at most so often.
    interval: Microseconds,
}

fn is_copying<P: JobPlatform>(ios: &Ios<P>, pair: PairIndex) -> bool {
    ios.anchor.mirror().pair(pair).is_some_and(|pair| pair.state() == PairState::Copying)
}

impl<P: JobPlatform> Copies<P> {
    /// None yet.
    pub(crate) const fn new(interval: Microseconds) -> Self {
        Self { running: Vec::new(), waiting: VecDeque::new(), processes: Vec::new(), interval }
    }

    /// Takes every pair that is copying.
    pub(crate) fn notice_all(&mut self, ios: &Ios<P>) {
        for (index, _) in ios.anchor.mirror().pairs() {
            self.notice(ios, index);
        }
    }

    /// Takes a pair, if it is copying.
    pub(crate) fn notice(&mut self, ios: &Ios<P>, pair: PairIndex) {
        let known =
            self.waiting.contains(&pair) || self.running.iter().any(|copy| copy.pair == pair);
        if !known && is_copying(ios, pair) {
            self.waiting.push_back(pair);
        }
    }

    /// How many pairs are being copied, or wait for it.
    pub(crate) fn count(&self) -> usize {
        self.running.len() + self.waiting.len()
    }

    /// Whether there is a pair that is not copied yet and could be.
    pub(crate) fn is_due(&self) -> bool {
        self.running.len() < COPIES_MOST && !self.waiting.is_empty()
    }

    /// Gets on with the copies: called after every wait.
    pub(crate) fn tend(&mut self, ios: &mut Ios<P>, messages: &mut dyn Messages) {
        while self.running.len() < COPIES_MOST
            && let Some(pair) = self.waiting.pop_front()
        {
            self.begin(ios, pair, messages);
        }
        let mut place = 0;
        while let Some(copy) = self.running.get_mut(place) {
            match copy.tend(ios) {
                Some(end) => {
                    let copy = self.running.swap_remove(place);
                    self.ended(ios, &copy, end, messages);
                }
                None => place += 1,
            }
        }
    }

    /// Tells how far each copy is, if it is time.
    pub(crate) fn tell_progress(&mut self, ios: &Ios<P>, messages: &mut dyn Messages) {
        let now = ios.machine.now();
        for copy in &mut self.running {
            if now >= copy.tell_at {
                copy.tell_at = now.after(self.interval);
                copy.tell(ios, messages);
            }
        }
    }

    /// Tells how far each copy is.
    pub(crate) fn tell(&self, ios: &Ios<P>, messages: &mut dyn Messages) {
        for copy in &self.running {
            copy.tell(ios, messages);
        }
    }

    /// Suspends every pair that is copying: what is left to be copied is kept in mind.
    pub(crate) fn stop(&mut self, ios: &mut Ios<P>) {
        let waiting = core::mem::take(&mut self.waiting);
        for pair in self.running.iter().map(|copy| copy.pair).chain(waiting) {
            if is_copying(ios, pair) {
                // A pair that is copying can be suspended.
                let _ = mirror::suspend(ios, pair);
            }
        }
    }

    #[inline(never)]
    fn begin(&mut self, ios: &mut Ios<P>, pair: PairIndex, messages: &mut dyn Messages) {
        if !is_copying(ios, pair) {
            return;
        }
        match buffers(ios, pair) {
            Ok(buffers) => {
                let process = self.processes.pop().unwrap_or_else(|| ios.add_process());
                let tell_at = ios.machine.now().after(self.interval);
                let copier = Copier::new(pair, process, buffers.into_areas());
                self.running.push(Running { pair, process, copier, tell_at });
            }
            Err(error) => {
                tell(ios, pair, PairNews::NoStorage(error), messages);
                // A pair that is copying can be suspended.
                let _ = mirror::suspend(ios, pair);
            }
        }
    }

    #[inline(never)]
    fn ended(
        &mut self,
        ios: &Ios<P>,
        copy: &Running<P>,
        end: CopyEnd,
        messages: &mut dyn Messages,
    ) {
        self.processes.push(copy.process);
        let pair = ios.anchor.mirror().pair(copy.pair);
        let state = pair.map_or(PairState::Simplex, mirror::Pair::state);
        let block_bytes = pair.map_or(0, block_bytes);
        let news = match end {
            CopyEnd::Done { blocks } => PairNews::Copied { blocks, block_bytes },
            CopyEnd::Stopped { blocks } => PairNews::CopyStopped { blocks, state: state.name() },
        };
        tell(ios, copy.pair, news, messages);
        // It may have been suspended and resumed while the copy had something in flight.
        self.notice(ios, copy.pair);
    }
}

impl<P: JobPlatform> Running<P> {
    fn tend(&mut self, ios: &mut Ios<P>) -> Option<CopyEnd> {
        while let Some(posted) = ios.take_posted(self.process) {
            self.copier.posted(ios, posted);
        }
        self.copier.advance(ios);
        self.copier.over()
    }

    fn tell(&self, ios: &Ios<P>, messages: &mut dyn Messages) {
        let CopyProgress { copied_blocks: done, total_blocks: total, .. } = self.copier.progress();
        tell(ios, self.pair, PairNews::CopyProgress { done, total }, messages);
    }
}

fn tell<P: JobPlatform>(
    ios: &Ios<P>,
    pair: PairIndex,
    news: PairNews,
    messages: &mut dyn Messages,
) {
    if let Some(pair) = names_of(ios, pair) {
        messages.message(&Message::PairNews { pair, news });
    }
}

/// The buffers for the copy of a pair: at least one, of at least one block.
fn buffers<P: JobPlatform>(
    ios: &mut Ios<P>,
    pair: PairIndex,
) -> Result<Buffers<P::Data>, StorageError> {
    let block = ios.anchor.mirror().pair(pair).map_or(BUFFER_BYTES, block_bytes);
    let size = |bytes| usize::try_from(bytes).unwrap_or(usize::MAX);
    let wanted =
        Wanted { count: BUFFERS, bytes: size(block.max(BUFFER_BYTES)), least_bytes: size(block) };
    Buffers::new(&mut ios.machine, wanted)
        .or_else(|_| Buffers::new(&mut ios.machine, Wanted { count: 1, ..wanted }))
}
