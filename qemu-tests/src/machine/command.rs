//! The command line of a machine: as QEMU gets it, and as a person copies it into a shell.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::Path;

use super::{ConsoleDevice, ConsoleInput, Control, Machine, Network};

/// A program and its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandLine {
    program: OsString,
    arguments: Vec<OsString>,
    /// Arguments that only make sense to the runner, and would stop a person's own run.
    control: Vec<OsString>,
}

impl CommandLine {
    /// A command of a program and arguments.
    pub fn new<I, A>(program: impl Into<OsString>, arguments: I) -> Self
    where
        I: IntoIterator<Item = A>,
        A: Into<OsString>,
    {
        Self {
            program: program.into(),
            arguments: arguments.into_iter().map(Into::into).collect(),
            control: Vec::new(),
        }
    }

    /// The program.
    #[must_use]
    pub fn program(&self) -> &OsStr {
        &self.program
    }

    /// All arguments with which the program runs.
    pub fn arguments(&self) -> impl Iterator<Item = &OsStr> {
        let all = self.arguments.iter().chain(&self.control);
        all.map(OsString::as_os_str)
    }

    /// The command line for a machine; QMP, if the machine wants it, at `qmp_socket`.
    pub(super) fn of(machine: &Machine, qmp_socket: &Path) -> Self {
        let mut arguments = Arguments::default();
        arguments.pair("-M", "s390-ccw-virtio");
        arguments.pair("-m", format!("{}M", machine.memory_mebibytes));
        arguments.words(&["-display", "none", "-monitor", "none", "-action", "panic=exit-failure"]);
        arguments.word("-no-reboot");
        if machine.network == Network::Absent {
            arguments.words(&["-nic", "none"]);
        }
        arguments.console(machine);
        arguments.pair("-kernel", machine.kernel.as_os_str());
        arguments.pair("-append", &machine.parameters);
        arguments.storage(machine);
        arguments.list.extend(machine.arguments.iter().cloned());

        let mut control = Arguments::default();
        match machine.control {
            Control::None => {}
            Control::Qmp | Control::QmpHeld => {
                let mut socket = OsString::from("unix:");
                socket.push(qmp_socket);
                socket.push(",server=on,wait=off");
                control.pair("-qmp", socket);
                control.word("-S");
            }
        }
        Self { program: machine.emulator.clone(), arguments: arguments.list, control: control.list }
    }
}

/// As it can be copied into a shell. Without the control socket, and with the guest running at once.
impl fmt::Display for CommandLine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&quoted(&self.program))?;
        for argument in &self.arguments {
            write!(formatter, " {}", quoted(argument))?;
        }
        Ok(())
    }
}

#[derive(Default)]
struct Arguments {
    list: Vec<OsString>,
}

impl Arguments {
    fn word(&mut self, word: impl AsRef<OsStr>) {
        self.list.push(word.as_ref().to_owned());
    }

    fn words(&mut self, words: &[&str]) {
        self.list.extend(words.iter().map(OsString::from));
    }

    fn pair(&mut self, option: &str, value: impl AsRef<OsStr>) {
        self.word(option);
        self.word(value);
    }

    /// The ASCII console stands behind the first serial port; the line-mode console is a device.
    fn console(&mut self, machine: &Machine) {
        match (machine.console, machine.input) {
            (ConsoleDevice::Ascii, ConsoleInput::Piped) => self.pair("-serial", "stdio"),
            (ConsoleDevice::Ascii, ConsoleInput::Inherited) => self.pair("-serial", "mon:stdio"),
            (ConsoleDevice::LineMode, input) => {
                let multiplexed = match input {
                    ConsoleInput::Piped => "off",
                    ConsoleInput::Inherited => "on",
                };
                self.pair("-serial", "none");
                self.pair("-chardev", format!("stdio,id=console,mux={multiplexed}"));
                self.pair("-device", "sclplmconsole,chardev=console");
            }
        }
    }

    /// Objects before the nodes that need them, nodes before the devices that stand on them.
    fn storage(&mut self, machine: &Machine) {
        let mut iothreads: Vec<&str> = Vec::new();
        for name in machine.attachments.iter().filter_map(|one| one.iothread_name()) {
            if !iothreads.contains(&name) {
                iothreads.push(name);
                self.pair("-object", format!("iothread,id={name}"));
            }
        }
        for object in machine.chains.iter().flat_map(|chain| chain.objects()) {
            self.pair("-object", object.to_string());
        }
        for node in machine.chains.iter().flat_map(|chain| chain.nodes()) {
            self.pair("-blockdev", node.to_string());
        }
        for attachment in &machine.attachments {
            if let Some(node) = attachment.block_node() {
                self.pair("-blockdev", node.to_string());
            }
            self.pair("-device", attachment.device_option());
        }
    }
}

