//! What is done by requests of io_uring is seen like what is done by system calls.

use super::{RuleCase, Scenario};
use crate::guest::alerts::Alert;
use crate::guest::daemon::Daemon;
use crate::guest::failure::{Doing, Outcome, ensure};
use crate::guest::programs::{run, start, succeed};
use crate::guest::stage::Stage;
use crate::guest::{module, sentinel};
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use std::fs::File;
use std::time::Duration;

const SENSITIVE: &str = "Sensitive file opened for reading";

fn ring(words: &[&str]) -> Outcome {
    succeed(&[&["/usr/bin/ringer", "uring"], words].concat()).map(drop)
}

/// With the default rules.
pub const RULES: &[Scenario] = &[
    Scenario::rule(
        "uring-open",
        "io_uring does not hide what is read",
        RuleCase {
            rule: SENSITIVE,
            act: || ring(&["inline", "open", "/etc/shadow"]),
            shows: &[("fd.name", "/etc/shadow"), ("proc.name", "ringer")],
            neighbour: || ring(&["inline", "open", "/etc/passwd"]),
        },
    )
    .since(6, 0),
    Scenario::rule(
        "uring-open-by-worker",
        "a worker thread of io_uring reads in its process's name",
        RuleCase {
            rule: SENSITIVE,
            act: || ring(&["worker", "open2", "/etc/ssl/../shadow"]),
            shows: &[("fd.name", "/etc/shadow"), ("proc.name", "ringer")],
            neighbour: || {
                run(&["/usr/bin/ringer", "uring", "worker", "open2", "/etc/ssl/private/no-such.key"]).map(drop)
            },
        },
    )
    .since(6, 0),
    Scenario::rule(
        "uring-open-by-poller",
        "so does the kernel's thread that looks for requests",
        RuleCase {
            rule: SENSITIVE,
            act: || ring(&["poller", "open", "/etc/gshadow"]),
            shows: &[("fd.name", "/etc/gshadow"), ("proc.name", "ringer")],
            neighbour: || ring(&["poller", "open", "/etc/group"]),
        },
    )
    .since(6, 0),
    Scenario::rule(
        "uring-open-without-descriptor",
        "a file that is opened into the ring's own table is seen by its path",
        RuleCase {
            rule: SENSITIVE,
            act: || ring(&["worker", "open-table", "/etc/shadow"]),
            shows: &[("fd.name", "/etc/shadow"), ("proc.name", "ringer")],
            neighbour: || ring(&["inline", "open-table", "/etc/passwd"]),
        },
    )
    .since(6, 0),
];

/// With rules of their own.
pub const SCENARIOS: &[Scenario] = &[
    Scenario::steps(
        "uring-requests",
        "files unlinked, renamed, linked and made, and sockets connected, each in three ways, with their paths and addresses",
        requests,
    )
    .since(6, 0),
    Scenario::steps(
        "uring-unload",
        "the module can be unloaded while a worker sleeps in a request that it follows",
        unload,
    )
    .of_module()
    .since(6, 0),
];

const FILE: &str = "/run/uring.yaml";
const RULE: &str = "Request";
const TEXT: &str = "- rule: Request
  desc: A request was carried out.
  condition: >
    evt.type in (openat, unlinkat, mkdirat, renameat2, linkat, symlinkat, connect) and proc.name = ringer
    and (fs.path.name startswith /srv/uring or fs.path.target startswith /srv/uring or fd.sport = 7777)
  output: >
    %evt.type %evt.res name=%fs.path.name source=%fs.path.source target=%fs.path.target fd=%fd.name mode=%evt.arg.mode
    tty=%proc.tty
  priority: NOTICE
";

/// What is done, and what is seen of it: fields of the one alert.
type Case = (&'static [&'static str], &'static [(&'static str, &'static str)]);

