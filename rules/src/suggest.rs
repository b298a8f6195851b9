//! The nearest name to a misspelt one.

/// Bytes of a word that is looked for; nobody misspells a longer one.
const MAX_WORD: usize = 64;

/// The candidate that is nearest to `word`, if any is near enough to have been meant.
pub fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let limit = 1 + word.len() / 4;
    if word.len() > MAX_WORD {
        return None;
    }
    // The distance is at least what one is longer than the other.
    let candidates = candidates.filter(|name| name.len().abs_diff(word.len()) <= limit);
    candidates.map(|name| (distance(word, name), name)).filter(|(d, _)| *d <= limit).min().map(|(_, name)| name)
}

/// Edit distance (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let change = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
