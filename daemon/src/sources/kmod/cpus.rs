//! Which CPUs there can be. Their numbers may have holes.

use std::ops::RangeInclusive;

/// The numbers of the possible CPUs below `limit`; all of them, if the system does not say.
pub fn possible(limit: u32) -> Vec<u32> {
    let text = std::fs::read_to_string("/sys/devices/system/cpu/possible").unwrap_or_default();
    let ranges = parse(&text).unwrap_or_default();
    if ranges.is_empty() {
        return (0..limit).collect();
    }
    (0..limit).filter(|cpu| ranges.iter().any(|range| range.contains(cpu))).collect()
}

/// Reads a list such as `0-3,5` (cpuset(7), List Format). `None` if it is none.
fn parse(text: &str) -> Option<Vec<RangeInclusive<u32>>> {
    text.trim()
        .split(',')
        .map(|part| {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            Some(first.parse().ok()?..=last.parse().ok()?)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_cpus_are_read() {
        assert_eq!(parse("0-3,5\n"), Some(vec![0..=3, 5..=5]));
        assert_eq!(parse("0\n"), Some(vec![0..=0]));
        assert_eq!(parse(""), None);
        assert_eq!(parse("0-x"), None);
    }

    #[test]
    fn this_machine_has_its_first_cpu() {
        assert_eq!(possible(1), [0]);
    }
}
