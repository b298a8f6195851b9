//! Transformers: values made of others. What they compose lies in the arena.

use super::getopt;
use crate::facts::Value;
use crate::syntax::Transformer;
use bumpalo::Bump;
use bumpalo::collections::Vec;

/// What a transformer makes of its arguments; missing if one that it needs is missing or cannot be transformed.
pub fn apply<'e>(transformer: Transformer, args: &[Value<'e>], option: Option<u8>, arena: &'e Bump) -> Value<'e> {
    let (Some(&first), second) = (args.first(), args.get(1).copied().unwrap_or(Value::Missing)) else {
        return Value::Missing;
    };
    match transformer {
        Transformer::ToLower => each(first, arena, &|text| Some(changed(text, arena, |b| b.to_ascii_lowercase()))),
        Transformer::ToUpper => each(first, arena, &|text| Some(changed(text, arena, |b| b.to_ascii_uppercase()))),
        Transformer::Basename => {
            each(first, arena, &|text| Some(memchr::memrchr(b'/', text).map_or(text, |slash| &text[slash + 1..])))
        }
        Transformer::B64 => each(first, arena, &|text| decoded(text, arena)),
        Transformer::Len => match first {
            Value::Str(text) => Value::Uint(text.len() as u64),
            Value::List(values) => Value::Uint(values.len() as u64),
            _ => Value::Missing,
        },
        Transformer::Join => match (first, second) {
            (Value::Str(between), Value::List(values)) => joined(between, values, arena),
            (Value::Str(_), Value::Str(_)) => second,
            _ => Value::Missing,
        },
        Transformer::Concat => joined(b"", args, arena),
        Transformer::GetOpt => match second {
            Value::Str(options) => getopt::getopt(first, options, option, arena),
            _ => Value::Missing,
        },
    }
}

/// Changes a text, or each of several.
fn each<'e>(value: Value<'e>, arena: &'e Bump, change: &dyn Fn(&'e [u8]) -> Option<&'e [u8]>) -> Value<'e> {
    match value {
        Value::Str(text) => change(text).map_or(Value::Missing, Value::Str),
        Value::Any(values) => {
            let all = values.iter().map(|value| each(*value, arena, change));
            Value::Any(Vec::from_iter_in(all, arena).into_bump_slice())
        }
        Value::List(values) => {
            let mut all = Vec::with_capacity_in(values.len(), arena);
            for value in values {
                match each(*value, arena, change) {
                    Value::Missing => return Value::Missing,
                    changed => all.push(changed),
                }
            }
            Value::List(all.into_bump_slice())
        }
        _ => Value::Missing,
    }
}

fn changed<'e>(text: &[u8], arena: &'e Bump, change: impl Fn(&u8) -> u8) -> &'e [u8] {
    arena.alloc_slice_fill_iter(text.iter().map(change))
}

fn joined<'e>(between: &[u8], values: &[Value<'e>], arena: &'e Bump) -> Value<'e> {
    let mut out = Vec::new_in(arena);
    for (i, value) in values.iter().enumerate() {
        let Value::Str(text) = value else { return Value::Missing };
        if i > 0 {
            out.extend_from_slice(between);
        }
        out.extend_from_slice(text);
    }
    Value::Str(out.into_bump_slice())
}

/// What Base64 stands for (RFC 4648, 4), padded or not; `None` if it is none.
fn decoded<'e>(text: &[u8], arena: &'e Bump) -> Option<&'e [u8]> {
    let digits = match text {
        [digits @ .., b'=', b'='] | [digits @ .., b'='] if text.len().is_multiple_of(4) => digits,
        digits => digits,
    };
    if digits.len() % 4 == 1 {
        return None;
    }
    let mut out = Vec::with_capacity_in(digits.len() / 4 * 3 + 2, arena);
    for group in digits.chunks(4) {
        let mut bits = 0u32;
        for &digit in group {
            let six = match digit {
                b'A'..=b'Z' => digit - b'A',
                b'a'..=b'z' => digit - b'a' + 26,
                b'0'..=b'9' => digit - b'0' + 52,
                b'+' => 62,
                b'/' => 63,
                _ => return None,
            };
            bits = bits << 6 | u32::from(six);
        }
        bits <<= 6 * (4 - group.len());
        out.extend_from_slice(&bits.to_be_bytes()[1..group.len()]);
    }
    Some(out.into_bump_slice())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(transformer: Transformer, args: &[Value<'static>]) -> String {
        let arena = Bump::new();
        match apply(transformer, args, None, &arena) {
            Value::Str(text) => String::from_utf8_lossy(text).into_owned(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn base64_is_read_with_and_without_padding() {
        let decode = |text: &'static str| made(Transformer::B64, &[Value::Str(text.as_bytes())]);
        assert_eq!(decode("Zm9vYmFy"), "foobar");
        assert_eq!((decode("Zm9vYg=="), decode("Zm9vYg"), decode("Zm8=")), ("foob".into(), "foob".into(), "fo".into()));
        assert_eq!(
            (decode(""), decode("Z"), decode("Zm9v!"), decode("Zm=v")),
            (String::new(), "Missing".into(), "Missing".into(), "Missing".into())
        );
    }

    #[test]
    fn texts_are_changed_cut_and_put_together() {
        let [a, b] = [Value::Str(b"/usr/bin/Ls"), Value::Str(b"x")];
        assert_eq!(made(Transformer::ToUpper, &[a]), "/USR/BIN/LS");
        assert_eq!(made(Transformer::ToLower, &[a]), "/usr/bin/ls");
        assert_eq!(made(Transformer::Basename, &[a]), "Ls");
        assert_eq!(made(Transformer::Len, &[a]), "Uint(11)");
        assert_eq!(made(Transformer::Concat, &[a, b, a]), "/usr/bin/Lsx/usr/bin/Ls");
        assert_eq!(
            made(Transformer::Join, &[Value::Str(b", "), Value::List(&[Value::Str(b"1"), Value::Str(b"2")])]),
            "1, 2"
        );
        assert_eq!(made(Transformer::Len, &[Value::List(&[Value::Str(b"1"), Value::Str(b"2")])]), "Uint(2)");
    }

    #[test]
    fn what_is_missing_stays_missing() {
        for transformer in Transformer::ALL {
            assert_eq!(made(*transformer, &[Value::Missing, Value::Str(b"x")]), "Missing", "{transformer:?}");
        }
        assert_eq!(made(Transformer::Concat, &[Value::Str(b"x"), Value::Missing]), "Missing");
    }
}
