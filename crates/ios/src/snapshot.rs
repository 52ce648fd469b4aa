//! Copies of a whole supervisor, to go on from one state in more than one way: for whoever checks every way.

use crate::{Ddt, Ios, Platform, Ucb, Vectors};

impl<P: Platform> Clone for Ios<P>
where
    P::Machine: Clone,
    P::Device: Clone,
    P::Data: Clone,
    P::Anchor: Clone,
{
    fn clone(&self) -> Self {
        Self {
            machine: self.machine.clone(),
            anchor: self.anchor.clone(),
            ucbs: self.ucbs.clone(),
            ddts: self.ddts.clone(),
            unusable: self.unusable.clone(),
            vectors: self.vectors.clone(),
            requests: self.requests.clone(),
            posted: self.posted.clone(),
            kept: self.kept.clone(),
            busy: self.busy.clone(),
            statistics: self.statistics,
            time_limit: self.time_limit,
            next_check: self.next_check,
            retry_at: self.retry_at,
            hindered: self.hindered.clone(),
            inquired: self.inquired.clone(),
            reports_due: self.reports_due,
        }
    }
}

impl<P: Platform> Clone for Ucb<P>
where
    P::Device: Clone,
{
    fn clone(&self) -> Self {
        Self { device: self.device.clone(), queue: self.queue.clone(), ..*self }
    }
}

impl<P: Platform> Clone for Ddt<P> {
    fn clone(&self) -> Self {
        Self { name: self.name, ddtsio: self.ddtsio }
    }
}

impl<P: Platform> Clone for Vectors<P> {
    fn clone(&self) -> Self {
        Self {
            iosvssch: self.iosvssch,
            iosvcp: self.iosvcp,
            iosvcp_return: self.iosvcp_return,
            interruption: self.interruption,
            post_status: self.post_status,
            device_gone: self.device_gone,
        }
    }
}
