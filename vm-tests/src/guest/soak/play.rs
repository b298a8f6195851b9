//! What goes wrong, and what is mended.

use super::account::Account;
use super::file::{self, AlertFile};
use super::random::Random;
use super::syslog::{self, SyslogServer};
use super::{FOLDER, PATIENCE};
use crate::guest::daemon::{DEFAULT_RULES, Daemon};
use crate::guest::failure::{Doing, Outcome, ensure};
use crate::scenarios::{load_rules, losses};
use nix::sys::signal::Signal;
use std::path::Path;
use std::time::{Duration, Instant};

/// A link to the rules in force.
const LINK: &str = "/run/soak/rules.yaml";

/// Alerts that each output keeps in memory: what may be gone when a daemon is killed while an output does not deliver.
const CAPACITY: u64 = 64;

/// A kill this soon after the disk had room again may still find alerts in memory alone.
const RECOVERY: Duration = Duration::from_secs(10);

/// Age from which on a daemon's memory is looked at.
const WARM: Duration = Duration::from_secs(5);

/// From one look at the memory to the next.
const SAMPLE: Duration = Duration::from_secs(2);

/// Memory of its own that a daemon may have, in KiB. The rings do not count, which are mapped as well.
const MOST_KIB: u64 = 24 << 10;

/// What was done so far.
#[derive(Clone, Debug, Default)]
struct Counts {
    reloads: u64,
    broken: u64,
    kills: u64,
    stops: u64,
    rotations: u64,
    full_disks: u64,
    deaf_servers: u64,
    absent_servers: u64,
}

/// Everything, as it stands.
#[derive(Debug)]
pub struct Play {
    random: Random,
    daemon: Option<Daemon>,
    started: Instant,
    file: AlertFile,
    server: SyslogServer,
    of_file: Account,
    of_syslog: Account,
    /// Until when the disk is full.
    full_until: Option<Instant>,
    /// Lines of the alert file that may be cut off: a full disk took part of one, and its writer ended.
    may_be_cut: u64,
    /// When the disk had room again last.
    room_since: Option<Instant>,
    /// Until when the server does not read, or is away.
    silent_until: Option<Instant>,
    next_sample: Instant,
    /// KiB in memory: the least and the most that were seen of a daemon that was warm.
    memory: (u64, u64),
    version: u32,
    rules: String,
    counts: Counts,
}

impl Play {
    /// All is well, and a daemon runs.
    ///
    /// # Errors
    /// What failed.
    pub fn begin(random: Random) -> Outcome<Play> {
        let rules = std::fs::read_to_string(load_rules::RULES).doing(load_rules::RULES)?;
        let now = Instant::now();
        let mut play = Play {
            random,
            daemon: None,
            started: now,
            file: AlertFile::new()?,
            server: SyslogServer::new()?,
            of_file: Account::new("alert file"),
            of_syslog: Account::new("syslog"),
            full_until: None,
            may_be_cut: 0,
            room_since: None,
            silent_until: None,
            next_sample: now + WARM,
            memory: (u64::MAX, 0),
            version: 0,
            rules,
            counts: Counts::default(),
        };
        play.turn_rules(false)?;
        play.start()?;
        Ok(play)
    }

    /// The numbers that decide.
    pub fn random(&mut self) -> &mut Random {
        &mut self.random
    }

    fn start(&mut self) -> Outcome {
        let file = format!("file_output.filename={}", file::PATH);
        let log = format!("syslog_output.path={}", syslog::PATH);
        let spool = format!("outputs_queue.spool_dir={FOLDER}/spool");
        let capacity = format!("outputs_queue.capacity={CAPACITY}");
        std::fs::create_dir_all(format!("{FOLDER}/spool"))?;
        let mut args = vec!["-r", LINK, "-r", DEFAULT_RULES];
        for option in [
            "json_output=true",
            "stdout_output.enabled=false",
            "file_output.enabled=true",
            "file_output.keep_alive=true",
            "syslog_output.enabled=true",
            "engine.kmod.keep_recording=true",
            &file,
            &log,
            &spool,
            &capacity,
        ] {
            args.extend(["-o", option]);
        }
        self.daemon = Some(Daemon::start_with(&args, Path::new("/run/soak/unused"))?);
        self.started = Instant::now();
        Ok(())
    }

