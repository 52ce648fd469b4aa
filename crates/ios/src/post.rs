//! The post: where a request's status ends its way, and its process is told.

use crate::request::DataAtPost;
use crate::{Ios, Platform, Posted, RequestId, Status};
use channel_io::{TraceSink, WaitPoint};

/// The supervisor's own routine at the status pointer.
///
/// # Panics
/// If a request made from this one is alive: the data is then not the process's to have back.
pub(crate) fn post<P: Platform>(ios: &mut Ios<P>, id: RequestId, status: Status) {
    let Some(entry) = ios.requests.remove(id) else {
        return;
    };
    assert!(entry.users == 0, "request {id} was posted while another one uses its data");
    if ios.machine.tracing() {
        ios.machine.trace(format_args!("POST request={id} status={status}"));
    }
    let data = match entry.at_post {
        DataAtPost::GiveBack => entry.data,
        DataAtPost::Keep => {
            ios.kept.extend(entry.data);
            None
        }
    };
    let posted = Posted {
        token: entry.token,
        operation: entry.asked_for,
        status,
        data,
        asked: entry.asked,
        posted: ios.machine.now(),
    };
    if let Some(queue) = ios.posted.get_mut(entry.process.0 as usize) {
        queue.push_back(posted);
    }
}
