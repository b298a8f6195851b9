//! Not to be fooled: what a rule sees of those who try.

use super::{RuleCase, Scenario};
use crate::guest::daemon::Daemon;
use crate::guest::failure::{Doing, Outcome, ensure};
use crate::guest::programs::{run, succeed};
use crate::guest::stage::Stage;
use crate::guest::{module, sentinel};
use nix::mount::{MntFlags, MsFlags, mount, umount2};

const SENSITIVE: &str = "Sensitive file opened for reading";

fn evade(words: &[&str]) -> Outcome {
    succeed(&[&["/usr/bin/agent", "evade"], words].concat()).map(drop)
}

fn sh(script: &str) -> Outcome {
    succeed(&["/bin/sh", "-c", script]).map(drop)
}

/// With the default rules.
pub const RULES: &[Scenario] = &[
    Scenario::rule(
        "evade-by-descriptor-of-folder",
        "a path through /proc/self/fd leads to where it leads",
        RuleCase {
            rule: SENSITIVE,
            act: || evade(&["by-descriptor", "/etc", "shadow"]),
            shows: &[("fd.name", "/etc/shadow")],
            neighbour: || evade(&["by-descriptor", "/etc", "passwd"]),
        },
    ),
    Scenario::rule(
        "evade-by-opening-again",
        "a descriptor that cannot be read, opened again through /dev/fd",
        RuleCase {
            rule: SENSITIVE,
            act: || evade(&["again", "/etc/shadow"]),
            shows: &[("fd.name", "/etc/shadow")],
            neighbour: || evade(&["again", "/etc/passwd"]),
        },
    ),
    Scenario::rule(
        "evade-by-long-path",
        "the longest path that the kernel takes",
        RuleCase {
            rule: SENSITIVE,
            act: || evade(&["long-path", "/etc/shadow"]),
            shows: &[("fd.name", "/etc/shadow")],
            neighbour: || evade(&["long-path", "/etc/passwd"]),
        },
    ),
    Scenario::rule(
        "evade-by-memory-not-resident",
        "a path in memory that is not there when the call begins",
        RuleCase {
            rule: SENSITIVE,
            act: || evade(&["not-resident", "/etc/shadow"]),
            shows: &[("fd.name", "/etc/shadow")],
            neighbour: || evade(&["not-resident", "/etc/passwd"]),
        },
    ),
    Scenario::rule(
        "evade-by-memory-discarded",
        "a path in memory that was there, and was given back to the file before the call",
        RuleCase {
            rule: SENSITIVE,
            act: || evade(&["discarded", "/etc/shadow"]),
            shows: &[("fd.name", "/etc/shadow")],
            neighbour: || evade(&["discarded", "/etc/passwd"]),
        },
    ),
    Scenario::rule(
        "evade-by-bytes",
        "a name of bytes that are no text",
        RuleCase {
            rule: SENSITIVE,
            act: || evade(&["bytes", "/etc/ssl/private"]),
            shows: &[("fd.name", "/etc/ssl/private/\u{fffd}\n\u{1b}[2J'\"\\"), ("proc.name", "agent")],
            neighbour: || evade(&["bytes", "/srv"]),
        },
    ),
    Scenario::rule(
        "evade-by-own-name",
        "a process that calls itself like a login program",
        RuleCase {
            rule: SENSITIVE,
            act: || evade(&["renamed", "sshd", "/etc/shadow"]),
            shows: &[("proc.name", "agent"), ("proc.cmdline", "agent evade renamed sshd /etc/shadow")],
            neighbour: || evade(&["renamed", "sshd", "/etc/passwd"]),
        },
    ),
    Scenario::rule(
        "evade-by-name-of-thread",
        "a thread that calls itself like a login program",
        RuleCase {
            rule: SENSITIVE,
            act: || evade(&["in-a-thread", "sudo", "/etc/shadow"]),
            shows: &[("proc.name", "agent"), ("fd.name", "/etc/shadow")],
            neighbour: || evade(&["in-a-thread", "sudo", "/etc/passwd"]),
        },
    ),
    Scenario::rule(
        "evade-by-first-argument",
        "a program that is told that it is called otherwise",
        RuleCase {
            rule: SENSITIVE,
            act: || evade(&["as", "sshd", "/usr/bin/agent", "evade", "by-descriptor", "/etc", "shadow"]),
            shows: &[("proc.name", "agent"), ("proc.cmdline", "agent evade by-descriptor /etc shadow")],
            neighbour: || evade(&["as", "sshd", "/usr/bin/agent", "evade", "by-descriptor", "/etc", "passwd"]),
        },
    ),
    Scenario::rule(
        "evade-by-many-arguments",
        "a mebibyte of arguments pushes nothing out of sight",
        RuleCase {
            rule: SENSITIVE,
            act: || evade(&["many-arguments", "/bin/sh", "-c", "read line < /etc/shadow", "x"]),
            shows: &[("proc.name", "sh"), ("fd.name", "/etc/shadow")],
            neighbour: || evade(&["many-arguments", "/bin/sh", "-c", "read line < /etc/passwd", "x"]),
        },
    ),
    Scenario::rule(
        "evade-by-script",
        "a script is called by its own name, and its interpreter is known",
        RuleCase {
            rule: SENSITIVE,
            act: || {
                sh(
                    "printf '#!/bin/sh\nread line < /etc/shadow\n' > /tmp/sshd-helper; chmod 755 /tmp/sshd-helper; /tmp/sshd-helper",
                )
            },
            shows: &[
                ("proc.name", "sshd-helper"),
                ("proc.exepath", "/bin/busybox"),
                ("proc.cmdline", "sshd-helper /tmp/sshd-helper"),
            ],
            neighbour: || {
                sh("printf '#!/bin/sh\nread line < /etc/passwd\n' > /tmp/other; chmod 755 /tmp/other; /tmp/other")
            },
        },
    ),
    Scenario::rule(
        "evade-by-deleted-program",
        "a program that is deleted while it runs keeps its path, without a remark",
        RuleCase {
            rule: SENSITIVE,
            act: || sh("cp /bin/busybox /tmp/sh; exec /tmp/sh -c '/bin/rm /tmp/sh; read line < /etc/shadow'"),
            shows: &[("proc.exepath", "/tmp/sh"), ("proc.name", "sh"), ("fd.name", "/etc/shadow")],
            neighbour: || sh("cp /bin/busybox /tmp/sh; exec /tmp/sh -c '/bin/rm /tmp/sh; read line < /etc/passwd'"),
        },
    ),
    Scenario::rule(
        "evade-by-renamed-program",
        "a program that is renamed while it runs is known by the path that it was run by",
        RuleCase {
            rule: SENSITIVE,
            act: || {
                sh(
                    "cp /bin/busybox /tmp/busybox-1; exec /tmp/busybox-1 sh -c '/bin/mv /tmp/busybox-1 /tmp/busybox-2; read line < /etc/shadow'",
                )
            },
            shows: &[("proc.exepath", "/tmp/busybox-1"), ("proc.name", "busybox-1"), ("fd.name", "/etc/shadow")],
            neighbour: || {
                sh(
                    "cp /bin/busybox /tmp/busybox-1; exec /tmp/busybox-1 sh -c '/bin/mv /tmp/busybox-1 /tmp/busybox-2; read line < /etc/passwd'",
                )
            },
        },
    ),
];

