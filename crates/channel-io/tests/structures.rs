//! The architecture's structures against bytes written down by hand, and their words.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use channel_io::{
    AbsoluteAddress, ActivityControl, Ccw0, Ccw1, CcwFlags, ChscBlock, ChscResponse, CommandCode,
    ConcurrentSense, Crw, DeferredConditionCode, DeviceNumber, DeviceStatus, Enablement,
    ErrorRecovery, ExtendedStatusWord, FunctionControl, Idaw1, Idaw2, IdawFormat, InterruptionCode,
    InterruptionSubclass, Irb, Orb, OrbControl, Pmcw, ReportingSource, Schib, Scsw, ScswContents,
    ScswFlags, SenseData, SenseId, StatusControl, SubchannelId, SubchannelSet, SubchannelStatus,
    SubchannelType,
};
use proptest::prelude::*;
use zerocopy::{FromBytes, IntoBytes};

const CHAIN: CcwFlags = CcwFlags::CHAIN_COMMAND;
const SLI: CcwFlags = CcwFlags::SUPPRESS_LENGTH_INDICATION;

#[test]
fn ccw_format_1() {
    let address = AbsoluteAddress(0x1234_5678);
    let ccw = Ccw1::new(CommandCode::SENSE_ID, CHAIN | SLI, 0x0107, address).unwrap();
    assert_eq!(ccw.as_bytes(), [0xe4, 0x60, 0x01, 0x07, 0x12, 0x34, 0x56, 0x78]);
    assert_eq!(
        ccw.to_string(),
        "command=sense-identification count=263 \
         flags=chain-command+suppress-length-indication address=0x12345678"
    );
    let plain = ccw.with_flags(CcwFlags::empty());
    assert_eq!(
        (plain.flags(), plain.count(), plain.address()),
        (CcwFlags::empty(), 263, 0x1234_5678)
    );
}

#[test]
fn ccw_format_0() {
    let address = AbsoluteAddress(0x0012_3456);
    let ccw = Ccw0::new(CommandCode(0x06), CHAIN, 80, address).unwrap();
    assert_eq!(ccw.as_bytes(), [0x06, 0x12, 0x34, 0x56, 0x40, 0x00, 0x00, 0x50]);
    assert_eq!(ccw.to_string(), "command=read-06 count=80 flags=chain-command address=0x123456");
    assert_eq!(ccw.to_format_1(), Ccw1::new(CommandCode(0x06), CHAIN, 80, address).unwrap());
    let transfer = Ccw0::read_from_bytes(&[0xf8, 0, 0x20, 0, 0xff, 0, 0xff, 0xff]).unwrap();
    assert_eq!(transfer.to_format_1().as_bytes(), [0x08, 0, 0, 0, 0, 0, 0x20, 0]);
}

#[test]
fn ccw_addresses_have_their_limits() {
    let none = CcwFlags::empty();
    for (address, format_0, format_1) in [
        (0x00ff_ffff, true, true),
        (0x0100_0000, false, true),
        (0x7fff_ffff, false, true),
        (0x8000_0000, false, false),
        (0x1_0000_0000, false, false),
    ] {
        let address = AbsoluteAddress(address);
        assert_eq!(Ccw0::new(CommandCode::SENSE, none, 1, address).is_ok(), format_0);
        assert_eq!(Ccw1::new(CommandCode::SENSE, none, 1, address).is_ok(), format_1);
        assert_eq!(Orb::format_0(0, address).is_ok(), format_0);
        assert_eq!(Orb::format_1(0, address).is_ok(), format_1);
        assert_eq!(Idaw1::new(address).is_ok(), format_1);
    }
    let error = Ccw1::new(CommandCode::SENSE, none, 1, AbsoluteAddress(1 << 31)).unwrap_err();
    assert_eq!(error.to_string(), "address 0x80000000 is not below 0x80000000");
}

#[test]
fn command_classes() {
    for (code, words, to_storage) in [
        (0x02, "read-ipl", true),
        (0x03, "no-operation", false),
        (0x04, "sense", true),
        (0x08, "transfer-in-channel", false),
        (0x0c, "read-backward-0c", true),
        (0x13, "control-13", false),
        (0x22, "read-22", true),
        (0x31, "write-31", false),
        (0x83, "control-83", false),
        (0xe4, "sense-identification", true),
    ] {
        assert_eq!(CommandCode(code).to_string(), words);
        assert_eq!(CommandCode(code).transfers_to_storage(), to_storage, "{words}");
    }
}

