//! Which rules are switched on: the configuration's key `rules`.

/// An entry: switches the rules that it means on or off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// On, or off.
    pub enable: bool,
    /// Which rules.
    pub what: Selected,
}

/// Which rules an entry means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selected {
    /// Those whose names match; `*` stands for any text.
    Rule(String),
    /// Those with this tag.
    Tag(String),
}

/// Whether a rule is on after all entries, the last one that means it deciding.
pub fn is_enabled(selection: &[Selection], name: &str, tags: &[String], before: bool) -> bool {
    let means = |selected: &Selected| match selected {
        Selected::Rule(pattern) => matches(pattern, name),
        Selected::Tag(tag) => tags.contains(tag),
    };
    selection.iter().rev().find(|entry| means(&entry.what)).map_or(before, |entry| entry.enable)
}

/// Whether a whole text matches a pattern in which `*` stands for any text.
fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or("");
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_entry_that_means_a_rule_decides() {
        let entry = |enable, what| Selection { enable, what };
        let off = entry(false, Selected::Rule("*".into()));
        let some = entry(true, Selected::Rule("Read * file*".into()));
        let tagged = entry(false, Selected::Tag("noisy".into()));
        let tags = ["noisy".to_owned()];
        assert!(is_enabled(&[], "A", &[], true) && !is_enabled(&[], "A", &[], false));
        assert!(!is_enabled(std::slice::from_ref(&off), "A", &[], true));
        assert!(is_enabled(&[off.clone(), some.clone()], "Read sensitive file", &[], true));
        assert!(!is_enabled(&[off.clone(), some.clone(), tagged.clone()], "Read sensitive files", &tags, true));
        assert!(is_enabled(&[tagged, off, some], "Read a file", &tags, true));
    }

    #[test]
    fn a_star_stands_for_any_text_and_the_whole_name_must_match() {
        for (pattern, text) in [("a*c", "abc"), ("a*c", "ac"), ("*", ""), ("a**b*", "a b c"), ("*bc", "abcbc")] {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [("a", "ab"), ("b*", "ab"), ("a*a", "a"), ("*b", "abc"), ("a*b*c", "acb")] {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }
}
