//! What goes wrong, and what is mended.

use super::account::{Bounds, DAEMON};
use super::ends::Ends;
use super::file::{self, AlertFile};
use super::memory::{Memory, SAMPLE, WARM};
use super::random::Random;
use super::reader::{self, RecordReader};
use super::syslog;
use super::{FOLDER, PATIENCE, QUIET};
use crate::guest::daemon::{DEFAULT_RULES, Daemon};
use crate::guest::failure::{Doing, Outcome, ensure};
use crate::guest::summary::Summary;
use crate::scenarios::{load_rules, losses};
use nix::sys::signal::Signal;
use std::path::Path;
use std::time::{Duration, Instant};

/// A link to the rules in force.
const LINK: &str = "/run/soak/rules.yaml";

/// Alerts that each output keeps in memory.
const CAPACITY: u64 = 64;

/// What a kill may do. The spool writes down how far it is every 64 alerts, and what was read of the rings is given back every
/// 4096 records at the latest.
const BOUNDS: Bounds = Bounds { gone: CAPACITY, delivered_again: 64, judged_again: 4096 };

/// Room for so few processes that the table is full soon, with those that ended: what it grows until then is no leak.
const SMALL_TABLE: &str = "falco_libs.thread_table_size=256";

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
    slow_readers: u64,
    new_readers: u64,
}

/// Everything, as it stands.
#[derive(Debug)]
pub struct Play {
    random: Random,
    daemon: Option<Daemon>,
    started: Instant,
    /// Daemons that were started.
    daemons: u64,
    /// The daemon that runs is neither stopped nor killed any more.
    lives_on: bool,
    ends: Ends,
    /// One that reads records from the first daemon to the last.
    steady: RecordReader,
    /// One that is slow now and then, or goes and comes.
    restless: RecordReader,
    /// Until when that one does not read.
    slow_until: Option<Instant>,
    /// Until when the disk is full.
    full_until: Option<Instant>,
    /// Until when the server does not read, or is away.
    silent_until: Option<Instant>,
    next_sample: Instant,
    memory: Memory,
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
            daemons: 0,
            lives_on: false,
            ends: Ends::new(BOUNDS)?,
            steady: RecordReader::start()?,
            restless: RecordReader::start()?,
            slow_until: None,
            full_until: None,
            silent_until: None,
            next_sample: now + WARM,
            memory: Memory::default(),
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

    /// The daemon that runs now lives to the end: whether it grows would not be seen of daemons that never get old.
    pub fn let_live(&mut self) {
        self.lives_on = true;
    }

    fn start(&mut self) -> Outcome {
        let file = format!("file_output.filename={}", file::PATH);
        let log = format!("syslog_output.path={}", syslog::PATH);
        let spool = format!("outputs_queue.spool_dir={FOLDER}/spool");
        let capacity = format!("outputs_queue.capacity={CAPACITY}");
        let socket = format!("socket_output.path={}", reader::SOCKET);
        let number = format!("append_output[]={{extra_fields: [{{{DAEMON}: '{}'}}]}}", self.daemons);
        std::fs::create_dir_all(format!("{FOLDER}/spool"))?;
        let mut args = vec!["-r", LINK, "-r", DEFAULT_RULES];
        for option in [
            "json_output=true",
            "stdout_output.enabled=false",
            "file_output.enabled=true",
            "file_output.keep_alive=true",
            "syslog_output.enabled=true",
            "socket_output.enabled=true",
            "engine.kmod.keep_recording=true",
            SMALL_TABLE,
            &file,
            &log,
            &socket,
            &spool,
            &capacity,
            &number,
        ] {
            args.extend(["-o", option]);
        }
        self.daemon = Some(Daemon::start_with(&args, Path::new("/run/soak/unused"))?);
        self.daemons += 1;
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
        if self.ends.file.is_long() && self.full_until.is_none() {
            return self.rotate();
        }
        match self.random.between(0, 19) {
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
            5..7 if !self.lives_on => self.kill(),
            7..9 if !self.lives_on => self.stop(),
            9..11 if self.full_until.is_none() => {
                self.counts.full_disks += 1;
                AlertFile::fill_disk()?;
                self.full_until = Some(until);
                Ok(format!("a full disk for {time:?}"))
            }
            11..13 if self.silent_until.is_none() => {
                self.counts.deaf_servers += 1;
                self.ends.server.be_deaf();
                self.silent_until = Some(until);
                Ok(format!("a syslog server that does not read for {time:?}"))
            }
            13..15 if self.silent_until.is_none() => {
                self.counts.absent_servers += 1;
                self.ends.take_server_away()?;
                self.silent_until = Some(until);
                Ok(format!("no syslog server for {time:?}"))
            }
            15..17 if self.slow_until.is_none() => {
                self.counts.slow_readers += 1;
                self.restless.pause()?;
                self.slow_until = Some(until);
                Ok(format!("a reader of records that does not read for {time:?}"))
            }
            17 if self.slow_until.is_none() => {
                self.counts.new_readers += 1;
                self.restless = RecordReader::start()?;
                Ok("another reader of records".to_owned())
            }
            _ => self.rotate(),
        }
    }