#[test]
fn indirect_data_address_words() {
    assert_eq!(Idaw1::new(AbsoluteAddress(0x1234)).unwrap().as_bytes(), [0, 0, 0x12, 0x34]);
    let high = Idaw2::new(AbsoluteAddress(0x1_0000_2000));
    assert_eq!(high.as_bytes(), [0, 0, 0, 1, 0, 0, 0x20, 0]);
    assert_eq!(high.address(), AbsoluteAddress(0x1_0000_2000));
    let list = |format: IdawFormat, address, length| -> Vec<u64> {
        format.addresses(AbsoluteAddress(address), length).map(|address| address.0).collect()
    };
    assert_eq!(list(IdawFormat::Format1, 0x1000, 0), []);
    assert_eq!(list(IdawFormat::Format1, 0x1234, 0x800), [0x1234, 0x1800]);
    assert_eq!(list(IdawFormat::Format2Blocks2K, 0x1000, 0x1000), [0x1000, 0x1800]);
    assert_eq!(list(IdawFormat::Format2Blocks4K, 0x1fff, 2), [0x1fff, 0x2000]);
    assert_eq!(IdawFormat::Format1.word_length(), 4);
    assert_eq!(IdawFormat::Format2Blocks4K.word_length(), 8);
}

#[test]
fn operation_request_block() {
    let orb = Orb::format_1(0xcafe_0001, AbsoluteAddress(0x2000)).unwrap();
    let mut golden = [0; 32];
    golden[..12].copy_from_slice(&[0xca, 0xfe, 0, 1, 0x00, 0xc0, 0xff, 0, 0, 0, 0x20, 0]);
    assert_eq!(orb.as_bytes(), golden);
    assert_eq!(
        orb.to_string(),
        "parameter=cafe0001 key=0 format=1 control=prefetch paths=ff program=0x2000"
    );
    for (format, byte) in [
        (IdawFormat::Format1, 0xc0),
        (IdawFormat::Format2Blocks2K, 0xc3),
        (IdawFormat::Format2Blocks4K, 0xc2),
    ] {
        let orb = orb.with_idaws(IdawFormat::Format2Blocks2K).with_idaws(format);
        assert_eq!(orb.as_bytes()[5], byte);
        assert_eq!(orb.idaws(), format);
    }
    let suspend = orb.with_control(OrbControl::SUSPEND).with_logical_path_mask(0x80);
    assert_eq!(suspend.as_bytes()[4..8], [0x08, 0x00, 0x80, 0]);
    let format_0 = Orb::format_0(0, AbsoluteAddress(0x2000)).unwrap();
    assert_eq!(format_0.as_bytes()[4..8], [0x00, 0x40, 0xff, 0]);
}

#[test]
fn path_management_control_word() {
    let mut pmcw = Pmcw::for_device(DeviceNumber(0x1a2b), 0x32);
    assert_eq!(
        pmcw.as_bytes(),
        [
            0, 0, 0, 0, 0x00, 0x01, 0x1a, 0x2b, 0x80, 0, 0, 0x80, 0, 0, 0xff, 0x80, 0x32, 0, 0, 0,
            0, 0, 0, 0, 0, 0, 0, 0
        ]
    );
    pmcw.set_subclass(InterruptionSubclass::from_low_bits(5));
    pmcw.set_enablement(Enablement::Enabled);
    pmcw.set_interruption_parameter(0x0102_0304);
    pmcw.set_concurrent_sense(ConcurrentSense::On);
    assert_eq!(pmcw.as_bytes()[..8], [1, 2, 3, 4, 0x28, 0x81, 0x1a, 0x2b]);
    assert_eq!(pmcw.as_bytes()[24..], [0, 0, 0, 1]);
    assert_eq!(pmcw.subclass().number(), 5);
    assert_eq!(
        pmcw.to_string(),
        "device=1a2b state=enabled isc=5 parameter=01020304 paths=80 sense=concurrent"
    );
    assert!(pmcw.is_valid_operand());
    assert_eq!(pmcw.subchannel_type(), SubchannelType::Io);
    for (byte, kind) in [
        (0x20, SubchannelType::Chsc),
        (0x40, SubchannelType::Message),
        (0x60, SubchannelType::AsynchronousDataMover),
        (0xe0, SubchannelType::Other(7)),
    ] {
        let mut bytes = [0; 28];
        bytes[25] = byte;
        assert_eq!(Pmcw::read_from_bytes(&bytes).unwrap().subchannel_type(), kind);
    }
    assert_eq!(Pmcw::default().device_number(), None);
    assert!(!Pmcw::read_from_bytes(&[0xff; 28]).unwrap().is_valid_operand());
}

