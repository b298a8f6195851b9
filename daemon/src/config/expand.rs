//! Variables of the environment in values: `${NAME}`, as Falco has them. `$${NAME}` stands for the text `${NAME}`.

use std::collections::BTreeSet;

/// Puts in the variables. One that is not set is read as nothing, as in Falco, and named in `unset`.
pub fn expand(text: &str, variable: impl Fn(&str) -> Option<String>, unset: &mut BTreeSet<String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let Some(length) = rest[at + 2..].find('}') else { break };
        let end = at + 2 + length;
        let name = &rest[at + 2..end];
        match rest[..at].strip_suffix('$') {
            Some(before) => {
                out.push_str(before);
                out.push_str(&rest[at..=end]);
            }
            None => {
                out.push_str(&rest[..at]);
                match variable(name) {
                    Some(value) => out.push_str(&value),
                    None => drop(unset.insert(name.to_owned())),
                }
            }
        }
        rest = &rest[end + 1..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_put_in_once_and_what_is_not_set_is_named() {
        let mut unset = BTreeSet::new();
        let variable = |name: &str| match name {
            "A" => Some("1".to_owned()),
            "B" => Some("${A}".to_owned()),
            _ => None,
        };
        let mut expanded = |text| expand(text, variable, &mut unset);
        assert_eq!(expanded("x${A}y${A}"), "x1y1");
        assert_eq!(expanded("${B}"), "${A}");
        assert_eq!(expanded("$${A} $A ${A"), "${A} $A ${A");
        assert_eq!(expanded("[${NO}]"), "[]");
        assert_eq!(unset.into_iter().collect::<Vec<_>>(), ["NO"]);
    }
}
