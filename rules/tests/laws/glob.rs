//! Patterns against fnmatch(3) of the C library, flags 0.

use kestrel_rules::Glob;
use proptest::prelude::*;
use std::ffi::CString;

fn fnmatch(pattern: &CString, text: &CString) -> bool {
    // SAFETY: both are strings that end in a null byte and outlive the call.
    unsafe { libc::fnmatch(pattern.as_ptr(), text.as_ptr(), 0) == 0 }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5_000, ..ProptestConfig::default() })]

    #[test]
    fn a_pattern_matches_what_it_matches_in_the_c_library(
        pattern in "([abc/*?!^.-]|\\[[abc!^-]{1,4}\\]|\\[\\]a\\]|\\\\[*?a]|\\[\\[:(alpha|digit|upper|punct):\\]a\\]){0,8}",
        text in "[abcA1/*?.\\]!-]{0,8}",
    ) {
        let c = |text: &str| CString::new(text).unwrap();
        prop_assert_eq!(
            Glob::new(pattern.as_bytes(), false).matches(text.as_bytes()),
            fnmatch(&c(&pattern), &c(&text)),
            "{} {}", pattern, text
        );
    }
}
