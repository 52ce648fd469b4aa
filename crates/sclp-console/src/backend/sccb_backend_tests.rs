//! Tests of the rule about the shared page, with an instruction that keeps the block's address and
//! completes commands when it is told to.

use std::collections::VecDeque;
use std::vec::Vec;

use super::*;
use crate::spec::ResponseCode;

/// What the world does at one look of the driver.
#[derive(Clone, Copy)]
enum Step {
    /// The SCLP ends the command with this response, and this signal comes.
    End(u16, Option<u32>),
    /// The SCLP ends the command with this response, and its signal is still on the way.
    EndUnsignalled(u16),
    /// Only a signal comes.
    Signal(u32),
    /// Nothing comes.
    Nothing,
    /// The source gives up, after the SCLP ended the command with this response, or not.
    GiveUp(Option<u16>),
}

/// The instruction and the source in one, so that the world is one script.
struct World {
    condition_codes: VecDeque<ServcCc>,
    issued: Vec<Command>,
}

struct Script {
    block: *mut Sccb,
    pending: VecDeque<u32>,
    steps: VecDeque<Step>,
}

impl Script {
    fn end(&self, response: u16) {
        // SAFETY: the block lives in a leaked cell.
        let to = unsafe { &raw mut (*self.block.cast::<SccbHeader>()).response_code };
        // SAFETY: as above, and the backend only looks at it, with volatile reads.
        unsafe { ptr::write_volatile(to, U16::new(response)) };
    }
}

impl ServiceCall for World {
    unsafe fn servc(
        &mut self,
        command: Command,
        _: *mut Sccb,
    ) -> Result<ServcCc, SccbAddressError> {
        self.issued.push(command);
        Ok(self.condition_codes.pop_front().unwrap_or(ServcCc::Initiated))
    }
}

impl SignalSource for Script {
    fn take_pending(&mut self) -> Option<ServiceSignal> {
        self.pending.pop_front().map(ServiceSignal::from_parameter)
    }

    fn wait(&mut self, _: u32) -> Waited {
        match self.steps.pop_front().expect("waited longer than the script") {
            Step::End(response, signal) => {
                self.end(response);
                match signal {
                    Some(parameter) => Waited::Taken(ServiceSignal::from_parameter(parameter)),
                    None => Waited::Poll,
                }
            }
            Step::EndUnsignalled(response) => {
                self.end(response);
                Waited::Nothing
            }
            Step::Signal(parameter) => Waited::Taken(ServiceSignal::from_parameter(parameter)),
            Step::Nothing => Waited::Nothing,
            Step::GiveUp(response) => {
                if let Some(response) = response {
                    self.end(response);
                }
                Waited::GaveUp
            }
        }
    }
}

const ADDRESS: u32 = 0x0001_2000;

fn backend(steps: impl IntoIterator<Item = Step>) -> SccbBackend<World, Script> {
    let cell: &'static SccbCell = std::boxed::Box::leak(std::boxed::Box::new(SccbCell::new()));
    let script = Script {
        block: cell.pointer(),
        pending: VecDeque::new(),
        steps: steps.into_iter().collect(),
    };
    let world = World { condition_codes: VecDeque::new(), issued: Vec::new() };
    // SAFETY: the cell was leaked just now for this backend alone.
    unsafe { SccbBackend::with_instruction(cell, world, script) }
}

fn initiated(backend: &mut impl Backend) {
    assert_eq!(backend.servc(Command::WriteEventData), Ok(ServcCc::Initiated));
}

#[test]
fn the_page_is_kept_while_a_command_is_outstanding() {
    let mut backend = backend([Step::Nothing, Step::End(0x0020, Some(ADDRESS))]);
    assert!(backend.sccb().is_ok());
    initiated(&mut backend);
    assert_eq!(backend.sccb().err(), Some(SccbInUse));
    assert_eq!(backend.servc(Command::ReadEventData), Ok(ServcCc::Busy));
    assert_eq!(backend.wait(), Ok(()));
    assert_eq!(backend.sccb().unwrap().response_code(), ResponseCode::NormalCompletion);
    assert_eq!(backend.instruction.issued, [Command::WriteEventData]);
    assert_eq!(backend.wait(), Ok(()), "nothing outstanding, nothing waited for");
}

#[test]
fn the_signal_of_an_earlier_command_does_not_end_this_one() {
    let mut backend =
        backend([Step::Signal(1), Step::Nothing, Step::End(0x0020, Some(ADDRESS | 1))]);
    initiated(&mut backend);
    backend.signals.pending.push_back(0x0003_4000);
    assert_eq!(backend.wait(), Ok(()));
    assert!(backend.signals.steps.is_empty(), "all of the script was needed");
}

