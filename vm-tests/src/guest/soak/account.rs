//! Which alerts came at an output, how often, and whether it may be so.
//!
//! Each alert says which daemon raised it, by its number (`append_output`); which one delivered it is known by when it came. So each
//! that came twice, and each that did not come, is laid at the end of a certain daemon:
//!
//! ```text
//!   daemon 3              killed   daemon 4                       daemon 5
//!   raises 0 1 2 3 4 5 6  ✗        raises 5 6 7 8 9     stopped   raises 10 11 …
//!                  └─────┬─────────────┘
//!     judged again (5, 6): their records were not given back to the ring yet
//!     delivered again:     they were in the spool, and that they were delivered was not written down yet
//!     gone:                they were in memory alone, so nothing behind them that daemon 3 raised comes
//! ```
//!
//! Daemons that are stopped leave nothing of that kind. What comes of each daemon comes in order.

use crate::guest::failure::{Outcome, ensure};
use crate::guest::summary::SinkFigures;
use crate::scenarios::load_rules;
use serde_json::Value;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

/// The field in which an alert says which daemon raised it.
pub const DAEMON: &str = "daemon";

/// What the design lets a kill do, in alerts: `docs/OUTPUTS.md`, and the loop's batch of records.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Gone: what an output keeps in memory (`outputs_queue.capacity`).
    pub gone: u64,
    /// Delivered again from the spool.
    pub delivered_again: u64,
    /// Judged again.
    pub judged_again: u64,
}

/// How a daemon ended, at this output.
#[derive(Clone, Debug)]
pub enum End {
    /// It was told to stop, and gave its figures.
    Stopped(SinkFigures),
    /// It was killed; alerts that it said it had lost until then.
    Killed {
        /// So many.
        lost: u64,
    },
}

/// A daemon that is no more.
#[derive(Clone, Debug)]
struct Past {
    killed: bool,
    /// Alerts that it lost and counted.
    lost: u64,
    /// Alerts that wait for the next one, if it could say so.
    left: Option<u64>,
    delivered_again: u64,
    judged_again: u64,
}

/// An alert as it came.
#[derive(Clone, Copy, Debug)]
struct Coming {
    raised_by: usize,
    delivered_by: usize,
}

/// What came about one file.
#[derive(Clone, Copy, Debug)]
struct Came {
    /// Time of the event, mixed into a number: two alerts about one event have one.
    time: u64,
    first: Coming,
}

/// The alerts of one output.
#[derive(Debug)]
pub struct Account {
    name: &'static str,
    bounds: Bounds,
    /// By load and number of the file.
    came: [Vec<Option<Came>>; 2],
    /// What came about a file after the first time.
    again: HashMap<(usize, usize), Vec<Coming>>,
    /// Daemon and file of the last alert of each load that came in its turn.
    last: [Option<(usize, usize)>; 2],
    /// The daemons that ended, by their numbers.
    past: Vec<Past>,
    /// Alerts of any rule that came from the daemon that runs.
    of_this: u64,
}

impl Account {
    /// Of an output with this name.
    pub fn new(name: &'static str, bounds: Bounds) -> Account {
        Account {
            name,
            bounds,
            came: [const { Vec::new() }; 2],
            again: HashMap::new(),
            last: [None; 2],
            past: Vec::new(),
            of_this: 0,
        }
    }

    /// An alert came from the daemon that runs: JSON, behind whatever the output puts in front of it. Those of other rules are
    /// only counted.
    ///
    /// # Errors
    /// If it is no JSON, or should not have come, or not now.
    pub fn take(&mut self, line: &str) -> Outcome {
        self.of_this += 1;
        let json = line.find('{').and_then(|at| line.get(at..)).unwrap_or_default();
        let value: Value =
            serde_json::from_str(json).map_err(|error| format!("{}: {line:?} is no alert: {error}", self.name))?;
        let field = |name: &str| value.get("output_fields").and_then(|fields| fields.get(name)).and_then(Value::as_str);
        let Some((load, index)) = field("fd.name").and_then(of_load) else { return Ok(()) };
        let Some(raised_by) = field(DAEMON).and_then(|daemon| daemon.parse().ok()) else {
            return Err(format!("{}: {line:?} does not say who raised it", self.name).into());
        };
        let mut time = DefaultHasher::new();
        value.get("time").and_then(Value::as_str).unwrap_or_default().hash(&mut time);
        let coming = Coming { raised_by, delivered_by: self.past.len() };
        self.came(load, index, time.finish(), coming).map_err(|why| format!("{}: {line:?}: {why}", self.name).into())
    }

