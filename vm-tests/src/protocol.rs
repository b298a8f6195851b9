//! What the guest says to the host: one JSON object a line, on the second serial port.
//!
//! The guest alone speaks. It says `Begin` before a scenario and one of `Pass` and `Fail` after it, and `Done` before it turns
//! the machine off. Whatever else is shown on the first serial port belongs to the scenario that runs then.

use serde::{Deserialize, Serialize};

/// Path of the port in the guest. Where the first is no port of a PC, it is the only one that is.
pub const PORT: &str = if cfg!(target_arch = "aarch64") { "/dev/ttyS0" } else { "/dev/ttyS1" };

/// The kernel's argument that tells the guest what to do: a [`Task`] as text.
pub const ARGUMENT: &str = "kestrel=";

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Word {
    /// A scenario begins.
    Begin(String),
    /// The scenario that began is fine.
    Pass,
    /// The scenario that began is not.
    Fail(String),
    /// Lines that the host compares with a snapshot of this name.
    Snapshot {
        /// The snapshot's name.
        name: String,
        /// Its lines.
        lines: Vec<String>,
    },
    /// A line for people.
    Say(String),
    /// The next part of a file that the host is to keep.
    File {
        /// The file's name, without folders.
        name: String,
        /// The part, as base64 (RFC 4648).
        part: String,
    },
    /// Something measured.
    Figure {
        /// What.
        name: String,
        /// How much; the name says of what.
        value: u64,
    },
    /// All is done; true if all was well.
    Done(bool),
}

/// Where the daemons of scenarios get events from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Source {
    /// The kernel module.
    #[default]
    Kmod,
    /// The eBPF probe.
    Ebpf,
}

/// What a machine is booted for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Task {
    /// Run these scenarios, in this order, with this source.
    Scenarios(Source, Vec<String>),
    /// The demonstration.
    Demo,
    /// The demonstration, with a shell for the person.
    Shell,
    /// Count instructions.
    Count,
    /// Run for a long time under load, with everything that can go wrong.
    Soak {
        /// For how long.
        seconds: u64,
        /// What goes wrong when comes from this.
        seed: u64,
    },
    /// Say that the machine came up, and nothing else.
    Trial,
}

/// How many bytes of a kernel's command line the names of scenarios may take: it takes 2,047, of which what else it says
/// needs less than the rest.
const ROOM: usize = 1800;

impl Task {
    /// How many of these scenarios, the first of them, one boot can be asked for. At least one.
    pub fn scenarios_of_one_boot<'a>(names: impl IntoIterator<Item = &'a str>) -> usize {
        let mut taken = 0;
        let fits = |name: &&str| {
            taken += name.len() + 1;
            taken <= ROOM
        };
        names.into_iter().take_while(fits).count().max(1)
    }

    /// As the kernel's argument.
    pub fn argument(&self) -> String {
        let value = match self {
            Task::Scenarios(Source::Kmod, names) => format!("run:{}", names.join(",")),
            Task::Scenarios(Source::Ebpf, names) => format!("ebpf:{}", names.join(",")),
            Task::Demo => "demo".to_owned(),
            Task::Shell => "shell".to_owned(),
            Task::Count => "count".to_owned(),
            Task::Soak { seconds, seed } => format!("soak:{seconds}:{seed}"),
            Task::Trial => "trial".to_owned(),
        };
        format!("{ARGUMENT}{value}")
    }

    /// From the kernel's command line; `None` if it does not say.
    pub fn from_command_line(line: &str) -> Option<Task> {
        let value = line.split_whitespace().find_map(|word| word.strip_prefix(ARGUMENT))?;
        match value {
            "demo" => Some(Task::Demo),
            "shell" => Some(Task::Shell),
            "count" => Some(Task::Count),
            "trial" => Some(Task::Trial),
            _ => {
                let scenarios =
                    |source, names: &str| Some(Task::Scenarios(source, names.split(',').map(str::to_owned).collect()));
                match value.split_once(':')? {
                    ("run", names) => scenarios(Source::Kmod, names),
                    ("ebpf", names) => scenarios(Source::Ebpf, names),
                    ("soak", rest) => {
                        let (seconds, seed) = rest.split_once(':')?;
                        Some(Task::Soak { seconds: seconds.parse().ok()?, seed: seed.parse().ok()? })
                    }
                    _ => None,
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_boot_is_asked_for_no_more_scenarios_than_its_command_line_has_room_for() {
        let names: Vec<String> = (0..500).map(|number| format!("scenario-{number:03}")).collect();
        let taken = Task::scenarios_of_one_boot(names.iter().map(String::as_str));
        let asked =
            |count: usize| Task::Scenarios(Source::Ebpf, names.iter().take(count).cloned().collect()).argument();
        let rest = ARGUMENT.len() + "ebpf:".len();
        assert!(asked(taken).len() <= ROOM + rest && asked(taken + 1).len() > ROOM + rest - 1);
        assert_eq!(Task::scenarios_of_one_boot(["boot", "rule-x"]), 2);
        assert_eq!(Task::scenarios_of_one_boot(["x".repeat(5000).as_str()]), 1);
    }

    #[test]
    fn a_task_survives_the_kernels_command_line() {
        for task in [
            Task::Scenarios(Source::Kmod, vec!["boot".to_owned(), "rule-x".to_owned()]),
            Task::Scenarios(Source::Ebpf, vec!["boot".to_owned(), "rule-x".to_owned()]),
            Task::Demo,
            Task::Shell,
            Task::Count,
            Task::Soak { seconds: 1800, seed: u64::MAX },
            Task::Trial,
        ] {
            let line = format!("console=ttyS0 panic=-1 {} quiet", task.argument());
            assert_eq!(Task::from_command_line(&line), Some(task));
        }
        assert_eq!(Task::from_command_line("console=ttyS0 kestrel=dance"), None);
        assert_eq!(Task::from_command_line("console=ttyS0"), None);
    }

    #[test]
    fn a_word_is_one_line_whatever_it_says() {
        let words = [
            Word::Fail("first\nsecond \"third\"".to_owned()),
            Word::Snapshot { name: "records".to_owned(), lines: vec!["a\tb".to_owned()] },
            Word::Done(true),
        ];
        for word in words {
            let line = serde_json::to_string(&word).unwrap();
            assert!(!line.contains('\n'));
            assert_eq!(serde_json::from_str::<Word>(&line).unwrap(), word);
        }
    }
}
