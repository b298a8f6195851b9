//! Paths of keys as `-o` has them: `section.key`, `list[0]`, `list[]`, `list[0].key`. A backslash makes a dot, a bracket or
//! a backslash part of a name, as in Falco.

use figment::value::{Dict, Value};

/// A step from what holds something to what is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// What has this name.
    Name(String),
    /// The item of this number, from 0 on.
    Index(usize),
    /// A new item at the end.
    Append,
}

/// Reads a path.
///
/// # Errors
/// A sentence that says what is wrong with it.
pub fn parse(text: &str) -> Result<Vec<Step>, String> {
    let mut steps = Vec::new();
    let mut name = String::new();
    let mut chars = text.chars();
    // After a bracket a dot or another bracket must come, or the end.
    let mut closed = false;
    while let Some(c) = chars.next() {
        match c {
            '.' if closed => closed = false,
            '.' => steps.push(Step::Name(std::mem::take(&mut name))),
            '[' => {
                if !closed {
                    steps.push(Step::Name(std::mem::take(&mut name)));
                }
                let number: String = chars.by_ref().take_while(|c| *c != ']').collect();
                let read = text.len() - chars.as_str().len();
                if !text[..read].ends_with(']') {
                    return Err("a bracket is not closed".to_owned());
                }
                let step = match number.as_str() {
                    "" => Step::Append,
                    digits => Step::Index(digits.parse().map_err(|_| format!("[{digits}] is no number of an item"))?),
                };
                steps.push(step);
                closed = true;
            }
            _ if closed => return Err("behind a bracket a dot must come, as in list[0].key".to_owned()),
            '\\' => match chars.next() {
                Some(escaped @ ('.' | '[' | ']' | '\\')) => name.push(escaped),
                _ => return Err("a backslash can stand before a dot, a bracket or a backslash only".to_owned()),
            },
            ']' => return Err("a bracket is closed that was not opened".to_owned()),
            c => name.push(c),
        }
    }
    if !closed {
        steps.push(Step::Name(name));
    }
    match steps.iter().all(|step| *step != Step::Name(String::new())) {
        true => Ok(steps),
        false => Err("a name is missing".to_owned()),
    }
}

/// Writes a path down, as it stands in messages.
pub fn text(steps: &[Step]) -> String {
    let mut out = String::new();
    for step in steps {
        match step {
            Step::Name(name) => {
                out.push_str(if out.is_empty() { "" } else { "." });
                out.push_str(name);
            }
            Step::Index(n) => out.push_str(&format!("[{n}]")),
            Step::Append => out.push_str("[]"),
        }
    }
    out
}

/// Puts a value in its place; what holds it is made if it is not there.
///
/// # Errors
/// A sentence, if a list has no item of this number.
pub fn set(dict: &mut Dict, steps: &[Step], value: Value) -> Result<(), String> {
    let mut root = Value::from(std::mem::take(dict));
    let outcome = put(&mut root, steps, value);
    if let Value::Dict(_, changed) = root {
        *dict = changed;
    }
    outcome
}

fn put(at: &mut Value, steps: &[Step], value: Value) -> Result<(), String> {
    let Some((step, rest)) = steps.split_first() else {
        // Sections are changed key by key, everything else as a whole.
        match (at, value) {
            (Value::Dict(_, old), Value::Dict(_, new)) => merge(old, new),
            (at, value) => *at = value,
        }
        return Ok(());
    };
    match step {
        Step::Name(name) => {
            if !matches!(at, Value::Dict(..)) {
                *at = Value::from(Dict::new());
            }
            let Value::Dict(_, dict) = at else { return Ok(()) };
            put(dict.entry(name.clone()).or_insert_with(|| Value::from(Dict::new())), rest, value)
        }
        Step::Index(_) | Step::Append => {
            if !matches!(at, Value::Array(..)) {
                *at = Value::from(Vec::<Value>::new());
            }
            let Value::Array(_, items) = at else { return Ok(()) };
            match step {
                Step::Index(n) => match items.get_mut(*n) {
                    Some(item) if rest.is_empty() => {
                        *item = value;
                        Ok(())
                    }
                    Some(item) => put(item, rest, value),
                    None => Err(format!("there is no item [{n}]: the list has {} (the first is [0])", items.len())),
                },
                _ => {
                    let mut item = Value::from(Dict::new());
                    put(&mut item, rest, value)?;
                    items.push(item);
                    Ok(())
                }
            }
        }
    }
}

fn merge(old: &mut Dict, new: Dict) {
    for (key, value) in new {
        match (old.get_mut(&key), value) {
            (Some(Value::Dict(_, old)), Value::Dict(_, new)) => merge(old, new),
            (_, value) => drop(old.insert(key, value)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn paths_are_names_numbers_and_additions() {
        let name = |name: &str| Step::Name(name.to_owned());
        assert_eq!(parse("a.b").unwrap(), [name("a"), name("b")]);
        assert_eq!(
            parse("a[0][12].b[]").unwrap(),
            [name("a"), Step::Index(0), Step::Index(12), name("b"), Step::Append]
        );
        assert_eq!(parse(r"a\.b\[0\].c\\d").unwrap(), [name("a.b[0]"), name(r"c\d")]);
        for wrong in ["", ".", "a.", "a..b", "[0]", "a[x]", "a[0]b", r"a\x", "a]", "a[-1]", "a[0", "a[", r"a\"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_value_is_put_where_the_path_leads() {
        let mut dict = Dict::new();
        let mut put = |path: &str, value: &str| set(&mut dict, &parse(path).unwrap(), value.into());
        put("l[]", "a").unwrap();
        put("l[]", "b").unwrap();
        put("l[0]", "c").unwrap();
        put("m.n", "d").unwrap();
        put("o[].p", "e").unwrap();
        put("o[0].q", "f").unwrap();
        assert_eq!(put("l[2]", "x").unwrap_err(), "there is no item [2]: the list has 2 (the first is [0])");
        insta::assert_snapshot!(
            serde_json::to_string(&dict).unwrap(),
            @r#"{"l":["c","b"],"m":{"n":"d"},"o":[{"p":"e","q":"f"}]}"#
        );
    }

    proptest! {
        #[test]
        fn whatever_a_path_is_it_is_read_or_refused(text in r"[a-z.\[\]\\0-9]{0,20}") {
            if let Ok(steps) = parse(&text) {
                prop_assert!(!steps.is_empty());
                let mut dict = Dict::new();
                let _ = set(&mut dict, &steps, true.into());
            }
        }
    }
}
