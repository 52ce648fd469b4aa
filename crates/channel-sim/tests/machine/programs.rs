//! Channel programs, as the simulation carries them out.

use crate::bench::{Bench, DATA};
use channel_io::{ActivityControl, ChannelSubsystem, FunctionControl, RschCc, StatusControl};
use channel_io::{
    Area, Ccw0, CcwFlags, CommandCode, ConcurrentSense, DeferredConditionCode, DeviceStatus,
    IdawFormat, MschCc, Orb, OrbControl, Reach, ScswContents, SenseData, SschCc, Storage,
    SubchannelStatus,
};
use channel_sim::machine::{ProgramFault, Rule};
use channel_sim::virtio::BlockSettings;
use zerocopy::IntoBytes;

const NOP: u8 = 0x03;
const SENSE: u8 = 0x04;
const TIC: u8 = 0x08;
const SENSE_ID: u8 = 0xe4;
const IDENTIFICATION: [u8; 7] = [0xff, 0x38, 0x80, 0x01, 0x33, 0x70, 0x00];

fn ends() -> DeviceStatus {
    DeviceStatus::CHANNEL_END | DeviceStatus::DEVICE_END
}

fn assert_good(scsw: &ScswContents) {
    assert_eq!(scsw.device_status, ends());
    assert_eq!(scsw.subchannel_status, SubchannelStatus::empty());
    let expected =
        StatusControl::PRIMARY | StatusControl::SECONDARY | StatusControl::STATUS_PENDING;
    assert_eq!(scsw.status, expected);
    assert_eq!(scsw.function, FunctionControl::START);
    assert_eq!(scsw.activity, ActivityControl::empty());
}

#[test]
fn sense_identification_in_format_1() {
    let mut bench = Bench::plain();
    bench.store(&[(SENSE_ID, CcwFlags::empty(), 7, DATA)]);
    let scsw = bench.run();
    assert_good(&scsw);
    assert_eq!((scsw.count, u64::from(scsw.ccw_address)), (0, bench.address(8).0));
    assert_eq!(bench.data(DATA, 7), IDENTIFICATION);
    bench.machine.assert_clean();
}

#[test]
fn sense_identification_in_format_0() {
    let mut bench = Bench::plain();
    let ccw = Ccw0::new(CommandCode::SENSE_ID, CcwFlags::empty(), 7, bench.address(DATA));
    let address = bench.area.address();
    bench.area.write(0, ccw.expect("low").as_bytes());
    let orb = Orb::format_0(crate::bench::PARAMETER, address).expect("low");
    assert_eq!(bench.machine.ssch(bench.subchannel, &orb), SschCc::Started);
    assert_good(&bench.status().scsw.contents());
    assert_eq!(bench.data(DATA, 7), IDENTIFICATION);
    bench.machine.assert_clean();
}

#[test]
fn the_count_may_differ_only_with_suppression() {
    let sli = CcwFlags::SUPPRESS_LENGTH_INDICATION;
    let wrong = SubchannelStatus::INCORRECT_LENGTH;
    let none = SubchannelStatus::empty();
    let table = [
        (7, CcwFlags::empty(), none, 0),
        (10, CcwFlags::empty(), wrong, 3),
        (5, CcwFlags::empty(), wrong, 0),
        (10, sli, none, 3),
        (5, sli, none, 0),
    ];
    for (count, flags, expected, residual) in table {
        let mut bench = Bench::plain();
        bench.area.fill(DATA, 16, 0xee);
        bench.store(&[(SENSE_ID, flags, count, DATA)]);
        let scsw = bench.run();
        assert_eq!((scsw.subchannel_status, scsw.count), (expected, residual), "{count} {flags}");
        let length = usize::from(count).min(7);
        assert_eq!(bench.data(DATA, length), IDENTIFICATION[..length]);
        assert_eq!(bench.data(DATA + length, 3), [0xee; 3], "more than the count was stored");
    }
}

