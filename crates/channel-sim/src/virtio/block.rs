//! The device: its queue, and the requests that it has.

use super::content::Content;
use super::ending::turn_on;
use super::plan::{Delay, RequestPlan, Telling};
use super::request::{Request, Terms};
use super::ring::{Broken, Ring};
use super::settings::{BlockSettings, Polling};
use super::wire::status;
use crate::machine::{Attention, Rule, Surroundings, Work};
use channel_io::{Microseconds, SenseId};
use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;

/// What becomes of the requests that a device has when it is reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AtReset {
    /// Nothing of them is done.
    Dropped,
    /// They are done, and nobody is told.
    Done,
}

/// A request that the device has.
#[derive(Debug)]
pub(super) struct InFlight {
    pub(super) request: Request,
    pub(super) plan: RequestPlan,
}

/// Whether the queue is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Health {
    Well,
    /// The driver broke a rule: nothing more is taken from the queue until a reset.
    Broken,
    /// A test refused a notification: what was made available is not seen until the next one.
    Missed,
}

/// What the device is to do later, besides ending a request of its own number.
pub(super) const INTERRUPT: Work = Work(u64::MAX);
pub(super) const END_RACE: Work = Work(u64::MAX - 1);

/// How long a race is waited for.
pub(super) const RACE: Microseconds = Microseconds(2_000);

/// A virtio-ccw block device.
#[derive(Debug)]
pub struct VirtioBlock {
    pub(super) settings: BlockSettings,
    pub(super) content: Content,
    pub(super) revision: Option<u16>,
    pub(super) status: u8,
    pub(super) features: u64,
    pub(super) ring: Option<Ring>,
    pub(super) indicators: Option<u64>,
    pub(super) configuration_indicators: Option<u64>,
    health: Health,
    plans: VecDeque<RequestPlan>,
    default_plan: RequestPlan,
    at_reset: AtReset,
    pub(super) bad_sectors: Vec<Range<u64>>,
    in_flight: BTreeMap<u64, InFlight>,
    next: u64,
    taken: u64,
    notifications: u64,
}

impl VirtioBlock {
    pub(crate) fn new(settings: BlockSettings) -> Self {
        Self {
            content: Content::new(settings.capacity),
            settings,
            revision: None,
            status: 0,
            features: 0,
            ring: None,
            indicators: None,
            configuration_indicators: None,
            health: Health::Well,
            plans: VecDeque::new(),
            default_plan: RequestPlan::NORMAL,
            at_reset: AtReset::Dropped,
            bad_sectors: Vec::new(),
            in_flight: BTreeMap::new(),
            next: 0,
            taken: 0,
            notifications: 0,
        }
    }

    /// What SENSE ID tells of every virtio block device.
    pub(crate) fn identification() -> SenseId {
        SenseId::new((0x3832, 0x02), (0x0000, 0x00))
    }

    /// What is on the disk.
    #[must_use]
    pub const fn content(&self) -> &Content {
        &self.content
    }

    /// What is on the disk.
    pub fn content_mut(&mut self) -> &mut Content {
        &mut self.content
    }

    /// What the device offers.
    #[must_use]
    pub const fn settings(&self) -> &BlockSettings {
        &self.settings
    }

    /// The features agreed on.
    #[must_use]
    pub const fn features(&self) -> u64 {
        self.features
    }

    /// Whether a driver has set it up and drives it.
    #[must_use]
    pub const fn is_driven(&self) -> bool {
        self.status & status::DRIVER_OK != 0
    }

    /// How many requests it has taken since the machine started.
    #[must_use]
    pub const fn requests_taken(&self) -> u64 {
        self.taken
    }

    /// How many notifications it has had since the machine started.
    #[must_use]
    pub const fn notifications(&self) -> u64 {
        self.notifications
    }

    /// How many requests it has.
    #[must_use]
    pub fn requests_held(&self) -> usize {
        self.in_flight.len()
    }

    /// Plans the next request that is not planned yet.
    pub fn plan(&mut self, plan: RequestPlan) {
        self.plans.push_back(plan);
    }

    /// Plans every request that is not planned by itself.
    pub fn plan_all(&mut self, plan: RequestPlan) {
        self.default_plan = plan;
    }

    /// Decides what a reset does to the requests that the device has.
    pub fn set_at_reset(&mut self, at_reset: AtReset) {
        self.at_reset = at_reset;
    }

    /// Has every request that concerns one of these sectors end in an I/O error.
    pub fn fail_sectors(&mut self, sectors: Range<u64>) {
        self.bad_sectors.push(sectors);
    }

    /// The device works on nothing any more, as the driver has been told.
    pub(super) fn reset(&mut self, around: &mut Surroundings<'_>) {
        if let Some(event) = self.ring.as_ref().and_then(Ring::used_event) {
            around.storage.borrow_mut().end_race(event);
        }
        let in_flight = core::mem::take(&mut self.in_flight);
        if self.at_reset == AtReset::Done {
            for (_, held) in in_flight {
                held.request.carry_out(&mut self.content, u64::MAX, around);
            }
        }
        self.status = 0;
        self.features = 0;
        self.ring = None;
        self.indicators = None;
        self.configuration_indicators = None;
        self.health = Health::Well;
    }

