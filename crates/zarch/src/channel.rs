//! The channel subsystem by its own instructions: [`MachineChannels`].

use crate::instruction::io;
use channel_io::{
    ChannelSubsystem, ChscBlock, ChscCc, Crw, CschCc, HostCookie, HschCc, InterruptionCode, Irb,
    MschCc, NotifyOutcome, Orb, RschCc, Schib, SschCc, StcrwCc, StschCc, SubchannelId, TpiCc,
    TschCc, XschCc,
};

/// An IRB as long as TSCH may store: with the extended measurement word behind it.
#[repr(C, align(4))]
struct LongIrb {
    irb: Irb,
    _extended_measurement: [u32; 8],
}

const _: () = assert!(size_of::<LongIrb>() == 96);

/// The I/O instructions of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct MachineChannels;

/// The meaning of a condition code that an instruction may set.
macro_rules! meaning {
    ($codes:ty, $code:expr) => {
        match <$codes>::from_condition_code($code) {
            Some(meaning) => meaning,
            None => unassigned(stringify!($codes), $code),
        }
    };
}

/// The machine did what the architecture says that it does not do.
#[cold]
fn unassigned(codes: &str, code: u8) -> ! {
    panic!("condition code {code} is not one of {codes}")
}

impl ChannelSubsystem for MachineChannels {
    #[inline]
    fn ssch(&mut self, subchannel: SubchannelId, orb: &Orb) -> SschCc {
        let operand = core::ptr::from_ref(orb).cast_mut().cast();
        // SAFETY: an ORB is on a word boundary by its type, and only read. Its program and its data lie in
        // areas, as those who build programs guarantee by keeping the areas until the program's end.
        meaning!(SschCc, unsafe { io::ssch(subchannel.word(), operand) })
    }

    #[inline]
    fn tsch(&mut self, subchannel: SubchannelId, irb: &mut Irb) -> TschCc {
        let mut long = LongIrb { irb: *irb, _extended_measurement: [0; 8] };
        let operand = (&raw mut long).cast();
        // SAFETY: on a word boundary by its type, and as long as can be stored.
        let code = meaning!(TschCc, unsafe { io::tsch(subchannel.word(), operand) });
        *irb = long.irb;
        code
    }

    #[inline]
    fn stsch(&mut self, subchannel: SubchannelId, schib: &mut Schib) -> StschCc {
        let operand = core::ptr::from_mut(schib).cast();
        // SAFETY: a SCHIB is on a word boundary and has thirteen words by its type.
        meaning!(StschCc, unsafe { io::stsch(subchannel.word(), operand) })
    }

    #[inline]
    fn msch(&mut self, subchannel: SubchannelId, schib: &Schib) -> MschCc {
        let operand = core::ptr::from_ref(schib).cast_mut().cast();
        // SAFETY: a SCHIB is on a word boundary by its type, and only read.
        meaning!(MschCc, unsafe { io::msch(subchannel.word(), operand) })
    }

    #[inline]
    fn csch(&mut self, subchannel: SubchannelId) -> CschCc {
        meaning!(CschCc, io::csch(subchannel.word()))
    }

    #[inline]
    fn hsch(&mut self, subchannel: SubchannelId) -> HschCc {
        meaning!(HschCc, io::hsch(subchannel.word()))
    }

    #[inline]
    fn xsch(&mut self, subchannel: SubchannelId) -> XschCc {
        meaning!(XschCc, io::xsch(subchannel.word()))
    }

    #[inline]
    fn rsch(&mut self, subchannel: SubchannelId) -> RschCc {
        meaning!(RschCc, io::rsch(subchannel.word()))
    }

    #[inline]
    fn tpi(&mut self) -> TpiCc {
        match io::tpi() {
            (0, _) => TpiCc::NonePending,
            (_, words) => match InterruptionCode::from_words(words) {
                Ok(code) => TpiCc::Stored(code),
                Err(error) => TpiCc::Foreign(error),
            },
        }
    }

    #[inline]
    fn stcrw(&mut self, crw: &mut Crw) -> StcrwCc {
        let operand = core::ptr::from_mut(crw).cast();
        // SAFETY: a CRW is a word on a word boundary by its type.
        meaning!(StcrwCc, unsafe { io::stcrw(operand) })
    }

    #[inline]
    fn chsc(&mut self, block: &mut ChscBlock) -> ChscCc {
        let operand = core::ptr::from_mut(block).cast();
        // SAFETY: the block is 4 KiB on a 4 KiB boundary by its type, and holds request and response.
        meaning!(ChscCc, unsafe { io::chsc(operand) })
    }

    #[inline]
    fn notify(
        &mut self,
        subchannel: SubchannelId,
        queue: u16,
        cookie: HostCookie,
    ) -> NotifyOutcome {
        let answer = io::notify(subchannel.word(), u64::from(queue), cookie.0);
        NotifyOutcome::from_register(answer)
    }
}