/// With rules of their own.
pub const SCENARIOS: &[Scenario] = &[
    Scenario::steps(
        "evade-by-mounts",
        "a file under another name by a bind mount or an overlay is seen by that name and as the same inode; after chroot by the \
         name from there, and the chroot itself is seen",
        mounts,
    ),
    Scenario::steps(
        "evade-by-length-of-name",
        "files and folders are seen by their names, whatever their length",
        every_length,
    ),
];

const FILE: &str = "/run/evasion.yaml";
const TEXT: &str = "- rule: Seen
  desc: The file was opened, under whatever name.
  condition: >
    (evt.type in (open, openat) and fd.filename = secret-file) or (evt.type = chroot and evt.failed = false)
  output: >
    %evt.type name=%fd.name ino=%fd.ino upper=%fd.is_upper_layer lower=%fd.is_lower_layer path=%fs.path.name
    process=%proc.name
  priority: NOTICE
";

fn mounts(_: &mut Stage<'_>) -> Outcome {
    let result = seen_under_mounts();
    for folder in ["/srv/bound", "/srv/merged"] {
        let _ = umount2(folder, MntFlags::MNT_DETACH);
    }
    result
}

fn seen_under_mounts() -> Outcome {
    std::fs::write(FILE, TEXT).doing(FILE)?;
    for folder in ["lower", "upper", "work", "merged", "bound"] {
        std::fs::create_dir_all(format!("/srv/{folder}")).doing(folder)?;
    }
    std::fs::write("/srv/lower/secret-file", "x")?;
    module::load("")?;
    sentinel::prepare()?;
    let mut daemon = Daemon::start(&[FILE, sentinel::RULES], &[])?;
    mount(Some("/srv/lower"), "/srv/bound", None::<&str>, MsFlags::MS_BIND, None::<&str>).doing("bind mount")?;
    let layers = Some("lowerdir=/srv/lower,upperdir=/srv/upper,workdir=/srv/work");
    let overlay = || mount(Some("overlay"), "/srv/merged", Some("overlay"), MsFlags::empty(), layers);
    if overlay().is_err() {
        // It is not built into every kernel.
        succeed(&["/bin/insmod", "/lib/modules/overlay.ko"])?;
        overlay().doing("overlay mount")?;
    }
    let mut one = |words: &[&str], count: usize| {
        run(words)?;
        let alerts = sentinel::settle(&mut daemon)?;
        ensure(alerts.len() == count, || format!("{} alerts instead of {count} of {words:?}", alerts.len()))?;
        Ok::<_, crate::guest::failure::Failure>(alerts)
    };
    let plain = one(&["/bin/cat", "/srv/lower/secret-file"], 1)?;
    let bound = one(&["/bin/cat", "/srv/bound/secret-file"], 1)?;
    let (a, b) = (&plain[0], &bound[0]);
    ensure(b.field("fd.name") == "/srv/bound/secret-file" && a.field("fd.ino") == b.field("fd.ino"), || {
        format!("not the same file under another name: {} and {}", a.output(), b.output())
    })?;
    let merged = one(&["/bin/cat", "/srv/merged/secret-file"], 1)?;
    let merged = &merged[0];
    ensure(
        merged.field("fd.name") == "/srv/merged/secret-file" && merged.field("fd.is_lower_layer") == "true",
        || format!("the overlay's file is told as {}", merged.output()),
    )?;
    one(&["/bin/sh", "-c", "echo y >> /srv/merged/secret-file"], 1)?;
    let upper = one(&["/bin/cat", "/srv/merged/secret-file"], 1)?;
    ensure(upper[0].field("fd.is_upper_layer") == "true", || format!("not copied up: {}", upper[0].output()))?;
    let moved = one(&["/usr/bin/jail", "chroot", "/srv/lower"], 1)?;
    ensure(moved[0].field("fs.path.name") == "/srv/lower", || format!("chroot: {}", moved[0].output()))?;
    daemon.stop()?.summary()?;
    Ok(())
}