    fn came(&mut self, load: usize, index: usize, time: u64, coming: Coming) -> Result<(), String> {
        if coming.raised_by > coming.delivered_by {
            return Err(format!("daemon {} delivers what a later one raised", coming.delivered_by));
        }
        let Some(of_load) = self.came.get_mut(load) else { return Ok(()) };
        if of_load.len() <= index {
            of_load.resize(index + 1, None);
        }
        let Some(came) = of_load.get_mut(index) else { return Ok(()) };
        let Some(before) = *came else {
            *came = Some(Came { time, first: coming });
            return self.in_turn(load, index, coming);
        };
        if before.time != time {
            return Err("one event, two times".to_owned());
        }
        let again = self.again.entry((load, index)).or_default();
        let all = [before.first].into_iter().chain(again.iter().copied());
        let same = all.clone().rfind(|earlier| earlier.raised_by == coming.raised_by);
        let latest = all.map(|earlier| earlier.raised_by).max().unwrap_or(0);
        again.push(coming);
        match same {
            Some(earlier) => self.delivered_again(earlier, coming),
            None => {
                self.judged_again(latest, coming)?;
                self.in_turn(load, index, coming)
            }
        }
    }

    /// What a daemon raised comes in the order in which it did.
    fn in_turn(&mut self, load: usize, index: usize, coming: Coming) -> Result<(), String> {
        let Some(last) = self.last.get_mut(load) else { return Ok(()) };
        let this = (coming.raised_by, index);
        match last.replace(this) {
            Some(before) if before >= this => {
                Err(format!("it comes after file {} by daemon {}: out of order", before.1, before.0))
            }
            _ => Ok(()),
        }
    }

    /// From the spool, by a daemon after one that was killed.
    fn delivered_again(&mut self, earlier: Coming, coming: Coming) -> Result<(), String> {
        let most = self.bounds.delivered_again;
        match self.past.get_mut(earlier.delivered_by) {
            Some(past) if past.killed => {
                past.delivered_again += 1;
                if past.delivered_again > most {
                    return Err(format!("more than {most} were delivered again after daemon {}", earlier.delivered_by));
                }
                Ok(())
            }
            _ => Err(format!(
                "daemon {} delivers what daemon {} delivered, which was not killed before",
                coming.delivered_by, earlier.delivered_by
            )),
        }
    }

    /// From the ring, by a daemon after others that were killed.
    fn judged_again(&mut self, latest: usize, coming: Coming) -> Result<(), String> {
        let most = self.bounds.judged_again;
        let between = self.past.get(latest..coming.raised_by).unwrap_or_default();
        if between.is_empty() || between.iter().any(|past| !past.killed) {
            return Err(format!(
                "daemons {latest} and {} raised it, and not all between were killed",
                coming.raised_by
            ));
        }
        let Some(past) = self.past.get_mut(coming.raised_by - 1) else { return Ok(()) };
        past.judged_again += 1;
        if past.judged_again > most {
            return Err(format!("more than {most} were judged again after daemon {}", coming.raised_by - 1));
        }
        Ok(())
    }

    /// The daemon that ran is no more, and all that it delivered was taken.
    ///
    /// # Errors
    /// If its figures are not what came.
    pub fn ended(&mut self, end: &End) -> Outcome {
        let (number, came) = (self.past.len(), std::mem::take(&mut self.of_this));
        let (killed, lost, left) = match end {
            End::Killed { lost } => (true, *lost, None),
            End::Stopped(figures) => {
                let name = self.name;
                ensure(figures.delivered == came, || {
                    format!("{name}: {came} alerts of daemon {number} came, and it says: {figures:?}")
                })?;
                let before = self.past.last().and_then(|past| past.left);
                ensure(before.is_none_or(|left| left == figures.waited), || {
                    format!("{name}: daemon {number} found other alerts than the {before:?} that waited: {figures:?}")
                })?;
                (false, figures.lost, Some(figures.left))
            }
        };
        self.past.push(Past { killed, lost, left, delivered_again: 0, judged_again: 0 });
        Ok(())
    }

    /// Files that an alert came about.
    pub fn files(&self) -> usize {
        self.came.iter().flatten().flatten().count()
    }

