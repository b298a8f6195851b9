//! The alert file, as a program that follows it sees it.

use super::failure::{Doing, Outcome};
use serde_json::Value;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::time::{Duration, Instant};

/// An alert.
#[derive(Clone, Debug)]
pub struct Alert(Value);

impl Alert {
    /// The rule.
    pub fn rule(&self) -> &str {
        self.0.get("rule").and_then(Value::as_str).unwrap_or_default()
    }

    /// What the alert says.
    pub fn output(&self) -> &str {
        self.0.get("output").and_then(Value::as_str).unwrap_or_default()
    }

    /// Every field of the output with its value as JSON, in order of their names.
    pub fn fields(&self) -> Vec<(&str, String)> {
        let fields = self.0.get("output_fields").and_then(Value::as_object);
        let mut fields: Vec<_> =
            fields.into_iter().flatten().map(|(name, value)| (name.as_str(), value.to_string())).collect();
        fields.sort();
        fields
    }

    /// A field of the output as text; empty if it is not there or has no value.
    pub fn field(&self, name: &str) -> String {
        match self.0.get("output_fields").and_then(|fields| fields.get(name)) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        }
    }
}

/// Follows the file.
#[derive(Debug)]
pub struct Alerts {
    reader: BufReader<File>,
    /// A line that is not whole yet.
    part: String,
}

impl Alerts {
    /// From the file's end, as it is now.
    ///
    /// # Errors
    /// What the system said.
    pub fn follow(path: &Path) -> Outcome<Alerts> {
        let file = File::options().read(true).append(true).create(true).open(path).doing(path.display())?;
        let mut reader = BufReader::new(file);
        std::io::Seek::seek(&mut reader, std::io::SeekFrom::End(0))?;
        Ok(Alerts { reader, part: String::new() })
    }

    /// The next alert; `None` if there is none yet.
    ///
    /// # Errors
    /// If a line is no JSON object.
    pub fn poll(&mut self) -> Outcome<Option<Alert>> {
        self.reader.read_line(&mut self.part)?;
        if !self.part.ends_with('\n') {
            return Ok(None);
        }
        let line = std::mem::take(&mut self.part);
        let value = serde_json::from_str(&line).map_err(|error| format!("an alert is no JSON ({error}): {line}"))?;
        Ok(Some(Alert(value)))
    }

    /// Collects alerts up to the first that `is_last` says yes to, which is not among them. False if it did not come in time.
    ///
    /// # Errors
    /// If a line is no JSON object.
    pub fn until(&mut self, into: &mut Vec<Alert>, time: Duration, is_last: impl Fn(&Alert) -> bool) -> Outcome<bool> {
        let end = Instant::now() + time;
        loop {
            match self.poll()? {
                Some(alert) if is_last(&alert) => return Ok(true),
                Some(alert) => into.push(alert),
                None if Instant::now() > end => return Ok(false),
                None => std::thread::sleep(Duration::from_millis(5)),
            }
        }
    }

    /// Alerts up to one about this file, which is not among them.
    ///
    /// # Errors
    /// If it does not come in time.
    pub fn until_file(&mut self, path: &str, time: Duration) -> Outcome<Vec<Alert>> {
        let mut alerts = Vec::new();
        if self.until(&mut alerts, time, |alert| alert.field("fd.name") == path)? {
            return Ok(alerts);
        }
        let outputs: Vec<&str> = alerts.iter().map(Alert::output).collect();
        Err(format!("no alert about {path} came in {time:?}, but: {outputs:#?}").into())
    }
}
