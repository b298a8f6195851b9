//! Options of a command line, as getopt(3) finds them: short ones, up to the first argument that is none.

use crate::facts::Value;
use bumpalo::Bump;
use bumpalo::collections::Vec;

/// What an option string says: which options there are, and which take an argument.
struct Options {
    known: [bool; 256],
    with_argument: [bool; 256],
}

impl Options {
    fn new(text: &[u8]) -> Options {
        let mut options = Options { known: [false; 256], with_argument: [false; 256] };
        for (i, &option) in text.iter().enumerate().filter(|(_, option)| **option != b':') {
            options.known[usize::from(option)] = true;
            options.with_argument[usize::from(option)] |= text.get(i + 1) == Some(&b':');
        }
        options
    }
}

/// The options of `args`, each followed by its argument if it takes one, as several values; an unknown one is `?`. With
/// `wanted` only the last of that option: its argument, or its letter if it takes none; missing if it is not there.
///
/// `args` are several values, or one text whose words they are. Long options are passed over.
pub fn getopt<'e>(args: Value<'e>, options: &[u8], wanted: Option<u8>, arena: &'e Bump) -> Value<'e> {
    let options = Options::new(options);
    let mut words = Vec::new_in(arena);
    match args {
        Value::Str(line) => words.extend(line.split(|&b| b == b' ').filter(|word| !word.is_empty())),
        Value::List(values) => {
            for value in values {
                let Value::Str(word) = value else { return Value::Missing };
                words.push(*word);
            }
        }
        _ => return Value::Missing,
    }
    let mut found = Vec::new_in(arena);
    let mut words = words.iter().copied();
    while let Some(word) = words.next() {
        match word {
            b"--" | b"-" | b"" => break,
            [b'-', b'-', ..] => continue,
            [b'-', ..] => {}
            _ => break,
        }
        for (i, &option) in word.iter().enumerate().skip(1) {
            let letter = &word[i..=i];
            let is_wanted = wanted.is_none_or(|wanted| wanted == option);
            if option == b':' || !options.known[usize::from(option)] {
                if wanted.is_none() {
                    found.push(Value::Str(b"?"));
                }
                continue;
            }
            if !options.with_argument[usize::from(option)] {
                if is_wanted {
                    found.push(Value::Str(letter));
                }
                continue;
            }
            let argument = if i + 1 < word.len() { Some(&word[i + 1..]) } else { words.next() };
            match argument {
                _ if !is_wanted => {}
                Some(argument) if wanted.is_some() => found.push(Value::Str(argument)),
                Some(argument) => found.extend([Value::Str(letter), Value::Str(argument)]),
                // An argument that is not there is an empty one.
                None => found.push(Value::Str(b"")),
            }
            break;
        }
    }
    match wanted {
        Some(_) => found.last().copied().unwrap_or(Value::Missing),
        None => Value::List(found.into_bump_slice()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(line: &'static str, options: &str, wanted: Option<u8>) -> String {
        let arena = Bump::new();
        match getopt(Value::Str(line.as_bytes()), options.as_bytes(), wanted, &arena) {
            Value::Str(text) => String::from_utf8_lossy(text).into_owned(),
            Value::List(values) => {
                let text = |value: &Value<'_>| match value {
                    Value::Str(text) => String::from_utf8_lossy(text).into_owned(),
                    other => format!("{other:?}"),
                };
                format!("[{}]", values.iter().map(text).collect::<std::vec::Vec<_>>().join(","))
            }
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn options_are_found_with_their_arguments() {
        assert_eq!(shown("-nt 5 -vx file -n", "nvt:", None), "[n,t,5,v,?]");
        assert_eq!(shown("-t5 --long -n -- -v", "nvt:", None), "[t,5,n]");
        assert_eq!(shown("-t", ":t:", None), "[]");
        assert_eq!(shown("file -n", "n", None), "[]");
    }

    #[test]
    fn one_option_is_its_last_argument_or_its_letter() {
        assert_eq!(shown("-t1 -n -t 2", "nt:", Some(b't')), "2");
        assert_eq!(shown("-t1 -n", "nt:", Some(b'n')), "n");
        assert_eq!(shown("-t1", "nt:", Some(b'n')), "Missing");
        assert_eq!(shown("-t", "nt:", Some(b't')), "");
    }
}