    /// The subchannel was disabled: the revision is forgotten (4.3.2.1 Setting the Virtio Revision).
    pub(crate) fn disabled(&mut self) {
        self.revision = None;
    }

    /// A notification for a queue: the cookie, or `None` if it cannot be right.
    pub(crate) fn notify(&mut self, queue: u16, around: &mut Surroundings<'_>) -> Option<u64> {
        self.end_race(around);
        self.notifications += 1;
        if queue != 0 {
            around.violation(Rule::Notification, format!("there is no queue {queue}"));
            return None;
        }
        if !self.is_driven() {
            around.violation(Rule::Protocol, "a notification before DRIVER_OK");
            return None;
        }
        if self.health == Health::Missed {
            self.health = Health::Well;
        }
        self.take_all(around);
        Some(0x0c00_c1e0)
    }

    pub(crate) fn notification_refused(&mut self) {
        if self.health == Health::Well {
            self.health = Health::Missed;
        }
    }

    /// A device that looks into its queue by itself does so.
    pub(crate) fn look(&mut self, around: &mut Surroundings<'_>) {
        if self.settings.polling == Polling::On {
            self.take_all(around);
        }
    }

    /// The driver begins to wait: if something is available, the device was told.
    pub(crate) fn check_notified(&mut self, around: &mut Surroundings<'_>) {
        let Some(ring) = self.ring.as_ref().filter(|_| self.is_driven()) else { return };
        if self.health == Health::Well && ring.waiting(around).is_ok_and(|waiting| waiting > 0) {
            around.violation(Rule::Notification, "the device was not notified");
            self.health = Health::Missed;
        }
    }

    fn take_all(&mut self, around: &mut Surroundings<'_>) {
        if self.health != Health::Well || !self.is_driven() {
            return;
        }
        loop {
            let Some(ring) = self.ring.as_mut() else { return };
            match ring.take(around) {
                Ok(None) => break,
                Ok(Some(chain)) => {
                    let (settings, content) = (&self.settings, &self.content);
                    let terms = Terms { settings, features: self.features, content };
                    let Some(request) = Request::parse(&chain, &terms, around) else {
                        self.health = Health::Broken;
                        return;
                    };
                    self.take(request, around);
                }
                Err(Broken) => {
                    self.health = Health::Broken;
                    return;
                }
            }
        }
        if let Some(ring) = self.ring.as_ref() {
            match self.settings.polling {
                Polling::Off => ring.want_notification(around),
                Polling::On => ring.want_no_notification(around),
            }
        }
    }

    fn take(&mut self, request: Request, around: &mut Surroundings<'_>) {
        let plan = self.plans.pop_front().unwrap_or(self.default_plan);
        let number = self.next;
        self.next += 1;
        self.taken += 1;
        let (least, most) = self.settings.latency;
        let after = match plan.delay {
            Delay::Random if most > least => Some(around.random.rand_range(least..most + 1)),
            Delay::Random => Some(least),
            Delay::After(time) => Some(time.0),
            Delay::Held => None,
        };
        self.in_flight.insert(number, InFlight { request, plan });
        if let Some(after) = after {
            self.due(number, plan, Microseconds(after), around);
        }
    }

    /// The request ends after a time; an interruption that is too early comes then, and the end later.
    fn due(
        &self,
        number: u64,
        plan: RequestPlan,
        after: Microseconds,
        around: &mut Surroundings<'_>,
    ) {
        match plan.telling {
            Telling::Early(before) => {
                around.schedule(after, INTERRUPT);
                around.schedule(after.after(before), Work(number));
            }
            Telling::Interruption | Telling::Lost | Telling::Late(_) | Telling::Race => {
                around.schedule(after, Work(number));
            }
        }
    }

    /// What a race has held back comes now, and the driver is told of it. Before anything else is written.
    fn end_race(&self, around: &mut Surroundings<'_>) {
        let event = self.ring.as_ref().and_then(Ring::used_event);
        if event.is_some_and(|event| around.storage.borrow_mut().end_race(event)) {
            self.interrupt(around);
        }
    }

    /// Lets a request go that is held for the test.
    pub(crate) fn let_go(&mut self, place: usize, around: &mut Surroundings<'_>) -> bool {
        let mut held = self.in_flight.iter_mut().filter(|(_, held)| held.plan.delay == Delay::Held);
        let Some((number, held)) = held.nth(place) else { return false };
        held.plan.delay = Delay::Random;
        let (number, plan) = (*number, held.plan);
        self.due(number, plan, Microseconds(1), around);
        true
    }

    /// Does what was scheduled.
    pub(crate) fn work(&mut self, work: Work, around: &mut Surroundings<'_>) {
        self.end_race(around);
        if work == INTERRUPT {
            self.interrupt(around);
        } else if let Some(held) = self.in_flight.remove(&work.0) {
            self.end(&held, around);
        }
    }

    /// The disk has another size from now on.
    pub(crate) fn change_capacity(&mut self, sectors: u64, around: &mut Surroundings<'_>) {
        self.settings.capacity = sectors;
        self.content.resize(sectors);
        if let Some(at) = self.configuration_indicators {
            turn_on(at, around);
            around.attention = Attention::Wanted;
        }
    }
}
