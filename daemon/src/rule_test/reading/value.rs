//! Values of parameters, by their types.

use super::descriptor::{self, Descriptor, Ends};
use super::keys::{Keys, text};
use super::words;
use crate::document::{Content, Node};
use crate::record_builder::encode;
use crate::rule_test::machine;
use crate::rule_test::problem::Problems;
use kestrel_core::schema::{FlagNames, Param, Type};
use nix::errno::Errno;
use nix::sys::signal::Signal;

/// Greatest error number (`MAX_ERRNO` of `linux/err.h`).
const MAX_ERRNO: i32 = 4095;

/// How numbers are written that are not in base 10.
const WRITTEN: &str = "in base 8 as 0o755, in base 16 as 0x1ed";

/// The value of a parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A number; an unsigned one by its bits.
    Number(i64),
    /// A path as it was passed, and where it leads, if that was said.
    Path {
        /// As it was passed.
        raw: String,
        /// Where it leads.
        absolute: Option<String>,
    },
    /// A descriptor.
    Fd(Descriptor),
    /// Both ends of a socket.
    Ends(Ends),
    /// What is encoded already.
    Bytes(Vec<u8>),
}

/// Reads the value of a parameter.
pub fn read(node: &Node, param: &Param, problems: &mut Problems) -> Option<Value> {
    let mut refuse = |message: String| {
        problems.add(&node.referenced, format!("{} is wrong", param.name), message);
        None
    };
    match param.ty {
        Type::Errno | Type::Int | Type::Uint | Type::Hex | Type::Octal | Type::Pid | Type::Time | Type::Span => {
            match integer(&node.value).or_else(|| failure(&node.value)) {
                Some(n) => Some(Value::Number(n)),
                None => refuse(format!("expected a whole number, {WRITTEN}; found {}", node.value.describe())),
            }
        }
        Type::Uid | Type::Gid => match user(&node.value) {
            Some(n) => Some(Value::Number(n)),
            None => refuse(format!("expected {}, found {}", expected_user(), node.value.describe())),
        },
        Type::Signal => match integer(&node.value).or_else(|| signal(&node.value)) {
            Some(n) => Some(Value::Number(n)),
            None => refuse(format!("expected a signal, such as SIGKILL or 9, found {}", node.value.describe())),
        },
        Type::Flags(names) => bits(node, param.name, names, problems).map(Value::Number),
        Type::Enum(names) => match (integer(&node.value), &node.value) {
            (Some(n), _) => Some(Value::Number(n)),
            (None, Content::Text(word)) => name(node, word, param.name, names, problems).map(Value::Number),
            (None, other) => refuse(format!("expected a name or a number, found {}", other.describe())),
        },
        Type::Fd => match descriptor(&node.value) {
            Ok(fd) => Some(Value::Fd(fd)),
            Err(message) => refuse(message),
        },
        Type::FdList => {
            let Content::List(nodes) = &node.value else {
                return refuse(format!("expected a list of descriptors, found {}", node.value.describe()));
            };
            let mut bytes = Vec::new();
            for node in nodes {
                match descriptor(&node.value) {
                    // POLLIN: it is waited for until there is something to read, and there is.
                    Ok(fd) => bytes.extend(encode::fd_list_entry(&fd.encode(), 1, 1)),
                    Err(message) => return refuse(message),
                }
            }
            Some(Value::Bytes(bytes))
        }
        Type::Path => path(node, param.name, problems),
        Type::String | Type::Bytes => text(node, param.name, problems).map(|text| Value::Bytes(text.into_bytes())),
        Type::Strings => strings(node, param.name, problems).map(|list| Value::Bytes(encode::strings(list))),
        Type::Address => match &node.value {
            Content::Text(text) => match descriptor::address(text) {
                Ok(bytes) => Some(Value::Bytes(bytes)),
                Err(message) => refuse(message),
            },
            other => refuse(format!("expected an address, such as 10.0.0.1:443, found {}", other.describe())),
        },
        Type::Tuple => match &node.value {
            Content::Text(text) => match descriptor::ends(text) {
                Ok(ends) => Some(Value::Ends(ends)),
                Err(message) => refuse(message),
            },
            other => refuse(format!("expected both ends of a socket, found {}", other.describe())),
        },
    }
}

/// A list of strings, or a line of words.
pub fn strings(node: &Node, what: &str, problems: &mut Problems) -> Option<Vec<String>> {
    match &node.value {
        Content::List(nodes) => nodes.iter().map(|node| text(node, what, problems)).collect(),
        _ => {
            let line = text(node, what, problems)?;
            let split = words::split(&line);
            if let Err(message) = &split {
                problems.add(&node.referenced, format!("{what} cannot be split into words"), message);
            }
            split.ok()
        }
    }
}

