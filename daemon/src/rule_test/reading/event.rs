//! Events: their parameters, and what is understood of itself. What no test says is as in a call that gave zeros, and got
//! what it wanted.

use super::descriptor::{Descriptor, NUMBER};
use super::keys::{Keys, text};
use super::process::{Process, Tree};
use super::value::{self, Value};
use crate::document::{Content, Node};
use crate::record_builder::{self, RecordBuilder, encode};
use crate::rule_test::problem::Problems;
use kestrel_core::event::{Flags, PathFlags};
use kestrel_core::schema::{self, EVENTS, EventId, From, Type, id};
use serde_saphyr::Location;

/// Keys of an event besides its own name.
pub const KEYS: [&str; 2] = ["by", "result"];

/// An event.
#[derive(Clone, Debug)]
pub struct Event {
    /// The place of the process that makes it.
    pub by: usize,
    /// Where it stands in the file.
    pub at: Location,
    id: EventId,
    /// Values that were given, by the index of their parameter.
    given: Vec<Option<Value>>,
}

impl Event {
    /// Reads an event: `unlink`, or `{unlink: {path: /x}, by: rm, result: EACCES}`.
    pub fn read(node: &Node, tree: &Tree, problems: &mut Problems) -> Option<Event> {
        let Content::Map(entries) = &node.value else {
            let name = text(node, "an event", problems)?;
            let id = known(&node.referenced, &name, problems)?;
            let given = vec![None; schema::get(id)?.params.len()];
            return Some(Event { by: tree.last(), at: node.referenced, id, given });
        };
        let mut named = None;
        let (mut by, mut result) = (Some(tree.last()), None);
        let mut right = true;
        for (key, value) in entries {
            match key.value.as_str() {
                "by" => by = tree.find(value, problems),
                "result" => result = Some(value),
                name => match (named, known(&key.referenced, name, problems)) {
                    (None, Some(id)) => named = Some((id, value)),
                    (Some(_), Some(_)) => {
                        problems.add(&key.referenced, "an event has one name", "a second one");
                        right = false;
                    }
                    (_, None) => right = false,
                },
            }
        }
        let Some((id, params)) = named else {
            if right {
                problems.add(&node.referenced, "an event has a name", format!("there is none but {}", KEYS.join(", ")));
            }
            return None;
        };
        let given = parameters(id, params, result, problems)?;
        let event = Event { by: by?, at: node.referenced, id, given };
        right.then_some(event)
    }

    /// Which event it is.
    pub fn id(&self) -> EventId {
        self.id
    }

    /// Whether it is the exec by which its process became what it is.
    pub fn is_own_exec(&self) -> bool {
        matches!(self.id, id::EXECVE | id::EXECVEAT) && !self.failed()
    }

    fn failed(&self) -> bool {
        match self.given.first() {
            Some(Some(Value::Number(n))) => *n < 0 && self.returns(),
            Some(Some(Value::Fd(fd))) => fd.number_of() < 0 && self.returns(),
            _ => false,
        }
    }

    fn returns(&self) -> bool {
        let first = schema::get(self.id).and_then(|event| event.params.first());
        first.is_some_and(|param| matches!(param.from, From::Return | From::ReturnFd))
    }

    /// Its record.
    pub fn record(&self, tree: &Tree, time_ns: u64) -> RecordBuilder {
        // The places of a tree's processes, and the ids of the schema's events, are what they were when it was read.
        let Some(process) = tree.get(self.by) else { unreachable!("a process that is not there makes no event") };
        let mut record = if self.is_own_exec() {
            record_builder::exec(self.id, process.task, &process.program, time_ns)
        } else {
            match RecordBuilder::new(self.id, process.task, time_ns) {
                Some(record) => record,
                None => unreachable!("an event that is not there is not read"),
            }
        };
        if self.failed() {
            record.flag(Flags::FAILED);
        }
        for (index, bytes) in self.parameters(process, record.event().params) {
            record.set(index, bytes);
        }
        record
    }