#[test]
fn commands_are_chained_until_one_fails() {
    let cc = CcwFlags::CHAIN_COMMAND;
    let mut bench = Bench::plain();
    bench.store(&[
        (NOP, cc, 0, 0),
        (SENSE_ID, cc, 7, DATA),
        (SENSE_ID, CcwFlags::empty(), 7, DATA + 8),
    ]);
    assert_good(&bench.run());
    assert_eq!(bench.data(DATA + 8, 7), IDENTIFICATION);

    // A command that the device does not know ends the program; SENSE says why.
    let mut bench = Bench::plain();
    bench.store(&[(0x33, cc, 0, 0), (SENSE_ID, CcwFlags::empty(), 7, DATA)]);
    let scsw = bench.run();
    assert_eq!(scsw.device_status, ends() | DeviceStatus::UNIT_CHECK);
    assert!(scsw.status.contains(StatusControl::ALERT));
    assert_eq!(u64::from(scsw.ccw_address), bench.address(8).0);
    assert_eq!(bench.data(DATA, 7), [0; 7]);
    bench.store(&[(SENSE, CcwFlags::empty(), 32, DATA)]);
    assert_good(&bench.run());
    assert_eq!(bench.data(DATA, 2), [SenseData::COMMAND_REJECT, 0]);
    // It is taken by that.
    assert_good(&bench.run());
    assert_eq!(bench.data(DATA, 2), [0, 0]);

    // An incorrect length does so too.
    bench.store(&[(SENSE_ID, cc, 9, DATA), (SENSE_ID, CcwFlags::empty(), 7, DATA + 16)]);
    assert_eq!(bench.run().subchannel_status, SubchannelStatus::INCORRECT_LENGTH);
    assert_eq!(bench.data(DATA + 16, 7), [0; 7]);
    bench.machine.assert_clean();
}

#[test]
fn data_is_chained_over_areas_and_skipped() {
    let (cd, skip) = (CcwFlags::CHAIN_DATA, CcwFlags::SKIP);
    let mut bench = Bench::plain();
    bench.area.fill(DATA, 64, 0xee);
    bench.store(&[
        (SENSE_ID, cd, 2, DATA),
        (0x02, cd | skip, 3, DATA + 16),
        (0x02, CcwFlags::empty(), 2, DATA + 32),
    ]);
    let scsw = bench.run();
    assert_good(&scsw);
    assert_eq!(bench.data(DATA, 3), [0xff, 0x38, 0xee]);
    assert_eq!(bench.data(DATA + 16, 3), [0xee; 3], "skipped");
    assert_eq!(bench.data(DATA + 32, 3), [0x70, 0x00, 0xee]);
    bench.machine.assert_clean();
}

#[test]
fn a_program_goes_on_elsewhere() {
    let cc = CcwFlags::CHAIN_COMMAND;
    let mut bench = Bench::plain();
    bench.store(&[
        (NOP, cc, 0, 0),
        (TIC, CcwFlags::empty(), 0, 24),
        (0xff, CcwFlags::empty(), 0, 0),
        (SENSE_ID, CcwFlags::empty(), 7, DATA),
    ]);
    let scsw = bench.run();
    assert_good(&scsw);
    assert_eq!(u64::from(scsw.ccw_address), bench.address(32).0);
    bench.machine.assert_clean();
}

/// What must not be in a program: it ends with a program check, and a rule is broken.
#[test]
fn programs_that_are_wrong() {
    let none = CcwFlags::empty();
    let cc = CcwFlags::CHAIN_COMMAND;
    type Ccws = Vec<(u8, CcwFlags, u16, usize)>;
    let table: [(&str, Ccws); 6] = [
        ("begins with a transfer", vec![(TIC, none, 0, 8), (NOP, none, 0, 0)]),
        (
            "two transfers",
            vec![(NOP, cc, 0, 0), (TIC, none, 0, 16), (TIC, none, 0, 24), (NOP, none, 0, 0)],
        ),
        ("transfer to no boundary", vec![(NOP, cc, 0, 0), (TIC, none, 0, 20)]),
        ("no command", vec![(0x10, none, 0, 0)]),
        ("suspend that is not allowed", vec![(NOP, CcwFlags::SUSPEND, 0, 0)]),
        ("data chaining with no count", vec![(SENSE_ID, CcwFlags::CHAIN_DATA, 0, DATA)]),
    ];
    for (name, ccws) in table {
        let mut bench = Bench::plain();
        bench.store(&ccws);
        let scsw = bench.run();
        assert_eq!(scsw.subchannel_status, SubchannelStatus::PROGRAM_CHECK, "{name}");
        assert!(scsw.status.contains(StatusControl::ALERT), "{name}");
    }
}