/// Names or a number, as bits.
pub fn bits(node: &Node, what: &str, names: &FlagNames, problems: &mut Problems) -> Option<i64> {
    if let Some(n) = integer(&node.value) {
        return Some(n);
    }
    let words: Vec<(&Node, String)> = match &node.value {
        // YAML takes 0755 for a fraction.
        Content::Float(_) => {
            let message = format!("{what} is wrong");
            problems.add(&node.referenced, message, format!("expected names, or a whole number, {WRITTEN}"));
            return None;
        }
        Content::List(nodes) => {
            nodes.iter().map(|node| Some((node, text(node, what, problems)?))).collect::<Option<_>>()?
        }
        _ => text(node, what, problems)?.split('|').map(|word| (node, word.trim().to_owned())).collect(),
    };
    let values = words.iter().map(|(node, word)| name(node, word, what, names, problems));
    values.collect::<Vec<_>>().into_iter().try_fold(0, |all, value| Some(all | value?))
}

fn name(node: &Node, word: &str, what: &str, names: &FlagNames, problems: &mut Problems) -> Option<i64> {
    let value = names.value(word);
    if value.is_none() {
        let known = names.entries.iter().map(|entry| entry.name);
        let otherwise = "a number will do as well; `kestrel --list-events` lists the parameters";
        problems.unknown(&node.referenced, format!("{what} cannot be {word}"), word, known, otherwise);
    }
    value.map(u64::cast_signed)
}

/// A whole number, in base 10, or 8 and 16 with the prefixes of C and of YAML.
pub fn integer(content: &Content) -> Option<i64> {
    match content {
        Content::Int(n) => i64::try_from(*n).ok().or_else(|| u64::try_from(*n).ok().map(u64::cast_signed)),
        Content::Text(text) => {
            let (digits, radix) = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
                Some(digits) => (digits, 16),
                None => (text.strip_prefix("0o").or_else(|| text.strip_prefix('0'))?, 8),
            };
            u64::from_str_radix(digits, radix).ok().map(u64::cast_signed)
        }
        _ => None,
    }
}

/// The name of an error, as the negative number that a call returns.
pub fn failure(content: &Content) -> Option<i64> {
    let Content::Text(word) = content else { return None };
    let number = (1..MAX_ERRNO).find(|n| match Errno::from_raw(*n) {
        Errno::UnknownErrno => false,
        errno => format!("{errno:?}") == *word,
    })?;
    Some(-i64::from(number))
}

fn signal(content: &Content) -> Option<i64> {
    let Content::Text(word) = content else { return None };
    word.parse::<Signal>().ok().map(|signal| signal as i64)
}

/// A user or a group: by number, or by the name of one that the machine of the tests has. -1 stands for none.
pub fn user(content: &Content) -> Option<i64> {
    match content {
        Content::Int(-1) => Some(u32::MAX.into()),
        Content::Int(n) => u32::try_from(*n).ok().map(i64::from),
        Content::Text(name) => machine::user(name).map(i64::from),
        _ => None,
    }
}

/// What a message says that a user must be.
pub fn expected_user() -> String {
    let names: Vec<&str> = machine::USERS.iter().map(|(name, _)| *name).collect();
    format!("a number, -1 for none, or one of {}", names.join(", "))
}

fn descriptor(content: &Content) -> Result<Descriptor, String> {
    if let Some(n) = integer(content).or_else(|| failure(content)) {
        return i32::try_from(n)
            .map(Descriptor::number)
            .map_err(|_| "the number of a descriptor is too large".to_owned());
    }
    match content {
        Content::Text(text) => Descriptor::parse(text),
        other => Err(format!("expected a descriptor, found {}", other.describe())),
    }
}

fn path(node: &Node, what: &str, problems: &mut Problems) -> Option<Value> {
    if !matches!(node.value, Content::Map(_)) {
        return text(node, what, problems).map(|raw| Value::Path { raw, absolute: None });
    }
    let keys = Keys::of(node, "a path", &["raw", "absolute"], problems)?;
    let [raw, absolute] = ["raw", "absolute"].map(|key| keys.text(key, problems));
    let absolute = absolute?;
    if !absolute.is_empty() && !absolute.starts_with('/') {
        problems.add(&node.referenced, "absolute must begin with /", "it does not");
        return None;
    }
    Some(Value::Path { raw: raw?, absolute: Some(absolute) })
}