#[test]
fn modify_takes_what_a_program_may_change() {
    let mut pmcw = Pmcw::for_device(DeviceNumber(1), 0x32);
    pmcw.modify(&Pmcw::read_from_bytes(&[0xff; 28]).unwrap());
    assert_eq!(
        pmcw.as_bytes(),
        [
            0xff, 0xff, 0xff, 0xff, 0x38, 0xfd, 0, 1, 0xff, 0, 0, 0x80, 0xff, 0xff, 0xff, 0x80,
            0x32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5
        ]
    );
}

#[test]
fn subchannel_information_block() {
    let scsw = Scsw::from(ScswContents { count: 0x1122, ..ScswContents::default() });
    let schib = Schib::new(Pmcw::for_device(DeviceNumber(0xffff), 0), scsw);
    assert_eq!(schib.as_bytes().len(), 52);
    assert_eq!(schib.as_bytes()[6..8], [0xff, 0xff]);
    assert_eq!(schib.as_bytes()[38..40], [0x11, 0x22]);
}

fn full() -> ScswContents {
    ScswContents {
        key: 0xa,
        flags: ScswFlags::CCW_FORMAT | ScswFlags::PREFETCH | ScswFlags::PATH_NOT_OPERATIONAL,
        deferred_condition_code: DeferredConditionCode::Normal,
        function: FunctionControl::START,
        activity: ActivityControl::SUSPENDED,
        status: StatusControl::PRIMARY | StatusControl::SECONDARY | StatusControl::STATUS_PENDING,
        ccw_address: 0x0000_2010,
        device_status: DeviceStatus::CHANNEL_END | DeviceStatus::DEVICE_END,
        subchannel_status: SubchannelStatus::INCORRECT_LENGTH,
        count: 0x0102,
    }
}

#[test]
fn subchannel_status_word() {
    let scsw = Scsw::from(full());
    assert_eq!(scsw.as_bytes(), [0xa0, 0xc1, 0x40, 0x27, 0, 0, 0x20, 0x10, 0x0c, 0x40, 1, 2]);
    assert_eq!(scsw.contents(), full());
    assert_eq!(
        scsw.to_string(),
        "function=start activity=suspended status=primary+secondary+status-pending \
         device=channel-end+device-end subchannel-status=incorrect-length residual=258"
    );
    assert_eq!(Scsw::default().to_string(), "function=- activity=- status=-");
    for (code, bits) in [
        (DeferredConditionCode::StatusPresent, 0xa1),
        (DeferredConditionCode::Reserved, 0xa2),
        (DeferredConditionCode::NotOperational, 0xa3),
    ] {
        let scsw = Scsw::from(ScswContents { deferred_condition_code: code, ..full() });
        assert_eq!(scsw.as_bytes()[0], bits);
        assert_eq!(scsw.deferred_condition_code(), Some(code));
        assert_eq!(scsw.residual_count(), None, "the program was not run");
        assert_eq!(scsw.device_status().is_some(), code != DeferredConditionCode::NotOperational);
    }
}

