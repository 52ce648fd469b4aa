//! Telling one state of a supervisor from another: for whoever checks every way in which it can go on.
//!
//! A request's number and its place in the table say how many there were before, and nothing of what will
//! happen; so whoever asks gives the requests names ([`Ios::alive`] says what there is to name), and
//! [`Ios::fingerprint`] goes by these. All fields are named here, so that none that is new is forgotten.

use crate::request::{Entry, Origin};
use crate::{Device, Ios, Platform, ProcessId, RequestId, Token, Ucb, Vectors};
use alloc::vec::Vec;
use channel_io::WaitPoint;
use core::hash::{Hash, Hasher};

/// A request alive, and whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alive {
    /// Which.
    pub id: RequestId,
    /// The process that is told of it, or of the request that it was made from.
    pub process: ProcessId,
    /// What the process calls it.
    pub token: Token,
    /// The request that it was made from.
    pub made_from: Option<RequestId>,
}

impl<P: Platform> Ios<P> {
    /// Every request alive.
    pub fn alive(&self) -> impl Iterator<Item = Alive> {
        self.requests.iter().map(|(id, entry)| Alive {
            id,
            process: entry.process,
            token: entry.token,
            made_from: match entry.origin {
                Origin::Process => None,
                Origin::MadeFrom(first) => Some(first),
            },
        })
    }

    /// The data that goes with a request: its own, or that of the one it was made from.
    #[must_use]
    pub fn data_of(&self, id: RequestId) -> Option<&P::Data> {
        self.requests.data_of(id)
    }

    /// Feeds what decides how the supervisor goes on. Requests go by `name`, and in the order of their names.
    ///
    /// Left out: machine and anchor, which have their own; what was counted; times but for how long ago, or how
    /// far ahead, those are that matter; the order in which a device's requests end when it is cleared, which
    /// follows their places in the table.
    pub fn fingerprint<H: Hasher>(&self, name: &dyn Fn(RequestId) -> u32, to: &mut H) {
        let Self {
            machine,
            anchor: _,
            ucbs,
            ddts,
            unusable: _,
            vectors,
            requests,
            posted,
            kept: _,
            busy: _,
            statistics: _,
            time_limit,
            next_check,
            retry_at,
            hindered,
            inquired,
            reports_due,
        } = self;
        let now = machine.now();
        let mut alive: Vec<_> = requests.iter().map(|(id, entry)| (name(id), entry)).collect();
        alive.sort_unstable_by_key(|(name, _)| *name);
        for (own, entry) in alive {
            own.hash(to);
            fingerprint_of_entry(entry, name, to);
            now.since(entry.since).min(*time_limit).hash(to);
        }
        ucbs.iter().for_each(|ucb| fingerprint_of_ucb(ucb, name, to));
        ddts.iter().for_each(|ddt| ddt.ddtsio.name.hash(to));
        let Vectors { iosvssch, iosvcp, iosvcp_return, interruption, post_status, device_gone } =
            vectors;
        (iosvssch.name, iosvcp.name, iosvcp_return.name).hash(to);
        (interruption.name, post_status.name, device_gone.name).hash(to);
        next_check.map(|at| at.since(now)).hash(to);
        retry_at.map(|at| at.since(now)).hash(to);
        (reports_due, inquired.len(), hindered.len()).hash(to);
        for (device, since) in hindered {
            (device, now.since(*since).min(*time_limit)).hash(to);
        }
        for queue in posted {
            queue.len().hash(to);
            queue.iter().for_each(|posted| (posted.token, posted.status).hash(to));
        }
    }
}

fn fingerprint_of_entry<D, H: Hasher>(
    entry: &Entry<D>,
    name: &dyn Fn(RequestId) -> u32,
    to: &mut H,
) {
    let Entry {
        sequence: _,
        device,
        access,
        operation,
        asked_for,
        data: _,
        process,
        token,
        origin,
        users,
        at_post,
        state,
        asked: _,
        since: _,
    } = entry;
    let origin = match origin {
        Origin::Process => None,
        Origin::MadeFrom(first) => Some(name(*first)),
    };
    (device, access, operation, asked_for, process, token).hash(to);
    (origin, users, at_post, state).hash(to);
}

fn fingerprint_of_ucb<P: Platform, H: Hasher>(
    ucb: &Ucb<P>,
    name: &dyn Fn(RequestId) -> u32,
    to: &mut H,
) {
    let Ucb { id: _, subchannel, ddt, device, limits, state, hindrance, leads_to, queue, active } =
        ucb;
    (subchannel, ddt, limits, state, hindrance, leads_to, active).hash(to);
    (device.characteristics(), device.free_slots(), queue.len()).hash(to);
    queue.iter().for_each(|id| name(*id).hash(to));
}