    fn kill(&mut self) -> Outcome<String> {
        self.counts.kills += 1;
        if let Some(daemon) = self.daemon.take() {
            self.ends.daemon_ended(&daemon.kill()?.log, None)?;
        }
        let pause = self.random.between(0, 1500);
        self.go_on(Duration::from_millis(pause))?;
        self.start()?;
        Ok(format!("killed with SIGKILL, started again after {pause} ms"))
    }

    fn stop(&mut self) -> Outcome<String> {
        self.counts.stops += 1;
        self.end_daemon(Signal::SIGTERM)?;
        self.start()?;
        Ok("stopped with SIGTERM, started again".to_owned())
    }

    fn end_daemon(&mut self, signal: Signal) -> Outcome<Summary> {
        let Some(daemon) = self.daemon.take() else { return Err("there is no daemon".into()) };
        let ended = daemon.stop_with(signal)?;
        let summary = ended.summary()?;
        self.ends.daemon_ended(&ended.log, Some(&summary))?;
        Ok(summary)
    }

    fn rotate(&mut self) -> Outcome<String> {
        if self.full_until.is_some() {
            return Ok("nothing".to_owned());
        }
        self.counts.rotations += 1;
        self.ends.file.put_aside()?;
        self.daemon()?.signal(Signal::SIGUSR1)?;
        let end = Instant::now() + PATIENCE;
        while !self.ends.file.is_new() {
            ensure(Instant::now() < end, || "the daemon does not open the alert file anew".to_owned())?;
            self.go_on(Duration::from_millis(10))?;
        }
        self.ends.read_file()?;
        self.ends.file.turn()?;
        Ok("the alert file was put aside, SIGUSR1".to_owned())
    }

    /// Takes in alerts for a while, mends what is to be mended, and looks at the memory.
    ///
    /// # Errors
    /// What went wrong that should not have.
    pub fn go_on(&mut self, time: Duration) -> Outcome {
        let end = Instant::now() + time;
        loop {
            self.ends.read()?;
            let now = Instant::now();
            if self.full_until.is_some_and(|until| until <= now) {
                self.full_until = None;
                AlertFile::make_room()?;
            }
            if self.silent_until.is_some_and(|until| until <= now) {
                self.silent_until = None;
                self.ends.server.come_back()?;
            }
            if self.slow_until.is_some_and(|until| until <= now) {
                self.slow_until = None;
                self.restless.go_on()?;
            }
            self.look_at_memory(now)?;
            if now >= end {
                return Ok(());
            }
            std::thread::sleep((end - now).min(Duration::from_millis(5)));
        }
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
        self.memory.take(rss, self.lives_on)
    }

    /// How it goes.
    pub fn report(&self) -> String {
        let [file, syslog] = self.ends.files();
        format!("alerts about {file} files in the file, {syslog} at syslog; {}", self.memory.text())
    }

    /// Mends everything.
    ///
    /// # Errors
    /// What failed.
    pub fn mend_all(&mut self) -> Outcome {
        let now = Instant::now();
        self.full_until = self.full_until.map(|_| now);
        self.silent_until = self.silent_until.map(|_| now);
        self.slow_until = self.slow_until.map(|_| now);
        self.go_on(Duration::from_millis(1))
    }

    /// Waits until every alert came, of so many files a load, or no more come.
    ///
    /// # Errors
    /// What went wrong that should not have.
    pub fn wait_for_the_rest(&mut self, opened: [usize; 2]) -> Outcome {
        let all: usize = opened.iter().sum();
        let (mut before, mut since) = (self.ends.files(), Instant::now());
        while self.ends.files() != [all; 2] && since.elapsed() < QUIET {
            self.go_on(Duration::from_millis(200))?;
            if self.ends.files() != before {
                (before, since) = (self.ends.files(), Instant::now());
            }
        }
        Ok(())
    }

    /// Stops the daemon, and gives what there is to say at the end.
    ///
    /// # Errors
    /// What is not as it should be.
    pub fn verify(&mut self, opened: [usize; 2]) -> Outcome<Vec<String>> {
        let readers = [self.steady.verify(opened)?, self.restless.verify(opened)?];
        // After SIGTERM recording would go on, and figures that change while they are read need not add up.
        losses::exact(&self.end_daemon(Signal::SIGINT)?)?;
        let [file, syslog] = self.ends.verify(opened)?;
        let [steady, restless] = readers;
        Ok(vec![format!("{:?}", self.counts), file, syslog, steady, restless, self.memory.verify()?])
    }
}