    /// What there is to say at the end, of so many files a load.
    ///
    /// # Errors
    /// What should have come.
    pub fn verify(&self, opened: [usize; 2]) -> Outcome<String> {
        let mut gone = vec![0; self.past.len()];
        let mut refused = Vec::new();
        for (load, opened) in opened.into_iter().enumerate() {
            for run in self.missing(load, opened) {
                let mut left = (run.end - run.begin) as u64;
                let between = run.after..run.before;
                let kills = self.past.iter().zip(&mut gone).enumerate();
                for (_, (_, gone)) in kills.filter(|(number, (past, _))| between.contains(number) && past.killed) {
                    let more = left.min(self.bounds.gone - *gone);
                    *gone += more;
                    left -= more;
                }
                if left > 0 {
                    refused.push((left, run.text(load)));
                }
            }
        }
        let missing: u64 = refused.iter().map(|(count, _)| count).sum();
        let lost: u64 = self.past.iter().map(|past| past.lost).sum();
        ensure(missing <= lost, || {
            let runs: Vec<&String> = refused.iter().map(|(_, text)| text).take(8).collect();
            format!(
                "{}: {missing} alerts are missing that no kill took, where the daemons say that {lost} were lost: {runs:?}",
                self.name
            )
        })?;
        let sum = |count: fn(&Past) -> u64| self.past.iter().map(count).sum::<u64>();
        let kills = self.past.iter().filter(|past| past.killed).count();
        Ok(format!(
            "{}: alerts about {} of {} files came; after {kills} kills {} were delivered again, {} judged again, {} gone; {lost} \
             were counted as lost",
            self.name,
            self.files(),
            opened.iter().sum::<usize>(),
            sum(|past| past.delivered_again),
            sum(|past| past.judged_again),
            gone.iter().sum::<u64>(),
        ))
    }

    /// Files in a row that no alert came about.
    fn missing(&self, load: usize, opened: usize) -> Vec<Run> {
        let of_load = self.came.get(load).map(Vec::as_slice).unwrap_or_default();
        let mut runs = Vec::new();
        let (mut begin, mut after) = (0, 0);
        let all = of_load.iter().copied().enumerate().filter_map(|(index, came)| Some((index, came?.first.raised_by)));
        for (index, raised_by) in all.chain([(opened, self.past.len())]) {
            if index > begin {
                runs.push(Run { begin, end: index, after, before: raised_by });
            }
            let again = self.again.get(&(load, index)).into_iter().flatten();
            after = again.map(|coming| coming.raised_by).fold(raised_by, usize::max);
            begin = index + 1;
        }
        runs
    }
}

/// Files in a row that no alert came about.
#[derive(Debug)]
struct Run {
    begin: usize,
    end: usize,
    /// The daemon that raised the last alert before them, and the one that raised the first behind them.
    after: usize,
    before: usize,
}

impl Run {
    fn text(&self, load: usize) -> String {
        let folder = load_rules::FOLDERS.get(load).copied().unwrap_or_default();
        format!("{folder}/{} to {} (daemons {} to {})", self.begin, self.end - 1, self.after, self.before)
    }
}