#[test]
fn a_program_that_is_nobodys_is_found_out() {
    let mut bench = Bench::plain();
    bench.store(&[(SENSE_ID, CcwFlags::empty(), 7, DATA)]);
    assert_eq!(bench.start(), SschCc::Started);
    // Given back while the channel subsystem still needs it.
    let room = bench.machine.allocate(8, 8, Reach::Below2G).expect("room");
    drop(core::mem::replace(&mut bench.area, room));
    let scsw = bench.status().scsw.contents();
    assert_eq!(scsw.subchannel_status, SubchannelStatus::PROGRAM_CHECK);
    let violations = bench.machine.take_violations();
    assert_eq!(violations.len(), 1);
    assert_eq!(
        (violations[0].rule, violations[0].subchannel),
        (Rule::Storage, Some(bench.subchannel))
    );
}

#[test]
fn data_that_is_withheld_is_found_out() {
    let mut bench = Bench::plain();
    let data = bench.machine.allocate(8, 8, Reach::Below2G).expect("room");
    let offset = usize::try_from(data.address().0 - bench.area.address().0).expect("behind it");
    bench.store(&[(SENSE_ID, CcwFlags::empty(), 7, offset)]);
    data.withhold();
    assert_eq!(bench.run().subchannel_status, SubchannelStatus::PROGRAM_CHECK);
    assert_eq!(bench.machine.take_violations()[0].rule, Rule::Withheld);
    data.lend();
    assert_good(&bench.run());
    assert_eq!(data.to_vec()[..7], IDENTIFICATION);
    bench.machine.assert_clean();
}

#[test]
fn indirect_addresses_in_every_format() {
    for format in [IdawFormat::Format1, IdawFormat::Format2Blocks2K, IdawFormat::Format2Blocks4K] {
        let mut bench = Bench::block(BlockSettings::new(1 << 20));
        let block = format.block_length();
        let length = usize::try_from(2 * block).expect("small");
        let reach = match format {
            IdawFormat::Format1 => Reach::Below2G,
            IdawFormat::Format2Blocks2K | IdawFormat::Format2Blocks4K => Reach::Anywhere,
        };
        let data = bench.machine.allocate(length, length, reach).expect("room");
        // The first names a byte two before the end of the first block: five bytes are left for the second.
        let first = data.address().0 + block - 2;
        for (place, address) in format.addresses(channel_io::AbsoluteAddress(first), 7).enumerate()
        {
            let word = address.0.to_be_bytes();
            let skipped = 8 - format.word_length();
            bench.area.write(DATA + place * format.word_length(), &word[skipped..]);
        }
        bench.store(&[(SENSE_ID, CcwFlags::INDIRECT_DATA_ADDRESS, 7, DATA)]);
        let orb = bench.orb().with_idaws(format);
        assert_eq!(bench.machine.ssch(bench.subchannel, &orb), SschCc::Started);
        assert_good(&bench.status().scsw.contents());
        let at = usize::try_from(block - 2).expect("small");
        assert_eq!(data.to_vec()[at..at + 7], [0xff, 0x38, 0x32, 0x02, 0, 0, 0], "{format:?}");
        bench.machine.assert_clean();

        // Another but the first must name the first byte of a block.
        let off = (data.address().0 + block + 8).to_be_bytes();
        let width = format.word_length();
        bench.area.write(DATA + width, &off[8 - width..]);
        assert_eq!(bench.machine.ssch(bench.subchannel, &orb), SschCc::Started);
        let scsw = bench.status().scsw.contents();
        assert_eq!(scsw.subchannel_status, SubchannelStatus::PROGRAM_CHECK, "{format:?}");
    }
}