#[test]
fn status_fields_are_there_only_when_they_mean_something() {
    let with = |change: fn(&mut ScswContents)| {
        let mut contents = full();
        change(&mut contents);
        Scsw::from(contents)
    };
    let all = with(|_| ());
    assert_eq!(all.key(), Some(0xa));
    assert_eq!(all.orb_controls(), Some(ScswFlags::CCW_FORMAT | ScswFlags::PREFETCH));
    assert_eq!(all.ccw_address(), Some(0x2010));
    assert_eq!(all.residual_count(), Some(0x0102));
    assert_eq!(all.has_path_not_operational(), Some(true));
    assert_eq!(all.is_zero_condition_code(), None);
    assert_eq!(all.has_extended_control(), None);

    let idle = with(|c| c.function = FunctionControl::empty());
    assert_eq!((idle.key(), idle.orb_controls(), idle.ccw_address()), (None, None, None));
    assert_eq!((idle.deferred_condition_code(), idle.has_path_not_operational()), (None, None));
    assert!(idle.device_status().is_some(), "unsolicited status is status");

    let going = with(|c| c.status = StatusControl::empty());
    assert_eq!((going.device_status(), going.subchannel_status()), (None, None));
    assert_eq!((going.residual_count(), going.deferred_condition_code()), (None, None));
    assert_eq!(going.is_extended_status_word_format_0(), None);
    assert!(going.key().is_some());

    let intermediate = with(|c| {
        c.status = StatusControl::INTERMEDIATE | StatusControl::STATUS_PENDING;
        c.activity = ActivityControl::empty();
        c.flags = ScswFlags::ZERO_CONDITION_CODE;
    });
    assert_eq!(intermediate.is_zero_condition_code(), Some(true));
    assert_eq!(intermediate.has_path_not_operational(), None);
    assert_eq!(intermediate.residual_count(), None);

    let data_check = with(|c| c.subchannel_status = SubchannelStatus::CHANNEL_DATA_CHECK);
    assert_eq!((data_check.ccw_address(), data_check.residual_count()), (Some(0x2010), None));
    let control_check = with(|c| c.subchannel_status = SubchannelStatus::CHANNEL_CONTROL_CHECK);
    assert_eq!((control_check.ccw_address(), control_check.residual_count()), (None, None));
}

#[test]
fn interruption_response_block() {
    let alert = ScswContents {
        flags: ScswFlags::EXTENDED_CONTROL,
        status: StatusControl::ALERT | StatusControl::STATUS_PENDING,
        device_status: DeviceStatus::UNIT_CHECK,
        ..full()
    };
    let mut irb = Irb::new(alert.into());
    assert_eq!(irb.concurrent_sense(), None);
    irb.extended_status = ExtendedStatusWord::with_concurrent_sense(24);
    irb.extended_control[0] = 0x80;
    assert_eq!(irb.as_bytes()[16..20], [0x01, 0x18, 0, 0]);
    let sense = irb.concurrent_sense().unwrap();
    assert_eq!(sense.bytes().len(), 24);
    assert!(sense.is_command_reject());
    irb.scsw = ScswContents { flags: ScswFlags::empty(), ..alert }.into();
    assert_eq!(irb.concurrent_sense(), None, "the extended-control word is not stored");
}

#[test]
fn sense_bytes_in_words() {
    let mut bytes = [0; 32];
    bytes[0] = 0x98;
    assert_eq!(
        SenseData::new(&bytes, 2).to_string(),
        "command-reject+equipment-check+data-check (9800)"
    );
    assert_eq!(SenseData::new(&bytes, 0).to_string(), "- ()");
    assert!(!SenseData::new(&bytes, 0).is_command_reject());
    assert_eq!(SenseData::new(&bytes, 99).bytes().len(), 32);
}

#[test]
fn sense_identification() {
    let id = SenseId::new((0x3990, 0xc2), (0x3390, 0x0a));
    assert_eq!(id.as_bytes(), [0xff, 0x39, 0x90, 0xc2, 0x33, 0x90, 0x0a]);
    assert_eq!(id.to_string(), "control-unit=3990/c2 device=3390/0a");
    assert!(id.is_valid() && !SenseId::default().is_valid());
}

