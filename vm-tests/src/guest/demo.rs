//! The demonstration: a short series of suspicious acts, and their alerts at syslog, in a file and at a program.

use super::daemon::{Daemon, PROGRAM};
use super::failure::{Doing, Outcome};
use super::port::Port;
use super::{module, programs};
use crate::protocol::Word;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The syslog daemon's file.
const SYSLOG: &str = "/var/log/messages";
/// The alert file.
const FILE: &str = "/var/log/kestrel-alerts.log";
/// What the program wrote that was fed alerts.
const PROGRAM_FILE: &str = "/var/log/kestrel-program.log";

/// How long an alert may take to all three places.
const PATIENCE: Duration = Duration::from_secs(20);

/// An act: what it is, the words of it, the rule whose alert it must raise.
struct Act {
    what: &'static str,
    words: &'static [&'static str],
    rule: &'static str,
    /// What the alert must hold.
    shows: &'static str,
}

const ACTS: [Act; 9] = [
    Act {
        what: "somebody reads the password hashes",
        words: &["/bin/cat", "/etc/shadow"],
        rule: "Sensitive file opened for reading",
        shows: "file=/etc/shadow",
    },
    Act {
        what: "the web server starts a shell",
        words: &["/usr/sbin/nginx", "run", "/bin/sh", "-c", "id"],
        rule: "Shell started by a server program",
        shows: "parent=nginx",
    },
    Act {
        what: "a link is put over the password hashes",
        words: &["/bin/ln", "-s", "/etc/shadow", "/tmp/harmless.txt"],
        rule: "Symbolic link over a sensitive file",
        shows: "target=/etc/shadow",
    },
    Act {
        what: "… and read through it, so that the name says nothing",
        words: &["/bin/cat", "/tmp/harmless.txt"],
        rule: "Sensitive file opened for reading",
        shows: "command=cat /tmp/harmless.txt",
    },
    Act {
        what: "a program is run from shared memory",
        words: &["/bin/sh", "-c", "cp /bin/busybox /dev/shm/true && /dev/shm/true"],
        rule: "Program run from shared memory",
        shows: "exe=/dev/shm/true",
    },
    Act {
        what: "a program is run that is in no file system at all",
        words: &["/usr/bin/agent", "memfd", "/bin/busybox", "true"],
        rule: "Program run from memory alone",
        shows: "memfd:",
    },
    Act {
        what: "somebody looks for private keys",
        words: &["/bin/find", "/home", "-name", "id_ed25519"],
        rule: "Search for private keys",
        shows: "command=find /home -name id_ed25519",
    },
    Act {
        what: "software is installed in a container that runs",
        words: &["/usr/bin/agent", "container", "/sbin/apk", "add", "nmap"],
        rule: "Package manager started in a container",
        shows: "name=web image=registry.example/shop/web:1.4",
    },
    Act {
        what: "a log is emptied",
        words: &["/bin/sh", "-c", ": > /var/log/auth.log"],
        rule: "Log emptied",
        shows: "file=/var/log/auth.log",
    },
];

/// The task.
pub fn run(port: &mut Port) -> bool {
    match perform(&mut |text| port.say(&Word::Say(text))) {
        Ok(missing) => missing == 0,
        Err(failure) => {
            port.say(&Word::Say(format!("the demonstration failed: {failure}")));
            false
        }
    }
}

/// A place where alerts arrive.
struct Place {
    name: &'static str,
    reader: BufReader<File>,
    line: String,
}

impl Place {
    fn follow(name: &'static str, path: &str) -> Outcome<Place> {
        let file = File::options().read(true).append(true).create(true).open(path).doing(path)?;
        Ok(Place { name, reader: BufReader::new(file), line: String::new() })
    }

    fn next(&mut self) -> Outcome<Option<String>> {
        self.reader.read_line(&mut self.line)?;
        if !self.line.ends_with('\n') {
            return Ok(None);
        }
        Ok(Some(std::mem::take(&mut self.line).trim_end().to_owned()))
    }
}

