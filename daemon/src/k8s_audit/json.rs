//! Finding values in JSON, as the fields of Falco's plugin for the audit log do.

use bumpalo::Bump;
use bumpalo::collections::Vec as BumpVec;
use kestrel_rules::Value as Fact;
use serde_json::Value;

/// The value under these keys, each one below the one before.
pub(super) fn at<'v>(mut json: &'v Value, keys: &[&str]) -> Option<&'v Value> {
    for key in keys {
        json = json.get(key)?;
    }
    Some(json)
}

/// The values under these keys, where arrays on the way stand for each of their elements, or for the one with this index.
/// An element without such a value leaves a `None`. The arrays at the end stay arrays, unless `spread`.
///
/// Gives false if there is nothing: a key is missing outside of arrays, or the index is beyond an array's end.
pub(super) fn each<'v>(
    json: &'v Value,
    index: Option<u32>,
    keys: &[&str],
    spread: bool,
    out: &mut BumpVec<'_, Option<&'v Value>>,
) -> bool {
    let mut json = json;
    let mut keys = keys;
    loop {
        if let Value::Array(elements) = json
            && (spread || !keys.is_empty())
        {
            let Some(index) = index else {
                for element in elements {
                    if !each(element, None, keys, false, out) {
                        out.push(None);
                    }
                }
                return true;
            };
            let Some(element) = elements.get(index as usize) else { return false };
            json = element;
        }
        let Some((key, rest)) = keys.split_first() else {
            out.push(Some(json));
            return true;
        };
        let Some(below) = json.get(key) else { return false };
        json = below;
        keys = rest;
    }
}

/// A value as text: a string is itself, anything else JSON.
pub(super) fn text<'a>(json: &'a Value, arena: &'a Bump) -> Fact<'a> {
    match json {
        Value::String(text) => Fact::Str(text.as_bytes()),
        Value::Bool(true) => Fact::Str(b"true"),
        Value::Bool(false) => Fact::Str(b"false"),
        other => composed(format_args!("{other}"), arena),
    }
}

/// Text in the arena.
pub(super) fn composed<'a>(text: std::fmt::Arguments<'_>, arena: &'a Bump) -> Fact<'a> {
    let mut out = bumpalo::collections::String::new_in(arena);
    // Writing to memory cannot fail.
    let _ = std::fmt::Write::write_fmt(&mut out, text);
    Fact::Str(out.into_bump_str().as_bytes())
}

/// All of these, or missing if there are none.
pub(super) fn list<'a>(values: BumpVec<'a, Fact<'a>>) -> Fact<'a> {
    if values.is_empty() { Fact::Missing } else { Fact::List(values.into_bump_slice()) }
}

/// A value as text, or missing.
pub(super) fn text_or_missing<'a>(json: Option<&'a Value>, arena: &'a Bump) -> Fact<'a> {
    json.map_or(Fact::Missing, |json| text(json, arena))
}

/// The elements of an array as texts; missing if it is none.
pub(super) fn texts<'a>(json: Option<&'a Value>, arena: &'a Bump) -> Fact<'a> {
    let mut out = BumpVec::new_in(arena);
    out.extend(json.and_then(Value::as_array).into_iter().flatten().map(|element| text(element, arena)));
    list(out)
}
