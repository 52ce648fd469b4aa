//! The detours go into the vectors with the first pair, and leave them when the last is removed and nothing of
//! it is under way any more.

use crate::pair::PairIndex;
use crate::state::PairState;
use crate::table::{MirrorAnchor, Saved};
use crate::{back_end, change, front_end, post_status};
use alloc::vec::Vec;
use ios::{Ddtsio, DeviceGone, Ios, IosvcpReturn, Platform, PostStatus, Vector};

/// Puts the detours in, as far as they are not in yet.
pub(crate) fn install<P: Platform>(ios: &mut Ios<P>, ddt: ios::DdtIndex)
where
    P::Anchor: MirrorAnchor<P>,
{
    if ios.anchor.mirror().saved.is_none() {
        let back_end =
            Vector { name: "back-end-detour", entry: back_end::back_end as IosvcpReturn<P> };
        let post_status =
            Vector { name: "post-status-detour", entry: post_status::post_status as PostStatus<P> };
        let iosvcp_return = ios.set_iosvcp_return(back_end);
        let post_status = ios.set_post_status(post_status);
        let device_gone = ios.set_device_gone(Vector {
            name: "device-gone-detour",
            entry: change::device_gone as DeviceGone<P>,
        });
        ios.anchor.mirror_mut().saved =
            Some(Saved { ddtsio: Vec::new(), iosvcp_return, post_status, device_gone });
    }
    let mirror = ios.anchor.mirror();
    let known =
        mirror.saved.as_ref().is_some_and(|saved| saved.ddtsio.iter().any(|(d, _)| *d == ddt));
    if known {
        return;
    }
    let front_end = Vector { name: "front-end-detour", entry: front_end::front_end as Ddtsio<P> };
    if let Some(old) = ios.set_ddtsio(ddt, front_end)
        && let Some(saved) = ios.anchor.mirror_mut().saved.as_mut()
    {
        saved.ddtsio.push((ddt, old));
    }
}

/// A pair that was removed, with nothing of it under way any more: its devices are free.
pub(crate) fn settle_removed<P: Platform>(ios: &mut Ios<P>, index: PairIndex)
where
    P::Anchor: MirrorAnchor<P>,
{
    let mirror = ios.anchor.mirror_mut();
    let Some(pair) = mirror.pairs.get(index.0) else { return };
    if pair.state != PairState::Simplex || !pair.is_quiet() {
        return;
    }
    let (primary, secondary) = (pair.primary, pair.secondary);
    mirror.set_role(primary, None);
    mirror.set_role(secondary, None);
    if mirror.pairs.iter().all(|pair| pair.state == PairState::Simplex && pair.is_quiet()) {
        uninstall(ios);
    }
}

/// Takes the detours out.
fn uninstall<P: Platform>(ios: &mut Ios<P>)
where
    P::Anchor: MirrorAnchor<P>,
{
    let Some(saved) = ios.anchor.mirror_mut().saved.take() else {
        return;
    };
    for (ddt, old) in saved.ddtsio {
        ios.set_ddtsio(ddt, old);
    }
    ios.set_iosvcp_return(saved.iosvcp_return);
    ios.set_post_status(saved.post_status);
    ios.set_device_gone(saved.device_gone);
}