    /// The parameters, encoded: those that were given, and those that are understood.
    fn parameters(&self, process: &Process, params: &'static [schema::Param]) -> Vec<(usize, Vec<u8>)> {
        let mut found = Vec::new();
        for (index, param) in params.iter().enumerate() {
            let bytes = match &self.given[index] {
                Some(Value::Number(n)) => Some(encode::number(*n)),
                Some(Value::Fd(fd)) => Some(fd.encode()),
                Some(Value::Ends(ends)) => Some(ends.tuple()),
                Some(Value::Bytes(bytes)) => Some(bytes.clone()),
                Some(Value::Path { raw, absolute }) => {
                    let (absolute, flags) = self.leads_to(process, params, param, raw, absolute.as_deref());
                    Some(encode::path(raw.as_bytes(), &absolute, flags))
                }
                None if self.is_own_exec() => None,
                None => self.understood(process, params, param),
            };
            found.extend(bytes.map(|bytes| (index, bytes)));
        }
        found
    }

    fn fds(&self) -> impl Iterator<Item = &Descriptor> {
        self.given.iter().filter_map(|value| match value {
            Some(Value::Fd(fd)) => Some(fd),
            _ => None,
        })
    }

    /// Where a path leads: what was said; what the call opened; else where it leads without symbolic links.
    fn leads_to(
        &self,
        process: &Process,
        params: &[schema::Param],
        param: &schema::Param,
        raw: &str,
        said: Option<&str>,
    ) -> (Vec<u8>, PathFlags) {
        if let Some(said) = said {
            return (said.as_bytes().to_vec(), PathFlags::RESOLVED);
        }
        if matches!(param.from, From::Opened { .. } | From::Special)
            && let Some(Some(Value::Fd(fd))) = self.given.first()
            && let Some(path) = fd.path()
        {
            return (path.to_vec(), PathFlags::RESOLVED);
        }
        let dir = match param.from {
            From::PathAt { dir, .. } | From::Opened { dir: Some(dir), .. } => Some(dir),
            _ => None,
        };
        let base = dir.and_then(|dir| {
            let index = params.iter().position(|param| matches!(param.from, From::DirFd(arg) if arg == dir))?;
            match self.given.get(index)? {
                Some(Value::Fd(fd)) => fd.path(),
                _ => None,
            }
        });
        (joined(base.unwrap_or(&process.program.cwd), raw.as_bytes()), PathFlags::JOINED)
    }

    /// A parameter of which nothing was said.
    fn understood(&self, process: &Process, params: &[schema::Param], param: &schema::Param) -> Option<Vec<u8>> {
        let ends = || self.fds().find_map(Descriptor::ends);
        match (param.from, param.ty) {
            (_, Type::Tuple) => ends().map(super::descriptor::Ends::tuple),
            (_, Type::Address) => ends().map(|ends| ends.address(self.id != id::BIND)),
            (From::ReturnFd, _) => Some(self.returned(process, params).encode()),
            (From::DirFd(_), _) => Some(Descriptor::working_directory(&process.program.cwd).encode()),
            (From::Fd(_) | From::ClosedFd(_), _) => Some(Descriptor::number(NUMBER).encode()),
            (From::Return | From::Zero | From::Int(_) | From::Uint(_) | From::Long(_) | From::Offset { .. }, _) => {
                Some(encode::number(0))
            }
            _ => None,
        }
    }