    fn daemon(&self) -> Outcome<&Daemon> {
        self.daemon.as_ref().ok_or_else(|| "there is no daemon".into())
    }

    /// Other rules are in force, or broken ones are not.
    fn turn_rules(&mut self, broken: bool) -> Outcome {
        self.version += 1;
        let path = format!("{FOLDER}/rules-{}.yaml", self.version);
        let text = match broken {
            true => "- rule: broken".to_owned(),
            false => self.rules.replace("output: ", &format!("output: version {} ", self.version)),
        };
        std::fs::write(&path, text).doing(&path)?;
        let next = format!("{FOLDER}/next");
        std::os::unix::fs::symlink(&path, &next).doing(&next)?;
        let old = std::fs::read_link(LINK);
        std::fs::rename(&next, LINK).doing(LINK)?;
        if let Ok(old) = old {
            std::fs::remove_file(&old).doing(old.display())?;
        }
        Ok(())
    }

    /// Does the next thing, and says what.
    ///
    /// # Errors
    /// What went wrong that should not have.
    pub fn act(&mut self) -> Outcome<String> {
        let time = Duration::from_millis(self.random.between(500, 6000));
        let until = Instant::now() + time;
        if self.file.is_long() && self.full_until.is_none() {
            return self.rotate();
        }
        match self.random.between(0, 16) {
            0..4 => {
                self.counts.reloads += 1;
                self.turn_rules(false)?;
                if self.random.between(0, 2) == 0 {
                    self.daemon()?.signal(Signal::SIGHUP)?;
                }
                Ok(format!("other rules, version {}", self.version))
            }
            4 => {
                // A daemon that is started before they are whole again could not run by them: so they are, soon.
                self.counts.broken += 1;
                self.turn_rules(true)?;
                self.go_on(Duration::from_millis(1500))?;
                self.turn_rules(false)?;
                Ok("broken rules, and whole ones".to_owned())
            }
            5..7 => self.kill(),
            7..9 => self.stop(),
            9..11 if self.full_until.is_none() => {
                self.counts.full_disks += 1;
                AlertFile::fill_disk()?;
                self.full_until = Some(until);
                Ok(format!("a full disk for {time:?}"))
            }
            11..13 if self.silent_until.is_none() => {
                self.counts.deaf_servers += 1;
                self.server.reads = false;
                self.silent_until = Some(until);
                Ok(format!("a syslog server that does not read for {time:?}"))
            }
            13..15 if self.silent_until.is_none() => {
                self.counts.absent_servers += 1;
                let rest = self.server.go_away()?;
                self.take_messages(&rest)?;
                self.silent_until = Some(until);
                Ok(format!("no syslog server for {time:?}"))
            }
            _ => self.rotate(),
        }
    }

    fn kill(&mut self) -> Outcome<String> {
        self.counts.kills += 1;
        if let Some(daemon) = self.daemon.take() {
            daemon.kill()?;
        }
        let disk_was_full =
            self.full_until.is_some() || self.room_since.is_some_and(|since| since.elapsed() < RECOVERY);
        if disk_was_full {
            self.of_file.excuse(CAPACITY);
            self.may_be_cut += 1;
        }
        // A local server's socket holds ten messages: some may always wait in memory.
        self.of_syslog.excuse(CAPACITY);
        let pause = self.random.between(0, 1500);
        self.go_on(Duration::from_millis(pause))?;
        self.start()?;
        Ok(format!(
            "killed with SIGKILL{}, started again after {pause} ms",
            if disk_was_full { " at a full disk" } else { "" }
        ))
    }

    fn stop(&mut self) -> Outcome<String> {
        self.counts.stops += 1;
        self.may_be_cut += u64::from(self.full_until.is_some());
        if let Some(daemon) = self.daemon.take() {
            losses::exact(&daemon.stop()?.summary()?)?;
        }
        self.start()?;
        Ok("stopped with SIGTERM, started again".to_owned())
    }

    fn rotate(&mut self) -> Outcome<String> {
        if self.full_until.is_some() {
            return Ok("nothing".to_owned());
        }
        self.counts.rotations += 1;
        self.file.put_aside()?;
        self.daemon()?.signal(Signal::SIGUSR1)?;
        let end = Instant::now() + PATIENCE;
        while !self.file.is_new() {
            ensure(Instant::now() < end, || "the daemon does not open the alert file anew".to_owned())?;
            self.go_on(Duration::from_millis(10))?;
        }
        self.read_file()?;
        self.file.turn()?;
        Ok("the alert file was put aside, SIGUSR1".to_owned())
    }

