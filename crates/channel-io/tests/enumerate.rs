//! Finding and enabling subchannels, against a scripted machine.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod fake;

use channel_io::enumerate::{
    FoundDevices, MultipleSetsError, SettingError, SubchannelSettings, disable, enable,
    find_device, find_devices, set_subchannel,
};
use channel_io::program::Elsewhere;
use channel_io::{
    ChscCc, ChscResponse, ConcurrentSense, DeviceNumber, Enablement, InterruptionSubclass, Irb,
    MschCc, Pmcw, Schib, Scsw, StschCc, SubchannelId, SubchannelSet, TschCc, Wake,
};
use fake::{Fake, Step};
use zerocopy::FromBytes;

const OWN: SubchannelId = SubchannelId::new(SubchannelSet::ZERO, 7);

fn id(set: u8, number: u16) -> SubchannelId {
    SubchannelId::new(SubchannelSet::new(set).unwrap(), number)
}

fn leads_to(number: u16) -> Schib {
    Schib::new(Pmcw::for_device(DeviceNumber(number), 0), Scsw::default())
}

fn stored(set: u8, number: u16, schib: Schib) -> Step {
    Step::Stsch(id(set, number), StschCc::Stored, schib)
}

fn end(set: u8, number: u16) -> Step {
    Step::Stsch(id(set, number), StschCc::NotOperational, Schib::default())
}

fn find(script: Vec<Step>) -> FoundDevices {
    let mut machine = Fake::new(OWN, script);
    let found = find_devices(&mut machine);
    machine.finish();
    found
}

fn names(found: &FoundDevices) -> Vec<String> {
    found.devices.iter().map(|d| format!("{} {}", d.subchannel, d.device)).collect()
}

#[test]
fn every_set_is_looked_at_up_to_its_end() {
    // Type 1 in bits 8 to 10 of word 6: a subchannel that leads to no device.
    let mut chsc_type = [0; 28];
    chsc_type[5] = 0x01;
    chsc_type[25] = 0x20;
    let no_io = Schib::new(Pmcw::read_from_bytes(&chsc_type).unwrap(), Scsw::default());
    let found = find(vec![
        Step::Chsc(ChscCc::Responded, Some(ChscResponse::Done)),
        stored(0, 0, leads_to(1)),
        stored(0, 1, Schib::default()),
        stored(0, 2, no_io),
        stored(0, 3, leads_to(0xffff)),
        end(0, 4),
        end(1, 0),
        stored(2, 0, leads_to(1)),
        end(2, 1),
        end(3, 0),
    ]);
    assert_eq!(found.multiple_sets, Ok(()));
    assert_eq!(names(&found), ["0.0.0000 0.0.0001", "0.0.0003 0.0.ffff", "0.2.0000 0.2.0001"]);
}

#[test]
fn without_the_facility_there_is_one_set() {
    let refused = MultipleSetsError::Refused(ChscResponse::FacilityNotProvided);
    let busy = || Step::Chsc(ChscCc::Busy, None);
    let table = [
        (vec![Step::Chsc(ChscCc::NotOperational, None)], MultipleSetsError::NotOperational),
        (vec![Step::Chsc(ChscCc::Responded, Some(ChscResponse::FacilityNotProvided))], refused),
        (vec![Step::Chsc(ChscCc::Responded, None)], MultipleSetsError::NoResponse),
        (vec![busy(), busy(), busy(), busy(), busy()], MultipleSetsError::Busy),
    ];
    for (mut script, error) in table {
        script.push(stored(0, 0, leads_to(0x4711)));
        script.push(end(0, 1));
        let found = find(script);
        assert_eq!(found.multiple_sets, Err(error));
        assert_eq!(names(&found), ["0.0.0000 0.0.4711"]);
    }
}

#[test]
fn a_full_set_ends_after_its_last_number() {
    let mut script = vec![Step::Chsc(ChscCc::NotOperational, None)];
    script.extend((0..=u16::MAX).map(|number| stored(0, number, leads_to(number))));
    assert_eq!(find(script).devices.len(), 65_536);
}

#[test]
fn one_subchannel_is_looked_at() {
    let script = vec![stored(1, 5, leads_to(9)), stored(1, 5, Schib::default()), end(1, 5)];
    let mut machine = Fake::new(OWN, script);
    let found = find_device(&mut machine, id(1, 5)).unwrap();
    assert_eq!(found.device.to_string(), "0.1.0009");
    assert_eq!(find_device(&mut machine, id(1, 5)), None);
    assert_eq!(find_device(&mut machine, id(1, 5)), None);
    machine.finish();
}

const SETTINGS: SubchannelSettings = SubchannelSettings {
    enablement: Enablement::Enabled,
    subclass: InterruptionSubclass::from_low_bits(3),
    interruption_parameter: 0x55,
};

