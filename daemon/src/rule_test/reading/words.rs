//! Command lines as words.

/// Splits a command line at blanks; what stands in single or double quotes is one word, without them.
///
/// # Errors
/// Says which quote has no end.
pub fn split(line: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            '\'' | '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next() {
                        Some(end) if end == c => break,
                        Some(inner) => word.push(inner),
                        None => return Err(format!("a quote {c} has no end")),
                    }
                }
            }
            blank if blank.is_whitespace() => words.extend(word.take()),
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn quotes_hold_words_together() {
        assert_eq!(split("sh -c 'id; echo \"x\"'  a\"b c\"d ''").unwrap(), ["sh", "-c", "id; echo \"x\"", "ab cd", ""]);
        assert_eq!(split(" \t ").unwrap(), [""; 0]);
        assert_eq!(split("echo 'x").unwrap_err(), "a quote ' has no end");
    }

    proptest! {
        #[test]
        fn words_that_are_quoted_are_split_again(words in prop::collection::vec("[^']{0,9}", 0..6)) {
            let line: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
            prop_assert_eq!(split(&line.join(" ")).unwrap(), words);
        }
    }
}