    /// The descriptor that a call returned: of the file that it opened, of the socket that it made.
    fn returned(&self, process: &Process, params: &[schema::Param]) -> Descriptor {
        let value = |name: &str| {
            let index = params.iter().position(|param| param.name == name)?;
            Some((&params[index], self.given[index].as_ref()?))
        };
        if let Some((param, Value::Path { raw, absolute })) = value("name").or_else(|| value("path")) {
            let (path, _) = self.leads_to(process, params, param, raw, absolute.as_deref());
            return Descriptor::file(&path);
        }
        if let Some((_, Value::Number(domain))) = value("domain") {
            return Descriptor::socket(u16::try_from(*domain).unwrap_or(0));
        }
        if self.id == id::MEMFD_CREATE
            && let Some((_, Value::Bytes(name))) = value("name")
        {
            let text = format!("memfd {}", String::from_utf8_lossy(name));
            return Descriptor::parse(&text).unwrap_or_else(|_| Descriptor::number(NUMBER));
        }
        Descriptor::number(NUMBER)
    }
}

fn known(at: &Location, name: &str, problems: &mut Problems) -> Option<EventId> {
    let id = schema::by_name(name);
    if id.is_none() {
        let known = EVENTS.iter().map(|event| event.name).chain(KEYS);
        problems.unknown(
            at,
            format!("there is no event {name}"),
            name,
            known,
            "`kestrel --list-events` lists the events",
        );
    }
    id
}

/// The values of parameters by their index.
fn parameters(id: EventId, node: &Node, result: Option<&Node>, problems: &mut Problems) -> Option<Vec<Option<Value>>> {
    let event = schema::get(id)?;
    let mut given: Vec<Option<Value>> = vec![None; event.params.len()];
    let names: Vec<&str> = event.params.iter().map(|param| param.name).collect();
    let mut right = true;
    let mut set = |name: &str, node: &Node, problems: &mut Problems| {
        let Some(index) = names.iter().position(|known| *known == name) else { return false };
        let param = &event.params[index];
        if let Some(whose) = elsewhere(&param.from) {
            problems.add(&node.referenced, format!("{name} is {whose}"), "it cannot be given here");
            return false;
        }
        given[index] = value::read(node, param, problems);
        given[index].is_some()
    };
    match &node.value {
        Content::Nothing => {}
        Content::Map(_) => {
            let what = format!("the event {}", event.name);
            let keys = Keys::of(node, &what, &names, problems)?;
            let Content::Map(entries) = &node.value else { return None };
            for (key, value) in entries {
                right &= keys.get(&key.value).is_some() && set(&key.value, value, problems);
            }
        }
        other => {
            let message = format!("{} has parameters: {}", event.name, names.join(", "));
            problems.add(&node.referenced, message, format!("this is {}", other.describe()));
            return None;
        }
    }
    if let Some(node) = result {
        let first = event.params.first().filter(|param| matches!(param.from, From::Return | From::ReturnFd));
        match first {
            Some(param) => right &= set(param.name, node, problems),
            None => {
                problems.add(&node.referenced, format!("{} has no result", event.name), "leave it out");
                return None;
            }
        }
    }
    right.then_some(given)
}

/// Whose a value is that is written nowhere.
fn elsewhere(from: &From) -> Option<&'static str> {
    match from {
        From::Context(_) | From::Process(_) => Some("the process's"),
        From::OfFd { .. } => Some("the descriptor's"),
        _ => None,
    }
}

/// A path below a directory, without `.` and `..`.
fn joined(directory: &[u8], path: &[u8]) -> Vec<u8> {
    let directory = if path.starts_with(b"/") { &[] } else { directory };
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in directory.split(|&b| b == b'/').chain(path.split(|&b| b == b'/')) {
        match part {
            b"" | b"." => {}
            b".." => drop(parts.pop()),
            name => parts.push(name),
        }
    }
    [b"/", parts.join(&b'/').as_slice()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_joined_without_dots() {
        let show =
            |directory: &str, path: &str| String::from_utf8(joined(directory.as_bytes(), path.as_bytes())).unwrap();
        assert_eq!(show("/srv/www", "../x/./y"), "/srv/x/y");
        assert_eq!(show("/srv", "/etc/../shadow"), "/shadow");
        assert_eq!(show("/", "../../a//b/"), "/a/b");
        assert_eq!(show("/srv", ""), "/srv");
    }
}
