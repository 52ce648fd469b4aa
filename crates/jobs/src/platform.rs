//! What the jobs need of the platform that the supervisor runs on: [`JobPlatform`], one bound for all.

use channel_io::{Area, Storage};
use ios::Platform;
use mirror::MirrorAnchor;

/// A platform whose data are areas that its machine can allocate, with a mirror in its anchor.
///
/// It has nothing of its own and holds for every platform of this kind.
pub trait JobPlatform:
    Platform<Machine: Storage<Area = <Self as Platform>::Data>, Data: Area, Anchor: MirrorAnchor<Self>>
{
}

impl<P> JobPlatform for P
where
    P: Platform,
    P::Machine: Storage<Area = P::Data>,
    P::Data: Area,
    P::Anchor: MirrorAnchor<P>,
{
}