const CASES: &[Case] = &[
    (&["open", "/srv/uring/file"], &[("evt.type", "openat"), ("fd.name", "/srv/uring/file"), ("evt.res", "SUCCESS")]),
    (
        &["open", "/srv/uring/none"],
        &[("evt.type", "openat"), ("fs.path.name", "/srv/uring/none"), ("evt.res", "ENOENT")],
    ),
    (
        &["mkdir", "/srv/uring/../uring/folder"],
        &[("evt.type", "mkdirat"), ("fs.path.name", "/srv/uring/folder"), ("evt.arg.mode", "0750")],
    ),
    (
        &["link", "/srv/uring/file", "/srv/uring/link"],
        &[("evt.type", "linkat"), ("fs.path.source", "/srv/uring/file"), ("fs.path.target", "/srv/uring/link")],
    ),
    (
        &["symlink", "/etc/shadow", "/srv/uring/symlink"],
        &[("evt.type", "symlinkat"), ("fs.path.source", "/etc/shadow"), ("fs.path.target", "/srv/uring/symlink")],
    ),
    (
        &["rename", "/srv/uring/link", "/srv/uring/renamed"],
        &[("evt.type", "renameat2"), ("fs.path.source", "/srv/uring/link"), ("fs.path.target", "/srv/uring/renamed")],
    ),
    (
        &["unlink", "/srv/uring/renamed"],
        &[("evt.type", "unlinkat"), ("fs.path.name", "/srv/uring/renamed"), ("evt.res", "SUCCESS")],
    ),
    (&["connect", "7777"], &[("evt.type", "connect"), ("evt.res", "SUCCESS")]),
    (&["connect-table", "7777"], &[("evt.type", "connect"), ("evt.res", "SUCCESS")]),
];

fn requests(_: &mut Stage<'_>) -> Outcome {
    std::fs::write(FILE, TEXT).doing(FILE)?;
    module::load("")?;
    sentinel::prepare()?;
    let mut daemon = Daemon::start(&[FILE, sentinel::RULES], &[])?;
    for how in ["inline", "worker", "poller"] {
        let _ = std::fs::remove_dir_all("/srv/uring");
        std::fs::create_dir_all("/srv/uring").doing("/srv/uring")?;
        std::fs::write("/srv/uring/file", "").doing("/srv/uring/file")?;
        sentinel::settle(&mut daemon)?;
        for (words, shows) in CASES {
            run(&[&["/usr/bin/ringer", "uring", how], *words].concat())?;
            let alerts = sentinel::settle(&mut daemon)?;
            let hits: Vec<&Alert> = alerts.iter().filter(|alert| alert.rule() == RULE).collect();
            let [hit] = hits.as_slice() else {
                let outputs: Vec<&str> = hits.iter().map(|hit| hit.output()).collect();
                return Err(format!("{how} {words:?}: {} alerts instead of one: {outputs:#?}", hits.len()).into());
            };
            for (field, expected) in *shows {
                let shown = hit.field(field);
                ensure(shown == *expected, || {
                    format!("{how} {words:?}: {field} is {shown:?} instead of {expected:?} in: {}", hit.output())
                })?;
            }
            if words[0].starts_with("connect") {
                let name = hit.field("fd.name");
                ensure(name.ends_with("->127.0.0.1:7777"), || format!("{how} {words:?}: the connection is {name}"))?;
            }
        }
    }
    daemon.stop()?.summary()?;
    Ok(())
}

/// Opening a FIFO sleeps until somebody opens its other end.
fn unload(_: &mut Stage<'_>) -> Outcome {
    const FIFO: &str = "/srv/fifo";
    std::fs::write(FILE, TEXT).doing(FILE)?;
    let _ = std::fs::remove_file(FIFO);
    mkfifo(FIFO, Mode::S_IRUSR | Mode::S_IWUSR).doing(FIFO)?;
    for round in 0..2 {
        module::load("")?;
        let daemon = Daemon::start(&[FILE], &[])?;
        let mut sleeper = start(&["/usr/bin/ringer", "uring", "worker", "open", FIFO])?;
        std::thread::sleep(Duration::from_millis(500));
        daemon.stop()?.summary()?;
        module::unload().doing("cannot unload the module")?;
        if round == 1 {
            // Loaded again, over what the first one left.
            module::load("")?;
            Daemon::start(&[FILE], &[])?.stop()?.summary()?;
            module::unload().doing("cannot unload the module")?;
        }
        ensure(sleeper.try_wait()?.is_none(), || "the open did not sleep".to_owned())?;
        drop(File::options().write(true).open(FIFO).doing(FIFO)?);
        let status = sleeper.wait()?;
        ensure(status.success(), || format!("the sleeper ended with {status}"))?;
    }
    Ok(())
}