#[test]
fn a_response_without_its_signal_is_not_the_end() {
    let mut backend = backend([
        Step::EndUnsignalled(0x0020),
        Step::Nothing,
        Step::Signal(1),
        Step::Signal(ADDRESS),
    ]);
    initiated(&mut backend);
    assert_eq!(backend.wait(), Ok(()));
    assert!(backend.signals.steps.is_empty(), "all of the script was needed");
}

#[test]
fn polling_goes_by_the_response_code() {
    let mut backend = backend([Step::Nothing, Step::End(0x0010, None)]);
    initiated(&mut backend);
    assert_eq!(backend.wait(), Ok(()));
    assert_eq!(backend.event_pending(), EventPending::Unknown);
}

#[test]
fn a_lost_signal_is_made_good_by_the_response_code() {
    let mut backend = backend([Step::GiveUp(Some(0x0020))]);
    initiated(&mut backend);
    assert_eq!(backend.wait(), Ok(()));
    assert!(backend.sccb().is_ok());
}

#[test]
fn a_signal_that_someone_else_took_is_not_waited_for_long() {
    let steps = [Step::EndUnsignalled(0x0020)].into_iter();
    let mut backend = backend(steps.chain([Step::Nothing; 100]));
    initiated(&mut backend);
    assert_eq!(backend.wait(), Ok(()));
    assert_eq!(backend.signals.steps.len(), 100 - 16);
    // What was so lost must not cost the next command its signal.
    backend.sccb().unwrap().header_mut().response_code = U16::ZERO;
    backend.signals.steps = [Step::End(0x0020, Some(ADDRESS))].into();
    initiated(&mut backend);
    assert_eq!(backend.wait(), Ok(()));
}

#[test]
fn a_command_that_does_not_end_stays_outstanding_until_it_does() {
    let mut backend =
        backend([Step::GiveUp(None), Step::GiveUp(None), Step::End(0x0020, Some(ADDRESS))]);
    initiated(&mut backend);
    for _ in 0..2 {
        assert_eq!(backend.wait(), Err(TimedOut));
        assert_eq!(backend.sccb().err(), Some(SccbInUse));
    }
    assert_eq!(backend.wait(), Ok(()));
    assert!(backend.sccb().is_ok());
}

#[test]
fn condition_codes_that_start_nothing_leave_the_page() {
    for condition_code in [ServcCc::Completed, ServcCc::Busy, ServcCc::NotOperational] {
        let mut backend = backend([]);
        backend.instruction.condition_codes.push_back(condition_code);
        assert_eq!(backend.servc(Command::ReadScpInfo), Ok(condition_code));
        assert!(backend.sccb().is_ok(), "{condition_code:?}");
        assert_eq!(backend.wait(), Ok(()), "{condition_code:?}");
    }
}

#[test]
fn events_are_remembered_until_they_are_fetched() {
    let mut backend = backend([
        Step::End(0x0020, Some(ADDRESS)),
        Step::End(0x0020, Some(ADDRESS)),
        Step::End(0x0020, Some(ADDRESS | 1)),
    ]);
    assert_eq!(backend.event_pending(), EventPending::Unknown);
    backend.signals.pending.push_back(1);
    assert_eq!(backend.event_pending(), EventPending::Yes);
    // The end of a write, whose signal says nothing of events, does not take the news away.
    initiated(&mut backend);
    assert_eq!(backend.wait(), Ok(()));
    assert_eq!(backend.event_pending(), EventPending::Yes);
    // A fetch does, unless its own signal brings more.
    for pending_afterwards in [EventPending::No, EventPending::Yes] {
        backend.sccb().unwrap().header_mut().response_code = U16::ZERO;
        assert_eq!(backend.servc(Command::ReadEventData), Ok(ServcCc::Initiated));
        assert_eq!(backend.wait(), Ok(()));
        assert_eq!(backend.event_pending(), pending_afterwards);
    }
}

#[test]
fn without_signals_a_fetch_proves_nothing() {
    let mut backend = backend([Step::End(0x60F0, None)]);
    assert_eq!(backend.servc(Command::ReadEventData), Ok(ServcCc::Initiated));
    assert_eq!(backend.wait(), Ok(()));
    assert_eq!(backend.event_pending(), EventPending::Unknown);
}

#[test]
fn waiting_for_a_signal() {
    let mut backend = backend([Step::Nothing, Step::Signal(1), Step::GiveUp(None)]);
    backend.signals.pending.push_back(ADDRESS);
    for (attempt, expected) in [(0, Ok(())), (1, Ok(())), (2, Ok(())), (3, Err(TimedOut))] {
        assert_eq!(backend.wait_for_signal(attempt), expected, "attempt {attempt}");
    }
    assert_eq!(backend.event_pending(), EventPending::Yes);
}