#[test]
fn a_program_is_suspended_and_resumed() {
    let cc = CcwFlags::CHAIN_COMMAND;
    let mut bench = Bench::plain();
    bench.store(&[(NOP, cc, 0, 0), (SENSE_ID, CcwFlags::SUSPEND, 7, DATA)]);
    let orb = bench.orb();
    let orb = orb.with_control(orb.control() | OrbControl::SUSPEND);
    assert_eq!(bench.machine.ssch(bench.subchannel, &orb), SschCc::Started);
    assert_eq!(bench.machine.rsch(bench.subchannel), RschCc::NotApplicable);
    let scsw = bench.status().scsw.contents();
    assert_eq!(scsw.status, StatusControl::INTERMEDIATE | StatusControl::STATUS_PENDING);
    assert_eq!(scsw.activity, ActivityControl::SUSPENDED);
    // It stays suspended when the status is taken.
    let after = bench.scsw();
    assert_eq!(
        (after.activity, after.function),
        (ActivityControl::SUSPENDED, FunctionControl::START)
    );
    assert_eq!(bench.data(DATA, 7), [0; 7]);
    assert_eq!(bench.machine.rsch(bench.subchannel), RschCc::Initiated);
    assert_eq!(bench.machine.rsch(bench.subchannel), RschCc::NotApplicable);
    assert_good(&bench.status().scsw.contents());
    assert_eq!(bench.data(DATA, 7), IDENTIFICATION);
    bench.machine.assert_clean();
}

#[test]
fn intermediate_status_when_it_is_asked_for() {
    let mut bench = Bench::plain();
    bench.store(&[(SENSE_ID, CcwFlags::PROGRAM_CONTROLLED_INTERRUPTION, 7, DATA)]);
    let orb = bench.orb();
    let orb = orb.with_control(orb.control() | OrbControl::INITIAL_STATUS_INTERRUPTION);
    assert_eq!(bench.machine.ssch(bench.subchannel, &orb), SschCc::Started);
    let first = bench.status().scsw;
    assert_eq!(first.is_zero_condition_code(), Some(true));
    let last = bench.status().scsw.contents();
    let expected = SubchannelStatus::PROGRAM_CONTROLLED_INTERRUPTION;
    assert_eq!((last.subchannel_status, last.device_status), (expected, ends()));
}

#[test]
fn concurrent_sense_comes_with_the_status() {
    let mut bench = Bench::plain();
    let mut schib = bench.schib();
    schib.pmcw.set_concurrent_sense(ConcurrentSense::On);
    assert_eq!(bench.machine.msch(bench.subchannel, &schib), MschCc::Modified);
    bench.store(&[(0x33, CcwFlags::empty(), 0, 0)]);
    assert_eq!(bench.start(), SschCc::Started);
    let irb = bench.status();
    assert!(irb.concurrent_sense().expect("it came").is_command_reject());
}

#[test]
fn programs_end_as_a_test_wants_it() {
    let mut bench = Bench::plain();
    bench.store(&[(SENSE_ID, CcwFlags::empty(), 7, DATA)]);
    let subchannel = bench.subchannel;
    let not_operational = DeferredConditionCode::NotOperational;
    let faults = [
        Some(ProgramFault::Deferred(not_operational, DeviceStatus::empty())),
        None,
        Some(ProgramFault::Status(DeviceStatus::UNIT_EXCEPTION, SubchannelStatus::CHAINING_CHECK)),
        Some(ProgramFault::UnitCheck([0x10, 7])),
        Some(ProgramFault::EndsApart),
    ];
    for fault in faults {
        bench.machine.fault_next_program(subchannel, fault);
    }
    let deferred = bench.run();
    assert_eq!(deferred.deferred_condition_code, not_operational);
    assert_eq!(bench.data(DATA, 7), [0; 7], "it did not begin");
    assert_good(&bench.run());
    let status = bench.run();
    assert_eq!(status.device_status, ends() | DeviceStatus::UNIT_EXCEPTION);
    assert_eq!(status.subchannel_status, SubchannelStatus::CHAINING_CHECK);
    assert_eq!(bench.run().device_status, ends() | DeviceStatus::UNIT_CHECK);
    let channel_end = bench.run();
    assert_eq!(channel_end.device_status, DeviceStatus::CHANNEL_END);
    assert_eq!(channel_end.activity, ActivityControl::DEVICE_ACTIVE);
    assert_eq!(bench.start(), SschCc::Busy);
    let device_end = bench.status().scsw.contents();
    assert_eq!(device_end.device_status, DeviceStatus::DEVICE_END);
    assert_eq!(device_end.status, StatusControl::SECONDARY | StatusControl::STATUS_PENDING);
    bench.store(&[(SENSE, CcwFlags::empty(), 32, DATA)]);
    assert_good(&bench.run());
    assert_eq!(bench.data(DATA, 2), [0x10, 7]);
    bench.machine.assert_clean();
}
