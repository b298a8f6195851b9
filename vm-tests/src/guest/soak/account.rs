//! Which alerts came at an output, and how often.

use crate::guest::failure::{Outcome, ensure};
use crate::scenarios::load_rules;
use serde_json::Value;

/// What came about one file.
#[derive(Clone, Debug, Default)]
struct Came {
    times: u32,
    /// Time of the event, as the first alert has it.
    event: Box<str>,
}

/// The alerts of one output.
#[derive(Clone, Debug, Default)]
pub struct Account {
    name: &'static str,
    /// By load and number of the file.
    came: [Vec<Came>; 2],
    /// Alerts that came again.
    doubled: u64,
    /// Alerts that may be missing: what the memory of daemons held that were killed.
    excused: u64,
    /// An alert that came twice with two times, if there is one: two alerts about one event have one.
    different: Option<String>,
}

impl Account {
    /// Of an output with this name.
    pub fn new(name: &'static str) -> Account {
        Account { name, ..Account::default() }
    }

    /// An alert came: JSON, behind whatever the output puts in front of it. Those of other rules are left out.
    ///
    /// # Errors
    /// If it is no JSON.
    pub fn take(&mut self, line: &str) -> Outcome {
        let json = line.find('{').and_then(|at| line.get(at..)).unwrap_or_default();
        let value: Value =
            serde_json::from_str(json).map_err(|error| format!("{}: {line:?} is no alert: {error}", self.name))?;
        let path = value.get("output_fields").and_then(|fields| fields.get("fd.name")).and_then(Value::as_str);
        let Some((load, index)) = path.and_then(of_load) else { return Ok(()) };
        let event = value.get("time").and_then(Value::as_str).unwrap_or_default();
        let Some(came) = self.came.get_mut(load) else { return Ok(()) };
        if came.len() <= index {
            came.resize(index + 1, Came::default());
        }
        let Some(came) = came.get_mut(index) else { return Ok(()) };
        came.times += 1;
        if came.times == 1 {
            came.event = event.into();
        } else {
            self.doubled += 1;
            if *came.event != *event {
                self.different = Some(format!("{} at {} and at {event}", path.unwrap_or_default(), came.event));
            }
        }
        Ok(())
    }

    /// So many more alerts may be missing.
    pub fn excuse(&mut self, alerts: u64) {
        self.excused += alerts;
    }

    /// Alerts that came, each once.
    pub fn came(&self) -> usize {
        self.came.iter().map(|of_load| of_load.iter().filter(|came| came.times > 0).count()).sum()
    }

    /// The numbers of those that did not come, of so many a load.
    fn missing(&self, opened: [usize; 2]) -> Vec<String> {
        let mut missing = Vec::new();
        for ((folder, of_load), opened) in load_rules::FOLDERS.iter().zip(&self.came).zip(opened) {
            let is_missing = |index: &usize| of_load.get(*index).is_none_or(|came| came.times == 0);
            missing.extend((0..opened).filter(is_missing).map(|index| format!("{folder}/{index}")));
        }
        missing
    }

    /// What there is to say at the end, of so many files a load, after so many kills.
    ///
    /// # Errors
    /// What should not have come, or should have.
    pub fn verify(&self, opened: [usize; 2], kills: u64) -> Outcome<String> {
        let missing = self.missing(opened);
        ensure(missing.len() as u64 <= self.excused, || {
            format!(
                "{}: {} alerts are missing, where {} may be, such as {:?}",
                self.name,
                missing.len(),
                self.excused,
                missing.iter().take(8).collect::<Vec<_>>()
            )
        })?;
        ensure(self.different.is_none(), || format!("{}: one event, two times: {:?}", self.name, self.different))?;
        ensure(self.doubled == 0 || kills > 0, || {
            format!("{}: {} alerts came twice, and nothing was killed", self.name, self.doubled)
        })?;
        let all: usize = opened.iter().sum();
        Ok(format!(
            "{}: {} of {all} alerts came, {} of them twice; {} are missing, where {} may be",
            self.name,
            self.came(),
            self.doubled,
            missing.len(),
            self.excused
        ))
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

    fn alert(path: &str, time: &str) -> String {
        format!("<6>Nov 28 10:00:00 kestrel[1]: {{\"output_fields\":{{\"fd.name\":\"{path}\"}},\"time\":\"{time}\"}}")
    }

    #[test]
    fn what_is_missing_and_what_is_doubled_is_found() {
        let mut account = Account::new("x");
        for path in ["/run/load/0/0", "/run/load/0/2", "/run/load/1/0", "/etc/shadow", "/run/load/0/x"] {
            account.take(&alert(path, "1")).unwrap();
        }
        assert_eq!(account.missing([3, 1]), ["/run/load/0/1"]);
        assert!(account.verify([3, 1], 0).is_err());
        account.excuse(1);
        assert!(account.verify([3, 1], 0).is_ok());
        account.take(&alert("/run/load/0/0", "1")).unwrap();
        assert!(account.verify([3, 1], 0).is_err() && account.verify([3, 1], 1).is_ok());
        account.take(&alert("/run/load/0/0", "2")).unwrap();
        assert!(account.verify([3, 1], 1).is_err());
        assert!(account.take("no alert").is_err());
    }
}