fn enabled() -> Schib {
    let mut schib = leads_to(1);
    schib.pmcw.set_enablement(Enablement::Enabled);
    schib.pmcw.set_subclass(SETTINGS.subclass);
    schib.pmcw.set_interruption_parameter(0x55);
    schib
}

fn look(schib: Schib) -> Step {
    Step::Stsch(OWN, StschCc::Stored, schib)
}

fn set(script: Vec<Step>) -> (Result<Pmcw, SettingError>, Vec<Schib>, Elsewhere) {
    let mut machine = Fake::new(OWN, script);
    let mut others = Elsewhere::default();
    let result = set_subchannel(&mut machine, &mut others, OWN, &SETTINGS);
    machine.finish();
    (result, machine.modified, others)
}

#[test]
fn enabling_keeps_what_else_is_set_and_reads_back() {
    let mut before = leads_to(1);
    before.pmcw.set_logical_path_mask(0x40);
    before.pmcw.set_concurrent_sense(ConcurrentSense::On);
    let mut machine = Fake::new(OWN, [look(before), Step::Msch(MschCc::Modified), look(enabled())]);
    let mut others = Elsewhere::default();
    let pmcw = enable(&mut machine, &mut others, OWN, SETTINGS.subclass, 0x55).unwrap();
    machine.finish();
    assert_eq!(pmcw, enabled().pmcw);
    let operand = machine.modified[0].pmcw;
    assert_eq!(operand.logical_path_mask(), 0x40);
    assert_eq!(operand.enablement(), Enablement::Enabled);
    assert_eq!(operand.subclass().number(), 3);
    assert_eq!(operand.interruption_parameter(), 0x55);
    assert_eq!(operand.concurrent_sense(), ConcurrentSense::Off);
    assert_eq!(operand.device_number(), Some(DeviceNumber(1)));
}

#[test]
fn a_subchannel_that_is_set_already_is_left_alone() {
    let (result, modified, _) = set(vec![look(enabled())]);
    assert_eq!(result, Ok(enabled().pmcw));
    assert!(modified.is_empty());
}

#[test]
fn disabling_turns_everything_off() {
    let script = [look(enabled()), Step::Msch(MschCc::Modified), look(leads_to(1))];
    let mut machine = Fake::new(OWN, script);
    let result = disable(&mut machine, &mut Elsewhere::default(), OWN);
    assert_eq!(result, Ok(leads_to(1).pmcw));
    assert_eq!(machine.modified[0].pmcw.enablement(), Enablement::Disabled);
    machine.finish();
}

#[test]
fn each_refusal_is_an_error_of_its_own() {
    let gone = || Step::Stsch(OWN, StschCc::NotOperational, Schib::default());
    let first = || look(leads_to(1));
    let table = [
        (vec![gone()], SettingError::NoSubchannel),
        (vec![look(Schib::default())], SettingError::NoDevice),
        (vec![first(), Step::Msch(MschCc::NotOperational)], SettingError::NotOperational),
        (
            vec![
                first(),
                Step::Msch(MschCc::StatusPending),
                Step::Tsch(TschCc::NotOperational, Irb::default()),
            ],
            SettingError::NotOperational,
        ),
        (vec![first(), Step::Msch(MschCc::Modified), gone()], SettingError::NoSubchannel),
    ];
    for (script, expected) in table {
        assert_eq!(set(script).0, Err(expected));
    }
}

#[test]
fn what_stays_in_the_way_is_named() {
    let mut pending = Vec::new();
    let mut busy = Vec::new();
    let mut deaf = Vec::new();
    for attempt in 0..5 {
        let until = 100 + attempt * 100;
        pending.extend([
            look(leads_to(1)),
            Step::Msch(MschCc::StatusPending),
            Step::Tsch(TschCc::StatusWasPending, Irb::default()),
        ]);
        busy.extend([
            look(leads_to(1)),
            Step::Msch(MschCc::Busy),
            Step::Wait { until, now: until - 50, wake: Wake::Service },
            Step::Wait { until, now: until, wake: Wake::Timeout },
        ]);
        deaf.extend([look(leads_to(1)), Step::Msch(MschCc::Modified), look(leads_to(1))]);
    }
    assert_eq!(set(pending).0, Err(SettingError::StatusPending));
    assert_eq!(set(deaf).0, Err(SettingError::NotTaken));
    let (result, _, others) = set(busy);
    assert_eq!(result, Err(SettingError::Busy));
    assert_eq!(others.wakes, [Wake::Service; 5]);
}

#[test]
fn busy_at_first_is_no_error() {
    let script = vec![
        look(leads_to(1)),
        Step::Msch(MschCc::Busy),
        Step::Wait { until: 100, now: 100, wake: Wake::Timeout },
        look(leads_to(1)),
        Step::Msch(MschCc::Modified),
        look(enabled()),
    ];
    assert_eq!(set(script).0, Ok(enabled().pmcw));
}
