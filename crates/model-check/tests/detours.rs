//! The check finds a detour that is not there, or does what it should not.
//!
//! The vectors are live: a test puts a wrong routine in, under the name of the right one, and the check of a
//! small world must come upon a property that is broken. What the code of the crates themselves could get
//! wrong is in `mutations.txt`. (A back-end detour that is not there breaks nothing that is checked here: the
//! post-status detour then starts the second request, late. That it starts when the first was accepted is for
//! the tests of order to see.)
#![expect(clippy::expect_used, reason = "all of this is a test: a panic is a failure that is seen")]

use channel_sim::light::{LightMachine, SimPlatform};
use ios::{
    DdtIndex, Ddtsio, Disposition, Ios, IosvcpReturn, Operation, PostStatus, RequestId, StartCc,
    Status, UcbIndex, Vector,
};
use mirror::Mirror;
use model_check::bounds::{Bounds, FIRST};
use model_check::{Prepare, Property, check_prepared, worlds};
use std::sync::OnceLock;

type Supervisor = Ios<SimPlatform>;

/// The detours that stood in the vectors, for the wrong routines that pass on to them.
static FRONT_END: OnceLock<Ddtsio<SimPlatform>> = OnceLock::new();
static BACK_END: OnceLock<IosvcpReturn<SimPlatform>> = OnceLock::new();
static POST_STATUS: OnceLock<PostStatus<SimPlatform>> = OnceLock::new();

/// The kind of all devices.
fn kind(ios: &Supervisor) -> DdtIndex {
    let (_, ucb) = ios.ucbs().next().expect("a device");
    ucb.ddt()
}

fn set_front_end(ios: &mut Supervisor, entry: Ddtsio<SimPlatform>) {
    let kind = kind(ios);
    let old = ios.set_ddtsio(kind, Vector { name: "front-end-detour", entry });
    let _ = FRONT_END.set(old.expect("a kind of device").entry);
}

fn set_back_end(ios: &mut Supervisor, entry: IosvcpReturn<SimPlatform>) {
    let old = ios.set_iosvcp_return(Vector { name: "back-end-detour", entry });
    let _ = BACK_END.set(old.entry);
}

fn set_post_status(ios: &mut Supervisor, entry: PostStatus<SimPlatform>) {
    let old = ios.set_post_status(Vector { name: "post-status-detour", entry });
    let _ = POST_STATUS.set(old.entry);
}

/// A supervisor without a pair, for its own routines.
fn plain() -> (Supervisor, DdtIndex) {
    let mut ios = Supervisor::new(LightMachine::new(), Mirror::new());
    let kind = ios.add_ddt("light");
    (ios, kind)
}

fn no_front_end(ios: &mut Supervisor) {
    let (plain, kind) = plain();
    set_front_end(ios, plain.ddt(kind).expect("a kind of device").ddtsio.entry);
}

fn no_post_status(ios: &mut Supervisor) {
    set_post_status(ios, plain().0.vectors().post_status.entry);
}

/// The device of a second request.
fn second(ios: &Supervisor, id: RequestId) -> Option<UcbIndex> {
    let alive = ios.alive().find(|alive| alive.id == id)?;
    alive.made_from.and(ios.request(id)).map(|(device, _)| device)
}

fn hopeful(ios: &mut Supervisor) {
    fn post_status(ios: &mut Supervisor, id: RequestId, status: Status) {
        let told = if second(ios, id).is_some() { Status::Complete } else { status };
        POST_STATUS.get().expect("the detour")(ios, id, told);
    }
    set_post_status(ios, post_status);
}

fn forgetful(ios: &mut Supervisor) {
    fn post_status(ios: &mut Supervisor, id: RequestId, status: Status) {
        if second(ios, id).is_none() {
            POST_STATUS.get().expect("the detour")(ios, id, status);
        }
    }
    set_post_status(ios, post_status);
}

fn elsewhere(ios: &mut Supervisor) {
    fn front_end(ios: &mut Supervisor, id: RequestId) -> Disposition {
        if let (Some(_), Some((_, Operation::Write(_)))) = (second(ios, id), ios.request(id)) {
            ios.replace_operation(id, Operation::Write(FIRST));
        }
        FRONT_END.get().expect("the detour")(ios, id)
    }
    set_front_end(ios, front_end);
}

fn holding(ios: &mut Supervisor) {
    fn front_end(ios: &mut Supervisor, id: RequestId) -> Disposition {
        match FRONT_END.get().expect("the detour")(ios, id) {
            Disposition::Start if second(ios, id).is_some() => Disposition::Held,
            other @ (Disposition::Start | Disposition::Held | Disposition::End(_)) => other,
        }
    }
    set_front_end(ios, front_end);
}

fn deaf(ios: &mut Supervisor) {
    fn back_end(ios: &mut Supervisor, id: RequestId, cc: StartCc) {
        match cc {
            // Nobody hears that the device was busy, so nobody tries again.
            StartCc::Busy | StartCc::StatusPending => {}
            StartCc::Started | StartCc::NotOperational => {
                BACK_END.get().expect("the detour")(ios, id, cc);
            }
        }
    }
    set_back_end(ios, back_end);
}

fn world(name: &str) -> Bounds {
    let mut all = worlds::small().into_iter();
    all.find(|world| world.name == name).expect("a small world of this name")
}

/// Checks that a world with this done to it breaks one of these properties.
#[track_caller]
fn found(name: &str, prepare: Prepare, properties: &[Property]) {
    let report = check_prepared(&world(name), 1, prepare);
    let broken = report.counterexample.as_ref().map(|found| found.broken.property);
    assert!(broken.is_some_and(|broken| properties.contains(&broken)), "{report}");
}

#[test]
fn no_front_end_detour() {
    found("quiet", no_front_end, &[Property::OnEveryLeg, Property::LegsEqual]);
}

#[test]
fn no_post_status_detour() {
    found("quiet", no_post_status, &[Property::NoPanic, Property::Memory, Property::OnEveryLeg]);
}

#[test]
fn a_second_request_that_fails_is_told_as_done() {
    found("failures", hopeful, &[Property::OnEveryLeg, Property::LegsEqual]);
}

#[test]
fn the_end_of_a_second_request_is_forgotten() {
    found("quiet", forgetful, &[Property::EndsOnce]);
}

#[test]
fn a_second_request_writes_elsewhere() {
    found("quiet", elsewhere, &[Property::OnEveryLeg, Property::LegsEqual]);
}

#[test]
fn a_second_request_is_held_for_good() {
    found("quiet", holding, &[Property::EndsOnce]);
}

#[test]
fn a_condition_code_is_not_heard() {
    found("refusals", deaf, &[Property::EndsOnce]);
}
