//! What is done for a command.

use super::command::{Change, Command};
use super::error::Why;
use super::{Console, Phase};
use crate::message::ConsoleNews;
use crate::parameters::Given;
use crate::plan;
use crate::platform::JobPlatform;
use channel_io::DeviceId;
use ios::{Ios, UcbIndex};
use mirror::{Initial, MirrorAnchor, PairIndex, Resync};

impl<P: JobPlatform + 'static> Console<'_, P> {
    /// Carries a command out.
    pub(super) fn execute(&mut self, ios: &mut Ios<P>, command: &Command) -> Result<(), Why> {
        let device = match command {
            Command::Help(word) => return self.help(*word),
            Command::DisplayDevices => return self.display_devices(ios),
            Command::DisplayPairs => return self.display_pairs(ios),
            Command::DisplayPath(device) => return self.display_path(ios, device),
            Command::DisplayJobs => return self.display_jobs(ios),
            Command::Shutdown => return self.shutdown(ios),
            Command::Start(job) => {
                self.refuse_at_the_end()?;
                return self.jobs.start(ios, job, self.messages);
            }
            Command::Stop(number) => return self.jobs.stop(ios, *number, self.messages),
            Command::Establish { primary, secondary, initial } => {
                self.refuse_at_the_end()?;
                self.establish(ios, primary, secondary, *initial)?;
                Some(primary.value)
            }
            Command::Change { change, pair } => {
                self.change(ios, *change, pair)?;
                Some(pair.value)
            }
            Command::Trace(trace) => {
                self.terminal.switch_trace(&mut ios.machine, *trace);
                None
            }
            Command::Sense(device) => {
                self.sense(ios, device)?;
                Some(device.value)
            }
            Command::Quiesce(device) => {
                let index = plan::online(ios, device.value, &device.word)?;
                ios.quiesce(index);
                Some(device.value)
            }
            Command::Unquiesce(device) => {
                let index = plan::found(ios, device.value, &device.word)?;
                ios.unquiesce(index);
                Some(device.value)
            }
        };
        self.tell(ConsoleNews::Carried { command: command.name(), device });
        Ok(())
    }

    fn refuse_at_the_end(&self) -> Result<(), Why> {
        match self.phase {
            Phase::Serving => Ok(()),
            Phase::Ending => Err(Why::Ending),
        }
    }

    fn establish(
        &self,
        ios: &mut Ios<P>,
        primary: &Given<DeviceId>,
        secondary: &Given<DeviceId>,
        initial: Initial,
    ) -> Result<(), Why> {
        let first = plan::online(ios, primary.value, &primary.word)?;
        let second = plan::online(ios, secondary.value, &secondary.word)?;
        match mirror::establish(ios, first, second, initial, self.policy) {
            Ok(_) => Ok(()),
            Err(error) => {
                let word = alloc::format!("{} {}", primary.word, secondary.word);
                Err(Why::Establish { word, error })
            }
        }
    }

    fn change(&self, ios: &mut Ios<P>, change: Change, pair: &Given<DeviceId>) -> Result<(), Why> {
        let index = plan::pair_of(ios, pair.value, &pair.word)?;
        let changed = match change {
            Change::Suspend => mirror::suspend(ios, index),
            Change::Resume(resync) => return self.resume(ios, index, resync, pair),
            Change::Swap => mirror::swap(ios, index),
            Change::Remove => mirror::remove(ios, index),
        };
        changed.map_err(|error| Why::Change { word: pair.word.clone(), error })
    }

    /// Resumes a pair, with a device that may have come back since.
    fn resume(
        &self,
        ios: &mut Ios<P>,
        index: PairIndex,
        resync: Resync,
        pair: &Given<DeviceId>,
    ) -> Result<(), Why> {
        self.refuse_at_the_end()?;
        let legs = ios.anchor.mirror().pair(index).map(|pair| [pair.primary(), pair.secondary()]);
        for leg in legs.into_iter().flatten() {
            self.make_ready(ios, leg);
        }
        let resumed = mirror::resume(ios, index, resync);
        resumed.map_err(|error| Why::Change { word: pair.word.clone(), error })
    }

    /// Makes a device ready for requests, if it is there: the mirror knows what to say if it is not.
    fn make_ready(&self, ios: &mut Ios<P>, device: UcbIndex) {
        if ios.ucb(device).is_some_and(|ucb| ucb.state() != ios::UcbState::NotOperational) {
            // One that cannot be made ready is not operational from then on.
            let _ = ios.vary_online(device);
        }
    }

    fn shutdown(&mut self, ios: &mut Ios<P>) -> Result<(), Why> {
        self.refuse_at_the_end()?;
        self.phase = Phase::Ending;
        let (jobs, copies) = (self.jobs.count(), self.copies.count());
        self.tell(ConsoleNews::Shutdown { jobs, copies });
        self.jobs.stop_all(ios, self.messages);
        self.copies.stop(ios);
        Ok(())
    }
}