/// Performs, and says what happens; gives the number of alerts that are missing.
///
/// # Errors
/// If it cannot be performed.
pub fn perform(say: &mut dyn FnMut(String)) -> Outcome<usize> {
    say("loading the module".to_owned());
    module::load("")?;
    let mut syslog = start_syslog()?;
    say("starting kestrel with the default rules".to_owned());
    let daemon = Daemon::start_with(&arguments(), Path::new("/run/unused"))?;
    let mut places =
        [Place::follow("syslog", SYSLOG)?, Place::follow("file", FILE)?, Place::follow("program", PROGRAM_FILE)?];
    let mut missing = 0;
    for act in &ACTS {
        say(String::new());
        say(format!("# {}: {}", act.what, act.words.join(" ")));
        programs::run(act.words)?;
        let mut waiting = vec![true; places.len()];
        let end = Instant::now() + PATIENCE;
        while waiting.contains(&true) && Instant::now() < end {
            for (place, waits) in places.iter_mut().zip(&mut waiting) {
                while let Some(line) = place.next()? {
                    if line.contains(act.rule) && line.contains(act.shows) {
                        *waits = false;
                        say(format!("  {:<8} {line}", place.name));
                    }
                }
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        for (place, _) in places.iter().zip(&waiting).filter(|(_, waits)| **waits) {
            missing += 1;
            say(format!("  {:<8} MISSING: no alert of {:?}", place.name, act.rule));
        }
    }
    let ended = daemon.stop()?;
    syslog.kill()?;
    syslog.wait()?;
    say(String::new());
    say("kestrel was stopped, and says:".to_owned());
    for line in ended.log.lines() {
        say(format!("  {line}"));
    }
    Ok(missing + usize::from(!ended.status.success()))
}

/// The configuration that is installed, with all three places.
fn arguments() -> Vec<&'static str> {
    vec![
        "-c",
        "/etc/kestrel/kestrel.yaml",
        "-o",
        "stdout_output.enabled=false",
        "-o",
        "syslog_output.enabled=true",
        "-o",
        "file_output.enabled=true",
        "-o",
        "file_output.filename=/var/log/kestrel-alerts.log",
        "-o",
        "program_output.enabled=true",
        "-o",
        "program_output.keep_alive=true",
        "-o",
        "program_output.program=cat >> /var/log/kestrel-program.log",
    ]
}

fn start_syslog() -> Outcome<Child> {
    let child = Command::new("/bin/syslogd")
        .args(["-n", "-S", "-O", SYSLOG])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .doing("syslogd")?;
    let end = Instant::now() + Duration::from_secs(20);
    while !Path::new("/dev/log").exists() {
        if Instant::now() > end {
            return Err("the syslog daemon does not listen on /dev/log".into());
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(child)
}

/// A shell for a person, with alerts on the console.
pub fn shell() -> bool {
    let prepared = (|| -> Outcome {
        module::load("")?;
        let _syslog = start_syslog()?;
        let mut args = arguments();
        args.extend(["-o", "stdout_output.enabled=true"]);
        Command::new(PROGRAM).args(&args).stdin(Stdio::null()).spawn().doing(PROGRAM)?;
        std::thread::sleep(Duration::from_millis(1500));
        println!("\nThis is the machine. Try: cat /etc/shadow");
        println!("Alerts appear here, and in {SYSLOG}, {FILE} and {PROGRAM_FILE}. Leave with exit.\n");
        // A session of its own, with the serial port as its terminal: so Ctrl-C works.
        let mut command = Command::new("/bin/setsid");
        command.args(["cttyhack", "/bin/sh", "-l"]).env("HOME", "/root").env("PATH", "/bin:/sbin:/usr/bin:/usr/sbin");
        command.env("TERM", "vt102").current_dir("/root").arg0("setsid");
        command.status().map(drop).doing("the shell")
    })();
    if let Err(failure) = prepared {
        println!("{failure}");
        return false;
    }
    true
}