#[test]
fn channel_report_words() {
    let gone = SubchannelId::new(SubchannelSet::new(2).unwrap(), 0x0103);
    let [first, second] = Crw::for_subchannel(gone, ErrorRecovery::InstalledParametersInitialized);
    assert_eq!(first.as_bytes(), [0x13, 0x04, 0x01, 0x03]);
    assert_eq!(second.as_bytes(), [0x03, 0x04, 0x00, 0x20]);
    assert_eq!(first.reported_subchannel(Some(&second)), Some(gone));
    assert_eq!(first.reported_subchannel(None), None, "half a report");
    assert_eq!(
        first.to_string(),
        "source=subchannel id=0103 recovery=installed-parameters-initialized flags=chained"
    );
    let alone = Crw::for_subchannel_number(9, ErrorRecovery::Available);
    assert_eq!(alone.reported_subchannel(None), Some(SubchannelId::new(SubchannelSet::ZERO, 9)));
    let lost = Crw::read_from_bytes(&[0x64, 0x82, 0, 0]).unwrap();
    assert!(lost.is_solicited() && lost.is_overflow() && lost.is_ancillary());
    assert_eq!(lost.source(), ReportingSource::ChannelPath);
    assert_eq!(lost.recovery(), ErrorRecovery::Initialized);
    assert_eq!(lost.reported_subchannel(None), None);
    assert_eq!(lost.word(), 0x6482_0000);
}

#[test]
fn channel_subsystem_call_block() {
    let mut block = ChscBlock::default();
    block.enable_multiple_subchannel_sets();
    assert_eq!(block.as_bytes()[..8], [0x04, 0x00, 0x00, 0x31, 0, 0, 0, 2]);
    assert_eq!(block.response(), None);
    block.respond(ChscResponse::FacilityNotProvided);
    assert_eq!(block.as_bytes()[0x400..0x404], [0, 8, 1, 1]);
    assert_eq!(block.response(), Some(ChscResponse::FacilityNotProvided));
    let wild = ChscBlock::read_from_bytes(&[0xff; 4096]).unwrap();
    assert_eq!(wild.response(), None, "a response beyond the block is none");
}

#[test]
fn interruption_code_words() {
    let code = InterruptionCode {
        subchannel: SubchannelId::new(SubchannelSet::new(1).unwrap(), 0x42),
        interruption_parameter: 0x2a,
        subclass: InterruptionSubclass::from_low_bits(3),
    };
    assert_eq!(code.words(), [0x0003_0042, 0x2a, 0x1800_0000]);
    assert_eq!(InterruptionCode::from_words(code.words()), Ok(code));
    assert_eq!(code.to_string(), "subchannel=0.1.0042 parameter=0000002a isc=3");
    assert!(InterruptionCode::from_words([0x0001_0000, 0, 0x8000_0000]).is_err());
    assert!(InterruptionCode::from_words([0x0000_0001, 0, 0]).is_err());
    assert_eq!(code.subclass.control_register_mask(), 0x1000_0000);
}

proptest! {
    #[test]
    fn structures_survive_any_bytes(bytes: [u8; 64]) {
        // Whatever stands in storage, taking it apart must not panic, and shows without a newline.
        let irb = Irb::read_from_bytes(&bytes).unwrap();
        let _ = irb.concurrent_sense();
        let schib = Schib::read_from_bytes(&bytes[..52]).unwrap();
        let crw = Crw::read_from_bytes(&bytes[..4]).unwrap();
        let _ = crw.reported_subchannel(Some(&crw));
        let ccw = Ccw1::read_from_bytes(&bytes[..8]).unwrap();
        let orb = Orb::read_from_bytes(&bytes[..32]).unwrap();
        let text = format!("{} {schib} {crw} {ccw} {orb} {:?}", irb.scsw, orb.idaws());
        prop_assert!(!text.contains('\n'));
    }

    #[test]
    fn subchannel_status_words_round_trip(bytes: [u8; 12]) {
        let scsw = Scsw::read_from_bytes(&bytes).unwrap();
        // Bit 16 of word 0 belongs to no field.
        let mut expected = bytes;
        expected[2] &= 0x7f;
        let again = Scsw::from(scsw.contents());
        prop_assert_eq!(again.as_bytes(), expected);
    }

    #[test]
    fn format_0_ccws_mean_the_same_in_format_1(bytes: [u8; 8]) {
        let ccw = Ccw0::read_from_bytes(&bytes).unwrap();
        let other = ccw.to_format_1();
        prop_assert_eq!(other.address(), ccw.address());
        if bytes[0] & 0x0f != 0x08 {
            prop_assert_eq!(other.command(), ccw.command());
            prop_assert_eq!(other.count(), ccw.count());
        }
    }
}
