//! A piece on its way: read from the primary, written to the secondary, its marks reset; and the flush at the end.

use super::{Copier, FLUSH, Phase};
use crate::change::{apply, leg_failed};
use crate::locks::unlock;
use crate::state::Event;
use crate::table::MirrorAnchor;
use ios::{
    Device, Extent, Ios, Operation, Platform, Posted, Request, SECTOR_BYTES, Status, Token,
    UcbIndex,
};

impl<D> Copier<D> {
    /// The most sectors that one request of the copier can have.
    pub(super) fn transfer_sectors<P: Platform<Data = D>>(
        &self,
        ios: &Ios<P>,
        buffer: &D,
    ) -> Option<u32>
    where
        P::Anchor: MirrorAnchor<P>,
    {
        let limits = ios.anchor.mirror().pair(self.pair)?.limits();
        let room = <P::Device as Device<P::Machine>>::data_bytes(buffer) / u64::from(SECTOR_BYTES);
        let room = u32::try_from(room).unwrap_or(u32::MAX);
        let block = (limits.block_bytes / SECTOR_BYTES).max(1);
        Some((room.min(limits.transfer_sectors) / block * block).max(block))
    }

    /// Reads the next part of a piece.
    pub(super) fn read<P: Platform<Data = D>>(&mut self, ios: &mut Ios<P>, place: usize, buffer: D)
    where
        P::Anchor: MirrorAnchor<P>,
    {
        let most = self.transfer_sectors(ios, &buffer).unwrap_or(0);
        let Some(Some(piece)) = self.pieces.get(place) else { return };
        let first = piece.extent.first.0 + u64::from(piece.done);
        let part = Extent::new(first, most.min(piece.extent.sectors - piece.done));
        self.ask(ios, Operation::Read(part), Some(buffer), Token(place as u64));
    }

    /// The device that an operation of the copier goes to.
    fn device<P: Platform<Data = D>>(&self, ios: &Ios<P>, operation: Operation) -> Option<UcbIndex>
    where
        P::Anchor: MirrorAnchor<P>,
    {
        let pair = ios.anchor.mirror().pair(self.pair)?;
        Some(if operation.changes_device() { pair.secondary } else { pair.primary })
    }

    /// Asks for I/O; a request that is not taken is a failure of its device.
    fn ask<P: Platform<Data = D>>(
        &mut self,
        ios: &mut Ios<P>,
        operation: Operation,
        data: Option<D>,
        token: Token,
    ) where
        P::Anchor: MirrorAnchor<P>,
    {
        let Some(device) = self.device(ios, operation) else { return };
        let request = Request { device, operation, data, process: self.process, token };
        if let Err(refused) = ios.iosvssch_direct(request) {
            self.failed(ios, operation, Status::Unsupported);
            if token == FLUSH {
                self.phase = Phase::Stopped;
            }
            self.drop_piece(ios, token, refused.data);
        }
    }

    /// A request of the copier failed: so did its leg, if the pair is as it was when it was asked for.
    fn failed<P: Platform<Data = D>>(
        &mut self,
        ios: &mut Ios<P>,
        operation: Operation,
        status: Status,
    ) where
        P::Anchor: MirrorAnchor<P>,
    {
        if self.is_current(ios)
            && let Some(device) = self.device(ios, operation)
        {
            leg_failed(ios, self.pair, device, (operation, status));
        }
    }

    /// A piece is over, well or not. One whose buffer does not come back leaves one piece fewer to be in flight.
    fn drop_piece<P: Platform<Data = D>>(
        &mut self,
        ios: &mut Ios<P>,
        token: Token,
        buffer: Option<D>,
    ) where
        P::Anchor: MirrorAnchor<P>,
    {
        let place = usize::try_from(token.0).unwrap_or(usize::MAX);
        self.free.extend(buffer);
        if let Some(piece) = self.pieces.get_mut(place).and_then(Option::take) {
            unlock(ios, piece.lock);
        }
    }

    /// Takes one of its requests back, and asks for more.
    pub fn posted<P: Platform<Data = D>>(&mut self, ios: &mut Ios<P>, posted: Posted<D>)
    where
        P::Anchor: MirrorAnchor<P>,
    {
        let Posted { token, operation, status, data, .. } = posted;
        match (status.is_complete(), data) {
            (_, _) if token == FLUSH => self.flushed(ios, status),
            (true, Some(buffer)) if self.is_current(ios) => {
                self.moved(ios, token, operation, buffer);
            }
            (true, data @ Some(_)) => self.drop_piece(ios, token, data),
            (_, data) => {
                self.failed(ios, operation, status);
                self.drop_piece(ios, token, data);
            }
        }
        self.advance(ios);
    }

    /// A part of a piece was read, or written.
    fn moved<P: Platform<Data = D>>(
        &mut self,
        ios: &mut Ios<P>,
        token: Token,
        operation: Operation,
        buffer: D,
    ) where
        P::Anchor: MirrorAnchor<P>,
    {
        let place = usize::try_from(token.0).unwrap_or(usize::MAX);
        let Some(Some(piece)) = self.pieces.get_mut(place) else { return };
        match operation {
            Operation::Read(part) => {
                self.ask(ios, Operation::Write(part), Some(buffer), token);
            }
            Operation::Write(part) => {
                piece.done += part.sectors;
                let extent = piece.extent;
                if piece.done < extent.sectors {
                    self.read(ios, place, buffer);
                    return;
                }
                if let Some(pair) = ios.anchor.mirror_mut().pairs.get_mut(self.pair.0) {
                    let before = pair.changes.marked();
                    pair.changes.copied(extent);
                    self.copied += before - pair.changes.marked();
                }
                self.drop_piece(ios, token, Some(buffer));
            }
            Operation::Flush | Operation::Discard(_) | Operation::WriteZeroes(_) => {}
        }
    }

    /// Nothing is left to be copied: what was copied is made durable.
    pub(super) fn flush<P: Platform<Data = D>>(&mut self, ios: &mut Ios<P>)
    where
        P::Anchor: MirrorAnchor<P>,
    {
        if ios.anchor.mirror().pair(self.pair).is_none_or(|pair| pair.changed_blocks() > 0) {
            // No buffer is left, or no room in one.
            self.phase = Phase::Stopped;
            return;
        }
        self.phase = Phase::Flushing;
        self.ask(ios, Operation::Flush, None, FLUSH);
    }

    fn flushed<P: Platform<Data = D>>(&mut self, ios: &mut Ios<P>, status: Status)
    where
        P::Anchor: MirrorAnchor<P>,
    {
        let stopped = core::mem::replace(&mut self.phase, Phase::Stopped);
        if !status.is_complete() {
            self.failed(ios, Operation::Flush, status);
        } else if stopped == Phase::Flushing && self.is_current(ios) {
            self.phase = Phase::Done;
            // A copy that ends in its own state is never refused.
            let _ = apply(ios, self.pair, Event::CopyEnded);
        }
    }
}