/// One word for a POSIX shell. Bytes that are no text cannot be shown; they are marked.
fn quoted(word: &OsStr) -> String {
    let text = word.to_string_lossy();
    let plain =
        |character: char| character.is_ascii_alphanumeric() || "-_./,:+@%=".contains(character);
    if !text.is_empty() && text.chars().all(plain) {
        return text.into_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attachment::Attachment;
    use crate::device::DeviceAddress;
    use crate::faults::Chain;

    fn words(machine: &Machine) -> Vec<String> {
        let command = CommandLine::of(machine, Path::new("q.sock"));
        let arguments = command.arguments();
        arguments.map(|word| word.to_string_lossy().into_owned()).collect()
    }

    fn place(words: &[String], wanted: &str) -> usize {
        let found = words.iter().position(|word| word.contains(wanted));
        found.unwrap_or_else(|| panic!("{wanted} is not in {words:?}"))
    }

    #[test]
    fn the_fixed_contract_is_kept() {
        let machine = Machine::new("k.elf").parameters("run=copy from=0003 to=0001");
        let words = words(&machine);
        for pair in [
            ["-M", "s390-ccw-virtio"],
            ["-m", "128M"],
            ["-action", "panic=exit-failure"],
            ["-kernel", "k.elf"],
            ["-append", "run=copy from=0003 to=0001"],
            ["-serial", "stdio"],
            ["-nic", "none"],
        ] {
            assert!(words.windows(2).any(|two| two == pair), "{pair:?} is not in {words:?}");
        }
        assert!(!words.contains(&"-S".to_owned()));
        assert!(!words.contains(&"-qmp".to_owned()));
    }

    #[test]
    fn the_line_mode_console_takes_the_place_of_the_other() {
        let words = words(&Machine::new("k.elf").console_device(ConsoleDevice::LineMode));
        for pair in [
            ["-serial", "none"],
            ["-chardev", "stdio,id=console,mux=off"],
            ["-device", "sclplmconsole,chardev=console"],
        ] {
            assert!(words.windows(2).any(|two| two == pair), "{pair:?} is not in {words:?}");
        }
    }

    #[test]
    fn what_is_needed_comes_before_what_needs_it() {
        let chain = Chain::file("f", Path::new("a.raw")).throttle("slow", "tg0", 5);
        let machine = Machine::new("k.elf")
            .attach(Attachment::node(DeviceAddress::new(1), "slow").iothread("io"))
            .attach(Attachment::file(DeviceAddress::new(2), "b.raw").iothread("io"))
            .chain(chain)
            .network(Network::Default)
            .console_input(ConsoleInput::Inherited)
            .argument("-seed")
            .argument("1");
        let words = words(&machine);
        let order = [
            "mon:stdio",
            "iothread,id=io",
            r#""id":"tg0""#,
            r#""node-name":"f""#,
            r#""node-name":"slow""#,
            "devno=fe.0.0001",
            "disk-0-0002-image",
            "devno=fe.0.0002",
            "-seed",
        ];
        let places: Vec<usize> = order.iter().map(|word| place(&words, word)).collect();
        assert!(places.is_sorted(), "{places:?} in {words:?}");
        assert_eq!(words.iter().filter(|word| word.contains("iothread,id=io")).count(), 1);
        assert!(!words.contains(&"-nic".to_owned()));
    }

    #[test]
    fn the_control_socket_is_for_the_runner_only() {
        let machine = Machine::new("k.elf").with_qmp();
        let words = words(&machine);
        assert!(words.contains(&"unix:q.sock,server=on,wait=off".to_owned()));
        assert!(words.contains(&"-S".to_owned()));
        let shown = CommandLine::of(&machine, Path::new("q.sock")).to_string();
        assert!(!shown.contains("q.sock") && !shown.contains("-S"), "{shown}");
    }

    #[test]
    fn words_survive_a_shell() {
        for word in ["plain", "", "two words", "it's", "a\"b$c`d\\e", "x=*", "new\nline"] {
            let command = format!("printf %s {}", quoted(OsStr::new(word)));
            let output = std::process::Command::new("sh").args(["-c", &command]).output().unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), word);
        }
    }
}