/// The load and the number of the file that it opened.
fn of_load(path: &str) -> Option<(usize, usize)> {
    let (folder, index) = path.rsplit_once('/')?;
    let load = load_rules::FOLDERS.iter().position(|of_load| *of_load == folder)?;
    Some((load, index.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KILLED: End = End::Killed { lost: 0 };

    /// An account, and what its daemon delivered so far.
    struct Told(Account, u64);

    impl Told {
        fn new() -> Told {
            Told(Account::new("x", Bounds { gone: 4, delivered_again: 2, judged_again: 3 }), 0)
        }

        fn alert(&mut self, daemon: usize, file: usize, time: &str) -> Outcome {
            self.1 += 1;
            self.0.take(&format!(
                "<6>Nov 28 10:00:00 kestrel[1]: {{\"output_fields\":{{\"daemon\":\"{daemon}\",\"fd.name\":\"/run/load/0/{file}\"}},\
                 \"time\":\"{time}\"}}"
            ))
        }

        fn alerts(&mut self, daemon: usize, files: std::ops::Range<usize>) -> Outcome {
            files.into_iter().try_for_each(|file| self.alert(daemon, file, &file.to_string()))
        }

        fn killed(&mut self) {
            self.1 = 0;
            self.0.ended(&KILLED).unwrap();
        }

        fn stopped(&mut self, lost: u64) {
            let delivered = std::mem::take(&mut self.1);
            self.0.ended(&End::Stopped(SinkFigures { delivered, lost, ..SinkFigures::default() })).unwrap();
        }
    }

    #[test]
    fn a_stop_excuses_nothing() {
        let mut told = Told::new();
        told.alerts(0, 0..5).unwrap();
        told.stopped(0);
        told.alerts(1, 6..9).unwrap();
        assert!(told.alerts(1, 8..9).is_err(), "twice");
        told.stopped(0);
        assert!(told.0.verify([9, 0]).is_err(), "5 is missing");
    }

    #[test]
    fn a_kill_excuses_what_was_in_memory_and_no_more() {
        for (next, good) in [(5, true), (9, true), (10, false)] {
            let mut told = Told::new();
            told.alerts(0, 0..5).unwrap();
            told.killed();
            told.alerts(1, next..20).unwrap();
            told.stopped(0);
            assert_eq!(told.0.verify([20, 0]).is_ok(), good, "{next}");
        }
    }

    #[test]
    fn a_kill_excuses_nothing_among_what_another_daemon_raised() {
        let mut told = Told::new();
        told.alerts(0, 0..5).unwrap();
        told.killed();
        told.alerts(1, 5..8).unwrap();
        told.alerts(1, 9..12).unwrap();
        told.stopped(0);
        assert!(told.0.verify([12, 0]).is_err());
    }

    #[test]
    fn of_what_was_being_written_to_the_spool_the_end_may_be_gone() {
        let mut told = Told::new();
        told.alerts(0, 0..5).unwrap();
        told.killed();
        told.alerts(0, 5..7).unwrap();
        told.alerts(1, 9..12).unwrap();
        told.stopped(0);
        assert!(told.0.verify([12, 0]).is_ok());
    }

    #[test]
    fn a_counted_loss_excuses_its_count() {
        for (lost, good) in [(2, false), (3, true)] {
            let mut told = Told::new();
            told.alerts(0, 0..5).unwrap();
            told.alerts(0, 8..12).unwrap();
            told.stopped(lost);
            assert_eq!(told.0.verify([12, 0]).is_ok(), good);
        }
    }

    #[test]
    fn after_a_kill_a_few_are_delivered_again_or_judged_again() {
        let mut told = Told::new();
        told.alerts(0, 0..10).unwrap();
        told.killed();
        told.alerts(0, 8..10).unwrap();
        told.alerts(0, 10..12).unwrap();
        told.alerts(1, 9..15).unwrap();
        told.stopped(0);
        let said = told.0.verify([15, 0]).unwrap();
        assert!(said.contains("2 were delivered again, 3 judged again, 0 gone"), "{said}");
    }

    #[test]
    fn more_than_a_few_are_not() {
        let mut told = Told::new();
        told.alerts(0, 0..10).unwrap();
        told.killed();
        assert!(told.alerts(0, 7..10).is_err());
        let mut told = Told::new();
        told.alerts(0, 0..10).unwrap();
        told.killed();
        assert!(told.alerts(1, 6..10).is_err());
    }

    #[test]
    fn nothing_comes_again_after_a_daemon_that_was_stopped() {
        let mut told = Told::new();
        told.alerts(0, 0..10).unwrap();
        told.stopped(0);
        assert!(told.alerts(0, 9..10).is_err());
        let mut told = Told::new();
        told.alerts(0, 0..10).unwrap();
        told.killed();
        told.alerts(1, 10..12).unwrap();
        told.stopped(0);
        assert!(told.alerts(2, 9..10).is_err(), "one daemon between them was stopped");
    }

    #[test]
    fn order_times_and_who_raised_what_are_looked_at() {
        let mut told = Told::new();
        told.alerts(0, 0..3).unwrap();
        told.alerts(0, 5..6).unwrap();
        assert!(told.alerts(0, 4..5).is_err(), "out of order");
        assert!(told.alerts(1, 9..10).is_err(), "not yet");
        told.killed();
        assert!(told.alert(1, 5, "another time").is_err());
        assert!(told.0.take("no alert").is_err());
        assert!(told.0.take("{\"output_fields\":{\"fd.name\":\"/run/load/0/50\"}}").is_err(), "by whom?");
        assert!(told.0.take("{\"output_fields\":{\"fd.name\":\"/etc/shadow\"}}").is_ok());
    }

    #[test]
    fn the_daemons_own_figures_must_agree() {
        let mut told = Told::new();
        told.alerts(0, 0..3).unwrap();
        let figures = |delivered, waited, left| End::Stopped(SinkFigures { delivered, waited, left, lost: 0 });
        assert!(told.0.ended(&figures(2, 0, 5)).is_err());
        let mut told = Told::new();
        told.alerts(0, 0..3).unwrap();
        told.0.ended(&figures(3, 0, 5)).unwrap();
        assert!(told.0.ended(&figures(0, 4, 0)).is_err(), "5 waited");
        told.0.ended(&figures(0, 5, 0)).unwrap();
    }
}
