//! Jobs and the operator's console over simulated disks: sessions as scripts, lines in and messages out.

use crate::world::{Machine, MachinePlatform, World};
use channel_sim::SimMachine;
use channel_sim::virtio::BlockSettings;
use jobs::parameters::Trace;
use jobs::{Message, Messages, ParameterLine, Report, Terminal};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

/// What happens to the machine at some place of a script.
type Deed = Box<dyn FnOnce(&mut SimMachine)>;

/// A step of a script.
enum Step {
    /// The operator types a line.
    Type(String),
    /// The operator waits until a line is said that has this in it, or was since the last one was typed.
    Until(String),
    /// The same, whenever it was said.
    Ever(String),
    /// The operator types a line again and again until a line is said that has this in it.
    Again(String, String),
    /// Something happens to the machine.
    Deed(Deed),
}

/// What was said, shared by whoever prints it and whoever waits for it.
#[derive(Clone, Default)]
pub(crate) struct Said(Rc<RefCell<Vec<String>>>);

impl Messages for Said {
    fn message(&mut self, message: &Message) {
        let line = message.to_string();
        assert!(line.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{line:?}");
        self.0.borrow_mut().push(line);
    }
}

impl Said {
    /// All lines.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.0.borrow().clone()
    }

    /// The lines that begin so.
    pub(crate) fn with(&self, start: &str) -> Vec<String> {
        self.lines().into_iter().filter(|line| line.starts_with(start)).collect()
    }

    /// The one line that begins so.
    pub(crate) fn the(&self, start: &str) -> String {
        let lines = self.with(start);
        assert_eq!(lines.len(), 1, "{start}: {:#?}", self.lines());
        lines[0].clone()
    }
}

/// How often the console may ask for a line while the operator waits for a message.
const PATIENCE: u32 = 200_000;

/// An operator who follows a script.
pub(crate) struct Script {
    steps: VecDeque<Step>,
    said: Said,
    /// How much had been said when the last line was typed.
    typed_at: usize,
    /// How often a line was asked for.
    pub(crate) asked: u32,
    patience: u32,
    /// Trace lines, as they were switched.
    pub(crate) switched: Vec<Trace>,
}

impl Script {
    pub(crate) fn types(mut self, line: &str) -> Self {
        self.steps.push_back(Step::Type(line.to_owned()));
        self
    }

    pub(crate) fn until(mut self, text: &str) -> Self {
        self.steps.push_back(Step::Until(text.to_owned()));
        self
    }

    pub(crate) fn ever(mut self, text: &str) -> Self {
        self.steps.push_back(Step::Ever(text.to_owned()));
        self
    }

    pub(crate) fn again(mut self, line: &str, text: &str) -> Self {
        self.steps.push_back(Step::Again(line.to_owned(), text.to_owned()));
        self
    }

    pub(crate) fn deed(mut self, deed: impl FnOnce(&mut SimMachine) + 'static) -> Self {
        self.steps.push_back(Step::Deed(Box::new(deed)));
        self
    }

    /// Types `shutdown` and follows the script on a console with these parameters.
    pub(crate) fn run(mut self, world: &mut World, parameters: &str) -> Session {
        self.steps.push_back(Step::Type("shutdown".to_owned()));
        let line = ParameterLine::read(format!("run=console {parameters}").as_bytes());
        let mut said = self.said.clone();
        let report = jobs::run_console(&mut world.ios, &line, &mut self, &mut said);
        assert!(self.steps.is_empty(), "the script is not at its end: {:#?}", said.lines());
        world.assert_over();
        Session { said, report, script: self }
    }
}

impl Terminal<MachinePlatform> for Script {
    fn take_line(&mut self) -> Option<String> {
        self.asked += 1;
        loop {
            match self.steps.front()? {
                Step::Type(line) => {
                    let line = line.clone();
                    self.steps.pop_front();
                    self.typed_at = self.said.0.borrow().len();
                    self.patience = PATIENCE;
                    return Some(line);
                }
                Step::Until(text) | Step::Ever(text) => {
                    let said = self.said.0.borrow();
                    let from = match self.steps.front() {
                        Some(Step::Until(_)) => self.typed_at,
                        _ => 0,
                    };
                    if !said[from..].iter().any(|line| line.contains(&**text)) {
                        self.patience -= 1;
                        assert!(self.patience > 0, "nobody says {text:?}: {said:#?}");
                        return None;
                    }
                    drop(said);
                    self.steps.pop_front();
                }
                Step::Again(line, text) => {
                    let said = self.said.0.borrow();
                    self.patience -= 1;
                    assert!(self.patience > 0, "nobody says {text:?}: {said:#?}");
                    if said[self.typed_at..].iter().any(|line| line.contains(&**text)) {
                        drop(said);
                        self.steps.pop_front();
                    } else if self.patience.is_multiple_of(64) {
                        return Some(line.clone());
                    } else {
                        return None;
                    }
                }
                // The console gives the terminal the machine for no other command.
                Step::Deed(_) => return Some("trace off".to_owned()),
            }
        }
    }

    fn switch_trace(&mut self, machine: &mut Machine, trace: Trace) {
        if let Some(Step::Deed(_)) = self.steps.front()
            && let Some(Step::Deed(deed)) = self.steps.pop_front()
        {
            deed(machine.inner_mut());
        } else {
            self.switched.push(trace);
        }
    }
}

/// A session that is over.
pub(crate) struct Session {
    pub(crate) said: Said,
    pub(crate) report: Report,
    pub(crate) script: Script,
}

impl Session {
    /// A number of the RESULT line.
    pub(crate) fn number(&self, name: &str) -> u64 {
        number(&self.report, name)
    }
}

/// An empty script.
pub(crate) fn script() -> Script {
    Script {
        steps: VecDeque::new(),
        said: Said::default(),
        typed_at: 0,
        asked: 0,
        patience: PATIENCE,
        switched: Vec::new(),
    }
}

/// Disks of this many sectors, without a trace: they are written to a lot.
pub(crate) fn disks(seed: u64, sectors: &[u64]) -> World {
    let mut machine = SimMachine::new(seed);
    for (number, sectors) in (1..).zip(sectors) {
        machine.add_block(channel_io::DeviceNumber(number), BlockSettings::new(*sectors));
    }
    World::over(machine)
}

/// Runs a parameter line to its end.
pub(crate) fn run(world: &mut World, line: &str) -> (Report, Said) {
    let mut said = Said::default();
    let report = jobs::run(&mut world.ios, &ParameterLine::read(line.as_bytes()), &mut said);
    world.assert_over();
    (report, said)
}

/// A number of one job alone in a report.
pub(crate) fn number(report: &Report, name: &str) -> u64 {
    let extra = report.extra.iter().find(|extra| extra.name == name);
    let text = extra.unwrap_or_else(|| panic!("no {name}")).value.to_string();
    text.parse().unwrap_or_else(|_| panic!("{name} is {text}"))
}

/// Fills a disk with bytes that differ from sector to sector.
pub(crate) fn fill(world: &mut World, number: u16, seed: u64) {
    let mut random = oorandom::Rand64::new(u128::from(seed));
    for piece in world.disk(number).content_mut().bytes_mut().chunks_mut(8) {
        let bytes = random.rand_u64().to_le_bytes();
        piece.copy_from_slice(&bytes[..piece.len()]);
    }
}

/// Makes the content of one disk that of another.
pub(crate) fn make_alike(world: &mut World, from: u16, to: u16) {
    let content = world.content(from);
    world.disk(to).content_mut().bytes_mut()[..content.len()].copy_from_slice(&content);
}