    /// Takes in alerts for a while, mends what is to be mended, and looks at the memory.
    ///
    /// # Errors
    /// What went wrong that should not have.
    pub fn go_on(&mut self, time: Duration) -> Outcome {
        let end = Instant::now() + time;
        loop {
            self.read_file()?;
            let messages = self.server.messages()?;
            self.take_messages(&messages)?;
            let now = Instant::now();
            if self.full_until.is_some_and(|until| until <= now) {
                self.full_until = None;
                self.room_since = Some(now);
                AlertFile::make_room()?;
            }
            if self.silent_until.is_some_and(|until| until <= now) {
                self.silent_until = None;
                self.server.reads = true;
                self.server.come_back()?;
            }
            self.look_at_memory(now)?;
            if now >= end {
                return Ok(());
            }
            std::thread::sleep((end - now).min(Duration::from_millis(5)));
        }
    }

    fn read_file(&mut self) -> Outcome {
        while let Some(line) = self.file.next()? {
            let taken = self.of_file.take(&line);
            match self.may_be_cut.checked_sub(1) {
                Some(rest) if taken.is_err() => self.may_be_cut = rest,
                _ => taken?,
            }
        }
        Ok(())
    }

    fn take_messages(&mut self, messages: &[String]) -> Outcome {
        messages.iter().try_for_each(|message| self.of_syslog.take(message))
    }

    fn look_at_memory(&mut self, now: Instant) -> Outcome {
        let Some(daemon) = &self.daemon else { return Ok(()) };
        if now < self.next_sample || self.started.elapsed() < WARM {
            return Ok(());
        }
        self.next_sample = now + SAMPLE;
        let path = format!("/proc/{}/status", daemon.pid());
        let status =
            std::fs::read_to_string(&path).map_err(|_| format!("the daemon ended by itself:\n{}", daemon.log()))?;
        let rss = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
        let Some(rss) = rss.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok()) else {
            return Err(format!("the daemon is no process any more:\n{}", daemon.log()).into());
        };
        self.memory = (self.memory.0.min(rss), self.memory.1.max(rss));
        ensure(rss <= MOST_KIB, || {
            format!("the daemon has {rss} KiB in memory, {:?} after its start", self.started.elapsed())
        })
    }

    fn memory(&self) -> String {
        match self.memory {
            (_, 0) => "memory not looked at".to_owned(),
            (least, most) => format!("memory {least} to {most} KiB"),
        }
    }

    /// How it goes.
    pub fn report(&self) -> String {
        format!("{} alerts in the file, {} at syslog; {}", self.of_file.came(), self.of_syslog.came(), self.memory())
    }

    /// Mends everything.
    ///
    /// # Errors
    /// What failed.
    pub fn mend_all(&mut self) -> Outcome {
        let now = Instant::now();
        self.full_until = self.full_until.map(|_| now);
        self.silent_until = self.silent_until.map(|_| now);
        self.go_on(Duration::from_millis(1))
    }

    /// True if every alert came, of so many files a load.
    pub fn is_complete(&self, opened: [usize; 2]) -> bool {
        let all: usize = opened.iter().sum();
        self.of_file.came() == all && self.of_syslog.came() == all
    }

    /// Stops the daemon, and gives what there is to say at the end.
    ///
    /// # Errors
    /// What is not as it should be.
    pub fn verify(&mut self, opened: [usize; 2]) -> Outcome<Vec<String>> {
        let Some(daemon) = self.daemon.take() else { return Err("there is no daemon".into()) };
        let summary = daemon.stop()?.summary()?;
        self.go_on(Duration::from_millis(100))?;
        losses::exact(&summary)?;
        ensure(summary.dropped == 0, || {
            format!("the kernel dropped records that the rings could have held: {summary:?}")
        })?;
        Ok(vec![
            format!("{:?}", self.counts),
            self.of_file.verify(opened, self.counts.kills)?,
            self.of_syslog.verify(opened, self.counts.kills)?,
            self.memory(),
        ])
    }
}
