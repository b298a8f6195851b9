//! The command line.

use super::kernel::{Flavour, TESTED, flavours};
use crate::protocol::Source;

const USAGE: &str = "\
Runs the machine tests: stock Debian kernels under QEMU, and real programs in them.

usage: vm-tests [--kernel 5.10|6.1|6.12|6.1-rt|7.2|all|6.12-debug|6.12-arm64] [--scenario NAME]
                [--source kmod|ebpf] [--jobs N]
       vm-tests --list      the scenarios
       vm-tests --fetch     only bring the kernels, from Debian, to target/kernels
       vm-tests --demo      the demonstration
       vm-tests --shell     a shell in the machine of the demonstration
       vm-tests --count     instructions a system call, memory, sizes
       vm-tests --soak [--seconds N] [--seed N]     load for a long time, while whatever can go wrong does

Several kernels, or several NAMEs, are split by commas; without --kernel it is 6.1,6.12. 6.12-debug is
the one that looks at itself, which ci/debug-kernel.sh builds; 6.12-arm64 runs on another processor. A
NAME stands for every scenario that contains it, but those of a container engine run only if the engine
is named: podman, docker, containerd. The kernels are looked for in target/kernels, the module in target/kmod
(ci/build-kmod.sh), the programs in target/static (ci/build-static.sh): `make vm-test` does all of that.";

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Run scenarios.
    Test,
    /// List them.
    List,
    /// Bring the kernels.
    Fetch,
    /// The demonstration.
    Demo,
    /// A shell in its machine.
    Shell,
    /// Count instructions.
    Count,
    /// Load for a long time.
    Soak,
}

/// What the command line says.
#[derive(Clone, Debug)]
pub struct Options {
    /// What to do.
    pub action: Action,
    /// On which kernels.
    pub kernels: Vec<Flavour>,
    /// Part of the name of the scenarios to run.
    pub scenario: String,
    /// Where the daemons of scenarios get events from.
    pub source: Source,
    /// CPUs of the host to use.
    pub jobs: usize,
    /// How long to soak.
    pub seconds: u64,
    /// What the soak begins from; `None` for any.
    pub seed: Option<u64>,
}

/// Reads the command line.
///
/// # Errors
/// A message, or the usage.
pub fn parse(args: impl Iterator<Item = String>) -> Result<Options, String> {
    let jobs = std::thread::available_parallelism().map_or(1, usize::from);
    let mut options = Options {
        action: Action::Test,
        kernels: flavours(TESTED)?,
        scenario: String::new(),
        source: Source::default(),
        jobs,
        seconds: 1800,
        seed: None,
    };
    let mut args = args;
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or_else(|| format!("{arg} needs a value; see --help"));
        match arg.as_str() {
            "--kernel" => options.kernels = flavours(&value()?)?,
            "--scenario" => options.scenario = value()?,
            "--source" => match value()?.as_str() {
                "kmod" => options.source = Source::Kmod,
                "ebpf" => options.source = Source::Ebpf,
                other => return Err(format!("there is no source {other}: use kmod or ebpf")),
            },
            "--jobs" => options.jobs = number(&arg, &value()?)?,
            "--seconds" => options.seconds = number(&arg, &value()?)?,
            "--seed" => options.seed = Some(number(&arg, &value()?)?),
            "--list" => options.action = Action::List,
            "--fetch" => options.action = Action::Fetch,
            "--demo" => options.action = Action::Demo,
            "--shell" => options.action = Action::Shell,
            "--count" => options.action = Action::Count,
            "--soak" => options.action = Action::Soak,
            "--help" | "-h" => return Err(USAGE.to_owned()),
            _ => return Err(format!("{arg}: no such option; see --help")),
        }
    }
    Ok(options)
}

fn number<N: std::str::FromStr>(option: &str, text: &str) -> Result<N, String> {
    text.parse().map_err(|_| format!("{option} {text}: must be a number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> Result<Options, String> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn options_say_what_to_do() {
        let options = of("--kernel 6.12 --scenario storm --source kmod --jobs 3").unwrap();
        assert_eq!(options.kernels.len(), 1);
        assert_eq!(options.kernels[0].name, "6.12");
        assert_eq!((options.scenario.as_str(), options.jobs, options.action), ("storm", 3, Action::Test));
        assert_eq!(of("").unwrap().kernels.len(), 2);
        assert_eq!(options.source, Source::Kmod);
        assert_eq!(of("--source ebpf").unwrap().source, Source::Ebpf);
        assert_eq!(of("--kernel all --list").unwrap().action, Action::List);
        let soak = of("--soak --seconds 300 --seed 7").unwrap();
        assert_eq!((soak.action, soak.seconds, soak.seed), (Action::Soak, 300, Some(7)));
        let names = |line| of(line).unwrap().kernels.iter().map(|flavour| flavour.name).collect::<Vec<_>>();
        assert_eq!(names("--kernel 6.12,5.10"), ["6.12", "5.10"]);
        assert_eq!(names("--kernel all"), ["5.10", "6.1", "6.12", "6.1-rt", "7.2"]);
        assert_eq!(names("--kernel 6.12-debug"), ["6.12-debug"]);
        assert_eq!(names("--kernel 6.12-arm64"), ["6.12-arm64"]);
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert!(of("--kernel 7.0").unwrap_err().contains("6.1, 6.12"));
        assert!(of("--source dtrace").unwrap_err().contains("kmod"));
        assert!(of("--kernel").unwrap_err().contains("needs a value"));
        assert!(of("--seed x").unwrap_err().contains("must be a number"));
        assert!(of("--frobnicate").unwrap_err().contains("--frobnicate"));
    }
}