const OF_LENGTHS: &str = "/run/lengths.yaml";
const LENGTHS_TEXT: &str = "- rule: Length
  desc: A file below the folder was read.
  condition: evt.type in (open, openat) and evt.is_open_read = true and fd.typechar = f and fd.name startswith /srv/lengths/
  output: name=%fd.name
  priority: NOTICE
";

fn every_length(_: &mut Stage<'_>) -> Outcome {
    std::fs::write(OF_LENGTHS, LENGTHS_TEXT).doing(OF_LENGTHS)?;
    // NOTE: the letters differ from place to place, so that one that went astray is found.
    let letters = |length: usize| -> String { (b'a'..=b'z').cycle().take(length).map(char::from).collect() };
    let mut paths = Vec::new();
    for length in (1..=25).chain([254, 255]) {
        let folder = format!("/srv/lengths/{}", letters(length));
        std::fs::create_dir_all(&folder).doing(&folder)?;
        let path = format!("{folder}/{}", letters(length).to_uppercase());
        std::fs::write(&path, "x").doing(&path)?;
        paths.push(path);
    }
    module::load("")?;
    sentinel::prepare()?;
    let mut daemon = Daemon::start(&[OF_LENGTHS, sentinel::RULES], &[])?;
    let words: Vec<&str> = ["/bin/cat"].into_iter().chain(paths.iter().map(String::as_str)).collect();
    succeed(&words)?;
    let seen: Vec<String> = sentinel::settle(&mut daemon)?.iter().map(|alert| alert.field("fd.name")).collect();
    ensure(seen == paths, || format!("{seen:#?}"))?;
    daemon.stop()?.summary()?;
    std::fs::remove_dir_all("/srv/lengths")?;
    Ok(())
}
