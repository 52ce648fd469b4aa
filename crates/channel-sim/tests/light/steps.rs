//! What must hold of the order of steps in every trace, whatever happened.

use channel_sim::{TraceLine, TraceLog};
use std::collections::{BTreeMap, BTreeSet};

/// What the lines so far have told of the requests.
#[derive(Default)]
struct Steps {
    accepted: BTreeSet<u32>,
    /// First request by second request.
    first_of: BTreeMap<u32, u32>,
    /// Firsts that were over without a start.
    needed_no_start: BTreeSet<u32>,
    /// Seconds whose status has come.
    over: BTreeSet<u32>,
    posted: BTreeSet<u32>,
}

/// Checks that no line contradicts the rules of the path and of the mirror.
///
/// # Panics
/// With the line and the trace, if one does.
pub(crate) fn check(log: &TraceLog) {
    let mut steps = Steps::default();
    for line in log.lines() {
        if let Err(rule) = steps.take(line) {
            panic!("{rule}: {line}\n{log}");
        }
    }
}

fn number(line: &TraceLine, key: &str) -> Option<u32> {
    line.field(key)?.parse().ok()
}

fn require(condition: bool, rule: &'static str) -> Result<(), &'static str> {
    if condition { Ok(()) } else { Err(rule) }
}

impl Steps {
    fn take(&mut self, line: &TraceLine) -> Result<(), &'static str> {
        let Some(request) = number(line, "request") else { return Ok(()) };
        match (line.what(), line.field("decision")) {
            ("FRONT-END", Some("second-created")) => {
                let second = number(line, "second").ok_or("a second has a number")?;
                require(!self.accepted.contains(&request), "a second comes before the start")?;
                self.first_of.insert(second, request);
            }
            ("POST-STATUS", Some("start-second")) => {
                self.needed_no_start.insert(request);
            }
            ("DDTSIO" | "IOSVCP", _) => self.start(line, request)?,
            ("POST", _) => self.post(request)?,
            // It goes to another device, or there anew.
            ("REDRIVE", _) => {
                self.accepted.remove(&request);
            }
            _ => {}
        }
        if line.what() == "POST-STATUS" && self.first_of.contains_key(&request) {
            require(self.over.insert(request), "a second ends once")?;
        }
        Ok(())
    }

    fn start(&mut self, line: &TraceLine, request: u32) -> Result<(), &'static str> {
        require(!self.posted.contains(&request), "nothing is started after its post")?;
        if let Some(first) = self.first_of.get(&request) {
            let may = self.accepted.contains(first) || self.needed_no_start.contains(first);
            require(may, "a second starts only after the first was accepted")?;
        }
        if line.what() == "IOSVCP" && line.field("cc") == Some("0") {
            require(self.accepted.insert(request), "a request is accepted once")?;
        }
        Ok(())
    }

    fn post(&mut self, request: u32) -> Result<(), &'static str> {
        require(!self.first_of.contains_key(&request), "a second is never posted")?;
        require(self.posted.insert(request), "a request is posted once")?;
        let mut seconds = self.first_of.iter().filter(|(_, first)| **first == request);
        let over = seconds
            .all(|(second, _)| !self.accepted.contains(second) || self.over.contains(second));
        require(over, "a first is posted only when its second is over")
    }
}
